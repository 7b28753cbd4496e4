"""Where the arrays of a program lie: a pointer, a stride for each axis, and offsets that are linear in the indices."""

from __future__ import annotations

from dataclasses import field
from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Affine, Index, Symbol
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.kernels import Term


def extent(index: Index) -> int:
    """How many values an index takes; its ends are numbers once sizes are."""
    return max(0, whole(index.high) - whole(index.low) + 1)


def whole(value: Affine) -> int:
    """A bound as the number that it is."""
    assert value.is_constant, value
    return value.constant


def has_fixed_range(index: Index) -> bool:
    """Whether the ends of an index are the same wherever it runs."""
    return index.low.is_constant and index.high.is_constant


def shape(symbol: Symbol) -> tuple[int, ...]:
    """The lengths of the axes."""
    return tuple(extent(a) for a in symbol.axes)


def row_major(lengths: Sequence[int]) -> tuple[int, ...]:
    """How far apart neighbours along each axis lie, rows after rows.

    >>> row_major((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(prod(lengths[k + 1 :]) for k in range(len(lengths)))


@dataclass(frozen=True, slots=True)
class Linear:
    """constant + Σ coefficient · index + Σ coefficient · a whole number that is read from an array."""

    constant: int = 0
    by_index: Mapping[Index, int] = field(default_factory=dict)
    by_access: tuple[tuple[Access, int], ...] = ()

    def along(self, index: Index) -> int:
        """How much it grows with each step of an index."""
        return self.by_index.get(index, 0)

    def depends_on(self, index: Index) -> bool:
        """Whether an index moves it, directly or by way of what is read."""
        return bool(self.along(index)) or any(index in a.free for a, _ in self.by_access)

    def moves_evenly(self, index: Index) -> bool:
        """Whether each step of an index moves it by as much: nothing that is read for it depends on the index."""
        return not any(index in a.free for a, _ in self.by_access)

    @property
    def is_plain(self) -> bool:
        return not self.by_access


def linear(at: Iterable[tuple[Affine, int]]) -> Linear:
    """Σ stride · place over the axes of a component."""
    constant = 0
    by_index: dict[Index, int] = {}
    by_access: list[tuple[Access, int]] = []
    for place, stride in at:
        constant += place.constant * stride
        for atom, coefficient in place.terms:
            if isinstance(atom, Index):
                by_index[atom] = by_index.get(atom, 0) + coefficient * stride
            else:
                assert isinstance(atom, Access), atom
                by_access.append((atom, coefficient * stride))
    return Linear(constant, {i: c for i, c in by_index.items() if c}, tuple(by_access))


@dataclass(frozen=True, slots=True)
class Place:
    """One array in memory."""

    pointer: Term
    strides: tuple[int, ...]
    integer: bool = False

    def offset(self, at: Sequence[Affine]) -> Linear:
        """Where a component lies, counted in elements from the pointer."""
        return linear(zip(at, self.strides, strict=True))


__all__ = ["Linear", "Place", "extent", "has_fixed_range", "linear", "row_major", "shape", "whole"]
