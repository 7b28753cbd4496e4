"""Likelihoods, energies, sums over configurations, divergences."""

from __future__ import annotations

from itertools import product

import numpy as np

from oracles.oracle import (
    Oracle,
    half_square,
    index,
    lgamma,
    logsumexp,
    onehot,
    positive,
    real,
    signs,
    softmax,
    symmetric,
)


def gaussian(v, xp):
    rows, d = v.X.shape
    quadratic = sum((x - v["μ"]) @ xp.linalg.solve(v.S, x - v["μ"]) for x in v.X)
    return -quadratic / 2 - rows / 2 * xp.log(xp.linalg.det(v.S)) - rows * d / 2 * xp.log(2 * xp.pi)


def student(v, xp):
    rows, d = v.X.shape
    terms = [xp.log(1 + (x - v.mu) @ xp.linalg.solve(v.S, x - v.mu) / v.nu) for x in v.X]
    return (v.nu + d) / 2 * sum(terms) + rows / 2 * xp.log(xp.linalg.det(v.S))


def variational_autoencoder(v, xp):
    m, s = v.A @ v.x + v.a, v.B @ v.x + v.b
    z = m + xp.exp(s / 2) * v["ε"]
    divergence = sum(xp.exp(s[j]) + m[j] ** 2 - 1 - s[j] for j in range(len(s))) / 2
    return half_square(v.x - v.C @ z - v.c, xp) + divergence


def gaussian_mixture(v, xp):
    rows, d = v.X.shape
    total = rows * logsumexp(v.a, xp)
    for x in v.X:
        scores = [
            v.a[k] - xp.sum((x - v.M[k]) ** 2) / (2 * v.s[k] ** 2) - d * xp.log(v.s[k]) for k in range(len(v.a))
        ]
        total = total - logsumexp(xp.stack(scores), xp)
    return total


def ising_chain(v, xp):
    def energy(s):
        return -sum(v.J[i] * s[i] * s[i + 1] for i in range(len(v.J))) - v.b @ s

    spins = [np.array(s) for s in product((-1, 1), repeat=len(v.b))]
    return sum(energy(row) for row in v.D) / len(v.D) + logsumexp(xp.stack([-energy(s) for s in spins]), xp)


def chain_of_labels(v, xp):
    steps, labels = v.U.shape

    def score(y):
        return sum(v.U[i, y[i]] for i in range(steps)) + sum(v.W[y[i - 1], y[i]] for i in range(1, steps))

    every = [score(y) for y in product(range(labels), repeat=steps)]
    return logsumexp(xp.stack(every), xp) - score(v.t - 1)


def one_hot_energy(v, xp):
    return -(v.t @ xp.log(softmax(v.W @ v.x, xp)))


def hopfield(v, xp):
    return -(v.s @ v.W @ v.s) / 2 - v.b @ v.s + xp.sum(v.s**4) / 2


def modern_hopfield(v, xp):
    return -logsumexp(v["β"] * (v.X @ v["ξ"]), xp) / v["β"] + half_square(v["ξ"], xp)


def divergence(v, xp):
    p, q = softmax(v.a, xp), softmax(v.b, xp)
    return sum(p[k] * (xp.log(p[k]) - xp.log(q[k])) for k in range(len(p)))


def gamma_likelihood(v, xp):
    a, b = v["α"], v["β"]
    return -sum(a * xp.log(b) + (a - 1) * xp.log(x) - b * x - lgamma(a) for x in v.x)


def heteroscedastic(v, xp):
    s = xp.log(1 + xp.exp(v.v @ v.x)) + 0.01
    return (v.y - v.w @ v.x) ** 2 / (2 * s**2) + xp.log(s)


def smooth_maximum(v, xp):
    return xp.log(sum(xp.exp(v["β"] * x) for x in v.x)) / v["β"]


VAE = {
    "x": real(4), "ε": real(2), "A": real(2, 4), "B": real(2, 4), "a": real(2), "b": real(2), "C": real(4, 2),
    "c": real(4),
}  # fmt: skip

PROBABILITY = (
    Oracle("gaussian", {"X": real(5, 3), "μ": real(3), "S": symmetric(3)}, ("μ", "S"), gaussian),
    Oracle("student", {"X": real(5, 3), "mu": real(3), "S": symmetric(3), "nu": real(low=3, high=5)}, ("mu", "S"),
        student),
    Oracle("variational-autoencoder", VAE, ("A", "a", "B", "b", "C", "c"), variational_autoencoder),
    Oracle("gaussian-mixture", {"X": real(5, 3), "M": real(2, 3), "s": positive(2), "a": real(2)}, ("M", "s", "a"),
        gaussian_mixture),
    Oracle("ising-chain", {"J": real(3), "b": real(4), "D": signs(3, 4)}, ("J", "b"), ising_chain),
    Oracle("chain-of-labels", {"t": index(3, 4), "U": real(4, 3), "W": real(3, 3)}, ("U", "W"), chain_of_labels),
    Oracle("one-hot-energy", {"t": onehot(3), "x": real(4), "W": real(3, 4)}, ("W",), one_hot_energy),
    Oracle("hopfield", {"s": real(4), "b": real(4), "W": symmetric(4)}, ("W", "b", "s"), hopfield),
    Oracle("modern-hopfield", {"X": real(5, 3), "ξ": real(3), "β": positive()}, ("ξ", "X"), modern_hopfield),
    Oracle("divergence", {"a": real(4), "b": real(4)}, ("a", "b"), divergence),
    Oracle("gamma-likelihood", {"x": positive(5), "α": positive(), "β": positive()}, ("α", "β"), gamma_likelihood),
    Oracle("heteroscedastic", {"x": real(3), "w": real(3), "v": real(3), "y": real()}, ("w", "v"), heteroscedastic),
    Oracle("smooth-maximum", {"x": real(4), "β": positive()}, ("x", "β"), smooth_maximum),
)  # fmt: skip
