"""scikit-learn: `MLPClassifier`, an epoch by `partial_fit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.neural_network import MLPClassifier

if TYPE_CHECKING:
    from learners.tasks import Arrays, Task


class Learner:
    """One model on some rows."""

    def __init__(self, task: Task, x: np.ndarray, labels: np.ndarray, start: Arrays, seed: int) -> None:
        self.x, self.labels = x, labels
        self.model = MLPClassifier(
            task.sizes[1:-1], activation="relu", solver="sgd", batch_size=task.batch, alpha=0.0, momentum=0.0,
            nesterovs_momentum=False, learning_rate_init=task.rate, random_state=seed,
        )  # fmt: skip
        self.model.partial_fit(x[: task.batch], labels[: task.batch], classes=np.arange(task.sizes[-1]))
        for k in range(len(task.sizes) - 1):
            self.model.coefs_[k][...] = start[f"W{k + 1}"].T
            self.model.intercepts_[k][...] = start[f"b{k + 1}"]

    def epoch(self) -> None:
        self.model.partial_fit(self.x, self.labels)

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        return float(self.model.score(x, labels))


__all__ = ["Learner"]
