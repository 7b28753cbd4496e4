"""sin, cos, tan.

x = n π/2 + r with |r| ≤ π/4. Up to 10⁶ the multiple of π/2 is taken away in three parts (Cody & Waite 1980), the
products with the first two being exact, and what rounding takes is kept in a second number. Beyond, where any lane is
so large, n and r come from as many digits of 2/π as the exponent asks for (Payne & Hanek 1983). Then polynomials for
sin r and cos r (with their first terms as in Sun's k_sin.c and k_cos.c), and n tells which of them, with which sign.
float32 is computed in float64.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics.coefficients import COS, SIN, TWO_OVER_PI
from gradsheet.kernels.mathematics.exact import product, two_sum
from gradsheet.kernels.mathematics.formats import FORMATS
from gradsheet.kernels.mathematics.polynomial import estrin
from gradsheet.kernels.types import F64, I64
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.kernels.terms import Term

_MAGIC = FORMATS["f64"].magic
_HALF_PI = (
    float.fromhex("0x1.921fb54400000p+0"),
    float.fromhex("0x1.0b4611a600000p-34"),
    float.fromhex("0x1.3198a2e037073p-69"),
)
_HALF_PI_HIGH, _HALF_PI_LOW = float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54")
_LARGE = 1.0e6
_ITSELF = 2.0**-27
_DIGITS = 10  # of 2/π that matter for one exponent: 53 bits, as many that may cancel, and some to spare


@dataclass(frozen=True)
class Angle:
    """n π/2 + r + low, with n given modulo 4."""

    n: Term
    r: Term
    low: Term

    def turned(self, quarters: int) -> Angle:
        return Angle(self.n + quarters, self.r, self.low)


def reduced(x: Term) -> Angle:
    """The angle of a float64."""
    b = x.builder
    shifted = b.muladd(x, 2 / 3.141592653589793, _MAGIC)
    n = shifted - _MAGIC
    first, second, third = _HALF_PI
    near, lost = two_sum(b.muladd(n, -first, x), n * -second)
    low = b.muladd(n, -third, lost)
    r = near + low
    parts = {"n": b.bits(shifted, "i64") & 3, "r": r, "low": (near - r) + low}
    with b.when(b.reduce("any", abs(x) > _LARGE), parts) as branch:
        _large(x, branch)
    return Angle(branch["n"], branch["r"], branch["low"])


def _large(x: Term, parts: object) -> None:
    """Lane by lane, where one is large."""
    b = x.builder
    lanes = x.lanes
    given = b.local("given", F64, lanes)
    b.store(given, 0, x)
    arrays = {"n": b.local("n", I64, lanes), "r": b.local("r", F64, lanes), "low": b.local("low", F64, lanes)}
    for key, array in arrays.items():
        b.store(array, 0, parts[key])  # type: ignore[index] # a branch
    digits = b.table("two_over_pi", F64, [0.0, *map(float, TWO_OVER_PI)])
    with b.loop("lane", 0, lanes) as lane:
        one = b.load(given, lane)
        with b.when(abs(one) > _LARGE):
            angle = _payne_hanek(one, digits)
            for key, part in (("n", angle.n), ("r", angle.r), ("low", angle.low)):
                b.store(arrays[key], lane, part)
    for key, array in arrays.items():
        parts[key] = b.load(array, 0, lanes)  # type: ignore[index] # a branch


def _payne_hanek(x: Term, digits: Term) -> Angle:
    """The angle of one large float64.

    |x| = y 2^(24 k) with an integer y where k > 0. Of y 2^(24 k) · 2/π only the digits from the k-th on matter, those
    before it giving multiples of 4. y is cut in two so that its products with digits are exact; each is taken modulo 4,
    and they are added in three numbers.
    """
    b = x.builder
    exponent = b.binary("shift_right_zeros", b.bits(abs(x), "i64"), 52) - 1023
    k = b.maximum((exponent - 52) // 24, 0)
    y = abs(x) * b.bits((1023 - k * 24) << 52, "f64")
    high = b.bits(b.bits(y, "i64") & -(1 << 27), "f64")
    total = rest = last = b.constant(0.0, F64)
    for place in range(_DIGITS):
        digit = b.load(digits, k + place) * 2.0 ** (-24 * place)
        for piece in (high, y - high):
            term = piece * digit
            term = b.muladd(b.floor(term * 0.25), -4.0, term)
            total, lost = two_sum(total, term)
            rest, lost = two_sum(rest, lost)
            last = last + lost
    n = b.round_even(total)
    turns, lost = two_sum(total - n, rest)
    turns, lost = two_sum(turns, lost + last)
    r, low = product(turns, _HALF_PI_HIGH)
    low = b.muladd(turns, _HALF_PI_LOW, b.muladd(lost, _HALF_PI_HIGH, low))
    r, low = two_sum(r, low)
    negative = x < 0.0
    n = b.convert(n, "i64") & 3
    return Angle(b.select(negative, -n, n) & 3, b.select(negative, -r, r), b.select(negative, -low, low))


def _sine(angle: Angle, kind: str) -> Term:
    """The sine of r."""
    b, r, z = angle.r.builder, angle.r, angle.r * angle.r
    correction = b.muladd(z, -0.5, 1.0) * angle.low
    return r + b.muladd(r * z, estrin(z, SIN[kind]), correction)


def _cosine(angle: Angle, kind: str) -> Term:
    """The cosine of r."""
    b, z = angle.r.builder, angle.r * angle.r
    half = z * 0.5
    first = 1.0 - half
    return first + (((1.0 - first) - half) + b.muladd(z * z, estrin(z, COS[kind]), -(angle.r * angle.low)))


def _quarter(angle: Angle, kind: str) -> Term:
    """The sine of n π/2 + r."""
    b = angle.r.builder
    value = b.select((angle.n & 1).equals(1), _cosine(angle, kind), _sine(angle, kind))
    return b.select((angle.n & 2).equals(2), -value, value)


def _in_double(x: Term, rule: Callable[[Term, str], Term]) -> Term:
    b = x.builder
    return b.convert(rule(b.convert(x, "f64"), x.number.kind), x.number.kind)


def sin(x: Term) -> Term:
    """Sin x within 1 ulp."""
    b = x.builder
    return b.select(abs(x) < _ITSELF, x, _in_double(x, lambda wide, kind: _quarter(reduced(wide), kind)))


def cos(x: Term) -> Term:
    """Cos x within 1 ulp."""
    return _in_double(x, lambda wide, kind: _quarter(reduced(wide).turned(1), kind))


def tan(x: Term) -> Term:
    """Tan x within 3 ulp."""

    def rule(wide: Term, kind: str) -> Term:
        b, angle = wide.builder, reduced(wide)
        sine, cosine = _sine(angle, kind), _cosine(angle, kind)
        odd = (angle.n & 1).equals(1)
        return b.select(odd, -cosine, sine) / b.select(odd, sine, cosine)

    return x.builder.select(abs(x) < _ITSELF, x, _in_double(x, rule))


def sine_and_cosine_of_turns(x: Term) -> tuple[Term, Term]:
    """For sin πx and cos πx of a float64 up to a common sign, so that their quotient and |sin πx| are right."""
    b = x.builder
    rest = x - b.round_even(x)
    size = abs(rest)
    outer = size > 0.25
    inner = b.select(outer, 0.5 - size, size) * math.pi
    none = b.constant(0, x.number.of("i64"))
    angle = Angle(none, inner, b.constant(0.0, x.number))
    sine, cosine = _sine(angle, "f64"), _cosine(angle, "f64")
    return b.copysign(b.select(outer, cosine, sine), b.select(size > 0.0, rest, x)), b.select(outer, sine, cosine)
