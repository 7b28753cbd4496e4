"""Σ c·g₁^q₁⋯gₙ^qₙ: exact constants such as 1/3, log 3 − 1, tanh(3/10)²/4 and e^(2/5)/(1 + e^(2/5)), in one form.

A finite constant is a sum of power products (`atoms`) with rational coefficients. Beside these stand ∞ and −∞, as a
mask or an empty maximum needs them, and undefined values with their reason, which pass through every operation and
never raise: a branch that is not taken may hold one. What would exceed the budget raises `NoClosedFormError`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final

from flint import arb, ctx, fmpq, fmpz

from gradsheet.numerics import balls
from gradsheet.numerics.atoms import UNIT, atom, monomial_of, times
from gradsheet.numerics.budget import MAX_BITS, MAX_PRODUCTS, MAX_TERMS, TooLargeError, UndecidedError
from gradsheet.numerics.notation import PLAIN, UNICODE, Notation, write
from gradsheet.numerics.powers import multiply_out, power, vanishes
from gradsheet.numerics.quotients import Terms, add_to, cancel_brackets

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIGN_PRECISIONS: Final = (64, 256, 1024)
_GUARD_BITS: Final = 12
_SHORT: Final = 3


class Closed:
    """An exact constant; immutable, hashable, equal where the canonical forms are equal.

    >>> x = Closed.of(Fraction(1, 3))
    >>> x + 1 - x * 4 == 0
    True
    """

    def __init__(self, terms: Terms, infinite: int = 0, reason: str | None = None) -> None:
        self.terms = terms
        self.infinite = infinite
        self.reason = reason
        self._balls: dict[int, arb] = {}

    # ------------------------------------------------------------------ making

    @staticmethod
    def of(value: Closed | Fraction | fmpq | fmpz | int) -> Closed:
        """The constant equal to a rational number."""
        closed = _coerce(value)
        if closed is None:
            message = f"{value!r} is no exact number"
            raise TypeError(message)
        return closed

    @staticmethod
    def undefined(reason: str) -> Closed:
        """The value that is not there, with the reason why.

        >>> str(Closed.undefined("division by zero") * 0)
        'undefined: division by zero'
        """
        return Closed({}, reason=reason)

    # ----------------------------------------------------------------- asking

    @property
    def is_undefined(self) -> bool:
        """Has no value."""
        return self.reason is not None

    @property
    def is_finite(self) -> bool:
        """Is a real number."""
        return not self.infinite and self.reason is None

    @property
    def is_zero(self) -> bool:
        """Is the empty sum. Every other form may still have the value 0: see `sign`."""
        return not self.terms and self.is_finite

    @property
    def is_rational(self) -> bool:
        """Is a rational number, written as one."""
        return self.is_finite and (not self.terms or (len(self.terms) == 1 and UNIT in self.terms))

    @property
    def rational(self) -> fmpq:
        """The rational number that this is."""
        if not self.is_rational:
            message = f"{self} is not written as a rational number"
            raise ValueError(message)
        return self.terms.get(UNIT, _ZERO)

    @property
    def fraction(self) -> Fraction:
        """The rational number that this is, as a standard fraction."""
        r = self.rational
        return Fraction(int(r.p), int(r.q))

    @cached_property
    def depth(self) -> int:
        """How deep functions are nested: 0 for rational numbers."""
        return max((a.depth for m in self.terms for a, _ in m), default=0)

    @cached_property
    def size(self) -> int:
        """Numbers and generators in the written form; may be astronomical, for parts are shared."""
        return sum(1 + sum(a.size for a, _ in m) for m in self.terms) or 1

    @cached_property
    def sign(self) -> int | None:
        """1 or −1 as proved by balls of rising precision, 0 where clearing denominators leaves nothing, else None."""
        if not self.is_finite:
            return self.infinite or None
        if self.is_rational:
            r = self.rational
            return (r > 0) - (r < 0)
        proofs = (balls.sign_of(self.to_ball(bits)) for bits in _SIGN_PRECISIONS)
        proved = next((s for s in proofs if s is not None), None)
        return 0 if proved is None and vanishes(self) else proved

    def proved_sign(self) -> int:
        """The sign; raises where it cannot be proved."""
        if self.sign is None:
            message = f"the sign of {self} is not proved" if self.size <= MAX_TERMS else "a sign is not proved"
            raise UndecidedError(message)
        return self.sign

    @property
    def name(self) -> str:
        """The constant as a reason names it: itself where it is short, else what is known of it."""
        if self.size <= _SHORT:
            return str(self)
        return {1: "a positive number", 0: "0", -1: "a negative number", None: "a number"}[self.sign]

    def to_ball(self, bits: int) -> arb:
        """An enclosure computed with `bits` bits; kept for each precision."""
        ball = self._balls.get(bits)
        if ball is None:
            with ctx.workprec(bits + _GUARD_BITS):
                ball = self._evaluate(bits + _GUARD_BITS)
            with ctx.workprec(bits):
                ball = self._balls[bits] = +ball
        return ball

    def _evaluate(self, bits: int) -> arb:
        if self.is_undefined:
            return arb.nan()
        if self.infinite:
            return arb.pos_inf() if self.infinite > 0 else arb.neg_inf()
        total = arb(0)
        for monomial, coefficient in self.terms.items():
            value, exponent = arb(coefficient), None
            for generator, q in monomial:
                if generator.kind == "exp":
                    part = generator.argument.to_ball(bits) * q
                    exponent = part if exponent is None else exponent + part
                else:
                    value *= generator.ball(bits) ** (int(q.p) if q.q == 1 else arb(q))
            total += value if exponent is None else value * exponent.exp()
        return total

    # ------------------------------------------------------------- arithmetic

    def __add__(self, other: object) -> Closed:
        y = _coerce(other)
        if y is None:
            return NotImplemented
        if not (self.is_finite and y.is_finite):
            return _first_undefined(self, y) or _infinite_sum(self, y)
        if not y.terms or not self.terms:
            return self if self.terms else y
        terms = dict(self.terms)
        for m, c in y.terms.items():
            add_to(terms, m, c)
        return _sum(terms)

    def __mul__(self, other: object) -> Closed:
        y = _coerce(other)
        if y is None:
            return NotImplemented
        if not (self.is_finite and y.is_finite):
            return _first_undefined(self, y) or _infinite_product(self, y)
        if y.is_rational or self.is_rational:
            x, r = (self, y.rational) if y.is_rational else (y, self.rational)
            return _bounded({m: c * r for m, c in x.terms.items()} if r else {})
        if len(self.terms) * len(y.terms) > MAX_PRODUCTS:
            message = f"more than {MAX_PRODUCTS} products of terms"
            raise TooLargeError(message)
        terms: Terms = {}
        beside: list[Closed] = []
        for m, c in self.terms.items():
            for n, d in y.terms.items():
                monomial, whole = times(m, n)
                if whole:
                    beside.append(multiply_out(Closed({monomial: c * d}), whole))
                else:
                    add_to(terms, monomial, c * d)
        return sum_of([_sum(terms), *beside]) if beside else _sum(terms)

    def __neg__(self) -> Closed:
        return Closed({m: -c for m, c in self.terms.items()}, -self.infinite, self.reason)

    def __pos__(self) -> Closed:
        return self

    def __sub__(self, other: object) -> Closed:
        y = _coerce(other)
        return NotImplemented if y is None else self + -y

    def __rsub__(self, other: object) -> Closed:
        return -self + other

    def __truediv__(self, other: object) -> Closed:
        y = _coerce(other)
        if y is None:
            return NotImplemented
        if self.infinite and y.infinite:
            return Closed.undefined("∞/∞")
        return self * y**-1

    def __rtruediv__(self, other: object) -> Closed:
        y = _coerce(other)
        return NotImplemented if y is None else y / self

    def __pow__(self, exponent: object) -> Closed:
        q = _coerce(exponent)
        if q is None or not q.is_rational:
            return NotImplemented
        return power(self, q.rational)

    __radd__ = __add__
    __rmul__ = __mul__

    # ------------------------------------------------------------- comparison

    def __eq__(self, other: object) -> bool:
        y = _coerce(other)
        if y is None:
            return NotImplemented
        return self.terms == y.terms and self.infinite == y.infinite and self.reason == y.reason

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        try:  # a rational number is slow to hash, a float is not
            size = sum(float(c) for c in self.terms.values())
        except OverflowError:
            size = 0.0
        return hash((frozenset(self.terms), round(size, 6), self.infinite, self.reason))

    def __lt__(self, other: Closed | Fraction | fmpq | int) -> bool:
        return _difference(self, other) < 0

    def __gt__(self, other: Closed | Fraction | fmpq | int) -> bool:
        return _difference(self, other) > 0

    def __le__(self, other: Closed | Fraction | fmpq | int) -> bool:
        return _difference(self, other) <= 0

    def __ge__(self, other: Closed | Fraction | fmpq | int) -> bool:
        return _difference(self, other) >= 0

    # ---------------------------------------------------------------- writing

    def text(self, *, ascii_only: bool = False) -> str:
        """The constant in plain mathematics.

        >>> print(Closed.of(Fraction(-1, 16)).text(), Closed.of(2) ** Fraction(1, 2))
        −1/16 √2
        """
        return self._write(PLAIN if ascii_only else UNICODE)

    def _write(self, notation: Notation) -> str:
        if self.reason is not None:
            return f"undefined: {self.reason}"
        if self.infinite:
            return notation.infinity if self.infinite > 0 else notation.minus + notation.infinity
        return write(self.terms, notation)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Closed({self.text()})" if self.size <= MAX_TERMS else f"Closed(… {len(self.terms)} terms)"


_ZERO: Final = fmpq(0)
_ONE: Final = fmpq(1)
ZERO: Final = Closed({})
ONE: Final = Closed({UNIT: _ONE})
INFINITY: Final = Closed({}, infinite=1)
PI: Final = Closed({monomial_of(atom("π")): _ONE})


def function_value(name: str, *arguments: Closed) -> Closed:
    """f(x), left as it stands: a generator of its own."""
    return Closed({monomial_of(atom(name, *arguments)): _ONE})


def product_of(factors: Iterable[Closed]) -> Closed:
    """Π xᵢ."""
    product = ONE
    for factor in factors:
        product = product * factor
    return product


def sum_of(summands: Iterable[Closed]) -> Closed:
    """Σ xᵢ."""
    total = ZERO
    for summand in summands:
        total = total + summand
    return total


def _sum(terms: Terms) -> Closed:
    if any(a.kind == "group" for m in terms for a, _ in m):
        terms = cancel_brackets(terms)
    return _bounded(terms)


def _bounded(terms: Terms) -> Closed:
    if len(terms) > MAX_TERMS:
        message = f"more than {MAX_TERMS} terms"
        raise TooLargeError(message)
    if any(c.height_bits() > MAX_BITS for c in terms.values()):
        message = f"a coefficient of more than {MAX_BITS} bits"
        raise TooLargeError(message)
    return Closed(terms)


def _difference(x: Closed, y: Closed | Fraction | fmpq | int) -> int:
    return (x - Closed.of(y)).proved_sign()


def _coerce(value: object) -> Closed | None:
    if isinstance(value, Closed):
        return value
    if isinstance(value, Fraction):
        value = fmpq(value.numerator, value.denominator)
    if isinstance(value, int | fmpz):
        value = fmpq(value)
    if isinstance(value, fmpq):
        return Closed({UNIT: value} if value else {})
    return None


def _first_undefined(x: Closed, y: Closed) -> Closed | None:
    return x if x.is_undefined else y if y.is_undefined else None


def _infinite_sum(x: Closed, y: Closed) -> Closed:
    if x.infinite and y.infinite and x.infinite != y.infinite:
        return Closed.undefined("∞ − ∞")
    return x if x.infinite else y


def _infinite_product(x: Closed, y: Closed) -> Closed:
    sign = x.proved_sign() * y.proved_sign()
    return Closed({}, infinite=sign) if sign else Closed.undefined("0 · ∞")
