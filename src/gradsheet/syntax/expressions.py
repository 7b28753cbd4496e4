"""Expressions by operator precedence: from tokens to the neutral tree.

The parser decides nothing by names, but for binders that are followed by an index. `f (x)` is a chain of two
factors; whoever knows the names reads it as a call. Chains of any length are read in a loop; only nesting recurses,
and it is limited.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.syntax import binders, brackets, derivatives, documents, programs, scripts, structures
from gradsheet.syntax.cursor import Cursor
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Comparison,
    Conditional,
    Expression,
    Factor,
    Group,
    Logic,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Range,
    Subscript,
    Term,
    Transpose,
)
from gradsheet.syntax.vocabulary import PRODUCT_SIGNS, RELATIONS

if TYPE_CHECKING:
    from gradsheet.diagnostics import Diagnostics
    from gradsheet.syntax.tokens import Token
    from gradsheet.syntax.tree import ProductSign, Relation

_OPERAND_STARTS = frozenset({"name", "number", "(", "[", "∂", "√", "|", "‖", "error"}) | structures.STARTS
_PRIMARY = "an expression"
_JOINED_SIZES = re.compile(r"(x[0-9]{1,9})+")


class ExpressionParser(Cursor):
    """Reads expressions; what stands in brackets is read by functions of their own modules."""

    operand_starts = _OPERAND_STARTS

    def __init__(self, tokens: list[Token], diagnostics: Diagnostics) -> None:
        super().__init__(tokens, diagnostics)
        self.of_document = False
        """Whether this is somebody's page, which may say more than a sheet."""
        self.reset()

    def reset(self) -> None:
        """Forget what is open: a new statement begins."""
        self.depth = self.deepest = 0
        self.bars: list[str] = []
        """Kinds of the bars that are open since the last bracket."""
        self.condition: int | None = None
        """Where the bar stands that ends the events of a probability, `p(a | b)`."""
        self.axes = False
        """Inside `ℝ^( … )`, at its own level: × and x separate sizes."""
        self.stop_words: frozenset[str] = frozenset()
        """Names that end an expression: `by` after an objective."""
        self.longest_chain = 0
        """The longest chain of postfixes, minus signs or cases: trees that are deep without recursion."""
        self.loose: Array | None = None
        """A bracket read after white space that turned out to be a factor of its own: `a [z > 0]`."""

    def expression(self, level: Level = Level.CONDITIONAL) -> Expression:
        """An expression whose outermost operator binds at least as tightly as `level`."""
        self.deeper()
        start = self.tok.start
        if self.tok.kind == "not" and level <= Level.NOT:
            left = self._negation()
        else:
            left = self._sum()
            if self.tok.kind == ".." and level <= Level.RANGE:
                self.advance()
                left = Range(left, self._sum(), span=self.span_from(start))
            if self.tok.kind in RELATIONS and level <= Level.COMPARISON:
                left = self._comparison(left, start)
        if self.tok.kind == "and" and level <= Level.AND:
            left = self._logic("and", left, start, Level.NOT)
        if self.tok.kind == "or" and level <= Level.OR:
            left = self._logic("or", left, start, Level.AND)
        if self.tok.kind == "if" and level <= Level.CONDITIONAL:
            left = self._conditional(left, start)
        self.depth -= 1
        return left

    def _negation(self) -> Expression:
        starts = []
        while token := self.accept("not"):
            starts.append(token.start)
        self.longest_chain = max(self.longest_chain, len(starts))
        item = self.expression(Level.COMPARISON)
        for start in reversed(starts):
            item = Logic("not", (item,), span=self.span_from(start))
        return item

    def _logic(self, kind: str, left: Expression, start: int, level: Level) -> Expression:
        items = [left]
        while self.accept(kind):
            items.append(self.expression(level))
        return Logic("and" if kind == "and" else "or", tuple(items), span=self.span_from(start))

    def _comparison(self, left: Expression, start: int) -> Expression:
        items = [left]
        relations: list[Relation] = []
        while self.tok.kind in RELATIONS:
            relations.append(RELATIONS[self.advance().kind])
            items.append(self.expression(Level.RANGE))
        return Comparison(tuple(items), tuple(relations), span=self.span_from(start))

    def _conditional(self, left: Expression, start: int) -> Expression:
        cases: list[tuple[int, Expression, Expression]] = []
        while True:
            self.advance()
            cases.append((start, left, self.expression(Level.OR)))
            self.expect("else", expected="`else`", suggestion="say what holds otherwise: A if condition else 0")
            start = self.tok.start
            left = self.expression(Level.OR)
            if self.tok.kind != "if":
                break
        self.longest_chain = max(self.longest_chain, len(cases))
        for begin, then, condition in reversed(cases):
            left = Conditional(then, condition, left, span=self.span_from(begin))
        return left

    # ------------------------------------------------------------ sums and products

    def _sum(self) -> Expression:
        start = self.tok.start
        first = self.signed_product()
        if self.tok.kind not in ("+", "-"):
            return first
        terms = [Term("+", first, span=first.span)]
        if isinstance(first, Additive):  # a leading minus
            terms = list(first.terms)
        while self.tok.kind in ("+", "-"):
            at = self.tok.start
            sign = self.advance().kind
            item = self.signed_product()
            terms.append(Term("+" if sign == "+" else "-", item, span=self.span_from(at)))
        return Additive(tuple(terms), span=self.span_from(start))

    def signed_product(self) -> Expression:
        """A product with the signs before it."""
        minuses = self.signs()
        item = self.product()
        return self.negated(item, minuses)

    def signs(self) -> list[int]:
        """Where the minus signs before an operand stand; plus signs mean nothing."""
        minuses = []
        while self.tok.kind in ("+", "-"):
            if self.tok.kind == "-":
                minuses.append(self.tok.start)
            self.advance()
        self.longest_chain = max(self.longest_chain, len(minuses))
        return minuses

    def negated(self, item: Expression, minuses: list[int]) -> Expression:
        """An operand with its minus signs."""
        for start in reversed(minuses):
            span = self.span_from(start)
            item = Additive((Term("-", item, span=span),), span=span)
        return item

    def product(self) -> Expression:
        """A chain of factors; one alone is itself."""
        start = self.tok.start
        in_lines = self.tok.kind == "frac"
        factors: list[Factor] = []
        sign: ProductSign | None = ""
        while sign is not None:
            at = self.tok.start
            minuses = self.signs() if sign else []
            if self.tok.kind == "√":
                self._root(factors, sign, minuses)
            else:
                item = self.negated(self.operand(quotient=sign not in ("/", "⊘")), minuses)
                factors.append(Factor(sign, item, span=self.span_from(at)))
            while self.tok.kind in ("at", "point"):
                behind = documents.evaluated if self.tok.kind == "at" else programs.method
                factors = behind(self, factors)
            sign = self._product_sign()
        if len(factors) == 1:
            return factors[0].item
        if in_lines:
            factors = structures.unfold(factors)
        return Product(tuple(factors), span=self.span_from(start))

    def _root(self, factors: list[Factor], sign: ProductSign, minuses: list[int]) -> None:
        """`√x` is written out as the factors `sqrt` and `(x)`."""
        token = self.advance()
        if minuses:
            self.fail("a minus sign before √ in a product", token.span, suggestion="use brackets: (-√x)")
        factors.append(Factor(sign, Name("sqrt", token.text, span=token.span), span=token.span))
        at = self.tok.start
        inner = self.atom()
        argument = inner if isinstance(inner, Group) else Group((inner,), span=inner.span)
        factors.append(Factor("", self.postfixes(argument, at), span=self.span_from(at)))

    def _product_sign(self) -> ProductSign | None:
        """The sign before the next factor, taken; "" if the factor just follows; None at the end of the product."""
        token = self.tok
        if self.loose is not None:
            return ""
        if token.kind in PRODUCT_SIGNS:
            if token.kind == "×" and self.axes:
                return None
            self.advance()
            return PRODUCT_SIGNS[token.kind]
        if token.kind not in _OPERAND_STARTS:
            return None
        if token.kind in ("|", "‖"):
            return None if brackets.closes_bars(self, token) else ""
        if token.kind == "name":
            if self.axes and self.at_times():
                return None
            if token.text in self.stop_words:
                return None
        return ""

    def at_times(self) -> bool:
        """Whether the token is an `x` that means × between two sizes, or the `x3` of `4x3`."""
        token = self.tok
        if token.kind != "name":
            return False
        if _JOINED_SIZES.fullmatch(token.text) and not token.spaced:
            return True
        return token.text == "x" and self.peek().kind in ("name", "number", "(")

    def joined_sizes(self) -> list[Num]:
        """The sizes of a word such as `x3x2`, after a number that it stands close to: 4x3x2."""
        token = self.tok
        if token.kind != "name" or token.spaced or not _JOINED_SIZES.fullmatch(token.text):
            return []
        self.advance()
        at = token.start
        found = []
        for digits in token.text.split("x")[1:]:
            span = Span(at + 1, at + 1 + len(digits))
            found.append(Num(Fraction(int(digits)), digits, span=span))
            at = span.end
        return found

    # ------------------------------------------------------------ operands

    def operand(self, *, quotient: bool = True) -> Expression:
        """A primary with its subscripts, primes, powers; with `quotient`, `dL/dW` may be read as a derivative."""
        if self.loose is not None:
            array, self.loose = self.loose, None
            return self.postfixes(array, array.span.start, loose=True)
        start = self.tok.start
        token = self.tok
        if token.kind == "name" and token.key[0] == "d" and quotient:
            found = derivatives.with_d(self)
            if found is not None:
                return self.postfixes(found, start, loose=True)
        return self.postfixes(self.atom(), start, loose=True)

    def atom(self) -> Expression:
        """A number, a name, or something in brackets of any kind."""
        token = self.tok
        match token.kind:
            case "(":
                return brackets.group(self)
            case "[":
                return brackets.array(self)
            case "|" | "‖":
                return brackets.bars(self)
            case "∂":
                return derivatives.with_partial(self)
            case kind if kind in structures.STARTS:
                return structures.structure(self)
            case "name" if binders.follows(self):
                return binders.binder(self)
            case "number" | "name":
                pass
            case _:
                self.unexpected(_PRIMARY)
        if token.key and token.key in "ℝℕℤℚℂ":
            self.fail(f"{token.text} is a set, not a value", expected=_PRIMARY)
        self.advance()
        if token.kind == "number":
            return Num(token.value, token.text, span=token.span)
        return Name(token.key, token.text, span=token.span)

    def postfixes(self, base: Expression, start: int, *, loose: bool = False) -> Expression:
        """Entries, primes, transposes and powers after an operand."""
        chain = 0
        while True:
            token = self.tok
            if token.kind == "[":
                if token.spaced and not loose:
                    return base
                entry = brackets.after_operand(self, base, start)
                if entry is None:
                    return base
                base = entry
            elif token.kind == "'":
                base = self._prime(base, start)
            elif token.kind == "ᵀ":
                self.advance()
                base = Transpose(base, span=self.span_from(start))
            elif token.kind == "^":
                base = self._power(base, start)
            elif token.kind == "lower":
                base = scripts.lowered(self, base, start)
            elif token.kind == "_":
                brackets.refuse_lowered(self, base)
            else:
                break
            chain += 1
        self.longest_chain = max(self.longest_chain, chain)
        return base

    def _prime(self, base: Expression, start: int) -> Expression:
        count = 0
        while self.accept("'"):
            count += 1
        if isinstance(base, Power) and open_ended(base.exponent):
            self.fail(
                "the prime after an exponent could belong to it or to the power",
                Span(self.last_end - 1, self.last_end),
                suggestion="use brackets: (a^b)' or a^(b')",
            )
        return Prime(base, count, span=self.span_from(start))

    def _power(self, base: Expression, start: int) -> Expression:
        self.advance()
        if self.accept("⊤"):
            return Transpose(base, span=self.span_from(start))
        return Power(base, self.exponent(), span=self.span_from(start))

    def exponent(self) -> Expression:
        """What follows `^`: braces, or a signed number, name, entry or bracket; powers nest to the right."""
        self.deeper()
        minuses = self.signs()
        start = self.tok.start
        item = brackets.braces(self) if self.tok.kind == "{" else self.exponent_base()
        if self.tok.kind == "^":
            item = self._power(item, start)
        self.depth -= 1
        return self.negated(item, minuses)

    def exponent_base(self) -> Expression:
        """A number, a name, an entry, or a bracket."""
        start = self.tok.start
        if self.tok.kind not in ("number", "name", "(", "|", "‖"):
            self.unexpected("an exponent", suggestion="use brackets: e^(…)")
        item = self.atom()
        while self.tok.kind == "[" and not self.tok.spaced:
            item = brackets.entry(self, item, start)
        return item


def open_ended(exponent: Expression) -> bool:
    """Whether a prime after this exponent could be taken for its own: `e^-x'`, but not `x^2'`."""
    while True:
        match exponent:
            case Name() | Subscript():
                return True
            case Additive(terms=(term,)):
                exponent = term.item
            case Power():
                exponent = exponent.exponent
            case _:
                return False
