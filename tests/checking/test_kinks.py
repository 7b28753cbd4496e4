"""Kinks: each side of them is seen, and on one of them any slope between those of its sides is right."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from checking.evaluating import model_of
from gradsheet.checking.check import check
from gradsheet.checking.context import context_of
from gradsheet.checking.judging import comparison
from gradsheet.checking.judging.comparison import Comparer
from gradsheet.checking.meaning import kinks, points
from gradsheet.diagnostics import Source
from gradsheet.manuscripts.markdown import read_markdown
from gradsheet.numerics.jets import Jet
from gradsheet.sheet.reader import load_sheet

UNITS = """
x, a, b, c ∈ ℝ

z1 = a x + 1/8
z2 = b x - 1/9
z3 = c x
L = relu(z1) + 2 relu(z2) + |z3|
"""
PRODUCT = """
a, b ∈ ℝ

L = 1/2 (a b - 1)²

parameters a, b
minimize L
"""
CLASSES = """
y ∈ {0,1}, s ∈ ℝ

L = -y log σ(s) - (1 - y) log(1 - σ(s))
"""
AT_ZERO = """
x, w, y ∈ ℝ

z = w x
h = relu(z)
L = 1/2 (h - y)²

parameters w
minimize L
given
  x = 0
  w = 2
  y = 1
"""
TIE = """
a, b ∈ ℝ

m = max(a, b)
L = m²

parameters a, b
minimize L
given
  a = 3
  b = 3
"""


def verdicts(sheet: str, page: str, context: str = "") -> list[str]:
    manuscript = read_markdown(Source(f"---\n{context}\n---\n\n{page}\n" if context else page, "page.md"))
    found = check(manuscript, [load_sheet(Source(sheet, "a.sheet"))], context_of(manuscript))
    return [claim.verdict for formula in found.formulas for claim in formula.claims]


def signs(sheet: str, names: tuple[str, ...]) -> set[tuple[int, ...]]:
    model = model_of(sheet)
    found = Comparer(model).covering("generic")
    return {tuple(point.of(model.symbols[n]).item().sign for n in names) for point in found}


def test_points_lie_on_each_side_of_every_kink_in_every_pair():
    seen = signs(UNITS, ("z1", "z2", "z3"))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert {(s[one], s[other]) for s in seen} == set(product((1, -1), repeat=2))


def test_few_points_are_enough_for_that():
    assert len(Comparer(model_of(UNITS)).covering("generic")) <= 8


def test_both_classes_are_seen():
    model = model_of(CLASSES)
    found = Comparer(model).covering("generic")
    assert {float(point.of(model.symbols["y"]).item().value) for point in found} == {0.0, 1.0}


def test_points_without_kinks_are_as_many_as_are_asked_for():
    assert len(Comparer(model_of(PRODUCT)).covering("generic")) == 3


ONE_SIDED = [
    (r"(a b - 1) |b|", "wrong"),
    (r"(a b - 1) \max(b, 0)", "wrong"),
    (r"(a b - 1) (\max(b, 0) + \min(b, 0))", "right"),
    (r"(a b - 1) |b| \frac{b}{|b|}", "right"),
    (r"(a b - 1) \begin{cases} b & b > 0 \\ 0 & b \le 0 \end{cases}", "wrong"),
    (r"(a b - 1) \begin{cases} b & b > 0 \\ b & b \le 0 \end{cases}", "right"),
]


@pytest.mark.parametrize(("right", "expected"), ONE_SIDED)
@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_what_holds_on_one_side_of_a_kink_of_the_page_has_to_hold_on_the_other(right, expected, first, monkeypatch):
    """Whichever points come first: also where b > 0 at all of them."""
    draw = points.Model.generic

    def drawn(model, seed, *more):
        wanted = 1 if seed <= 3 else -1
        for other in range(50 * first + 10 * seed, 50 * first + 10 * seed + 9):
            point = draw(model, other, *more)
            if point.of(model.symbols["b"]).item().sign == wanted:
                break
        return point

    monkeypatch.setattr(points.Model, "generic", drawn)
    assert verdicts(PRODUCT, rf"$$\frac{{\partial L}}{{\partial a}} = {right}$$") == [expected]


def test_without_that_a_one_sided_line_would_be_called_right(monkeypatch):
    draw = points.Model.generic

    def positive(model, seed, *more):
        found = (draw(model, 50 * seed + other, *more) for other in range(50))
        return next(point for point in found if point.of(model.symbols["b"]).item().sign > 0)

    monkeypatch.setattr(points.Model, "generic", positive)
    assert verdicts(PRODUCT, r"$$\frac{\partial L}{\partial a} = (a b - 1) |b|$$") == ["right"]


def test_the_report_says_that_both_sides_were_seen():
    page = r"$$\frac{\partial L}{\partial a} = (a b - 1) (\max(b, 0) + \min(b, 0))$$"
    found = check(read_markdown(Source(page, "page.md")), [load_sheet(Source(PRODUCT, "a.sheet"))])
    assert "on both sides of each kink" in found.formulas[0].claims[0].certainty


# ---------------------------------------------------------------- on a kink

ON_A_KINK = [
    (AT_ZERO, r"\frac{\partial L}{\partial z} = 0", "", "right"),
    (AT_ZERO, r"\frac{\partial L}{\partial z} = -1", "", "right"),
    (AT_ZERO, r"\frac{\partial L}{\partial z} = -\frac{1}{2}", "", "right"),
    (AT_ZERO, r"\frac{\partial L}{\partial z} = 1", "", "wrong"),
    (AT_ZERO, r"\frac{\partial L}{\partial z} = -1.01", "", "wrong"),
    (AT_ZERO, r"\frac{\partial h}{\partial z} = 1", "", "right"),
    (AT_ZERO, r"\frac{\partial h}{\partial z} = 2", "", "wrong"),
    (AT_ZERO, r"\frac{\partial L}{\partial h} = -1", "", "right"),
    (AT_ZERO, r"\frac{\partial L}{\partial w} = 0", "", "right"),
    (AT_ZERO, r"\frac{\partial L}{\partial z} = -1", "conventions: {\"relu'(0)\": 1}", "right"),
    (AT_ZERO, r"\frac{\partial L}{\partial z} = -\frac{1}{2}", "conventions: {\"relu'(0)\": 0.5}", "right"),
    (AT_ZERO, r"\frac{\partial L}{\partial z} = -1", "conventions: {\"relu'(0)\": 0}", "wrong"),
    (AT_ZERO, r"\frac{\partial h}{\partial z} = 1", "conventions: {\"relu'(0)\": 0}", "wrong"),
    (TIE, r"\frac{\partial m}{\partial a} = 1", "", "right"),
    (TIE, r"\frac{\partial L}{\partial a} = 3", "", "right"),
    (TIE, r"\frac{\partial L}{\partial a} = 7", "", "wrong"),
]


@pytest.mark.parametrize(("sheet", "line", "context", "expected"), ON_A_KINK)
def test_on_a_kink_any_slope_between_those_of_its_sides_is_right(sheet, line, context, expected):
    assert verdicts(sheet, f"$${line}$$", context) == [expected]


SLOPES = [
    ("relu", (0,), (0, 1)),
    ("abs", (0,), (-1, 1)),
    ("leaky_relu", (0, Fraction(1, 4)), (Fraction(1, 4), 1)),
    ("max", (2, 2), (0, 1)),
    ("min", (2, 2), (1, 0)),
]


@pytest.mark.parametrize(("name", "at", "ends"), SLOPES)
def test_slopes_lie_between_those_of_both_sides(name, at, ends):
    arguments = [Jet.variable(at[0], 1), *(Jet.constant(value) for value in at[1:])]
    for slope in (Fraction(0), Fraction(1, 3), Fraction(1)):
        found = kinks.Slopes(1, slope).elementwise(name, *arguments)
        assert float(found.derivative) == pytest.approx(float((1 - slope) * ends[0] + slope * ends[1]))


@pytest.mark.parametrize("name", sorted(kinks.KINKS))
def test_beside_a_kink_nothing_changes(name):
    count = 2 if name in {"max", "min", "elu", "leaky_relu"} else 1
    arguments = [Jet.variable(Fraction(3, 10), 1), Jet.constant(Fraction(1, 5))][:count]
    plain = points.JetDomain(1).elementwise(name, *arguments)
    assert str(kinks.Slopes(1, 0).elementwise(name, *arguments)) == str(plain)


def test_a_slope_that_is_no_subgradient_is_seen(monkeypatch):
    """The same rows with a wrong table: what the tests above would catch."""
    wrong = kinks.Kink(lambda x: x, lambda x: 0 * x, lambda x: 3 * x)
    monkeypatch.setitem(kinks.KINKS, "relu", wrong)
    assert any(verdicts(sheet, f"$${line}$$", context) != [expected] for sheet, line, context, expected in ON_A_KINK)


def test_points_that_miss_a_side_are_seen(monkeypatch):
    monkeypatch.setattr(comparison, "_MOST_DRAWN", 0)
    seen = signs(UNITS, ("z1", "z2", "z3"))
    assert any({(s[i], s[j]) for s in seen} != set(product((1, -1), repeat=2)) for i, j in ((0, 1), (0, 2), (1, 2)))
