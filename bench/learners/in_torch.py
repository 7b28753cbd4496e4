"""PyTorch, eager: rows chosen by an index for each step, `autograd.grad`, one call that updates every parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from learners.tasks import Arrays, Task

torch.set_num_threads(1)
torch.set_num_interop_threads(1)


class Learner:
    """One model on some rows."""

    def __init__(self, task: Task, x: np.ndarray, labels: np.ndarray, start: Arrays, seed: int) -> None:
        self.task, self.x, self.labels = task, x, torch.from_numpy(np.asarray(labels))
        self.inputs = None if isinstance(x, np.memmap) else torch.from_numpy(x)
        self.parameters = [torch.from_numpy(v.copy()).requires_grad_() for v in start.values()]
        self.random = torch.Generator().manual_seed(seed)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for k in range(0, len(self.parameters), 2):
            x = functional.linear(x, self.parameters[k], self.parameters[k + 1])
            x = torch.relu(x) if k < len(self.parameters) - 2 else x
        return x

    def epoch(self) -> None:
        for chosen in torch.randperm(len(self.x), generator=self.random).split(self.task.batch):
            x = torch.from_numpy(self.x[chosen.numpy()]) if self.inputs is None else self.inputs[chosen]
            loss = functional.cross_entropy(self.forward(x), self.labels[chosen])
            gradients = torch.autograd.grad(loss, self.parameters)
            with torch.no_grad():
                torch._foreach_add_(self.parameters, gradients, alpha=-self.task.rate)

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        with torch.no_grad():
            return float((self.forward(torch.from_numpy(x)).argmax(1).numpy() == labels).mean())


__all__ = ["Learner"]
