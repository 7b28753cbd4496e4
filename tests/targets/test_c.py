"""C: the numbers of the reference and of compiled sheets, files that carry their tests, headers, constants."""

from __future__ import annotations

import ctypes
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import gradsheet as gs
from crosscheck import COMPILER, needs_compiler
from engine.random_sheets import random_sheet
from fences import ROOT, environment
from gradsheet.derivation import derive
from gradsheet.diagnostics import SheetError
from gradsheet.expressions import Symbol
from gradsheet.kernels import F64, ModuleBuilder
from gradsheet.kernels.c import c
from gradsheet.native.buffers import plan_loops
from gradsheet.native.places import shape
from gradsheet.native.writing import write_loops
from gradsheet.programs.lowering import Request
from gradsheet.programs.reference import evaluate
from gradsheet.targets import Choices, export
from gradsheet.targets.c_table import C
from gradsheet.targets.identifiers import Identifiers
from programs.worlds import World, derived, sheet_path, sheets, wanted, world

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.native.buffers import Plan
    from gradsheet.programs.model import Program

STRICT = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
SINGULAR = {"least-squares-newton"}
NAMES = [p.stem for p in sheets() if p.stem not in SINGULAR]
RANDOM = 6
RIM = 4


# ---------------------------------------------------------------- numbers


@dataclass(eq=False)
class Loops:
    """A program as a function of plain loops, with the values that it is tried on."""

    name: str
    program: Program
    layout: Plan
    need: int
    values: dict[Symbol, Any]

    def run(self, library: Any) -> dict[Symbol, Any]:
        """The results through C; nothing is written around arrays, and nothing is read that was not written."""
        handed, held = [], {}
        for symbol in self.layout.given:
            if symbol in self.program.tables:
                continue
            kind = np.int64 if symbol.is_integer else np.float64
            value = self.values.get(symbol, np.full(shape(symbol), np.nan))
            if not symbol.rank and symbol not in self.layout.written:
                handed.append((ctypes.c_int64 if symbol.is_integer else ctypes.c_double)(np.asarray(value).item()))
                continue
            array = np.full(int(np.prod(shape(symbol), dtype=int)) + 2 * RIM, 77, kind)
            array[RIM:-RIM] = np.asarray(value).reshape(-1)
            held[symbol] = array
            handed.append(ctypes.c_void_p(array[RIM:].ctypes.data))
        workspace = np.full(self.need + 1, np.nan)
        workspace[-1] = 77
        function = library[self.name]
        function.restype = None
        function(*handed, ctypes.c_void_p(workspace.ctypes.data))
        assert workspace[-1] == 77
        assert all((a[:RIM] == 77).all() and (a[-RIM:] == 77).all() for a in held.values())
        places = {r.symbol: r.symbol if r.updates is None else r.updates for r in self.program.results}
        return {s: held[p][RIM:-RIM].reshape(shape(s)) for s, p in places.items() if p in held}


def loops(at: World, name: str, builder: ModuleBuilder) -> Loops | None:
    """The program at a point as a function of a module; None where nothing is left to compute."""
    program = at.program()
    for step in C.passes:
        program = step(program)
    layout = plan_loops(program)
    names = Identifiers({"workspace", "scratch"})
    for symbol in (*layout.given, *layout.same, *layout.inside, *layout.variables):
        names.name(symbol, symbol.name)
    own = {s: n for s, n in names.of.items() if isinstance(s, Symbol)}
    tables = {s: v.reshape(-1).tolist() for s, v in program.tables.items()}
    need = write_loops(builder, layout, F64, name, own, constants=tables)
    return Loops(name, program, layout, need, at.arguments(program))


def random_world(seed: int) -> World:
    sheet = random_sheet(random.Random(seed), lines=3, numbers=(3, 2, 4))
    derivation = derive(gs.loads(sheet.text).inner)
    sizes = {size: sheet.sizes[name] for name, size in derivation.sheet.sizes.items() if name in sheet.sizes}
    sizes |= {s: s.literal for s in derivation.sheet.sizes.values() if s.literal is not None}
    at = world(derivation)
    at.request = Request(wanted(derivation), sizes)
    at.values = {(name, None): value for name, value in sheet.arrays(seed).items()}
    return at


def near(found: Any, expected: Any, tolerance: float) -> bool:
    size = max(0.1, float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0)))
    return np.allclose(found, expected, rtol=0, atol=tolerance * size, equal_nan=True)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Loops], ModuleBuilder, Any]:
    """All sheets in one library."""
    if COMPILER is None:
        pytest.skip("no C compiler is found")
    builder = ModuleBuilder()
    worlds = [world(derived(name), style=1) for name in NAMES] + [random_world(seed) for seed in range(RANDOM)]
    made = [m for k, at in enumerate(worlds) if (m := loops(at, f"sheet_{k}", builder)) is not None]
    folder = tmp_path_factory.mktemp("c")
    (folder / "all.c").write_text(c(builder.build()), encoding="utf-8")
    command = [COMPILER, *STRICT, "-O1", "-shared", "-fPIC", "all.c", "-o", "all.so", "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr[:3000]
    return made, builder, ctypes.CDLL(str(folder / "all.so"))


def test_c_has_the_numbers_of_the_reference(corpus: tuple[list[Loops], ModuleBuilder, Any]):
    made, _, library = corpus
    apart = []
    for one in made:
        with np.errstate(all="ignore"):
            held = evaluate(one.program, one.values)
        found = one.run(library)
        apart += [(one.name, s.name) for s, value in found.items() if not near(value, np.asarray(held[s]), 2e-12)]
    assert apart == []


def test_c_and_compiled_code_agree_to_the_last_digits(corpus: tuple[list[Loops], ModuleBuilder, Any]):
    """The same loops by way of LLVM, which fuses products with sums where the processor can."""
    pytest.importorskip("llvmlite")
    from gradsheet.kernels.native import compiled  # noqa: PLC0415 - needs llvmlite

    made, builder, library = corpus
    module = compiled(builder.build())
    apart = []
    for one in made:
        found, held = one.run(library), {}
        handed = []
        for symbol in one.layout.given:
            if symbol in one.program.tables:
                continue
            value = np.asarray(one.values.get(symbol, np.full(shape(symbol), np.nan)))
            if not symbol.rank and symbol not in one.layout.written:
                handed.append(value.item())
                continue
            held[symbol] = np.array(value, np.int64 if symbol.is_integer else np.float64)
            handed.append(held[symbol])
        module[one.name](*handed, np.full(max(1, one.need), np.nan))
        places = {r.symbol: r.symbol if r.updates is None else r.updates for r in one.program.results}
        apart += [(one.name, s.name) for s in found if not near(found[s], held[places[s]], 1e-12)]
    assert apart == []


# ---------------------------------------------------------------- files


def written(folder: Path, name: str, choices: Choices, module: str = "net") -> Path:
    exported = export(gs.load(sheet_path(name)).inner, "c", choices)
    for path, text in exported.files(module).items():
        (folder / path).write_text(text, encoding="utf-8")
    (folder / f"test_{module}.py").write_text(exported.test(module), encoding="utf-8")
    return folder / f"{module}.c"


def carried(folder: Path, module: str = "net", **more: str) -> subprocess.CompletedProcess[str]:
    """The test that goes with a file, run as a program."""
    command = [sys.executable, "-W", "error", f"test_{module}.py"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, env=environment() | more)


FILES = {
    "a batch": ("mlp-4433-softmax", Choices(batch=3, name="net")),
    "single precision": ("mlp-4433-softmax", Choices(dtype="float32", name="net")),
    "a pullback": ("rms-norm-pullback", Choices(values={"n": 4}, batch=3, data=("x",), name="net")),
    "two outputs": ("pullback-of-two", Choices(values={"n": 3, "m": 2, "p": 2}, name="net")),
    "a family": ("widths", Choices(values={"D": 2, "n": [3, 4, 2]}, name="net")),
    "labels": ("embedding", Choices(values={"n": 4, "d": 3, "T": 2}, name="net")),
    "constants": ("mlp-4433", Choices(what=("predict",), constant=True, name="net")),
}


@needs_compiler
@pytest.mark.parametrize("kind", FILES)
def test_an_exported_file_passes_the_test_that_it_carries(kind: str, tmp_path: Path):
    name, choices = FILES[kind]
    written(tmp_path, name, choices)
    done = carried(tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "skipped" not in done.stderr


@needs_compiler
def test_a_fault_in_an_export_is_seen_by_its_test(tmp_path: Path):
    path = written(tmp_path, "mlp-4433-softmax", Choices(batch=3, name="net"))
    text = path.read_text(encoding="utf-8")
    faulty = re.sub(r"(dL_dW1\[.*\] = )", r"\1 2.0 * ", text)
    assert faulty != text
    path.write_text(faulty, encoding="utf-8")
    done = carried(tmp_path)
    assert done.returncode == 1
    assert "test_derivatives_agree_with_central_differences" in done.stderr
    assert "test_the_reference_numbers" in done.stderr


def test_without_a_compiler_the_test_says_why_it_is_skipped(tmp_path: Path):
    written(tmp_path, "mlp-4433", Choices(name="net"))
    done = carried(tmp_path, PATH=str(tmp_path), CC="nothing")
    assert done.returncode == 0, done.stderr
    assert "skipped" in done.stderr


@needs_compiler
def test_the_header_is_one_of_cplusplus_too(tmp_path: Path):
    if shutil.which("c++") is None:
        pytest.skip("no C++ compiler is found")
    written(tmp_path, "mlp-4433-softmax", Choices(name="net"))
    (tmp_path / "main.cpp").write_text(
        '#include "net.h"\n#include "net.h"\ndouble space[NET_WORKSPACE];\n', encoding="utf-8"
    )
    command = ["c++", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "main.cpp"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@needs_compiler
def test_there_is_no_heap_and_no_global_that_changes(tmp_path: Path):
    if shutil.which("nm") is None:
        pytest.skip("nothing lists symbols")
    path = written(tmp_path, "mlp-4433-softmax", Choices(name="net"))
    assert COMPILER is not None
    subprocess.run([COMPILER, *STRICT, "-O2", "-c", path.name, "-o", "net.o"], check=True, cwd=tmp_path)
    listed = subprocess.run(["nm", "net.o"], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    symbols = [line.split()[-2:] for line in listed.splitlines()]
    assert {kind for kind, _ in symbols} <= {"T", "t", "r", "R", "U"}
    assert {n.lstrip("_") for kind, n in symbols if kind == "T"} == {
        "net_value", "net_gradient", "net_update", "net_predict"
    }  # fmt: skip
    assert not {n.lstrip("_") for kind, n in symbols if kind == "U"} & {"malloc", "calloc", "realloc", "free"}


def test_constant_weights_are_all_that_inference_needs():
    text = gs.load(ROOT / "examples" / "mlp-4433.sheet").export("c", what="predict", const_weights=True)
    assert re.search(r"^static const double W1\[16\] = \{$", text, flags=re.MULTILINE)
    assert "void mlp_4433_predict(const double *x, double *z3, double *workspace);" in text
    assert "constants of 376 bytes" in text


def test_weights_without_values_are_asked_for():
    sheet = gs.loads("x ∈ ℝ^3, w ∈ ℝ^3, y ∈ ℝ\np = σ(w' x)\nL = (p - y)²\nparameters w\nminimize L")
    with pytest.raises(SheetError, match="no value that could be put into the code"):
        sheet.export("c", what="predict", const_weights=True)


def test_names_are_those_of_the_sheet_and_none_of_c():
    text = gs.loads("int, γ ∈ ℝ^3, x ∈ ℝ^3\nL = (int' x - γ' x)²\nparameters int, γ\nminimize L").export("c")
    assert "const double *int_, const double *gamma_, const double *x" in text


def test_the_sheet_cannot_end_the_comment():
    text = gs.loads("x, w ∈ ℝ^3\nL = (w' x)²\nparameters w\nminimize L", name="*/ int a; /*.sheet").export("c")
    assert text.partition(" */")[0].count("*/") == 0
