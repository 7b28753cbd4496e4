"""Conditions that can be imposed on a point, `y = 1` of an input, apart from those that only some points meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.judging import numbers
from gradsheet.checking.meaning.impositions import OF_SQUARES, PROPERTIES
from gradsheet.checking.meaning.references import locate_symbol
from gradsheet.expressions import Role
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from gradsheet.checking.meaning.impositions import Kind
    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.expressions import Symbol

Imposed = tuple[tuple["Symbol", "Kind"], ...]
"""Inputs and what is imposed on their entries."""
_SIGNS = {">": "positive", "≥": "nonnegative", "<": "negative"}


def imposed(it: Interpreter, conditions: Sequence[tree.Expression]) -> tuple[Imposed, list[tree.Expression]]:
    """What conditions impose on inputs, and the conditions that are left."""
    found: dict[Symbol, Kind] = {}
    rest: list[tree.Expression] = []
    for condition in conditions:
        pair = imposition(it, condition)
        if pair is None or pair[0] in found:
            rest.append(condition)
        else:
            found[pair[0]] = pair[1]
    return tuple(found.items()), rest


def property_of(symbol: tree.Expression, word: str) -> tree.Comparison:
    """`A symmetric` as a condition."""
    return tree.Comparison((symbol, tree.Name(word, word)), ("∈",))


def values_of(symbol: tree.Expression, values: Sequence[tree.Expression]) -> tree.Comparison:
    """`t ∈ {−1, 1}` as a condition."""
    return tree.Comparison((symbol, tree.Array((tuple(values),))), ("∈",))


def imposition(it: Interpreter, condition: tree.Expression) -> tuple[Symbol, Kind] | None:
    """The input that a condition is about and what it imposes; None where it is another condition."""
    if not isinstance(condition, tree.Comparison) or len(condition.items) != 2:
        return None
    left, right = condition.items
    relation = condition.relations[0]
    if relation == "∈":
        kind: Kind | None = None
        if isinstance(right, tree.Name) and right.key in PROPERTIES:
            kind = right.key
        elif isinstance(right, tree.Array) and (entries := numbers.printed(right)) is not None:
            kind = tuple(entry.value for entry in entries.reshape(-1))
        return _of(it, left, kind)
    number = _number(right)
    if relation in _SIGNS and number == 0:
        return _of(it, left, _SIGNS[relation])
    if relation != "=" or number is None:
        return None
    inner = _summed(left)
    if inner is not None and number == 1:
        return _of(it, inner, "simplex")
    inner = _normed(left)
    if inner is not None and number == 1:
        return _of(it, inner, "unit")
    return _of(it, left, number)


def _of(it: Interpreter, node: tree.Expression, kind: Kind | None) -> tuple[Symbol, Kind] | None:
    symbol = locate_symbol(it, node)
    if symbol is None or kind is None or symbol in it.point.model.graph.clauses:
        return None
    if symbol.role is Role.FUNCTION or symbol.is_integer or symbol.leading:
        return None
    square = len(symbol.axes) == 2 and symbol.axes[0].range == symbol.axes[1].range
    if kind in OF_SQUARES and not square:
        return None
    if kind == (0, 1) and symbol.domain.rows_sum_to_one:
        kind = "onehot"  # {0,1}ⁿ for labels, each with one 1 as the sheet says
    if kind in {"simplex", "onehot", "unit"} and (not symbol.axes or symbol.domain.rows_sum_to_one):
        return None  # a scalar is none of them, and what the sheet says of a row is more
    return symbol, kind


def _number(node: tree.Expression) -> Fraction | None:
    entries = numbers.printed(node)
    if entries is None or entries.size != 1:
        return None
    found: Fraction = entries.reshape(-1)[0].value
    return found


def _summed(node: tree.Expression) -> tree.Expression | None:
    """What is summed by Σ_k y_k, 1ᵀ y, sum(y)."""
    match node:
        case tree.Group(items=(item,)):
            return _summed(item)
        case tree.Binder(kind="sum", indices=(*_, index), body=tree.Subscript(base=base, items=(*_, last))) if (
            last == index.name
        ):
            return base
        case tree.Product(factors=(tree.Factor(item=tree.FunctionName(key="sum")), tree.Factor(item=argument))):
            return argument
        case tree.Product(factors=(tree.Factor(item=tree.Transpose(base=one)), tree.Factor(sign="", item=base))) if (
            isinstance(one, tree.Num) or (isinstance(one, tree.Name) and one.key in {"𝟏", "𝟙", "1"})
        ):
            return base
        case _:
            return None


def _normed(node: tree.Expression) -> tree.Expression | None:
    """What has the length ‖w‖, ‖w‖², wᵀ w."""
    match node:
        case tree.Bars(kind="‖" | "|", body=body, subscript=None | tree.Num(value=2)):
            return body
        case tree.Power(base=tree.Bars() as inner, exponent=tree.Num(value=2)):
            return _normed(inner)
        case tree.Product(factors=(tree.Factor(item=tree.Transpose(base=one)), tree.Factor(sign="", item=other))) if (
            one == other
        ):
            return other
        case _:
            return None


def about_values(it: Interpreter, conditions: Sequence[tree.Expression]) -> bool:
    """Whether conditions are about quantities, so that a point may meet them or not."""
    symbols = it.point.model.symbols
    names = {n.key for c in conditions for n in walk(c) if isinstance(n, tree.Name)}
    return any(key in symbols or key in it.scope.views or key in it.scope.locals for key in names)
