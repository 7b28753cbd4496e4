"""Sheets from shapes: each model reads without a remark, is derived, solved and verified."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradsheet as gs

SIZES = {"T": 3, "N": 2}


def values_for(sheet: gs.Sheet) -> dict[str, object]:
    """Values of the right shapes, different everywhere."""
    rng = np.random.default_rng(5)
    found: dict[str, object] = {}
    for name, shape in {**sheet.inputs, **sheet.parameters}.items():
        sizes = [SIZES.get(str(size).removeprefix("1.."), size) for size in shape]
        declared = re.search(rf"\b{name}\b[^∈]*∈ *(\S+)", sheet.text)
        assert declared
        if declared[1].startswith("onehot"):
            found[name] = np.eye(sizes[-1])[0]
        elif declared[1].startswith("{0,1}"):
            found[name] = rng.integers(0, 2, sizes)
        else:
            found[name] = rng.uniform(0.1, 0.9, sizes)
    return found


@pytest.mark.parametrize("name", gs.models.names())
def test_a_model_reads_derives_and_solves(name: str):
    sheet = gs.loads(gs.models.new(name), name=name)
    assert sheet.remarks == ()
    assert set(sheet.derive().gradients) == set(sheet.parameters)
    values = values_for(sheet)
    solution = sheet.solve({k: v for k, v in values.items() if not (name == "rbm" and k in "vh")}, mode="float")
    assert solution.verified
    better = (
        solution.objective_after > solution.objective
        if name == "rbm"
        else solution.objective_after < solution.objective
    )
    assert better


@pytest.mark.parametrize("output", ["linear", "softmax", "logistic"])
@pytest.mark.parametrize("hidden", ["tanh", "relu", "σ", "gelu"])
def test_networks_of_every_kind(output: str, hidden: str):
    sheet = gs.mlp([3, 4, 2], hidden=hidden, output=output)
    assert sheet.solve(values_for(sheet), mode="float").verified
    expected = {"linear": "ŷ − y", "softmax": "ŷ − y", "logistic": "ŷ − y"}[output]
    assert sheet.derive("L", "z2").text in {f"∂L/∂z2 = {expected}", "∂L/∂z2 = ∂L/∂ŷ"}


def test_the_network_of_the_example_has_its_numbers():
    sheet = gs.mlp([4, 4, 3, 3])
    ones = dict.fromkeys(sheet.parameters, 0.1)
    solution = sheet.solve(ones, x=[1, 0, 1, 0], y=[0, 1, 0])
    assert solution.objective == pytest.approx(0.37636, abs=5e-6)
    assert solution.objective_after == pytest.approx(0.29434, abs=5e-6)


def test_no_rate_is_no_update():
    assert "sgd" not in gs.mlp([2, 1], rate=None).text
    assert "sgd(η = α)" in gs.models.new("linear", [2], rate="α")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gs.mlp([3]), "two sizes"),
        (lambda: gs.mlp([3, 0]), "whole number"),
        (lambda: gs.mlp([3, 2], output="tanh"), "linear, softmax, logistic"),
        (lambda: gs.mlp([3, 2], loss="cross-entropy"), "probabilities"),
        (lambda: gs.mlp([3, 2], loss="hinge"), "squared or cross-entropy"),
        (lambda: gs.models.new("transformer"), "there is no model 'transformer'"),
        (lambda: gs.models.new("rnn", [1, 2]), "inputs units outputs"),
    ],
)
def test_what_cannot_be_made(call, said: str):
    with pytest.raises(ValueError, match=re.escape(said)):
        call()
