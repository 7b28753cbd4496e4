"""Values of what a notation names anew: δ = ∂L/∂h ⊙ (1 − h²), ΔW = −η ∂L/∂W, from the values that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.evaluation import Evaluator, Program
from gradsheet.solution.numbers import domain_of

if TYPE_CHECKING:
    from gradsheet.evaluation.named import Values
    from gradsheet.expressions import Symbol
    from gradsheet.sheet import Equation
    from gradsheet.solution import Solution


def computed(solution: Solution, equation: Equation) -> Values | None:
    """The value of an equation's symbol before the first step; None without values, or with rows of data."""
    if not solution.states or solution.inputs is None or solution.row_count:
        return None
    sizes = solution.inputs.sizes
    evaluator = Evaluator(domain_of(solution.kind), sizes.values, sizes.families, dict(solution.states[0].values))
    Program([equation], {equation: equation.body}).run(evaluator)
    return evaluator.values[equation.symbol]


def stepped(solution: Solution, gradient: Symbol, *, up: bool) -> Values | None:
    """The step along a gradient (or against it); None where there is none, or more than one."""
    if solution.rate is None or len(solution.states) != 2:
        return None
    held: Any = solution.states[0].values.get(gradient)
    factor = solution.rate if up else -solution.rate
    if held is None:
        return None
    if isinstance(held, dict):
        return {place: np.asarray(factor * array) for place, array in held.items()}
    return np.asarray(factor * held)
