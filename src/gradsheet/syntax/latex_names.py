"""Names as LaTeX: Greek commands, accents, subscripts of digits and suffixes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from gradsheet.syntax.names import GREEK
from gradsheet.syntax.vocabulary import SUBSCRIPTS

_COMMANDS = {letter: f"\\{word}" for word, letter in GREEK.items()} | {
    "ε": r"\varepsilon",
    "φ": r"\varphi",
    "ς": r"\varsigma",
    "ℓ": r"\ell",
    "∞": r"\infty",
    "ħ": r"\hbar",
}
_ACCENTS = {
    "\u0300": r"\grave",
    "\u0301": r"\acute",
    "\u0302": r"\hat",
    "\u0303": r"\tilde",
    "\u0304": r"\bar",
    "\u0305": r"\bar",
    "\u0306": r"\breve",
    "\u0307": r"\dot",
    "\u0308": r"\ddot",
    "\u030c": r"\check",
    "\u20d7": r"\vec",
}
_SPELLED_ACCENT = re.compile(r"([^\W\d_])_?(hat|bar|tilde|vec)((?:[0-9]+|_.+)?)")
_PARTS = re.compile(r"(.*?)(?:_(.+)|([0-9]+)|([" + "".join(SUBSCRIPTS) + r"]+))?", re.DOTALL)


class LatexName(NamedTuple):
    """A letter or a word, and what stands below it."""

    base: str
    below: str

    def __str__(self) -> str:
        """The name as it stands in a formula."""
        if not self.below:
            return self.base
        return f"{self.base}_{self.below}" if len(self.below) == 1 else f"{self.base}_{{{self.below}}}"


@lru_cache(maxsize=65536)
def latex_name(key: str) -> LatexName:
    r"""A name as LaTeX, in two parts.

    >>> [str(latex_name(key)) for key in ("h1", "ŷ", "yhat", "x̄", "λ_1", "W_out", "loss", "x₁₂")]
    ['h_1', '\\hat{y}', '\\hat{y}', '\\bar{x}', '\\lambda_1', 'W_{\\mathrm{out}}', '\\mathrm{loss}', 'x_{12}']
    """
    spelled = _SPELLED_ACCENT.fullmatch(key)
    if spelled:
        letter, accent, rest = spelled.groups()
        below = latex_name("x" + rest).below
        return LatexName(f"\\{accent}{{{_letter(letter)}}}", below)
    found = _PARTS.fullmatch(key)
    if found is None or not found[1]:
        return LatexName(_word(key), "")
    word, suffix, digits, lowered = found.groups()
    if lowered:
        digits = "".join(SUBSCRIPTS[char] for char in lowered)
        digits = digits if digits.isdigit() else " ".join(_letter(char) for char in digits)
    below = digits or (_word(suffix) if suffix else "")
    return LatexName(_word(word), below)


def _letter(char: str) -> str:
    return _COMMANDS.get(char, char)


def _word(text: str) -> str:
    """A letter with its accents, a word in upright type, or a number."""
    letters = unicodedata.normalize("NFD", text)
    if letters and all(char in _ACCENTS for char in letters[1:]):
        out = _letter(letters[0])
        for mark in letters[1:]:
            out = f"{_ACCENTS[mark]}{{{out}}}"
        return out
    if text.isdigit():
        return text
    if len(text) == 2 and text[0] in "Δδ" and text[1].isalpha():
        return f"{{{_letter(text[0])} {_letter(text[1])}}}"
    body = "".join(_COMMANDS[char] + " " if char in _COMMANDS else char for char in text).strip()
    return rf"\mathrm{{{escaped(body)}}}"


def escaped(text: str) -> str:
    """Text whose underscores LaTeX prints."""
    return text.replace("_", "\\_")
