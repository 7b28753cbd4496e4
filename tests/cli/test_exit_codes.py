"""0 done, 1 a check failed, 2 the input cannot be read or used; results on stdout, messages on stderr."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cli.session import gradsheet
from fences import ROOT, environment
from gradsheet.verification import Check, Verification

if TYPE_CHECKING:
    from pathlib import Path

CIRCUIT = str(ROOT / "examples" / "circuit.sheet")
CHAIN = str(ROOT / "examples" / "jacobian-chain.sheet")
REFUSED = {
    "no such file": (["solve", "none.sheet"], "GS001", "no such file"),
    "a folder": (["solve", str(ROOT)], "GS001", "folder"),
    "the ending forgotten": (["solve", CIRCUIT.removesuffix(".sheet")], "GS001", "did you mean"),
    "two kinds of numbers": (["solve", CIRCUIT, "--exact", "--float"], "GS601", "exclude"),
    "an unknown name": (["solve", CIRCUIT, "--wrt", "uu"], "GS201", "no name 'uu'"),
    "an unknown objective": (["solve", CIRCUIT, "--of", "Q"], "GS201", "no name 'Q'"),
    "an entry outside": (["solve", CHAIN, "--wrt", "W1[1,3]"], "GS206", "outside 1..2"),
    "an index too few": (["solve", CHAIN, "--wrt", "W1[1]"], "GS209", "2 indices"),
    "no index at all": (["solve", CHAIN, "--wrt", "W1[i,j]"], "GS601", "one entry"),
    "a setting without a value": (["solve", CIRCUIT, "--set", "x"], "GS601", "NAME=VALUE"),
    "a setting that is cut": (["solve", CIRCUIT, "--set", "x=[1,"], "GS103", "not closed"),
    "a setting of nothing": (["solve", CIRCUIT, "--set", "q=1"], "GS201", "does not declare"),
    "hints from a sheet on stdin": (["solve", "--hints", "-"], "GS601", "standard input"),
    "an unknown model": (["new", "perceptron"], "GS601", "no model"),
    "a model without sizes": (["new", "mlp", "4"], "GS601", "two sizes"),
    "a folder that is not there": (["new", "linear", "2", "-o", "/no/where.sheet"], "GS602", "cannot be written"),
    "an option that is not there": (["solve", "--jsno", CIRCUIT], "GS601", "--json"),
    "steps that are no number": (["solve", CIRCUIT, "--steps", "many"], "GS601", "integer"),
    "no argument": (["solve"], "GS601", "SHEET"),
}


@pytest.mark.parametrize(("arguments", "code", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_used_is_refused_on_stderr(arguments: list[str], code: str, words: str):
    done = gradsheet(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert words in done.err
    assert code in done.err or code == "GS601"


@pytest.mark.parametrize(("arguments", "code", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_with_json_the_same_is_data_on_stdout(arguments: list[str], code: str, words: str):
    done = gradsheet(*arguments, "--json")
    data = json.loads(done.out)
    assert (done.code, done.err) == (2, "")
    assert set(data) == {"schema_version", "error"}
    (first, *_) = data["error"]["diagnostics"]
    assert first["code"] == code
    assert words in f"{first['message']} {first['suggestion']}"


BAD_VALUES = {
    "binary": (b"\xff\xfe\x00", "v.json", "GS406"),
    "a list": (b"[1]", "v.json", "GS406"),
    "an astronomical exponent": (b'{"x": 1e999999999}', "v.json", "GS406"),
    "a number of 10,000 digits": (b'{"x": ' + b"7" * 10_000 + b"}", "v.json", "GS406"),
    "10,000 brackets": (b'{"x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "v.json", "GS406"),
    "infinity": (b'{"x": Infinity}', "v.json", "GS406"),
    "no archive": (b"x = 1", "v.npz", "GS406"),
    "half an archive": (b"PK\x03\x04 and then nothing", "v.npz", "GS406"),
}


@pytest.mark.parametrize(("data", "name", "code"), BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_files_of_values_that_cannot_be_read(data: bytes, name: str, code: str, tmp_path: Path):
    (tmp_path / name).write_bytes(data)
    done = gradsheet("solve", CIRCUIT, "--given", str(tmp_path / name))
    assert (done.code, done.out) == (2, "")
    assert code in done.err
    assert name in done.err


def test_independent_errors_appear_together():
    done = gradsheet("solve", "-", text="x ∈ ℝ\ny = x + q\nz = r\n")
    assert done.code == 2
    assert done.err.count("error[GS201]") == 2


FAILING = Check("L", ("w",), "at generic points", "directional derivatives", 2, passed=False, difference="1 and 2")


def verified_as(monkeypatch: pytest.MonkeyPatch, result: Verification) -> None:
    monkeypatch.setattr(importlib.import_module("gradsheet.solution.solve"), "verified", lambda *_: result)


def test_a_gradient_that_fails_is_never_shown(monkeypatch: pytest.MonkeyPatch):
    verified_as(monkeypatch, Verification([FAILING]))
    done = gradsheet("solve", CIRCUIT)
    assert (done.code, done.out) == (1, "")
    assert "fault of gradsheet" in done.err
    assert "GS502" in done.err
    data = json.loads(gradsheet("solve", CIRCUIT, "--json").out)
    assert data["error"]["diagnostics"][0]["code"] == "GS502"
    assert "∂L/∂u =" not in json.dumps(data, ensure_ascii=False)


def test_what_could_not_be_verified_is_not_shown(monkeypatch: pytest.MonkeyPatch):
    verified_as(monkeypatch, Verification([], ["no point was found"]))
    done = gradsheet("solve", CIRCUIT)
    assert (done.code, done.out) == (2, "")
    assert "GS503" in done.err


def test_hints_are_no_data():
    done = gradsheet("solve", CIRCUIT, "--hints", "--json")
    assert (done.code, json.loads(done.out)["error"]["diagnostics"][0]["code"]) == (2, "GS601")


def test_ctrl_c_leaves_without_a_traceback(monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradsheet.cli.sheets.load", interrupted)
    done = gradsheet("solve", CIRCUIT)
    assert (done.code, done.out) == (130, "")
    assert "Traceback" not in done.err


def test_a_closed_pipe_is_quiet():
    program = [sys.executable, "-c", "from gradsheet.cli import main; main()", "solve", CIRCUIT, "--json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        told = run.stderr.read()
    assert (run.returncode, told) == (0, b"")
