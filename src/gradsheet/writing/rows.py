"""Report items as rows of a table: a formula cut at its sign, its shape, its value, and the reason for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.records import dataclass
from gradsheet.syntax import tree
from gradsheet.writing.labels import Marks, labelled
from gradsheet.writing.naming import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.writing.arrays import NumberStyle
    from gradsheet.writing.equations import Line
    from gradsheet.writing.report import Item, Member
    from gradsheet.writing.spelling import Spelling

MOST_MEMBERS = 24
"""Members of a family that are shown one by one; more are summarised, unless everything is asked for."""


@dataclass(slots=True)
class Row:
    """One row of a table. Without a sign, `left` is a label."""

    left: str
    sign: str = ""
    right: str = ""
    ranges: str = ""
    shape: str = ""
    value: Any = None
    reason: str = ""
    marks: Marks = ()
    """Labels that stand below parts of `right`."""


class RowWriter:
    """Spells report items as rows."""

    def __init__(self, spelling: Spelling, style: NumberStyle) -> None:
        self.spelling = spelling
        self.style = style

    def rows(self, items: Iterable[Item]) -> list[Row]:
        """All rows of a section."""
        return [row for item in items for row in self.item(item)]

    def item(self, item: Item) -> list[Row]:
        """One row for each equation of an item, then one for each member of a family."""
        rows = [self.formula(line, item.sign) for line in item.lines]
        last = rows[-1]
        last.reason = "; ".join(text for text in (last.reason, self.reason(item)) if text)
        if item.lines[-1].shape is None:
            last.shape = self.shape(item.shape, item.rows)
        alone = item.members is not None and len(item.members) == 1 and len(rows) == 1
        if alone and item.members is not None and item.members[0].lines[0].ranges == item.lines[0].ranges:
            last.value, last.shape = item.members[0].value, self.shape(item.members[0].shape, item.rows)
        elif item.members is None:
            last.value = item.value if item.entry or not item.symbol.leading else None
        elif any(m.value is not None for m in item.members):
            last.shape = ""
            rows.extend(self.values(item))
        return rows

    def formula(self, line: Line, sign: str = "=") -> Row:
        """An equation without its value."""
        left = "" if line.continues else self.spelling.formula(line.left)
        right, marks = labelled(line.right, self.spelling.formula)
        shape = "" if line.shape is None else self.shape(line.shape)
        reason = self.spelling.prose(line.note)
        return Row(left, self.spelling.prose(sign), right, self.ranges(line.ranges), shape, reason=reason, marks=marks)

    def values(self, item: Item) -> list[Row]:
        """The value of an item by its name, member by member where it is a family."""
        if item.members is None:
            return [Row(self.name(item.lines[0]), shape=self.shape(item.shape, item.rows), value=item.value)]
        shown = [m for m in item.members if m.value is not None]
        if taken_together(shown, rows=item.rows, full=self.style.full):
            return [self._together(item, shown)]
        return [Row(self.label(m), shape=self.shape(m.shape, item.rows), value=m.value) for m in shown]

    def _together(self, item: Item, shown: Sequence[Member]) -> Row:
        """All members in one array: ℓ[1], …, ℓ[5]."""
        ends = [self.label(shown[k]) for k in (0, -1)]
        between = ", …, " if len(shown) > 2 else ", "
        label = self.spelling.prose(between.join(ends)) if len(shown) > 1 else ends[0]
        shape = self.shape(shown[0].shape, item.rows)
        each = self.spelling.prose(f"{shape} each" if shape else "")
        return Row(label, shape=each, value=np.stack([np.asarray(m.value) for m in shown]))

    def name(self, line: Line) -> str:
        """What stands on the left of an equation."""
        return self.spelling.formula(line.left)

    def title(self, item: Item) -> str:
        """`∂L/∂W1`, `∂L/∂z`: what an item is about, without indices."""
        return self.spelling.formula(Names().component(item.symbol, []))

    def label(self, member: Member) -> str:
        """The name of a member of a family: z[2]."""
        return self.name(member.lines[0]) if member.label is None else self.spelling.formula(member.label)

    def shape(self, shape: Sequence[int | str], rows: int = 0) -> str:
        """`4×3`, `n[l]×n[l−1]`; a scalar has none. Values with a data axis say how many rows."""
        sizes = [str(s) for s in shape]
        several = len(sizes) > 1
        text = "×".join(f"({s})" if several and ".." in s and s[0] != "(" else s for s in sizes).replace("-", "−")
        if rows:
            text = f"{rows} rows of {text}" if text else f"{rows} rows"
        return self.spelling.prose(text)

    def ranges(self, ranges: Sequence[tree.BoundIndex]) -> str:
        """`for l in 1..D−1`."""
        parts = []
        for bound in ranges:
            text = self.spelling.formula(bound.name)
            if isinstance(bound.domain, tree.Range):
                low, high = self.spelling.formula(bound.domain.low), self.spelling.formula(bound.domain.high)
                text += f" in {low}..{high}".replace(" − ", "−").replace(" - ", "-")
            elif bound.domain is not None:
                text += f" in {self.spelling.formula(bound.domain)}"
            parts.append(text)
        return f"for {', '.join(parts)}" if parts else ""

    def reason(self, item: Item) -> str:
        """The rule, and the conditions that the step relies on."""
        parts = [*([item.rule] if item.rule else []), *map(relied, item.conditions)]
        parts += [item.note] if item.note else []
        return self.spelling.prose("; ".join(parts))

    def small_steps(self, item: Item) -> list[Row]:
        """The small steps of a derivative: the whole right side after each rule."""
        rows: list[Row] = []
        for step in item.steps:
            reason = self.spelling.prose("; ".join((step.sentence, *map(relied, step.conditions))))
            if step.fragment is not None:
                before, after = map(self.spelling.formula, step.fragment)
                rows.append(Row("", self.spelling.prose("→"), f"{before} = {after}", reason=reason))
                continue
            left = "" if rows else self.spelling.formula(step.left)
            ranges = "" if rows else self.ranges(step.ranges)
            rows.append(Row(left, "=", self.spelling.formula(step.right), ranges, reason=reason))
        return rows


def relied(condition: str) -> str:
    """`Σ y = 1: y ∈ onehot(3)` in words."""
    fact, _, ground = condition.partition(": ")
    return f"uses {fact}, as {ground}" if ground else fact


def taken_together(shown: Sequence[Member], *, rows: int = 0, full: bool = False) -> bool:
    """Whether members are shown as one array: numbers always are, and more than `MOST_MEMBERS` of one shape."""
    scalars = not rows and all(m.shape == () for m in shown)
    alike = len({m.shape for m in shown}) == 1
    return alike and (scalars or (len(shown) > MOST_MEMBERS and not full))
