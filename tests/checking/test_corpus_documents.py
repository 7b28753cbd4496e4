"""Derivations of other models in other people's habits: the ledgers are true, right lines pass, slips are found.

`make bench` plants every slip; here a few of each document are.
"""

from __future__ import annotations

import random
from functools import cache

import pytest

from checking import planting, scoring, truths

NAMES = truths.documents()
HABITS = "rows batchnorm circuit nielsen numeric poisson exam contrastive ng".split()
"""Of these documents a slip each is planted here: rows, plain text, numbers, layers, questions, schemes."""


@cache
def truth(name: str) -> list[truths.Truth]:
    return [truths.Truth(name, seed) for seed in (1, 2)]


@cache
def own(name: str) -> scoring.Row:
    return scoring.score(name)


def sampled(name: str, count: int = 1) -> list[planting.Plant]:
    slips = [slip for slip in planting.planted() if slip.document == name]
    return random.Random(name).sample(slips, count)


def test_the_corpus_is_as_large_as_it_is_meant_to_be():
    assert len(NAMES) >= 24
    assert len(planting.planted()) >= 250
    assert {truths.page(name).suffix for name in NAMES} == {".md", ".tex", ".html", ".ipynb", ".txt"}


@pytest.mark.parametrize("name", NAMES)
def test_the_ledger_says_what_numpy_says(name: str):
    for entry in truths.ledger(name):
        for seen in truth(name):
            holds = all(all(truths.steps(seen, chain)) for chain in entry["values"])
            assert holds == (entry["verdict"] != "wrong"), f"{name} {entry['formula']}: {entry['latex']}"


@pytest.mark.parametrize("name", NAMES)
def test_planted_slips_change_a_value(name: str):
    for slip in sampled(name, 5):
        changed = planting.changes(truth(name), slip.values[0])
        assert changed in {"value", "shape"}, f"{name} {slip.formula}: {slip.edit}"
        assert slip.after in planting.page_with(slip) or planting.truths.page(name).suffix == ".ipynb"


def test_an_edit_that_changes_nothing_is_no_slip():
    """The check of the checks: a twin with the same value is told from one with another."""
    assert planting.changes(truth("rows"), "d_o == t-o")
    assert not planting.changes(truth("rows"), "d_o == -(t-o)")
    assert planting.changes(truth("rows"), "d_o == nothing") == "broken"


@pytest.mark.parametrize("name", NAMES)
def test_no_right_line_is_called_wrong(name: str):
    row = own(name)
    assert not row.crashed
    assert not row.alarms


@pytest.mark.parametrize("name", NAMES)
def test_no_wrong_line_is_called_right(name: str):
    row = own(name)
    assert not row.accepts


@pytest.mark.parametrize("name", HABITS)
def test_slips_are_never_accepted(name: str):
    _, rows = scoring.score_document(name, sampled(name))
    assert rows
    for row in rows:
        assert not row.crashed
        assert not row.accepted
        assert not row.collateral
