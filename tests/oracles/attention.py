"""Attention and normalisation."""

from __future__ import annotations

import math

from oracles.oracle import Oracle, half_square, positive, real, softmax


def normalised(v, xp):
    mean = xp.sum(v.x) / len(v.x)
    spread = xp.sum((v.x - mean) ** 2) / len(v.x)
    return v.g * (v.x - mean) / xp.sqrt(spread + v.get("ε", v.get("eps"))) + v.b


def layer_norm(v, xp):
    return v["ȳ"] @ normalised(v, xp)


def layer_norm_loss(v, xp):
    return half_square(normalised(v, xp) - v.t, xp)


def batch_norm(v, xp):
    rows, columns = v.X.shape
    total = 0
    for j in range(columns):
        mean = sum(v.X[i, j] for i in range(rows)) / rows
        spread = sum((v.X[i, j] - mean) ** 2 for i in range(rows)) / rows
        for i in range(rows):
            z = (v.X[i, j] - mean) / xp.sqrt(spread + v["ε"])
            total = total + (v["γ"][j] * z + v["β"][j] - v.Y[i, j]) ** 2 / 2
    return total


def rms_norm_loss(v, xp):
    r = xp.sqrt(v.x @ v.x / len(v.x) + v["ε"])
    return half_square(v.W @ (v.g * v.x / r) - v.t, xp)


def rows_attend(scores, xp):
    return xp.stack([softmax(row, xp) for row in scores])


def self_attention(v, xp):
    scores = (v.X @ v.Wq) @ (v.X @ v.Wk).T / math.sqrt(v.X.shape[1])
    return half_square(rows_attend(scores, xp) @ (v.X @ v.Wv) - v.Y, xp)


def causal_head(x, wq, wk, wv, xp):
    q, k, values = x @ wq, x @ wk, x @ wv
    out = []
    for i in range(len(x)):
        a = softmax(xp.stack([q[i] @ k[j] for j in range(i + 1)]) / math.sqrt(wq.shape[1]), xp)
        out.append(sum(a[j] * values[j] for j in range(i + 1)))
    return xp.stack(out)


def multi_head(v, xp):
    heads = range(len(v.Wq))
    out = sum(causal_head(v.X, v.Wq[h], v.Wk[h], v.Wv[h], xp) @ v.Wo[h] for h in heads)
    return half_square(out - v.Y, xp)


def heads_side_by_side(v, xp):
    first = rows_attend(v.X @ v.A1 @ v.X.T, xp) @ v.X @ v.V1
    second = rows_attend(v.X @ v.A2 @ v.X.T, xp) @ v.X @ v.V2
    return half_square(xp.concatenate([first, second], 1) @ v.Wo - v.Y, xp)


def causal_attention(v, xp):
    total, d = 0, v.X.shape[1]
    for i in range(len(v.X)):
        p = softmax(xp.stack([v.X[i] @ v.A @ v.X[j] for j in range(i + 1)]) / math.sqrt(d), xp)
        out = sum(p[j] * (v.X[j] @ v.V) for j in range(i + 1))
        total = total + half_square(out - v.Y[i], xp)
    return total


def causal_attention_sums(v, xp):
    total = 0
    for i in range(len(v.X)):
        e = [xp.exp(v.X[i] @ v.A @ v.X[j]) for j in range(i + 1)]
        out = sum(e[j] * (v.X[j] @ v.V) for j in range(i + 1)) / sum(e)
        total = total + half_square(out - v.Y[i], xp)
    return total


def rms_norm_pullback(v, xp):
    mean = sum(x**2 for x in v.x) / len(v.x)
    return v["ō"] @ (v["γ"] * v.x) / xp.sqrt(mean + v["ε"])


def pullback_of_two(v, xp):
    return v["ȳ"] @ xp.tanh(v.A @ v.x) + v["z̄"] @ (v.B @ v.x)


def additive_attention(v, xp):
    e = [v.v @ xp.tanh(v.W @ h + v.U @ v.s) for h in v.H]
    a = softmax(xp.stack(e), xp)
    return half_square(sum(a[i] * v.H[i] for i in range(len(v.H))) - v.y, xp)


VECTOR = {"x": real(4), "g": real(4), "b": real(4)}
HEADS = {
    "X": real(4, 3), "Y": real(4, 3), "Wq": real(2, 3, 5), "Wk": real(2, 3, 5), "Wv": real(2, 3, 5),
    "Wo": real(2, 5, 3),
}  # fmt: skip
PAIR = {
    "X": real(4, 3), "Y": real(4, 3), "A1": real(3, 3), "A2": real(3, 3), "V1": real(3, 2), "V2": real(3, 2),
    "Wo": real(4, 3),
}  # fmt: skip

ATTENTION = (
    Oracle("layer-norm", {**VECTOR, "ε": positive(), "ȳ": real(4)}, ("x", "g", "b"), layer_norm),
    Oracle("layer-norm-loss", {**VECTOR, "t": real(4), "eps": positive()}, ("x", "g", "b"), layer_norm_loss),
    Oracle("batch-norm", {"X": real(4, 3), "Y": real(4, 3), "γ": real(3), "β": real(3), "ε": positive()},
        ("X", "γ", "β"), batch_norm),
    Oracle("rms-norm-loss", {"x": real(4), "g": real(4), "W": real(2, 4), "t": real(2), "ε": positive()},
        ("x", "g", "W"), rms_norm_loss),
    Oracle("self-attention",
        {"X": real(4, 3), "Y": real(4, 3), "Wq": real(3, 3), "Wk": real(3, 3), "Wv": real(3, 3)},
        ("Wq", "Wk", "Wv"), self_attention),
    Oracle("multi-head", HEADS, ("Wq", "Wk", "Wv", "Wo"), multi_head),
    Oracle("heads-side-by-side", PAIR, ("A1", "A2", "V1", "V2", "Wo"), heads_side_by_side),
    Oracle("causal-attention", {"X": real(4, 3), "Y": real(4, 3), "A": real(3, 3), "V": real(3, 3)}, ("A", "V"),
        causal_attention),
    Oracle("causal-attention-sums", {"X": real(4, 3), "Y": real(4, 3), "A": real(3, 3), "V": real(3, 3)},
        ("A", "V"), causal_attention_sums),
    Oracle("rms-norm-pullback", {"x": real(4), "γ": real(4), "ε": positive(), "ō": real(4)}, ("x", "γ"),
        rms_norm_pullback),
    Oracle("pullback-of-two", {"x": real(3), "A": real(2, 3), "B": real(4, 3), "ȳ": real(2), "z̄": real(4)},
        ("x", "A"), pullback_of_two),
    Oracle("additive-attention",
        {"H": real(4, 3), "s": real(2), "y": real(3), "W": real(5, 3), "U": real(5, 2), "v": real(5)},
        ("W", "U", "v"), additive_attention),
)  # fmt: skip
