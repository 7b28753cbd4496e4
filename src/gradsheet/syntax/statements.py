"""Statements: declarations, definitions, families, objectives, updates, values."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from gradsheet.syntax import binders, brackets, scripts, sets, structures
from gradsheet.syntax.cursor import Abandoned
from gradsheet.syntax.expressions import ExpressionParser
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.traversal import deeper_than
from gradsheet.syntax.tree import (
    Assignment,
    Assumption,
    Comparison,
    Declaration,
    Definition,
    Derivative,
    Document,
    Expression,
    Factor,
    Family,
    Given,
    Group,
    Initialisation,
    Lowered,
    Method,
    Name,
    Objective,
    Parameters,
    Product,
    Pullback,
    Range,
    Sizes,
    Slice,
    Statement,
    Subscript,
    Update,
)
from gradsheet.syntax.vocabulary import ATTRIBUTES, RELATIONS, STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from gradsheet.syntax.tokens import Token
    from gradsheet.syntax.tree import BoundIndex, Node, Relation

    Reading = Callable[[], None]

MOST_ERRORS = 20
DEEPEST_TREE = 200
DEEPEST_BLOCKS = 20

_NAME_AFTER_ALL = frozenset({*RELATIONS, ":=", "←", ","})
_ORDER = frozenset({"<", "≤", ">", "≥", "≠"})
_ASSIGNS = frozenset({"←", "=", ":="})


class StatementParser(ExpressionParser):
    """Reads the statements of a sheet; one that cannot be read is reported, and reading goes on below it."""

    blocks = 0

    def document(self) -> Document:
        """The whole sheet."""
        start = self.tok.start
        statements: list[Statement] = []
        while self.tok.kind != "end":
            self.lines(lambda: self.statement(statements))
            self.accept("dedent")
        return Document(tuple(statements), span=self.span_from(start))

    def lines(self, read: Reading) -> None:
        """Read lines one by one, up to the end of their block."""
        unexpected_indents = 0
        while self.tok.kind != "end":
            if self.tok.kind == "dedent":
                if not unexpected_indents:
                    return
                unexpected_indents -= 1
                self.advance()
                continue
            if self.tok.kind == "indent":
                span = self.peek().span
                hint = "indent only what stands below `for`, `given` or `update`"
                self.diagnostics.error("GS107", "unexpected indentation", span, suggestion=hint)
                unexpected_indents += 1
                self.advance()
            self.reset()
            head = self.tok
            try:
                read()
            except Abandoned:
                self.recover(head)
            if len(self.diagnostics.errors) >= MOST_ERRORS:
                self.at = len(self.tokens) - 1
                self.tok = self.tokens[-1]

    def recover(self, head: Token) -> None:
        """Go on below a statement that could not be read; the lines of its block are read for their own mistakes."""
        while self.tok.kind not in ("newline", "end"):
            self.advance()
        self.accept("newline")
        if not self.accept("indent"):
            return
        if head.kind == "for" and self.blocks < DEEPEST_BLOCKS:
            unused: list[Statement] = []
            self.blocks += 1
            self.lines(lambda: self.statement(unused))
            self.blocks -= 1
            self.accept("dedent")
            return
        depth = 1
        while depth and self.tok.kind != "end":
            depth += {"indent": 1, "dedent": -1}.get(self.advance().kind, 0)

    def end_of_line(self) -> None:
        """The end of a statement."""
        if self.tok.kind == ";":
            self.fail("`;` between statements", expected="end of line", suggestion="one statement on each line")
        if self.tok.kind not in ("newline", "end"):
            self.unexpected("an operator or the end of the line")
        self.accept("newline")

    def block(self, head: Token, read: Reading) -> None:
        """The indented lines below a head."""
        if self.tok.kind == "newline" and self.peek().kind != "indent":
            self.fail(f"`{head.text}` has no body", head.span, expected="an indented line below it")
        self.blocks += 1
        if self.blocks > DEEPEST_BLOCKS:
            self.fail("nested too deeply", head.span, code="GS104", expected=f"at most {DEEPEST_BLOCKS} blocks")
        self.expect("newline", expected="end of line")
        self.advance()
        self.lines(read)
        self.accept("dedent")
        self.blocks -= 1

    def check_depth(self, node: Node) -> None:
        """Refuse a tree on which a recursive reader could meet Python's limit."""
        if self.longest_chain + 8 * self.deepest <= DEEPEST_TREE:  # one level of the parser makes up to 8 nodes
            return
        found = deeper_than(node, DEEPEST_TREE)
        if found is not None:
            expected = f"at most {DEEPEST_TREE} levels"
            self.fail("nested too deeply", found.span, code="GS104", expected=expected, suggestion="name a part")

    # ------------------------------------------------------------ one statement

    def statement(self, found: list[Statement]) -> None:
        """A line with its block, or several clauses on a line."""
        match self.keyword():
            case "for":
                self.family(found)
            case "sizes":
                found.append(self.sizes())
            case "parameters":
                start = self.advance().start
                found.append(Parameters(self.names(), span=self.span_from(start)))
                self.end_of_line()
            case "pullback":
                start = self.advance().start
                found.append(Pullback(self.names(), span=self.span_from(start)))
                self.end_of_line()
            case "minimize" | "maximize":
                found.append(self.objective())
            case "update":
                found.append(self.update())
            case "given":
                found.append(self.given())
            case _:
                self.clause(found)
                while self.accept(",") and self.tok.kind != "newline":
                    self.clause(found)
                self.end_of_line()

    def keyword(self) -> str | None:
        """The statement that the first word of a line announces; followed by `=` or `∈` it is a name."""
        token = self.tok
        word = STATEMENTS.get(token.text) if token.kind in ("name", "for") else None
        if word is None or word == "for":
            return word
        after = self.peek()
        if after.kind in _NAME_AFTER_ALL or (after.kind == "[" and not after.spaced):
            return None
        if after.kind == ":" and self.peek(2).kind != "newline":
            return None
        return word

    def family(self, found: list[Statement]) -> None:
        """`for l in 1..D` and its body, indented or after a colon."""
        head = self.advance()
        indices = binders.indices(self, needs_range=True)
        body: list[Statement] = []
        self.accept(":")
        if self.tok.kind in ("newline", "end"):
            self.block(head, lambda: self.statement(body))
        else:
            self.blocks += 1
            if self.blocks > DEEPEST_BLOCKS:
                self.fail("nested too deeply", head.span, code="GS104", expected=f"at most {DEEPEST_BLOCKS} blocks")
            self.statement(body)
            self.blocks -= 1
        found.append(Family(indices, tuple(body), span=self.span_from(head.start)))

    def sizes(self) -> Sizes:
        """`sizes n[0..D], m`."""
        start = self.advance().start
        found: list[tuple[Name, Range | None]] = []
        while True:
            name = self.name("the name of a size")
            limits: Range | None = None
            if self.tok.kind == "[":
                entry = brackets.entry(self, name, name.span.start)
                first = entry.items[0]
                if len(entry.items) != 1 or not isinstance(first, Slice) or first.low is None or first.high is None:
                    self.fail("a family of sizes has one range", entry.span, suggestion=f"{name.text}[0..D]")
                limits = Range(first.low, first.high, span=first.span)
            found.append((name, limits))
            if self.tok.kind == "=":
                self.fail("a size is only named here", suggestion=f"given {name.text} = …")
            if not self.accept(",") or self.tok.kind == "newline":
                break
        node = Sizes(tuple(found), span=self.span_from(start))
        self.end_of_line()
        return node

    def names(self) -> tuple[Name, ...]:
        """Names separated by commas."""
        found = []
        while True:
            name = self.name("a name")
            if self.tok.kind == "[":
                self.fail("a family is named without its index", suggestion=name.text)
            found.append(name)
            if not self.accept(",") or self.tok.kind == "newline":
                return tuple(found)

    def name(self, expected: str) -> Name:
        """One name."""
        token = self.expect("name", expected=expected)
        return scripts.whole_name(self, token)

    def objective(self) -> Objective:
        """`minimize L by sgd(η = 0.1)`."""
        head = self.advance()
        self.stop_words = frozenset({"by"})
        value = self.expression()
        self.stop_words = frozenset()
        self.check_depth(value)
        method = None
        if self.tok.text == "by":
            self.advance()
            method = self.method()
        sense: Literal["minimize", "maximize"] = "maximize" if STATEMENTS[head.text] == "maximize" else "minimize"
        node = Objective(sense, value, method, span=self.span_from(head.start))
        self.end_of_line()
        return node

    def method(self) -> Method:
        """`sgd(η = 0.1)`."""
        name = self.name("the name of a method, such as sgd")
        settings: list[tuple[Name, Expression]] = []
        if self.accept("("):
            while self.tok.kind != ")":
                setting = self.name("a setting: η = 0.1")
                self.expect("=", suggestion=f"{name.text}(η = 0.1)")
                settings.append((setting, self.expression()))
                if not self.accept(","):
                    break
            self.expect(")", expected="`)` or `,`", suggestion=f"{name.text}(η = 0.1)")
        return Method(name, tuple(settings), span=self.span_from(name.span.start))

    # ------------------------------------------------------------ values and updates

    def update(self) -> Update:
        """`update` with assignments on its line or below."""
        head = self.advance()
        found: list[Assignment] = []
        self.accept(":")
        if self.tok.kind not in ("newline", "end"):
            self.assignments(found, ())
        else:
            self.block(head, lambda: self.assignments(found, ()))
        return Update(tuple(found), span=self.span_from(head.start))

    def assignments(self, found: list[Assignment], ranges: tuple[BoundIndex, ...]) -> None:
        """`w ← …, b ← …`, or `for l in 1..D` with assignments below."""
        if self.tok.kind == "for":
            head = self.advance()
            inner = ranges + binders.indices(self, needs_range=True)
            self.accept(":")
            if self.tok.kind in ("newline", "end"):
                self.block(head, lambda: self.assignments(found, inner))
            else:
                self.assignments(found, inner)
            return
        while True:
            found.append(self.assignment(ranges))
            if not self.accept(",") or self.tok.kind == "newline":
                break
        self.end_of_line()

    def assignment(self, ranges: tuple[BoundIndex, ...]) -> Assignment:
        """`w ← w - η ∂L/∂w`."""
        target = self.target()
        sign = self.tok
        if sign.kind in ("+", "-", "*", "/") and self.peek().kind == "=":
            text = target.text if isinstance(target, Name) else "w[i]"
            hint = f"{text} ← {text} {sign.text} …"
            self.fail(f"`{sign.text}=` is not part of the language", code="GS108", suggestion=hint)
        if sign.kind not in _ASSIGNS:
            self.unexpected("`←`", suggestion="w ← w - η ∂L/∂w")
        self.advance()
        value = self.expression()
        self.check_depth(value)
        if self.accept("for"):
            ranges = ranges + self.ranges()
        return Assignment(target, value, ranges, span=self.span_from(target.span.start))

    def given(self) -> Given:
        """`given` with values on its line or below."""
        head = self.advance()
        found: list[tuple[Name | Subscript, Expression]] = []
        self.accept(":")
        if self.tok.kind not in ("newline", "end"):
            self.values(found)
            if self.tok.kind != "indent":
                return Given(tuple(found), span=self.span_from(head.start))
            self.advance()
            self.lines(lambda: self.values(found))
            self.accept("dedent")
        else:
            self.block(head, lambda: self.values(found))
        return Given(tuple(found), span=self.span_from(head.start))

    def values(self, found: list[tuple[Name | Subscript, Expression]]) -> None:
        """`x = [1, 0], t = 1`."""
        while True:
            target = self.target()
            if self.tok.kind not in _ASSIGNS:
                self.unexpected("`=` and a value")
            self.advance()
            value = self.expression()
            self.check_depth(value)
            found.append((target, value))
            if not self.accept(",") or self.tok.kind == "newline":
                break
        self.end_of_line()

    def target(self) -> Name | Subscript:
        """A name, or an entry of one."""
        token = self.expect("name", expected="a name")
        name = Name(token.key, token.text, span=token.span)
        node = scripts.as_target(self.postfixes(name, token.start)) if self.tok.kind in ("lower", "^") else name
        if self.tok.kind == "[":
            return brackets.entry(self, name, name.span.start)
        if not isinstance(node, Name | Subscript):
            self.fail("a value is given to a name", node.span, expected="a name, or an entry of one: x[i]")
        return node

    # ------------------------------------------------------------ clauses

    def clause(self, found: list[Statement]) -> None:
        """A declaration, a definition or an assumption; what the relation is decides."""
        head = self.tok
        items = [self.expression(Level.SUM)]
        while self.tok.kind == "," and self.peek().kind != "newline":
            self.advance()
            items.append(self.expression(Level.SUM))
        relation = self.tok.kind
        if relation in ("∈", ":"):
            found.append(self.declaration(head, items))
        elif relation in ("=", ":="):
            found.append(self.definition(head, items))
        elif relation in _ORDER:
            found.extend(self.assumptions(head, items))
        elif relation in ("~", "∼"):
            found.append(self.initialisation(head, items))
        elif relation == "==":
            self.fail("`==` compares", expected="`=` in a definition")
        elif relation == "←":
            self.fail("`←` stands in an `update` block", expected="`=` in a definition")
        else:
            self.unreadable(head)

    def declaration(self, head: Token, items: list[Expression]) -> Declaration:
        """`x, w ∈ ℝ^n` and `f : ℝ → ℝ`."""
        names = self.targets(head, items, "a declaration starts with names")
        self.advance()
        self.stop_words = ATTRIBUTES
        declared, attributes = sets.set_of(self)
        self.stop_words = frozenset()
        attributes += self.attributes()
        self.check_depth(declared)
        return Declaration(names, declared, attributes, span=self.span_from(head.start))

    def targets(self, head: Token, items: list[Expression], message: str) -> tuple[Name | Subscript, ...]:
        """What stands before `∈` or `~`: names, or entries of names."""
        names: list[Name | Subscript] = []
        for item in map(scripts.as_target, items):
            match item:
                case Name() | Subscript(base=Name()):
                    names.append(item)
                case _:
                    self.unreadable(head, item, message)
        return tuple(names)

    def attributes(self) -> tuple[str, ...]:
        """`symmetric`, `positive`, separated by blanks or commas."""
        found: list[str] = []
        while self.tok.kind == "name" or (found and self.tok.kind == "," and self.peek().text in ATTRIBUTES):
            if self.tok.kind == ",":
                if self.peek(2).kind in ("∈", ":", "=", "["):
                    break
                self.advance()
            if self.tok.text not in ATTRIBUTES:
                expected = ", ".join(sorted(ATTRIBUTES))
                close = get_close_matches(self.tok.text, ATTRIBUTES, 1)
                hint = close[0] if close else None
                self.unexpected(f"`,`, the end of the line, or an attribute: {expected}", suggestion=hint)
            found.append(self.advance().text)
        return tuple(found)

    def definition(self, head: Token, items: list[Expression]) -> Definition:
        """`z = W x + b`, with the ranges of its indices where they need to be said."""
        target = scripts.as_target(items[0])
        if len(items) > 1:
            self.fail("several names before `=`", expected="one equation for each name")
        match target:
            case Name() | Subscript(base=Name()):
                pass
            case Product(factors=(Factor(item=Name() | Lowered(base=Name())), Factor(sign="", item=Group()))):
                pass
            case Derivative():
                self.fail("a derivative follows from the equations", target.span, expected="a name before `=`")
            case _:
                self.unreadable(head, target, "a definition starts with one name")
        self.advance()
        value = self.expression()
        if isinstance(value, Comparison) and "=" in value.relations:
            self.fail("two `=` in one definition", value.span, suggestion="give each equation its own line")
        self.check_depth(value)
        if self.tok.kind == "," and self.peek().kind == "for":
            self.advance()
        ranges = self.ranges() if self.accept("for") else ()
        return Definition(target, value, ranges, span=self.span_from(head.start))

    def ranges(self) -> tuple[BoundIndex, ...]:
        """What stands after `for` behind an equation."""
        return structures.ranges(self) if self.tok.home >= 0 else binders.indices(self, needs_range=True)

    def assumptions(self, head: Token, items: list[Expression]) -> list[Statement]:
        """`κ > 0`; `α, β > 0` says it of both."""
        relations: list[Relation] = []
        others: list[Expression] = []
        while self.tok.kind in RELATIONS:
            if self.tok.kind not in _ORDER:
                self.unexpected("<, ≤, >, ≥ or ≠")
            relations.append(RELATIONS[self.advance().kind])
            others.append(self.expression(Level.SUM))
        span = self.span_from(head.start)
        return [Assumption(Comparison((item, *others), tuple(relations), span=span), span=span) for item in items]

    def initialisation(self, head: Token, items: list[Expression]) -> Initialisation:
        """`W1, W2 ~ he` and `W[l] ~ normal(0, 1/√(n[l-1]))`."""
        names = self.targets(head, items, "what begins somewhere is a parameter")
        self.advance()
        rule = self.expression()
        self.check_depth(rule)
        return Initialisation(names, rule, span=self.span_from(head.start))

    def unreadable(self, head: Token, item: Expression | None = None, message: str = "") -> NoReturn:
        """Say what is wrong with a line that is no statement: perhaps its first word is misspelled."""
        close = get_close_matches(head.text, STATEMENTS, 1, 0.65)
        if head.kind == "name" and close:
            self.fail(f"unknown statement `{head.text}`", head.span, suggestion=close[0])
        if item is not None:
            self.fail(message, item.span, expected="a name")
        expected = "`=`, `∈`, or one of: " + ", ".join(sorted(set(STATEMENTS.values())))
        if self.tok.kind not in ("newline", "end"):
            self.unexpected(expected)
        self.fail("this line neither declares nor defines anything", head.span, expected=expected)
