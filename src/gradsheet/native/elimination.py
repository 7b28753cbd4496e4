"""Inverses and determinants by Gauss–Jordan elimination with the largest pivot of each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Access, ArrayCall, Index
from gradsheet.kernels import I64
from gradsheet.kernels.mathematics import apply
from gradsheet.native.nests import loops
from gradsheet.native.places import extent, linear, whole
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.kernels import Term
    from gradsheet.native.scope import Scope
    from gradsheet.programs.model import Assign

ELIMINATIONS = ("inverse", "det", "logdet")


def eliminate(statement: Assign, node: ArrayCall, scope: Scope) -> None:
    """Target = inverse(A)[i,j], det(A) or log det(A), for every value of the indices around."""
    matrix = node.argument.body
    assert isinstance(matrix, Access)
    own = {a.single for a in node.at}
    around = [i for i in statement.free if i not in own]
    count = extent(node.argument.indices[0])
    assert scope.scratch is not None
    left = scope.scratch.take(count * count, scope)
    right = scope.scratch.take(count * count, scope) if node.operation == "inverse" else None
    with loops(around, scope) as inner:
        _copied(node, matrix, left, count, inner)
        made = _Elimination(inner, left, right, count)
        made.run()
        _stored(statement, node, made, inner)


def _copied(node: ArrayCall, matrix: Access, into: Term, count: int, scope: Scope) -> None:
    """The matrix row by row, in memory that may be overwritten."""
    first, second = node.argument.indices
    where = scope.places[matrix.symbol].offset(matrix.at)
    b = scope.b
    with b.loop("i", 0, count) as i, b.loop("j", 0, count) as j:
        here = scope.at(first, i + whole(first.low)).at(second, j + whole(second.low))
        b.store(into, i * count + j, b.load(scope.places[matrix.symbol].pointer, here.offset(where)))


@dataclass(eq=False)
class _Elimination:
    """A, in `left`, becomes the identity; the identity, in `right`, becomes the inverse of A."""

    scope: Scope
    left: Term
    right: Term | None
    count: int
    sign: Term | None = None
    size: Term | None = None
    """±1, and log |det A|."""
    product: Term | None = None

    def run(self) -> None:
        b, n = self.scope.b, self.count
        if self.right is not None:
            with b.loop("i", 0, n) as i:
                with b.loop("j", 0, n) as j:
                    b.store(self.right, i * n + j, 0.0)
                b.store(self.right, i * (n + 1), 1.0)
        one, zero = b.constant(1.0, self.scope.number), b.constant(0.0, self.scope.number)
        with b.fold("k", 0, n, {"sign": one, "size": zero, "product": one}) as fold:
            k = fold.index
            row = self._pivot(k)
            self._exchange(k, row)
            pivot = b.load(self.left, k * (n + 1)).named("pivot")
            swapped = b.select(row.equals(k), one, -one)
            fold["product"] = fold["product"] * pivot * swapped
            fold["sign"] = fold["sign"] * swapped * b.select(pivot < 0.0, -one, one)
            fold["size"] = fold["size"] + apply("log", abs(pivot))
            self._cleared(k, pivot)
        self.sign, self.size, self.product = fold["sign"], fold["size"], fold["product"]

    def _pivot(self, k: Term) -> Term:
        """The row at or below k with the largest entry in column k."""
        b, n = self.scope.b, self.count
        start = {"row": k, "most": abs(b.load(self.left, k * (n + 1)))}
        with b.fold("i", k + 1, n, start) as fold:
            entry = abs(b.load(self.left, fold.index * n + k))
            larger = entry > fold["most"]
            fold["row"] = b.select(larger, fold.index, fold["row"])
            fold["most"] = b.select(larger, entry, fold["most"])
        return fold["row"]

    def _exchange(self, k: Term, row: Term) -> None:
        b, n = self.scope.b, self.count
        with b.when(row.differs(k)):
            for array in self._arrays():
                with b.loop("j", 0, n) as j:
                    upper, lower = b.load(array, k * n + j), b.load(array, row * n + j)
                    b.store(array, k * n + j, lower)
                    b.store(array, row * n + j, upper)

    def _cleared(self, k: Term, pivot: Term) -> None:
        """Row k over its pivot, and its multiples from every other row."""
        b, n = self.scope.b, self.count
        inverse = b.constant(1.0, pivot.number) / pivot
        for array in self._arrays():


            def scaled(at: Term, lanes: int, array: Term = array) -> Term:
                return b.load(array, at, lanes) * b.splat(inverse, pivot.number.by(lanes))

            self._row(array, k, scaled)
        first = b.term(0, I64) if self.right is not None else k + 1
        with b.loop("i", first, n) as i, b.when(i.differs(k)):
            factor = b.load(self.left, i * n + k)
            for array in self._arrays():
                offset = (k - i) * n

                def less(at: Term, lanes: int, array: Term = array, offset: Term = offset) -> Term:
                    own, other = b.load(array, at, lanes), b.load(array, at + offset, lanes)
                    return b.muladd(b.splat(-factor, own.number), other, own)

                self._row(array, i, less)

    def _row(self, array: Term, row: Term, made: Callable[[Term, int], Term]) -> None:
        """A row of an array changed, several entries side by side."""
        b, n, width = self.scope.b, self.count, self.scope.width
        full = n - n % width
        if full:
            with b.loop("j", 0, full, width) as j:
                at = row * n + j
                b.store(array, at, made(at, width))
        if full < n:
            with b.loop("j", full, n) as j:
                at = row * n + j
                b.store(array, at, made(at, 1))

    def _arrays(self) -> list[Term]:
        return [self.left] if self.right is None else [self.left, self.right]


def _stored(statement: Assign, node: ArrayCall, made: _Elimination, scope: Scope) -> None:
    b = scope.b
    place = scope.places[statement.target]
    where = place.offset(statement.pattern)
    assert made.sign is not None
    assert made.size is not None
    if node.operation == "det":
        assert made.product is not None
        b.store(place.pointer, scope.offset(where), made.product)
        return
    if node.operation == "logdet":
        undefined = b.constant(float("nan"), scope.number)
        b.store(place.pointer, scope.offset(where), b.select(made.sign > 0.0, made.size, undefined))
        return
    assert made.right is not None
    free = [i for a in node.at if isinstance(i := a.single, Index) and i in statement.free]
    with loops(free, scope) as inner:
        first, second = (inner.offset(linear([(a, 1)])) for a in node.at)
        at = b.term(first, I64) * made.count + second
        b.store(place.pointer, inner.offset(where), b.load(made.right, at))


__all__ = ["ELIMINATIONS", "eliminate"]
