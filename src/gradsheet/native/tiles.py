"""Tiles of a product: accumulators in registers, then the rest of the assignment on each before it is stored."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from gradsheet.kernels import I64
from gradsheet.native.expressions import in_lanes, load, value
from gradsheet.native.nests import lanes_for, loops
from gradsheet.native.packing import Copy, counted, is_scattered, terms_of
from gradsheet.native.places import extent, whole
from gradsheet.native.shuffles import added_up, transposed
from gradsheet.native.symmetry import mirror
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gradsheet.expressions import Access, Index
    from gradsheet.kernels import Term
    from gradsheet.native.products import Product
    from gradsheet.native.scope import Scope
    from gradsheet.programs.model import Assign

_NEAR = 512 * 1024
"""Bytes of one side of a product that are read again while they are in the cache of the core."""
_STREAMS = 32
"""Tiles of a copy that are written by turns: each lies on a page of its own."""

Totals = dict[tuple[int, int], "Term"]
"""The accumulators of a tile by row and column."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What tiles are cut for: lanes of a vector, and how many vectors fit into registers."""

    width: int
    registers: int

    @property
    def outer(self) -> tuple[int, int]:
        """Rows, and vectors of columns, of a tile in the outer form."""
        return (12, 2) if self.registers >= 32 else (6, 2) if self.registers >= 16 else (3, 2)

    @property
    def inner(self) -> tuple[int, int]:
        """Rows and columns of a tile in the inner form; the sums of a row's columns fill one vector at most."""
        rows, columns = (6, 4) if self.registers >= 32 else (2, 4) if self.registers >= 16 else (2, 2)
        return rows, min(columns, self.width)


def multiply(statement: Assign, product: Product, scope: Scope, machine: Machine) -> None:
    """An assignment whose heaviest part is a product."""
    if _is_long(product, scope):
        _Tiler(statement, product, scope, machine).kept()
        return
    with loops(product.around, scope) as inner:
        tiler = _Tiler(statement, product, inner, machine)
        if product.form == "outer":
            tiler.outer()
        else:
            tiler.inner()
        if product.symmetric:
            mirror(statement, product.row, product.column, inner)


def _is_long(product: Product, scope: Scope) -> bool:
    """Whether the accumulators of all results fit into the nearer cache, and what is summed over does not."""
    if product.form != "inner" or len(product.sums) < 2 or product.symmetric or scope.scratch is None:
        return False
    results = prod(extent(i) for i in (*product.around, product.row, product.column))
    read = terms_of(product.sums) * min(extent(product.row), extent(product.column))
    return results * scope.width * scope.number.bytes <= _NEAR < read * scope.number.bytes


@dataclass(frozen=True, slots=True)
class Run:
    """So many tiles of a size, one after another, from a place on."""

    start: int
    size: int
    count: int


def even(index: Index, size: int) -> list[Run]:
    """An index in tiles of at most `size`: as even as they come, in at most two sizes.

    >>> from gradsheet.expressions import Affine, Index
    >>> [(r.start, r.size, r.count) for r in even(Index("i", Affine(0), Affine(31)), 12)]
    [(0, 11, 2), (22, 10, 1)]
    """
    low, count = whole(index.low), extent(index)
    tiles = -(-count // size)
    small, rest = divmod(count, tiles)
    runs = [Run(low, small + 1, rest), Run(low + rest * (small + 1), small, tiles - rest)]
    return [r for r in runs if r.count]


def powers(index: Index, size: int) -> list[Run]:
    """An index in tiles of `size`, a power of two, and of smaller powers for the rest.

    >>> from gradsheet.expressions import Affine, Index
    >>> [(r.start, r.size, r.count) for r in powers(Index("i", Affine(0), Affine(10)), 4)]
    [(0, 4, 2), (8, 2, 1), (10, 1, 1)]
    """
    low, count = whole(index.low), extent(index)
    found = []
    while count:
        full = count // size
        if full:
            found.append(Run(low, size, full))
            low += full * size
            count -= full * size
        size //= 2
    return found


@dataclass(frozen=True, slots=True)
class _Tile:
    """Rows from `row` on, columns from `column` on; in the outer form, `lanes` of columns for each vector."""

    row: Term | int
    rows: int
    column: Term | int
    lanes: tuple[int, ...]
    used: int
    """Columns that count in the last vector."""


@dataclass(frozen=True, slots=True)
class _Panel:
    """Tiles along an index in vectors: the lanes of each vector of a tile, and how many count in the last."""

    run: Run
    lanes: tuple[int, ...]
    used: int


class _Tiler:
    def __init__(self, statement: Assign, product: Product, scope: Scope, machine: Machine) -> None:
        self.statement, self.product, self.scope, self.machine = statement, product, scope, machine
        self.b, self.width = scope.b, machine.width
        self._memory: Term = scope.b.constant(0, I64)  # where accumulators wait, once there is such a place

    def _zeros(self, rows: int, lanes: Sequence[int]) -> Totals:
        number = self.scope.number
        return {(r, q): self.b.constant(0.0, number.by(n)) for r in range(rows) for q, n in enumerate(lanes)}

    def _over(
        self, sums: Sequence[Index], totals: Totals, scope: Scope, last: Callable[[Totals, Scope], Totals]
    ) -> Totals:
        """Loops over summed indices that hand the accumulators on; `last` is what stands in the innermost."""
        if not sums:
            return last(totals, scope)
        index, *rest = sums
        low = whole(index.low)
        names = {f"c{r}_{q}": at for at in totals for r, q in [at]}
        with self.b.fold(index.name, low, low + extent(index), {n: totals[at] for n, at in names.items()}) as fold:
            inside = {at: fold[n] for n, at in names.items()}
            for at, term in self._over(rest, inside, scope.at(index, fold.index), last).items():
                fold[f"c{at[0]}_{at[1]}"] = term
        return {at: fold[n] for n, at in names.items()}

    def _step(self, totals: Totals, left: Sequence[Term], right: Sequence[Term]) -> Totals:
        """Each entry of the left side times each of the right, added to its accumulator."""
        return {
            (r, q): self.b.muladd(self.b.splat(left[r], right[q].number), right[q], total)
            for (r, q), total in totals.items()
        }

    def _store(self, scope: Scope) -> None:
        """The rest of the right-hand side on a finished accumulator."""
        place = scope.places[self.statement.target]
        where = scope.offset(place.offset(self.statement.pattern))
        made = value(self.statement.body, scope)
        if scope.lanes is None:
            self.b.store(place.pointer, where, made)
        else:
            self.b.store(place.pointer, where, in_lanes(made, scope), mask=scope.lanes.mask)

    # ------------------------------------------------------------ blocks of rows

    def _row_tiles(self, size: int) -> Iterator[tuple[list[Run], Term | int | None]]:
        """Tiles of rows in blocks that stay in the nearer cache while they are read again and again."""
        runs = even(self.product.row, size)
        at_once = max(1, _NEAR // (terms_of(self.product.sums) * self.scope.number.bytes * size))
        for run in runs:
            if run.count <= at_once + at_once // 2:
                yield [run], None
                continue
            blocks, rest = divmod(run.count, at_once)
            step = at_once * run.size
            with self.b.loop(self.product.row.name, run.start, run.start + blocks * step, step) as start:
                yield [Run(0, run.size, at_once)], start
            if rest:
                yield [Run(run.start + blocks * step, run.size, rest)], None

    def _starts(
        self, index: Index, runs: Sequence[Run], base: Term | int | None = None, before: Term | int | None = None
    ) -> Iterator[tuple[Term | int, int]]:
        """Where each tile starts, and its size; a loop for each size. None of them starts at `before` or later."""
        for run in runs:
            first: Term | int = run.start if base is None else base + run.start if run.start else base
            if before is not None:
                stop = self.b.minimum(self.b.term(first + run.size * run.count, I64), before)
                with self.b.loop(index.name, first, stop, run.size) as start:
                    yield start, run.size
                continue
            if run.count == 1:
                yield first, run.size
                continue
            with self.b.loop(index.name, first, first + run.size * run.count, run.size) as start:
                yield start, run.size

    # ------------------------------------------------------------ vectors of columns

    def outer(self) -> None:
        rows, vectors = self.machine.outer
        product = self.product
        panels = self._columns(vectors)
        left, right = self._copied_rows(rows), self._copied_columns(panels, rows)
        for runs, base in self._row_tiles(rows):
            for panel in panels:
                for column, many in self._starts(product.column, [panel.run]):
                    for row, size in self._starts(product.row, runs, base, self._before(column, many)):
                        self._outer_tile(_Tile(row, size, column, panel.lanes, panel.used), left, right)

    def _before(self, column: Term | int, count: int) -> Term | int | None:
        """The first row that a tile of so many columns leaves out: what lies below the diagonal is mirrored."""
        return column + count if self.product.symmetric else None

    def _columns(self, vectors: int) -> list[_Panel]:
        """Columns in runs of whole vectors, then what is left."""
        index, width = self.product.column, self.width
        low, count = whole(index.low), extent(index)
        size = vectors * width
        full, rest = divmod(count, size)
        found = [self._panel(Run(low, size, full))] if full else []
        return [*found, self._panel(Run(low + full * size, rest, 1))] if rest else found

    def _panel(self, run: Run) -> _Panel:
        used = run.size % self.width or self.width
        lanes = (*([self.width] * (-(-run.size // self.width) - 1)), lanes_for(used, self.width))
        return _Panel(run, lanes, used)

    def _sides(self, index: Index, start: Term | int, lanes: Sequence[int], used: int) -> list[Scope]:
        """The scopes of the vectors of a tile along an index; the last may be masked."""
        sides = []
        for q, count in enumerate(lanes):
            last = q == len(lanes) - 1 and used != count
            mask = self.b.tail(0, used, count) if last else None
            sides.append(self.scope.side_by_side(index, start + q * self.width if q else start, count, mask))
        return sides

    def _outer_tile(self, tile: _Tile, left: Copy | None, right: Copy | None) -> None:
        product = self.product
        sides = self._sides(product.column, tile.column, tile.lanes, tile.used)
        rows = [tile.row + r if r else tile.row for r in range(tile.rows)]
        entries = left.tile(tile.row, self.scope) if left is not None else None
        vectors = right.tile(tile.column, self.scope) if right is not None else None
        panel = sum(tile.lanes)

        def last_step(totals: Totals, inner: Scope) -> Totals:
            if right is not None and vectors is not None:
                at = inner.offset(right.flat) * panel
                across = [
                    self.b.load(vectors, at + q * self.width if q else at, lanes) for q, lanes in enumerate(tile.lanes)
                ]
            else:
                across = [load(product.right, inner.inside(s)) for s in sides]
            if left is not None and entries is not None:
                at = inner.offset(left.flat) * tile.rows
                down = [self.b.load(entries, at + r if r else at) for r in range(tile.rows)]
            else:
                down = [load(product.left, inner.at(product.row, r)) for r in rows]
            return self._step(totals, down, across)

        totals = self._over(product.sums, self._zeros(tile.rows, tile.lanes), self.scope, last_step)
        for (r, q), total in totals.items():
            self._store(sides[q].at(product.row, rows[r]).with_known(product.node, total))

    # ------------------------------------------------------------ copies

    def _copied_rows(self, rows: int) -> Copy | None:
        """The entries of the left side tile by tile, where they lie scattered."""
        product, scope, b = self.product, self.scope, self.b
        read = -(-extent(product.column) // (2 * self.width))
        if scope.scratch is None or not is_scattered(product.left, product.sums, scope, read):
            return None
        terms = terms_of(product.sums)
        copy = Copy(scope.scratch.take(extent(product.row) * terms, scope), product.row, terms, counted(product.sums))
        if scope.places[product.left.symbol].offset(product.left.at).along(product.row) == 1:
            for run in even(product.row, rows):
                self._copied_by_terms(product.left, self._panel(run), run.size, copy)
            return copy
        for row, size in self._starts(product.row, even(product.row, rows)):
            into = copy.tile(row, scope)
            with loops(product.sums, scope) as inner:
                at = inner.offset(copy.flat) * size
                for r in range(size):
                    entry = load(product.left, inner.at(product.row, row + r if r else row))
                    b.store(into, at + r if r else at, entry)
        return copy

    def _copied_by_terms(self, access: Access, panel: _Panel, each: int, copy: Copy) -> None:
        """Tiles whose entries lie side by side, `each` numbers for a term: all tiles of one term, then of the next.

        So the array is read as it lies; tile by tile, every term would be looked for on another page.
        """
        b, index, size = self.b, copy.index, panel.run.size
        for first, stop in self._groups(index, panel.run):
            with loops(self.product.sums, self.scope) as inner:
                at = inner.offset(copy.flat) * each
                for start, _ in self._starts(index, [Run(0, size, panel.run.count)], first, stop):
                    into = copy.tile(start, self.scope)
                    for q, side in enumerate(self._sides(index, start, panel.lanes, panel.used)):
                        mask = side.lanes.mask if side.lanes is not None and each == size else None
                        entries = load(access, inner.inside(side))
                        b.store(into, at + q * self.width if q else at, entries, mask=mask)

    def _groups(self, index: Index, run: Run) -> Iterator[tuple[Term | int, Term | None]]:
        """Tiles in groups that are written by turns: where a group starts, and where it ends if there are others."""
        if run.count <= _STREAMS:
            yield run.start, None
            return
        step, stop = run.size * _STREAMS, run.start + run.size * run.count
        with self.b.loop(index.name, run.start, stop, step) as first:
            yield first, self.b.minimum(first + step, self.b.term(stop, I64))

    def _copied_columns(self, panels: Sequence[_Panel], rows: int) -> Copy | None:
        """The vectors of the right side panel by panel, where they lie scattered."""
        product, scope = self.product, self.scope
        read = -(-extent(product.row) // rows)
        place = scope.places[product.right.symbol].offset(product.right.at)
        exchanged = place.along(product.column) != 1
        if scope.scratch is None or not (exchanged or is_scattered(product.right, product.sums, scope, read)):
            return None
        terms = terms_of(product.sums)
        width = sum(panel.run.count * sum(panel.lanes) for panel in panels)
        copy = Copy(scope.scratch.take(width * terms, scope), product.column, terms, counted(product.sums))
        for panel in panels:
            if exchanged:
                self._copied_across(panel, copy)
            else:
                self._copied_by_terms(product.right, panel, sum(panel.lanes), copy)
        return copy

    def _copied_across(self, panel: _Panel, copy: Copy) -> None:
        """Columns that do not lie side by side: the terms of each are read one after another."""
        product, scope, b = self.product, self.scope, self.b
        for column, _ in self._starts(product.column, [panel.run]):
            into = copy.tile(column, scope)
            tile = _Tile(0, 0, column, panel.lanes, panel.used)
            done = self._exchanged(tile, copy, into)
            *outer, last = product.sums
            low = whole(last.low)
            if done == extent(last):
                continue
            sides = self._sides(product.column, column, panel.lanes, panel.used)
            with loops(outer, scope) as around, b.loop(last.name, low + done, low + extent(last)) as k:
                inner = around.at(last, k)
                at = inner.offset(copy.flat) * sum(panel.lanes)
                for q, side in enumerate(sides):
                    b.store(into, at + q * self.width if q else at, load(product.right, inner.inside(side)))

    def _exchanged(self, tile: _Tile, copy: Copy, into: Term) -> int:
        """Squares of columns and terms with their sides exchanged in registers; gives how many terms that were."""
        product, scope, b, width = self.product, self.scope, self.b, self.width
        *outer, last = product.sums
        place = scope.places[product.right.symbol].offset(product.right.at)
        whole_lanes = tile.used == width and all(n == width for n in tile.lanes)
        full = extent(last) - extent(last) % width
        if not full or not whole_lanes or place.along(last) != 1:
            return 0
        low, panel = whole(last.low), sum(tile.lanes)
        with loops(outer, scope) as around, b.loop(last.name, low, low + full, width) as k:
            at = around.at(last, k).offset(copy.flat) * panel
            for q in range(len(tile.lanes)):
                columns = [
                    around.at(product.column, tile.column + (q * width + lane)).side_by_side(last, k, width)
                    for lane in range(width)
                ]
                for step, vector in enumerate(transposed([load(product.right, c) for c in columns], scope)):
                    b.store(into, at + (step * panel + q * width), vector)
        return full

    # ------------------------------------------------------------ vectors of terms

    def inner(self) -> None:
        """Tile by tile, each with all terms of its sums."""

        def whole_tile(tile: _Tile) -> None:
            zeros = self._zeros(tile.rows, tile.lanes)
            self._end(self._inner_tile(tile, self.product.sums[:-1], zeros), tile)

        self._inner_tiles(whole_tile)

    def kept(self) -> None:
        """Term by term of the outermost sum, every tile for each: the accumulators wait in memory.

        That is for few results of long sums: what a term reads stays near while all tiles read it.
        """
        b, product, scope = self.b, self.product, self.scope
        first, *others = product.sums[:-1]
        assert scope.scratch is not None
        results = prod(extent(i) for i in (*product.around, product.row, product.column))
        self._memory = scope.scratch.take(results * self.width, scope)
        with b.loop("k", 0, results * self.width, self.width) as k:
            b.store(self._memory, k, b.constant(0.0, scope.number.by(self.width)))

        def part(tile: _Tile) -> None:
            kept = self._remembered(tile)
            for (r, q), total in self._inner_tile(tile, others, kept).items():
                b.store(self._memory, self._slot(tile, r, q), total)

        low = whole(first.low)
        with b.loop(first.name, low, low + extent(first)) as k, loops(product.around, scope.at(first, k)) as inside:
            self.scope = inside
            self._inner_tiles(part)
        with loops(product.around, scope) as inside:
            self.scope = inside
            self._inner_tiles(lambda tile: self._end(self._remembered(tile), tile))

    def _remembered(self, tile: _Tile) -> Totals:
        return {
            (r, q): self.b.load(self._memory, self._slot(tile, r, q), self.width)
            for r in range(tile.rows) for q in range(len(tile.lanes))
        }  # fmt: skip

    def _slot(self, tile: _Tile, r: int, q: int) -> Term:
        """Where the accumulator of a result lies in memory."""
        product = self.product
        places = (*product.around, product.row, product.column)
        scope = self.scope.at(product.row, tile.row + r).at(product.column, tile.column + q)
        return self.b.term(scope.offset(counted(places)), I64) * self.width

    def _inner_tiles(self, action: Callable[[_Tile], None]) -> None:
        rows, columns = self.machine.inner
        product = self.product
        for runs, base in self._row_tiles(rows):
            for column, many in self._starts(product.column, powers(product.column, columns)):
                for row, size in self._starts(product.row, runs, base, self._before(column, many)):
                    action(_Tile(row, size, column, (self.width,) * many, self.width))

    def _inner_tile(self, tile: _Tile, sums: Sequence[Index], begun: Totals) -> Totals:
        """The accumulators of a tile after the sums, the innermost of which lies side by side."""
        product, scope = self.product, self.scope
        index = product.sums[-1]
        rows, columns = self._places(tile)

        def step(totals: Totals, inner: Scope, at: Term | int, mask: Term | None) -> Totals:
            def read(access: Access, side: Scope) -> Term:
                return load(access, inner.inside(side).side_by_side(index, at, self.width, mask))

            return self._step(totals, [read(product.left, s) for s in rows], [read(product.right, s) for s in columns])

        def last_step(totals: Totals, inner: Scope) -> Totals:
            low, count = whole(index.low), extent(index)
            full = count - count % self.width
            if full:
                names = {f"c{r}_{q}": at for at in totals for r, q in [at]}
                start = {n: totals[at] for n, at in names.items()}
                with self.b.fold(index.name, low, low + full, start, step=self.width) as fold:
                    inside = {at: fold[n] for n, at in names.items()}
                    for at, term in step(inside, inner, fold.index, None).items():
                        fold[f"c{at[0]}_{at[1]}"] = term
                totals = {at: fold[n] for n, at in names.items()}
            if full < count:
                totals = step(totals, inner, low + full, self.b.tail(0, count - full, self.width))
            return totals

        return self._over(sums, begun, scope, last_step)

    def _places(self, tile: _Tile) -> tuple[list[Scope], list[Scope]]:
        """The scopes of a tile's rows, and of its columns."""
        product, scope = self.product, self.scope
        rows = [scope.at(product.row, tile.row + r if r else tile.row) for r in range(tile.rows)]
        columns = [scope.at(product.column, tile.column + q if q else tile.column) for q in range(len(tile.lanes))]
        return rows, columns

    def _end(self, totals: Totals, tile: _Tile) -> None:
        """The rest of the assignment on each sum of a tile."""
        many = len(tile.lanes)
        rows, columns = self._places(tile)
        for r, side in enumerate(rows):
            found = added_up([totals[r, q] for q in range(many)], self.scope)
            here = side.side_by_side(self.product.column, tile.column, many) if many > 1 else columns[0].inside(side)
            self._store(here.with_known(self.product.node, found))


__all__ = ["Machine", "even", "multiply", "powers"]
