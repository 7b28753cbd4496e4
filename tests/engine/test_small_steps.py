"""Small steps: every whole right-hand side has the value of the adjoint, whatever derivatives stand in it still.

Derivatives that are not carried out yet are computed by the rules, and for small sheets by differences, which know no
rule at all.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from drawing import THOROUGH
from engine.points import Point, gap, same
from engine.running import derived, read_text
from engine.test_notation_algebra import LAYERS, SHEETS, at_a_point, named
from gradsheet.calculus import Differentiator, Log, steps
from gradsheet.derivation import small_steps
from gradsheet.evaluation import Evaluator, Float64
from gradsheet.expressions import (
    Access,
    Affine,
    Index,
    Multiply,
    OverData,
    Partial,
    Symbol,
    key,
    number,
    substitute,
    transform,
    walk,
)

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.derivation import Adjoint, Derivation, WholeStep
    from gradsheet.expressions import Expr


def definition(derivation: Derivation, body: Expr, symbol: Symbol) -> Expr:
    """∂z[i]/∂W means the derivative of what z[i] is."""
    if not isinstance(body, Access) or body.symbol is symbol:
        return body
    for clause in sorted(derivation.graph.clauses[body.symbol], key=lambda e: len(e.free)):
        mapping = {p.single: a for p, a in zip(clause.pattern, body.at, strict=True) if p.single in clause.free}
        if tuple(p.substitute(mapping) for p in clause.pattern) == body.at and runs(mapping):
            return substitute(derivation.graph.body(clause), mapping)
    raise AssertionError(body)


def runs(mapping: dict[Any, Affine]) -> bool:
    """Whether each index of a definition stands for one with the same range: h[0] is not h[t] for t in 1..T."""
    return all(not a.is_constant for i, a in mapping.items() if i.low != a)


def carried_out(derivation: Derivation, body: Expr) -> Expr:
    """Every derivative that stands in an expression, by the rules."""

    def rewrite(node: Any) -> Any:
        if isinstance(node, Partial):
            body = definition(derivation, node.body, node.symbol)
            return Differentiator(node.symbol, node.at, derivation.graph.functions, Log()).derivative(body)
        return node

    return transform(body, rewrite)


def check_steps(derivation: Derivation, point: Point, adjoint: Adjoint, found: tuple[WholeStep, ...]) -> None:
    """Each whole is the adjoint's value, and the last is its equation."""
    assert key(found[-1].whole) == key(adjoint.equation.body)
    expected = point.values[adjoint.symbol]
    for step in found:
        value = point.body(adjoint.equation, carried_out(derivation, step.whole))
        assert same(value, expected), f"{adjoint.symbol.name}, {step.rule.name}: {gap(value, expected)}"


def takes_data(derivation: Derivation) -> bool:
    return any(isinstance(n, OverData) for e in derivation.graph.equations for n in walk(e.body))


@cache
def all_steps(path: Path) -> list[tuple[Adjoint, tuple[WholeStep, ...]]]:
    """Every other adjoint of a sheet, the last one among them, with its steps; thoroughly, every one. Made once."""
    derivation, _ = at_a_point(named(path))
    chosen = derivation.adjoints if THOROUGH else derivation.adjoints[::-2][::-1]
    return [(adjoint, small_steps(derivation, adjoint)) for adjoint in chosen]


@pytest.fixture(scope="module", params=SHEETS, ids=lambda p: p.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """One sheet after another, with all tests of one together."""
    return request.param


def test_no_small_step_is_wrong(path: Path):
    derivation, point = at_a_point(named(path))
    for adjoint, found in all_steps(path):
        if steps.DATA in adjoint.log.rules:  # means of what is not known yet: the end alone has a value
            assert key(found[-1].whole) == key(adjoint.equation.body)
            continue
        check_steps(derivation, point, adjoint, found)


def test_the_first_step_is_the_chain_rule_or_the_definition(path: Path):
    for adjoint, found in all_steps(path):
        first, last = found[0], found[-1]
        assert first.rule.name in {"multivariable_chain_rule", "definition"}, adjoint.symbol.name
        assert not any(isinstance(n, Partial) for n in walk(last.whole))
        if any(isinstance(n, Partial) for n in walk(first.whole)):
            assert len(found) > 1


def test_steps_that_are_followed_are_most():
    """Fragments alone are the exception."""
    found = [step for sheet in SHEETS[::3] for _, steps_ in all_steps(sheet) for step in steps_]
    fragments = sum(step.fragment is not None for step in found)
    followed = len(found) - fragments
    assert followed > 250
    assert fragments * 20 < followed


def test_a_wrong_step_is_seen():
    derivation, point = at_a_point(LAYERS)
    adjoint = derivation.find("L", "z1")
    assert adjoint is not None
    found = small_steps(derivation, adjoint)
    wrong = replace(found[2], whole=Multiply((number(2), found[2].whole)))
    with pytest.raises(AssertionError, match="∂L/∂z1, tanh"):
        check_steps(derivation, point, adjoint, (*found[:2], wrong, *found[3:]))


# ---------------------------------------------------------------- by differences


def by_differences(point: Point, partial: Partial) -> tuple[Symbol, Any, Access]:
    """∂body/∂symbol[…] over the free indices of the body and all entries of the symbol, by central differences."""
    free = tuple(sorted(partial.body.free, key=lambda i: i.serial))
    held = np.asarray(point.values[partial.symbol], float)
    sizes = point.inputs.sizes

    def value(array: np.ndarray) -> np.ndarray:
        known = {**point.values, partial.symbol: array}
        evaluator = Evaluator(Float64(), sizes.values, sizes.families, known, point.functions)
        shape = tuple(len(evaluator.extent(i)) for i in free)
        return np.broadcast_to(np.asarray(evaluator.evaluate(partial.body).over(free), float), shape)

    columns = []
    for place in np.ndindex(held.shape):
        step = np.zeros_like(held)
        step[place] = 1e-5
        columns.append((value(held + step) - value(held - step)) / 2e-5)
    shape = columns[0].shape
    table = np.stack(columns, axis=-1).reshape((*shape, *held.shape))
    axes = tuple(Index(i.name, i.low, i.high) for i in (*free, *partial.symbol.axes))
    symbol = Symbol("P", axes)
    return symbol, table, Access(symbol, (*map(Affine.atom, free), *partial.at))


SMALL = {"tanh": LAYERS, "softmax": read_text(SHEETS[0].parent / "mlp-4433-softmax.sheet")}


@pytest.mark.parametrize("text", SMALL.values(), ids=SMALL.keys())
def test_each_whole_agrees_with_differences(text: str):
    """No rule of differentiation is used to check the rules of differentiation."""
    derivation = derived(text)
    point = Point(derivation, seed=3)
    for adjoint in derivation.adjoints:
        expected = np.asarray(point.values[adjoint.symbol], float)
        for step in small_steps(derivation, adjoint):
            known: dict[Symbol, Any] = {}

            def table(node: Any, known: dict[Symbol, Any] = known) -> Any:
                if isinstance(node, Partial):
                    body = definition(derivation, node.body, node.symbol)
                    symbol, values, access = by_differences(point, Partial(body, node.symbol, node.at))
                    known[symbol] = values
                    return access
                return node

            value = point.body(adjoint.equation, transform(step.whole, table), known)
            assert np.allclose(value, expected, rtol=1e-5, atol=1e-7), f"{adjoint.symbol.name}, {step.rule.name}"
