"""Sides that are numbers and nothing else, and what they come to."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.syntax.plain import decimal
from gradsheet.syntax.tree import Additive, Array, Factor, Group, Num, Power, Product, Term, Transpose

if TYPE_CHECKING:
    from gradsheet.syntax.tree import Expression, Node

_LARGEST_EXPONENT = 64
_LONGEST = 12


def is_number(node: Node) -> bool:
    """Whether a side is a number or a list of numbers and nothing else: 0.5, −1/16, [0.1, 0.2]ᵀ."""
    match node:
        case Num():
            return True
        case Group(items=(item,)) | Transpose(base=item):
            return is_number(item)
        case Additive(terms=(Term(item=item),)):
            return is_number(item)
        case Array(rows=rows):
            return all(is_number(item) for row in rows for item in row)
        case Product(factors=(Factor(item=Num()), Factor(sign="/", item=Num()))):
            return True
        case _:
            return False


def written(value: Fraction) -> Expression:
    """A number as one writes it: −0.25, 1/3."""
    text = decimal(abs(value))
    size = Num(abs(value), text if len(text) <= _LONGEST else "")
    return Additive((Term("-", size),)) if value < 0 else size


def exact(node: Node) -> Fraction | None:
    """The value of an expression of small numbers; None if there is anything else in it, or no value.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax import parse_expression
    >>> source = Source("-1/8 · (0.5 + 1.5)^2")
    >>> exact(parse_expression(source, Diagnostics(source)))
    Fraction(-1, 2)
    """
    match node:
        case Num(value=value):
            return value
        case Group(items=(item,)):
            return exact(item)
        case Additive(terms=terms):
            parts = [exact(term.item) for term in terms]
            signs = [1 if term.sign == "+" else -1 for term in terms]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return sum((sign * part for sign, part in zip(signs, known, strict=True)), Fraction(0))
        case Product(factors=factors):
            total = Fraction(1)
            for factor in factors:
                part = exact(factor.item)
                if part is None or (factor.sign in {"/", "⊘"} and part == 0):
                    return None
                total = total / part if factor.sign in {"/", "⊘"} else total * part
            return total
        case Power(base=base, exponent=exponent):
            below, above = exact(base), exact(exponent)
            if below is None or above is None or above.denominator != 1 or abs(above) > _LARGEST_EXPONENT:
                return None
            return None if below == 0 and above < 0 else Fraction(below ** int(above))
        case _:
            return None
