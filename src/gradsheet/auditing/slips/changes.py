"""One right-hand side with one thing changed: a term, a factor, an exponent, a sum, an operand, a condition."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    Call,
    Expr,
    Integer,
    Multiply,
    Negation,
    Number,
    OverData,
    Piecewise,
    Power,
    Reduce,
    number,
    replace_symbols,
    substitute,
    transform,
    walk,
)
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradsheet.auditing.slips.scene import Scene
    from gradsheet.expressions import AnyNode, Index, Symbol
    from gradsheet.sheet import Equation

    Change: TypeAlias = tuple[str, str, Expr, int]
    """The kind, a sentence, what stands there then, and how far-fetched it is."""

MINUS = number(-1)


@dataclass(frozen=True, slots=True)
class Edit:
    """One right-hand side, changed: `cost` orders the likely before the far-fetched."""

    kind: str
    sentence: str
    body: Expr
    cost: int


def joined(terms: tuple[Expr, ...]) -> Expr:
    """The sum of some terms."""
    return terms[0] if len(terms) == 1 else Add(terms) if terms else ZERO_EXPR


def product(factors: tuple[Expr, ...]) -> Expr:
    """The product of some factors."""
    return factors[0] if len(factors) == 1 else Multiply(factors) if factors else ONE_EXPR


def edits(scene: Scene, equation: Equation, body: Expr) -> Iterator[Edit]:
    """Every change of a right-hand side that has a name."""
    for symbol in sorted(body.symbols, key=lambda s: s.serial):
        for other in _like(scene, equation, symbol):
            everywhere: Expr = replace_symbols(body, {symbol: _moved(symbol, other)})
            yield Edit("operand", f"{other.name} stands for {symbol.name}", everywhere, 2)
    changing = _Changing(scene, equation)
    for node in walk(body):
        for kind, sentence, new, cost in changing.of(node):
            yield Edit(kind, sentence, _with(body, node, new), cost)


def _with(body: Expr, old: AnyNode, new: Expr) -> Expr:
    result: Expr = transform(body, lambda node: new if node is old else node)
    return result


class _Changing:
    """The changes of one node, by its kind."""

    def __init__(self, scene: Scene, equation: Equation) -> None:
        self.scene, self.equation = scene, equation

    def text(self, part: Expr) -> str:
        return self.scene.wording.part(self.equation, part)

    def of(self, node: AnyNode) -> Iterator[Change]:
        match node:
            case Add(terms=terms):
                yield from self.of_sum(terms)
            case Multiply(factors=factors):
                yield from self.of_product(factors)
            case Power(base=base, exponent=Number(value=value)):
                yield from self.of_power(base, value)
            case Reduce(kind="sum", index=index, body=body):
                yield from self.of_reduction(node, index, body)
            case OverData(kind="mean", body=body):
                yield "mean for sum", "the sum over the data is taken for the mean", OverData("sum", body), 1
            case OverData(kind="sum", body=body):
                yield "mean for sum", "the mean over the data is taken for the sum", OverData("mean", body), 1
            case Access(symbol=symbol, at=at):
                yield from self.of_access(symbol, at)
            case Call(function=str(), arguments=(argument,)):
                yield "operand", f"{self.text(argument)} stands for {self.text(node)}", argument, 3
                yield "sign", f"{self.text(node)} has the wrong sign", Multiply((MINUS, node)), 4
            case Piecewise(condition=condition, then=then, otherwise=otherwise):
                turned = Piecewise(Negation(condition), then, otherwise)
                yield "condition", "the condition is left out", then, 1
                yield "condition", "the condition is the wrong way round", turned, 2
            case _:
                return

    def of_sum(self, terms: tuple[Expr, ...]) -> Iterator[Change]:
        h = _one_minus(terms, 2)
        if h is not None:
            sentence = f"the slope of σ, h (1 − h), stands for that of tanh, 1 − h², at h = {self.text(h)}"
            yield "operand", sentence, Multiply((h, Add((ONE_EXPR, Multiply((MINUS, h)))))), 2
        for k, term in enumerate(terms):
            before, after, text = terms[:k], terms[k + 1 :], self.text(term)
            yield "lost term", f"the term {text} is lost", joined((*before, *after)), 0
            flipped = Add((*before, Multiply((MINUS, term)), *after))
            yield "sign", f"the term {text} has the wrong sign", flipped, 1
            if self.scene.contract.over_data and not isinstance(term, OverData):
                often = Add((*before, OverData("sum", term), *after))
                yield "mean for sum", f"the term {text} is counted once for each row of the data", often, 2

    def of_product(self, factors: tuple[Expr, ...]) -> Iterator[Change]:
        for k, factor in enumerate(factors):
            if factor is MINUS:
                continue
            rest, text = (*factors[:k], *factors[k + 1 :]), self.text(factor)
            yield "factor", f"the factor {text} is lost", product(rest), 1
            yield "factor", f"the factor {text} stands twice", Multiply((*rest, factor, factor)), 4
            yield "factor", f"{text} divides where it multiplies", Multiply((*rest, Power(factor, MINUS))), 4
            h = _one_minus(factor.terms, 1) if isinstance(factor, Add) else None
            if h is not None and h in rest:
                sentence = f"the slope of tanh, 1 − h², stands for that of σ, h (1 − h), at h = {self.text(h)}"
                square = Add((ONE_EXPR, Multiply((MINUS, Power(h, number(2))))))
                yield "operand", sentence, product((*(f for f in rest if f is not h), square)), 2

    def of_power(self, base: Expr, value: Fraction) -> Iterator[Change]:
        others = (value + 1, value - 1, -value, value / 2, value * 2)
        for exponent in dict.fromkeys(o for o in others if o not in {value, Fraction(0)}):
            sentence = f"{self.text(base)} has the exponent {_signed(exponent)} for {_signed(value)}"
            yield "power", sentence, Power(base, number(exponent)), 3

    def of_reduction(self, node: Reduce, index: Index, body: Expr) -> Iterator[Change]:
        name, kind = index.name, "missing sum"
        share = Power(Integer(index.high - index.low + 1), MINUS)
        yield "mean for sum", f"the mean over {name} is taken for the sum", Multiply((share, node)), 2
        first, last = (substitute(body, {index: end}) for end in (index.low, index.high))
        yield kind, f"the sum over {name} is missing: only its first term counts", first, 3
        yield kind, f"the sum over {name} is missing: only its last term counts", last, 3
        for free in self.equation.free:
            if free is index or free.range != index.range:
                continue
            diagonal = substitute(body, {index: Affine.atom(free)})
            yield kind, f"the sum over {name} is missing: its diagonal is taken", diagonal, 3
            for outer in (i for i in self.equation.free if i is not free and i in body.free):
                over = outer.fresh()
                turned = substitute(body, {index: Affine.atom(free), outer: Affine.atom(over)})
                sentence = f"the sum runs over the wrong axis: over {outer.name} for {name}"
                yield kind, sentence, Reduce("sum", over, turned), 2

    def of_access(self, symbol: Symbol, at: tuple[Affine, ...]) -> Iterator[Change]:
        """Another quantity of the same shape, the same one transposed or backwards."""
        if len(at) == 2 and _lengths(symbol)[0] == _lengths(symbol)[1]:
            yield "transpose", f"{symbol.name} is transposed", Access(symbol, (at[1], at[0])), 1
        for k, (place, axis) in enumerate(zip(at, symbol.axes, strict=True)):
            if not place.is_constant:
                backwards = (*at[:k], axis.low + axis.high - place, *at[k + 1 :])
                which = "" if len(at) == 1 else f" along its axis {k + 1}"
                yield "operand", f"{symbol.name} is read backwards{which}", Access(symbol, backwards), 3
        for other in _like(self.scene, self.equation, symbol):
            yield "operand", f"{other.name} stands for {symbol.name}", _moved(symbol, other)(at), 3


def _one_minus(terms: tuple[Expr, ...], power: int) -> Expr | None:
    """H where the terms are 1 − h or 1 − h²."""
    if len(terms) != 2 or ONE_EXPR not in terms:
        return None
    other = terms[1] if terms[0] is ONE_EXPR else terms[0]
    if not isinstance(other, Multiply) or len(other.factors) != 2 or other.factors[0] is not MINUS:
        return None
    base = other.factors[1]
    if power == 1:
        return base
    if isinstance(base, Power) and isinstance(base.exponent, Number) and base.exponent.value == 2:
        return base.base
    return None


def _signed(value: Fraction) -> str:
    return str(value).replace("-", "−")


def _like(scene: Scene, equation: Equation, symbol: Symbol) -> list[Symbol]:
    """Quantities of the shape of another, which may be taken for it."""
    if not symbol.axes or symbol.is_integer:
        return []
    known = [s for s in scene.values[0].all if s is not equation.symbol and s is not symbol and not s.is_integer]
    return [s for s in known if s.rank == symbol.rank and _lengths(s) == _lengths(symbol)]


def _moved(symbol: Symbol, other: Symbol) -> Callable[[tuple[Affine, ...]], Access]:
    """A component of another quantity at the place of one, wherever their axes begin."""
    return lambda at: Access(
        other, tuple(a + o.low - s.low for a, o, s in zip(at, other.axes, symbol.axes, strict=True))
    )


def _lengths(symbol: Symbol) -> list[Affine]:
    return [a.high - a.low for a in symbol.axes]
