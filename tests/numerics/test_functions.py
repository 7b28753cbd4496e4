"""The table: three kinds of number agree on every function."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from drawing import examples
from gradsheet.numerics import floats, linear
from gradsheet.numerics.balls import working_precision
from gradsheet.numerics.certified import Certified, certify, certify_array
from gradsheet.numerics.functions import ARRAYS, ELEMENTWISE
from gradsheet.numerics.jets import Jet
from numerics.reference import REFERENCE, encloses

NAMES = [
    "exp", "log", "sqrt", "tanh", "sigmoid", "relu", "softplus", "log_sigmoid", "sin", "cos", "tan", "arcsin",
    "arccos", "arctan", "sinh", "cosh", "arsinh", "erf", "normal_cdf", "gelu", "silu", "mish", "elu", "leaky_relu",
    "abs", "sign", "step", "max", "min", "log1p", "expm1", "lgamma", "digamma", "log2", "log10", "softsign",
    "hard_tanh", "square", "pow",
]  # fmt: skip
UNIT = {"arcsin", "arccos", "log1p"}
POSITIVE = {"log", "log2", "log10", "sqrt", "digamma", "lgamma", "pow"}


@pytest.fixture(autouse=True)
def _precision():
    with working_precision(128):
        yield


def test_every_function_has_its_row():
    assert sorted(NAMES) == sorted(ELEMENTWISE) == sorted(REFERENCE)
    assert {name: f.arity for name, f in ELEMENTWISE.items() if f.arity != 1} == dict.fromkeys(
        ("max", "min", "pow", "elu", "leaky_relu"), 2
    )


def points(name):
    if name in UNIT:
        return [Fraction(-9, 10), Fraction(-1, 3), Fraction(0), Fraction(1, 2), Fraction(3, 4)]
    if name in POSITIVE:
        left = [Fraction(-7, 5), Fraction(-5, 2)] if "gamma" in name else []
        return [*left, Fraction(1, 100), Fraction(1, 3), Fraction(1), Fraction(5, 2), Fraction(12)]
    return [Fraction(-30), Fraction(-5, 2), Fraction(-1, 3), Fraction(0), Fraction(1, 4), Fraction(1), Fraction(31, 3)]


CASES = [(name, x) for name in NAMES for x in points(name)]


@pytest.mark.parametrize(("name", "x"), CASES)
def test_three_kinds_agree(name, x):
    f = ELEMENTWISE[name]
    arguments = (x, Fraction(1, 3))[: f.arity]
    truth = REFERENCE[name](*(mpf(a.numerator) / a.denominator for a in arguments))
    exact = f.certified(*map(certify, arguments))
    ball = f.certified(*(Certified(certify(a).to_ball()) for a in arguments))
    jet = f.jet(*(Jet.constant(a) for a in arguments))
    assert exact.is_exact
    assert encloses(exact.to_ball(), truth, mpf(10) ** -36)
    if name not in {"sign", "step"} or x:  # a ball around 0 has no sign
        assert encloses(ball.to_ball(), truth, mpf(10) ** -36)
    assert encloses(jet.value, truth, mpf(10) ** -36)
    floating = f.float64(*map(float, arguments))
    assert math.isclose(floating, truth, rel_tol=1e-13, abs_tol=1e-14)


@pytest.mark.parametrize("name", sorted({"sigmoid", "softplus", "log_sigmoid", "tanh", "silu", "gelu", "normal_cdf"}))
@pytest.mark.parametrize("x", [-700.0, -35.5, 35.5, 700.0])
def test_float64_keeps_its_digits_far_out(name, x):
    assert math.isclose(ELEMENTWISE[name].float64(x), REFERENCE[name](mpf(x)), rel_tol=1e-12)


def test_functions_take_arrays():
    x = [[Fraction(-1, 2), 0], [Fraction(1, 3), 2]]
    f = ELEMENTWISE["leaky_relu"]
    assert f.certified(certify_array(x), certify(Fraction(1, 10)))[0, 0].fraction == Fraction(-1, 20)
    assert f.float64(np.array(x, dtype=float), 0.1).tolist() == [[-0.05, 0], [1 / 3, 2]]
    jets = np.array([Jet.variable(-1, 1), Jet.variable(1, 1)])
    assert [j.derivative == d for j, d in zip(ELEMENTWISE["relu"].jet(jets), (0, 1), strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("log", -1),
        ("log", 0),
        ("sqrt", -1),
        ("arcsin", 2),
        ("arccos", -2),
        ("lgamma", 0),
        ("digamma", -3),
        ("log1p", -1),
    ],
)
def test_undefined_in_three_kinds(name, x):
    f = ELEMENTWISE[name]
    assert f.certified(certify(x)).is_undefined
    assert f.certified(Certified(arb(x))).is_undefined
    assert math.isnan(f.float64(x))
    assert not f.jet(Jet.constant(x)).value.is_finite()


LIMITS = {
    "exp": (0, math.inf),
    "log": (None, math.inf),
    "sqrt": (None, math.inf),
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "softplus": (0, math.inf),
    "relu": (0, math.inf),
    "sin": (None, None),
    "sinh": (-math.inf, math.inf),
    "cosh": (math.inf, math.inf),
    "arsinh": (-math.inf, math.inf),
    "arctan": (-math.pi / 2, math.pi / 2),
    "erf": (-1, 1),
    "normal_cdf": (0, 1),
    "abs": (math.inf, math.inf),
    "sign": (-1, 1),
    "step": (0, 1),
    "hard_tanh": (-1, 1),
    "digamma": (None, math.inf),
}


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_limits_at_infinity(name):
    for x, limit in zip((-math.inf, math.inf), LIMITS[name], strict=True):
        f = ELEMENTWISE[name]
        certified, jet = f.certified(certify(x)), f.jet(Jet.constant(arb(x)))
        if limit is None:
            assert certified.is_undefined
            assert jet.is_undecided
            assert math.isnan(f.float64(x))
        else:
            assert float(certified) == float(jet) == f.float64(x) == limit


def test_a_jump_within_a_ball_is_enclosed():
    around_zero = Certified(arb(0, 1e-30))
    step, sign = (ELEMENTWISE[name].certified(around_zero).value for name in ("step", "sign"))
    assert all(step.contains(v) for v in (0, 1))
    assert all(sign.contains(v) for v in (-1, 0, 1))
    assert ELEMENTWISE["relu"].certified(around_zero).value.contains(1e-30)


# ------------------------------------------------------------------------------ softmax and log Σ exp


def test_softmax_of_equal_terms_is_exact():
    result = ARRAYS["softmax"].certified(certify_array([Fraction(7, 3)] * 3))
    assert [p.fraction for p in result] == [Fraction(1, 3)] * 3
    masked = ARRAYS["softmax"].certified(certify_array([[5, -math.inf, 5], [-math.inf, 1, -math.inf]]))
    assert [[str(p) for p in row] for row in masked] == [["1/2", "0", "1/2"], ["0", "1", "0"]]


def test_softmax_adds_up_to_one_exactly():
    z = certify_array([Fraction(3, 10), Fraction(-1, 5), Fraction(1, 2), 0])
    assert ARRAYS["softmax"].certified(z).sum().fraction == 1
    lse = ARRAYS["logsumexp"].certified(z)
    assert (ELEMENTWISE["exp"].certified(z - lse) - ARRAYS["softmax"].certified(z)).tolist() == [certify(0)] * 4


def test_softmax_without_a_finite_largest_entry_is_undefined():
    for z in ([-math.inf, -math.inf], [math.inf, 0]):
        assert all(p.is_undefined for p in ARRAYS["softmax"].certified(certify_array(z)))
        assert np.isnan(ARRAYS["softmax"].float64(z)).any()
    assert ARRAYS["logsumexp"].certified(certify_array([-math.inf, -math.inf])).infinite == -1
    assert ARRAYS["logsumexp"].float64([-math.inf, -math.inf]) == -math.inf


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.integers(-40, 40).map(lambda n: Fraction(n, 8)), min_size=1, max_size=7))
def test_softmax_in_three_kinds(z):
    with working_precision(128):
        weights = [mp.exp(mpf(x.numerator) / x.denominator) for x in z]
        exact = ARRAYS["softmax"].certified(certify_array(z))
        jets = ARRAYS["softmax"].jet(np.array([Jet.constant(x) for x in z]))
        floating = ARRAYS["softmax"].float64([float(x) for x in z])
        for i, w in enumerate(weights):
            assert encloses(exact[i].to_ball(), w / sum(weights), mpf(10) ** -35)
            assert encloses(jets[i].value, w / sum(weights), mpf(10) ** -35)
            assert math.isclose(floating[i], w / sum(weights), rel_tol=1e-13)
        total = ARRAYS["logsumexp"].certified(certify_array(z))
        assert encloses(total.to_ball(), mp.log(sum(weights)), mpf(10) ** -35)
        assert math.isclose(ARRAYS["logsumexp"].float64([float(x) for x in z]), mp.log(sum(weights)), abs_tol=1e-12)


# ------------------------------------------------------------------------------------------ matrices


def random_matrix(seed, n, m=None):
    rng = np.random.default_rng(seed)
    entries = rng.integers(-9, 10, size=(n, m or n))
    return certify_array([[Fraction(int(e), 7) for e in row] for row in entries])


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
def test_linear_algebra_is_exact_for_rationals(n):
    A, B = random_matrix(n, n), random_matrix(n + 10, n, 2)
    inverse = ARRAYS["inverse"].certified(A)
    assert [[x.fraction for x in row] for row in A @ inverse] == [[int(i == j) for j in range(n)] for i in range(n)]
    assert [x.fraction for x in (A @ ARRAYS["solve"].certified(A, B) - B).reshape(-1)] == [0] * (2 * n)
    determinant = ARRAYS["determinant"].certified(A)
    assert math.isclose(float(determinant), np.linalg.det(A.astype(float)), rel_tol=1e-9)
    assert (determinant * ARRAYS["determinant"].certified(inverse)).fraction == 1
    log_determinant = ARRAYS["log_determinant"].certified(A @ A.T)
    assert log_determinant == ELEMENTWISE["log"].certified(determinant * determinant)


@pytest.mark.parametrize("n", [2, 4])
def test_singular_is_undefined_and_unproved_is_undecided(n):
    A = random_matrix(3, n)
    A[1] = A[0] * 2
    assert ARRAYS["inverse"].certified(A)[0, 0].reason == "the matrix is singular"
    assert ARRAYS["solve"].certified(A, A[:, 0])[0].reason == "the matrix is singular"
    assert ARRAYS["determinant"].certified(A).fraction == 0
    assert ARRAYS["log_determinant"].certified(A).is_undefined
    A[1, 1] = A[1, 1] + Certified(arb(0, 1e-30))
    assert ARRAYS["inverse"].certified(A)[0, 0].is_undecided
    assert ARRAYS["log_determinant"].certified(A).is_undecided
    assert np.isnan(ARRAYS["inverse"].float64([[1, 2], [2, 4]])).all()
    assert np.isnan(ARRAYS["solve"].float64([[1, 2], [2, 4]], [1, 2])).all()
    assert np.isnan(ARRAYS["log_determinant"].float64([[0, 1], [1, 0]]))


@pytest.mark.parametrize("n", [2, 3, 5])
def test_jets_of_matrices_move_as_jacobi_says(n):
    """d log det A = tr(A⁻¹ dA), by two ways through the jets."""
    A, V = random_matrix(n, n) + certify_array(np.eye(n) * 20), random_matrix(n + 1, n)
    moving = np.frompyfunc(lambda a, v: Jet.variable(a.fraction, v.fraction), 2, 1)(A, V)
    expected = (ARRAYS["inverse"].certified(A) @ V).trace()
    assert ARRAYS["log_determinant"].jet(moving).derivative.contains(expected.value)
    product = moving @ ARRAYS["inverse"].jet(moving)
    assert all(x.derivative.contains(0) and x.derivative.rad() < 1e-25 for x in product.reshape(-1))
    assert ARRAYS["determinant"].jet(moving).value.contains(ARRAYS["determinant"].certified(A).value)


def test_matrices_over_leading_axes():
    A = np.stack([random_matrix(1, 2), random_matrix(2, 2)])
    assert ARRAYS["determinant"].certified(A).shape == (2,)
    assert ARRAYS["inverse"].certified(A).shape == ARRAYS["solve"].certified(A, A).shape == (2, 2, 2)
    assert ARRAYS["log_determinant"].float64(np.stack([np.eye(2)] * 3)).shape == (3,)


def test_closed_entries_stay_closed():
    a = certify_array([[2, 0], [0, 2]]) * ELEMENTWISE["exp"].certified(certify(1))
    assert str(ARRAYS["inverse"].certified(a)[0, 0]) == "exp(−1)/2"
    assert str(ARRAYS["log_determinant"].certified(a)) == "2 + 2 log(2)"


def test_a_wrong_sign_of_a_permutation_is_caught(monkeypatch):
    monkeypatch.setattr(linear, "_parity", lambda _: 1)
    assert ARRAYS["determinant"].certified(certify_array([[1, 2], [3, 4]])).fraction != -2


def test_an_unstable_sigmoid_is_caught():
    with np.errstate(all="ignore"):
        naive = np.exp(np.float64(800)) / (1 + np.exp(np.float64(800)))
    assert math.isnan(naive)
    assert floats.FUNCTIONS["sigmoid"](800) == 1
