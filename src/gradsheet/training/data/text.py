r"""CSV: a header with names, then a row for each example, read once in pieces.

Cells are parted by commas, semicolons or tabs, whichever the header has most of; they may be quoted. A mark of byte
order, Windows line ends, spaces around cells and empty lines are nothing. A number is written with a decimal point.
Blocks without quotes go through NumPy's reader; where that fails, the block is read cell by cell, which finds
the place.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import refuse
from gradsheet.training.data.faults import counted, listed
from gradsheet.training.data.tables import Choice, PieceTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TextIO

    from numpy.typing import NDArray

_BLOCK = 8 << 20
_Columns = tuple[list[int], "NDArray[Any]"]
"""Which columns were read, and their entries."""
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf|infinity)", re.IGNORECASE | re.ASCII)


class TextTable(PieceTable):
    """A CSV file."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        with self._open() as file:
            self._skip = 0
            header = ""
            for line in self._lines(file):
                self._skip += line.count("\n") or 1
                if line.strip():
                    header = line
                    break
        if not header:
            refuse("GS817", "the file is empty: its first line is to name the columns", name)
        self.delimiter = max(",;\t", key=_unquoted(header).count)
        self.names = [cell.strip() for cell in next(csv.reader(io.StringIO(header), delimiter=self.delimiter))]
        self._check_names()
        self.fields = {n: () for n in self.names if n}

    def _check_names(self) -> None:
        if all(_NUMBER.fullmatch(n) for n in self.names):
            refuse(
                "GS810",
                f"the first line is to name the columns, and holds numbers: {listed(self.names)}",
                self.name,
                f"put a line before it: {self.delimiter.join(f'x{k}' for k in range(1, min(4, len(self.names) + 1)))}…",
            )
        twice = [n for k, n in enumerate(self.names) if n and n in self.names[:k]]
        if twice:
            refuse("GS810", f"the column '{twice[0]}' stands twice in the first line", self.name, "rename one of them")

    # ------------------------------------------------------------ lines

    def _open(self) -> TextIO:
        return self.path.open(encoding="utf-8-sig")

    def _lines(self, file: TextIO) -> Iterator[str]:
        """Lines, where a quoted cell that runs over several lines is in one."""
        pending = ""
        try:
            for line in file:
                pending += line
                if pending.count('"') % 2 == 0:
                    yield pending
                    pending = ""
        except UnicodeDecodeError as problem:
            refuse("GS810", f"the file is not UTF-8 text: {problem.reason}", self.name, "save it as UTF-8")
        if pending:
            refuse("GS814", f"a quote is opened and never closed: {pending[:30].rstrip()}…", self.name)

    def _blocks(self) -> Iterator[tuple[int, list[str]]]:
        """Blocks of lines, empty ones left out, each with the number of lines of the file before it."""
        with self._open() as file:
            for _ in range(self._skip):
                file.readline()
            before, after = self._skip, self._skip
            lines: list[str] = []
            held = 0
            for line in self._lines(file):
                after += line.count("\n") or 1
                lines.append(line)
                held += len(line)
                if held > _BLOCK:
                    yield before, lines
                    before, lines, held = after, [], 0
            if lines:
                yield before, lines

    def place(self, row: int) -> str:
        """Line and row."""
        seen = 0
        for before, lines in self._blocks():
            number = before
            for line in lines:
                number += 1
                if line.strip():
                    if seen == row:
                        return f"line {number} (row {row + 1})"
                    seen += 1
                number += max(0, line.count("\n") - 1)
        return f"row {row + 1}"

    # ------------------------------------------------------------ pieces

    def pieces(self, choices: Mapping[str, Choice], dtype: str) -> Iterator[dict[str, NDArray[Any]]]:
        """The chosen columns of each block."""
        where = {n: k for k, n in enumerate(self.names)}
        numbers = sorted({where[f] for c in choices.values() if not c.labels for f in c.fields})
        words = sorted({where[f] for c in choices.values() if c.labels for f in c.fields})
        row = 0
        for before, lines in self._blocks():
            found = self._quick(lines, numbers, words, dtype) or self._careful(before, row, lines, numbers, words)
            values, texts = found
            if len(values) == 0 and len(texts) == 0:
                continue
            row += max(len(values), len(texts))
            yield {s: _picked(c, where, (numbers, values), (words, texts), dtype) for s, c in choices.items()}

    def _quick(
        self, lines: Sequence[str], numbers: list[int], words: list[int], dtype: str
    ) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """The columns of a block without quotes whose rows are whole and whose numbers are numbers."""
        full = [line for line in lines if line and not line.isspace()]
        parted = len(self.names) - 1
        if not full or any('"' in line or line.count(self.delimiter) != parted for line in full):
            return None
        values = np.empty((len(full), 0))
        if numbers:
            try:
                values = np.loadtxt(
                    full, dtype, comments=None, delimiter=self.delimiter, usecols=numbers, ndmin=2, encoding=None
                )
            except (ValueError, OverflowError):
                return None
            if len(values) != len(full):
                return None
        if not words:
            return values, np.empty((len(full), 0), dtype=str)
        cells = [line.rstrip("\n").split(self.delimiter) for line in full]
        texts = np.array([[c[k].strip() for k in words] for c in cells], dtype=str)
        return None if (texts == "").any() else (values, texts)

    def _careful(
        self, before: int, row: int, lines: Sequence[str], numbers: list[int], words: list[int]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The same cell by cell; whatever is wrong is named with its line and column."""
        values: list[list[float]] = []
        texts: list[list[str]] = []
        number = before
        for line in lines:
            number += 1
            if line.strip():
                (cells, *_) = csv.reader(io.StringIO(line, newline=""), delimiter=self.delimiter, strict=False)
                place = f"line {number} (row {row + len(values) + 1})"
                if len(cells) != len(self.names):
                    self._ragged(place, cells)
                values.append([self._number(place, self.names[k], cells[k].strip()) for k in numbers])
                texts.append([self._present(place, self.names[k], cells[k].strip()) for k in words])
            number += max(0, line.count("\n") - 1)
        found = np.array(values, dtype=np.float64).reshape(len(values), len(numbers))
        return found, np.array(texts, dtype=str).reshape(len(texts), len(words))

    def _ragged(self, place: str, cells: list[str]) -> None:
        hint = None
        if len(cells) > len(self.names) and self.delimiter == ",":
            hint = 'a cell with a comma in it is written in quotes: "a, b"; a decimal with a point: 0.5'
        refuse(
            "GS814",
            f"{place} has {counted(len(cells), 'cell')}, the first line names {counted(len(self.names), 'column')}",
            self.name,
            hint or "give each row a cell for each column",
        )

    def _present(self, place: str, column: str, cell: str) -> str:
        if not cell:
            refuse(
                "GS814", f"{place}, column '{column}': the cell is empty", self.name,
                "give it a value, or leave the row out; nothing is filled in unasked",
            )  # fmt: skip
        return cell

    def _number(self, place: str, column: str, cell: str) -> float:
        hint = "map the symbol to other columns: --map NAME=COLUMN:COLUMN; words are labels where the sheet says onehot"
        if re.fullmatch(r"[-+]?\d+,\d+", cell):
            hint = f"write decimals with a point: {cell.replace(',', '.')}"
        if not _NUMBER.fullmatch(self._present(place, column, cell)):
            refuse("GS813", f"{place}, column '{column}': '{cell[:40]}' is no number", self.name, hint)
        return float(cell)


def _picked(
    choice: Choice, where: Mapping[str, int], numbers: _Columns, words: _Columns, dtype: str
) -> NDArray[Any]:
    columns, source = words if choice.labels else numbers
    places = [columns.index(where[f]) for f in choice.fields]
    if len(places) == 1:
        found = source[:, places[0]]
    elif places == list(range(places[0], places[0] + len(places))):
        found = source[:, places[0] : places[0] + len(places)]
    else:
        found = source[:, places]
    return np.ascontiguousarray(found, dtype=None if choice.labels else dtype)


def _unquoted(header: str) -> str:
    return re.sub(r'"[^"]*"', "", header)


__all__ = ["TextTable"]
