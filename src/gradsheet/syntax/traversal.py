"""Walking a tree without recursion."""

from __future__ import annotations

import operator
from dataclasses import fields
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from gradsheet.syntax.tree import Node, Underbrace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

N = TypeVar("N", bound=Node)
T = TypeVar("T")
_MOST_KEPT = 1 << 15


def kept(function: Callable[[Node], T]) -> Callable[[Node], T]:
    """A function of trees that is computed once for each node, by identity: edited trees share most of their parts."""
    held: dict[int, tuple[Node, T]] = {}

    @wraps(function)
    def asked(node: Node) -> T:
        found = held.get(id(node))
        if found is None:
            if len(held) > _MOST_KEPT:
                held.clear()
            found = held[id(node)] = (node, function(node))  # the node is kept, so its id stays its own
        return found[1]

    return asked


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node, in the author's order; found once for each node."""
    try:
        found = node._below  # noqa: SLF001 - the room that nodes have for this
    except AttributeError:
        found = tuple(_children(node))
        object.__setattr__(node, "_below", found)
    return found


def _children(node: Node) -> Iterator[Node]:
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
        waiting.extend(children(node)[::-1])


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
    if not _labelled(node):
        return node
    bare: N = _unlabelled(node)
    return bare


@kept
def _labelled(node: Node) -> bool:
    return isinstance(node, Underbrace) or any(map(_labelled, children(node)))


def _unlabelled(value: Any) -> Any:
    while isinstance(value, Underbrace):
        value = value.base
    if isinstance(value, tuple):
        return tuple(map(_unlabelled, value))
    if not isinstance(value, Node):
        return value
    return altered(value, {name: _unlabelled(getattr(value, name)) for name in _parts(type(value))})


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
    """What nothing is changed in stays the same object."""
    if isinstance(value, tuple):
        found = tuple([_rewritten(part, change) for part in value])
        return value if all(map(operator.is_, found, value)) else found
    if not isinstance(value, Node):
        return value
    new = {}
    for name in _parts(type(value)):
        old = getattr(value, name)
        if isinstance(old, Node | tuple):
            part = _rewritten(old, change)
            if part is not old:
                new[name] = part
    return change(altered(value, new) if new else value)


def altered(node: N, new: Mapping[str, Any]) -> N:
    """A node with other values in some of its fields; `dataclasses.replace`, at half the price."""
    kind = type(node)
    names = _given.get(kind)
    if names is None:
        names = _given[kind] = tuple(part.name for part in fields(node) if not part.kw_only)
    return kind(*[new[name] if name in new else getattr(node, name) for name in names], span=node.span)


_given: dict[type[Node], tuple[str, ...]] = {}
_fields: dict[type[Node], tuple[str, ...]] = {}


def _parts(kind: type[Node]) -> tuple[str, ...]:
    found = _fields.get(kind)
    if found is None:
        found = _fields[kind] = tuple(part.name for part in fields(kind) if part.compare)
    return found
