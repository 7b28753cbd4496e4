"""Every use of a name has a gradient of its own, and together they are the gradient of the name."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import gradsheet as gs
from fences import ROOT
from gradsheet.calculus import Differentiator
from gradsheet.diagnostics import CheckError
from gradsheet.expressions import Configurations, Multiply, number, walk
from gradsheet.solution import solve
from gradsheet.solution.gates import gates
from gradsheet.solution.wiring import is_circuit, wiring
from oracles.models import ORACLES
from solving import given_of, text_without_values

if TYPE_CHECKING:
    from gradsheet.solution import Solution

SHARED = """
x ∈ ℝ^T, w, s ∈ ℝ
h[0] = s
for t in 1..T
  h[t] = tanh(w h[t-1] + x[t])
L = h[T]²
parameters w
minimize L
given x = [1, 2, 3], w = 1/2, s = 1
"""


def solved(text: str, **values: Any) -> Solution:
    return solve(gs.loads(text)._sheet, values or None)


def of_oracle(name: str) -> Solution:
    oracle = ORACLES[name]
    sheet = gs.loads(text_without_values(ROOT / name), name=name)
    return solve(sheet._sheet, given_of(oracle, oracle.sample()), kind="float64", check=False)


def beyond(solution: Solution) -> bool:
    """Functions and sums over configurations, derivatives as terms: their uses are not told apart."""
    sheet = solution.sheet
    nodes = [n for e in sheet.equations for n in walk(e.body)]
    terms = any(s.adjoint_of for e in sheet.equations for s in e.body.symbols)
    return bool(sheet.functions) or terms or any(isinstance(n, Configurations) for n in nodes)


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_the_parts_add_up_to_the_gradient(name: str):
    solution = of_oracle(name)
    found = wiring(solution, circuit=is_circuit(solution))
    if beyond(solution):
        assert found is None
        return
    assert found is not None
    if solution.row_count:
        return  # a part is that of one row; the mean over the rows is taken behind it
    parts: dict[Any, list[Any]] = defaultdict(list)
    for wire in found.wires:
        parts[wire.source].append(None if wire.shared else found.gradient(wire.symbol))
    compared = 0
    for adjoint in solution.derivation.adjoints:
        known = parts.get(adjoint.wrt[0], [])
        total = solution.states[0].values[adjoint.symbol]
        if len(adjoint.wrt) > 1 or adjoint.of not in solution.derivation.targets or not known:
            continue
        if isinstance(total, dict) or any(p is None for p in known) or len({np.shape(p) for p in known}) > 1:
            continue
        if adjoint.wrt[0].leading:  # its gradient may begin after a first member that depends on no parameter
            known = [p[len(p) - len(total) :] for p in known]
        np.testing.assert_allclose(np.sum(known, axis=0), total, rtol=1e-9, atol=1e-12)
        compared += 1
    assert compared or any(isinstance(v, dict) for v in solution.states[0].values.values())


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x y", ["x y"]),
        ("x y + z", ["x y", "· + z"]),
        ("x - y", ["x −y"]),
        ("x / y", ["x ÷y"]),
        ("1/x", ["x"]),
        ("x/2", ["x"]),
        ("1/2 (x - y)²", ["x −y", "·", "·"]),
        ("max(0, x)", ["x"]),
        ("max(x, y)", ["x y"]),
        ("log(1 + e^(-x))", ["x", "·", "·", "·"]),
        ("x x", ["x x"]),
        ("x^y", ["x ^y"]),
        ("x", ["x"]),
        ("1 x", ["x"]),
        ("2 x y / z", ["x y", "· ÷z", "·"]),
        ("x if x ≤ y else z", ["ifx ify thenx elsez"]),
        ("-(x + y)", ["x y", "·"]),
    ],
)
def test_a_formula_falls_apart_into_its_operations(formula: str, expected: list[str]):
    sheet = gs.loads(f"x, y, z ∈ ℝ\nL = {formula}\nparameters x, y, z\nminimize L\n")._sheet
    found = gates(sheet.equations[0])
    spelled = [" ".join(w.mark + (w.source.name or "·") for w in gate.inputs).replace(" + ", " ") for gate in found]
    assert spelled == [e.replace(" + ", " ") for e in expected]
    assert found[-1].output is sheet.equations[0].symbol


def test_gates_compute_what_the_formula_computes():
    text = "x, y, z ∈ ℝ\nL = log(1 + e^(-x y)) / (z - 1/3)² + max(x, 2 z) - y x/4\nparameters x, y, z\nminimize L\n"
    solution = solved(text, x=1, y=0.5, z=2)
    found = wiring(solution, circuit=True)
    assert found is not None
    (last,) = found.derivation.targets
    assert float(found.values[last]) == pytest.approx(float(solution.states[0].objective), rel=1e-12)
    for symbol in solution.sheet.parameters:
        total = sum(float(found.gradient(w.symbol)) for w in found.wires if w.source is symbol)
        assert total == pytest.approx(float(solution.states[0].values[solution.derivation.gradients[symbol].symbol]))


def test_a_weight_that_steps_share_has_a_part_for_each_step():
    solution = solved(SHARED)
    apart = wiring(solution, members=True)
    assert apart is not None
    (parts,) = [apart.gradient(w.symbol) for w in apart.wires if w.source.name == "w"]
    assert np.shape(parts) == (3,)
    (total,) = [solution.states[0].values[a.symbol] for a in solution.derivation.gradients.values()]
    assert float(sum(parts)) == pytest.approx(float(total), rel=1e-12)
    assert len({float(p) for p in parts}) == 3


def test_a_branch_that_has_no_value_is_no_circuit():
    text = "x, y ∈ ℝ\nL = log x if x > 0 else y\nparameters x, y\nminimize L\ngiven x = -1, y = 2\n"
    solution = solved(text)
    assert wiring(solution, circuit=True) is None
    assert wiring(solution) is not None


def test_a_part_that_is_wrong_is_never_shown(monkeypatch: pytest.MonkeyPatch):
    text = "x ∈ ℝ\na = x²\nL = a + x\nparameters x\nminimize L\ngiven x = 3\n"
    solution = solved(text)
    assert wiring(solution) is not None
    monkeypatch.setattr("gradsheet.derivation.accumulate.Differentiator", Doubling)
    monkeypatch.setenv("GRADSHEET_CACHE", "")
    with pytest.raises(CheckError):
        wiring(solution)


class Doubling(Differentiator):
    """A fault: every derivative is twice what it is."""

    def derivative(self, expr: Any) -> Any:
        return Multiply((number(2), super().derivative(expr)))
