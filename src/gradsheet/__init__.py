"""Equations in, verified gradients out.

    >>> import gradsheet as gs
    >>> sheet = gs.loads('''
    ... x, w ∈ ℝ^2, y ∈ ℝ
    ... L = 1/2 (wᵀ x - y)²
    ... parameters w
    ... minimize L
    ... ''')
    >>> sheet.derive("L", "w").text
    '∂L/∂w = (wᵀ x − y) x'
    >>> sheet.solve(x=[1, 2], w=[3, 4], y=1).gradient("w")
    array([10., 20.])

Everything is loaded when it is first asked for, so that starting stays light.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from gradsheet import models
    from gradsheet.api.audits import Verified, verify
    from gradsheet.api.checks import Check, check
    from gradsheet.api.compiled import Compiled
    from gradsheet.api.derivations import Derivation, Derivative, Step
    from gradsheet.api.estimators import SheetClassifier, SheetRegressor
    from gradsheet.api.sheets import Sheet, load, loads, mlp
    from gradsheet.api.solutions import Solution
    from gradsheet.api.trained import Model, Predictions, Score, load_model
    from gradsheet.builder import Builder
    from gradsheet.builder.functions import (
        abs,  # noqa: A004 - the language's own name
        arctan,
        cos,
        det,
        diag,
        elu,
        erf,
        exp,
        gelu,
        indices,
        inv,
        leaky_relu,
        log,
        logdet,
        logsoftmax,
        logsumexp,
        max,  # noqa: A004 - the language's own name
        mean,
        min,  # noqa: A004 - the language's own name
        norm,
        onehot,
        prod,
        relu,
        sigmoid,
        sign,
        silu,
        sin,
        softmax,
        softplus,
        sqrt,
        sum,  # noqa: A004 - the language's own name
        tan,
        tanh,
        trace,
        where,
    )
    from gradsheet.diagnostics import Diagnostic, SheetError

__version__ = "0.1.0"

__all__ = [
    "Builder", "Check", "Compiled", "Derivation", "Derivative", "Diagnostic", "Model", "Predictions",
    "Score", "Sheet", "SheetClassifier", "SheetError", "SheetRegressor", "Solution", "Step", "Verified",
    "abs", "arctan", "check", "cos", "det", "diag", "elu", "erf", "exp", "gelu", "indices", "inv",
    "leaky_relu", "load", "load_model", "loads", "log", "logdet", "logsoftmax", "logsumexp", "max", "mean", "min",
    "mlp", "models", "norm",
    "onehot", "prod", "relu", "sigmoid", "sign", "silu", "sin", "softmax", "softplus", "sqrt", "sum", "tan",
    "tanh", "trace", "verify", "where",
]  # fmt: skip

_HOME = {
    "gradsheet.api.audits": ("Verified", "verify"),
    "gradsheet.api.checks": ("Check", "check"),
    "gradsheet.api.compiled": ("Compiled",),
    "gradsheet.api.derivations": ("Derivation", "Derivative", "Step"),
    "gradsheet.api.estimators": ("SheetClassifier", "SheetRegressor"),
    "gradsheet.api.sheets": ("Sheet", "load", "loads", "mlp"),
    "gradsheet.api.solutions": ("Solution",),
    "gradsheet.api.trained": ("Model", "Predictions", "Score", "load_model"),
    "gradsheet.builder": ("Builder",),
    "gradsheet.diagnostics": ("Diagnostic", "SheetError"),
}
_PLACE = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> _typing.Any:
    """Load a public name when it is first asked for."""
    from gradsheet.memory import rare_collection  # noqa: PLC0415 - loaded with the first name, like all that follows

    if name == "models":
        return _importlib.import_module("gradsheet.models")
    if name not in __all__:
        msg = f"module 'gradsheet' has no attribute '{name}'"
        raise AttributeError(msg)
    with rare_collection():  # modules are kept: to look through them again and again is in vain
        value = getattr(_importlib.import_module(_PLACE.get(name, "gradsheet.builder.functions")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
