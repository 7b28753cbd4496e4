"""Rows in aligned columns: formulas at their signs, then shapes, values and reasons; what is too wide moves below.

Reasons stand at the right where at least `NARROWEST_REASON` columns are left for them, else in brackets below.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.records import dataclass
from gradsheet.writing.arrays import NumberStyle, value_lines
from gradsheet.writing.labels import below
from gradsheet.writing.layout import Style, Styled, pad, text_width, wrap_formula, wrap_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.writing.rows import Row

INDENT = 2
GAP = 3
NARROWEST_REASON = 26
NARROWEST_VALUE = 30
"""Columns that a value of several lines needs beside its formula."""
COMFORTABLE_VALUE = 45
"""With fewer, a value goes below where it then takes fewer lines."""
WIDEST_LEFT = 20
FORMULA_SHARE = 0.5
"""The part of the width that formulas may take, before values, without lines of their own."""
FORMULA_SHARE_ALONE = 0.68
"""The same where there are no values."""


@dataclass(slots=True)
class _Cells:
    """One row, laid out: lines of its formula, of its value (or of a value that goes below)."""

    row: Row
    formula: list[Styled]
    value: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


class Table:
    """Rows laid out together."""

    def __init__(self, rows: Sequence[Row], width: int, style: NumberStyle) -> None:
        self.width = width
        self.style = style
        self.left = max((text_width(r.left) for r in rows if r.sign and text_width(r.left) <= WIDEST_LEFT), default=0)
        self.right = self.left + 3 if self.left else INDENT
        texts = [self._text(r) for r in rows]
        valued = any(r.value is not None for r in rows)
        room = int(width * (FORMULA_SHARE if valued else FORMULA_SHARE_ALONE))
        self.formula = max((text_width(t) for t in texts if text_width(t) <= room), default=min(room, 20))
        self.shape = max((text_width(r.shape) for r in rows), default=0)
        self.start = INDENT + self.formula + GAP + (self.shape + GAP if self.shape else 0)
        self.cells = [self._cells(r) for r in rows]
        self.value = max((text_width(v) for c in self.cells for v in c.value), default=0)
        self.reason = self.start + (self.value + GAP if self.value else 0)
        short = [text_width(t) <= self.formula for r, t in zip(rows, texts, strict=True) if r.reason]
        self.beside = width - self.reason >= NARROWEST_REASON and 2 * sum(short) > len(short)

    def lines(self) -> list[Styled]:
        """The table."""
        return [line for cells in self.cells for line in self._lines(cells)]

    # ------------------------------------------------------------ cells

    def _text(self, row: Row) -> str:
        text = f"{pad(row.left, self.left)} {row.sign} {row.right}" if row.sign else row.left
        return f"{text}   {row.ranges}" if row.ranges else text

    def _cells(self, row: Row) -> _Cells:
        cells = _Cells(row, self._formula(row))
        if row.value is not None:
            room, all_of_it = self.width - self.start, self.width - self._indent(row)
            beside = value_lines(row.value, room, self.style)
            below = value_lines(row.value, all_of_it, self.style)
            wide = max(map(text_width, beside)) > room or (len(beside) > 1 and room < NARROWEST_VALUE)
            if wide or (len(below) < len(beside) and room < COMFORTABLE_VALUE):
                cells.below = below
            else:
                cells.value = beside
        return cells

    def _formula(self, row: Row) -> list[Styled]:
        """The formula on one line, or broken at its operators with its ranges below."""
        margin = " " * INDENT
        if INDENT + text_width(self._text(row)) <= self.width:
            text = self._text(row).removesuffix(row.ranges)
            line: Styled = [(margin + text, ""), (row.ranges, "quiet")] if row.ranges else [(margin + text, "")]
            return self._labelled([line], row, [row.right])
        head = f"{pad(row.left, self.left)} {row.sign} "
        indent = self._indent(row)
        body = wrap_formula(row.right, self.width - max(INDENT + text_width(head), indent))
        ranges = wrap_words(row.ranges, self.width - indent) if row.ranges else []
        formula: list[Styled] = [[(margin + head + body[0], "")]]
        formula.extend([(" " * indent + line, "")] for line in body[1:])
        formula = self._labelled(formula, row, body)
        formula.extend([(" " * indent + line, "quiet")] for line in ranges)
        return formula

    def _labelled(self, formula: list[Styled], row: Row, body: Sequence[str]) -> list[Styled]:
        """The lines of a formula, each with the labels of its parts below it."""
        if not row.marks:
            return formula
        result: list[Styled] = []
        under = below(body, row.marks, row.right)
        for place, (line, labels) in enumerate(zip(formula, under, strict=True)):
            result.append(line)
            head = f"{pad(row.left, self.left)} {row.sign} "
            indent = self._indent(row) if place else INDENT + text_width(head)
            if labels:
                result.append([(" " * indent + labels, "quiet")])
        return result

    def _indent(self, row: Row) -> int:
        """Where further lines of a row begin: behind its sign."""
        return INDENT + (self.right if row.sign else INDENT)

    # ------------------------------------------------------------ lines

    def _lines(self, cells: _Cells) -> list[Styled]:
        row, out = cells.row, cells.formula
        reason = wrap_words(row.reason, self.width - self.reason) if row.reason and self.beside else []
        end = _width(out[-1])
        one = len(out) == 1 or (len(out) == 2 and bool(row.marks))
        fits = one and (end if len(out) == 1 else _width(out[0])) <= INDENT + self.formula
        shape = row.shape
        if not fits and shape and not cells.value and end + GAP + text_width(shape) <= self.width:
            out[-1].append((" " * GAP + shape, "quiet"))
            shape = ""
        extra = max(1 if shape else 0, len(cells.value), len(reason))
        first = 0 if fits or not extra else len(out)
        out.extend([] for _ in range(first + extra - len(out)))
        if shape:
            _put(out[first], INDENT + self.formula + GAP, shape, "quiet")
        for line, text in zip(out[first:], cells.value, strict=False):
            _put(line, self.start, text)
        for line, text in zip(out[first:], reason, strict=False):
            _put(line, self.reason, text, "quiet")
        out.extend([(" " * self._indent(row) + line, "")] for line in cells.below)
        if row.reason and not self.beside:
            self._reason_below(out, first, row)
        return out

    def _reason_below(self, out: list[Styled], first: int, row: Row) -> None:
        """In brackets under the formula; beside the second row of a matrix where there is room."""
        text, indent = f"({row.reason})", self._indent(row)
        gap = self.start - indent - text_width(text)
        if len(out) > first + 1 and gap >= GAP and out[first + 1][0] == (" " * self.start, ""):
            out[first + 1][0:1] = [(" " * indent, ""), (text, "quiet"), (" " * gap, "")]
            return
        wrapped = wrap_words(text, self.width - indent - 1)
        out.extend([(" " * (indent + (1 if k else 0)) + line, "quiet")] for k, line in enumerate(wrapped))


def _width(line: Styled) -> int:
    return sum(text_width(text) for text, _ in line)


def _put(line: Styled, column: int, text: str, style: Style = "") -> None:
    """Add a text at a column, or one blank behind what stands there already."""
    line.append((" " * max(column - _width(line), 1), ""))
    line.append((text, style))
