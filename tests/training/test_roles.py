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


NEWTON = """
x, w ∈ ℝ^2, y ∈ {0,1}
s = w' x
L = softplus(s) - y s
J = mean L + 1/20 ‖w‖²
parameters w
minimize J
update
  w ← w - (∂²L/∂w² + 1/10 I)⁻¹ ∂J/∂w
"""


def test_a_newton_step_of_a_mean_and_a_penalty():
    y = np.array([0, 1, 1, 0])
    wanted = np.array([0.1, -0.2])
    model = gs.loads(NEWTON).train({"x": X, "y": y}, batch="all", epochs=3, start={"w": wanted})
    for _ in range(3):
        p = 1 / (1 + np.exp(-X @ wanted))
        hessian = (X.T * (p * (1 - p))) @ X / 4 + np.eye(2) / 10
        wanted = wanted - np.linalg.solve(hessian, X.T @ (p - y) / 4 + wanted / 10)
    np.testing.assert_allclose(model.parameters["w"], wanted, rtol=0, atol=1e-12)


def test_second_derivatives_of_a_mean_are_refused_in_words():
    sheet = gs.loads(NEWTON.replace("(∂²L/∂w² + 1/10 I)", "(∂²J/∂w²)"))
    with pytest.raises(gs.SheetError, match="a second derivative by w is not derived for J"):
        sheet.train({"x": X, "y": [0, 1, 1, 0]})
