"""A syntax tree as boxes, set as a textbook would set it: every decision that the notations share.

Quotients become fractions, `if` becomes cases, primes of anything but a function ⊤. Brackets go where a fraction, an
exponent or a root makes them needless, and are added where paper would suggest another order of products.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

from gradsheet.syntax.plain import is_condition, leftmost, level_of, runs
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Axis,
    Bars,
    Binder,
    BoundIndex,
    Comparison,
    Conditional,
    Conditioned,
    Derivative,
    Ellipsis,  # noqa: A004 - the node is called what it is
    Evaluated,
    Expression,
    Factor,
    FunctionName,
    Group,
    Logic,
    Nabla,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Range,
    Slice,
    Subscript,
    Transpose,
    Underbrace,
)
from gradsheet.syntax.vocabulary import APPLIED_BINDERS, FUNCTIONS
from gradsheet.syntax.written_names import Known, NameTable, written
from gradsheet.typesetting import products
from gradsheet.typesetting.boxes import (
    APPLY,
    COMMA,
    EMPTY,
    MINUS,
    TIMES,
    BigSign,
    Box,
    Brace,
    Cases,
    Fraction,
    Letter,
    Limits,
    Matrix,
    Numeral,
    Operator,
    Scripts,
    Sign,
    Text,
    Word,
    fenced,
    joined,
    relation,
    row,
)
from gradsheet.typesetting.boxes import Prime as Strokes
from gradsheet.typesetting.names import has_index, name_box
from gradsheet.typesetting.numbers import number_box

if TYPE_CHECKING:
    from collections.abc import Collection, Container

_SHORT_NAMES = {"trace": "tr", "logsumexp": "lse"}
_MOST_PRIMES = 3
_TOP = Letter("⊤")
_PARTIAL = Letter("∂")
_COLON = Sign(":", "ordinary")


def layout(node: Expression, *, functions: Container[str] = FUNCTIONS, names: Collection[str] = ()) -> Box:
    """An expression as a box. `functions` are the keys of the names that are functions, `names` those that are in use.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.reading import parse_expression
    >>> source = Source("1/n")
    >>> layout(parse_expression(source, Diagnostics(source)))
    Fraction(above=Numeral(text='1'), below=Letter(char='n'))
    """
    return Layouter(functions, names).box(node)


class Layouter:
    """Sets expressions; knows which names are functions, and which names there are."""

    def __init__(self, functions: Container[str], names: Collection[str] = ()) -> None:
        self.functions = functions
        self.names = names
        self.known = _table(frozenset(names))

    def box(self, node: Expression, level: Level = Level.CONDITIONAL) -> Box:
        """A node where something that binds at least as tightly as `level` may stand."""
        if isinstance(node, Underbrace):
            return Brace(self.box(node.base, level), self.script(node.label))
        if level_of(node) < level:
            return fenced("(", self.box(node))
        match node:
            case Num():
                return number_box(node)
            case Name():
                return self.name(node)
            case Group():
                return fenced("(", joined([self.box(item) for item in node.items], COMMA))
            case Subscript():
                return self.postfix(node, self.indexed(node))
            case Conditioned():
                events, given = (joined([self.box(item) for item in part], COMMA) for part in (node.events, node.given))
                return row(events, relation("∣"), given)
            case Prime():
                return self.prime(node)
            case Transpose():
                return self.transpose(node)
            case Power():
                return self.postfix(node, self.base(node.base))
            case Product():
                return products.product(self, node)
            case Additive():
                return self.additive(node)
            case Comparison():
                return self.comparison(node)
            case Logic():
                return self.logic(node)
            case Conditional():
                return self.conditional(node)
            case Range():
                ends = [self.box(node.low, Level.SUM), Sign("…", "ordinary"), self.box(node.high, Level.SUM)]
                return fenced("{", joined(ends, COMMA))
            case Binder():
                return self.binder(node)
            case Bars():
                bars = fenced(node.kind, self.box(node.body))
                return bars if node.subscript is None else Scripts(bars, self.script(node.subscript))
            case Array():
                return self.array(node)
            case Derivative():
                return self.derivative(node)
            case Ellipsis():
                return Sign(node.text, "ordinary")
            case Nabla():
                above = None if node.order == 1 else Sign(str(node.order), "ordinary")
                below = None if node.by is None else self.script(node.by)
                head = Letter("∇") if above is below else Scripts(Letter("∇"), below, above)
                return row(head, self.box(node.of, Level.PRODUCT))
            case Evaluated():
                at = joined([self.box(item) for item in node.at], COMMA)
                return row(self.box(node.base, Level.PRODUCT), Scripts(Sign("|", "ordinary"), at))
            case Axis():
                return row(Word("axis"), Sign("=", "relation"), Numeral(str(node.number)))
            case _:
                assert_never(node)

    def bare(self, node: Expression) -> Box:
        """A node where its place already groups: above or below a line, in a script."""
        while isinstance(node, Group) and len(node.items) == 1:
            node = node.items[0]
        return self.box(node)

    def script(self, node: Expression) -> Box:
        """A node in small type, above or below another, where a quotient with one denominator stands in the line."""
        while isinstance(node, Group) and len(node.items) == 1:
            node = node.items[0]
        if isinstance(node, Additive):
            return signed_terms([(term.sign, self.script_term(term.item)) for term in node.terms])
        return self.script_term(node, Level.CONDITIONAL)

    def script_term(self, node: Expression, level: Level = Level.PRODUCT) -> Box:
        """One term of a script."""
        box = products.in_line(self, node)
        return self.box(node, level) if box is None else box

    # ------------------------------------------------------------ operands

    def is_function(self, node: Expression) -> bool:
        """Whether a node is the name of a function, perhaps with an index, a prime, a power."""
        name = leftmost(node)
        return isinstance(name, FunctionName) or (isinstance(name, Name) and name.key in self.functions)

    def name(self, node: Name) -> Box:
        """A name; one of several letters is set as an operator if it is a function."""
        key = node.key
        if self.is_function(node) and len(key) > 1 and key.replace("_", "").isalpha():
            return Operator(_SHORT_NAMES.get(key, key))
        form = written(key)
        if form.base != key and len(self.known.spelled(*form)) > 1:
            return Word(key)  # W1 beside W_1: letter by letter, as paper has them alike
        return name_box(key)

    def base(self, node: Expression) -> Box:
        """What carries an exponent or ⊤; brackets go around whatever has one already."""
        box = self.box(node)
        plain = isinstance(node, Name | Group | Bars | Array | Subscript) or isinstance(box, Numeral)
        return box if plain else fenced("(", box)

    def postfix(self, node: Power | Transpose | Prime | Subscript, base: Box) -> Box:
        """An exponent, ⊤, strokes or an index on a box that carries them as it is."""
        match node:
            case Power(exponent=Name(key="′")):  # the rule (log σ)′, where no function has the name
                return raised(base, strokes(1))
            case Power():
                return raised(base, self.script(node.exponent))
            case Transpose():
                return raised(base, _TOP)
            case Prime():
                return raised(base, _TOP if node.count == 1 else strokes(node.count))
            case Subscript():
                base = fenced("(", base) if isinstance(base, Scripts) and not base.own else base
                return Scripts(base, joined([self.index(item) for item in node.items], COMMA))

    def indexed(self, node: Subscript) -> Box:
        """What carries an index; square brackets keep it apart from what already stands below or above."""
        base = node.base
        if isinstance(base, Group | Array) or (isinstance(base, Name) and not self.is_mistaken(base, node)):
            return self.box(base)
        return fenced("[", self.box(base))

    def is_mistaken(self, base: Name, node: Subscript) -> bool:
        """Whether an index directly below a name would be read as a part of a name."""
        if has_index(base.key):
            return True
        item = node.items[0]
        if len(node.items) > 1 or not isinstance(item, Num | Name):
            return False
        letter, below = written(base.key).base, item.text if isinstance(item, Num) else item.key
        return bool(self.known.spelled(letter, below))

    def index(self, node: Expression | Slice) -> Box:
        """One index of an entry."""
        if not isinstance(node, Slice):
            return self.script(node)
        low, high = (None if end is None else self.script_term(end, Level.SUM) for end in (node.low, node.high))
        return row(*(part for part in (low, _COLON, high) if part is not None))

    def prime(self, node: Prime) -> Box:
        """Strokes after a function, ⊤ after anything else."""
        if isinstance(node.base, Name | Subscript) and (node.count > 1 or self.is_function(node.base)):
            return raised(self.box(node.base), strokes(node.count))
        return self.postfix(node, self.base(node.base))

    def transpose(self, node: Transpose) -> Box:
        """Aᵀ; the inverse and the transpose share one exponent."""
        base = node.base
        while isinstance(base, Group) and len(base.items) == 1:
            base = base.items[0]
        if isinstance(base, Power) and _is_minus_one(base.exponent) and not isinstance(base.base, Power):
            return raised(self.base(base.base), row(MINUS, _TOP))
        return self.postfix(node, self.base(node.base))

    def array(self, node: Array) -> Box:
        """A matrix, a list, or an Iverson bracket."""
        if is_condition(node):
            return fenced("[", self.box(node.rows[0][0]))
        rows = node.rows
        if len(rows) == 1:
            nested = [item.rows[0] for item in rows[0] if isinstance(item, Array) and len(item.rows) == 1]
            if len(nested) == len(rows[0]) and _is_matrix(nested):
                rows = tuple(nested)
            elif len(rows[0]) > 1:
                return fenced("[", joined([self.box(item) for item in rows[0]], COMMA))
        width = max(map(len, rows), default=0)
        if not width:
            return fenced("[", EMPTY)
        cells = ([*map(self.box, items), *[EMPTY] * (width - len(items))] for items in rows)
        return Matrix(tuple(map(tuple, cells)))

    def derivative(self, node: Derivative) -> Box:
        """∂ of something over ∂ of each variable; equal neighbours are counted."""
        if node.plain is not None and all(part.key in self.names for part in node.plain):
            above, below = (self.box(_renamed(*pair)) for pair in zip((node.of, node.by[0]), node.plain, strict=True))
            return Fraction(above, below)
        order = len(node.by)
        partial = _PARTIAL if order == 1 else Scripts(_PARTIAL, above=Numeral(str(order)))
        below_line: list[Box] = []
        for variable, times in runs(node.by):
            box = self.box(variable, Level.OPERAND)
            power = box if times == 1 else raised(box, Numeral(str(times)))
            below_line += [TIMES, _PARTIAL, power] if below_line else [_PARTIAL, power]
        of = self.box(node.of, Level.PRODUCT if _is_call(node.of) else Level.OPERAND)
        return Fraction(row(partial, of), row(*below_line))

    # ------------------------------------------------------------ sums, relations, cases

    def additive(self, node: Additive) -> Box:
        """Terms with their signs."""
        return signed_terms([(term.sign, self.box(term.item, Level.PRODUCT)) for term in node.terms])

    def comparison(self, node: Comparison) -> Box:
        """A chain of relations."""
        items = [self.box(node.items[0], Level.RANGE)]
        for sign, item in zip(node.relations, node.items[1:], strict=True):
            items += [relation(sign), self.box(item, Level.RANGE)]
        return row(*items)

    def logic(self, node: Logic) -> Box:
        """Conditions joined by words, or one denied."""
        if node.kind == "not":
            return row(Sign("¬", "prefix"), fenced("(", self.bare(node.items[0])))
        below = Level.NOT if node.kind == "and" else Level.AND
        return joined([self.box(item, below) for item in node.items], Text(f" {node.kind} "))

    def conditional(self, node: Conditional) -> Box:
        """Cases, in a loop: there may be many."""
        rows: list[tuple[Box, Box]] = []
        rest: Expression = node
        while isinstance(rest, Conditional):
            rows.append((self.box(rest.then), row(Text("if "), self.bare(rest.condition))))
            rest = rest.otherwise
        rows.append((self.box(rest), Text("otherwise")))
        return Cases(tuple(rows))

    # ------------------------------------------------------------ binders

    def binder(self, node: Binder) -> Box:
        """A sum with its limits, softmax with its axis, max over an index."""
        if node.kind in ("sum", "prod"):
            heads = self.limits(BigSign("∑" if node.kind == "sum" else "∏"), node.indices)
            return row(*heads, self.box(node.body, Level.PRODUCT))
        below = joined([self.bound(index) for index in node.indices], COMMA)
        if node.kind in APPLIED_BINDERS:
            argument = node.body if isinstance(node.body, Group) else Group((node.body,))
            return row(Scripts(Operator(_SHORT_NAMES.get(node.kind, node.kind)), below), APPLY, self.box(argument))
        body = self.box(node.body, Level.PRODUCT)
        return row(Limits(Operator(node.kind), below), APPLY, body)

    def limits(self, sign: BigSign, indices: tuple[BoundIndex, ...]) -> list[Box]:
        """One sign for indices without ranges, one for each index with a range."""
        out: list[Box] = []
        waiting: list[Box] = []
        for index in indices:
            if isinstance(index.domain, Range):
                if waiting:
                    out.append(Limits(sign, joined(waiting, COMMA)))
                    waiting = []
                below = row(self.name(index.name), relation("="), self.script(index.domain.low))
                out.append(Limits(sign, below, self.script(index.domain.high)))
            else:
                waiting.append(self.bound(index))
        if waiting:
            out.append(Limits(sign, joined(waiting, COMMA)))
        return out

    def bound(self, index: BoundIndex) -> Box:
        """An index, perhaps with the set that it runs through."""
        name = self.name(index.name)
        return name if index.domain is None else row(name, relation("∈"), self.box(index.domain, Level.RANGE))


@lru_cache(maxsize=64)
def _table(names: frozenset[str]) -> NameTable:
    """The names of a sheet by what paper has of them."""
    return NameTable(dict.fromkeys(names, Known()))


def signed_terms(terms: list[tuple[str, Box]]) -> Box:
    """Boxes with + and − between them, and a leading minus."""
    items: list[Box] = []
    for sign, box in terms:
        if items:
            items.append(Sign("+" if sign == "+" else "−", "binary"))
        elif sign == "-":
            items.append(MINUS)
        items.append(box)
    return row(*items)


def raised(base: Box, above: Box) -> Box:
    """A box with an exponent, above the index that it may have."""
    if isinstance(base, Scripts) and base.above is not None:
        return Scripts(fenced("(", base), above=above)
    if isinstance(base, Scripts):
        return Scripts(base.base, base.below, above, base.own)
    return Scripts(base, above=above)


def strokes(count: int) -> Box:
    """′, ″, ‴; more are counted in brackets."""
    return Strokes(count) if count <= _MOST_PRIMES else fenced("(", Numeral(str(count)))


def _renamed(node: Expression, name: Name) -> Expression:
    """An entry of a name as the same entry of another name."""
    return replace(node, base=_renamed(node.base, name)) if isinstance(node, Subscript) else name


def _is_matrix(rows: list[tuple[Expression, ...]]) -> bool:
    """Whether lists in a list are the rows of a matrix, whatever their entries are: of vectors they would be longer."""
    if len(rows) == 1:
        return len(rows[0]) > 1
    return len({len(row) for row in rows}) == 1 and all(_is_number(entry) for row in rows for entry in row)


def _is_number(node: Expression) -> bool:
    match node:
        case Additive(terms=(term,)):
            return isinstance(term.item, Num)
        case _:
            return isinstance(node, Num)


def _is_call(node: Expression) -> bool:
    """E(v, h): a name with an argument in brackets."""
    match node:
        case Product(factors=(Factor(item=Name()), Factor(sign="", item=Group()))):
            return True
        case _:
            return False


def _is_minus_one(node: Expression) -> bool:
    while isinstance(node, Group) and len(node.items) == 1:
        node = node.items[0]
    match node:
        case Additive(terms=(term,)):
            return term.sign == "-" and isinstance(term.item, Num) and term.item.value == 1
        case Num(value=value):
            return value == -1
        case _:
            return False
