"""Where conditions on an index cut its range: one equation for each piece, with what holds there taken as known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.calculus.simplify import Simplifier
from gradsheet.calculus.terms import Term, is_index_condition, rebuilt, split
from gradsheet.expressions import (
    Affine,
    Expr,
    Index,
    Integer,
    Relation,
    Size,
    SizeMember,
    at_least_zero,
    substitute,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.sheet import Equation


def regions(equation: Equation) -> list[tuple[tuple[Index, ...], tuple[Affine, ...], Expr]]:
    """Where conditions on one free index cut its range into known pieces, one equation for each piece."""
    terms = split(equation.body, expand=False)
    cut = next(
        (i for i in equation.free if any(i in g.free for t in terms for g in t.guards if not _has_sums(t, g))), None
    )
    if cut is None or any(not is_index_condition(g) for t in terms for g in t.guards):
        return [(equation.free, equation.pattern, equation.body)]
    pieces = _pieces(cut, terms, equation.facts)
    if pieces is None:
        return [(equation.free, equation.pattern, equation.body)]
    result = []
    for low, high in pieces:
        kept = [k for t in terms if (k := _restricted(t, cut, low, high, equation.facts)) is not None]
        body = rebuilt(kept)
        if low == high:
            free = tuple(i for i in equation.free if i is not cut)
            mapping = {cut: low}
            moved, fresh = _moved(free, mapping)
            body = substitute(body, fresh)
            body = Simplifier().tidy(body, expand=False)
            result.append((moved, tuple(p.substitute(fresh) for p in equation.pattern), body))
        else:
            narrowed = Index(cut.name, low, high)
            mapping = {cut: Affine.atom(narrowed)}
            rest, fresh = _moved(tuple(i for i in equation.free if i is not cut), mapping)
            free = tuple(
                narrowed if i is cut else rest[[j for j in equation.free if j is not cut].index(i)]
                for i in equation.free
            )
            result.append((free, tuple(p.substitute(fresh) for p in equation.pattern), substitute(body, fresh)))
    return result


def _moved(free: Sequence[Index], mapping: dict[Index, Affine]) -> tuple[tuple[Index, ...], dict[Index, Affine]]:
    """The other free indices, whose ranges may use the one that was cut."""
    fresh = dict(mapping)
    result = []
    for index in free:
        low, high = index.low.substitute(fresh), index.high.substitute(fresh)
        if (low, high) == index.range:
            result.append(index)
            continue
        new = Index(index.name, low, high)
        fresh[index] = Affine.atom(new)
        result.append(new)
    return tuple(result), fresh


def _has_sums(term: Term, guard: object) -> bool:
    return bool(getattr(guard, "free", frozenset()) & set(term.sums))


def _pieces(cut: Index, terms: Sequence[Term], known: tuple[Affine, ...] = ()) -> list[tuple[Affine, Affine]] | None:
    """Consecutive ranges of an index between the places where a condition changes; None where their order is open."""
    cut = Index(cut.name, _plain(cut.low), _plain(cut.high), cut.serial)
    facts = (*known, cut.high - cut.low)
    starts: list[Affine] = [cut.low]
    for term in terms:
        for guard in term.guards:
            if not any(i.serial == cut.serial for i in guard.free):
                continue
            changes = _changes(guard, next(i for i in guard.free if i.serial == cut.serial))
            if changes is None:
                return None
            starts.extend(changes)
    unique = [s for k, s in enumerate(starts) if s not in starts[:k]]
    inside = [s for s in unique if s == cut.low or not at_least_zero(s - cut.high - 1, facts)]
    if len(inside) > 6:
        return None
    ordered: list[Affine] = []
    for start in inside:
        position = 0
        while position < len(ordered):
            if at_least_zero(ordered[position] - start, facts):
                break
            if not at_least_zero(start - ordered[position], facts):
                return None
            position += 1
        ordered.insert(position, start)
    ordered = [s for s in ordered if at_least_zero(s - cut.low, facts)]
    if any(not at_least_zero(cut.high - s + 1, facts) for s in ordered):
        return None  # a region might begin behind the end of the axis
    ends = [s - 1 for s in ordered[1:]] + [cut.high]
    return [(a, b) for a, b in zip(ordered, ends, strict=True)]


def _plain(value: Affine) -> Affine:
    """Literal sizes as the numbers that they are."""
    return value.map_atoms(lambda a: Affine(a.literal) if isinstance(a, Size) and a.literal is not None else None)


def _changes(guard: object, cut: Index) -> list[Affine] | None:
    """The first index of each region that a condition separates."""
    if not (isinstance(guard, Relation) and isinstance(guard.left, Integer) and isinstance(guard.right, Integer)):
        return None
    gap = guard.right.value - guard.left.value
    coefficient = gap.coefficient(cut)
    if abs(coefficient) != 1:
        return None
    rest = gap - Affine.atom(cut) * coefficient
    if any(not isinstance(a, (Size, SizeMember)) for a in rest.atoms()):
        return None  # another index, or an index that is given as data: a bracket says it better
    place = -rest if coefficient == 1 else rest  # the index at which both sides are equal
    match guard.sign, coefficient:
        case "=" | "≠", _:
            return [place, place + 1]
        case ("≤", 1) | ("≥", -1):
            return [place]
        case ("≤", -1) | ("≥", 1):
            return [place + 1]
        case ("<", 1) | (">", -1):
            return [place + 1]
        case _:
            return [place]


def _restricted(term: Term, cut: Index, low: Affine, high: Affine, facts: tuple[Affine, ...] = ()) -> Term | None:
    """A term on one region: conditions that hold there are dropped, a term that is zero there is left out."""
    narrowed = Index(cut.name, low, high)
    kept = []
    for guard in term.guards:
        if cut not in guard.free or not isinstance(guard, Relation):
            if not _holds(guard, facts):
                kept.append(guard)
            continue
        moved = substitute(guard, {cut: Affine.atom(narrowed)})
        holds = truth(moved, facts)
        if holds is False:
            return None
        if holds is None:
            kept.append(guard)
    return replace(term, guards=tuple(kept))


def _holds(guard: object, facts: tuple[Affine, ...]) -> bool:
    """Whether a condition on sizes follows from ranges that are not empty."""
    if not (isinstance(guard, Relation) and isinstance(guard.left, Integer) and isinstance(guard.right, Integer)):
        return False
    gap = guard.right.value - guard.left.value
    return guard.sign == "≤" and at_least_zero(gap, facts)


def truth(guard: Relation, facts: tuple[Affine, ...] = ()) -> bool | None:
    """Whether a condition on indices and sizes holds wherever it is asked; None where that is open."""
    assert isinstance(guard.left, Integer)
    assert isinstance(guard.right, Integer)
    gap = guard.right.value - guard.left.value
    tests = {
        "≤": (gap, -gap - 1), "<": (gap - 1, -gap), "≥": (-gap, gap - 1), ">": (-gap - 1, gap),
    }  # fmt: skip
    if guard.sign in tests:
        yes, no = tests[guard.sign]
        return True if at_least_zero(yes, facts) else False if at_least_zero(no, facts) else None
    equal = at_least_zero(gap, facts) and at_least_zero(-gap, facts)
    apart = at_least_zero(gap - 1, facts) or at_least_zero(-gap - 1, facts)
    if guard.sign == "=":
        return True if equal else False if apart else None
    return False if equal else True if apart else None
