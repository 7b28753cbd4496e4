"""Sides and conditions of a chain with their names bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.binding.errors import BindingError
from gradsheet.checking.judging.impositions import imposition
from gradsheet.checking.judging.records import Bound
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.reading.model import Chain, Condition, Side

EQUALITIES = frozenset({"=", "≡", "≈", ":=", "∝"})
QUIET = frozenset({"dots", "placeholder", "elided", "empty"})
"""Sides that say nothing."""


def formula_of(side: Side) -> tree.Expression | None:
    """The neutral tree of a side that is a formula, not a set."""
    return None if isinstance(side.tree, tree.Set) else side.tree


def bound_side(stage: Stage, side: Side, chain: Chain) -> Bound:
    """A side with its names bound."""
    stage.binder.layered = stage.layered.get(chain.question, set())
    if side.kind == "unreadable":
        return Bound(side, None, side.problem.message if side.problem is not None else "it could not be read")
    formula = formula_of(side)
    if formula is None or side.kind in QUIET or side.kind in {"shape", "set"}:
        return Bound(side, None, "")
    try:
        return Bound(side, stage.binder.bind(formula, side.formula.text))
    except BindingError as problem:
        return Bound(side, None, problem.reason)
    except RecursionError:
        return Bound(side, None, "it is nested too deeply")


def bound_conditions(stage: Stage, chain: Chain) -> tuple[tuple[tree.Expression, ...], str]:
    """Conditions as bound comparisons, and the text of one that could not be read."""
    found: list[tree.Expression] = []
    for condition in chain.conditions:
        trees = _condition(stage, condition, chain)
        if trees is None:
            return tuple(found), condition.text
        found.extend(trees)
    return tuple(found), ""


def _condition(stage: Stage, condition: Condition, chain: Chain) -> list[tree.Expression] | None:
    if not condition.trees:
        return None
    result = []
    for node in condition.trees:
        try:
            result.append(stage.binder.bind(node, chain.sides[-1].formula.text))
        except BindingError:
            return None
    return result


def relevant(
    stage: Stage,
    conditions: tuple[tree.Expression, ...],
    left: tree.Expression | None,
    right: tree.Expression | None,
) -> tuple[tree.Expression, ...]:
    """The conditions whose letters stand in the claim; another is about a neighbour."""
    if not conditions or left is None or right is None:
        return conditions
    here = {n.key for side in (left, right) for n in walk(side) if isinstance(n, tree.Name)}
    known = stage.binder.names()
    it = Interpreter(stage.comparers[0].point("generic", 1), stage.scope())
    return tuple(c for c in conditions if imposition(it, c) is not None or _names(c) <= here | known)


def _names(condition: tree.Expression) -> set[str]:
    """The names of a condition but those that a sum in it binds."""
    bound = {i.name.key for n in walk(condition) if isinstance(n, tree.Binder) for i in n.indices}
    return {n.key for n in walk(condition) if isinstance(n, tree.Name)} - bound
