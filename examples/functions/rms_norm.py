"""RMS normalisation by hand in NumPy: a forward pass, a right backward pass, and three that are not."""

import numpy as np


def forward(x, g, eps=1e-6):
    r = np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    return g * x / r, (x, g, r)


def backward(saved, dy):
    x, g, r = saved
    h, dh = x / r, dy * g
    return (dh - h * (dh * h).mean(-1, keepdims=True)) / r, (dy * h).sum(0)


def backward_sum(saved, dy):
    x, g, r = saved
    h, dh = x / r, dy * g
    return (dh - h * (dh * h).sum(-1, keepdims=True)) / r, (dy * h).sum(0)


def backward_constant(saved, dy):
    x, g, r = saved
    return dy * g / r, (dy * x / r).mean(0)


def backward_ones(saved, dy):
    return backward(saved, np.ones_like(dy))
