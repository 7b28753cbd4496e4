"""Where the numbers of a symbol come from: so that a fault is named by file, row and column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gradsheet.training.data.needs import Need
    from gradsheet.training.data.tables import Table

_CHUNK = 8 << 20


@dataclass(frozen=True, slots=True)
class Origin:
    """A symbol, its source, and the fields of the source that are the symbol."""

    need: Need
    table: Table
    fields: tuple[str, ...]

    def refuse(self, code: str, message: str, suggestion: str | None = None) -> NoReturn:
        refuse(code, message, self.table.name, suggestion)

    def at(self, row: int, entry: int | None = None, width: int = 1) -> str:
        """A row, and one of the `width` entries of the row, in the words of the source."""
        place = self.table.place(row)
        if len(self.fields) > 1 and entry is not None:
            return f"{place}, column '{self.fields[entry * len(self.fields) // width]}'"
        if width > 1 and entry is not None:
            return f"{place} of '{self.fields[0]}', entry {entry + 1} of {width}"
        return f"{place}, column '{self.fields[0]}'"

    @property
    def name(self) -> str:
        """The fields as a person would list them."""
        if len(self.fields) == 1:
            return f"'{self.fields[0]}'"
        return f"'{self.fields[0]}' to '{self.fields[-1]}'"


def chunks(array: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Rows of an array some megabytes at a time, flat, with the number of the first: a mapped file is read once."""
    width = max(1, int(np.prod(array.shape[1:], dtype=np.int64)))
    count = max(1, _CHUNK // max(1, width * array.dtype.itemsize))
    for start in range(0, len(array), count):
        part = array[start : start + count]
        yield start, np.asarray(part).reshape(len(part), width)


__all__ = ["Origin", "chunks"]
