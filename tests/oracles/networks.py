"""Feed-forward networks: shared weights, skips, gates, experts, embeddings, batches."""

from __future__ import annotations

import math

from oracles.oracle import (
    Oracle,
    bits,
    half_square,
    index,
    onehot,
    positive,
    real,
    relu,
    sigmoid,
    softmax,
)


def members(name, shape, depth):
    """One input for each member of a family: W[1], W[2], …"""
    return {f"{name}[{k}]": real(*shape) for k in range(1, depth + 1)}


def deep_linear(v, xp):
    return half_square(v.W3 @ (v.W2 @ (v.W1 @ v.x)) - v.y, xp)


def tied_autoencoder(v, xp):
    h = sigmoid(v.W @ v.x + v.b, xp)
    return half_square(v.W.T @ h + v.c - v.x, xp)


def tied_autoencoder_rows(v, xp):
    rows = len(v.X)
    total = 0
    for i in range(rows):
        p = sigmoid(v.W @ xp.tanh(v.W.T @ v.X[i]), xp)
        total = total - v.X[i] @ xp.log(p) - (1 - v.X[i]) @ xp.log(1 - p)
    return total / rows


def residual(v, xp):
    h = v.x
    for l in range(1, 4):
        h = h + xp.tanh(v[f"W[{l}]"] @ h + v[f"b[{l}]"])
    return half_square(h - v.y, xp)


def residual_stacked(v, xp):
    h = v.x
    for l in range(len(v.W)):
        h = h + v.V[l] @ relu(v.W[l] @ h, xp)
    return half_square(h - v.y, xp)


def highway(v, xp):
    h = v.x
    for l in range(1, 4):
        g = sigmoid(v[f"U[{l}]"] @ h + v[f"c[{l}]"], xp)
        h = g * xp.tanh(v[f"W[{l}]"] @ h + v[f"b[{l}]"]) + (1 - g) * h
    return half_square(h - v.y, xp)


def two_steps_back(v, xp):
    before, h = v.x, xp.tanh(v.A @ v.x)
    for _ in range(2, 5):
        before, h = h, xp.tanh(v.A @ h + v.B @ before)
    return half_square(h - v.y, xp)


def weight_used_twice(v, xp):
    return half_square(xp.tanh(v.W @ xp.tanh(v.W @ v.x)) - v.y, xp)


def injected_input(v, xp):
    z = v.b
    for _ in range(3):
        z = xp.tanh(v.W @ z + v.U @ v.x + v.b)
    return half_square(z - v.y, xp)


def loss_at_every_layer(v, xp):
    h, total = v.x, 0
    for l in range(1, 4):
        h = xp.tanh(v[f"W[{l}]"] @ h)
        total = total + xp.sum((v.V @ h - v.y) ** 2) / (2 * 3)
    return total


def gated_linear_unit(v, xp):
    return half_square((v.W @ v.x + v.b) * sigmoid(v.V @ v.x + v.c, xp) - v.y, xp)


def swiglu(v, xp):
    u = v.W1 @ v.x
    return half_square(v.W3 @ (u * sigmoid(u, xp) * (v.W2 @ v.x)) - v.y, xp)


def gelu_network(v, xp):
    z = v.W1 @ v.x + v.b1
    h = xp.stack([t * (1 + math.erf(float(t) / math.sqrt(2))) / 2 for t in z])
    return half_square(v.W2 @ h + v.b2 - v.y, xp)


def mixture_of_experts(v, xp):
    g = softmax(v.G @ v.x, xp)
    return half_square(sum(g[e] * (v.A[e] @ v.x) for e in range(len(g))) - v.y, xp)


def activations(v, xp):
    x = v.x
    softplus = xp.log(1 + xp.exp(x))
    values = [
        xp.where(x > 0, x, 0),
        xp.where(x > 0, x, x / 10),
        xp.where(x > 0, x, xp.exp(x) - 1),
        x * sigmoid(x, xp),
        softplus,
        x * xp.tanh(softplus),
        xp.clip(x, -1, 1),
    ]
    return (sum(v.w[k] * values[k] for k in range(7)) - v.y) ** 2 / 2


def leaky_by_cases(v, xp):
    z = v.W @ v.x
    return half_square(xp.where(z > 0, z, v["α"] * z) - v.y, xp)


def maxout(v, xp):
    h = [xp.max(v.W[j] @ v.x + v.b[j]) for j in range(len(v.y))]
    return half_square(xp.stack(h) - v.y, xp)


def dropout(v, xp):
    return (v.v @ (v.m * relu(v.W @ v.x, xp) / v.q) - v.y) ** 2 / 2


def embedding(v, xp):
    h = sum(v.E[c - 1] for c in v.c) / len(v.c)
    s = v.w @ h + v.b
    return xp.log(1 + xp.exp(s)) - v.y * s


def negative_sampling(v, xp):
    word = v.V[v.c - 1]
    total = -xp.log(sigmoid(v.U[v.o - 1] @ word, xp))
    for j in v.q:
        total = total - xp.log(sigmoid(-v.U[j - 1] @ word, xp))
    return total


def skip_gram_pairs(v, xp):
    pairs = len(v.c)
    return -sum(xp.log(softmax(v.U.T @ v.V[:, v.c[i] - 1], xp)[v.o[i] - 1]) for i in range(pairs)) / pairs


def word_vectors(v, xp):
    word = v.A[:, v.i - 1]
    scores = v.B.T @ word
    return xp.log(sum(xp.exp(s) for s in scores)) - scores[v.j - 1]


def batch_rows(v, xp):
    return xp.sum((xp.tanh(v.X @ v.W1) @ v.W2 - v.Y) ** 2) / len(v.X)


def batch_columns(v, xp):
    total, columns = 0, v.X.shape[1]
    for i in range(columns):
        total = total + half_square(v.W2 @ xp.tanh(v.W1 @ v.X[:, i] + v.b1) + v.b2 - v.Y[:, i], xp)
    return total / columns


def graph_network(v, xp):
    z = v.A @ relu(v.A @ v.X @ v.W1, xp) @ v.W2
    return -sum(v.m[i] * (v.Y[i] @ xp.log(softmax(z[i], xp))) for i in range(len(v.m)))


def fourier_features(v, xp):
    z = v.B @ v.x
    return (v.w @ xp.concatenate([xp.sin(z), xp.cos(z)]) - v.y) ** 2 / 2


def widths(v, xp):
    h = v.x
    for l in (1, 2):
        h = xp.tanh(v[f"W[{l}]"] @ h + v[f"b[{l}]"])
    return -(v.y @ xp.log(softmax(h, xp)))


D3 = {"x": real(3), "y": real(3)}
SQUARE = real(3, 3)
UV = {"U": real(5, 3), "V": real(5, 3)}
WIDTHS = {"x": real(3), "y": onehot(2), "W[1]": real(4, 3), "b[1]": real(4), "W[2]": real(2, 4), "b[2]": real(2)}
LAYERS = {"W1": real(4, 3), "b1": real(4), "W2": real(2, 4), "b2": real(2)}

NETWORKS = (
    Oracle("deep-linear", {"x": real(3), "y": real(2), "W1": real(4, 3), "W2": real(5, 4), "W3": real(2, 5)},
        ("W1", "W2", "W3"), deep_linear),
    Oracle("tied-autoencoder", {"x": real(4), "W": real(3, 4), "b": real(3), "c": real(4)}, ("W", "b", "c"),
        tied_autoencoder),
    Oracle("tied-autoencoder-rows", {"X": real(4, 3, low=0.2, high=0.8), "W": real(3, 2)}, ("W",),
        tied_autoencoder_rows),
    Oracle("residual", {**D3, **members("W", (3, 3), 3), **members("b", (3,), 3)},
        ("W[1]", "W[2]", "W[3]", "b[1]", "b[2]", "b[3]"), residual, {"D": 3}),
    Oracle("residual-stacked", {**D3, "W": real(2, 3, 3), "V": real(2, 3, 3)}, ("W", "V"), residual_stacked),
    Oracle("highway",
        {**D3, **members("W", (3, 3), 3), **members("U", (3, 3), 3), **members("b", (3,), 3), **members("c", (3,), 3)},
        ("W[1]", "U[2]", "b[3]", "c[1]", "W[3]"), highway, {"D": 3}),
    Oracle("two-steps-back", {**D3, "A": SQUARE, "B": SQUARE}, ("A", "B"), two_steps_back, {"D": 4}),
    Oracle("weight-used-twice", {**D3, "W": SQUARE}, ("W",), weight_used_twice),
    Oracle("injected-input", {"x": real(2), "y": real(3), "W": SQUARE, "U": real(3, 2), "b": real(3)},
        ("W", "U", "b"), injected_input, {"K": 3}),
    Oracle("loss-at-every-layer", {"x": real(3), "y": real(2), "V": real(2, 3), **members("W", (3, 3), 3)},
        ("V", "W[1]", "W[2]", "W[3]"), loss_at_every_layer, {"D": 3}),
    Oracle("gated-linear-unit",
        {"x": real(3), "y": real(4), "W": real(4, 3), "V": real(4, 3), "b": real(4), "c": real(4)},
        ("W", "V", "b", "c"), gated_linear_unit),
    Oracle("swiglu", {**D3, "W1": real(4, 3), "W2": real(4, 3), "W3": real(3, 4)}, ("W1", "W2", "W3"), swiglu),
    Oracle("gelu-network", {**LAYERS, "x": real(3), "y": real(2)}, ("W1", "b1", "W2", "b2"), gelu_network),
    Oracle("mixture-of-experts", {"x": real(3), "y": real(2), "G": real(4, 3), "A": real(4, 2, 3)}, ("G", "A"),
        mixture_of_experts),
    Oracle("activations", {"x": real(), "y": real(), "w": real(7)}, ("w", "x"), activations),
    Oracle("leaky-by-cases", {"x": real(3), "y": real(4), "W": real(4, 3), "α": real(low=0.1, high=0.3)}, ("W", "α"),
        leaky_by_cases),
    Oracle("maxout", {"x": real(3), "y": real(2), "W": real(2, 4, 3), "b": real(2, 4)}, ("W", "b"), maxout),
    Oracle("dropout", {"x": real(3), "y": real(), "m": bits(4), "W": real(4, 3), "v": real(4), "q": positive()},
        ("W", "v"), dropout),
    Oracle("embedding", {"c": index(4, 3), "y": bits(), "E": real(4, 3), "w": real(3), "b": real()}, ("E", "w", "b"),
        embedding),
    Oracle("negative-sampling", {**UV, "c": index(5), "o": index(5), "q": index(5, 3)}, ("U", "V"), negative_sampling),
    Oracle("skip-gram-pairs", {"U": real(3, 5), "V": real(3, 5), "c": index(5, 4), "o": index(5, 4)}, ("U", "V"),
        skip_gram_pairs),
    Oracle("word-vectors", {"A": real(3, 5), "B": real(3, 5), "i": index(5), "j": index(5)}, ("A", "B"), word_vectors),
    Oracle("batch-rows", {"X": real(5, 3), "Y": real(5, 2), "W1": real(3, 4), "W2": real(4, 2)}, ("W1", "W2"),
        batch_rows),
    Oracle("batch-columns", {**LAYERS, "X": real(3, 5), "Y": real(2, 5)}, ("W1", "b1", "W2", "b2"), batch_columns),
    Oracle("graph-network",
        {"A": real(4, 4, low=0), "X": real(4, 3), "Y": onehot(4, 2), "m": bits(4), "W1": real(3, 5), "W2": real(5, 2)},
        ("W1", "W2"), graph_network),
    Oracle("fourier-features", {"x": real(2), "y": real(), "B": real(3, 2), "w": real(6)}, ("B", "w"),
        fourier_features),
    Oracle("widths", WIDTHS, ("W[1]", "b[1]", "W[2]", "b[2]"), widths),
)  # fmt: skip
