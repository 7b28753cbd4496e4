"""`gradsheet check`: one document and many, formats, files, exit codes, limits."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import jsonschema
import pytest

import gradsheet as gs
from cli.session import gradsheet
from fences import ROOT, environment
from gradsheet.checking import documents, limits

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads((ROOT / "docs" / "schema" / "check.schema.json").read_text(encoding="utf-8"))
SHEET = """\
---
marks:
  total: 4
  results:
    - {name: ∂L/∂w, points: 2}
    - {name: ∂L/∂b, points: 2, follow_through: 0.5}
---
x, t, w, b ∈ ℝ
y = w x + b
L = 1/2 (y - t)²
parameters w, b
minimize L
"""
RIGHT = r"""# Solution

By the chain rule $\frac{\partial L}{\partial y} = y - t$, and therefore

$$\frac{\partial L}{\partial w} = (y - t) x$$

and $\frac{\partial L}{\partial b} = y - t$.
"""
WRONG = RIGHT.replace("(y - t) x", "(y + t) x")
OPEN = RIGHT + "\nMoreover $q = 3 r$.\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a sheet and four documents, one of them no text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "line.sheet").write_text(SHEET, encoding="utf-8")
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "anna.md").write_text(RIGHT, encoding="utf-8")
    (folder / "bert.md").write_text(WRONG, encoding="utf-8")
    (folder / "group").mkdir()
    (folder / "group" / "carl.txt").write_text("∂L/∂b = y - t\n", encoding="utf-8")
    (folder / "dora.md").write_bytes(b"\xff\xfe\x00")
    return tmp_path


def check(*arguments: str, **more: object):
    return gradsheet("check", *arguments, "--sheet", "line.sheet", **more)


@pytest.mark.usefixtures("desk")
class TestOne:
    """A single document."""

    def test_right_is_0_and_wrong_is_1(self):
        assert check("class/anna.md").code == 0
        done = check("class/bert.md")
        assert done.code == 1
        assert re.search(r"^class/bert\.md:5 ✗ ∂L/∂w = \(y \+ t\) x", done.out, re.MULTILINE)
        assert "2 right, 1 wrong" in done.out
        assert "together   2 of 4" in done.out

    def test_open_is_1_only_when_strict(self, desk: Path):
        (desk / "open.md").write_text(
            OPEN.replace("q = 3 r", "\\frac{\\partial L}{\\partial w} = 3 r"), encoding="utf-8"
        )
        assert check("open.md").code == 0
        assert check("open.md", "--strict").code == 1
        assert check("class/anna.md", "--strict").code == 0

    @pytest.mark.parametrize(("ending", "begins"), [
        ("html", "<!doctype html>"), ("md", "**2 right, 1 wrong.**"), ("json", "{"), ("txt", "checked against"),
    ])  # fmt: skip
    def test_the_ending_says_the_format(self, desk: Path, ending: str, begins: str):
        done = check("class/bert.md", "-o", f"a.{ending}")
        assert (done.code, done.out) == (1, "")
        assert done.err == f"a.{ending} is written\n"
        assert (desk / f"a.{ending}").read_text(encoding="utf-8").startswith(begins)
        again = check("class/bert.md", "-o", f"a.{ending}")
        assert again.code == 2
        assert "GS602" in again.err

    def test_json_keeps_to_its_schema(self):
        done = check("class/bert.md", "--json")
        data = json.loads(done.out)
        jsonschema.Draft202012Validator(SCHEMA).validate(data)
        assert (data["tally"]["wrong"], data["marks"]["score"]) == (1, 2)
        assert [f["claims"][0]["quantity"] for f in data["formulas"]] == ["∂L/∂y", "∂L/∂w", "∂L/∂b"]

    def test_the_same_document_gives_the_same_bytes(self):
        assert check("class/bert.md", "--json").out == check("class/bert.md", "--json").out

    def test_standard_input(self):
        assert check("-", text=WRONG).out.splitlines()[2].startswith("<stdin>:5 ✗")

    def test_a_plain_terminal(self):
        assert check("class/bert.md", "--ascii").out.isascii()
        assert "\\u" not in check("class/bert.md", encoding="ascii").out

    def test_no_colour_unless_there_is_a_terminal(self):
        assert "\x1b" not in check("class/bert.md").out
        assert "\x1b" in check("class/bert.md", terminal=True).out
        assert "\x1b" not in check("class/bert.md", terminal=True, NO_COLOR="1").out

    @pytest.mark.parametrize("arguments", [
        ["none.md"], ["class/anna.md", "--context", "none.yaml"], ["class/anna.md", "--json", "--format", "html"],
        ["class/anna.md", "-o", "a.doc"], ["class/anna.md", "--force"],
        ["class/anna.md", "--format", "html", "--ascii"],
        ["class/dora.md"], ["class/anna.md", "--time-limit", "0"], ["-", "class/anna.md"],
    ])  # fmt: skip
    def test_misuse_is_2(self, arguments: list[str]):
        done = check(*arguments)
        assert done.code == 2
        assert "Traceback" not in done.err

    def test_a_fault_of_ours_is_no_traceback(self, monkeypatch: pytest.MonkeyPatch):
        def fault(*_: object):
            raise ZeroDivisionError("by zero")

        monkeypatch.setattr(documents, "check", fault)
        done = check("class/anna.md", "--json")
        assert done.code == 2
        assert json.loads(done.out)["error"]["diagnostics"][0]["code"] == "GS724"

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no alarm on this system")
    def test_what_looks_at_no_clock_is_ended(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(limits, "GRACE", 0.2)
        monkeypatch.setattr(documents, "check", lambda *_: time.sleep(60))
        done = check("class/anna.md", "--time-limit", "0.1")
        assert done.code == 2
        assert "GS722" in done.err

    def test_marks_that_are_none_are_refused(self, desk: Path):
        (desk / "line.sheet").write_text(SHEET.replace("points: 2}", "points: many}"), encoding="utf-8")
        documents.sheet_at.cache_clear()
        done = check("class/anna.md")
        assert (done.code, "GS720" in done.err) == (2, True)
        documents.sheet_at.cache_clear()

    def test_a_context_has_marks_of_its_own(self, desk: Path):
        (desk / "c.yaml").write_text("marks: {results: [{name: ∂L/∂y, points: 7}]}\n", encoding="utf-8")
        assert "together   7 of 7" in check("class/anna.md", "--context", "c.yaml").out


@pytest.mark.usefixtures("desk")
class TestMany:
    """A class."""

    def test_one_bad_document_never_stops_the_rest(self, desk: Path):
        done = check("class", "-o", "out")
        assert done.code == 1
        assert sorted(p.name for p in (desk / "out").iterdir()) == [
            "anna.md.json", "bert.md.json", "dora.md.json", "group-carl.txt.json", "summary.csv",
        ]  # fmt: skip
        rows = list(csv.DictReader((desk / "out" / "summary.csv").read_text(encoding="utf-8").splitlines()))
        assert [row["file"] for row in rows] == ["anna.md", "bert.md", "dora.md", "group/carl.txt"]
        assert [row["wrong"] for row in rows] == ["0", "1", "", "0"]
        assert [row["score"] for row in rows] == ["4", "2", "", "2"]
        assert rows[1]["first_wrong_line"] == "5"
        assert rows[2]["problem"].startswith("GS0")
        for name in ("bert.md", "dora.md"):
            data = json.loads((desk / "out" / f"{name}.json").read_text(encoding="utf-8"))
            jsonschema.Draft202012Validator(SCHEMA).validate(data)

    def test_two_at_once_give_the_same(self, desk: Path):
        check("class", "-o", "one")
        check("class", "-o", "two", "-j", "2")
        for page in (desk / "one").iterdir():
            assert page.read_bytes() == (desk / "two" / page.name).read_bytes()

    def test_pages_beside_the_data(self, desk: Path):
        assert check("class/anna.md", "class/bert.md", "-o", "out", "--format", "html").code == 1
        assert sorted(p.name for p in (desk / "out").iterdir()) == [
            "class-anna.md.html", "class-anna.md.json", "class-bert.md.html", "class-bert.md.json", "summary.csv",
        ]  # fmt: skip
        assert check("class/anna.md", "class/bert.md", "-o", "out").code == 2, "files are replaced by --force only"
        assert check("class/anna.md", "class/bert.md", "-o", "out", "--force").code == 1

    def test_what_was_written_is_not_checked(self):
        check("class", "-o", "class/out", "--format", "html")
        assert check("class", "-o", "class/out", "--format", "html", "--force").out.count(".html") == 0

    def test_data_on_standard_output(self):
        data = json.loads(check("class", "--json").out)
        jsonschema.Draft202012Validator(SCHEMA).validate(data)
        assert [d["document"] for d in data["documents"]] == [
            "class/anna.md", "class/bert.md", "class/dora.md", "class/group/carl.txt",
        ]  # fmt: skip

    def test_status(self):
        assert check("class/anna.md", "class/group").code == 0
        assert check("class/anna.md", "class/dora.md").code == 2

    def test_misuse(self, desk: Path):
        (desk / "empty").mkdir()
        for arguments, code in ((["empty"], "GS723"), (["class", "--format", "html"], "GS601"),
                                (["class", "-o", "line.sheet"], "GS602"),
                                (["class", "-o", "no/where"], "GS602")):  # fmt: skip
            done = check(*arguments)
            assert (done.code, code in done.err) == (2, True), arguments

    def test_without_joblib(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(sys.modules, "joblib", None)
        done = check("class", "-j", "2")
        assert (done.code, "GS721" in done.err) == (2, True)

    @pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
    def test_ctrl_c_is_130_and_leaves_nothing(self, desk: Path):
        for number in range(40):
            (desk / "class" / f"{number}.md").write_text(RIGHT, encoding="utf-8")
        command = [sys.executable, "-m", "gradsheet", "check", "class", "--sheet", "line.sheet", "-o", "out", "-j", "2"]
        process = subprocess.Popen(command, cwd=desk, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            while not list((desk / "out").glob("*.json")) and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 130, said.decode()
        assert b"Traceback" not in said
        assert not list((desk / "out").glob(".*"))


@pytest.mark.usefixtures("desk")
class TestPython:
    """The same from Python."""

    def test_a_file_and_a_sheet(self):
        found = gs.check("class/bert.md", sheet="line.sheet")
        assert (found.wrong, found.tally["wrong"], found.score) == (True, 1, 2.0)
        assert [c["formula"] for c in found.claims if c["verdict"] == "wrong"] == [2]
        assert "✗" in str(found)
        assert found.to_html().startswith("<!doctype html>")
        assert found._repr_html_().startswith('<div class="gradsheet">')
        assert "✗ **wrong**" in found.to_markdown()
        assert repr(found) == "<Check of class/bert.md: 2 right, 1 wrong>"

    def test_a_text_a_sheet_and_data(self):
        sheet = gs.loads(SHEET)
        found = gs.check(text=RIGHT, sheet=[sheet], context={"marks": {"results": [{"name": "∂L/∂y", "points": 3}]}})
        assert (found.wrong, found.score) == (False, 3.0)

    def test_misuse(self):
        with pytest.raises(TypeError):
            gs.check()
        with pytest.raises(gs.SheetError):
            gs.check("none.md", sheet="line.sheet")
