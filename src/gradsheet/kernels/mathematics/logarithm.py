"""log x and log(1 + x).

x = 2ᵏ m with m from √½ to √2, and with f = m − 1, s = f/(2 + f): log m = 2 artanh s = f − (½ f² − s (½ f² + R(s²)))
(Tang 1990; FreeBSD's e_log.c has the same form). k ln 2 is added in two parts, the first of them exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics.coefficients import LOG
from gradsheet.kernels.mathematics.formats import format_of
from gradsheet.kernels.mathematics.polynomial import estrin

if TYPE_CHECKING:
    from gradsheet.kernels.terms import Term

_ROOT_HALF = {"f64": 0x3FE6A09E667F3BCD, "f32": 0x3F3504F3}
_SMALLEST_NORMAL = {"f64": 2.0**-1022, "f32": 2.0**-126}


def split(x: Term) -> tuple[Term, Term]:
    """The numbers k, as a float, and m with x = 2ᵏ m and √½ ≤ m < √2, for a positive normal x."""
    b, f = x.builder, format_of(x)
    root = _ROOT_HALF[f.kind]
    # Counted from √½, the exponent's bits are k. The bias keeps them positive, so that no sign has to be shifted in.
    above = b.binary("wrapping_add", b.bits(x, f.bits), (f.bias << f.fraction) - root)
    exponent = b.binary("shift_right_zeros", above, f.fraction)
    shifted = b.bits(exponent | _bits_of_magic(f.fraction), f.kind)
    m = b.bits((above & ((1 << f.fraction) - 1)) + root, f.kind)
    return shifted - (1.5 * 2.0**f.fraction + f.bias), m


def normalised(x: Term) -> tuple[Term, Term]:
    """The same for subnormal numbers as well."""
    b, f = x.builder, format_of(x)
    tiny = x < _SMALLEST_NORMAL[f.kind]
    scale = f.fraction + 2
    k, m = split(b.select(tiny, x * 2.0**scale, x))
    return b.select(tiny, k - float(scale), k), m


def _bits_of_magic(fraction: int) -> int:
    """Of 1.5 · 2^fraction, whose last bits are free to hold an integer."""
    return 0x4338 << 48 if fraction == 52 else 0x4B40 << 16


def log_of_parts(k: Term, f: Term, correction: Term | None = None) -> Term:
    """The sum k ln 2 + log(1 + f) + correction, for √½ ≤ 1 + f < √2."""
    b, form = f.builder, format_of(f)
    s = f / (f + 2.0)
    z = s * s
    half = f * f * 0.5
    rest = z * estrin(z, LOG[form.kind])
    low = k * form.ln2_low if correction is None else b.muladd(k, form.ln2_low, correction)
    return b.muladd(k, form.ln2_high, f - (half - b.muladd(s, half + rest, low)))


def log(x: Term) -> Term:
    """Log x within 1 ulp; −∞ at 0, NaN below."""
    k, m = normalised(x)
    return ends(x, x, log_of_parts(k, m - 1.0))


def log1p(x: Term) -> Term:
    """log(1 + x) within 1 ulp, also where x is small; −∞ at −1, NaN below."""
    b = x.builder
    u = x + 1.0
    k, m = split(u)
    lost = b.select(u < 2.0, x - (u - 1.0), 1.0 - (u - x)) / u
    near = k.equals(0.0)  # there x itself is f, and nothing was lost
    inside = log_of_parts(k, b.select(near, x, m - 1.0), b.select(near, 0.0, lost))
    return b.select(x.equals(0.0), x, ends(u, x, inside))


def ends(u: Term, x: Term, inside: Term) -> Term:
    """A logarithm of u, at its ends: u < 0 gives NaN, 0 gives −∞, ∞ and NaN stay."""
    b = x.builder
    low = b.select(u.equals(0.0), float("-inf"), b.select(u < 0.0, float("nan"), inside))
    return b.select(u < float("inf"), low, x)


def log2(x: Term) -> Term:
    """Log₂ x within 2 ulp, exact at powers of two."""
    return _based(x, (1.0, 0.0), 1.4426950408889634)


def log10(x: Term) -> Term:
    """Log₁₀ x within 2 ulp."""
    return _based(x, _LOG10_2[format_of(x).kind], 0.4342944819032518)


_LOG10_2 = {
    "f64": (float.fromhex("0x1.34413509f0000p-2"), float.fromhex("0x1.e7fbcc47c4acdp-40")),
    "f32": (float.fromhex("0x1.344p-2"), float.fromhex("0x1.3509f8p-18")),
}


def _based(x: Term, two: tuple[float, float], unit: float) -> Term:
    """K log 2 + log m in another base: `two` is log 2 there, its first part exact times any k, and `unit` log e."""
    b = x.builder
    k, m = normalised(x)
    natural = log_of_parts(b.constant(0.0, x.number), m - 1.0)
    return ends(x, x, b.muladd(k, two[0], b.muladd(k, two[1], natural * unit)))
