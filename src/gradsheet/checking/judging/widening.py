"""`log a b` as log(a b): a function without brackets may reach over all that stands behind it."""

from __future__ import annotations

from gradsheet.syntax import tree
from gradsheet.syntax.traversal import rewritten

_REACHING = frozenset({"log", "ln", "exp", "tanh", "sin", "cos", "σ", "det", "tr", "Tr"})


def widened(node: tree.Expression) -> tree.Expression:
    """The formula with each bare function applied to the whole rest of its product; the same object if there is none.

    >>> from gradsheet.syntax.plain import plain
    >>> log, a, b = tree.FunctionName("log", "log"), tree.Name("a", "a"), tree.Name("b", "b")
    >>> plain(widened(tree.Product((tree.Factor("", log), tree.Factor("", a), tree.Factor("", b)))))
    'log(a b)'
    """
    return rewritten(node, _wide)


def _wide(node: tree.Node) -> tree.Node:
    if not isinstance(node, tree.Product):
        return node
    for at, factor in enumerate(node.factors):
        head = factor.item
        while isinstance(head, tree.Power | tree.Prime):
            head = head.base
        rest = node.factors[at + 1 :]
        if not isinstance(head, tree.FunctionName) or head.key not in _REACHING or len(rest) < 2:
            continue
        if isinstance(rest[0].item, tree.Group) or any(f.sign not in {"", "·", "/"} for f in rest):
            continue
        inner = tree.Product((tree.Factor("", rest[0].item), *rest[1:]), span=node.span)
        whole = tree.Factor("", tree.Group((_wide(inner),), span=node.span))  # type: ignore[arg-type]
        return tree.Product((*node.factors[: at + 1], whole), span=node.span)
    return node
