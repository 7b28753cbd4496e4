"""Sums, products, powers and choices with what is plainly idle left out: 0 + a, 1 · a, [true] a, Σ over one value."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.calculus.regions import truth
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    Condition,
    Expr,
    Index,
    Integer,
    Junction,
    Multiply,
    Negation,
    Number,
    Piecewise,
    Power,
    Reduce,
    Relation,
    number,
    substitute,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGEST_FOLDED = 64


def added(terms: Iterable[Expr]) -> Expr:
    """Σ of terms, nested sums opened, numbers added up."""
    kept: list[Expr] = []
    constant = Fraction(0)
    for term in terms:
        for part in term.terms if isinstance(term, Add) else (term,):
            if isinstance(part, Number):
                constant += part.value
            else:
                kept.append(part)
    if constant:
        # A leading constant, as in 1 − h², stays in front.
        kept.insert(0, number(constant))
    return ZERO_EXPR if not kept else kept[0] if len(kept) == 1 else Add(tuple(kept))


def multiplied(factors: Iterable[Expr]) -> Expr:
    """Product of factors, nested products opened, numbers multiplied."""
    kept: list[Expr] = []
    coefficient = Fraction(1)
    for factor in factors:
        for part in factor.factors if isinstance(factor, Multiply) else (factor,):
            if isinstance(part, Number):
                coefficient *= part.value
            else:
                kept.append(part)
    if not coefficient:
        return ZERO_EXPR
    if coefficient != 1 or not kept:
        kept.insert(0, number(coefficient))
    return kept[0] if len(kept) == 1 else Multiply(tuple(kept))


def raised(base: Expr, exponent: Expr) -> Expr:
    """Base ^ exponent; small whole powers of numbers are numbers."""
    if isinstance(exponent, Number):
        if exponent.value == 1:
            return base
        if exponent.value == 0:
            return ONE_EXPR
        if (
            isinstance(base, Number)
            and exponent.value.denominator == 1
            and abs(exponent.value) <= _LARGEST_FOLDED
            and (base.value or exponent.value > 0)
        ):
            return number(base.value ** int(exponent.value))
    return Power(base, exponent)


def holds(condition: Condition) -> bool | None:
    """Whether a condition on indices and sizes is certain, certainly false, or neither."""
    match condition:
        case Relation(left=Integer(), right=Integer()):
            return truth(condition)
        case Relation():
            return None
        case Negation(condition=inner):
            known = holds(inner)
            return None if known is None else not known
        case Junction(kind=kind, conditions=parts):
            decided = [holds(p) for p in parts]
            final = kind == "or"
            if final in decided:
                return final
            return None if None in decided else not final


def settled(condition: Condition) -> Condition:
    """A condition without the parts of it that are certain."""
    if isinstance(condition, Junction):
        final = condition.kind == "or"
        open_ = tuple(settled(c) for c in condition.conditions if holds(c) is not (not final))
        return open_[0] if len(open_) == 1 else Junction(condition.kind, open_)
    return condition


def chosen(condition: Condition, then: Expr, otherwise: Expr) -> Expr:
    """`then` where the condition holds, else `otherwise`; the one of them where that is certain."""
    known = holds(condition)
    if known is not None:
        return then if known else otherwise
    return then if then is otherwise else Piecewise(settled(condition), then, otherwise)


def reduced(kind: str, index: Index, body: Expr) -> Expr:
    """Σ, Π, max or min of the body over an index; over one value it is the body there."""
    if index.low.is_constant and index.high.is_constant:
        if index.low.constant > index.high.constant and kind in {"sum", "prod"}:
            return ZERO_EXPR if kind == "sum" else ONE_EXPR
        if index.low == index.high:
            only: Expr = substitute(body, {index: index.low})
            return only
    if kind == "sum" and body is ZERO_EXPR:
        return ZERO_EXPR
    if kind == "sum" and index not in body.free:
        return multiplied((Integer(index.high - index.low + 1), body)) if not _number(index) else multiplied(
            (number(_number(index)), body)
        )
    if kind == "sum" and isinstance(body, Multiply) and any(index not in f.free for f in body.factors):
        outside = [f for f in body.factors if index not in f.free]
        return multiplied([*outside, reduced(kind, index, multiplied([f for f in body.factors if index in f.free]))])
    return Reduce(kind, index, body)  # type: ignore[arg-type]  # the kinds of Reduce, as handed on


def _number(index: Index) -> int:
    count = index.high - index.low + 1
    return count.constant if count.is_constant else 0


def unrolled(kind: str, index: Index, values: Iterable[Expr]) -> Expr:
    """A sum or product over an index, written out."""
    assert kind in {"sum", "prod"}, index
    return added(values) if kind == "sum" else multiplied(values)


def count_of(index: Index) -> Affine:
    """How many values an index takes."""
    return index.high - index.low + 1


def natural_order(body: Expr) -> tuple[Index, ...]:
    """The free indices of an expression as they stand in what it reads, the arrays with most axes first.

    So an array that is made on the way lies like those it is made from.
    """
    accesses = [n for n in walk(body) if isinstance(n, Access)]
    found: dict[Index, None] = {}
    for access in sorted(accesses, key=lambda a: -len(a.at)):
        for place in access.at:
            found |= dict.fromkeys(a for a in place.atoms() if isinstance(a, Index))
    found |= dict.fromkeys(sorted(body.free, key=lambda i: i.serial))
    return tuple(i for i in found if i in body.free)


def atoms_of(indices: Iterable[Index]) -> tuple[Affine, ...]:
    """Indices as places."""
    return tuple(Affine.atom(i) for i in indices)


__all__ = [
    "added", "atoms_of", "chosen", "count_of", "holds", "multiplied", "natural_order", "raised", "reduced", "settled",
    "unrolled",
]  # fmt: skip
