"""gradsheet: a sheet, and the run that `gradsheet train` makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import gradsheet as gs
from gradsheet.training.measuring import Evaluator
from gradsheet.training.problem import Sources, pose
from gradsheet.training.recipe import Recipe
from gradsheet.training.trainer import Trainer

if TYPE_CHECKING:
    from learners.tasks import Arrays, Task


class Learner:
    """One model on some rows."""

    def __init__(self, task: Task, x: np.ndarray, labels: np.ndarray, start: Arrays, seed: int) -> None:
        sheet = gs.mlp(task.sizes, hidden="relu", output="softmax", rate=task.rate)
        recipe = Recipe(epochs=1 << 30, batch=task.batch, rate=task.rate, precision="float32", seed=seed)
        one_hot = np.zeros((len(labels), task.sizes[-1]), np.uint8)
        one_hot[np.arange(len(labels)), labels] = 1
        problem = pose(sheet._sheet, Sources({"x": x, "y": one_hot}), recipe)  # noqa: SLF001 - as the command does
        self.trainer = Trainer(problem, recipe)
        self.trainer.begin(start)
        prediction = problem.prediction
        assert prediction is not None
        self.said = prediction.name
        self.evaluator = Evaluator(problem, (self.said,), "float32")
        self._run = self.trainer.run()

    def epoch(self) -> None:
        next(moment for moment in self._run if moment.epoch_ends)

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        right = 0
        for rows, found in self.evaluator.over(self.trainer.parameters, {"x": x}, np.arange(len(x))):
            right += int((found[self.said].argmax(axis=1) == labels[rows]).sum())
        return right / len(x)


__all__ = ["Learner"]
