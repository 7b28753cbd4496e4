r"""What binds a sentence, what binds a case: `if z > 0`, `for y = 1`, `Suppose …`, `Case 2`; entries of layers."""

from __future__ import annotations

import pytest

from checking.test_judging import as_expected, verdicts

RELU = r"Let $z = w x + b$, $h = \mathrm{ReLU}(z)$, $L = \frac12 (h - t)^2$."
SLOPE = r"$\frac{\partial L}{\partial b} = h - t$"
HINGE = r"Let $m = y\, w^\top x$ and $L = \max(0, 1 - m)$."
LOGISTIC = r"Let $p = \sigma(w^\top x)$ and $L = -y \log p - (1 - y) \log(1 - p)$."
NUMBERS = RELU + r" Given $w = 2$, $b = 1$, $t = 0$, $x = 1$."

SENTENCES = [
    (RELU, f"If $z > 0$, then {SLOPE}.", ["right"]),
    (RELU, f"If $z < 0$, then {SLOPE}.", ["wrong factor: it is 0 here"]),
    (RELU, r"If $z < 0$, then $\frac{\partial L}{\partial w} = 0$.", ["right"]),
    (RELU, f"{SLOPE} for $z > 0$ and {SLOPE} for $z < 0$.", ["right", "wrong factor"]),
    (RELU, f"If $z > 0$, {SLOPE}, and if $z < 0$, {SLOPE}.", ["right", "wrong factor"]),
    (RELU, f"If $z$ is positive, then {SLOPE}.", ["right"]),
    (RELU, f"When the input $z > 0$, we get {SLOPE}.", ["right"]),
    (RELU, f"If $z > 0$:\n\n${SLOPE}$\n\nThus {SLOPE}", ["right", "wrong operand"]),
    (RELU, f"If the unit is dead, {SLOPE}.", ["undecided: “If the unit is dead” cannot be tried"]),
    (RELU, f"If we differentiate, {SLOPE}.", ["wrong operand"]),
    (HINGE, "If $m > 1$ we have\n\n$$\\frac{\\partial L}{\\partial m} = -1.$$", ["undecided"]),
    (HINGE, r"$\frac{\partial L}{\partial x} = -y w$", ["wrong"]),
    (LOGISTIC, r"For $y = 1$: $\frac{\partial L}{\partial w} = (p - 1) x$.", ["right"]),
    (LOGISTIC, r"For $y = 1$: $\frac{\partial L}{\partial w} = p x$.", ["wrong term"]),
    (LOGISTIC, r"$\frac{\partial L}{\partial w} = p x$ if $y = 0$. $\frac{\partial L}{\partial w} = p x$.",
     ["right", "wrong term"]),
    (NUMBERS, r"At $x = 2$, $L = 12.5$. $L = 4.5$.", ["right", "right"]),
    (NUMBERS, r"At $x = 3$, $z = 3$. If $z > 9$, $L = 4$.", ["wrong arithmetic", "undecided: the condition beside it"]),
]  # fmt: skip

CASES = [
    (RELU, f"Suppose $z > 0$. Then {SLOPE}.", ["right"]),
    (RELU, f"Suppose $z > 0$. Then {SLOPE}.\n\nIn general, {SLOPE}.", ["right", "wrong operand"]),
    (RELU, f"Suppose $z > 0$.\n\n## The other side\n\n{SLOPE}", ["wrong operand"]),
    (RELU, f"Assume that $z$ is positive. Then {SLOPE}.", ["right"]),
    (RELU, f"Suppose $z > 0$. Then {SLOPE}. Assuming $z < 0$, {SLOPE}.", ["right", "wrong factor"]),
    (LOGISTIC, r"""Case 1: $y = 1$.

$$L = -\log p, \qquad \frac{\partial L}{\partial w} = (p - 1) x$$

Case 2: $y = 0$.

$$L = -\log(1 - p), \qquad \frac{\partial L}{\partial w} = (p - 1) x$$

Together

$$\frac{\partial L}{\partial w} = (p - y) x$$""", ["right", "right", "right", "wrong term", "right"]),
    (HINGE, r"**Case 1** ($m < 1$). $\frac{\partial L}{\partial x} = -y w$. **Case 2** ($m > 1$). $L = 0$",
     ["right", "right"]),
]  # fmt: skip

COMPONENTS = """
sizes n[0..3]
x ∈ ℝ^n[0], y ∈ ℝ^n[3]
for l in 1..3
  W[l] ∈ ℝ^(n[l]×n[l-1]), b[l] ∈ ℝ^n[l]
a[0] = x
for l in 1..3
  z[l] = W[l] a[l-1] + b[l]
  a[l] = tanh(z[l])
L = 1/2 ‖a[3] - y‖²
parameters W, b
minimize L
"""
ERRORS = r"$$\delta_j^{(l)} = \frac{\partial L}{\partial z_j^{(l)}}$$"
LAYERS = [
    (r"$\frac{\partial L}{\partial w_{jk}^{(l)}} = \delta_j^{(l)} a_k^{(l-1)}$", ["right"]),
    (r"$\frac{\partial L}{\partial w_{jk}^{(l)}} = \delta_k^{(l)} a_j^{(l-1)}$", ["wrong index: the order"]),
    (r"$\frac{\partial L}{\partial W_{jk}^{(l)}} = \delta_k^{(l)} a_j^{(l-1)}$", ["wrong index: the order"]),
    (r"$\delta_j^{(l)} = \sum_k w_{kj}^{(l+1)} \delta_k^{(l+1)} (1 - (a_j^{(l)})^2)$", ["right"]),
    (r"$\delta_j^{(l)} = \sum_k w_{kj}^{(l+1)} \delta_k^{(l+1)} (1 - (a_j^{(l+1)})^2)$", ["wrong index"]),
    (r"$\delta_j^{(3)} = (a_j^{(3)} - y_j)(1 - (a_j^{(3)})^2)$", ["right"]),
    (r"$\delta_j^{(3)} = (a_j^{(3)} + y_j)(1 - (a_j^{(3)})^2)$", ["wrong sign"]),
    (r"$\frac{\partial L}{\partial W_{23}^{(3)}} = \delta_2^{(3)} a_3^{(2)}$", ["right"]),
    (r"$\frac{\partial L}{\partial w_{23}^{(3)}} = \delta_3^{(3)} a_2^{(2)}$", ["wrong index: the order"]),
]


@pytest.mark.parametrize(("network", "page", "expected"), [*SENTENCES, *CASES])
def test_a_condition_binds_what_it_stands_with(network: str, page: str, expected: list[str]):
    found = verdicts("", f"{network}\n\n{page}")[-len(expected) :]
    assert as_expected(found, expected), found


@pytest.mark.parametrize(("page", "expected"), LAYERS)
def test_entries_of_layers_are_entries(page: str, expected: list[str]):
    found = verdicts(COMPONENTS, f"{ERRORS}\n\n{page}")
    assert as_expected(found, expected), found
