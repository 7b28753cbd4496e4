"""Models that are rarely written on an exercise sheet: capsules, flows, pairs, trees, filters in rows."""

from __future__ import annotations

from itertools import product

from oracles.oracle import (
    Oracle,
    bits,
    half_square,
    index,
    logsumexp,
    onehot,
    positive,
    real,
    regular,
    relu,
    symmetric,
)


def filter_in_rows(v, xp):
    m, total = v.m0[0], -len(v.Y) / 2 * xp.log(xp.linalg.det(v["Λ"]))
    for y in v.Y[:, 0]:
        r = v.A.T @ m
        e = y - v.C.T @ r
        m = r + v.K.T @ e
        total = total + e @ v["Λ"] @ e / 2
    return total


def capsules(v, xp):
    total = 0
    for k in range(v.c.shape[1]):
        s = sum(v.c[i, k] * (v.W[i, k] @ v.u[i]) for i in range(len(v.u)))
        n = s @ s
        squashed = n / (1 + n) * s / xp.sqrt(n)
        length = xp.sqrt(squashed @ squashed)
        here, elsewhere = relu(v.mplus - length, xp) ** 2, relu(length - v.mminus, xp) ** 2
        total = total + v.y[k] * here + v["λ"] * (1 - v.y[k]) * elsewhere
    return total


def siamese(v, xp):
    h, g = xp.tanh(v.W @ v.x + v.b), xp.tanh(v.W @ v["x̃"] + v.b)
    s = h @ g / xp.sqrt((h @ h) * (g @ g))
    return v.y * (1 - s) + (1 - v.y) * relu(s - v["μ"], xp)


def flow_log_determinant(v, xp):
    u = v.A @ v.x + v.b
    z = u + v.a * xp.tanh(u)
    slopes = 1 + v.a / xp.cosh(u) ** 2
    volume = xp.log(xp.abs(xp.linalg.det(v.A))) + xp.sum(xp.log(slopes))
    return volume - half_square(z, xp) - len(z) / 2 * xp.log(2 * xp.pi)


def paired_with_ties(v, xp):
    total = 0
    for i, j in product(range(len(v.r)), repeat=2):
        tie = v["ν"] + (v.r[i] + v.r[j]) / 2
        scores = xp.stack([v.r[i], v.r[j], tie])
        total = total + (v.w[i, j] + v.d[i, j]) * logsumexp(scores, xp) - v.w[i, j] * v.r[i] - v.d[i, j] * tie
    return total


def labels_on_a_tree(v, xp):
    def score(labels):
        unary = sum(v.U[k] @ x for k, x in zip(labels, v.X, strict=True))
        return unary + sum(v.B[labels[v.q[n] - 1], labels[n]] for n in range(1, len(labels)))

    everything = product(range(len(v.B)), repeat=len(v.X))
    return logsumexp(xp.stack([score(labels) for labels in everything]), xp) - score(v.t - 1)


def low_rank_adapter(v, xp):
    return half_square(v.W @ v.x + v["α"] / len(v.A) * (v.B @ (v.A @ v.x)) - v.y, xp)


UNCOMMON = (
    Oracle("filter-in-rows",
        {"m0": real(1, 3), "Y": real(4, 1, 2), "A": real(3, 3), "C": real(3, 2), "K": real(2, 3), "Λ": symmetric(2)},
        ("A", "C", "K", "Λ"), filter_in_rows),
    Oracle("capsules",
        {"u": real(2, 4), "W": real(2, 3, 2, 4), "c": positive(2, 3), "y": onehot(3), "mplus": real(low=0.8, high=0.9),
         "mminus": real(low=0.1, high=0.2), "λ": positive()}, ("W", "c"), capsules),
    Oracle("siamese",
        {"x": real(2), "x̃": real(2), "W": real(3, 2), "b": real(3), "y": bits(), "μ": real(low=-0.9, high=-0.5)},
        ("W", "b"), siamese),
    Oracle("flow-log-determinant", {"x": real(3), "A": regular(3), "b": real(3), "a": positive(3)}, ("A", "b", "a"),
        flow_log_determinant),
    Oracle("paired-with-ties", {"r": real(3), "ν": real(), "w": positive(3, 3), "d": positive(3, 3)}, ("r", "ν"),
        paired_with_ties),
    Oracle("labels-on-a-tree",
        {"t": index(2, 4), "q": index(4, 4), "X": real(4, 3), "U": real(2, 3), "B": real(2, 2)}, ("U", "B"),
        labels_on_a_tree),
    Oracle("low-rank-adapter",
        {"x": real(4), "y": real(3), "W": real(3, 4), "A": real(2, 4), "B": real(3, 2), "α": real()}, ("A", "B"),
        low_rank_adapter),
)  # fmt: skip
