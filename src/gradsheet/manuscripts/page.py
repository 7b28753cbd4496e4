"""The pieces of a page, put together in order: formulas get their numbers, words their paragraphs."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradsheet.diagnostics import Diagnostic, Remark, Source, Span
from gradsheet.manuscripts.habits import readable
from gradsheet.manuscripts.macros import Expansion, MacroTable
from gradsheet.manuscripts.model import Formula, Manuscript, Piece, Place, Prose, ProseKind, Spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gradsheet.manuscripts.delimiters import Enclosed
    from gradsheet.manuscripts.view import View

MOST_FORMULAS = 20_000
MOST_SAID = 50  # problems, and remarks, of one document
MOST_STEPS = 600_000  # lines, delimiters, signs: a few seconds

_ENTITY = re.compile(r"&(?:lt|gt|amp|nbsp|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_QUOTED = re.compile(r"(?<=\n)[ \t]{0,3}(?:>[ \t]?)+")


class Full(Exception):  # noqa: N818 - no error: the page has as much as is read, and the rest is left
    """The page holds as many formulas as are read."""


class Page:
    """What was read so far of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.pieces: list[Piece] = []
        self.macros = MacroTable()
        self.front: Mapping[str, Any] = {}
        self.front_line = 1
        self.remarks: list[Remark] = []
        self.problems: list[Diagnostic] = []
        self.count = 0
        self._steps = 0
        self._cells: list[tuple[int, int]] = []  # offset, number
        self._words: list[str] = []
        self._words_at = 0
        self._kind: ProseKind = "text"
        self._opened = False

    # ------------------------------------------------------------ places

    def begin_cell(self, offset: int, number: int) -> None:
        """What stands from an offset on belongs to a cell of a notebook."""
        self._cells.append((offset, number))

    def place(self, offset: int) -> Place:
        """Line and column of an offset; in a notebook within its cell."""
        line, column = self.source.position(offset)
        if not self._cells:
            return Place(line, column)
        start, number = self._cells[max(0, bisect_right(self._cells, (offset, 1 << 60)) - 1)]
        return Place(line - self.source.position(start)[0] + 1, column, number)

    # ------------------------------------------------------------ what is said

    def problem(self, code: str, message: str, span: Span | None = None, **more: Any) -> Diagnostic:
        """Record what cannot be read; the first fifty are kept."""
        found = Diagnostic(code, message, span, self.source, **more)
        if len(self.problems) < MOST_SAID:
            self.problems.append(found)
        return found

    def remark(self, message: str, span: Span | None = None) -> None:
        """Record a reading that was chosen; the first fifty are kept."""
        if len(self.remarks) < MOST_SAID:
            self.remarks.append(Remark(message, span))

    def step(self, view: View, at: int) -> None:
        """Count a step of reading at a place of a view; a page has so many, and no more."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            origin = min(view.origin(at), len(self.source.text))
            line = self.place(origin).line
            message = f"the document is too long to read: what stands from line {line} on was not read"
            self.problem("GS701", message, Span(origin, origin + 1))
            raise Full

    # ------------------------------------------------------------ words

    def words(self, text: str, at: int) -> None:
        """Words at an offset of the source."""
        if not self._words:
            self._words_at = at
        self._words.append(text)

    def block(self, kind: ProseKind, at: int) -> None:
        """A paragraph, a heading or an item begins."""
        self.end_block()
        self._kind = kind
        self._words_at = at
        self._opened = kind in ("heading", "item")

    def end_block(self) -> None:
        """The paragraph ends here."""
        self._flush()
        if self.pieces:
            last = self.pieces[-1]
            if isinstance(last, Prose):
                if not last.breaks:
                    self.pieces[-1] = replace(last, breaks=True)
            else:
                end = last.start + len(last.text) if last.offsets is None else last.offsets[-1]
                self.pieces.append(Prose("", self._kind, self.place(end), breaks=True))
        self._kind = "text"

    def has_words(self) -> bool:
        """Whether the open paragraph has words behind its last formula."""
        return any(part.strip() for part in self._words)

    def make_heading(self) -> bool:
        """The open paragraph turns out to be a heading; False if it is none that could."""
        if self._kind == "text" and "".join(self._words).strip():
            self._kind = "heading"
            return True
        return False

    def next_piece(self) -> int:
        """The number that the next piece will have."""
        self._flush()
        return len(self.pieces)

    def _flush(self) -> None:
        text = "".join(self._words)
        if text.strip() or self._opened:
            blanks = len(text) - len(text.lstrip())
            at = self._words_at + (blanks if text.strip() else 0)
            self.pieces.append(Prose(text.strip("\n"), self._kind, self.place(min(at, len(self.source.text)))))
        self._words = []
        self._opened = False

    # ------------------------------------------------------------ formulas

    def formula(
        self,
        view: View,
        opener: int,
        enclosed: Enclosed,
        *,
        spelling: Spelling = "latex",
        clean: Callable[[str], Expansion | None] | None = None,
        within: int | None = None,
    ) -> None:
        """A formula of a view whose delimiter stands at `opener`, or at `within` of the source."""
        start, end = enclosed.start, enclosed.end
        opened = view.origin(opener) if within is None else within
        raw = view.text[start:end]
        if self.count >= MOST_FORMULAS:
            place = self.place(opened)
            message = f"more than {MOST_FORMULAS:,} formulas: those from line {place.line} on were not read"
            span = Span(opened, opened + 1)
            self.problem("GS704", message, span, suggestion="split the document")
            raise Full
        self._flush()
        self.count += 1
        made = clean(raw) if clean is not None else None
        shown = raw if made is None else made.text
        problem = None
        if spelling == "latex":
            expanded, why = self.macros.expand(made or Expansion(raw, None))
            if why:
                at = view.origin(start)
                problem = self.problem("GS703", why, Span(at, at + len(raw)), suggestion="write it out")
            made = expanded if expanded is not None else made
        offsets = None
        if made is not None and made.offsets is not None:
            offsets = tuple(view.origin(start + at) for at in made.offsets)
        elif not self.source.text.startswith(raw, view.origin(start)):
            offsets = tuple(view.origin(at) for at in range(start, end + 1))
        place = self.place(opened)
        text = raw if made is None else made.text
        at = view.origin(start)
        latex = shown.strip()
        self.pieces.append(
            Formula(
                self.count,
                enclosed.display,
                spelling,
                latex,
                readable(text, spelling),
                at,
                place,
                offsets=offsets,
                problem=problem,
            )
        )

    def strike(self, first: int) -> None:
        """The formulas from a piece on are struck out."""
        self._flush()
        for number in range(first, len(self.pieces)):
            piece = self.pieces[number]
            if isinstance(piece, Formula) and not piece.struck:
                self.pieces[number] = replace(piece, struck=True)

    def manuscript(self) -> Manuscript:
        """The page as it was read."""
        self.end_block()
        return Manuscript(
            self.source,
            tuple(self.pieces),
            self.front,
            self.front_line,
            tuple(self.remarks),
            tuple(self.problems),
        )


def without(
    text: str, unwanted: re.Pattern[str], put: Callable[[re.Match[str]], str] | None = None
) -> Expansion | None:
    """The text with every match replaced, each character with its place; None where nothing matches.

    >>> without("a &lt; b", re.compile("&lt;"), lambda found: "<")
    Expansion(text='a < b', offsets=(0, 1, 2, 6, 7, 8))
    """
    parts: list[str] = []
    offsets: list[int] = []
    last = 0
    for found in unwanted.finditer(text):
        new = put(found) if put else ""
        parts += [text[last : found.start()], new]
        offsets += range(last, found.start())
        offsets += [found.start()] * len(new)
        last = found.end()
    if not parts:
        return None
    parts.append(text[last:])
    offsets += range(last, len(text) + 1)
    return Expansion("".join(parts), tuple(offsets))


def decoded(text: str) -> Expansion | None:
    """`&lt;` and its kin as what they stand for, as pages that went through HTML have them."""
    return without(text, _ENTITY, lambda found: html.unescape(found[0])) if "&" in text else None


def unquoted(text: str) -> Expansion | None:
    """Lines of a quotation without their `>`."""
    return without(text, _QUOTED) if ">" in text else None


def chained(first: Expansion | None, second: Callable[[str], Expansion | None], text: str) -> Expansion | None:
    """One change of a text after another, with the places of the original."""
    if first is None:
        return second(text)
    then = second(first.text)
    if then is None or then.offsets is None or first.offsets is None:
        return first if then is None else then
    return Expansion(then.text, tuple(first.offsets[at] for at in then.offsets))
