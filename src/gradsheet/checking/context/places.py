"""Where on a page a question begins."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from gradsheet.manuscripts.model import Formula

if TYPE_CHECKING:
    from gradsheet.checking.context.model import Question
    from gradsheet.manuscripts import Manuscript

_MARKUP = re.compile(r"^[\s#>*_\-+•\\]+|[*_`]+")
_SECTION = re.compile(r"^(?:\\(?:sub)*section\*?|\\paragraph\*?)\s*\{")


def bare(line: str) -> str:
    r"""A line without markup, in lower case, with single blanks.

    >>> bare("##  **Question 2**"), bare(r"\section{Question 2}")
    ('question 2', 'question 2}')
    """
    text = _SECTION.sub("", line.strip())
    return " ".join(_MARKUP.sub("", unicodedata.normalize("NFC", text)).casefold().split())


def start_of(question: Question, manuscript: Manuscript) -> int | None:
    """The line from which a question's keys hold; None if the page has no such place."""
    if question.line is not None:
        return question.line
    if question.formula is not None:
        formulas = manuscript.formulas
        return formulas[question.formula - 1].place.line if 0 < question.formula <= len(formulas) else None
    wanted = bare(question.at or "")
    if not wanted:
        return None
    for piece in manuscript.pieces:
        text = piece.latex if isinstance(piece, Formula) else piece.text
        for offset, line in enumerate(text.split("\n")):
            if _begins(bare(line), wanted):
                return piece.place.line + offset
    for number, line in enumerate(manuscript.source.text.split("\n"), 1):
        if number > _head(manuscript) and _begins(bare(line), wanted):
            return number
    return None


def _begins(line: str, wanted: str) -> bool:
    """“Question 1” does not begin “Question 12”."""
    rest = line[len(wanted) :]
    return line.startswith(wanted) and not (wanted[-1].isalnum() and rest[:1].isalnum())


def _head(manuscript: Manuscript) -> int:
    """The last line of the front matter."""
    lines = manuscript.source.text.split("\n")
    if not lines or lines[0].strip() != "---":
        return 0
    return next((n for n, line in enumerate(lines[1:], 2) if line.strip() in {"---", "..."}), 0)
