"""Several examples to one pass over a weight matrix: their changes of it are put off, exactly.

Each of a block of examples x₁ … x_K changes W by a_k c_kᵀ, and asks for W x_k as W is then. That is W₀ x_k from the
start of the block plus Σ_{m<k} a_m (c_m · x_k): the numbers c_m · x_k hang on the data alone. So W is read and written
once for K examples, when all their changes go into it and the products of the next block are formed; between, a step
touches vectors only. The sums are those of one step after another, up to rounding.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Add, Affine, Expr, Index, Multiply, Reduce, Role, Symbol, substitute
from gradsheet.native.buffers import LINE, workspace
from gradsheet.native.expressions import in_lanes, value
from gradsheet.native.places import Place, extent, shape, whole
from gradsheet.native.rotation import Rotated, rotate, squeezed
from gradsheet.programs.forms import multiplied
from gradsheet.programs.model import Assign
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.kernels import Term
    from gradsheet.native.buffers import Plan
    from gradsheet.native.scope import Scope

AT_ONCE = 4
"""Examples of a block: the pass waits for memory with fewer, for the arithmetic with more."""
_LEAST = 8192
"""Entries of a matrix that does not stay in the first cache."""
_FEWEST_ROWS = 16
"""Rows of a matrix beside which the numbers c · x cost nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Deferral:
    """A rotation whose changes of the matrix are put off; places in the workspace for what a block keeps."""

    rotated: Rotated
    thin: dict[Symbol, Symbol]
    same: dict[Symbol, Symbol]
    inside: dict[Symbol, int]
    size: int
    keep: Assign
    """a of the example at hand."""
    overlap: Assign
    """c of the example at hand times x of a later one."""
    correct: Assign
    """What the change adds to the product of the later one."""
    across: Expr
    """c, along the columns of the matrix."""
    stride: int
    """Numbers from the vectors of one example to those of the next."""


def deferral_of(plan: Plan) -> Deferral | None:
    """The deferral of a planned program that takes one row of data at a time."""
    found = squeezed(plan)
    if found is None:
        return None
    program, thin, same = found
    rotated = rotate(program, bare=True)
    if rotated is None or rotated.update.target not in same:
        return None
    row, column = rotated.update.free
    matrix = same[rotated.update.target]
    if prod(shape(matrix)) < _LEAST or extent(row) < _FEWEST_ROWS:
        return None
    if any(matrix in a.body.symbols for a in rotated.program.assigns):
        return None
    data = {a.symbol for a in program.arguments} - set(same.values())
    sides = _sides(rotated.update, matrix, data)
    if sides is None:
        return None
    down, across = sides
    axis = Index(row.name, row.low, row.high)
    own = (Affine.atom(axis),)
    left, scalar = Symbol("left", (axis,), Role.LOCAL), Symbol("overlap", (), Role.LOCAL)
    other = _other(rotated.product, matrix)
    keep = Assign(left, own, (axis,), substitute(down, {row: own[0]}))
    along = Affine.atom(rotated.product.index)
    times = multiplied([substitute(across, {column: along}), other])
    overlap = Assign(scalar, (), (), Reduce("sum", rotated.product.index, times))
    early = Access(rotated.early, own)
    correct = Assign(rotated.early, own, (axis,), Add((early, Multiply((Access(left, own), Access(scalar, ()))))))
    kept = {rotated.early, left, scalar}
    elsewhere = {thin.get(s, s) for s in plan.given} | set(same) | kept
    inside, size = workspace(rotated.program, elsewhere, LINE // 4)
    stride = -(-extent(row) // LINE) * LINE
    inside |= {rotated.early: size, left: size + AT_ONCE * stride, scalar: size + 2 * AT_ONCE * stride}
    return Deferral(
        rotated, thin, same, inside, size + 2 * AT_ONCE * stride + LINE, keep, overlap, correct, across, stride
    )


def _sides(update: Assign, matrix: Symbol, data: set[Symbol]) -> tuple[Expr, Expr] | None:
    """The vectors a and c, where an update adds a[row] c[column], and c is the data's own."""
    row, column = update.free
    body = update.body
    if not isinstance(body, Add) or len(body.terms) != 2:
        return None
    changes = [t for t in body.terms if not (isinstance(t, Access) and t.symbol is matrix)]
    if len(changes) != 1 or not isinstance(changes[0], Multiply) or matrix in changes[0].symbols:
        return None
    across = [f for f in changes[0].factors if column in f.free]
    down = [f for f in changes[0].factors if column not in f.free]
    if not across or any(row in f.free or not f.symbols <= data for f in across):
        return None
    return multiplied(down), multiplied(across)


def _other(product: Reduce, matrix: Symbol) -> Expr:
    """What the matrix is multiplied by in the product of the next row."""
    factors = product.body.factors if isinstance(product.body, Multiply) else (product.body,)
    return multiplied([f for f in factors if not (isinstance(f, Access) and f.symbol is matrix)])


def pass_over(deferral: Deferral, scopes: Sequence[Scope], products: Place, lefts: Place, width: int) -> None:
    """All changes of a block into the matrix, and the products of the next block, in one pass over its rows.

    A scope for each example of the block, in which the next row of data is that of the next block.
    """
    rotated, scope = deferral.rotated, scopes[0]
    b, update, node = scope.b, rotated.update, rotated.product
    row, column = update.free
    matrix = deferral.same[update.target]
    other = _other(node, matrix)
    place = scope.places[update.target]
    where = place.offset(update.pattern)
    rows = 2 if extent(row) % 2 == 0 else 1
    low, count = whole(column.low), extent(column)
    full = count - count % width
    zero = b.constant(0.0, scope.number.by(width))
    examples = range(len(scopes))
    with b.loop(row.name, whole(row.low), whole(row.high) + 1, rows) as first:
        starts = [first + r if r else first for r in range(rows)]
        moved = [start - whole(row.low) if whole(row.low) else start for start in starts]
        splats = [
            [b.splat(b.load(lefts.pointer, at + k * deferral.stride), zero.number) for k in examples] for at in moved
        ]

        def step(totals: list[Term], at: Term | int, mask: Term | None) -> list[Term]:
            sides = [s.side_by_side(column, at, width, mask) for s in scopes]
            ahead = [s.side_by_side(node.index, at, width, mask) for s in scopes]
            changes = [in_lanes(value(deferral.across, s), s) for s in sides]
            vectors = [in_lanes(value(other, s), s) for s in ahead]
            made = []
            for r, start in enumerate(starts):
                here = scope.at(row, start).side_by_side(column, at, width, mask)
                entries = b.load(place.pointer, here.offset(where), width, mask=mask)
                for splat, change in zip(splats[r], changes, strict=True):
                    entries = b.muladd(splat, change, entries)
                b.store(place.pointer, here.offset(where), entries, mask=mask)
                made += [b.muladd(entries, v, totals[r * len(scopes) + k]) for k, v in enumerate(vectors)]
            return made

        names = [f"z{r}_{k}" for r in range(rows) for k in examples]
        totals = [zero] * len(names)
        if full:
            with b.fold(column.name, low, low + full, dict(zip(names, totals, strict=True)), step=width) as fold:
                for name, term in zip(names, step([fold[n] for n in names], fold.index, None), strict=True):
                    fold[name] = term
            totals = [fold[n] for n in names]
        if full < count:
            totals = step(totals, low + full, b.tail(0, count - full, width))
        for r, at in enumerate(moved):
            for k in examples:
                b.store(products.pointer, at + k * deferral.stride, b.sum(totals[r * len(scopes) + k]))


__all__ = ["AT_ONCE", "Deferral", "deferral_of", "pass_over"]
