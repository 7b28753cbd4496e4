"""Walking a tree without recursion."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from gradsheet.syntax.tree import Node, Underbrace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

N = TypeVar("N", bound=Node)


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in the author's order."""
    for name in _parts(type(node)):
        waiting = [getattr(node, name)]
        while waiting:
            value = waiting.pop()
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                waiting.extend(reversed(value))


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, each before its parts.

    >>> from fractions import Fraction
    >>> from gradsheet.syntax.tree import Name, Num, Power
    >>> [type(part).__name__ for part in walk(Power(Name("x", "x"), Num(Fraction(2), "2")))]
    ['Power', 'Name', 'Num']
    """
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(children(node))))


def deeper_than(node: Node, limit: int) -> Node | None:
    """A node that lies deeper than `limit` levels below another, if there is one."""
    level = [node]
    for _ in range(limit):
        level = [part for above in level for part in children(above)]
        if not level:
            return None
    return level[0]


def unlabelled(node: N) -> N:
    """A tree without the labels below its parts: what it means, and what plain text prints.

    >>> from gradsheet.syntax.tree import Name, Transpose, Underbrace
    >>> x, shape = Name("x", "x"), Name("m", "m")
    >>> unlabelled(Transpose(Underbrace(x, shape))) == Transpose(x)
    True
    """
    if not any(isinstance(part, Underbrace) for part in walk(node)):
        return node
    bare: N = _unlabelled(node)
    return bare


def _unlabelled(value: Any) -> Any:
    while isinstance(value, Underbrace):
        value = value.base
    if isinstance(value, tuple):
        return tuple(map(_unlabelled, value))
    if not isinstance(value, Node):
        return value
    return replace(value, **{name: _unlabelled(getattr(value, name)) for name in _parts(type(value))})


def rewritten(node: N, change: Callable[[Node], Node]) -> N:
    """A tree with every node as `change` has it, the parts before the whole.

    >>> from gradsheet.syntax.tree import Name, Transpose
    >>> x, y = Name("x", "x"), Name("y", "y")
    >>> rewritten(Transpose(x), lambda part: y if part == x else part) == Transpose(y)
    True
    """
    found: N = _rewritten(node, change)
    return found


def _rewritten(value: Any, change: Callable[[Node], Node]) -> Any:
    if isinstance(value, tuple):
        return tuple(_rewritten(part, change) for part in value)
    if not isinstance(value, Node):
        return value
    return change(replace(value, **{name: _rewritten(getattr(value, name), change) for name in _parts(type(value))}))


_fields: dict[type[Node], tuple[str, ...]] = {}


def _parts(kind: type[Node]) -> tuple[str, ...]:
    found = _fields.get(kind)
    if found is None:
        found = _fields[kind] = tuple(part.name for part in fields(kind) if part.compare)
    return found
