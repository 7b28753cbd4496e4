"""Walking a tree without recursion."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from gradsheet.syntax.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator


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


_fields: dict[type[Node], tuple[str, ...]] = {}


def _parts(kind: type[Node]) -> tuple[str, ...]:
    found = _fields.get(kind)
    if found is None:
        found = _fields[kind] = tuple(part.name for part in fields(kind) if part.compare)
    return found
