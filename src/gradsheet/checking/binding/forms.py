"""Forms of what stands above and below a symbol: layers, shapes, letters side by side, primes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from gradsheet.checking.binding.patterns import folded
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TRANSPOSE = frozenset({"T", "⊤", "⊺", "ᵀ", "t", "tr"})
"""What stands above a matrix that is transposed."""


def layered_letters(trees: Iterable[tree.Node]) -> set[str]:
    """Letters that carry a layer in brackets above them."""
    found: set[str] = set()
    for node in trees:
        for part in walk(node):
            match part:
                case (
                    tree.Power(base=tree.Name(key=key), exponent=exponent)
                    | tree.Power(base=tree.Lowered(base=tree.Name(key=key)), exponent=exponent)
                ) if is_layer(exponent):
                    found.add(folded(key))
                case _:
                    pass
    return found


def name_of(key: str) -> tree.Name:
    """A name as a tree."""
    return tree.Name(key, key)


def is_layer(exponent: tree.Expression) -> bool:
    """Whether what stands above a symbol is a layer in brackets, perhaps with a power or a transpose behind it."""
    match exponent:
        case tree.Group(items=(tree.Num() | tree.Name() | tree.Additive() | tree.Comparison(),)):
            return True
        case tree.Product(factors=(tree.Factor(item=tree.Group()), *_)):
            return True
        case _:
            return False


def with_primes(node: Any, primed: set[str]) -> Any:
    """`v'_i` under a sum over v′ as an entry of v′."""
    if isinstance(node, tuple):
        return tuple(with_primes(part, primed) for part in node)
    if not isinstance(node, tree.Node):
        return node
    if isinstance(node, tree.Prime) and node.count == 1:
        base = node.base
        if isinstance(base, tree.Name) and base.key + "′" in primed:
            return tree.Name(base.key + "′", base.text + "′", span=node.span)
        if isinstance(base, tree.Subscript) and isinstance(base.base, tree.Name) and base.base.key + "′" in primed:
            name = tree.Name(base.base.key + "′", base.base.text + "′", span=base.base.span)
            return replace(base, base=name, items=with_primes(base.items, primed), span=node.span)
    return replace(node, **{f.name: with_primes(getattr(node, f.name), primed) for f in fields(node) if f.compare})


def apart(item: Any) -> tuple[Any, ...]:
    """`kj` as k and j."""
    if isinstance(item, tree.Product) and not any(f.sign for f in item.factors):
        return tuple(f.item for f in item.factors)
    return (item,)


def is_shape(items: Sequence[Any]) -> bool:
    """A note of the shape below a name: W_{4×4}."""
    return len(items) == 1 and isinstance(items[0], tree.Product) and any(f.sign == "×" for f in items[0].factors)
