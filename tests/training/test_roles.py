"""Which inputs have rows, which are constants, and what is a prediction, in sheets that speak of their data."""

from __future__ import annotations

import numpy as np
import pytest

import gradsheet as gs

PENALISED = """
x, w ∈ ℝ^2, y, ŷ, λ ∈ ℝ
ŷ = wᵀ x
L = (ŷ - y)²
parameters w
minimize mean L + λ ‖w‖²
"""
X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
Y = X @ [2.0, -1.0]


def test_a_single_number_inside_a_mean_has_a_row_for_each_example():
    model = gs.loads(PENALISED).train({"x": X, "y": Y}, values={"λ": 0}, epochs=400, batch="all", rate=0.1)
    assert model.setting.data == ("x", "y")
    np.testing.assert_allclose(model.parameters["w"], [2, -1], atol=1e-6)


def test_a_penalty_that_is_a_constant_does_not_make_a_prediction_of_the_loss():
    model = gs.loads(PENALISED).train({"x": X, "y": Y}, values={"λ": 0.01}, epochs=50, batch="all", rate=0.1)
    assert model.predict({"x": X}).name == "ŷ"
    assert model.score({"x": X, "y": Y}).r2 == pytest.approx(1, abs=0.01)


def test_what_stands_outside_the_mean_never_has_rows():
    model = gs.loads(PENALISED).train({"x": X, "y": Y}, values={"λ": 0.5}, epochs=300, batch="all", rate=0.1)
    assert list(model.setting.constants) == ["λ"]
    # The minimum of |X w − y|²/n + λ|w|²: (XᵀX/n + λ) w = Xᵀy/n.
    wanted = np.linalg.solve(X.T @ X / 4 + np.eye(2) / 2, X.T @ Y / 4)
    np.testing.assert_allclose(model.parameters["w"], wanted, atol=1e-9)
