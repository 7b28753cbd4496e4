"""Jets: Taylor coefficients against mpmath's, for every function of the table."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_series, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from drawing import examples
from gradsheet.numerics import jet_functions
from gradsheet.numerics.balls import working_precision
from gradsheet.numerics.functions import ARRAYS, ELEMENTWISE
from gradsheet.numerics.jets import Jet
from numerics.reference import REFERENCE, encloses, rational

ORDER = 3
TIGHT = mpf(10) ** -30
POINTS = {
    "arcsin": (-0.6, 0.1, 0.85),
    "arccos": (-0.6, 0.1, 0.85),
    "log": (0.01, 1, 7.5),
    "log2": (0.3, 8),
    "log10": (0.3, 100),
    "log1p": (-0.7, 0.5),
    "sqrt": (0.01, 2.5),
    "digamma": (0.3, 2, -1.4),
    "lgamma": (0.3, 2, -1.4, -2.5),
}
EVERYWHERE = (-2.3, -0.4, 0.7, 3.1)
UNARY = [(name, x) for name, f in ELEMENTWISE.items() if f.arity == 1 for x in POINTS.get(name, EVERYWHERE)]


@pytest.fixture(autouse=True)
def _precision():
    with working_precision(128):
        yield


def taylor(f, x, order=ORDER):
    """Taylor coefficients at 60 digits: derivatives by high-precision differences."""
    with mp.workdps(150):
        return mp.taylor(f, x, order)


@pytest.mark.parametrize(("name", "x"), UNARY)
def test_taylor_coefficients(name, x):
    jet = ELEMENTWISE[name].jet(Jet.variable(arb(x), 1, ORDER))
    assert jet.order == ORDER
    for k, c in enumerate(taylor(REFERENCE[name], mpf(x))):
        assert encloses(jet.coefficient(k), c, TIGHT), (name, x, k)
        assert jet.coefficient(k).rad() < 1e-25


@pytest.mark.parametrize("name", [name for name, f in ELEMENTWISE.items() if f.arity == 2])
@pytest.mark.parametrize(("x", "y"), [(0.7, 0.3), (0.2, 1.5), (-1.3, 2), (2.5, -1)])
def test_taylor_coefficients_of_two_arguments(name, x, y):
    if name == "pow" and x < 0:
        pytest.skip("a negative base has no power near a fractional exponent")
    jet = ELEMENTWISE[name].jet(Jet.variable(arb(x), 2, ORDER), Jet.variable(arb(y), -1, ORDER))
    expected = taylor(lambda t: REFERENCE[name](mpf(x) + 2 * t, mpf(y) - t), mpf(0))
    assert all(encloses(jet.coefficient(k), c, TIGHT) for k, c in enumerate(expected))


@settings(max_examples=examples(60), deadline=None)
@given(*[st.fractions(min_value=-4, max_value=4, max_denominator=50)] * 4)
def test_arithmetic(a, b, c, d):
    with working_precision(128):
        x, y = Jet.variable(a, b, 2), Jet.variable(c, d, 2)

        def agrees(jet, f):
            expected = taylor(f, mpf(0), 2)
            return all(encloses(jet.coefficient(k), v, TIGHT) for k, v in enumerate(expected))

        p, q, r, s = map(rational, (a, b, c, d))
        assert agrees(x + y, lambda t: (p + q * t) + (r + s * t))
        assert agrees(x * y - 3, lambda t: (p + q * t) * (r + s * t) - 3)
        assert agrees(2 - x**3, lambda t: 2 - (p + q * t) ** 3)
        assume(c)
        assert agrees(x / y, lambda t: (p + q * t) / (r + s * t))
        assert agrees(1 / y + y**-2, lambda t: 1 / (r + s * t) + (r + s * t) ** -2)


def test_numpy_carries_them():
    x = np.array([[Jet.variable(1, 1), Jet.variable(2, 0)], [Jet.variable(3, 0), Jet.variable(4, 0)]])
    assert (x @ x).trace().derivative == 2
    assert np.add.reduce(x, axis=0)[0].value == 4
    assert (x.T @ x + Fraction(1, 2))[0, 0].coefficient(0) == arb(10.5)


KINKS = [
    ("relu", 0),
    ("abs", 0),
    ("sign", 0),
    ("step", 0),
    ("hard_tanh", 1),
    ("sqrt", 0),
    ("softsign", 0),
]


@pytest.mark.parametrize(("name", "x"), KINKS)
def test_at_a_kink_there_is_a_value_and_no_derivative(name, x):
    jet = ELEMENTWISE[name].jet(Jet.variable(x, 1))
    assert encloses(jet.value, REFERENCE[name](mpf(x)))
    assert jet.derivative.is_nan()
    assert jet.is_undecided
    assert not ELEMENTWISE[name].jet(Jet.constant(x)).is_undecided


@pytest.mark.parametrize("name", ["relu", "abs", "sign", "step", "sqrt", "log"])
def test_an_unproved_sign_is_undecided(name):
    assert ELEMENTWISE[name].jet(Jet.variable(arb(0, 1e-30), 1)).is_undecided


@pytest.mark.parametrize(("name", "x"), [("log", -1), ("log", 0), ("sqrt", -1), ("arcsin", 2), ("lgamma", -1)])
def test_outside_its_domain_a_function_is_undecided(name, x):
    assert ELEMENTWISE[name].jet(Jet.variable(x, 1)).is_undecided


def test_equal_things_that_move_alike_have_a_maximum():
    x = Jet.variable(2, 1)
    assert ELEMENTWISE["max"].jet(x, x).derivative == 1
    assert ELEMENTWISE["max"].jet(x, Jet.constant(2)).derivative.is_nan()


def test_masks():
    mask, x = Jet.constant(arb.neg_inf()), Jet.variable(2, 1)
    assert (mask + x).infinite == (mask * x).infinite == -1
    assert ELEMENTWISE["exp"].jet(mask + x).is_zero
    assert ELEMENTWISE["max"].jet(mask, x).derivative == 1
    assert ELEMENTWISE["tanh"].jet(mask).value == -1
    assert (x / mask).is_zero
    assert (mask - mask).is_undecided
    weights = ARRAYS["softmax"].jet(np.array([x, mask, Jet.variable(2, -1)]))
    assert weights[1].is_zero
    assert encloses(weights[0].value, mpf(0.5))
    assert encloses(weights[0].derivative, mpf(0.5))


def test_division_by_what_may_be_zero_is_undecided():
    x = Jet.variable(1, 1)
    assert (x / Jet.variable(0, 1)).is_undecided
    assert (x / Jet.variable(arb(0, 1), 1)).is_undecided


def test_a_wrong_function_is_caught(monkeypatch):
    monkeypatch.setattr(jet_functions, "exp", lambda x: Jet(x.series.exp() + arb_series([0, fmpq(1, 10**20)], prec=2)))
    jet = jet_functions._sigmoid(Jet.variable(arb(0.3), 1))
    expected = taylor(REFERENCE["sigmoid"], mpf(0.3), 1)
    assert not encloses(jet.derivative, expected[1], TIGHT)
