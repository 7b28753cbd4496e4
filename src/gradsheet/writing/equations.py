"""Derived equations on paper: the left side with the indices it needs, one line for each region of a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gradsheet.calculus.regions import regions
from gradsheet.expressions import (
    ZERO_EXPR,
    Affine,
    Expr,
    Index,
    Symbol,
)
from gradsheet.records import dataclass
from gradsheet.syntax import tree
from gradsheet.writing.naming import Names
from gradsheet.writing.trees import Tree, name, transpose
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gradsheet.sheet import Equation, Sheet


@dataclass(frozen=True, slots=True)
class Line:
    """left = right, for indices in their ranges."""

    left: Tree
    right: Tree
    ranges: tuple[tree.BoundIndex, ...] = ()
    note: str = ""
    """A sentence about this line alone."""
    shape: tuple[int | str, ...] | None = None
    """The shape of this line where it is not that of its item: a row 1×n among gradients of shape n."""
    continues: bool = False
    """The left side is that of the line above, and need not be written again."""
    kind: Literal["", "chain", "definition"] = ""
    """A chain of Jacobians, with shapes below its factors; or what a new name stands for."""


def taken_names(sheet: Sheet) -> set[str]:
    """Names that an index must not take."""
    return {
        *(s.name for s in sheet.symbols.values()), *sheet.sizes, *sheet.size_families, *sheet.unspecified, "e", "I",
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """Choices of a notation: how indices are named, and how a right side is arranged before it is written."""

    names: Callable[[tuple[Symbol, Sequence[Affine]], Sequence[Index], Expr], Names]
    arranged: Callable[[Expr], Expr]
    view: type[View] = View


def write_equation(
    equation: Equation, taken: Iterable[str], *, indices: bool = False, style: Style | None = None
) -> tuple[Line, ...]:
    """A derived equation in matrix notation where it fits, else with indices; split where a family has end cases."""
    symbol = equation.symbol
    lines: list[Line] = []
    for free, pattern, body in regions(equation):
        if style is not None:
            body = style.arranged(body)  # noqa: PLW2901 - the same right side, arranged
            names = style.names((symbol, pattern), free, body)
        else:
            names = Names(taken)
            for index in free:
                names.add(index)
        view = View if style is None else style.view
        lines.append(_line(symbol, free, pattern, body, names, indices=indices, view=view))
    return tuple(lines)


def _line(
    symbol: Symbol,
    free: tuple[Index, ...],
    pattern: tuple[Affine, ...],
    body: Expr,
    names: Names,
    *,
    indices: bool,
    view: type[View] = View,
) -> Line:
    outer = symbol.rank - _own_rank(symbol)
    leading = symbol.leading
    axes = [p.single for p in pattern[leading:]]
    single = [a for a in axes if isinstance(a, Index) and a.low == a.high]
    if len(axes) == 2 and len(single) == 1 and single[0] is axes[1] and single[0] not in body.free:
        axes = axes[:1]  # n×1 is written as the vector that it is
        whole = [tree.Slice(None, None)] * 2
    else:
        whole = [tree.Slice(None, None)] * len(axes)
    row = len(axes) == 2 and len(single) == 1 and single[0] is axes[0] and single[0] not in body.free
    axes = axes[1:] if row else axes
    right: Tree | None = None
    own = symbol.axes[leading + row :]
    parted = [
        not (isinstance(a, Index) and _whole_axis(a, x, pattern, symbol)) for a, x in zip(axes, own, strict=False)
    ]
    if parted and parted[0] and not any(parted[1:]) and len(own) == 2 and len(axes) == 2:
        leading, axes, whole = leading + 1, axes[1:], whole[1:]  # rows of a part of a matrix: X[i] for i in 2..D
        parted = []
    plain = not any(parted) and all(isinstance(a, Index) and any(a is f for f in free) for a in axes)
    if axes and body is not ZERO_EXPR and not any(a in body.free for a in axes):
        plain = False  # the same for every entry: said with an index
    if plain and not indices and len(axes) <= 2 and outer == 0:
        view_names = Names(names.taken)
        view_names.of = {i: n for i, n in names.of.items() if i not in axes}
        right = view(view_names).tensor(tuple(a for a in axes if isinstance(a, Index)), body)
    if right is not None and row and body is not ZERO_EXPR:
        right = transpose(right) if not isinstance(right, tree.Product) else transpose(tree.Group((right,)))
    if right is not None:
        items: list[Tree | tree.Slice] = [names.affine(p) for p in pattern[:leading]]
        left = names.component(symbol, [*items, *whole])
        shown = [i for p in pattern[:leading] for i in free if any(a is i for a in p.atoms())]
    else:
        right = view(names).tensor((), body)
        if right is None:
            raise AssertionError(f"no notation for {symbol.name}")
        left = names.component(symbol, [names.affine(p) for p in pattern])
        shown = list(free)
    return Line(left, right, ranges_of(shown, names))


def ranges_of(indices: Iterable[Index], names: Names) -> tuple[tree.BoundIndex, ...]:
    """`for l in 1..D, i in 1..n[l]`."""
    return tuple(
        tree.BoundIndex(name(names.of[i]), tree.Range(names.affine(i.low), names.affine(i.high))) for i in indices
    )


def _whole_axis(index: Index, axis: Index, pattern: tuple[Affine, ...], symbol: Symbol) -> bool:
    mapping = dict(zip(symbol.axes, pattern, strict=True))
    return index.range == (axis.low.substitute(mapping), axis.high.substitute(mapping))


def _own_rank(symbol: Symbol) -> int:
    return symbol.rank
