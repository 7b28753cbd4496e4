"""Scalar circuits and derivatives inside an objective."""

from __future__ import annotations

from oracles.oracle import Oracle, positive, real


def three_pieces(v, xp):
    z = v.w @ v.x
    return xp.where(z < 0, 0, xp.where(z < 1, z**2, 2 * z - 1))


def one_hidden_unit(v, xp):
    return (v.v * xp.tanh(v.w * v.x + v.b) + v.c - v.y) ** 2 / 2


def many_paths(v, xp):
    u = v.x * v.y
    s = xp.sin(u) + v.x
    w = xp.exp(-s) + u * s
    return w**2 + s / (1 + v.y**2)


def polar(v, xp):
    r = xp.sqrt(v.x**2 + v.y**2)
    return (r - 1) ** 2 + abs(xp.arctan(v.y / v.x) - v.a) ** 3


def second_derivative(v, xp):
    t = xp.tanh(v.w * v.x + v.b)
    # tanh'' = −2 tanh (1 − tanh²), once more by hand.
    r = v.v * v.w**2 * (-2 * t * (1 - t**2)) + v.k * v.v * t
    return r**2 / 2


def gradient_penalty(v, xp):
    t = xp.tanh(v.w @ v.x)
    slope = v.v * (1 - t**2) * v.w
    return v.v * t + v["λ"] * (xp.sqrt(xp.sum(slope**2)) - 1) ** 2


def windows(v, xp):
    return (v.w * v.x - v.y) ** 2


SCALARS = (
    Oracle("three-pieces", {"x": positive(3), "w": positive(3)}, ("w",), three_pieces),
    Oracle("one-hidden-unit", {k: real() for k in "xywbvc"}, ("w", "b", "v", "c"), one_hidden_unit),
    Oracle("many-paths", {"x": real(), "y": real()}, ("x", "y"), many_paths),
    Oracle("polar", {"x": positive(), "y": real(), "a": real()}, ("x", "y"), polar),
    Oracle("second-derivative", {k: real() for k in "xwbvk"}, ("w", "b", "v"), second_derivative),
    Oracle("gradient-penalty", {"x": real(3), "w": real(3), "v": real(), "λ": positive()}, ("w", "v"),
        gradient_penalty),
    Oracle("windows", {"x": real(), "y": real(), "w": real()}, ("w",), windows),
)  # fmt: skip
