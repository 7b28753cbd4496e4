"""Trees and texts of a sheet as formulas and sentences of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax.plain import plain
from gradsheet.typesetting import layout
from gradsheet.typesetting.boxes import (
    Accent,
    Between,
    Compound,
    Fence,
    Fraction,
    Letter,
    Numeral,
    Operator,
    Root,
    Row,
    Scripts,
    Sign,
    Word,
    fenced,
    row,
)
from gradsheet.writing.documents.model import Formula
from gradsheet.writing.documents.prose import pieces, sentence
from gradsheet.writing.spelling import Spelling

if TYPE_CHECKING:
    from gradsheet.sheet import Sheet
    from gradsheet.syntax import tree
    from gradsheet.typesetting import Box
    from gradsheet.writing.documents.model import Words
    from gradsheet.writing.documents.prose import Prose


class Typist:
    """Sets what a sheet's report says; knows the sheet's functions and names."""

    def __init__(self, sheet: Sheet) -> None:
        self.functions = Spelling(sheet).functions
        self.names = dict.fromkeys((*sheet.unspecified, *(s.name for s in sheet.functions)), 0)
        self.names |= {s.name: s.rank for s in sheet.symbols.values()}

    def box(self, node: tree.Expression) -> Box:
        """A formula as it is set."""
        return layout(node, functions=self.functions, names=self.names)

    def plain(self, node: tree.Expression) -> str:
        """The same as plain text."""
        return plain(node, functions=self.functions).replace("-", "−")

    def formula(self, node: tree.Expression) -> Formula:
        """A formula in a line of words."""
        return Formula(in_line(self.box(node)), self.plain(node))

    def label(self, node: tree.Expression) -> Formula:
        """What stands on the left of a display."""
        return Formula(self.box(node), self.plain(node))

    def words(self, prose: Prose) -> Words:
        """Words and formulas, set."""
        return tuple(p if isinstance(p, str) else self.formula(p) for p in prose)

    def said(self, text: str, *, rule: bool = False) -> Words:
        """A text as one sentence; in a rule primes are derivatives."""
        return self.words(sentence(pieces(text, self.names, rule=rule)))


def in_line(box: Box) -> Box:
    """A formula for a line of words: quotients of short terms stand in the line, ∂L/∂W, where nothing is beside them.

    >>> from gradsheet.typesetting.boxes import Fraction, Letter
    >>> in_line(Fraction(Letter("a"), Letter("b")))
    Row(items=(Letter(char='a'), Sign(char='/', spacing='ordinary'), Letter(char='b')))
    """
    if isinstance(box, Fraction):
        return row(box.above, _SLASH, box.below) if _stands_alone(box) else box
    if isinstance(box, Fence):
        return fenced(box.opening, in_line(box.body))
    if not isinstance(box, Row):
        return box
    items: list[Box] = []
    for at, item in enumerate(box.items):
        free = all(_separates(box.items[k]) for k in (at - 1, at + 1) if 0 <= k < len(box.items))
        items.append(in_line(item) if free or isinstance(item, Fence) else item)
    return row(*items)


_SLASH = Sign("/", "ordinary")
_SIMPLE = (Letter, Scripts, Accent, Numeral, Word, Operator, Compound, Between, Root)


def _stands_alone(fraction: Fraction) -> bool:
    """No term of a sum stands above, and one factor or a ∂ with its variable below."""
    above, below = (b.items if isinstance(b, Row) else (b,) for b in (fraction.above, fraction.below))
    derivative = any(b == Letter("∂") or (isinstance(b, Scripts) and b.base == Letter("∂")) for b in below)
    simple = all(isinstance(b, _SIMPLE) for b in (*above, *below))
    return simple and (derivative or len(below) == 1)


def _separates(box: Box) -> bool:
    separating = {"relation", "binary", "punctuation", "prefix"}
    return isinstance(box, Sign) and box.spacing in separating and box.char not in "⊙·×⊘⊗"
