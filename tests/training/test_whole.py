"""Sheets that state the whole data set themselves: X ∈ ℝ^(N×d), a step for all rows, predictions for any number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradsheet as gs
from cli.session import gradsheet
from fences import ROOT
from gradsheet.api.trained import load_model
from gradsheet.training.checkpoints import unpacked
from training.textbook import descend, rule

RIDGE = """
X ∈ ℝ^(N×d), y ∈ ℝ^N, w ∈ ℝ^d, b ∈ ℝ
ŷ = X w + b
L = 1/N ‖ŷ - y‖² + 1/10 ‖w‖²
parameters w, b
minimize L
"""
NEWTON = """
X ∈ ℝ^(N×d), y ∈ ℝ^N, w ∈ ℝ^d
ŷ = X w
L = 1/2 ‖ŷ - y‖²
parameters w
minimize L
update
  w ← w - (∂²L/∂w²)⁻¹ ∂L/∂w
"""
ROWS = """
X ∈ ℝ^(N×2), Y ∈ ℝ^(N×2)
W ∈ ℝ^(2×2), b ∈ ℝ^2
for i in 1..N
  e[i] = W X[i] + b - Y[i]
  ℓ[i] = 1/2 ‖e[i]‖²
L = 1/N sum[i] ℓ[i] + 1/20 ‖W‖²
parameters W, b
minimize L
"""
RNG = np.random.default_rng(6)
X = RNG.normal(size=(31, 3))
DATA = {"X": X, "y": X @ [1.0, -2.0, 0.5] + 0.3 + 0.1 * RNG.normal(size=31)}
START = {"w": np.array([0.3, 0.1, -0.2]), "b": np.array(0.5)}


def ridge(p: Any, r: Any) -> Any:
    return ((r["X"] @ p["w"] + p["b"] - r["y"]) ** 2).mean() + 0.1 * (p["w"] ** 2).sum()


def by_rows(p: Any, r: Any) -> Any:
    return (0.5 * (r["X"] @ p["W"].T + p["b"] - r["Y"]) ** 2).sum() / len(r["X"]) + (p["W"] ** 2).sum() / 20


def agree(found: Any, wanted: Any, within: float = 1e-12) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=within, atol=within, err_msg=name)


# ---------------------------------------------------------------- training


@pytest.mark.parametrize("method", ["sgd", "momentum", "adam"])
def test_each_step_sees_all_rows(method: str):
    model = gs.loads(RIDGE).train(DATA, start=START, whole=True, method=method, rate=0.05, epochs=7)
    wanted = descend(ridge, START, DATA, rule(method), epochs=7, batch=31, rates=lambda _: 0.05)
    agree(model.parameters, wanted)
    before = descend(ridge, START, DATA, rule(method), epochs=6, batch=31, rates=lambda _: 0.05)
    assert model.history[-1]["loss"] == pytest.approx(ridge(before, DATA), rel=1e-12)


def test_rows_that_are_a_family():
    data = {"X": X[:, :2], "Y": X[:, 1:]}
    start = {"W": np.eye(2), "b": np.zeros(2)}
    model = gs.loads(ROWS).train(data, start=start, whole=True, rate=0.1, epochs=5)
    agree(model.parameters, descend(by_rows, start, data, rule("sgd"), epochs=5, batch=31, rates=lambda _: 0.1))


def test_the_example_of_a_batch_mean():
    sheet = gs.load(str(ROOT / "examples" / "batch-mean.sheet"))
    data = {"X": X[:, :2], "Y": X[:, 1:]}
    model = sheet.train(data, whole=True, epochs=5)  # begins where the sheet says, at the rate that it says
    start = {"W": np.array([[0.0, 1.0], [1.0, 0.0]]), "b": np.array([0.5, -0.5])}
    agree(model.parameters, descend(by_rows, start, data, rule("sgd"), epochs=5, batch=31, rates=lambda _: 0.1))


def test_one_newton_step_solves_least_squares():
    model = gs.loads(NEWTON).train(DATA, start={"w": np.zeros(3)}, whole=True, epochs=1)
    np.testing.assert_allclose(model.parameters["w"], np.linalg.lstsq(X, DATA["y"], rcond=None)[0], rtol=1e-10)


def test_rows_for_validation_are_no_rows_of_training():
    model = gs.loads(RIDGE).train(DATA, start=START, whole=True, rate=0.05, epochs=3, validation=0.25, seed=3)
    other = {"X": X[:5], "y": DATA["y"][:5]}
    apart = gs.loads(RIDGE).train(DATA, start=START, whole=True, rate=0.05, epochs=3, validation=other)
    agree(apart.parameters, descend(ridge, START, DATA, rule("sgd"), epochs=3, batch=31, rates=lambda _: 0.05))
    assert apart.history[-1]["validation"]["loss"] == pytest.approx(ridge(apart.parameters, other), rel=1e-12)
    assert not np.allclose(model.parameters["w"], apart.parameters["w"], rtol=1e-6)
    assert model.history[-1]["validation"]["r2"] < 1


# ---------------------------------------------------------------- predictions


@pytest.mark.parametrize("rows", [1, 2, 31, 500])
def test_new_data_may_have_any_number_of_rows(rows: int, tmp_path: Path):
    model = gs.loads(RIDGE).train(DATA, start=START, whole=True, rate=0.05, epochs=20)
    model.save(tmp_path / "m.safetensors")
    assert unpacked((tmp_path / "m.safetensors").read_bytes(), "").notes["sizes"] == {"d": 3}
    new = np.random.default_rng(1).normal(size=(rows, 3))
    wanted = new @ model.parameters["w"] + model.parameters["b"]
    target = wanted + np.linspace(0, 1, rows)
    for held in (model, load_model(tmp_path / "m.safetensors")):
        found = held.predict({"X": new})
        assert (found.name, found.target) == ("ŷ", "y")
        np.testing.assert_allclose(found.values, wanted, rtol=1e-12, atol=1e-12)
        score = held.score({"X": new, "y": target})
        assert score.loss == pytest.approx(ridge(model.parameters, {"X": new, "y": target}), rel=1e-10)
        if rows > 1:
            spread = ((target - target.mean()) ** 2).sum()
            assert score.r2 == pytest.approx(1 - ((target - wanted) ** 2).sum() / spread, abs=1e-10)


def test_classes_of_a_whole_data_set():
    text = """
X ∈ ℝ^(N×3), y ∈ {0,1}^N, w ∈ ℝ^3
p = sigmoid(X w)
ℓ = 1/N sum[i] (y[i] log p[i] + (1 - y[i]) log(1 - p[i]))
parameters w
maximize ℓ
"""
    signs = (X @ [1.0, -2.0, 0.5] > 0).astype(float)
    model = gs.loads(text).train({"X": X, "y": signs}, start={"w": np.zeros(3)}, whole=True, rate=1.0, epochs=200)
    assert model.score({"X": X, "y": signs}).accuracy == 1.0
    assert model.history[-1]["loss"] > model.history[0]["loss"]


# ---------------------------------------------------------------- the command


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.savez("d.npz", **DATA)
    Path("r.sheet").write_text(RIDGE, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("place")
def test_a_run_goes_on_bit_for_bit():
    begun = ("train", "r.sheet", "--data", "d.npz", "--whole", "--method", "adam", "--validation", "0.2", "-o")
    assert gradsheet(*begun, "one", "--epochs", "9").code == 0
    assert gradsheet(*begun, "two", "--epochs", "4").code == 0
    done = gradsheet("train", "--resume", "-o", "two", "--epochs", "9")
    assert done.code == 0, done.err
    assert "minimize L, as the sheet states it; 25 rows, 6 for validation" in done.out
    assert "25 rows a step, 1 step an epoch" in done.out
    one, two = load_model("one"), load_model("two")
    assert all(np.array_equal(one.parameters[n], two.parameters[n]) for n in one.parameters)
    assert one.history == two.history
    np.savez("new.npz", X=X[:4])
    told = gradsheet("predict", "one", "--data", "new.npz")
    assert told.code == 0
    assert told.out.splitlines()[0] == "ŷ"
    assert len(told.out.splitlines()) == 5


@pytest.mark.usefixtures("place")
def test_it_is_suggested_where_the_data_would_fit():
    done = gradsheet("train", "r.sheet", "--data", "d.npz", "-o", "run")
    assert done.code == 2
    assert "error[GS815]" in done.err
    assert "help: the sheet states all rows itself, and the data would fill its arrays: --whole" in done.err
    np.savez("b.npz", X=X.reshape(31, 3, 1, 1), y=np.zeros((31, 2)))
    assert "--whole" not in gradsheet("train", "r.sheet", "--data", "b.npz", "-o", "run").err


REFUSED = {
    "a mean of its own": (RIDGE.replace("minimize L", "minimize mean L"), (), "GS601", "takes the mean over its rows"),
    "another number of rows": (RIDGE.replace("N", "30"), (), "GS", "30"),
    "no rows at all": ("x, w ∈ ℝ\nL = (w - x)²\nparameters w\nminimize L\n", (), "GS812", "no input of the sheet"),
    "a batch": (RIDGE, ("--batch", "4"), "GS601", "each step sees all rows"),
    "a sum": (RIDGE, ("--reduction", "sum"), "GS601", "each step sees all rows"),
}


@pytest.mark.parametrize(("text", "options", "code", "words"), REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.usefixtures("place")
def test_what_is_refused(text: str, options: tuple[str, ...], code: str, words: str):
    Path("b.sheet").write_text(text, encoding="utf-8")
    done = gradsheet("train", "b.sheet", "--data", "d.npz", "-o", "run", "--whole", *options)
    assert done.code == 2
    assert f"error[{code}" in done.err
    assert words in done.err


def test_parameters_with_a_row_for_each_example_hold_the_number_of_rows():
    text = RIDGE.replace("b ∈ ℝ", "b ∈ ℝ^N")
    model = gs.loads(text).train(DATA, whole=True, epochs=2)
    assert model.predict({"X": X}).values.shape == (31,)
    with pytest.raises(gs.SheetError, match=r"GS816.*the data have 30 rows, and the sheet needs 31"):
        model.predict({"X": X[:30]})
