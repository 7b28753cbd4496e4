"""Exports: the numbers of the reference in every library, and backward passes that the libraries' own checks pass."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradsheet as gs
from fences import environment
from gradsheet.native.elimination import ELIMINATIONS
from gradsheet.native.functions import lacks
from gradsheet.operations import ARRAY_OPERATIONS, ELEMENTWISE
from gradsheet.programs.expanding import EXPANDED
from gradsheet.solution import solve
from gradsheet.targets import NAMES, TARGETS, Choices, export
from gradsheet.targets import arrays as code
from gradsheet.targets.functions import Workshop
from gradsheet.targets.identifiers import Identifiers, identifier
from programs.test_passes import EVERY_PASS
from programs.worlds import World, agree, derived, sheet_path, world

SNAPSHOTS = Path(__file__).parent / "snapshots"
LIBRARIES = {"numpy": "numpy", "jax": "jax", "torch": "torch"}
FEW = ("attention", "convolution-2d", "embedding", "linear-solve", "two-steps-back", "widths")
"""What JAX and PyTorch are tried on here: their first run of each function takes long."""


def library(target: str) -> None:
    if importlib.util.find_spec(LIBRARIES[target]) is None:
        pytest.skip(f"{LIBRARIES[target]} is not installed")


# ---------------------------------------------------------------- numbers


def arrays(target: str, value: Any) -> Any:
    if isinstance(value, list):
        return [arrays(target, v) for v in value]
    if target == "torch":
        import torch  # noqa: PLC0415 - not everywhere

        return torch.as_tensor(value)
    if target == "jax":
        import jax  # noqa: PLC0415 - not everywhere

        jax.config.update("jax_enable_x64", val=True)
        return jax.numpy.asarray(value)
    return np.array(value)


def computed(target: str, at: World) -> dict:
    """Every result of a program, by a function of the target that computes all."""
    program = at.program()
    dialect, _ = TARGETS[target]
    workshop = Workshop(program, dialect, at.derivation.sheet.source)
    returned = f"{workshop.returned(workshop.results)},"
    function = workshop.function("compute", workshop.inputs, program.statements, returned, ["All."], program.outputs)
    imports = [*dialect.imports, "import itertools", "import math"]
    imports += ["import torch.nn.functional as F"] if target == "torch" else []
    imports += ["from numpy.lib.stride_tricks import sliding_window_view"]
    scope: dict[str, Any] = {}
    text = "\n".join([*imports, *dialect.helpers.values(), function.text])
    exec(compile(text, at.derivation.sheet.source.name, "exec"), scope)  # noqa: S102 - our own text
    by_symbol = {a.symbol: at.values[a.name, a.member] for a in program.arguments if a.part != "table"}
    given = []
    for group in workshop.inputs:
        own = [arrays(target, by_symbol[s]) for s in group.symbols]
        given.append(own if group.members else own[0])
    found = {}
    members = {r.symbol: r.member for r in program.results}
    for group, value in zip(workshop.results, scope["compute"](*given), strict=True):
        parts = value if group.members else [value]
        for symbol, part in zip(group.symbols, parts, strict=True):
            found[group.written, members[symbol], group.part == "update"] = np.asarray(part)
    return found


@pytest.mark.parametrize("rows", [None, 3])
@pytest.mark.parametrize("name", EVERY_PASS)
def test_numpy_has_the_numbers_of_the_reference(name: str, rows: int | None):
    at = world(derived(name), rows=rows, style=1)
    expected = at.results(at.program())
    found = computed("numpy", at)
    assert found.keys() == expected.keys()
    assert [k for k in found if not agree(found[k], expected[k])] == []


@pytest.mark.parametrize("target", ["jax", "torch"])
@pytest.mark.parametrize("name", FEW)
def test_other_libraries_have_the_same_numbers(name: str, target: str):
    library(target)
    at = world(derived(name), style=1)
    expected = at.results(at.program())
    found = computed(target, at)
    assert [k for k in found if not agree(found[k], expected[k])] == []


@pytest.mark.parametrize("name", ["attention", "convolution-2d", "gru", "mlp-4433-softmax", "linear-solve", "momentum"])
def test_sizes_come_from_the_shapes(name: str):
    at = world(derived(name), rows=3, style=1)
    expected = at.results(at.program())
    open_ = replace(at, request=replace(at.request, sizes={}, rows="any"))
    found = computed("numpy", open_)
    assert [k for k in found if not agree(found[k], expected[k])] == []


def test_a_planted_fault_is_seen(monkeypatch: pytest.MonkeyPatch):
    at = world(derived("mlp-4433-softmax"))
    expected = at.results(at.program())
    signed = code._signed
    monkeypatch.setattr(code, "_signed", lambda term: ("+", signed(term)[1]))  # every minus is lost
    found = computed("numpy", at)
    assert [k for k in found if not agree(found[k], expected[k])] != []


# ---------------------------------------------------------------- operations


def lacking(target: str) -> set[str]:
    """The operations that a target has no form for: no function, no helper of ours, no definition, no loops."""
    if target in {"c", "native"}:
        arrays = {*EXPANDED, *ELIMINATIONS}
        return {n for n in ELEMENTWISE if lacks(n)} | {n for n in ARRAY_OPERATIONS if n not in arrays}
    dialect, _ = TARGETS[target]
    return {
        name for name in (*ELEMENTWISE, *ARRAY_OPERATIONS)
        if name not in dialect.functions and name not in {"max", "min"}
        and not (name in ELEMENTWISE and ELEMENTWISE[name].definition is not None)
    }  # fmt: skip


HOLES: dict[str, set[str]] = {target: set() for target in (*NAMES, "native")}
"""Operation by target: what is lacking, by name."""


@pytest.mark.parametrize("target", HOLES)
def test_every_operation_can_be_written(target: str):
    assert lacking(target) == HOLES[target]


@pytest.mark.parametrize("target", TARGETS)
def test_each_function_has_its_values(target: str):
    library(target)
    lines, names = ["x ∈ ℝ^3", "c ∈ ℝ^3"], []
    points = {"x": np.array([0.3, 0.55, 0.8]), "c": np.array([0.2, 0.5, 1.5])}
    for name, record in ELEMENTWISE.items():
        if name in {"elu", "leaky_relu"}:
            lines.append(f"v_{name} = {name}(x - 0.5, 0.3)")
        else:
            lines.append(f"v_{name} = {record.spellings[-1]}({'x, c' if record.arity == 2 else 'x'})")
        names.append(f"v_{name}")
    sheet = gs.loads("\n".join(lines)).inner
    text = export(sheet, target, Choices(tuple(names))).text
    scope: dict[str, Any] = {}
    exec(compile(text, target, "exec"), scope)  # noqa: S102 - our own text
    symbols = solve(sheet, points, kind="float64", check=False).states[0].values
    for name in names:
        expected = next(np.asarray(v, dtype=float) for s, v in symbols.items() if s.name == name)
        arguments = [arrays(target, points[n]) for n in ("x", "c")]
        found = np.asarray(scope[identifier(name)](*arguments), dtype=float)
        assert np.allclose(found, expected, rtol=1e-12, atol=1e-13), name


# ---------------------------------------------------------------- files


def written(folder: Path, target: str, names: tuple[tuple[str, bool], ...]) -> list[Path]:
    """Exports with their tests."""
    made = []
    for name, batch in names:
        sheet = gs.load(sheet_path(name)).inner
        choices = Choices(batch=batch, data=("x",) if batch and derived(name).cotangents else None)
        if name == "widths":
            choices = replace(choices, values={"D": 2, "n": [3, 4, 2]})
        module = f"{identifier(name)}_{target}_{'rows' if batch else 'one'}"
        exported = export(sheet, target, choices)
        (folder / f"{module}.py").write_text(exported.text, encoding="utf-8")
        (folder / f"test_{module}.py").write_text(exported.test(module), encoding="utf-8")
        made.append(folder / f"{module}.py")
    return made


FILES = {
    "numpy": (("mlp-4433-softmax", True), ("convolution-2d", False), ("gru", False), ("pullback-of-two", False),
        ("widths", False), ("rms-norm-pullback", True), ("embedding", False), ("linear-solve", False)),
    "jax": (("two-layers-relu", True), ("rms-norm-pullback", False), ("widths", False)),
    "torch": (("mlp-4433-softmax", True), ("convolution-2d", False), ("gru", False), ("rms-norm-pullback", True),
        ("widths", False), ("embedding", False)),
}  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_exported_files_pass_the_tests_that_they_carry(target: str, tmp_path: Path):
    library(target)
    written(tmp_path, target, FILES[target])
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    done = subprocess.run([*command, "."], capture_output=True, text=True, cwd=tmp_path, check=False,
        env={**environment(), "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"})  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_exported_files_have_nothing_that_a_linter_minds(tmp_path: Path):
    if importlib.util.find_spec("ruff") is None:
        pytest.skip("ruff is not installed")
    for target in TARGETS:
        written(tmp_path, target, FILES[target])
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format", "concise"]
    done = subprocess.run([*command, "."], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.strip().endswith("All checks passed!"), done.stdout


def test_a_fault_in_an_export_is_seen_by_its_test(tmp_path: Path):
    (path,) = written(tmp_path, "numpy", (("two-layers-relu", False),))
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(dL_dW1|dJ_dW1) = ", r"\1 = 2 * ", text), encoding="utf-8")
    assert text != path.read_text(encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False,
        env={**environment(), "PYTHONPATH": str(tmp_path)})  # fmt: skip
    assert "test_the_gradient_agrees_with_central_differences" in done.stdout
    assert done.returncode == 1


ROWS = Choices(batch=True, data=("x", "y"))
SMALL = """# A line, fitted to one point.

x, w ∈ ℝ^n, b, y ∈ ℝ
r = w' x + b - y
L = 1/2 r²

parameters w, b
minimize L by sgd(η = 0.1)
"""


@pytest.mark.parametrize("target", NAMES)
def test_a_small_export_is_as_it_was(target: str):
    choices = replace(ROWS, batch=3, values={"n": 2}) if target == "c" else ROWS
    text = export(gs.loads(SMALL, name="line.sheet").inner, target, choices).text
    path = SNAPSHOTS / f"line_{target}.txt"
    assert text == path.read_text(encoding="utf-8"), f"write it again: {path.name}"


@pytest.mark.parametrize("target", ["jax", "torch"])
def test_both_precisions_are_kept(target: str):
    library(target)
    scope: dict[str, Any] = {}
    exec(compile(export(gs.loads(SMALL).inner, target, ROWS).text, target, "exec"), scope)  # noqa: S102 - our own text
    for kind in (np.float32, np.float64):
        point = [np.ones(2, kind), np.asarray(0.5, kind), np.ones((3, 2), kind), np.ones(3, kind)]
        value, gradients = scope["gradient"](*(arrays(target, p) for p in point))
        assert {str(a.dtype).removeprefix("torch.") for a in (value, *gradients)} == {np.dtype(kind).name}


def test_numpy_keeps_single_precision():
    scope: dict[str, Any] = {}
    exec(compile(export(gs.loads(SMALL).inner, "numpy", ROWS).text, "numpy", "exec"), scope)  # noqa: S102 - our own text
    point = [np.ones(2, np.float32), np.float32(0.5), np.ones((3, 2), np.float32), np.ones(3, np.float32)]
    value, gradients = scope["gradient"](*point)
    assert {a.dtype for a in (value, *gradients)} == {np.dtype(np.float32)}


# ---------------------------------------------------------------- PyTorch, JAX


def test_the_module_trains():
    library("torch")
    import torch  # noqa: PLC0415 - not everywhere

    scope: dict[str, Any] = {}
    exec(compile(export(gs.loads(SMALL).inner, "torch", ROWS).text, "torch", "exec"), scope)  # noqa: S102 - our own text
    torch.manual_seed(0)
    model = scope["Model"](n=2, dtype=torch.float64)
    x = torch.randn(16, 2, dtype=torch.float64)
    y = x @ torch.tensor([2.0, -1.0], dtype=torch.float64) + 0.5
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    for _ in range(300):
        optimizer.zero_grad()
        model(x, y).backward()
        optimizer.step()
    assert torch.allclose(model.w, torch.tensor([2.0, -1.0], dtype=torch.float64), atol=1e-4)


def test_data_have_no_silent_derivative():
    library("torch")
    import torch  # noqa: PLC0415 - not everywhere

    scope: dict[str, Any] = {}
    exec(compile(export(gs.loads(SMALL).inner, "torch", ROWS).text, "torch", "exec"), scope)  # noqa: S102 - our own text
    point = [torch.ones(2), torch.tensor(0.5), torch.ones(3, 2, requires_grad=True), torch.ones(3)]
    with pytest.raises(RuntimeError, match="no derivative by x, y was derived"):
        scope["value"](*point).backward()


def test_jax_functions_are_compiled_and_mapped():
    library("jax")
    import jax  # noqa: PLC0415 - not everywhere

    scope: dict[str, Any] = {}
    exec(compile(export(gs.loads(SMALL).inner, "jax").text, "jax", "exec"), scope)  # noqa: S102 - our own text
    w, b = jax.numpy.ones(2), jax.numpy.asarray(0.5)
    x, y = jax.numpy.arange(6.0).reshape(3, 2), jax.numpy.zeros(3)
    slopes = jax.jit(jax.vmap(jax.grad(scope["value"]), in_axes=(None, None, 0, 0)))(w, b, x, y)
    assert np.allclose(slopes, (x.sum(axis=1) + 0.5)[:, None] * x)
    assert np.isnan(jax.grad(scope["value"], argnums=2)(w, b, x[0], y[0])).all()


# ---------------------------------------------------------------- names


def test_names_are_identifiers_and_clash_with_nothing():
    names = Identifiers({"np"})
    made = [names.fresh(n) for n in ("λ", "lambda", "np", "list", "ŷ", "y_hat", "∂L/∂W1", "3")]
    assert made == ["lambda_", "lambda__2", "np_2", "list_", "y_hat", "y_hat_2", "dL_dW1", "v_3"]
    assert all(n.isidentifier() for n in made)


def test_the_sheet_cannot_end_the_docstring():
    sheet = gs.loads('# A title with """ and \\n in it.\n' + SMALL).inner
    assert ast.get_docstring(ast.parse(export(sheet, "numpy").text))
