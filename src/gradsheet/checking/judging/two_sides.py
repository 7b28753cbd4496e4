"""The two sides of a claim as values: the readings that are tried, and what one side lends the other."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.judging.problems import PROBLEMS
from gradsheet.checking.meaning import equality
from gradsheet.checking.meaning.errors import UnsupportedError
from gradsheet.checking.meaning.indices import has_square, kinds, leaves, names_in
from gradsheet.checking.meaning.names import stands
from gradsheet.checking.meaning.readings import AS_WRITTEN, Reading
from gradsheet.checking.meaning.tensors import MismatchError, Value
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment
    from gradsheet.checking.meaning.scope import Scope

_SIZED = frozenset({"𝟏", "𝟙", "1", "I"})
"""Names whose size the formula around them decides."""


def evaluated(interpreter: Interpreter, plain: Interpreter, node: tree.Expression, known: Environment) -> Value:
    """A side in a reading; where the reading does not fit it, as it is written."""
    try:
        return interpreter.evaluate(node, known)
    except MismatchError:
        if interpreter is plain:
            raise
        return plain.evaluate(node, known)


def beside(
    interpreter: Interpreter, plain: Interpreter, node: tree.Expression, left: Value, known: dict[str, Any]
) -> Value:
    """The right side; I and the column of ones in it are as large as they have to be."""
    special = {key for key in names_in(node) if key in _SIZED and not stands(interpreter, key)}
    if not special:
        return evaluated(interpreter, plain, node, known)
    problem: Exception | None = None
    found: Value | None = None
    for size in sorted(
        {*interpreter.point.sizes.values.values(), *left.shape} - {1}, key=lambda n: n not in left.shape
    ):
        one, zero = (interpreter.number(n).data[()] for n in (1, 0))
        column = np.full(size, one, dtype=object)
        unit = np.full((size, size), zero, dtype=object)
        np.fill_diagonal(unit, one)
        own = {key: Value(unit, 1) if key == "I" else Value(column) for key in special}
        try:
            value = evaluated(interpreter, plain, node, {**known, **own})
        except (MismatchError, UnsupportedError) as mismatch:
            problem = problem or mismatch
            continue
        if equality.compare(left, value) == "equal":
            return value
        found = found or value
    if found is None:
        raise problem or UnsupportedError("how large it is is not said")
    return found


def readings_for(interpreter: Interpreter, left: tree.Expression, right: tree.Expression) -> list[Reading]:
    """The readings to be tried, the plainest first; between numbers the layout of arrays makes no difference."""
    found = _readings(interpreter.scope, left, right)
    if len(found) > 1 and all_scalar(interpreter, left) and all_scalar(interpreter, right):
        return [found[0], *(r for r in found if r.explicit and not r.norms)]
    return found


def all_scalar(interpreter: Interpreter, side: tree.Expression) -> bool:
    """Whether whatever has a value of its own in a side is one number."""
    known = interpreter.scalars
    for leaf in leaves(side):
        found = known.get(id(leaf))
        if found is None:
            found = known[id(leaf)] = (leaf, is_scalar(interpreter, leaf))  # kept, so its id stays its own
        if not found[1]:
            return False
    return True


def is_scalar(interpreter: Interpreter, leaf: tree.Node) -> bool:
    """Whether a name with its indices is one number."""
    if isinstance(leaf, tree.Array):
        return False
    try:
        return not interpreter.evaluate(leaf).data.ndim  # type: ignore[arg-type]
    except (*PROBLEMS, MismatchError):
        return False


def _readings(scope: Scope, left: tree.Expression, right: tree.Expression) -> list[Reading]:
    on_right = kinds(right)
    both = kinds(left) | on_right
    sums = tree.Additive in on_right and tree.Product in on_right and tree.Derivative in scope.reach(right).kinds
    squares = has_square(left) or has_square(right)
    return _tried(scope.layout, scope.turned, tree.Derivative in both, tree.Product in both, sums, squares)


@cache
def _tried(
    layout: str | None,
    turned: bool | None,  # noqa: FBT001 - four facts of a claim
    derivatives: bool,  # noqa: FBT001 - the same
    products: bool,  # noqa: FBT001 - the same
    sums: bool,  # noqa: FBT001 - the same
    squares: bool,  # noqa: FBT001 - the same
) -> list[Reading]:
    found = [AS_WRITTEN]
    if layout == "jacobian":
        found = [Reading(jacobian=True)]
    elif layout is None and derivatives:
        found += [Reading(jacobian=True), Reading(turned=True)]
    if derivatives and products:
        found.append(Reading(chain=True))
    if derivatives and layout != "jacobian" and sums:
        found.append(Reading(explicit=True))
    if turned is not None:
        found = [r for r in found if r.turned == turned or r.chain or r.explicit]
    if squares:
        found += [r._replace(norms=True) for r in list(found)]
    return found
