"""Derived equations on paper: the left side with the indices it needs, one line for each region of a family."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from gradsheet.calculus import Simplifier
from gradsheet.calculus.terms import Term, is_index_condition, rebuilt, split
from gradsheet.expressions import (
    ZERO_EXPR,
    Affine,
    Expr,
    Index,
    Integer,
    Relation,
    Size,
    SizeMember,
    Symbol,
    at_least_zero,
    substitute,
)
from gradsheet.syntax import tree
from gradsheet.writing.naming import Names
from gradsheet.writing.trees import Tree, name, transpose
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gradsheet.sheet import Equation, Sheet


@dataclass(frozen=True, slots=True)
class Line:
    """left = right, for indices in their ranges."""

    left: Tree
    right: Tree
    ranges: tuple[tree.BoundIndex, ...] = ()
    note: str = ""
    """A sentence about this line alone."""
    shape: tuple[int | str, ...] | None = None
    """The shape of this line where it is not that of its item: a row 1×n among gradients of shape n."""
    continues: bool = False
    """The left side is that of the line above, and need not be written again."""
    kind: Literal["", "chain", "definition"] = ""
    """A chain of Jacobians, with shapes below its factors; or what a new name stands for."""


def taken_names(sheet: Sheet) -> set[str]:
    """Names that an index must not take."""
    return {
        *(s.name for s in sheet.symbols.values()), *sheet.sizes, *sheet.size_families, *sheet.unspecified, "e", "I",
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """Choices of a notation: how indices are named, and how a right side is arranged before it is written."""

    names: Callable[[tuple[Symbol, Sequence[Affine]], Sequence[Index], Expr], Names]
    arranged: Callable[[Expr], Expr]
    view: type[View] = View


def write_equation(
    equation: Equation, taken: Iterable[str], *, indices: bool = False, style: Style | None = None
) -> tuple[Line, ...]:
    """A derived equation in matrix notation where it fits, else with indices; split where a family has end cases."""
    symbol = equation.symbol
    lines: list[Line] = []
    for free, pattern, body in regions(equation):
        if style is not None:
            body = style.arranged(body)  # noqa: PLW2901 - the same right side, arranged
            names = style.names((symbol, pattern), free, body)
        else:
            names = Names(taken)
            for index in free:
                names.add(index)
        view = View if style is None else style.view
        lines.append(_line(symbol, free, pattern, body, names, indices=indices, view=view))
    return tuple(lines)


def _line(
    symbol: Symbol,
    free: tuple[Index, ...],
    pattern: tuple[Affine, ...],
    body: Expr,
    names: Names,
    *,
    indices: bool,
    view: type[View] = View,
) -> Line:
    outer = symbol.rank - _own_rank(symbol)
    leading = symbol.leading
    axes = [p.single for p in pattern[leading:]]
    single = [a for a in axes if isinstance(a, Index) and a.low == a.high]
    if len(axes) == 2 and len(single) == 1 and single[0] is axes[1] and single[0] not in body.free:
        axes = axes[:1]  # n×1 is written as the vector that it is
        whole = [tree.Slice(None, None)] * 2
    else:
        whole = [tree.Slice(None, None)] * len(axes)
    row = len(axes) == 2 and len(single) == 1 and single[0] is axes[0] and single[0] not in body.free
    axes = axes[1:] if row else axes
    right: Tree | None = None
    own = symbol.axes[leading + row :]
    parted = [
        not (isinstance(a, Index) and _whole_axis(a, x, pattern, symbol)) for a, x in zip(axes, own, strict=False)
    ]
    if parted and parted[0] and not any(parted[1:]) and len(own) == 2 and len(axes) == 2:
        leading, axes, whole = leading + 1, axes[1:], whole[1:]  # rows of a part of a matrix: X[i] for i in 2..D
        parted = []
    plain = not any(parted) and all(isinstance(a, Index) and any(a is f for f in free) for a in axes)
    if axes and body is not ZERO_EXPR and not any(a in body.free for a in axes):
        plain = False  # the same for every entry: said with an index
    if plain and not indices and len(axes) <= 2 and outer == 0:
        view_names = Names(names.taken)
        view_names.of = {i: n for i, n in names.of.items() if i not in axes}
        right = view(view_names).tensor(tuple(a for a in axes if isinstance(a, Index)), body)
    if right is not None and row and body is not ZERO_EXPR:
        right = transpose(right) if not isinstance(right, tree.Product) else transpose(tree.Group((right,)))
    if right is not None:
        items: list[Tree | tree.Slice] = [names.affine(p) for p in pattern[:leading]]
        left = names.component(symbol, [*items, *whole])
        shown = [i for p in pattern[:leading] for i in free if any(a is i for a in p.atoms())]
    else:
        right = view(names).tensor((), body)
        if right is None:
            raise AssertionError(f"no notation for {symbol.name}")
        left = names.component(symbol, [names.affine(p) for p in pattern])
        shown = list(free)
    return Line(left, right, ranges_of(shown, names))


def ranges_of(indices: Iterable[Index], names: Names) -> tuple[tree.BoundIndex, ...]:
    """`for l in 1..D, i in 1..n[l]`."""
    return tuple(
        tree.BoundIndex(name(names.of[i]), tree.Range(names.affine(i.low), names.affine(i.high))) for i in indices
    )


def _whole_axis(index: Index, axis: Index, pattern: tuple[Affine, ...], symbol: Symbol) -> bool:
    mapping = dict(zip(symbol.axes, pattern, strict=True))
    return index.range == (axis.low.substitute(mapping), axis.high.substitute(mapping))


def _own_rank(symbol: Symbol) -> int:
    return symbol.rank


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
