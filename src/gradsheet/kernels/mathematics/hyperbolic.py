"""sinh and cosh by eˣ, half of which is still a number where eˣ is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics.exponential import expm1, factors
from gradsheet.kernels.mathematics.formats import format_of

if TYPE_CHECKING:
    from gradsheet.kernels.terms import Term

_FAR = {"f64": 22.0, "f32": 10.0}
_BEYOND = {"f64": 711.0, "f32": 90.0}


def half_exp(x: Term) -> Term:
    """½ eˣ for x ≥ 0; ∞ where that overflows."""
    b, f = x.builder, format_of(x)
    first, second = factors(x)
    return b.select(x > _BEYOND[f.kind], float("inf"), first * 0.5 * second)


def sinh(x: Term) -> Term:
    """Sinh x within 3 ulp: ½ (m + m/(m + 1)) with m = e^|x| − 1; ½ e^|x| where that is the same."""
    b, f = x.builder, format_of(x)
    size = abs(x)
    m = expm1(size)
    near = 0.5 * (m + m / (m + 1.0))
    tiny = size < 2.0**-30
    return b.copysign(b.select(size > _FAR[f.kind], half_exp(size), b.select(tiny, size, near)), x)


def cosh(x: Term) -> Term:
    """Cosh x within 2 ulp: h + ¼/h with h = ½ e^|x|."""
    half = half_exp(abs(x))
    return half + 0.25 / half
