"""Conditions that can be imposed on a point, `y = 1` of an input, apart from those that only some points meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.judging import numbers
from gradsheet.checking.meaning.references import locate_symbol
from gradsheet.expressions import Role
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.expressions import Symbol

Imposed = tuple[tuple["Symbol", "Fraction"], ...]
"""Inputs and the number that each of their entries is."""


def imposed(it: Interpreter, conditions: Sequence[tree.Expression]) -> tuple[Imposed, list[tree.Expression]]:
    """The inputs that conditions fix, and the conditions that are left."""
    found: dict[Symbol, Fraction] = {}
    rest: list[tree.Expression] = []
    for condition in conditions:
        pair = _fixed(it, condition)
        if pair is None or pair[0] in found:
            rest.append(condition)
        else:
            found[pair[0]] = pair[1]
    return tuple(found.items()), rest


def _fixed(it: Interpreter, condition: tree.Expression) -> tuple[Symbol, Fraction] | None:
    match condition:
        case tree.Comparison(items=(left, right), relations=("=",)):
            pass
        case _:
            return None
    symbol = locate_symbol(it, left)
    entries = numbers.printed(right)
    if symbol is None or entries is None or entries.size != 1:
        return None
    if symbol in it.point.model.graph.clauses or symbol.role is Role.FUNCTION or symbol.is_integer or symbol.leading:
        return None
    value: Fraction = entries.reshape(-1)[0].value
    return symbol, value


def about_values(it: Interpreter, conditions: Sequence[tree.Expression]) -> bool:
    """Whether conditions are about quantities, so that a point may meet them or not."""
    symbols = it.point.model.symbols
    names = {n.key for c in conditions for n in walk(c) if isinstance(n, tree.Name)}
    return any(key in symbols or key in it.scope.views or key in it.scope.locals for key in names)
