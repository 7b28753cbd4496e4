"""Canonical keys of names: one key for every spelling of the same letter.

Names are compared by key: composed and decomposed marks are one (NFC), a Greek word is its letter, variant
letters (ϵ, ϕ, the micro sign) are the common one. Unicode subscripts stay: x₁ and x1 are two names.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

GREEK: dict[str, str] = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "upsilon": "υ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Upsilon": "Υ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
}
"""The keyboard word of each Greek letter that has a shape of its own."""

_VARIANT_WORDS = {"varepsilon": "ε", "vartheta": "θ", "varphi": "φ", "varrho": "ρ", "varsigma": "ς"}
_WORDS = GREEK | _VARIANT_WORDS
_VARIANT_LETTERS = str.maketrans({"ϵ": "ε", "ϕ": "φ", "ϑ": "θ", "ϱ": "ρ", "ϰ": "κ", "\u00b5": "μ", "\u2206": "Δ"})

_INFINITY = frozenset({"inf", "infinity", "infty"})
_LOWERED = "₀-₉ₐ-ₜᵢᵣᵤᵥᵦᵧᵨᵩᵪⱼ"
_GREEK_WORD = re.compile(rf"({'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![^\W\d_{_LOWERED}])(.*)", re.DOTALL)
_LETTER_WORDS = {letter: word for word, letter in GREEK.items()}


@lru_cache(maxsize=65536)
def canonical_key(text: str) -> str:
    r"""The key by which a name is compared.

    >>> canonical_key("eta"), canonical_key("beta1"), canonical_key("lambda_1"), canonical_key("ϵ")
    ('η', 'β1', 'λ_1', 'ε')
    >>> canonical_key("y\u0302") == canonical_key("ŷ")
    True
    >>> canonical_key("etas"), canonical_key("x₁"), canonical_key("inf")
    ('etas', 'x₁', '∞')
    """
    if text in _INFINITY:
        return "∞"
    found = _GREEK_WORD.fullmatch(text)
    if found:
        text = _WORDS[found[1]] + found[2]
    return unicodedata.normalize("NFC", text.translate(_VARIANT_LETTERS))


def ascii_name(key: str) -> str:
    """A keyboard spelling that has this key, where there is one; other characters stay.

    >>> ascii_name("β1"), ascii_name("λ_1"), ascii_name("ŷ")
    ('beta1', 'lambda_1', 'ŷ')
    """
    if key == "∞":
        return "inf"
    spelled = _LETTER_WORDS.get(key[:1])
    if spelled is not None and canonical_key(spelled + key[1:]) == key:
        return spelled + key[1:]
    return key
