"""Names have one key, however they are spelled."""

from __future__ import annotations

import pytest

from gradsheet.syntax import canonical_key
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
