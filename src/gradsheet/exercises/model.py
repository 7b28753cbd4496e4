"""Exercises as data: variants of a sheet, each with its solution, and what had to be given up."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.sheet import Sheet
    from gradsheet.solution import Solution


@dataclass(frozen=True, slots=True)
class Variant:
    """The author's sheet with other numbers, solved and verified by itself."""

    number: int
    """Counted from 1."""
    text: str
    """The sheet's text."""
    solution: Solution
    missed: tuple[str, ...] = ()
    """Criteria that no draw met together with the more important ones."""

    @property
    def sheet(self) -> Sheet:
        """The sheet that the text is."""
        return self.solution.sheet


@dataclass(slots=True)
class Exercises:
    """Variants of one sheet; the same sheet and seed give the same ones, however many are asked for."""

    sheet: Sheet
    seed: int
    variants: list[Variant] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What holds for all of them: sizes that were chosen, values that are kept, fillings that were written out."""
