"""The algebra below the notations: local Jacobians contract to the adjoints, δ's and what is inlined have their values.

Each check is run at random points with sizes that tell the axes apart, on every sheet there is, and is seen to fail.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.points import Point, alone, gap, same
from engine.running import derivation_of, derived
from fences import ROOT
from gradsheet.derivation import Jacobians, Rewritten, Substitution, delta_rows, guarded
from gradsheet.derivation.deltas import delta_names
from gradsheet.expressions import Access, Add, Affine, Multiply, Reduce, number, substitute
from gradsheet.writing.equations import taken_names

if TYPE_CHECKING:
    from gradsheet.derivation import Adjoint, Contribution, DeltaRow, Derivation
    from gradsheet.expressions import Expr

SHEETS = sorted(p for folder in ("examples", "tests/sheets") for p in (ROOT / folder).glob("*.sheet"))
LAYERS = """
x ∈ ℝ^3, y ∈ ℝ^2
W1 ∈ ℝ^(4×3), b1 ∈ ℝ^4, W2 ∈ ℝ^(2×4)
z1 = W1 x + b1
h1 = tanh(z1)
z2 = W2 h1
L = 1/2 ‖z2 - y‖²
parameters W1, b1, W2
minimize L
"""


@cache
def at_a_point(name: str) -> tuple[Derivation, Point]:
    derivation = derivation_of(ROOT / name) if name.endswith(".sheet") else derived(name)
    return derivation, Point(derivation)


def named(path) -> str:
    return str(path.relative_to(ROOT))


# ---------------------------------------------------------------- Jacobians


def whole(part: Contribution, adjoint: Adjoint) -> Expr:
    """Σ ∂L/∂u ∂u/∂v in the indices of the adjoint."""
    own, jacobian = adjoint.equation, part.jacobian
    if jacobian is None:
        assert part.upstream is not None
        return Access(part.upstream, own.pattern)
    mapping = dict(zip((*jacobian.at, *jacobian.inputs), own.pattern, strict=True))
    body = jacobian.body
    if part.upstream is not None:
        body = Multiply((Access(part.upstream, (*jacobian.place, *map(Affine.atom, jacobian.outputs))), body))
    inside = tuple(g for g in jacobian.guards if g.free & {*jacobian.sums})
    body = guarded(body, inside)
    for index in reversed((*jacobian.sums, *jacobian.outputs)):
        body = Reduce("sum", index, body)
    return substitute(guarded(body, tuple(g for g in jacobian.guards if g not in inside)), mapping)


def check_contributions(point: Point, adjoint: Adjoint, parts: tuple[Contribution, ...]) -> None:
    total: Expr = Add(tuple(whole(part, adjoint) for part in parts)) if parts else number(0)
    found = point.body(adjoint.equation, total)
    expected = point.values[adjoint.symbol]
    assert same(found, expected), f"{adjoint.symbol.name}: {gap(found, expected)}"


@pytest.mark.parametrize("path", SHEETS, ids=lambda p: p.stem)
def test_local_jacobians_contract_to_the_adjoint(path):
    derivation, point = at_a_point(named(path))
    jacobians = Jacobians(derivation)
    for adjoint in derivation.adjoints:
        parts = jacobians.contributions(adjoint)
        if parts is not None:
            check_contributions(point, adjoint, parts)


def test_most_adjoints_have_local_jacobians():
    counts = {True: 0, False: 0}
    for path in SHEETS:
        derivation, _ = at_a_point(named(path))
        jacobians = Jacobians(derivation)
        for adjoint in derivation.adjoints:
            counts[jacobians.contributions(adjoint) is not None] += 1
    assert counts[True] > 10 * counts[False], counts


def test_a_wrong_local_jacobian_is_seen():
    derivation, point = at_a_point(LAYERS)
    adjoint = derivation.find("L", "z1")
    assert adjoint is not None
    (part,) = Jacobians(derivation).contributions(adjoint) or ()
    assert part.jacobian is not None
    wrong = replace(part.jacobian, body=Multiply((number(-1), part.jacobian.body)))
    with pytest.raises(AssertionError, match="∂L/∂z1"):
        check_contributions(point, adjoint, (replace(part, jacobian=wrong),))


def test_a_jacobian_has_outputs_then_inputs():
    derivation, point = at_a_point(LAYERS)
    jacobians = Jacobians(derivation)
    shapes = {}
    for adjoint in derivation.adjoints:
        for part in jacobians.contributions(adjoint) or ():
            assert part.jacobian is not None
            equation = part.jacobian.equation
            shapes[equation.symbol.name] = np.shape(point.value(equation))
    sizes = {s.name: np.shape(point.values[s]) for s in derivation.sheet.symbols.values()}
    assert shapes["∂z2/∂h1"] == (*sizes["z2"], *sizes["h1"])
    assert shapes["∂z1/∂W1"] == (*sizes["z1"], *sizes["W1"])
    assert shapes["∂L/∂z2"] == sizes["z2"]


# ---------------------------------------------------------------- δ


def check_deltas(point: Point, rows: list[DeltaRow]) -> int:
    """Each δ has the value of its definition, and each equation that of what it stands for."""
    known = {r.delta.symbol: point.value(alone(r.delta.definition)) for r in rows if r.delta is not None}
    for row in rows:
        found = point.value(alone(row.equation), known)
        expected = known[row.delta.symbol] if row.delta is not None else point.values[row.rewritten.adjoint.symbol]
        assert same(found, expected), f"{row.equation.symbol.name}: {gap(found, expected)}"
    return len(known)


@pytest.mark.parametrize("path", SHEETS, ids=lambda p: p.stem)
def test_every_delta_is_what_it_stands_for(path):
    derivation, point = at_a_point(named(path))
    rows = delta_rows(derivation, taken_names(derivation.sheet))
    check_deltas(point, rows)
    names = [r.delta.symbol.name for r in rows if r.delta is not None]
    assert len(set(names)) == len(names)
    assert not set(names) & taken_names(derivation.sheet)


@pytest.mark.parametrize("path", SHEETS, ids=lambda p: p.stem)
def test_gradients_are_told_in_delta_alone(path):
    """What stands in the equations are δ's, gradients and values; no derivative by an intermediate result is left."""
    derivation, _ = at_a_point(named(path))
    rows = delta_rows(derivation, taken_names(derivation.sheet))
    asked = {r.equation.symbol for r in rows if r.delta is None}
    adjoints = {a.symbol for a in derivation.adjoints}
    for row in rows:
        assert row.equation.body.symbols & adjoints <= asked, row.equation.symbol.name
    gradients = {a.symbol for a in derivation.gradients.values()}
    assert not rows or gradients <= asked


def test_a_wrong_delta_is_seen():
    derivation, point = at_a_point(LAYERS)
    rows = delta_rows(derivation, ())
    wrong = replace(rows[-1], equation=alone(rows[-1].equation, Multiply((number(2), rows[-1].equation.body))))
    assert check_deltas(point, rows) == 2
    with pytest.raises(AssertionError):
        check_deltas(point, [*rows[:-1], wrong])


NAMED = {
    "numbered": (("z1", "z2"), (), ("δ1", "δ2")),
    "alone": (("z",), (), ("δ",)),
    "letters": (("a", "h"), (), ("δ_a", "δ_h")),
    "the end has a word": (("s1", "s2", "sout"), (), ("δ1", "δ2", "δ_out")),
    "a number twice": (("z1", "a1"), (), ("δ_z1", "δ_a1")),
    "lowered": (("z₁", "z₂"), (), ("δ₁", "δ₂")),
    "δ is taken": (("z",), ("δ",), ("δ_z",)),
    "δ1 is taken": (("z1", "z2"), ("δ1",), ("δ_z1", "δ2")),
    "a derivative is no name": (("∂f/∂x",), (), ("δ1",)),
}


@pytest.mark.parametrize(("layers", "taken", "names"), NAMED.values(), ids=NAMED.keys())
def test_names_of_deltas(layers, taken, names):
    class Stand:
        def __init__(self, layer: str) -> None:
            self.symbol = layer
            self.wrt = (type("Named", (), {"name": layer}),)

    assert tuple(delta_names([Stand(x) for x in layers], taken).values()) == names


def test_delta_of_a_layer_with_its_function_is_inside_the_function():
    """h = tanh(W x) has no name for W x: δ is the derivative by it."""
    derivation, point = at_a_point("""
x ∈ ℝ^3, y ∈ ℝ^2
W ∈ ℝ^(2×3)
h = tanh(W x)
L = 1/2 ‖h - y‖²
parameters W
minimize L
""")
    (first, second) = delta_rows(derivation, ())
    assert first.delta is not None
    assert first.delta.slope is not None
    assert first.delta.slope.function == "tanh"
    symbols = {s.name for s in second.equation.body.symbols}
    assert symbols == {"δ", "x"}
    check_deltas(point, [first, second])


# ---------------------------------------------------------------- inline


def check_rewritten(point: Point, rows: list[Rewritten]) -> None:
    for row in rows:
        found = point.value(alone(row.equation))
        expected = point.values[row.adjoint.symbol]
        assert same(found, expected), f"{row.adjoint.symbol.name}: {gap(found, expected)}"


@pytest.mark.parametrize("path", SHEETS, ids=lambda p: p.stem)
def test_what_is_put_in_changes_no_value(path):
    derivation, point = at_a_point(named(path))
    parameters = {a.wrt[-1] for a in derivation.gradients.values()}
    substitution = Substitution(derivation, lambda a: a.wrt[-1] in parameters or a.order > 1, longest=30, once=False)
    check_rewritten(point, [substitution.rewritten(a) for a in derivation.adjoints])


def test_an_intermediate_derivative_is_gone_once_it_is_put_in():
    derivation, point = at_a_point(LAYERS)
    parameters = {a.wrt[-1] for a in derivation.gradients.values()}
    substitution = Substitution(derivation, lambda a: a.wrt[-1] in parameters, longest=100, once=False)
    row = substitution.rewritten(derivation.gradients[next(s for s in parameters if s.name == "W1")])
    assert {s.name for s in row.equation.body.symbols} == {"z2", "y", "W2", "h1", "x"}
    assert [a.wrt[-1].name for a in row.through] == ["z2", "h1", "z1"]
    wrong = Rewritten(row.adjoint, alone(row.equation, Multiply((number(2), row.equation.body))))
    with pytest.raises(AssertionError):
        check_rewritten(point, [wrong])


def test_a_recursion_keeps_its_name():
    derivation, _ = at_a_point("examples/many-layers.sheet")
    substitution = Substitution(derivation, lambda a: a.wrt[-1].name in {"W", "b"}, longest=1000, once=False)
    rows = [substitution.rewritten(a) for a in derivation.adjoints]
    named_ones = {s.name for s in substitution.named}
    assert len(named_ones) == 1
    assert named_ones < {"∂L/∂s", "∂L/∂a"}
    assert any(r.adjoint.symbol in r.equation.body.symbols for r in rows)
