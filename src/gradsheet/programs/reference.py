"""The meaning of a program: its statements carried out one by one in float64, by the evaluator of sheets.

Every pass keeps this meaning, and every target is compared with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.evaluation import Evaluator, Float64
from gradsheet.evaluation.program import selector
from gradsheet.programs.model import Assign, Program, Statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gradsheet.expressions import Symbol


def evaluate(program: Program, values: Mapping[Symbol, Any]) -> dict[Symbol, NDArray[Any]]:
    """Every array of a program, from the values of its arguments; all sizes have to be numbers."""
    held: dict[Symbol, Any] = {s: np.asarray(v) for s, v in {**program.tables, **values}.items()}
    evaluator = Evaluator(Float64(), dict(program.sizes), {}, held)
    _carry_out(program.statements, evaluator)
    return held


def _carry_out(statements: Sequence[Statement], evaluator: Evaluator) -> None:
    for statement in statements:
        if isinstance(statement, Assign):
            _assign(statement, evaluator)
            continue
        run = evaluator.extent(statement.index)
        for k in reversed(run) if statement.downward else run:
            evaluator.fixed[statement.index] = k
            _carry_out(statement.body, evaluator)
        evaluator.fixed.pop(statement.index, None)


def _assign(statement: Assign, evaluator: Evaluator) -> None:
    evaluator.forget()
    target, free = statement.target, statement.free
    shape = tuple(len(evaluator.extent(a)) for a in target.axes)
    array = evaluator.values.get(target)
    if array is None:
        array = evaluator.values[target] = np.full(shape, np.nan)
    assert isinstance(array, np.ndarray)
    looped = [i for i in free if evaluator.needs_loop(i, statement.body)]
    _fill(statement, array, looped, evaluator)


def _fill(statement: Assign, array: NDArray[Any], looped: list[Any], evaluator: Evaluator) -> None:
    if looped:
        index, *rest = looped
        for k in evaluator.extent(index):
            evaluator.fixed[index] = k
            _fill(statement, array, rest, evaluator)
        evaluator.fixed.pop(index, None)
        return
    evaluator.forget()
    free = [i for i in statement.free if i not in evaluator.fixed]
    shape = tuple(len(evaluator.extent(i)) for i in free)
    data = np.broadcast_to(np.asarray(evaluator.evaluate(statement.body).over(free), dtype=float), shape)
    axes = statement.target.axes
    place = tuple(selector(p, a, evaluator) for p, a in zip(statement.pattern, axes, strict=True))
    order = [free.index(p.single) for p in statement.pattern if p.single in free]
    array[place] = np.transpose(data, order) if len(order) > 1 else data if order else data[()]


__all__ = ["evaluate"]
