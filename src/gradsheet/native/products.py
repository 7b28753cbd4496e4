"""Contractions of two arrays as tiles of accumulators that stay in registers, whatever the layout of the arrays.

A product C[…,m,n] = Σ_k A[…,m,k] B[…,n,k] is computed in one of two forms. In the *outer* form, neighbouring n lie
side by side in B and in C: each entry of A is multiplied into a vector of them. In the *inner* form, neighbouring k lie
side by side in A and in B: each accumulator holds a vector of partial sums, added up at the end. Indices of a kind may
be several; one of each is tiled, the others are loops around. Accesses may be affine: a convolution is a product too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gradsheet.expressions import Access, Index, Reduce, walk
from gradsheet.native.places import extent
from gradsheet.native.symmetry import is_symmetric
from gradsheet.programs.contracting import Contraction, contraction
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.native.scope import Scope
    from gradsheet.programs.model import Assign

_MANY_ROWS = 128
_COPY = 100
"""What a copy with sides exchanged costs, in rows that are computed meanwhile."""
_LEAST_WORK = 1024
"""Products with fewer multiplications are loops like any other."""


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """Σ over `sums` of left · right, with the roles of the indices."""

    node: Reduce
    form: Literal["outer", "inner"]
    left: Access
    right: Access
    around: tuple[Index, ...]
    """Free indices that are loops around the tiles."""
    row: Index
    column: Index
    sums: tuple[Index, ...]
    """Summed indices; the innermost is the last."""
    symmetric: bool = False
    """Whether rows and columns may be exchanged: the tiles below the diagonal are not computed."""


def find_product(statement: Assign, scope: Scope) -> Product | None:
    """The largest contraction of an assignment, if it is worth tiles; its roles by how the arrays lie."""
    best: tuple[int, Product] | None = None
    for node in walk(statement.body):
        if not isinstance(node, Reduce) or node.kind != "sum":
            continue
        found = contraction(node)
        if found is None or len(found.factors) != 2 or not set(found.indices) >= set(found.sums):
            continue
        product = _product(found, statement, scope)
        if product is None:
            continue
        work = _work(found)
        if work >= _LEAST_WORK and (best is None or work > best[0]):
            best = (work, product)
    if best is None:
        return None
    product = best[1]
    if is_symmetric(statement, product.row, product.column, scope.definitions):
        return replace(product, symmetric=True)
    return product


def _work(product: Contraction) -> int:
    total = 1
    for index in product.indices:
        total *= extent(index)
    return total


def _product(found: Contraction, statement: Assign, scope: Scope) -> Product | None:
    free = statement.free
    if any(not (i.low.is_constant and i.high.is_constant) for i in (*free, *found.sums)):
        return None
    first, second = found.factors
    if not all(_is_plain(f, scope) for f in found.factors):
        return None
    if any(i not in free and i not in found.sums for i in found.indices):
        return None
    options = [
        made
        for left, right in ((first, second), (second, first))
        for made in (_outer(found, left, right, statement, scope), _inner(found, left, right, statement, scope))
        if made is not None
    ]
    return min(options, key=lambda o: o[0])[1] if options else None


def _is_plain(access: Access, scope: Scope) -> bool:
    return scope.places[access.symbol].offset(access.at).is_plain


def _own(access: Access, other: Access, indices: tuple[Index, ...]) -> list[Index]:
    return [i for i in indices if i in access.free and i not in other.free]


def _stride(access: Access, index: Index, scope: Scope) -> int:
    return scope.places[access.symbol].offset(access.at).along(index)


def _outer(
    found: Contraction, left: Access, right: Access, statement: Assign, scope: Scope
) -> tuple[float, Product] | None:
    """Vectors along an index of the right factor and of the result."""
    target = scope.places[statement.target].offset(statement.pattern)
    columns = [i for i in _own(right, left, statement.free) if target.along(i) == 1]
    rows = _own(left, right, statement.free)
    if not columns or not rows:
        return None
    column, row = max(columns, key=extent), max(rows, key=extent)
    if extent(row) < 2:
        return None
    around = tuple(i for i in statement.free if i not in {row, column})
    waste = _waste(extent(column), scope)
    if _stride(right, column, scope) != 1:
        # Columns that do not lie side by side are copied so; that pays where many rows read the copy.
        if scope.scratch is None or extent(row) < _MANY_ROWS:
            return None
        waste *= 1 + _COPY / extent(row)
    return waste, Product(found.node, "outer", left, right, around, row, column, found.sums)


def _inner(
    found: Contraction, left: Access, right: Access, statement: Assign, scope: Scope
) -> tuple[float, Product] | None:
    """Vectors along a summed index that lies side by side in both factors."""
    along = [s for s in found.sums if _stride(left, s, scope) == 1 == _stride(right, s, scope)]
    columns = _own(right, left, statement.free)
    rows = _own(left, right, statement.free)
    if not along or not columns or not rows:
        return None
    target = scope.places[statement.target].offset(statement.pattern)
    last = max(along, key=extent)
    column = max(columns, key=lambda i: (target.along(i) == 1, extent(i)))
    row = max(rows, key=extent)
    if extent(row) < 2 or target.along(column) != 1:
        return None
    around = tuple(i for i in statement.free if i not in {row, column})
    sums = (*(s for s in found.sums if s is not last), last)
    waste = _waste(extent(last), scope) * 1.25 + 8 * scope.width / extent(last) / 10
    return waste, Product(found.node, "inner", left, right, around, row, column, sums)


def _waste(count: int, scope: Scope) -> float:
    """How many lanes are computed for each that is used."""
    lanes = scope.width
    return -(-count // lanes) * lanes / max(1, count)


__all__ = ["Product", "find_product"]
