"""Sizes that equations tie together: a union of literal sizes, and what it takes for two axes to conform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Affine, Index, Size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.diagnostics import Span

Range = tuple[Affine, Affine]


class SizeTable:
    """Literal sizes start out apart; `conform` unites those that an equation makes equal.

    A flexible size (that of an identity matrix) takes the value of whatever it meets.
    """

    def __init__(self) -> None:
        self._bound: dict[Size, Affine] = {}
        self._flexible: list[tuple[Size, Span]] = []
        self.used = False

    def flexible(self, span: Span) -> Affine:
        """A size that takes the value of whatever it meets; `open_sizes` tells the ones that met nothing."""
        size = Size("?", Size.of(0).serial, None)
        self._flexible.append((size, span))
        return Affine.atom(size)

    @property
    def open_sizes(self) -> list[Span]:
        """Where a flexible size stands that met nothing."""
        return [span for size, span in self._flexible if size not in self._bound]

    def resolve(self, value: Affine) -> Affine:
        """The value with every united size replaced by its representative."""
        if not self._bound:
            return value
        while True:
            new = value.substitute(self._bound)
            if new == value:
                return new
            value = new

    def conform(self, a: Range, b: Range) -> bool:
        """Whether two axes have the same first and last index, uniting literal sizes where that makes them equal."""
        return self._equal(a[0], b[0]) and self._equal(a[1], b[1])

    def _equal(self, a: Affine, b: Affine) -> bool:
        a, b = self.resolve(a), self.resolve(b)
        if a == b:
            return True
        for one, other in ((a, b), (b, a)):
            atom = one.single
            if isinstance(atom, Size) and _is_flexible(atom):
                self._bound[atom] = other
                return True
        if literal(a) is None or literal(a) != literal(b):
            return False
        for one, other in ((a, b), (b, a)):
            atom = one.single
            if isinstance(atom, Size) and atom.literal is not None:
                self._bound[atom] = other
                return True
        # Composite literal sizes of equal value, such as 2 + 3 and 5: fix their parts.
        for one in (a, b):
            self.fix(one)
        return True

    def fix(self, value: Affine) -> None:
        """Take the literal sizes in an expression as the numbers they are: they will not be generalised."""
        for atom in list(self.resolve(value).atoms()):
            if isinstance(atom, Size) and atom.literal is not None:
                self._bound[atom] = Affine(atom.literal)

    def mapping(self, sizes: Iterable[Size]) -> dict[Size, Affine]:
        """What each size stands for in the end."""
        result = {s: self.resolve(Affine.atom(s)) for s in sizes}
        return {s: v for s, v in result.items() if v.single != s}

    @property
    def bound(self) -> dict[Size, Affine]:
        return {s: self.resolve(v) for s, v in self._bound.items()}


def _is_flexible(size: Size) -> bool:
    return size.name == "?" and size.literal is None


def literal(value: Affine) -> int | None:
    """The number that an affine expression of literal sizes stands for."""
    total = value.constant
    for atom, coefficient in value.terms:
        if not isinstance(atom, Size) or atom.literal is None:
            return None
        total += coefficient * atom.literal
    return total


def length(index: Index) -> Affine:
    """How many values an index takes."""
    return index.high - index.low + 1


def range_text(low: Affine, high: Affine) -> str:
    """`n` for 1..n, else `0..R`."""
    return repr(high) if low == Affine(1) else f"{low}..{high}"


def shape_text(indices: Iterable[Index]) -> str:
    """A shape as people write it: `4×3`, `(0..R)`, `scalar`."""
    parts = [range_text(i.low, i.high) for i in indices]
    return "×".join(p if " " not in p else f"({p})" for p in parts) if parts else "scalar"
