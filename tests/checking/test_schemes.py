r"""Names that a page declares for all derivatives of a kind, in its own words: “dX means ∂J/∂X for every X”."""

from __future__ import annotations

import pytest

from gradsheet.checking.check import check
from gradsheet.checking.context import declared
from gradsheet.diagnostics import Source
from gradsheet.manuscripts import read_manuscript
from gradsheet.sheet.reader import load_sheet

SHEET = """
sizes n, h, k
x ∈ ℝ^n, y ∈ ℝ^k
W ∈ ℝ^(h×n), b ∈ ℝ^h, V ∈ ℝ^(k×h)
u = W x + b
s = tanh(u)
yhat = V s
J = 1/2 ‖yhat - y‖²
parameters W, b, V
minimize J
"""
D_LINES = r"""
$$dV = (\hat y - y) s^\top$$

$$ds = V^\top (\hat y - y), \quad du = ds \odot (1 - s^2)$$

$$dW = du\, x^\top, \quad db = ds$$
"""
DELTA_LINES = r"""
$$\delta_{\hat y} = \hat y - y, \quad \delta_V = \delta_{\hat y} s^\top$$

$$\delta_s = V^\top \delta_{\hat y}, \quad \delta_u = \delta_s$$
"""
BAR_LINES = r"$$\bar V = (\hat y - y) s^\top, \quad \bar s = V^\top (\hat y - y)$$" + "\n\n" + r"$$\bar b = \bar s$$"
PLAIN_LINES = """
yhat = V s
dyhat = yhat - y
dV = dyhat s^T
ds = V^T dyhat
du = ds * (1 - s^2)
db = ds
"""
FIVE = ["right", "right", "right", "right", "wrong"]
PAGES = [
    ("md", "Let dV mean ∂J/∂V for every V.", D_LINES, FIVE),
    ("md", r"Here $dX$ is short for $\partial J/\partial X$, and so on.", D_LINES, FIVE),
    ("md", r"We abbreviate $dq = \frac{\partial J}{\partial q}$.", D_LINES, FIVE),
    ("md", r"Let $dX$ denote the gradient of the loss with respect to $X$.", D_LINES, FIVE),
    ("md", r"Let $dX$ denote the derivative of $J$ with respect to $X$.", D_LINES, FIVE),
    ("md", r"We write $\delta_q = \partial J/\partial q$ for every quantity $q$.", DELTA_LINES,
     ["right", "right", "right", "wrong"]),
    ("md", r"Write $\nabla_q J$ as $\delta_q$ for all $q$.", DELTA_LINES, ["right", "right", "right", "wrong"]),
    ("md", r"A bar denotes the derivative of $J$: $\bar v \equiv \partial J / \partial v$.", BAR_LINES,
     ["right", "right", "wrong"]),
    ("txt", "Notation: dq is dJ/dq.", PLAIN_LINES, FIVE),
    ("md", r"Let $dV$ denote $\partial J/\partial V$.", r"$$dV = (\hat y - y) s^\top$$", ["right"]),
    ("md", r"Let $dV$ denote $\partial J/\partial V$.", r"$$db = \hat y - y$$", []),
    ("md", "Nothing is said.", r"$$db = \hat y - y$$", []),
]  # fmt: skip
KINDS = {"md": "markdown", "txt": "text"}


@pytest.mark.parametrize(("kind", "words", "lines", "expected"), PAGES)
def test_compound_names_mean_what_the_page_says(kind: str, words: str, lines: str, expected: list[str]):
    manuscript = read_manuscript(f"{words}\n\n{lines}\n", kind=KINDS[kind], name=f"page.{kind}")  # type: ignore[arg-type]
    report = check(manuscript, [load_sheet(Source(SHEET, "page.sheet"))])
    assert [c.verdict for f in report.formulas for c in f.claims] == expected


@pytest.mark.parametrize(
    "text",
    [
        r"$\delta = \partial J/\partial q$ and $q = W x$.",
        r"We write $\delta_q = \partial J/\partial q$. The scores are $q = W x$.",
        r"$\delta_k = \partial J/\partial s_k$ for every $k$.",
        r"We use $\partial J/\partial q = p$ for all $q$.",
        "The unit is dV/dt for all V.",
    ],
)
def test_other_lines_declare_nothing(text: str):
    assert not declared(read_manuscript(text, kind="markdown", name="page.md")).schemes
