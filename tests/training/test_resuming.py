"""Going on as if nothing had happened: the same bits, wherever a run was left; the same seed, the same run."""

from __future__ import annotations

import json
import signal
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import gradsheet as gs
from gradsheet.api.trained import recipe_of
from gradsheet.training import checkpoints, stepping
from gradsheet.training.folders import folder_of
from gradsheet.training.problem import Sources, pose
from gradsheet.training.running import Keeping, carry_out
from gradsheet.training.trainer import Trainer

if TYPE_CHECKING:
    from pathlib import Path

SMALL = """
x, w ∈ ℝ^4, y, b ∈ ℝ
p = sigmoid(w' x + b)
L = -y log p - (1 - y) log(1 - p)
parameters w, b
minimize L
"""
MEDIUM = """
x ∈ ℝ^4, y ∈ ℝ
W1 ∈ ℝ^(24×4), b1, w ∈ ℝ^24, c ∈ ℝ
h = tanh(W1 x + b1)
ŷ = w' h + c
L = 1/2 (ŷ - y)²
parameters W1, b1, w, c
minimize L
"""
OWN = """
x, w, m ∈ ℝ^4, y, k ∈ ℝ
L = 1/2 (w' x - y)²
parameters w
minimize L
given m = 0, k = 0
update
  k ← k + 1
  m ← 9/10 m + ∂L/∂w
  w ← w - 1/(10 + k) m
"""
RNG = np.random.default_rng(9)
X = RNG.normal(size=(103, 4))
DATA = {"x": X, "y": (X @ [1.0, -1.0, 0.5, 2.0] + RNG.normal(size=103) > 0).astype(float)}
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "row by row": (SMALL, {"batch": 1, "rate": 0.1}),
    "row by row with Adam": (SMALL, {"batch": 1, "method": "adam"}),
    "batches": (SMALL, {"batch": 8, "method": "momentum"}),
    "a network": (MEDIUM, {"batch": 8, "method": "adam", "weight_decay": 0.01}),
    "a network, row by row": (MEDIUM, {"batch": 1, "method": "nesterov", "rate": 0.001}),
    "the best so far": (MEDIUM, {"batch": 8, "method": "rmsprop", "validation": 0.2, "patience": 50}),
    "a state of its own": (OWN, {"batch": 4}),
    "a schedule": (SMALL, {"batch": 8, "schedule": "cosine"}),
    "single precision": (MEDIUM, {"batch": 8, "method": "adam", "dtype": "float32"}),
}


@pytest.fixture(autouse=True)
def short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few rows fit into one call that an epoch has several moments."""
    monkeypatch.setattr(stepping, "_GATHERED", 1200)


def trainer_of(text: str, **recipe: Any) -> Trainer:
    asked = recipe_of(**{"epochs": 2, "seed": 2, **recipe})
    return Trainer(pose(gs.loads(text)._sheet, Sources(DATA), asked), asked)


def whole(place: Path) -> dict[str, Any]:
    """Everything in a checkpoint, by bits."""
    held, remarks = checkpoints.load(place)
    assert remarks == ()
    standing = {**held.notes["standing"], "ended": ""}
    return {**{n: a.tobytes() for n, a in held.arrays.items()}, "": json.dumps(standing)}


def part(place: Path, text: str, moments: int | None, *, resume: bool, **recipe: Any) -> str:
    """A run, or the rest of one, that is left after so many moments."""
    left = [moments]

    def stopped() -> bool:
        if left[0] is None:
            return False
        left[0] -= 1
        return left[0] <= 0

    trainer = trainer_of(text, **recipe)
    with folder_of(place, resume=resume) as folder:
        if resume:
            folder.resume(trainer, folder.load()[0])
        else:
            trainer.begin()
        return carry_out(trainer, Keeping(folder), None, stopped)


@pytest.mark.parametrize(("text", "recipe"), RUNS.values(), ids=RUNS.keys())
def test_left_at_many_moments(text: str, recipe: dict[str, Any], tmp_path: Path):
    assert part(tmp_path / "one", text, None, resume=False, **recipe) == "epochs"
    resume, places = False, []
    while part(tmp_path / "two", text, 2, resume=resume, **recipe) == "interrupted":
        held = checkpoints.load(tmp_path / "two")[0].notes["standing"]
        places.append((held["epoch"], held["step"]))
        resume = True
    assert places == sorted(set(places))
    assert sum(step > 0 for _, step in places) >= 2
    assert whole(tmp_path / "two") == whole(tmp_path / "one")
    assert (tmp_path / "two" / "curve.svg").read_bytes() == (tmp_path / "one" / "curve.svg").read_bytes()


def test_more_epochs_than_at_first(tmp_path: Path):
    options = {"batch": 8, "method": "adam"}
    part(tmp_path / "one", SMALL, None, resume=False, epochs=7, **options)
    part(tmp_path / "two", SMALL, None, resume=False, epochs=3, **options)
    assert part(tmp_path / "two", SMALL, None, resume=True, epochs=7, **options) == "epochs"
    assert whole(tmp_path / "two") == whole(tmp_path / "one")


def test_a_schedule_that_ends_with_the_epochs_allows_no_more(tmp_path: Path):
    part(tmp_path, SMALL, None, resume=False, epochs=3, schedule="linear")
    with pytest.raises(gs.SheetError, match=r"GS833.*epochs 3 → 7"):
        part(tmp_path, SMALL, None, resume=True, epochs=7, schedule="linear")


def test_an_interruption_in_python_saves_and_is_raised(tmp_path: Path):
    """In a notebook, say: the cell ends as it would, and the run can be gone on with."""
    handler = signal.default_int_handler
    before = signal.signal(signal.SIGINT, handler)  # the tests may have been begun where it is ignored
    sheet, options = gs.loads(SMALL), {"batch": 1, "method": "adam", "seed": 2}
    timer = threading.Timer(1.0, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        sheet.train(DATA, folder=tmp_path, epochs=10**6, **options)
    assert signal.signal(signal.SIGINT, before) is handler
    epochs = checkpoints.load(tmp_path)[0].notes["standing"]["epoch"] + 1
    again = sheet.train(DATA, folder=tmp_path, resume=True, epochs=epochs, **options)
    whole = sheet.train(DATA, epochs=epochs, **options)
    for name, value in whole.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], value)


def test_what_is_said_in_python_is_a_warning(tmp_path: Path):
    run = tmp_path / "run"
    for epochs in (1, 2):
        gs.loads(SMALL).train(DATA, folder=run, resume=epochs > 1, epochs=epochs)
    (run / checkpoints.NAME).write_bytes(b"garbage")
    (run / "curve.svg").unlink()
    (run / "curve.svg").mkdir()
    with pytest.warns(RuntimeWarning) as told:
        gs.loads(SMALL).train(DATA, folder=run, resume=True, epochs=2)
    words = [str(w.message) for w in told]
    assert len(words) == 3
    assert "is damaged" in words[0]
    assert words[1].endswith("is used, which was written before")
    assert "curve.svg cannot be written" in words[2]
    assert {w.filename for w in told} == {__file__}


# ---------------------------------------------------------------- patience

IMPATIENT: dict[str, Any] = {"batch": 2, "method": "adam", "rate": 0.1, "validation": 0.3, "epochs": 60}


def test_patience_ends_and_takes_the_best(tmp_path: Path):
    model = gs.loads(MEDIUM).train(DATA, seed=2, patience=3, folder=tmp_path / "one", **IMPATIENT)
    losses = [e["validation"]["loss"] for e in model.history]
    best = losses.index(min(losses)) + 1
    assert len(losses) == best + 3 < 60
    until = gs.loads(MEDIUM).train(DATA, seed=2, **{**IMPATIENT, "epochs": best})
    for name, value in until.parameters.items():
        np.testing.assert_array_equal(model.parameters[name], value)
    before = whole(tmp_path / "one")
    assert part(tmp_path / "one", MEDIUM, None, resume=True, patience=3, **IMPATIENT) == "patience"
    assert whole(tmp_path / "one") == before
    part(tmp_path / "two", MEDIUM, None, resume=False, patience=4, **IMPATIENT)
    part(tmp_path / "one", MEDIUM, None, resume=True, patience=4, **IMPATIENT)
    assert whole(tmp_path / "one") == whole(tmp_path / "two")


def test_patience_that_comes_later_counts_from_there(tmp_path: Path):
    """Nobody has kept the parameters that were best before."""
    part(tmp_path, MEDIUM, None, resume=False, **{**IMPATIENT, "epochs": 8})
    ended = part(tmp_path, MEDIUM, None, resume=True, patience=3, **IMPATIENT)
    held = checkpoints.load(tmp_path)[0].notes["standing"]
    assert ended == "patience"
    assert held["best"] > 8


# ---------------------------------------------------------------- seeds


@pytest.mark.parametrize("text", [SMALL, MEDIUM], ids=["small", "medium"])
def test_a_seed_is_a_run(text: str):
    def run(seed: int, **options: Any) -> dict[str, bytes]:
        model = gs.loads(text).train(DATA, epochs=3, batch=8, seed=seed, **options)
        return {n: a.tobytes() for n, a in model.parameters.items()}

    one = run(1)
    assert run(1) == one
    assert run(2) != one
    assert run(1, validation=0.2) != one
    assert run(1, shuffle=False) != one
