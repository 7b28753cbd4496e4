"""f(x) in float64, over arrays: stable where the naive form overflows or cancels.

Outside its domain a function gives nan, without a warning.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_each_erf: Final = np.frompyfunc(math.erf, 1, 1)
_each_erfc: Final = np.frompyfunc(math.erfc, 1, 1)
_SMALLEST_ASYMPTOTIC: Final = 10.0
_DIGAMMA_SERIES: Final = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


def _quietly(function: Callable[..., Any]) -> Callable[..., Array]:
    """A function of float64 arrays that answers with nan and ∞ in place of warnings."""

    def apply(*arguments: Any) -> Array:
        with np.errstate(all="ignore"):
            result = function(*(np.asarray(a, dtype=np.float64) for a in arguments))
        return np.asarray(result, dtype=np.float64)[()]

    return apply


def _sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def _softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _normal_cdf(x: Array) -> Array:
    return _float(_each_erfc(-x / math.sqrt(2))) / 2


def _float(x: Any) -> Array:
    return np.asarray(x, dtype=np.float64)


def _log_gamma(x: float) -> float:
    if math.isnan(x) or (x <= 0 and x == math.floor(x)):
        return math.nan
    return math.lgamma(x)


def _digamma(x: float) -> float:
    """ψ by recurrence and the asymptotic series; left of 0 by reflection."""
    if math.isnan(x) or x == -math.inf or (x <= 0 and x == math.floor(x)):
        return math.nan
    if x < 0:
        return _digamma(1 - x) - math.pi / math.tan(math.pi * x)
    if x == math.inf:
        return x
    shift = 0.0
    while x < _SMALLEST_ASYMPTOTIC:
        shift -= 1 / x
        x += 1
    inverse_square = 1 / (x * x)
    tail = 0.0
    for c in reversed(_DIGAMMA_SERIES):
        tail = (tail + c) * inverse_square
    return shift + math.log(x) - 0.5 / x - tail


_each_log_gamma: Final = np.frompyfunc(_log_gamma, 1, 1)
_each_digamma: Final = np.frompyfunc(_digamma, 1, 1)

_BARE: Final[dict[str, Callable[..., Any]]] = {
    "exp": np.exp,
    "log": lambda x: np.where(x > 0, np.log(x), np.nan),
    "log2": lambda x: np.where(x > 0, np.log2(x), np.nan),
    "log10": lambda x: np.where(x > 0, np.log10(x), np.nan),
    "log1p": lambda x: np.where(x > -1, np.log1p(x), np.nan),
    "expm1": np.expm1,
    "sqrt": np.sqrt,
    "square": np.square,
    "pow": np.power,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "log_sigmoid": lambda x: -_softplus(-x),
    "softplus": _softplus,
    "relu": lambda x: np.maximum(x, 0),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "arsinh": np.arcsinh,
    "erf": lambda x: _float(_each_erf(x)),
    "normal_cdf": _normal_cdf,
    "gelu": lambda x: x * _normal_cdf(x),
    "silu": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "elu": lambda x, a: np.where(x > 0, x, a * np.expm1(np.minimum(x, 0))),
    "leaky_relu": lambda x, a: np.where(x > 0, x, a * x),
    "abs": np.abs,
    "sign": np.sign,
    "step": lambda x: np.heaviside(x, 0),
    "max": np.maximum,
    "min": np.minimum,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "lgamma": lambda x: _float(_each_log_gamma(x)),
    "digamma": lambda x: _float(_each_digamma(x)),
}

FUNCTIONS: Final = {name: _quietly(function) for name, function in _BARE.items()}
"""The elementwise functions by name."""


@_quietly
def softmax(x: Array) -> Array:
    """Softmax over the last axis: e^(xᵢ − max) / Σⱼ e^(xⱼ − max)."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


@_quietly
def logsumexp(x: Array) -> Array:
    """`log Σⱼ exp xⱼ` over the last axis."""
    top = x.max(axis=-1, keepdims=True)
    shifted = np.log(np.exp(x - np.where(np.isfinite(top), top, 0)).sum(axis=-1))
    return np.asarray(shifted + np.where(np.isfinite(top), top, 0)[..., 0])


@_quietly
def inverse(A: Array) -> Array:
    """A⁻¹; nan everywhere for a singular matrix."""
    try:
        return np.linalg.inv(A)
    except np.linalg.LinAlgError:
        return np.full(A.shape, np.nan)


@_quietly
def determinant(A: Array) -> Array:
    """`det A`."""
    return np.asarray(np.linalg.det(A))


@_quietly
def log_determinant(A: Array) -> Array:
    """`log det A` where det A > 0, else nan."""
    sign, magnitude = np.linalg.slogdet(A)
    return np.where(sign > 0, magnitude, np.nan)


@_quietly
def solve(A: Array, B: Array) -> Array:
    """A⁻¹ B; nan everywhere for a singular matrix."""
    try:
        return np.linalg.solve(A, B)
    except np.linalg.LinAlgError:
        return np.full(B.shape, np.nan)
