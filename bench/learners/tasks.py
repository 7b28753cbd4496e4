"""What is learned: rows, the network, how far. Every engine begins with the same parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Task:
    """Gradient descent on a network of ReLU layers with softmax, in float32, its rows in another order each epoch."""

    sizes: tuple[int, ...]
    batch: int
    rate: float
    epochs: int
    """At most."""
    goal: float | None = None
    """Training ends with this accuracy on the rows that are kept apart."""
    rows: int = 0
    mapped: bool = False
    """The rows lie in a file, and more of them than memory is given for."""

    def parameters(self, seed: int) -> Arrays:
        """Weights by He's rule, shifts of 0."""
        rng = np.random.default_rng(seed)
        made: Arrays = {}
        for k, (n, m) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), 1):
            made[f"W{k}"] = (rng.standard_normal((m, n)) * np.sqrt(2 / n)).astype(np.float32)
            made[f"b{k}"] = np.zeros(m, np.float32)
        return made


TASKS = {
    "digits": Task((64, 64, 10), 16, 0.1, 200, goal=0.97),
    "epoch": Task((784, 512, 256, 10), 32, 0.05, 3, rows=60_000),
    "mapped": Task((784, 512, 256, 10), 128, 0.05, 1, rows=800_000, mapped=True),
}
MEMORY = 1024
"""Megabytes that a process may take for `mapped`, whose rows are 2.5 times as many."""


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The 8×8 digits of scikit-learn, 30 % of each class kept apart: inputs, labels, inputs and labels apart."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - for this task only
    from sklearn.model_selection import train_test_split  # noqa: PLC0415 - the same

    held = load_digits()
    x, labels = (held.data / 16).astype(np.float32), held.target.astype(np.int64)
    a, b, c, d = train_test_split(x, labels, test_size=0.3, stratify=labels, random_state=0)
    return a, c, b, d


def drawn(task: Task, rows: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Rows with classes that can be learned."""
    rng = np.random.default_rng(seed)
    x = rng.random((rows, task.sizes[0]), dtype=np.float32)
    planes = np.random.default_rng(4).standard_normal((task.sizes[0], task.sizes[-1])).astype(np.float32)
    return x, np.argmax((x - 0.5) @ planes, axis=1)


def written(task: Task, folder: Path) -> None:
    """The rows as files, block by block."""
    x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.float32, (task.rows, task.sizes[0]))
    y = np.lib.format.open_memmap(folder / "y.npy", "w+", np.int64, (task.rows,))
    for start in range(0, task.rows, 20_000):
        count = min(20_000, task.rows - start)
        x[start : start + count], y[start : start + count] = drawn(task, count, seed=start)
    x.flush()
    y.flush()


__all__ = ["MEMORY", "TASKS", "Arrays", "Task", "digits", "drawn", "written"]
