"""The functions by name, and how a kernel uses one: as a function of its module, made when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.errors import KernelError
from gradsheet.kernels.mathematics import exponential, logarithm, sigmoids

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.kernels.builder import ModuleBuilder
    from gradsheet.kernels.statements import Function
    from gradsheet.kernels.terms import Term
    from gradsheet.kernels.types import Type

FUNCTIONS: dict[str, Callable[[Term], Term]] = {
    "exp": exponential.exp,
    "expm1": exponential.expm1,
    "log": logarithm.log,
    "log1p": logarithm.log1p,
    "sigmoid": sigmoids.sigmoid,
    "tanh": sigmoids.tanh,
}


def function(module: ModuleBuilder, name: str, of: Type) -> Function:
    """`name` for one type of numbers, in the module: tanh_f64x4."""
    if name not in FUNCTIONS or not of.is_float:
        raise KernelError(f"there is no {name} of {of}")
    full = f"{name}_{of}"
    if full not in module:
        rule = FUNCTIONS[name]
        with module.function(full, {"x": of}, summary=(rule.__doc__ or "").partition("\n")[0]) as b:
            b.returns(rule(b.parameters[0]))
    return module[full]


def apply(name: str, x: Term) -> Term:
    """`name` of x: `apply("tanh", z)`."""
    b = x.builder
    return b.call(function(b.module, name, x.number), x)
