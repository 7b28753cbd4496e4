r"""Where a formula ends that `$`, `$$`, `\(`, `\[` or `\begin` opens: every search walks over the text once at most."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gradsheet.manuscripts.words import bracket_is_math, has_signs, inline_is_math, prose_words

if TYPE_CHECKING:
    from gradsheet.manuscripts.view import View

LONGEST_INLINE = 20_000
_MOST_INNER = 8

DELIMITING = frozenset(("equation", "displaymath", "math", "dmath"))
"""Environments that say where a formula stands and nothing about its rows: they are its delimiters."""

ROWS = frozenset(
    """
    align alignat flalign xalignat gather multline eqnarray IEEEeqnarray dgroup aligned alignedat gathered split cases
    dcases rcases array matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix
    """.split()  # noqa: SIM905 - a list of words is read as words
)
"""Environments with rows, which belong to the formula."""

_BLANK_LINE = re.compile(r"\n[ \t>]*(?=\n)")
_DOUBLE = re.compile(r"(?<!\\)\$\$|(?<=\\\\)\$\$")
_SINGLE = re.compile(r"(?<!\\)\$|(?<=\\\\)\$")
_ROUND = re.compile(r"(?<!\\)(?:\\\\)*\\\)")
_SQUARE = re.compile(r"(?<!\\)(?:\\\\)*\\\]")
_ROUND_ESCAPED = re.compile(r"\\\\\)")
_SQUARE_ESCAPED = re.compile(r"\\\\\]")
_CLOSERS = {
    (False, False): _ROUND,
    (False, True): _ROUND_ESCAPED,
    (True, False): _SQUARE,
    (True, True): _SQUARE_ESCAPED,
}
_ENVIRONMENT = re.compile(r"\\(begin|end)[ \t]*\{([A-Za-z]+)(\*?)\}")
_WORDS_GROUP = re.compile(r"\\(?:text|textrm|textbf|textit|textsf|textnormal|mbox|hbox|intertext)\s*\{")
_LINE_END = re.compile(r"[ \t]*+(?:~~)?[ \t.,;]*+(?:\n|\Z)")
_OPENER = {"(": re.compile(r"(?<!\\)\\\("), "[": re.compile(r"(?<!\\)\\\[")}
_BLOCK = re.compile(r"\n[ \t]*(?:#{1,6} |```|~~~|[-*+] \S)")


class Enclosed(NamedTuple):
    """Between two delimiters: start and end of what they hold, and where reading goes on behind them."""

    start: int
    end: int
    after: int
    display: bool


class Delimiters:
    """Ends of formulas in one text, up to `stop`."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.text = view.text
        self._ends: dict[int, tuple[int, int]] | None = None

    def paragraph_end(self, at: int) -> int:
        """Where the next blank line begins."""
        return self.view.next(_BLANK_LINE, at)[0]

    def dollars(self, at: int) -> Enclosed | None:
        """`$$ … $$`."""
        start, after = self.view.next(_DOUBLE, at + 2)
        return self._display(at, Enclosed(at + 2, start, after, display=True))

    def bracket(self, at: int, *, escaped: bool, strict: bool) -> Enclosed | None:
        r"""`\( … \)` and `\[ … \]`; escaped, `\\( … \\)` and `\\[ … \\]`.

        Strictly read, as in Markdown, escaped brackets of prose are told from those of formulas.
        """
        width = 3 if escaped else 2
        square = self.text[at + width - 1] == "["
        closer = _CLOSERS[square, escaped]
        begin, after = self.view.next(closer, at + width)
        if begin >= len(self.text):
            return None
        if not escaped and self.view.next(_OPENER[self.text[at + 1]], at + width)[0] < begin:
            return None  # the closer belongs to a later opener
        found = Enclosed(at + width, after - width, after, square)
        if square:
            enclosed = self._display(at, found)
        else:
            enclosed = found if after <= self.paragraph_end(at) + 1 and after - at <= LONGEST_INLINE else None
        if enclosed is None:
            return None
        content = self.text[enclosed.start : enclosed.end]
        return enclosed if not strict or bracket_is_math(content, square=square) else None

    def _display(self, at: int, found: Enclosed) -> Enclosed | None:
        """The display if it ends in its paragraph, or has lines of its own and blank lines in it, and no words."""
        if found.after <= found.end or found.end < found.start:
            return None
        if found.end <= self.paragraph_end(at) + 1:
            return found
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at] if at else ""
        if line.strip(" \t>~") or not _LINE_END.match(self.text, found.after):
            return None
        content = self.text[found.start : found.end]
        if _BLOCK.search(content):
            return None
        sentences = (part for part in content.split("\n\n") if prose_words(part) >= 3 and not has_signs(part))
        return found if next(sentences, None) is None else None

    def dollar(self, at: int, *, strict: bool) -> Enclosed | None:
        """`$ … $`: the next dollar closes it, unless that stands in words within the formula."""
        limit = min(self.paragraph_end(at), at + LONGEST_INLINE)
        place = at + 1
        for _ in range(_MOST_INNER):
            close, after = self.view.next(_SINGLE, place)
            if close >= limit:
                return None
            content = self.text[at + 1 : close]
            if not _in_words(content):
                break
            place = after
        else:
            return None
        if not content.strip():
            return None
        before, behind = self.text[at - 1 : at], self.text[after : after + 1]
        if before.isspace() and content[0].isspace():
            before = self.text[max(0, at - 3) : at].strip()[-1:]
        if strict and not inline_is_math(content, before, behind):
            return None
        return Enclosed(at + 1, close, after, display=False)

    def environment(self, at: int) -> Enclosed | None:
        r"""`\begin{name} … \end{name}` of an environment of formulas; None if it is another one, or has no end."""
        name = math_environment(self.text, at)
        if name is None:
            return None
        end = self._pairs().get(at)
        if end is None:
            return None
        if name in DELIMITING:
            opener = _ENVIRONMENT.match(self.text, at)
            assert opener is not None, "an environment was found here"
            return Enclosed(opener.end(), end[0], end[1], name != "math")
        return Enclosed(at, end[1], end[1], display=True)

    def _pairs(self) -> dict[int, tuple[int, int]]:
        """For each beginning the start and the end of its end; what is not closed has none."""
        if self._ends is None:
            self._ends = {}
            opened: dict[str, list[int]] = defaultdict(list)
            for found in _ENVIRONMENT.finditer(self.text):
                stack = opened[found[2] + found[3]]
                if found[1] == "begin":
                    stack.append(found.start())
                elif stack:
                    self._ends[stack.pop()] = found.span()
        return self._ends


def math_environment(text: str, at: int) -> str | None:
    r"""The name, without its star, of the environment of formulas that begins at a place."""
    found = _ENVIRONMENT.match(text, at)
    return found[2] if found and found[1] == "begin" and found[2] in DELIMITING | ROWS else None


def _in_words(content: str) -> bool:
    r"""Whether a formula that has come so far stands inside `\text{…}`."""
    last = None
    for found in _WORDS_GROUP.finditer(content):
        last = found
    if last is None:
        return False
    rest = content[last.end() :]
    return rest.count("{") - rest.count("\\{") + 1 > rest.count("}") - rest.count("\\}")
