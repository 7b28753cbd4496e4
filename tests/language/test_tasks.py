"""Updates, ascents, families and states: what a sheet asks for, and in what order it happens."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import gradsheet as gs


def test_names_see_new_values_and_derivatives_the_old_ones():
    solution = gs.loads(
        "a, b ∈ ℝ\nL = a b\nparameters a, b\nminimize L\n"
        "update\n  a ← a - ∂L/∂a\n  b ← b - a - ∂L/∂b\ngiven a = 1, b = 5\n"
    ).solve()
    assert solution.update("a") == 1 - 5
    assert solution.update("b") == 5 - (1 - 5) - 1


def test_maximize_by_sgd_goes_up():
    solution = gs.loads("x ∈ ℝ\nL = -(x - 3)²\nparameters x\nmaximize L by sgd(η = 1/4)\ngiven x = 1\n").solve()
    assert (solution.objective, solution.objective_after) == (-4, -1)


def test_the_rate_is_a_keyword_and_leaves_the_name_free():
    solution = gs.loads("η, w ∈ ℝ\nL = η w²\nparameters w\nminimize L by sgd(η = 0.5)\ngiven η = 3, w = 1\n").solve()
    assert solution.update("w") == 1 - 0.5 * 6


def test_a_rate_may_be_a_name_of_the_sheet():
    solution = gs.loads("α, w ∈ ℝ\nL = w²\nparameters w\nminimize L by sgd(η = α)\ngiven α = 1/4, w = 1\n").solve()
    assert solution.update("w") == 0.5


def test_state_is_declared_and_given_like_anything_else():
    momentum = gs.loads(
        "w, m ∈ ℝ^2\nL = 1/2 ‖w‖²\nparameters w\nminimize L\n"
        "update\n  m ← 1/2 m + ∂L/∂w\n  w ← w - 1/10 m\ngiven w = [1, 2], m = 0\n"
    )
    two = momentum.solve(steps=2)
    w, m = np.array([1.0, 2.0]), np.zeros(2)
    for _ in range(2):
        m = m / 2 + w
        w = w - m / 10
    np.testing.assert_allclose(two.update("w", 2), w, rtol=1e-15)
    assert len(two.objectives) == 3


def test_a_newton_step_on_a_parabola_arrives():
    solution = gs.loads(
        "w ∈ ℝ^2, A ∈ ℝ^(2×2) symmetric, b ∈ ℝ^2\nL = 1/2 w' A w - b' w\nparameters w\nminimize L\n"
        "update w ← w - (∂²L/∂w²)⁻¹ ∂L/∂w\ngiven A = [2, 1; 1, 2], b = [3, 3], w = [7, -1]\n"
    ).solve()
    assert solution.update("w").tolist() == [1, 1]


LAYERS = """
sizes n[0..D]
x ∈ ℝ^(n[0]), y ∈ ℝ^(n[D])
h[0] = x
for l in 1..D
  W[l] ∈ ℝ^(n[l]×n[l-1])
  h[l] = W[l] h[l-1]
L = 1/2 ‖h[D] - y‖²
parameters W
minimize L by sgd(η = 1)
"""


def test_a_list_of_widths_gives_the_depth():
    solution = gs.loads(LAYERS + "given n = [2, 3, 1], x = [1, 2], y = 5, W = 1\n").solve()
    assert solution.value("h[1]").tolist() == [3, 3, 3]
    assert solution.objective == Fraction(16, 2)
    assert {k: v.shape for k, v in solution.members("W").items()} == {1: (3, 2), 2: (1, 3)}
    assert solution.gradient("W[2]").tolist() == [[12, 12, 12]]
    assert solution.gradient("W[1]").tolist() == [[4, 8]] * 3
    assert solution.update("W[2]").tolist() == [[-11, -11, -11]]


def test_widths_may_be_inferred_from_the_values_of_a_family():
    values = {"x": [1, 2], "y": [5], "W": [[[1, 1], [1, 1], [1, 1]], [[1, 1, 1]]]}
    solution = gs.loads(LAYERS).solve(n=[2, 3, 1], **values)
    assert solution.objective == 8


def test_a_family_is_one_derivative_for_any_depth():
    derivation = gs.loads(LAYERS).derive()
    assert derivation["W"].text == "∂L/∂W[l] = ∂L/∂h[l] h[l−1]ᵀ   for l in 1..D"
    assert derivation["h"].text.split("\n") == [
        "∂L/∂h[l] = W[l+1]ᵀ ∂L/∂h[l+1]   for l in 1..D−1",
        "∂L/∂h[D] = h[D] − y",
    ]


def test_weights_shared_over_time_sum_their_uses():
    text = (
        "a, x ∈ ℝ\nh[0] = x\nfor t in 1..3\n  h[t] = a h[t-1]\nL = h[3]\nparameters a\nminimize L\ngiven a = 2, x = 1\n"
    )
    assert gs.loads(text).solve().gradient("a") == 3 * 2**2


def test_without_values_everything_stays_symbolic():
    solution = gs.loads("x ∈ ℝ^n\nL = ‖x‖²\nparameters x\nminimize L\n").solve()
    assert solution.objective is None
    assert solution.mode is None
    assert solution.verified
    with pytest.raises(gs.SheetError, match="GS401"):
        solution.gradient("x")


def test_numbers_that_are_asked_for_need_values():
    with pytest.raises(gs.SheetError, match="GS401"):
        gs.loads("x ∈ ℝ^n\nL = ‖x‖²\nparameters x\nminimize L\n").solve(mode="exact")
