"""Where two formulas differ: the one smallest part, if there is one."""

from __future__ import annotations

from dataclasses import fields
from itertools import count
from typing import TYPE_CHECKING, Any

from gradsheet.checking.judging.substitution import replaced
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import rewritten, walk

if TYPE_CHECKING:
    from collections.abc import Iterator


def difference(a: Any, b: Any) -> tuple[tree.Node, tree.Node] | None:
    """The smallest parts in which two trees differ, if everything else is the same; None where they are equal.

    >>> from fractions import Fraction
    >>> x, y, two = tree.Name("x", "x"), tree.Name("y", "y"), tree.Num(Fraction(2), "2")
    >>> difference(tree.Power(x, two), tree.Power(y, two)) == (x, y)
    True
    """
    if a == b:
        return None
    if isinstance(a, tree.Group) and len(a.items) == 1 and not isinstance(b, tree.Group):
        return difference(a.items[0], b) or (a, b)
    if isinstance(b, tree.Group) and len(b.items) == 1 and not isinstance(a, tree.Group):
        return difference(a, b.items[0]) or (a, b)
    if type(a) is not type(b):
        return a, b
    found: list[tuple[tree.Node, tree.Node]] = []
    for field in fields(a):
        if not field.compare:
            continue
        left, right = getattr(a, field.name), getattr(b, field.name)
        if left == right:
            continue
        inner = _parts(left, right)
        if inner is None:
            return a, b
        found.append(inner)
    return found[0] if len(found) == 1 else (a, b)


def _parts(left: Any, right: Any) -> tuple[tree.Node, tree.Node] | None:
    if isinstance(left, tree.Node) and isinstance(right, tree.Node):
        return difference(left, right)
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        apart = [(x, y) for x, y in zip(left, right, strict=True) if x != y]
        if len(apart) == 1:
            return _parts(*apart[0])
    return None


def symbol(node: tree.Node) -> bool:
    """Whether a part is one symbol: a name, perhaps with indices, perhaps transposed."""
    while isinstance(node, tree.Transpose | tree.Group):
        node = node.base if isinstance(node, tree.Transpose) else node.items[0]
    return isinstance(node, tree.Name | tree.Subscript)


def replacements(
    node: tree.Expression, old: tree.Node, new: tree.Node
) -> Iterator[tuple[tree.Expression, tree.Node | None]]:
    """A formula with a part put in place of another: at each place alone, with what stood there; then everywhere."""
    places = [part for part in walk(node) if part == old]
    for number in range(len(places)):
        yield _replaced_at(node, old, new, number), places[number]
    if len(places) > 1:
        yield replaced(node, old, new), None


def _replaced_at(node: tree.Expression, old: tree.Node, new: tree.Node, number: int) -> tree.Expression:
    seen = count()

    def change(part: tree.Node) -> tree.Node:
        return new if part == old and next(seen) == number else part

    return rewritten(node, change)
