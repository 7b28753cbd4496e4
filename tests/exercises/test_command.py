"""`gradsheet variants`: two files, or none; what was given up on standard error."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from cli.session import gradsheet
from exercises.setting import exercises, sheet_of, value_of
from fences import ROOT
from gradsheet.cli.variants import counted
from gradsheet.exercises import Setter, search
from gradsheet.exercises.questions import question, short_title
from gradsheet.writing.report import report

if TYPE_CHECKING:
    from pathlib import Path

RELU = ROOT / "examples" / "two-layers-relu.sheet"
CIRCUIT = ROOT / "examples" / "circuit.sheet"
LINE = "x, w ∈ ℝ\nL = (w x - 1)²\nparameters w\nminimize L\ngiven x = 2, w = 3\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_two_files_named_after_the_sheet(tmp_path: Path):
    done = gradsheet("variants", str(CIRCUIT), "-n", "3")
    assert (done.code, done.out) == (0, "")
    assert files(tmp_path) == ["circuit-questions.md", "circuit-solutions.md"]
    assert done.err == "circuit-questions.md and circuit-solutions.md are written: 3 exercises, seed 1\n"


@pytest.mark.parametrize(("form", "ending", "mark"), [
    ("markdown", "md", "## Exercise 2"), ("text", "txt", "\nExercise 2\n"), ("latex", "tex", "{Exercise 2}"),
    ("html", "html", "Exercise 2</h2>"),
])  # fmt: skip
def test_formats(form: str, ending: str, mark: str, tmp_path: Path):
    done = gradsheet("variants", str(RELU), "-n", "2", "-o", "week", "--format", form)
    assert done.code == 0, done.err
    questions = (tmp_path / f"week-questions.{ending}").read_text(encoding="utf-8")
    solutions = (tmp_path / f"week-solutions.{ending}").read_text(encoding="utf-8")
    assert questions.count(mark) == solutions.count(mark) == 1
    assert len(solutions) > len(questions)


def test_pages_in_html_have_each_address_once(tmp_path: Path):
    gradsheet("variants", str(CIRCUIT), "-n", "3", "-o", "c", "--format", "html")
    for kind in ("questions", "solutions"):
        addresses = re.findall(r' id="([^"]+)"', (tmp_path / f"c-{kind}.html").read_text(encoding="utf-8"))
        assert len(addresses) == len(set(addresses))
        assert {f"exercise-{k}" for k in (1, 2, 3)} <= set(addresses)


def test_a_question_says_all_that_is_needed_and_no_answer():
    for variant in exercises(RELU).variants:
        asked = question(variant)
        assert all(item.value is None for item in asked.forward)
        assert asked.backward == []
        assert {i.symbol.name for i in asked.given} == {i.symbol.name for i in report(variant.solution).given}


def test_the_questions_hold_the_numbers_of_the_variants(tmp_path: Path):
    gradsheet("variants", str(CIRCUIT), "-n", "2", "-o", "c", "--format", "text")
    parts = (tmp_path / "c-questions.txt").read_text(encoding="utf-8").split("\nExercise ")[1:]
    for part, variant in zip(parts, exercises(CIRCUIT, 2).variants, strict=True):
        for name in "xyucvd":
            shown = re.search(rf"^  {name} +([−0-9.]+)$", part, flags=re.MULTILINE)[1]
            assert float(shown.replace("−", "-")) == value_of(variant, name)[0]
        rate = re.search(r"eta = ([0-9.]+)", variant.text)[1]
        assert f"η = {rate}" in part or f"eta = {rate}" in part


def test_the_rest_of_the_author_s_comment_is_left_out(tmp_path: Path):
    """The head of jacobian-chain.sheet ends: "The component for W1[1,2] is -1/16, exactly". In a variant it is not."""
    path = ROOT / "examples" / "jacobian-chain.sheet"
    gradsheet("variants", str(path), "-n", "1", "-o", "j")
    for kind in ("questions", "solutions"):
        assert "1/16, exactly" not in (tmp_path / f"j-{kind}.md").read_text(encoding="utf-8")
    assert short_title(sheet_of(path)) == "A chain of Jacobians"
    assert short_title(sheet_of(LINE)) == "Exercises"
    gradsheet("variants", str(path), "-n", "1", "-o", "t", "--title", "Week 3")
    assert (tmp_path / "t-questions.md").read_text(encoding="utf-8").startswith("# Week 3\n")


def test_a_kink_that_is_asked_for_is_stated(tmp_path: Path):
    gradsheet("variants", str(RELU), "-n", "2", "-o", "k", "--kinks", "--format", "text")
    gradsheet("variants", str(RELU), "-n", "2", "-o", "n", "--format", "text")
    assert "max'(x, c) = 0 at x = c" in (tmp_path / "k-questions.txt").read_text(encoding="utf-8")
    assert "max'(x, c) = 0 at x = c" not in (tmp_path / "n-questions.txt").read_text(encoding="utf-8")


def test_each_variant_as_a_sheet(tmp_path: Path):
    done = gradsheet("variants", str(CIRCUIT), "-n", "10", "--sheets", "sheets")
    assert done.code == 0
    assert sorted(p.name for p in (tmp_path / "sheets").iterdir()) == [f"circuit-{k:02}.sheet" for k in range(1, 11)]
    solved = gradsheet("solve", "sheets/circuit-03.sheet", "--json")
    objective = json.loads(solved.out)["objective_value"]
    assert objective == value_of(exercises(CIRCUIT, 10).variants[2], "L")[0]


def test_from_standard_input(tmp_path: Path):
    assert gradsheet("variants", "-", "-n", "1", text=LINE).code == 0
    assert files(tmp_path) == ["exercises-questions.md", "exercises-solutions.md"]


def test_json_writes_files_with_a_name_only(tmp_path: Path):
    done = gradsheet("variants", str(CIRCUIT), "-n", "2", "--json")
    data = json.loads(done.out)
    assert [v["number"] for v in data["variants"]] == [1, 2]
    assert [v["sheet"] for v in data["variants"]] == [v.text for v in exercises(CIRCUIT, 2).variants]
    assert (data["files"], files(tmp_path)) == ([], [])
    data = json.loads(gradsheet("variants", str(CIRCUIT), "-n", "1", "--json", "-o", "c").out)
    assert data["files"] == files(tmp_path) == ["c-questions.md", "c-solutions.md"]


# ---------------------------------------------------------------- what is said


def test_what_is_given_up_is_said_on_stderr_and_in_the_solutions(tmp_path: Path):
    path = ROOT / "tests" / "sheets" / "one-hidden-unit.sheet"
    words = "what is a rational number in the original is none here"
    for form, ending in (("text", "txt"), ("markdown", "md")):
        done = gradsheet("variants", str(path), "-n", "2", "-o", "u", "--format", form)
        assert f"remark: in every variant, {words}" in done.err
        assert (tmp_path / f"u-solutions.{ending}").read_text(encoding="utf-8").count(f"n this variant {words}") == 2
        assert words not in (tmp_path / f"u-questions.{ending}").read_text(encoding="utf-8")


def test_what_holds_for_the_sheet_is_said(tmp_path: Path):
    done = gradsheet("variants", str(RELU), "-n", "1", "-o", "r")
    assert "remark: kept as in the sheet: b2 (zero)\n" in done.err
    assert "Kept as in the sheet: $`b_2`$ (zero)" in (tmp_path / "r-solutions.md").read_text(encoding="utf-8")


class Terminal(io.StringIO):
    """Standard error where somebody is watching."""

    def isatty(self) -> bool:
        return True


def test_a_count_is_shown_at_a_terminal_only():
    assert "\r" not in gradsheet("variants", str(CIRCUIT), "-n", "2", "-o", "a").err
    with mock.patch.object(sys, "stderr", Terminal()) as shown:
        list(counted(iter(exercises(CIRCUIT, 2).variants), 2))
    assert shown.getvalue() == "\r1 of 2\r2 of 2\r      \r"


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(("arguments", "words"), [
    (["-n", "0"], "not in the range"),
    (["-n", "none"], "not a valid integer"),
    (["--vary", "q"], "'q' has no value in the sheet"),
    (["--keep", "x,y,u,c,v,d"], "nothing to vary"),
    (["--sizes", "n"], "sizes are whole numbers"),
    (["--sizes", "n=0"], "sizes are whole numbers"),
    (["--sizes", "n=2"], "follows from the values"),
    (["-o", "no/such/place"], "no such folder"),
    (["--sheets", "no/such/place"], "no such folder"),
    (["--format", "word"], "'word' is not one of"),
])  # fmt: skip
def test_what_cannot_be_used_is_refused_and_nothing_is_written(arguments: list[str], words: str, tmp_path: Path):
    done = gradsheet("variants", str(CIRCUIT), *arguments)
    assert done.code == 2
    assert words in done.err
    assert files(tmp_path) == []


def test_files_that_exist_are_kept_unless_forced(tmp_path: Path):
    (tmp_path / "circuit-solutions.md").write_text("mine", encoding="utf-8")
    done = gradsheet("variants", str(CIRCUIT), "-n", "1")
    assert (done.code, "GS602" in done.err, "--force" in done.err) == (2, True, True)
    assert files(tmp_path) == ["circuit-solutions.md"]
    assert (tmp_path / "circuit-solutions.md").read_text(encoding="utf-8") == "mine"
    assert gradsheet("variants", str(CIRCUIT), "-n", "1", "--force").code == 0
    assert (tmp_path / "circuit-solutions.md").read_text(encoding="utf-8") != "mine"


def test_sheets_that_exist_are_kept_unless_forced(tmp_path: Path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "c-1.sheet").write_text("mine", encoding="utf-8")
    assert gradsheet("variants", str(CIRCUIT), "-n", "1", "-o", "c", "--sheets", "s").code == 2
    assert files(tmp_path) == ["c-1.sheet"]
    assert gradsheet("variants", str(CIRCUIT), "-n", "1", "-o", "c", "--sheets", "s/c-1.sheet").code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to the administrator")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path):
    (tmp_path / "shut").mkdir(mode=0o500)
    done = gradsheet("variants", str(CIRCUIT), "-n", "1", "-o", "shut/c")
    assert (done.code, "GS602" in done.err) == (2, True)


def test_a_sheet_with_an_error():
    done = gradsheet("variants", "-", text="x ∈ ℝ\ny = x + q\n")
    assert (done.code, "GS201" in done.err) == (2, True)


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    solve = search.solve
    calls = []

    def interrupted(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return solve(*arguments, **options)

    monkeypatch.setattr(search, "solve", interrupted)
    done = gradsheet("variants", str(CIRCUIT), "-n", "5", "--sheets", "s")
    assert done.code == 130
    assert files(tmp_path) == []


def test_a_planted_fault_in_a_variant_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A variant is verified by itself: a wrong gradient stops the command."""
    derive = search.solve.__globals__["derive"]

    def wrong(sheet, *arguments):
        derivation = derive(sheet, *arguments)
        adjoint = next(iter(derivation.gradients.values()))
        other = derivation.adjoints[0]
        adjoint.equation.body = other.equation.body if other is not adjoint else derivation.adjoints[1].equation.body
        derivation.graph.unfolded[adjoint.equation] = adjoint.equation.body
        return derivation

    setter = Setter(sheet_of(CIRCUIT))
    monkeypatch.setitem(search.solve.__globals__, "derive", wrong)
    with pytest.raises(Exception, match="failed its verification"):
        next(setter.variants(1))
    assert files(tmp_path) == []


def test_help_is_light():
    assert "gradsheet variants" in gradsheet("variants", "--help").out
    program = "import sys; from gradsheet.cli.variants import variants; print('numpy' in sys.modules)"
    import subprocess  # noqa: PLC0415 - for this test only

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"
