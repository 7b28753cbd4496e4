"""Equations on lines of their own: how wide they are, where a long one is broken, lines that meet at their signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gradsheet.typesetting.boxes import (
    EMPTY,
    Accent,
    Between,
    BigSign,
    Box,
    Brace,
    Cases,
    Compound,
    Fence,
    Fraction,
    Letter,
    Limits,
    Lines,
    Matrix,
    Numeral,
    Operator,
    Prime,
    Root,
    Row,
    Scripts,
    Sign,
    Text,
    Word,
    relation,
    row,
)
from gradsheet.writing.documents.model import Display

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MEASURE = 36.0
"""Em that a line of a page offers to a formula."""
_SCRIPT = 0.7
_INDENT = 1.0
_SPACES = {"relation": 1.33, "binary": 1.22, "prefix": 0.78, "punctuation": 0.45, "ordinary": 0.6}
_BETWEEN = {"times": 0.17, "apply": 0.0, "quad": 1.0, "qquad": 2.0}
_NARROW, _WIDE = frozenset("ijlftr|ι,."), frozenset("mwMWΣΩ∂")


def width(box: Box) -> float:
    """About how wide a formula is, in em of the letters around it.

    >>> round(width(row(Letter("x"), relation("="), Numeral("12"))), 2)
    2.88
    """
    match box:
        case Letter(char=char):
            return 0.35 if char in _NARROW else 0.9 if char in _WIDE else 0.72 if char.isupper() else 0.55
        case Word(text=text) | Numeral(text=text) | Text(words=text):
            return sum(0.28 if c in " .,il" else 0.5 for c in text)
        case Operator(name=name):
            return 0.5 * len(name) + 0.17
        case Compound(letters=letters):
            return sum(map(width, letters))
        case Accent(base=base):
            return width(base)
        case BigSign():
            return 1.4
        case Sign(spacing=spacing):
            return _SPACES[spacing]
        case Between(kind=kind):
            return _BETWEEN.get(kind, 0.2)
        case Row(items=items):
            return sum(map(width, items))
        case Fraction(above=above, below=below):
            return max(width(above), width(below)) + 0.3
        case Prime(count=count):
            return 0.3 * count
        case Scripts(base=base, below=below, above=above):
            return width(base) + _SCRIPT * max((width(s) for s in (below, above) if s is not None), default=0.0)
        case Limits(base=base, below=below, above=above):
            return max(width(base), *(_SCRIPT * width(s) for s in (below, above) if s is not None)) + 0.17
        case Brace(base=base, label=label):
            return max(width(base), _SCRIPT * width(label))
        case Fence(body=body):
            return width(body) + (1.0 if _is_high(body) else 0.78)
        case Matrix(rows=rows):
            return _columns(rows) + len(rows[0]) - 1 + 1.2 if rows and rows[0] else 1.2
        case Cases(rows=rows):
            return _columns(rows) + 2.2
        case Root(body=body):
            return width(body) + 0.9
        case Lines(rows=rows):
            return _columns(rows)
        case _:
            assert_never(box)


def _columns(rows: Sequence[Sequence[Box]]) -> float:
    return sum(max(width(cells[k]) for cells in rows) for k in range(len(rows[0]))) if rows else 0.0


def _is_high(box: Box) -> bool:
    return isinstance(box, Fraction | Matrix | Cases)


# ---------------------------------------------------------------- long formulas


def broken(box: Box, room: float) -> list[Box]:
    """A formula in pieces of at most `room` em where that is possible.

    It is broken before + and −, else before the sign of a product, else before + and − within brackets.

    >>> sum_ = row(Letter("a"), Sign("+", "binary"), Letter("b"), Sign("−", "binary"), Letter("c"))
    >>> len(broken(sum_, 10.0)), len(broken(sum_, 3.0)), len(broken(sum_, 2.0))
    (1, 2, 3)
    """
    if width(box) <= room or not isinstance(box, Row):
        return [box]
    pieces: list[Box] = [box]
    for signs, opened in (("+−", False), ("⊙⊘·×⊗", False), ("+−", True)):
        cut: list[Box] = []
        for part in pieces:
            if width(part) <= room or not isinstance(part, Row):
                cut.append(part)
            else:
                items = _opened(part.items) if opened else part.items
                cut.extend(_packed(_cut(items, signs), room))
        pieces = cut
    return pieces


def _opened(items: Sequence[Box]) -> list[Box]:
    """Boxes with the widest sum in round brackets laid open, so that it can be broken."""
    sums = [i for i in items if isinstance(i, Fence) and i.opening == "(" and isinstance(i.body, Row)]
    widest = max(sums, key=width, default=None)
    out: list[Box] = []
    for item in items:
        if item is widest and isinstance(item, Fence) and isinstance(item.body, Row):
            out.extend([Sign("(", "ordinary"), *item.body.items, Sign(")", "ordinary")])
        else:
            out.append(item)
    return out


def _cut(items: Sequence[Box], signs: str) -> list[list[Box]]:
    """Boxes cut before each of some signs between two operands."""
    parts: list[list[Box]] = [[]]
    for at, item in enumerate(items):
        if at and isinstance(item, Sign) and item.spacing == "binary" and item.char in signs:
            parts.append([])
        parts[-1].append(item)
    return parts


def _packed(parts: Sequence[Sequence[Box]], room: float) -> list[Box]:
    """Neighbouring parts together, as many as there is room for."""
    lines: list[list[Box]] = []
    for part in parts:
        if lines and sum(map(width, [*lines[-1], *part])) <= room:
            lines[-1].extend(part)
        else:
            lines.append(list(part))
    return [row(*line) for line in lines]


# ---------------------------------------------------------------- lines


class Aligned:
    """Lines that meet at their signs, broken where they are too long."""

    def __init__(self, measure: float = MEASURE) -> None:
        self.measure = measure
        self.rows: list[tuple[Box, Box]] = []
        self.tail: Box | None = None
        self.is_closed = False
        self.texts: list[str] = []

    def add(self, left: Box | None, sign: str, right: Box, behind: Box = EMPTY, text: str = "") -> None:
        """`left sign right`, and what stands behind it, such as ranges; no left side where the last one goes on."""
        first = EMPTY if left is None else left
        room = self.measure - width(first) - _SPACES["relation"]
        pieces = broken(right, max(room, self.measure / 3))
        self.rows.append((first, row(relation(sign), pieces[0])))
        for piece in pieces[1:]:
            self.rows.append((EMPTY, row(Between("quad"), piece)))
        if behind is not EMPTY and behind != EMPTY:
            self._behind(behind)
        if text:
            self.texts.append(text)

    def _behind(self, behind: Box) -> None:
        left, right = self.rows[-1]
        self.is_closed = True
        spaced = row(Between("qquad"), behind)
        if width(left) + width(right) + width(spaced) <= self.measure:
            self.rows[-1] = (left, row(right, spaced))
            self.tail = spaced
        else:
            self.rows.append((EMPTY, row(Between("quad"), behind)))

    def fits(self, right: Box) -> bool:
        """Whether more fits behind the last line."""
        left, before = self.rows[-1]
        return width(left) + width(before) + width(right) + _SPACES["relation"] <= self.measure

    def append(self, sign: str, right: Box, text: str = "") -> None:
        """`… sign right` behind the only line where it fits, else below the last one."""
        if len(self.rows) == 1 and self.fits(right):
            left, before = self.rows[-1]
            self.tail = row(relation(sign), right)
            self.rows[-1] = (left, row(before, self.tail))
            if text and self.texts:
                self.texts[-1] += f" {sign} {text}"
        else:
            self.add(None, sign, right, text=f"{sign} {text}" if text else "")

    def display(self) -> Display:
        """The lines as one display."""
        text = "; ".join(self.texts)
        if len(self.rows) > 1:
            widest = max(width(row(*cells)) for cells in self.rows)
            return Display(Lines(tuple(self.rows)), text, widest, is_closed=True)
        box = row(*self.rows[0])
        if self.tail is None or not isinstance(box, Row):
            return Display(box, text, width(box), is_closed=self.is_closed)
        count = len(self.tail.items) if isinstance(self.tail, Row) else 1
        return Display(box, text, width(box), self.tail, row(*box.items[:-count]), self.is_closed)


def together(displays: Iterable[Display]) -> float:
    """The width that some displays need."""
    return max((d.width for d in displays), default=0.0)
