r"""What a page says of its inputs: Σ y = 1, one-hot labels, a symmetric A; other names for a scalar; one layout."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from checking.test_judging import as_expected, verdicts
from gradsheet.checking.meaning.impositions import PROPERTIES, met
from gradsheet.numerics.certified import certify

SOFTMAX = r"Let $z = W x + b$, $p = \mathrm{softmax}(z)$ and $L = -\sum_k y_k \log p_k$"
SLOPE = r"$\frac{\partial L}{\partial z} = p - y$"
GAUSS = (
    r"Let $r = y - f$ with $f = \tanh(X w)$ and $L = \frac12 r^\top r$; "
    r"write $J = \frac{\partial r}{\partial w}$."
)
VARIANCE = r"Let $K = \frac12 (\mu^2 + \sigma^2 - 1 - \log \sigma^2)$."
FORM = r"Let $f = x^\top A x$"
CASES = [
    (f"{SOFTMAX}.", SLOPE, ["wrong"]),
    (f"{SOFTMAX} where $\\sum_k y_k = 1$.", SLOPE, ["right"]),
    (f"{SOFTMAX}, where $\\sum_k y_k = 1$.", r"$\frac{\partial L}{\partial b} = y - p$", ["wrong sign"]),
    (f"{SOFTMAX} with a one-hot label $y$.", SLOPE, ["right"]),
    (
        f"{SOFTMAX} with a one-hot label $y$.",
        r"If $y_j = 1$, $\frac{\partial L}{\partial z_j} = p_j - 1$.", ["right"],
    ),
    (f"{SOFTMAX}, and $y$ is a probability vector.", SLOPE, ["right"]),
    (f"{FORM}.", r"$\nabla_x f = 2 A x$", ["wrong"]),
    (f"{FORM}, where $A$ is symmetric.", r"$\nabla_x f = 2 A x$ and $\nabla_x f = A x$", ["right", "wrong factor"]),
    (f"{FORM} with a symmetric matrix $A$.", r"$\nabla_x f = 2 A x$", ["right"]),
    (f"{FORM} with a non-symmetric matrix $A$.", r"$\nabla_x f = 2 A x$", ["wrong"]),
    (r"Let $R = \|x\|^2$, $\|x\| = 1$.", r"$2 R = R + 1$", ["right"]),
    (
        r"Let $m = t s$ with $t \in \{-1, 1\}$ and $L = (1 - m)^2$.",
        r"$\frac{\partial L}{\partial s} = 2 (s - t)$ and $\frac{\partial L}{\partial s} = 2 (s + t)$",
        ["right", "wrong sign"],
    ),
    (
        GAUSS, r"$J = -\operatorname{diag}(1 - f^2) X$, $\nabla_w L = J^\top r$, $\nabla_w L = J r$",
        ["right", "right", "arrangement"],
    ),
    (GAUSS, r"$\nabla_w L = X^\top ((1 - f^2) \odot (y - f))$", ["wrong sign"]),
    (VARIANCE, r"$\frac{\partial K}{\partial \sigma} = \sigma - \frac1\sigma$", ["right"]),
    (
        f"{VARIANCE} With $s = \\log \\sigma^2$:",
        (r"$\frac{\partial K}{\partial s} = \frac12 (e^s - 1)$, $\frac{\partial K}{\partial s} = \frac12 (e^s + 1)$ "
        r"and $\frac{\partial K}{\partial \sigma} = \sigma + \frac1\sigma$"),
        ["right", "wrong sign", "wrong sign"],
    ),
]  # fmt: skip


LABELS = """
z ∈ ℝ^(N×k), y ∈ onehot(k)^N
p[n,j] = softmax[j](z[n,j])
L = -sum[n,j] y[n,j] log p[n,j]
"""


def test_labels_of_zeros_and_ones_are_those_of_the_sheet():
    """{0,1}^{N×k} is said of one-hot rows: over rows of any zeros and ones no correction would hold."""
    lines = r"$\frac{\partial L}{\partial z} = p - y$, not $\frac{\partial L}{\partial z} = p + y$"
    found = verdicts(LABELS, r"Let $y \in \{0, 1\}^{N \times k}$. " + lines)
    assert as_expected(found, ["right", "wrong sign"]), found


@pytest.mark.parametrize(("network", "lines", "expected"), CASES)
def test_what_is_said_of_inputs_holds(network: str, lines: str, expected: list[str]):
    found = verdicts("", f"{network}\n\n{lines}")
    assert as_expected(found, expected), found


@pytest.mark.parametrize("kind", sorted(PROPERTIES))
def test_imposed_values_have_the_property(kind: str):
    numbers = np.array([[certify(Fraction(k + 3 * j - 4, 5)) for k in range(3)] for j in range(3)], dtype=object)
    held = np.array([[x.fraction for x in row] for row in met(numbers, kind, 1)], dtype=object)
    one = np.diag([Fraction(1)] * 3)
    holds = {
        "simplex": (held.sum(axis=1) == 1).all() and (held >= 0).all(),
        "onehot": (held.sum(axis=1) == 1).all() and set(held.reshape(-1)) == {0, 1},
        "unit": (held * held).sum() == 1,
        "positive": (held >= 0).all(),
        "nonnegative": (held >= 0).all(),
        "negative": (held <= 0).all(),
        "symmetric": (held == held.T).all(),
        "diagonal": (held == held * one).all(),
        "orthogonal": (held @ held.T == one).all(),
    }
    assert holds[kind]
