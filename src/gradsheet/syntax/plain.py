"""A tree as plain text, with the fewest brackets that read back as the same tree.

The text is Unicode, or what a keyboard has (`ascii=True`). Reading it again gives an equal tree, up to brackets that
group one thing. What has no keyboard spelling of its own is written with the nearest one: `'` for ᵀ, `dL/dW` for
∂L/∂W, `*` for · and ×; letters such as ŷ stay as they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from gradsheet.syntax.expressions import open_ended
from gradsheet.syntax.names import ascii_name, canonical_key
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.traversal import unlabelled
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
from gradsheet.syntax.vocabulary import APPLIED_BINDERS, BINDERS, FUNCTIONS, SUBSCRIPTS, SUPERSCRIPTS

if TYPE_CHECKING:
    from collections.abc import Container
    from fractions import Fraction

_D_NAME = re.compile(r"d[2-9]?[^\W\d_]")
_ASCII_SIGNS = {
    "⊙": ".*", "⊘": "./", "·": "*", "×": "*", "≠": "!=", "≤": "<=", "≥": ">=", "∈": "in",
}  # fmt: skip
_RAISED = str.maketrans({plain: raised for raised, plain in SUPERSCRIPTS.items() if plain.isdigit() or plain == "-"})
_LOWERED = str.maketrans({plain: lowered for lowered, plain in SUBSCRIPTS.items() if plain.isdigit()})
_LONGEST_DECIMAL = 40


def plain(node: Expression, *, ascii: bool = False, functions: Container[str] = FUNCTIONS) -> str:  # noqa: A002 - as Python's own `ascii()`
    """An expression as text. `functions` are the names whose arguments follow without a space.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.reading import parse_expression
    >>> source = Source("1/2*||W^-1 x||^2 if (j <= i) else -inf")
    >>> tree = parse_expression(source, Diagnostics(source))
    >>> plain(tree)
    '1/2 * ‖W⁻¹ x‖² if (j ≤ i) else -∞'
    >>> plain(tree, ascii=True)
    '1/2 * ||W^-1 x||^2 if (j <= i) else -inf'
    """
    return PlainWriter(ascii_only=ascii, functions=functions).text(unlabelled(node))


def level_of(node: Expression) -> Level:
    """How tightly the outermost operator of a node binds when it is written."""
    match node:
        case Conditional():
            return Level.CONDITIONAL
        case Logic(kind="or"):
            return Level.OR
        case Logic(kind="and"):
            return Level.AND
        case Logic():
            return Level.NOT
        case Comparison():
            return Level.COMPARISON
        case Range():
            return Level.RANGE
        case Additive():
            return Level.SUM
        case Product():
            return Level.PRODUCT
        case Binder():
            return Level.OPERAND if node.kind in APPLIED_BINDERS else Level.PRODUCT
        case Num():
            if node.value < 0:
                return Level.SUM
            return Level.OPERAND if node.value.denominator == 1 or decimal(node.value) or node.text else Level.PRODUCT
        case Name() | Group() | Subscript() | Prime() | Transpose() | Power() | Bars() | Array() | Derivative():
            return Level.OPERAND
        case Underbrace():
            return level_of(node.base)
        case Ellipsis() | Evaluated() | Axis():
            return Level.OPERAND
        case Nabla():
            return Level.PRODUCT
        case Conditioned():
            return Level.CONDITIONAL
        case _:
            assert_never(node)


def leftmost(node: Expression) -> Expression:
    """The operand below powers, primes, transposes and entries."""
    while isinstance(node, Power | Prime | Transpose | Subscript):
        node = node.base
    return node


def decimal(value: Fraction) -> str:
    """A number as a decimal fraction, if it is one of a readable length; else nothing.

    >>> from fractions import Fraction
    >>> decimal(Fraction(1, 8)), decimal(Fraction(1, 3))
    ('0.125', '')
    """
    places = 0
    while 10**places % value.denominator and places < _LONGEST_DECIMAL:
        places += 1
    if 10**places % value.denominator:
        return ""
    scaled = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{scaled[:-places]}.{scaled[-places:]}" if places else sign + scaled


class PlainWriter:
    """Writes expressions; knows the spelling and whether bars are open around the place."""

    def __init__(self, *, ascii_only: bool, functions: Container[str] = FUNCTIONS) -> None:
        self.ascii_only = ascii_only
        self.functions = functions
        self.in_bars = False

    def text(self, node: Expression, level: Level = Level.CONDITIONAL) -> str:
        """A node where something that binds at least as tightly as `level` may stand."""
        if self.level(node) < level:
            return self.bracketed(node)
        match node:
            case Num():
                return self.number(node)
            case Name():
                return self.name(node)
            case Group():
                return f"({', '.join(self.free(item) for item in node.items)})"
            case Subscript():
                items = ",".join(self.index(item, alone=len(node.items) == 1) for item in node.items)
                return f"{self.indexed(node.base)}[{items}]"
            case Prime():
                absorbed = self.absorbs(node.base, "'")
                base = self.bracketed(node.base) if absorbed else self.text(node.base, Level.OPERAND)
                return base + "'" * node.count
            case Transpose():
                return self.transpose(node)
            case Power():
                return self.power(node)
            case Product():
                return self.product(node)
            case Additive():
                return self.additive(node)
            case Comparison():
                return self.comparison(node)
            case Logic(kind="not"):
                below = Level.NOT if isinstance(node.items[0], Logic) else Level.COMPARISON
                return f"not {self.text(node.items[0], below)}"
            case Logic():
                below = Level.NOT if node.kind == "and" else Level.AND
                return f" {node.kind} ".join(self.text(item, below) for item in node.items)
            case Conditional():
                return self.conditional(node)
            case Range():
                return f"{self.end(node.low)}..{self.end(node.high)}"
            case Binder():
                return self.binder(node)
            case Bars():
                return self.bars(node)
            case Array():
                rows = (", ".join(self.entry(item) for item in row) for row in node.rows)
                return f"[{'; '.join(rows)}]"
            case Derivative():
                return self.derivative(node)
            case Underbrace():
                return self.text(node.base, level)
            case Ellipsis():
                return node.text
            case Nabla():
                head = "∇" if node.order == 1 else "∇²"
                sign = head if node.by is None else f"{head}_{self.below(node.by)}"
                return f"{sign} {self.text(node.of, Level.PRODUCT)}"
            case Evaluated():
                points = ", ".join(self.free(item) for item in node.at)
                return f"{self.bracketed(node.base)}|_{{{points}}}"
            case Axis():
                return f"axis={node.number}"
            case Conditioned():
                events, given = (", ".join(self.text(item) for item in part) for part in (node.events, node.given))
                return f"{events} | {given}"
            case _:
                assert_never(node)

    def level(self, node: Expression) -> Level:
        """How tightly a node binds as it is written here: ⅓ is 1/3 on a keyboard."""
        if isinstance(node, Num) and "/" in self.number(node) and node.value > 0:
            return Level.PRODUCT
        return level_of(node)

    # ------------------------------------------------------------ brackets

    def free(self, node: Expression) -> str:
        """A node in brackets of its own, where no bars are open."""
        outer, self.in_bars = self.in_bars, False
        text = self.text(node)
        self.in_bars = outer
        return text

    def bracketed(self, node: Expression) -> str:
        """A node in round brackets that the tree does not have."""
        return f"({self.free(node)})"

    def entry(self, node: Expression) -> str:
        """An item of a list; `1 0` and `1 -1` would be read as a mistake."""
        match node:
            case Product(factors=(Factor(item=Num()), Factor(sign="", item=Num()), *_)):
                return self.bracketed(node)
            case _:
                return self.free(node)

    def index(self, node: Expression | Slice, *, alone: bool) -> str:
        """An item between the brackets of an entry."""
        outer, self.in_bars = self.in_bars, False
        match node:
            case Slice(low=None, high=None):
                text = ":"
            case Slice(low=None, high=high) if high is not None:
                text = ":" + self.text(high)
            case Slice(low=low, high=None) if low is not None:
                text = self.text(low) + ":"
            case Slice(low=low, high=high) if low is not None and high is not None:
                text = f"{self.end(low)}..{self.end(high)}"
            case Slice():
                raise AssertionError
            case Range():
                text = f"({self.text(node)})"
            case Comparison() | Logic() if alone:
                text = f"({self.text(node)})"
            case Additive():
                text = self.end(node)
            case _:
                text = self.entry(node)
        self.in_bars = outer
        return text

    def end(self, node: Expression) -> str:
        """An index or an end of a range; a simple sum is written without blanks: h[l-1], 0..T-R."""
        text = self.text(node, Level.SUM)
        simple = isinstance(node, Additive) and all(self.is_short(term.item) for term in node.terms)
        return text.replace(" ", "") if simple else text

    def indexed(self, base: Expression) -> str:
        """What stands before the bracket of an entry."""
        if isinstance(base, Name) and base.key in BINDERS:
            return self.bracketed(base)
        if isinstance(base, Derivative):
            return self.bracketed(base)
        text = self.text(base, Level.OPERAND)
        if isinstance(base, Power) and text[-1] not in SUPERSCRIPTS:
            return self.bracketed(base)
        return text

    # ------------------------------------------------------------ operands

    def number(self, node: Num) -> str:
        """The author's spelling where there is one."""
        if node.text and node.value >= 0 and (node.text.isascii() or not self.ascii_only):
            return node.text
        return decimal(node.value) or f"{node.value.numerator}/{node.value.denominator}"

    def name(self, node: Name) -> str:
        """A name by its key."""
        return ascii_name(node.key) if self.ascii_only else node.key

    def transpose(self, node: Transpose) -> str:
        """`Aᵀ`; `A'` on a keyboard."""
        sign = "'" if self.ascii_only else "ᵀ"
        base = self.bracketed(node.base) if self.absorbs(node.base, sign) else self.text(node.base, Level.OPERAND)
        return base + sign

    def absorbs(self, base: Expression, sign: str) -> bool:
        """Whether a prime or ᵀ directly behind this would be read as a part of it."""
        if isinstance(base, Prime):
            return sign == "'"
        if isinstance(base, Transpose):
            return self.ascii_only
        return isinstance(base, Power) and open_ended(base.exponent)

    def power(self, node: Power) -> str:
        """`x²`, `A⁻¹`, `e^(-x)`."""
        brackets = isinstance(node.base, Power | Derivative)
        base = self.bracketed(node.base) if brackets else self.text(node.base, Level.OPERAND)
        exponent = self.exponent(node.exponent)
        if not self.ascii_only and exponent.removeprefix("-").isdigit() and exponent.isascii():
            return base + exponent.translate(_RAISED)
        return f"{base}^{exponent}"

    def exponent(self, node: Expression) -> str:
        """What follows `^`, in brackets unless it is a signed number, name or entry."""
        match node:
            case Additive(terms=(term,)) if isinstance(term.item, Num) and term.item.value >= 0:
                return "-" + self.exponent(term.item)
            case Power() if self.raises(node.base):
                return self.text(node)
            case _:
                return self.text(node, Level.OPERAND) if self.raises(node) else self.bracketed(node)

    def raises(self, node: Expression) -> bool:
        """Whether a node may follow `^` as it is."""
        while isinstance(node, Subscript):
            node = node.base
            if isinstance(node, Name) and node.key in BINDERS:
                return False
        return isinstance(node, Name | Group) or (isinstance(node, Num) and self.level(node) is Level.OPERAND)

    def bars(self, node: Bars) -> str:
        """`|x|`, `‖x‖₂`; bars directly inside bars stand in brackets, as nothing else would tell them apart."""
        if self.in_bars:
            return self.bracketed(node)
        self.in_bars = True
        body = self.text(node.body)
        self.in_bars = False
        mark = "|" if node.kind == "|" else "||" if self.ascii_only else "‖"
        text = f"{mark}{body}{mark}"
        match node.subscript:
            case None:
                return text
            case Num() as number if self.number(number).isdigit():
                digits = self.number(number)
                return f"{text}_{digits}" if self.ascii_only else text + digits.translate(_LOWERED)
            case Name() as name:
                return f"{text}_{self.name(name)}"
            case other:
                return f"{text}_{{{self.free(other)}}}"

    def below(self, node: Expression) -> str:
        """What stands small below a sign."""
        return self.name(node) if isinstance(node, Name) else f"{{{self.free(node)}}}"

    def binder(self, node: Binder) -> str:
        """`sum[i in 1..N] body`."""
        head = f"{node.kind}[{self.bound(node.indices)}]"
        if node.kind in APPLIED_BINDERS:
            return head + (self.text(node.body) if isinstance(node.body, Group) else self.bracketed(node.body))
        return f"{head} {self.text(node.body, Level.PRODUCT)}"

    def bound(self, indices: tuple[BoundIndex, ...]) -> str:
        """`k, s in 0..R`."""
        texts = []
        for bound in indices:
            domain = "" if bound.domain is None else f" in {self.text(bound.domain, Level.RANGE)}"
            texts.append(self.name(bound.name) + domain)
        return ", ".join(texts)

    # ------------------------------------------------------------ products, sums, the rest

    def product(self, node: Product) -> str:
        """Factors from left to right."""
        out = ""
        factors = node.factors
        for at, factor in enumerate(factors):
            item = self.factor(factors, at)
            if at == 0:
                out = item
            elif factor.sign == "":
                called = item.startswith("(") and self.is_called(factors[at - 1].item)
                out += item if called else f" {item}"
            elif factor.sign == "/" and at == 1 and self.is_short(factors[0].item) and self.is_short(factor.item):
                out += f"/{item}"
            else:
                out += f" {self.sign(factor.sign)} {item}"
        return out

    def factor(self, factors: tuple[Factor, ...], at: int) -> str:
        """One factor, in brackets where its neighbours would take a part of it."""
        factor = factors[at]
        item = factor.item
        if isinstance(item, Binder) and at + 1 == len(factors):
            return self.text(item, Level.PRODUCT)
        first = leftmost(item)
        divided = factor.sign in ("/", "⊘")
        if divided and isinstance(first, Derivative):
            return self.bracketed(item)
        if isinstance(first, Array) and at > 0 and factor.sign == "":
            before = factors[at - 1].item
            binds = isinstance(before, Name) and before.key in BINDERS  # sum [i = 1] would bind i
            if binds or not is_condition(first):
                return self.bracketed(item)
        text = self.text(item, Level.OPERAND)
        if not divided and at + 1 < len(factors) and factors[at + 1].sign == "/" and _D_NAME.match(text):
            below = self.text(leftmost(factors[at + 1].item), Level.OPERAND)
            if isinstance(first, Name) and _D_NAME.match(below.lstrip("(")):  # dist / dim would be a derivative
                return self.bracketed(item)
        return text

    def is_called(self, node: Expression) -> bool:
        """Whether brackets that follow are the argument of a function."""
        function = leftmost(node)
        return isinstance(function, FunctionName) or (isinstance(function, Name) and function.key in self.functions)

    def is_short(self, node: Expression) -> bool:
        """Whether a quotient with this node is written without blanks: 1/2, λ/2, 1/N."""
        return isinstance(node, Name) or (isinstance(node, Num) and self.level(node) is Level.OPERAND)

    def sign(self, sign: str) -> str:
        """An operator."""
        return _ASCII_SIGNS.get(sign, sign) if self.ascii_only else sign

    def additive(self, node: Additive) -> str:
        """Terms with their signs."""
        out = ""
        for at, term in enumerate(node.terms):
            item = self.text(term.item, Level.PRODUCT)
            if at == 0:
                out = f"-{item}" if term.sign == "-" else item
            else:
                out += f" {term.sign} {item}"
        return out

    def comparison(self, node: Comparison) -> str:
        """A chain of relations."""
        out = self.text(node.items[0], Level.RANGE)
        for relation, item in zip(node.relations, node.items[1:], strict=True):
            out += f" {self.sign(relation)} {self.text(item, Level.RANGE)}"
        return out

    def conditional(self, node: Conditional) -> str:
        """`A if c else B if d else C`, in a loop: there may be many cases."""
        out = ""
        rest: Expression = node
        while isinstance(rest, Conditional):
            out += f"{self.text(rest.then, Level.OR)} if {self.text(rest.condition, Level.OR)} else "
            rest = rest.otherwise
        return out + self.text(rest, Level.OR)

    # ------------------------------------------------------------ derivatives

    def derivative(self, node: Derivative) -> str:
        """`∂L/∂W`, `∂²L/∂w∂v`, `dL/dW`."""
        order = len(node.by)
        if node.plain is not None:
            return self.with_d(node, node.plain)
        if self.ascii_only and self.has_d_spelling(node):
            if order == 1:
                return f"d{self.text(node.of)}/d{self.text(node.by[0])}"
            powers = ((self.variable(item), f"^{times}" if times > 1 else "") for item, times in runs(node.by))
            by = " ".join(f"d{item}{power}" for item, power in powers)
            return f"d^{{{order}}}{self.text(node.of)}/{by}"
        raised = "" if order == 1 else f"^{order}" if self.ascii_only else str(order).translate(_RAISED)
        below = ""
        for item, times in runs(node.by):
            power = "" if times == 1 else f"^{times}" if self.ascii_only else str(times).translate(_RAISED)
            below += f"∂{self.variable(item)}{power}"
        return f"∂{raised}{self.numerator(node.of)}/{below}"

    def with_d(self, node: Derivative, names: tuple[Name, Name]) -> str:
        """As it was spelled with d, with the indices of what stands above and below."""
        above, below = (self.name(name) for name in names)
        for part in entries(node.of):
            above += f"[{','.join(self.index(item, alone=len(part.items) == 1) for item in part.items)}]"
        for part in entries(node.by[0]):
            below += f"[{','.join(self.index(item, alone=len(part.items) == 1) for item in part.items)}]"
        return f"{above}/{below}"

    def has_d_spelling(self, node: Derivative) -> bool:
        """Whether d before the names makes words that read as this derivative."""
        for item in (node.of, *node.by):
            name = leftmost(item)
            entry = isinstance(item, Name) or (isinstance(item, Subscript) and isinstance(item.base, Name))
            if not (entry and isinstance(name, Name)):
                return False
            word = f"d{self.name(name)}"
            if canonical_key(word) != word or not _D_NAME.match(word) or name.key in BINDERS:
                return False
            if len(node.by) > 1 and word[-1].isdigit():  # d2L/dx2 has a meaning of its own
                return False
        return True

    def numerator(self, node: Expression) -> str:
        """What is differentiated: a name, an entry, a call, or something in brackets."""
        match node:
            case Product(factors=(Factor(item=Name() as name), Factor(sign="", item=Group() as argument))):
                return self.text(name) + self.text(argument)
            case Name() | Group() | Subscript(base=Name() | Subscript() | Group()):
                return self.text(node, Level.OPERAND)
            case _:
                return self.bracketed(node)

    def variable(self, node: Expression) -> str:
        """A name or an entry of one; no sum is expected here, so that `sum` may be indexed."""
        if isinstance(node, Subscript):
            items = ",".join(self.index(item, alone=len(node.items) == 1) for item in node.items)
            return f"{self.variable(node.base)}[{items}]"
        return self.text(node, Level.OPERAND)


def entries(node: Expression) -> list[Subscript]:
    """The subscripts of a name, from the inside out."""
    found = []
    while isinstance(node, Subscript):
        found.append(node)
        node = node.base
    return found[::-1]


def runs(items: tuple[Expression, ...]) -> list[tuple[Expression, int]]:
    """Equal neighbours with their number."""
    found: list[tuple[Expression, int]] = []
    for item in items:
        if found and found[-1][0] == item:
            found[-1] = (item, found[-1][1] + 1)
        else:
            found.append((item, 1))
    return found


def is_condition(node: Array) -> bool:
    """Whether a list is an Iverson bracket."""
    return len(node.rows) == 1 and len(node.rows[0]) == 1 and isinstance(node.rows[0][0], Comparison | Logic)
