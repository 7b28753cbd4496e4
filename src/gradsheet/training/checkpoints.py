"""Models and runs in one file: safetensors, with the sheet and all that is known of the run in its header.

A checksum covers every byte of the file. The file that was there before is kept beside, so that one good file is there
at every moment, whatever happens to the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gradsheet.diagnostics import SheetError, refuse
from gradsheet.files import settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = "gradsheet model 1"
NAME, BEFORE = "model.safetensors", "model.before.safetensors"
_SUM = "checksum"
_EMPTY = "0" * 64
_TYPES = {"<f8": "F64", "<f4": "F32", "<i8": "I64", "|u1": "U8"}
_READ = {v: k for k, v in _TYPES.items()}
_LARGEST_HEADER = 100_000_000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Arrays by name, and notes: JSON for each of the things that are no arrays."""

    arrays: Mapping[str, NDArray[Any]]
    notes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Entry:
    """Form and place of an array."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    first: int
    last: int

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> _Entry:
        first, last = map(int, entry["data_offsets"])
        return cls(np.dtype(_READ[entry["dtype"]]), tuple(map(int, entry["shape"])), first, last)

    def fits(self, size: int) -> bool:
        """Whether shape and place belong together, and lie within so many bytes."""
        wanted = prod(self.shape) * self.dtype.itemsize
        return min(self.shape, default=0) >= 0 <= self.first and self.last - self.first == wanted <= size - self.first


def packed(checkpoint: Checkpoint) -> bytes:
    """The bytes of a file, its checksum among them.

    >>> held = Checkpoint({"w": np.arange(3.0)}, {"epoch": 2})
    >>> again = unpacked(packed(held), "a file")
    >>> again.arrays["w"].tolist(), again.notes
    ([0.0, 1.0, 2.0], {'epoch': 2})
    """
    notes = {k: json.dumps(v, ensure_ascii=False, allow_nan=False) for k, v in checkpoint.notes.items()}
    header: dict[str, Any] = {"__metadata__": {"format": FORMAT, **notes, _SUM: _EMPTY}}
    parts, at = [], 0
    for name, value in checkpoint.arrays.items():
        array = np.asarray(value, order="C")
        kind = array.dtype.newbyteorder("<")
        data = array.astype(kind, copy=False).tobytes()
        header[name] = {"dtype": _TYPES[kind.str], "shape": list(array.shape), "data_offsets": [at, at + len(data)]}
        parts.append(data)
        at += len(data)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # arrays begin where numbers may
    whole = b"".join([len(text).to_bytes(8, "little"), text, *parts])
    return _summed(whole, _EMPTY, hashlib.sha256(whole).hexdigest())


def _summed(whole: bytes, old: str, new: str) -> bytes:
    """The file with another checksum in its place."""
    return whole.replace(f'"{_SUM}":"{old}"'.encode(), f'"{_SUM}":"{new}"'.encode(), 1)


def unpacked(data: bytes, name: str) -> Checkpoint:
    """What a file holds, once its checksum is found right; raises `SheetError` for anything else.

    The sum is tried before anything is made of what it covers.
    """
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= min(_LARGEST_HEADER, len(data) - 8):
        _damaged(name, "it is cut off, or no safetensors file")
    with _readable(name):
        header = json.loads(data[8 : 8 + length])
        notes = header.pop("__metadata__", {})
        stated = notes.pop(_SUM, None)
        kind = notes.pop("format", None)
    if stated is not None and hashlib.sha256(_summed(data, stated, _EMPTY)).hexdigest() != stated:
        _damaged(name, "its checksum does not fit")
    if kind != FORMAT:
        hint = "gradsheet train writes them; values to begin with are handed in by --from"
        refuse("GS833", "this is no model of gradsheet: it holds arrays without a sheet", name, hint)
    if stated is None:
        _damaged(name, "it has no checksum")
    with _readable(name):
        held = {str(k): json.loads(v) for k, v in notes.items()}
        entries = {str(n): _Entry.read(e) for n, e in header.items()}
    rest = memoryview(data)[8 + length :]
    return Checkpoint({n: _array(e, rest, n, name) for n, e in entries.items()}, held)


@contextlib.contextmanager
def _readable(name: str) -> Iterator[None]:
    """A header that has other things in it than it should is a damaged one."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        _damaged(name, "its header cannot be read")


def _array(entry: _Entry, data: memoryview, field: str, name: str) -> NDArray[Any]:
    if not entry.fits(len(data)):
        _damaged(name, f"'{field}' has another number of bytes than its shape needs")
    part = data[entry.first : entry.last]
    return np.frombuffer(part, entry.dtype).reshape(entry.shape).copy()


def _damaged(name: str, reason: str) -> NoReturn:
    refuse("GS832", f"this checkpoint is damaged: {reason}", name)


# ---------------------------------------------------------------- files


def save(folder: Path, checkpoint: Checkpoint, *, over: bool = False) -> None:
    """Write a checkpoint; the one before stays beside it until the next one.

    With `over`, the file that is there is known to be damaged: it makes room, and the one before stays what it is.
    """
    place, before = folder / NAME, folder / BEFORE
    try:
        with replacing(place) as fresh:
            fill(fresh, packed(checkpoint))
            if place.exists() and not over:
                place.replace(before)
    except OSError as problem:
        refuse("GS602", f"the checkpoint cannot be written: {problem.strerror or problem}", str(place))


@contextlib.contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """A neighbour of a file, to be filled, which takes its name at the end.

    It has one name, not a new one each time: whoever is killed while it is filled leaves it to be written over.
    """
    fresh = place.with_name(f".{place.name}.new")
    try:
        yield fresh
        fresh.replace(place)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
    settle(place.parent)


def fill(path: Path, data: bytes) -> None:
    """Bytes as a file, on the disk before the next thing happens."""
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def load(folder: Path) -> tuple[Checkpoint, tuple[str, ...]]:
    """The newest checkpoint of a folder that is whole, and remarks on those that are not."""
    remarks: list[str] = []
    problem: SheetError | None = None
    for name in (NAME, BEFORE):
        path = folder / name
        try:
            found = unpacked(path.read_bytes(), str(path))
        except FileNotFoundError:
            continue
        except OSError as trouble:
            refuse("GS001", f"the file cannot be read: {trouble.strerror or trouble}", str(path))
        except SheetError as trouble:
            problem = problem or trouble
            remarks.append(f"{path}: {trouble.diagnostics[0].message}")
            continue
        if remarks:
            remarks.append(f"{path} is used, which was written before")
        return found, tuple(remarks)
    if problem is None:
        refuse("GS831", "there is no model in this folder", str(folder), "gradsheet train SHEET --data FILE -o FOLDER")
    raise problem


__all__ = ["BEFORE", "NAME", "Checkpoint", "fill", "load", "packed", "replacing", "save", "unpacked"]
