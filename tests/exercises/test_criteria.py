"""Each criterion has been seen to fail: a candidate that misses it, beside one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from exercises.setting import candidate, sheet_of
from fences import ROOT
from gradsheet.exercises import CRITERIA, Setter, Wishes
from gradsheet.exercises.criteria import failures, penalty, score

CIRCUIT = """
x, y, u, c, v, d ∈ ℝ
s = u x + c
h = relu(s)
L = (v h + d - y)²
parameters u, c, v, d
minimize L by sgd(η = 0.01)
given x = 2, y = 1, u = 1.5, c = -1, v = -2, d = 6
"""
LAYER = """
x, y ∈ ℝ^2, W ∈ ℝ^(2×2), a ∈ ℝ^2
z = W x + a
h = tanh(z)
L = 1/2 ‖h - y‖²
parameters W, a
minimize L by sgd(η = 0.1)
given x = [1, 2], y = [1, 0], W = [0.1, 0.2; -0.1, 0.3], a = [0.1, 0.2]
"""
UNITS = """
x, y ∈ ℝ^2, W ∈ ℝ^(3×2), V ∈ ℝ^(2×3)
h = max(0, W x)
L = ‖V h - y‖²
parameters W, V
minimize L by sgd(η = 0.05)
given x = [1, 2], y = [1, 0], W = [1, 0; 0, -1; 1, 1], V = [1, 2, 0; 0, 1, -1]
"""
SCORE = """
x, w ∈ ℝ^2, b ∈ ℝ, y ∈ {0,1}
p = σ(w' x + b)
L = -(y log p + (1 - y) log(1 - p))
parameters w, b
minimize L by sgd(η = 1)
given x = [2, 1], y = 1, w = [1, -1], b = -1
"""
CLASSES = """
x ∈ ℝ^2, W ∈ ℝ^(3×2), y ∈ onehot(3)
p = softmax(W x)
L = -sum[k] y[k] log p[k]
parameters W
minimize L by sgd(η = 0.5)
given x = [1, 2], y = [0, 1, 0], W = [0.5, 0; 0, 0.5; 0.5, 0.5]
"""
BRANCH = """
x, w, y ∈ ℝ
r = w x - y
L = 1/2 r² if |r| ≤ 1 else |r| - 1/2
parameters w
minimize L by sgd(η = 0.1)
given x = 2, w = 1, y = 1/2
"""


@dataclass(frozen=True)
class Case:
    """A criterion, a sheet, numbers that miss it, and numbers that meet it."""

    missed: str
    sheet: str
    bad: dict[str, Any]
    good: dict[str, Any]


CASES = (
    Case("answers", CIRCUIT, {"η": 0.02}, {"d": 5}),
    Case("gradients", CIRCUIT, {"c": -5}, {"c": 2}),
    Case("gradients", SCORE, {"x": [0, 0]}, {"x": [1, 2]}),
    Case("kinks", CIRCUIT, {"u": 0.5}, {"u": 0.75}),
    Case("kinks", UNITS, {"W": [[2, -1], [0, -1], [1, 1]]}, {"W": [[2, 1], [0, -1], [1, 1]]}),
    Case("kinks", UNITS, {"W": [[2.02, -1], [0, -1], [1, 1]]}, {"W": [[2.2, -1], [0, -1], [1, 1]]}),
    Case("kinks", BRANCH, {"w": 0.75}, {"w": 0.5}),
    Case("kinks", BRANCH, {"w": 0.25}, {"w": 0.5}),
    Case("range", LAYER, {"W": [[1, 1], [-0.1, 0.3]]}, {"W": [[0.5, 0.5], [-0.1, 0.3]]}),
    Case("range", SCORE, {"w": [3, 1]}, {"w": [1, 1]}),
    Case("range", CLASSES, {"W": [[2, 2], [0, 0.5], [0.5, 0]]}, {"W": [[1, 1], [0, 0.5], [0.5, 0]]}),
    Case("flat", LAYER, {"W": [[0.01, 0], [0, 0.01]], "a": [0, 0.01]}, {"W": [[0.1, 0], [0, 0.01]]}),
    Case("exact", SCORE, {"b": 1}, {"w": [2, -3], "b": -1}),
    Case("units", UNITS, {"W": [[1, 0], [0, 1], [1, 1]]}, {"W": [[1, 0], [-1, 0], [1, 1]]}),
    Case("sizes", CIRCUIT, {"x": 40}, {"x": 3}),
    Case("sizes", LAYER, {"y": [0.3, 0.6], "x": [0.01, 1]}, {"y": [1, 0]}),
    Case("step", CIRCUIT, {"η": 1}, {"η": 0.005}),
    Case("digits", CIRCUIT, {"u": 1.37, "v": -2.113}, {"u": 2}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.missed)
def test_a_criterion_is_missed_by_bad_numbers_and_met_by_good_ones(case: Case):
    setter = Setter(sheet_of(case.sheet))
    for numbers, misses in ((case.bad, True), (case.good, False)):
        outcome = candidate(setter, **numbers)
        assert outcome.reason is None
        assert (case.missed in failures(outcome, setter.context)) is misses, numbers


def test_every_criterion_has_a_case():
    assert {c.missed for c in CASES} == {c.name for c in CRITERIA}


def test_the_author_s_own_numbers_meet_all_but_being_new():
    for text in (CIRCUIT, LAYER, UNITS, SCORE, CLASSES, BRANCH):
        setter = Setter(sheet_of(text))
        assert failures(candidate(setter), setter.context) == {"answers"}


def test_what_is_undefined_is_no_candidate():
    setter = Setter(sheet_of("x, w ∈ ℝ\nL = log(w - x)\nparameters w\nminimize L\ngiven x = 1, w = 3\n"))
    assert candidate(setter, x=3).reason == "L is undefined"
    assert candidate(setter, x=2).reason is None


def test_a_choice_that_hangs_on_data_alone_has_no_kink():
    sheet = "x, w ∈ ℝ\nL = w² if x > 0 else w\nparameters w\nminimize L\ngiven x = 1, w = 3\n"
    assert not Setter(sheet_of(sheet)).laboratory.compares
    assert Setter(sheet_of(BRANCH)).laboratory.compares


def test_with_kinks_one_value_lies_on_a_kink():
    setter = Setter(sheet_of(UNITS), 1, Wishes(kinks=True))
    on = candidate(setter, W=[[2, -1], [0, -1], [1, 1]])
    off = candidate(setter, W=[[2, 1], [0, -1], [1, 1]])
    assert "kinks" not in failures(on, setter.context)
    assert "kinks" in failures(off, setter.context)


def test_the_last_criteria_are_given_up_first():
    names = [c.name for c in CRITERIA]
    for earlier, later in pairwise(names):
        assert penalty(frozenset({later})) < penalty(frozenset({earlier}))
        assert penalty(frozenset(names[names.index(later) :])) < penalty(frozenset({earlier}))


def test_less_to_write_scores_better():
    setter = Setter(sheet_of(CIRCUIT))
    short, long = candidate(setter, d=7), candidate(setter, d=6.75)
    assert score(short, setter.context) < score(long, setter.context)


def test_the_documents_list_the_criteria_in_their_order():
    text = (ROOT / "docs" / "variants.md").read_text(encoding="utf-8")
    places = [text.index(c.sentence[1:]) for c in CRITERIA]  # the first letter is a capital there
    assert places == sorted(places)
