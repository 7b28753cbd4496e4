"""Convolutions, correlations, pooling."""

from __future__ import annotations

from oracles.oracle import Oracle, bits, half_square, real, relu


def strided_convolution(v, xp):
    channels, outputs, kernel = v.w.shape
    total = 0
    for m in range(outputs):
        for t in range(1, v.y.shape[1] + 1):
            z = 0
            for k in range(channels):
                for s in range(kernel):
                    z = z + v.w[k, m, s] * v.x[k, 2 * t + s - 1]
            total = total + (relu(z, xp) - v.y[m, t - 1]) ** 2 / 2
    return total


def convolution_2d(v, xp):
    outputs, channels, high, wide = v.w.shape
    total = 0
    for m in range(outputs):
        for i in range(v.y.shape[1]):
            for j in range(v.y.shape[2]):
                z = v.c[m]
                for k in range(channels):
                    z = z + xp.sum(v.w[m, k] * v.x[k, i : i + high, j : j + wide])
                total = total + (xp.tanh(z) - v.y[m, i, j]) ** 2 / 2
    return total


def valid_correlation(v, xp):
    kernel = len(v.w)
    z = [sum(v.w[s] * v.x[t + s] for s in range(kernel)) for t in range(len(v.y))]
    return half_square(xp.stack(z) - v.y, xp)


def causal_convolution(v, xp):
    total = 0
    for t in range(len(v.y)):
        z = sum(v.w[s] * v.x[t - 2 * s] for s in range(len(v.w)) if t - 2 * s >= 0)
        total = total + (xp.tanh(z) - v.y[t]) ** 2 / 2
    return total


def average_pooling(v, xp):
    length = len(v.x)
    a = []
    for t in range(length):
        near = [v.w[s + 1] * v.x[t - s] for s in (-1, 0, 1) if 0 <= t - s < length]
        a.append(relu(sum(near), xp))
    p = [(a[2 * t] + a[2 * t + 1]) / 2 for t in range(length // 2)]
    return half_square(xp.stack(p) - v.y, xp)


def max_pooling(v, xp):
    a = xp.tanh(v.w * v.x + v.c)
    p = [xp.max(a[2 * t : 2 * t + 2]) for t in range(len(v.y))]
    return half_square(xp.stack(p) - v.y, xp)


def text_classifier(v, xp):
    filters, kernel, _ = v.w.shape
    places = len(v.X) - kernel + 1
    p = []
    for m in range(filters):
        responses = [xp.tanh(xp.sum(v.w[m] * v.X[t : t + kernel]) + v.b[m]) for t in range(places)]
        p.append(xp.max(xp.stack(responses)))
    o = v.v @ xp.stack(p)
    return xp.log(1 + xp.exp(o)) - v.y * o


def separable_convolution(v, xp):
    kernel = len(v.u)
    total = 0
    for i in range(v.y.shape[0]):
        for j in range(v.y.shape[1]):
            z = v.u @ v.x[i : i + kernel, j : j + kernel] @ v.v
            total = total + (z - v.y[i, j]) ** 2 / 2
    return total


CONVOLUTIONS = (
    Oracle("strided-convolution", {"x": real(2, 8), "w": real(2, 3, 3), "y": real(3, 3)}, ("w",), strided_convolution,
        {"P": 3, "R": 2}),
    Oracle("convolution-2d", {"x": real(2, 4, 5), "w": real(3, 2, 2, 2), "c": real(3), "y": real(3, 3, 4)},
        ("w", "c"), convolution_2d),
    Oracle("valid-correlation", {"x": real(6), "w": real(3), "y": real(4)}, ("w", "x"), valid_correlation),
    Oracle("causal-convolution", {"x": real(6), "w": real(3), "y": real(6)}, ("w",), causal_convolution),
    Oracle("average-pooling", {"x": real(6), "w": real(3), "y": real(3)}, ("w",), average_pooling),
    Oracle("max-pooling", {"x": real(6), "w": real(), "c": real(), "y": real(3)}, ("w", "c", "x"), max_pooling),
    Oracle("text-classifier", {"X": real(5, 2), "y": bits(), "w": real(3, 2, 2), "b": real(3), "v": real(3)},
        ("w", "b", "v"), text_classifier),
    Oracle("separable-convolution", {"x": real(4, 5), "u": real(2), "v": real(2), "y": real(3, 4)}, ("u", "v"),
        separable_convolution),
)  # fmt: skip
