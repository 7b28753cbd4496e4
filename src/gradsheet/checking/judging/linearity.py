"""The gradient of a sum is the sum of the gradients: ∇ Σᵢ Lᵢ = Σᵢ ∇ Lᵢ, whatever the Lᵢ are.

Lines about functions that nobody specifies cannot be evaluated; but two sides that are the same once derivatives are
carried into sums and past constant factors are equal.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from gradsheet.syntax import tree
from gradsheet.syntax.traversal import rewritten, walk

if TYPE_CHECKING:
    from collections.abc import Mapping


def linear(
    left: tree.Expression, right: tree.Expression, definitions: Mapping[tree.Expression, tree.Expression]
) -> bool:
    """Whether two neutral trees are one after definitions are put in and derivatives carried into sums.

    At least one derivative has to be there: anything else is for others to judge.
    """
    sides = [_written_out(side, definitions) for side in (left, right)]
    if not all(any(isinstance(n, tree.Derivative | tree.Nabla) for n in walk(side)) for side in sides):
        return False
    first, second = (_inside(_plain(side)) for side in sides)
    return bool(first == second)


def _written_out(node: tree.Expression, definitions: Mapping[tree.Expression, tree.Expression]) -> tree.Expression:
    """A definition of the page in the place of what it defines, once: a mean of losses is called L itself."""
    return rewritten(node, lambda part: definitions.get(part, part) if part in definitions else part)  # type: ignore[call-overload]


def _plain(node: Any) -> Any:
    """∇ as a derivative, brackets around one thing left out."""
    if isinstance(node, tuple):
        return tuple(_plain(part) for part in node)
    if not isinstance(node, tree.Node):
        return node
    match node:
        case tree.Nabla(of=of, by=by) if by is not None:
            return tree.Derivative(_plain(of), (_plain(by),))
        case tree.Group(items=(item,)) if not isinstance(item, tree.Name):
            return _plain(item)
        case tree.Underbrace(base=base):
            return _plain(base)
        case _:
            return replace(node, **{f.name: _plain(getattr(node, f.name)) for f in fields(node) if f.compare})


def _inside(node: Any) -> Any:
    """Derivatives carried into sums, over + and −, past factors in which no name stands that could move."""
    if isinstance(node, tuple):
        return tuple(_inside(part) for part in node)
    if not isinstance(node, tree.Node):
        return node
    if isinstance(node, tree.Derivative) and len(node.by) == 1:
        return _carried(_inside(node.of), node.by[0])
    return replace(node, **{f.name: _inside(getattr(node, f.name)) for f in fields(node) if f.compare})


def _carried(of: tree.Expression, by: tree.Expression) -> tree.Expression:
    match of:
        case tree.Additive(terms=terms):
            return tree.Additive(tuple(tree.Term(t.sign, _carried(t.item, by)) for t in terms))
        case tree.Binder(kind="sum" | "mean" as kind, indices=indices, body=body):
            names = {n.key for n in walk(by) if isinstance(n, tree.Name)}
            if not names & {i.name.key for i in indices}:
                return tree.Binder(kind, indices, _carried(body, by))
        case tree.Product(factors=factors):
            last = factors[-1]
            if last.sign in {"", "·", "*"} and all(_constant(f.item) for f in factors[:-1]):
                return tree.Product((*factors[:-1], replace(last, item=_carried(last.item, by))))
        case _:
            pass
    return tree.Derivative(of, (by,))


def _constant(node: tree.Expression) -> bool:
    """A number, or one capital letter: 1/N."""
    return isinstance(node, tree.Num) or (isinstance(node, tree.Name) and len(node.key) == 1 and node.key in "NMnm")


__all__ = ["linear"]
