"""The functions by name, and how a kernel uses one: as a function of its module, made when it is first needed."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

from gradsheet.kernels.errors import KernelError
from gradsheet.kernels.mathematics import (
    exponential,
    gamma,
    hyperbolic,
    inverse,
    logarithm,
    normal,
    power,
    sigmoids,
    trigonometric,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.kernels.builder import ModuleBuilder
    from gradsheet.kernels.statements import Function
    from gradsheet.kernels.terms import Term
    from gradsheet.kernels.types import Type

FUNCTIONS: dict[str, Callable[..., Term]] = {
    "arccos": inverse.arccos,
    "arcsin": inverse.arcsin,
    "arctan": inverse.arctan,
    "arsinh": inverse.arsinh,
    "cos": trigonometric.cos,
    "cosh": hyperbolic.cosh,
    "digamma": gamma.digamma,
    "erf": normal.erf,
    "exp": exponential.exp,
    "expm1": exponential.expm1,
    "gelu": normal.gelu,
    "lgamma": gamma.lgamma,
    "log": logarithm.log,
    "log10": logarithm.log10,
    "log1p": logarithm.log1p,
    "log2": logarithm.log2,
    "log_sigmoid": sigmoids.log_sigmoid,
    "mish": sigmoids.mish,
    "normal_cdf": normal.normal_cdf,
    "power": power.power,
    "sigmoid": sigmoids.sigmoid,
    "silu": sigmoids.silu,
    "sin": trigonometric.sin,
    "sinh": hyperbolic.sinh,
    "softplus": sigmoids.softplus,
    "tan": trigonometric.tan,
    "tanh": sigmoids.tanh,
}


def function(module: ModuleBuilder, name: str, of: Type) -> Function:
    """`name` for one type of numbers, in the module: tanh_f64x4."""
    if name not in FUNCTIONS or not of.is_float:
        raise KernelError(f"there is no {name} of {of}")
    full = f"{name}_{of}"
    if full not in module:
        rule = FUNCTIONS[name]
        parameters = signature(rule).parameters
        with module.function(full, dict.fromkeys(parameters, of), summary=_summary(rule)) as b:
            b.returns(rule(*b.parameters))
    return module[full]


def apply(name: str, x: Term, *others: Term | float) -> Term:
    """`name` of x: `apply("tanh", z)`, `apply("power", x, 0.75)`."""
    b = x.builder
    return b.call(function(b.module, name, x.number), x, *others)


def _summary(rule: Callable[..., Term]) -> str:
    return (rule.__doc__ or "").partition("\n")[0]
