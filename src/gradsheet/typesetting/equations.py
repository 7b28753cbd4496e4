"""Equations as boxes: one line, or several that meet at their signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gradsheet.syntax.tree import BoundIndex, Expression, Node
from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.typesetting.boxes import EMPTY, Between, Box, Lines, Text, relation, row
from gradsheet.typesetting.layout import layout
from gradsheet.typesetting.sets import ranges_box

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Sequence

Side: TypeAlias = Expression | Box
EquationLine: TypeAlias = "tuple[Side | None, str, Side] | tuple[Side | None, str, Side, Sequence[BoundIndex]]"
"""(left, sign, right), perhaps with ranges; no left side where the line above goes on."""


def equation(
    left: Side,
    right: Side,
    *,
    sign: str = "=",
    ranges: Sequence[BoundIndex] = (),
    functions: Container[str] = FUNCTIONS,
    names: Collection[str] = (),
) -> Box:
    r"""One line: left, sign, right, and behind a space the ranges of its indices.

    >>> from gradsheet.typesetting.boxes import Letter
    >>> from gradsheet.typesetting.latex import latex_of
    >>> print(latex_of(equation(Letter("x"), Letter("y"), sign="≤")))
    x \leq y
    """
    sides = _sides((left, sign, right, ranges), functions, names)
    return row(*sides)


def equations(
    lines: Iterable[EquationLine], *, functions: Container[str] = FUNCTIONS, names: Collection[str] = ()
) -> Box:
    """Lines that meet at their signs; a single one is `equation`."""
    rows = tuple(_sides(line, functions, names) for line in lines)
    return row(*rows[0]) if len(rows) == 1 else Lines(rows)


def text_box(words: str) -> Box:
    """Words inside a formula, with their blanks."""
    return Text(words)


def _sides(line: EquationLine, functions: Container[str], names: Collection[str]) -> tuple[Box, Box]:
    left, sign, right = line[:3]
    ranges: Sequence[BoundIndex] = line[3] if len(line) == 4 else ()

    def box(side: Side) -> Box:
        return layout(side, functions=functions, names=names) if isinstance(side, Node) else side

    behind = (Between("qquad"), Text("for "), ranges_box(ranges, functions=functions, names=names)) if ranges else ()
    return EMPTY if left is None else box(left), row(relation(sign), box(right), *behind)
