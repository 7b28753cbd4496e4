"""The solution as data: its schema holds for every sheet, and the numbers worked out by hand are met."""

from __future__ import annotations

import json
import math
from functools import cache

import jsonschema
import pytest

from cli.session import gradsheet
from fences import ROOT
from gradsheet.diagnostics import Diagnostics
from gradsheet.sheet import read_sheet
from gradsheet.solution import solve
from gradsheet.syntax import parse_document, read_source
from gradsheet.writing.json_view import to_json
from gradsheet.writing.report import report
from oracles.models import ORACLES
from solving import given_of

SCHEMA = json.loads((ROOT / "docs" / "schema" / "solve.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SHEETS = sorted(str(p.relative_to(ROOT)) for f in ("examples", "tests/sheets") for p in (ROOT / f).glob("*.sheet"))


def data_of(name: str, values: dict | None = None, *, own: bool = True) -> dict:
    """The data of a sheet, without verification; with `own` its own values too."""
    source = read_source((ROOT / name).read_bytes(), name)
    diagnostics = Diagnostics(source)
    sheet = read_sheet(parse_document(source, diagnostics), source, diagnostics)
    diagnostics.raise_errors()
    if not own:
        sheet.given.clear()
    solution = solve(sheet, values, kind="float64" if values else None, check=False)
    return json.loads(json.dumps(to_json(report(solution)), allow_nan=False))


@cache
def printed(name: str) -> dict:
    """What `solve --json` prints for an example."""
    done = gradsheet("solve", "--json", str(ROOT / "examples" / f"{name}.sheet"))
    assert done.code == 0, done.err
    return json.loads(done.out)


def rounded(value, digits: int = 5):
    return [rounded(v, digits) for v in value] if isinstance(value, list) else round(value, digits)


# ---------------------------------------------------------------- schema


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", SHEETS)
def test_symbolic_solutions_fit_the_schema(name: str):
    data = data_of(name, own=False)
    VALIDATOR.validate(data)
    if data["kind"] == "symbolic":
        assert all(e["value"] is None and e["exact"] is None for e in data["forward"] + data["backward"])


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "examples").glob("*.sheet")))
def test_what_is_printed_fits_the_schema(name: str):
    data = printed(name)
    VALIDATOR.validate(data)
    assert data["verified"] is True


def test_an_error_fits_the_schema():
    VALIDATOR.validate(json.loads(gradsheet("solve", "--json", "-", text="y = x").out))


def test_the_schema_refuses_what_is_wrong():
    data = printed("circuit")
    for key, wrong in (("kind", "exact"), ("objective_value", "four"), ("backward", [{}]), ("schema_version", 2)):
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate({**data, key: wrong})
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({k: v for k, v in data.items() if k != "verified"})


# ---------------------------------------------------------------- numbers to meet


def test_the_network_step():
    data = printed("mlp-4433")
    forward = {e["name"]: rounded(e["value"]) for e in data["forward"]}
    backward = {e["wrt"]: rounded(e["value"]) for e in data["backward"]}
    update = {e["name"]: rounded(e["value"]) for e in data["update"]}
    assert [forward[n] for n in ("z1", "h1")] == [[0.3] * 4, [0.29131] * 4]
    assert [forward[n] for n in ("z2", "h2", "z3")] == [[0.21653] * 3, [0.21320] * 3, [0.16396] * 3]
    assert backward["z3"] == [0.16396, -0.83604, 0.16396]
    assert backward["z2"] == [-0.04850] * 3
    assert backward["W2"] == [[-0.01413] * 4] * 3
    assert backward["z1"] == [-0.01332] * 4
    assert backward["W1"] == [[-0.01332, 0, -0.01332, 0]] * 4
    assert (update["W2"], update["b1"]) == ([[0.10141] * 4] * 3, [0.10133] * 4)
    assert update["W1"] == [[0.10133, 0.1, 0.10133, 0.1]] * 4
    assert rounded([data["objective_value"], data["objective_after"]]) == [0.37636, 0.29434]
    assert data["steps"] == [data["objective_value"], data["objective_after"]]


def test_the_softmax_step_is_exact():
    data = printed("mlp-4433-softmax")
    forward = {e["name"]: e["exact"] for e in data["forward"]}
    backward = {e["wrt"]: e["exact"] for e in data["backward"]}
    assert forward["ŷ"] == ["1/3"] * 3
    assert forward["L"] == data["objective_exact"] == "log(3)"
    assert backward["z3"] == ["1/3", "-2/3", "1/3"]
    assert (backward["W1"], backward["b2"]) == ([["0"] * 4] * 4, ["0"] * 3)
    assert data["objective_value"] == math.log(3)
    assert rounded(data["objective_after"]) == 1.02431


def test_values_have_every_digit_of_a_float():
    (h1,) = (e["value"] for e in printed("mlp-4433")["forward"] if e["name"] == "h1")
    assert h1 == [math.tanh(0.3)] * 4


def test_the_condition_of_the_softmax_is_named():
    (entry,) = (e for e in printed("mlp-4433-softmax")["backward"] if e["wrt"] == "z3")
    assert entry["conditions"] == ["Σ y = 1: y ∈ onehot(3)"]
    assert entry["text"] == "∂L/∂z3 = ŷ − y"
    assert entry["latex"] == r"\frac{\partial L}{\partial z_3} = \hat{y} - y"


# ---------------------------------------------------------------- names and shapes


def test_a_family_of_symbolic_depth_is_one_entry():
    data = data_of("tests/sheets/depth-unspecified.sheet")
    assert [e["name"] for e in data["forward"]] == ["a[0]", "a[l]", "L"]
    by = {e["wrt"]: e for e in data["backward"]}
    assert by["W[l]"]["shape"] == ["n[l]", "n[l-1]"]
    assert by["a[l]"]["text"].splitlines()[-1].startswith("∂L/∂a[D] = ")


def test_a_family_of_known_depth_has_its_members():
    data = data_of("tests/sheets/widths.sheet", {"x": [1, 0, 1], "y": [0, 1], "W": 0.1, "b": 0.1})
    assert [e["name"] for e in data["forward"]] == ["h[0]", "h[1]", "h[2]", "p", "L"]
    by = {e["wrt"]: e for e in data["backward"]}
    assert (by["W[1]"]["shape"], by["W[2]"]["shape"]) == ([4, 3], [2, 4])
    assert by["W[2]"]["text"] == "∂L/∂W[2] = (∂L/∂h[2] ⊙ (1 − h[2]²)) h[1]ᵀ"
    assert by["h[2]"]["text"] == "∂L/∂h[2] = p − y"


def test_an_indexed_definition_is_named_without_its_indices():
    names = [e["name"] for e in data_of("tests/sheets/causal-attention.sheet")["forward"]]
    assert names == ["S", "P", "O", "L"]


def test_second_derivatives_have_an_order():
    entries = {e["wrt"]: e for e in data_of("tests/sheets/newton-logistic.sheet")["backward"]}
    assert (entries["w"]["order"], entries["w, w"]["order"], entries["w, w"]["of"]) == (1, 2, "L")


def test_infinities_are_strings():
    oracle = ORACLES["tests/sheets/causal-attention.sheet"]
    data = data_of("tests/sheets/causal-attention.sheet", given_of(oracle, oracle.sample()), own=False)
    scores = data["forward"][0]["value"]
    assert scores[0][1] == "-inf"


def test_rows_of_data_come_first():
    values = {"x": [[1, 2], [3, 4], [5, 6]], "y": [1, 2, 9], "w": [0.5, 0.25], "κ": 1, "λ": 0.1}
    data = data_of("tests/sheets/huber-mean.sheet", values)
    (r,) = (e for e in data["forward"] if e["name"] == "r")
    assert (r["shape"], r["rows"], r["value"], data["rows"]) == ([], 3, [0.0, 0.5, -5.0], 3)
