"""Letters that stand for numbers: which are free in a formula, and over what they run at a point."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gradsheet.syntax import tree
from gradsheet.syntax.traversal import children, walk


_KNOWN: dict[int, tuple[tree.Node, frozenset[str]]] = {}
"""By identity: trees are frozen, and the same ones are asked for again and again."""


def letters(node: tree.Node) -> frozenset[str]:
    """The letters in the indices of a formula, those that a sum binds left out."""
    known = _KNOWN.get(id(node))
    if known is not None and known[0] is node:
        return known[1]
    found: set[str] = set()
    _letters(node, frozenset(), found)
    if len(_KNOWN) > 4096:
        _KNOWN.clear()
    _KNOWN[id(node)] = (node, frozenset(found))
    return frozenset(found)


def _letters(node: tree.Node, bound: frozenset[str], found: set[str]) -> None:
    if isinstance(node, tree.Binder):
        inner = bound | {i.name.key for i in node.indices}
        for index in node.indices:
            if index.domain is not None:
                for part in names_in(index.domain):
                    if part not in bound:
                        found.add(part)
        _letters(node.body, inner, found)
        return
    if isinstance(node, tree.Subscript):
        for item in node.items:
            for part in names_in(item):
                if part not in bound:
                    found.add(part)
    for child in children(node):
        _letters(child, bound, found)


def names_in(node: tree.Node) -> set[str]:
    """The plain names in an index: of `t-s` both."""
    return {n.key for n in walk(node) if isinstance(n, tree.Name) and not isinstance(n, tree.FunctionName)}


def offset(node: tree.Node, letter: str) -> int | None:
    """c where the node is `letter + c`, else None.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.reading import parse_expression
    >>> offset(parse_expression(Source("l-1"), Diagnostics(Source("l-1"))), "l")
    -1
    """
    match node:
        case tree.Name(key=key):
            return 0 if key == letter else None
        case tree.Group(items=(item,)):
            return offset(item, letter)
        case tree.Additive(terms=terms):
            total, seen = Fraction(0), 0
            for term in terms:
                sign = -1 if term.sign == "-" else 1
                match term.item:
                    case tree.Num(value=number):
                        total += sign * number
                    case tree.Name(key=key) if key == letter and sign > 0:
                        seen += 1
                    case _:
                        return None
            return int(total) if seen == 1 and total.denominator == 1 else None
        case _:
            return None


def whole(node: tree.Node, known: dict[str, Any]) -> int | None:
    """The whole number that an index expression stands for, where its letters are known."""
    found = _number(node, known)
    return int(found) if found is not None and found.denominator == 1 else None


def _number(node: tree.Node, known: dict[str, Any]) -> Fraction | None:
    match node:
        case tree.Num(value=number):
            return number
        case tree.Name(key=key):
            held = known.get(key)
            return Fraction(held) if isinstance(held, int) else None
        case tree.Group(items=(item,)):
            return _number(item, known)
        case tree.Additive(terms=terms):
            total = Fraction(0)
            for term in terms:
                part = _number(term.item, known)
                if part is None:
                    return None
                total += -part if term.sign == "-" else part
            return total
        case tree.Product(factors=factors):
            result = Fraction(1)
            for factor in factors:
                part = _number(factor.item, known)
                if part is None or factor.sign not in {"", "*", "·", "/"} or (factor.sign == "/" and not part):
                    return None
                result = result / part if factor.sign == "/" else result * part
            return result
        case _:
            return None
