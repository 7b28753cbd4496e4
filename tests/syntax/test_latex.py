"""LaTeX as a textbook sets it, without losing a bracket that means something."""

from __future__ import annotations

import pytest

from gradsheet.syntax.latex import latex
from syntax.trees import read

ROWS = [
    ("1/2 x", r"\frac{1}{2} x"),
    ("½ x", r"\frac{1}{2} x"),
    ("1/2 ‖W1 x - t‖²", r"\frac{1}{2} \lVert W_1 x - t\rVert^{2}"),
    ("a/b c", r"\frac{a}{b} c"),
    ("a b/c", r"\frac{a b}{c}"),
    ("(a + b)/(c + d)", r"\frac{a + b}{c + d}"),
    ("(a + b) c/d", r"\frac{(a + b) c}{d}"),
    ("g ⊙ x / r", r"\frac{g \odot x}{r}"),
    ("1/sqrt(c) x", r"\frac{1}{\sqrt{c}} x"),
    ("sqrt(x + 1)²", r"\sqrt{x + 1}^{2}"),
    ("a/log p[i] b", r"\frac{a}{\log p_{i}} b"),
    ("a/(b/c)", r"\frac{a}{\frac{b}{c}}"),
    ("(a/b)²", r"\left(\frac{a}{b}\right)^{2}"),
    ("W' δ ⊙ h", r"W^{\top} \delta \odot h"),
    ("a ⊙ b c", r"(a \odot b) c"),
    ("a (b ⊙ c)", r"a (b \odot c)"),
    ("a ⊙ b ⊗ c", r"(a \odot b) \otimes c"),
    ("a ⊘ b ⊘ c", r"(a \oslash b) \oslash c"),
    ("2 3", r"2 \cdot 3"),
    ("2 10^3", r"2 \cdot 10^{3}"),
    ("1e-20", "10^{-20}"),
    ("(1e-20)²", "(10^{-20})^{2}"),
    ("a (-b)", "a (-b)"),
    ("-(a + b)", "-(a + b)"),
    ("a - (b - c)", "a - (b - c)"),
    ("e^(-x)", "e^{-x}"),
    ("e^(a + b)^c", "e^{(a + b)^{c}}"),
    ("(A B)'", r"(A B)^{\top}"),
    ("Aᵀ", r"A^{\top}"),
    ("A⁻ᵀ", r"(A^{-1})^{\top}"),
    ("σ'(z)", r"\sigma'(z)"),
    ("σ''(z)", r"\sigma''(z)"),
    ("w'", r"w^{\top}"),
    ("tanh(W1 x)", r"\tanh(W_1 x)"),
    ("relu(z)", r"\operatorname{relu}(z)"),
    ("max(0, x)", r"\max(0, x)"),
    ("log(a/b)", r"\log\left(\frac{a}{b}\right)"),
    ("sum[k] y[k] log p[k]", r"\sum_{k} y_{k} \log p_{k}"),
    ("sum[i in 1..N] x[i]", r"\sum_{i=1}^{N} x_{i}"),
    ("(sum[i] x[i]) y", r"\left(\sum_{i} x_{i}\right) y"),
    ("sum[k, s in 0..R] x", r"\sum_{k} \sum_{s=0}^{R} x"),
    ("max[j] x[j]", r"\max_{j} x_{j}"),
    ("softmax[j](S[i,j])", r"\operatorname{softmax}_{j}(S_{i,j})"),
    ("X[i]", "X_{i}"),
    ("W1[1,2]", "[W_1]_{1,2}"),
    ("(A B)[i,j]", "(A B)_{i,j}"),
    ("h[l-1][i]", "[h_{l - 1}]_{i}"),
    ("V[:,c]", "V_{:,c}"),
    ("∂L/∂W1", r"\frac{\partial L}{\partial W_1}"),
    ("dL/dW", r"\frac{\partial L}{\partial W}"),
    ("∂²L/∂w∂v", r"\frac{\partial^{2} L}{\partial w \partial v}"),
    ("∂²L/∂w²", r"\frac{\partial^{2} L}{\partial w^{2}}"),
    ("∂(a + b)/∂w", r"\frac{\partial (a + b)}{\partial w}"),
    ("(∂L/∂w)'", r"\left(\frac{\partial L}{\partial w}\right)^{\top}"),
    ("∂L/∂w'", r"\left(\frac{\partial L}{\partial w}\right)^{\top}"),
    ("|a/b|", r"\left\lvert \frac{a}{b}\right\rvert"),
    ("‖x‖_inf", r"\lVert x\rVert_{\infty}"),
    ("[z > 0] a", "[z > 0] a"),
    ("[1, 2; 3, 4]", r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"),
    ("[[1, 2], [3, 4]]", r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"),
    ("a if x > 0 else b", r"\begin{cases} a & \text{if } x > 0 \\ b & \text{otherwise} \end{cases}"),
    (
        "a if p else b if q else c",
        r"\begin{cases} a & \text{if } p \\ b & \text{if } q \\ c & \text{otherwise} \end{cases}",
    ),
    ("2 (a if p else b)", r"2 \left(\begin{cases} a & \text{if } p \\ b & \text{otherwise} \end{cases}\right)"),
    ("i ∈ 1..n", r"i \in \{1, \dots, n\}"),
    ("a ≠ b and c ≤ d", r"a \neq b \text{ and } c \leq d"),
]


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_latex(text, expected):
    assert latex(read(text)) == expected


def test_who_knows_the_names_says_which_are_functions():
    assert latex(read("a/g(x)")) == r"\frac{a}{g} (x)"
    assert latex(read("a/g(x)"), functions={"g"}) == r"\frac{a}{g(x)}"
    assert latex(read("g'(x)"), functions={"g"}) == "g'(x)"
