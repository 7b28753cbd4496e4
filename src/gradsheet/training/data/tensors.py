"""Safetensors files: a header in JSON with the form and place of every array; the arrays are mapped where they lie."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import SheetError, refuse
from gradsheet.training.data.faults import counted
from gradsheet.training.data.tables import ArrayTable, Budget

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "BF16": "<u2",
}  # fmt: skip
_LARGEST_HEADER = 100_000_000


def tensors(path: Path, name: str) -> ArrayTable:
    """The arrays of a safetensors file."""
    header, start = _header(path, name)
    size = path.stat().st_size
    shapes: dict[str, tuple[int, ...]] = {}
    for field, entry in header.items():
        try:
            shape, kind, (first, last) = tuple(map(int, entry["shape"])), entry["dtype"], entry["data_offsets"]
        except (KeyError, TypeError, ValueError):
            refuse("GS810", f"the header says nothing usable about '{field}'", name)
        if kind in _TYPES and last - first != prod(shape) * np.dtype(_TYPES[kind]).itemsize:
            refuse("GS810", f"'{field}' has another number of bytes than its shape needs", name)
        if start + last > size or first < 0:
            missing = counted(start + last - size, "byte")
            refuse("GS810", f"'{field}' is cut off: {missing} are missing", name, "copy the file again")
        shapes[field] = shape

    def make(field: str, _budget: Budget) -> NDArray[Any]:
        entry = header[field]
        kind = entry["dtype"]
        if kind not in _TYPES:
            refuse("GS810", f"'{field}' holds {kind}, which NumPy has not", name, "save it as F32")
        if not prod(shapes[field]):
            return np.empty(shapes[field], dtype=_TYPES[kind])
        held: NDArray[Any] = np.memmap(path, _TYPES[kind], "r", start + entry["data_offsets"][0], shapes[field])
        if kind == "BF16":  # the upper half of a float32
            return (held.astype(np.uint32) << np.uint32(16)).view(np.float32)
        return held

    return ArrayTable(name, shapes, make)


def _header(path: Path, name: str) -> tuple[dict[str, Any], int]:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(_LARGEST_HEADER, path.stat().st_size - 8):
                refuse("GS810", "this is no safetensors file, or it is cut off in its header", name)
            header = json.loads(file.read(length))
    except SheetError:
        raise
    except (OSError, ValueError, RecursionError) as problem:
        refuse("GS810", f"the header cannot be read: {problem}", name)
    if not isinstance(header, dict):
        refuse("GS810", "the header is no table of arrays", name)
    header.pop("__metadata__", None)
    return header, 8 + length


__all__ = ["tensors"]
