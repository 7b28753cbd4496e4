"""What a page gives: values of inputs, choices of what a sheet leaves free, assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.judging import numbers
from gradsheet.checking.judging.sides import QUIET, formula_of
from gradsheet.checking.judging.values import sizes_of
from gradsheet.expressions import Role
from gradsheet.syntax import canonical_key, tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.records import Bound
    from gradsheet.checking.judging.stage import Stage


def is_update(sides: Sequence[Bound]) -> bool:
    """`w = w − η ∂L/∂w`: an assignment."""
    left, right = sides[0].side.tree, sides[1].side.tree
    if (
        right is None
        or not isinstance(right, tree.Additive)
        or len(right.terms) < 2
        or isinstance(left, tree.Derivative)
    ):
        return False
    first = right.terms[0]
    return (
        first.sign == "+"
        and first.item == left
        and isinstance(left, tree.Name | tree.Lowered | tree.Power | tree.Subscript)
    )


def take_given(stage: Stage, sides: Sequence[Bound]) -> int:
    """Values of inputs: how many relations only give them."""
    left = sides[0].tree
    if left is None:
        return 0
    symbol = stage.quantity(left)
    if symbol is None or symbol in stage.models[0].graph.clauses or symbol.role is Role.FUNCTION:
        return 0
    if canonical_key(symbol.name) in stage.given:
        return 0
    last = 0
    for k, side in enumerate(sides[1:], 1):
        node = formula_of(side.side)
        if node is None:
            continue
        entries = numbers.printed(node, sizes_of(stage, symbol))
        if entries is not None:
            stage.given[canonical_key(symbol.name)] = numbers.as_nested(entries)
            last = k
        elif any(isinstance(n, tree.Ellipsis) for n in walk(node)):
            last = k
    if not last and all(s.side.kind in QUIET | {"unreadable"} for s in sides[1:]):
        return len(sides) - 1
    return last


def is_chosen(stage: Stage, sides: Sequence[Bound]) -> bool:
    """`t = X w` of an input t, `M_{ui} = 1`: a choice of what the sheet leaves free."""
    left, right = sides[0].tree, sides[1].tree
    if left is None or right is None:
        return False
    root = left
    while isinstance(root, tree.Subscript | tree.Group):
        root = root.base if isinstance(root, tree.Subscript) else root.items[0]
    symbol = stage.quantity(root) if isinstance(root, tree.Name) else None
    if symbol is None or symbol in stage.models[0].graph.clauses or symbol.role is Role.FUNCTION:
        return False
    written = formula_of(sides[1].side)
    if written is not None and numbers.printed(written) is not None:
        return root is not left
    if any(isinstance(n, tree.Ellipsis | tree.Array) for n in walk(right)):
        return False
    return stage.compare(left, right).outcome not in {"right", "arrangement"}
