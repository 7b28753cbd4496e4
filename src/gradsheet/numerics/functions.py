"""One row for each function, in three kinds of number: float64, certified, and jets.

Closed constants have the basic ones (`CLOSED`), from which the certified ones are made.

    >>> import numpy as np
    >>> from gradsheet.numerics.certified import certify_array
    >>> relu = ELEMENTWISE["relu"]
    >>> print(relu.float64(np.array([-1.0, 2.0])), relu.certified(certify_array([-1, 2])))
    [0. 2.] [Certified(0) Certified(2)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from flint import fmpq

from gradsheet.numerics import balls, circular, elementary, floats, jet_functions, linear, piecewise
from gradsheet.numerics.certified import Certified, apply
from gradsheet.numerics.composites import composites
from gradsheet.numerics.jets import Jet
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.numerics.closed import Closed

Function: TypeAlias = "Callable[..., Any]"


@dataclass(frozen=True, slots=True)
class Numeric:
    """An elementwise function. Each implementation takes and gives scalars or arrays of its kind of number."""

    name: str
    arity: int
    float64: Function
    certified: Function
    jet: Function


@dataclass(frozen=True, slots=True)
class NumericArray:
    """A function of whole vectors (softmax, logsumexp: over the last axis) or matrices (over the last two)."""

    name: str
    arity: int
    float64: Function
    certified: Function
    jet: Function


CLOSED: Final[dict[str, Callable[..., Closed]]] = {
    "exp": elementary.exp,
    "log": elementary.log,
    "log1p": elementary.log1p,
    "expm1": elementary.expm1,
    "sqrt": elementary.sqrt,
    "pow": elementary.power,
    "tanh": elementary.tanh,
    "sigmoid": elementary.sigmoid,
    "softplus": elementary.softplus,
    "sinh": elementary.sinh,
    "cosh": elementary.cosh,
    "arsinh": elementary.arsinh,
    "erf": elementary.erf,
    "normal_cdf": elementary.normal_cdf,
    "lgamma": elementary.lgamma,
    "digamma": elementary.digamma,
    "sin": circular.sin,
    "cos": circular.cos,
    "tan": circular.tan,
    "arcsin": circular.arcsin,
    "arccos": circular.arccos,
    "arctan": circular.arctan,
    "abs": piecewise.absolute,
    "sign": piecewise.sign,
    "step": piecewise.step,
    "relu": piecewise.relu,
    "max": piecewise.maximum,
    "min": piecewise.minimum,
}
"""The functions of closed constants by name."""

_JET: Final[dict[str, Callable[..., Jet]]] = {
    "exp": jet_functions.exp,
    "log": jet_functions.log,
    "log1p": jet_functions.log1p,
    "expm1": jet_functions.expm1,
    "sqrt": jet_functions.sqrt,
    "pow": jet_functions.power,
    "tanh": jet_functions.tanh,
    "sigmoid": jet_functions.sigmoid,
    "softplus": jet_functions.softplus,
    "sinh": jet_functions.sinh,
    "cosh": jet_functions.cosh,
    "arsinh": jet_functions.arsinh,
    "erf": jet_functions.erf,
    "normal_cdf": jet_functions.normal_cdf,
    "lgamma": jet_functions.lgamma,
    "digamma": jet_functions.digamma,
    "sin": jet_functions.sin,
    "cos": jet_functions.cos,
    "tan": jet_functions.tan,
    "arcsin": jet_functions.arcsin,
    "arccos": jet_functions.arccos,
    "arctan": jet_functions.arctan,
    "abs": jet_functions.absolute,
    "sign": jet_functions.sign,
    "step": jet_functions.step,
    "relu": jet_functions.relu,
    "max": jet_functions.maximum,
    "min": jet_functions.minimum,
}

_ARITY_TWO: Final = frozenset({"pow", "max", "min", "elu", "leaky_relu"})


def _certified(name: str) -> Callable[..., Certified]:
    closed, ball, outside = CLOSED[name], balls.FUNCTIONS[name], balls.OUTSIDE.get(name)
    return lambda *arguments: apply(closed, ball, *arguments, outside=outside)


def _table() -> dict[str, Numeric]:
    basic = {name: _certified(name) for name in CLOSED}
    certified = {**basic, **composites(basic, lambda _, n: Certified(fmpq(n)))}
    jet = {**_JET, **composites(_JET, lambda x, n: Jet.constant(n, x.order))}
    table = {}
    for name in sorted(certified):
        arity = 2 if name in _ARITY_TWO else 1
        lifted = (np.frompyfunc(kind[name], arity, 1) for kind in (certified, jet))
        table[name] = Numeric(name, arity, floats.FUNCTIONS[name], *lifted)
    return table


ELEMENTWISE: Final[dict[str, Numeric]] = _table()
"""The elementwise functions by name."""


def _array_function(name: str, arity: int, float64: Function, generic: Function, *needs: str) -> NumericArray:
    """`needs` names the elementwise functions that the generic algorithm is handed after its arrays."""

    def on(kind: str) -> Function:
        functions = [getattr(ELEMENTWISE[need], kind) for need in needs]
        return lambda *arrays: generic(*(np.asarray(a, dtype=object) for a in arrays), *functions)

    return NumericArray(name, arity, float64, on("certified"), on("jet"))


ARRAYS: Final[dict[str, NumericArray]] = {
    record.name: record
    for record in (
        _array_function("softmax", 1, floats.softmax, linear.softmax, "exp"),
        _array_function("logsumexp", 1, floats.logsumexp, linear.logsumexp, "exp", "log"),
        _array_function("inverse", 1, floats.inverse, linear.inverse),
        _array_function("determinant", 1, floats.determinant, linear.determinant),
        _array_function("log_determinant", 1, floats.log_determinant, linear.log_determinant, "log"),
        _array_function("solve", 2, floats.solve, linear.solve),
    )
}
"""The functions of vectors and matrices by name."""
