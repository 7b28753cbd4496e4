"""The elementwise functions of sheets as code of a kernel: one row for each, and nothing else is known of them here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics import FUNCTIONS, apply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.kernels import Term
    from gradsheet.native.scope import Scope


def call(name: str, arguments: Sequence[Term], scope: Scope) -> Term:
    """An elementwise function at arguments of one type."""
    rule = WRITTEN.get(name)
    if rule is not None:
        return rule(scope, *arguments)
    return apply(name, *arguments)


def power(x: Term, y: Term) -> Term:
    """x^y."""
    return apply("power", x, y)


def _relu(scope: Scope, x: Term) -> Term:
    return scope.b.maximum(0.0, x)  # the second where they do not compare: NaN stays NaN


def _sign(scope: Scope, x: Term) -> Term:
    b = scope.b
    return b.select(x > 0.0, 1.0, b.select(x < 0.0, b.constant(-1.0, x.number), 0.0 * x))


def _step(scope: Scope, x: Term) -> Term:
    b = scope.b
    return b.select(x > 0.0, b.constant(1.0, x.number), b.constant(0.0, x.number))


def _leaky(scope: Scope, x: Term, slope: Term) -> Term:
    return scope.b.select(x > 0.0, x, slope * x)


def _elu(scope: Scope, x: Term, slope: Term) -> Term:
    return scope.b.select(x > 0.0, x, slope * apply("expm1", x))


def _hard_tanh(scope: Scope, x: Term) -> Term:
    return scope.b.minimum(scope.b.maximum(x, -1.0), 1.0)


def _softsign(_scope: Scope, x: Term) -> Term:
    return x / (1.0 + abs(x))


WRITTEN: dict[str, Callable[..., Term]] = {
    "relu": _relu,
    "abs": lambda _scope, x: abs(x),
    "sqrt": lambda scope, x: scope.b.sqrt(x),
    "square": lambda _scope, x: x * x,
    "max": lambda scope, x, y: scope.b.maximum(x, y),
    "min": lambda scope, x, y: scope.b.minimum(x, y),
    "sign": _sign,
    "step": _step,
    "leaky_relu": _leaky,
    "elu": _elu,
    "hard_tanh": _hard_tanh,
    "softsign": _softsign,
}
"""Functions that take a few instructions; all others are those of `kernels.mathematics`."""


def lacks(name: str) -> bool:
    """Whether there is no code for a function."""
    return name not in WRITTEN and name not in FUNCTIONS


__all__ = ["WRITTEN", "call", "lacks", "power"]
