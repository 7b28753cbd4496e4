"""A worked solution for a terminal: sections of aligned lines, each formula with its shape, its value and its rule.

Lines are pieces of text with a style; `paint` turns styles into colours, and without colours nothing is lost. A rule
stands at the right where there is room for it, else below its formula in brackets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gradsheet.numerics.summaries import LARGEST_WRITTEN
from gradsheet.writing.arrays import NumberStyle, one_number, value_lines, write_entry
from gradsheet.writing.layout import Styled, pad, text_width, wrap_formula, wrap_words
from gradsheet.writing.spelling import Spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.syntax import tree
    from gradsheet.writing.equations import Line
    from gradsheet.writing.report import Item, Member, Report

INDENT = 2
GAP = 3
MOST_MEMBERS = 24
"""Members of a family that are shown one by one; more are summarised, unless everything is asked for."""


@dataclass(slots=True)
class Row:
    """One row of a table: a formula cut at its sign, a shape, a value, and the reason for it."""

    left: str
    sign: str = ""
    right: str = ""
    ranges: str = ""
    shape: str = ""
    value: Any = None
    lows: tuple[int, ...] = ()
    reason: str = ""

    @property
    def plain(self) -> str:
        text = f"{self.sign} {self.right}" if self.sign else ""
        return text + (f"   {self.ranges}" if self.ranges else "")


@dataclass(slots=True)
class Terminal:
    """Writes a report for a terminal of some width."""

    report: Report
    width: int = 80
    style: NumberStyle = field(default_factory=NumberStyle)
    spelling: Spelling = field(init=False)

    def __post_init__(self) -> None:
        self.width = max(40, self.width)
        self.spelling = Spelling(self.report.solution.sheet, ascii_only=self.style.ascii_only)

    # ------------------------------------------------------------ the whole

    def lines(self) -> list[Styled]:
        """The worked solution."""
        report = self.report
        out: list[Styled] = []
        if report.title:
            out.extend([(line, "title")] for line in wrap_words(self.spelling.prose(report.title), self.width))
        out.extend(self.section("Conventions", self.notes()))
        if report.given:
            out.extend(self.section("Given", self.table(self.given_rows())))
        out.extend(self.section("Forward", self.table(self.rows(report.forward))))
        out.extend(self.section("Backward", self.table(self.rows(report.backward))))
        if report.update:
            out.extend(self.section(self.update_title(), self.table(self.update_rows())))
        out.extend(self.section(self.objective_title(), self.objective()))
        out.extend(self.section("Verified", self.verified()))
        return out[1:] if out and not out[0] else out

    def section(self, title: str, body: list[Styled]) -> list[Styled]:
        """A heading and its lines, if there are some."""
        return [[], [(self.spelling.prose(title), "heading")], *body] if body else []

    def bullet(self, text: str) -> list[Styled]:
        """A sentence, its further lines indented like the first."""
        lines = wrap_words(self.spelling.prose(text), self.width - INDENT)
        return [[(" " * INDENT + line, "")] for line in lines]

    # ------------------------------------------------------------ sentences

    def notes(self) -> list[Styled]:
        """The conventions in force, and how numbers are written."""
        solution = self.report.solution
        out = [line for text in solution.conventions for line in self.bullet(text)]
        if solution.kind == "float64":
            out.extend(self.bullet(f"numbers are float64, rounded to {self.style.digits} decimals"))
        elif solution.has_values:
            text = f"decimals are rounded to {self.style.digits} places, each digit right; shorter ones are exact"
            out.extend(self.bullet(text))
        return out

    def verified(self) -> list[Styled]:
        """How the gradients were verified."""
        verification = self.report.solution.verification
        return self.bullet(verification.summary()) if verification is not None else []

    # ------------------------------------------------------------ rows

    def given_rows(self) -> list[Row]:
        """Names, shapes and values, without formulas."""
        rows = []
        for item in self.report.given:
            rows.extend(self.value_rows(item, self.item_name(item)))
        return rows

    def rows(self, items: Iterable[Item]) -> list[Row]:
        """Formulas with shapes, values and reasons."""
        rows: list[Row] = []
        for item in items:
            rows.extend(self.item_rows(item, "="))
        return rows

    def item_rows(self, item: Item, sign: str) -> list[Row]:
        """One row for each equation of an item, then one for each member of a family."""
        rows = [self.formula(line, sign) for line in item.lines]
        rows[-1].reason = self.reason(item)
        rows[-1].shape = self.shape(item.shape, item.rows)
        if item.members is None or (len(item.members) == 1 and not item.lines[0].ranges):
            only = item.members[0] if item.members else None
            rows[-1].value = item.value if only is None else only.value
            rows[-1].shape = self.shape(item.shape if only is None else only.shape, item.rows)
            return rows
        if item.value is not None:
            rows.extend(self.value_rows(item, ""))
        return rows

    def value_rows(self, item: Item, label: str) -> list[Row]:
        """The value of an item, member by member where it is a family."""
        if item.members is None:
            return [Row(label, shape=self.shape(item.shape, item.rows), value=item.value)]
        shown = [m for m in item.members if m.value is not None]
        scalars = all(m.shape == () for m in shown) and not item.rows
        if scalars or (len(shown) > MOST_MEMBERS and not self.style.full and not isinstance(item.value, dict)):
            return [self.span_row(item, shown)]
        return [
            Row(self.member_name(m), shape=self.shape(m.shape, item.rows), value=m.value)
            for m in shown
        ]

    def span_row(self, item: Item, shown: Sequence[Member]) -> Row:
        """All members in one array: ℓ[1], …, ℓ[5]."""
        import numpy as np

        first, last = self.member_name(shown[0]), self.member_name(shown[-1])
        label = first if len(shown) == 1 else f"{first}, …, {last}" if len(shown) > 2 else f"{first}, {last}"
        shape = self.shape(item.shape, item.rows)
        return Row(self.spelling.prose(label), shape=shape, value=np.stack([np.asarray(m.value) for m in shown]))
