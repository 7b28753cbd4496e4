"""LaTeX and Typst that compile: every sheet at hand, set by real engines, with nothing that sticks out of its line."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess

import pytest

import gradsheet as gs
from gradsheet.writing.formats import pdf as pages
from gradsheet.writing.formats.escaping import latex_words
from gradsheet.writing.formats.latex import latex_document
from gradsheet.writing.formats.typst import typst_document
from writing.pages import SHEETS, composed

NAMES = ["odd", "long", *SHEETS]
LOOKED_INTO = {"odd", "long", "mlp-4433", "gru", "boltzmann", "many-layers", "circuit"}
"""Sheets whose small steps are set too: all of them would be a thousand pages."""
ENGINES = ("pdflatex", "xelatex", "lualatex", "tectonic")


def engine(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"there is no {name} on the path")


def latex_of(name: str) -> str:
    return latex_document(composed(name, small_steps=name in LOOKED_INTO))


def in_one(texts: dict[str, str]) -> str:
    """Several articles as one, each announced in the log."""
    parts = {name: text.split("\\begin{document}\n", 1) for name, text in texts.items()}
    preamble = re.sub(r"pdftitle=\{[^}]*\}", "pdftitle={}", next(iter(parts.values()))[0])
    bodies = [f"\\typeout{{SHEET {n}}}\n" + b.removesuffix("\\end{document}\n") for n, (_, b) in parts.items()]
    return preamble + "\\begin{document}\n" + "\\clearpage\n".join(bodies) + "\\end{document}\n"


def compiled(text: str, program: str, folder) -> str:
    """The log of an engine."""
    source = folder / "all.tex"
    source.write_text(text, encoding="utf-8")
    options = [] if program == "tectonic" else ["-interaction=nonstopmode", "-no-shell-escape"]
    done = subprocess.run(
        [program, *options, source.name],
        cwd=folder,
        env={**os.environ, "max_print_line": "10000"},
        capture_output=True,
        check=False,
    )
    log = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, log[-3000:]
    assert (folder / "all.pdf").stat().st_size > 10_000
    return log


def faults(log: str) -> list[str]:
    """Errors, lines that stick out, and letters that are missing, with the sheet they belong to."""
    found, sheet = [], ""
    for line in log.splitlines():
        announced = re.search(r"SHEET (\S+)", line)
        sheet = announced[1] if announced else sheet
        if line.startswith(("!", "Overfull \\hbox", "Missing character")):
            found.append(f"{sheet}: {line}")
    return found


@engine("pdflatex")
def test_pdflatex_sets_every_sheet(tmp_path):
    assert faults(compiled(in_one({name: latex_of(name) for name in NAMES}), "pdflatex", tmp_path)) == []


@pytest.mark.parametrize("program", [pytest.param(name, marks=engine(name)) for name in ENGINES[1:]])
def test_other_engines_set_some_of_them(program: str, tmp_path):
    log = compiled(in_one({name: latex_of(name) for name in sorted(LOOKED_INTO)}), program, tmp_path)
    assert [f for f in faults(log) if "Missing character" not in f] == []


@engine("pdflatex")
def test_a_line_that_sticks_out_is_seen(tmp_path):
    long = latex_of("circuit").replace("\\end{document}", "\\mbox{" + "x" * 200 + "}\n\n\\end{document}")
    assert any("Overfull" in fault for fault in faults(compiled(in_one({"circuit": long}), "pdflatex", tmp_path)))


def test_latex_is_ascii_but_for_letters_without_a_command():
    for name in NAMES:
        assert re.sub(r"\\anyletter\{[0-9A-F]+\}\{.\}", "", latex_of(name)).isascii()


WORDS = {
    "100 % & #1_a {b} ~^\\": r"100 \% \& \#1\_a \{b\} \textasciitilde{}\textasciicircum{}\textbackslash{}",
    "Ŷ ỹ č ø ß": r"\^{Y} \~{y} \v{c} \o{} \ss{}",
    "x² 10⁻³": r"x\textsuperscript{2} 10\textsuperscript{-}\textsuperscript{3}",
    "≤ ∂L ∈ ℝ": r"$\leq$ $\partial$L $\in$ $\mathbb{R}$",
    "日": "\\anyletter{65E5}{日}",
    "a\tb": "a b",
}


@pytest.mark.parametrize(("text", "expected"), WORDS.items(), ids=WORDS.keys())
def test_words_are_escaped(text: str, expected: str):
    assert latex_words(text) == expected


# ---------------------------------------------------------------- typst


def test_typst_sets_every_sheet():
    typst = pytest.importorskip("typst")
    for name in NAMES:
        text = typst_document(composed(name, small_steps=name in LOOKED_INTO))
        assert typst.compile(text.encode(), format="pdf").startswith(b"%PDF"), name


def test_typst_says_what_is_wrong():
    pytest.importorskip("typst")
    with pytest.raises(gs.SheetError, match="GS605"):
        pages.with_typst("$ unknown_name $")


# ---------------------------------------------------------------- whichever is at hand


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """No typst, and a path with nothing but what a test puts there."""
    monkeypatch.setattr(pages, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.mark.usefixtures("nothing")
def test_without_an_engine_it_says_what_to_install():
    with pytest.raises(gs.SheetError, match="GS605") as caught:
        pages.pdf(composed("circuit"))
    (problem,) = caught.value.diagnostics
    assert problem.suggestion is not None
    assert "gradsheet[pdf]" in problem.suggestion
    assert "tectonic" in problem.suggestion


def test_a_tex_engine_serves_where_there_is_no_typst(nothing):
    install(nothing, "pdflatex", "/bin/cat solution.tex > solution.pdf")
    assert pages.pdf(composed("circuit")) == latex_document(composed("circuit")).encode()


@pytest.mark.parametrize("program", [pytest.param(name, marks=engine(name)) for name in ENGINES])
def test_real_engines_make_pages(program: str):
    assert pages.with_tex(latex_document(composed("circuit")), program).startswith(b"%PDF")
    with pytest.raises(gs.SheetError, match=f"{program} fails"):
        pages.with_tex("\\documentclass{article}\\begin{document}\\nothing\\end{document}", program)


def test_an_engine_that_fails_is_quoted(nothing):
    install(nothing, "tectonic", "echo 'error: the bundle is not there' >&2; exit 1")
    with pytest.raises(gs.SheetError, match="tectonic fails: error: the bundle is not there"):
        pages.pdf(composed("circuit"))
