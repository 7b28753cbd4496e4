"""One thing put in place of another. `put_in`: `h = [0.75 0.5; …] [1; 0.5] + [0; 0]` says what W, x and b are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsheet.checking.judging import numbers
from gradsheet.expressions import Role
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import rewritten, walk

if TYPE_CHECKING:
    from gradsheet.checking.judging.stage import Stage


def put_in(stage: Stage, anchor: tree.Expression, right: tree.Expression) -> None:
    """`h = [0.75 0.5; …] [1; 0.5] + [0; 0]`: numbers in the places of W, x and b give their values."""
    symbol = stage.quantity(anchor)
    model = stage.models[0]
    if symbol is None or symbol not in model.graph.clauses or not any(isinstance(n, tree.Num) for n in walk(right)):
        return
    syntax = model.graph.clauses[symbol][0].syntax
    if syntax is None:
        return
    found: dict[str, Any] = {}
    if not unified(stage.binder.finished(syntax.value), right, found):
        return
    given = {g.key for g in model.sheet.given}
    for key, entries in found.items():
        inner = model.symbols.get(key)
        if inner is None or key in given or key in stage.given or inner.role is Role.FUNCTION:
            continue
        if inner not in model.graph.clauses:
            stage.given[key] = numbers.as_nested(entries)


def unified(pattern: Any, node: Any, found: dict[str, Any]) -> bool:
    """Whether a formula is a definition with numbers put in for its names; which numbers for which name."""
    while isinstance(pattern, tree.Group) and len(pattern.items) == 1:
        pattern = pattern.items[0]
    bare = node
    while isinstance(bare, tree.Group) and len(bare.items) == 1:
        bare = bare.items[0]
    match pattern:
        case tree.FunctionName():
            return bool(pattern == bare)
        case tree.Name(key=key):
            entries = numbers.printed(bare)
            if entries is None:
                return bool(pattern == bare)
            found[key] = entries
            return True
        case tree.Transpose(base=base) | tree.Prime(base=base):
            if isinstance(bare, tree.Transpose):
                return unified(base, bare.base, found)
            entries = numbers.printed(bare)
            if entries is None or not isinstance(base, tree.Name):
                return False
            found[base.key] = entries.T
            return True
        case tree.Product(factors=factors):
            if not isinstance(bare, tree.Product) or len(bare.factors) != len(factors):
                return False
            return all(unified(p.item, n.item, found) for p, n in zip(factors, bare.factors, strict=True))
        case tree.Additive(terms=terms):
            if not isinstance(bare, tree.Additive) or len(bare.terms) != len(terms):
                return False
            return all(
                p.sign == n.sign and unified(p.item, n.item, found) for p, n in zip(terms, bare.terms, strict=True)
            )
        case _:
            return bool(pattern == bare)


def renamed(node: tree.Expression, old: str, new: str) -> tree.Expression:
    """A formula with one letter in place of another.

    >>> from gradsheet.syntax.plain import plain
    >>> plain(renamed(tree.Transpose(tree.Name("W", "W")), "W", "V"))
    'Vᵀ'
    """

    def change(part: tree.Node) -> tree.Node:
        return tree.Name(new, new, span=part.span) if isinstance(part, tree.Name) and part.key == old else part

    return rewritten(node, change)


def replaced(node: tree.Expression, old: tree.Node, new: tree.Node) -> tree.Expression:
    """A formula with a part put in place of each that is equal to another."""

    def change(part: tree.Node) -> tree.Node:
        return new if part == old else part

    return rewritten(node, change)
