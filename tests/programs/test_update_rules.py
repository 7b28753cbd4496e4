"""Lines of an update see the mean of a derivative over the rows, also through state that earlier lines assigned."""

from __future__ import annotations

import numpy as np
import pytest

import gradsheet as gs

SHEET = """
x ∈ ℝ^3, y ∈ ℝ
w, m, v ∈ ℝ^3
L = (w' x - y)²
parameters w
minimize L
update
  m ← 1/2 m + ∂L/∂w
  v ← 1/2 v + ∂L/∂w ⊙ ∂L/∂w
  w ← w - 1/10 m / (1 + v)
"""


@pytest.mark.parametrize("batch", [1, 4])
def test_state_is_carried_for_the_batch_not_for_each_row(batch):
    pytest.importorskip("llvmlite")
    rng = np.random.default_rng(0)
    w, m, v = rng.normal(size=(3, 3))
    x, y = rng.normal(size=(batch, 3)), rng.normal(size=batch)
    step = gs.loads(SHEET).compile("update", batch=batch, data=("x", "y"))
    held = {"w": w.copy(), "m": m.copy(), "v": v.copy()}
    step(held, x=x, y=y)
    gradient = np.mean(2 * (x @ w - y)[:, None] * x, axis=0)
    m, v = m / 2 + gradient, v / 2 + gradient**2
    np.testing.assert_allclose(held["m"], m, rtol=1e-12)
    np.testing.assert_allclose(held["v"], v, rtol=1e-12)
    np.testing.assert_allclose(held["w"], w - m / (1 + v) / 10, rtol=1e-12)
