"""An assignment as a nest of loops: the innermost computes several values side by side where they lie side by side."""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Index, Multiply, Number, Power, Reduce, walk
from gradsheet.expressions.nodes import bound, children
from gradsheet.native.expressions import in_lanes, value
from gradsheet.native.places import extent, has_fixed_range, linear, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.expressions import AnyNode, Expr, Symbol
    from gradsheet.kernels import Term
    from gradsheet.native.scope import Scope
    from gradsheet.programs.model import Assign

_STARTS = {"sum": 0.0, "max": -math.inf, "min": math.inf}
_SUMS_AT_ONCE = 4
"""Partial sums kept apart, so that one addition need not wait for the one before it."""


def assign(statement: Assign, scope: Scope, width: int) -> None:
    """target[pattern] = body for every value of the free indices."""
    side = _side_by_side(statement, scope) if width > 1 else None
    if side is None:
        along = _summed_side_by_side(statement, scope, width) if width > 1 else {}
        with loops(statement.free, scope) as inner:
            _store(statement, _with_sums(along, inner, width), None)
        return
    outer = [i for i in statement.free if i is not side]
    with loops(outer, scope) as inner:
        for lanes in runs(side, inner, width, masked=_is_smooth(statement, side, scope)):
            _store(statement, lanes, side)


def _store(statement: Assign, scope: Scope, side: Index | None) -> None:
    """The body at the indices at hand, stored where the pattern says."""
    made = value(statement.body, scope)
    place = scope.places[statement.target]
    where = place.offset(statement.pattern)
    lanes = scope.lanes
    if side is None or lanes is None:
        scope.b.store(place.pointer, scope.offset(where), made)
        return
    made = in_lanes(made, scope)
    if where.along(side) == 1:
        scope.b.store(place.pointer, scope.offset(where), made, mask=lanes.mask)
        return
    first = scope.indices[side]
    for lane in range(lanes.count):
        here = scope.at(side, first + lane if lane else first).without_lanes()
        scope.b.store(place.pointer, here.offset(where), made[lane])


@contextmanager
def loops(indices: Sequence[Index], scope: Scope) -> Iterator[Scope]:
    """Loops over indices, the first of them outermost."""
    with ExitStack() as stack:
        for index in indices:
            low, high = scope.bound(index.low), scope.bound(index.high)
            stop = high + 1
            if isinstance(low, int) and isinstance(stop, int) and stop - low == 1:
                scope = scope.at(index, low)
                continue
            scope = scope.at(index, stack.enter_context(scope.b.loop(index.name, low, stop)))
        yield scope


def runs(index: Index, scope: Scope, width: int, *, masked: bool) -> Iterator[Scope]:
    """All values of an index, `width` at a time; the rest under a mask, or one by one."""
    low, count = whole(index.low), extent(index)
    full = count - count % width
    if full == width:
        yield scope.side_by_side(index, low, width)
    elif full:
        with scope.b.loop(index.name, low, low + full, width) as i:
            yield scope.side_by_side(index, i, width)
    rest = count - full
    if not rest:
        return
    if masked and rest > 1:
        narrow = lanes_for(rest, width)
        if narrow == rest:
            yield scope.side_by_side(index, low + full, narrow)
        else:
            yield scope.side_by_side(index, low + full, narrow, scope.b.tail(0, rest, narrow))
        return
    if rest == 1:
        yield scope.at(index, low + full)
        return
    with scope.b.loop(index.name, low + full, low + count) as i:
        yield scope.at(index, i)


def lanes_for(count: int, width: int) -> int:
    """The fewest lanes that hold so many values.

    >>> lanes_for(3, 16), lanes_for(10, 16), lanes_for(40, 16)
    (4, 16, 16)
    """
    lanes = 1
    while lanes < min(count, width):
        lanes *= 2
    return lanes


def update_and_sum(update: Assign, then: Assign, node: Reduce, scope: Scope, width: int) -> None:
    """An update of a matrix and, in the same pass over its rows, a sum along each changed row.

    `then` is the assignment that the sum `node` stands in; its free index is the row.
    """
    b = scope.b
    row, column = update.free
    rows = 4 if extent(row) % 4 == 0 else 2 if extent(row) % 2 == 0 else 1
    place = scope.places[update.target]
    other = next(f for f in _factors(node.body) if f.symbol is not _updated(update, then, node))
    low, count = whole(column.low), extent(column)
    full = count - count % width
    with b.loop(row.name, whole(row.low), whole(row.low) + extent(row), rows) as first:
        starts = [first + r if r else first for r in range(rows)]

        def step(totals: list[Term], at: Term | int, mask: Term | None) -> list[Term]:
            side = scope.side_by_side(node.index, at, width, mask)
            vector = in_lanes(value(other, side), side)
            made = []
            for start, total in zip(starts, totals, strict=True):
                here = scope.at(row, start).side_by_side(column, at, width, mask)
                changed = in_lanes(value(update.body, here), here)
                b.store(place.pointer, here.offset(place.offset(update.pattern)), changed, mask=mask)
                made.append(b.muladd(changed, vector, total))
            return made

        zero = b.constant(0.0, scope.number.by(width))
        totals = [zero] * rows
        if full:
            names = [f"z{r}" for r in range(rows)]
            with b.fold(column.name, low, low + full, dict(zip(names, totals, strict=True)), step=width) as fold:
                for name, term in zip(names, step([fold[n] for n in names], fold.index, None), strict=True):
                    fold[name] = term
            totals = [fold[n] for n in names]
        if full < count:
            totals = step(totals, low + full, b.tail(0, count - full, width))
        (own,) = then.free
        for start, total in zip(starts, totals, strict=True):
            _store(then, scope.at(own, start).with_known(node, b.sum(total)), None)


def _factors(body: Expr) -> tuple[Access, ...]:
    return tuple(f for f in (body.factors if isinstance(body, Multiply) else (body,)) if isinstance(f, Access))


def _updated(update: Assign, then: Assign, node: Reduce) -> Symbol:
    """The matrix in the sum: it is read at the row and the summed column."""
    (own,) = then.free
    return next(f.symbol for f in _factors(node.body) if len(f.at) == len(update.free) and f.at[0].single is own)


# ---------------------------------------------------------------- what lies side by side


def _side_by_side(statement: Assign, scope: Scope) -> Index | None:
    """The free index whose values are best computed side by side; None where that would gather one by one."""
    target = scope.places[statement.target].offset(statement.pattern)
    best: tuple[int, int, Index] | None = None
    for position, index in enumerate(reversed(statement.free)):
        if not has_fixed_range(index) or extent(index) < 2 or _bounds(statement.body, index):
            continue
        cost = 0 if target.along(index) == 1 else 4
        cost += _roughness(statement.body, index, scope)
        if best is None or (cost, position) < best[:2]:
            best = (cost, position, index)
    if best is None:
        return None
    if best[0] and _summed_side_by_side(statement, scope, 2):
        return None
    return best[2] if best[0] <= _MOST_ROUGH else None


_MOST_ROUGH = 8


def _bounds(body: Expr, index: Index) -> bool:
    """Whether a sum inside ends where an index says: its length differs from lane to lane."""
    ends = (end for node in walk(body) if isinstance(node, Reduce) for end in node.index.range)
    return any(linear([(end, 1)]).depends_on(index) for end in ends)


def _roughness(body: Expr, index: Index, scope: Scope) -> int:
    """How much of what an expression reads does not lie side by side along an index; inside sums it counts more."""
    total = 0
    stack: list[tuple[AnyNode, int]] = [(body, 1)]
    while stack:
        node, weight = stack.pop()
        if isinstance(node, Access):
            where = scope.places[node.symbol].offset(node.at)
            if where.depends_on(index) and not (where.moves_evenly(index) and where.along(index) == 1):
                total += weight
            continue
        deeper = weight * 4 if bound(node) else weight
        stack.extend((c, deeper) for c in children(node))
    return total


def _is_smooth(statement: Assign, index: Index, scope: Scope) -> bool:
    """Whether everything that moves along an index lies side by side, so that a mask can hide what is too much."""
    target = scope.places[statement.target].offset(statement.pattern)
    return target.along(index) == 1 and _roughness(statement.body, index, scope) == 0


# ---------------------------------------------------------------- sums side by side


def _summed_side_by_side(statement: Assign, scope: Scope, width: int) -> dict[Reduce, Index]:
    """The sums whose terms lie side by side along the innermost index, long enough to be worth it."""
    found: dict[Reduce, Index] = {}
    stack: list[AnyNode] = [statement.body]
    while stack:
        node = stack.pop()
        if not isinstance(node, Reduce):
            stack.extend(children(node))
            continue
        inner: Expr = node
        nested = []
        while isinstance(inner, Reduce) and inner.kind == node.kind:
            nested.append(inner.index)
            inner = inner.body
        index = nested[-1]
        known = node.kind in _STARTS and all(map(has_fixed_range, nested)) and extent(index) >= width
        if known and _roughness(inner, index, scope) == 0 and not _holds_sums(inner):
            found[node] = index
    return found


def _holds_sums(body: Expr) -> bool:
    stack: list[AnyNode] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, Reduce):
            return True
        stack.extend(children(node))
    return False


def _with_sums(along: dict[Reduce, Index], scope: Scope, width: int) -> Scope:
    """The scope in which sums that are computed side by side are known."""
    for node, index in along.items():
        scope = scope.with_known(node, _sum_of(node, index, scope, width))
    return scope


def _sum_of(node: Reduce, index: Index, scope: Scope, width: int) -> Term:
    outer: list[Index] = []
    inner: Expr = node
    while isinstance(inner, Reduce) and inner.index is not index:
        outer.append(inner.index)
        inner = inner.body
    assert isinstance(inner, Reduce)
    return _folded(node.kind, outer, inner, scope, width)


def _folded(kind: str, outer: list[Index], inner: Reduce, scope: Scope, width: int) -> Term:
    """Σ by `width` lanes and several partial sums, added up at the end."""
    b = scope.b
    count, low = extent(inner.index), whole(inner.index.low)
    at_once = _SUMS_AT_ONCE if count >= _SUMS_AT_ONCE * width else 1
    start = b.constant(_STARTS[kind], scope.number.by(width))
    names = [f"{inner.index.name}{k}" for k in range(at_once)]
    if outer:
        index, *rest = outer
        first = whole(index.low)
        single = {"total": b.constant(_STARTS[kind], scope.number)}
        with b.fold(index.name, first, first + extent(index), single) as fold:
            part = _folded(kind, rest, inner, scope.at(index, fold.index), width)
            fold["total"] = _two(kind, fold["total"], part, scope)
        return fold["total"]
    step = at_once * width
    full = count - count % step
    totals = [start] * at_once
    if full:
        with b.fold(inner.index.name, low, low + full, dict(zip(names, totals, strict=True)), step=step) as fold:
            for k, name in enumerate(names):
                here = scope.side_by_side(inner.index, fold.index + k * width if k else fold.index, width)
                fold[name] = _next(kind, inner.body, fold[name], here)
        totals = [fold[name] for name in names]
    at = low + full
    while at + width <= low + count:
        here = scope.side_by_side(inner.index, at, width)
        totals[0] = _next(kind, inner.body, totals[0], here)
        at += width
    if at < low + count:
        mask = b.tail(at, low + count, width)
        here = scope.side_by_side(inner.index, at, width, mask)
        part = in_lanes(value(inner.body, here), here)
        idle = start
        totals[0] = _two(kind, totals[0], b.select(mask, part, idle), scope)
    while len(totals) > 1:
        totals = [_two(kind, x, y, scope) for x, y in zip(totals[::2], totals[1::2], strict=True)]
    return b.reduce({"sum": "add", "max": "max", "min": "min"}[kind], totals[0])  # type: ignore[arg-type]


def _two(kind: str, x: Term, y: Term, scope: Scope) -> Term:
    match kind:
        case "sum":
            return x + y
        case "max":
            return scope.b.maximum(x, y)
        case _:
            return scope.b.minimum(x, y)


def _next(kind: str, body: Expr, total: Term, scope: Scope) -> Term:
    if kind == "sum":
        if isinstance(body, Multiply) and len(body.factors) == 2:
            x, y = (in_lanes(value(f, scope), scope) for f in body.factors)
            return scope.b.muladd(x, y, total)
        if isinstance(body, Power) and isinstance(body.exponent, Number) and body.exponent.value == 2:
            x = in_lanes(value(body.base, scope), scope)
            return scope.b.muladd(x, x, total)
    return _two(kind, total, in_lanes(value(body, scope), scope), scope)


__all__ = ["assign", "lanes_for", "loops", "runs", "update_and_sum"]
