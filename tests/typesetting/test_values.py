"""Values on a page: the forms of the terminal, arrays as arrays, dots where they are large."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import arb

from gradsheet.numerics.closed import INFINITY, PI, ZERO, Closed
from gradsheet.numerics.elementary import digamma, erf, exp, lgamma, log, sigmoid, sqrt, tanh
from gradsheet.numerics.entries import NumberStyle
from gradsheet.typesetting import LARGEST_FULL, latex_of, shape_box, value_box


def shown(value: object, style: NumberStyle | None = None, **options: bool) -> str:
    return latex_of(value_box(value, style or NumberStyle(), **options))


def closed(p: int, q: int = 1) -> Closed:
    return Closed.of(Fraction(p, q))


NUMBERS = [
    (0.25, "0.25"),
    (-0.5, "-0.5"),
    (1e-9, "10^{-9}"),
    (1.25e-9, r"1.25 \cdot 10^{-9}"),
    (float("inf"), r"\infty"),
    (Fraction(-1, 16), r"-\frac{1}{16} = -0.0625"),
    (Fraction(1, 3), r"\frac{1}{3} \approx 0.33333"),
    (Fraction(3, 10), "0.3"),
    (log(closed(3)), r"\log(3) \approx 1.09861"),
    (log(closed(2, 3)) / 2, "-0.20273"),
    (sqrt(closed(1, 2)), r"\frac{\sqrt{2}}{2} \approx 0.70711"),
    (exp(closed(1)), r"e \approx 2.71828"),
    (PI / 3, r"\frac{\pi}{3} \approx 1.04720"),
    (-INFINITY, r"-\infty"),
    (ZERO, "0"),
    (arb(0, 1e-40), r"0 \text{ to 30 digits}"),
    (Closed.undefined("0/0"), r"\text{undefined}"),
]


@pytest.mark.parametrize(("value", "expected"), NUMBERS, ids=[row[1] for row in NUMBERS])
def test_numbers(value, expected):
    assert shown(value) == expected


EXACT = NumberStyle(exact=True)
CONSTANTS = [
    (closed(1, 3), r"\frac{1}{3}"),
    (log(closed(2, 3)) / 2, r"-\frac{\log\left(\frac{3}{2}\right)}{2}"),
    (log(closed(6)) + 1, r"1 + \log(6)"),
    (1 - tanh(closed(3, 10)) ** 2, r"1 - \tanh\left(\frac{3}{10}\right)^{2}"),
    (sqrt(exp(closed(1)) + 1), r"\sqrt{1 + e}"),
    (closed(10) ** Fraction(1, 3), "10^{1/3}"),
    (exp(closed(2, 5)), r"\exp\left(\frac{2}{5}\right)"),
    (1 / (exp(closed(1)) + 1), r"\frac{1}{1 + e}"),
    (1 / (PI * 2), r"\frac{1}{2 \pi}"),
    (sigmoid(closed(2)), r"\sigma(2)"),
    (digamma(closed(1, 3)), r"\operatorname{digamma}\left(\frac{1}{3}\right)"),
    (lgamma(closed(1, 3)), r"\operatorname{lgamma}\left(\frac{1}{3}\right)"),
    (erf(closed(1)), r"\operatorname{erf}(1)"),
]


@pytest.mark.parametrize(("value", "expected"), CONSTANTS, ids=[row[1] for row in CONSTANTS])
def test_closed_forms_are_set_as_formulas(value, expected):
    assert shown(value, EXACT).partition(r" \approx")[0] == expected


def test_a_vector_is_a_column_and_a_row_on_request():
    v = np.array([0.5, 0.25])
    assert shown(np.array([1, 2])) == r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}"
    assert shown(v, as_row=True) == r"\begin{bmatrix} 0.5 & 0.25 \end{bmatrix}^{\top}"


def test_numbers_of_different_lengths_stand_at_the_right():
    assert shown(np.array([[1, 0.25], [-0.5, 1]])) == (
        r"\left[\begin{array}{rr} 1 & 0.25 \\ -0.5 & 1 \end{array}\right]"
    )
    assert shown(np.full((2, 2), 0.3)) == r"\begin{bmatrix} 0.3 & 0.3 \\ 0.3 & 0.3 \end{bmatrix}"


def test_entries_of_one_array_are_written_alike():
    thirds = np.array([Fraction(1, 3), Fraction(-1, 16)], dtype=object)
    assert shown(thirds) == r"\begin{bmatrix} \frac{1}{3} \\ -\frac{1}{16} \end{bmatrix}"
    mixed = np.array([Fraction(1, 3), Fraction(1, 10)], dtype=object)
    assert shown(mixed) == r"\left[\begin{array}{r} 0.33333 \\ 0.1 \end{array}\right]"


def test_more_axes_are_a_list_of_matrices():
    part = r"\begin{bmatrix} 0 & 0 \\ 0 & 0 \end{bmatrix}"
    assert shown(np.zeros((2, 2, 2))) == rf"\left[{part}, {part}\right]"
    assert shown(np.zeros((0, 3))) == "[]"


def test_large_arrays_have_dots_and_say_so_by_their_size():
    assert LARGEST_FULL == 64
    assert "dots" not in shown(np.zeros((8, 8)))
    large = shown(np.zeros((9, 9)))
    row = r"0 & 0 & 0 & 0 & \cdots & 0"
    dots = r"\vdots & \vdots & \vdots & \vdots & \ddots & \vdots"
    body = r" \\ ".join([*[row] * 4, dots, row])
    assert large == rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"
    assert shown(np.zeros(100)) == r"\begin{bmatrix} 0 \\ 0 \\ 0 \\ 0 \\ \vdots \\ 0 \end{bmatrix}"
    assert r"\dots" in shown(np.zeros((100, 1, 1)))
    assert "dots" not in shown(np.zeros((9, 9)), NumberStyle(full=True))


def test_shapes():
    assert latex_of(shape_box((4, 3))) == r"4 \times 3"
    assert latex_of(shape_box(("n[l]", "n[l−1]"))) == r"n_{l} \times n_{l-1}"
    assert latex_of(shape_box(("m+1", "0..R"))) == r"(m + 1) \times \{0, \dots, R\}"
    assert latex_of(shape_box(())) == ""
