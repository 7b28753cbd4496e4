"""g₁^q₁ · g₂^q₂ ⋯: the generators of closed constants, and their power products.

A generator (`Atom`) is π, a whole number that is no power (kind "base", under fractional exponents), `exp` of a monic
monomial, a bracketed sum (kind "group", under negative or fractional exponents), or a function such as tanh of closed
constants. Equal generators are one object. Exponents are rational, so that √2·√3 = 2^½·3^½ and e^(2/5) = (e¹)^(2/5)
multiply by adding exponents.
"""

from __future__ import annotations

from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import WeakValueDictionary

from flint import arb, ctx, fmpq

from gradsheet.numerics import balls
from gradsheet.numerics.budget import MAX_DEPTH, TooLargeError

if TYPE_CHECKING:
    from gradsheet.numerics.closed import Closed

_ALWAYS_POSITIVE: Final = frozenset({"base", "π", "exp", "sigmoid", "group"})
_PRECISIONS: Final = (64, 256, 1024)
_NO_SIGN_YET: Final = 2
_serials = count()
_table: WeakValueDictionary[tuple[object, ...], Atom] = WeakValueDictionary()


class Atom:
    """A generator; made by `atom`, compared by identity."""

    __slots__ = ("__weakref__", "_balls", "_sign", "arguments", "depth", "kind", "powers", "serial", "size")

    def __init__(self, kind: str, arguments: tuple[int | Closed, ...]) -> None:
        closed = [a for a in arguments if not isinstance(a, int)]
        self.kind = kind
        self.arguments = arguments
        self.serial = next(_serials)
        self.depth = 1 + max((a.depth for a in closed), default=0)
        self.size = 1 + sum(a.size for a in closed)
        self.powers: dict[tuple[int, int], Factor] = {}
        self._balls: dict[int, arb] = {}
        self._sign: int | None = 1 if kind in _ALWAYS_POSITIVE else _NO_SIGN_YET

    @property
    def argument(self) -> Closed:
        """The only argument of a function, of exp or of a bracket."""
        (argument,) = self.arguments
        if isinstance(argument, int):
            message = f"{self.kind} of a whole number has no closed argument"
            raise TypeError(message)
        return argument

    @property
    def base(self) -> int:
        """The whole number of a "base"."""
        (base,) = self.arguments
        if not isinstance(base, int):
            message = f"{self.kind} is no whole number"
            raise TypeError(message)
        return base

    @property
    def sign(self) -> int | None:
        """The proved sign, or None."""
        if self._sign == _NO_SIGN_YET:
            self._sign = next((s for bits in _PRECISIONS if (s := balls.sign_of(self.ball(bits))) is not None), None)
        return self._sign

    def ball(self, bits: int) -> arb:
        """An enclosure, computed with `bits` bits; kept for each precision."""
        ball = self._balls.get(bits)
        if ball is None:
            with ctx.workprec(bits):
                ball = self._balls[bits] = self._evaluate(bits)
        return ball

    def _evaluate(self, bits: int) -> arb:
        if self.kind == "base":
            return arb(self.base)
        if self.kind == "π":
            return arb.pi()
        arguments = [a.to_ball(bits) for a in self.arguments if not isinstance(a, int)]
        return arguments[0] if self.kind == "group" else balls.FUNCTIONS[self.kind](*arguments)


def atom(kind: str, *arguments: int | Closed) -> Atom:
    """The one generator of this kind with these arguments."""
    identity = (kind, *arguments)
    found = _table.get(identity)
    if found is None:
        found = Atom(kind, arguments)
        if found.depth > MAX_DEPTH:
            message = f"functions nested more than {MAX_DEPTH} deep"
            raise TooLargeError(message)
        _table[identity] = found
    return found


class Factor(tuple["Atom", fmpq]):  # noqa: SLOT001 - a tuple of varying length has no slots
    """(g, q) for g^q. Equal factors are one object, so that products of them are hashed and compared by identity."""

    serial: int  # kept on the factor: sorting looks it up without a call of Python code

    __eq__ = object.__eq__
    __hash__ = object.__hash__


Monomial: TypeAlias = tuple[Factor, ...]
"""A power product: generators in order of their serial numbers, with exponents other than 0."""

UNIT: Final[Monomial] = ()

_by_serial = attrgetter("serial")


def factor(generator: Atom, exponent: fmpq) -> Factor:
    """The one factor g^q."""
    key = (int(exponent.p), int(exponent.q))
    found = generator.powers.get(key)
    if found is None:
        found = Factor((generator, exponent))
        found.serial = generator.serial
        generator.powers[key] = found
    return found


def monomial_of(generator: Atom, exponent: fmpq | int = 1) -> Monomial:
    """The power product g^q of one generator."""
    return (factor(generator, fmpq(exponent)),) if exponent else UNIT


def power_product(exponents: dict[Atom, fmpq]) -> Monomial:
    """The power product with these exponents, none of which is 0."""
    return tuple(sorted((factor(a, q) for a, q in exponents.items()), key=_by_serial))


def split_exponent(generator: Atom, exponent: fmpq) -> int:
    """The whole part of an exponent that a generator gives up: 2^(3/2) = 2·2^½, and (1 + t)^(3/2) = (1 + t)·(1 + t)^½.

    A bracket keeps its negative exponents, for 1/(1 + t) is written no other way.
    """
    if generator.kind == "base":
        return int(exponent.floor())
    if generator.kind == "group":
        if len(generator.argument.terms) == 1 and exponent.q == 1:
            return int(exponent.p)
        return int(exponent.floor()) if exponent >= 1 else 0
    return 0


def times(left: Monomial, right: Monomial) -> tuple[Monomial, tuple[tuple[Atom, int], ...]]:
    """m·m' as a power product, and the whole powers of generators that have to be multiplied out beside it."""
    if not left or not right:
        return left or right, ()
    exponents = dict(left)
    factors = list(left)
    whole: list[tuple[Atom, int]] = []
    for part in right:
        generator, exponent = part
        before = exponents.get(generator)
        if before is None:
            factors.append(part)
            continue
        total = before + exponent
        if generator.kind in {"base", "group"} and (n := split_exponent(generator, total)):
            whole.append((generator, n))
            total -= n
        factors.remove(factor(generator, before))
        if total:
            factors.append(factor(generator, total))
    factors.sort(key=_by_serial)
    return tuple(factors), tuple(whole)
