"""Markdown that GitHub renders: its mathematics stands where GitHub's Markdown leaves it alone."""

from __future__ import annotations

import html
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cli.session import gradsheet
from fences import ROOT
from gradsheet.writing.formats.markdown import markdown, words
from writing.pages import SHEETS, composed

GOLDEN = ROOT / "tests" / "golden"
PAGES = sorted(GOLDEN.glob("*.md"))
READER = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_it_writes_what_it_wrote(path, monkeypatch: pytest.MonkeyPatch):
    """The first line of a golden page is its command; `GRADSHEET_GOLDEN=write` writes the pages again."""
    monkeypatch.chdir(ROOT)
    first, _, expected = path.read_text(encoding="utf-8").partition("\n")
    command = re.fullmatch(r"<!-- \$ gradsheet (.+) -->", first)
    assert command, first
    done = gradsheet(*command[1].split())
    assert done.code == 0, done.err
    if os.environ.get("GRADSHEET_GOLDEN") == "write":
        path.write_text(f"{first}\n{done.out}", encoding="utf-8")
        return
    assert done.out == expected


def test_there_are_two_pages():
    assert len(PAGES) >= 2


def formulas(text: str) -> list[tuple[str, str]]:
    """The formulas that a reader of Markdown leaves as they are: fences, and code between dollars."""
    found = []
    for token in READER.parse(text):
        if token.type == "fence":
            found.append(("display", token.content))
        inner = token.children or []
        for before, code, behind in zip(inner, inner[1:], inner[2:], strict=False):
            if code.type == "code_inline":
                assert before.content.endswith("$"), token.content
                assert behind.content.startswith("$"), token.content
                assert re.search(r"(^|[^\w\-])\$$", before.content), f"GitHub needs a gap: {before.content}"
                found.append(("inline", code.content))
    return found


@pytest.mark.parametrize("name", ["odd", "long", *SHEETS])
def test_github_finds_every_formula(name: str):
    text = markdown(composed(name, small_steps=name in {"odd", "long", "mlp-4433", "gru"}))
    found = formulas(text)
    assert len(found) == len(re.findall(r"^```math$", text, flags=re.MULTILINE)) + len(re.findall(r"\$`", text))
    for _, formula in found:
        assert not re.search(r"\\(operatorname|mbox|phantom|def|newcommand|require|href)\b", formula)
        assert formula.isascii() or name == "odd"
        assert formula.count("{") == formula.count("}")
        assert len(re.findall(r"\\left\b", formula)) == len(re.findall(r"\\right\b", formula))
        begun, ended = (sorted(re.findall(rf"\\{end}\{{(\w+)\}}", formula)) for end in ("begin", "end"))
        assert begun == ended
    assert "$$" not in text


def test_a_notebook_has_dollars():
    text = markdown(composed("mlp-4433"), "notebook")
    assert "```" not in text
    assert "$`" not in text
    assert text.count("$$") % 2 == 0
    assert r"\operatorname" in markdown(composed("predictor-softmax"), "notebook")


def test_small_steps_are_folded():
    text = markdown(composed("mlp-4433", small_steps=True))
    assert text.count("<details>") == text.count("</details>") == 11
    # GitHub reads Markdown inside only after a blank line.
    assert text.count("<details>\n<summary>Small steps</summary>\n\n") == 11
    assert "<details>" not in markdown(composed("mlp-4433"))


def test_small_steps_that_were_asked_for_are_open():
    done = gradsheet("solve", str(SHEETS["mlp-4433"]), "--steps-of", "W3", "--format", "markdown")
    assert done.out.count("<details open>") == done.out.count("<details") == 1


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60))
def test_words_come_out_as_they_went_in(text: str):
    """Whatever a title holds, Markdown shows it as it is."""
    line = f"x {text} x"
    assert READER.render(words(line)) == f"<p>{html.escape(line, quote=False).replace(chr(34), '&quot;')}</p>\n"


def test_a_planted_underscore_is_seen():
    assert READER.render("a *b* c") != f"<p>{html.escape('a *b* c')}</p>\n"
