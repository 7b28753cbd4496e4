"""What is printed reads back as the same tree."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from gradsheet.syntax.latex import latex
from gradsheet.syntax.plain import plain
from syntax.trees import expressions, read, ungrouped

_thorough = settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))


@_thorough
@given(expressions())
def test_unicode_text_reads_back_as_the_same_tree(tree):
    text = plain(tree)
    assert ungrouped(read(text)) == ungrouped(tree), text


@_thorough
@given(expressions())
def test_keyboard_text_reads_back_as_the_same_tree_up_to_signs_that_no_keyboard_has(tree):
    text = plain(tree, ascii=True)
    assert ungrouped(read(text), keyboard=True) == ungrouped(tree, keyboard=True), text


@_thorough
@given(expressions())
def test_printing_what_was_read_changes_nothing_more(tree):
    once = plain(read(plain(tree)))
    assert plain(read(once)) == once


@_thorough
@given(expressions())
def test_latex_balances_its_braces_and_brackets(tree):
    text = latex(tree)
    plain_text = text.replace(r"\{", "").replace(r"\}", "")
    assert plain_text.count("{") == plain_text.count("}"), text
    assert text.count(r"\left") == text.count(r"\right"), text
    assert text.count(r"\begin") == text.count(r"\end"), text
