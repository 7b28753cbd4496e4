"""Sheets from Python operators: what NumPy would compute, the sheet computes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradsheet as gs
from drawing import examples


def test_a_builder_writes_a_sheet_that_reads():
    b = gs.Builder("ridge")
    X, y = b.input("X", "N", "d"), b.input("y", "N")
    w = b.parameter("w", "d")
    lam = b.input("λ")
    r = b.define("r", X @ w - y)
    L = b.define("L", gs.norm(r) ** 2 / 2 + lam / 2 * gs.norm(w) ** 2)
    b.minimize(L, rate=0.1)
    assert b.text == (
        "# ridge\n\nX ∈ ℝ^(N×d)\ny ∈ ℝ^N\nw ∈ ℝ^d\nλ ∈ ℝ\n\n"
        "r = X w - y\nL = ‖r‖² / 2 + λ/2 ‖w‖²\n\nparameters w\nminimize L by sgd(η = 0.1)\n"
    )
    assert b.sheet().derive("L", "w").text == "∂L/∂w = Xᵀ r + λ w"


def test_sets_indices_and_ranges():
    b = gs.Builder()
    T = b.size("T")
    x, k = b.input("x", "1..T"), b.parameter("k", "0..2")
    y = b.input("y", set="onehot(3)")
    t, s = gs.indices("t s")
    z = b.define("z[t]", gs.sum[s](k[s] * x[t - s]) / T, over="t in 1..T")
    p = b.define("p", gs.softmax(gs.exp(k)))
    b.minimize(gs.sum(z) - gs.sum["i in 1..2"]("y[i] p[i]") + y[1])
    assert "k ∈ ℝ^(0..2)\ny ∈ onehot(3)" in b.text
    assert "z[t] = (sum[s] k[s] x[t-s]) / T   for t in 1..T" in b.text
    assert str(p) == "p"
    assert z.rank == 1
    values = {"x": [1, 2], "k": [0, 0, 0], "y": [0, 1, 0]}
    assert b.sheet().solve(values).objective == pytest.approx(-1 / 3)


def test_lines_may_be_written_as_they_stand():
    b = gs.Builder()
    b.input("x", 2)
    b.parameter("W", 2, 2)
    b.write("h[0] = x\nfor t in 1..T\n  h[t] = tanh(W h[t-1])")
    b.minimize("1/2 ‖h[T]‖²")
    assert "∂J/∂W" in b.sheet().derive().text


def test_a_pullback():
    b = gs.Builder()
    x = b.parameter("x", "n")
    b.pullback(b.define("y", x * gs.sigmoid(x)))
    assert b.text == "x ∈ ℝ^n\n\ny = x ⊙ σ(x)\n\nparameters x\npullback y\n"
    assert b.sheet().derive()["x"].name == "x̄"


@pytest.mark.parametrize("bad", [lambda x: x[1:2], bool, list, lambda x: x + object(), lambda x: x + float("nan")])
def test_what_a_term_refuses(bad):
    x = gs.Builder().input("x", 3)
    with pytest.raises((TypeError, ValueError)):
        bad(x)


def test_arrays_beside_terms_are_refused():
    x = gs.Builder().input("x", 3)
    with pytest.raises(TypeError, match="ndarray"):
        np.ones(3) * x


def test_numbers_are_written_as_they_print():
    x = gs.Builder().input("x")
    assert str(0.1 * x + Fraction(1, 3) - 2 * x) == "0.1 x + 1/3 - 2 x"


def test_brackets_stand_where_they_are_needed():
    b = gs.Builder()
    a, c, d = b.input("a"), b.input("c"), b.input("d")
    assert str(a / (c * d)) == "a / (c d)"
    assert str(a / c * d) == "a/c d"
    assert str(a - (c - d)) == "a - (c - d)"
    assert str((a + c) ** 2 / 2) == "(a + c)² / 2"
    assert str(-(a**2)) == "-a²"
    assert str((-a) ** 2) == "(-a)²"


SHAPES = {"s": (), "u": (3,), "v": (3,), "A": (3, 3), "B": (3, 3)}


LEAVES = {0: ("s", "2", "0.5"), 1: ("u", "v"), 2: ("A", "B")}


@st.composite
def expressions(draw: st.DrawFn, rank: int, depth: int = 3) -> str:
    """A Python expression of some rank that NumPy and a builder both understand."""
    if depth == 0:
        return draw(st.sampled_from(LEAVES[rank]))

    def part(of: int) -> str:
        return draw(expressions(of, draw(st.integers(0, depth - 1))))

    forms = {
        "sum": lambda: f"({part(rank)} + {part(draw(st.sampled_from([0, rank])))})",
        "difference": lambda: f"({part(rank)} - {part(rank)})",
        "product": lambda: f"({part(draw(st.sampled_from([0, rank])))} * {part(rank)})",
        "quotient": lambda: f"({part(rank)} / (3 + f.exp(0.1 * {part(draw(st.sampled_from([0, rank])))})))",
        "minus": lambda: f"(-{part(rank)})",
        "function": lambda: f"f.{draw(st.sampled_from(['tanh', 'sin']))}({part(rank)})",
    }
    match rank:
        case 0:
            forms |= {
                "entries": lambda: f"f.sum({part(draw(st.integers(1, 2)))})",
                "inner": lambda: f"({part(1)} @ {part(1)})",
            }
        case 1:
            forms |= {"left": lambda: f"({part(2)} @ {part(1)})", "right": lambda: f"({part(1)} @ {part(2)})"}
        case _:
            forms |= {"matrices": lambda: f"({part(2)} @ {part(2)})", "turned": lambda: f"({part(2)}).T"}
    if rank < 2:
        forms["square"] = lambda: f"({part(rank)} ** 2)"
    return forms[draw(st.sampled_from(sorted(forms)))]()


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(0, 2).flatmap(expressions))
def test_the_sheet_computes_what_numpy_computes(expression: str):
    rng = np.random.default_rng(3)
    values = {name: rng.uniform(-1, 1, shape) for name, shape in SHAPES.items()}
    expected = eval(expression, {"f": np}, values)  # noqa: S307 - made by the strategy above
    b = gs.Builder()
    terms = {name: b.input(name, *shape) for name, shape in SHAPES.items()}
    made = eval(expression, {"f": gs}, terms)  # noqa: S307 - the same
    b.define("y", made if not isinstance(made, (int, float)) else str(made))
    found = b.sheet().solve(values, mode="float").value("y")
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=b.text)
