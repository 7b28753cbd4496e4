"""Backward passes as `jax.custom_vjp` functions, right ones and ones with a fault."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp


def with_rules(function, forward, backward, nondiff=()):
    """A function with its rules."""
    ruled = jax.custom_vjp(function, nondiff_argnums=nondiff)
    ruled.defvjp(forward, backward)
    return ruled


# ---------------------------------------------------------------- RMS norm


def _rms(x, g, eps):
    return g * x / jnp.sqrt((x * x).mean(-1, keepdims=True) + eps)


def _rms_forward(x, g, eps):
    r = jnp.sqrt((x * x).mean(-1, keepdims=True) + eps)
    return g * x / r, (x, g, r)


def _rms_backward(residuals, dy):
    x, g, r = residuals
    h, dh = x / r, dy * g
    return (dh - h * (dh * h).mean(-1, keepdims=True)) / r, (dy * h).sum(0), None


def _rms_backward_constant(residuals, dy):
    x, g, r = residuals
    return dy * g / r, (dy * x / r).sum(0), None


def _rms_backward_mean(residuals, dy):
    dx, _, _ = _rms_backward(residuals, dy)
    x, _, r = residuals
    return dx, (dy * x / r).mean(0), None


rms_norm = with_rules(_rms, _rms_forward, _rms_backward)
rms_norm_constant = with_rules(_rms, _rms_forward, _rms_backward_constant)
rms_norm_mean = with_rules(_rms, _rms_forward, _rms_backward_mean)
rms_norm_jitted = jax.jit(rms_norm)


# ---------------------------------------------------------------- soft cap, with its cap as a static argument


def _cap(s, c):
    return jax.nn.softmax(c * jnp.tanh(s / c))


def _cap_forward(s, c):
    h = jnp.tanh(s / c)
    p = jax.nn.softmax(c * h)
    return p, (h, p)


def _cap_backward(_c, residuals, dp):
    h, p = residuals
    return (p * (dp - (dp * p).sum(-1, keepdims=True)) * (1 - h * h),)


def _cap_backward_input(_c, residuals, dp):
    h, p = residuals
    return (p * (dp - (dp * p).sum(-1, keepdims=True)) * h * (1 - h),)


soft_cap = with_rules(_cap, _cap_forward, _cap_backward, nondiff=(1,))
soft_cap_logistic = with_rules(_cap, _cap_forward, _cap_backward_input, nondiff=(1,))


# ---------------------------------------------------------------- cross-entropy


@jax.custom_vjp
def cross_entropy(z, t):
    return -(t * jax.nn.log_softmax(z)).sum() / len(z)


def _ce_forward(z, t):
    return cross_entropy(z, t), (jax.nn.softmax(z), t)


def _ce_backward(residuals, dy):
    p, t = residuals
    return dy * (p - t) / len(p), jnp.zeros_like(t)


cross_entropy.defvjp(_ce_forward, _ce_backward)


def _ce_plain(z, t):
    return -(t * jax.nn.log_softmax(z)).sum() / len(z)


cross_entropy_ignored = with_rules(
    _ce_plain, _ce_forward, lambda residuals, _dy: ((residuals[0] - residuals[1]) / len(residuals[0]), None)
)
cross_entropy_other_rule = with_rules(
    _ce_plain, lambda z, t: (len(z) * _ce_plain(z, t), (jax.nn.softmax(z), t)), _ce_backward
)


# ---------------------------------------------------------------- GEGLU


def _geglu(a, b):
    return jax.nn.gelu(a, approximate=False) * b


def _geglu_backward(residuals, dy):
    a, b = residuals
    slope = jax.scipy.stats.norm.cdf(a) + a * jax.scipy.stats.norm.pdf(a)
    return dy * b * slope, dy * a * jax.scipy.stats.norm.cdf(a)


def _geglu_backward_lost(residuals, dy):
    _, b = residuals
    da, db = _geglu_backward(residuals, dy)
    return da / b, db


geglu = with_rules(_geglu, lambda a, b: (_geglu(a, b), (a, b)), _geglu_backward)
geglu_lost = with_rules(_geglu, lambda a, b: (_geglu(a, b), (a, b)), _geglu_backward_lost)


# ---------------------------------------------------------------- linear


def _linear(X, W, b):
    return X @ W.T + b


def _linear_backward(residuals, dy):
    X, W = residuals
    return dy @ W, dy.T @ X, dy.sum(0)


def _linear_backward_unsummed(residuals, dy):
    X, W = residuals
    return dy @ W, dy.T @ X, dy


def _linear_backward_two(residuals, dy):
    X, W = residuals
    return dy @ W, dy.T @ X


linear = with_rules(_linear, lambda X, W, b: (_linear(X, W, b), (X, W)), _linear_backward)
linear_unsummed = with_rules(_linear, lambda X, W, b: (_linear(X, W, b), (X, W)), _linear_backward_unsummed)
linear_two = with_rules(_linear, lambda X, W, b: (_linear(X, W, b), (X, W)), _linear_backward_two)


# ---------------------------------------------------------------- without rules


@partial(jax.custom_vjp, nondiff_argnums=())
def unruled(x):
    return x
