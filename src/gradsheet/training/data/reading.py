"""From files and arrays to a data set: each symbol found, brought into form, checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradsheet.diagnostics import refuse
from gradsheet.syntax.names import canonical_key
from gradsheet.training.data.archives import archive, array_file
from gradsheet.training.data.columnar import ColumnarTable
from gradsheet.training.data.dataset import Dataset
from gradsheet.training.data.faults import counted, listed, near
from gradsheet.training.data.fitting import fitted
from gradsheet.training.data.memory import in_memory
from gradsheet.training.data.naming import fields_of
from gradsheet.training.data.tables import Budget, Choice, Table
from gradsheet.training.data.tensors import tensors
from gradsheet.training.data.text import TextTable
from gradsheet.training.data.where import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gradsheet.training.data.labels import Classes
    from gradsheet.training.data.needs import Need

_BY_SUFFIX = {
    ".npz": archive, ".npy": array_file, ".csv": TextTable, ".tsv": TextTable, ".txt": TextTable,
    ".parquet": ColumnarTable, ".pq": ColumnarTable, ".safetensors": tensors,
}  # fmt: skip
_BY_BEGINNING = {b"PK\x03\x04": archive, b"\x93NUM": array_file, b"PAR1": ColumnarTable}
_FORMATS = "data are read from .npz, .npy, .csv, .parquet and .safetensors"


def open_table(source: Any) -> Table:
    """A source by what its file begins with, else by how it is called; anything with columns by name is one, too."""
    if not isinstance(source, (str, os.PathLike)):
        return in_memory(source)
    path, name = Path(source), str(source)
    try:
        with path.open("rb") as file:
            beginning = file.read(4)
    except OSError as problem:
        refuse("GS810", f"the file cannot be opened: {problem.strerror or problem}", name)
    if not beginning:
        refuse("GS817", "the file is empty", name)
    if beginning[:1] == b"\x80" and path.suffix.lower() not in {".safetensors", ".npz", ".npy"}:
        refuse("GS810", "this is a pickle, which is never unpickled: that would run code of the file's author", name,
               _FORMATS)  # fmt: skip
    reader = _BY_BEGINNING.get(beginning) or _BY_SUFFIX.get(path.suffix.lower())
    if reader is None:
        refuse("GS810", "the format of this file is not known", name, _FORMATS)
    return reader(path, name)


def read(
    sources: Any,
    needs: Sequence[Need],
    mapping: Mapping[str, str] | None = None,
    *,
    classes: Mapping[str, Sequence[int | str]] | None = None,
    optional: frozenset[str] = frozenset(),
    budget: Budget | None = None,
) -> Dataset:
    """The data of a sheet, from one source or several: paths, dictionaries of arrays, frames.

    What stands in several sources is taken from the last. `classes` are the labels of a model that is there; symbols
    that are `optional` may be missing. Numbers of text and Parquet beyond the budget's memory are converted once, into
    files that are mapped.
    """
    several = isinstance(sources, (list, tuple))
    tables = [open_table(s) for s in (sources if several else [sources])]
    if not tables:
        refuse("GS812", "no data are given", suggestion=_FORMATS)
    return _Reading(tables, needs, dict(mapping or {}), classes or {}, budget or Budget()).dataset(optional)


class _Reading:
    def __init__(
        self, tables: list[Table], needs: Sequence[Need], mapping: dict[str, str],
        classes: Mapping[str, Sequence[int | str]], budget: Budget,
    ) -> None:  # fmt: skip
        self.tables, self.needs, self.mapping, self.known, self.budget = tables, needs, mapping, classes, budget
        self.remarks: list[str] = []
        self.origins: dict[str, Origin] = {}

    def dataset(self, optional: frozenset[str]) -> Dataset:
        self._check_mapping()
        for need in self.needs:
            origin = self._origin(need)
            if origin is not None:
                self.origins[need.name] = origin
            elif need.name not in optional:
                self._missing(need)
        raw = self._loaded()
        self._check_rows(raw)
        arrays: dict[str, NDArray[Any]] = {}
        classes: dict[str, Classes] = {}
        for name, origin in self.origins.items():
            arrays[name], found = fitted(raw.pop(name), origin, self.known.get(name), self.remarks)
            if found is not None:
                classes[name] = found
        self._remark_unused()
        sources = {n: f"{o.table.name}: {listed(o.fields)}" for n, o in self.origins.items()}
        rows = len(next(iter(arrays.values()))) if arrays else 0
        return Dataset(arrays, rows, sources, classes, tuple(dict.fromkeys(self.remarks)))

    # ------------------------------------------------------------ finding

    def _check_mapping(self) -> None:
        known = [n.name for n in self.needs]
        keys = {canonical_key(n) for n in known}
        for symbol in self.mapping:
            if canonical_key(symbol) not in keys:
                close = near(symbol, known)
                hint = f"did you mean '{close}'? " if close else ""
                refuse("GS820", f"'{symbol}' is mapped, and takes no data in the sheet",
                       suggestion=f"{hint}data are taken by {listed(known)}")  # fmt: skip

    def _origin(self, need: Need) -> Origin | None:
        taken = frozenset(canonical_key(n.name) for n in self.needs) - {canonical_key(need.name)}
        mapped = next((t for s, t in self.mapping.items() if canonical_key(s) == canonical_key(need.name)), None)
        tables = self.tables
        if mapped is not None and len(tables) > 1:
            first = mapped.split(",")[0].split(":")[0].strip()
            tables = [t for t in tables if mapped in t.fields or first in t.fields] or tables[-1:]
        for table in reversed(tables):
            fields = fields_of(need, table, self.mapping, taken)
            if fields:
                return Origin(need, table, fields)
        return None

    def _missing(self, need: Need) -> None:
        fields = [f for t in self.tables for f in t.fields]
        close = near(need.name, fields)
        hint = f"did you mean '{close}'? say --map {need.name}={close}; " if close else ""
        many = "columns" if need.shape else "a column"
        inside = "the files have" if len(self.tables) > 1 else "there is"
        refuse(
            "GS812", f"nothing is called {need.name}, which the sheet needs: {need}",
            ", ".join(t.name for t in self.tables),
            f"{hint}{inside} {listed(fields)}; choose {many} by --map {need.name}=…",
        )  # fmt: skip

    def _loaded(self) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {}
        for table in self.tables:
            choices = {
                n: Choice(o.fields, labels=o.need.domain.kind == "onehot" and len(o.fields) == 1)
                for n, o in self.origins.items()
                if o.table is table
            }
            if choices:
                found.update(table.load(choices, self.budget))
        return found

    def _check_rows(self, raw: Mapping[str, NDArray[Any]]) -> None:
        rows = {n: len(a) for n, a in raw.items() if a.ndim}
        if len(set(rows.values())) > 1:
            text = ", ".join(f"{n} ({self.origins[n].table.name}) has {counted(k, 'row')}" for n, k in rows.items())
            refuse("GS816", f"the data differ in their rows: {text}",
                   suggestion="an example is a row of each; cut or complete the shorter ones")  # fmt: skip

    def _remark_unused(self) -> None:
        for table in self.tables:
            used = {f for o in self.origins.values() if o.table is table for f in o.fields}
            unused = [f for f in table.fields if f not in used]
            if unused:
                verb = "is" if len(unused) == 1 else "are"
                self.remarks.append(f"{table.name}: {listed(unused)} {verb} not used")


__all__ = ["open_table", "read"]
