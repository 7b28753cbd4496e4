"""(e₁ + e₂ + e₃)/(e₁ + e₂ + e₃) = 1: exact division of sums of power products.

This is how the entries of a softmax add up to exactly 1, and how equal fractions cancel: terms over a common bracket
are collected, and divided by the bracket where that leaves no remainder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from flint import fmpq

from gradsheet.numerics.atoms import Atom, Monomial, factor, power_product, split_exponent, times
from gradsheet.numerics.budget import MAX_TERMS

if TYPE_CHECKING:
    from collections.abc import Callable

Terms: TypeAlias = dict[Monomial, fmpq]


def invert(monomial: Monomial) -> tuple[Monomial, fmpq]:
    """1/m as c·m': 2^(−1/2) = ½ · 2^(1/2)."""
    exponents: dict[Atom, fmpq] = {}
    coefficient = fmpq(1)
    for generator, exponent in monomial:
        whole = split_exponent(generator, -exponent) if generator.kind == "base" else 0
        if whole:
            coefficient *= fmpq(generator.base) ** whole
        if rest := -exponent - whole:
            exponents[generator] = rest
    return power_product(exponents), coefficient


def add_to(terms: Terms, monomial: Monomial, coefficient: fmpq) -> None:
    """`terms ← terms + c·m`, in place."""
    total = terms.get(monomial, 0) + coefficient
    if total:
        terms[monomial] = total
    else:
        terms.pop(monomial, None)


def quotient_of(dividend: Terms, divisor: Terms) -> Terms | None:
    """The sum Q with Q·divisor = dividend, or None.

    Division with respect to the lexicographic order of exponents. Leading and last terms of a product are products of
    leading and last terms, so a quotient has no term below last(dividend)/last(divisor): there the search ends.
    """
    order = _lexicographic(dividend, divisor)
    lead, last = max(divisor, key=order), min(divisor, key=order)
    inverse, scale = invert(lead)
    scale /= divisor[lead]
    floor = _minus(order(min(dividend, key=order)), order(last))
    remainder, quotient = dict(dividend), Terms()
    while remainder and len(quotient) < MAX_TERMS:
        top = max(remainder, key=order)
        if _minus(order(top), order(lead)) < floor:
            return None
        ratio = _product(top, inverse)
        if ratio is None or ratio[0] in quotient:
            return None
        monomial, coefficient = ratio[0], ratio[1] * scale * remainder[top]
        quotient[monomial] = coefficient
        for m, c in divisor.items():
            step = _product(monomial, m)
            if step is None:
                return None
            add_to(remainder, step[0], -coefficient * c * step[1])
    return None if remainder else quotient


def square_root_of(square: Terms) -> Terms | None:
    """A sum S with S·S = square, found from its leading term downwards, or None.

    Generators that carry fractional exponents of their own (2^½) make a square that is not found; that is no harm.
    """
    order = _lexicographic(square)
    lead = max(square, key=order)
    first = _halved(lead)
    coefficient = square[lead]
    if first is None or coefficient < 0 or not (coefficient.p.is_square() and coefficient.q.is_square()):
        return None
    root: Terms = {first: fmpq(coefficient.p.isqrt(), coefficient.q.isqrt())}
    inverse, scale = invert(first)
    scale /= 2 * root[first]
    remainder = dict(square)
    _subtract_product(remainder, root, root)
    while remainder and len(root) < len(square):
        top = max(remainder, key=order)
        ratio = _product(top, inverse)
        if ratio is None or ratio[0] in root:
            return None
        term = {ratio[0]: ratio[1] * scale * remainder[top]}
        if not _subtract_product(remainder, root, term, term, root, term, term):
            return None
        root |= term
    return None if remainder else root


def cancel_brackets(terms: Terms) -> Terms:
    """The same sum with N/P replaced by Q where N = Q·P, for each bracket P in a denominator."""
    pending = True
    while pending:
        pending = False
        brackets = {a for m in terms for a, q in m if a.kind == "group" and q < 0}
        for bracket in sorted(brackets, key=lambda a: a.serial):
            reduced = _cancel(terms, bracket)
            if reduced is not None:
                terms, pending = reduced, True
                break
    return terms


def _cancel(terms: Terms, bracket: Atom) -> Terms | None:
    numerators: dict[fmpq, Terms] = {}
    for monomial, coefficient in terms.items():
        exponents = dict(monomial)
        exponent = exponents.pop(bracket, fmpq(0))
        if exponent < 0:
            numerators.setdefault(exponent, {})[power_product(exponents)] = coefficient
    for exponent in sorted(numerators):
        numerator = numerators[exponent]
        # A product with a sum of two or more terms has two or more terms.
        quotient = quotient_of(numerator, bracket.argument.terms) if len(numerator) > 1 else None
        if quotient is None:
            continue
        result = {m: c for m, c in terms.items() if dict(m).get(bracket) != exponent}
        for monomial, coefficient in quotient.items():
            exponents = dict(monomial)
            if exponent != -1:
                exponents[bracket] = exponent + 1
            add_to(result, power_product(exponents), coefficient)
        return result
    return None


def _product(left: Monomial, right: Monomial) -> tuple[Monomial, fmpq] | None:
    monomial, whole = times(left, right)
    coefficient = fmpq(1)
    for generator, n in whole:
        if generator.kind != "base":
            return None
        coefficient *= fmpq(generator.base) ** n
    return monomial, coefficient


def _subtract_product(remainder: Terms, *sums: Terms) -> bool:
    """`remainder ← remainder − S₁S₂ − S₃S₄ − …` in place; False where a product is no power product."""
    for left, right in zip(sums[::2], sums[1::2], strict=True):
        for m, c in left.items():
            for n, d in right.items():
                step = _product(m, n)
                if step is None:
                    return False
                add_to(remainder, step[0], -c * d * step[1])
    return True


def _halved(monomial: Monomial) -> Monomial | None:
    """The m' with m'·m' = m; exponents of functions stay whole."""
    if any(a.kind != "exp" and (q.q != 1 or q.p % 2) for a, q in monomial):
        return None
    return tuple(factor(a, q / 2) for a, q in monomial)


def _lexicographic(*sums: Terms) -> Callable[[Monomial], tuple[fmpq, ...]]:
    # √2·√2 is a number, so that exponents of whole numbers do not add up: they come last, where they decide least.
    generators = sorted({a for terms in sums for m in terms for a, _ in m}, key=lambda a: (a.kind == "base", a.serial))
    zero = fmpq(0)
    known: dict[Monomial, tuple[fmpq, ...]] = {}

    def exponents(monomial: Monomial) -> tuple[fmpq, ...]:
        found = known.get(monomial)
        if found is None:
            table = dict(monomial)
            found = known[monomial] = tuple([table.get(a, zero) for a in generators])
        return found

    return exponents


def _minus(left: tuple[fmpq, ...], right: tuple[fmpq, ...]) -> tuple[fmpq, ...]:
    return tuple(a - b for a, b in zip(left, right, strict=True))
