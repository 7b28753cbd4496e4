"""Text that stands for an array: how strongly it binds, which indices its axes are, and what it holds."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.expressions import Index

Kind = Literal["number", "test", "array", "whole", "mask"]
"""A number or a truth value of Python; an array of floats, of whole numbers, of truth values."""


class Level(IntEnum):
    """How strongly the outermost operator of a text binds, as in Python."""

    CHOICE = 0
    COMPARISON = 1
    SUM = 2
    PRODUCT = 3
    SIGN = 4
    POWER = 5
    ATOM = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression of the target as text; its axes are indices of the program, in the order of the array's own."""

    text: str
    level: Level = Level.ATOM
    axes: tuple[Index, ...] = ()
    kind: Kind = "array"
    inverse: Piece | None = None
    """For A⁻¹ that has no array of its own: A, with the axes named the other way round."""

    def at(self, level: Level) -> str:
        """The text where an operator of some strength stands around it."""
        return self.text if self.level >= level else f"({self.text})"

    def named(self, axes: Iterable[Index]) -> Piece:
        """The same array with other indices as its axes."""
        return replace(self, axes=tuple(axes))

    @property
    def is_scalar(self) -> bool:
        return not self.axes


def number_text(value: float) -> Piece:
    """A whole number as a number of Python."""
    text = repr(value)
    return Piece(text, Level.SIGN if text.startswith("-") else Level.ATOM, kind="number")


def ordered(axes: Iterable[Index], order: Sequence[Index]) -> tuple[Index, ...]:
    """Indices in the order of the loops they stand for."""
    place = {i: k for k, i in enumerate(order)}
    return tuple(sorted(axes, key=lambda i: place[i]))


def united(pieces: Iterable[Piece], order: Sequence[Index]) -> tuple[Index, ...]:
    """All axes of several arrays, in order."""
    return ordered(dict.fromkeys(a for p in pieces for a in p.axes), order)


__all__ = ["Kind", "Level", "Piece", "number_text", "ordered", "united"]
