"""Parquet, through pyarrow, batch by batch: columns of numbers, of words, and of lists that have one length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import refuse
from gradsheet.training.data.tables import Choice, PieceTable, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_ROWS = 16384


class ColumnarTable(PieceTable):
    """A Parquet file."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        try:
            import pyarrow as pa  # noqa: PLC0415 - an extra, for this format alone
            import pyarrow.parquet as pq  # noqa: PLC0415 - an extra, for this format alone
        except ImportError:
            refuse(
                "GS811", "Parquet is read by pyarrow, which is not installed", name,
                'install it by pip install "gradsheet[data]"',
            )  # fmt: skip
        self._arrow: Any = pa
        try:
            self._file: Any = pq.ParquetFile(path, memory_map=True)
        except (OSError, ValueError) as problem:
            refuse("GS810", f"the file cannot be read: {problem}", name, "was it written, or copied, to its end?")
        if not self._file.metadata.num_rows:
            refuse("GS817", "the file has no rows", name)
        self.fields = {field.name: self._shape(field) for field in self._file.schema_arrow}

    def _shape(self, field: Any) -> Shape:
        """The shape of one row of a column: of lists the length of the first, which all have to have."""
        lengths: list[int] = []
        kind = field.type
        types = self._arrow.types
        if not self._is_list(kind):
            return ()
        first = next(self._file.iter_batches(batch_size=1, columns=[field.name])).column(0)[0].as_py()
        while self._is_list(kind):
            if not isinstance(first, list) or not first:
                refuse("GS814", f"row 1, column '{field.name}': the list is empty or missing", self.name)
            lengths.append(kind.list_size if types.is_fixed_size_list(kind) else len(first))
            kind, first = kind.value_type, first[0]
        return tuple(lengths)

    def _is_list(self, kind: Any) -> bool:
        types = self._arrow.types
        return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))

    def pieces(self, choices: Mapping[str, Choice], dtype: str) -> Iterator[dict[str, NDArray[Any]]]:
        """The chosen columns of each batch."""
        columns = list(dict.fromkeys(f for c in choices.values() for f in c.fields))
        labels = {f for c in choices.values() if c.labels for f in c.fields}
        row = 0
        try:
            for batch in self._file.iter_batches(batch_size=_ROWS, columns=columns):
                held = {
                    f: self._column(batch.column(batch.schema.get_field_index(f)), f, row, labels=f in labels)
                    for f in columns
                }
                yield {s: _joined([held[f] for f in c.fields], c, dtype) for s, c in choices.items()}
                row += batch.num_rows
        except (OSError, self._arrow.ArrowException) as problem:
            refuse("GS810", f"the file cannot be read beyond row {row}: {problem}", self.name)

    def _column(self, column: Any, field: str, row: int, *, labels: bool) -> NDArray[Any]:
        self._check_present(column, field, row)
        shape = self.fields[field]
        for length in shape:
            self._check_lengths(column, field, row, length)
            column = column.flatten()
            self._check_present(column, field, None)
        types, kind = self._arrow.types, column.type
        if types.is_dictionary(kind):
            column = column.dictionary_decode()
            kind = column.type
        if types.is_string(kind) or types.is_large_string(kind):
            words = np.array(column.to_pylist(), dtype=str)
            if not labels:
                refuse(
                    "GS813", f"row {row + 1}, column '{field}': '{words[0]}' is no number", self.name,
                    "map the symbol to columns of numbers: --map NAME=COLUMN:COLUMN",
                )  # fmt: skip
            return words
        if types.is_decimal(kind):
            column = column.cast("float64")
        elif not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
            refuse("GS813", f"column '{field}' holds {kind}, not numbers", self.name, "make it a number first")
        numbers: NDArray[Any] = column.to_numpy(zero_copy_only=False)
        return numbers.reshape(-1, *shape) if shape else numbers

    def _check_present(self, column: Any, field: str, row: int | None) -> None:
        if column.null_count:
            first = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
            place = "an entry of a list" if row is None else f"row {row + first + 1}"
            refuse(
                "GS814", f"{place}, column '{field}': the value is missing", self.name,
                "give it a value, or leave the row out; nothing is filled in unasked",
            )  # fmt: skip

    def _check_lengths(self, column: Any, field: str, row: int, length: int) -> None:
        if self._arrow.types.is_fixed_size_list(column.type):
            return
        lengths = np.diff(column.offsets.to_numpy())
        if (lengths != length).any():
            first = int(np.argmax(lengths != length))
            refuse(
                "GS814",
                f"row {row + first + 1}, column '{field}': a list of {lengths[first]}, where the first has {length}",
                self.name, "lists of one length are one array; pad shorter ones",
            )  # fmt: skip


def _joined(arrays: list[NDArray[Any]], choice: Choice, dtype: str) -> NDArray[Any]:
    found = arrays[0] if len(arrays) == 1 else np.stack(arrays, axis=1)
    return found if choice.labels or found.dtype.kind in "iub" else found.astype(dtype, copy=False)


__all__ = ["ColumnarTable"]
