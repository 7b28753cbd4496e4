"""One definition, derivative or update as a step of a document: equations, value, sentence, small steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.typesetting import ranges_box, shape_box
from gradsheet.typesetting.boxes import EMPTY, Between, Letter, Scripts, Text, relation, row
from gradsheet.writing.anchors import anchor
from gradsheet.writing.documents.displays import Aligned
from gradsheet.writing.documents.model import Block, Formula, SmallStep, Step, Steps, Words
from gradsheet.writing.documents.quantities import quantities
from gradsheet.writing.documents.reasons import reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.typesetting import Box
    from gradsheet.writing.documents.typist import Typist
    from gradsheet.writing.documents.valued import Shown, Values
    from gradsheet.writing.equations import Line
    from gradsheet.writing.notations.steps import SmallStep as Small
    from gradsheet.writing.report import Item


class Stepper:
    """Turns items into steps, with numbers and addresses."""

    def __init__(self, typist: Typist, values: Values, *, small_steps: bool = True, numbered: bool = True) -> None:
        self.typist = typist
        self.values = values
        self.small_steps = small_steps
        self.numbered = numbered
        self.opened = False
        self.number = 0
        self.anchors: set[str] = set()

    def steps(self, items: Sequence[Item]) -> list[Block]:
        """One step for each item."""
        return [Steps(tuple(self.step(item) for item in items))] if items else []

    def anchor(self, item: Item) -> str:
        """The address of an item; of several equations for one name the first has it."""
        found = anchor(item.symbol)
        if found in self.anchors:
            return ""
        self.anchors.add(found)
        return found

    def step(self, item: Item) -> Step:
        """An item with its equations, its value, its sentence and its small steps."""
        self.number += self.numbered
        address = self.anchor(item) if item.sign == "=" else ""
        aligned = Aligned()
        for line in item.lines:
            self.line(aligned, line, item.sign, last=line is item.lines[-1])
        rest: list[Shown] = []
        value = self.own_value(item)
        shown = list(quantities(value, self.values.style)) if value is not None else []
        if not item.lines[-1].ranges and len(shown) == 1 and shown[0].box is not None:
            aligned.append(shown[0].relation, shown[0].box, shown[0].text)
        elif value is not None:
            rest = self.values.named(item, value)
        elif item.members is not None:
            rest = self.values.of(item)
        why = self.why(item)
        small = tuple(self.small(s, first=not k) for k, s in enumerate(item.steps)) if self.small_steps else ()
        return Step(address, self.number, aligned.display(), tuple(rest), self.space(item), why, small, self.opened)

    def line(self, aligned: Aligned, line: Line, sign: str, *, last: bool) -> None:
        """One equation, with its ranges behind it, and with its shape where that is not the shape of the whole step."""
        left = None if line.continues else self.typist.box(line.left)
        ranges = ranges_box(line.ranges, functions=self.typist.functions) if line.ranges else EMPTY
        behind = row(Text("for "), ranges) if line.ranges else EMPTY
        if line.shape and not last:
            where = row(relation("∈"), space(line.shape).box)
            behind = row(where, Between("qquad"), behind) if line.ranges else where
        text = f"{self.typist.plain(line.left)} {sign} {self.typist.plain(line.right)}"
        aligned.add(left, sign, self.typist.box(line.right), behind, text)

    def why(self, item: Item) -> Words:
        """The rule of a step, and what is remarked about it and its lines."""
        out = self.typist.words(reason(item.rule, item.conditions, self.typist.names))
        for note in (*(line.note for line in item.lines), item.note):
            out += ((" ",) if out and note else ()) + (self.typist.said(note) if note else ())
        return out

    def own_value(self, item: Item) -> Any:
        """The value of what is no family, or of a family with one member; a row where the last line is one."""
        if item.members is None:
            value: Any = item.value if item.entry or not item.symbol.leading else None
            shape = item.lines[-1].shape or ()
            is_row = value is not None and not item.rows and len(shape) == np.ndim(value) + 1 and shape[0] == 1
            return np.reshape(value, (1, -1)) if is_row else value
        return item.members[0].value if len(item.members) == 1 and not item.lines[0].ranges else None

    def space(self, item: Item) -> Words:
        """ℝ^(3×4), where there is one shape for the whole item; 5 rows in ℝ³."""
        if item.members is not None and len(item.members) > 1:
            return ()
        own = item.shape if item.members is None else item.members[0].shape
        sizes = own if item.lines[-1].shape is None else item.lines[-1].shape
        rows = f"{item.rows:,} rows" if item.rows else ""
        if not sizes:
            return (rows,) if rows else ()
        return (f"{rows} in ", space(sizes)) if rows else (space(sizes),)

    def small(self, step: Small, *, first: bool) -> SmallStep:
        """One rule inside a step."""
        aligned, box, plain = Aligned(), self.typist.box, self.typist.plain
        if step.fragment is not None:
            before, after = step.fragment
            aligned.add(box(before), "→", box(after), text=f"{plain(before)} → {plain(after)}")
        else:
            left = box(step.left) if first else None
            aligned.add(left, "=", box(step.right), text=f"{plain(step.left)} = {plain(step.right)}")
        why = reason(step.sentence, step.conditions, self.typist.names, lead="by ")
        return SmallStep(aligned.display(), self.typist.words(why))


def space(sizes: Sequence[int | str]) -> Formula:
    """ℝ^(3×4)."""
    box: Box = Scripts(Letter("ℝ"), above=shape_box(sizes))
    return Formula(box, f"ℝ^({'×'.join(map(str, sizes))})".replace("-", "−"))
