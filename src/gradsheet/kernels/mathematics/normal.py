"""erf, the normal distribution function Φ, and GELU.

Φ(x) = ½ + x Q(x²) for |x| ≤ 1. Beyond, Φ(−t) = e^(−t²/2) G(u)/(t + c), u = (t − c)/(t + c): G hardly varies from 1
to ∞, so that one polynomial does (after Schonfelder 1978). t² is taken with what rounding takes from it, so the lower
tail keeps relative accuracy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics.coefficients import ERF, NORMAL, NORMAL_TAIL
from gradsheet.kernels.mathematics.exact import product
from gradsheet.kernels.mathematics.exponential import factors
from gradsheet.kernels.mathematics.formats import format_of
from gradsheet.kernels.mathematics.polynomial import estrin

if TYPE_CHECKING:
    from gradsheet.kernels.terms import Term

_CENTRE = 5.0
_ZERO = {"f64": 38.6, "f32": 14.3}
"""Beyond, Φ(−t) underflows, also times t."""
_ROOT_2 = 1.4142135623730951


def lower_tail(t: Term) -> tuple[Term, Term]:
    """Φ(−t) for t ≥ 1 as two factors, of which neither is subnormal."""
    f = format_of(t)
    square, lost = product(t, t)
    first, second = factors(square * -0.5, lost * -0.5)
    inverse = 1.0 / (t + _CENTRE)
    value = estrin((t - _CENTRE) * inverse, NORMAL_TAIL[f.kind]) * inverse
    return value * first, second


def normal_cdf(x: Term) -> Term:
    """Φ(x) within 5 ulp, down to where it underflows."""
    b, f = x.builder, format_of(x)
    size = abs(x)
    first, second = lower_tail(size)
    tail = b.select(size > _ZERO[f.kind], 0.0, first * second)
    outer = b.select(x > 0.0, 1.0 - tail, tail)
    return b.select(size < 1.0, _inner(x), outer)


def gelu(x: Term) -> Term:
    """GELU, x Φ(x), within 6 ulp."""
    b, f = x.builder, format_of(x)
    size = abs(x)
    first, second = lower_tail(size)
    far = size > _ZERO[f.kind]
    below = b.select(far, 0.0, x * first * second)
    above = x * (1.0 - b.select(far, 0.0, first * second))
    return b.select(size < 1.0, x * _inner(x), b.select(x > 0.0, above, below))


def _inner(x: Term) -> Term:
    """Φ(x) for |x| ≤ 1."""
    return x.builder.muladd(x, estrin(x * x, NORMAL[format_of(x).kind]), 0.5)


def erf(x: Term) -> Term:
    """The error function erf x within 2 ulp: x + x P(x²) for |x| ≤ 1, 1 − 2 Φ(−√2 |x|) beyond."""
    b, f = x.builder, format_of(x)
    size = abs(x)
    near = b.muladd(size, estrin(size * size, ERF[f.kind]), size)
    first, second = lower_tail(size * _ROOT_2)
    far = 1.0 - b.select(size > 10.0, 0.0, first * second * 2.0)
    return b.copysign(b.select(size < 1.0, near, far), x)
