"""NPY files and NPZ archives: arrays mapped where they lie; only what is compressed is unpacked.

A member of an uncompressed archive is an NPY file at some place of the archive, so it is mapped like one. Objects
would have to be unpickled, which runs code of the file's author: they are refused unread.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from math import prod
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import SheetError, refuse
from gradsheet.training.data.converting import gathered
from gradsheet.training.data.tables import ArrayTable, Budget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_PIECE = 8 << 20
_LOCAL_HEADER = 30


@dataclass(frozen=True, slots=True)
class _Member:
    """An array in a file: its form, and where its entries begin (None where they are compressed)."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    header: int
    """How many bytes stand before the entries."""
    offset: int | None
    inside: str | None = None


def array_file(path: Path, name: str) -> ArrayTable:
    """An NPY file: one array, called as the file is."""
    try:
        with path.open("rb") as file:
            member = _head(file, path.stem, name)
    except (OSError, ValueError) as problem:
        refuse("GS810", f"the array cannot be read: {problem}", name)
    held = _Member(member.dtype, member.shape, member.fortran, member.header, member.header)
    return _table(path, name, {path.stem: held})


def archive(path: Path, name: str) -> ArrayTable:
    """An NPZ archive."""
    members: dict[str, _Member] = {}
    try:
        with zipfile.ZipFile(path) as opened, path.open("rb") as raw:
            for info in opened.infolist():
                if not info.filename.endswith(".npy"):
                    continue
                field = info.filename.removesuffix(".npy")
                with opened.open(info) as file:
                    head = _head(file, field, name)
                offset = None
                if info.compress_type == zipfile.ZIP_STORED:
                    raw.seek(info.header_offset)
                    local = raw.read(_LOCAL_HEADER)
                    names = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
                    offset = info.header_offset + _LOCAL_HEADER + names + head.header
                members[field] = _Member(head.dtype, head.shape, head.fortran, head.header, offset, info.filename)
    except SheetError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as problem:
        refuse("GS810", f"the archive cannot be read: {problem}", name, "was it written, or copied, to its end?")
    if not members:
        refuse("GS817", "the archive holds no array", name)
    return _table(path, name, members)


def _head(file: IO[bytes], field: str, name: str) -> _Member:
    """The form of an array, from the beginning of its NPY file."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        message = f"version {version[0]}.{version[1]} of the format is not known"
        raise ValueError(message)
    if dtype.hasobject:
        refuse(
            "GS810",
            f"'{field}' holds pickled objects, which are never unpickled: that would run code of the file's author",
            name,
            "save numbers or text: np.savez(…, labels=np.asarray(labels, dtype=str))",
        )
    return _Member(dtype, tuple(shape), fortran, file.tell(), None)


def _table(path: Path, name: str, members: dict[str, _Member]) -> ArrayTable:
    def make(field: str, budget: Budget) -> NDArray[Any]:
        member = members[field]
        try:
            return _mapped(path, member) if member.offset is not None else _unpacked(path, member, budget)
        except SheetError:
            raise
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as problem:
            refuse("GS810", f"'{field}' cannot be read: {problem}", name, "was it written, or copied, to its end?")

    return ArrayTable(name, {f: m.shape for f, m in members.items()}, make)


def _mapped(path: Path, member: _Member) -> NDArray[Any]:
    assert member.offset is not None
    if not prod(member.shape):
        return np.empty(member.shape, dtype=member.dtype)
    order = "F" if member.fortran else "C"
    return np.memmap(path, member.dtype, "r", member.offset, member.shape, order)  # type: ignore[call-overload, no-any-return]


def _unpacked(path: Path, member: _Member, budget: Budget) -> NDArray[Any]:
    """A compressed array: by pieces of rows; one that lies by columns at once."""
    assert member.inside is not None
    if member.fortran or not prod(member.shape):
        with zipfile.ZipFile(path) as opened, opened.open(member.inside) as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    found = gathered(_pieces(path, member), path, ("npz", member.inside), budget.memory)
    return found[member.inside]


def _pieces(path: Path, member: _Member) -> Iterator[dict[str, NDArray[Any]]]:
    assert member.inside is not None
    row = prod(member.shape[1:]) * member.dtype.itemsize
    most = max(1, _PIECE // max(1, row))
    with zipfile.ZipFile(path) as opened, opened.open(member.inside) as file:
        file.read(member.header)
        for start in range(0, member.shape[0], most):
            count = min(most, member.shape[0] - start)
            data = file.read(count * row)
            if len(data) < count * row:
                message = f"it ends in row {start + len(data) // row + 1} of {member.shape[0]}"
                raise EOFError(message)
            yield {member.inside: np.frombuffer(data, dtype=member.dtype).reshape(count, *member.shape[1:])}


__all__ = ["archive", "array_file"]
