"""∂L/∂z2 = ? with h2 = tanh(z2): a report as questions, each with the line that answers it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gradsheet.writing.arrays import value_lines
from gradsheet.writing.layout import Styled, text_width, wrap_words
from gradsheet.writing.rows import Row
from gradsheet.writing.table import INDENT, Table

if TYPE_CHECKING:
    from gradsheet.writing.report import Item
    from gradsheet.writing.terminal import Terminal

Question: TypeAlias = "tuple[list[Styled], list[Styled]]"


def questions(terminal: Terminal) -> tuple[list[Styled], list[Question]]:
    """What stands at the beginning, and the questions: values forward, derivatives backward, values after the step."""
    report = terminal.report
    with_values = terminal.solution.has_values
    opening: list[Styled] = []
    if report.title:
        opening.extend([(line, "title")] for line in wrap_words(terminal.spelling.prose(report.title), terminal.width))
    opening.extend(terminal.section("To find", terminal.sentences([report.task])))
    if report.given:
        rows = [row for item in report.given for row in terminal.writer.values(item)]
        opening.extend(terminal.section("Given", terminal.table(rows, replace(terminal.style, decimals=True))))
    if not with_values:
        opening.extend(terminal.section("Forward pass", terminal.table(terminal.writer.rows(report.forward))))
    asked: list[Question] = []
    if with_values:
        asked.extend(_value(terminal, item) for item in report.forward if item.value is not None)
    asked.extend(_derivative(terminal, item) for item in report.backward)
    if with_values:
        asked.extend(_value(terminal, item) for item in report.update if item.value is not None)
    return opening, asked


def _value(terminal: Terminal, item: Item) -> Question:
    """The formula is the author's; its value is to be found."""
    rows = terminal.writer.item(item)
    plain = [replace(row, value=None, reason="") for row in rows if row.sign]
    plain[-1].right += " = ?" if item.sign == "=" else ""
    if item.sign != "=":
        plain[-1].ranges = "   ".join(x for x in (plain[-1].ranges, "new value?") if x)
    return terminal.table(plain), terminal.table(_answers(rows, terminal))


def _answers(rows: list[Row], terminal: Terminal) -> list[Row]:
    """Values alone, by their names."""
    answers = []
    for row in rows:
        if row.value is None:
            continue
        lines = value_lines(row.value, terminal.width - INDENT - text_width(row.left) - 3, terminal.style)
        if len(lines) == 1:
            answers.append(Row(row.left, "=", lines[0]))
        else:
            answers.append(Row(f"{row.left} =", value=row.value))
    return answers


def _derivative(terminal: Terminal, item: Item) -> Question:
    """The derivative is to be found, from the equations through which its variable acts, and a rule."""
    rows = terminal.writer.item(item)
    left = rows[0].left
    shape = next((r.shape for r in rows if r.shape), "")
    text = f"{left} = ?" + (f"   shape {shape}" if shape else "")
    hints = [f"{r.left} = {r.right}" for r in _used(terminal, item)]
    hints.append(terminal.writer.reason(item))
    hint = terminal.spelling.prose("hint: " + "; ".join(h for h in hints if h))
    lines = wrap_words(hint, terminal.width - INDENT - 4)
    question: list[Styled] = [[(" " * INDENT + text, "")]]
    question.extend([(" " * (INDENT + 2) + line, "quiet")] for line in lines)
    return question, Table([replace(r, reason="") for r in rows], terminal.width, terminal.style).lines()


def _used(terminal: Terminal, item: Item) -> list[Row]:
    """The equations through which the variable acts."""
    return [
        row
        for other in terminal.report.forward if other.symbol.name in item.uses
        for row in (terminal.writer.formula(line) for line in other.lines)
    ]  # fmt: skip
