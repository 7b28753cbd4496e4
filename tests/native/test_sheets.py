"""Every sheet of the corpus, and random ones, compiled: the numbers of the reference."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite", reason="compiling needs llvmlite")

import gradsheet as gs
from engine.random_sheets import random_sheet
from gradsheet.derivation import derive
from gradsheet.diagnostics import SheetError
from gradsheet.native.holes import refuse_holes
from gradsheet.programs.expanding import expand
from gradsheet.programs.reference import evaluate
from native.running import native, near
from programs.worlds import World, derived, sheets, wanted, world

if TYPE_CHECKING:
    from gradsheet.programs.model import Program

FEW = (
    "attention", "batch-norm", "convolution-2d", "embedding", "gru", "huber-mean", "max-pooling", "mlp-4433-softmax",
    "momentum", "pullback-of-two", "residual-stacked", "strided-convolution", "two-steps-back", "weight-decay",
)  # fmt: skip
"""One sheet for each construct, tried in more ways than one."""
SINGULAR = {"least-squares-newton"}
"""At the sizes that are drawn there are fewer rows than weights: the inverse is rounding alone."""
NAMES = [p.stem for p in sheets() if p.stem not in SINGULAR]


def apart(at: World, program: Program, precision: str = "float64") -> list[str]:
    """The results that are not those of the reference."""
    values = at.arguments(program)
    with np.errstate(all="ignore"):
        held = evaluate(program, values)
    found = native(program, values, precision)
    return [r.name for r in program.results if not near(found[r.symbol], held[r.symbol], precision)]


def programs(name: str, rows: int | None, style: int = 1) -> tuple[World, Program]:
    at = world(derived(name), rows=rows, style=style)
    program = expand(at.program())
    try:
        refuse_holes(program, at.derivation.sheet.source)
    except SheetError as problem:
        pytest.skip(problem.diagnostics[0].message)
    return at, program


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_has_the_numbers_of_the_reference(name: str):
    assert apart(*programs(name, None)) == []


@pytest.mark.parametrize("name", FEW)
def test_the_same_with_rows(name: str):
    assert apart(*programs(name, 19)) == []


@pytest.mark.parametrize("name", FEW[::2])
def test_the_same_in_single_precision(name: str):
    assert apart(*programs(name, 3), "float32") == []


@settings(max_examples=8, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), numbers=st.sampled_from([(3, 2, 4), (9, 17, 5), (1, 2, 3)]))
def test_random_sheets_have_the_numbers_of_the_reference(seed: int, numbers: tuple[int, ...]):
    sheet = random_sheet(random.Random(seed), lines=3, numbers=numbers)
    derivation = derive(gs.loads(sheet.text).inner)
    sizes = {size: sheet.sizes[name] for name, size in derivation.sheet.sizes.items() if name in sheet.sizes}
    sizes |= {s: s.literal for s in derivation.sheet.sizes.values() if s.literal is not None}
    at = world(derivation)
    at.request = type(at.request)(wanted(derivation), sizes)
    at.values = {(name, None): value for name, value in sheet.arrays(seed).items()}
    program = expand(at.program())
    at.values |= members(at, program)
    assert apart(at, program) == []


def members(at: World, program: Program) -> dict[tuple[str, tuple[int, ...] | None], np.ndarray]:
    """The members of families, from arrays with one axis more."""
    found = {}
    for a in program.arguments:
        if a.member is not None and (a.name, None) in at.values:
            (k,) = a.member
            found[a.name, a.member] = at.values[a.name, None][k - 1]
    return found


def test_a_planted_fault_is_seen(monkeypatch: pytest.MonkeyPatch):
    from gradsheet.native import functions  # noqa: PLC0415 - what is planted in it is taken out again

    monkeypatch.setitem(functions.WRITTEN, "tanh", lambda scope, x: scope.b.maximum(x, -1.0))
    assert apart(*programs("mlp-4433-softmax", 3)) != []
