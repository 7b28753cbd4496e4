"""Decimals: every printed digit is right, and nothing is printed that is not known."""

from __future__ import annotations

import decimal as standard
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp

from drawing import examples
from gradsheet.numerics import digits as digits_module
from gradsheet.numerics.balls import working_precision
from gradsheet.numerics.certified import certify, certify_array
from gradsheet.numerics.circular import cos, sin
from gradsheet.numerics.closed import INFINITY, PI, Closed
from gradsheet.numerics.digits import NeedsPrecisionError, decimal, exact_text
from gradsheet.numerics.elementary import exp, log, sqrt, tanh
from gradsheet.numerics.summaries import EqualRows, Extremes, Filled, Full, OneNumber, summarise

TEXTS = [
    (Fraction(3, 10), "0.3", "0.3"),
    (Fraction(-1, 16), "−0.0625", "-0.0625"),
    (Fraction(1, 3), "0.33333", "0.33333"),
    (Fraction(-97, 2000), "−0.0485", "-0.0485"),
    (Fraction(-4850001, 10**8), "−0.04850", "-0.04850"),
    (Fraction(123455, 10**6), "0.12346", "0.12346"),
    (Fraction(123445, 10**6), "0.12344", "0.12344"),
    (Fraction(1, 1000), "0.001", "0.001"),
    (Fraction(1, 2000), "0.0005", "0.0005"),
    (Fraction(12345678, 10**14), "1.2346·10⁻⁷", "1.2346e-07"),
    (Fraction(99999999, 10**12), "1.0000·10⁻⁴", "1.0000e-04"),
    (Fraction(1, 10**9), "1·10⁻⁹", "1e-09"),
    (Fraction(10**7, 3), "3.3333·10⁶", "3.3333e+06"),
    (0, "0", "0"),
    (1234567, "1234567", "1234567"),
    (10**20, "1·10²⁰", "1e+20"),
    (0.1, "0.1", "0.1"),
    (1 / 3, "0.33333", "0.33333"),
    (np.float64(2.5), "2.5", "2.5"),
    (PI, "3.14159", "3.14159"),
    (-exp(Closed.of(-20)), "−2.0612·10⁻⁹", "-2.0612e-09"),
    (exp(Closed.of(10**9)), "8.0030·10⁴³⁴²⁹⁴⁴⁸¹", "8.0030e+434294481"),
    (1 - tanh(Closed.of(50)), "7.4402·10⁻⁴⁴", "7.4402e-44"),
    (1 / (1 + sqrt(Closed.of(2))) + 1 - sqrt(Closed.of(2)), "0", "0"),
    (sin(Closed.of(1)) ** 2 + cos(Closed.of(1)) ** 2 - 1, "0 to 30 digits", "0 to 30 digits"),
    (INFINITY, "∞", "inf"),
    (-INFINITY, "−∞", "-inf"),
    (log(Closed.of(0)), "undefined", "undefined"),
    (float("nan"), "undefined", "undefined"),
    (arb(0, 1e-40), "0 to 30 digits", "0 to 30 digits"),
    (arb(0.5), "0.5", "0.5"),
]


@pytest.mark.parametrize(("x", "text", "plain"), TEXTS, ids=[row[2] + f"-{i}" for i, row in enumerate(TEXTS)])
def test_decimals_read_as_in_a_worked_solution(x, text, plain):
    assert decimal(x) == text
    assert decimal(x, ascii_only=True) == plain


def test_the_number_of_digits_is_free():
    assert [decimal(PI, d) for d in (1, 3, 40)] == ["3.1", "3.142", "3.1415926535897932384626433832795028841972"]


def read(text):
    """The number that a text says, and one unit of its last digit."""
    text = text.replace("−", "-")
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    scale = Fraction(10) ** int(exponent or 0)
    return Fraction(mantissa) * scale, scale / 10**decimals


@settings(deadline=None)
@given(st.fractions(min_value=-(10**7), max_value=10**7), st.integers(min_value=-12, max_value=0), st.integers(1, 12))
def test_rationals_are_rounded_half_to_even(q, shift, digits):
    x = q * Fraction(10) ** shift
    assume(x)
    value, unit = read(decimal(x, digits, ascii_only=True))
    assert abs(value - x) <= unit / 2
    if value != x:
        # A rounded number shows all its digits, and a tie goes to the even one.
        assert abs(value - x) < unit / 2 or (value / unit).numerator % 2 == 0
        with standard.localcontext() as context:
            context.prec = 60
            exact = standard.Decimal(x.numerator) / standard.Decimal(x.denominator)
            assert abs(standard.Decimal(decimal(x, digits, ascii_only=True)) - exact) <= float(unit)


IRRATIONAL = {"exp": (exp, mp.exp), "log": (log, mp.log), "sqrt": (sqrt, mp.sqrt), "tanh": (tanh, mp.tanh)}


@settings(max_examples=examples(150), deadline=None)
@given(
    st.sampled_from(sorted(IRRATIONAL)),
    st.fractions(min_value=Fraction(1, 50), max_value=40, max_denominator=97),
    st.integers(min_value=1, max_value=25),
)
def test_every_digit_of_a_closed_constant_is_right(name, q, digits):
    function, oracle = IRRATIONAL[name]
    x = function(Closed.of(q))
    value, unit = read(decimal(x, digits, ascii_only=True))
    truth = oracle(mp.mpf(q.numerator) / q.denominator)
    assert abs(mp.mpf(value.numerator) / value.denominator - truth) * unit.denominator <= 0.5000001 * unit.numerator


@settings(max_examples=examples(150), deadline=None)
@given(st.fractions(min_value=-100, max_value=100), st.integers(min_value=8, max_value=90))
def test_a_ball_prints_right_digits_or_asks_for_more(q, bits):
    with working_precision(bits):
        x = arb(fmpq(q.numerator, q.denominator))
        try:
            text = decimal(x, ascii_only=True)
        except NeedsPrecisionError:
            return
    if not text.startswith("0 to"):
        value, unit = read(text)
        assert abs(value - q) <= unit / 2


def test_a_wide_ball_is_not_printed():
    with pytest.raises(NeedsPrecisionError, match="5 digits"):
        decimal(arb(0.163964999, 1e-8))
    with pytest.raises(NeedsPrecisionError, match="contains 0"):
        decimal(arb(0, 1e-20))
    with pytest.raises(NeedsPrecisionError, match="not finite"):
        decimal(certify(arb.nan()))
    assert decimal(arb(0.163964999, 1e-10)) == "0.16396"


def test_a_number_on_a_rounding_boundary_shows_the_digit_that_decides():
    with working_precision(200):
        assert decimal(arb(fmpq(123455, 10**6))) == "0.123455"
        assert decimal(arb(fmpq(1, 1000))) == "0.00100"
        assert decimal(arb(10**6) / 3 * 3) == "1000000.00000"


def test_a_rounding_that_forgets_one_end_is_caught(monkeypatch):
    """What the comparison of both ends is there for."""
    x = arb(0.163964999, 1e-8)
    monkeypatch.setattr(digits_module, "_ends", lambda b: (*[Fraction(float(b.lower()))] * 2, 0))
    monkeypatch.setattr(digits_module, "_exact", digits_module._fixed)
    assert decimal(x) == "0.16396"
    assert decimal(arb(0.163965008, 1e-8), 5) == "0.16396"


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (Fraction(-1, 16), "−1/16"),
        (log(Closed.of(3)), "log(3)"),
        (1 - tanh(Closed.of(Fraction(3, 10))) ** 2, "1 − tanh(3/10)²"),
        (Fraction(10**9, 7), None),
        (10**9, "1000000000"),
        (exp(log(PI) * sqrt(Closed.of(2)) + tanh(Closed.of(Fraction(5, 7)))), None),
        (log(Closed.of(0)), None),
        (arb(1, 1e-9), None),
        (INFINITY, "∞"),
    ],
)
def test_exact_texts_are_short(x, text):
    assert exact_text(x) == text


def test_arrays_say_repeated_things_once():
    third = Fraction(1, 3)
    one = summarise(certify_array(third))
    assert isinstance(one, OneNumber)
    assert (one.entry.decimal, one.entry.exact) == ("0.33333", "1/3")
    filled = summarise(np.full(4, 0.3))
    assert isinstance(filled, Filled)
    assert (filled.count, filled.entry.decimal, filled.proved) == (4, "0.3", True)
    alike = summarise(certify_array([third, third + Fraction(1, 10**9)]))
    assert isinstance(alike, Full)
    with working_precision(100):
        balls = summarise(certify_array([arb(1) / 3, arb(1) / 3]))
    assert isinstance(balls, Filled)
    assert not balls.proved
    rows = summarise(certify_array([[1, third], [1, third]]))
    assert isinstance(rows, EqualRows)
    assert [e.decimal for e in rows.row] == ["1", "0.33333"]
    assert rows.proved
    with working_precision(100):
        alike = summarise(certify_array([[1, arb(1) / 3], [1, arb(1) / 3]]))
    assert isinstance(alike, EqualRows)
    assert not alike.proved
    full = summarise(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert isinstance(full, Full)
    assert [[e.decimal for e in row] for row in full.rows] == [["1", "2"], ["3", "4"]]
    assert isinstance(summarise(np.zeros((0, 3))), Full)


@pytest.mark.parametrize("kind", [certify_array, np.array])
def test_large_arrays_are_summarised_and_say_so(kind):
    values = np.arange(-50.0, 50.0).reshape(10, 10)
    large = summarise(kind(values))
    assert isinstance(large, Extremes)
    assert (large.shape, large.count, large.undefined) == ((10, 10), 100, 0)
    assert (large.smallest.decimal, large.largest.decimal) == ("−50", "49")
    assert large.norm.decimal.startswith("288.70")
    assert isinstance(summarise(kind(np.zeros(100))), Filled)


def test_large_arrays_count_what_has_no_value():
    values = np.arange(100.0)
    values[3] = np.nan
    assert summarise(values).undefined == 1
    assert summarise(np.full(100, np.nan)).norm is None
