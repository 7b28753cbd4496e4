"""The sets of declarations and the shapes of arrays as boxes: ℝ^{4×3}, {0,1}^n, (0,∞), 1..n."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.reading import parse_expression
from gradsheet.syntax.tree import (
    BoundIndex,
    Expression,
    FiniteSet,
    IndexSet,
    Interval,
    Maps,
    Num,
    Range,
    Reals,
    Set,
    Simplex,
)
from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.typesetting.boxes import (
    APPLY,
    COMMA,
    Between,
    Box,
    Letter,
    Numeral,
    Operator,
    Scripts,
    Sign,
    fenced,
    joined,
    relation,
    row,
)
from gradsheet.typesetting.layout import Layouter

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Sequence

_TIMES = Sign("×", "binary")
_DOTS = Sign("…", "ordinary")


def set_box(node: Set, *, functions: Container[str] = FUNCTIONS) -> Box:
    """A set of a declaration.

    >>> from fractions import Fraction
    >>> from gradsheet.syntax.tree import Name
    >>> set_box(Reals((Name("n", "n"),)))
    Scripts(base=Letter(char='ℝ'), below=None, above=Letter(char='n'), own=False)
    """
    layouter = Layouter(functions)
    match node:
        case Reals(axes=axes):
            return _power(Letter("ℝ"), axes, layouter)
        case FiniteSet(values=values, axes=axes):
            return _power(fenced("{", joined([layouter.box(value) for value in values], COMMA)), axes, layouter)
        case Interval():
            return _power(_interval(node, layouter), node.axes, layouter)
        case Simplex(kind=kind, size=size, axes=axes):
            return row(Operator(kind), APPLY, _power(fenced("(", layouter.bare(size)), axes, layouter))
        case IndexSet(range=own, axes=axes):
            return _power(layouter.box(own), axes, layouter)
        case Maps(domain=domain, codomain=codomain):
            return row(set_box(domain, functions=functions), relation("→"), set_box(codomain, functions=functions))
        case _:
            assert_never(node)


def shape_box(sizes: Sequence[int | str]) -> Box:
    """The shape of an array, from its sizes as numbers or texts; nothing for a scalar.

    >>> shape_box((4, "n")) == row(Numeral("4"), _TIMES, Letter("n"))
    True
    """
    parts: list[Box] = []
    for size in sizes:
        if isinstance(size, int):
            parts.append(Numeral(str(size)))
            continue
        source = Source(size.replace("−", "-"))
        parts.append(_axis(parse_expression(source, Diagnostics(source)), Layouter(FUNCTIONS)))
    return joined(parts, _TIMES)


def ranges_box(
    ranges: Sequence[BoundIndex], *, functions: Container[str] = FUNCTIONS, names: Collection[str] = ()
) -> Box:
    """What stands behind an equation of a family: l = 1, …, D.

    >>> from gradsheet.syntax.tree import Name
    >>> ranges_box([BoundIndex(Name("t", "t"), None)])
    Letter(char='t')
    """
    layouter = Layouter(functions, names)
    parts: list[Box] = []
    for index in ranges:
        if isinstance(index.domain, Range):
            values = _values(index.domain, layouter)
            parts.append(row(layouter.name(index.name), relation("="), joined(values, COMMA)))
        else:
            parts.append(layouter.bound(index))
    return joined(parts, row(COMMA, Between("quad")))


def _values(own: Range, layouter: Layouter) -> list[Box]:
    """1, …, n; of one or two numbers, these numbers."""
    low, high = (layouter.box(end, Level.SUM) for end in (own.low, own.high))
    if own.low == own.high:
        return [low]
    if isinstance(own.low, Num) and isinstance(own.high, Num) and own.high.value == own.low.value + 1:
        return [low, high]
    return [low, _DOTS, high]


def _axis(node: Expression, layouter: Layouter) -> Box:
    """A size; a sum in brackets, so that (m + 1) × n is not m + 1 × n."""
    return layouter.box(node) if isinstance(node, Range) else layouter.box(node, Level.PRODUCT)


def _power(base: Box, axes: Sequence[Expression], layouter: Layouter) -> Box:
    if not axes:
        return base
    alone = len(axes) == 1
    parts = [layouter.script(axis) if alone else _axis(axis, layouter) for axis in axes]
    return Scripts(base, above=joined(parts, _TIMES))


def _interval(node: Interval, layouter: Layouter) -> Box:
    """An interval; brackets of two kinds are signs, not a pair."""
    ends = row(layouter.box(node.low), COMMA, layouter.box(node.high))
    if node.low_open and node.high_open:
        return fenced("(", ends)
    if not node.low_open and not node.high_open:
        return fenced("[", ends)
    opening, closing = ("(", "]") if node.low_open else ("[", ")")
    return row(Sign(opening, "ordinary"), ends, Sign(closing, "ordinary"))
