"""A derivation at a random point: every symbol has a value there, and other equations can be computed from them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.calculus import unfold_all
from gradsheet.derivation import Pass, needed_inputs
from gradsheet.evaluation import Evaluator, Float64, Program, UndefinedValueError
from gradsheet.expressions import OverData, Symbol, walk
from gradsheet.sheet import Equation
from gradsheet.verification.sampling import draw_inputs, unspecified_functions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.derivation import Derivation
    from gradsheet.expressions import Affine, Expr, Index

TRIES = 12


class Point:
    """Random values for all inputs, at sizes that tell the axes apart; one row of data."""

    def __init__(self, derivation: Derivation, seed: int = 0) -> None:
        graph = derivation.graph
        self.graph = graph
        needed = needed_inputs(graph, graph.equations) | set(derivation.cotangents.values())
        for attempt in range(TRIES):
            rng = random.Random(f"{seed} {attempt}")
            self.functions = unspecified_functions(derivation.sheet.unspecified, rng)
            self.inputs = draw_inputs(derivation, needed, rng, attempt, {})
            try:
                with np.errstate(all="raise", under="ignore"):
                    self.values: dict[Symbol, Any] = Pass(graph, graph.equations, frozenset(), self.functions).run(
                        Float64(), self.inputs
                    )
            except (UndefinedValueError, FloatingPointError):
                continue
            return
        msg = "everything is undefined wherever one looks"
        raise AssertionError(msg)

    def value(self, equation: Equation, more: Mapping[Symbol, Any] | None = None) -> Any:
        """The value of an equation's symbol, from values that are known and `more`."""
        sizes = self.inputs.sizes
        known = {**self.values, **(more or {})}
        evaluator = Evaluator(Float64(), sizes.values, sizes.families, known, self.functions)
        for node in walk(equation.body):
            if isinstance(node, OverData):
                evaluator.over_data[node] = evaluator.evaluate(node.body)  # of one row: the mean is the value
        Program([equation], {equation: unfold_all(equation.body, self.graph.functions)}).run(evaluator)
        return evaluator.values[equation.symbol]

    def body(self, like: Equation, body: Expr, more: Mapping[Symbol, Any] | None = None) -> Any:
        """The value of another right side in the place of an equation's own."""
        return self.value(alone(like, body), more)


def alone(like: Equation, body: Expr | None = None) -> Equation:
    """An equation under a name of its own, so that its body speaks of the values that are known."""
    old = like.symbol
    symbol = Symbol("?", old.axes, old.role, old.leading)
    return Equation(symbol, like.pattern, like.free, like.body if body is None else body, None, like.facts)


def over(symbol: Symbol, free: tuple[Index, ...], pattern: tuple[Affine, ...], body: Expr) -> Equation:
    """symbol[pattern] = body."""
    return Equation(symbol, pattern, free, body, None)


def same(a: Any, b: Any) -> bool:
    """Equal numbers up to rounding; members of families one by one."""
    if isinstance(a, dict) or isinstance(b, dict):
        return set(a) == set(b) and all(same(a[k], b[k]) for k in a)
    a, b = np.asarray(a, float), np.asarray(b, float)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-7, atol=1e-9, equal_nan=True))


def gap(a: Any, b: Any) -> str:
    """What differs, for a failing test."""
    return f"{a!r}\n≠\n{b!r}"
