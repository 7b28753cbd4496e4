"""What compiled functions refuse, in the words that they use; and which operations they lack."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import gradsheet as gs
from gradsheet.diagnostics import SheetError
from gradsheet.expressions import ArrayCall, walk
from gradsheet.kernels.native import available
from gradsheet.native import runtime
from gradsheet.native.elimination import ELIMINATIONS
from gradsheet.native.functions import lacks
from gradsheet.operations import ARRAY_OPERATIONS, ELEMENTWISE
from gradsheet.programs.expanding import EXPANDED
from gradsheet.programs.reference import evaluate
from native.running import native, near, program_of

TEXT = """
x ∈ ℝ^3, y ∈ ℝ^2
W ∈ ℝ^(2×3)
L = 1/2 ‖W x - y‖²
parameters W
minimize L by sgd(η = 0.1)
"""


def step(**options):
    pytest.importorskip("llvmlite", reason="compiling needs llvmlite")
    return gs.loads(TEXT).compile("update", **{"batch": 2, "data": ("x", "y"), **options})


GOOD = {"x": np.ones((4, 3)), "y": np.ones((4, 2))}


def frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


ARRAYS = {
    "a list for a parameter": (
        {"W": [[0.0] * 3] * 2}, {}, "GS804", "'W' is changed in place, so it has to be an array, not list",
    ),
    "a parameter of another shape": ({"W": np.zeros((3, 2))}, {}, "GS804", "'W' is 2×3, and the array is 3×2"),
    "a parameter in single precision": (
        {"W": np.zeros((2, 3), np.float32)}, {}, "GS804",
        "'W' is changed in place, so it has to be an array of float64; this is float32",
    ),
    "a parameter column by column": (
        {"W": np.zeros((3, 2)).T}, {}, "GS804",
        "'W' is changed in place, so it has to be an array of float64, in one piece and writable; this is float64",
    ),
    "a parameter that is read only": (
        {"W": frozen(np.zeros((2, 3)))}, {}, "GS804",
        "'W' is changed in place, so it has to be an array of float64, in one piece and writable; this is float64",
    ),
    "no parameter": ({}, {}, "GS401", "'W' has no value"),
    "no data": ({"W": np.zeros((2, 3))}, {"x": None}, "GS401", "'x' has no value"),
    "data of another shape": (
        {"W": np.zeros((2, 3))}, {"x": np.ones((4, 2))}, "GS804", "'x' is 4×3, and the array is 4×2",
    ),
    "data of words": (
        {"W": np.zeros((2, 3))}, {"x": np.full((4, 3), "1")}, "GS804", "'x' holds <U1, not numbers",
    ),
    "data of complex numbers": (
        {"W": np.zeros((2, 3))}, {"x": np.ones((4, 3), complex)}, "GS804", "'x' holds complex128, not numbers",
    ),
    "data that are no array": ({"W": np.zeros((2, 3))}, {"x": [["one"] * 3] * 4}, "GS804",
                               "'x' is no array of numbers"),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_do_not_fit_are_refused(name: str):
    weights, changed, code, message = ARRAYS[name]
    data = {k: v for k, v in {**GOOD, **changed}.items() if v is not None}
    with pytest.raises(SheetError) as caught:
        step().epoch(weights, **data)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == (code, message)


def test_nothing_has_changed_after_a_refusal():
    weights = {"W": np.zeros((2, 3))}
    with pytest.raises(SheetError):
        step().epoch(weights, x=np.ones((4, 3)), y=np.ones((4, 3)))
    assert not weights["W"].any()


TIED = """
x, y ∈ ℝ^2
u ∈ ℝ^2, v ∈ ℝ^2
L = 1/2 ‖u ∘ x + v - y‖²
parameters u, v
minimize L by sgd(η = 0.1)
"""
ROOM = np.zeros(8)
OVERLAPS = {
    "one array twice": (ROOM[:2], ROOM[:2], ROOM[4:].reshape(2, 2), "uv"),
    "arrays that overlap": (ROOM[:2], ROOM[1:3], ROOM[4:].reshape(2, 2), "uv"),
    "a parameter among the data": (ROOM[:2], np.zeros(2), ROOM[:4].reshape(2, 2), "ux"),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_an_array_that_changes_has_memory_of_its_own(name: str):
    pytest.importorskip("llvmlite", reason="compiling needs llvmlite")
    u, v, x, (first, second) = OVERLAPS[name]
    function = gs.loads(TIED).compile("update", batch=1, data=("x", "y"))
    with pytest.raises(SheetError) as caught:
        function.epoch({"u": u, "v": v}, x=x, y=np.ones((2, 2)))
    (problem,) = caught.value.diagnostics
    assert problem.code == "GS804"
    assert problem.message == f"'{first}' is changed in place, and '{second}' lies in its memory"
    assert not ROOM.any()


def test_arrays_side_by_side_in_one_memory_are_taken():
    pytest.importorskip("llvmlite", reason="compiling needs llvmlite")
    room, y = np.zeros(8), np.ones((2, 2))
    function = gs.loads(TIED).compile("update", batch=1, data=("x", "y"))
    apart = {"u": np.zeros(2), "v": np.zeros(2)}
    function.epoch(apart, x=y, y=y)
    function.epoch({"u": room[:2], "v": room[2:4]}, x=y, y=y)  # what is only read may be one array twice
    assert room.tolist() == [*apart["u"], *apart["v"], 0, 0, 0, 0]
    assert room.any()


@pytest.mark.parametrize("value", [np.ones((4, 3), np.float32), np.ones((4, 3), int), np.ones((3, 4)).T, [[1] * 3] * 4])
def test_data_of_other_types_and_layouts_are_converted(value):
    weights, other = {"W": np.zeros((2, 3))}, {"W": np.zeros((2, 3))}
    step().epoch(weights, **GOOD)
    step().epoch(other, x=value, y=GOOD["y"])
    assert np.array_equal(weights["W"], other["W"])


def test_data_with_different_numbers_of_rows_are_refused():
    with pytest.raises(ValueError, match=r"^the data differ in their rows: x has 4, y has 3$"):
        step().epoch({"W": np.zeros((2, 3))}, x=np.ones((4, 3)), y=np.ones((3, 2)))


def test_names_that_nothing_has_are_refused():
    with pytest.raises(TypeError, match=r"^nothing here is called z; there is W, x, y$"):
        step()({"W": np.zeros((2, 3))}, x=np.ones((2, 3)), y=np.ones((2, 2)), z=1)


def test_an_epoch_without_rows_is_refused():
    with pytest.raises(ValueError, match=r"^an epoch needs rows of data: compile with batch=…$"):
        step(batch=None, data=None).epoch({"W": np.zeros((2, 3))}, x=np.ones(3), y=np.ones(2))


@pytest.mark.parametrize("name", ["\u0233", "y\u0304"])
def test_a_name_may_be_composed_or_not(name: str):
    """Python composes the names of keywords; a sheet's own may be letters with a mark on top."""
    pytest.importorskip("llvmlite", reason="compiling needs llvmlite")
    pull = gs.loads("x ∈ ℝ^3\ny = x²\npullback y\n").compile("pullback")
    found = pull(x=[1.0, 2.0, 3.0], **{name: [1.0, 1.0, 0.5]})
    assert [v.tolist() for k, v in found.items() if k.startswith("x")] == [[2.0, 4.0, 3.0]]


SHEETS = {
    "a size that is a symbol": (
        "x, w ∈ ℝ^n\nL = (w' x)²\nparameters w\nminimize L\n", {}, "GS802", "size n",
    ),
    "something that the sheet does not have": (TEXT, {"what": ("Z",)}, "GS801", "'Z'"),
    "no update": ("w ∈ ℝ\nL = w²\nparameters w\nminimize L\n", {"what": ("update",)}, "GS801", "states no update"),
    "no objective": ("x ∈ ℝ\ny = x²\n", {"what": ("value",)}, "GS801", "states no objective"),
    "no pullback": (TEXT, {"what": ("pullback",)}, "GS801", "states no pullback"),
    "data that the sheet does not have": (TEXT, {"batch": 2, "data": ("q",)}, "GS801", "'q' is no input"),
    "a function that nobody specifies": (
        "φ : ℝ → ℝ\nw ∈ ℝ\nL = φ(w)\nparameters w\nminimize L\n", {}, "GS801", "'φ' is not specified",
    ),
    "three copies": (TEXT, {"what": ("update",), "batch": 1, "copies": 3}, "GS801", "a power of two"),
    "copies of something with a batch": (TEXT, {"what": ("update",), "batch": 2, "copies": 4}, "GS803", "one row"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_sheets_that_cannot_be_compiled_are_refused(name: str):
    pytest.importorskip("llvmlite", reason="compiling needs llvmlite")
    text, options, code, words = SHEETS[name]
    options = dict(options)
    with pytest.raises(SheetError) as caught:
        gs.loads(text).compile(*options.pop("what", ("gradient",)), **options)
    (problem,) = caught.value.diagnostics
    assert problem.code == code
    assert words in problem.message


# ---------------------------------------------------------------- without a compiler


def test_without_llvmlite_numpy_does_the_same_and_says_so(monkeypatch: pytest.MonkeyPatch):
    compiled, weights = None, {"W": np.zeros((2, 3))}
    if available():
        compiled = {"W": np.zeros((2, 3))}
        step().epoch(compiled, **GOOD)
    monkeypatch.setattr(runtime, "available", lambda: False)
    with pytest.warns(RuntimeWarning, match=r"^llvmlite is not installed, so NumPy carries out the program, more slow"):
        slow = gs.loads(TEXT).compile("update", batch=2, data=("x", "y"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = slow.epoch(weights, **GOOD)
    assert found["W"] is weights["W"]
    assert weights["W"].any()
    assert compiled is None or near(weights["W"], compiled["W"])


def test_without_llvmlite_there_are_no_copies(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runtime, "available", lambda: False)
    with pytest.raises(SheetError, match="several copies at once are compiled, which needs llvmlite"):
        gs.loads(TEXT).compile("update", batch=1, copies=4)


# ---------------------------------------------------------------- operations

HOLES: set[str] = set()
"""Elementwise functions without native code."""
ARRAY_HOLES: set[str] = set()
"""Operations on whole vectors and matrices without native code."""


def test_every_hole_is_named():
    """Operation by target: a function of the language is written natively, or it stands above."""
    written = {*ELIMINATIONS, *EXPANDED}
    assert {name for name in ELEMENTWISE if lacks(name) and ELEMENTWISE[name].definition is None} == HOLES
    assert {name for name in ARRAY_OPERATIONS if name not in written} == ARRAY_HOLES


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", [n for n in ELEMENTWISE if n not in HOLES])
def test_each_function_has_its_values(name: str, precision: str):
    """On 19 points of its domain: whole vectors and a rest under a mask."""
    pytest.importorskip("llvmlite", reason="compiling needs llvmlite")
    record = ELEMENTWISE[name]
    more = ", 3/10" * (record.arity - 1)
    program = program_of(f"x ∈ ℝ^19\nz[i] = {record.spellings[0]}(x[i]{more})\n", "z")
    points = np.linspace(*record.sample, 21)[1:-1]
    (argument,) = [a.symbol for a in program.arguments]
    (result,) = program.results
    expected = evaluate(program, {argument: points})[result.symbol]
    found = native(program, {argument: points}, precision)[result.symbol]
    assert near(found, expected, precision)


@pytest.mark.parametrize("name", [n for n in ARRAY_OPERATIONS if n not in ARRAY_HOLES])
def test_each_array_operation_is_written(name: str):
    record = ARRAY_OPERATIONS[name]
    if not record.spellings:
        assert name == "argmaximum"
        gs.loads("x ∈ ℝ^5\nL = maximum(x)\nparameters x\nminimize L\n").compile("gradient")
        return
    lengths = "×".join("5" * record.argument_rank)
    program = program_of(f"A ∈ ℝ^({lengths})\nC = {record.spellings[0]}(A)\n", "C")
    rest = {n.operation for a in program.assigns for n in walk(a.body) if isinstance(n, ArrayCall)}
    assert rest <= set(ELIMINATIONS)
