"""Second thoughts: a page that is its own sheet is not wrong in what it defines; nothing rests on a misreading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checking.test_judging import verdicts
from fences import ROOT
from gradsheet.checking import check as module

if TYPE_CHECKING:
    import pytest

PAGES = ROOT / "tests" / "checking" / "pages"
PAGE = (PAGES / "minibatch.md").read_text(encoding="utf-8")
"""A network in the words of programs, b2 a row that is added to each row; its last line has a slip."""


def test_a_network_that_is_misread_calls_nothing_wrong():
    found = verdicts("", PAGE)
    assert [v for v, _ in found if v.startswith(("wrong", "inherited"))] == []
    assert any("is not understood as it is meant" in reason for _, reason in found)


def test_the_same_page_is_judged_by_its_sheet():
    sheet = (PAGES / "minibatch.sheet").read_text(encoding="utf-8")
    assert [v for v, _ in verdicts(sheet, PAGE) if v.startswith("wrong")] == ["wrong operand"]


def test_a_network_that_is_understood_finds_slips_as_before():
    page = r"Let $z = w x + b$, $p = \sigma(z)$, $L = \frac12 (p - y)^2$."
    page += r" $\frac{\partial L}{\partial z} = -(p - y) p (1 - p)$."
    assert [v for v, _ in verdicts("", page)] == ["wrong sign"]


def test_without_the_second_thought_the_page_would_be_called_wrong(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "misread", lambda _: None)
    assert any(v.startswith("wrong") for v, _ in verdicts("", PAGE))
