"""(c·m·Pᵏ)^q = c^q · m^q · P^(kq): factors, reciprocals and rational powers of closed constants.

Constants are built by the class of the argument, so that `closed` can stand on this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flint import fmpq

from gradsheet.numerics.atoms import UNIT, Atom, Monomial, atom, monomial_of, power_product, split_exponent, times
from gradsheet.numerics.budget import MAX_TERMS, TooLargeError, UndecidedError
from gradsheet.numerics.quotients import Terms, square_root_of
from gradsheet.numerics.roots import content, positive_power, whole_power

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.numerics.closed import Closed

_ZERO: Final = fmpq(0)
_ONE: Final = fmpq(1)
_HALF: Final = fmpq(1, 2)


def factored(x: Closed) -> tuple[fmpq, Monomial, Closed, int]:
    """(c, m, P, k) with x = c·m·Pᵏ: P > 0 has no number, monomial or square to take out, and k = 0 for a single term.

    This makes 1/(2 + 2t) and 1/(1 + t)² share a bracket, and e + e³ equal to e·(1 + e²).
    """
    common = _common_monomial(x.terms) if len(x.terms) > 1 else UNIT
    rest = _cleared(x, common)
    if len(rest.terms) == 1:
        ((m, c),) = rest.terms.items()
        monomial, whole = times(common, m)
        if whole:
            message = "a common factor that multiplies out"
            raise TooLargeError(message)
        return c, monomial, rest, 0
    c = content(list(rest.terms.values())) * rest.proved_sign()
    bracket, degree = type(x)({m: d / c for m, d in rest.terms.items()}), 1
    while (root := square_root_of(bracket.terms)) is not None:
        bracket, degree = type(x)(root), 2 * degree
    return c, common, bracket if bracket.proved_sign() > 0 else -bracket, degree


def vanishes(x: Closed) -> bool:
    """Whether x is 0 once its denominators are cleared: 1/(1 + √2) + 1 − √2.

    >>> from gradsheet.numerics.closed import Closed
    >>> root = Closed.of(2) ** fmpq(1, 2)
    >>> vanishes(1 / (1 + root) + 1 - root)
    True
    """
    return not _cleared(x, _common_monomial(x.terms)).terms if x.terms else x.is_zero


def _cleared(x: Closed, common: Monomial) -> Closed:
    for a, q in common:
        x = x * generator_power(a, -q, type(x))
    return x


def positive_generator(generator: Atom, make: type[Closed]) -> Atom:
    """|g| as a generator; raises where the sign of g is not proved."""
    if generator.sign is None:
        message = f"the sign of {generator.kind} is not proved"
        raise UndecidedError(message)
    return generator if generator.sign > 0 else atom("group", make({monomial_of(generator): -_ONE}))


def generator_power(generator: Atom, exponent: fmpq, make: type[Closed]) -> Closed:
    """g^q."""
    whole = split_exponent(generator, exponent)
    rest = exponent - whole
    return multiply_out(make({monomial_of(generator, rest): _ONE}), ((generator, whole),))


def multiply_out(x: Closed, powers: Iterable[tuple[Atom, int]]) -> Closed:
    """x·Π gⁿ for whole numbers and brackets g."""
    for generator, n in powers:
        if generator.kind == "base":
            x = x * whole_power(fmpq(generator.base), n)
        elif n:
            x = x * generator.argument**n
    return x


def power(x: Closed, q: fmpq) -> Closed:
    """x^q, with 0⁰ = 1."""
    make = type(x)
    if not x.is_finite:
        return x if x.is_undefined else _infinite_power(x, q)
    if not q:
        return make({UNIT: _ONE})
    if not x.terms:
        return x if q > 0 else make.undefined("division by zero")
    n = int(q.p)
    if q.q == 1 and x.is_rational:
        return make({UNIT: whole_power(x.rational, n)})
    if q.q == 1 and n > 0 and len(x.terms) > 1:
        return _repeated_product(x, n)
    if len(x.terms) > 1 and x.sign == 0:
        return power(make({}), q)
    if q.q != 1:
        return _fractional_power(x, q)
    c, m, bracket, degree = factored(x)
    result = make({UNIT: whole_power(c, n)})
    for a, k in m:
        result = result * generator_power(a, k * q, make)
    return result * generator_power(atom("group", bracket), degree * q, make) if degree else result


def _fractional_power(x: Closed, q: fmpq) -> Closed:
    make = type(x)
    c, m, bracket, degree = factored(x)
    negative = [c < 0, *(k.p % 2 == 1 and positive_generator(a, make) is not a for a, k in m)]
    if sum(negative) % 2:
        return make.undefined(f"{'square root' if q == _HALF else 'fractional power'} of {x.name}")
    coefficient, monomial = positive_power(abs(c), q)
    result = make({monomial: coefficient})
    for a, k in m:
        result = result * generator_power(positive_generator(a, make), k * q, make)
    return result * generator_power(atom("group", bracket), degree * q, make) if degree else result


def _repeated_product(x: Closed, n: int) -> Closed:
    if n > MAX_TERMS:
        message = f"a power of a sum beyond {MAX_TERMS}"
        raise TooLargeError(message)
    result = x
    for bit in f"{n:b}"[1:]:
        result = result * result
        if bit == "1":
            result = result * x
    return result


def _infinite_power(x: Closed, q: fmpq) -> Closed:
    make = type(x)
    if q <= 0:
        return make({} if q else {UNIT: _ONE})
    if x.infinite > 0:
        return x
    if q.q != 1:
        return make.undefined("fractional power of −∞")
    return x if q.p % 2 else -x


def _common_monomial(terms: Terms) -> Monomial:
    tables = [dict(m) for m in terms]
    generators = {a for table in tables for a in table}
    least = {a: min(table.get(a, _ZERO) for table in tables) for a in generators}
    return power_product({a: q for a, q in least.items() if q})
