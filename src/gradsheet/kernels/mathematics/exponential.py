"""eˣ and eˣ − 1.

x = n ln 2 + r with |r| ≤ ½ ln 2, ln 2 in two parts (Cody & Waite 1980), so that r is exact to well below an ulp; then
eʳ − 1 = r + ½ r² + r³ q(r), q by Estrin's scheme. 2ⁿ goes in as two factors, so that results may be subnormal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics.coefficients import EXP, EXP_CUBIC
from gradsheet.kernels.mathematics.formats import format_of, power_of_two
from gradsheet.kernels.mathematics.polynomial import estrin
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.kernels.terms import Term

_LARGEST = {"f64": float.fromhex("0x1.62e42fefa39efp+9"), "f32": float.fromhex("0x1.62e42ep+6")}
_SMALLEST = {"f64": -745.2, "f32": -104.0}
_MINUS_ONE = {"f64": -40.0, "f32": -20.0}
_ITSELF = 2.0**-60  # below it, eˣ − 1 is x; halves of subnormal numbers would lose a bit


@dataclass(frozen=True)
class Reduced:
    """eˣ = 2ⁿ (1 + r + w), with w small beside r, and what rounding took from r in it."""

    n: Term
    shifted: Term
    """n + magic."""
    r: Term
    w: Term

    @property
    def scales(self) -> tuple[Term, Term]:
        """2ⁿ as two factors."""
        b, f = self.n.builder, format_of(self.n)
        half = b.muladd(self.n, 0.5, f.magic)
        return power_of_two(half), power_of_two((self.n - (half - f.magic)) + f.magic)


def reduced(x: Term) -> Reduced:
    """The parts n, r and w."""
    b, f = x.builder, format_of(x)
    shifted, n, near = nearest(x)
    part = n * f.ln2_low
    r = (near - part).named("r")
    lost = (near - r) - part
    square = r * r
    cubic = estrin(r, EXP_CUBIC[f.kind], square)
    return Reduced(n, shifted, r, b.muladd(square * r, cubic, b.muladd(square, 0.5, lost)).named("w"))


def reduced_double(x: Term) -> tuple[Term, Term]:
    """N + magic and p = eʳ − 1 for e²ˣ = 2ⁿ (1 + p), in as few steps as there can be one after another.

    N is found from x while 2 x is formed, and ln 2 is one number: r is right to n ulps of ln 2. That is for results in
    which e²ˣ counts the less the larger it is.
    """
    b, f = x.builder, format_of(x)
    shifted = b.muladd(x, 2.0 * 1.4426950408889634, f.magic)
    n = (shifted - f.magic).named("n")
    r = b.muladd(n, -0.6931471805599453, x + x).named("r")
    square = r * r
    return shifted, b.muladd(square, estrin(r, EXP[f.kind], square), r).named("p")


def nearest(x: Term) -> tuple[Term, Term, Term]:
    """The integer n, with magic and without, and x − n ln 2 as far as the first part of ln 2 goes."""
    b, f = x.builder, format_of(x)
    shifted = b.muladd(x, 1.4426950408889634, f.magic)
    n = (shifted - f.magic).named("n")
    return shifted, n, b.muladd(n, -f.ln2_high, x)


def exp(x: Term) -> Term:
    """eˣ within 1 ulp; 0 and ∞ where it underflows and overflows."""
    b, f = x.builder, format_of(x)
    first, second = factors(x)
    bounded = b.select(x > _LARGEST[f.kind], float("inf"), first * second)
    return b.select(x < _SMALLEST[f.kind], 0.0, bounded)


def factors(x: Term, low: Term | None = None) -> tuple[Term, Term]:
    """e^(x + low) as a product whose factors neither overflow nor lose digits, where eˣ is not far beyond the format.

    So what else it is multiplied with goes between them, and subnormal results are rounded once.
    """
    e = reduced(x)
    first, second = e.scales
    p = e.r + e.w
    if low is not None:
        p = x.builder.muladd(low, p + 1.0, p)
    return x.builder.muladd(p, first, first), second


def expm1(x: Term) -> Term:
    """eˣ − 1 within 1 ulp, also where x is small.

    Where the sum of 2ⁿ r and 2ⁿ − 1 is exact, w is added last; elsewhere it is small beside r and goes with it.
    """
    b, f = x.builder, format_of(x)
    e = reduced(x)
    half = power_of_two(e.shifted - 1.0)  # 2ⁿ⁻¹: 2ⁿ itself may be too large
    exact = (x > -0.34) & (x < 0.44)
    # Once 2ⁿ − 1 is no number of the format it is taken as 2ⁿ; at the first such n, what is missing goes with w.
    full = f.fraction + 2.0
    rest = e.w - b.select(e.n.equals(full), b.constant(2.0**-full, x.number), 0.0)
    sum_first = b.muladd(half, b.select(exact, e.r, e.r + rest), half - 0.5)
    inside = b.muladd(half, b.select(exact, e.w, 0.0), sum_first) * 2.0
    bounded = b.select(x > _LARGEST[f.kind], float("inf"), inside)
    return b.select(x < _MINUS_ONE[f.kind], -1.0, b.select(abs(x) < _ITSELF, x, bounded))
