"""Equations in the order in which they can be computed; recursive families step by step along their index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.evaluation.named import symbol_depth
from gradsheet.evaluation.ordering import stages
from gradsheet.expressions import Affine, Expr, Index, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.evaluation.domains import Domain
    from gradsheet.evaluation.evaluate import Evaluator
    from gradsheet.evaluation.ordering import Stage
    from gradsheet.sheet import Equation


class UndefinedValueError(ArithmeticError):
    """A component without a value: a division by zero, a logarithm of a negative number."""

    def __init__(self, equation: Equation, place: tuple[int, ...], reason: str) -> None:
        super().__init__(reason)
        self.equation, self.place, self.reason = equation, place, reason


class Program:
    """Stages for a set of equations; `bodies` gives their right-hand sides with functions unfolded."""

    def __init__(self, equations: Iterable[Equation], bodies: Mapping[Equation, Expr]) -> None:
        self.bodies = bodies
        self.stages = stages(list(equations), bodies)

    def run(self, evaluator: Evaluator) -> None:
        """Compute every stage into the evaluator's values."""
        for stage in self.stages:
            if stage.recursive:
                self._recursion(stage, evaluator)
            else:
                for equation in stage.equations:
                    self._whole(equation, evaluator)

    # ------------------------------------------------------------ plain equations

    def _whole(self, equation: Equation, evaluator: Evaluator) -> None:
        symbol = equation.symbol
        evaluator.forget()
        if symbol_depth(symbol) or any(evaluator.needs_loop(i, self.bodies[equation]) for i in equation.free):
            for fixed in _steps(equation, evaluator, _loop_indices(equation, self.bodies[equation], evaluator)):
                self._assign(equation, fixed, evaluator)
            return
        self._assign(equation, {}, evaluator)

    def _assign(self, equation: Equation, fixed: dict[Index, int], evaluator: Evaluator) -> None:
        evaluator.fixed.update(fixed)
        evaluator.forget()
        symbol = equation.symbol
        rest = [i for i in equation.free if i not in fixed]
        result = evaluator.evaluate(self.bodies[equation])
        shape = tuple(len(evaluator.extent(i)) for i in rest)
        data = np.broadcast_to(np.asarray(result.over(rest), dtype=evaluator.domain.dtype), shape)
        self._check(equation, data, rest, evaluator)
        held, place = self._target(symbol, equation.pattern, evaluator)
        order = [rest.index(p.single) for p in equation.pattern if p.single in rest]
        entries = np.transpose(data, order) if len(order) > 1 else data if order else data[()]
        push = evaluator.pushes.get(symbol)
        if push is not None:
            if isinstance(push, dict):
                push = push[tuple(evaluator.whole(p) for p in equation.pattern[: symbol_depth(symbol)])]
            entries = entries + push[place]
        held[place] = entries
        for index in fixed:
            evaluator.fixed.pop(index)

    def _target(self, symbol: Symbol, pattern: tuple[Affine, ...], evaluator: Evaluator) -> tuple[Any, Any]:
        """The array that holds a symbol (or one member of it) and the place in it."""
        depth = symbol_depth(symbol)
        values = evaluator.values
        if not depth:
            if not isinstance(values.get(symbol), np.ndarray):
                values[symbol] = _empty([len(evaluator.extent(a)) for a in symbol.axes], evaluator.domain)
            return values[symbol], tuple(selector(p, a, evaluator) for p, a in zip(pattern, symbol.axes, strict=True))
        members = values.setdefault(symbol, {})
        assert isinstance(members, dict)
        member = tuple(evaluator.whole(p) for p in pattern[:depth])
        mapping: dict[Any, Affine] = {a: Affine(m) for a, m in zip(symbol.axes, member, strict=False)}
        own = [Index(a.name, a.low.substitute(mapping), a.high.substitute(mapping)) for a in symbol.axes[depth:]]
        if member not in members:
            members[member] = _empty([len(evaluator.extent(a)) for a in own], evaluator.domain)
        return members[member], tuple(selector(p, a, evaluator) for p, a in zip(pattern[depth:], own, strict=True))

    def _check(self, equation: Equation, data: Any, rest: Sequence[Index], evaluator: Evaluator) -> None:
        domain = evaluator.domain
        if data.dtype == np.float64:
            bad = np.isnan(data)
            if not bad.any():
                return
            place = tuple(int(k[0]) for k in np.nonzero(bad)) if data.ndim else ()
            self._undefined(equation, place, rest, domain.why_undefined(np.nan) or "", evaluator)
            return
        for place in np.ndindex(data.shape):
            reason = domain.why_undefined(data[place])
            if reason is not None:
                self._undefined(equation, place, rest, reason, evaluator)

    @staticmethod
    def _undefined(
        equation: Equation, place: tuple[int, ...], rest: Sequence[Index], reason: str, evaluator: Evaluator
    ) -> None:
        at = {i: k + evaluator.extent(i).start for i, k in zip(rest, place, strict=True)}
        at.update(evaluator.fixed)
        where = []
        for p in equation.pattern:
            single = p.single
            where.append(at[single] if isinstance(single, Index) and single in at else evaluator.whole(p))
        raise UndefinedValueError(equation, tuple(where), reason)

    # ------------------------------------------------------------ recursions

    def _recursion(self, stage: Stage, evaluator: Evaluator) -> None:
        depth = len(stage.directions)
        wanted: dict[tuple[int, ...], list[tuple[Equation, dict[Index, int]]]] = {}
        for equation in stage.equations:
            leading = [p.single for p in equation.pattern[:depth]]
            indices = [i for i in leading if isinstance(i, Index)]
            for fixed in _steps(equation, evaluator, indices):
                saved = dict(evaluator.fixed)
                evaluator.fixed.update(fixed)
                step = tuple(evaluator.whole(p) for p in equation.pattern[:depth])
                evaluator.fixed = saved
                wanted.setdefault(step, []).append((equation, fixed))
        order = sorted(wanted, key=lambda step: tuple(d * s for d, s in zip(stage.directions, step, strict=True)))
        for step in order:
            for equation, fixed in wanted[step]:
                extra = _loop_indices(equation, self.bodies[equation], evaluator)
                remaining = [i for i in extra if i not in fixed]
                if not remaining:
                    self._assign(equation, fixed, evaluator)
                    continue
                evaluator.fixed.update(fixed)
                for more in _steps(equation, evaluator, remaining):
                    self._assign(equation, {**fixed, **more}, evaluator)
                for index in fixed:
                    evaluator.fixed.pop(index, None)


def selector(place: Affine, axis: Index, evaluator: Evaluator) -> slice | int:
    """Where a place of a left-hand side stands in its array: a run for an index that is free, else one number."""
    index = place.single
    if isinstance(index, Index) and index not in evaluator.fixed:
        run = evaluator.extent(index)
        low = evaluator.whole(axis.low)
        return slice(run.start - low, run.stop - low)
    return evaluator.whole(place) - evaluator.whole(axis.low)


def _empty(shape: Sequence[int], domain: Domain) -> Any:
    array = np.empty(tuple(shape), dtype=domain.dtype)
    array.fill(domain.undefined)
    return array


def _loop_indices(equation: Equation, body: Expr, evaluator: Evaluator) -> list[Index]:
    """The free indices that must be fixed one by one: those on which a size or a member depends."""
    depth = symbol_depth(equation.symbol)
    result = [p.single for p in equation.pattern[:depth] if isinstance(p.single, Index)]
    for index in equation.free:
        if index not in result and evaluator.needs_loop(index, body):
            result.append(index)
    return result


def _steps(equation: Equation, evaluator: Evaluator, indices: Sequence[Index]) -> Iterable[dict[Index, int]]:
    """All values of some free indices, in order; the range of one may depend on those before it."""
    ordered = [i for i in equation.free if i in indices and i not in evaluator.fixed]
    states: list[dict[Index, int]] = [{}]
    for index in ordered:
        grown: list[dict[Index, int]] = []
        for state in states:
            saved = dict(evaluator.fixed)
            evaluator.fixed.update(state)
            grown.extend({**state, index: k} for k in evaluator.extent(index))
            evaluator.fixed = saved
        states = grown
    return states


__all__ = ["Program", "UndefinedValueError", "selector"]
