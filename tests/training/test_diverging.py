"""A loss that stops being a number: the step and the definition that are named, beside NumPy's; what is left."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import gradsheet as gs
from cli.session import gradsheet
from gradsheet.training import checkpoints, diverging, stepping, trainer

if TYPE_CHECKING:
    from pathlib import Path

LINEAR = """
x, w ∈ ℝ^3, y ∈ ℝ
ŷ = w' x
e = ŷ - y
L = 1/2 e²
parameters w
minimize L
"""
RNG = np.random.default_rng(4)
X = RNG.normal(size=(50, 3))
DATA = {"x": X, "y": X @ [1.0, -2.0, 0.5]}
START = {"w": np.zeros(3)}


def stopped(text: str, data: Any, start: Any, **recipe: Any) -> dict[str, Any]:
    """What the diagnostic says: step, epoch, name, and what it is instead of a number."""
    with pytest.raises(gs.SheetError) as caught:
        gs.loads(text).train(data, start=start, **{"shuffle": False, "batch": 5, **recipe})
    (found,) = caught.value.diagnostics
    assert found.code == "GS830"
    pattern = r"training stopped being finite in step ([\d,]+) of epoch (\d+): (.+) is the first to be (.*?)(;.*)?"
    match = re.fullmatch(pattern, found.message)
    assert match, found.message
    step, epoch, name, kind, grown = match.groups()
    at = (int(epoch), int(step.replace(",", "")))
    return {"at": at, "name": name, "kind": kind, "grown": grown, "advice": found.suggestion}


def first_in_numpy(rate: float, epochs: int, batch: int = 5) -> tuple[tuple[int, int], str]:
    """Where gradient descent of the linear sheet overflows, and in which of its lines."""
    w = np.zeros(3)
    with np.errstate(all="ignore"):
        for epoch in range(epochs):
            for step in range(50 // batch):
                x, y = X[step * batch :][:batch], DATA["y"][step * batch :][:batch]
                said = x @ w
                error = said - y
                lines = {"ŷ": said, "e": error, "L": (error**2).mean() / 2}
                slope = error @ x / batch
                lines |= {"∂L/∂w": slope, "the new value of w": w - rate * slope}
                for name, value in lines.items():
                    if not np.isfinite(value).all():
                        return (epoch + 1, step + 1), name
                w = lines["the new value of w"]
    raise AssertionError


@pytest.mark.parametrize("rate", [3.0, 1e9, 1e100, 1e300])
def test_steps_that_are_too_long(rate: float):
    found = stopped(LINEAR, DATA, START, rate=rate, epochs=2000)
    at, name = first_in_numpy(rate, 2000)
    assert (found["at"], found["name"]) == (at, name)
    assert found["kind"] in {"infinite", "not a number"}
    assert "the largest entry of w was" in found["grown"]
    assert f"--rate {rate / 10:g}" in found["advice"]


def test_the_step_is_found_across_calls_and_copies(monkeypatch: pytest.MonkeyPatch):
    """Calls of two steps, and a copy after each: what is done again begins in the middle of an epoch."""
    monkeypatch.setattr(stepping, "_GATHERED", 4 * 8 * 5 * 2)
    for between in (0.0, 1e9):
        monkeypatch.setattr(trainer, "_BETWEEN_COPIES", between)
        for rate in (3.0, 1e9, 1e300):
            found = stopped(LINEAR, DATA, START, rate=rate, epochs=2000)
            assert (found["at"], found["name"]) == first_in_numpy(rate, 2000)


def test_the_logarithm_of_nothing():
    text = "x, w ∈ ℝ\np = relu(w x)\nℓ = log p\nL = -ℓ\nparameters w\nminimize L\n"
    x = np.array([1.0, 2.0, 0.5, -1.0, 1.0])
    found = stopped(text, {"x": x}, {"w": np.array(1.0)}, rate=0.01, batch=1, epochs=1)
    assert (found["at"], found["name"]) == ((1, 4), "ℓ")
    assert found["grown"] is None
    assert "logarithms" in found["advice"]


def test_an_overflow_of_single_precision():
    text = "x, w ∈ ℝ\nu = exp(w x)\nL = log(1 + u)\nparameters w\nminimize L\n"
    x = np.array([1.0, 2.0, 100.0, 3.0])
    found = stopped(text, {"x": x}, {"w": np.array(1.0)}, rate=1e-6, batch=1, epochs=1, dtype="float32")
    assert (found["at"], found["name"], found["kind"]) == ((1, 3), "u", "infinite")
    assert "float64" in found["advice"]
    model = gs.loads(text).train({"x": x}, start={"w": 1.0}, rate=1e-6, batch=1, epochs=1)
    assert np.isfinite(model.parameters["w"])


def test_a_number_too_small_for_single_precision():
    text = "x, w ∈ ℝ\nu = (w x)² + w x\nL = 1/u\nparameters w\nminimize L\n"
    x = np.array([1.0, 2.0, 1e-39, 3.0])
    found = stopped(text, {"x": x}, {"w": np.array(1.0)}, rate=1e-6, batch=1, epochs=1, dtype="float32")
    assert found["at"] == (1, 3)
    assert (found["name"], found["kind"]) == ("L", "infinite")
    assert "float64" in found["advice"]


def test_a_derivative_alone():
    """√u has a value at 0, and no slope."""
    text = "x, w ∈ ℝ\nu = (w x)²\nr = sqrt(u)\nL = r\nparameters w\nminimize L\n"
    found = stopped(text, {"x": np.array([1.0, 2.0, 0.0, 3.0])}, {"w": np.array(1.0)}, rate=0.01, batch=1, epochs=1)
    assert found["at"] == (1, 3)
    assert found["name"].startswith("∂L/∂")


UPDATE = """
x, w, v ∈ ℝ
L = (w - x)²
parameters w
minimize L
given v = 3
update
  v ← v - 1
  w ← w - 1/10 ∂L/∂w / v
"""


@pytest.mark.parametrize("rows", [3, 7])
def test_an_update_alone(rows: int):
    """In the last step of an epoch no loss sees it any more."""
    found = stopped(UPDATE, {"x": np.arange(1.0, 1 + rows)}, {"w": np.array(0.0)}, batch=1, epochs=2)
    assert (found["at"], found["name"], found["kind"]) == ((1, 3), "the new value of w", "infinite")


def test_a_copy_never_holds_what_is_no_number(monkeypatch: pytest.MonkeyPatch):
    """The update fails where a call ends, and no loss has seen it when the next copy is due."""
    monkeypatch.setattr(stepping, "_GATHERED", 8)
    monkeypatch.setattr(trainer, "_BETWEEN_COPIES", 0.0)
    test_an_update_alone(7)


def test_a_penalty_that_overflows():
    text = LINEAR.replace("1/2 e²", "1/2 e² + ‖w‖²")
    found = stopped(text, DATA, {"w": np.full(3, 1e200)}, rate=1e-3, epochs=1)
    assert found["at"] == (1, 1)
    assert "the largest entry of w was 1e+200" in found["grown"]


# ---------------------------------------------------------------- what is left


def test_the_command_says_it_and_keeps_the_checkpoint(tmp_path: Path):
    np.savez(tmp_path / "d.npz", **DATA)
    (tmp_path / "l.sheet").write_text(LINEAR, encoding="utf-8")
    run = tmp_path / "run"
    begun = ("train", str(tmp_path / "l.sheet"), "--data", str(tmp_path / "d.npz"), "-o", str(run))
    done = gradsheet(*begun, "--rate", "3", "--epochs", "1000", "--save-every", "0", "--no-shuffle", "--batch", "5",
                     "--init", "w ~ zeros")  # fmt: skip
    (epoch, step), name = first_in_numpy(3.0, 1000)
    assert done.code == 1
    message = f"training stopped being finite in step {step} of epoch {epoch}: {name} is the first to be infinite"
    assert f"error[GS830]: {message}" in done.err
    assert "--rate 0.3" in done.err
    held, remarks = checkpoints.load(run)
    assert (held.notes["standing"]["epoch"], remarks) == (epoch - 1, ())
    assert np.isfinite(held.arrays["w"]).all()
    last = json.loads((run / "log.jsonl").read_text().splitlines()[-1])
    assert last["event"] == "diverged"
    assert last["message"].startswith(message)
    again = gradsheet("train", "--resume", "-o", str(run), "--json")
    assert again.code == 1
    assert json.loads(again.out)["error"]["diagnostics"][0]["message"].startswith(message)


def test_a_run_that_never_was_leaves_no_model(tmp_path: Path):
    np.savez(tmp_path / "d.npz", **DATA)
    (tmp_path / "l.sheet").write_text(LINEAR, encoding="utf-8")
    begun = ("train", str(tmp_path / "l.sheet"), "--data", str(tmp_path / "d.npz"), "-o", str(tmp_path / "run"))
    assert gradsheet(*begun, "--rate", "1e300").code == 1
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [".lock", "log.jsonl"]
    assert gradsheet(*begun, "--rate", "0.1").code == 0


def test_a_planted_fault_is_seen(monkeypatch: pytest.MonkeyPatch):
    """Were the copy forgotten, another step would be named."""
    monkeypatch.setattr(diverging, "_restore", lambda *_: None)
    with pytest.raises(AssertionError):
        test_steps_that_are_too_long(3.0)
