"""The systems of the example sheets."""

from __future__ import annotations

from itertools import product

import numpy as np

from oracles.oracle import (
    Oracle,
    bits,
    half_square,
    logsumexp,
    onehot,
    positive,
    real,
    relu,
    sigmoid,
    softmax,
)


def shared_parameter(v, xp):
    up, down = xp.log(1 + xp.exp(v.u)), -xp.log(1 + xp.exp(-v.u))
    out = (v.p * up) ** 2 / 2 + (v.q * down) ** 2 / 2
    return (out - v.target) ** 2 / 2


def convolution_relu(v, xp):
    total = 0
    for t in range(4):
        z = 0
        for k in range(2):
            for lag in range(2):
                if t - lag >= 0:
                    z = z + v.w[k, 0, lag] * v.x[k, t - lag]
        total = total + (relu(z, xp) - v.y[0, t]) ** 2 / 2
    return total


def predictor_linear(v, xp):
    return (v.w @ v.x + v.b - v.y) ** 2 / 2


def predictor_logistic(v, xp):
    p = sigmoid(v.w @ v.x + v.b, xp)
    return -(v.y * xp.log(p) + (1 - v.y) * xp.log(1 - p))


def predictor_softmax(v, xp):
    return -(v.y @ xp.log(softmax(v.W @ v.x, xp)))


def two_layers_relu(v, xp):
    return xp.sum((v.W2 @ relu(v.W1 @ v.x + v.b1, xp) + v.b2 - v.y) ** 2)


def two_layers_linear(v, xp):
    return xp.sum((v.W2 @ (v.W1 @ v.x + v.b1) + v.b2 - v.y) ** 2)


def circuit(v, xp):
    return (v.v * relu(v.u * v.x + v.c, xp) + v.d - v.y) ** 2


def many_paths(v, xp):
    a = v.w1 * v.x
    b = v.w2 * a + v.x**2
    return (v.w3 * a * b - b) ** 2 / 2


def logits(v, xp):
    h = xp.tanh(v.W2 @ xp.tanh(v.W1 @ v.x + v.b1) + v.b2)
    return v.W3 @ h + v.b3


def mlp(v, xp):
    return half_square(logits(v, xp) - v.y, xp)


def mlp_softmax(v, xp):
    return -(v.y @ xp.log(softmax(logits(v, xp), xp)))


def batch_mean(v, xp):
    rows = len(v.X)
    return sum(half_square(v.W @ v.X[i] + v.b - v.Y[i], xp) for i in range(rows)) / rows + xp.sum(v.W**2) / 20


def jacobian_chain(v, xp):
    return (v.t - sigmoid(v.w2 @ relu(v.W1 @ v.x + v.b1, xp) + v.b2, xp)) ** 2 / 2


def boltzmann(v, xp):
    hidden = [np.array(h) for h in product((0, 1), repeat=2)]

    def minus_energy(row, h):
        return v.a @ row + v.b @ h + row @ v.W @ h

    def over_hidden(row):
        return logsumexp(xp.stack([minus_energy(row, h) for h in hidden]), xp)

    everything = logsumexp(xp.stack([over_hidden(np.array(s)) for s in product((0, 1), repeat=3)]), xp)
    return sum(over_hidden(row) - everything for row in v.D)


def rms_norm(v, xp):
    return sum(bar @ (v.g * x) / xp.sqrt(x @ x / len(x) + v["ε"]) for bar, x in zip(v["ȳ"], v.x, strict=True))


NET = {
    "x": real(4), "W1": real(4, 4), "b1": real(4), "W2": real(3, 4), "b2": real(3), "W3": real(3, 3), "b3": real(3),
}  # fmt: skip
NET_PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")
PAIR = {"x": real(2), "y": real(2), "W1": real(3, 2), "b1": real(3), "W2": real(2, 3), "b2": real(2)}
PAIR_PARAMETERS = ("W1", "b1", "W2", "b2")

EXAMPLE_SYSTEMS = (
    Oracle("shared-parameter", {"p": real(), "q": real(), "target": real(), "u": real()}, ("u",), shared_parameter),
    Oracle("convolution-relu", {"x": real(2, 4), "w": real(2, 1, 2), "y": real(1, 4)}, ("w",), convolution_relu),
    Oracle("predictor-linear", {"x": real(3), "w": real(3), "y": real(), "b": real()}, ("w", "b"), predictor_linear),
    Oracle("predictor-logistic", {"x": real(2), "w": real(2), "b": real(), "y": bits()}, ("w", "b"),
        predictor_logistic),
    Oracle("predictor-softmax", {"x": real(3), "y": onehot(4), "W": real(4, 3)}, ("W",), predictor_softmax),
    Oracle("two-layers-relu", PAIR, PAIR_PARAMETERS, two_layers_relu),
    Oracle("two-layers-linear", PAIR, PAIR_PARAMETERS, two_layers_linear),
    Oracle("circuit", {"x": positive(), "y": real(), "u": positive(), "c": positive(), "v": real(), "d": real()},
        ("u", "c", "v", "d"), circuit),
    Oracle("many-paths", {"x": real(), "w1": real(), "w2": real(), "w3": real()}, ("x", "w1", "w2", "w3"),
        many_paths),
    Oracle("mlp-4433", {**NET, "y": real(3)}, NET_PARAMETERS, mlp),
    Oracle("mlp-4433-softmax", {**NET, "y": onehot(3)}, NET_PARAMETERS, mlp_softmax),
    Oracle("batch-mean", {"X": real(5, 2), "Y": real(5, 2), "W": real(2, 2), "b": real(2)}, ("W", "b"), batch_mean),
    Oracle("jacobian-chain",
        {"x": real(2), "t": real(), "W1": real(2, 2), "b1": positive(2), "w2": real(2), "b2": real()},
        ("W1", "b1", "w2", "b2"), jacobian_chain),
    Oracle("boltzmann", {"D": bits(4, 3), "a": real(3), "b": real(2), "W": real(3, 2)}, ("a", "b", "W"), boltzmann),
    Oracle("rms-norm", {"x": real(3, 4), "g": real(4), "ε": positive(), "ȳ": real(3, 4)}, ("x", "g"), rms_norm),
)  # fmt: skip
