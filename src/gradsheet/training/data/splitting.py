"""Rows parted for training and validation: decided by a seed alone, the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradsheet.diagnostics import refuse
from gradsheet.training.data.faults import listed
from gradsheet.training.data.where import chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradsheet.training.data.dataset import Dataset


class Split(NamedTuple):
    """Numbers of rows, ascending. No row is copied: an epoch goes over `training[order]`."""

    training: NDArray[np.int64]
    validation: NDArray[np.int64]


def split(dataset: Dataset, fraction: float, seed: int = 0, stratify: str | None = None) -> Split:
    """Round(fraction · rows) rows for validation, the others for training.

    With `stratify`, the name of a symbol, each of its values (classes of one-hot rows) is parted in this proportion,
    what is left over going by the largest remainder.

    >>> from gradsheet.training.data.dataset import Dataset
    >>> d = Dataset({"y": np.array([0, 0, 0, 0, 0, 0, 1, 1, 1])}, 9)
    >>> parts = split(d, 1 / 3, seed=1, stratify="y")
    >>> d.arrays["y"][parts.validation].tolist(), len(parts.training)
    ([0, 0, 1], 6)
    """
    if not 0.0 < fraction < 1.0:
        refuse("GS601", f"the share of rows for validation lies between 0 and 1, not {fraction:g}")
    total = round(fraction * dataset.rows)
    if not 0 < total < dataset.rows:
        refuse("GS816", f"of {dataset.rows} rows, a share of {fraction:g} leaves one part without rows",
               suggestion="give more rows, or another share")  # fmt: skip
    order = np.argsort(np.random.PCG64([seed, dataset.rows]).random_raw(dataset.rows), kind="stable")
    chosen = order[:total] if stratify is None else _stratified(order, _groups(dataset, stratify), fraction, total)
    kept = np.ones(dataset.rows, dtype=bool)
    kept[chosen] = False
    return Split(np.flatnonzero(kept), np.flatnonzero(~kept))


def _groups(dataset: Dataset, name: str) -> NDArray[np.int64]:
    """For each row the number of its group."""
    if name not in dataset.arrays:
        refuse("GS812", f"the data have no '{name}' to stratify by", suggestion=f"there is {listed(dataset.arrays)}")
    array = dataset.arrays[name]
    if name in dataset.classes or (array.ndim > 1 and array.shape[-1] > 1):
        return np.concatenate([np.argmax(part, axis=1) for _, part in chunks(array)])
    return np.unique(np.asarray(array).reshape(dataset.rows), return_inverse=True)[1]


def _stratified(order: NDArray[Any], groups: NDArray[np.int64], fraction: float, total: int) -> NDArray[np.int64]:
    shares = np.bincount(groups) * fraction
    counts = np.floor(shares).astype(np.int64)
    left = np.argsort(-(shares - counts), kind="stable")[: total - int(counts.sum())]
    counts[left] += 1
    sorted_order = order[np.argsort(groups[order], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(groups))])
    return np.concatenate([sorted_order[s : s + c] for s, c in zip(starts[:-1], counts, strict=True)])


__all__ = ["Split", "split"]
