"""Symbols: what a name stands for: its axes, its set, its part in the sheet."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Literal

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from fractions import Fraction

    from gradsheet.diagnostics.source import Span
    from gradsheet.expressions.affine import Affine, Index

_serial = count(1)


class Role(Enum):
    """The part a symbol plays in a sheet."""

    INPUT = "input"
    DEFINITION = "definition"
    FUNCTION = "function"
    LOCAL = "local"
    ADJOINT = "adjoint"
    COTANGENT = "cotangent"


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The set an entry (or, for `onehot` and `simplex`, a row along the last axis) belongs to."""

    kind: Literal["real", "finite", "onehot", "simplex", "index"] = "real"
    values: tuple[Fraction, ...] = ()
    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False
    bounds: tuple[Affine, Affine] | None = None
    """For `index`: the range of the values."""

    @property
    def rows_sum_to_one(self) -> bool:
        return self.kind in {"onehot", "simplex"}


REAL = ValueSet()


@dataclass(eq=False, slots=True)
class Symbol:
    """A tensor-valued name. Axes are a telescope: the range of one may use the indices before it, as in n[l]×n[l-1].

    `leading` counts the axes that the author writes as an index of the name (`h[l]`, `ℓ[i]`): a family or a map over
    rows; the rest is the shape of one member.
    """

    name: str
    axes: tuple[Index, ...] = ()
    role: Role = Role.INPUT
    leading: int = 0
    row: bool = False
    domain: ValueSet = REAL
    symmetric: bool = False
    span: Span | None = field(default=None, repr=False)
    adjoint_of: tuple[Symbol, tuple[Symbol, ...]] | None = field(default=None, repr=False)
    """For a derivative ∂L/∂W: (L, (W,)); for ∂²L/∂w²: (L, (w, w))."""
    parameters: tuple[Symbol, ...] = field(default=(), repr=False)
    """For a function: its formal arguments."""
    serial: int = field(default_factory=lambda: next(_serial))

    @property
    def rank(self) -> int:
        return len(self.axes)

    @property
    def is_integer(self) -> bool:
        return self.domain.kind == "index"

    @property
    def order(self) -> tuple[object, ...]:
        return (3, self.name, self.serial)

    def __repr__(self) -> str:
        return self.name


@dataclass(eq=False, slots=True, frozen=True)
class Unspecified:
    """An unspecified elementwise function `g : ℝ → ℝ`, differentiated `times` times: g, g', g''."""

    name: str
    times: int = 0
    span: Span | None = field(default=None, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unspecified) and (self.name, self.times) == (other.name, other.times)

    def __hash__(self) -> int:
        return hash((self.name, self.times))

    def prime(self) -> Unspecified:
        return Unspecified(self.name, self.times + 1, self.span)

    def __repr__(self) -> str:
        return self.name + "'" * self.times
