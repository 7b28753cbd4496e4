"""Products that are symmetric: half of the tiles are computed, the other half is copied across the diagonal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Affine, ArrayCall, Lambda, Reduce, key, substitute, walk
from gradsheet.native.places import extent, whole
from gradsheet.native.shuffles import transposed
from gradsheet.programs.inlining import put_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.expressions import Expr, Index, Symbol
    from gradsheet.kernels import Term
    from gradsheet.native.scope import Scope
    from gradsheet.programs.model import Assign

_MOST_OPENED = 8


def is_symmetric(statement: Assign, row: Index, column: Index, definitions: Mapping[Symbol, Assign]) -> bool:
    """Whether target[row, column] = target[column, row], as far as it can be read off the right-hand side.

    What the pass before took out of the product is looked through: Σ X[n,i] (d[n] X[n,j]) is symmetric.
    """
    if row.range != column.range or any(row in s.atoms() or column in s.atoms() for s in (*row.range, *column.range)):
        return False
    places = [p.single for p in statement.pattern]
    if row not in places or column not in places:
        return False
    body = _opened(statement.body, definitions)
    swapped = substitute(body, {row: Affine.atom(column), column: Affine.atom(row)})
    order = tuple(statement.free)
    return key(Lambda(order, body)) == key(Lambda(order, swapped))


def _opened(body: Expr, definitions: Mapping[Symbol, Assign]) -> Expr:
    """An expression with elementwise arrays put in."""
    for _ in range(_MOST_OPENED):
        known = next((s for s in body.symbols if s in definitions and _is_elementwise(definitions[s])), None)
        if known is None:
            return body
        body = put_in(body, definitions[known])
    return body


def _is_elementwise(definition: Assign) -> bool:
    return definition.whole and not any(isinstance(n, (Reduce, ArrayCall)) for n in walk(definition.body))


def mirror(statement: Assign, row: Index, column: Index, scope: Scope) -> None:
    """The part below the diagonal from the part above it, squares of the width of a vector at a time."""
    b, width = scope.b, scope.width
    place = scope.places[statement.target]
    where = place.offset(statement.pattern)
    low, count = whole(row.low), extent(row)
    full = low + count - count % width
    stop = low + count

    def at(i: Term, j: Term) -> Term | int:
        return scope.at(row, i).at(column, j).offset(where)

    with b.loop(column.name, low, full, width) as j:
        # What is written lies side by side from square to square.
        with b.loop(row.name, low, j, width) as i:
            rows = [b.load(place.pointer, at(i + k if k else i, j), width) for k in range(width)]
            for k, vector in enumerate(transposed(rows, scope)):
                b.store(place.pointer, at(j + k if k else j, i), vector)
        with b.loop(row.name, j, j + width) as a, b.loop(column.name, a + 1, j + width) as c:
            b.store(place.pointer, at(c, a), b.load(place.pointer, at(a, c)))
    if full < stop:
        with b.loop(column.name, full, stop) as c, b.loop(row.name, low, c) as a:
            b.store(place.pointer, at(c, a), b.load(place.pointer, at(a, c)))


__all__ = ["is_symmetric", "mirror"]
