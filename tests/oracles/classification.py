"""Losses over labels, margins, ranks and rows of data."""

from __future__ import annotations

from oracles.oracle import (
    Oracle,
    bits,
    count,
    index,
    logsumexp,
    onehot,
    positive,
    real,
    sigmoid,
    signs,
    simplex,
    softmax,
)


def cross_entropy(p, y, xp):
    return -(y * xp.log(p) + (1 - y) * xp.log(1 - p))


def logistic_intercept(v, xp):
    rows = len(v.y)
    return sum(cross_entropy(sigmoid(v.w @ v.X[i] + v.b, xp), v.y[i], xp) for i in range(rows)) / rows


def logistic_margin(v, xp):
    rows = len(v.y)
    losses = [xp.log(1 + xp.exp(-v.y[i] * (v.w @ v.X[i]))) for i in range(rows)]
    return sum(losses) / rows + v["λ"] / 2 * xp.sum(v.w**2)


def multinomial(v, xp):
    rows = len(v.Y)
    return -sum(v.Y[i] @ xp.log(softmax(v.W @ v.X[i] + v.b, xp)) for i in range(rows)) / rows


def multinomial_index(v, xp):
    rows = len(v.Y)
    return -sum(v.Y[i] @ xp.log(softmax(v.X[i] @ v.W + v.b, xp)) for i in range(rows)) / rows


def multinomial_labels(v, xp):
    total = 0
    for i in range(len(v.c)):
        scores = v.X[i] @ v.W
        total = total - scores[v.c[i] - 1] + logsumexp(scores, xp)
    return total


def label_smoothing(v, xp):
    t = (1 - v["ε"]) * v.y + v["ε"] / len(v.y)
    return -(t @ xp.log(softmax(v.W @ v.x, xp)))


def focal_loss(v, xp):
    p = softmax(v.W @ v.x, xp)
    return -sum(v.y[k] * (1 - p[k]) ** v["γ"] * xp.log(p[k]) for k in range(len(v.y)))


def support_vectors(v, xp):
    rows = len(v.y)
    total = 0
    for i in range(rows):
        slack = 1 - v.y[i] * (v.w @ v.X[i] + v.b)
        total = total + xp.where(slack > 0, slack, 0)
    return total / rows + v["λ"] / 2 * xp.sum(v.w**2)


def multiclass_hinge(v, xp):
    total = 0
    for i in range(len(v.Y)):
        s = v.X[i] @ v.W
        total = total + xp.max(s + 1 - v.Y[i]) - v.Y[i] @ s
    return total


def bradley_terry(v, xp):
    wins = [xp.log(sigmoid(v.r[v.a[g] - 1] - v.r[v.b[g] - 1], xp)) for g in range(len(v.a))]
    return -sum(wins) + v["λ"] / 2 * xp.sum(v.r**2)


def elo(v, xp):
    return cross_entropy(1 / (1 + 10 ** ((v.B - v.A) / 400)), v.s, xp)


def poisson(v, xp):
    total = 0
    for i in range(len(v.y)):
        mu = xp.exp(v.X[i] @ v.beta)
        total = total + mu - v.y[i] * xp.log(mu)
    return total


def norm(u, xp):
    return xp.sqrt(xp.sum(u**2))


def info_nce(v, xp):
    rows = len(v.U)
    total = 0
    for i in range(rows):
        s = [v.U[i] @ v.V[j] / (norm(v.U[i], xp) * norm(v.V[j], xp) * v["τ"]) for j in range(rows)]
        total = total - xp.log(softmax(xp.stack(s), xp)[i])
    return total / rows


def cosine(v, xp):
    return 1 - v.u @ v.v / (norm(v.u, xp) * norm(v.v, xp))


def triplet(v, xp):
    near = xp.sum((v.W @ v.xa - v.W @ v.xp) ** 2)
    far = xp.sum((v.W @ v.xa - v.W @ v.xn) ** 2)
    slack = near - far + v.m
    return xp.where(slack > 0, slack, 0)


def contrastive(v, xp):
    d = norm(v.W @ v.u - v.W @ v.v, xp)
    if v.y == 1:
        return d**2 / 2
    return xp.where(v.m - d > 0, v.m - d, 0) ** 2 / 2


def huber_rows(v, xp):
    total = 0
    for i in range(len(v.y)):
        r = abs(v.y[i] - v.X[i] @ v.w)
        total = total + xp.where(r <= v["κ"], r**2 / 2, v["κ"] * (r - v["κ"] / 2))
    return total


def huber_mean(v, xp):
    total = 0
    for i in range(len(v.y)):
        r = abs(v.w @ v.x[i] - v.y[i])
        total = total + xp.where(r <= v["κ"], r**2 / 2, v["κ"] * (r - v["κ"] / 2))
    return total / len(v.y) + v["λ"] * xp.sum(v.w**2)


def newton_logistic(v, xp):
    rows = range(len(v.t))
    return sum(cross_entropy(sigmoid(v.X[i] @ v.w, xp), v.t[i], xp) for i in rows) + v.lam / 2 * (v.w @ v.w)


def quantile(v, xp):
    total = 0
    for i in range(len(v.y)):
        r = v.y[i] - v.X[i] @ v.w
        total = total + xp.where(r > 0, v.q * r, (v.q - 1) * r)
    return total


def log_cosh(v, xp):
    return sum(xp.log(xp.cosh(v.X[i] @ v.w - v.y[i])) for i in range(len(v.y)))


def dice(v, xp):
    p = sigmoid(v.z, xp)
    return 1 - (2 * (p @ v.t) + 1) / (xp.sum(p) + xp.sum(v.t) + 1)


def cox(v, xp):
    scores = v.X @ v["β"]
    rows = len(scores)
    total = 0
    for i in range(rows):
        later = xp.log(sum(xp.exp(scores[j]) for j in range(i, rows)))
        total = total - v["δ"][i] * (scores[i] - later)
    return total


def simplex_targets(v, xp):
    z = v.W @ v.x + v.b
    return logsumexp(z, xp) - v.t @ z


def two_towers(v, xp):
    total = 0
    for i in range(len(v.y)):
        p = sigmoid(xp.tanh(v.A @ v.x[i]) @ xp.tanh(v.B @ v.z[i]), xp)
        total = total + cross_entropy(p, v.y[i], xp)
    return total / len(v.y)


def sum_over_data(v, xp):
    return sum((v.w @ v.x[i] - v.y[i]) ** 2 / 2 for i in range(len(v.y))) + v["λ"] / 2 * xp.sum(v.w**2)


def adversarial(v, xp):
    genuine = sigmoid(v.w @ v.xr + v.b, xp)
    made = sigmoid(v.w @ (v.G @ v.z) + v.b, xp)
    return xp.log(genuine) + xp.log(1 - made)


def temporal_difference(v, xp):
    best = xp.max(v.Q[v.s2 - 1])
    return (v.r + v["γ"] * best - v.Q[v.s - 1, v.a - 1]) ** 2 / 2


X = real(5, 3)
LABELS = {"x": real(4), "y": onehot(3), "W": real(3, 4)}

CLASSIFICATION = (
    Oracle("logistic-intercept", {"X": X, "y": bits(5), "w": real(3), "b": real()}, ("w", "b"), logistic_intercept),
    Oracle("logistic-margin", {"X": X, "y": signs(5), "w": real(3), "λ": positive()}, ("w",), logistic_margin),
    Oracle("multinomial", {"X": X, "Y": onehot(5, 4), "W": real(4, 3), "b": real(4)}, ("W", "b"), multinomial),
    Oracle("multinomial-index", {"X": X, "Y": onehot(5, 4), "W": real(3, 4), "b": real(4)}, ("W", "b"),
        multinomial_index),
    Oracle("multinomial-labels", {"X": X, "c": index(4, 5), "W": real(3, 4)}, ("W",), multinomial_labels),
    Oracle("label-smoothing", {**LABELS, "ε": real(low=0.1, high=0.2)}, ("W",), label_smoothing),
    Oracle("focal-loss", {**LABELS, "γ": real(low=1.5, high=2.5)}, ("W",), focal_loss),
    Oracle("support-vectors", {"X": X, "y": signs(5), "w": real(3), "b": real(low=-2), "λ": positive()}, ("w", "b"),
        support_vectors),
    Oracle("multiclass-hinge", {"X": X, "Y": onehot(5, 4), "W": real(3, 4)}, ("W",), multiclass_hinge),
    Oracle("bradley-terry", {"r": real(4), "a": index(4, 6), "b": index(4, 6), "λ": positive()}, ("r",), bradley_terry),
    Oracle("elo", {"A": real(low=1500, high=1600), "B": real(low=1500, high=1600), "s": bits(), "k": positive()},
        ("A", "B"), elo),
    Oracle("poisson", {"X": X, "y": count(4, 5), "beta": real(3)}, ("beta",), poisson),
    Oracle("info-nce", {"U": real(4, 3), "V": real(4, 3), "τ": positive()}, ("U", "V"), info_nce),
    Oracle("cosine", {"u": real(3), "v": real(3)}, ("u", "v"), cosine),
    Oracle("triplet", {"xa": real(4), "xp": real(4), "xn": real(4), "W": real(3, 4), "m": real(low=3, high=4)},
        ("W",), triplet),
    Oracle("contrastive", {"u": real(4), "v": real(4), "y": bits(), "W": real(3, 4), "m": real(low=4, high=5)},
        ("W",), contrastive),
    Oracle("huber-rows", {"X": X, "y": real(5), "w": real(3), "κ": positive()}, ("w",), huber_rows),
    Oracle("huber-mean", {"x": real(5, 3), "y": real(5), "w": real(3), "κ": positive(), "λ": positive()}, ("w",),
        huber_mean, data=("x", "y")),
    Oracle("newton-logistic", {"X": X, "t": bits(5), "w": real(3), "lam": positive()}, ("w",), newton_logistic),
    Oracle("quantile", {"X": X, "y": real(5), "w": real(3), "q": real(low=0.1, high=0.9)}, ("w",), quantile),
    Oracle("log-cosh", {"X": X, "y": real(5), "w": real(3)}, ("w",), log_cosh),
    Oracle("dice", {"z": real(5), "t": bits(5)}, ("z",), dice),
    Oracle("cox", {"X": X, "δ": bits(5), "β": real(3)}, ("β",), cox),
    Oracle("simplex-targets", {"x": real(4), "t": simplex(3), "W": real(3, 4), "b": real(3)}, ("W", "b"),
        simplex_targets),
    Oracle("two-towers", {"x": real(5, 3), "z": real(5, 4), "y": bits(5), "A": real(2, 3), "B": real(2, 4)},
        ("A", "B"), two_towers, data=("x", "z", "y")),
    Oracle("sum-over-data", {"x": real(5, 3), "y": real(5), "w": real(3), "λ": positive()}, ("w",), sum_over_data,
        data=("x", "y")),
    Oracle("adversarial", {"xr": real(3), "z": real(3), "w": real(3), "b": real(), "G": real(3, 3)},
        ("w", "b", "G"), adversarial),
    Oracle("temporal-difference",
        {"Q": real(4, 3), "s": index(4), "s2": index(4), "a": index(3), "r": real(), "γ": real(low=0.8, high=0.9)},
        ("Q",), temporal_difference),
)  # fmt: skip
