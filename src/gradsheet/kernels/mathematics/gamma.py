"""log |Γ| and its derivative ψ: Stirling's series from 10 on, Γ(x + 10) = Γ(x) x ⋯ (x + 9) below, reflection at ½.

Both have zeros, at which no relative accuracy is kept: bounds are in ulp of max(1, |result|). float32 is computed in
float64.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics.exact import product, two_sum
from gradsheet.kernels.mathematics.logarithm import log
from gradsheet.kernels.mathematics.polynomial import horner
from gradsheet.kernels.mathematics.power import log_in_two
from gradsheet.kernels.mathematics.trigonometric import sine_and_cosine_of_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.kernels.terms import Term

_SHIFT = 10
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_DIGAMMA = (-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12)
_HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


def _in_double(x: Term, rule: Callable[[Term], Term]) -> Term:
    b = x.builder
    return b.convert(rule(b.convert(x, "f64")), x.number.kind)


def _shifted(x: Term) -> tuple[Term, Term, Term, Term]:
    """Where x is small; x moved to where the series holds; Π (x + k); and its derivative."""
    b = x.builder
    small = x < float(_SHIFT)
    multiplied, derivative = x, b.constant(1.0, x.number)
    for k in range(1, _SHIFT):
        factor = x + float(k)
        derivative = b.muladd(derivative, factor, multiplied)
        multiplied = multiplied * factor
    return small, b.select(small, x + float(_SHIFT), x), multiplied, derivative


def lgamma(x: Term) -> Term:
    """Log |Γ(x)| within 16 ulp of max(1, |log |Γ(x)||); ∞ at 0, −1, …, the poles."""
    return _in_double(x, _lgamma)


def _lgamma(x: Term) -> Term:
    b = x.builder
    below = x < 0.5
    right = b.select(below, 1.0 - x, x)
    small, far, multiplied, _ = _shifted(right)
    inverse = 1.0 / far
    series = inverse * horner(inverse * inverse, _STIRLING) + _HALF_LOG_TAU
    # (x − ½) log x − x − log Π (x + k): its terms are larger than their sum, so each is kept in two numbers.
    logarithm, logarithm_low = log_in_two(far)
    factors, factors_low = log_in_two(b.select(small, multiplied, 1.0))
    main, low = product(far - 0.5, logarithm)
    low = b.muladd(far - 0.5, logarithm_low, low) - factors_low
    moved = b.select(small, right - (far - float(_SHIFT)), 0.0)  # what rounding took from the shift
    low = b.muladd(moved, logarithm, low)
    total, lost = two_sum(main, -far)
    total, lost_again = two_sum(total, -factors)
    value = total + (((lost + lost_again) + low) + series)
    value = b.select(main < float("inf"), value, main)
    sine, _ = sine_and_cosine_of_turns(x)
    return b.select(below, log(math.pi / abs(sine)) - value, value)


def digamma(x: Term) -> Term:
    """ψ(x) within 16 ulp of max(1, |ψ(x)|, 1/|x|); beside a pole −n the distance to it is what x says."""
    return _in_double(x, _digamma)


def _digamma(x: Term) -> Term:
    b = x.builder
    below = x < 0.5
    right = b.select(below, 1.0 - x, x)
    small, far, multiplied, derivative = _shifted(right)
    inverse = 1.0 / far
    square = inverse * inverse
    value = log(far) + b.muladd(inverse, -0.5, square * horner(square, _DIGAMMA))
    value = value - b.select(small, derivative / multiplied, 0.0)
    sine, cosine = sine_and_cosine_of_turns(x)
    return b.select(below, value - math.pi * cosine / sine, value)
