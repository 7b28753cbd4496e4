"""xʸ = e^(y log |x|), with the logarithm in two numbers, since its error is multiplied by y log |x|.

log m = 2 s + s z (2/3 + z R(z)), z = s², where s, z, the bracket and the products are kept with what rounding takes
from them; so log |x| has an error of about 2⁻⁶³ of itself. float32 is computed in float64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics.coefficients import LOG_REST
from gradsheet.kernels.mathematics.exact import product, quick_two_sum
from gradsheet.kernels.mathematics.exponential import factors
from gradsheet.kernels.mathematics.formats import FORMATS
from gradsheet.kernels.mathematics.logarithm import normalised
from gradsheet.kernels.mathematics.polynomial import estrin

if TYPE_CHECKING:
    from gradsheet.kernels.terms import Term

_TWO_THIRDS = (float.fromhex("0x1.5555555555555p-1"), float.fromhex("0x1.5555555555555p-55"))
_EVEN = 2.0**53  # from here on every number is an even integer
_OVERFLOW, _UNDERFLOW = 709.8, -745.2


def log_in_two(x: Term) -> tuple[Term, Term]:
    """Log x of a positive float64 as a sum of two."""
    b = x.builder
    k, m = normalised(x)
    f = m - 1.0
    d = f + 2.0
    s = f / d
    s_low = b.muladd(-s, f - (d - 2.0), b.fma(-s, d, f)) / d
    z, z_low = product(s, s)
    z_low = b.muladd(s + s, s_low, z_low)
    rest = z * estrin(z, LOG_REST["f64"])
    bracket = rest + _TWO_THIRDS[0]
    bracket_low = (rest - (bracket - _TWO_THIRDS[0])) + _TWO_THIRDS[1]
    cube, cube_low = _times(z, z_low, bracket, bracket_low)
    cube, cube_low = _times(s, s_low, cube, cube_low)
    high, low = quick_two_sum(s + s, cube)
    low = low + b.muladd(s_low, 2.0, cube_low)
    form = FORMATS["f64"]
    total, lost = quick_two_sum(k * form.ln2_high, high)
    return quick_two_sum(total, b.muladd(k, form.ln2_low, lost + low))


def _times(x: Term, x_low: Term, y: Term, y_low: Term) -> tuple[Term, Term]:
    high, low = product(x, y)
    return high, x.builder.muladd(x, y_low, x.builder.muladd(x_low, y, low))


def power(x: Term, y: Term) -> Term:
    """The power xʸ within 2 ulp; for x < 0 only if y is an integer, else NaN. x⁰ and 1ʸ are 1."""
    b, kind = x.builder, x.number.kind
    return b.convert(_power(b.convert(x, "f64"), b.convert(y, "f64")), kind)


def _power(x: Term, y: Term) -> Term:
    b = x.builder
    size = abs(x)
    high, low = log_in_two(size)
    exponent, exponent_low = product(y, high)
    exponent_low = b.muladd(y, low, exponent_low)
    first, second = factors(exponent, exponent_low)
    inside = b.select(exponent > _OVERFLOW, float("inf"), first * second)
    inside = b.select(exponent < _UNDERFLOW, 0.0, inside)
    # At 0 and ∞ the logarithm is infinite, and y says which way it goes.
    infinite = b.constant(float("inf"), x.number)
    ends = size.equals(0.0) | size.equals(float("inf"))
    outward = (y > 0.0) ^ size.equals(0.0)
    inside = b.select(ends, b.select(outward, infinite, 0.0), inside)
    inside = b.select(size.equals(1.0), 1.0, inside)
    whole = b.floor(y).equals(y)
    odd = whole & b.floor(y * 0.5).differs(y * 0.5) & (abs(y) < _EVEN)
    negative = b.bits(x, "i64") < 0
    inside = b.select(negative & odd, -inside, inside)
    inside = b.select((x < 0.0) & ~whole & x.differs(float("-inf")), float("nan"), inside)
    inside = b.select(x.equals(x) & y.equals(y), inside, x + y)
    return b.select(y.equals(0.0) | x.equals(1.0), 1.0, inside)
