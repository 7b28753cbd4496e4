"""Rows in aligned columns: formulas at their signs, then shapes, values and reasons; what is too wide moves below.

Reasons stand at the right where at least `NARROWEST_REASON` columns are left for them, else in brackets below.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gradsheet.writing.arrays import NumberStyle, value_lines
from gradsheet.writing.layout import Styled, pad, text_width, wrap_formula, wrap_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.writing.rows import Row

INDENT = 2
GAP = 3
NARROWEST_REASON = 26
WIDEST_LEFT = 20
FORMULA_SHARE = 0.5
"""The part of the width that formulas may take, before values, without lines of their own."""
FORMULA_SHARE_ALONE = 0.68
"""The same where there are no values."""


@dataclass(slots=True)
class _Cells:
    """One row, laid out: lines of its formula, of its value (or of a value that goes below)."""

    row: Row
    formula: list[str]
    value: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


class Table:
    """Rows laid out together."""

    def __init__(self, rows: Sequence[Row], width: int, style: NumberStyle) -> None:
        self.width = width
        self.style = style
        self.left = max((text_width(r.left) for r in rows if r.sign and text_width(r.left) <= WIDEST_LEFT), default=0)
        self.right = self.left + 3 if self.left else INDENT
        texts = [self._formula(r) for r in rows]
        valued = any(r.value is not None for r in rows)
        room = int(width * (FORMULA_SHARE if valued else FORMULA_SHARE_ALONE))
        self.formula = max((text_width(t) for t in texts if text_width(t) <= room), default=min(room, 20))
        self.shape = max((text_width(r.shape) for r in rows), default=0)
        self.start = INDENT + self.formula + GAP + (self.shape + GAP if self.shape else 0)
        self.cells = [self._cells(r, t) for r, t in zip(rows, texts, strict=True)]
        self.value = max((text_width(v) for c in self.cells for v in c.value), default=0)
        self.reason = self.start + (self.value + GAP if self.value else 0)
        short = [text_width(t) <= self.formula for r, t in zip(rows, texts, strict=True) if r.reason]
        self.beside = width - self.reason >= NARROWEST_REASON and 2 * sum(short) > len(short)

    def lines(self) -> list[Styled]:
        """The table."""
        return [line for cells in self.cells for line in self._lines(cells)]

    # ------------------------------------------------------------ one row

    def _formula(self, row: Row) -> str:
        text = f"{pad(row.left, self.left)} {row.sign} {row.right}" if row.sign else row.left
        return f"{text}   {row.ranges}" if row.ranges else text

    def _cells(self, row: Row, text: str) -> _Cells:
        indent = self.right if row.sign else INDENT
        if INDENT + text_width(text) <= self.width:
            formula = [text]
        else:
            head = f"{pad(row.left, self.left)} {row.sign} "
            body = wrap_formula(row.right, self.width - INDENT - max(text_width(head), indent))
            formula = [head + body[0], *(" " * indent + line for line in body[1:])]
            if row.ranges:
                formula.append(" " * indent + row.ranges)
        cells = _Cells(row, formula)
        if row.value is not None:
            room = self.width - self.start
            lines = value_lines(row.value, room, self.style)
            wide = max(map(text_width, lines)) > room or (len(lines) > 1 and room < 30)
            wrapped = len(lines) > 1 and not lines[0].startswith(("⎡", "[ ")) and room < 45
            if wide or (wrapped and len(value_lines(row.value, self.width - INDENT - indent, self.style)) < len(lines)):
                cells.below = value_lines(row.value, self.width - INDENT - indent, self.style)
            else:
                cells.value = lines
        return cells

    def _lines(self, cells: _Cells) -> list[Styled]:
        row = cells.row
        out: list[Styled] = [self._painted(row, line) for line in cells.formula]
        reason = wrap_words(row.reason, self.width - self.reason) if row.reason and self.beside else []
        fits = len(out) == 1 and text_width(cells.formula[0]) <= self.formula
        column = INDENT + text_width(cells.formula[-1]) + GAP
        if not fits and row.shape and not cells.value and column + text_width(row.shape) <= self.width:
            out[-1].append((" " * GAP + row.shape, "quiet"))
            row = replace(row, shape="")
        extra = max(1 if row.shape else 0, len(cells.value), len(reason))
        first = 0 if fits or not extra else len(out)
        out.extend([] for _ in range(first + extra - len(out)))
        for k in range(extra):
            line = out[first + k]
            if k == 0 and row.shape:
                self._put(line, INDENT + self.formula + GAP, row.shape, quiet=True)
            if k < len(cells.value):
                self._put(line, self.start, cells.value[k])
            if k < len(reason):
                self._put(line, self.reason, reason[k], quiet=True)
        indent = INDENT + (self.right if row.sign else INDENT)
        out.extend([(" " * indent + line, "")] for line in cells.below)
        if row.reason and not self.beside:
            self._reason_below(out, first, row.reason, indent)
        return out

    def _reason_below(self, out: list[Styled], first: int, reason: str, indent: int) -> None:
        """In brackets under the formula; beside the further rows of a matrix where there is room."""
        text = f"({reason})"
        gap = self.start - indent - text_width(text)
        if len(out) > first + 1 and gap >= GAP and out[first + 1][0] == (" " * self.start, ""):
            out[first + 1][0:1] = [(" " * indent, ""), (text, "quiet"), (" " * gap, "")]
            return
        wide = wrap_words(f"({reason})", self.width - indent - 1)
        out.extend([(" " * (indent + (1 if k else 0)) + line, "quiet")] for k, line in enumerate(wide))

    @staticmethod
    def _painted(row: Row, line: str) -> Styled:
        if row.ranges and line.endswith(row.ranges):
            return [(" " * INDENT + line[: -len(row.ranges)], ""), (row.ranges, "quiet")]
        return [(" " * INDENT + line, "")]

    @staticmethod
    def _put(line: Styled, column: int, text: str, *, quiet: bool = False) -> None:
        gap = column - sum(text_width(t) for t, _ in line)
        line.append((" " * max(gap, 1), ""))
        line.append((text, "quiet" if quiet else ""))
