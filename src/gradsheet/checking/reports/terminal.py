"""One entry for each line that is not simply right: where, what, why, and what it should be; a tally at the end."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from gradsheet.checking.marks import points_text
from gradsheet.checking.reports.entries import (
    KEYBOARD_SIGNS,
    SIGNS,
    Entry,
    entries,
    further,
    is_notable,
    mark_words,
    printed,
    problem_place,
    reason_of,
    remark_place,
    tally_words,
)
from gradsheet.writing.layout import Styled, pad, text_width, wrap_words
from gradsheet.writing.spelling import keyboard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.model import BoundName, CheckReport, Verdict
    from gradsheet.diagnostics import Source
    from gradsheet.writing.layout import Style

_LOOKS: dict[Verdict, Style] = {
    "right": "good", "arrangement": "good", "wrong": "bad", "inherited": "bad", "undecided": "quiet",
    "unreadable": "bad",
}  # fmt: skip
_POINTED: frozenset[Verdict] = frozenset({"wrong", "arrangement", "unreadable"})
"""Verdicts that show the line of the page with carets."""
_RAISED_BRACKET = re.compile("⁽([^⁽⁾]*)⁾")
_WIDEST_TEXT = 44
_NARROWEST_REASON = 24
_LEAST = 40
_MOST_NAMES = 40


class Wishes(NamedTuple):
    """How much to print and with which signs."""

    width: int = 100
    everything: bool = False
    """Right lines too."""
    quiet: bool = False
    """Only what is not right, and the tally."""
    ascii_only: bool = False


def terminal_lines(report: CheckReport, wishes: Wishes = Wishes()) -> list[Styled]:  # noqa: B008 - it is frozen
    """A checked document as lines for a terminal."""
    return list(_Writer(report, wishes).lines())


class _Writer:
    """Writes the lines of one report."""

    def __init__(self, report: CheckReport, wishes: Wishes) -> None:
        self.report = report
        self.wishes = wishes
        self.width = max(_LEAST, wishes.width)
        self.name = report.manuscript.source.name
        self.signs = KEYBOARD_SIGNS if wishes.ascii_only else SIGNS

    def lines(self) -> Iterator[Styled]:
        report = self.report
        if not self.wishes.quiet:
            yield from self.names()
            yield from self.said()
        shown = [e for e in entries(report) if self.wishes.everything or is_notable(e.claim)]
        for entry, place in zip(shown, self.places(shown), strict=True):
            yield from self.entry(entry, place, self.room(shown))
        if shown:
            yield []
        if report.stopped:
            yield from self.wrapped(f"stopped at {report.stopped}: what comes after it is not checked", "bad")
        yield from self.wrapped(tally_words(report), "heading")
        yield from self.marks()

    def spelled(self, text: str) -> str:
        return on_keyboard(text) if self.wishes.ascii_only else text

    def wrapped(self, text: str, style: Style = "", indent: int = 0, first: str = "") -> Iterator[Styled]:
        """A sentence on as many lines as it needs, `first` before the first of them."""
        rest = " " * text_width(first)
        room = max(_NARROWEST_REASON, self.width - indent - len(rest))
        for at, line in enumerate(wrap_words(self.spelled(text), room)):
            yield [(" " * indent + (rest if at else first), "quiet"), (line, style)]

    # ------------------------------------------------------------ before the claims

    def names(self) -> Iterator[Styled]:
        """The sheets, and what each symbol of the page stands for."""
        report = self.report
        if report.sheets:
            yield from self.wrapped(", ".join(report.sheets), first="checked against ")
        bindings = report.bindings[: None if self.wishes.everything else _MOST_NAMES]
        if bindings:
            yield [("read as", "heading")]
            yield from self.bindings(bindings)
            left = len(report.bindings) - len(bindings)
            if left:
                yield [(f"  … and {left} more: --all", "quiet")]
        if report.sheets or bindings:
            yield []

    def bindings(self, bindings: tuple[BoundName, ...]) -> Iterator[Styled]:
        written = [self.spelled(b.written) for b in bindings]
        meant = [self.spelled(b.stands_for) for b in bindings]
        room = [min(max(map(text_width, column)), self.width // 3) for column in (written, meant)]
        for binding, left, right in zip(bindings, written, meant, strict=True):
            origin = binding.origin + (f", line {binding.line}" if binding.line else "")
            yield [(f"  {pad(left, room[0])} = {pad(right, room[1])}   ", ""), (origin, "quiet")]

    def said(self) -> Iterator[Styled]:
        """Problems of the file and remarks."""
        report = self.report
        told = [
            *((f"{p.code}: {p.message}", problem_place(p), "problem: ") for p in report.problems),
            *((r.message, remark_place(report, r), "remark: ") for r in report.remarks),
        ]
        for message, line, kind in told:
            yield from self.wrapped((f"line {line}: " if line else "") + message, first=kind)
        if told:
            yield []

    # ------------------------------------------------------------ claims

    def places(self, shown: list[Entry]) -> list[str]:
        texts = [f"{self.name}:{entry.where}" for entry in shown]
        room = max(map(text_width, texts), default=0)
        return [pad(text, room) for text in texts]

    def room(self, shown: list[Entry]) -> int:
        """Columns for the lines of the page."""
        widths = [text_width(self.spelled(printed(e.claim.text))) for e in shown]
        return max((w for w in widths if w <= _WIDEST_TEXT), default=_WIDEST_TEXT)

    def entry(self, entry: Entry, place: str, room: int) -> Iterator[Styled]:
        """Where, the sign, the line, and why: on one line if there is room."""
        claim = entry.claim
        look = _LOOKS[claim.verdict]
        text = shortened(
            self.spelled(printed(claim.text)),
            self.width - text_width(place) - 3,
            "..." if self.wishes.ascii_only else "…",
        )
        reason = self.spelled(reason_of(self.report, claim))
        if self.wishes.everything and claim.certainty and claim.verdict in {"right", "arrangement"}:
            reason = f"{reason}; {claim.certainty}" if reason else claim.certainty
        indent = text_width(place) + 3
        head: Styled = [(place, "quiet"), (f" {self.signs[claim.verdict]} ", look)]
        left = self.width - indent - max(text_width(text), room) - 3
        if not reason:
            yield [*head, (text, "")]
        elif left >= min(_NARROWEST_REASON, text_width(reason)):
            first, *more = wrap_words(reason, left)
            column = self.width - left
            yield [*head, (pad(text, column - indent), ""), (first, "")]
            for line in more:
                yield [(" " * column + line, "")]
        else:
            yield [*head, (text, "")]
            small = min(indent, self.width - 2 * _NARROWEST_REASON)
            yield from self.wrapped(reason, indent=max(4, small))
        if claim.verdict in _POINTED or claim.patch is not None:
            yield from self.pointed(entry)
        yield from self.told(entry)

    def pointed(self, entry: Entry) -> Iterator[Styled]:
        """The line of the page with carets under the part that is wrong."""
        formula, span = entry.checked.formula, entry.span
        source = self.report.manuscript.source
        begin, end = formula.origin(span.start), formula.origin(span.end)
        if not 0 <= begin <= end <= len(source.text):
            return
        number = str(entry.where.line)
        text, before, length = excerpt(source, begin, end, self.width - len(number) - 7)
        if self.wishes.ascii_only:  # one sign for each column, so that the carets stay below their part
            text = "".join(c if c.isascii() else "?" * text_width(c) for c in text)
        yield [(f"    {number} | ", "quiet"), (text, "")]
        yield [(f"    {' ' * len(number)} | ", "quiet"), (" " * before + "^" * length, _LOOKS[entry.claim.verdict])]

    def told(self, entry: Entry) -> Iterator[Styled]:
        """What it should be, and what else is to be said."""
        claim = entry.claim
        right = printed(claim.expected_text) if claim.expected_text else claim.expected
        if right and claim.verdict != "right":
            yield from self.wrapped(right, "good", indent=4, first="should be: ")
        for word, text in further(claim):
            yield from self.wrapped(text, indent=4, first=f"{word}: ")

    # ------------------------------------------------------------ marks

    def marks(self) -> Iterator[Styled]:
        """The points as a table."""
        score = self.report.marks
        if score is None:
            return
        yield []
        yield [("marks", "heading")]
        rows = [(self.spelled(m.name), f"{points_text(m.got)} of {points_text(m.points)}", mark_words(m))
                for m in score.marks]  # fmt: skip
        if score.others:
            rows.append(("other lines", points_text(score.other), f"{score.others} claims"))
        rows.append(("together", f"{points_text(score.got)} of {points_text(score.total)}", ""))
        room = [max(text_width(row[k]) for row in rows) for k in (0, 1)]
        for name, points, words in rows:
            yield [(f"  {pad(name, room[0])}   {pad(points, room[1])}   ", ""), (words, "quiet")]


def on_keyboard(text: str) -> str:
    """A text with what a plain keyboard has; a raised bracket is ^( … ).

    >>> on_keyboard("∂L/∂W⁽²⁾ = δ⁽ˡ⁺¹⁾")
    'dL/dW^(2) = delta^(l+1)'
    """
    flat = _RAISED_BRACKET.sub(lambda m: f"^({unicodedata.normalize('NFKC', m[1])})", text)
    return keyboard(flat)


def shortened(text: str, room: int, dots: str = "…") -> str:
    """A text on one line of so many columns.

    >>> shortened("z = W x + b", 8)
    'z = W x…'
    """
    flat = " ".join(text.split())
    if text_width(flat) <= room:
        return flat
    kept = ""
    for sign in flat:
        if text_width(kept + sign) > room - len(dots):
            break
        kept += sign
    return kept + dots


def excerpt(source: Source, begin: int, end: int, room: int) -> tuple[str, int, int]:
    """A line of a text, cut where it is too long, with the columns before and below the part from begin to end.

    >>> from gradsheet.diagnostics import Source
    >>> excerpt(Source("y = a + b"), 8, 9, 40)
    ('y = a + b', 8, 1)
    >>> excerpt(Source("x" * 50 + " = 1 + " + "y" * 50), 53, 54, 20)
    ('…xxxxx = 1 + yyyyyy…', 9, 1)
    """
    number, column = source.position(begin)
    text = source.line(number).replace("\t", " ").rstrip("\r")
    before = column - 1
    length = max(1, min(end - begin, len(text) - before))
    if text_width(text) > room:
        inner = max(8, room - 2)
        # characters may be wide, so that a cut by columns is a cut by characters at most
        cut = max(0, min(before - max(4, (inner - length) // 2), len(text) - inner))
        kept = text[cut : cut + inner]
        tail = "…" if cut + inner < len(text) else ""
        lead = "…" if cut else ""
        before += len(lead) - cut
        text = lead + kept + tail
        length = max(1, min(length, len(text) - before))
    return text, text_width(text[:before]), max(1, text_width(text[before : before + length]))
