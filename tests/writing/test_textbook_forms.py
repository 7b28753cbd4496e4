"""How a textbook writes it: coefficients, denominators, brackets, letters, in every notation."""

from __future__ import annotations

import pytest

from engine.running import derived
from gradsheet.solution import GRADIENTS, Solution
from gradsheet.writing.report import report
from gradsheet.writing.spelling import Spelling

FAMILY = "sizes n[0..D]\nx ∈ ℝ^(n[0])\nh[0] = x\nfor l in 1..D\n  W[l] ∈ ℝ^(n[l]×n[l-1])\n  h[l] = tanh(W[l] h[l-1])\n"
ROW = "m0 ∈ ℝ^(1×n), A ∈ ℝ^(n×n)\nm[0] = m0\nfor t in 1..T\n  m[t] = m[t-1] A\n"
CASES = {
    "a coefficient stands before the sum": (
        "x ∈ ℝ^n, W ∈ ℝ^(m×n), λ ∈ ℝ\nL = 1/2 λ ‖W x‖²\nparameters x\nminimize L", "index",
        "∂L/∂x[j] = λ sum[i, k] W[i,k] x[k] W[i,j]"),
    "a root squared": (
        "n ∈ ℝ^K, s ∈ ℝ^K\nv = s ⊘ sqrt(n)\nL = sum[i] v[i]³\nparameters n\nminimize L", "index",
        "∂L/∂n[i] = −3 v[i]³ / (2 n[i])"),
    "a scalar over a size": (
        "x, w ∈ ℝ^n, β ∈ ℝ\nL = β/n sum[i] w[i] x[i]\nparameters w\nminimize L", "matrix", "∂L/∂w = β/n x"),
    "denominators are one": (
        "a, b ∈ ℝ^n\nL = a' b/(‖a‖ ‖b‖)\nparameters a\nminimize L", "matrix",
        "∂L/∂a = b / (‖a‖ ‖b‖) − (aᵀ b) a / (‖a‖³ ‖b‖)"),
    "a sum stands above its denominator": (
        "a, b ∈ ℝ^n\ns = a' b/‖b‖\nL = s²\nparameters a\nminimize L", "index forward",
        "s = (sum[i] a[i] b[i]) / sqrt(sum[i] b[i]²)"),
    "a half of a quotient": (
        "x, y ∈ ℝ\nr = sqrt(x)\nL = y/r\nparameters x\nminimize L", "matrix", "∂L/∂x = ∂L/∂r / (2 r)"),
    "the root of what is below": (
        "x, y ∈ ℝ\nL = y/sqrt(x)\nparameters x\nminimize L", "matrix", "∂L/∂x = −L / (2 x)"),
    "log |det A|": ("A ∈ ℝ^(n×n)\nL = log(|det(A)|)\nparameters A\nminimize L", "matrix", "∂L/∂A = (A⁻¹)ᵀ"),
    "log |x|": ("x ∈ ℝ\nL = log(|x|)\nparameters x\nminimize L", "matrix", "∂L/∂x = 1/x"),
    "a member with one row": (
        ROW + "L = 1/2 sum[i] m[T,1,i]²\nparameters A\nminimize L", "matrix", "∂L/∂m[t] = (A ∂L/∂m[t+1,1])ᵀ"),
    "no sum over one number": (
        ROW + "L = 1/2 sum[i] m[T,1,i]²\nparameters A\nminimize L", "jacobian",
        "∂L/∂A[i,j] = sum[t in 1..T, l in 1..n] ∂L/∂m[t,1,l] ∂m[t,1,l]/∂A[i,j]"),
    "the left side has the first letters": (
        "X ∈ ℝ^(N×d), W ∈ ℝ^(d×m), Y ∈ ℝ^(N×m)\nZ = X W\nL = 1/2 ‖tanh(Z) - Y‖²\nparameters W\nminimize L", "jacobian",
        "∂L/∂W[i,j] = sum[k in 1..N, l in 1..m] ∂L/∂Z[k,l] ∂Z[k,l]/∂W[i,j]"),
    "the same for every entry": (
        "H ∈ ℝ^n, β ∈ ℝ\ny = H ⊙ H\nL = β sum[i] y[i]\nparameters H\nminimize L", "jacobian", "∂L/∂y[i] = β"),
    "the author's letter for a family": (
        FAMILY + "L = 1/2 ‖h[D]‖²\nparameters W\nminimize L", "jacobian local",
        "∂h[l+1]/∂h[l] = diag(1 − h[l+1]²) W[l+1]"),
}  # fmt: skip


def said(source: str, notation: str) -> list[str]:
    """The lines of one part of a report, the derivatives unless it says which."""
    name, part = [*notation.split(), "backward"][:2]
    derivation = derived(source)
    found = report(Solution(derivation.sheet, derivation, "symbolic"), name)
    spelled = Spelling(derivation.sheet).formula
    return [f"{spelled(x.left)} = {spelled(x.right)}" for item in getattr(found, part) for x in item.lines]


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_a_textbook_prints(case: str):
    source, notation, line = CASES[case]
    assert line in said(source, notation)


def test_a_minus_stands_before_the_brace():
    source = "r ∈ ℝ^n, w ∈ ℝ^n\nz = exp(r)\nL = sum[i] z[i]² - w' r\nparameters r\nminimize L"
    chain = next(line for line in said(source, "jacobian") if "·" in line)
    assert "+ −" not in chain
    assert "− " in chain


def test_the_derivative_by_a_derivative_has_brackets():
    source = "t, a ∈ ℝ\nu = a exp(-t)\nv = ∂u/∂t\nL = v²\nparameters a\nminimize L"
    lines = said(source, "jacobian") + said(source, "jacobian local")
    assert any("∂v/∂(∂u/∂t)" in line for line in lines)
    assert not any("∂∂" in line for line in lines)


@pytest.mark.parametrize("source", ["x, w ∈ ℝ^n\nL = (w' x)²\n", "x, w ∈ ℝ\nL = (w x)²\n"])
@pytest.mark.parametrize("notation", ["matrix", "index", "jacobian", "delta"])
def test_the_layout_is_said_once(notation: str, source: str):
    derivation = derived(source + "parameters w\nminimize L")
    solution = Solution(derivation.sheet, derivation, "symbolic")
    solution.conventions = [GRADIENTS]
    found = report(solution, notation)
    assert len([c for c in [*found.conventions, *found.notes] if "vectors are columns" in c]) == 1
    assert (GRADIENTS in found.conventions) == (notation != "jacobian" or "ℝ^n" not in source)
