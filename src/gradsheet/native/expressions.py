"""Expressions as values of a kernel: one number, or as many side by side as there are lanes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, TypeGuard, assert_never

from gradsheet.calculus.terms import is_index_condition
from gradsheet.expressions import (
    Access,
    Add,
    Affine,
    Call,
    Condition,
    Constant,
    Expr,
    Integer,
    Junction,
    Multiply,
    Negation,
    Number,
    Piecewise,
    Power,
    Reduce,
    Relation,
)
from gradsheet.kernels import I64
from gradsheet.native.functions import call, power
from gradsheet.native.places import linear

if TYPE_CHECKING:
    from gradsheet.kernels import Term
    from gradsheet.native.places import Linear
    from gradsheet.native.scope import Scope

_CONSTANTS = {"π": math.pi, "e": math.e, "∞": math.inf}
_MOST_MULTIPLIED = 8


def value(node: Expr, scope: Scope) -> Term:
    """The expression at the indices of the loops; a vector only where it differs from lane to lane."""
    known = scope.known.get(node)
    if known is not None:
        return _number(known, scope)
    match node:
        case Number(value=exact):
            return scope.b.constant(float(exact), scope.number)
        case Constant(name=name):
            return scope.b.constant(_CONSTANTS[name], scope.number)
        case Integer(value=whole_number):
            return _integer(whole_number, scope)
        case Access():
            return load(node, scope)
        case Add(terms=terms):
            return _sum(terms, scope)
        case Multiply(factors=factors):
            return _product(factors, scope)
        case Power(base=base, exponent=exponent):
            return _power(base, exponent, scope)
        case Call(function=function, arguments=arguments):
            assert isinstance(function, str)
            parts = _alike([value(a, scope) for a in arguments], scope)
            return call(function, parts, scope)
        case Piecewise(condition=condition, then=then, otherwise=otherwise):
            return _choice(condition, then, otherwise, scope)
        case Reduce():
            return _reduce(node, scope)
        case _:
            raise AssertionError(node)


def in_lanes(term: Term, scope: Scope) -> Term:
    """A value in every lane."""
    return scope.b.splat(term, scope.type)


def _alike(parts: list[Term], scope: Scope) -> list[Term]:
    """Values of one type: all scalars, or all vectors."""
    if len({p.lanes for p in parts}) == 1:
        return parts
    return [in_lanes(p, scope) for p in parts]


# ---------------------------------------------------------------- numbers and components


def _integer(affine: Affine, scope: Scope) -> Term:
    """A whole number as a number of the kernel."""
    where = linear([(affine, 1)])
    first = scope.b.convert(scope.b.term(scope.offset(where), I64), scope.number.kind)
    if scope.lanes is None or not where.depends_on(scope.lanes.index):
        return first
    assert where.moves_evenly(scope.lanes.index), affine
    step = where.along(scope.lanes.index)
    steps = scope.b.constant(tuple(float(step * k) for k in range(scope.lanes.count)), scope.type)
    return in_lanes(first, scope) + steps


def load(node: Access, scope: Scope) -> Term:
    """A component; in lanes, the components side by side."""
    place = scope.places[node.symbol]
    where = place.offset(node.at)
    b, lanes = scope.b, scope.lanes
    if lanes is None or not where.depends_on(lanes.index):
        return _number(b.load(place.pointer, scope.offset(where)), scope)
    step = where.along(lanes.index)
    if where.moves_evenly(lanes.index) and step == 1:
        return _number(b.load(place.pointer, scope.offset(where), lanes.count, mask=lanes.mask), scope)
    return _number(_gathered(node, where, scope), scope)


def _gathered(node: Access, where: Linear, scope: Scope) -> Term:
    """Lane by lane, for what does not lie side by side."""
    assert scope.lanes is not None
    b, lanes, place = scope.b, scope.lanes, scope.places[node.symbol]
    first = scope.indices[lanes.index]
    parts = []
    for lane in range(lanes.count):
        here = scope.at(lanes.index, first + lane if lane else first)
        alone = here.without_lanes()
        if lanes.mask is None:
            parts.append(b.load(place.pointer, alone.offset(where)))
            continue
        zero = b.constant(0, place.pointer.type.to)  # type: ignore[union-attr]
        with b.when(lanes.mask[lane], {"x": zero}) as branch:
            branch["x"] = b.load(place.pointer, alone.offset(where))
        parts.append(branch["x"])
    return b.vector(parts)


def _number(term: Term, scope: Scope) -> Term:
    return term if term.number.is_float else scope.b.convert(term, scope.number.kind)


# ---------------------------------------------------------------- arithmetic


def _sum(terms: tuple[Expr, ...], scope: Scope) -> Term:
    """Σ of terms; a product that is added is fused with the addition."""
    total: Term | None = None
    for term in sorted(terms, key=lambda t: isinstance(t, Multiply)):
        if total is None:
            total = value(term, scope)
            continue
        if isinstance(term, Multiply) and len(term.factors) > 1:
            total = _fused(*_two_parts(term.factors, scope), total, scope)
        else:
            left, right = _alike([total, value(term, scope)], scope)
            total = left + right
    assert total is not None
    return total


def _two_parts(factors: tuple[Expr, ...], scope: Scope) -> tuple[Term, Term]:
    """A product as two factors: what is the same in every lane, and the rest."""
    side = None if scope.lanes is None else scope.lanes.index
    fixed = tuple(f for f in factors if side is None or side not in f.free)
    moving = tuple(f for f in factors if not (side is None or side not in f.free))
    if not fixed or not moving:
        return value(factors[0], scope), _product(factors[1:], scope)
    return _product(fixed, scope), _product(moving, scope)


def _fused(x: Term, y: Term, z: Term, scope: Scope) -> Term:
    a, b, c = _alike([x, y, z], scope)
    return scope.b.muladd(a, b, c)


def _product(factors: tuple[Expr, ...], scope: Scope) -> Term:
    """Product of factors, those that are the same in every lane first; −1 only changes the sign."""
    negative = False
    fixed: list[Term] = []
    moving: list[Term] = []
    divisors: list[Term] = []
    for factor in factors:
        if isinstance(factor, Number) and factor.value == -1:
            negative = not negative
        elif _is_divisor(factor):
            divisors.append(value(factor.base, scope))
        else:
            part = value(factor, scope)
            (moving if part.lanes > 1 else fixed).append(part)
    total: Term | None = None
    for part in (*fixed, *moving):
        if total is None:
            total = part
        else:
            left, right = _alike([total, part], scope)
            total = left * right
    for part in divisors:
        if total is None:
            total = scope.b.constant(1.0, part.number)
        left, right = _alike([total, part], scope)
        total = left / right
    if total is None:
        return scope.b.constant(-1.0 if negative else 1.0, scope.number)
    return -total if negative else total


def _is_divisor(factor: Expr) -> TypeGuard[Power]:
    """1/x for an x that is no plain number."""
    return (
        isinstance(factor, Power)
        and isinstance(factor.exponent, Number)
        and factor.exponent.value == -1
        and not isinstance(factor.base, (Number, Integer))
    )


def _power(base: Expr, exponent: Expr, scope: Scope) -> Term:
    if isinstance(exponent, Number):
        exact = exponent.value
        if isinstance(base, Number) and base.value > 0:
            return scope.b.constant(float(base.value) ** float(exact), scope.number)
        made = _known_power(value(base, scope), exact, scope)
        if made is not None:
            return made
    x, y = _alike([value(base, scope), value(exponent, scope)], scope)
    return power(x, y)


def _known_power(x: Term, exponent: Fraction, scope: Scope) -> Term | None:
    """Whole and half powers by multiplication and square roots."""
    if exponent < 0:
        positive = _known_power(x, -exponent, scope)
        return None if positive is None else scope.b.constant(1.0, positive.number) / positive
    if exponent.denominator == 2 and exponent.numerator <= _MOST_MULTIPLIED:
        root = scope.b.sqrt(x)
        rest = _known_power(x, exponent - Fraction(1, 2), scope)
        return root if exponent == Fraction(1, 2) or rest is None else root * rest
    if exponent.denominator != 1 or exponent > _MOST_MULTIPLIED * 8:
        return None
    result: Term | None = None
    square, left = x, int(exponent)
    while left:
        if left & 1:
            result = square if result is None else result * square
        left >>= 1
        if left:
            square = square * square
    return result if result is not None else scope.b.constant(1.0, x.number)


# ---------------------------------------------------------------- choices


def _choice(condition: Condition, then: Expr, otherwise: Expr, scope: Scope) -> Term:
    """`then` where the condition holds.

    A condition on indices says which components there are: the branch not taken is not computed. A condition on
    values chooses between two that are both there.
    """
    if not is_index_condition(condition):
        holds = truth(condition, scope)
        parts = [value(then, scope), value(otherwise, scope)]
        if holds.lanes > 1 or any(p.lanes > 1 for p in parts):
            parts = [in_lanes(p, scope) for p in parts]
            holds = _every_lane(holds, scope)
        return scope.b.select(holds, *parts)
    b = scope.b
    if scope.lanes is not None and scope.lanes.index in condition.free:
        holds = truth(condition, scope)
        first = in_lanes(value(then, scope.masked(holds)), scope)
        other = in_lanes(value(otherwise, scope.masked(~holds)), scope)
        return b.select(holds, first, other)
    moved = scope.is_moved(then.free | otherwise.free)
    zero = b.constant(0.0, scope.type if moved else scope.number)
    with b.when(truth(condition, scope), {"x": zero}) as branch:
        made = value(then, scope)
        branch["x"] = in_lanes(made, scope) if moved else made
        branch.otherwise()
        made = value(otherwise, scope)
        branch["x"] = in_lanes(made, scope) if moved else made
    return branch["x"]


def _every_lane(holds: Term, scope: Scope) -> Term:
    return holds if holds.lanes > 1 else scope.b.splat(holds, holds.number.by(scope.type.lanes))


_SIGNS = {"<": "lt", "≤": "le", ">": "gt", "≥": "ge", "=": "eq", "≠": "ne"}


def truth(condition: Condition, scope: Scope) -> Term:
    """Whether a condition holds, lane by lane where it differs."""
    match condition:
        case Relation(sign=sign, left=Integer(value=left), right=Integer(value=right)):
            return _on_indices(sign, left - right, scope)
        case Relation(sign=sign, left=left, right=right):
            x, y = _alike([value(left, scope), value(right, scope)], scope)
            return scope.b.compare(_SIGNS[sign], x, y)  # type: ignore[arg-type]
        case Junction(kind=kind, conditions=conditions):
            parts = [truth(c, scope) for c in conditions]
            if any(p.lanes > 1 for p in parts):
                parts = [_every_lane(p, scope) for p in parts]
            total = parts[0]
            for part in parts[1:]:
                total = total & part if kind == "and" else total | part
            return total
        case Negation(condition=inner):
            return ~truth(inner, scope)
        case _:
            assert_never(condition)


def _on_indices(sign: str, gap: Affine, scope: Scope) -> Term:
    """Gap ⋛ 0 for whole numbers."""
    where = linear([(gap, 1)])
    first = scope.b.term(scope.offset(where), I64)
    if scope.lanes is None or not where.depends_on(scope.lanes.index):
        return scope.b.compare(_SIGNS[sign], first, 0)  # type: ignore[arg-type]
    assert where.moves_evenly(scope.lanes.index), gap
    step = where.along(scope.lanes.index)
    of = I64.by(scope.lanes.count)
    steps = scope.b.constant(tuple(step * k for k in range(scope.lanes.count)), of)
    return scope.b.compare(_SIGNS[sign], scope.b.splat(first, of) + steps, 0)  # type: ignore[arg-type]


# ---------------------------------------------------------------- sums


def _reduce(node: Reduce, scope: Scope) -> Term:
    """Σ, Π, max or min by a loop that hands its result on."""
    b = scope.b
    moved = scope.is_moved(node.free)
    of = scope.type if moved else scope.number
    start = {"sum": 0.0, "prod": 1.0, "max": -math.inf, "min": math.inf}[node.kind]
    low, stop = scope.bound(node.index.low), scope.bound(node.index.high) + 1
    if isinstance(low, int) and isinstance(stop, int) and stop <= low:
        return b.constant(start, of)
    name = scope.total
    with b.fold(node.index.name, low, stop, {name: b.constant(start, of)}) as fold:
        inner = scope.at(node.index, fold.index)
        fold[name] = _joined(node, fold[name], inner, moved=moved)
    return fold[name]


def _joined(node: Reduce, total: Term, scope: Scope, *, moved: bool) -> Term:
    body = node.body
    if node.kind == "sum" and isinstance(body, Multiply) and len(body.factors) > 1:
        first, rest = value(body.factors[0], scope), _product(body.factors[1:], scope)
        if moved:
            first, rest = in_lanes(first, scope), in_lanes(rest, scope)
        return scope.b.muladd(first, rest, total)
    part = value(body, scope)
    part = in_lanes(part, scope) if moved else part
    match node.kind:
        case "sum":
            return total + part
        case "prod":
            return total * part
        case "max":
            return scope.b.maximum(total, part)
        case _:
            return scope.b.minimum(total, part)


__all__ = ["in_lanes", "load", "truth", "value"]
