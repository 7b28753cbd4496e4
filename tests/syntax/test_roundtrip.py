"""What is printed reads back as the same tree."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from drawing import examples
from gradsheet.syntax.plain import plain
from gradsheet.syntax.plain_sheet import plain_document
from syntax.trees import documents, expressions, read, read_sheet, ungrouped

_many = settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))
_some = settings(_many, max_examples=examples(60))


@_many
@given(expressions())
def test_an_expression_reads_back_in_either_spelling(tree):
    text = plain(tree)
    again = read(text)
    assert ungrouped(again) == ungrouped(tree), text
    assert plain(again) == text
    keyboard = plain(tree, ascii=True)
    assert ungrouped(read(keyboard), keyboard=True) == ungrouped(tree, keyboard=True), keyboard


@_some
@given(documents())
def test_a_sheet_reads_back_in_either_spelling(tree):
    text = plain_document(tree)
    assert ungrouped(read_sheet(text)) == ungrouped(tree), text
    keyboard = plain_document(tree, ascii=True)
    assert ungrouped(read_sheet(keyboard), keyboard=True) == ungrouped(tree, keyboard=True), keyboard
