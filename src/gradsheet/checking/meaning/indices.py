"""Letters that stand for numbers: which are free in a formula, and over what they run at a point."""

from __future__ import annotations

from fractions import Fraction
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from gradsheet.syntax import tree
from gradsheet.syntax.traversal import children

if TYPE_CHECKING:
    from collections.abc import Callable


T = TypeVar("T")
_MOST_KEPT = 1 << 15


def kept(function: Callable[[tree.Node], T]) -> Callable[[tree.Node], T]:
    """A function of trees that is computed once for each node, by identity: edited trees share most of their parts."""
    held: dict[int, tuple[tree.Node, T]] = {}

    @wraps(function)
    def asked(node: tree.Node) -> T:
        found = held.get(id(node))
        if found is None:
            if len(held) > _MOST_KEPT:
                held.clear()
            found = held[id(node)] = (node, function(node))  # the node is kept, so its id stays its own
        return found[1]

    return asked


@kept
def letters(node: tree.Node) -> frozenset[str]:
    """The letters in the indices of a formula, those that a sum binds left out."""
    if isinstance(node, tree.Binder):
        found: frozenset[str] = frozenset()
        bound: set[str] = set()
        for index in node.indices:
            if index.domain is not None:
                found |= names_in(index.domain) - bound
            bound.add(index.name.key)
        return found | (letters(node.body) - bound)
    below: set[str] = set()
    if isinstance(node, tree.Subscript):
        below.update(*map(names_in, node.items))
    return frozenset(below.union(*map(letters, children(node))))


@kept
def names_in(node: tree.Node) -> frozenset[str]:
    """The plain names in an index: of `t-s` both."""
    own = {node.key} if isinstance(node, tree.Name) and not isinstance(node, tree.FunctionName) else set()
    return frozenset(own.union(*map(names_in, children(node))))


@kept
def kinds(node: tree.Node) -> frozenset[type[tree.Node]]:
    """The kinds of nodes in a formula."""
    return frozenset({type(node)}.union(*map(kinds, children(node))))


@kept
def has_square(node: tree.Node) -> bool:
    """Whether something in a formula is squared."""
    match node:
        case tree.Power(exponent=tree.Num(value=2)):
            return True
        case _:
            return any(map(has_square, children(node)))


@kept
def _subscripts(node: tree.Node) -> tuple[tree.Subscript, ...]:
    below = tuple(part for child in children(node) for part in _subscripts(child))
    return (node, *below) if isinstance(node, tree.Subscript) else below


def subscripts(node: tree.Node, letter: str) -> list[tree.Subscript]:
    """The names in a formula that have a letter in an index of theirs."""
    return [part for part in _subscripts(node) if any(letter in names_in(item) for item in part.items)]


def offset(node: tree.Node, letter: str) -> int | None:
    """The c of a node that is `letter + c`; None of any other.

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
