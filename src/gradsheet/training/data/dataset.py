"""A data set: an array for each symbol, all with the same rows; and what its columns look like."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.training.data.where import chunks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gradsheet.training.data.labels import Classes


@dataclass(frozen=True, slots=True)
class Summary:
    """The entries of one column: mean, standard deviation (of the population), smallest and largest."""

    name: str
    mean: float
    deviation: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Dataset:
    """Arrays by symbol, rows first, in memory or mapped from files.

    Numbers keep the type of their source; one-hot rows are bytes. `classes` has the labels of symbols that were made
    of labels, in the order of their entries; `remarks` say what was read otherwise than it stood.
    """

    arrays: Mapping[str, NDArray[Any]]
    rows: int
    sources: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, Classes] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def take(self, rows: NDArray[np.int64]) -> Dataset:
        """Some of the rows, in memory."""
        arrays = {n: np.asarray(a[rows]) for n, a in self.arrays.items()}
        return Dataset(arrays, len(rows), self.sources, self.classes, self.remarks)

    def describe(self) -> list[Summary]:
        """A summary of each column of each symbol; a file that is mapped is read once."""
        return [summary for name, array in self.arrays.items() for summary in _summaries(name, array)]

    def __repr__(self) -> str:
        shapes = ", ".join(f"{n} {'×'.join(map(str, a.shape[1:])) or 'number'}" for n, a in self.arrays.items())
        return f"<Dataset of {self.rows} rows: {shapes}>"


def _summaries(name: str, array: NDArray[Any]) -> list[Summary]:
    """Means and sums of squares of chunks, joined by Chan, Golub and LeVeque (1983), equation 2.1."""
    count = 0
    mean = square = low = high = np.zeros(0)
    for _, part in chunks(array):
        numbers = part.astype(np.float64)
        here = numbers.mean(axis=0)
        spread = ((numbers - here) ** 2).sum(axis=0)
        if not count:
            count, mean, square, low, high = len(part), here, spread, numbers.min(axis=0), numbers.max(axis=0)
            continue
        total = count + len(part)
        apart = here - mean
        square = square + spread + apart**2 * (count * len(part) / total)
        mean = mean + apart * (len(part) / total)
        low, high, count = np.minimum(low, numbers.min(axis=0)), np.maximum(high, numbers.max(axis=0)), total
    shape = array.shape[1:]
    return [
        Summary(
            name + (f"[{','.join(str(k + 1) for k in place)}]" if shape else ""), float(mean[k]),
            math.sqrt(float(square[k]) / count), float(low[k]), float(high[k]),
        )
        for k, place in enumerate(np.ndindex(shape))
    ]  # fmt: skip


__all__ = ["Dataset", "Summary"]
