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


def taylor(f: Callable[[mpf], mpf], at_zero: mpf) -> Callable[[mpf], mpf]:
    """A function whose formula is 0/0 at 0, with its limit there."""
    return lambda x: at_zero if abs(x) < NEAR else f(x)


NEAR = mpf(10) ** -25
HALF_LN2 = mp.log(2) / 2 * mpf("1.0001")
S_MAX = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * mpf("1.0001")
WANTED = (
    Wanted(
        "EXP",
        "(e^r − 1 − r)/r² for |r| ≤ ½ ln 2",
        taylor(lambda r: (mp.expm1(r) - r) / r**2, mpf(1) / 2),
        -HALF_LN2,
        HALF_LN2,
        11,
        6,
    ),
    Wanted(
        "LOG",
        "(2 artanh(s) − 2 s)/s³ in s², for m between √½ and √2",
        taylor(lambda z: (2 * mp.atanh(mp.sqrt(z)) - 2 * mp.sqrt(z)) / mp.sqrt(z) ** 3, mpf(2) / 3),
        mpf(0),
        S_MAX**2,
        8,
        4,
    ),
    Wanted(
        "TANH",
        "(tanh x − x)/x³ in x², for |x| ≤ 1",
        taylor(lambda z: (mp.tanh(mp.sqrt(z)) - mp.sqrt(z)) / mp.sqrt(z) ** 3, -mpf(1) / 3),
        mpf(0),
        mpf(1),
        16,
        8,
    ),
)


def interpolated(wanted: Wanted, count: int) -> list[mpf]:
    """The polynomial with `count` coefficients through f at Chebyshev's points, by increasing powers."""
    middle, half = (wanted.low + wanted.high) / 2, (wanted.high - wanted.low) / 2
    points = [middle + half * mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    powers = mp.matrix(count, count)
    for row, x in enumerate(points):
        for column in range(count):
            powers[row, column] = x**column
    return list(mp.lu_solve(powers, mp.matrix([wanted.f(x) for x in points])))


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
    return "".join(parts)


def error(wanted: Wanted, count: int) -> mpf:
    """The largest error of the polynomial, looked for at many points, before it is rounded."""
    coefficients = interpolated(wanted, count)
    points = [wanted.low + (wanted.high - wanted.low) * k / 500 for k in range(501)]
    return max(abs(mp.polyval(coefficients[::-1], x) - wanted.f(x)) for x in points)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(None if PLACE.read_text(encoding="utf-8") == table() else f"{PLACE.name} is not what is computed")
    PLACE.write_text(table(), encoding="utf-8")
    for each in WANTED:
        bits = [f"2^{float(mp.log(error(each, n), 2)):.1f}" for n in (each.double, each.single)]
        print(f"{each.name}: {', '.join(bits)}")
