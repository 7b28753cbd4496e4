"""Formulas in plain text, for people and as keys."""

from __future__ import annotations

from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain as plain_text
from gradsheet.syntax.traversal import walk


def plain(node: tree.Node) -> str:
    """A tree in plain text, whatever it is.

    >>> plain(tree.Transpose(tree.Name("W", "W")))
    'Wᵀ'
    """
    try:
        return plain_text(node)  # type: ignore[arg-type]
    except (AssertionError, AttributeError, TypeError, ValueError, RecursionError):
        return "…"


def mentions(node: tree.Expression, name: str) -> bool:
    """Whether a quantity stands in a formula, by its plain spelling."""
    return any(
        isinstance(part, tree.Name | tree.Subscript | tree.Derivative) and plain(part) == name for part in walk(node)
    )


def names_something(node: tree.Expression) -> bool:
    """Whether a side is a quantity or a derivative."""
    return isinstance(node, tree.Derivative | tree.Name | tree.Subscript)
