"""NumPy: each operation as a person writes it."""

from __future__ import annotations

from gradsheet.targets.dialect import Dialect

_NUMPY = [
    "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "square", "tanh", "sin", "cos", "tan", "arcsin",
    "arccos", "arctan", "sinh", "cosh", "abs", "sign",
]  # fmt: skip

SHARED = {
    "relu": "{np}.maximum({0}, 0)",
    "arsinh": "{np}.arcsinh({0})",
    "softplus": "{np}.logaddexp(0, {0})",
    "log_sigmoid": "-{np}.logaddexp(0, -{0!})",
    "step": "{np}.heaviside({0}, 0)",
    "hard_tanh": "{np}.clip({0}, -1, 1)",
    "softsign": "_softsign({0})",
    "elu": "_elu({0}, {1})",
    "mish": "_mish({0})",
    "inverse": "{np}.linalg.inv({0})",
    "det": "{np}.linalg.det({0})",
    "logdet": "_logdet({0})",
    "argmaximum": "_first_largest({0})",
}
"""What NumPy and JAX write alike. {0} is an argument, -{0!} its negative."""

SHARED_HELPERS = {
    "_softsign": '''def _softsign(x):
    """x/(1 + |x|)."""
    return x / (1 + {np}.abs(x))
''',
    "_elu": '''def _elu(x, alpha):
    """x where x > 0, else α (e^x − 1)."""
    return {np}.where(x > 0, x, alpha * {np}.expm1({np}.minimum(x, 0)))
''',
    "_leaky_relu": '''def _leaky_relu(x, slope):
    """x where x > 0, else slope · x."""
    return {np}.where(x > 0, x, slope * x)
''',
    "_mish": '''def _mish(x):
    """x tanh(softplus(x))."""
    return x * {np}.tanh({np}.logaddexp(0, x))
''',
    "_logdet": '''def _logdet(A):
    """log det A; nan where det A is not positive."""
    sign, value = {np}.linalg.slogdet(A)
    return {np}.where(sign > 0, value, {np}.nan)
''',
    "_first_largest": '''def _first_largest(x):
    """1 at the first of the largest entries along the last axis, 0 elsewhere."""
    largest = {np}.argmax(x, axis=-1)[..., None]
    return (largest == {np}.arange(x.shape[-1])).astype(x.dtype)
''',
}

_HELPERS = {
    "_sigmoid": '''def _sigmoid(x):
    """1/(1 + e^−x), without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)
''',
    "_silu": '''def _silu(x):
    """x σ(x)."""
    return x * _sigmoid(x)
''',
    "_erf": '''def _erf(x):
    """The error function, entry by entry, as the C library has it."""
    return np.vectorize(math.erf, otypes=[float])(x).astype(np.asarray(x).dtype)
''',
    "_normal_cdf": '''def _normal_cdf(x):
    """Φ(x) = erfc(−x/√2)/2: no digits are lost where x is far below 0."""
    return 0.5 * np.vectorize(math.erfc, otypes=[float])(-x / math.sqrt(2)).astype(np.asarray(x).dtype)
''',
    "_gelu": '''def _gelu(x):
    """x Φ(x)."""
    return x * _normal_cdf(x)
''',
    "_log_gamma": '''def _log_gamma(x):
    """log |Γ(x)|, entry by entry, as the C library has it."""
    return np.vectorize(math.lgamma, otypes=[float])(x).astype(np.asarray(x).dtype)
''',
    "_digamma": '''def _digamma(x):
    """ψ(x) by ψ(x) = ψ(x + 1) − 1/x and its asymptotic series; for x < 0 by reflection."""
    x = np.asarray(x)
    y = np.where(x < 0, 1 - x, x)
    shift = 0
    for _ in range(10):
        shift = shift - np.where(y < 10, 1 / y, 0)
        y = np.where(y < 10, y + 1, y)
    r = 1 / (y * y)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * (691 / 32760 - r / 12))))))
    positive = shift + np.log(y) - 0.5 / y - series
    with np.errstate(divide="ignore"):
        return np.where(x < 0, positive - np.pi / np.tan(np.pi * x), positive)
''',
    "_softmax": '''def _softmax(x):
    """Softmax over the last axis."""
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)
''',
    "_log_softmax": '''def _log_softmax(x):
    """log softmax over the last axis."""
    x = x - np.max(x, axis=-1, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))
''',
    "_logsumexp": '''def _logsumexp(x):
    """log Σ exp over the last axis."""
    top = np.max(x, axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return np.log(np.sum(np.exp(x - top), axis=-1)) + top[..., 0]
''',
}

NUMPY = Dialect(
    name="numpy",
    prefix="np",
    imports=("import numpy as np",),
    functions={
        **{name: f"{{np}}.{name}({{0}})" for name in _NUMPY},
        **SHARED,
        "sigmoid": "_sigmoid({0})",
        "silu": "_silu({0})",
        "erf": "_erf({0})",
        "normal_cdf": "_normal_cdf({0})",
        "gelu": "_gelu({0})",
        "lgamma": "_log_gamma({0})",
        "digamma": "_digamma({0})",
        "leaky_relu": "_leaky_relu({0}, {1})",
        "softmax": "_softmax({0})",
        "logsoftmax": "_log_softmax({0})",
        "logsumexp": "_logsumexp({0})",
    },
    helpers={**{n: s.replace("{np}", "np") for n, s in SHARED_HELPERS.items()}, **_HELPERS},
    dtype="np.result_type({array}, np.float32)",
)

__all__ = ["NUMPY", "SHARED", "SHARED_HELPERS"]
