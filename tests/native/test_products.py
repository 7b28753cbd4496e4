"""Products in tiles: every layout, sizes that leave a rest everywhere, both precisions, registers of every kind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="compiling needs llvmlite")

from gradsheet.kernels import ModuleBuilder, pointer
from gradsheet.native.buffers import plan
from gradsheet.native.packing import Scratch
from gradsheet.native.places import Place, row_major, shape
from gradsheet.native.products import find_product
from gradsheet.native.scope import Scope
from gradsheet.programs.reference import evaluate
from native.running import MACHINES, NUMBERS, machine_of, native, near, program_of

SIZES = {
    "tiny": (2, 3, 4), "odd": (13, 35, 17), "a row too many": (25, 33, 65), "thin": (3, 130, 9), "tall": (140, 5, 31),
    "one column": (37, 1, 40), "one row": (1, 37, 40), "one term": (19, 21, 1), "whole tiles": (24, 64, 32),
}  # fmt: skip
"""Rows, columns, terms of the sum."""
LAYOUTS = {
    "NN": ("A ∈ ℝ^({m}×{k}), B ∈ ℝ^({k}×{n})", "A B"),
    "NT": ("A ∈ ℝ^({m}×{k}), B ∈ ℝ^({n}×{k})", "A B'"),
    "TN": ("A ∈ ℝ^({k}×{m}), B ∈ ℝ^({k}×{n})", "A' B"),
    "TT": ("A ∈ ℝ^({k}×{m}), B ∈ ℝ^({n}×{k})", "A' B'"),
}
WITH_MORE = "relu({product} + c 1') - D"
"""What is done to each entry while it is in a register."""


def product_text(layout: str, size: tuple[int, int, int], *, more: bool = False) -> str:
    m, n, k = size
    declared, product = LAYOUTS[layout]
    lines = [declared.format(m=m, n=n, k=k)]
    if more:
        lines += [f"c ∈ ℝ^{m}, D ∈ ℝ^({m}×{n})", f"C[i,j] = max(0, ({product})[i,j] + c[i]) - D[i,j]"]
    else:
        lines.append(f"C = {product}")
    return "\n".join([*lines, ""])


def drawn(program, seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    return {a.symbol: rng.standard_normal(shape(a.symbol)) for a in program.arguments}


def right(program, precision: str, machine: str) -> bool:
    values = drawn(program)
    expected = evaluate(program, values)
    found = native(program, values, precision, machine_of(machine, precision))
    return all(near(found[r.symbol], expected[r.symbol], precision) for r in program.results)


def forms(text: str, machine: str = "512 bits") -> list[str]:
    """The form in which each product of a sheet is computed."""
    program = program_of(text, "C")
    precision = "float64"
    module = ModuleBuilder()
    found = []
    planned = plan(program, 8)
    symbols = [*planned.given, *planned.inside]
    types = {f"p{k}": pointer(NUMBERS[precision]) for k in range(len(symbols))}
    with module.function("f", types, exported=True) as b:
        places = {s: Place(t, row_major(shape(s))) for s, t in zip(symbols, b.parameters, strict=True)}
        width, scratch = machine_of(machine, precision).width, Scratch(b.parameters[0], 0)
        definitions = {a.target: a for a in planned.program.assigns}
        scope = Scope(b, NUMBERS[precision], places, width, scratch, definitions)
        for statement in program.assigns:
            product = find_product(statement, scope)
            if product is not None:
                found.append(product.form + (", symmetric" if product.symmetric else ""))
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_and_size(layout: str, size: str):
    assert right(program_of(product_text(layout, SIZES[size]), "C"), "float64", "512 bits")


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_registers_of_every_kind(layout: str, machine: str):
    for precision, size in (("float64", "odd"), ("float32", "a row too many")):
        assert right(program_of(product_text(layout, SIZES[size], more=True), "C"), precision, machine)


def test_both_forms_are_tried():
    """The sizes above would show little if all of them were computed in one way."""
    chosen = {(layout, size): forms(product_text(layout, SIZES[size])) for layout in LAYOUTS for size in SIZES}
    assert {form for found in chosen.values() for form in found} == {"inner", "outer"}
    assert chosen["NN", "odd"] == ["outer"]
    assert chosen["NT", "odd"] == ["inner"]
    assert chosen["NT", "tall"] != []
    assert chosen["NN", "tiny"] == []


@pytest.mark.parametrize("precision", NUMBERS)
@pytest.mark.parametrize("n", [5, 33, 64])
@pytest.mark.parametrize("machine", ["512 bits", "256 bits"])
def test_symmetric_products_are_whole(n: int, machine: str, precision: str):
    text = f"X ∈ ℝ^(41×{n}), d ∈ ℝ^41\nC[i,j] = sum[n] X[n,i] d[n] X[n,j]\n"
    assert [f for f in forms(text, machine) if not f.endswith("symmetric")] == []
    assert right(program_of(text, "C"), precision, machine)


OTHERS = {
    "a convolution": "x ∈ ℝ^(3×70), w ∈ ℝ^(5×3×0..6)\nC[m,τ] = sum[k, s] x[k,τ+s] w[m,k,s]   for m in 1..5, τ in 1..64",
    "a batch of products": "A ∈ ℝ^(3×11×19), B ∈ ℝ^(3×19×23)\nC[h,i,j] = sum[k] A[h,i,k] B[h,k,j]",
    "two summed indices": "A ∈ ℝ^(13×4×9), B ∈ ℝ^(21×4×9)\nC[i,j] = sum[p, q] A[i,p,q] B[j,p,q]",
    "every other column": "A ∈ ℝ^(21×18), B ∈ ℝ^(18×40)\nC[i,j] = sum[k] A[i,k] B[k,2j]   for i in 1..21, j in 1..20",
    "backwards": "A ∈ ℝ^(21×18), B ∈ ℝ^(18×40)\nC[i,j] = sum[k] A[i,k] B[19-k,j]   for i in 1..21, j in 1..40",
    "from within": "A ∈ ℝ^(21×18), B ∈ ℝ^(18×40)\nC[i,j] = sum[k in 3..17] A[i,k] B[k,j]",
    "into a triangle": "A ∈ ℝ^(30×18), B ∈ ℝ^(18×30)\nC[i,j] = sum[k] A[i,k] B[k,j] if j ≤ i else 0",
    "sums that end where an index says": "x, y ∈ ℝ^23\nC[i] = y[i] sum[j in 1..i] x[j]²",
    "the first of the largest": "x, u ∈ ℝ^21\nL = maximum(x) + sum[i] u[i]\nC = ∂L/∂x",
    "sums that begin there, nested": "A ∈ ℝ^(19×19)\nC[i] = sum[j in i..19] sum[k in j..19] A[j,k]   for i in 1..19",
}


@pytest.mark.parametrize("machine", ["512 bits", "128 bits"])
@pytest.mark.parametrize("name", OTHERS)
def test_other_sums(name: str, machine: str):
    for precision in NUMBERS:
        assert right(program_of(OTHERS[name] + "\n", "C"), precision, machine)


def test_a_planted_fault_is_seen(monkeypatch: pytest.MonkeyPatch):
    from gradsheet.native import tiles  # noqa: PLC0415 - what is planted in it is taken out again

    even = tiles.even
    monkeypatch.setattr(tiles, "even", lambda index, size: even(index, size)[:1])  # the last rows are left out
    assert not right(program_of(product_text("NN", (25, 32, 16)), "C"), "float64", "512 bits")


# ---------------------------------------------------------------- nothing beyond an array is read

GUARDED = """
import ctypes, mmap, sys
sys.path[:0] = sys.argv[1:]
import numpy as np
from gradsheet.kernels.native import compiled
from gradsheet.native.buffers import plan
from gradsheet.native.machines import machine
from gradsheet.native.places import shape
from gradsheet.native.runtime import aligned
from gradsheet.native.writing import write
from native.running import NUMBERS, program_of
from native.test_products import LAYOUTS, OTHERS, SIZES, product_text

C = ctypes.CDLL(None, use_errno=True)
C.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
PAGE = mmap.PAGESIZE
kept = []


def at_the_end(lengths, precision):
    \"\"\"An array that ends where memory does.\"\"\"
    count = int(np.prod(lengths)) * np.dtype(precision).itemsize
    pages = -(-count // PAGE) + 1
    block = mmap.mmap(-1, pages * PAGE)
    whole = np.frombuffer(block, np.uint8)
    assert C.mprotect(whole.ctypes.data + (pages - 1) * PAGE, PAGE, 0) == 0
    kept.append(block)
    stop = (pages - 1) * PAGE
    return whole[stop - count : stop].view(precision).reshape(lengths)


texts = [product_text(layout, SIZES[size], more=True) for layout in LAYOUTS for size in ("tiny", "odd", "thin")]
texts += [f"{text}\\n" for text in OTHERS.values()]
for precision, number in NUMBERS.items():
    for text in texts:
        planned = plan(program_of(text, "C"), number.bytes)
        written = write(planned, number, machine(number))
        arrays = [at_the_end(shape(s), precision) for s in planned.given]
        workspace = aligned((max(1, written.size),), precision)
        compiled(written.module)["step"](*arrays, workspace)
print("nothing was touched")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="pages are guarded by mprotect")
def test_nothing_beyond_an_array_is_read():
    """Arrays end where memory does: one number too many, and the process is gone."""
    tests = str(Path(__file__).resolve().parents[1])
    tools = str(Path(tests).parent / "tools")
    done = subprocess.run([sys.executable, "-c", GUARDED, tests, tools], capture_output=True, text=True, check=False)
    assert done.stdout == "nothing was touched\n", done.stderr
