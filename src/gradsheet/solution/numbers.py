"""The numbers of one step: forward and backward pass, data rows one by one, then the update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.evaluation import CertifiedDomain, Evaluator, Float64
from gradsheet.evaluation.program import selector
from gradsheet.expressions import Index
from gradsheet.solution.model import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.derivation import Derivation, Pass
    from gradsheet.evaluation import Domain, Inputs
    from gradsheet.evaluation.named import Values
    from gradsheet.expressions import Affine, Expr, Symbol


def domain_of(kind: str) -> Domain:
    """IEEE doubles for `float64`, certified numbers for every other kind."""
    return Float64() if kind == "float64" else CertifiedDomain()


def evaluate_step(
    derivation: Derivation, the_pass: Pass, domain: Domain, inputs: Inputs, values: Mapping[Symbol, Values]
) -> State:
    """All values at the present parameters."""
    result = the_pass.run(domain, inputs, values)
    objective = None
    if len(derivation.targets) == 1 and not derivation.targets[0].axes:
        objective = result.get(derivation.targets[0])
        objective = objective[()] if isinstance(objective, np.ndarray) and objective.ndim == 0 else objective
    return State(result, objective)


def updated(derivation: Derivation, domain: Domain, inputs: Inputs, state: State, rate: Any) -> dict[Symbol, Values]:
    """The inputs after one step: by the sheet's own rules, or by gradient descent (ascent for maximize)."""
    sheet = derivation.sheet
    values = dict(state.values)
    changed: dict[Symbol, Values] = {}
    if sheet.updates:
        evaluator = Evaluator(domain, inputs.sizes.values, inputs.sizes.families, values)
        for rule in sheet.updates:
            evaluator.forget()
            new = _assigned(evaluator, rule.symbol, rule.pattern, rule.value.indices, rule.value.body)
            values[rule.symbol] = new
            changed[rule.symbol] = new
        return changed
    if rate is None or sheet.objective is None:
        return {}
    step = rate if sheet.objective.sense == "maximize" else -rate
    for symbol in sheet.parameters:
        gradient = values[derivation.gradients[symbol].symbol]
        held = values[symbol]
        if isinstance(held, dict):
            assert isinstance(gradient, dict)
            changed[symbol] = {k: held[k] + step * gradient[k] if k in gradient else held[k] for k in held}
        else:
            changed[symbol] = np.asarray(held + step * gradient, dtype=domain.dtype)
    return changed


def _assigned(
    evaluator: Evaluator, symbol: Symbol, pattern: tuple[Affine, ...], indices: tuple[Any, ...], body: Expr
) -> Any:
    """The new array of a symbol after `symbol[pattern] ← body`."""
    held = evaluator.values[symbol]
    if isinstance(held, dict):
        result = {k: v.copy() for k, v in held.items()}
        lead = [p.single for p in pattern[:1]]
        for member, array in result.items():
            for index, value in zip(lead, member, strict=True):
                if isinstance(index, Index):
                    evaluator.fixed[index] = value
            evaluator.forget()
            rest = [i for i in indices if i not in evaluator.fixed]
            data = np.broadcast_to(evaluator.evaluate(body).over(rest), array.shape)
            result[member] = np.array(data, dtype=evaluator.domain.dtype)
            for index in lead:
                if isinstance(index, Index):
                    evaluator.fixed.pop(index, None)
        return result
    array = held.copy()
    shape = tuple(len(evaluator.extent(i)) for i in indices)
    data = np.broadcast_to(np.asarray(evaluator.evaluate(body).over(indices), dtype=evaluator.domain.dtype), shape)
    place = tuple(selector(p, a, evaluator) for p, a in zip(pattern, symbol.axes, strict=True))
    order = [indices.index(p.single) for p in pattern if p.single in indices]
    array[place] = np.transpose(data, order) if len(order) > 1 else data if order else data[()]
    return array


__all__ = ["domain_of", "evaluate_step", "updated"]
