"""What a tree means before names are bound: equal for every way of writing the same formula.

A product is a chain from left to right, a function takes what stands behind it, brackets around one thing mean
nothing. Two spellings of one formula have equal meanings; two formulas that differ in a factor, an order of
operations or an index have different ones.
"""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.syntax import tree
from gradsheet.syntax.plain import leftmost
from gradsheet.syntax.vocabulary import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Container

_SHORT = {"lse": "logsumexp", "trace": "tr"}
_TIMES = {"": "·", "*": "·", "·": "·"}


def meaning(node: Any, functions: Container[str] = FUNCTIONS) -> Any:
    """A nested tuple."""

    def of(part: Any) -> Any:
        return meaning(part, functions)

    match node:
        case tuple():
            return tuple(map(of, node))
        case None | str() | bool():
            return node
        case tree.Num(value=value):
            return value
        case tree.Name(key=key):
            return _SHORT.get(key, key)
        case tree.Group(items=(item,)):
            return of(item)
        case tree.Group(items=items):
            return ("arguments", *map(of, items))
        case tree.Slice(low=low, high=high):
            return ("slice", of(low), of(high))
        case tree.Subscript(base=base, items=items):
            return ("entry", of(base), *map(of, items))
        case tree.Prime(base=base, count=1) if not is_function(base, functions):
            return ("⊤", of(base))
        case tree.Prime(base=base, count=count):
            return ("prime", count, of(base))
        case tree.Transpose(base=base):
            return ("⊤", of(base))
        case tree.Power(base=base, exponent=exponent):
            below, above = of(base), of(exponent)
            if isinstance(below, Fraction) and isinstance(above, Fraction) and above.denominator == 1:
                return below ** int(above) if below and abs(above) < 100 else ("^", below, above)
            return ("^", below, above)
        case tree.Product():
            return product(node, functions)
        case tree.Additive(terms=terms):
            out = negative(of(terms[0].item)) if terms[0].sign == "-" else of(terms[0].item)
            for term in terms[1:]:
                out = (term.sign, out, of(term.item))
            return out
        case tree.Comparison(items=items, relations=relations):
            return ("relation", relations, *map(of, items))
        case tree.Logic(kind=kind, items=items):
            return (kind, *map(of, items))
        case tree.Conditional(then=then, condition=condition, otherwise=otherwise):
            return ("if", of(condition), of(then), of(otherwise))
        case tree.Range(low=low, high=high):
            return ("..", of(low), of(high))
        case tree.Binder(kind=kind, indices=indices, body=body):
            bound = tuple((index.name.key, of(index.domain)) for index in indices)
            inner = of(body)
            if kind in ("sum", "prod") and isinstance(inner, tuple) and inner[0] == kind:
                return (kind, (*bound, *inner[1]), inner[2])
            return (kind, bound, inner)
        case tree.Bars(kind=kind, body=body, subscript=subscript):
            return (kind, of(body), of(subscript))
        case tree.Array(rows=(items,)) if len(items) > 1 and all(map(_is_row_of_numbers, items)):
            return of(tree.Array(tuple(item.rows[0] for item in items if isinstance(item, tree.Array))))
        case tree.Array(rows=rows):
            return ("list", *(tuple(map(of, row)) for row in rows))
        case tree.Derivative(of=numerator, by=by):
            return ("∂", of(numerator), *map(of, by))
        case tree.Underbrace(base=base, label=label):
            return ("brace", of(base), of(label))
        case tree.Conditioned(events=events, given=given):
            return ("given", tuple(map(of, events)), tuple(map(of, given)))
        case tree.Node():  # a set, a statement
            parts = (getattr(node, f.name) for f in fields(node) if f.compare)
            return (type(node).__name__, *map(of, parts))
    raise AssertionError(node)


def _is_row_of_numbers(node: tree.Expression) -> bool:
    return isinstance(node, tree.Array) and len(node.rows) == 1 and all(isinstance(i, tree.Num) for i in node.rows[0])


def negative(value: Any) -> Any:
    return -value if isinstance(value, Fraction) else ("−", value)


def joined(sign: str, left: Any, right: Any) -> Any:
    """A product or quotient; of numbers it is a number, as a printer may set ½ as a fraction."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        if sign == "·":
            return left * right
        if sign == "/" and right:
            return left / right
    return (sign, left, right)


def is_function(node: Any, functions: Container[str]) -> bool:
    name = leftmost(node)
    return isinstance(name, tree.Name) and name.key in functions


def product(node: tree.Product, functions: Container[str]) -> Any:
    """Units from left to right: a function with its argument is one."""
    out: Any = None
    factors = node.factors
    at = 0
    while at < len(factors):
        sign, begin = factors[at].sign, at
        while is_function(factors[at].item, functions) and at + 1 < len(factors) and factors[at + 1].sign == "":
            at += 1
            if isinstance(leftmost(factors[at].item), tree.Group):
                break
        at += 1
        heads = [meaning(factor.item, functions) for factor in factors[begin : at - 1]]
        unit = called(heads, factors[at - 1].item, functions)
        out = unit if out is None else joined(_TIMES.get(sign, sign), out, unit)
    return out


def called(heads: list[Any], item: tree.Expression, functions: Container[str]) -> Any:
    """f g x; a mark behind the brackets of an argument belongs to the whole: f(x)² is (f(x))²."""
    marks: list[tree.Expression] = []
    while heads and isinstance(leftmost(item), tree.Group) and not isinstance(item, tree.Group):
        marks.append(item)
        item = item.base  # type: ignore[union-attr]
    unit = meaning(item, functions)
    for head in reversed(heads):
        unit = ("call", head, unit)
    for mark in reversed(marks):
        match mark:
            case tree.Power(exponent=exponent):
                unit = ("^", unit, meaning(exponent, functions))
            case tree.Subscript(items=items):
                unit = ("entry", unit, *(meaning(part, functions) for part in items))
            case tree.Prime(count=count) if count > 1:
                unit = ("prime", count, unit)
            case _:
                unit = ("⊤", unit)
    return unit
