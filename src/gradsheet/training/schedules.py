"""Learning rates over time: a factor of the first rate for each epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Shape = Literal["constant", "step", "exponential", "linear", "cosine"]
SHAPES: tuple[Shape, ...] = ("constant", "step", "exponential", "linear", "cosine")


@dataclass(frozen=True, slots=True)
class Schedule:
    """η(e) = η₀ · factor(e), for epochs e = 0, 1, …, E − 1.

    `warmup` epochs rise in a straight line to the first rate. After them: `constant`; `step`, times `factor` after
    every `every` epochs; `exponential`, times `factor` after each; `linear` and `cosine`, down to 0 at the end.

    >>> [round(Schedule("cosine").rate(0.1, e, 4), 4) for e in range(4)]
    [0.1, 0.0854, 0.05, 0.0146]
    >>> [Schedule("step", factor=0.5, every=2).rate(0.4, e, 6) for e in range(6)]
    [0.4, 0.4, 0.2, 0.2, 0.1, 0.1]
    """

    shape: Shape = "constant"
    factor: float = 0.1
    every: int = 10
    warmup: int = 0

    @property
    def ends(self) -> bool:
        """Whether the rate of an epoch depends on how many there are."""
        return self.shape in {"linear", "cosine"}

    def rate(self, first: float, epoch: int, epochs: int) -> float:
        """The rate of one epoch of so many."""
        if epoch < self.warmup:
            return first * (epoch + 1) / (self.warmup + 1)
        passed = epoch - self.warmup
        share = passed / max(1, epochs - self.warmup)
        match self.shape:
            case "constant":
                return first
            case "step":
                return first * float(self.factor ** (passed // self.every))
            case "exponential":
                return first * float(self.factor**passed)
            case "linear":
                return first * (1.0 - share)
            case "cosine":
                return first * 0.5 * (1.0 + math.cos(math.pi * share))


__all__ = ["SHAPES", "Schedule", "Shape"]
