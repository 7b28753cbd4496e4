"""Sums over what lies inside: the shorter index runs, and an array with a rim of zeros stands where a place runs out.

Σ_t [0 ≤ i − t ≤ R] a[t] w[i−t] has as many terms as a is long, most of them nothing. With s = i − t it is
Σ_s [0 ≤ i − s ≤ T] a[i−s] w[s], and with zeros around a the condition goes: a convolution is a plain contraction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.calculus.terms import Term, conjuncts, rebuilt, split
from gradsheet.expressions import (
    ZERO_EXPR,
    Access,
    Affine,
    Condition,
    Expr,
    Index,
    Integer,
    Junction,
    Piecewise,
    Reduce,
    Relation,
    Role,
    Symbol,
    at_least_zero,
    substitute,
    transform,
)
from gradsheet.programs.forms import atoms_of, holds
from gradsheet.programs.model import Assign, Loop, Program, Statement
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import AnyNode


def pad(program: Program) -> Program:
    """The program with sums over shorter indices, and rims of zeros in the place of conditions."""
    job = _Padding()
    return program.with_statements(job.block(program.statements))


@dataclass(frozen=True, slots=True)
class _Window:
    """low ≤ value ≤ high, with the conditions that say so."""

    value: Affine
    low: Affine
    high: Affine
    said_by: tuple[Condition, ...]

    @property
    def length(self) -> Affine:
        return self.high - self.low + 1


class _Padding:
    def __init__(self) -> None:
        self.made: dict[tuple[Symbol, int, Affine, Affine], Symbol] = {}

    def block(self, statements: Sequence[Statement]) -> list[Statement]:
        found: list[Statement] = []
        for statement in statements:
            if isinstance(statement, Loop):
                found.append(replace(statement, body=tuple(self.block(statement.body))))
                continue
            before: list[Statement] = []
            body = self._sums(statement.body, before)
            found += [*before, replace(statement, body=body)]
        return found

    def _sums(self, body: Expr, before: list[Statement]) -> Expr:
        """The outermost sums of an expression, each as it is best written."""

        def rewrite(node: AnyNode) -> AnyNode:
            if isinstance(node, Reduce) and node.kind == "sum" and _has_conditions(node):
                return self._sum(node, before)
            return node

        result: Expr = transform(body, rewrite)
        return result

    def _sum(self, node: Reduce, before: list[Statement]) -> Expr:
        terms = [self._term(t, before) for t in split(node, expand=False)]
        return rebuilt(terms)

    def _term(self, term: Term, before: list[Statement]) -> Term:
        term = _shortened(term)
        for window in [*_windows(term.guards), *_half_windows(term)]:
            if all(g in term.guards for g in window.said_by):
                term = self._padded(term, window, before)
        return term

    def _padded(self, term: Term, window: _Window, before: list[Statement]) -> Term:
        """The term with a rim around the one array whose place the window keeps inside."""
        readers = [
            (f, axis)
            for f in term.factors
            if isinstance(f, Access)
            for axis, place in enumerate(f.at)
            if place - f.symbol.axes[axis].low == window.value - window.low
            and f.symbol.axes[axis].high - f.symbol.axes[axis].low == window.high - window.low
        ]
        others = [f for f in term.factors if not isinstance(f, Access) and f.free & _indices(window.value)]
        lowest, highest = _least(window.value), _least(-window.value)
        if len(readers) != 1 or others or lowest is None or highest is None:
            return term
        (access, axis) = readers[0]
        left, right = _positive(window.low - lowest), _positive(-highest - window.high)
        if left is None or right is None:
            return term
        rimmed = self._rimmed(access.symbol, axis, left, right, before)
        own = access.symbol.axes[axis]
        at = tuple(p - own.low + left if k == axis else p for k, p in enumerate(access.at))
        moved = tuple(Access(rimmed, at) if f is access else f for f in term.factors)
        guards = tuple(g for g in term.guards if g not in window.said_by)
        return replace(term, factors=moved, guards=guards)

    def _rimmed(self, symbol: Symbol, axis: int, left: Affine, right: Affine, before: list[Statement]) -> Symbol:
        """The array with zeros before and after it along one axis."""
        identity = (symbol, axis, left, right)
        if identity in self.made:
            return self.made[identity]
        axes = tuple(
            Index(a.name, Affine(), a.high - a.low + left + right) if k == axis else Index(a.name, a.low, a.high)
            for k, a in enumerate(symbol.axes)
        )
        rimmed = Symbol(f"{symbol.name} with a rim", axes, Role.LOCAL)
        free = tuple(Index(a.name, a.low, a.high) for a in axes)
        at = Affine.atom(free[axis]) - left
        own = symbol.axes[axis]
        inside = Junction("and", (
            Relation("≤", Integer(Affine()), Integer(at)), Relation("≤", Integer(at), Integer(own.high - own.low)),
        ))  # fmt: skip
        places = tuple(at + own.low if k == axis else p for k, p in enumerate(atoms_of(free)))
        body = Piecewise(inside, Access(symbol, places), ZERO_EXPR)
        before.append(Assign(rimmed, atoms_of(free), free, body))
        self.made[identity] = rimmed
        return rimmed


def _has_conditions(node: Reduce) -> bool:
    inner: Expr = node
    while isinstance(inner, Reduce) and inner.kind == "sum":
        inner = inner.body
    return isinstance(inner, Piecewise) and inner.otherwise is ZERO_EXPR


def _indices(value: Affine) -> set[Index]:
    return {a for a in value.atoms() if isinstance(a, Index)}


# ---------------------------------------------------------------- windows


def _windows(guards: Sequence[Condition]) -> list[_Window]:
    """Pairs of conditions low ≤ e and e ≤ high on the same expression."""
    lows: list[tuple[Affine, Condition]] = []
    for guard in guards:
        for part in conjuncts(guard):
            gap = _at_least_zero_form(part)
            if gap is not None:
                lows.append((gap, guard))
    found: list[_Window] = []
    used: set[int] = set()
    for k, (first, said) in enumerate(lows):
        for j in range(k + 1, len(lows)):
            second, also = lows[j]
            total = first + second  # (e − low) + (high − e)
            if k in used or j in used or _indices(total) or not _indices(first):
                continue
            value = Affine(0, first.terms)
            low = value - first
            used |= {k, j}
            found.append(_Window(value, low, low + total, tuple(dict.fromkeys((said, also)))))
    # A window over several conjunctions at once would drop what else they say.
    return [w for w in found if all(len(list(conjuncts(g))) <= 2 for g in w.said_by)]


def _half_windows(term: Term) -> list[_Window]:
    """Conditions that keep the place of an array from running out at one end, where it does not at the other."""
    found = []
    for guard in term.guards:
        gap = _at_least_zero_form(guard)
        for factor in term.factors if gap is not None else ():
            for axis, place in enumerate(factor.at if isinstance(factor, Access) else ()):
                own = factor.symbol.axes[axis]  # type: ignore[union-attr]  # only accesses have places
                first, last = place - own.low, own.high - place
                if (first == gap and at_least_zero(last)) or (last == gap and at_least_zero(first)):
                    found.append(_Window(place, own.low, own.high, (guard,)))
    return found


def _at_least_zero_form(guard: Condition) -> Affine | None:
    """e, for a condition on indices that says e ≥ 0."""
    if not (isinstance(guard, Relation) and isinstance(guard.left, Integer) and isinstance(guard.right, Integer)):
        return None
    gap = guard.right.value - guard.left.value
    match guard.sign:
        case "≤":
            return gap
        case "<":
            return gap - 1
        case "≥":
            return -gap
        case ">":
            return -gap - 1
        case _:
            return None


def _shortened(term: Term) -> Term:
    """A summed index exchanged for the window that holds it, where that is shorter."""
    for window in _windows(term.guards):
        for index in term.sums:
            coefficient = window.value.coefficient(index)
            own = index.high - index.low + 1
            if abs(coefficient) != 1 or not at_least_zero(own - window.length - 1):
                continue
            if any(index in _indices(b) for other in term.sums for b in other.range):
                continue
            fresh = Index("s", Affine(), window.length - 1)
            rest = window.value - Affine.atom(index) * coefficient
            # value = coefficient · index + rest, and value = fresh + low
            place = (Affine.atom(fresh) + window.low - rest) * coefficient
            guards = [g for g in term.guards if g not in window.said_by]
            new = [substitute(g, {index: place}) for g in guards]
            new += [
                Relation("≤", Integer(index.low), Integer(place)), Relation("≤", Integer(place), Integer(index.high)),
            ]  # fmt: skip
            kept = tuple(g for g in new if holds(g) is not True)
            sums = tuple(fresh if s is index else s for s in term.sums)
            factors = tuple(substitute(f, {index: place}) for f in term.factors)
            return replace(term, sums=sums, guards=kept, factors=factors)
    return term


def _least(value: Affine) -> Affine | None:
    """The least that an expression can be, by the ranges of its indices; None where a range uses another index."""
    total = value
    for index in sorted(_indices(value), key=lambda i: i.serial):
        coefficient = total.coefficient(index)
        end = index.low if coefficient > 0 else index.high
        if _indices(end):
            return None
        total = total - Affine.atom(index) * coefficient + end * coefficient
    return total


def _positive(value: Affine) -> Affine | None:
    """max(0, value); None where that is open."""
    if at_least_zero(value):
        return value
    return Affine() if at_least_zero(-value) else None


__all__ = ["pad"]
