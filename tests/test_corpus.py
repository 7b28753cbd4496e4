"""The corpus: every sheet is read, derived, evaluated and verified, and agrees with an independent oracle."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest

import gradsheet as gs
from fences import ROOT
from oracles.models import ORACLES
from oracles.oracle import Oracle, real
from solving import solved_like

VALIDATOR = jsonschema.Draft202012Validator(
    json.loads((ROOT / "docs" / "schema" / "solve.schema.json").read_text(encoding="utf-8"))
)
FOLDERS = (ROOT / "tests" / "sheets", ROOT / "examples")
SHEETS = {str(path.relative_to(ROOT)): path for folder in FOLDERS for path in folder.glob("*.sheet")}
UNSPECIFIED = {
    "examples/many-layers.sheet",
    "tests/sheets/unspecified-activation.sheet",
    "tests/sheets/depth-unspecified.sheet",
    "examples/delta.sheet",
}
"""Sheets with functions `g : ℝ → ℝ`: they have no numbers."""
PULLBACKS = {
    "examples/rms-norm.sheet",
    "tests/sheets/layer-norm.sheet",
    "tests/sheets/rms-norm-pullback.sheet",
    "tests/sheets/pullback-of-two.sheet",
}
"""Sheets whose result is no scalar: they have no objective."""


def test_there_is_an_oracle_for_every_sheet_that_can_be_evaluated():
    assert set(SHEETS) - set(ORACLES) == UNSPECIFIED
    assert set(ORACLES) <= set(SHEETS)
    assert len(SHEETS) >= 150


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_it_is_read_and_derived_without_values(name: str):
    result = gs.load(SHEETS[name]).derive()
    assert result.steps


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_values_and_gradients_are_those_of_the_oracle(name: str):
    oracle = ORACLES[name]
    values = oracle.sample()
    result = solved_like(oracle, SHEETS[name], values)
    VALIDATOR.validate(json.loads(json.dumps(result, allow_nan=False)))
    if name not in PULLBACKS:
        assert result["objective_value"] == pytest.approx(oracle.value(values), rel=1e-9, abs=1e-12)
    for entry in result["backward"]:
        assert entry["value"] is not None, entry["name"]
        assert np.shape(entry["value"]) == (*([entry["rows"]] if entry["rows"] else []), *entry["shape"]), entry["name"]
    gradients = {entry["wrt"]: entry["value"] for entry in result["backward"]}
    for parameter in oracle.parameters:
        found = np.asarray(gradients[parameter], dtype=float)
        expected = oracle.gradient(values, parameter)
        assert found.shape == expected.shape, parameter
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7, err_msg=parameter)


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_the_oracle_itself_tells_its_parameters_apart(name: str):
    """No gradient is zero throughout: a lost derivative would be seen."""
    oracle = ORACLES[name]
    values = oracle.sample()
    for parameter in oracle.parameters:
        gradient = oracle.gradient(values, parameter)
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 1e-6, parameter


def test_central_differences_find_a_known_gradient():
    oracle = Oracle("cubic", {"x": real(3)}, ("x",), lambda v, xp: xp.sum(v.x**3))
    values = oracle.sample()
    np.testing.assert_allclose(oracle.gradient(values, "x"), 3 * values.x**2, rtol=1e-9)
