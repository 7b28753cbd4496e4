r"""Words for LaTeX and for Typst: 50 % becomes 50 \%, ŷ becomes \^{y}, and whatever has no command keeps its letter."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from gradsheet.typesetting import latex_of
from gradsheet.typesetting.boxes import Letter, Sign

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
}  # fmt: skip
_PUNCTUATION = {
    "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": r"\dots{}", "\u00a0": "~", "\u2009": r"\,",
    "\u202f": r"\,", "§": r"\S{}", "©": r"\copyright{}", "€": r"\texteuro{}", "°": r"\textdegree{}",
    "«": r"\guillemotleft{}", "»": r"\guillemotright{}", "•": r"\textbullet{}",
}  # fmt: skip
_LETTERS = {
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "ł": r"\l{}", "Ł": r"\L{}", "å": r"\aa{}", "Å": r"\AA{}", "ı": r"\i{}",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0328": "k", "\u0323": "d",
    "\u0331": "b",
}  # fmt: skip
_SIGNS = {
    "Σ": r"\sum", "∑": r"\sum", "Π": r"\prod", "∏": r"\prod", "√": r"\surd", "‖": r"\|", "±": r"\pm", "⊙": r"\odot",
    "⊘": r"\oslash", "ᵀ": r"^{\top}", "′": "'", "∫": r"\int", "⟨": r"\langle", "⟩": r"\rangle", "⋯": r"\cdots",
    "∀": r"\forall", "∃": r"\exists", "∝": r"\propto", "∼": r"\sim", "≡": r"\equiv", "≪": r"\ll", "≫": r"\gg",
    "∅": r"\emptyset", "∪": r"\cup", "∩": r"\cap", "⊂": r"\subset", "↦": r"\mapsto", "↔": r"\leftrightarrow",
    "½": r"\tfrac12", "¼": r"\tfrac14", "¾": r"\tfrac34", "·": r"\cdot",
}  # fmt: skip
_RELATIONS = "≠≤≥∈≈←→⇒−×⊗¬"


def latex_words(text: str) -> str:
    r"""A text as LaTeX.

    >>> print(latex_words("50 % of a_1 & ŷ ∈ ℝ, h² – Müller's {x}"))
    50 \% of a\_1 \& \^{y} $\in$ $\mathbb{R}$, h\textsuperscript{2} -- M\"{u}ller\textquotesingle{}s \{x\}
    """
    return "".join(_cluster(part) for part in _clusters(text))


def typst_words(text: str) -> str:
    r"""A text as a string of Typst, which needs no other care.

    >>> print(typst_words('50 % of "x"'))
    #"50 % of \"x\"";
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'#"{escaped}";'


def _clusters(text: str) -> list[str]:
    """Letters with their accents."""
    out: list[str] = []
    for char in unicodedata.normalize("NFD", "".join(c if c.isprintable() else " " for c in text)):
        if out and unicodedata.combining(char):
            out[-1] += char
        else:
            out.append(char)
    return out


@lru_cache(maxsize=4096)
def _cluster(part: str) -> str:
    base, marks = part[0], part[1:]
    whole = unicodedata.normalize("NFC", part)
    if not marks or whole in _LETTERS:
        return _letter(whole)
    if all(mark in _ACCENTS for mark in marks) and (base.isascii() or base in _LETTERS):
        out = {"i": r"\i", "j": r"\j"}.get(base, _letter(base))
        for mark in marks:
            out = f"\\{_ACCENTS[mark]}{{{out}}}"
        return out
    return "".join(map(_letter, whole))


def _letter(char: str) -> str:
    if char.isascii():
        return _SPECIAL.get(char, char)
    known = _PUNCTUATION.get(char) or _LETTERS.get(char)
    if known is not None:
        return known
    if char in _SIGNS:
        return f"${_SIGNS[char]}$"
    if char in _RELATIONS:
        return f"${latex_of(Sign(char, 'ordinary'))}$"
    plain = unicodedata.normalize("NFKC", char).replace("−", "-")
    kind = unicodedata.decomposition(char)
    if plain.isascii() and kind.startswith(("<super>", "<sub>")):
        command = "textsuperscript" if kind.startswith("<super>") else "textsubscript"
        return f"\\{command}{{{latex_words(plain)}}}"
    formula = latex_of(Letter(char))
    if "U{+}" not in formula:
        return f"${formula}$"
    if unicodedata.combining(char):
        return ""
    return f"\\anyletter{{{ord(char):04X}}}{{{char}}}"
