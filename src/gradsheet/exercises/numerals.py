"""3/4 as "0.75" or "3/4": numbers as the author of a sheet writes them."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from gradsheet.syntax import tree
from gradsheet.syntax.plain import decimal

if TYPE_CHECKING:
    from collections.abc import Iterable


def numeral(value: Fraction, *, fractions: bool = False) -> str:
    """A number as text that reads back as the same number; with `fractions`, 1/2 rather than 0.5.

    >>> numeral(Fraction(3, 4)), numeral(Fraction(-3, 4), fractions=True), numeral(Fraction(1, 3)), numeral(Fraction(2))
    ('0.75', '-3/4', '1/3', '2')
    """
    if value.denominator == 1:
        return str(value.numerator)
    return (not fractions and decimal(value)) or f"{value.numerator}/{value.denominator}"


def rational(leaf: tree.Expression) -> Fraction | None:
    """The number that a literal states, if it is a rational one: 0.1, -2, 1/3.

    >>> rational(tree.Num(Fraction(1, 10), "0.1"))
    Fraction(1, 10)
    """
    match leaf:
        case tree.Num(value=value):
            return value
        case tree.Group(items=(item,)):
            return rational(item)
        case tree.Additive(terms=(tree.Term(sign=sign, item=item),)):
            value_ = rational(item)
            return None if value_ is None else -value_ if sign == "-" else value_
        case tree.Product(factors=(tree.Factor(item=above), tree.Factor(sign="/", item=below))):
            numerator, denominator = rational(above), rational(below)
            return None if numerator is None or not denominator else numerator / denominator
        case _:
            return None


def is_fraction(leaf: tree.Expression) -> bool:
    """Whether the author wrote a fraction bar: 1/2, -1/3, ½.

    >>> is_fraction(tree.Num(Fraction(1, 2), "½")), is_fraction(tree.Num(Fraction(1, 2), "0.5"))
    (True, False)
    """
    match leaf:
        case tree.Num(value=value, text=text):
            return value.denominator != 1 and text.isnumeric() and not text.isdecimal()
        case tree.Group(items=(item,)) | tree.Additive(terms=(tree.Term(item=item),)):
            return is_fraction(item)
        case tree.Product():
            return True
        case _:
            return False


def step_of(values: Iterable[Fraction]) -> Fraction:
    """The coarsest step of which all values are multiples and that a person would count in.

    That is 1/q for the common denominator q, and a power of ten where all are round: hundreds for 1600.

    >>> [str(step_of(map(Fraction, v))) for v in (["0.1", "0.3"], ["3/4", "-1"], ["2", "-1"], ["1600"], ["1/3"])]
    ['1/10', '1/4', '1', '100', '1/3']
    """
    known = [v for v in values if v]
    common = lcm(*(v.denominator for v in known))
    step = Fraction(1, common)
    while known and common == 1 and all((v / (step * 10)).denominator == 1 for v in known):
        step *= 10
    return step


def length(value: Fraction) -> int:
    """How many digits it takes to write a number by hand: its significant digits, or those of the fraction.

    >>> [length(Fraction(v)) for v in ("0", "0.3", "-0.0625", "0.00125", "120", "1/3", "22/7")]
    [0, 1, 3, 3, 2, 2, 3]
    """
    if not value:
        return 0
    written = decimal(value)
    if not written:
        return len(str(abs(value.numerator))) + len(str(value.denominator))
    return len(written.lstrip("-").replace(".", "").strip("0"))
