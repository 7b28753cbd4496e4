"""Epochs in one call: the numbers of steps one by one, parameters changed where they lie, whatever way is taken."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="compiling needs llvmlite")

import gradsheet as gs
from gradsheet.expressions import ArrayCall, walk
from gradsheet.kernels.native import compiled
from gradsheet.native import deferring, registers, rotation, writing
from gradsheet.native.buffers import plan
from gradsheet.native.machines import machine as at_hand
from gradsheet.native.meetings import can_meet
from gradsheet.native.places import shape
from gradsheet.native.runtime import Runnable, aligned
from gradsheet.programs.expanding import expand
from gradsheet.programs.lowering import lower
from gradsheet.programs.reference import evaluate
from gradsheet.programs.squeezing import squeeze
from native.running import MACHINES, NUMBERS, machine_of, near
from programs.worlds import derived, world

SMALL = gs.mlp([4, 4, 3, 3], rate=0.05)
CLASSES = gs.mlp([5, 7, 3], output="softmax", hidden="relu", rate=0.1)
WIDE = gs.mlp([33, 19, 5], output="softmax", rate=0.1)
MOMENTUM = gs.loads("""
x ∈ ℝ^3, y ∈ ℝ
w, m ∈ ℝ^3
L = 1/2 (w' x - y)²
parameters w
minimize mean L
update
  m ← 0.9 m + ∂L/∂w
  w ← w - 0.1 m
""")


TIED = gs.loads("""
x, y ∈ ℝ^2
u, v ∈ ℝ^2
L = 1/2 ‖u ∘ x + v - y‖²
parameters u, v
minimize L by sgd(η = 0.1)
""")
"""New values that each read the other's old one: neither can be made in its place first."""


def rows_of(sheet: gs.Sheet, count: int, precision: str = "float64") -> dict:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((count, *sheet.inputs["x"])).astype(precision)
    lengths = sheet.inputs["y"]
    if "softmax" not in sheet.text:
        return {"x": x, "y": rng.standard_normal((count, *lengths)).astype(precision)}
    return {"x": x, "y": np.eye(*lengths, dtype=precision)[rng.integers(0, lengths[0], count)]}


def begun(step, seed: int = 1) -> dict:
    rng = np.random.default_rng(seed)
    weights = step.parameters()
    for array in weights.values():
        array[...] = 0.5 * rng.standard_normal(array.shape)
    return weights


def by_reference(step, weights: dict, data: dict) -> dict:
    """The updates one after another, by the evaluator of sheets."""
    held = {name: np.array(value, dtype=float) for name, value in weights.items()}
    batch, count = step.batch, len(data["x"])
    for start in range(0, count, batch):
        rows = {name: value[start : start + batch] for name, value in data.items()}
        program = step.program if start + batch <= count else step._rest(count - start).program
        found = evaluate(program, {a.symbol: {**held, **rows}[a.name] for a in program.arguments})
        held |= {r.name: found[r.symbol] for r in program.results if r.updates is not None}
    return held


def apart(step, data: dict, precision: str = "float64") -> list[str]:
    weights = begun(step)
    expected = by_reference(step, weights, data)
    step.epoch(weights, **data)
    return [name for name in weights if not near(weights[name], expected[name], precision)]


@pytest.mark.parametrize("precision", NUMBERS)
@pytest.mark.parametrize("batch", [1, 4, 9])
@pytest.mark.parametrize("sheet", [SMALL, CLASSES, WIDE], ids=["small", "classes", "wide"])
def test_an_epoch_is_its_steps_and_a_rest(sheet: gs.Sheet, batch: int, precision: str):
    """22 rows leave a rest of 2, and of 4; with one row a step the loops are others."""
    step = sheet.compile("update", batch=batch, dtype=precision)
    assert apart(step, rows_of(sheet, 22, precision), precision) == []


def test_an_epoch_does_what_single_calls_do():
    step = WIDE.compile("update", batch=4)
    one, other = begun(step), begun(step)
    data = rows_of(WIDE, 12)
    step.epoch(one, **data)
    for start in range(0, 12, 4):
        step(other, **{name: rows[start : start + 4] for name, rows in data.items()})
    assert [name for name in one if not near(one[name], other[name])] == []


def test_epochs_of_many_calls_are_the_same_epoch():
    """Steps are done in portions, so that a person can interrupt them."""
    step = SMALL.compile("update", batch=1)
    data = rows_of(SMALL, 40)
    one, other = begun(step), begun(step)
    step._runnable.pace = 7
    step.epoch(one, **data)
    step._runnable.pace = 1000
    step.epoch(other, **data)
    assert [name for name in one if not near(one[name], other[name])] == []


def test_how_many_steps_a_call_makes_follows_from_the_program_alone():
    """What is carried from step to step is begun anew with each call, so the last bits depend on it."""
    paces = [sheet.compile("update", batch=1)._runnable.pace for sheet in (SMALL, SMALL, WIDE)]
    assert paces[0] == paces[1] > paces[2] > 1000
    big = gs.mlp([784, 512, 10], rate=0.1).compile("update", batch=512)
    assert big._runnable.pace == 1
    assert paces == [run.pace for run in map(runnable, (SMALL, SMALL, WIDE))]


def test_state_is_carried_from_step_to_step():
    step = MOMENTUM.compile("update", batch=3, data=("x", "y"))
    assert apart(step, rows_of(MOMENTUM, 9)) == []


def test_no_rows_are_no_steps():
    step = SMALL.compile("update", batch=2)
    weights = begun(step)
    before = {name: value.copy() for name, value in weights.items()}
    assert step.epoch(weights, **rows_of(SMALL, 0)) == {}
    assert [name for name in weights if not np.array_equal(weights[name], before[name])] == []


# ---------------------------------------------------------------- in place


@pytest.mark.parametrize("batch", [1, 4])
def test_parameters_change_where_they_lie(batch: int):
    step = CLASSES.compile("update", batch=batch)
    weights = begun(step)
    addresses = {name: value.ctypes.data for name, value in weights.items()}
    before = {name: value.copy() for name, value in weights.items()}
    found = step.epoch(weights, **rows_of(CLASSES, 8))
    assert {name: value.ctypes.data for name, value in found.items()} == addresses
    assert [name for name in weights if found[name] is not weights[name]] == []
    assert [name for name in weights if np.array_equal(weights[name], before[name])] == []


def test_data_are_left_alone():
    step = CLASSES.compile("update", batch=4)
    data = rows_of(CLASSES, 8)
    before = {name: value.copy() for name, value in data.items()}
    for value in data.values():
        value.flags.writeable = False
    step.epoch(begun(step), **data)
    assert [name for name in data if not np.array_equal(data[name], before[name])] == []


def test_gradients_do_not_move_parameters():
    gradient = CLASSES.compile("value", "gradient", batch=4)
    weights = begun(gradient)
    for value in weights.values():
        value.flags.writeable = False
    found = gradient(weights, **rows_of(CLASSES, 4))
    assert sorted(found) == sorted(["L", *(f"∂L/∂{name}" for name in weights)])


# ---------------------------------------------------------------- one row at a time, in other ways


def runnable(sheet: gs.Sheet, precision: str = "float64", kind: str = "", machine: str | None = None) -> Runnable:
    """The update for one row at a time, by a way that is asked for."""
    program = sheet.compile("update", batch=1, dtype=precision).program
    number = NUMBERS[precision]
    planned = plan(program, number.bytes)
    here = machine_of(machine, precision) if machine else at_hand(number)
    with pytest.MonkeyPatch.context() as patch:
        if kind != "registers":
            patch.setattr(registers, "fits", lambda _plan: False)
        if kind == "deferring":
            patch.setattr(rotation, "_LEAST", 1)
            patch.setattr(deferring, "_LEAST", 1)
            patch.setattr(deferring, "_FEWEST_ROWS", 1)
            assert deferring.deferral_of(planned) is not None
        if kind == "memory":
            patch.setattr(rotation, "rotation_of", lambda _plan: None)
        if kind == "turning":
            patch.setattr(rotation, "_LEAST", 1)
            assert rotation.rotation_of(planned) is not None
        written = writing.write(planned, number, here)
    return Runnable(planned, compiled(written.module), precision, written.size)


def after(run: Runnable, steps: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    values = {}
    for a in run.arguments:
        lengths = shape(a.symbol)
        if a.part == "data":
            lengths = (lengths[0] * steps, *lengths[1:])
        values[a.symbol] = aligned(lengths, run.precision)
        values[a.symbol][...] = 0.5 * rng.standard_normal(lengths)
    run.workspace[...] = np.nan  # nobody reads what was not written
    found = run.epoch(values, steps)
    return {r.name: found[r.symbol] for r in run.program.results}


WAYS = [
    (SMALL, "registers"), (SMALL, "turning"), (WIDE, "turning"), (CLASSES, "turning"), (CLASSES, "registers"),
    (SMALL, "deferring"), (WIDE, "deferring"), (CLASSES, "deferring"),
]  # fmt: skip


@pytest.mark.parametrize("precision", NUMBERS)
@pytest.mark.parametrize(("sheet", "kind"), WAYS, ids=[f"{k} {s.text.split('.')[0][-12:]}" for s, k in WAYS])
def test_every_way_gives_the_same_numbers(sheet: gs.Sheet, kind: str, precision: str):
    for steps in (1, 2, 4, 17):
        known, found = (after(runnable(sheet, precision, way), steps) for way in ("memory", kind))
        assert [n for n in known if not near(found[n], known[n], precision)] == []


@pytest.mark.parametrize("kind", ["turning", "deferring"])
@pytest.mark.parametrize("machine", MACHINES)
def test_turning_with_registers_of_every_kind(machine: str, kind: str):
    known = after(runnable(WIDE, "float32", "memory"), 9)
    found = after(runnable(WIDE, "float32", kind, machine), 9)
    assert [n for n in known if not near(found[n], known[n], "float32")] == []


def test_small_programs_do_live_in_registers():
    assert registers.fits(plan(SMALL.compile("update", batch=1).program, 8))
    assert not registers.fits(plan(SMALL.compile("update", batch=2).program, 8))
    assert not registers.fits(plan(WIDE.compile("update", batch=1).program, 8))
    big = gs.mlp([64, 32, 4], rate=0.1)
    assert rotation.rotation_of(plan(big.compile("update", batch=1).program, 8)) is not None


def deferred(text: str) -> bool:
    """Whether a sheet's changes of a large matrix are put off."""
    return deferring.deferral_of(plan(gs.loads(text).compile("update", batch=1).program, 8)) is not None


def test_changes_are_put_off_where_they_hang_on_the_example_alone():
    text = gs.models.mlp([100, 96, 4], rate=0.1)
    assert deferred(text)
    assert not deferred(gs.models.mlp([33, 19, 5], rate=0.1))
    rule = next(line for line in text.splitlines() if line.startswith("minimize"))
    decayed = [f"  {n} ← {n} - 0.1 ∂L/∂{n} - 0.01 {n}" for n in ("W1", "b1", "W2", "b2")]
    assert not deferred(text.replace(rule, "\n".join(["minimize L", "update", *decayed])))


@pytest.mark.parametrize(("kind", "home", "part"), [
    ("turning", writing.nests, "update_and_sum"), ("deferring", deferring, "pass_over"),
])  # fmt: skip
def test_a_planted_fault_is_seen(kind: str, home: object, part: str, monkeypatch: pytest.MonkeyPatch):
    known = after(runnable(WIDE, kind="memory"), 9)
    monkeypatch.setattr(home, part, lambda *_arguments: None)
    found = after(runnable(WIDE, kind=kind), 9)
    assert [n for n in known if not near(found[n], known[n])] != []


# ---------------------------------------------------------------- copies and threads


@pytest.mark.parametrize(("precision", "copies"), [("float64", 2), ("float64", 8), ("float32", 16)])
def test_copies_are_models_of_their_own(precision: str, copies: int):
    many = SMALL.compile("update", batch=1, dtype=precision, copies=copies)
    one = SMALL.compile("update", batch=1, dtype=precision)
    data = rows_of(SMALL, 11, precision)
    weights = begun(many)
    starts = {name: value.copy() for name, value in weights.items()}
    many.epoch(weights, **data)
    for k in range(copies):
        alone = one.parameters()
        for name, value in alone.items():
            value[...] = starts[name][..., k]
        one.epoch(alone, **data)
        assert [name for name in alone if not near(weights[name][..., k], alone[name], precision)] == []


@pytest.mark.skipif(not can_meet(), reason="the system has no barriers")
@pytest.mark.parametrize("batch", [2, 33])
def test_threads_do_what_one_does(batch: int):
    """Layers of sizes that are no multiples of anything, so that shares differ."""
    sheet = gs.mlp([70, 90, 37, 5], hidden="relu", output="softmax", rate=0.1)
    data = rows_of(sheet, 3 * batch + 1)
    found = []
    for threads in (1, 3):
        step = sheet.compile("update", batch=batch, threads=threads)
        weights = begun(step)
        for _ in range(5):
            step.epoch(weights, **data)
        found.append(weights)
    one, other = found
    assert [name for name in one if not near(other[name], one[name])] == []


def test_calls_from_several_threads_of_python_do_not_meet_in_one_workspace():
    gradient = gs.mlp([60, 50, 40], rate=0.1).compile("gradient", batch=50)
    weights = begun(gradient)
    rng = np.random.default_rng(0)
    data = [{"x": rng.standard_normal((50, 60)), "y": rng.standard_normal((50, 40))} for _ in range(4)]
    expected = [gradient(weights, **d) for d in data]
    wrong: list[str] = []

    def often(k: int) -> None:
        for _ in range(40):
            found = gradient(weights, **data[k])
            wrong.extend(n for n in found if not np.array_equal(found[n], expected[k][n]))

    together = [threading.Thread(target=often, args=(k,)) for k in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert wrong == []


# ---------------------------------------------------------------- what is done to programs


@pytest.mark.parametrize("sheet", [SMALL, CLASSES], ids=["small", "classes"])
def test_axes_of_one_entry_can_be_left_out(sheet: gs.Sheet):
    program = sheet.compile("update", batch=1).program
    thinner, new = squeeze(program)
    rng = np.random.default_rng(2)
    values = {a.symbol: rng.standard_normal(shape(a.symbol)) for a in program.arguments}
    thin = {new.get(s, s): v.reshape(shape(new.get(s, s))) for s, v in values.items()}
    whole, other = evaluate(program, values), evaluate(thinner, thin)
    pairs = zip(program.results, thinner.results, strict=True)
    assert [r.name for r, t in pairs if not near(other[t.symbol], whole[r.symbol].reshape(shape(t.symbol)))] == []
    assert all(shape(a.symbol).count(1) == 0 for a in thinner.arguments)


def test_softmax_written_out_is_softmax():
    for name in ("attention", "info-nce", "mlp-4433-softmax"):
        at = world(derived(name), style=1)
        program = lower(at.derivation, at.request)
        expanded = expand(program)
        assert not any(isinstance(n, ArrayCall) for a in expanded.assigns for n in walk(a.body))
        one, other = at.results(program), at.results(expanded)
        assert [k for k in one if not near(one[k], other[k])] == []


@pytest.mark.parametrize("options", [{"batch": 1}, {"batch": 2}, {"batch": 2, "threads": 2}, {"batch": 1, "copies": 4}])
def test_new_values_that_read_one_anothers_old_ones(options: dict):
    if options.get("threads", 1) > 1 and not can_meet():
        pytest.skip("threads cannot meet here")
    step = TIED.compile("update", data=("x", "y"), **options)
    weights = begun(step)
    u, v = (weights[n].T[0].copy() if "copies" in options else weights[n].copy() for n in "uv")
    x, y = np.random.default_rng(7).standard_normal((2, 6, 2))
    step.epoch(weights, x=x, y=y)
    batch = options["batch"]
    for k in range(0, 6, batch):
        rows, wanted = x[k : k + batch], y[k : k + batch]
        error = u * rows + v - wanted
        u, v = u - 0.1 * (error * rows).mean(0), v - 0.1 * error.mean(0)
    for name, value in (("u", u), ("v", v)):
        found = weights[name].T[0] if "copies" in options else weights[name]
        assert np.allclose(found, value, rtol=1e-12), name
