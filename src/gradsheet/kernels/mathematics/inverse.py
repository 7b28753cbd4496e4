"""arctan, arcsin, arccos and arsinh: odd polynomials where the argument is small, identities elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.mathematics.coefficients import ARCSIN, ARCTAN
from gradsheet.kernels.mathematics.formats import format_of
from gradsheet.kernels.mathematics.logarithm import log, log1p
from gradsheet.kernels.mathematics.polynomial import estrin

if TYPE_CHECKING:
    from gradsheet.kernels.terms import Term

_HALF_PI = {
    "f64": (float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54")),
    "f32": (float.fromhex("0x1.921fb6p+0"), float.fromhex("-0x1.777a5cp-25")),
}
_TAN_EIGHTH = 0.41421356237309503
_BIG = {"f64": 2.0**28, "f32": 2.0**13}


def _tail(t: Term, z: Term, table: dict[str, tuple[float, ...]]) -> Term:
    """The term t z P(z): what an odd function has beyond its argument t."""
    return t * z * estrin(z, table[format_of(t).kind])


def arctan(x: Term) -> Term:
    """Arctan x within 2 ulp.

    For |x| above tan π/8 it is π/4 + arctan((|x| − 1)/(|x| + 1)), above its inverse π/2 + arctan(−1/|x|): one division
    for all three.
    """
    b, f = x.builder, format_of(x)
    size = abs(x)
    middle, far = size > _TAN_EIGHTH, size > 1 / _TAN_EIGHTH
    one = b.constant(1.0, x.number)
    numerator = b.select(far, -one, b.select(middle, size - 1.0, size))
    t = numerator / b.select(far, size, b.select(middle, size + 1.0, one))
    high, low = _HALF_PI[f.kind]
    offset = b.select(far, one, b.select(middle, one * 0.5, 0.0))
    rest = _tail(t, t * t, ARCTAN) + offset * low
    turned = offset * high + (t + rest)
    return b.copysign(b.select(middle, turned, t + rest), x)


def arcsin(x: Term) -> Term:
    """Arcsin x within 2 ulp: π/2 − 2 arcsin √((1 − |x|)/2) for |x| > ½. NaN beyond 1."""
    b, f = x.builder, format_of(x)
    size = abs(x)
    large = size > 0.5
    z = b.select(large, (1.0 - size) * 0.5, size * size)
    t = b.select(large, b.sqrt(z), size)
    rest = _tail(t, z, ARCSIN)
    high, low = _HALF_PI[f.kind]
    turned = high - (2.0 * t + (2.0 * rest - low))
    return b.copysign(b.select(large, turned, t + rest), x)


def arccos(x: Term) -> Term:
    """Arccos x within 2 ulp: 2 arcsin √((1 − x)/2) near 1, π less that near −1. NaN beyond 1."""
    b, f = x.builder, format_of(x)
    size = abs(x)
    large = size > 0.5
    z = b.select(large, (1.0 - size) * 0.5, x * x)
    root = b.sqrt(z)
    t = b.select(large, root, x)
    rest = _tail(t, z, ARCSIN)
    high, low = _HALF_PI[f.kind]
    # What rounding took from the root: (z − t²)/(2 t), at 1 nothing of nothing.
    lost = b.select(root > 0.0, b.fma(-root, root, z) / (2.0 * root), 0.0)
    near = 2.0 * (t + (rest + lost))
    opposite = 2.0 * high - (2.0 * t + (2.0 * rest - 2.0 * low))
    middle = high - (t - (low - rest))
    return b.select(large, b.select(x < 0.0, opposite, near), middle)


def arsinh(x: Term) -> Term:
    """Arsinh x within 3 ulp: log(1 + (|x| + x²/(1 + √(1 + x²)))), and log 2|x| where x² is too large."""
    b, f = x.builder, format_of(x)
    size = abs(x)
    big = size > _BIG[f.kind]
    square = size * size
    inside = log1p(size + square / (b.sqrt(square + 1.0) + 1.0))
    outside = log(size) + 0.6931471805599453
    return b.copysign(b.select(big, outside, inside), x)
