"""(p/q)^r = c · Π bᵢ^rᵢ with 0 < rᵢ < 1: rational powers of rational numbers, with the powers taken out."""

from __future__ import annotations

from math import gcd
from typing import Final

from flint import fmpq, fmpz

from gradsheet.numerics.atoms import Atom, Monomial, atom, power_product, split_exponent
from gradsheet.numerics.budget import MAX_BITS, TooLargeError

_FULLY_FACTORED_BITS: Final = 80
_TRIAL_BITS: Final = 15


def whole_power(base: fmpq, exponent: int) -> fmpq:
    """cⁿ, unless it has more than MAX_BITS bits.

    >>> print(whole_power(fmpq(2, 3), -3))
    27/8
    """
    if abs(base.p) <= 1 and base.q == 1:
        return base if exponent % 2 else base * base
    # b bits to the n-th are more than (b − 1) n: what is surely too large is not computed.
    if (int(base.height_bits()) - 1) * abs(exponent) <= MAX_BITS:
        power = base**exponent
        if power.height_bits() <= MAX_BITS:
            return power
    message = f"a power of more than {MAX_BITS} bits"
    raise TooLargeError(message)


def factors(n: int) -> tuple[tuple[int, int], ...]:
    """(b₁, k₁), (b₂, k₂), … with n = Π bᵢ^kᵢ: primes, and at most one large cofactor that is left whole.

    >>> factors(360)
    ((2, 3), (3, 2), (5, 1))
    """
    whole = fmpz(n)
    if whole.bit_length() <= _FULLY_FACTORED_BITS:
        return tuple((int(p), int(k)) for p, k in whole.factor())
    found = []
    for p, k in whole.factor_smooth(_TRIAL_BITS):
        # What is left may be composite, and is taken apart further only as a perfect power.
        root, degree = _perfect_root(fmpz(p))
        found.append((root, degree * int(k)))
    return tuple(found)


def _perfect_root(n: fmpz) -> tuple[int, int]:
    for degree in range(int(n.bit_length()), 1, -1):
        root = n.root(degree)
        if root**degree == n:
            return int(root), degree
    return int(n), 1


def positive_power(base: fmpq, exponent: fmpq) -> tuple[fmpq, Monomial]:
    """cʳ for c > 0 as a rational number and a power product.

    >>> c, m = positive_power(fmpq(8, 3), fmpq(1, 2))
    >>> print(c, sorted((a.base, str(q)) for a, q in m))
    2/3 [(2, '1/2'), (3, '1/2')]
    """
    coefficient = fmpq(1)
    exponents: dict[Atom, fmpq] = {}
    for n, direction in ((int(base.p), 1), (int(base.q), -1)):
        for b, k in factors(n):
            generator = atom("base", b)
            power = exponent * k * direction
            whole = split_exponent(generator, power)
            coefficient *= whole_power(fmpq(b), whole)
            if rest := power - whole:
                exponents[generator] = rest
    return coefficient, power_product(exponents)


def content(coefficients: list[fmpq]) -> fmpq:
    """The largest c > 0 such that every coefficient is a whole multiple of c.

    >>> print(content([fmpq(1, 2), fmpq(-1, 3)]))
    1/6
    """
    numerator, denominator = 0, 1
    for c in coefficients:
        q = int(c.q)
        numerator = gcd(numerator * q, int(c.p) * denominator)
        denominator *= q
        common = gcd(numerator, denominator)
        numerator, denominator = numerator // common, denominator // common
    return fmpq(numerator, denominator)
