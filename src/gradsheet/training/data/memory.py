"""Arrays in memory: dictionaries, and frames, which have columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import refuse
from gradsheet.training.data.tables import ArrayTable

if TYPE_CHECKING:
    from numpy.typing import NDArray


def in_memory(values: Any, name: str = "the arrays handed in") -> ArrayTable:
    """Arrays by name: from a mapping, or from the columns of a frame (pandas, polars)."""
    names = list(values) if isinstance(values, Mapping) else [str(c) for c in values.columns]
    arrays = {str(n): _array(values[n], str(n), name) for n in names}
    if not arrays:
        refuse("GS817", "there is no array", name)
    return ArrayTable(name, {n: a.shape for n, a in arrays.items()}, lambda n, _: arrays[n])


def _array(value: Any, field: str, name: str) -> NDArray[Any]:
    try:
        found = np.asarray(value)
    except ValueError:
        refuse("GS814", f"the rows of '{field}' have different lengths", name, "an example has one shape")
    if found.dtype.kind == "U" and not hasattr(value, "dtype"):  # NumPy made words of the numbers among words
        found = np.array(value, dtype=object)
    if found.dtype != object:
        return found
    flat = found.reshape(-1)
    if all(isinstance(v, str) for v in flat):
        return found.astype(str)
    for place, entry in enumerate(flat):
        try:
            float(entry)
        except (TypeError, ValueError):
            row = place * len(found) // max(1, found.size) + 1 if found.ndim else 1
            code, what = ("GS814", "the value is missing") if entry is None else ("GS813", f"{entry!r} is no number")
            refuse(code, f"row {row} of '{field}': {what}", name, "an array holds numbers only, or words only")
    return found.astype(np.float64)


__all__ = ["in_memory"]
