"""Up to a factor and up to a constant: what is decided, and what is left open because nobody says what may vary."""

from __future__ import annotations

import pytest

from gradsheet.checking.documents import check_manuscript
from gradsheet.checking.limits import Limits
from gradsheet.diagnostics import Source
from gradsheet.manuscripts import read_manuscript
from gradsheet.sheet import load_sheet

SHEET = """
z, μ ∈ ℝ^n, v ∈ ℝ
v > 0

r = z - μ
l = -1/2 ‖r‖² - 3
m = -1/(2 v) ‖r‖²
q = 5 exp(-1/2 ‖r‖²)

parameters μ
minimize l
"""


def verdicts(page: str) -> list[str]:
    sheet = load_sheet(Source(SHEET, "a.sheet"))
    found = check_manuscript(read_manuscript(page, kind="markdown"), [sheet], None, Limits())
    return [claim.verdict for checked in found.formulas for claim in checked.claims]


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"q \propto \exp(-\frac{1}{2} \|z - \mu\|^2)", "right"),
        (r"q \propto \exp(-\|z - \mu\|^2)", "undecided"),
        (r"\frac{\partial m}{\partial \mu} \propto z - \mu", "right"),
        (r"\frac{\partial m}{\partial \mu} \propto z + \mu", "wrong"),
        (r"l = -\frac{1}{2} \|z - \mu\|^2 + \text{const}", "right"),
        (r"l = -\frac{1}{3} \|z - \mu\|^2 + \text{const}", "undecided"),
        (r"r = z + \mu + \text{const}", "wrong"),
    ],
)
def test_a_line_up_to_a_factor_or_a_constant(line: str, verdict: str):
    assert verdicts(f"$${line}$$") == [verdict]


def test_what_stands_behind_a_proportion_is_a_quantity_of_its_own():
    """The second = compares with what stands before it, not with q."""
    page = r"$$q \propto \exp(-\frac{1}{2} \|z - \mu\|^2) = \exp(-\frac{1}{2} \|r\|^2) = \exp(-\|r\|^2)$$"
    assert verdicts(page) == ["right", "right", "wrong"]
