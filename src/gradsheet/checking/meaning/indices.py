"""Letters that stand for numbers: which are free in a formula, and over what they run at a point."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from gradsheet.syntax import tree
from gradsheet.syntax.traversal import children, kept

if TYPE_CHECKING:
    from collections.abc import Mapping


class Facts(NamedTuple):
    """What is asked of formulas again and again."""

    names: frozenset[str]
    letters: frozenset[str]
    indexing: frozenset[str]
    kinds: frozenset[type[tree.Node]]
    square: bool
    subscripts: tuple[tree.Subscript, ...]
    leaves: tuple[tree.Node, ...]


_NONE = frozenset[str]()
_WRAPPING = (tree.Factor, tree.Term, tree.Group, tree.Transpose, tree.Underbrace)
"""What adds nothing to the facts of the one part below it but its kind."""


@kept
def facts(node: tree.Node) -> Facts:
    """All of it in one go: an edited formula is a new node on the whole way to its root."""
    below = [facts(part) for part in children(node)]
    if len(below) == 1 and isinstance(node, _WRAPPING):
        return below[0] if type(node) in below[0].kinds else below[0]._replace(kinds=below[0].kinds | {type(node)})
    names = _NONE.union(*[part.names for part in below])
    indexing = _NONE.union(*[part.indexing for part in below])
    found = frozenset({type(node)}.union(*[part.kinds for part in below]))
    square = any(part.square for part in below)
    subscripted = tuple(one for part in below for one in part.subscripts)
    ends = tuple(leaf for part in below for leaf in part.leaves)
    letters_here = _NONE.union(*[part.letters for part in below])
    match node:
        case tree.FunctionName():
            pass
        case tree.Name(key=key):
            names, ends = names | {key}, (node,)
        case tree.Subscript(items=items):
            own = _NONE.union(*[facts(item).names for item in items])
            letters_here, indexing = letters_here | own, indexing | own
            subscripted, ends = (node, *subscripted), (node,)
        case tree.Binder():
            letters_here = _free_of(node)
        case tree.Array():
            ends = (node,)
        case tree.Power(exponent=tree.Num(value=2)):
            square = True
        case _:
            pass
    return Facts(names, letters_here, indexing, found, square, subscripted, ends)


def _free_of(node: tree.Binder) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    bound: set[str] = set()
    for index in node.indices:
        if index.domain is not None:
            found |= names_in(index.domain) - bound
        bound.add(index.name.key)
    return found | (letters(node.body) - bound)


def letters(node: tree.Node) -> frozenset[str]:
    """The letters in the indices of a formula, those that a sum binds left out."""
    return facts(node).letters


def names_in(node: tree.Node) -> frozenset[str]:
    """The plain names in an index: of `t-s` both."""
    return facts(node).names


def names_in_indices(node: tree.Node) -> frozenset[str]:
    """The plain names in the indices of a formula, those that a sum binds as well."""
    return facts(node).indexing


def kinds(node: tree.Node) -> frozenset[type[tree.Node]]:
    """The kinds of nodes in a formula."""
    return facts(node).kinds


def has_square(node: tree.Node) -> bool:
    """Whether something in a formula is squared."""
    return facts(node).square


def leaves(node: tree.Node) -> tuple[tree.Node, ...]:
    """Whatever in a formula has a value of its own: names with the indices behind them, arrays."""
    return facts(node).leaves


def subscripts(node: tree.Node, letter: str) -> list[tree.Subscript]:
    """The names in a formula that have a letter in an index of theirs."""
    return [part for part in facts(node).subscripts if any(letter in names_in(item) for item in part.items)]


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


def whole(node: tree.Node, known: Mapping[str, Any]) -> int | None:
    """The whole number that an index expression stands for, where its letters are known."""
    found = _number(node, known)
    return int(found) if found is not None and found.denominator == 1 else None


def _number(node: tree.Node, known: Mapping[str, Any]) -> Fraction | int | None:
    match node:
        case tree.Num(value=number):
            return number.numerator if number.denominator == 1 else number
        case tree.Name(key=key):
            held = known.get(key)
            return held if isinstance(held, int) else None
        case tree.Group(items=(item,)):
            return _number(item, known)
        case tree.Additive(terms=terms):
            total: Fraction | int = 0
            for term in terms:
                part = _number(term.item, known)
                if part is None:
                    return None
                total += -part if term.sign == "-" else part
            return total
        case tree.Product(factors=factors):
            result: Fraction | int = 1
            for factor in factors:
                part = _number(factor.item, known)
                if part is None or factor.sign not in {"", "*", "·", "/"} or (factor.sign == "/" and not part):
                    return None
                result = Fraction(result) / part if factor.sign == "/" else result * part
            return result
        case _:
            return None
