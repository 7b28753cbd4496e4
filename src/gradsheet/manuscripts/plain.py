"""Documents without TeX: lines that are formulas in plain Unicode.

A line of a fence without a language, or marked as text, is a formula if it has a relation sign or no words; an indented
line and a line of its own are one if they have a relation sign and are no sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from gradsheet.manuscripts.delimiters import Enclosed
from gradsheet.manuscripts.page import Page, without
from gradsheet.manuscripts.words import RELATION, SHORT, prose_words

if TYPE_CHECKING:
    from gradsheet.manuscripts.macros import Expansion
    from gradsheet.manuscripts.model import ProseKind
    from gradsheet.manuscripts.view import View

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*([^`\n]*)")
_QUOTE = re.compile(r"[ \t]{0,3}(?:>[ \t]+)+")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t]+")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:=+|-{2,}|\*{3,}|_{3,})[ \t]*\Z")
_BULLET = re.compile(r"[ \t]*[-*+•][ \t]+(?=\S)")
_NUMBER = re.compile(r"[ \t]*\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)][ \t]+(?=\S)")
_LABEL = re.compile(r"[ \t]*(?:[^\W\d_][^:=≈∝∈←∂∑√]{0,60}?)(?<=\w|\))[ \t]*:(?=[ \t])[ \t]*(?=\S)")
_COMMENT = re.compile(r"\s{2,}(?:#|//|%)\s.*\Z")
_TAIL = re.compile(r"\s\([^()=]*\)[ \t]*\Z|,?\s+(?:for|where|with|if|when|since|because|as)\s.*\Z")
_LEAD = re.compile(
    r"(?:so|thus|hence|then|therefore|and|also|finally|now|where|with|or)[,:]?[ \t]+(?=\S)", re.IGNORECASE
)
_BETWEEN = re.compile(r"[\s,;](?:and|or|so|then|thus|hence|therefore)[\s,]", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(?=[*_<>#|`~\[\]])")
_OPERATOR = re.compile(r"[-+*/·⊙∂∑Σ^_]|\\[A-Za-z]")
_WIDE = re.compile(r"\s{3,}")
_LATEX = re.compile(r"\\[A-Za-z]{2,}")
_SIGNS = re.compile(r"[^\W\d_]|\d+(?:\.\d+)?|[^\w\s.,;:!?\"'()\[\]{}]")
_TEXT_FENCES = frozenset(("", "text", "txt", "plain", "plaintext", "math", "gradsheet", "sheet"))

LONGEST_LINE = 2000
"""Characters; a longer line is a paragraph, or nobody's."""

Setting = Literal["fence", "indented", "line"]


_NAMED = re.compile(r"^[ \t]*(?:[-*•][ \t]+)?(d?)([^\W\d_]{3,})(?:_?\d+)?[ \t]*(?:=|:=|<-)(?!=)", re.MULTILINE)


def names_in(text: str) -> frozenset[str]:
    """Words that are names on a page, because lines begin by saying what they are.

    >>> sorted(names_in("scores = W x + b")), sorted(names_in("It is = b"))
    (['scores'], [])
    """
    found = {name for sign, word in _NAMED.findall(text) for name in (sign + word, word)}
    return frozenset(word for word in found if word.lower() not in SHORT)


def is_formula_line(line: str, setting: Setting = "line", names: frozenset[str] = frozenset()) -> bool:
    """Whether a line consists of a formula; where it stands decides how many words it may have.

    >>> is_formula_line("∂L/∂z_i = p_i − y_i   (softmax)"), is_formula_line("so z = W x + b follows")
    (True, False)
    >>> is_formula_line("W x + b"), is_formula_line("W x + b", "fence"), is_formula_line("Forward pass", "fence")
    (False, True, False)
    """
    bare = _WIDE.sub("  ", line.strip())
    if len(bare) > LONGEST_LINE:
        return False
    relation = RELATION.search(bare)
    if setting == "fence":
        if relation:
            return not re.match(r"(?:#|//|%)", bare) and prose_words(_core(bare), names) <= 4
        return not prose_words(bare, names) and _OPERATOR.search(bare) is not None
    if relation is None:
        return False
    core = _core(bare)
    words = prose_words(core, names)
    if words and len(RELATION.findall(core)) > 1:
        words = prose_words(_BETWEEN.sub(" ", core), names)
    if setting == "indented":
        return words <= 2 and 3 * words <= len(_SIGNS.findall(core))
    if words == 0:
        return bare[-1:] not in "?!" and re.search(r"\w", bare) is not None
    return False


def _core(line: str) -> str:
    """The line without a remark behind it."""
    return _TAIL.sub("", _COMMENT.sub("", line))


def lines_left_out(text: str) -> tuple[int, int] | None:
    """The first line of a document with TeX that would be a formula in one without, as a span."""
    if not RELATION.search(text):
        return None
    at = 0
    for line in text.split("\n"):
        if len(line) <= 500 and "$" not in line and "\\" not in line and "`" not in line and "|" not in line:
            bare = line.strip()
            if re.search(r"[∂∇∑Σδᵀ⊙⁽₁₂₃]", bare) and is_formula_line(line):
                return at, at + len(line)
        at += len(line) + 1
    return None


class PlainReader:
    """Walks over the lines of one text and hands its pieces to a page."""

    def __init__(self, page: Page, view: View, *, fenced: bool = False) -> None:
        self.page = page
        self.view = view
        self.text = view.text
        self._names = names_in(view.text)
        self._fenced = fenced  # the whole text is like the inside of a fence
        self._open = False
        self._fence = ""
        self._listed = False

    def read(self, at: int) -> None:
        """Everything from a place on."""
        text = self.text
        reading = self._fenced
        language = ""
        previous_blank = True
        while at < len(text):
            self.page.step(self.view, at)
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            line = text[at:end]
            fence = None if self._fenced else _FENCE.match(line)
            if self._fence:
                if fence and fence[1].startswith(self._fence) and not fence[2].strip():
                    self._fence = ""
                    self._end()
                elif reading:
                    self._formula_or_words(at, end, "fence")
                else:
                    self._words(at, end, "code")
            elif fence:
                self._end()
                language = (fence[2].strip().lower().split() or [""])[0]
                self._fence = fence[1]
                reading = language in _TEXT_FENCES
            elif not line.strip():
                self._end()
            elif self._fenced:
                self._formula_or_words(at, end, "fence")
            else:
                self._line(at, end, indented=previous_blank and line[:4].replace("\t", "    ")[:4] == "    ")
            previous_blank = not line.strip() or (previous_blank and line[:1] in " \t")
            at = end + 1
        self._end()

    def _line(self, at: int, end: int, *, indented: bool) -> None:
        text = self.text
        line = text[at:end]
        if heading := _HEADING.match(line):
            self._end()
            self._words(at + heading.end(), end, "heading")
            self._end()
            return
        if _UNDERLINE.match(line):
            self.page.make_heading()
            self._end()
            return
        if quote := _QUOTE.match(line):
            at += quote.end()
            line = text[at:end]
        if bullet := _BULLET.match(line):
            inner = line[bullet.end() :]
            inside, whole = (is_formula_line(part, names=self._names) for part in (inner, line))
            if line.lstrip()[0] != "-" or inside or not whole:
                self._end()
                self.page.block("item", self.view.origin(at))
                self._open = True
                at += bullet.end()
        elif number := _NUMBER.match(line):
            self._end()
            self.page.block("item", self.view.origin(at))
            self._open = True
            self.page.words(line[: number.end()], self.view.origin(at))
            at += number.end()
        self._formula_or_words(at, end, "indented" if indented else "line")

    def _formula_or_words(self, at: int, end: int, setting: Setting) -> None:
        text = self.text
        start = at + len(text[at:end]) - len(text[at:end].lstrip())
        label = None
        if ":" in text[start:end] and end - start <= LONGEST_LINE:
            label = _LABEL.match(text[start:end])
        rest = text[start + label.end() : end] if label else ""
        if label and is_formula_line(rest, setting, self._names) and prose_words(label[0].rpartition(":")[0]):
            self._words(start, start + label.end(), "text", line=False)
            start += label.end()
        elif (lead := self._lead(text[start:end], setting)) > 0:
            self._words(start, start + lead, "text", line=False)
            start += lead
        elif not is_formula_line(text[start:end], setting, self._names):
            self._words(at, end, "text")
            return
        stop = start + len(text[start:end].rstrip())
        for mark in ("`", "**", "*"):
            inner = text[start + len(mark) : stop - len(mark)]
            wrapped = text.startswith(mark, start) and text.endswith(mark, start, stop)
            if wrapped and stop - start > 2 * len(mark) and mark not in inner:
                start, stop = start + len(mark), stop - len(mark)
        if text[stop - 1 : stop] == "\\":
            stop -= 1
        spelling: Literal["latex", "plain"] = "latex" if _LATEX.search(text, start, stop) else "plain"
        clean = _unescaped if spelling == "plain" and setting != "fence" else None
        enclosed = Enclosed(start, stop, end, display=True)
        self.page.formula(self.view, start, enclosed, spelling=spelling, clean=clean)
        self._open = True

    def _lead(self, line: str, setting: Setting) -> int:
        """The length of `so` or `where` before a formula, unless the line goes on with a sentence begun above it."""
        found = None if self.page.has_words() else _LEAD.match(line)
        reads = found is not None and is_formula_line(line[found.end() :], setting, self._names)
        return found.end() if found is not None and reads else 0

    def _words(self, at: int, end: int, kind: ProseKind, *, line: bool = True) -> None:
        if not self._open:
            self.page.block(kind, self.view.origin(at))
            self._open = True
        self.page.words(self.text[at:end] + ("\n" if line else ""), self.view.origin(at))

    def _end(self) -> None:
        self.page.end_block()
        self._open = False


def _unescaped(text: str) -> Expansion | None:
    """Markdown's own backslashes taken away."""
    return without(text, _ESCAPED) if "\\" in text else None
