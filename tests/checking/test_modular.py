"""Identities modulo a prime: what they say of a line that holds, and what they must never decide alone."""

from __future__ import annotations

import pytest

from checking.evaluating import model_of
from gradsheet.checking.check import check
from gradsheet.checking.judging.comparison import IDENTITY, Comparer
from gradsheet.checking.meaning import equality
from gradsheet.checking.meaning.modular import modular
from gradsheet.checking.meaning.tensors import value
from gradsheet.diagnostics import Source
from gradsheet.manuscripts.markdown import read_markdown
from gradsheet.sheet.reader import load_sheet

UNIT = """
x, y, s ∈ ℝ, v ∈ ℝ, v > 0

z = x y + s
p = σ(z)
L = (p - s)² / v + log v
"""
ROWS = """
z ∈ ℝ^n, y ∈ simplex(n)

p = softmax(z)
L = -sum[k] y[k] log p[k]
"""
FREE = """
z ∈ ℝ^n, y ∈ ℝ^n

p = softmax(z)
L = -sum[k] y[k] log p[k]
"""
KINK = """
x, a, b ∈ ℝ

h = relu(a x + b)
L = h²
"""
NAMELESS = """
x, a ∈ ℝ
φ: ℝ → ℝ

L = φ(a x)²
"""
CLASS = """
z ∈ ℝ^n, c ∈ 1..n

L = -z[c] + logsumexp(z)
"""
ROOT = """
x, a, ε ∈ ℝ, ε > 0

r = sqrt(x² + a² + ε)
L = x / r
"""


def certainty(sheet: str, line: str) -> tuple[str, str]:
    found = check(read_markdown(Source(f"$${line}$$\n", "page.md")), [load_sheet(Source(sheet, "a.sheet"))])
    (claim,) = [c for f in found.formulas for c in f.claims]
    return claim.verdict, claim.certainty


LINES = [
    (UNIT, r"\frac{\partial L}{\partial z} = \frac{2 (p - s) e^{-z}}{v (1 + e^{-z})^2}"),
    (UNIT, r"p^2 = \frac{e^{2z}}{(1 + e^{z})^2}"),
    (UNIT, r"\log v^2 = 2 \log v"),
    (ROWS, r"\frac{\partial L}{\partial z_i} = \frac{e^{z_i}}{\sum_j e^{z_j}} - y_i"),
    (KINK, r"\frac{\partial L}{\partial h} = 2 \max(0, a x + b)"),
    (ROOT, r"\frac{\partial L}{\partial x} = \frac{1}{r} - \frac{x^2}{r^3}"),
    (ROOT, r"r^2 - x^2 = a^2 + \epsilon"),
    (NAMELESS, r"\frac{\partial L}{\partial a} = 2 x \phi(a x) \phi'(a x)"),
]
"""Lines that are identities, whether or not the rules prove them."""


@pytest.fixture
def _unproved(monkeypatch):
    monkeypatch.setattr("gradsheet.checking.check.prove", lambda *_: None)


@pytest.mark.parametrize(("sheet", "line"), LINES)
@pytest.mark.usefixtures("_unproved")
def test_a_line_is_an_identity(sheet, line):
    verdict, said = certainty(sheet, line)
    assert verdict == "right"
    assert said.startswith(IDENTITY)


def test_a_kink_that_the_page_writes_is_seen_from_both_sides():
    _, said = certainty(KINK, r"\max(0, a x + b) = h")
    assert said.endswith("on both sides of each kink")


BY_POINTS = [
    (FREE, r"\frac{\partial L}{\partial z_i} = p_i \sum_j y_j - y_i", IDENTITY),
    (KINK, r"\frac{\partial L}{\partial b} = 2 \max(0, a x + b)", "holds at"),  # [x > 0]² = [x > 0]
    (CLASS, r"\frac{\partial L}{\partial z_i} = \frac{e^{z_i}}{\sum_j e^{z_j}} - [i = c]", "holds at"),
]


@pytest.mark.parametrize(("sheet", "line", "said"), BY_POINTS)
@pytest.mark.usefixtures("_unproved")
def test_what_a_field_does_not_know_holds_at_points(sheet, line, said):
    verdict, found = certainty(sheet, line)
    assert verdict == "right"
    assert found.startswith(said)


FAULTS = [
    (UNIT, r"\frac{\partial L}{\partial z} = \frac{2 (p - s) e^{-z}}{v (1 + e^{-z})}"),
    (UNIT, r"p^2 = \frac{e^{2z}}{1 + e^{2z}}"),
    (FREE, r"\frac{\partial L}{\partial z_i} = p_i - y_i"),
    (KINK, r"\max(0, a x + b) = a x + b"),
    (ROOT, r"\frac{\partial L}{\partial x} = \frac{1}{r} - \frac{x^2}{r^2}"),
    (ROWS, r"p_i = \frac{e^{z_i}}{1 + \sum_j e^{z_j}}"),
]


@pytest.mark.parametrize(("sheet", "line"), FAULTS)
def test_a_planted_fault_is_no_identity(sheet, line):
    verdict, said = certainty(sheet, line)
    assert verdict in {"wrong", "undecided"}
    assert IDENTITY not in said


def test_a_difference_modulo_a_prime_decides_nothing():
    """sin(x + y) is an indeterminate of its own there, and the line is right all the same."""
    verdict, found = certainty(UNIT, r"\sin(x + y) = \sin x \cos y + \cos x \sin y")
    assert (verdict, found[:8]) == ("right", "holds at")


def test_what_holds_modulo_a_prime_alone_is_not_right(monkeypatch):
    """The first point in balls decides; the field only says how certain it is."""
    monkeypatch.setattr(Comparer, "_is_identity", lambda *_: True)
    verdict, said = certainty(UNIT, r"p = 1 - \sigma(z)")
    assert (verdict, said) == ("wrong", "differs at a random point: certain")


@pytest.mark.parametrize("line", [r"z^2 = z z \quad \text{if } s^2 < 0", r"z^2 = z z \quad \text{if } s > s + 1"])
def test_a_condition_that_no_point_meets_leaves_an_identity_open(line):
    """A field knows no order: what is asked for beside a line is tried at points alone."""
    assert certainty(UNIT, line)[0] == "undecided"


def test_the_sizes_are_others_than_at_the_first_point():
    model = model_of(ROWS)
    sizes = Comparer(model).point("generic", 1).sizes
    other = modular(model, 1, beside=sizes)
    assert other is not None
    assert other.sizes.values != sizes.values


def test_the_roots_of_a_sheet_are_there():
    for seed in range(1, 5):
        point = modular(model_of(ROOT), seed, beside=None)
        assert point is not None
        assert not point.table.lacks_root


def test_values_that_differ_are_open():
    point = modular(model_of(ROOT), 1, beside=None)
    assert point is not None
    held = {s.name: value(v) for s, v in point.values().items()}
    assert equality.compare(held["x"], held["x"]) == "equal"
    assert equality.compare(held["x"], held["a"]) == "open"


def test_a_sheet_with_classes_by_number_has_no_point():
    assert modular(model_of(CLASS), 1, beside=None) is None


def test_rows_sum_to_one():
    point = modular(model_of(ROWS), 1, beside=None)
    assert point is not None
    held = {s.name: v for s, v in point.values().items()}
    assert (held["y"].sum() - 1).is_zero
    assert (held["p"].sum() - 1).is_zero


def test_a_condition_is_imposed_on_points():
    page = "$$\\frac{\\partial L}{\\partial z_i} = p_i - y_i \\quad \\text{if } \\sum_k y_k = 1$$\n"
    found = check(read_markdown(Source(page, "page.md")), [load_sheet(Source(FREE, "a.sheet"))])
    (claim,) = [c for f in found.formulas for c in f.claims]
    assert (claim.verdict, claim.certainty[:8]) == ("right", "holds at")
