r"""Short documents beside a sheet: one line, one verdict, and why.

Each case is a page of one or two lines. What is expected of it is written down as `verdict`, `verdict slip` or
`verdict: part of the reason`, one for each claim in order; a page without claims expects nothing.
"""

from __future__ import annotations

import pytest

from gradsheet.checking.check import check
from gradsheet.checking.context import context_of
from gradsheet.diagnostics import Source
from gradsheet.manuscripts.markdown import read_markdown
from gradsheet.sheet.reader import load_sheet

LAYERS = """
x ∈ ℝ^4, t ∈ ℝ^3
W1 ∈ ℝ^(5×4), b1 ∈ ℝ^5
W2 ∈ ℝ^(3×5), b2 ∈ ℝ^3

z1 = W1 x + b1
h1 = tanh(z1)
z2 = W2 h1 + b2
L = 1/2 ‖z2 - t‖²

parameters W1, b1, W2, b2
minimize L
"""

NUMBERS = """
x, w, t ∈ ℝ

a = w x
y = a²
L = 1/2 (y - t)²

parameters w
minimize L
given
  x = 2
  w = 3
  t = 30
"""

LOGISTIC = """
x, w ∈ ℝ^3, t, b ∈ ℝ

s = wᵀ x + b
p = σ(s)
L = -t log(p) - (1 - t) log(1 - p)

parameters w, b
minimize L
given
  b = 0
"""

RIGHT = [
    (LAYERS, r"$z_1 = W_1 x + b_1$", []),
    (LAYERS, r"$\frac{\partial L}{\partial z_2} = z_2 - t$", ["right"]),
    (LAYERS, r"$\frac{\partial L}{\partial b_2} = z_2 - t$", ["right"]),
    (LAYERS, r"$\frac{\partial L}{\partial W_2} = (z_2 - t) h_1^\top$", ["right"]),
    (LAYERS, r"$\frac{\partial L}{\partial h_1} = W_2^\top (z_2 - t)$", ["right"]),
    (LAYERS, r"$\nabla_{b_2} L = z_2 - t$", ["right"]),
    (LAYERS, r"$\frac{\partial L}{\partial z_1} = (1 - h_1^2) \odot W_2^\top (z_2 - t)$", ["right"]),
    (LAYERS, r"$\frac{\partial L}{\partial W^{(2)}} = (z^{(2)} - t) h^{(1)\top}$", ["right"]),
    (LAYERS, r"$\frac{\partial L}{\partial W_{2,ij}} = (z_{2,i} - t_i) h_{1,j}$", ["right"]),
    (LAYERS, r"$L = \frac{1}{2} \sum_i (z_{2,i} - t_i)^2$", []),
    (LAYERS, r"$z_2 = W_2 h_1 + b_2 = W_2 \tanh(z_1) + b_2$", ["right"]),
    (LAYERS, r"$\frac{\partial L}{\partial z_2} = \frac{\partial L}{\partial z_2} = z_2 - t$", ["right", "right"]),
    (NUMBERS, r"$\frac{\partial L}{\partial w} = (y - t) \, 2 a x$", ["right"]),
    (NUMBERS, r"$\frac{\partial y}{\partial a} = 2 a = 12$", ["right", "right"]),
    (NUMBERS, r"$\frac{dL}{dw} = \frac{dL}{dy} \frac{dy}{da} \frac{da}{dw}$", ["right"]),
    (LOGISTIC, r"$\frac{\partial L}{\partial s} = p - t$", ["right"]),
    (LOGISTIC, r"$\frac{\partial L}{\partial w} = (p - t) x$", ["right"]),
    (LOGISTIC, r"$\frac{\partial p}{\partial s} = p (1 - p)$", ["right"]),
    (LOGISTIC, r"$\sigma(u) = 1 - \sigma(-u)$", ["right: for all numbers"]),
    (LOGISTIC, r"$\sigma(u) = \frac{e^u}{1 + e^u}$", ["right: for all numbers"]),
]  # fmt: skip

WRONG = [
    (LAYERS, r"$\frac{\partial L}{\partial z_2} = t - z_2$", ["wrong sign"]),
    (LAYERS, r"$\frac{\partial L}{\partial z_2} = z_2 + t$", ["wrong sign"]),
    (LAYERS, r"$\frac{\partial L}{\partial z_2} = 2 (z_2 - t)$", ["wrong factor"]),
    (LAYERS, r"$\frac{\partial L}{\partial h_1} = W_1^\top (z_2 - t)$", ["wrong index"]),
    (LAYERS, r"$\frac{\partial L}{\partial z_1} = W_2^\top (z_2 - t)$", ["wrong operand: z for h"]),
    (LAYERS, r"$\frac{\partial L}{\partial b_2} = z_2$", ["wrong term"]),
    (NUMBERS, r"$\frac{\partial L}{\partial w} = (y - t) a x$", ["wrong factor"]),
    (NUMBERS, r"$\frac{\partial L}{\partial a} = (y + t) 2 a$", ["wrong sign"]),
    (NUMBERS, r"$a = 7$", ["wrong arithmetic"]),
    (NUMBERS, r"$2 \cdot 3 = 5$", ["wrong arithmetic"]),
    (LOGISTIC, r"$\frac{\partial L}{\partial s} = t - p$", ["wrong sign"]),
    (LOGISTIC, r"$\frac{\partial p}{\partial s} = p (1 + p)$", ["wrong sign"]),
    (LOGISTIC, r"$\frac{\partial L}{\partial w} = (p - t) w$", ["wrong operand"]),
]  # fmt: skip

OTHERWISE = [
    (LAYERS, r"$\frac{\partial L}{\partial h_1} = (z_2 - t) W_2$", ["right"]),
    (LAYERS, r"$\frac{\partial L}{\partial W_2} = h_1 (z_2 - t)$", ["arrangement: the factors have to be arranged"]),
    (NUMBERS, "$a = 7$\n\n$y = 49$", ["wrong arithmetic", "inherited: follows from an earlier wrong number"]),
    (LAYERS, r"$\frac{\partial L}{\partial z_2} = q$", ["undecided: nothing says what q is"]),
    (LAYERS, r"$\frac{\partial L}{\partial z_2} = (z_2 - t$", ["unreadable"]),
    (LAYERS, r"$L = 0.5$", ["undecided: needs"]),
    (LAYERS, r"$\frac{\partial L}{\partial z_2} \approx z_2$", ["undecided: ≈ between formulas"]),
    (NUMBERS, r"$\frac{\partial L}{\partial w} = 0$", ["wrong arithmetic"]),
]  # fmt: skip

NAMES = [
    (LAYERS, r"$W_1 \leftarrow W_1 - \eta \frac{\partial L}{\partial W_1}$", []),
    (LAYERS, "$e = z_2 - t$\n\n$\\frac{\\partial L}{\\partial W_2} = e h_1^\\top$", ["right"]),
    (LAYERS, "$\\delta = \\frac{\\partial L}{\\partial z_2}$\n\n$\\delta = z_2 - t$", ["right"]),
    (LAYERS, "$\\delta = \\frac{\\partial L}{\\partial z_2}$\n\n$\\delta = t - z_2$", ["wrong sign"]),
    (LAYERS, "$g = \\tanh$\n\n$h_1 = g(z_1)$", []),
    (LAYERS, "$\\delta_k = z_{2,k} - t_k$\n\n$\\frac{\\partial L}{\\partial b_{2,k}} = \\delta_k$", ["right"]),
    (NUMBERS, "$f(u) = u^2$\n\n$y = f(a)$", []),
    (NUMBERS, "$r = y - t$\n\n$L = \\frac{1}{2} r^2$", []),
    (LOGISTIC, r"$s = w^\top x$", ["right"]),
    (LOGISTIC, r"$\frac{\partial s}{\partial w} = x$", ["right"]),
]  # fmt: skip

SHAPES = [
    (LAYERS, r"$W_1 \in \mathbb{R}^{5 \times 4}$", ["right"]),
    (LAYERS, r"$W_1 \in \mathbb{R}^{4 \times 5}$", ["wrong shape"]),
    (LAYERS, r"$h_1 : 5 \times 1$", ["right"]),
    (LAYERS, r"$h_1 : 3 \times 1$", ["wrong shape"]),
    (LAYERS, r"$\frac{\partial L}{\partial W_2} : 3 \times 5$", ["right"]),
    (LAYERS, r"$(3 \times 5)(5 \times 1) = 3 \times 1$", ["right"]),
    (LAYERS, r"$(3 \times 5)(4 \times 1) = 3 \times 1$", ["wrong shape"]),
]  # fmt: skip

VALUES = [
    (NUMBERS, r"$a = 6$", ["right"]),
    (NUMBERS, r"$y = 36$", ["right"]),
    (NUMBERS, r"$\frac{\partial L}{\partial w} = 144$", ["right"]),
    (NUMBERS, r"$L = \frac{1}{2} (36 - 30)^2 = 18$", ["right", "right"]),
    (LOGISTIC, r"$\sigma(0) = 0.5$", ["right"]),
    (LOGISTIC, r"$\sigma(1) = 0.73$", ["right"]),
    (LOGISTIC, r"$\sigma(1) = 0.75$", ["wrong arithmetic"]),
]  # fmt: skip

CARRIED = r"""
$\frac{\partial L}{\partial z_2} = t - z_2$

$\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial z_2} h_1^\top = (t - z_2) h_1^\top$
"""
CHAIN = (
    r"$\frac{\partial r}{\partial t} = \frac{\partial r}{\partial g} \frac{\partial g}{\partial t}"
    r" + \frac{\partial r}{\partial k} \frac{\partial k}{\partial t}$"
)
OWN = r"""
$a = w x$, $y = a^2$, $L = \frac{1}{2} (y - t)^2$

$\frac{\partial L}{\partial y} = y - t$ and $\frac{\partial L}{\partial a} = -(y - t) 2 a$
"""
INSIDE = r"""
$y = w x$, $r = y - t$, $L = \frac{1}{2} r^2$

$\frac{\partial L}{\partial y} = r$ and $\frac{\partial L}{\partial w} = r x = (y + t) x$
"""
TURNED = r"""---
alternatives:
  - y: ["a^3", "a^2"]
---
$\frac{\partial y}{\partial a} = 3 a^2$ and $\frac{\partial y}{\partial a} = 2 a$

$\frac{\partial y}{\partial a} = a$
"""
STORIES = [
    (LAYERS, CARRIED, ["wrong sign", "right", "inherited: follows from an earlier wrong line"]),
    (LAYERS, CHAIN, ["right: the chain rule"]),
    ("", OWN, ["right", "wrong sign"]),
    (NUMBERS, TURNED, ["right", "right", "wrong factor"]),
    ("", INSIDE, ["right", "right", "wrong sign: the sign of t"]),
    (LAYERS, r"$\frac{\partial z_{2,i}}{\partial z_{2,j}} = 0$ for $i \ne j$", ["right"]),
]


def verdicts(sheet: str, page: str) -> list[tuple[str, str]]:
    """Verdict with slip, and reason, of each claim."""
    manuscript = read_markdown(Source(page + "\n", "page.md"))
    report = check(manuscript, [load_sheet(Source(sheet, "page.sheet"))] if sheet else [], context_of(manuscript))
    return [
        (" ".join(filter(None, (c.verdict, c.slip))), c.reason) for checked in report.formulas for c in checked.claims
    ]


def as_expected(found: list[tuple[str, str]], expected: list[str]) -> bool:
    """Whether claims came out as they should."""
    parts = [entry.partition(": ") for entry in expected]
    return len(found) == len(expected) and all(
        verdict == wanted and reason in why for (verdict, why), (wanted, _, reason) in zip(found, parts, strict=True)
    )


CASES = [*RIGHT, *WRONG, *OTHERWISE, *NAMES, *SHAPES, *VALUES, *STORIES]


def test_there_are_many_cases_and_each_can_fail():
    assert len(CASES) >= 60
    assert not as_expected([("right", "")], ["wrong sign"])
    assert not as_expected([("undecided", "needs w")], ["undecided: nothing says"])
    assert not as_expected([], ["right"])


@pytest.mark.parametrize(("sheet", "page", "expected"), CASES)
def test_a_line_gets_its_verdict(sheet: str, page: str, expected: list[str]):
    found = verdicts(sheet, page)
    assert as_expected(found, expected), found
