"""tanh, σ and their kin: what networks put between their layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics.coefficients import TANH
from gradsheet.kernels.mathematics.exponential import exp, factors, reduced, reduced_double
from gradsheet.kernels.mathematics.formats import format_of, power_of_two
from gradsheet.kernels.mathematics.logarithm import log1p
from gradsheet.kernels.mathematics.polynomial import estrin

if TYPE_CHECKING:
    from gradsheet.kernels.terms import Term

_UNDERFLOW = {"f64": 745.2, "f32": 104.0}
_ONE = {"f64": 20.0, "f32": 9.5}


def tanh(x: Term) -> Term:
    """Tanh x within 1.2 ulp.

    1 − 2/(e^{2|x|} + 1) where |x| ≥ 0.9: there the quotient is so small that its roundings hardly show. Below,
    x + x³ P(x²), which keeps relative accuracy. Both are computed side by side: P is done before the division is.
    """
    b, f = x.builder, format_of(x)
    size = abs(x)
    shifted, p = reduced_double(size)
    scale = power_of_two(shifted)
    far = 1.0 - 2.0 / b.muladd(scale, p, scale + 1.0)
    square = x * x
    first, *others = TANH[f.kind]
    near = b.muladd(size * square, b.muladd(square, estrin(square, others), first), size)
    outer = b.select(size > _ONE[f.kind], 1.0, far)
    return b.copysign(b.select(size < 0.9, near, outer), x)


def sigmoid(x: Term) -> Term:
    """1/(1 + e⁻ˣ) within 1 ulp, down to where it underflows.

    With e = exp(−|x|) it is 1/(1 + e) or e/(1 + e). What rounding took from e, from 1 + e and from the quotient is kept
    and put back in one step of Newton's.
    """
    b, f = x.builder, format_of(x)
    size = abs(x)
    e = reduced(-size)
    first, second = e.scales
    scale = first * second
    p = e.r + e.w
    whole = p + 1.0
    power = whole * first * second
    lost = ((p - (whole - 1.0)) + (e.w - (p - e.r))) * scale
    below = x < 0.0
    numerator = b.select(below, power, 1.0)
    denominator = power + 1.0
    inverse = 1.0 / denominator
    quotient = numerator * inverse
    left = b.fma(-quotient, denominator, numerator)
    shortfall = (power - (denominator - 1.0)) + lost
    left = b.muladd(-quotient, shortfall, left + b.select(below, lost, 0.0))
    inside = b.muladd(left, inverse, quotient)
    return b.select(size > _UNDERFLOW[f.kind], b.select(below, b.constant(0.0, x.number), 1.0), inside)


def softplus(x: Term) -> Term:
    """log(1 + eˣ) within 2 ulp: max(x, 0) + log(1 + e^−|x|)."""
    return x.builder.maximum(x, 0.0) + log1p(exp(-abs(x)))


def log_sigmoid(x: Term) -> Term:
    """Log σ(x) within 2 ulp: min(x, 0) − log(1 + e^−|x|)."""
    return x.builder.minimum(x, 0.0) - log1p(exp(-abs(x)))


def silu(x: Term) -> Term:
    """X σ(x) within 2 ulp; x eˣ far below, rounded once where it is subnormal."""
    return _with_tail(x, x * sigmoid(x))


def mish(x: Term) -> Term:
    """X tanh(log(1 + eˣ)) within 4 ulp: x n/(n + 2) with n = eˣ (eˣ + 2)."""
    b, f = x.builder, format_of(x)
    e = exp(b.minimum(x, _ONE[f.kind] * 2.0))
    n = e * (e + 2.0)
    return _with_tail(x, b.select(x > _ONE[f.kind] * 2.0, x, x * (n / (n + 2.0))))


def _with_tail(x: Term, value: Term) -> Term:
    b, f = x.builder, format_of(x)
    first, second = factors(x)
    tail = b.select(x < -_UNDERFLOW[f.kind] - 8.0, 0.0, x * first * second)
    return b.select(x < -_ONE[f.kind] * 2.0, tail, value)
