"""|a|, ‖x‖, and arrays that are written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradsheet.checking.meaning import calls
from gradsheet.checking.meaning.conditions import indicator
from gradsheet.checking.meaning.errors import UnsupportedError
from gradsheet.checking.meaning.kinks import sides
from gradsheet.checking.meaning.tensors import Value, array, value
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment


def bars(it: Interpreter, node: tree.Bars, known: Environment) -> Value:
    """An absolute value, a determinant, a norm: ‖x‖, ‖x‖₁, ‖A‖_F."""
    held = it.evaluate(node.body, known)
    if not held.data.ndim:
        it.point.saw(node.body, sides("abs", [held.data]))
        return Value(array(it.domain.elementwise("abs", held.data)))
    match node.subscript:
        case tree.Num(value=1):
            sizes = it.domain.elementwise("abs", held.data).reshape(-1)
            return value(sum(sizes, it.domain.number(0)))
        case None | tree.Num(value=2) | tree.Name(key="F"):
            pass
        case _:
            raise UnsupportedError("this norm")
    if node.kind == "|" and held.data.ndim == 2 and 1 not in held.shape:
        return calls.of_array("det", held, it.domain)
    found = calls.apply("norm", [held], 0, it.domain)
    assert found is not None
    return found


def matrix(it: Interpreter, rows: Sequence[Sequence[tree.Expression]], known: Environment) -> Value:
    """An array of entries, or of rows above each other; [x > 0] is an indicator."""
    if len(rows) == 1 and all(isinstance(item, tree.Array) and len(item.rows) == 1 for item in rows[0]):
        rows = [(item,) for item in rows[0]]  # a list of lists is a list of rows
    if len(rows) == len(rows[0]) == 1 and isinstance(rows[0][0], tree.Comparison | tree.Logic):
        return indicator(it, rows[0][0], known)
    parts = [[it.evaluate(item, known).data for item in row] for row in rows]
    if any(len(row) != len(parts[0]) for row in parts):
        raise UnsupportedError("rows of different lengths")
    first = parts[0][0].shape
    if any(part.shape != first for row in parts for part in row):
        raise UnsupportedError("entries of different shapes")
    if first:
        if len(parts[0]) > 1:
            raise UnsupportedError("blocks side by side")
        above = [row[0] for row in parts]
        lying = len(first) == 2 and first[0] == 1
        return Value(np.concatenate(above) if lying else np.stack(above), literal=True)
    data = np.empty((len(parts), len(parts[0])), dtype=object)
    for place in np.ndindex(data.shape):
        data[place] = parts[place[0]][place[1]][()]
    result = value(data.reshape(-1) if data.shape[1] == 1 else data)
    result.literal = True
    return result
