"""Component gradients against SymPy, which differentiates the objective written out with a symbol for each entry."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sympy as sp

from engine.running import gradients

if TYPE_CHECKING:
    from collections.abc import Callable


def vector(name: str, n: int) -> sp.Matrix:
    return sp.Matrix(n, 1, lambda i, _: sp.Symbol(f"{name}_{i}"))


def matrix(name: str, n: int, m: int) -> sp.Matrix:
    return sp.Matrix(n, m, lambda i, j: sp.Symbol(f"{name}_{i}_{j}"))


def scalar(name: str) -> sp.Symbol:
    return sp.Symbol(f"{name}_")


def norm2(v: sp.Matrix) -> sp.Expr:
    return sum(e**2 for e in v)


def entries(m: sp.Matrix, f: Callable[[sp.Expr], sp.Expr]) -> sp.Matrix:
    return m.applyfunc(f)


def softmax(z: sp.Matrix) -> sp.Matrix:
    total = sum(sp.exp(e) for e in z)
    return entries(z, lambda e: sp.exp(e) / total)


def sigmoid(z: sp.Expr) -> sp.Expr:
    return 1 / (1 + sp.exp(-z))


x3, y3, w3, a3 = vector("x", 3), vector("y", 3), vector("w", 3), vector("a", 3)
W23, W33, A33, X23 = matrix("W", 2, 3), matrix("W", 3, 3), matrix("A", 3, 3), matrix("X", 2, 3)
b2, y2 = vector("b", 2), vector("y", 2)
s, c, v = scalar("s"), scalar("c"), scalar("v")


def recurrence() -> sp.Expr:
    h = w3
    total = 0
    for t in range(2):
        h = entries(W33 * h + X23[t, :].T, sp.tanh)
        total += norm2(h - y3) / 2
    return total


def convolution() -> sp.Expr:
    total = 0
    for t in range(1, 4):
        z = sum(w3[k] * x3[t - k - 1] for k in range(3) if 1 <= t - k <= 3)
        total += (z - y3[t - 1]) ** 2
    return total


SHEETS: dict[str, tuple[str, sp.Expr, dict[str, sp.Matrix | sp.Symbol]]] = {
    "tanh layer": (
        "x ∈ ℝ^3, y, b ∈ ℝ^2, W ∈ ℝ^(2×3)\nh = tanh(W x + b)\nL = 1/2 ‖h - y‖²\nparameters W, b, x\nminimize L",
        norm2(entries(W23 * x3 + b2, sp.tanh) - y2) / 2,
        {"W": W23, "b": b2, "x": x3, "y": y2},
    ),
    "softmax cross-entropy": (
        "x, y ∈ ℝ^3\np = softmax(x)\nL = -sum[i] y[i] log p[i]\nparameters x\nminimize L",
        -sum(y3[i] * sp.log(softmax(x3)[i]) for i in range(3)),
        {"x": x3, "y": y3},
    ),
    "quadratic form": (
        "x ∈ ℝ^3, A ∈ ℝ^(3×3)\nL = x' A x / (1 + x' x)\nparameters x, A\nminimize L",
        (x3.T * A33 * x3)[0] / (1 + norm2(x3)),
        {"x": x3, "A": A33},
    ),
    "inverse": (
        "x, y ∈ ℝ^3, A ∈ ℝ^(3×3)\nL = y' A⁻¹ x\nparameters A, x, y\nminimize L",
        (y3.T * A33.inv() * x3)[0],
        {"x": x3, "y": y3, "A": A33},
    ),
    "determinant": (
        "A ∈ ℝ^(3×3)\nL = det(A) + trace(A A)\nparameters A\nminimize L",
        A33.det() + (A33 * A33).trace(),
        {"A": A33},
    ),
    "matrix power": (
        "A ∈ ℝ^(3×3), x ∈ ℝ^3\nL = x' A³ x\nparameters A\nminimize L",
        (x3.T * A33**3 * x3)[0],
        {"A": A33, "x": x3},
    ),
    "normalisation": (
        (
            "x, w ∈ ℝ^3, s ∈ ℝ\nμ = 1/3 sum[i] x[i]\nz = (x - μ) / sqrt(1/3 ‖x - μ‖² + s²)\nL = w' z\n"
            "parameters x, w, s\nminimize L"
        ),
        sum(w3[i] * (x3[i] - sum(x3) / 3) for i in range(3))
        / sp.sqrt(sum((x3[i] - sum(x3) / 3) ** 2 for i in range(3)) / 3 + s**2),
        {"x": x3, "w": w3, "s": s},
    ),
    "shared scalar": (
        "x ∈ ℝ^3, v, s ∈ ℝ\nL = sum[i] log(1 + e^(v x[i])) + s v² - sin(v) / s\nparameters v, s, x\nminimize L",
        sum(sp.log(1 + sp.exp(v * e)) for e in x3) + s * v**2 - sp.sin(v) / s,
        {"x": x3, "v": v, "s": s},
    ),
    "powers": (
        "x, w ∈ ℝ^3\nL = sum[i] exp(x[i])^w[i] + prod[i] (2 + x[i])\nparameters x, w\nminimize L",
        sum(sp.exp(x3[i]) ** w3[i] for i in range(3)) + (2 + x3[0]) * (2 + x3[1]) * (2 + x3[2]),
        {"x": x3, "w": w3},
    ),
    "convolution": (
        (
            "x, y ∈ ℝ^3, w ∈ ℝ^(0..2)\nz[t] = sum[k] w[k] x[t-k]   for t in 1..3\nL = ‖z - y‖²\n"
            "parameters w, x\nminimize L"
        ),
        convolution(),
        {"x": x3, "y": y3, "w": w3},
    ),
    "recurrence with a loss at every step": (
        (
            "X ∈ ℝ^(2×3), y, w ∈ ℝ^3, W ∈ ℝ^(3×3)\nh[0] = w\nfor t in 1..2\n  h[t] = tanh(W h[t-1] + X[t])\n"
            "L = sum[t in 1..2] 1/2 ‖h[t] - y‖²\nparameters W, w, X\nminimize L"
        ),
        recurrence(),
        {"X": X23, "y": y3, "w": w3, "W": W33},
    ),
    "causal mask": (
        (
            "A ∈ ℝ^(3×3), x ∈ ℝ^3\nS[i,j] = A[i,j] if j ≤ i else -∞\nP[i,j] = softmax[j](S[i,j])\nL = x' P x\n"
            "parameters A, x\nminimize L"
        ),
        sum(
            x3[i] * x3[j] * sp.exp(A33[i, j]) / sum(sp.exp(A33[i, k]) for k in range(i + 1))
            for i in range(3)
            for j in range(i + 1)
        ),
        {"A": A33, "x": x3},
    ),
    "pairwise distances": (
        "X ∈ ℝ^(2×3), s ∈ ℝ\nL = sum[i,j] exp(-‖X[i] - X[j]‖² / s²)\nparameters X, s\nminimize L",
        sum(sp.exp(-norm2(X23[i, :] - X23[j, :]) / s**2) for i in range(2) for j in range(2)),
        {"X": X23, "s": s},
    ),
    "gates": (
        "x ∈ ℝ^3, W, A ∈ ℝ^(3×3)\nh = σ(W x) ⊙ tanh(A x) + (1 - σ(W x)) ⊙ x\nL = h' h\nparameters W, A, x\nminimize L",
        norm2(
            sp.Matrix([
                sigmoid((W33 * x3)[i]) * sp.tanh((A33 * x3)[i]) + (1 - sigmoid((W33 * x3)[i])) * x3[i]
                for i in range(3)
            ])
        ),
        {"x": x3, "W": W33, "A": A33},
    ),
    "a function of the sheet": (
        "x ∈ ℝ^3, c ∈ ℝ\nf(u) = arctan(u) / (1 + c² u²)\nL = sum[i] f(f(x[i]))\nparameters x, c\nminimize L",
        sum(
            sp.atan(sp.atan(e) / (1 + c**2 * e**2)) / (1 + c**2 * (sp.atan(e) / (1 + c**2 * e**2)) ** 2) for e in x3
        ),
        {"x": x3, "c": c},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_gradients_are_those_of_sympy(name: str):
    text, objective, inputs = SHEETS[name]
    rng = random.Random(name)
    numbers: dict[sp.Symbol, float] = {}
    arrays = {}
    for key, symbol in inputs.items():
        if isinstance(symbol, sp.Symbol):
            numbers[symbol] = rng.uniform(0.3, 1.2)
            arrays[key] = numbers[symbol]
            continue
        values = np.array([[rng.uniform(-1, 1) + (i == j) for j in range(symbol.cols)] for i in range(symbol.rows)])
        numbers.update({symbol[i, j]: values[i, j] for i in range(symbol.rows) for j in range(symbol.cols)})
        arrays[key] = values[:, 0].tolist() if symbol.cols == 1 else values.tolist()
    found = gradients(text + "\n", arrays)
    for key in text.split("parameters ")[1].split("\n")[0].split(", "):
        symbol = inputs[key]
        flat = [symbol] if isinstance(symbol, sp.Symbol) else list(symbol)
        expected = [float(sp.diff(objective, e).subs(numbers)) for e in flat]
        np.testing.assert_allclose(np.ravel(np.asarray(found[key], dtype=float)), expected, rtol=1e-9, atol=1e-11)
