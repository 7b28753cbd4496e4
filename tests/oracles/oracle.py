"""What an oracle is: a sheet's objective as a function of its inputs, and where to sample these inputs."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["real", "bits", "signs", "onehot", "simplex", "index", "symmetric", "regular", "count"]


@dataclass(frozen=True)
class Input:
    """A shape and the set from which its entries (or rows, for `onehot` and `simplex`) are drawn."""

    shape: tuple[int, ...] = ()
    kind: Kind = "real"
    low: float = -1.0
    high: float = 1.0

    def sample(self, rng: np.random.Generator) -> Any:
        """Random numbers of this kind; whole numbers stay integers."""
        match self.kind:
            case "real":
                return rng.uniform(self.low, self.high, self.shape)
            case "bits":
                return rng.integers(0, 2, self.shape)
            case "signs":
                return 2 * rng.integers(0, 2, self.shape) - 1
            case "index" | "count":
                return rng.integers(int(self.low), int(self.high) + 1, self.shape)
            case "onehot":
                return np.eye(self.shape[-1], dtype=int)[rng.integers(0, self.shape[-1], self.shape[:-1])]
            case "simplex":
                # Whole sixteenths, so that a row sums to one exactly in binary and in decimal.
                weights = 1 + rng.multinomial(16 - self.shape[-1], np.ones(self.shape[-1]) / self.shape[-1])
                return weights / 16
            case "symmetric":
                a = rng.uniform(self.low, self.high, self.shape)
                return (a + a.T) / 2 + 2 * np.eye(self.shape[0])
            case "regular":
                return rng.uniform(self.low, self.high, self.shape) + 2 * np.eye(self.shape[0])


def real(*shape: int, low: float = -1.0, high: float = 1.0) -> Input:
    """Real numbers, uniform between two ends."""
    return Input(shape, "real", low, high)


def positive(*shape: int) -> Input:
    """Real numbers away from zero."""
    return Input(shape, "real", 0.5, 1.5)


def bits(*shape: int) -> Input:
    """Zeros and ones."""
    return Input(shape, "bits")


def signs(*shape: int) -> Input:
    """Entries −1 and 1."""
    return Input(shape, "signs")


def onehot(*shape: int) -> Input:
    """Rows along the last axis, one of whose entries is 1."""
    return Input(shape, "onehot")


def simplex(size: int) -> Input:
    """A vector of positive numbers that sum to one."""
    return Input((size,), "simplex")


def index(size: int, *shape: int) -> Input:
    """Numbers from 1 to a size, as in a sheet: the objective subtracts the one."""
    return Input(shape, "index", 1, size)


def symmetric(size: int) -> Input:
    """A symmetric matrix, positive definite."""
    return Input((size, size), "symmetric")


def regular(size: int) -> Input:
    """A matrix that can be inverted, with a positive determinant."""
    return Input((size, size), "regular", -0.5, 0.5)


def count(high: int, *shape: int) -> Input:
    """Whole numbers from 0."""
    return Input(shape, "count", 0, high)


class Values(dict[str, Any]):
    """Inputs by name, also as attributes: `v.W1`; members of families as `v["W[1]"]`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Oracle:
    """A sheet by the stem of its file, sizes that its inputs do not tell, its inputs, its parameters, its objective.

    `objective(values, xp)` returns a scalar; `xp` is NumPy, or any module with the same functions that can trace.
    `data` names the inputs that carry one more axis in front, for the rows of a data set. A sheet with `pullback y`
    has an input `ȳ`, and its objective is ⟨ȳ, y⟩.
    """

    sheet: str
    inputs: dict[str, Input]
    parameters: tuple[str, ...]
    objective: Callable[[Values, Any], Any]
    sizes: dict[str, int] = field(default_factory=dict)
    data: tuple[str, ...] = ()

    def sample(self, seed: int = 0) -> Values:
        """One set of inputs; the same for the same seed."""
        rng = np.random.default_rng([seed, zlib.crc32(self.sheet.encode())])
        return Values({name: kind.sample(rng) for name, kind in self.inputs.items()})

    def value(self, values: Values) -> float:
        """Return the objective at some inputs."""
        return float(self.objective(values, np))

    def gradient(self, values: Values, parameter: str, step: float = 1e-4) -> Any:
        """The gradient in a parameter by central differences of fourth order; symmetric parameters symmetrised."""
        base = np.array(values[parameter], dtype=float)
        result = np.zeros(base.shape)
        for place in np.ndindex(base.shape):
            slopes = []
            for h in (step, 2 * step):
                ends = []
                for sign in (1, -1):
                    moved = base.copy()
                    moved[place] += sign * h
                    ends.append(self.value(Values({**values, parameter: moved})))
                slopes.append((ends[0] - ends[1]) / (2 * h))
            result[place] = (4 * slopes[0] - slopes[1]) / 3
        if self.inputs[parameter].kind == "symmetric":
            result = (result + result.T) / 2
        return result


def sigmoid(z: Any, xp: Any) -> Any:
    """1 / (1 + e^(−z))."""
    return 1 / (1 + xp.exp(-z))


def softmax(z: Any, xp: Any) -> Any:
    """e^z over its sum."""
    e = xp.exp(z - xp.max(z))
    return e / xp.sum(e)


def logsumexp(z: Any, xp: Any) -> Any:
    """The logarithm of Σ e^z."""
    m = xp.max(z)
    return m + xp.log(xp.sum(xp.exp(z - m)))


def relu(z: Any, xp: Any) -> Any:
    """max(0, z), entry by entry."""
    return xp.where(z > 0, z, 0)


def half_square(z: Any, xp: Any) -> Any:
    """½ ‖z‖², over all entries."""
    return xp.sum(z * z) / 2


def lgamma(x: float) -> float:
    """log Γ of a number."""
    return math.lgamma(float(x))
