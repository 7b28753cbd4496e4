"""Whole-number expressions, linear in indices, sizes and integer values: `τ - s`, `l + 1`, `T - R`, `n[l-1]`."""

from __future__ import annotations

from dataclasses import field
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_serial = count(1)


class Atom(Protocol):
    """What an affine expression is linear in."""

    @property
    def order(self) -> tuple[object, ...]:
        """A total order among atoms, the same in every run."""


@dataclass(frozen=True, slots=True)
class Size:
    """The number of entries along an axis: a symbol `n`, or a literal such as the 4 in ℝ^4.

    A literal size has a serial number of its own, so that equations can tie it to others and verification can
    give it another value (sizes that tell the axes apart).
    """

    name: str
    serial: int = 0
    literal: int | None = None

    @staticmethod
    def of(value: int) -> Size:
        """A fresh literal size."""
        return Size(str(value), next(_serial), value)

    @property
    def order(self) -> tuple[object, ...]:
        return (0, self.name, self.serial)

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class SizeMember:
    """One size of a family: `n[l-1]`."""

    family: str
    at: Affine

    @property
    def order(self) -> tuple[object, ...]:
        return (1, self.family, self.at.order)

    def __repr__(self) -> str:
        return f"{self.family}[{self.at}]"


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A variable that runs over `low..high`; two with the same name are two."""

    name: str
    low: Affine
    high: Affine
    serial: int = field(default_factory=lambda: next(_serial))

    @property
    def order(self) -> tuple[object, ...]:
        return (2, self.name, self.serial)

    @property
    def range(self) -> tuple[Affine, Affine]:
        return self.low, self.high

    def fresh(self, name: str | None = None) -> Index:
        """Another index with the same range."""
        return Index(name or self.name, self.low, self.high)

    def __repr__(self) -> str:
        return f"{self.name}#{self.serial}"


@dataclass(frozen=True, slots=True)
class Affine:
    """constant + Σ coefficient · atom, in normal form: no zero coefficients, atoms in order.

    >>> n = Affine.atom(Size("n"))
    >>> n + 1 - n
    1
    >>> (n * 2 - 3)
    2 n - 3
    """

    constant: int = 0
    terms: tuple[tuple[Atom, int], ...] = ()

    @staticmethod
    def atom(atom: Atom) -> Affine:
        return Affine(0, ((atom, 1),))

    @staticmethod
    def _normal(constant: int, pairs: Iterable[tuple[Atom, int]]) -> Affine:
        merged: dict[Atom, int] = {}
        for atom, coefficient in pairs:
            merged[atom] = merged.get(atom, 0) + coefficient
        kept = [(a, c) for a, c in merged.items() if c]
        if len(kept) > 1:
            kept.sort(key=lambda pair: _order_text(pair[0]))
        return Affine(constant, tuple(kept))

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.constant + other, self.terms)
        return Affine._normal(self.constant + other.constant, (*self.terms, *other.terms))

    def __neg__(self) -> Affine:
        return Affine(-self.constant, tuple((a, -c) for a, c in self.terms))

    def __sub__(self, other: Affine | int) -> Affine:
        return self + -other

    def __mul__(self, factor: int) -> Affine:
        if factor == 0:
            return Affine()
        return Affine(self.constant * factor, tuple((a, c * factor) for a, c in self.terms))

    @property
    def is_constant(self) -> bool:
        return not self.terms

    @property
    def single(self) -> Atom | None:
        """The atom, if this is just that atom."""
        if self.constant == 0 and len(self.terms) == 1 and self.terms[0][1] == 1:
            return self.terms[0][0]
        return None

    def coefficient(self, atom: Atom) -> int:
        return next((c for a, c in self.terms if a == atom), 0)

    def atoms(self) -> Iterable[Atom]:
        """All atoms, those inside `n[l-1]` and inside the ranges of nothing else included."""
        for atom, _ in self.terms:
            yield atom
            if isinstance(atom, SizeMember):
                yield from atom.at.atoms()

    def substitute(self, mapping: Mapping[Any, Affine]) -> Affine:
        """Replace atoms, also inside `n[l-1]`."""
        return self.map_atoms(mapping.get)

    def map_atoms(self, replace: Callable[[Atom], Affine | None]) -> Affine:
        """Replace each atom for which `replace` gives something."""
        changed = False
        result = Affine(self.constant)
        for atom, coefficient in self.terms:
            new = replace(atom)
            if new is None and isinstance(atom, SizeMember):
                inner = atom.at.map_atoms(replace)
                if inner is not atom.at and inner != atom.at:
                    new = Affine.atom(SizeMember(atom.family, inner))
            if new is None:
                new = Affine.atom(atom)
            else:
                changed = True
            result = result + new * coefficient
        return result if changed else self

    @property
    def order(self) -> tuple[object, ...]:
        return (self.constant, tuple((a.order, c) for a, c in self.terms))

    def __repr__(self) -> str:
        parts: list[str] = []
        for atom, coefficient in self.terms:
            magnitude = "" if abs(coefficient) == 1 else f"{abs(coefficient)} "
            sign = "-" if coefficient < 0 else "+"
            name = atom.name if isinstance(atom, (Size, Index)) else repr(atom)
            parts.append((f"{sign} " if parts else ("-" if sign == "-" else "")) + magnitude + name)
        if self.constant or not parts:
            sign = "-" if self.constant < 0 else "+"
            parts.append(f"{sign} {abs(self.constant)}" if parts else str(self.constant))
        return " ".join(parts)


def _order_text(atom: Atom) -> str:
    return repr(atom.order)


ONE = Affine(1)
ZERO = Affine(0)
