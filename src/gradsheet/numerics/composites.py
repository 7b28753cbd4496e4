"""gelu(x) = x Φ(x): functions that other functions define, once for certified numbers and for jets.

Each definition is chosen so that it stays sharp on balls, and so that every branch is taken by relu, min and max: those
know what to do where a sign is not proved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Function: TypeAlias = "Callable[..., Any]"


def composites(f: Mapping[str, Function], number: Callable[[Any, int], Any]) -> dict[str, Function]:
    """The composite functions over the basic ones; `number(x, n)` is the whole number n as a number like x."""
    return {
        "square": lambda x: x * x,
        "log2": lambda x: f["log"](x) / f["log"](number(x, 2)),
        "log10": lambda x: f["log"](x) / f["log"](number(x, 10)),
        "log_sigmoid": lambda x: -f["softplus"](-x),
        "gelu": lambda x: x * f["normal_cdf"](x),
        "silu": lambda x: x * f["sigmoid"](x),
        "mish": lambda x: x * f["tanh"](f["softplus"](x)),
        "elu": lambda x, a: f["relu"](x) + a * f["expm1"](f["min"](x, number(x, 0))),
        "leaky_relu": lambda x, a: f["relu"](x) - a * f["relu"](-x),
        "softsign": lambda x: x / (f["abs"](x) + 1),
        "hard_tanh": lambda x: f["max"](f["min"](x, number(x, 1)), number(x, -1)),
    }
