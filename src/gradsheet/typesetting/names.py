"""Names as boxes: letters with accents, words in upright type, what stands below a name as a part of it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from gradsheet.syntax.vocabulary import SUBSCRIPTS
from gradsheet.typesetting.boxes import Accent, AccentMark, Box, Compound, Letter, Numeral, Scripts, Sign, Word, row

ACCENTS: dict[str, AccentMark] = {
    "\u0300": "grave",
    "\u0301": "acute",
    "\u0302": "hat",
    "\u0303": "tilde",
    "\u0304": "bar",
    "\u0305": "bar",
    "\u0306": "breve",
    "\u0307": "dot",
    "\u0308": "ddot",
    "\u030c": "check",
    "\u20d7": "vec",
}
"""Combining characters that formulas have an accent for."""

_SPELLED_MARKS: dict[str, AccentMark] = {"hat": "hat", "bar": "bar", "tilde": "tilde", "vec": "vec"}
_SPELLED_ACCENT = re.compile(r"([^\W\d_])_?(hat|bar|tilde|vec)((?:[0-9]+|_.+)?)")
_PARTS = re.compile(r"(.*?)(?:_(.+)|([0-9]+)|([" + "".join(SUBSCRIPTS) + r"]+))?", re.DOTALL)


@lru_cache(maxsize=65536)
def name_box(key: str) -> Box:
    """A name.

    >>> name_box("x"), name_box("loss")
    (Letter(char='x'), Word(text='loss'))
    >>> name_box("W1")
    Scripts(base=Letter(char='W'), below=Numeral(text='1'), above=None, own=True)
    >>> name_box("yhat") == name_box("ŷ")
    True
    """
    base, below = _parts(key)
    return base if below is None else Scripts(base, below, own=True)


def has_index(key: str) -> bool:
    """Whether something stands below a name as a part of it: W1, x_out, but not ŷ."""
    return isinstance(name_box(key), Scripts)


def _parts(key: str) -> tuple[Box, Box | None]:
    spelled = _SPELLED_ACCENT.fullmatch(key)
    if spelled:
        letter, mark, rest = spelled.groups()
        return Accent(_SPELLED_MARKS[mark], Letter(letter)), _parts("x" + rest)[1]
    found = _PARTS.fullmatch(key)
    if found is None or not found[1]:
        return _word(key), None
    word, suffix, digits, lowered = found.groups()
    if lowered:
        plain = [SUBSCRIPTS[char] for char in lowered]
        numeral = all(char.isdigit() for char in plain)
        return _word(word), Numeral("".join(plain)) if numeral else row(*map(_word, plain))
    if digits:
        return _word(word), Numeral(digits)
    return _word(word), _word(suffix) if suffix else None


def _word(text: str) -> Box:
    """A letter with its accents, a word, or a number."""
    if text.isdigit():
        return Numeral(text)
    if text in "+-=()":
        return Sign(text.replace("-", "−"), "ordinary")
    letters = unicodedata.normalize("NFD", text)
    if letters and all(char in ACCENTS for char in letters[1:]):
        out: Box = Letter(letters[0])
        for mark in letters[1:]:
            out = Accent(ACCENTS[mark], out)
        return out
    if len(text) == 1:
        return Letter(text)
    if len(text) == 2 and text[0] in "Δδ" and text[1].isalpha():
        return Compound((Letter(text[0]), Letter(text[1])))
    if len(text) == 2 and text[0] == "d" and text[1].isupper():
        return Compound((Word("d"), Letter(text[1])))
    return Word(text)
