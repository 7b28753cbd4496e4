"""What the rules derive is proved: the difference of both sides is simplified to 0."""

from __future__ import annotations

import pytest

from gradsheet.checking.check import check
from gradsheet.checking.judging import proofs
from gradsheet.checking.judging.comparison import IDENTITY
from gradsheet.checking.judging.stage import Stage
from gradsheet.checking.limits import Limits
from gradsheet.checking.meaning.points import Model
from gradsheet.diagnostics import Source
from gradsheet.manuscripts.markdown import read_markdown
from gradsheet.sheet.reader import load_sheet

LAYERS = """
x ∈ ℝ^4, t ∈ ℝ^3
W1 ∈ ℝ^(5×4), b1 ∈ ℝ^5
W2 ∈ ℝ^(3×5), b2 ∈ ℝ^3

z1 = W1 x + b1
h1 = tanh(z1)
z2 = W2 h1 + b2
L = 1/2 ‖z2 - t‖²

parameters W1, b1, W2, b2
minimize L
"""
ENTROPY = """
z ∈ ℝ^n, y ∈ onehot(n)

p = softmax(z)
L = -sum[k] y[k] log p[k]

parameters z
minimize L
"""


def certainties(sheet: str, *lines: str) -> list[tuple[str, str]]:
    page = "\n\n".join(f"$${line}$$" for line in lines) + "\n"
    found = check(read_markdown(Source(page, "page.md")), [load_sheet(Source(sheet, "a.sheet"))])
    return [(c.verdict, c.certainty) for f in found.formulas for c in f.claims]


PROVED = [
    (LAYERS, r"\frac{\partial L}{\partial z_2} = z_2 - t"),
    (LAYERS, r"\frac{\partial L}{\partial z_1} = (W_2^T (z_2 - t)) \odot (1 - h_1^2)"),
    (LAYERS, r"\frac{\partial L}{\partial z_1} = (W_2^T (z_2 - t)) \odot (1 - \tanh^2(z_1))"),
    (LAYERS, r"\frac{\partial L}{\partial W_2} = (W_2 h_1 + b_2 - t) h_1^T"),
    (LAYERS, r"\frac{\partial L}{\partial W_1} = \frac{\partial L}{\partial z_1} x^T"),
    (LAYERS, r"\frac{\partial L}{\partial b_2} = \frac{1}{2} (z_2 - t) + \frac{1}{2} (W_2 h_1 + b_2 - t)"),
    (ENTROPY, r"\frac{\partial L}{\partial z} = p - y"),
]


@pytest.mark.parametrize(("sheet", "line"), PROVED)
def test_what_the_rules_derive_is_proved(sheet, line):
    assert certainties(sheet, line) == [("right", "proved")]


IDENTICAL = [
    (LAYERS, r"\frac{\partial L}{\partial z_{2,i}} = z_{2,i} - t_i"),  # letters
    (LAYERS, r"\tanh(b_1) = \frac{e^{b_1} - e^{-b_1}}{e^{b_1} + e^{-b_1}}"),  # no rule writes tanh so
]


@pytest.mark.parametrize(("sheet", "line"), IDENTICAL)
def test_what_no_rule_says_may_be_an_identity(sheet, line):
    assert certainties(sheet, line) == [("right", IDENTITY)]


def test_the_rest_holds_at_points():
    line = r"\sin(b_{1,i} + b_{1,i}) = 2 \sin b_{1,i} \cos b_{1,i}"
    assert certainties(LAYERS, line) == [("right", "holds at 3 points")]


def test_lines_of_another_language_do_not_keep_the_rest_from_being_proved():
    found = certainties(LAYERS, IDENTICAL[0][1], PROVED[0][1], IDENTICAL[1][1], PROVED[1][1])
    assert [certainty == "proved" for _, certainty in found] == [False, True, False, True]


def test_a_wrong_line_is_not_looked_at():
    ((verdict, certainty),) = certainties(LAYERS, r"\frac{\partial L}{\partial z_2} = t - z_2")
    assert verdict == "wrong"
    assert certainty != "proved"


FALSE = [
    (r"\frac{\partial L}{\partial z_2} = z_2 - 2 t"),
    (r"\frac{\partial L}{\partial z_1} = (W_2^T (z_2 - t)) \odot (1 + h_1^2)"),
    (r"\frac{\partial L}{\partial W_2} = (z_2 - t) h_1^T + W_2"),
    (r"\frac{\partial L}{\partial b_2} = b_2"),
]


@pytest.mark.parametrize("line", FALSE)
def test_the_rules_prove_nothing_false(line, monkeypatch):
    """Also if a false line were said to hold: all verdicts are turned before the rules look."""
    looked = []

    def turned(stage, drafts):
        for draft in drafts:
            draft.verdict, draft.certainty = "right", "holds at 3 points"
        proofs.prove(stage, drafts)
        looked.extend(drafts)

    monkeypatch.setattr("gradsheet.checking.check.prove", turned)
    ((_, certainty),) = certainties(LAYERS, line)
    assert looked
    assert certainty != "proved"


def test_rules_that_lose_everything_would_be_seen(monkeypatch):
    monkeypatch.setattr(proofs.Simplifier, "simplify", lambda *_: proofs.ZERO_EXPR)
    with pytest.raises(AssertionError):
        test_the_rules_prove_nothing_false(FALSE[0], monkeypatch)


def test_names_of_claims_are_no_names_of_the_sheet():
    """A sheet that has such names itself is left alone."""
    sheet = load_sheet(Source("claimed0, x ∈ ℝ\nL = claimed0 x\n", "a.sheet"))
    stage = Stage([Model(sheet, "a")], None, Limits(), None)
    proofs.prove(stage, [])
    page = read_markdown(Source("$$L = x \\cdot claimed0$$\n", "page.md"))
    assert all(c.certainty != "proved" for f in check(page, [sheet]).formulas for c in f.claims)
