"""Certified scalars: exact while they can be, right after that, and never raising."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp

from drawing import examples
from gradsheet.numerics import certified as certified_module
from gradsheet.numerics import elementary
from gradsheet.numerics.balls import working_precision
from gradsheet.numerics.certified import Certified, certify, certify_array
from gradsheet.numerics.closed import INFINITY, PI, Closed
from gradsheet.numerics.functions import ELEMENTWISE
from numerics.reference import encloses, rational

RATIONALS = st.fractions(min_value=-50, max_value=50, max_denominator=1000)


@pytest.fixture(autouse=True)
def _precision():
    with working_precision(128):
        yield


def ball(q):
    return certify(arb(fmpq(q.numerator, q.denominator)))


def closed(q):
    """The rational q, plus a closed constant that is not written as a rational number."""
    return certify(PI) + q


KINDS = {
    "rational": (certify, lambda q: q),
    "ball": (ball, lambda q: q),
    "closed": (closed, lambda q: q + PI),
}


@settings(max_examples=examples(60), deadline=None)
@given(RATIONALS, RATIONALS, st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(KINDS)))
def test_arithmetic_of_every_pair_of_kinds(p, q, first, second):
    with working_precision(128):
        x, y = KINDS[first][0](p), KINDS[second][0](q)
        a = rational(p) + (mp.pi if first == "closed" else 0)
        b = rational(q) + (mp.pi if second == "closed" else 0)
        assert encloses((x + y).to_ball(), a + b)
        assert encloses((x - y).to_ball(), a - b)
        assert encloses((x * y).to_ball(), a * b)
        assert encloses((x**2).to_ball(), a**2)
        assert encloses((-x).to_ball(), -a)
        assume(q)
        assert encloses((x / y).to_ball(), a / b)


@given(RATIONALS, RATIONALS)
def test_rationals_stay_rational(p, q):
    x, y = certify(p), certify(q)
    assert (x + y).fraction == p + q
    assert (x - y).fraction == p - q
    assert (x * y).fraction == p * q
    assert (x < y) is (p < q)
    assert (x >= y) is (p >= q)
    if q:
        assert (x / y).fraction == p / q
    assert math.isclose(float(x), float(p))


def test_plain_numbers_on_either_side():
    x = certify(Fraction(1, 3))
    assert [str(v) for v in (1 + x, 1 - x, 2 * x, 1 / x, x + 1, x - 1, x * 2, x / 2, x**2, 8**x)] == [
        "4/3", "2/3", "2/3", "3", "4/3", "−2/3", "2/3", "1/6", "1/9", "2",
    ]  # fmt: skip
    assert str(np.float64(0.5) * x) == "1/6"
    assert str(np.int64(3) * x) == "1"
    with pytest.raises(TypeError, match="no number"):
        certify("1/3")


def test_numpy_carries_them():
    a = certify_array([[Fraction(1, 2), 2], [0.25, PI]])
    assert str(np.dot(a, a)[0, 0]) == "3/4"
    assert str(np.add.reduce(a, axis=0)[1]) == "2 + π"
    assert str((a.T @ a).trace()) == "69/16 + π²"
    assert (a == a.copy()).all()


def test_what_outgrows_the_budget_becomes_a_ball():
    total = certify(0)
    for i in range(1, 100):
        total = total + certify(elementary.tanh(Closed.of(i)))
    assert not total.is_exact
    assert encloses(total.to_ball(), sum(mp.tanh(i) for i in range(1, 100)), mp.mpf(10) ** -34)
    grown = certify(Fraction(3, 2))
    for _ in range(14):
        grown = grown * grown
    assert not grown.is_exact
    assert encloses(grown.to_ball(), mp.mpf(1.5) ** (2**14))
    assert (certify(2) ** (10**9)).sign == 1


def test_nothing_raises_and_reasons_pass_on():
    one = certify(1)
    nothing = one / 0
    third = ball(Fraction(1, 3))
    assert nothing.reason == "division by zero"
    for x in (nothing + third, third * nothing, nothing / third, nothing * 0, nothing - nothing, nothing / 0):
        assert x.reason == "division by zero"
    assert (third / 0).reason == "division by zero"
    for name, what in [("log", "logarithm of a negative number"), ("sqrt", "square root of a negative number")]:
        assert ELEMENTWISE[name].certified(-third).reason == what
    assert ELEMENTWISE["log"].certified(nothing).reason == "division by zero"
    assert math.isnan(float(nothing))
    assert certify(math.nan).is_undefined


def test_infinity_with_balls():
    third, around_zero = ball(Fraction(1, 3)), certify(arb(0, 1))
    mask = certify(-math.inf)
    assert (mask + third).infinite == (mask - third).infinite == (mask * third).infinite == -1
    assert (third / mask).fraction == 0
    assert (mask + around_zero).infinite == -1
    assert (mask * around_zero).is_undecided
    assert ELEMENTWISE["exp"].certified(mask).fraction == 0
    assert encloses(ELEMENTWISE["max"].certified(mask, third).to_ball(), mp.mpf(1) / 3)
    assert certify(arb.pos_inf()).value == INFINITY
    assert mask < third
    assert mask == -math.inf


def test_comparison_is_three_valued():
    around_zero = certify(arb(0, 1))
    assert (around_zero > 0) is None
    assert around_zero.equals(0) is None
    assert (around_zero == 0) is False
    assert (around_zero < 2) is True
    assert (around_zero >= 2) is False
    assert certify(PI).equals(PI) is True
    assert certify(PI) > 3


def test_unproved_zero_divides_into_undecided():
    assert (certify(1) / certify(arb(0, 1e-30))).is_undecided
    one = certify(1)
    hidden = ELEMENTWISE["sin"].certified(one) ** 2 + ELEMENTWISE["cos"].certified(one) ** 2 - 1
    assert (1 / hidden).is_undecided
    assert hidden.sign is None


def test_zero_times_a_ball_is_exactly_zero():
    assert (certify(0) * ball(Fraction(1, 3))).fraction == 0
    assert (certify(0) * Certified(arb.nan())).is_undecided


def test_a_wrong_sum_is_caught(monkeypatch):
    monkeypatch.setattr(certified_module, "_rational", lambda r: Certified(r + fmpq(1, 10**30)))
    assert (certify(1) + certify(2)).fraction != 3
