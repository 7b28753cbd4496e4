"""Lowering: no pass changes what is computed, and each leaves the program in the form that the next one wants."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradsheet as gs
from engine.random_sheets import random_sheet
from gradsheet.derivation import derive
from gradsheet.expressions import (
    Access,
    Affine,
    ArrayCall,
    Call,
    Index,
    Lambda,
    Multiply,
    Reduce,
    Size,
    Symbol,
    number,
    walk,
)
from gradsheet.expressions.nodes import bound
from gradsheet.programs.contracting import contraction, pair
from gradsheet.programs.decomposing import is_contraction
from gradsheet.programs.lowering import PASSES, lower
from gradsheet.programs.model import Loop, assigns
from gradsheet.solution import solve
from programs.worlds import World, agree, derived, sheets, wanted, world

EVERY_PASS = (
    "attention", "batch-norm", "bidirectional", "causal-attention-sums", "convolution-2d", "cox", "determinant",
    "embedding", "gaussian-mixture", "gru", "huber-mean", "ising-chain", "labels-on-a-tree", "linear-solve",
    "max-pooling", "mlp-4433-softmax", "momentum", "pullback-of-two", "residual-stacked", "rms-norm-pullback",
    "strided-convolution", "sum-over-data", "two-steps-back", "weight-decay", "widths",
)  # fmt: skip
"""One sheet for each construct: masks, recursions up and down, families, labels, sums over configurations, …"""
EVERY_PASS = tuple(name for name in EVERY_PASS if any(p.stem == name for p in sheets()))
AFTER_ORDER = [p.name for p in PASSES[3:]]


def same(one: dict, other: dict) -> list[object]:
    assert one.keys() == other.keys()
    return [k for k in one if not agree(one[k], other[k])]


# ---------------------------------------------------------------- what is computed


@pytest.mark.parametrize("rows", [None, 3])
@pytest.mark.parametrize("name", EVERY_PASS)
def test_every_pass_keeps_the_meaning(name: str, rows: int | None):
    at = world(derived(name), rows=rows, style=2)
    first, *later = AFTER_ORDER
    expected = at.results(at.program(first))
    for after in later:
        assert same(at.results(at.program(after)), expected) == [], after


def solved(at: World) -> dict:
    """The numbers of the solver, which shares no pass with programs."""
    steps = 1 if "update" in at.request.wanted else 0
    solution = solve(at.derivation.sheet, at.by_name, kind="float64", steps=steps, check=False)
    after = {(s.name, True): v for s, v in solution.states[-1].values.items()}
    return {**{(s.name, False): v for s, v in solution.states[0].values.items()}, **after}


@pytest.mark.parametrize("name", [n for n in EVERY_PASS if n not in {"determinant", "ising-chain", "labels-on-a-tree"}])
def test_a_program_has_the_numbers_of_the_solver(name: str):
    at = world(derived(name), style=1)
    known = solved(at)
    for (result, member, updates), value in at.results(at.program()).items():
        other = known[result, updates]
        other = other[member] if isinstance(other, dict) else other
        assert agree(value, np.asarray(other, dtype=float)), result


@pytest.mark.parametrize("weight", ["mean", "sum"])
def test_rows_are_averaged_or_added_up(weight: str):
    derivation = derived("mlp-4433-softmax")
    whole = world(derivation, rows=3, weight=weight)
    total = whole.results(whole.program())
    parts = []
    for row in range(3):
        one = world(derivation)
        one.values = {k: v[row] if k[0] in {"x", "y"} else v for k, v in whole.values.items()}
        parts.append(one.results(one.program()))
    for key, value in total.items():
        if not key[2]:
            each = sum(p[key] for p in parts)
            assert agree(value, each / 3 if weight == "mean" else each), key


def test_a_term_without_data_is_counted_once():
    sheet = gs.loads("x, w ∈ ℝ^n, λ ∈ ℝ\nℓ = w' x\nJ = mean ℓ + λ ‖w‖²\nparameters w\nminimize J").inner
    at = world(derive(sheet), rows=4)
    x, w, scale = (at.values[k, None] for k in ("x", "w", "λ"))
    results = at.results(at.program())
    assert agree(results["J", None, False], np.mean(x @ w) + scale * w @ w)
    assert agree(results["∂J/∂w", None, False], np.mean(x, axis=0) + 2 * scale * w)


def test_the_pullback_by_what_has_no_rows_is_added_up():
    at = world(derived("rms-norm-pullback"), rows=3)
    program = at.program()
    shapes = {r.name: len(r.symbol.axes) for r in program.results}
    assert shapes == {"o": 2, "x̄": 2, "γ̄": 1}
    parts = []
    for row in range(3):
        one = world(derived("rms-norm-pullback"))
        one.values = {k: v[row] if np.ndim(v) == 2 else v for k, v in at.values.items()}
        parts.append(one.results(one.program())["γ̄", None, False])
    assert agree(at.results(program)["γ̄", None, False], sum(parts))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), rows=st.sampled_from([None, 2]))
def test_random_sheets_keep_their_meaning(seed: int, rows: int | None):
    sheet = random_sheet(random.Random(seed), lines=3)
    at = world(derive(gs.loads(sheet.text).inner), rows=rows, seed=seed)
    first = at.results(at.program("rows"))
    for after in ("inline", "decompose", "fuse"):
        program = at.program(after)
        assert faults_after_schedule(program) == [], f"{after}\n{sheet.text}"
        assert same(at.results(program), first) == [], f"{after}\n{sheet.text}"


# ---------------------------------------------------------------- the form after each pass


def faults_after_settle(program) -> list[str]:
    """Axes count from 0; sizes that are known are numbers; no axis depends on another one."""
    found = []
    for symbol in [*(a.symbol for a in program.arguments), *(s.target for s in assigns(program.statements))]:
        for axis in symbol.axes:
            if axis.low.constant or axis.low.terms:
                found.append(f"{symbol} starts at {axis.low}")
            if any(isinstance(a, Index) for a in axis.high.atoms()):
                found.append(f"an axis of {symbol} depends on another")
            if any(isinstance(a, Size) and (a in program.sizes or a.literal is not None) for a in axis.high.atoms()):
                found.append(f"a size of {symbol} is no number")
    return found


def faults_after_schedule(program) -> list[str]:
    """What is read was made before, or is an argument."""
    found, made = [], set(program.inputs)

    def visit(statements) -> None:
        for statement in statements:
            if isinstance(statement, Loop):
                made.update(a.target for a in assigns(statement.body))  # a recursion reads what it makes
                visit(statement.body)
                continue
            found.extend(f"{s} is read before it is made" for s in statement.body.symbols - made)
            made.add(statement.target)

    visit(program.statements)
    return found


def faults_after_decompose(program) -> list[str]:
    """A contraction is a product of plain components; an operation on a whole array stands alone on one."""
    found = []
    for assign in program.assigns:
        for node in walk(assign.body):
            if isinstance(node, ArrayCall) and (assign.body is not node or not isinstance(node.argument.body, Access)):
                found.append(f"{node.operation} in {assign.target}")
            if not isinstance(node, Reduce) or node.kind != "sum" or isinstance(node.body, Reduce):
                continue
            around = (*assign.free, *(i for n in walk(assign.body) for i in bound(n)))
            if is_contraction(node.body, around):
                factors = node.body.factors if isinstance(node.body, Multiply) else (node.body,)
                found += [f"{f} in {assign.target}" for f in factors if not isinstance(f, Access)]
    return found


def faults_after_pair(program) -> list[str]:
    """No contraction of more than two arrays."""
    found = []
    for assign in program.assigns:
        for node in walk(assign.body):
            product = contraction(node) if isinstance(node, Reduce) else None
            if product is not None and len(product.factors) > 2 and is_contraction(
                Multiply(product.factors), product.indices
            ) and not any(i in s.high.atoms() for s in product.sums for i in product.sums):
                found.append(f"{len(product.factors)} arrays in {assign.target}")
    return found


FORMS = {
    "settle": faults_after_settle,
    "rows": faults_after_schedule,
    "decompose": faults_after_decompose,
    "pair": faults_after_pair,
    "fuse": faults_after_schedule,
}


@pytest.mark.parametrize("after", FORMS)
@pytest.mark.parametrize("name", ["attention", "gru", "mlp-4433-softmax", "widths", "gaussian-mixture", "embedding"])
def test_a_pass_leaves_the_form_that_it_promises(name: str, after: str):
    assert FORMS[after](world(derived(name), rows=3).program(after)) == []


UNNAMED_RELU = """
x, w ∈ ℝ^n, y ∈ ℝ, A ∈ ℝ^(m×n), B ∈ ℝ^(n×m), a ∈ ℝ^m
h = x + B relu(A x + a)
L = (w' h - y)²
parameters A, B, a, w
minimize L
"""
"""relu(A x + a) becomes an array twice, in h and late in ∂L/∂B; [A x + a > 0] is wanted between them."""


@pytest.mark.parametrize("rows", [None, 3])
def test_a_sign_is_read_from_no_relu_that_is_computed_later(rows: int | None):
    at = world(derive(gs.loads(UNNAMED_RELU).inner), rows=rows)
    expected = at.results(at.program("rows"))
    for after in AFTER_ORDER:
        program = at.program(after)
        assert faults_after_schedule(program) == [], after
        assert same(at.results(program), expected) == [], after


def test_a_relu_without_a_name_is_computed_once():
    program = world(derive(gs.loads(UNNAMED_RELU).inner), rows=3).program()
    calls = [n for a in program.assigns for n in walk(a.body) if isinstance(n, Call) and n.function == "relu"]
    assert len(calls) == 1


@pytest.mark.parametrize("name", EVERY_PASS)
def test_everything_is_made_before_it_is_read(name: str):
    assert faults_after_schedule(world(derived(name), rows=3).program()) == []


def test_planted_faults_of_form_are_seen():
    before = world(derived("mlp-4433-softmax"))
    unsettled = lower(before.derivation, replace(before.request, sizes={}), "gather")
    assert "starts at 1" in faults_after_settle(unsettled)[0]
    program = before.program("schedule")
    assert faults_after_schedule(program.with_statements(program.statements[::-1]))
    head, *rest = program.statements
    nested = Reduce("sum", Index("k", Affine(), Affine(1)), Multiply((number(2), Multiply((head.body, head.body)))))
    assert faults_after_decompose(program.with_statements([replace(head, body=ArrayCall(
        "det", Lambda((), nested), ())), *rest])) == [f"det in {head.target}"]  # fmt: skip
    i, j, k = (Index(n, Affine(), Affine(1)) for n in "ijk")
    matrix = Symbol("A", (Index("i", Affine(), Affine(1)), Index("j", Affine(), Affine(1))))
    factors = tuple(Access(matrix, (Affine.atom(a), Affine.atom(b))) for a, b in ((i, j), (j, k), (k, i)))
    triple = Reduce("sum", i, Reduce("sum", j, Reduce("sum", k, Multiply(factors))))
    unpaired = program.with_statements([replace(head, body=triple, free=(), pattern=()), *rest])
    assert set(faults_after_pair(unpaired)) == {f"3 arrays in {head.target}"}
    assert faults_after_pair(pair(unpaired)) == []


def test_a_planted_fault_of_meaning_is_seen():
    at = world(derived("mlp-4433-softmax"))
    program = at.program()
    expected = at.results(program)
    head, *rest = program.statements
    wrong = program.with_statements([replace(head, body=Multiply((number(2), head.body))), *rest])
    assert same(at.results(wrong), expected) != []


def test_an_exponential_does_not_overflow():
    sheet = gs.loads("s, y ∈ ℝ\nL = log(1 + exp(s)) - y s\nparameters s\nminimize L").inner
    at = world(derive(sheet))
    at.values["s", None], at.values["y", None] = np.asarray(900.0), np.asarray(0.5)
    assert agree(at.results(at.program())["∂L/∂s", None, False], 0.5)
    assert agree(at.results(at.program())["L", None, False], 450.0)


def test_sizes_stay_symbols_until_they_are_known():
    derivation = derived("attention")
    program = world(derivation, symbolic=True).program()
    assert {a.name for s in program.inputs for x in s.axes for a in x.high.atoms()} == {"T", "d", "p", "c"}


def test_what_is_wanted_is_all_that_is_computed():
    derivation = derived("mlp-4433-softmax")
    request = replace(world(derivation).request, wanted=("value",))
    assert all(not s.target.name.startswith("∂") for s in lower(derivation, request).assigns)
    assert "gradient" in wanted(derivation)
