"""Names have one key, however they are spelled."""

from __future__ import annotations

import pytest

from gradsheet.syntax import canonical_key
from gradsheet.syntax.latex_names import latex_name
from gradsheet.syntax.names import GREEK, ascii_name


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("eta", "η"),
        ("Gamma", "Γ"),
        ("epsilon", "ε"),
        ("varepsilon", "ε"),
        ("ϵ", "ε"),
        ("ϕ", "φ"),
        ("phi", "φ"),
        ("µ", "μ"),
        ("∆", "Δ"),
        ("beta1", "β1"),
        ("beta_1", "β_1"),
        ("lambda_max", "λ_max"),
        ("beta₁", "β₁"),
        ("theta\u0302", "θ\u0302"),
        ("y\u0302", "ŷ"),
        ("x\u0304", "x\u0304"),
        ("etas", "etas"),
        ("meta", "meta"),
        ("betaᵢ", "βᵢ"),
        ("x₁", "x₁"),
        ("x1", "x1"),
        ("ℓ", "ℓ"),
        ("z_hat", "z_hat"),
        ("inf", "∞"),
    ],
)
def test_keys(text, key):
    assert canonical_key(text) == key
    assert canonical_key(key) == key


@pytest.mark.parametrize("word", GREEK)
def test_every_greek_word_comes_back_on_a_keyboard(word):
    assert ascii_name(canonical_key(word)) == word
    assert canonical_key(ascii_name(canonical_key(word + "_1"))) == GREEK[word] + "_1"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("x", "x"),
        ("h1", "h_1"),
        ("W12", "W_{12}"),
        ("x₁", "x_1"),
        ("xᵢⱼ", "x_{i j}"),
        ("ŷ", r"\hat{y}"),
        ("yhat", r"\hat{y}"),
        ("z_hat", r"\hat{z}"),
        ("x\u0304", r"\bar{x}"),
        ("xbar1", r"\bar{x}_1"),
        ("λ_1", r"\lambda_1"),
        ("ε", r"\varepsilon"),
        ("ℓ", r"\ell"),
        ("∞", r"\infty"),
        ("loss", r"\mathrm{loss}"),
        ("W_out", r"W_{\mathrm{out}}"),
        ("a_b_c", r"a_{\mathrm{b\_c}}"),
        ("Δx", r"{\Delta x}"),
        ("rate2", r"\mathrm{rate}_2"),
    ],
)
def test_latex(key, expected):
    assert str(latex_name(key)) == expected
