"""Recurrences over time, steps of a solver, cumulative products."""

from __future__ import annotations

from oracles.oracle import Oracle, bits, half_square, onehot, positive, real, sigmoid, softmax


def rnn_last(v, xp):
    h = 0 * v.b
    for x in v.x:
        h = xp.tanh(v.U @ x + v.W @ h + v.b)
    return half_square(v.V @ h - v.y, xp)


def recurrent_every_step(v, xp):
    h, total = v.h0, 0
    for x, y in zip(v.x, v.Y, strict=True):
        h = xp.tanh(v.U @ x + v.W @ h + v.b)
        total = total - y @ xp.log(softmax(v.V @ h, xp))
    return total / len(v.x)


def lstm(v, xp):
    h, c = v.h0, v.c0
    for x in v.x:
        i = sigmoid(v.Ui @ x + v.Wi @ h + v.bi, xp)
        f = sigmoid(v.Uf @ x + v.Wf @ h + v.bf, xp)
        o = sigmoid(v.Uo @ x + v.Wo @ h + v.bo, xp)
        g = xp.tanh(v.Ug @ x + v.Wg @ h + v.bg)
        c = f * c + i * g
        h = o * xp.tanh(c)
    return half_square(h - v.y, xp)


def gru(v, xp):
    h, total = 0 * v.y[0], 0
    for x, y in zip(v.x, v.y, strict=True):
        z = sigmoid(v.Uz @ x + v.Wz @ h, xp)
        r = sigmoid(v.Ur @ x + v.Wr @ h, xp)
        n = xp.tanh(v.Un @ x + v.Wn @ (r * h))
        h = (1 - z) * n + z * h
        total = total + half_square(h - y, xp)
    return total


def stacked_rnn(v, xp):
    layer = list(v.x)
    for l in range(len(v.U)):
        h, above = v.s[l], []
        for x in layer:
            h = xp.tanh(v.U[l] @ x + v.W[l] @ h)
            above.append(h)
        layer = above
    return half_square(layer[-1] - v.y, xp)


def bidirectional(v, xp):
    steps = len(v.x)
    f, forwards = v.s, []
    for t in range(steps):
        f = xp.tanh(v.A @ v.x[t] + v.F @ f)
        forwards.append(f)
    g, backwards = v.s, []
    for t in reversed(range(steps)):
        g = xp.tanh(v.B @ v.x[t] + v.G @ g)
        backwards.insert(0, g)
    return sum(half_square(v.V @ forwards[t] + v.U @ backwards[t] - v.y[t], xp) for t in range(steps))


def kalman(v, xp):
    m, P, total = v.m0, v.P0, 0
    for y in v.y:
        p = v.a**2 * P + v.q
        s = p + v.r
        k = p / s
        e = y - v.a * m
        m = v.a * m + k * e
        P = (1 - k) * p
        total = total + (e**2 / s + xp.log(s)) / 2
    return total


def euler_steps(v, xp):
    u = v.u0
    for _ in range(4):
        u = u + v["τ"] * (v.A @ u - u**3)
    return half_square(u - v.y, xp)


def compositing(v, xp):
    let_through, s = 1, 0
    for k in range(len(v.a)):
        s = s + v.a[k] * let_through * v.c[k]
        let_through = let_through * (1 - v.a[k])
    return (s - v.y) ** 2


def noisy_or(v, xp):
    q = 0.9
    for k in range(len(v.x)):
        q = q * (1 - sigmoid(v["θ"][k], xp) * v.x[k])
    return -(v.y * xp.log(1 - q) + (1 - v.y) * xp.log(q))


def product(v, xp):
    return sum(xp.log(1 + a**2) for a in v.a)


def moving_average(v, xp):
    alpha = sigmoid(v["θ"], xp)
    s, total = v.x[0], 0
    for t in range(1, len(v.x)):
        total = total + (v.x[t] - s) ** 2
        s = alpha * v.x[t] + (1 - alpha) * s
    return total


def mean_squares(v, xp):
    return xp.sum((v.X @ v.w - v.y) ** 2) / (2 * len(v.y))


def squares(v, xp):
    return half_square(v.X @ v.w - v.y, xp)


def one_row(v, xp):
    return (v.w @ v.x - v.y) ** 2 / 2


def quartic(v, xp):
    return v.x**4 / 4 - v.x**2 + v.x / 2


M33, M32 = real(3, 3), real(3, 2)
GATES = "ifog"
LSTM = {
    "x": real(4, 2), "y": real(3), "h0": real(3), "c0": real(3),
    **{f"U{g}": M32 for g in GATES}, **{f"W{g}": M33 for g in GATES}, **{f"b{g}": real(3) for g in GATES},
}  # fmt: skip
GRU = {
    "x": real(4, 2), "y": real(4, 3), "Uz": M32, "Ur": M32, "Un": M32, "Wz": M33, "Wr": M33, "Wn": M33,
}  # fmt: skip
BOTH_WAYS = {
    "x": real(4, 2), "y": real(4, 2), "A": M32, "B": M32, "F": M33, "G": M33, "V": real(2, 3), "U": real(2, 3),
    "s": real(3),
}  # fmt: skip
ADAM = {
    "X": real(5, 3), "y": real(5), "w": real(3), "m": real(3), "v": positive(3), "t": positive(),
    "β1": real(low=0.8, high=0.9), "β2": real(low=0.9, high=0.99), "η": positive(), "ε": positive(),
}  # fmt: skip

SEQUENCES = (
    Oracle("rnn-last", {"x": real(4, 2), "y": real(2), "U": M32, "W": M33, "b": real(3), "V": real(2, 3)},
        ("U", "W", "b", "V"), rnn_last),
    Oracle("recurrent-every-step",
        {"x": real(4, 2), "Y": onehot(4, 2), "U": M32, "W": M33, "V": real(2, 3), "b": real(3), "h0": real(3)},
        ("U", "W", "V", "b", "h0"), recurrent_every_step),
    Oracle("lstm", LSTM, tuple(f"{kind}{g}" for kind in "UWb" for g in GATES), lstm),
    Oracle("gru", GRU, ("Uz", "Ur", "Un", "Wz", "Wr", "Wn"), gru),
    Oracle("stacked-rnn", {"x": real(4, 3), "y": real(3), "s": real(2, 3), "U": real(2, 3, 3), "W": real(2, 3, 3)},
        ("U", "W", "s"), stacked_rnn),
    Oracle("bidirectional", BOTH_WAYS, ("A", "B", "F", "G", "V", "U", "s"), bidirectional),
    Oracle("kalman",
        {"y": real(4), "a": positive(), "q": positive(), "r": positive(), "m0": real(), "P0": positive()},
        ("a", "q", "r"), kalman),
    Oracle("euler-steps", {"u0": real(3), "y": real(3), "A": M33, "τ": real(low=0.1, high=0.2)}, ("A", "u0"),
        euler_steps, {"K": 4}),
    Oracle("compositing", {"a": real(4, low=0.1, high=0.9), "c": real(4), "y": real()}, ("a", "c"), compositing),
    Oracle("noisy-or", {"θ": real(4), "x": bits(4), "y": bits()}, ("θ",), noisy_or),
    Oracle("product-ascii", {"a": real(3)}, ("a",), product),
    Oracle("moving-average", {"x": real(5), "θ": real()}, ("θ",), moving_average),
    Oracle("momentum",
        {"X": real(5, 3), "y": real(5), "w": real(3), "m": real(3), "β": positive(), "η": positive()}, ("w",),
        mean_squares),
    Oracle("adam", ADAM, ("w",), squares),
    Oracle("weight-decay", {"x": real(3), "w": real(3), "y": real(), "eta": positive(), "lam": positive()}, ("w",),
        one_row),
    Oracle("newton-scalar", {"x": positive()}, ("x",), quartic),
)  # fmt: skip
