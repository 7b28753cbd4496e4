"""z[1] = [0.3, 0.3]ᵀ, z[2] ≈ …: values by their names, as displays of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.syntax import tree
from gradsheet.typesetting.boxes import COMMA, Letter, Text, row
from gradsheet.writing.documents.displays import Aligned
from gradsheet.writing.documents.model import Display, Formula, Paragraph
from gradsheet.writing.documents.quantities import quantities
from gradsheet.writing.documents.typist import in_line
from gradsheet.writing.members import lows_of
from gradsheet.writing.naming import Names
from gradsheet.writing.rows import taken_together
from gradsheet.writing.trees import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.writing.arrays import NumberStyle
    from gradsheet.writing.documents.quantities import Quantity
    from gradsheet.writing.documents.typist import Typist
    from gradsheet.writing.report import Item, Member

Shown = Display | Paragraph
_LINES_OF_A_DISPLAY = 8
"""Lines after which a display ends and another begins, so that pages can break."""


class Values:
    """Writes the values of items below or without their equations."""

    def __init__(self, typist: Typist, style: NumberStyle, sizes: Sizes | None, *, computed: bool = True) -> None:
        self.typist = typist
        self.style = style
        self.sizes = sizes
        self.computed = computed

    def of(self, item: Item) -> list[Shown]:
        """The value of an item by its name; member by member where it is a family."""
        if item.members is None:
            return [] if item.value is None else self.named(item, item.value)
        shown = [m for m in item.members if m.value is not None]
        if len(shown) > 1 and taken_together(shown, rows=item.rows, full=self.style.full):
            return self.together(shown)
        aligned, out = Aligned(), list[Shown]()
        for member in shown:
            label = self.typist.label(member.label or member.lines[0].left)
            for quantity in quantities(member.value, self.style, computed=self.computed):
                if quantity.box is None:
                    out.append(said(label, quantity))
                    continue
                if len(aligned.rows) >= _LINES_OF_A_DISPLAY:
                    out.append(aligned.display())
                    aligned = Aligned()
                own = self.placed(item, quantity, label)
                text = f"{own.text} {quantity.relation} {quantity.text}"
                aligned.add(own.box, quantity.relation, quantity.box, text=text)
        return [*out, aligned.display()] if aligned.rows else out

    def named(self, item: Item, value: Any) -> list[Shown]:
        """A value by the bare name of its symbol."""
        bare = item.entry or not item.lines[-1].ranges
        label = self.typist.label(item.lines[-1].left if bare else Names().component(item.symbol, []))
        return [
            self.displayed(self.placed(item, quantity, label), quantity)
            for quantity in quantities(value, self.style, computed=self.computed)
        ]

    def together(self, shown: Sequence[Member]) -> list[Shown]:
        """All members in one array: ℓ[1], …, ℓ[5]."""
        ends = [self.typist.label(m.label or m.lines[0].left) for m in (shown[0], shown[-1])]
        dots = (COMMA, Letter("…")) if len(shown) > 2 else ()
        label = Formula(
            row(ends[0].box, *dots, COMMA, ends[1].box), (", …, " if dots else ", ").join(e.text for e in ends)
        )
        stacked = np.stack([np.asarray(m.value) for m in shown])
        return [self.displayed(label, q) for q in quantities(stacked, self.style, computed=self.computed)]

    def displayed(self, label: Formula, quantity: Quantity) -> Shown:
        """`label = value` on a line of its own, or as a sentence."""
        if quantity.box is None:
            return said(label, quantity)
        aligned = Aligned()
        text = f"{label.text} {quantity.relation} {quantity.text}"
        aligned.add(label.box, quantity.relation or "=", quantity.box, text=text)
        return aligned.display()

    def placed(self, item: Item, quantity: Quantity, label: Formula) -> Formula:
        """The name of one matrix of an array with more axes: w[1,:,:]."""
        if not quantity.place:
            return label
        place = list(quantity.place)
        words = ""
        if item.rows:
            words = f" in row {place.pop(0) + 1}"
        if place:
            lows = lows_of(item.symbol, self.sizes)[item.symbol.leading :] if self.sizes is not None else []
            starts = [*lows, *([1] * len(place))]
            items = [whole(p + s) for p, s in zip(place, starts, strict=False)]
            every = tree.Slice(None, None)
            label = self.typist.label(tree.Subscript(Names().component(item.symbol, []), (*items, every, every)))
        return Formula(row(label.box, Text(words)), label.text + words) if words else label


def said(label: Formula, quantity: Quantity) -> Paragraph:
    """A value in words, or as a list of numbers."""
    label = Formula(in_line(label.box), label.text)
    return Paragraph((label, f" {quantity.relation} {quantity.text}" if quantity.relation else f": {quantity.text}."))


__all__ = ["Shown", "Values", "said"]
