"""f([m ± r]) ⊇ {f(x) : |x − m| ≤ r}: the elementary functions on real balls, at the working precision.

A ball is python-flint's `arb`. Precision belongs to the surroundings, not to the number: `working_precision(bits)`
sets it for a block. A function that has no value on its ball, or whose value hangs on digits that the ball does not
hold, gives nan; `certified` tells the two apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flint import arb, ctx, fmpq

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

DEFAULT_PRECISION = 128
"""Bits of precision where nothing else is asked for: 38 digits."""

_HALF = fmpq(1, 2)


def working_precision(bits: int) -> AbstractContextManager[Any]:
    """Every ball made within the block has `bits` bits of precision.

    >>> with working_precision(64):
    ...     print(exp(arb(1)))
    [2.71828182845904524 +/- 5.01e-18]
    """
    block: AbstractContextManager[Any] = ctx.workprec(bits)
    return block


def current_precision() -> int:
    """Bits of precision of the balls that are made now."""
    return int(ctx.prec)


def sign_of(x: arb) -> int | None:
    """1, 0 or −1 where the ball proves the sign, else None.

    >>> sign_of(arb(2)), sign_of(arb(0)), sign_of(arb(0, 1))
    (1, 0, None)
    """
    if x > 0:
        return 1
    if x < 0:
        return -1
    return 0 if x.is_zero() else None


def endpoints(x: arb) -> tuple[tuple[int, int], tuple[int, int]]:
    """The lower and the upper end of a finite ball, each exactly m·2ᵉ as (m, e).

    >>> endpoints(arb(0.75))
    ((3, -2), (3, -2))
    """
    (m, e), (r, f) = ((int(mantissa), int(exponent)) for mantissa, exponent in (x.mid().man_exp(), x.rad().man_exp()))
    low = min(e, f) if m and r else (e if m else f)
    m, r = (m << e - low if m else 0), (r << f - low if r else 0)
    return (m - r, low), (m + r, low)


def exp(x: arb) -> arb:
    """eˣ."""
    return x.exp()


def log(x: arb) -> arb:
    """`log x`, for x > 0."""
    return x.log()


def sqrt(x: arb) -> arb:
    """√x, for x ≥ 0. A ball around 0 is cut at 0 only where its source is known to be ≥ 0, which is not known here."""
    return x.sqrt()


def sigmoid(x: arb) -> arb:
    """σ(x) = 1/(1 + e⁻ˣ): every operation has positive terms, so small values keep their digits."""
    return 1 / (1 + (-x).exp())


def softplus(x: arb) -> arb:
    """log(1 + eˣ), with relative precision on both sides.

    >>> softplus(arb(-100)) > 0
    True
    """
    return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()


def normal_cdf(x: arb) -> arb:
    """Φ(x) = erfc(−x/√2)/2, with relative precision in the left tail."""
    return (-x / arb(2).sqrt()).erfc() / 2


def relu(x: arb) -> arb:
    """max(x, 0)."""
    return x if x > 0 else x.nonnegative_part()


def sign(x: arb) -> arb:
    """`sign x`; all of [−1, 1] where the ball does not prove it."""
    s = sign_of(x)
    return (arb(0, 1) if x.is_finite() else arb.nan()) if s is None else arb(s)


def step(x: arb) -> arb:
    """[x > 0]; all of [0, 1] where the ball does not prove it."""
    if x > 0:
        return arb(1)
    if x <= 0:
        return arb(0)
    return arb(_HALF, _HALF) if x.is_finite() else arb.nan()


def lgamma(x: arb) -> arb:
    """`log |Γ(x)|`; left of 0 by reflection, Γ(x) Γ(1−x) = π/sin πx."""
    if x > 0:
        return x.lgamma()
    return (arb.pi() / abs(x.sin_pi())).log() - (1 - x).lgamma()


def power(x: arb, y: arb) -> arb:
    """xʸ: by multiplication where y is a whole number, else by e^(y log x) for x > 0."""
    return x**y


FUNCTIONS: dict[str, Callable[..., arb]] = {
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "tanh": lambda x: x.tanh(),
    "sigmoid": sigmoid,
    "relu": relu,
    "softplus": softplus,
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tan": lambda x: x.tan(),
    "arcsin": lambda x: x.asin(),
    "arccos": lambda x: x.acos(),
    "arctan": lambda x: x.atan(),
    "sinh": lambda x: x.sinh(),
    "cosh": lambda x: x.cosh(),
    "arsinh": lambda x: x.asinh(),
    "erf": lambda x: x.erf(),
    "normal_cdf": normal_cdf,
    "abs": abs,
    "sign": sign,
    "step": step,
    "lgamma": lgamma,
    "digamma": lambda x: x.digamma(),
    "expm1": lambda x: x.expm1(),
    "log1p": lambda x: x.log1p(),
    "max": lambda x, y: x.max(y),
    "min": lambda x, y: x.min(y),
    "pow": power,
}
"""The functions that closed constants and certified scalars share, by name."""


def _no_log(x: arb) -> str | None:
    return f"logarithm of {_kind(x)}" if x <= 0 else None


def _no_root(x: arb) -> str | None:
    return "square root of a negative number" if x < 0 else None


def _no_power(x: arb, y: arb) -> str | None:
    if x < 0 and not y.contains_integer():
        return "fractional power of a negative number"
    return "division by zero" if x.is_zero() and y < 0 else None


def _no_angle(x: arb) -> str | None:
    return "inverse sine or cosine of a number beyond 1" if abs(x) > 1 else None


def _pole(x: arb) -> str | None:
    return f"Γ at {_kind(x)}" if x <= 0 and x.is_exact() and x.is_integer() else None


def _kind(x: arb) -> str:
    return "0" if x.is_zero() else "a negative number"


OUTSIDE: dict[str, Callable[..., str | None]] = {
    "log": _no_log,
    "log1p": lambda x: _no_log(1 + x),
    "sqrt": _no_root,
    "pow": _no_power,
    "arcsin": _no_angle,
    "arccos": _no_angle,
    "lgamma": _pole,
    "digamma": _pole,
}
"""Why a function is proved to have no value on a ball, or None; functions that are not named are total."""
