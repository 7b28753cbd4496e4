"""What is known where a statement is written down: the arrays, the indices of the loops around, the lanes."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from gradsheet.native.places import linear
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.expressions import Access, Affine, Index, Symbol
    from gradsheet.kernels import FunctionBuilder, Term, Type
    from gradsheet.native.packing import Scratch
    from gradsheet.native.places import Linear, Place
    from gradsheet.programs.model import Assign


@dataclass(frozen=True, slots=True)
class Lanes:
    """An index whose next values are computed side by side; a mask where the last of them are too many."""

    index: Index
    count: int
    mask: Term | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where code is written: `indices` are the loops around with the value each has there."""

    b: FunctionBuilder
    number: Type
    places: Mapping[Symbol, Place]
    width: int = 1
    """Lanes of a vector register."""
    scratch: Scratch | None = None
    definitions: Mapping[Symbol, Assign] = field(default_factory=dict)
    """What the arrays of the program were assigned."""
    indices: Mapping[Index, Term | int] = field(default_factory=dict)
    lanes: Lanes | None = None
    total: str = "total"
    """What a sum is called while it grows."""
    known: Mapping[object, Term] = field(default_factory=dict)
    """Values of nodes that were computed before, such as the sum that a product leaves."""

    def at(self, index: Index, value: Term | int) -> Scope:
        """The same inside a loop."""
        return replace(self, indices={**self.indices, index: value})

    def side_by_side(self, index: Index, first: Term | int, count: int, mask: Term | None = None) -> Scope:
        """The same for `count` values of an index at once."""
        return replace(self, indices={**self.indices, index: first}, lanes=Lanes(index, count, mask))

    def with_known(self, node: object, value: Term) -> Scope:
        return replace(self, known={**self.known, node: value})

    def inside(self, other: Scope) -> Scope:
        """The same inside the loops of another scope, with its lanes."""
        return replace(self, indices={**self.indices, **other.indices}, lanes=other.lanes)

    def without_lanes(self) -> Scope:
        """The same for one value of each index."""
        return replace(self, lanes=None)

    def masked(self, holds: Term) -> Scope:
        """The same, for the lanes in which a condition holds."""
        assert self.lanes is not None
        mask = holds if self.lanes.mask is None else self.lanes.mask & holds
        return replace(self, lanes=replace(self.lanes, mask=mask))

    @property
    def type(self) -> Type:
        """The type of a value that depends on the lanes."""
        return self.number if self.lanes is None else self.number.by(self.lanes.count)

    def is_moved(self, free: frozenset[Index]) -> bool:
        """Whether something with these free indices differs from lane to lane."""
        return self.lanes is not None and self.lanes.index in free

    # ------------------------------------------------------------ whole numbers

    def bound(self, value: Affine) -> Term | int:
        """The end of an index's range, which may use the indices around it."""
        return value.constant if value.is_constant else self.offset(linear([(value, 1)]))

    def offset(self, where: Linear) -> Term | int:
        """A linear form at the indices of the loops; that of the first lane."""
        values: list[tuple[Term | int, int]] = [(self.indices[index], by) for index, by in where.by_index.items()]
        values += [(self._whole(access), by) for access, by in where.by_access]
        total: Term | int = 0
        for value, by in sorted(values, key=lambda v: -abs(v[1])):
            part = by * value if by != 1 else value
            total = part if isinstance(total, int) and not total else total + part
        if where.constant >= 0 or isinstance(total, int):
            return total + where.constant if where.constant else total
        return total - -where.constant

    def _whole(self, access: Access) -> Term:
        """A whole number that is read from an array."""
        known = self.known.get(access)
        if known is not None:
            return known
        place = self.places[access.symbol]
        return self.b.load(place.pointer, self.offset(place.offset(access.at)))


__all__ = ["Lanes", "Scope"]
