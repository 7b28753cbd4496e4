"""What is predicted and what it is compared with, in sheets that have more than one candidate for either."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradsheet as gs
from fences import ROOT
from gradsheet.cli.predict import csv
from gradsheet.diagnostics import SheetError

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 3))
Y = X @ [1.0, -2.0, 0.5]
C = RNG.integers(0, 3, 40)
B = (Y > 0).astype(int)
CLASSES = "x ∈ ℝ^n, W ∈ ℝ^(3×n)\ns = W x\n"

SHEETS: dict[str, tuple[str, dict[str, Any], str, str | None]] = {
    "two tasks": (
        """
        x ∈ ℝ^n, y ∈ ℝ, c ∈ onehot(3), λ ∈ ℝ, W ∈ ℝ^(6×n), u ∈ ℝ^6, V ∈ ℝ^(3×6)
        h = tanh(W x)
        ŷ = u' h
        p = softmax(V h)
        L1 = (y - ŷ)²
        L2 = -sum[k] c[k] log p[k]
        parameters W, u, V
        minimize L1 + λ L2
        given λ = 0.5
        """, {"x": X, "y": Y, "c": C}, "p", "c",
    ),
    "two tasks of one shape": (
        """
        x, u, v ∈ ℝ^n, y, z ∈ ℝ
        ŷ = u' x
        L1 = (y - ŷ)²
        ẑ = v' x
        L2 = (z - ẑ)²
        parameters u, v
        minimize mean L1 + mean L2
        """, {"x": X, "y": Y, "z": -Y}, "ẑ", None,
    ),
    "a log-partition function": (
        "x, w ∈ ℝ^n, y ∈ {0,1}\ns = w' x\na = log(1 + exp(s))\nL = a - y s\nparameters w\nminimize L",
        {"x": X, "y": B}, "s", "y",
    ),
    "of several classes": (
        CLASSES + "c ∈ onehot(3)\nm = logsumexp(s)\nL = m - c' s\nparameters W\nminimize L",
        {"x": X, "c": C}, "s", "c",
    ),
    "classes by number": (
        CLASSES + "c ∈ 1..3\np = softmax(s)\nL = -log p[c]\nparameters W\nminimize L", {"x": X, "c": C + 1}, "p", "c",
    ),
    "classes by number, from scores": (
        CLASSES + "c ∈ 1..3\nm = logsumexp(s)\nL = m - s[c]\nparameters W\nminimize L", {"x": X, "c": C + 1}, "s", "c",
    ),
    "counts, whose mean is a term of the loss": (
        "x, w ∈ ℝ^n, y ∈ ℝ\nη = w' x\nμ = exp(η)\nL = μ - y η\nparameters w\nminimize L", {"x": X, "y": B}, "μ", "y",
    ),
    "an input that is its own target": (
        "x ∈ ℝ^n, W ∈ ℝ^(2×n)\nz = W x\nx̂ = W' z\nr = x - x̂\nL = ‖r‖²\nparameters W\nminimize L",
        {"x": X}, "x̂", "x",
    ),
    "the same with noise and a penalty": (
        """
        x ∈ ℝ^n, ε ∈ ℝ^2, A, B ∈ ℝ^(2×n), D ∈ ℝ^(n×2)
        μ = A x
        s = B x
        x̂ = D (μ + exp(s) ⊙ ε)
        K = 1/2 sum[j] (exp(2 s[j]) + μ[j]² - 1 - 2 s[j])
        L = 1/2 ‖x - x̂‖² + K
        parameters A, B, D
        minimize L
        """, {"x": X, "ε": RNG.normal(size=(40, 2))}, "x̂", "x",
    ),
}  # fmt: skip


def test_a_gate_is_no_prediction_though_its_derivative_is_read_beside_the_data():
    path = ROOT / "tests" / "sheets" / "gru.sheet"
    rows = {"x": RNG.normal(size=(6, 4, 2)), "y": RNG.normal(size=(6, 4, 3))}
    model = gs.load(path).train(rows, epochs=1, rate=0.01)
    assert model.setting.prediction is None
    with pytest.raises(SheetError, match="nothing in the sheet is a prediction") as caught:
        model.predict(rows)
    assert "--what" in str(caught.value)
    assert model.predict(rows, what="h").values.shape == (6, 5, 3)


@pytest.mark.parametrize("name", SHEETS)
def test_the_prediction_and_its_target(name: str):
    text, data, prediction, target = SHEETS[name]
    model = gs.loads(text).train(data, epochs=1, rate=0.01)
    found = model.setting.prediction, model.setting.target
    assert [getattr(s, "name", None) for s in found] == [prediction, target]


def test_each_of_several_targets_in_a_row_counts_for_its_share():
    steps = RNG.normal(size=(30, 5, 3))
    tags = steps.argmax(axis=-1)
    sheet = gs.loads(
        """
        X ∈ ℝ^(T×n), Y ∈ onehot(3)^T, W ∈ ℝ^(3×n)
        S[t,k] = sum[j] W[k,j] X[t,j]
        P[t,k] = softmax[k](S[t,k])
        L = -sum[t,k] Y[t,k] log P[t,k]
        parameters W
        minimize L
        """
    )
    tags[0, 0] = (tags[0, 0] + 1) % 3
    rows = {"X": steps, "Y": np.eye(3)[tags]}
    model = sheet.train(rows, epochs=0, start={"W": np.eye(3)})
    assert model.score(rows).accuracy == pytest.approx(1 - 1 / 150)
    lines = csv(model.predict({"X": steps})).splitlines()
    assert lines[0].startswith('Y[1],Y[2],Y[3],Y[4],Y[5],"P[1,1]",')
    assert len(lines[1].split(",")) == 5 + 15


def test_labels_of_several_yes_and_no():
    wanted = (X > 0).astype(int)
    sheet = gs.loads(
        "x ∈ ℝ^3, y ∈ {0,1}^3, W ∈ ℝ^(3×3)\np = σ(W x)\n"
        "L = -sum[k] (y[k] log p[k] + (1 - y[k]) log(1 - p[k]))\nparameters W\nminimize L"
    )
    model = sheet.train({"x": X, "y": wanted}, epochs=0, start={"W": np.diag([1, 1, -1])})
    assert model.score({"x": X, "y": wanted}).accuracy == pytest.approx(2 / 3)


def test_a_class_by_number_is_predicted_and_counted():
    text, data, *_ = SHEETS["classes by number"]
    model = gs.loads(text).train(data, epochs=20, rate=0.5)
    found = model.predict({"x": X})
    assert found.labels.tolist() == (found.values.argmax(axis=1) + 1).tolist()
    assert model.score(data).accuracy == np.mean(found.labels == C + 1)


def test_any_definition_can_be_asked_for():
    text, data, *_ = SHEETS["an input that is its own target"]
    model = gs.loads(text).train(data, epochs=1, rate=0.01)
    np.testing.assert_allclose(model.predict({"x": X}, what="z").values, X @ model.parameters["W"].T, atol=1e-14)
    with pytest.raises(SheetError, match="defines no 'h'; there is z, x̂, r, L"):
        model.predict({"x": X}, what="h")


def test_sizes_are_those_of_parameters_to_begin_with():
    text, data, *_ = SHEETS["an input that is its own target"]
    sheet = gs.loads(text.replace("W ∈ ℝ^(2×n)", "W ∈ ℝ^(k×n)"))
    with pytest.raises(SheetError, match="how large k is follows from nothing") as caught:
        sheet.train(data, epochs=1)
    assert "--set k=8" in str(caught.value)
    assert sheet.train(data, epochs=0, start={"W": np.ones((2, 3))}).parameters["W"].shape == (2, 3)
    with pytest.raises(SheetError, match="W"):
        sheet.train(data, epochs=0, start={"W": np.ones((2, 4))})


def test_a_model_is_shown_in_one_line():
    text, data, *_ = SHEETS["two tasks"]
    assert repr(gs.loads(text).train(data, epochs=1)) == "<Model of <sheet> after 1 epoch: W 6×3, u 6, V 3×6>"


def test_new_data_are_read_as_the_first_were(tmp_path):
    head = "sepal length,sepal width,petal length,species"
    table = tmp_path / "flowers.csv"
    rows = [",".join([*map(str, x), "abc"[c]]) for x, c in zip(X, C, strict=True)]
    table.write_text("\n".join([head, *rows]) + "\n")
    sheet = gs.loads(SHEETS["of several classes"][0])
    columns = {"x": "sepal length:petal length", "c": "species"}
    model = sheet.train(table, mapping=columns, epochs=1, folder=tmp_path / "run")
    wanted = model.predict({"x": X}).values  # which has another name
    model.save(tmp_path / "kept.model")
    for held in (model, gs.load_model(tmp_path / "run"), gs.load_model(tmp_path / "kept.model")):
        assert (held.predict(table).values == wanted).all()
        assert held.score(table).rows == 40
    with pytest.raises(SheetError, match="sepal length"):
        model.predict({"sepal width": X[:, 0]})
