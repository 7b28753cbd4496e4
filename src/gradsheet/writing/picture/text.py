"""W2ᵀ δ[l−1] as runs of letters: italic variables, upright functions and digits, indices below and powers above.

A picture has no formula engine: it has letters with a size and a height. The formula that is set is the text that the
terminal prints, so it reads the same. Widths come from a table that is wide enough for the usual serif and sans-serif
fonts, because the font is the viewer's.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from gradsheet.operations import ARRAY_SPELLINGS, ELEMENTWISE_SPELLINGS
from gradsheet.records import dataclass
from gradsheet.syntax.vocabulary import FUNCTIONS, RESERVED, SUBSCRIPTS, SUPERSCRIPTS

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

SMALL = 0.72
"""The size of indices and powers."""
_WIDTHS = {
    280: "'j",
    320: " ,./\\il|·",
    360: "()-:;Ifι",
    400: "![]t⟨⟩′",
    440: '"r',
    480: "J`szε",
    520: "*?_cvxyζξτ∂",
    560: "aekoβγδηθνορυχ‖",
    600: "$0123456789bdghnpqu{}κλμπℓ",
    640: "FLPSTZασφΓ",
    680: "BERΞ",
    720: "Cψ∈",
    760: "#+<=>ADGKOQUVXY^~ωΔΘΛΥ∇×÷−±≤≥≠≈ℝ",
    800: "HNwΠΦΨΩ⊙⊘Σ√",
    840: "&",
    880: "%m",
    960: "@MW∞",
    1000: "∏…←→",
}
"""Widths in thousandths of the size: what Times, STIX and their like need, and nine tenths of the widest (DejaVu)."""
_WIDTH = {sign: width / 1000 for width, signs in _WIDTHS.items() for sign in signs}
_WIDEST = 1.0
_WORDS = {"sum": "Σ", "prod": "Π", "sqrt": "√", "inf": "∞"}
_UPRIGHT = FUNCTIONS | RESERVED | ELEMENTWISE_SPELLINGS.keys() | ARRAY_SPELLINGS.keys()
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "vec": "\u20d7"}
_SPELLED = re.compile(r"([^\W\d_])_?(hat|bar|tilde|vec)([0-9]*|_.+)")
_UP = "".join(SUPERSCRIPTS)
_DOWN = "".join(SUBSCRIPTS)
_MARKS = "\u0300-\u036f\u20d7"
_LETTER = rf"(?:[^\W\d_{_UP}{_DOWN}][{_MARKS}]*)"
_NAME = re.compile(rf"({_LETTER}+?)(?:_(\w+)|([0-9]+)|([{_DOWN}]+))?")
_TOKEN = re.compile(
    rf"(?P<raised>[{_UP}]+)"
    rf"|(?P<lowered>[{_DOWN}]+)"
    rf"|(?P<name>{_LETTER}(?:[^\W{_UP}]|[{_MARKS}])*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<power>\^)"
    r"|(?P<other>.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one kind: italic or upright, on the line (0), below (−1) or above (1)."""

    text: str
    italic: bool = False
    level: int = 0


Text = tuple[Run, ...]


def words(text: str) -> Text:
    """Upright letters, as they are."""
    return (Run(text),) if text else ()


def width(text: Text, size: float) -> float:
    """The room that a text takes.

    >>> width(words("0.5"), 10) < width(words("−0.5"), 10)
    True
    """
    return sum(_letters(run.text) * size * (SMALL if run.level else 1) for run in text)


def _letters(text: str) -> float:
    return sum(0 if unicodedata.combining(c) else _WIDTH.get(c, _WIDTH.get(_base(c), _WIDEST)) for c in text)


def _base(sign: str) -> str:
    return unicodedata.normalize("NFD", sign)[0]


def plain_text(text: Text) -> str:
    """The letters alone."""
    return "".join(run.text for run in text)


def formula(text: str, taken: Container[str] = ()) -> Text:
    """A formula, as the printers of a sheet write it, set as on paper.

    `taken` are the sheet's names: h[0] keeps its brackets where h0 is another name.

    >>> [(run.text, run.level) for run in formula("W1 x² + h[l−1]")]
    [('W', 0), ('1', -1), (' ', 0), ('x', 0), ('2', 1), (' + ', 0), ('h', 0), ('l', -1), ('−1', -1)]
    >>> plain_text(formula("sum[k] y[k] log ŷ[k]"))
    'Σk yk log ŷk'
    """
    return tuple(_joined(_Setter(taken).runs(unicodedata.normalize("NFC", text), 0)))


def _joined(runs: Iterator[Run]) -> Iterator[Run]:
    """Neighbours of one kind as one run."""
    held: Run | None = None
    for run in runs:
        if held is not None and (held.italic, held.level) == (run.italic, run.level):
            held = Run(held.text + run.text, run.italic, run.level)
            continue
        if held is not None:
            yield held
        held = run
    if held is not None:
        yield held


class _Setter:
    """Reads a formula from left to right."""

    def __init__(self, taken: Container[str]) -> None:
        self.taken = taken

    def runs(self, text: str, level: int) -> Iterator[Run]:
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            assert token is not None
            at = token.end()
            match token.lastgroup:
                case "raised":
                    yield Run("".join(_raised(c) for c in token[0]), level=level or 1)
                case "lowered":
                    yield Run("".join(SUBSCRIPTS[c] for c in token[0]), level=level or -1)
                case "name":
                    index, at = _bracketed(text, at, "[")
                    yield from self._name(token[0], index, level)
                    inside, behind = _bracketed(text, at, "(")
                    if token[0] == "sqrt" and inside is not None and inside.isalnum():
                        yield from self.runs(inside, level)  # √c needs no brackets
                        at = behind
                case "power":
                    exponent, at = _bracketed(text, at, "(")
                    if exponent is None:
                        following = _TOKEN.match(text, at)
                        exponent, at = (following[0], following.end()) if following else ("", at)
                    yield from self.runs(exponent, level or 1)
                case "number":
                    yield Run(token[0], level=level)
                case _:
                    yield Run({"'": "′", "-": "−", "*": "·"}.get(token[0], token[0]), level=level)

    def _name(self, name: str, index: str | None, level: int) -> Iterator[Run]:
        """A letter with what stands below it; a word or a function upright. A second index keeps its brackets."""
        if name in _WORDS or name in _UPRIGHT:
            base, below, italic = _WORDS.get(name, name), "", False
        else:
            base, below = _parts(name)
            italic = sum(not unicodedata.combining(c) for c in unicodedata.normalize("NFD", base)) == 1
        yield Run(base, italic, level)
        if below:
            yield Run(below, level=level or -1)
        if index is None:
            return
        if below or level or name + index in self.taken:
            yield Run("[", level=level)
            yield from self.runs(index, level)
            yield Run("]", level=level)
        else:
            yield from self.runs(index, -1)


def _parts(name: str) -> tuple[str, str]:
    """A name, and the number or word at its end that stands below it."""
    spelled = _SPELLED.fullmatch(name)
    if spelled:
        return unicodedata.normalize("NFC", spelled[1] + _ACCENTS[spelled[2]]), spelled[3].lstrip("_")
    found = _NAME.fullmatch(name)
    if found is None:
        return name, ""
    base, suffix, digits, lowered = found.groups()
    return base, suffix or digits or "".join(SUBSCRIPTS[c] for c in lowered or "")


def _raised(sign: str) -> str:
    return SUPERSCRIPTS[sign].replace("-", "−")


def _bracketed(text: str, at: int, opening: str) -> tuple[str | None, int]:
    """What stands between brackets that open right here, and the place behind them."""
    if text[at : at + 1] != opening:
        return None, at
    closing = {"[": "]", "(": ")"}[opening]
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == opening) - (text[place] == closing)
        if not depth:
            return text[at + 1 : place], place + 1
    return None, at
