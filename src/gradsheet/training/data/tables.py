"""What a source of data holds: named fields with a row for each example, and how they become arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import refuse
from gradsheet.training.data.converting import gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The fields of which a symbol is made, in order; `labels` says that they may hold words instead of numbers."""

    fields: tuple[str, ...]
    labels: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """How much memory converted data may take before they go to a file; None: as much as they need."""

    memory: int | None = 256 << 20
    dtype: str = "float64"
    """What numbers of text become."""


class Table(ABC):
    """One source. `fields` has the shape of one row of each field, in the order of the source."""

    name: str
    fields: dict[str, Shape]

    @abstractmethod
    def load(self, choices: Mapping[str, Choice], budget: Budget) -> dict[str, NDArray[Any]]:
        """An array for each symbol, rows first; several fields stand side by side along the second axis."""

    def place(self, row: int) -> str:
        """How a row, counted from 0, is found by a person."""
        return f"row {row + 1}"


class ArrayTable(Table):
    """Arrays by name, each made when it is asked for: in memory, or mapped from a file."""

    def __init__(self, name: str, shapes: dict[str, Shape], make: Callable[[str, Budget], NDArray[Any]]) -> None:
        self.name, self.names, self.array = name, tuple(shapes), make
        self.fields = {n: shape[1:] for n, shape in shapes.items() if shape}

    def load(self, choices: Mapping[str, Choice], budget: Budget) -> dict[str, NDArray[Any]]:
        return {symbol: self._joined(choice, budget) for symbol, choice in choices.items()}

    def _joined(self, choice: Choice, budget: Budget) -> NDArray[Any]:
        arrays = [self.array(field, budget) for field in choice.fields]
        if len(arrays) == 1:
            return arrays[0]
        rows = {len(a): field for a, field in zip(arrays, choice.fields, strict=True)}
        if len(rows) > 1:
            text = ", ".join(f"'{field}' has {count}" for count, field in rows.items())
            refuse("GS816", f"the arrays differ in their rows: {text}", self.name, "an example is a row of each")
        return np.stack(arrays, axis=1)


class PieceTable(Table):
    """A file that is read in pieces of rows, once: into memory, or beyond a limit into a file that is mapped."""

    path: Path

    @abstractmethod
    def pieces(self, choices: Mapping[str, Choice], dtype: str) -> Iterator[dict[str, NDArray[Any]]]:
        """The rows of all symbols, some thousands at a time."""

    def load(self, choices: Mapping[str, Choice], budget: Budget) -> dict[str, NDArray[Any]]:
        what = (budget.dtype, *(f"{s}={c.labels}:{'|'.join(c.fields)}" for s, c in choices.items()))
        found = gathered(self.pieces(choices, budget.dtype), self.path, what, budget.memory)
        if not found:
            refuse("GS817", "the file has names of columns, and no rows below them", self.name)
        return found


__all__ = ["ArrayTable", "Budget", "Choice", "PieceTable", "Shape", "Table"]
