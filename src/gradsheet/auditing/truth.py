"""The derived equations at a point, in float64: outputs, gradients, and how far rounding reaches."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.derivation import Pass
from gradsheet.evaluation import CyclicDefinitionError, Float64, UndefinedValueError
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.auditing.contract import Contract
    from gradsheet.auditing.peers import Array
    from gradsheet.auditing.points import Point
    from gradsheet.expressions import Expr, Symbol
    from gradsheet.sheet import Equation

_NUDGE = 1e-12
_ULPS = 8.0
"""What one ulp of each input may do, times this, is rounding."""


@dataclass(frozen=True, slots=True)
class Values:
    """Everything that the sheet and its derivation have at a point."""

    all: dict[Symbol, Any]
    outputs: dict[Symbol, Array]
    gradients: dict[Symbol, Array]


class _Noisy(Float64):
    """float64 in which each function of the table is off by a little, as each rounds by itself."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def _moved(self, value: Any) -> Any:
        with np.errstate(all="ignore"):
            return value * (1 + _NUDGE * self.generator.uniform(-1, 1, np.shape(value)))

    def elementwise(self, name: str, *arguments: Any) -> Any:
        return self._moved(super().elementwise(name, *arguments))

    def array(self, name: str, argument: Array) -> Any:
        return self._moved(super().array(name, argument))

    def power(self, base: Any, exponent: Any) -> Any:
        return self._moved(super().power(base, exponent))


class Truth:
    """Evaluates a derivation, or the same with some of its equations changed."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.derivation = contract.derivation
        wanted = {a.symbol for a in self.derivation.gradients.values()} | set(contract.outputs)
        needed = self.derivation.graph.needed_for(*wanted)
        self.equations = [e for e in self.derivation.graph.equations if e.symbol in needed]
        self.domain = Float64()

    def at(
        self,
        point: Point,
        changed: Mapping[Equation, Expr] | None = None,
        pushes: Mapping[Symbol, Array] | None = None,
        domain: Float64 | None = None,
    ) -> Values:
        """Values at a point; `changed` right-hand sides replace those there, `pushes` move what comes out of one."""
        graph = self.derivation.graph
        if changed:
            graph = copy.copy(graph)
            graph.unfolded = {**graph.unfolded, **changed}
        inputs = point.inputs
        upstream = {bar: point.upstream[o] for o, bar in self.derivation.cotangents.items()}
        inputs.values.update(upstream)
        if point.stacked:
            inputs.data |= frozenset(upstream)
        the_pass = Pass(graph, self.equations, inputs.data, pushes=pushes)
        found = the_pass.run(domain or self.domain, inputs)
        outputs = {o: np.asarray(found[o], dtype=np.float64) for o in self.contract.outputs}
        scale = float(point.upstream[self.contract.outputs[0]]) if self.contract.over_data else 1.0
        gradients = {}
        for symbol, adjoint in self.derivation.gradients.items():
            gradient = scale * np.asarray(found[adjoint.symbol], dtype=np.float64)
            if point.stacked and adjoint.symbol in the_pass.row_symbols and symbol not in point.data:
                gradient = gradient.sum(axis=0)  # what all rows share collects the gradients of all
            gradients[symbol] = gradient
        return Values(found, outputs, gradients)

    def attempt(self, point: Point, changed: Mapping[Equation, Expr]) -> Values | None:
        """The same for equations that may have no value any more."""
        try:
            return self.at(point, changed)
        except (UndefinedValueError, CyclicDefinitionError, ArithmeticError, KeyError, ValueError, AssertionError):
            return None

    def rounding(self, point: Point, values: Values) -> tuple[dict[Symbol, float], dict[Symbol, float]]:
        """How much an ulp in every input and in every intermediate moves outputs and gradients.

        Below that nothing can be told apart: where a difference of two close numbers is taken, few digits are left.
        """
        generator = np.random.default_rng(7)
        outputs = dict.fromkeys(values.outputs, 0.0)
        gradients = dict.fromkeys(values.gradients, 0.0)
        for _ in range(2):
            moved = {
                s: np.asarray(v) * (1 + _NUDGE * generator.uniform(-1, 1, np.shape(v)))
                for s, v in point.values.items() if s.domain.kind in {"real", "simplex"}
            }  # fmt: skip
            computed = {e.symbol for e in self.equations}
            pushes = {
                s: np.asarray(v) * (_NUDGE * generator.uniform(-1, 1, np.shape(v)))
                for s, v in values.all.items()
                if s in computed and not isinstance(v, dict) and np.ndim(v) == s.rank and s not in values.outputs
            }
            noisy = _Noisy(generator)
            try:
                near = self.at(point.with_values(moved), pushes=pushes, domain=noisy)
            except UndefinedValueError:
                continue
            for held, known, found in ((outputs, values.outputs, near.outputs),
                                       (gradients, values.gradients, near.gradients)):  # fmt: skip
                for symbol, value in known.items():
                    gap = float(np.max(np.abs(found[symbol] - value), initial=0.0))
                    held[symbol] = max(held[symbol], gap * np.finfo(float).eps / _NUDGE * _ULPS)
        return outputs, gradients
