"""Products as people see them: units, each a factor or a function with its argument, in front of and below the line."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.syntax.tree import (
    Additive,
    Binder,
    Comparison,
    Conditional,
    Derivative,
    Factor,
    FunctionName,
    Group,
    Num,
    Power,
    Prime,
    Product,
    Subscript,
    Term,
    Transpose,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.syntax.tree import Expression, ProductSign

Unit = tuple[Factor, ...]
"""One factor, or the factors `f`, `(x)` of a call."""


def head_of(item: Expression) -> FunctionName | None:
    """The function that a factor applies: that of f, f', f², f[l]."""
    while isinstance(item, Prime | Power | Subscript):
        item = item.base
    return item if isinstance(item, FunctionName) else None


def units(node: Product) -> list[Unit]:
    """The factors of a product, every function together with its argument."""
    found: list[Unit] = []
    factors = node.factors
    at = 0
    while at < len(factors):
        end = at + 1
        while head_of(factors[end - 1].item) is not None and end < len(factors) and factors[end].sign == "":
            end += 1
        found.append(factors[at:end])
        at = end
    return found


def is_call(unit: Unit) -> bool:
    """Whether a unit is a function with its argument."""
    return len(unit) > 1


def is_lone_call(node: object) -> bool:
    """Whether a product is one call and nothing else."""
    return isinstance(node, Product) and len(units(node)) == 1


def is_call_of(node: Product, key: str) -> bool:
    """Whether a product is this function, applied to one thing."""
    return len(node.factors) == 2 and isinstance(head := node.factors[0].item, FunctionName) and head.key == key


def call(function: Expression, argument: Expression) -> Product:
    """f(x)."""
    inside = argument if isinstance(argument, Group) else Group((argument,))
    return Product((Factor("", function), Factor("", inside)))


def item_of(unit: Unit) -> Expression:
    """A unit as an expression of its own."""
    if is_call(unit):
        first = replace(unit[0], sign="")
        return Product((first, *unit[1:]), span=unit[0].item.span.to(unit[-1].item.span))
    return unit[0].item


def unit_of(item: Expression, sign: ProductSign = "") -> Unit:
    """An expression as a unit of a product, in brackets where it needs them."""
    if isinstance(item, Product) and is_lone_call(item):
        return (replace(item.factors[0], sign=sign), *item.factors[1:])
    if isinstance(item, Product) and sign == "" and all(f.sign in {"", "/"} for f in item.factors):
        return item.factors
    return (Factor(sign, bracketed(item)),)


def bracketed(item: Expression) -> Expression:
    """An expression that may stand between factors or below a sign, with brackets if it must."""
    wide = isinstance(item, Additive | Product | Binder | Conditional | Comparison)
    wide = wide or (isinstance(item, Num) and item.value < 0)
    return Group((item,)) if wide else item


def based(item: Expression) -> Expression:
    """An expression that may carry an exponent or ᵀ."""
    return Group((item,)) if isinstance(item, Power | Derivative) else bracketed(item)


def product_of(parts: Sequence[Unit]) -> Expression | None:
    """Units side by side again; a lost first factor leaves 1 above a line, and nothing is left of no units."""
    factors = [factor for unit in parts for factor in unit]
    if not factors:
        return None
    if factors[0].sign in {"/", "⊘"}:
        factors = [Factor("", number(1)), *factors]
    else:
        factors[0] = replace(factors[0], sign="") if factors[0].sign else factors[0]
    if len(factors) == 1:
        return factors[0].item
    held = (replace(f, item=Group((f.item,))) if isinstance(f.item, Binder) else f for f in factors[:-1])
    return Product((*held, factors[-1]))


def ends_open(unit: Unit) -> bool:
    """Whether what is written behind a unit would be read as a part of it: a sum's body, `log p`."""
    last = unit[-1].item
    return isinstance(last, Binder) or (is_call(unit) and not _closed(last))


def _closed(item: Expression) -> bool:
    while isinstance(item, Power | Prime | Transpose | Subscript):
        item = item.base
    return isinstance(item, Group)


def number(value: int) -> Num:
    """A small whole number."""
    return Num(Fraction(value), str(value))


def negated(item: Expression) -> Expression:
    """−x; x for −x."""
    match item:
        case Additive(terms=(Term(sign="-", item=inner),)):
            return inner
        case Group(items=(Additive(terms=(Term(sign="-", item=inner),)),)):
            return inner
        case Additive():
            return Additive((Term("-", Group((item,))),))
        case _:
            return Additive((Term("-", item),))
