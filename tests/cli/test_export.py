"""`gradsheet export` and `gradsheet program`: what they print, what they write, and what they refuse."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import jsonschema
import pytest

from cli.session import gradsheet
from fences import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

MLP = str(ROOT / "examples" / "mlp-4433.sheet")
RELU = str(ROOT / "examples" / "two-layers-relu.sheet")
GRU = str(ROOT / "tests" / "sheets" / "gru.sheet")
WIDTHS = str(ROOT / "tests" / "sheets" / "widths.sheet")
OPEN = str(ROOT / "tests" / "sheets" / "unspecified-activation.sheet")
CHAIN = str(ROOT / "tests" / "sheets" / "ising-chain.sheet")
RMS = str(ROOT / "tests" / "sheets" / "rms-norm-pullback.sheet")


# ---------------------------------------------------------------- export


@pytest.mark.parametrize("target", ["numpy", "jax", "torch"])
def test_code_is_printed(target: str):
    done = gradsheet("export", MLP, "--to", target, "--batch")
    assert (done.code, done.err) == (0, "")
    tree = ast.parse(done.out)
    names = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    assert {"value", "gradient", "update", "predict"} <= names
    assert ("Model" in names) == (target == "torch")
    text = ast.get_docstring(tree) or ""
    assert "∂L/∂W1" in text
    assert "sha256 of the sheet" in text


def test_a_file_and_its_test_are_written(tmp_path: Path):
    path = tmp_path / "net.py"
    done = gradsheet("export", RELU, "--to", "numpy", "-o", str(path), "--with-test")
    assert (done.code, done.out) == (0, "")
    assert "test_net.py is written" in done.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.py", "test_net.py"]
    assert path.read_text(encoding="utf-8") == gradsheet("export", RELU, "--to", "numpy").out
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "."]
    run = subprocess.run(command,
        capture_output=True, text=True, cwd=tmp_path, check=False, env=environment())  # fmt: skip
    assert run.returncode == 0, run.stdout


def test_only_what_is_asked_for_is_exported():
    done = gradsheet("export", MLP, "--to", "numpy", "--what", "h1")
    assert done.code == 0
    assert "def h1(W1, b1, x):" in done.out
    assert "def gradient" not in done.out


def test_sizes_can_be_set():
    done = gradsheet("export", WIDTHS, "--to", "numpy", "--set", "D=3", "--set", "n=[5,4,3,2]")
    assert done.code == 0
    assert "W: a list of 3 arrays: (4, 5), (3, 4), (2, 3)" in done.out


REFUSED = [
    (["export", MLP, "--to", "fortran"], "GS803", "targets are numpy, jax, torch, c"),
    (["export", OPEN, "--to", "numpy"], "GS801", "not specified"),
    (["export", CHAIN, "--to", "numpy"], "GS802", "how many values"),
    (["export", GRU, "--to", "numpy", "--what", "nothing"], "GS801", "nothing is called 'nothing'"),
    (["export", GRU, "--to", "numpy", "--what", "update"], "GS801", "states no update"),
    (["export", GRU, "--to", "numpy", "--data", "q"], "GS801", "'q' is no input"),
    (["export", GRU, "--to", "numpy", "--set", "d=-1"], "GS212", "whole number"),
    (["export", RMS, "--to", "numpy", "--batch"], "GS801", "--data x"),
    (["export", MLP, "--to", "numpy", "--with-test"], "GS601", "-o FILE.py"),
    (["export", MLP, "--to", "numpy", "--force"], "GS601", "-o FILE.py"),
    (["export", MLP, "--to", "numpy", "-o", "my-net.py", "--with-test"], "GS601", "cannot be imported"),
    (["export", "nowhere.sheet", "--to", "numpy"], "GS001", "no such file"),
    (["export", MLP, "--to", "c", "--with-test"], "GS601", "-o FILE.c"),
    (["export", MLP, "--to", "c", "-o", "mlp.py"], "GS601", "no name for a C file"),
    (["export", MLP, "--to", "c", "-o", "my-net.c"], "GS601", "-o NAME.c"),
    (["export", MLP, "--to", "c", "-o", "nowhere/mlp.c"], "GS602", "no such folder"),
    (["export", MLP, "--to", "c", "--batch"], "GS802", "--batch 32"),
    (["export", MLP, "--to", "c", "--batch", "many"], "GS601", "a number of rows"),
    (["export", MLP, "--to", "c", "--dtype", "float16"], "GS803", "float64 or float32"),
    (["export", MLP, "--to", "c", "--const-weights"], "GS801", "--what predict"),
    (["export", RELU, "--to", "c", "--const-weights", "--what", "nothing"], "GS801", "nothing is called 'nothing'"),
    (["export", GRU, "--to", "c"], "GS802", "--set"),
    (["export", GRU, "--to", "c", "--what", "predict"], "GS801", "is a prediction"),
    (["export", MLP, "--to", "numpy", "--dtype", "float32"], "GS803", "for C"),
    (["export", MLP, "--to", "numpy", "--const-weights"], "GS803", "parameters are arguments"),
    (["export", MLP, "--to", "numpy", "--batch", "3"], "GS803", "taken from the data"),
    (["program", MLP, "--after", "magic"], "GS601", "passes are gather"),
    (["program", MLP, "--batch", "0"], "GS601", "a number of rows"),
    (["program", MLP, "--batch", "many"], "GS601", "a number of rows"),
    (["program"], "GS601", "a sheet is missing"),
    (["program", CHAIN], "GS802", "how many values"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "words"), REFUSED, ids=[" ".join(r[0][2:])[:40] for r in REFUSED])
def test_what_cannot_be_done_is_said(arguments: list[str], code: str, words: str):
    done = gradsheet(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert f"error[{code}]" in done.err
    assert words in done.err


def test_a_file_that_exists_stays(tmp_path: Path):
    path, test = tmp_path / "net.py", tmp_path / "test_net.py"
    test.write_text("mine", encoding="utf-8")
    done = gradsheet("export", RELU, "--to", "numpy", "-o", str(path), "--with-test")
    assert done.code == 2
    assert "GS602" in done.err
    assert [p.name for p in tmp_path.iterdir()] == ["test_net.py"]
    assert gradsheet("export", RELU, "--to", "numpy", "-o", str(path), "--with-test", "--force").code == 0
    assert test.read_text(encoding="utf-8") != "mine"


def test_a_full_disk_leaves_no_half_file(tmp_path: Path):
    """A file may not grow beyond 1 KiB: the write fails in the middle, as on a full disk."""
    command = (
        f'ulimit -f 1; exec "{sys.executable}" -m gradsheet export "{RELU}" --to numpy '
        f'-o "{tmp_path}/net.py" --with-test'
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 2, done.stderr
    assert "GS602" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- C


def test_a_c_file_its_header_and_its_test_are_written(tmp_path: Path):
    path = tmp_path / "net.c"
    done = gradsheet("export", MLP, "--to", "c", "--batch", "3", "-o", str(path), "--with-test")
    assert (done.code, done.out) == (0, "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.c", "net.h", "test_net.py"]
    assert "Memory: a workspace of" in done.err
    header = path.with_suffix(".h").read_text(encoding="utf-8")
    assert re.search(r"#define NET_ROWS +3\b", header)
    assert "void net_update(double *W1" in header


def test_the_code_alone_holds_its_declarations():
    done = gradsheet("export", RELU, "--to", "c", "--what", "value", "--dtype", "float32")
    assert (done.code, done.err) == (0, "")
    assert '#include "' not in done.out
    assert "float two_layers_relu_value(const float *W1" in done.out


@pytest.mark.parametrize("name", ["net.c", "net.h", "test_net.py"])
def test_what_exists_keeps_all_of_them_away(name: str, tmp_path: Path):
    command = ["export", RELU, "--to", "c", "-o", str(tmp_path / "net.c"), "--with-test"]
    (tmp_path / name).write_text("mine", encoding="utf-8")
    done = gradsheet(*command)
    assert done.code == 2
    assert "GS602" in done.err
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"
    assert gradsheet(*command, "--force").code == 0
    assert (tmp_path / name).read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize("force", ["", "--force"])
def test_a_full_disk_leaves_what_was_there(force: str, tmp_path: Path):
    """The header would fit into the 4 KiB that a file may have, the code does not."""
    if force:
        (tmp_path / "net.h").write_text("mine", encoding="utf-8")
    command = f'ulimit -f 4; exec "{sys.executable}" -m gradsheet export "{RELU}" --to c -o "{tmp_path}/net.c" {force}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 2, done.stderr
    assert "GS602" in done.stderr
    assert "Traceback" not in done.stderr
    assert [(p.name, p.read_text(encoding="utf-8")) for p in tmp_path.iterdir()] == [("net.h", "mine")] * bool(force)


def test_a_folder_that_may_not_be_written_to(tmp_path: Path):
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("nothing is forbidden to this user")
    tmp_path.chmod(0o500)
    done = gradsheet("export", RELU, "--to", "c", "-o", str(tmp_path / "net.c"))
    tmp_path.chmod(0o700)
    assert done.code == 2
    assert "does not allow new files" in done.err


# ---------------------------------------------------------------- program


def test_a_program_is_printed_after_any_pass():
    done = gradsheet("program", MLP, "--batch", "any", "--what", "value")
    assert done.code == 0
    assert "h1[n,i] = tanh(sum[j] W1[i,j] x[n,j] + b1[i])" in done.out
    assert "matrix product" in done.out
    assert "x    rows×4   data, with a row for each example" in done.out
    early = gradsheet("program", MLP, "--after", "gather", "--what", "value").out
    assert "z1[i] = sum[j] W1[i,j] x[j] + b1[i]" in early


def test_passes_are_listed():
    lines = gradsheet("program", "--passes").out.splitlines()
    assert [line.split()[0] for line in lines][:3] == ["gather", "settle", "schedule"]
    assert json.loads(gradsheet("program", "--passes", "--json").out)["passes"][0]["name"] == "gather"


@pytest.mark.parametrize("arguments", [[MLP, "--batch", "3"], [GRU], [WIDTHS, "--set", "D=2", "--set", "n=[2,3,2]"]])
def test_the_data_follow_their_schema(arguments: list[str]):
    schema = json.loads((ROOT / "docs" / "schema" / "program.schema.json").read_text(encoding="utf-8"))
    done = gradsheet("program", *arguments, "--json")
    assert done.code == 0
    jsonschema.validate(json.loads(done.out), schema)


def test_signs_of_a_keyboard_are_enough():
    assert gradsheet("program", MLP, "--ascii").out.isascii()
    assert "dL/dW1" in gradsheet("program", MLP, "--ascii").out
