"""The workloads of `programs.py`, the same for every engine: a sheet, numbers for it, how much of it one call does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

import gradsheet as gs

Arrays = dict[str, np.ndarray]

HESSIAN_ROWS = 2
"""Rows of data for each weight of the logistic regression."""


@dataclass(frozen=True)
class Network:
    """Gradient descent on a network of fully connected layers: one call is one epoch over `rows` examples."""

    sizes: tuple[int, ...]
    hidden: str
    output: str
    batch: int
    rows: int
    rate: float
    precision: str
    checked: int
    """After so many rows the parameters are compared with the reference."""
    copies: int = 1
    threads: int = 1

    @cached_property
    def sheet(self) -> gs.Sheet:
        return gs.mlp(self.sizes, hidden=self.hidden, output=self.output, rate=self.rate)

    @property
    def single(self) -> Network:
        """One copy on one thread: what the reference computes."""
        return replace(self, copies=1, threads=1)

    @property
    def steps(self) -> int:
        """Updates in one epoch."""
        return self.rows // self.batch

    @property
    def flop(self) -> float:
        """Multiplications and additions of the products in one step; the first layer has no product for its input."""
        pairs = list(zip(self.sizes, self.sizes[1:], strict=False))
        forward = sum(2 * n * m for n, m in pairs)
        return self.copies * self.batch * (3 * forward - 2 * pairs[0][0] * pairs[0][1])

    def parameters(self) -> Arrays:
        """Weights of a size that keeps values away from 0 and from saturation; shifts of 0."""
        rng = np.random.default_rng(1)
        made: Arrays = {}
        scale = np.sqrt(2) if self.hidden == "relu" else 1.0
        for k, (n, m) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), 1):
            made[f"W{k}"] = (rng.standard_normal((m, n)) * scale / np.sqrt(n)).astype(self.precision)
            made[f"b{k}"] = np.zeros(m, self.precision)
        return made

    @cached_property
    def data(self) -> Arrays:
        """Inputs, and targets that can be learned: with random ones weights grow until everything is denormal."""
        rng = np.random.default_rng(2)
        n, m = self.sizes[0], self.sizes[-1]
        if self.output == "linear":
            x = rng.standard_normal((self.rows, n))
            y = np.stack([np.sin(x[:, 0]), x[:, 1] * x[:, 2 % n] * 0.3, np.tanh(x[:, 3 % n])], axis=1)[:, :m]
            return {"x": x.astype(self.precision), "y": y.astype(self.precision)}
        x = rng.random((self.rows, n))
        of_class = np.argmax((x - 0.5) @ rng.standard_normal((n, m)), axis=1)
        return {"x": x.astype(self.precision), "y": np.eye(m, dtype=self.precision)[of_class]}

    @property
    def labels(self) -> np.ndarray:
        """The class of each example, for engines that take classes as numbers."""
        return np.argmax(self.data["y"], axis=1)


@dataclass(frozen=True)
class Convolution:
    """max(0, w ⋆ x + b) with its pullback, over a batch: 16 channels to 32, 1,024 places."""

    kernel: int
    batch: int = 32
    channels: tuple[int, int] = (16, 32)
    length: int = 1024
    precision: str = "float32"
    threads: int = 1

    @property
    def places(self) -> int:
        return self.length - self.kernel + 1

    @cached_property
    def sheet(self) -> gs.Sheet:
        c, m = self.channels
        return gs.loads(f"""
x ∈ ℝ^({c}×{self.length}), w ∈ ℝ^({m}×{c}×0..{self.kernel - 1}), b ∈ ℝ^{m}
z[m,τ] = sum[k, s] x[k,τ+s] w[m,k,s] + b[m]   for m in 1..{m}, τ in 1..{self.places}
y = relu(z)
pullback y
""")

    @property
    def flop(self) -> float:
        c, m = self.channels
        return 3 * 2 * self.batch * c * m * self.places * self.kernel

    @cached_property
    def values(self) -> Arrays:
        """Arguments, and the upstream gradient ȳ."""
        rng = np.random.default_rng(3)
        c, m = self.channels
        shapes = {"x": (self.batch, c, self.length), "w": (m, c, self.kernel), "b": (m,)}
        shapes["ȳ"] = (self.batch, m, self.places)
        return {name: rng.standard_normal(shape).astype(self.precision) for name, shape in shapes.items()}


@dataclass(frozen=True)
class Logistic:
    """H = ∂²L/∂w² of logistic regression with d weights over 2d rows."""

    weights: int
    precision: str = "float64"
    threads: int = 1

    @cached_property
    def sheet(self) -> gs.Sheet:
        d = self.weights
        return gs.loads(f"""
X ∈ ℝ^({HESSIAN_ROWS * d}×{d}), y ∈ {{-1,1}}^{HESSIAN_ROWS * d}, w ∈ ℝ^{d}
L = sum[i] softplus(-y[i] (X w)[i])
H = ∂²L/∂w²
parameters w
minimize L
""")

    @property
    def flop(self) -> float:
        """Of one triangle: the other is its mirror image."""
        return HESSIAN_ROWS * self.weights**3

    @cached_property
    def values(self) -> Arrays:
        rng, d = np.random.default_rng(4), self.weights
        return {
            "X": rng.standard_normal((HESSIAN_ROWS * d, d)),
            "y": np.sign(rng.standard_normal(HESSIAN_ROWS * d)),
            "w": rng.standard_normal(d) / np.sqrt(d),
        }


@dataclass(frozen=True)
class Factorisation:
    """H = ∂²L/∂U² of L = ‖T − U Vᵀ‖², with all its zeros."""

    side: int = 200
    inner: int = 5
    precision: str = "float64"
    threads: int = 1
    flop: float = 0.0

    @cached_property
    def sheet(self) -> gs.Sheet:
        d, k = self.side, self.inner
        return gs.loads(f"""
T ∈ ℝ^({d}×{d}), U, V ∈ ℝ^({d}×{k})
L = ‖T - U V'‖²
H = ∂²L/∂U²
parameters U
minimize L
""")

    @cached_property
    def values(self) -> Arrays:
        rng, d, k = np.random.default_rng(5), self.side, self.inner
        shapes = {"T": (d, d), "U": (d, k), "V": (d, k)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


@dataclass(frozen=True)
class Layers:
    """H = ∂²L/∂W₁² of ten layers of ReLU without shifts, softmax and cross-entropy over a batch that is written out."""

    width: int = 32
    rows: int = 32
    depth: int = 10
    precision: str = "float64"
    threads: int = 1

    @cached_property
    def sheet(self) -> gs.Sheet:
        n, last = self.width, self.depth
        lines = [f"X ∈ ℝ^({self.rows}×{n}), Y ∈ onehot({n})^{self.rows}", "H0 = X"]
        for k in range(1, last + 1):
            lines += [f"W{k} ∈ ℝ^({n}×{n})", f"Z{k} = H{k - 1} W{k}'"]
            lines += [f"H{k} = relu(Z{k})"] if k < last else []
        lines += [f"P[s,k] = softmax[k](Z{last}[s,k])", "L = -sum[s,k] Y[s,k] log P[s,k]", "H = ∂²L/∂W1²"]
        return gs.loads("\n".join([*lines, "parameters W1", "minimize L", ""]))

    @property
    def flop(self) -> float:
        """Jacobians of ten layers for each row, their products with the curvature, and the sum of outer products."""
        n = self.width
        return 2 * self.rows * n**3 * self.depth + 2 * self.rows * n**4

    @cached_property
    def values(self) -> Arrays:
        rng, n = np.random.default_rng(6), self.width
        made = {f"W{k}": rng.standard_normal((n, n)) * np.sqrt(2 / n) for k in range(1, self.depth + 1)}
        made["X"] = rng.standard_normal((self.rows, n))
        made["Y"] = np.eye(n)[rng.integers(0, n, self.rows)]
        return made


@dataclass(frozen=True)
class Boltzmann:
    """The exact gradient of the log-likelihood of a restricted Boltzmann machine: a sum over all 2¹⁶ visible states."""

    visible: int = 16
    hidden: int = 16
    rows: int = 100
    precision: str = "float64"
    threads: int = 1
    flop: float = 0.0

    @cached_property
    def sheet(self) -> gs.Sheet:
        n, m, rows = self.visible, self.hidden, self.rows
        return gs.loads(f"""
v ∈ {{0,1}}^{n}, h ∈ {{0,1}}^{m}
b ∈ ℝ^{n}, c ∈ ℝ^{m}, W ∈ ℝ^({n}×{m})

E(v, h) = -b' v - c' h - v' W h
Z = sum[v, h] exp(-E(v, h))
p(v) = sum[h] exp(-E(v, h)) / Z

V ∈ {{0,1}}^({rows}×{n})
ℓ = 1/{rows} sum[i in 1..{rows}] log p(V[i])

parameters b, c, W
maximize ℓ
""")

    @cached_property
    def values(self) -> Arrays:
        rng, n, m = np.random.default_rng(7), self.visible, self.hidden
        shapes = {"b": (n,), "c": (m,), "W": (n, m)}
        made = {name: (0.3 * rng.standard_normal(shape)).astype(self.precision) for name, shape in shapes.items()}
        return {**made, "V": rng.integers(0, 2, (self.rows, n))}

    @property
    def states(self) -> np.ndarray:
        """Every visible state, one a row."""
        return (np.arange(2**self.visible)[:, np.newaxis] >> np.arange(self.visible) & 1).astype(self.precision)


Hessian = Logistic | Factorisation | Layers
Workload = Network | Convolution | Hessian | Boltzmann

SGD = Network((4, 4, 3, 3), "tanh", "linear", 1, 10_000, 0.01, "float64", 500)
WIDE = Network((784, 128, 10), "tanh", "softmax", 1, 2000, 0.01, "float32", 50)


def deep(batch: int, threads: int = 1) -> Network:
    """784-512-256-10, ReLU, softmax with cross-entropy."""
    rows = max(4 * batch, 4096)
    return Network((784, 512, 256, 10), "relu", "softmax", batch, rows, 0.05, "float32", 2 * batch, threads=threads)


def seeds(copies: int, precision: str) -> Network:
    """4-4-3-3 from several starts at once."""
    return Network((4, 4, 3, 3), "tanh", "linear", 1, 10_000, 0.01, precision, 500, copies=copies)


def grown(width: int, depth: int, batch: int) -> Network:
    """A network for the curves: `depth` hidden layers of a width."""
    rows = max(4 * batch, min(4096, 2**22 // (width * width * depth) * batch))
    rate = 0.02 if batch == 1 else 0.05
    return Network((width, *[width] * depth, 10), "relu", "softmax", batch, rows, rate, "float32", 2 * batch)


__all__ = [
    "SGD", "WIDE", "Arrays", "Boltzmann", "Convolution", "Factorisation", "Hessian", "Layers", "Logistic", "Network",
    "Workload", "deep", "grown", "seeds",
]  # fmt: skip
