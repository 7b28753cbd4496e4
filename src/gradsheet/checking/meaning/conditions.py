"""i = j, x > 0, … if … else …: where conditions hold, and what is chosen by them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb

from gradsheet.checking.meaning.equality import gap_outcome
from gradsheet.checking.meaning.errors import UnsupportedError
from gradsheet.checking.meaning.indices import whole
from gradsheet.checking.meaning.tensors import MismatchError, Value, array, constants
from gradsheet.evaluation import UndecidedError
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment
    from gradsheet.numerics.jets import Jet

_OF_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq, "≠": operator.ne, "<": operator.lt, "≤": operator.le, ">": operator.gt, "≥": operator.ge,
}  # fmt: skip


def truth(it: Interpreter, node: tree.Expression, known: Environment) -> Any:
    """Where a condition holds: true, false or an array of both."""
    match node:
        case tree.Group(items=(item,)):
            return truth(it, item, known)
        case tree.Logic(kind="not", items=(item,)):
            return np.logical_not(truth(it, item, known))
        case tree.Logic(kind=kind, items=items):
            parts = [truth(it, item, known) for item in items]
            return (np.logical_and if kind == "and" else np.logical_or).reduce(np.broadcast_arrays(*parts))
        case tree.Comparison(items=items, relations=relations):
            result: Any = True
            for left, relation, right in zip(items, relations, items[1:], strict=False):
                result = np.logical_and(result, _compared(it, left, relation, right, known))
            return result
        case _:
            raise UnsupportedError("a condition was expected")


def indicator(it: Interpreter, node: tree.Expression, known: Environment) -> Value:
    """[x > 0]: 1 where a condition holds, else 0."""
    return Value(constants(truth(it, node, known), it.domain))


def conditional(it: Interpreter, node: tree.Conditional, known: Environment) -> Value:
    """One of two values, entry by entry where the condition is about entries."""
    holds = np.asarray(truth(it, node.condition, known))
    if not holds.ndim:
        return it.evaluate(node.then if holds else node.otherwise, known)
    then, otherwise = it.evaluate(node.then, known), it.evaluate(node.otherwise, known)
    return Value(array(np.where(holds, then.data, otherwise.data)))


def _compared(it: Interpreter, left: tree.Expression, relation: str, right: tree.Expression, known: Environment) -> Any:
    if relation == "∈":
        raise UnsupportedError("a set in a condition")
    letters = {**it.whole_numbers, **known}
    a, b = whole(left, letters), whole(right, letters)
    if a is not None and b is not None:
        return np.asarray(_OF_NUMBERS[relation](a, b))
    x, y = it.evaluate(left, known), it.evaluate(right, known)
    try:
        pairs = np.broadcast_arrays(x.data, y.data)
    except ValueError:
        raise MismatchError(x.shape, y.shape, "compared with") from None
    signs = [_sign(a - b) for a, b in zip(*(p.reshape(-1) for p in pairs), strict=True)]
    it.point.saw(left, signs)
    holds = [_OF_NUMBERS[relation](sign, 0) for sign in signs]
    return np.array(holds, dtype=bool).reshape(pairs[0].shape)


def _sign(gap: Jet) -> int:
    """The sign of a difference; what is 0 as far as can be seen is 0, as that of a maximum and its largest entry."""
    if gap.sign is not None:
        return gap.sign
    if gap_outcome(gap.value, arb(0)) == "equal":
        return 0
    raise UndecidedError("a comparison")
