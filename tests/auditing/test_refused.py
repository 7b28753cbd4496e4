"""Functions that cannot be loaded, called or compared: one diagnostic each, never a traceback or half a result."""

from __future__ import annotations

import importlib.util
import json
import textwrap
import time
from typing import TYPE_CHECKING

import jsonschema
import pytest

import gradsheet as gs
from auditing.test_verify import VALIDATOR
from cli.session import gradsheet

if TYPE_CHECKING:
    from pathlib import Path

SHEET = "x, w ∈ ℝ^n\ny = x ⊙ w\nparameters x, w\npullback y\n"
PAIR = """
def forward(x, w):
    return x * w, (x, w)
def backward(saved, dy):
    x, w = saved
    return dy * w, dy * x
"""
CODE = {
    # name: (file, what is asked for, further options, code, words)
    "no such file": (None, "forward,backward", (), "GS001", "there is no such file"),
    "no such name": (PAIR, "forward,backwards", (), "GS901", "there is no 'backwards'"),
    "a syntax error": ("def forward(x:\n", "forward", (), "GS901", "line 1: SyntaxError"),
    "an error at import": ("1 / 0\n", "forward", (), "GS901", "ZeroDivisionError: division by zero (line 1: 1 / 0)"),
    "an exit at import": ("raise SystemExit(3)\n", "forward", (), "GS901", "SystemExit: 3"),
    "a missing module": ("import no_such_module\n", "forward", (), "GS901", "no_such_module"),
    "a function alone": (PAIR, "forward", (), "GS902", "is a function, and has no backward pass"),
    "no function": (PAIR + "a = 3\n", "a", (), "GS902", "of type int"),
    "three names": (PAIR, "forward,backward,forward", (), "GS902", "3 names"),
    "an unknown parameter": (PAIR.replace("x, w", "x, v").replace(" w", " v"), "forward,backward", (), "GS904",
                             "'v' of forward,backward"),
    "too few inputs": (PAIR, "forward,backward", ("--inputs", "x"), "GS904", "takes 2 arguments, and --inputs names 1"),
    "an input that is nothing": (PAIR, "forward,backward", ("--inputs", "x,q"), "GS904", "'q' is neither"),
    "an output that is nothing": (PAIR, "forward,backward", ("--outputs", "z"), "GS904", "'z' is not computed"),
    "a size that is none": (PAIR, "forward,backward", ("--size", "k=3"), "GS904", "'k' is no size"),
    "a size that is no number": (PAIR, "forward,backward", ("--size", "n=many"), "GS601", "NAME=N"),
    "a size out of hand": (PAIR, "forward,backward", ("--size", "n=99999"), "GS601", "1 to 512"),
    "a setting of an array": (PAIR, "forward,backward", ("--set", "x=[1,2]"), "GS904", "'x' is an array"),
    "a setting of nothing": (PAIR, "forward,backward", ("--set", "q=1"), "GS201", "does not declare"),
    "index of no one-hot": (PAIR, "forward,backward", ("--inputs", "index(x),w"), "GS904", "x is none"),
    "an error in forward": (PAIR.replace("return x * w,", "x[99]\n    return x * w,"), "forward,backward", (), "GS905",
                            "the forward pass raised IndexError"),
    "an error in backward": (PAIR.replace("return dy * w", "raise ValueError('the block does not fit')\n    return dy"),
                             "forward,backward", (), "GS905", "ValueError: the block does not fit (line 6"),
    "an exit in backward": (PAIR.replace("return dy * w", "import os; os._exit(7)\n    return dy"), "forward,backward",
                            (), "GS906", "ended with status 7"),
    "a crash": (PAIR.replace("return dy * w", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\n    return dy"),
                "forward,backward", (), "GS906", "ended by signal"),
    "an endless loop": (PAIR.replace("return dy * w", "while True: pass\n    return dy"), "forward,backward",
                        ("--time-limit", "3"), "GS906", "did not end within 3 s"),
    "an endless import": ("while True: pass\n", "forward", ("--time-limit", "2"), "GS906", "while the file was loaded"),
    "an output that is text": (PAIR.replace("return x * w", "return 'x'"), "forward,backward", (), "GS907",
                               "an array of"),
    "an output that is complex": (PAIR.replace("return x * w", "return x * 1j"), "forward,backward", (), "GS907",
                                  "complex128"),
    "an output of another size": (PAIR.replace("return x * w", "return x[:1]"), "forward,backward", (), "GS907",
                                  "has the shape 1"),
    "no output": (PAIR.replace("return x * w, (x, w)", "return ()"), "forward,backward", (), "GS907", "0 output(s)"),
    "a backward without upstream": (PAIR.replace("backward(saved, dy)", "backward(saved)"), "forward,backward", (),
                                    "GS907", "takes an upstream gradient for each output"),
    "a gradient of nothing": (PAIR.replace("return dy * w, dy * x", "return {'q': dy}"), "forward,backward", (),
                              "GS907", "a gradient for q"),
    "no colon": (PAIR, None, (), "GS601", "FILE:NAME"),
}  # fmt: skip


def arguments(folder: Path, text: str | None, name: str | None, options: tuple[str, ...]) -> list[str]:
    sheet, file = folder / "a.sheet", folder / "functions.py"
    sheet.write_text(SHEET, encoding="utf-8")
    if text is not None:
        file.write_text(text, encoding="utf-8")
    return ["verify", str(sheet), "--against", f"{file}:{name}" if name is not None else "nothing", *options]


@pytest.mark.parametrize(("text", "name", "options", "code", "words"), CODE.values(), ids=CODE.keys())
def test_it_is_refused_with_one_diagnostic(
    tmp_path: Path, text: str | None, name: str | None, options: tuple[str, ...], code: str, words: str
):
    started = time.monotonic()
    done = gradsheet(*arguments(tmp_path, text, name, options))
    assert done.code == 2, done.out + done.err
    assert done.out == ""
    assert f"error[{code}]" in done.err
    assert words in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("case", ["no such name", "an error in backward", "an endless loop"])
def test_with_json_it_is_data(tmp_path: Path, case: str):
    text, name, options, code, _ = CODE[case]
    done = gradsheet(*arguments(tmp_path, text, name, (*options, "--json")))
    data = json.loads(done.out)
    assert (done.code, done.err) == (2, "")
    assert data["error"]["diagnostics"][0]["code"] == code
    VALIDATOR.validate(data)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**data, "agrees": True})


@pytest.mark.parametrize(("library", "present"), [("torch", False), ("jax", False)])
def test_a_library_that_is_not_installed_is_named(tmp_path: Path, library: str, present: bool):  # noqa: FBT001 - a row
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent(f"""
        import sys
        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] == "{library}":
                    raise ModuleNotFoundError(f"No module named '{library}'", name="{library}")
        sys.meta_path.insert(0, Missing())
        """),
        encoding="utf-8",
    )
    assert not present
    done = gradsheet(*arguments(tmp_path, f"import {library}\n", "F", ()), PYTHONPATH=str(tmp_path))
    assert done.code == 2
    assert "error[GS903]" in done.err
    assert f'pip install "gradsheet[{library}]"' in done.err


SHEETS = {
    "no output": ("x ∈ ℝ^n\ny = x²\n", "GS909", "states no output"),
    "an open function": ("x ∈ ℝ^n, f : ℝ → ℝ\ny = f(x)\npullback y\n", "GS909", "not specified"),
    "no point": ("x ∈ ℝ^n\ny = log(-1 - x²)\npullback y\n", "GS909", "no random point"),
    "nothing that a gradient is by": ("x ∈ {0,1}^n\ny = x²\npullback y\n", "GS904", "no array of reals"),
    "a family of arrays": (
        textwrap.dedent("""
        sizes n[0..D]
        for l in 1..D
          x[l] ∈ ℝ^(n[l])
          s[l] = sum[i] x[l][i]²
        y = sum[l] s[l]
        parameters x
        minimize y
        """), "GS909", "a family",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "words"), SHEETS.values(), ids=SHEETS.keys())
def test_sheets_that_functions_cannot_be_verified_against(text: str, code: str, words: str):
    with pytest.raises(gs.SheetError) as caught:
        gs.verify(gs.loads(text), (lambda x: (x * x, x), lambda saved, dy: 2 * saved * dy))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert words in diagnostic.message


def test_a_function_that_takes_anything_has_to_be_told(tmp_path: Path):
    text = PAIR.replace("forward(x, w):", "forward(*given):\n    x, w = given")
    done = gradsheet(*arguments(tmp_path, text, "forward,backward", ()))
    assert done.code == 2
    assert "GS904" in done.err
    assert gradsheet(*arguments(tmp_path, text, "forward,backward", ("--inputs", "x,w"))).code == 0


def test_from_python_the_same_is_raised(tmp_path: Path):
    file = tmp_path / "f.py"
    file.write_text(PAIR, encoding="utf-8")
    sheet = gs.loads(SHEET)
    assert gs.verify(sheet, f"{file}:forward,backward").agrees
    for function, code in ((f"{file}:nothing", "GS901"), (print, "GS902"), (3, "GS902")):
        with pytest.raises(gs.SheetError) as caught:
            gs.verify(sheet, function)
        assert caught.value.diagnostics[0].code == code
    with pytest.raises(ValueError, match="at least 1"):
        gs.verify(sheet, f"{file}:forward,backward", points=0)


needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")


@needs_torch
def test_exceptions_in_a_torch_function_are_said_with_their_line():
    from auditing import torch_functions  # noqa: PLC0415 - needs torch
    from auditing.sheets import SHEETS as texts  # noqa: PLC0415, N811 - beside it

    with pytest.raises(gs.SheetError, match="the backward pass raised ValueError: the block size does not fit"):
        gs.verify(gs.loads(texts["gelu"]), torch_functions.Raises)


@needs_torch
def test_a_torch_function_runs_in_a_process_of_its_own():
    from auditing import torch_functions  # noqa: PLC0415 - needs torch
    from auditing.sheets import SHEETS as texts  # noqa: PLC0415, N811 - beside it

    result = gs.verify(gs.loads(texts["gelu"]), f"{torch_functions.__file__}:GeluTerm")
    assert result.kinds == {"x̄": "lost term"}


@needs_torch
def test_apply_stands_for_its_function_and_a_class_without_backward_is_refused():
    import torch  # noqa: PLC0415 - needs torch

    from auditing import torch_functions  # noqa: PLC0415 - the same
    from auditing.sheets import SHEETS as texts  # noqa: PLC0415, N811 - beside it

    assert gs.verify(gs.loads(texts["gelu"]), torch_functions.Gelu.apply).agrees

    class Open(torch.autograd.Function):
        @staticmethod
        def forward(_ctx, x):
            return x

    with pytest.raises(gs.SheetError, match="no backward of its own"):
        gs.verify(gs.loads(texts["gelu"]), Open)


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
def test_a_jax_function_without_rules_is_refused_and_a_jitted_one_is_taken():
    from auditing import jax_functions  # noqa: PLC0415 - needs jax
    from auditing.sheets import SHEETS as texts  # noqa: PLC0415, N811 - beside it

    with pytest.raises(gs.SheetError, match="has no rules yet"):
        gs.verify(gs.loads(texts["gelu"]), jax_functions.unruled)
    assert gs.verify(gs.loads(texts["rms norm"]), jax_functions.rms_norm_jitted, points=2).agrees
