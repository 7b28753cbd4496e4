"""Shapes: a vector for a diagonal matrix, a row for a column, m×n for n×m."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.checking.slips.products import call, is_call_of, number
from gradsheet.checking.slips.rules import EditRule
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Array,
    Expression,
    Factor,
    FunctionName,
    Group,
    Name,
    Num,
    Product,
    Subscript,
    Transpose,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.scene import Scene

_VECTORS = (Name, Subscript, Group, Array, Product, Transpose)


def diagonals(scene: Scene) -> Iterator[Change]:
    """`g'(z)` → diag(g'(z)), diag(x) → x."""
    for operand in scene.operands:
        node = operand.node
        if isinstance(node, Product) and is_call_of(node, "diag"):
            argument = node.factors[1].item
            inside = argument.items[0] if isinstance(argument, Group) and operand.start < 0 else argument
            said = scene.say(argument)
            yield scene.swap(operand, inside, f"the diagonal matrix of {said} stands for {said}", 1.7)
        elif isinstance(node, _VECTORS) and scene.form(node) in {None, "column", "row"}:
            new = call(FunctionName("diag", "diag"), node)
            yield scene.swap(operand, new, f"{scene.say(node)} for the diagonal matrix {scene.say(new)}", 1.8)


def ones(scene: Scene) -> Iterator[Change]:
    """A stated list of entries with one too many or one too few."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Array) or place.index:
            continue
        if len(node.rows) > 1:
            for which, rows in (("last", node.rows[:-1]), ("first", node.rows[1:])):
                yield scene.set(place, replace(node, rows=rows), f"the {which} row is extra", 2.2)
            yield scene.set(place, replace(node, rows=(*node.rows, node.rows[-1])), "a row is lost", 2.3)
        elif len(node.rows[0]) > 1:
            row = node.rows[0]
            for which, items in (("last", row[:-1]), ("first", row[1:])):
                yield scene.set(place, replace(node, rows=(items,)), f"the {which} entry is extra", 2.2)
            yield scene.set(place, replace(node, rows=((*row, row[-1]),)), "an entry is lost", 2.3)


def sizes(scene: Scene) -> Iterator[Change]:
    """`m×n` → n×m, 3×4 → 3×3: what is stated of a shape."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Product) or place.index or not _is_shape(node):
            continue
        items = [factor.item for factor in node.factors]
        if len(items) == 2 and items[0] != items[1]:
            new = Product((Factor("", items[1]), Factor("×", items[0])), span=node.span)
            yield scene.set(place, new, f"{scene.say(node)} for {scene.say(new)}", 1.0)
        for at, old in enumerate(items):
            for size in _sizes(scene):
                if size != old:
                    factor = replace(node.factors[at], item=size)
                    other = replace(node, factors=(*node.factors[:at], factor, *node.factors[at + 1 :]))
                    yield scene.set(place, other, f"{scene.say(node)} for {scene.say(other)}", 1.3)


def _is_shape(node: Product) -> bool:
    return len(node.factors) >= 2 and all(
        isinstance(factor.item, Num | Name | Subscript) and factor.sign == ("×" if at else "")
        for at, factor in enumerate(node.factors)
    )


def _sizes(scene: Scene) -> list[Expression]:
    found: list[Expression] = [number(value) for value in (1, 2, 3, 4, 5)]
    for root in (scene.left, scene.right):
        found.extend(node for node in walk(root) if isinstance(node, Num) and node.value > 0)
    found.extend(Name(key, key) for key, facts in scene.vocabulary.names.items() if facts.kind == "size")
    return list(dict.fromkeys(found))


RULES = (
    EditRule("diagonal matrix", "shape", "x → diag(x)", diagonals),
    EditRule("number of rows", "shape", "[a; b; c] → [a; b]", ones),
    EditRule("stated shape", "shape", "m×n → n×m", sizes),
)
