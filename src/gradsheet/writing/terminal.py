"""A worked solution for a terminal: what is asked and given, forward, backward, update, verification."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradsheet.numerics.summaries import write_entry
from gradsheet.writing.arrays import NumberStyle, one_number
from gradsheet.writing.layout import Styled, pad_left, text_width, wrap_words
from gradsheet.writing.rows import Row, RowWriter
from gradsheet.writing.spelling import Spelling
from gradsheet.writing.table import INDENT, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.writing.report import Report

NARROWEST = 40
MOST_STEPS = 60
"""Steps whose objectives are all listed; of more, every tenth, hundredth, … is, and this is said."""


class Terminal:
    """Writes a report for a terminal of some width."""

    def __init__(self, report: Report, width: int = 80, style: NumberStyle | None = None) -> None:
        self.report = report
        self.solution = report.solution
        self.width = max(NARROWEST, width)
        self.style = style or NumberStyle()
        self.spelling = Spelling(self.solution.sheet, ascii_only=self.style.ascii_only)
        self.writer = RowWriter(self.spelling, self.style)

    def lines(self) -> list[Styled]:
        """The worked solution."""
        report = self.report
        out: list[Styled] = []
        if report.title:
            out.extend([(line, "title")] for line in wrap_words(self.spelling.prose(report.title), self.width))
        if report.task:
            out.extend(self.section("To find", self.sentences([report.task])))
        out.extend(self.section("Conventions", self.sentences(self.notes())))
        if report.given:
            rows = [row for item in report.given for row in self.writer.values(item)]
            out.extend(self.section("Given", self.table(rows, replace(self.style, decimals=True))))
        out.extend(self.section("Forward pass", self.table(self.writer.rows(report.forward))))
        if report.sums:
            out.extend(self.section("Sums over configurations", self.table(self.writer.rows(report.sums))))
        out.extend(self.section("Local Jacobians", self.table(self.writer.rows(report.local))))
        out.extend(self.section("Backward pass", self.table(self.writer.rows(report.backward))))
        out.extend(self.section(self.update_title(), self.table(self.writer.rows(report.update))))
        out.extend(self.section("Objective", self.objective()))
        if report.backward:
            out.extend(self.section("Verified", self.verified()))
        return out if report.title else out[1:]

    def components(self) -> list[Styled]:
        """Single entries of gradients, each on its line: ∂J/∂W1[1,2] = ∂J/∂h1[1] x[2] = −1/16."""
        rows = []
        for item in self.report.backward:
            if item.entry and item.value is not None and item.shape == () and not item.rows:
                row = self.writer.formula(item.lines[0])
                row.right += f" = {self.number(item.value)}"
                rows.append(row)
            else:
                rows.extend(replace(row, reason="") for row in self.writer.item(item))
        return self.table(rows)

    def small_steps(self) -> list[Styled]:
        """Each derivative of the report rule by rule, and then as the notation writes it."""
        out: list[Styled] = []
        for item in self.report.backward:
            name = self.writer.title(item)
            out.extend(self.section(f"Small steps of {name}", self.table(self.writer.small_steps(item))))
            out.extend(self.section("Result", self.table(self.writer.item(item))))
        return out[1:]

    def section(self, title: str, body: list[Styled]) -> list[Styled]:
        """A heading and its lines, if there are some."""
        return [[], [(self.spelling.prose(title), "heading")], *body] if body else []

    def sentences(self, texts: Sequence[str]) -> list[Styled]:
        """Each sentence on lines of its own."""
        out: list[Styled] = []
        for text in texts:
            lines = wrap_words(self.spelling.prose(text), self.width - INDENT - 2)
            out.extend([(" " * (INDENT + (2 if k else 0)) + line, "")] for k, line in enumerate(lines))
        return out

    def table(self, rows: Sequence[Row], style: NumberStyle | None = None) -> list[Styled]:
        """Rows, aligned."""
        return Table(rows, self.width, style or self.style).lines()

    # ------------------------------------------------------------ sentences

    def notes(self) -> list[str]:
        """The conventions in force, and how numbers are written."""
        out = [*self.report.conventions, *self.report.notes]
        if self.solution.kind == "float64":
            out.append(f"numbers are float64, rounded to {self.style.digits} decimals")
        elif self.solution.has_values:
            out.append(f"decimals are rounded to {self.style.digits} places, each digit right; shorter ones are exact")
        return out

    def update_title(self) -> str:
        """Says after how many steps the values are those shown."""
        steps = len(self.solution.states) - 1
        if steps <= 0:
            return "Update"
        return "Update, with the values after it" if steps == 1 else f"Update, with the values after {steps} steps"

    def verified(self) -> list[Styled]:
        """How the gradients were verified."""
        verification = self.solution.verification
        return self.sentences([verification.summary()]) if verification is not None else []

    # ------------------------------------------------------------ steps

    def number(self, value: Any) -> str:
        """A number by itself."""
        return one_number(write_entry(value, self.style.digits, ascii_only=self.style.ascii_only), self.style)

    def objective(self) -> list[Styled]:
        """The objective before and after the step, or a compact table for many steps."""
        values = self.report.objectives
        if len(values) < 2:
            return []
        name = self.spelling.prose(self.solution.derivation.targets[0].name)
        if len(values) == 2:
            rows = [(name, "before the step", values[0]), (name, "after the step", values[1])]
            width = max(text_width(self.number(v)) for _, _, v in rows)
            return [[(f"  {n} = {self.number(v).ljust(width)}   ", ""), (when, "quiet")] for n, when, v in rows]
        stride = 1
        while len(values) / stride > MOST_STEPS and not self.style.full:
            stride *= 10
        kept = sorted({*range(0, len(values), stride), len(values) - 1})
        texts = [(str(k), self.decimal(values[k])) for k in kept]
        out = self.columns(texts, name)
        if stride > 1:
            out.extend(self.sentences([f"every {stride}th step and the last; --full prints all {len(values) - 1:,}"]))
        return out

    def decimal(self, value: Any) -> str:
        """A number as decimals."""
        return write_entry(value, self.style.digits, ascii_only=self.style.ascii_only).decimal

    def columns(self, texts: Sequence[tuple[str, str]], name: str) -> list[Styled]:
        """`step  L` side by side as often as the width allows, read downwards."""
        first = max(4, *(text_width(a) for a, _ in texts))
        second = max(text_width(name), *(text_width(b) for _, b in texts))
        across = max(1, min(4, (self.width - INDENT + 5) // (first + second + 7), -(-len(texts) // 5)))
        down = -(-len(texts) // across)
        head = "     ".join([f"{'step':>{first}}  {pad_left(name, second)}"] * across)
        out: list[Styled] = [[(" " * INDENT + head, "quiet")]]
        for row in range(down):
            cells = texts[row::down]
            line = "     ".join(f"{a:>{first}}  {pad_left(b, second)}" for a, b in cells)
            out.append([(" " * INDENT + line, "")])
        return out


def plain_text(lines: Sequence[Styled]) -> str:
    """Lines without styles."""
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
