"""Factors side by side: fractions, functions with their arguments, signs, and the brackets between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax.plain import leftmost
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.tree import (
    Binder,
    Expression,
    Factor,
    Group,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Subscript,
    Transpose,
)
from gradsheet.typesetting.boxes import (
    APPLY,
    SLASH,
    Box,
    Fence,
    Fraction,
    Letter,
    Numeral,
    Root,
    Row,
    Scripts,
    Sign,
    fenced,
    is_tall,
    row,
)
from gradsheet.typesetting.numbers import DOT, between

if TYPE_CHECKING:
    from gradsheet.typesetting.layout import Layouter

_SIGNS = {"*": DOT, "·": DOT, "×": Sign("×", "binary"), "⊙": Sign("⊙", "binary")} | {
    "⊘": Sign("⊘", "binary"),
    "⊗": Sign("⊗", "binary"),
}
_STRONG = frozenset({"×", "⊙", "⊘", "⊗"})
"""Signs that bind less tightly on paper than factors side by side."""


def product(layouter: Layouter, node: Product) -> Box:
    """Factors from left to right; a quotient takes everything before it above its line."""
    factors = node.factors
    out: Box | None = None
    whole: Expression | None = None  # the only unit so far, whose brackets a fraction makes needless
    strong = ""  # the last strong sign in what is there
    at = 0
    while at < len(factors):
        sign = factors[at].sign
        begin, at = at, _unit_end(layouter, factors, at)
        one = factors[begin].item if at == begin + 1 else None
        if sign == "/" and out is not None:
            above = layouter.bare(whole) if whole is not None else out
            below = layouter.bare(one) if one is not None else _unit(layouter, factors[begin:at], last=True)
            out, strong, whole = Fraction(above, below), "", None
            continue
        unit = _unit(layouter, factors[begin:at], last=at == len(factors) or factors[at].sign == "/")
        if out is None:
            out, whole = unit, one
            continue
        if strong and (sign != strong or sign == "⊘"):
            out, strong = fenced("(", out), ""
        mark = _SIGNS.get(sign) or between(out, unit)
        out, whole = row(out, mark, unit), None
        strong = sign if sign in _STRONG else strong
    assert out is not None
    return out


def in_line(layouter: Layouter, node: Expression) -> Box | None:
    """A quotient for small type, a/b, where it has one denominator and nothing stands behind it; else nothing."""
    match node:
        case Num():
            box = layouter.box(node)
            return row(box.above, SLASH, box.below) if isinstance(box, Fraction) else None
        case Product(factors=(*above, Factor(sign="/", item=below))):
            if not all(factor.sign in ("", "/") for factor in above) or layouter.is_function(below):
                return None
            first = above[0].item
            top = layouter.box(Product(tuple(above)) if len(above) > 1 else first, Level.PRODUCT)
            bottom = layouter.box(below, Level.OPERAND)
            simple = isinstance(bottom, Letter | Numeral | Fence | Scripts) and not is_tall(bottom)
            return row(top, SLASH, bottom) if simple and _fits_a_line(top) else None
        case _:
            return None


def _fits_a_line(box: Box) -> bool:
    """Whether a slash may follow: nothing is tall but fractions of numbers, ½ x/n."""
    parts = box.items if isinstance(box, Row) else (box,)
    return all(not is_tall(part) or _is_number(part) for part in parts)


def _is_number(box: Box) -> bool:
    return isinstance(box, Fraction) and isinstance(box.above, Numeral) and isinstance(box.below, Numeral)


# ---------------------------------------------------------------- units


def _unit_end(layouter: Layouter, factors: tuple[Factor, ...], at: int) -> int:
    """Where the factors end that belong together: a function and its argument."""
    while layouter.is_function(factors[at].item) and at + 1 < len(factors) and factors[at + 1].sign == "":
        called = isinstance(leftmost(factors[at + 1].item), Group)
        at += 1
        if called:
            break
    return at + 1


def _unit(layouter: Layouter, factors: tuple[Factor, ...], *, last: bool) -> Box:
    """One factor, or a function with its argument.

    A function whose argument has no brackets keeps them off only at the end of a product: log p x would be log(p x).
    """
    head, *rest = factors
    if not rest:
        return _factor(layouter, head.item, last=last)
    item = rest[0].item
    if isinstance(head.item, Name) and head.item.key == "sqrt":
        return _root(layouter, item) if len(rest) == 1 else Root(_unit(layouter, tuple(rest), last=True))
    if len(rest) == 1 and isinstance(leftmost(item), Group):
        return _called(layouter, head.item, item)
    argument = _unit(layouter, tuple(rest), last=last)
    return row(layouter.box(head.item), APPLY, argument if last else fenced("(", argument))


def _called(layouter: Layouter, head: Expression, item: Expression) -> Box:
    """f(x)² and f(x)[i]; where a second mark has no place, the whole call is bracketed: (f(x)²)ᵀ, not f((x)²)ᵀ."""
    marks: list[Power | Transpose | Prime | Subscript] = []
    while isinstance(item, Power | Transpose | Prime | Subscript):
        marks.append(item)
        item = item.base
    front: tuple[Box, ...] = (layouter.box(head), APPLY)
    carrier = layouter.box(item)
    below = above = False
    for mark in reversed(marks):
        if above or (below and isinstance(mark, Subscript)):
            front, carrier, below, above = (), fenced("(", row(*front, carrier)), False, False
        carrier = layouter.postfix(mark, carrier)
        below, above = below or isinstance(mark, Subscript), above or not isinstance(mark, Subscript)
    return row(*front, carrier)


def _factor(layouter: Layouter, node: Expression, *, last: bool) -> Box:
    """One factor by itself; a sum reaches as far as the product, so that only the last one goes without brackets."""
    if isinstance(node, Binder) and last:
        return layouter.box(node)
    if isinstance(node, Product) and node.factors[-1].sign == "/":
        box = layouter.box(node)
        if isinstance(box, Fraction):
            return box
    return layouter.box(node, Level.OPERAND)


def _root(layouter: Layouter, node: Expression) -> Box:
    """√ over an argument; an exponent or an index of the brackets belongs to the root."""
    if isinstance(node, Group):
        return Root(layouter.bare(node))
    if isinstance(node, Power | Transpose | Prime | Subscript) and isinstance(leftmost(node), Group):
        return layouter.postfix(node, _root(layouter, node.base))
    return Root(layouter.box(node))
