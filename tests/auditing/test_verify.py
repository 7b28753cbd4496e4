"""What an audit says: verdicts, numbers, blind spots, forward passes that differ, precision, the match by names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from unicodedata import normalize

import jsonschema
import numpy as np
import pytest

import gradsheet as gs
from auditing import numpy_functions
from auditing.sheets import SHEETS
from cli.session import gradsheet
from fences import ROOT
from gradsheet.auditing import auditor, closeness
from gradsheet.auditing.model import SLIPS
from gradsheet.diagnostics import CheckError
from gradsheet.verification import Check, Verification

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads((ROOT / "docs" / "schema" / "verify.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SHEET = str(ROOT / "examples" / "rms-norm.sheet")
FUNCTIONS = str(ROOT / "examples" / "functions" / "rms_norm.py")


def square(x):
    return x * x, x


SQUARE = gs.loads("x ∈ ℝ^n\ny = x²\npullback y\n")


# ---------------------------------------------------------------- what is said


def test_what_differs_is_said_with_equation_number_and_blind_spot():
    result = gs.verify(SQUARE, (square, lambda saved, dy: 2 * saved + 0 * dy))
    text = normalize("NFC", result.text())
    assert "x̄  ȳ is ignored: it is taken as 1" in text
    assert "derived     x̄ = 2 (ȳ ⊙ x)" in text
    assert "and should be" in text
    assert "it agrees where every entry of the upstream gradient is 1" in text
    assert text.endswith("0 of 1 gradients agree, 1 differs, at 4 random points, seed 1\n")


def test_the_equation_that_is_computed_stands_beside_the_right_one():
    result = gs.verify(gs.loads(SHEETS["square linear"]), numpy_functions.SquareLinearUntransposed)
    assert "computed    X̄ = Ȳ W" in result.text()
    assert "should be   X̄ = Ȳ Wᵀ" in result.text()


def test_entries_that_differ_are_placed_as_the_sheet_counts():
    sheet = gs.loads("x ∈ ℝ^(0..n)\ny = x²\npullback y\n")

    def backward(saved, dy):
        result = 2 * saved * dy
        result[2] = 0
        return result

    (entry,) = gs.verify(sheet, (square, backward), sizes={"n": 4}).to_json()["gradients"]
    assert entry["difference"]["place"] == [2]
    assert entry["difference"]["where"] == "only where the index is 2"
    assert entry["slip"]["kind"] == "unnamed"


def test_a_search_that_runs_out_of_time_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(auditor, "_SEARCH", -1.0)
    result = gs.verify(gs.loads(SHEETS["mlp"]), numpy_functions.MlpInput)
    assert list(result.kinds.values()) == ["unnamed"]
    assert "as far as the search came in its time" in next(iter(result.slips.values()))


def test_one_audit_is_like_another():
    pair = numpy_functions.LinearByBatch
    first, second = (gs.verify(gs.loads(SHEETS["linear"]), pair, seed=5).to_json() for _ in range(2))
    assert first == second
    assert first["points"] != gs.verify(gs.loads(SHEETS["linear"]), pair, seed=6).to_json()["points"]


def test_sizes_tell_the_axes_apart():
    points = gs.verify(gs.loads(SHEETS["linear"]), numpy_functions.Linear, points=8).to_json()["points"]
    for point in points:
        sizes = [part.split(" = ")[1] for part in point.split(", ") if " = " in part]
        assert len(set(sizes)) == 3, point


def test_keyboard_signs():
    text = gs.verify(SQUARE, (square, lambda saved, dy: -2 * saved * dy)).text(ascii_only=True)
    assert text.isascii()
    assert "!! xbar  xbar has the wrong sign" in text


# ---------------------------------------------------------------- forward passes


def test_a_forward_that_differs_is_said_and_its_backward_is_tried_on_it():
    result = gs.verify(gs.loads(SHEETS["logistic regression"]), numpy_functions.MeanForward)
    assert result.kinds["L"] == "forward"
    assert "L is N times that of the sheet, a sum for a mean" in result.slips["L"]
    assert "the backward pass is that of the function's own forward" in result.slips["L"]


def test_a_backward_that_fits_no_forward_is_said_so():
    result = gs.verify(SQUARE, (lambda x: (x**3, x), lambda saved, dy: 5 * saved * dy))
    assert "the backward pass fits neither" in result.slips["y"]


def test_an_output_of_another_shape_with_the_same_entries_is_taken():
    sheet = gs.loads("x ∈ ℝ^n\ns = sum[i] x[i]²\npullback s\n")
    pair = (lambda x: (np.sum(x * x, keepdims=True), x), lambda saved, dy: 2 * saved * dy)
    result = gs.verify(sheet, pair)
    assert result.agrees
    assert "of the shape 1 where the sheet has scalar" in result.text()


# ---------------------------------------------------------------- precision


@pytest.mark.parametrize("name", ["LeakyReluSingle"])
def test_less_than_float64_is_said_and_is_not_wrong(name: str):
    result = gs.verify(gs.loads(SHEETS["leaky relu"]), getattr(numpy_functions, name))
    assert result.agrees
    assert any("float32" in remark for remark in result.remarks)
    assert "≈ x̄  agrees to" in result.text()


def test_half_precision_is_said():
    def backward(saved, dy):
        return (2 * saved * dy).astype(np.float16)

    result = gs.verify(SQUARE, (square, backward))
    assert result.agrees
    assert "float16" in result.remarks[0]


def test_a_small_fault_is_not_taken_for_rounding():
    result = gs.verify(SQUARE, (square, lambda saved, dy: 2 * saved * dy * (1 + 1e-4)))
    assert not result.agrees


def test_a_wide_tolerance_lets_it_pass():
    assert gs.verify(SQUARE, (square, lambda saved, dy: 2 * saved * dy * (1 + 1e-4)), tolerance=1e-3).agrees


def test_where_digits_are_lost_nothing_is_called_wrong():
    sheet = gs.loads("x ∈ ℝ^n\ny[i] = exp(x[i]) - exp(-x[i])\nz[i] = y[i] - 2 x[i]\npullback z\n")
    pair = (lambda x: (2 * np.sinh(x) - 2 * x, x), lambda saved, dy: dy * (2 * np.cosh(saved) - 2))
    assert gs.verify(sheet, pair, points=8).agrees


def test_a_pattern_of_wrong_entries_is_found():
    expected = np.ones((3, 4))
    found = expected.copy()
    found[:, 2] = 0
    assert closeness.difference(found, expected, 1e-9, [1, 1]).where == "only where index 2 is 3"
    found = expected * 0
    found[0] = 1
    assert closeness.difference(found, expected, 1e-9, [1, 1]).where == "everywhere but where index 1 is 1"


# ---------------------------------------------------------------- the match


def test_inputs_are_matched_by_place_where_names_do_not_tell():
    sheet = gs.loads("x, w ∈ ℝ^n\ny = x ⊙ w\npullback y\n")

    def forward(a, b, scale):
        return scale * a * b, (a, b, scale)

    def backward(saved, dy):
        a, b, scale = saved
        return scale * dy * b, scale * dy * a, None

    assert gs.verify(sheet, (forward, backward), inputs=("x", "w", "1.0")).agrees
    with pytest.raises(gs.SheetError) as caught:
        gs.verify(sheet, (forward, backward))
    assert caught.value.diagnostics[0].code == "GS904"


def test_constants_are_those_of_the_function():
    text = SHEETS["normalise"]

    def forward(x):
        r = np.sqrt((x * x).sum(-1, keepdims=True) + 1e-3)
        return x / r, (x / r, r)

    def backward(saved, dy):
        y, r = saved
        return (dy - y * (y * dy).sum(-1, keepdims=True)) / r

    assert gs.verify(gs.loads(text), (forward, backward), values={"ε": 1e-3}).agrees
    assert gs.verify(gs.loads(text + "given ε = 1/1000\n"), (forward, backward)).agrees
    assert not gs.verify(gs.loads(text), (forward, backward), values={"ε": 0.5}).agrees
    with pytest.raises(gs.SheetError, match="takes no ε"):
        gs.verify(gs.loads(text), (forward, backward))


def test_sizes_are_passed_and_may_be_demanded():
    sheet = gs.loads("X ∈ ℝ^(m×n)\ny[i] = sum[j] X[i,j]²\npullback y\n")

    def forward(X, n):
        assert X.shape == (3, 8)
        assert n == 8
        return (X**2).sum(1), X

    assert gs.verify(sheet, (forward, lambda saved, dy: (2 * saved * dy[:, None], None)), sizes={"n": 8, "m": 3}).agrees


def rows_of(name: str):
    """RMS normalisation of rows, with the gain's gradient taken in some way."""

    def forward(x, g, eps):
        r = np.sqrt((x * x).mean(-1, keepdims=True) + eps)
        return g * x / r, (x, g, r)

    def backward(saved, dy):
        x, g, r = saved
        h, dh = x / r, dy * g
        dg = {"sum": (dy * h).sum(0), "mean": (dy * h).mean(0), "first": (dy * h)[0], "rows": dy * h}[name]
        return (dh - h * (dh * h).mean(-1, keepdims=True)) / r, dg, None

    return forward, backward


@pytest.mark.parametrize(("name", "kinds"), [
    ("sum", {}), ("mean", {"ḡ": "mean for sum"}), ("first", {"ḡ": "missing sum"}), ("rows", {"ḡ": "missing sum"}),
])  # fmt: skip
def test_a_sheet_of_one_example_is_one_of_rows(name: str, kinds: dict[str, str]):
    sheet = gs.loads(SHEETS["rms norm of one"])
    result = gs.verify(sheet, rows_of(name), batch=("x",))
    assert result.kinds == {normalize("NFC", n): k for n, k in kinds.items()}
    assert "the gradients by g are summed" in result.remarks[0]


def test_rows_of_what_is_no_input_are_refused():
    with pytest.raises(gs.SheetError, match="'z' is no input"):
        gs.verify(gs.loads(SHEETS["rms norm of one"]), rows_of("sum"), batch=("z",))
    with pytest.raises(gs.SheetError, match="over data already"):
        gs.verify(gs.loads(SHEETS["ridge"]), numpy_functions.Ridge, inputs=("x", "y", "w", "λ"), batch=("x",))


def test_a_size_that_is_demanded_is_named_and_not_its_number():
    result = gs.verify(gs.loads(SHEETS["linear"]), numpy_functions.LinearByBatch, sizes={"N": 8})
    assert "W̄ is 1/N of what it should be" in normalize("NFC", result.slips["W̄"])


def test_any_outputs_may_be_named():
    sheet = gs.loads("x ∈ ℝ^n\ny = x²\nz = 3 y\nL = sum(z)\nparameters x\nminimize L\n")
    assert gs.verify(sheet, (square, lambda saved, dy: 2 * saved * dy), outputs=("y",)).agrees


def test_backward_parameters_are_matched_by_name():
    sheet = gs.loads("x ∈ ℝ^n\ny = exp(x)\npullback y\n")
    def forward(x):
        return np.exp(x)

    assert gs.verify(sheet, (forward, lambda y, grad: y * grad)).agrees
    assert gs.verify(sheet, (forward, lambda x, grad: np.exp(x) * grad)).agrees


def test_what_is_no_parameter_needs_no_gradient():
    result = gs.verify(gs.loads(SHEETS["kl divergence"]), (
        lambda y, t: (np.sum(t * (np.log(t) - y)) / len(y), t), lambda saved, dy: (-dy * saved / len(saved), None),
    ))  # fmt: skip
    assert result.agrees
    assert "not compared: the function has no gradient by it" in result.text()


def test_symmetric_variables_are_compared_by_their_symmetric_part():
    sheet = gs.loads("A ∈ ℝ^(n×n) symmetric, x ∈ ℝ^n\ns = x' A x\nparameters A\npullback s\n")
    pair = (lambda A, x: (x @ A @ x, x), lambda saved, dy: (dy * np.triu(2 * np.outer(saved, saved)) - dy * np.diag(
        saved**2), None))  # fmt: skip
    assert gs.verify(sheet, pair).agrees


# ---------------------------------------------------------------- the command


def test_the_command_says_by_its_status_whether_all_agrees():
    right = gradsheet("verify", SHEET, "--against", f"{FUNCTIONS}:forward,backward")
    assert (right.code, right.err) == (0, "")
    wrong = gradsheet("verify", SHEET, "--against", f"{FUNCTIONS}:forward,backward_sum", "--points", "2", "--seed", "3")
    assert wrong.code == 1
    assert "in x̄, the factor 1/n is lost" in wrong.out
    assert "at 2 random points, seed 3" in wrong.out


@pytest.mark.parametrize("name", ["backward", "backward_sum", "backward_constant", "backward_ones"])
def test_json_is_what_its_schema_says(name: str):
    done = gradsheet("verify", SHEET, "--against", f"{FUNCTIONS}:forward,{name}", "--json")
    data = json.loads(done.out)
    VALIDATOR.validate(data)
    assert data["agrees"] is (done.code == 0) is (name == "backward")
    assert normalize("NFC", data["gradients"][0]["name"]) == "x̄"


def test_the_schema_knows_every_kind_and_sees_what_is_wrong():
    assert set(SCHEMA["$defs"]["kind"]["enum"]) == set(SLIPS)
    data = gs.verify(SQUARE, (square, lambda saved, dy: dy * saved)).to_json()
    VALIDATOR.validate(data)
    data["gradients"][0]["verdict"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(data)


def test_printing_in_the_function_is_not_in_the_way(tmp_path: Path):
    file = tmp_path / "loud.py"
    file.write_text(
        "def forward(x):\n    print('forward!')\n    return x * x, x\n"
        "def backward(saved, dy):\n    print('backward!')\n    return 2 * saved * dy\n",
        encoding="utf-8",
    )
    sheet = tmp_path / "a.sheet"
    sheet.write_text(SQUARE.text, encoding="utf-8")
    done = gradsheet("verify", str(sheet), "--against", f"{file}:forward,backward", "--json")
    assert json.loads(done.out)["agrees"] is True


def test_a_derivation_of_ours_that_fails_is_no_verdict_on_others(monkeypatch: pytest.MonkeyPatch):
    broken = Verification([Check("y", ("x",), "at generic points", "Taylor", 0, passed=False)], [], [], 1)
    monkeypatch.setattr(auditor, "verify_derivation", lambda _: broken)
    with pytest.raises(CheckError, match="a fault of gradsheet"):
        gs.verify(SQUARE, (square, lambda saved, dy: 2 * saved * dy))
