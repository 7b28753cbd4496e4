"""The examples: each has a solution that is what gradsheet prints now, and numbers that were worked out by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from fences import ROOT
from regenerate import sheets, solution_of, solution_path
from solving import solved

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("sheet", sheets(), ids=lambda path: path.stem)
def test_the_solution_is_what_is_printed_now(sheet: Path):
    assert solution_path(sheet).read_text(encoding="utf-8") == solution_of(sheet), "make documents writes it again"


def test_the_index_names_every_sheet_and_no_other():
    index = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for sheet in sheets():
        assert f"[{sheet.name}]({sheet.name})" in index
        assert f"(solutions/{sheet.stem}.txt)" in index
    assert index.count(".sheet](") == len(sheets())


def backward(stem: str) -> dict[str, dict]:
    result = solved(EXAMPLES / f"{stem}.sheet")
    return {entry["wrt"]: entry for entry in result["backward"]}


def rounded(value, digits: int = 5):
    return [rounded(v, digits) for v in value] if isinstance(value, list) else round(value, digits)


def test_the_network_step_has_its_known_numbers():
    result = solved(EXAMPLES / "mlp-4433.sheet")
    forward = {entry["name"]: rounded(entry["value"]) for entry in result["forward"]}
    gradients = {entry["wrt"]: rounded(entry["value"]) for entry in result["backward"]}
    updated = {entry["name"]: rounded(entry["value"]) for entry in result["update"]}
    assert forward["z1"] == [0.3] * 4
    assert forward["h1"] == [0.29131] * 4
    assert forward["z2"] == [0.21653] * 3
    assert forward["h2"] == [0.21320] * 3
    assert forward["z3"] == [0.16396] * 3
    assert round(result["objective_value"], 5) == 0.37636
    assert gradients["z3"] == [0.16396, -0.83604, 0.16396]
    assert gradients["z2"] == [-0.04850] * 3
    assert gradients["W2"] == [[-0.01413] * 4] * 3
    assert gradients["z1"] == [-0.01332] * 4
    assert gradients["W1"] == [[-0.01332, 0, -0.01332, 0]] * 4
    assert updated["W2"] == [[0.10141] * 4] * 3
    assert updated["b1"] == [0.10133] * 4
    assert updated["W1"] == [[0.10133, 0.1, 0.10133, 0.1]] * 4
    assert round(result["objective_after"], 5) == 0.29434


def test_the_softmax_step_is_exact_where_it_can_be():
    result = solved(EXAMPLES / "mlp-4433-softmax.sheet")
    forward = {entry["name"]: entry["exact"] for entry in result["forward"]}
    gradients = {entry["wrt"]: entry["exact"] for entry in result["backward"]}
    assert forward["ŷ"] == ["1/3"] * 3
    assert forward["L"].replace("(", " ").replace(")", "").strip() == "log 3"
    assert gradients["z3"] == ["1/3", "-2/3", "1/3"]
    assert gradients["W1"] == [["0"] * 4] * 4
    assert gradients["b2"] == ["0"] * 3
    assert math.isclose(result["objective_value"], math.log(3), rel_tol=1e-15)
    assert round(result["objective_after"], 5) == 1.02431


def test_the_chain_ends_in_minus_one_sixteenth():
    assert backward("jacobian-chain")["W1"]["exact"] == [["-1/8", "-1/16"], ["0", "0"]]


def test_the_circuit_by_hand():
    # s = 2, h = 2, o = 2, e = 1, L = 1; back: 2, through v = -2 to s, times x = 2.
    result = backward("circuit")
    assert {name: result[name]["value"] for name in "oucvd"} == {"o": 2, "u": -8, "c": -4, "v": 4, "d": 2}


def test_many_paths_by_hand():
    # a = 2, b = 2, f = 4, L = 2; ∂L/∂f = 2, and b counts through f and for itself: 2 · 2 − 2 = 2.
    result = backward("many-paths")
    assert {name: result[name]["value"] for name in ("f", "b", "w3")} == {"f": 2, "b": 2, "w3": 8}
    assert result["a"]["value"] == 2 * 2 - 2
    assert result["x"]["value"] == 2 * 4 + 2 * 1


def test_a_unit_that_is_off_gets_no_gradient_and_without_relu_it_does():
    assert backward("two-layers-relu")["W1"]["value"][1] == [0, 0]
    assert backward("two-layers-linear")["W1"]["value"][1] != [0, 0]


def test_at_zero_weights_the_machine_sees_the_data_minus_one_half():
    # Every state is equally likely: ∂ℓ/∂a = Σ rows (v − 1/2), and the hidden units get nothing yet.
    result = backward("boltzmann")
    assert result["a"]["exact"] == ["1", "0", "0"]
    assert result["b"]["exact"] == ["0", "0"]
