r"""Letters as LaTeX in ASCII: commands for Greek and letter-like signs, alphabets, and a number for everything else.

A letter that LaTeX has no command for is written by its place in Unicode, U+0436 for ж: it says which letter it is, is
never another name, and every engine sets it. Words in text (`\text`) follow the same rule.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from gradsheet.syntax.names import GREEK
from gradsheet.typesetting.names import ACCENTS

_COMMANDS = {letter: f"\\{word}" for word, letter in GREEK.items()} | {
    "ε": r"\varepsilon",
    "φ": r"\varphi",
    "ς": r"\varsigma",
    "ℓ": r"\ell",
    "∞": r"\infty",
    "∂": r"\partial",
    "∇": r"\nabla",
    "⊤": r"\top",
    "…": r"\dots",
    "ħ": r"\hbar",
    "ı": r"\imath",
    "ȷ": r"\jmath",
    "℘": r"\wp",
    "ℵ": r"\aleph",
    "ð": r"\eth",
}
_ALPHABETS = {
    "MATHEMATICAL BOLD ITALIC": "boldsymbol",
    "MATHEMATICAL BOLD": "mathbf",
    "MATHEMATICAL DOUBLE-STRUCK": "mathbb",
    "DOUBLE-STRUCK": "mathbb",
    "MATHEMATICAL SCRIPT": "mathcal",
    "SCRIPT": "mathcal",
    "MATHEMATICAL FRAKTUR": "mathfrak",
    "BLACK-LETTER": "mathfrak",
    "MATHEMATICAL SANS-SERIF": "mathsf",
    "MATHEMATICAL MONOSPACE": "mathtt",
}
_ONLY_CAPITALS = frozenset({"mathbb", "mathcal"})
_TEXT = {"–": "--", "—": "---", "’": "'", "‘": "`", "“": "``", "”": "''", "…": "...", "×": r"$\times$", "\u00a0": " "}
_PLACE_AT_END = re.compile(r"U\{\+\}[0-9A-F]+$")
_SPECIAL = {"_": r"\_", "{": r"\{", "}": r"\}", "$": r"\$", "%": r"\%", "&": r"\&", "#": r"\#"}


@lru_cache(maxsize=4096)
def letter(char: str, *, ascii_only: bool = True) -> str:
    r"""One letter in mathematics.

    >>> print(letter("x"), letter("λ"), letter("𝐖"), letter("ℝ"), letter("ж"))
    x \lambda \mathbf{W} \mathbb{R} \mathrm{U{+}0436}
    """
    if char in _COMMANDS:
        return _COMMANDS[char]
    if char.isascii():
        return _SPECIAL.get(char, char)
    return _styled(char) or rf"\mathrm{{{_place(char) if ascii_only else char}}}"


def _styled(char: str) -> str | None:
    """A letter of one of the alphabets of mathematics."""
    alphabet, size, plain = "", "", ""
    for size in ("CAPITAL", "SMALL"):
        alphabet, found, plain = unicodedata.name(char, "").partition(f" {size} ")
        if found:
            break
    command = _ALPHABETS.get(alphabet)
    if command is None or (command in _ONLY_CAPITALS and size == "SMALL"):
        return None
    if len(plain) == 1:
        return rf"\{command}{{{plain if size == 'CAPITAL' else plain.lower()}}}"
    word = plain.capitalize() if size == "CAPITAL" else plain.lower()
    greek = GREEK.get(word)
    return rf"\boldsymbol{{{_COMMANDS[greek]}}}" if greek and command in ("mathbf", "boldsymbol") else None


def escaped(text: str, *, ascii_only: bool = True) -> str:
    r"""A word in upright type: `a\_b`, `d\acute{e}j\grave{a}`.

    >>> print(escaped("a_b"), escaped("Δloss"), escaped("déjà"))
    a\_b \Delta loss d\acute{e}j\grave{a}
    """
    if not ascii_only and not all(char.isascii() or char in _COMMANDS for char in text):
        return "".join(_SPECIAL.get(char, char) for char in text)
    out = ""
    for part in _clusters(text):
        written = _cluster(part)
        command = out.rsplit("\\", 1)[-1] if "\\" in out else ""
        if command.isalpha() and written[:1].isalpha():
            out += " "
        elif _PLACE_AT_END.search(out) and written[:1] in "0123456789ABCDEF":
            out += "{}"  # U+0436 and an A, not U+0436A
        out += written
    return out


def _clusters(text: str) -> list[str]:
    """Letters with their marks."""
    out: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        if out and unicodedata.combining(char):
            out[-1] += char
        else:
            out.append(char)
    return out


def _cluster(part: str) -> str:
    base, marks = part[0], part[1:]
    if not marks:
        return letter(base) if base in _COMMANDS or base.isascii() else _styled(base) or _place(base)
    if all(mark in ACCENTS for mark in marks):
        out = letter(base)
        for mark in marks:
            out = f"\\{ACCENTS[mark]}{{{out}}}"
        return out
    composed = unicodedata.normalize("NFC", part)
    return "".join(char if char.isascii() and char.isalnum() else _place(char) for char in composed)


def _place(char: str) -> str:
    """U+0436, with a plus that has no spaces."""
    return f"U{{+}}{ord(char):04X}"


def unicode_words(words: str) -> str:
    r"""Words for `\text`, with their letters as they are."""
    return "".join(_SPECIAL.get(char, char) for char in words)


def ascii_words(words: str) -> str:
    r"""Words for `\text`."""
    return "".join(
        _SPECIAL.get(char, char) if char.isascii() else _TEXT.get(char) or f"${letter(char)}$" for char in words
    )
