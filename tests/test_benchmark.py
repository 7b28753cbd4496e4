"""The benchmarks fail on a wrong result: what they compare, what they refuse, and what they put on paper."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
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
        if name.split(".")[0] in {"workloads", "cases", "pairs", "learners"}:
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


# ---------------------------------------------------------------- training


RUN = {"imported": 0.5, "prepared": 0.2, "epochs": [0.4, 0.1, 0.2], "accuracies": [0.3, 0.9, 0.98], "peak": 120.0}
SLOW = {**RUN, "prepared": 0.6, "epochs": [0.8, 0.2, 0.4]}
ENGINES = {"ours": [RUN, RUN], "in_torch": [SLOW, SLOW], "in_jax": "JAX: knows 10.0% only", "in_sklearn": [SLOW, RUN]}


def test_the_page_of_training_is_written_from_its_numbers(bench):
    parts = {
        "digits": ENGINES, "epoch": ENGINES, "mapped": ENGINES, "machine": "Python, 2 cores.",
        "overhead": {"ratio": 1.02, "low": 1.0, "high": 1.04, "steps": 1e-4, "run": 1.02e-4},
    }  # fmt: skip
    training = bench("training")
    page = training.on_paper(json.loads(json.dumps(parts)))
    assert "{" not in page
    assert "| gradsheet | 0.50 s | 0.20 s | 0.700 s | 3 |  |  |" in page
    # 0.2 + 0.7 beside 0.6 + 1.4, and 0.7 beside 1.4
    assert "| PyTorch | 0.50 s | 0.60 s | 1.400 s | 3 | **0.45** (0.45 to 0.45) | **0.50** (0.50 to 0.50) |" in page
    assert "| JAX | failed: JAX: knows 10.0% only |  |" in page
    assert "A step takes 100 µs alone and 102 µs in a run: **1.020** (1.000 to 1.040); at most 1.05:\nreached." in page
    assert page.endswith("## Machine and versions\n\nPython, 2 cores.\n")
    missed = training.on_paper({**parts, "overhead": {**parts["overhead"], "ratio": 1.2}})
    assert "**missed**" in missed
    assert all(len({row.count("|") for row in table}) == 1 for table in tables(page))


def tables(page: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in page.splitlines():
        if line.startswith("|"):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [t for t in found if t]


def ended(answer: str, code: int = 0, trouble: str = ""):
    return lambda command, **_: subprocess.CompletedProcess(command, code, answer, trouble)


def test_a_run_that_learned_nothing_does_not_count(bench, monkeypatch: pytest.MonkeyPatch):
    training = bench("training")
    monkeypatch.setattr(training.subprocess, "run", ended(json.dumps({**RUN, "accuracies": [0.1]})))
    with pytest.raises(training.FailedError, match=r"PyTorch: knows 10\.0% only"):
        training.run("in_torch", "epoch", 0)
    monkeypatch.setattr(training.subprocess, "run", ended(json.dumps({**RUN, "accuracies": [0.96]})))
    with pytest.raises(training.FailedError, match=r"knows 96\.0% only"):
        training.run("ours", "digits", 0)  # whose goal is 97 %
    assert training.run("ours", "epoch", 0)["accuracies"] == [0.96]
    monkeypatch.setattr(training.subprocess, "run", ended("", 1, "Traceback\nMemoryError"))
    with pytest.raises(training.FailedError, match="JAX: MemoryError"):
        training.run("in_jax", "mapped", 0)


def test_others_may_fail_and_are_said_to_have_but_not_we(bench, monkeypatch: pytest.MonkeyPatch):
    training = bench("training")

    def run(engine: str, *_: object) -> dict:
        if engine == failing:
            raise training.FailedError(f"{engine} fails")
        return RUN

    monkeypatch.setattr(training, "run", run)
    failing = "in_jax"
    found = training.turns("epoch", 2)
    assert found["in_jax"] == "in_jax fails"
    assert found["ours"] == [RUN, RUN]
    failing = "ours"
    with pytest.raises(training.FailedError):
        training.turns("epoch", 2)


def one_step(start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray, rate: float) -> dict[str, np.ndarray]:
    """Gradient descent on the mean cross-entropy of softmax(W₂ relu(W₁ x + b₁) + b₂), by hand."""
    h = np.maximum(x @ start["W1"].T + start["b1"], 0)
    s = h @ start["W2"].T + start["b2"]
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(x)), labels] -= 1
    p /= len(x)
    back = (p @ start["W2"]) * (h > 0)
    slopes = {"W1": back.T @ x, "b1": back.sum(axis=0), "W2": p.T @ h, "b2": p.sum(axis=0)}
    return {n: a - rate * slopes[n] for n, a in start.items()}


def learned(engine: str, learner) -> dict[str, np.ndarray]:
    """The parameters of a learner, by our names and in our shapes."""
    names = ("W1", "b1", "W2", "b2")
    match engine:
        case "ours":
            return {n: learner.trainer.parameters[n] for n in names}
        case "in_torch":
            return {n: a.detach().numpy() for n, a in zip(names, learner.parameters, strict=True)}
        case "in_jax":
            flat = [np.asarray(a).T for pair in learner.params for a in pair]
            return dict(zip(names, flat, strict=True))
        case _:
            (w1, w2), (b1, b2) = learner.model.coefs_, learner.model.intercepts_
            return {"W1": w1.T, "b1": b1, "W2": w2.T, "b2": b2}


@pytest.mark.parametrize("engine", ["ours", "in_torch", "in_jax", "in_sklearn"])
def test_all_begin_with_the_same_parameters_and_take_the_same_step(bench, engine: str):
    if engine != "ours":
        pytest.importorskip({"in_torch": "torch", "in_jax": "jax", "in_sklearn": "sklearn"}[engine])
    bench("pairs")
    task = importlib.import_module("learners.tasks").Task((6, 5, 3), 24, 0.1, 1)
    x = np.random.default_rng(1).random((24, 6), dtype=np.float32)
    labels = np.arange(24) % 3
    start = task.parameters(7)
    learner = importlib.import_module(f"learners.{engine}").Learner(task, x, labels, start, 7)
    assert all((learned(engine, learner)[n] == a).all() for n, a in start.items())
    learner.epoch()
    after, wanted = learned(engine, learner), one_step(start, x, labels, task.rate)
    for name, value in wanted.items():
        np.testing.assert_allclose(after[name], value, rtol=0, atol=2e-7)
        assert not np.allclose(value, start[name], atol=1e-5)
    said = np.maximum(x @ wanted["W1"].T + wanted["b1"], 0) @ wanted["W2"].T + wanted["b2"]
    assert learner.accuracy(x, labels) == pytest.approx(np.mean(said.argmax(axis=1) == labels))
