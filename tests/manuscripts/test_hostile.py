"""Whatever bytes come in, a manuscript comes out: within limits, and with what is wrong said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawing import examples
from gradsheet.diagnostics import render
from gradsheet.manuscripts import Formula, Manuscript, read_manuscript
from gradsheet.manuscripts.page import MOST_FORMULAS, MOST_STEPS
from gradsheet.manuscripts.view import View

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("markdown", "latex", "notebook", "html", "text")

PARTS = [
    *"$ $$ ` `` ``` ~~ ~~~ \\( \\) \\[ \\] \\\\( \\\\) \\\\[ \\\\] \\$ { } % & # > - * | _ ^ = < [ ] \" ' ;".split(),
    *"\\begin{align} \\end{align} \\begin{equation} \\end{equation} \\begin{document} \\end{document}".split(),
    *"\\newcommand{\\a} \\newcommand{\\a}[1]{#1\\a} \\def\\b#1 \\let\\c=\\a \\a \\b{ \\c \\text{ \\item".split(),
    *"\\begin{verbatim} \\end{verbatim} \\section{ \\verb| \\sout{ \\input{x} <p> </p> <li> <math> </math>".split(),
    *"<annotation> <script> <s> </script> <pre> <!-- --> &lt; &#x &amp <span é 𝐖 ∂ x 12 word and".split(),
    *("\\", "\ufdd0", "\ufdd1", "\ufdd4", "\x00", "\r", "\u2028"),
    '<script type="math/tex">',
    '<span class="math inline">',
    '<annotation encoding="application/x-tex">',
    '<math alttext="x">',
    "\n",
    "\n\n",
    "---\n",
    "a: &x [1]\n",
    " ",
    "    ",
    "\n```math\n",
    "\n# ",
    "\n===\n",
]

SAMPLE = (
    "---\na: 1\n---\n# On $x$\n\n$$\na\n$$ ~~$b$~~ `c`\n\n"
    "\\newcommand{\\a}[1]{#1} \\begin{align}\\a d\\end{align}\n> $e$\n"
)


def is_sound(page: Manuscript) -> None:
    """Places are in the text, offsets fit, numbers count up, problems can be shown."""
    text = page.source.text
    for number, formula in enumerate(page.formulas, 1):
        assert formula.number == number
        assert 0 <= formula.start <= len(text)
        assert formula.place.line >= 1
        assert formula.place.column >= 1
        if formula.offsets is None:
            assert text[formula.start : formula.start + len(formula.text)] == formula.text
            assert formula.latex == formula.text.strip()
        else:
            assert len(formula.offsets) == len(formula.text) + 1
            assert all(0 <= at <= len(text) for at in formula.offsets)
    for piece in page.pieces:
        assert isinstance(piece, Formula) or piece.text or piece.breaks or piece.kind in ("heading", "item")
    for problem in page.problems:
        assert render(problem)
        json.dumps(problem.to_json())


@settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(PARTS), max_size=40), st.sampled_from(KINDS))
def test_any_order_of_signs_is_read(parts: list[str], kind: str):
    is_sound(read_manuscript("".join(parts), kind=kind))
    if kind == "notebook":
        cells = [{"cell_type": "markdown", "source": part} for part in ("".join(parts), *parts[:3])]
        is_sound(read_manuscript(json.dumps({"cells": cells}), kind=kind))


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from(KINDS))
def test_a_document_with_damage_is_read(data: st.DataObject, kind: str):
    text = SAMPLE
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 6))
        text = text[:at] + data.draw(st.sampled_from(["", *PARTS])) + text[at + cut :]
    is_sound(read_manuscript(text, kind=kind))


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60), st.sampled_from(KINDS))
def test_any_bytes_are_read_or_refused(data: bytes, kind: str):
    is_sound(read_manuscript(data, kind=kind))


@pytest.mark.parametrize(
    ("data", "code", "phrase"),
    [
        (b"a = \xff", "GS002", "UTF-8"),
        ("a".encode("utf-16"), "GS002", "UTF-16"),
        (b"a\0b", "GS001", "NUL"),
        ("\ud800", "GS002", "surrogate"),
    ],
)
def test_what_is_no_text_is_refused_in_the_result(data: bytes | str, code: str, phrase: str):
    page = read_manuscript(data, name="a.md")
    assert page.pieces == ()
    assert page.problems[0].code == code
    assert phrase in render(page.problems[0])
    assert page.source.name == "a.md"


def test_a_file_that_is_too_large_is_refused(tmp_path: Path):
    path = tmp_path / "large.md"
    path.write_bytes(b"x" * 2000)
    assert [p.code for p in read_manuscript(path, largest=1000).problems] == ["GS003"]


def test_a_file_that_is_not_there_is_said(tmp_path: Path):
    for path in (tmp_path / "none.md", tmp_path):
        page = read_manuscript(path)
        assert [p.code for p in page.problems] == ["GS701"]
        assert page.formulas == []


@pytest.mark.parametrize(
    ("suffix", "text", "formulas"),
    [
        ("md", "$x$", ["x"]),
        ("MARKDOWN", "$x$", ["x"]),
        ("tex", "% $y$\n$x$", ["x"]),
        ("ipynb", '{"cells": [{"cell_type": "markdown", "source": "$x$"}]}', ["x"]),
        ("htm", "<p>\\(x &lt; y\\)</p>", ["x < y"]),
        ("txt", "x = 1", ["x = 1"]),
        ("dat", "\ufeff$x$\r\n", ["x"]),
    ],
)
def test_the_name_of_a_file_says_how_it_is_read(tmp_path: Path, suffix: str, text: str, formulas: list[str]):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(text.encode())
    page = read_manuscript(path)
    assert [f.latex for f in page.formulas] == formulas
    assert page.source.name == str(path)


def test_too_many_formulas_are_said_and_the_first_are_kept():
    page = read_manuscript("$x$ " * (MOST_FORMULAS + 5) + "\n")
    assert len(page.formulas) == MOST_FORMULAS
    (problem,) = page.problems
    assert problem.code == "GS704"
    assert problem.to_json()["column"] == 4 * MOST_FORMULAS + 1


@pytest.mark.parametrize("kind", ["markdown", "latex", "html"])
@pytest.mark.parametrize(
    "part",
    ["$", "$$a\n\n", "\\[", "\\( w w ", "\\begin{align}", "~~ ", "<!-- ", '<a "', "&#", "<math>", "` `` ", "$\\text{"],
)
def test_a_run_of_openers_ends(kind: str, part: str):
    page = read_manuscript(part * (60_000 // len(part)), kind=kind)
    assert len(page.problems) <= 52
    assert len(page.remarks) <= 50


def test_a_text_is_searched_once_for_what_is_not_in_it():
    """So that a document of openers without a closer is read in linear time."""
    searched = []

    class Counted(str):
        __slots__ = ()

        def find(self, *arguments: int) -> int:
            searched.append(arguments)
            return str.find(self, *arguments)

    view = View(Counted("a" * 100 + "-->" + "b" * 100))
    assert {view.next("-->", at) for at in range(101)} == {(100, 103)}
    assert {view.next("-->", at) for at in range(101, 200)} == {(203, 203)}
    assert len(searched) == 2


def test_too_many_lines_are_said():
    page = read_manuscript("a\n" * (MOST_STEPS // 2 + 10) + "$x$\n")
    assert page.formulas == []
    assert [p.code for p in page.problems] == ["GS701"]
    assert "too long" in page.problems[0].message


def test_macros_of_one_document_make_only_so_much():
    text = r"$\newcommand{\a}{" + "x" * 9000 + r"}$ " + r"$\a\a\a\a\a\a\a\a\a\a$ " * 60
    page = read_manuscript(text)
    assert len(page.formulas) == 61
    assert page.formulas[1].problem is None
    last = page.formulas[-1].problem
    assert last is not None
    assert "of this document" in last.message
