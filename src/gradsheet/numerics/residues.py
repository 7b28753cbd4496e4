"""c₀ + c₁ t + c₂ t² + ⋯ with coefficients modulo a prime: numbers at which identities are tested.

Two rational functions that have one value at a random point of a large prime field are one function, but for a chance
of their degree over the prime (Schwartz 1980, Zippel 1979). A residue knows what its constant term was made of, so that
exponents and logarithms can be written as sums of independent ones: `residue_functions`.

    >>> x, y = Residue.number(Fraction(2, 3)), Residue.number(6)
    >>> (x * y - 4).is_zero, (x / 0).is_undecided, (x - y).sign
    (True, True, -1)
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from flint import arb, fmpq

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Termwise = Callable[[Sequence[int], Sequence[int]], list[int]]

PRIME: Final = 2**127 - 1713849
"""A prime p = 7 mod 8 modulo which 2, 3, 5, … and 37 are squares; a degree of 10²³ still errs below 1e-15."""
_MOST_TERMS: Final = 64
_DEEPEST: Final = 120

Made: TypeAlias = "Fraction | tuple[Any, ...] | None"
"""A rational number, an operation with its operands, or nothing that is known."""
Combination: TypeAlias = "dict[int, int | Fraction]"
"""Σ q m over monomials m by their residue, with rational coefficients q; the number 1 is a monomial too."""


class Residue:
    """A truncated power series modulo `PRIME`; one that is undecided has no coefficients."""

    __slots__ = ("coefficients", "known", "made", "order")

    def __init__(self, coefficients: Sequence[int], order: int, made: Made = None) -> None:
        self.coefficients = coefficients
        self.order = order
        self.made = made
        self.known: Combination | None = None
        """Its combination, once somebody asked for it."""

    @staticmethod
    def number(value: Fraction | int, order: int = 0) -> Residue:
        """A rational number that does not move."""
        exact = Fraction(value)
        if exact.denominator % PRIME == 0:
            return Residue.undecided(order)
        return Residue([residue_of(exact), *[0] * order], order, exact)

    @staticmethod
    def variable(value: Fraction | int, direction: Fraction | int, order: int = 1) -> Residue:
        """The number x + t v."""
        exact = Fraction(value)
        return Residue([residue_of(exact), residue_of(Fraction(direction)), *[0] * order][: order + 1], order, exact)

    @staticmethod
    def undecided(order: int = 0) -> Residue:
        """What cannot be computed modulo a prime."""
        return Residue((), order)

    # ----------------------------------------------------------------- asking

    @property
    def is_undecided(self) -> bool:
        """Nothing is known of it."""
        return not self.coefficients

    @property
    def is_zero(self) -> bool:
        """Is 0 with all its derivatives."""
        return bool(self.coefficients) and not any(self.coefficients)

    @property
    def sign(self) -> int | None:
        """Of a rational number; of 0, as far as can be seen; else None."""
        if not self.coefficients:
            return None
        if not self.coefficients[0]:
            return 0
        exact = self.rational
        return None if exact is None else 1 if exact > 0 else -1

    @property
    def infinite(self) -> int:
        """No residue is infinite."""
        return 0

    @property
    def value(self) -> arb:
        """The rational number that it is, as a ball; of all others nothing is known."""
        exact = self.rational
        return arb.nan() if exact is None else arb(fmpq(exact.numerator, exact.denominator))

    @property
    def rational(self) -> Fraction | None:
        """The rational number that its constant term is; None for all others."""
        known = self.combination if self.coefficients else {}
        return Fraction(known.get(1, 0)) if self.coefficients and known.keys() <= {1} else None

    def __float__(self) -> float:
        return 0.0  # of a largest entry any will do

    def as_undefined(self, _reason: str) -> Residue:
        """Residues carry no reasons."""
        return Residue.undecided(self.order)

    def as_undecided(self) -> Residue:
        """A number of which nothing is known, of the same order."""
        return Residue.undecided(self.order)

    def still(self, k: int, order: int) -> Residue:
        """cₖ as a number that does not move."""
        if not self.coefficients:
            return Residue.undecided(order)
        return Residue([self.coefficients[k], *[0] * order], order, ("still", self) if not k else None)

    def moving(self, order: int) -> Residue:
        """The number c₀ + t."""
        return self.still(0, order) + Residue.variable(0, 1, order)

    def cut(self, order: int) -> Residue:
        """The same to a lower order."""
        return Residue(self.coefficients[: order + 1], order, ("still", self))

    @property
    def combination(self) -> Combination:
        """The constant term as a sum of monomials in what it was made of, products and all."""
        return _combined(self, 0)

    # ------------------------------------------------------------- arithmetic

    def __add__(self, other: object) -> Residue:
        y = self._like(other)
        if y is None:
            return NotImplemented
        if _is_nought(y):
            return self
        if _is_nought(self):
            return y
        return self._joined("+", y, _sum)

    def __sub__(self, other: object) -> Residue:
        y = self._like(other)
        return NotImplemented if y is None else self._joined("-", y, _difference)

    def __mul__(self, other: object) -> Residue:
        y = self._like(other)
        return NotImplemented if y is None else self._joined("*", y, _product)

    def _joined(self, sign: str, other: Residue, combine: Termwise) -> Residue:
        """What two series come to; undecided where one of them is."""
        a, b = self.coefficients, other.coefficients
        if not a or not b:
            return Residue.undecided(self.order)
        return Residue(combine(a, b), self.order, (sign, self, other))

    def __truediv__(self, other: object) -> Residue:
        y = self._like(other)
        if y is None:
            return NotImplemented
        a, b = self.coefficients, y.coefficients
        if not a or not b or not b[0]:
            return Residue.undecided(self.order)
        return Residue(_quotient(a, b), self.order, ("/", self, y))

    def __pow__(self, other: object) -> Residue:
        if not isinstance(other, int):
            return NotImplemented
        if other < 0:
            return 1 / self ** (-other)
        result = Residue.number(1, self.order)
        for bit in f"{other:b}" if other else "":
            result = result * result
            if bit == "1":
                result = result * self
        return result

    def __radd__(self, other: object) -> Residue:
        return self + other

    def __rmul__(self, other: object) -> Residue:
        return self * other

    def __rsub__(self, other: object) -> Residue:
        y = self._like(other)
        return NotImplemented if y is None else y - self

    def __rtruediv__(self, other: object) -> Residue:
        y = self._like(other)
        return NotImplemented if y is None else y / self

    def __neg__(self) -> Residue:
        return Residue.number(0, self.order) - self

    def __pos__(self) -> Residue:
        return self

    def _like(self, other: object) -> Residue | None:
        if type(other) is Residue:
            return other
        if isinstance(other, int | Fraction):
            return Residue.number(other, self.order)
        return None

    def __repr__(self) -> str:
        return f"Residue({list(self.coefficients)})"


def residue_of(value: Fraction) -> int:
    """A rational number modulo the prime."""
    if value.denominator == 1:
        return value.numerator % PRIME
    return value.numerator * pow(value.denominator, -1, PRIME) % PRIME


def _is_nought(x: Residue) -> bool:
    return x.made == 0 and not any(x.coefficients)


def _sum(a: Sequence[int], b: Sequence[int]) -> list[int]:
    return [(p + q) % PRIME for p, q in zip(a, b, strict=True)]


def _difference(a: Sequence[int], b: Sequence[int]) -> list[int]:
    return [(p - q) % PRIME for p, q in zip(a, b, strict=True)]


def _product(a: Sequence[int], b: Sequence[int]) -> list[int]:
    if len(a) == 1:
        return [a[0] * b[0] % PRIME]
    if len(a) == 2:
        return [a[0] * b[0] % PRIME, (a[0] * b[1] + a[1] * b[0]) % PRIME]
    return [sum(a[i] * b[k - i] for i in range(k + 1)) % PRIME for k in range(len(a))]


def _quotient(a: Sequence[int], b: Sequence[int]) -> list[int]:
    inverse = pow(b[0], -1, PRIME)
    result: list[int] = []
    for k in range(len(a)):
        rest = a[k] - sum(result[i] * b[k - i] for i in range(k))
        result.append(rest * inverse % PRIME)
    return result


def _combined(x: Residue, depth: int) -> Combination:
    if x.known is None:
        x.known = _combination(x, depth)
    return x.known


def _combination(x: Residue, depth: int) -> Combination:
    alone: Combination = {x.coefficients[0]: 1} if x.coefficients[0] else {}
    if depth > _DEEPEST:
        return alone
    match x.made:
        case Fraction() as exact:
            return {1: _plain(exact)} if exact else {}
        case (("+" | "-" | "still"), *_):
            return _gathered(x, depth)
        case ("*", a, b):
            one, other = _combined(a, depth + 1), _combined(b, depth + 1)
            return _expanded(one, other) if len(one) * len(other) <= _MOST_TERMS else alone
        case ("/", a, b):
            below = _combined(b, depth + 1)
            if len(below) == 1:
                ((monomial, factor),) = below.items()
                inverse: Combination = {pow(monomial, -1, PRIME): _plain(1 / Fraction(factor))}
            else:
                inverse = {pow(b.coefficients[0], -1, PRIME): 1}
            return _expanded(_combined(a, depth + 1), inverse)
        case _:
            return alone


def _gathered(x: Residue, depth: int) -> Combination:
    """A sum of sums, at once."""
    result: Combination = {}
    waiting: list[tuple[Residue, int]] = [(x, 1)]
    while waiting:
        part, sign = waiting.pop()
        made = part.made
        if part.known is None and isinstance(made, tuple) and made[0] in {"+", "-", "still"}:
            waiting.append((made[1], sign))
            if made[0] != "still":
                waiting.append((made[2], sign if made[0] == "+" else -sign))
            continue
        _add(result, _combined(part, depth + 1), sign)
    return result


def _add(result: Combination, other: Combination, factor: int | Fraction, monomial: int = 1) -> None:
    """Add another combination, times a factor and a monomial."""
    for own, count in other.items():
        at = own * monomial % PRIME
        total = result.get(at, 0) + count * factor
        if total:
            result[at] = total
        else:
            del result[at]


def _expanded(one: Combination, other: Combination) -> Combination:
    result: Combination = {}
    for monomial, factor in one.items():
        _add(result, other, factor, monomial)
    return result


def _plain(exact: Fraction) -> int | Fraction:
    """A whole number as one: most are, and cost less."""
    return exact.numerator if exact.denominator == 1 else exact


__all__ = ["PRIME", "Combination", "Residue", "residue_of"]
