"""Training as a textbook has it, in NumPy: the loss of some rows, its gradient by complex steps, the rules by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Arrays = dict[str, np.ndarray]
Loss = "Callable[[Mapping[str, Any], Mapping[str, Any]], Any]"
_STEP = 1e-200


def gradient(loss: Any, parameters: Mapping[str, Any], rows: Mapping[str, Any]) -> Arrays:
    """∂L/∂θ = Im L(θ + iε)/ε, without any difference that loses digits (Squire & Trapp 1998)."""
    found = {}
    for name, value in parameters.items():
        slope = np.zeros(np.shape(value))
        for place in np.ndindex(slope.shape):
            moved = np.array(value, dtype=complex)
            moved[place] += 1j * _STEP
            slope[place] = np.imag(loss({**parameters, name: moved}, rows)) / _STEP
        found[name] = slope
    return found


def batches(data: Mapping[str, Any], size: int, order: Sequence[int]) -> Iterator[Arrays]:
    """Rows in an order, some at a time; the last ones may be fewer."""
    for first in range(0, len(order), size):
        chosen = order[first : first + size]
        yield {n: np.asarray(a)[chosen] for n, a in data.items()}


class Rule:
    """One way to step down a gradient."""

    def __init__(self, method: str = "sgd", *, momentum: float = 0.9, decay: float = 0.0, clip: float | None = None):
        self.method, self.momentum, self.decay, self.clip = method, momentum, decay, clip
        self.held: dict[str, Arrays] = {}
        self.steps = 0

    def step(self, parameters: Arrays, slopes: Arrays, rate: float) -> None:
        """Change the parameters."""
        self.steps += 1
        if self.clip is not None:
            length = np.sqrt(sum((g**2).sum() for g in slopes.values()))
            slopes = {n: g * min(1.0, self.clip / length) for n, g in slopes.items()}
        if self.method != "adamw":
            slopes = {n: g + self.decay * parameters[n] for n, g in slopes.items()}
        for name, slope in slopes.items():
            held = self.held.setdefault(name, {k: np.zeros_like(slope) for k in ("v", "m", "s")})
            parameters[name] = parameters[name] - rate * getattr(self, self.method)(held, slope, parameters[name])

    def sgd(self, _held: Arrays, slope: np.ndarray, _own: np.ndarray) -> np.ndarray:
        return slope

    def momentum_(self, held: Arrays, slope: np.ndarray) -> np.ndarray:
        held["v"] = self.momentum * held["v"] + slope
        return held["v"]

    def nesterov(self, held: Arrays, slope: np.ndarray, _own: np.ndarray) -> np.ndarray:
        return slope + self.momentum * self.momentum_(held, slope)

    def rmsprop(self, held: Arrays, slope: np.ndarray, _own: np.ndarray) -> np.ndarray:
        held["s"] = self.momentum * held["s"] + (1 - self.momentum) * slope**2
        return slope / (np.sqrt(held["s"]) + 1e-8)

    def adam(self, held: Arrays, slope: np.ndarray, _own: np.ndarray) -> np.ndarray:
        held["m"] = 0.9 * held["m"] + 0.1 * slope
        held["s"] = 0.999 * held["s"] + 0.001 * slope**2
        mean, square = held["m"] / (1 - 0.9**self.steps), held["s"] / (1 - 0.999**self.steps)
        return mean / (np.sqrt(square) + 1e-8)

    def adamw(self, held: Arrays, slope: np.ndarray, own: np.ndarray) -> np.ndarray:
        return self.adam(held, slope, own) + self.decay * own


class Polyak(Rule):
    """The momentum, whose name is that of its number."""

    def __init__(self, **options: Any) -> None:
        super().__init__("polyak", **options)

    def polyak(self, held: Arrays, slope: np.ndarray, _own: np.ndarray) -> np.ndarray:
        return self.momentum_(held, slope)


def rule(method: str, **options: Any) -> Rule:
    """The rule of a name."""
    return Polyak(**options) if method == "momentum" else Rule(method, **options)


def descend(
    loss: Any, start: Mapping[str, Any], data: Mapping[str, Any], by: Rule, *, epochs: int, batch: int,
    rates: Callable[[int], float], orders: Callable[[int], Sequence[int]] | None = None, sign: int = 1,
) -> Arrays:  # fmt: skip
    """Parameters after some epochs; `sign` −1 climbs."""
    parameters = {n: np.array(a, dtype=float) for n, a in start.items()}
    count = len(next(iter(data.values())))
    for epoch in range(epochs):
        for rows in batches(data, batch, range(count) if orders is None else orders(epoch)):
            slopes = {n: sign * g for n, g in gradient(loss, parameters, rows).items()}
            by.step(parameters, slopes, rates(epoch))
    return parameters
