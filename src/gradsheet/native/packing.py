"""The sides of a product as tiles read them: straight from an array, or from a copy in the order of reading.

A tile reads an entry of each of its rows, and vectors of its columns, for one term of the sum after another. Where
these lie far apart, each on a page of memory of its own, a copy that is read many times is worth its making.
"""

from __future__ import annotations

from dataclasses import field
from math import prod
from typing import TYPE_CHECKING

from gradsheet.kernels import I64
from gradsheet.native.places import Linear, extent, row_major, whole
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import Access, Index
    from gradsheet.kernels import Term
    from gradsheet.native.scope import Scope

_PAGES = 48
"""So many pages can be read by turns before the processor has to look up where they are."""
_PAGE = 4096
_READ_OFTEN = 4


@dataclass(slots=True)
class Scratch:
    """Memory for copies, behind the arrays of the workspace; every assignment begins at its start again."""

    pointer: Term
    start: int
    need: int = 0
    used: int = field(default=0, repr=False)

    def take(self, count: int, scope: Scope) -> Term:
        """The address of so many numbers."""
        at = self.start + self.used
        self.used += -(-count // 16) * 16
        self.need = max(self.need, self.used)
        return scope.b.advance(self.pointer, at).named("scratch")

    def reset(self) -> None:
        """Nothing taken before is needed any more."""
        self.used = 0


@dataclass(frozen=True, slots=True)
class Copy:
    """Entries in the order of reading: for each tile, for each term of the sum, the tile's entries side by side."""

    pointer: Term
    index: Index
    terms: int
    flat: Linear
    """Which term of the sum it is, counted from 0."""

    def tile(self, start: Term | int, scope: Scope) -> Term:
        """Where a tile's entries begin."""
        low = whole(self.index.low)
        from_low = start - low if low else start
        return scope.b.advance(self.pointer, scope.b.term(from_low * self.terms, I64))


def counted(sums: Sequence[Index]) -> Linear:
    """The number of a term of a sum over several indices, the last changing fastest."""
    strides = row_major([extent(s) for s in sums])
    constant = -sum(whole(s.low) * stride for s, stride in zip(sums, strides, strict=True))
    return Linear(constant, dict(zip(sums, strides, strict=True)))


def is_scattered(access: Access, sums: Sequence[Index], scope: Scope, read: int) -> bool:
    """Whether the terms of a sum lie on many pages, and are read often enough to be copied first."""
    place = scope.places[access.symbol].offset(access.at)
    pages = 1.0
    for s in sums:
        stride = abs(place.along(s)) * scope.number.bytes
        pages *= max(1.0, extent(s) * min(stride, _PAGE) / _PAGE)
    return pages > _PAGES and read >= _READ_OFTEN


def terms_of(sums: Sequence[Index]) -> int:
    """How many terms a sum has."""
    return prod(extent(s) for s in sums)


__all__ = ["Copy", "Scratch", "counted", "is_scattered", "terms_of"]
