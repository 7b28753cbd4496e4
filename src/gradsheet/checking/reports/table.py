"""A class on one page: one row for each document."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradsheet.checking.marks import points_text
from gradsheet.checking.reports.entries import KEYBOARD_SIGNS, SIGNS, VERDICTS, entries
from gradsheet.writing.layout import Styled, pad, pad_left, text_width, wrap_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from gradsheet.checking.model import CheckReport

COLUMNS: Final = (
    "file", "right", "arrangement", "wrong", "inherited", "undecided", "unreadable", "score", "total",
    "first_wrong_line", "problem",
)  # fmt: skip
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """What a table says of one document; counts are absent where it was not checked."""

    file: str
    counts: tuple[int, ...] = ()
    score: Fraction | None = None
    total: Fraction | None = None
    first_wrong: str = ""
    problem: str = ""


def row_of(report: CheckReport, file: str) -> Row:
    """The row of a checked document."""
    tally = report.tally()
    wrong = next((str(e.where) for e in entries(report) if e.claim.verdict == "wrong"), "")
    problems = [f"{p.code}: {p.message}" for p in report.problems]
    problems += [f"stopped at {report.stopped}"] if report.stopped else []
    marks = report.marks
    return Row(
        file,
        tuple(tally[verdict] for verdict in VERDICTS),
        marks.got if marks else None,
        marks.total if marks else None,
        wrong,
        "; ".join(problems),
    )


def csv_text(rows: Iterable[Row]) -> str:
    """Rows as CSV with a head; what a spreadsheet would compute is kept from it.

    >>> print(csv_text([Row("a.md", (3, 0, 1, 0, 0, 0), first_wrong="12")]), end="")
    file,right,arrangement,wrong,inherited,undecided,unreadable,score,total,first_wrong_line,problem
    a.md,3,0,1,0,0,0,,,12,
    """
    canvas = io.StringIO()
    writer = csv.writer(canvas, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        counts = row.counts or ("",) * 6
        points = ["" if p is None else points_text(p) for p in (row.score, row.total)]
        writer.writerow([_kept(row.file), *counts, *points, row.first_wrong, _kept(row.problem)])
    return canvas.getvalue()


def table_lines(rows: Sequence[Row], width: int, *, ascii_only: bool = False) -> list[Styled]:
    """The same for a terminal, with a line for all of them at the end."""
    signs = KEYBOARD_SIGNS if ascii_only else SIGNS
    scored = any(row.score is not None for row in rows)
    head = ["", *(signs[verdict] for verdict in VERDICTS), *(["points"] if scored else [])]
    table = [[row.file, *(map(str, row.counts) if row.counts else [""] * len(VERDICTS)), *([_points(row)] * scored)]
             for row in rows]  # fmt: skip
    room = [max(text_width(line[at]) for line in [head, *table]) for at in range(len(head))]
    room[0] = min(room[0], max(20, width - sum(room[1:]) - 2 * len(room)))
    lines: list[Styled] = [[(_across(head, room), "quiet")]]
    for row, line in zip(rows, table, strict=True):
        short = line[0] if text_width(line[0]) <= room[0] else "…" + line[0][-(room[0] - 1) :]
        lines.append([(_across([short, *line[1:]], room), "")])
        if row.problem:
            lines.extend([("    " + part, "bad")] for part in wrap_words(row.problem, max(30, width - 4)))
    checked = [row for row in rows if row.counts]
    clean = sum(not row.counts[2] and not row.counts[3] for row in checked)
    words = (
        f"{_counted(len(rows), 'document')}: {clean} with nothing wrong, {len(checked) - clean} with something wrong"
    )
    lost = len(rows) - len(checked)
    return [*lines, [], [(words + (f", {lost} not checked" if lost else ""), "heading")]]


def _points(row: Row) -> str:
    return "" if row.score is None or row.total is None else f"{points_text(row.score)} of {points_text(row.total)}"


def _across(cells: Sequence[str], room: Sequence[int]) -> str:
    return "  ".join([pad(cells[0], room[0]), *(pad_left(c, r) for c, r in zip(cells[1:], room[1:], strict=True))])


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _kept(text: str) -> str:
    """A file may be called =1+1.md: a quote before it keeps it a text in every spreadsheet."""
    flat = " ".join(text.split())
    return f"'{flat}" if flat.startswith(_FORMULA_STARTS) else flat
