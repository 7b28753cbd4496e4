"""Sizes of axes that are not known yet: united where two axes meet, with a number or a name where the page says it."""

from __future__ import annotations

from dataclasses import dataclass, field


class Mismatch(Exception):  # noqa: N818 - no error of the program: this reading of the shapes is given up
    """Two shapes do not conform."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Axes by their unknowns; `row` marks a vector that was transposed."""

    dims: tuple[int, ...] = ()
    row: bool = False

    @property
    def rank(self) -> int:
        return len(self.dims)


SCALAR = Shape()


@dataclass(slots=True)
class Dimensions:
    """A union-find that can be copied, so that several readings are followed side by side.

    >>> sizes = Dimensions()
    >>> a, b = sizes.fresh(), sizes.fresh(3)
    >>> sizes.unite(a, b); sizes.value(a)
    3
    >>> sizes.unite(a, sizes.fresh(4))
    Traceback (most recent call last):
    gradsheet.checking.network.dimensions.Mismatch: 3 against 4
    """

    parents: list[int] = field(default_factory=list)
    values: dict[int, int | str] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Dimensions:
        return Dimensions(self.parents.copy(), self.values.copy(), self.named.copy())

    def fresh(self, value: int | str | None = None) -> int:
        """A new axis; axes of one name are one."""
        if isinstance(value, str) and value in self.named:
            return self.named[value]
        self.parents.append(len(self.parents))
        made = len(self.parents) - 1
        if value is not None:
            self.values[made] = value
        if isinstance(value, str):
            self.named[value] = made
        return made

    def find(self, at: int) -> int:
        while self.parents[at] != at:
            at = self.parents[at]
        return at

    def value(self, at: int) -> int | str | None:
        return self.values.get(self.find(at))

    def unite(self, one: int, other: int) -> None:
        """Two axes are one; a number gives way to a name."""
        a, b = self.find(one), self.find(other)
        if a == b:
            return
        left, right = self.values.get(a), self.values.get(b)
        if left is not None and right is not None and left != right and isinstance(left, str) == isinstance(right, str):
            raise Mismatch(f"{left} against {right}")
        self.parents[b] = a
        if isinstance(left, int) or right is None:
            kept = left
        elif isinstance(right, int) or left is None:
            kept = right
        else:
            kept = left
        if kept is not None:
            self.values[a] = kept
        self.values.pop(b, None)

    def same(self, one: Shape, other: Shape) -> None:
        """Two shapes are one."""
        if one.rank != other.rank or one.row != other.row:
            raise Mismatch(f"{one.rank} axes against {other.rank}")
        for a, b in zip(one.dims, other.dims, strict=True):
            self.unite(a, b)
