"""Residues: identities that hold whatever the indeterminates are, and near-identities that do not."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradsheet.numerics.functions import ELEMENTWISE
from gradsheet.numerics.jets import Jet
from gradsheet.numerics.residue_functions import Functions
from gradsheet.numerics.residues import PRIME, Residue, residue_of

IDENTITIES = {
    "exp of a sum": lambda f, x, y: f["exp"](x + y) - f["exp"](x) * f["exp"](y),
    "exp of a difference": lambda f, x, y: f["exp"](x - y) * f["exp"](y) - f["exp"](x),
    "exp of a multiple": lambda f, x, _: f["exp"](x * 3) - f["exp"](x) ** 3,
    "exp of a half": lambda f, x, _: f["exp"](x / 2) ** 2 - f["exp"](x),
    "exp of a third": lambda f, x, _: f["exp"](x / 3) ** 3 - f["exp"](x),
    "exp of 0": lambda f, x, _: f["exp"](x - x) - 1,
    "exp of a quotient of sums": lambda f, x, y: f["exp"]((x - y) / y) * f["exp"](1 + x * 0) - f["exp"](x / y),
    "exp of a square": lambda f, x, y: (
        f["exp"]((x - y) ** 2 / -2) - f["exp"](-x * x / 2) * f["exp"](x * y) * f["exp"](-y * y / 2)
    ),
    "exp of a logarithm": lambda f, x, y: f["exp"](f["log"](x) * 2 - f["log"](y)) - x * x / y,
    "log of exp": lambda f, x, y: f["log"](f["exp"](x) * f["exp"](y)) - x - y,
    "log of a quotient": lambda f, x, y: f["log"](x / y) - f["log"](x) + f["log"](y),
    "log of a number": lambda f, x, _: f["log"](x * 12) - 2 * f["log"](x * 0 + 2) - f["log"](3 * x),
    "log of a root": lambda f, x, _: f["log"](f["sqrt"](x)) * 2 - f["log"](x),
    "log of softmax": lambda f, x, y: (
        f["log"](f["exp"](x) / (f["exp"](x) + f["exp"](y))) - x + f["log"](f["exp"](x) + f["exp"](y))
    ),
    "sigmoid": lambda f, x, _: f["sigmoid"](-x) - 1 + f["sigmoid"](x),
    "tanh": lambda f, x, _: f["tanh"](x) - 2 * f["sigmoid"](2 * x) + 1,
    "log of sigmoid": lambda f, x, _: f["log_sigmoid"](x) - f["log"](f["sigmoid"](x)),
    "root of a square": lambda f, x, y: f["sqrt"](x) * f["sqrt"](y) - f["sqrt"](x * y),
    "root of a number": lambda f, x, _: f["sqrt"](x * 18) - 3 * f["sqrt"](x * 2),
    "a power of a half": lambda f, x, _: f["pow"](x, x * 0 - Fraction(3, 2)) * f["sqrt"](x) ** 3 - 1,
    "circle": lambda f, x, _: f["sin"](x) ** 2 + f["cos"](x) ** 2 - 1,
    "odd and even": lambda f, x, _: f["sin"](-x) + f["sin"](x) + f["cos"](-x) - f["cos"](x),
    "relu": lambda f, x, _: f["relu"](x) - f["relu"](-x) - x,
    "max and min": lambda f, x, y: f["max"](x, y) + f["min"](x, y) - x - y,
    "normal distribution": lambda f, x, _: f["normal_cdf"](x) + f["normal_cdf"](-x) - 1,
}
APART = {
    "exp of another multiple": lambda f, x, _: f["exp"](x * 3) - f["exp"](x) ** 2,
    "exp of another exponent": lambda f, x, y: f["exp"](x + y) - f["exp"](x) * f["exp"](2 * y),
    "exp of another number": lambda f, x, y: f["exp"](x) - f["exp"](y),
    "a sum of exponentials": lambda f, x, y: f["exp"](x + y) - f["exp"](x) - f["exp"](y),
    "log of a sum": lambda f, x, y: f["log"](x + y) - f["log"](x) - f["log"](y),
    "the sign in tanh": lambda f, x, _: f["tanh"](x) + 2 * f["sigmoid"](2 * x) - 1,
    "a lost factor": lambda f, x, _: f["sigmoid"](x) * (1 - f["sigmoid"](x)) - f["sigmoid"](x),
    "the sign on the circle": lambda f, x, _: f["sin"](x) ** 2 - f["cos"](x) ** 2 - 1,
    "a kink from one side": lambda f, x, _: f["relu"](x) - x,
    "logs of two signs": lambda f, x, _: f["exp"](f["log"](-x)) - x,
    "logs of a negative multiple": lambda f, x, _: f["exp"](f["log"](x * -2)) - x * 2,
    "a small change": lambda _, x, __: x * (1 + Fraction(1, 10**12)) - x,
}


UNKNOWN = {
    "softplus": lambda f, x, _: f["softplus"](x) - x - f["softplus"](-x),
    "sine of a sum": lambda f, x, y: f["sin"](x + y) - f["sin"](x) * f["cos"](y) - f["cos"](x) * f["sin"](y),
    "a step is its square": lambda f, x, _: f["step"](x) ** 2 - f["step"](x),
}
"""Identities between functions that are indeterminates here: that they differ proves nothing."""


def at(seed: int) -> tuple[dict, Residue, Residue]:
    functions = Functions(seed)
    return functions.table, functions.indeterminate("x"), functions.indeterminate("y")


@pytest.mark.parametrize("name", IDENTITIES)
def test_what_is_identical_is_0(name):
    assert IDENTITIES[name](*at(3)).is_zero


@pytest.mark.parametrize("name", APART)
def test_what_differs_is_not_0(name):
    value = APART[name](*at(3))
    assert not value.is_undecided
    assert not value.is_zero


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_hangs_together_in_unknown_ways_is_not_0_either(name):
    assert not UNKNOWN[name](*at(3)).is_zero


DERIVATIVES = {
    "exp": lambda f, x: f["exp"](x),
    "log": lambda _, x: 1 / x,
    "sqrt": lambda f, x: 1 / (2 * f["sqrt"](x)),
    "sigmoid": lambda f, x: f["sigmoid"](x) * (1 - f["sigmoid"](x)),
    "tanh": lambda f, x: 1 - f["tanh"](x) ** 2,
    "softplus": lambda f, x: f["sigmoid"](x),
    "sin": lambda f, x: f["cos"](x),
    "cos": lambda f, x: -f["sin"](x),
    "tan": lambda f, x: 1 + f["tan"](x) ** 2,
    "arctan": lambda _, x: 1 / (1 + x * x),
    "lgamma": lambda f, x: f["digamma"](x),
    "relu": lambda f, x: f["step"](x),
    "abs": lambda f, x: f["sign"](x),
    "step": lambda _, x: x * 0,
    "silu": lambda f, x: f["sigmoid"](x) * (1 + x * (1 - f["sigmoid"](x))),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_series_moves_as_the_derivative_says(name):
    f, x, _ = at(5)
    slope = f[name](x.moving(2))
    expected = DERIVATIVES[name](f, x.moving(1))
    assert (slope.still(1, 0) - expected.still(0, 0)).is_zero
    assert (slope.still(2, 0) * 2 - expected.still(1, 0)).is_zero


def test_every_function_has_a_row():
    assert ELEMENTWISE.keys() <= Functions(1).table.keys()


ARITHMETIC = st.recursive(
    st.fractions(min_value=-4, max_value=4, max_denominator=6).map(lambda q: ("number", q)) | st.just(("t",)),
    lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner),
    max_leaves=8,
)


def computed(node, kind, order):
    match node:
        case ("number", q):
            return kind.constant(q, order) if kind is Jet else kind.number(q, order)
        case ("t",):
            return kind.variable(Fraction(2, 3), 1, order)
        case (sign, a, b):
            x, y = computed(a, kind, order), computed(b, kind, order)
            return {"+": x.__add__, "-": x.__sub__, "*": x.__mul__, "/": x.__truediv__}[sign](y)


@given(ARITHMETIC)
@settings(max_examples=60, deadline=None)
def test_arithmetic_is_that_of_jets(node):
    residue, jet = computed(node, Residue, 2), computed(node, Jet, 2)
    assert residue.is_undecided == jet.is_undecided or jet.value.contains(0)
    if residue.is_undecided or jet.is_undecided:
        return
    assert residue.value.overlaps(jet.value)
    for k in range(3):
        exact = [q for q in [_near(jet.coefficient(k))] if q is not None]
        assert all(residue_of(q) == residue.coefficients[k] for q in exact)


def _near(ball):
    """The fraction of a small denominator in a ball, if there is one."""
    guess = Fraction(float(ball.mid())).limit_denominator(10**5)
    return guess if ball.contains(ball * 0 + guess.numerator) and guess.denominator == 1 else None


def test_a_denominator_of_0_is_undecided():
    x = Residue.number(3)
    assert (x / (x - 3)).is_undecided
    assert (x / (x * 0)).is_undecided
    assert Residue.number(Fraction(1, PRIME)).is_undecided
    assert (1 + x / (x - 3) * 0).is_undecided


def test_a_root_that_is_not_there_is_undecided():
    f = Functions(1)
    found = [f.sqrt(f.indeterminate(k) + f.indeterminate(-k - 1)).is_undecided for k in range(24)]
    assert {True, False} == set(found)
    assert f.sqrt(Residue.number(-1)).is_undecided


def test_an_unspecified_function_is_one_for_equal_arguments_only():
    f = Functions(2)
    x, y = f.indeterminate("x"), f.indeterminate("y")
    assert (f.opaque("φ", x * y + x) - f.opaque("φ", x * (y + 1))).is_zero
    assert not (f.opaque("φ", x) - f.opaque("φ", y)).is_zero
    assert not (f.opaque("φ", x) - f.opaque("ψ", x)).is_zero
    moved = f.opaque("φ", x.moving(1) * 3)
    assert (moved.still(1, 0) - 3 * f.opaque("φ", x * 3, 1)).is_zero


def test_signs_are_those_of_numbers():
    x = Functions(1).indeterminate("x")
    assert [Residue.number(q).sign for q in (Fraction(-1, 3), 0, 2)] == [-1, 0, 1]
    assert x.sign is None
    assert (x - x).sign == 0
    assert (x * 2 - x - x + Fraction(1, 2)).sign == 1


def test_sums_keep_few_terms():
    f = Functions(1)
    entries = [f.indeterminate(k) for k in range(20)]
    product = sum(entries) * sum(entries)
    assert len(product.combination) == 1
    assert len((product - product).combination) == 0
    assert np.prod([len(sum(entries[:4]).combination)]) == 4
