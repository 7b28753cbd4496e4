"""LaTeX as a textbook sets it, without losing a bracket that means something."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from drawing import examples
from gradsheet.syntax.tree import (
    Array,
    Conditioned,
    Factor,
    FunctionName,
    Group,
    Name,
    Power,
    Product,
    Subscript,
    Underbrace,
)
from gradsheet.typesetting import latex, latex_of, layout, text_box
from syntax.trees import expressions, read

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
    ("A⁻ᵀ", r"A^{-\top}"),
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
    ("h[l-1][i]", "[h_{l-1}]_{i}"),
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
    ("(a/b)/c", r"\frac{\frac{a}{b}}{c}"),
    ("(A⁻¹)ᵀ", r"A^{-\top}"),
    ("(Aᵀ)⁻¹", r"(A^{\top})^{-1}"),
    ("x^(1/2)", "x^{1/2}"),
    ("e^(-x²/(2 σ²))", r"e^{-x^{2}/(2 \sigma^{2})}"),
    ("10^((B - A)/400)", "10^{(B - A)/400}"),
    ("x^(a/b c)", r"x^{\frac{a}{b} c}"),
    ("e^(-1/2 x²/s)", r"e^{-\frac{1}{2} x^{2}/s}"),
    ("e^(-1/2 x²)", r"e^{-\frac{1}{2} x^{2}}"),
    ("h[(l-1)/2]", "h_{(l - 1)/2}"),
    ("log p x", r"\log(p) x"),
    ("log p ⊙ x", r"\log(p) \odot x"),
    ("2 log s[k]", r"2 \log s_{k}"),
    ("log p(V[i])", r"\log(p) (V_{i})"),
    ("sqrt x", r"\sqrt{x}"),
    ("sqrt(v)[i]", r"\sqrt{v}_{i}"),
    ("sqrt(sum[i] x[i])", r"\sqrt{\sum_{i} x_{i}}"),
    ("1/sqrt log x", r"\frac{1}{\sqrt{\log x}}"),
    ("2 ½ x", r"2 \cdot \frac{1}{2} x"),
    ("½ 2", r"\frac{1}{2} \cdot 2"),
    ("-½", r"-\frac{1}{2}"),
    ("1e-50", "10^{-50}"),
    ("1.5e20", r"1.5 \cdot 10^{20}"),
    ("W_out loss", r"W_{\mathrm{out}}\, \mathrm{loss}"),
    ("rate x loss", r"\mathrm{rate}\, x\, \mathrm{loss}"),
    ("ΔW1 - η dA", r"{\Delta W}_1 - \eta {\mathrm{d}A}"),
    ("[1, 2]", "[1, 2]"),
    ("[1; 2]", r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}"),
    ("[[1, 2]]", r"\begin{bmatrix} 1 & 2 \end{bmatrix}"),
    ("[a/b, 2]", r"\left[\frac{a}{b}, 2\right]"),
    ("[x]", r"\begin{bmatrix} x \end{bmatrix}"),
    ("[z > 0][i]", "[z > 0]_{i}"),
    ("[z > 0]'", r"[z > 0]^{\top}"),
    ("(σ')(x)", r"(\sigma') (x)"),
    ("W'ᵀ", r"(W^{\top})^{\top}"),
    ("σ'²", r"(\sigma')^{2}"),
    ("W1''", "W_1''"),
    ("σ''''(x)", r"\sigma^{(4)}(x)"),
    ("(Wᵀ)[i]", r"(W^{\top})_{i}"),
    ("not (a = b)", r"\lnot(a = b)"),
    ("sum[t in S] x[t]", r"\sum_{t \in S} x_{t}"),
    ("prod[t in 1..T-1] α[t]", r"\prod_{t=1}^{T-1} \alpha_{t}"),
    ("mean[i] x[i]", r"\operatorname*{mean}_{i} x_{i}"),
    ("logsumexp[k](x[k])", r"\operatorname{lse}_{k}(x_{k})"),
    ("x[1..3]", "x_{1:3}"),
    ("X[:,1..c]", "X_{:,1:c}"),
    ("∂E(v, h)/∂v", r"\frac{\partial E (v, h)}{\partial v}"),
    ("|x|² + |a/b|", r"\lvert x\rvert^{2} + \left\lvert \frac{a}{b}\right\rvert"),
]


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_latex(text, expected):
    assert latex(read(text)) == expected


def test_who_knows_the_names_says_which_are_functions():
    assert latex(read("a/g(x)")) == r"\frac{a}{g} (x)"
    assert latex(read("a/g(x)"), functions={"g"}) == r"\frac{a}{g(x)}"
    assert latex(read("g'(x)"), functions={"g"}) == "g'(x)"
    assert latex(read("max"), functions=()) == r"\mathrm{max}"


def test_a_name_may_be_a_function_by_its_place():
    call = Product((Factor("", FunctionName("loss", "loss")), Factor("", Group((read("x"),)))))
    assert latex(call) == r"\operatorname{loss}(x)"


def test_an_index_that_reads_as_a_part_of_a_name_stands_outside_brackets():
    assert latex(read("x[1] + x[i]")) == "x_{1} + x_{i}"
    assert latex(read("x[1] + x[i]"), names={"x", "x1"}) == "[x]_{1} + x_{i}"
    assert latex(read("x[1] + x[i]"), names={"x", "x_i"}) == "x_{1} + [x]_{i}"


def test_dl_over_dw_is_a_quotient_where_both_are_names():
    assert latex(read("dL/dW")) == r"\frac{\partial L}{\partial W}"
    assert latex(read("dL/dW"), names={"dL", "dW"}) == r"\frac{{\mathrm{d}L}}{{\mathrm{d}W}}"
    assert latex(read("dL/dW[i]"), names={"dL", "dW"}) == r"\frac{{\mathrm{d}L}}{{\mathrm{d}W}_{i}}"


def test_a_label_stands_below_its_brace_and_brackets_above():
    w, shape = read("W + b"), read("m×n")
    assert latex(Underbrace(w, shape)) == r"\underbrace{W + b}_{m \times n}"
    product = Product((Factor("", Underbrace(w, shape)), Factor("", Underbrace(read("x"), read("n")))))
    assert latex(product) == r"\underbrace{(W + b)}_{m \times n}\, \underbrace{x}_{n}"
    assert latex(Power(Underbrace(w, shape), read("2"))) == r"(\underbrace{W + b}_{m \times n})^{2}"


def test_what_is_no_matrix_is_set_all_the_same():
    assert latex(read("[1; 2, 3]")) == r"\begin{bmatrix} 1 &  \\ 2 & 3 \end{bmatrix}"
    assert latex(Array(())) == latex(Array(((),))) == "[]"


def test_a_sum_ends_only_at_the_end_of_a_product():
    total = read("sum[i] x[i]")
    assert latex(Product((Factor("", total), Factor("", read("y"))))) == r"\left(\sum_{i} x_{i}\right) y"
    assert latex(Product((Factor("", read("y")), Factor("", total)))) == r"y \sum_{i} x_{i}"
    assert latex(Product((Factor("", total), Factor("/", read("n"))))) == r"\frac{\sum_{i} x_{i}}{n}"


def test_conditions_of_a_probability():
    given_v = Conditioned((read("h[j] = 1"),), (read("v"),))
    call = Product((Factor("", FunctionName("p", "p")), Factor("", Group((given_v,)))))
    assert latex(call) == r"p(h_{j} = 1 \mid v)"


def test_a_stroke_by_itself_is_a_derivative_of_whatever_is_below():
    assert latex(Power(Group((read("log x"),)), Name("′", "′"))) == r"(\log x)'"


def test_what_has_an_exponent_gets_brackets_for_another():
    squared = Power(Power(read("x"), read("2")), read("3"))
    assert latex(squared) == "(x^{2})^{3}"
    assert latex(Subscript(squared, (read("i"),))) == "[(x^{2})^{3}]_{i}"


LETTERS = [
    ("x", "x"),
    ("h1", "h_1"),
    ("W12", "W_{12}"),
    ("x₁", "x_1"),
    ("xᵢⱼ", "x_{ij}"),
    ("x₊", "x_+"),
    ("ŷ", r"\hat{y}"),
    ("yhat", r"\hat{y}"),
    ("z_hat", r"\hat{z}"),
    ("x\u0304", r"\bar{x}"),
    ("xbar1", r"\bar{x}_1"),
    ("ẍ", r"\ddot{x}"),
    ("v\u20d7", r"\vec{v}"),
    ("λ_1", r"\lambda_1"),
    ("ε", r"\varepsilon"),
    ("ℓ", r"\ell"),
    ("∞", r"\infty"),
    ("loss", r"\mathrm{loss}"),
    ("W_out", r"W_{\mathrm{out}}"),
    ("a_b_c", r"a_{\mathrm{b\_c}}"),
    ("Δx", r"{\Delta x}"),
    ("dW", r"{\mathrm{d}W}"),
    ("dx", r"\mathrm{dx}"),
    ("rate2", r"\mathrm{rate}_2"),
    ("𝐖", r"\mathbf{W}"),
    ("𝐱₁", r"\mathbf{x}_1"),
    ("𝑾", r"\boldsymbol{W}"),
    ("𝛂", r"\boldsymbol{\alpha}"),
    ("𝚪", r"\boldsymbol{\Gamma}"),
    ("ℒ", r"\mathcal{L}"),
    ("𝓁", r"\mathrm{U{+}1D4C1}"),
    ("𝔼", r"\mathbb{E}"),
    ("𝔤", r"\mathfrak{g}"),
    ("Δloss", r"\mathrm{\Delta loss}"),
    ("déjà", r"\mathrm{d\acute{e}j\grave{a}}"),
    ("ж", r"\mathrm{U{+}0436}"),
    ("жar", r"\mathrm{U{+}0436ar}"),
    ("жA1x", r"\mathrm{U{+}0436{}A1x}"),
    ("ç", r"\mathrm{U{+}00E7}"),
    ("损失", r"\mathrm{U{+}635FU{+}5931}"),
    ("Α", r"\mathrm{U{+}0391}"),
]


@pytest.mark.parametrize(("key", "expected"), LETTERS, ids=[row[0] for row in LETTERS])
def test_names_in_ascii(key, expected):
    assert latex(Name(key, key)) == expected


LETTERS_AS_THEY_ARE = [
    ("ж", r"\mathrm{ж}"),
    ("损失", r"\mathrm{损失}"),
    ("größe_1", r"\mathrm{größe}_1"),
    ("λ", r"\lambda"),
    ("Δloss", r"\mathrm{\Delta loss}"),
    ("𝐖", r"\mathbf{W}"),
    ("é", r"\acute{e}"),
]


@pytest.mark.parametrize(("key", "expected"), LETTERS_AS_THEY_ARE, ids=[row[0] for row in LETTERS_AS_THEY_ARE])
def test_names_in_unicode(key, expected):
    assert latex_of(layout(Name(key, key)), letters="unicode") == expected
    assert latex_of(text_box("größer_"), letters="unicode") == r"\text{größer\_}"


_many = settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))


@_many
@given(expressions())
def test_latex_is_ascii_and_balances_its_braces_and_brackets(tree):
    text = latex(tree)
    assert text.isascii()
    grouping = text.replace(r"\{", "").replace(r"\}", "")
    assert grouping.count("{") == grouping.count("}"), text
    assert text.count(r"\left") == text.count(r"\right"), text
    assert text.count(r"\begin") == text.count(r"\end"), text
