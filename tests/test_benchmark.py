"""The benchmark of compiled sheets fails on a wrong result: its comparison, and the names of what it measures."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fences import ROOT

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch):
    """Modules of the benchmark, which are scripts in a folder of their own."""
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    before = set(sys.modules)

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, ROOT / "bench" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in set(sys.modules) - before:
        if name in {"workloads", "cases", "pairs"}:
            del sys.modules[name]


WANTED = {"W": np.ones(3), "b": np.zeros(2)}
WRONG = {
    "a number": {"W": np.array([1.0, 1.0, 1.000001]), "b": np.zeros(2)},
    "not a number": {"W": np.array([1.0, np.nan, 1.0]), "b": np.zeros(2)},
    "zeros that are none": {"W": np.ones(3), "b": np.array([0.0, 1e-12])},
    "another shape": {"W": np.ones((3, 1)), "b": np.zeros(2)},
    "something missing": {"W": np.ones(3)},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_differs_is_named(bench, name: str):
    found = bench("pairs").differing(WRONG[name], WANTED, "float64")
    assert [line[0] for line in found] == ["b" if name in {"zeros that are none", "something missing"} else "W"]


def test_what_is_the_same_is_not(bench):
    near = {"W": np.ones(3) + 1e-12, "b": np.zeros(2)}
    assert bench("pairs").differing(near, WANTED, "float64") == []


def test_every_row_has_a_sheet_that_can_be_read(bench):
    cases = bench("cases")
    assert {case.part for case in cases.TABLE.values()} == {
        "sgd", "seeds", "wide", "mlp", "convolution", "hessian", "boltzmann",
    }  # fmt: skip
    assert all(case.workload.sheet.definitions for name, case in cases.TABLE.items() if "1024" not in name)
