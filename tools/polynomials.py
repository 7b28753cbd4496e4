"""Writes the polynomials of the kernels' mathematics: interpolated at Chebyshev's points, in many digits, rounded.

At these points the largest error is within a small factor of the least possible one, and each polynomial is given a
degree or two to spare. `python tools/polynomials.py` writes the table; `--check` only compares.
"""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mpmath import mp, mpf

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = Path(__file__).resolve().parent.parent / "src" / "gradsheet" / "kernels" / "mathematics" / "coefficients.py"
HEAD = '''"""Polynomials by increasing powers, as `tools/polynomials.py` writes them: near the least largest error."""

from __future__ import annotations

'''
mp.dps = 60


@dataclass(frozen=True)
class Wanted:
    """The function f on [low, high], and how many coefficients in either precision."""

    name: str
    says: str
    f: Callable[[mpf], mpf]
    low: mpf
    high: mpf
    double: int
    single: int
    factor: int = 1


def taylor(f: Callable[[mpf], mpf], at_zero: mpf) -> Callable[[mpf], mpf]:
    """A function whose formula is 0/0 at 0, with its limit there."""
    return lambda x: at_zero if abs(x) < NEAR else f(x)


NEAR = mpf(10) ** -25
HALF_LN2 = mp.log(2) / 2 * mpf("1.0001")
S_MAX = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * mpf("1.0001")
EIGHTH = (mp.pi / 4 * mpf("1.0001")) ** 2
TAN_EIGHTH = mp.tan(mp.pi / 8) ** 2 * mpf("1.0001")
BITS, COUNT = 24, 56
CENTRE = mpf(5)
END = mpf(40)


def odd(f: Callable[[mpf], mpf], third: mpf) -> Callable[[mpf], mpf]:
    """(f(√z) − √z)/√z³ for an odd f with f'(0) = 1; `third` is its value at 0."""
    return taylor(lambda z: (f(mp.sqrt(z)) - mp.sqrt(z)) / mp.sqrt(z) ** 3, third)


def tail(u: mpf) -> mpf:
    """Φ(−t) e^{t²/2} (t + c) with u = (t − c)/(t + c): hardly varies, and is smooth up to ∞."""
    t = CENTRE * (1 + u) / (1 - u)
    return mp.erfc(t / mp.sqrt(2)) / 2 * mp.exp(t**2 / 2) * (t + CENTRE)


WANTED = (
    Wanted(
        "EXP", "(e^r − 1 − r)/r² for |r| ≤ ½ ln 2",
        taylor(lambda r: (mp.expm1(r) - r) / r**2, mpf(1) / 2), -HALF_LN2, HALF_LN2, 11, 6,
    ),
    Wanted(
        "EXP_CUBIC", "(e^r − 1 − r − r²/2)/r³ for |r| ≤ ½ ln 2",
        taylor(lambda r: (mp.expm1(r) - r - r**2 / 2) / r**3, mpf(1) / 6), -HALF_LN2, HALF_LN2, 10, 5,
    ),
    Wanted(
        "LOG", "(2 artanh(s) − 2 s)/s³ in s², for m between √½ and √2",
        odd(mp.atanh, mpf(1) / 3), mpf(0), S_MAX**2, 8, 4, factor=2,
    ),
    Wanted(
        "LOG_REST", "((2 artanh(s) − 2 s)/s³ − 2/3)/s² in s², for the same s",
        taylor(lambda z: (odd(mp.atanh, mpf(1) / 3)(z) - mpf(1) / 3) / z, mpf(1) / 5),
        mpf(0), S_MAX**2, 8, 4, factor=2,
    ),
    Wanted("TANH", "(tanh x − x)/x³ in x², for |x| ≤ 1", odd(mp.tanh, -mpf(1) / 3), mpf(0), mpf(1), 16, 8),
    Wanted("SIN", "(sin r − r)/r³ in r², for |r| ≤ π/4", odd(mp.sin, -mpf(1) / 6), mpf(0), EIGHTH, 6, 4),
    Wanted(
        "COS", "(cos r − 1 + r²/2)/r⁴ in r², for |r| ≤ π/4",
        taylor(lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, mpf(1) / 24), mpf(0), EIGHTH, 6, 3,
    ),
    Wanted("ARCTAN", "(arctan t − t)/t³ in t², for t ≤ tan π/8", odd(mp.atan, -mpf(1) / 3), mpf(0), TAN_EIGHTH, 12, 6),
    Wanted("ARCSIN", "(arcsin t − t)/t³ in t², for |t| ≤ ½", odd(mp.asin, mpf(1) / 6), mpf(0), mpf(1) / 4, 14, 7),
    Wanted(
        "ERF", "erf(x)/x − 1 in x², for |x| ≤ 1",
        taylor(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, 2 / mp.sqrt(mp.pi) - 1), mpf(0), mpf(1), 12, 7,
    ),
    Wanted(
        "NORMAL", "(Φ(x) − ½)/x in x², for |x| ≤ 1",
        taylor(lambda z: mp.erf(mp.sqrt(z / 2)) / mp.sqrt(z) / 2, 1 / mp.sqrt(2 * mp.pi)),
        mpf(0), mpf(1), 11, 6,
    ),
    Wanted(
        "NORMAL_TAIL", f"Φ(−t) e^(t²/2) (t + c) in (t − c)/(t + c), c = {int(CENTRE)}, for 1 ≤ t ≤ {int(END)}",
        tail, (1 - CENTRE) / (1 + CENTRE), (END - CENTRE) / (END + CENTRE), 21, 11,
    ),
)  # fmt: skip


def interpolated(wanted: Wanted, count: int) -> list[mpf]:
    """The polynomial with `count` coefficients through f at Chebyshev's points, by increasing powers."""
    middle, half = (wanted.low + wanted.high) / 2, (wanted.high - wanted.low) / 2
    points = [middle + half * mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    powers = mp.matrix(count, count)
    for row, x in enumerate(points):
        for column in range(count):
            powers[row, column] = x**column
    return list(mp.lu_solve(powers, mp.matrix([wanted.f(x) * wanted.factor for x in points])))


def rounded(x: mpf, *, single: bool) -> float:
    """To the nearest number of a format; for float32 by way of float64, which does no harm here."""
    return struct.unpack("<f", struct.pack("<f", float(x)))[0] if single else float(x)


def table() -> str:
    """The module's text."""
    parts = [HEAD]
    for wanted in WANTED:
        parts.append(f"# {wanted.says}.\n{wanted.name} = {{\n")
        for kind, count in (("f64", wanted.double), ("f32", wanted.single)):
            coefficients = [rounded(c, single=kind == "f32") for c in interpolated(wanted, count)]
            parts.append(f'    "{kind}": (\n')
            parts += [f'        float.fromhex("{c.hex()}"),\n' for c in coefficients]
            parts.append("    ),\n")
        parts.append("}\n")
    digits = two_over_pi()
    parts.append(f"# 2/π in {BITS} bits at a time.\nTWO_OVER_PI = (\n")
    parts += [f"    {digit},\n" for digit in digits]
    parts.append(")\n")
    return "".join(parts)


def two_over_pi() -> list[int]:
    """Its digits to the base 2²⁴, after the point: enough for the largest float64."""
    with mp.workprec(BITS * COUNT + 64):
        whole = int(mp.floor(2 / mp.pi * mpf(2) ** (BITS * COUNT)))
    return [(whole >> (BITS * (COUNT - 1 - k))) & ((1 << BITS) - 1) for k in range(COUNT)]


def error(wanted: Wanted, count: int) -> mpf:
    """The largest error of the polynomial, looked for at many points, before it is rounded."""
    coefficients = interpolated(wanted, count)
    points = [wanted.low + (wanted.high - wanted.low) * k / 500 for k in range(501)]
    return max(abs(mp.polyval(coefficients[::-1], x) - wanted.factor * wanted.f(x)) for x in points)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(None if PLACE.read_text(encoding="utf-8") == table() else f"{PLACE.name} is not what is computed")
    PLACE.write_text(table(), encoding="utf-8")
    for each in WANTED:
        bits = [f"2^{float(mp.log(error(each, n), 2)):.1f}" for n in (each.double, each.single)]
        print(f"{each.name}: {', '.join(bits)}")
