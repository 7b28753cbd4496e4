"""Sums over configurations, every state one by one."""

from __future__ import annotations

from itertools import product

import numpy as np

from oracles.oracle import Oracle, bits, index, logsumexp, onehot, real, signs


def states(values, size):
    return [np.array(s) for s in product(values, repeat=size)]


def log_sum(scores, xp):
    return logsumexp(xp.stack(list(scores)), xp)


def visible_couplings(v, xp):
    def score(a, h):
        return v.b @ a + v.c @ h + a @ v.W @ h + a @ v.U @ a

    hidden, visible = states((0, 1), len(v.c)), states((0, 1), len(v.b))
    free = [-log_sum((score(row, h) for h in hidden), xp) for row in v.V]
    return sum(free) / len(v.V) + log_sum((score(a, h) for a in visible for h in hidden), xp)


def hidden_couplings(v, xp):
    def score(a, h):
        return v.c @ h + a @ v.W @ h + h @ v.K @ h

    hidden, visible = states((-1, 1), len(v.c)), states((-1, 1), len(v.W))
    whole = log_sum((score(a, h) for a in visible for h in hidden), xp)
    return sum(log_sum((score(row, h) for h in hidden), xp) - whole for row in v.V)


def label_sequences(v, xp):
    def score(x, y):
        return sum(v.U[y[t]] @ x[t] for t in range(len(y))) + sum(v.A[y[t - 1], y[t]] for t in range(1, len(y)))

    sequences = list(product(range(len(v.U)), repeat=v.X.shape[1]))
    rows = zip(v.X, v.Y, strict=True)
    return sum(log_sum((score(x, y) for y in sequences), xp) - score(x, own - 1) for x, own in rows)


def fields(v, xp):
    labels, places = v.B.shape[1], v.B.shape[0]
    rows = product(range(labels), repeat=places)
    z = log_sum((sum(v.B[i, k] for i, k in enumerate(row)) for row in rows), xp)
    g = log_sum((v["κ"] * (v.h @ s) for s in states((-1, 1), len(v.h))), xp)
    return z - xp.sum(v.B * v.t) + g


def three_valued_spins(v, xp):
    return log_sum((v.a @ s - v.q @ (s * s) for s in states((-1, 0, 1), len(v.a))), xp)


def mean_energy(v, xp):
    energies = xp.stack([-(s @ v.J @ s) for s in states((-1, 1), len(v.J))])
    weights = xp.exp(-energies - logsumexp(-energies, xp))
    return weights @ energies


def two_hidden_layers(v, xp):
    def score(a, h, g):
        return a @ v.W @ h + h @ v.U @ g

    n, (m, k) = len(v.W), v.U.shape
    hidden = [(h, g) for h in states((0, 1), m) for g in states((0, 1), k)]
    whole = log_sum((score(a, h, g) for a in states((0, 1), n) for h, g in hidden), xp)
    return sum(log_sum((score(row, h, g) for h, g in hidden), xp) - whole for row in v.V)


def mean_likelihood(v, xp):
    def score(a, h):
        return v.b @ a + v.c @ h + a @ v.W @ h

    hidden = states((0, 1), len(v.c))
    whole = log_sum((score(a, h) for a in states((0, 1), len(v.b)) for h in hidden), xp)
    return sum(log_sum((score(row, h) for h in hidden), xp) - whole for row in v.v) / len(v.v)


def gaussian_units(v, xp):
    def score(x, h):
        return -((x - v["μ"]) @ (x - v["μ"])) / 2 + v.c @ h + x @ v.W @ h

    return -sum(log_sum((score(x, h) for h in states((0, 1), len(v.c))), xp) for x in v.X) / len(v.X)


ENERGIES = (
    Oracle("visible-couplings", {"b": real(3), "c": real(2), "W": real(3, 2), "U": real(3, 3), "V": bits(4, 3)},
        ("b", "c", "W", "U"), visible_couplings),
    Oracle("hidden-couplings", {"c": real(2), "W": real(3, 2), "K": real(2, 2), "V": signs(4, 3)}, ("c", "W", "K"),
        hidden_couplings),
    Oracle("label-sequences", {"U": real(3, 2), "A": real(3, 3), "X": real(2, 4, 2), "Y": index(3, 2, 4)}, ("U", "A"),
        label_sequences),
    Oracle("fields", {"B": real(3, 2), "h": real(4), "κ": real(), "t": onehot(3, 2)}, ("B", "h", "κ"), fields),
    Oracle("three-valued-spins", {"a": real(4), "q": real(4)}, ("a", "q"), three_valued_spins),
    Oracle("mean-energy", {"J": real(3, 3)}, ("J",), mean_energy),
    Oracle("two-hidden-layers", {"W": real(3, 2), "U": real(2, 2), "V": bits(3, 3)}, ("W", "U"), two_hidden_layers),
    Oracle("mean-likelihood", {"b": real(3), "c": real(2), "W": real(3, 2), "v": bits(4, 3)}, ("b", "c", "W"),
        mean_likelihood, data=("v",)),
    Oracle("gaussian-units", {"μ": real(3), "c": real(2), "W": real(3, 2), "X": real(4, 3)}, ("μ", "c", "W"),
        gaussian_units),
)  # fmt: skip
