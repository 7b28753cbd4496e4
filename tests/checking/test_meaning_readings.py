"""Layouts of derivatives, chains of Jacobians, squared norms, factors in any order; what equal means; points."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import arb

from checking.evaluating import formula, model_of, outcome, point_of
from checking.test_meaning import DATA, ENERGY, NET, RECURRENT, SCALARS
from gradsheet.checking.meaning import equality, interpreter, loose
from gradsheet.checking.meaning.interpreter import Interpreter, MismatchError, MissingError, Reading
from gradsheet.checking.meaning.points import BITS
from gradsheet.checking.meaning.readings import that_matters
from gradsheet.checking.meaning.scope import Scope
from gradsheet.checking.meaning.tensors import Value, value
from gradsheet.evaluation import UndecidedError
from gradsheet.numerics.balls import working_precision
from gradsheet.numerics.jets import Jet

PLAIN, ROW, TURNED = Reading(), Reading(jacobian=True), Reading(turned=True)
CHAIN, NORMS = Reading(chain=True), Reading(norms=True)

READINGS = [
    # the derivative of a number by a column: a column, or a row
    (NET, PLAIN, "∂L/∂h1", "W2' (z2 - y)", "equal"),
    (NET, ROW, "∂L/∂h1", "(z2 - y)' W2", "equal"),
    (NET, ROW, "∂L/∂z2 W2", "∂L/∂h1", "equal"),
    (NET, PLAIN, "∂L/∂z2 W2", "∂L/∂h1", "mismatch"),
    (NET, ROW, "∂L/∂z2 ∂z2/∂h1 ∂h1/∂z1", "∂L/∂z1", "equal"),
    (NET, ROW, "∂L/∂z2 ∂h1/∂z1 ∂z2/∂h1", "∂L/∂z1", "mismatch"),
    # of a column by a column: outputs first, or inputs first
    (NET, PLAIN, "∂z2/∂h1", "W2", "equal"),
    (NET, TURNED, "∂z2/∂h1", "W2'", "equal"),
    (NET, TURNED, "∂z2/∂h1 ∂L/∂z2", "∂L/∂h1", "equal"),
    (NET, TURNED, "∂h1/∂z1 ∂z2/∂h1 ∂L/∂z2", "∂L/∂z1", "equal"),
    (NET, TURNED, "∂L/∂W2", "(z2 - y) h1'", "equal"),
    # chains, with derivatives by matrices, which have three axes
    (NET, CHAIN, "∂L/∂z2 ∂z2/∂h1 ∂h1/∂z1", "∂L/∂z1", "equal"),
    (NET, CHAIN, "∂L/∂z2 ∂z2/∂W2", "∂L/∂W2", "equal"),
    (NET, CHAIN, "∂L/∂z2 ∂z2/∂h1 ∂h1/∂z1 ∂z1/∂W1", "∂L/∂W1", "equal"),
    (NET, CHAIN, "∂z2/∂h1 ∂h1/∂z1 ∂z1/∂W1", "∂z2/∂W1", "equal"),
    (NET, CHAIN, "∂L/∂z2 ∂z2/∂h1 ∂z1/∂W1", "∂L/∂W1", "different"),
    (NET, CHAIN, "∂L/∂z2 ∂h1/∂z1", "∂L/∂z1", "mismatch"),
    (NET, CHAIN, "2 ∂L/∂z2 ∂z2/∂W2", "2 ∂L/∂W2", "equal"),
    (NET, PLAIN, "∂L/∂z2 ∂z2/∂W2", "∂L/∂W2", "mismatch"),
    # the square of a column
    (NET, NORMS, "1/2 (z2 - y)²", "L", "equal"),
    (NET, NORMS, "1/2 ((z2 - y)')²", "L", "equal"),
    (NET, NORMS, "(z2 - y)²", "L", "different"),
    (NET, PLAIN, "1/2 (z2 - y)²", "L", "shapes"),
    (SCALARS, NORMS, "a²", "a a", "equal"),
    (SCALARS, NORMS, "A²", "A A", "equal"),
]


@pytest.mark.parametrize(("sheet", "reading", "left", "right", "expected"), READINGS)
def test_a_reading_says_what_derivatives_and_products_are(sheet, reading, left, right, expected):
    assert outcome(sheet, left, right, reading=reading) == expected


@pytest.mark.parametrize(("sheet", "reading", "left", "right", "expected"), READINGS)
def test_what_a_reading_leaves_out_makes_no_difference(sheet, reading, left, right, expected, monkeypatch):
    for side in (left, right):
        node = formula(sheet, side)
        found = set()
        for shared in (that_matters, lambda reading, _node, _scope: reading):
            monkeypatch.setattr(interpreter, "that_matters", shared)
            with working_precision(BITS):
                try:
                    found.add(str(Interpreter(point_of(sheet), Scope(), reading).evaluate(node).data.tolist()))
                except MismatchError:
                    found.add("mismatch")
        assert len(found) == 1, expected


# ---------------------------------------------------------------- factors in any order

BATCH = """
X ∈ ℝ^(N×d), Y ∈ ℝ^(N×k), W ∈ ℝ^(k×d)

for n in 1..N
  z[n] = W X[n]
L = 1/2 sum[n] ‖z[n] - Y[n]‖²
"""

ARRANGED = [
    (NET, "∂L/∂W1", "(W2' (z2 - y) ⊙ (1 - h1²)) x'", True),
    (NET, "∂L/∂W1", "x (z2 - y) W2 (1 - h1²)", True),
    (NET, "∂L/∂W1", "W2 (z2 - y) x (1 - h1)²", False),
    (NET, "∂L/∂W1", "2 x (z2 - y) W2 (1 - h1²)", False),
    (NET, "∂L/∂W1", "x (z2 - y) W2", False),
    (NET, "∂L/∂z1", "(z2 - y) W2 - h1² (z2 - y) W2", True),
    (NET, "∂L/∂z1", "(z2 - y) W2 + h1² (z2 - y) W2", False),
    (NET, "∂L/∂b2", "(z2 - y)'", True),
    (SCALARS, "∂s/∂u", "a", True),
    (SCALARS, "A B", "B A", True),
    (SCALARS, "A B", "A", False),
    (BATCH, "∂L/∂W", "sum[n] X[n] (z[n] - Y[n])", True),
    (BATCH, "∂L/∂W", "X[1] (z[1] - Y[1])", False),  # a lost Σ over the batch is no arrangement
    (BATCH, "∂L/∂W", "N X[1] (z[1] - Y[1])", False),
]


@pytest.mark.parametrize(("sheet", "left", "right", "expected"), ARRANGED)
def test_factors_in_another_order(sheet, left, right, expected):
    found = set()
    for seed in (1, 2):
        with working_precision(BITS):
            it = Interpreter(point_of(sheet, seed), Scope())
            target = it.evaluate(formula(sheet, left))
            readings = loose.readings(it, formula(sheet, right), target.shape, {})
            found.add(any(equality.compare(target, reading) == "equal" for reading in readings))
    assert found == {expected}


# ---------------------------------------------------------------- equal, different, open


def _balls(*entries):
    data = np.empty(len(entries), dtype=object)
    data[:] = [Jet.constant(entry, 0) for entry in entries]
    return Value(data)


WIDE = arb(1, 0.5)
THIN = arb(1, 2.0**-100)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (_balls(1, 2), _balls(1, 2), "equal"),
        (_balls(1, 2), _balls(1, 3), "different"),
        (_balls(1, THIN), _balls(1, 1), "equal"),
        (_balls(1, WIDE), _balls(1, 1), "open"),
        (_balls(2, WIDE), _balls(1, 1), "different"),  # one entry that differs for certain is enough
        (_balls(1, arb.nan()), _balls(1, 1), "open"),
        (_balls(1, 2), _balls(1, 2, 3), "shapes"),
        (value(_balls(1, 2).data.reshape(1, 2)), _balls(1, 2), "equal"),
        (_balls(0, 0), Value(_balls(0).data.reshape(())), "equal"),
        (Value(_balls(0).data.reshape(())), _balls(0, 1), "different"),
        (Value(_balls(1).data.reshape(())), _balls(1, 1), "shapes"),
    ],
)
def test_what_is_equal(a, b, expected):
    assert equality.compare(a, b) == expected


@pytest.mark.parametrize(
    ("exact", "shown", "digits", "alike"),
    [
        ("1/3", "0.333", 3, True),
        ("1/3", "0.334", 3, False),
        ("1/8", "0.12", 2, True),  # a half may go up or down
        ("1/8", "0.13", 2, True),
        ("1/8", "0.14", 2, False),
    ],
)
def test_a_rounded_number_is_right_to_its_last_digit(exact, shown, digits, alike):
    number = Fraction(exact)
    assert equality.rounded_alike(arb(number.numerator) / number.denominator, Fraction(shown), digits) is alike


# ---------------------------------------------------------------- points

GIVEN = NET + "\ngiven\n  x = [1, 2]\n  W1 = 0.1, b1 = 0.2\n"


def _value(point, written, text=GIVEN):
    with working_precision(BITS):
        return Interpreter(point, Scope()).evaluate(formula(text, written)).data


def _float(jet):
    return float(jet.value.mid())


def test_generic_sizes_tell_the_axes_apart_and_sized_points_have_those_of_the_sheet():
    generic, sized = point_of(NET), point_of(NET, kind="sized")
    assert len(set(_value(generic, "W1", NET).shape) | set(_value(generic, "z2", NET).shape)) == 3
    assert _value(sized, "W1", NET).shape == (4, 2)


def test_two_points_are_two_and_one_is_the_same_again():
    first, second = (_float(_value(point_of(NET, seed), "L", NET)[()]) for seed in (1, 2))
    assert first != second
    with working_precision(BITS):
        again = model_of(NET).generic(1)
    assert _float(_value(again, "L", NET)[()]) == first


def test_zeros_are_put_where_they_are_asked_for():
    model = model_of(NET)
    with working_precision(BITS):
        point = model.generic(1, zeros=[model.symbols["x"]])
    assert all(jet.is_zero for jet in _value(point, "W1 x", NET))


def test_given_values_are_taken_and_the_rest_is_drawn():
    model = model_of(GIVEN)
    with working_precision(BITS):
        first, second = (model.at_values({}, {}, seed) for seed in (1, 2))
    assert first.drawn == {"y", "W2", "b2"}
    for point in (first, second):
        assert [_float(jet) for jet in _value(point, "z1")] == pytest.approx([0.5] * 4)
    assert _float(_value(first, "L")[()]) != _float(_value(second, "L")[()])


def test_what_a_page_states_keeps_its_dependence():
    model = model_of(GIVEN)
    h1 = model.symbols["h1"]
    with working_precision(BITS):
        point = model.at_values({}, {h1: np.array([Fraction(k, 10) for k in (5, 4, 3, 2)])}, 1)
    assert [_float(jet) for jet in _value(point, "h1")] == pytest.approx([0.5, 0.4, 0.3, 0.2])
    slopes = _value(point, "∂h1[1]/∂b1[1]")
    assert _float(slopes[()]) == pytest.approx(1 - np.tanh(0.5) ** 2)  # of the sheet's h1, not of a number
    assert equal_at(point, "z2", "W2 h1 + b2")


def equal_at(point, left, right):
    with working_precision(BITS):
        it = Interpreter(point, Scope())
        sides = [it.evaluate(formula(GIVEN, side)) for side in (left, right)]
    return equality.compare(*sides) == "equal"


def test_nothing_given_is_no_point():
    assert model_of(NET).at_values({}, {}, 1) is None


def test_a_quantity_that_no_value_reaches_is_missing():
    point = point_of(NET)
    with pytest.raises(MissingError):
        point.of(model_of(ENERGY).symbols["c"])


def test_kinks_are_undecided_only_where_balls_are_wide():
    assert outcome(SCALARS, "[max(q) ≥ q[1]]", "1") == "equal"
    with working_precision(8), pytest.raises(UndecidedError):
        Interpreter(point_of(SCALARS), Scope()).truth(formula(SCALARS, "a / 3 - a / 3 > 0"), {})


def test_rows_of_data_are_one_row():
    assert model_of(DATA).over_data == {"mean"}
    assert not model_of(RECURRENT).over_data
