"""Sheets, derivations and solutions in Python."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import gradsheet as gs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

LOSS = """
x, w ∈ ℝ^2, ŷ, η ∈ ℝ
r = ŷ - w' x
L = 1/2 r² + η ‖w‖²
parameters w
minimize L by sgd(η = 0.5)
"""
VALUES = {"ŷ": 5, "η": Fraction(1, 2), "x": [1, 2], "w": [1, 1]}


@pytest.fixture
def sheet() -> gs.Sheet:
    return gs.loads(LOSS, name="loss")


# ---------------------------------------------------------------- reading


def test_a_sheet_tells_what_it_holds(sheet: gs.Sheet):
    assert sheet.name == "loss"
    assert sheet.text == LOSS == str(sheet)
    assert sheet.parameters == {"w": (2,)}
    assert sheet.inputs == {"x": (2,), "ŷ": (), "η": ()}
    assert sheet.definitions == {"r": (), "L": ()}
    assert sheet.remarks == ()
    assert repr(sheet) == "<Sheet loss: r, L>"


def test_shapes_are_numbers_where_they_are_known():
    shapes = gs.loads("A ∈ ℝ^(T×4), b ∈ ℝ^(0..R), c ∈ ℝ^(0..2), d ∈ ℝ^(n+1)").inputs
    assert shapes == {"A": ("T", 4), "b": ("0..R",), "c": (3,), "d": ("n + 1",)}


def test_a_file_is_read(tmp_path: Path):
    path = tmp_path / "a.sheet"
    path.write_bytes("\ufeffx ∈ ℝ\r\ny = x²\r\n".encode())
    assert gs.load(path).definitions == gs.load(str(path)).definitions == {"y": ()}


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(gs.SheetError) as caught:
        gs.load(tmp_path / "none.sheet")
    assert [d.code for d in caught.value.diagnostics] == ["GS001"]


def test_everything_that_is_wrong_is_told():
    with pytest.raises(gs.SheetError) as caught:
        gs.loads("x ∈ ℝ\ny = x + q\nz = x + p\n", name="two.sheet")
    assert [d.code for d in caught.value.diagnostics] == ["GS201", "GS201"]
    assert "two.sheet:2:9" in str(caught.value)
    assert caught.value.diagnostics[0].to_json()["line"] == 2


def test_it_is_a_value_error(sheet: gs.Sheet):
    with pytest.raises(ValueError, match="GS201"):
        sheet.derive("L", "nobody")


# ---------------------------------------------------------------- derivations


def test_the_whole_derivation_goes_from_the_objective_to_the_parameters(sheet: gs.Sheet):
    derivation = sheet.derive()
    assert [step.name for step in derivation] == ["∂L/∂r", "∂L/∂w"]
    assert len(derivation) == 2
    assert list(derivation.gradients) == ["w"]
    assert derivation["r"].text == "∂L/∂r = r"
    assert derivation.text.split("\n") == [step.text for step in derivation.steps]
    assert str(derivation).startswith("∂L/∂r = r")
    with pytest.raises(KeyError):
        derivation["x"]


def test_one_derivative_by_its_names():
    derivative = gs.load(EXAMPLES / "mlp-4433.sheet").derive("L", "W2")
    assert derivative.text == str(derivative).split("\n")[0] == "∂L/∂W2 = ∂L/∂z2 h1ᵀ"
    assert derivative.latex == r"\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial z_2} h_1^{\top}"
    assert (derivative.of, derivative.wrt, derivative.shape) == ("L", ("W2",), (3, 4))
    assert derivative.rule == "z2 is linear in W2"


def test_one_component():
    derivative = gs.load(EXAMPLES / "mlp-4433.sheet").derive("L", "W2[1,2]")
    assert derivative.text == "∂L/∂W2[1,2] = ∂L/∂z2[1] h1[2]"
    assert (derivative.name, derivative.shape) == ("∂L/∂W2[1,2]", ())


def test_a_row_of_a_gradient():
    derivative = gs.load(EXAMPLES / "mlp-4433.sheet").derive("L", "W2[1]")
    assert derivative.text == "∂L/∂W2[1] = ∂L/∂z2[1] h1"
    assert derivative.shape == (4,)


def test_what_is_no_parameter_and_what_is_no_objective():
    sheet = gs.load(EXAMPLES / "mlp-4433.sheet")
    assert sheet.derive("L", "x").text == "∂L/∂x = W1ᵀ ∂L/∂z1"
    jacobian = sheet.derive("z2", "h1")
    assert (jacobian.text, jacobian.shape) == ("∂z2/∂h1 = W2", (3, 4))


def test_conditions_are_named_where_they_are_used():
    derivative = gs.mlp([2, 3], output="softmax").derive("L", "z1")
    assert derivative.text == "∂L/∂z1 = ŷ − y"
    assert derivative.conditions == ("Σ y = 1: y ∈ onehot(3)",)


def test_every_rule_that_was_applied_is_there():
    steps = gs.mlp([2, 3], output="softmax").derive("L", "z1").steps
    assert "row_sum" in [step.rule for step in steps]
    assert all(step.sentence and step.before and step.after for step in steps)
    assert all("…" not in step.before + step.after for step in steps)
    assert "→" in str(steps[0])


def test_sheets_without_objective_are_derived_by_names():
    assert gs.loads("x ∈ ℝ\ny = x²").derive("y", "x").text == "∂y/∂x = 2 x"
    with pytest.raises(gs.SheetError, match="GS210"):
        gs.loads("x ∈ ℝ\ny = x²").derive()


@pytest.mark.parametrize(
    ("of", "wrt", "code"),
    [("L", "q", "GS201"), ("q", "w", "GS201"), ("x", "w", "GS214"), ("L", "w[1,2]", "GS209"), ("L", "w+1", "GS201")],
)
def test_names_that_cannot_be_derived(sheet: gs.Sheet, of: str, wrt: str, code: str):
    with pytest.raises(gs.SheetError, match=code):
        sheet.derive(of, wrt)


def test_what_takes_separate_values_cannot_be_differentiated_by():
    with pytest.raises(gs.SheetError, match="GS213"):
        gs.loads("v ∈ {0,1}^2\ny = sum(v)").derive("y", "v")


# ---------------------------------------------------------------- solutions


def test_values_by_name_and_in_a_dict(sheet: gs.Sheet):
    one = sheet.solve({"ŷ": 5, "η": Fraction(1, 2)}, x=[1, 2], w=[1, 1])
    two = sheet.solve(VALUES)
    assert one.objective == two.objective == 3
    assert one.gradient("w").tolist() == [-1, -3]
    assert one.exact("∂L/∂w") == [Fraction(-1), Fraction(-3)]
    assert one.update("w").tolist() == [1.5, 2.5]
    assert one.objective_after == (5 - 1.5 - 2 * 2.5) ** 2 / 2 + (1.5**2 + 2.5**2) / 2
    assert one.verified


def test_a_name_that_is_given_twice(sheet: gs.Sheet):
    with pytest.raises(TypeError, match="given twice: x"):
        sheet.solve({"x": [1, 2]}, x=[1, 2])


def test_an_option_is_no_name_but_a_dict_may_hold_it():
    sheet = gs.loads("steps, mode ∈ ℝ\ny = steps + mode")
    assert sheet.solve({"steps": 1, "mode": 2}).value("y") == 3


def test_a_mode_that_is_not_there(sheet: gs.Sheet):
    with pytest.raises(ValueError, match="mode"):
        sheet.solve(VALUES, mode="fast")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "exact"),
    [
        (0.1, Fraction(0.1)),
        (Fraction(1, 10), Fraction(1, 10)),
        ("1/10", Fraction(1, 10)),
        ("0.1", Fraction(1, 10)),
        (3, Fraction(3)),
        (np.float64(0.1), Fraction(0.1)),
        (np.float32(0.5), Fraction(1, 2)),
        (np.int64(7), Fraction(7)),
    ],
)
def test_a_float_is_the_number_that_it_is(given, exact: Fraction):
    assert gs.loads("x ∈ ℝ\ny = x").solve(x=given).exact("y") == exact


def test_an_array_of_floats_is_certified_to_all_its_digits():
    solution = gs.loads("x ∈ ℝ^2\ny = sum(x)").solve(x=np.array([0.1, 0.2]))
    assert solution.mode == "exact"
    assert solution.value("y") == float(Fraction(0.1) + Fraction(0.2))


def test_arrays_and_nested_lists_are_alike():
    sheet = gs.loads("A ∈ ℝ^(2×2×2)\ny = sum(A)")
    nested = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    assert sheet.solve(A=nested).value("y") == sheet.solve(A=np.array(nested)).value("y") == 36


def test_values_are_float64_arrays(sheet: gs.Sheet):
    solution = sheet.solve(VALUES)
    assert solution.value("w").dtype == solution.value("L").dtype == np.float64
    assert solution.value("L").shape == ()
    assert solution.value("w[2]") == 1
    assert solution.value("∂L/∂w").tolist() == solution.value("dL/dw").tolist() == [-1, -3]
    assert solution.gradient("w[2]") == -3


def test_closed_forms_are_texts():
    solution = gs.loads("z ∈ ℝ^3\ny = logsumexp(z)\np = softmax(z)").solve(z=0)
    assert solution.exact("y") == "log(3)"
    assert solution.exact("p") == [Fraction(1, 3)] * 3


def test_float_mode_has_no_exact_values(sheet: gs.Sheet):
    solution = sheet.solve(VALUES, mode="float")
    assert solution.mode == "float"
    assert solution.exact("L") is None
    assert solution.objective == pytest.approx(3)


def test_steps_go_on(sheet: gs.Sheet):
    solution = sheet.solve(VALUES, steps=3)
    assert len(solution.objectives) == 4
    assert solution.objective_after == solution.objectives[-1]
    with pytest.raises(IndexError, match="3 steps"):
        solution.update("w", 4)


def test_an_intermediate_has_a_gradient_too(sheet: gs.Sheet):
    assert sheet.solve(VALUES).gradient("r") == 2
    with pytest.raises(gs.SheetError, match="GS213"):
        sheet.solve(VALUES).gradient("x")


@pytest.mark.parametrize(("name", "code"), [("q", "GS201"), ("w[3]", "GS206"), ("w[0]", "GS206"), ("∂r/∂w", "GS201")])
def test_names_that_have_no_value(sheet: gs.Sheet, name: str, code: str):
    with pytest.raises(gs.SheetError, match=code):
        sheet.solve(VALUES).value(name)


def test_a_pullback_has_an_upstream_gradient():
    sheet = gs.loads("x ∈ ℝ^2\ny = x²\nparameters x\npullback y")
    solution = sheet.solve({"ȳ": [1, 10]}, x=[1, 2])
    assert solution.objective is None
    assert solution.gradient("x").tolist() == solution.value("x̄").tolist() == [2, 40]


def test_it_prints_as_a_worked_solution(sheet: gs.Sheet):
    text = str(sheet.solve(VALUES))
    assert "∂L/∂w = " in text
    assert "Verified" in text
    assert sheet.solve(VALUES, digits=2).text(width=60) != text


def test_it_is_data_too(sheet: gs.Sheet):
    data = sheet.solve(VALUES).to_json()
    assert data["objective_value"] == 3
    assert [entry["wrt"] for entry in data["backward"]] == ["r", "w"]


def test_a_sheet_is_not_changed_by_what_is_asked_of_it():
    sheet = gs.loads("x, w ∈ ℝ^2, y ∈ ℝ\nL = (w' x - y)²\nparameters w\nminimize mean L + ‖w‖²")
    first = str(sheet.derive())
    sheet.solve(x=[[1, 2], [3, 4]], w=1, y=[1, 2])
    sheet.derive("L", "x")
    assert str(sheet.derive()) == first
    assert sheet.definitions == gs.loads(sheet.text).definitions
