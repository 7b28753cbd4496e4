"""Pieces of rows put together: in memory, and beyond a limit in files of the cache, which are mapped.

A file of the cache is found again by path, size and time of its source, so that a source is converted once. What is
converted lies in a folder of its own, which gets its name when it is complete. Of such folders the newest are kept.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from gradsheet.diagnostics import refuse
from gradsheet.files import cache_folder
from gradsheet.kernels import cache

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Pieces = Iterator[dict[str, NDArray[Any]]]

KEPT = 8
"""Sources whose conversion is kept."""
_CONTENTS = "contents.json"


def folder() -> Path | None:
    """Where converted data lie."""
    return cache_folder("data")


def gathered(
    pieces: Pieces, path: Path, what: Sequence[str], memory: int | None
) -> dict[str, NDArray[Any]]:
    """All rows of each array. `what` names what was chosen of the file: other choices are other conversions."""
    status = path.stat()
    key = cache.key("1", str(path.resolve()), str(status.st_size), str(status.st_mtime_ns), *what)
    base = folder() if memory is not None else None
    if base is not None and (base / key / _CONTENTS).is_file():
        with suppress(OSError, ValueError, KeyError):
            return _mapped(base / key)
    return _Collector(base, key, memory, path.name).collect(pieces)


def _mapped(place: Path) -> dict[str, NDArray[Any]]:
    contents = json.loads((place / _CONTENTS).read_text(encoding="utf-8"))
    return {
        entry["name"]: np.memmap(place / f"{k}.bin", dtype=entry["dtype"], mode="r", shape=tuple(entry["shape"]))
        for k, entry in enumerate(contents)
    }


class _Collector:
    def __init__(self, base: Path | None, key: str, memory: int | None, name: str) -> None:
        self.base, self.key, self.memory, self.name = base, key, memory, name
        self.parts: dict[str, list[NDArray[Any]]] = {}
        self.held = 0

    def collect(self, pieces: Pieces) -> dict[str, NDArray[Any]]:
        for piece in pieces:
            for name, array in piece.items():
                self.parts.setdefault(name, []).append(array)
                self.held += array.nbytes
            if self.base is not None and self.memory is not None and self.held > self.memory:
                return self._spilled(pieces)
        return {n: a[0] if len(a) == 1 else np.concatenate(a) for n, a in self.parts.items()}

    def _spilled(self, pieces: Pieces) -> dict[str, NDArray[Any]]:
        assert self.base is not None
        place: Path | None = None
        try:
            self.base.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = Path(tempfile.mkdtemp(suffix=".tmp", dir=self.base))
            self._write(pieces, place)
            final = self.base / self.key
            with suppress(OSError):  # another process was first: its files hold the same
                place.replace(final)
            found = _mapped(final)
        except OSError as problem:
            refuse(
                "GS810",
                f"the data are larger than the memory they are given, and cannot be written to {self.base}: "
                f"{problem.strerror or problem}",
                self.name,
                "make room there, or name another folder by GRADSHEET_CACHE",
            )
        finally:
            if place is not None:
                shutil.rmtree(place, ignore_errors=True)
        _prune(self.base)
        return found

    def _write(self, pieces: Pieces, place: Path) -> None:
        names = list(self.parts)
        shapes = {n: a[0].shape[1:] for n, a in self.parts.items()}
        types = {n: _wide(a) for n, a in self.parts.items()}
        rows = dict.fromkeys(names, 0)
        files: dict[str, BinaryIO] = {n: (place / f"{k}.bin").open("wb") for k, n in enumerate(names)}
        try:
            for name, arrays in self.parts.items():
                for array in arrays:
                    np.ascontiguousarray(array, dtype=types[name]).tofile(files[name])
                    rows[name] += len(array)
            self.parts.clear()
            for piece in pieces:
                for name, array in piece.items():
                    if array.dtype.itemsize > types[name].itemsize:  # a longer word than any before
                        files[name].close()
                        types[name] = self._widened(place / f"{names.index(name)}.bin", types[name], array.dtype)
                        files[name] = (place / f"{names.index(name)}.bin").open("ab")
                    np.ascontiguousarray(array, dtype=types[name]).tofile(files[name])
                    rows[name] += len(array)
        finally:
            for file in files.values():
                file.close()
        contents = [{"name": n, "dtype": types[n].str, "shape": [rows[n], *shapes[n]]} for n in names]
        (place / _CONTENTS).write_text(json.dumps(contents), encoding="utf-8")

    def _widened(self, file: Path, old: np.dtype[Any], new: np.dtype[Any]) -> np.dtype[Any]:
        np.fromfile(file, dtype=old).astype(new).tofile(file)
        return new


def _wide(arrays: Sequence[NDArray[Any]]) -> np.dtype[Any]:
    return max((a.dtype for a in arrays), key=lambda d: d.itemsize)


def _prune(base: Path) -> None:
    """Remove the oldest conversions; whoever has them mapped keeps what is mapped."""
    with suppress(OSError):
        kept = sorted((p for p in base.iterdir() if p.suffix != ".tmp"), key=lambda p: p.stat().st_mtime)
        for old in kept[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)


__all__ = ["folder", "gathered"]
