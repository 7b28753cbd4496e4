"""Places in a claim: what stands there, how one gets there, and the claim with something else there.

Whatever is not on the way from the root to a changed place stays the same object: values are kept by identity.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from gradsheet.syntax.traversal import altered, kept
from gradsheet.syntax.tree import Bars, Binder, BoundIndex, Derivative, Node, Power, Subscript

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.syntax.tree import Expression

SideName = Literal["left", "right"]
Step = tuple[str, int, int]
"""A field of a node, and the position in it (−1 where the field holds a node itself)."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A node of one side and the way to it.

    `index`: it stands in an index, a range or below a norm. `variable`: it is what is differentiated, or by what.
    `binds`: it is the name that a sum introduces. `bound`: the names that sums around it introduce.
    """

    side: SideName
    node: Node
    path: tuple[Step, ...] = ()
    parent: Place | None = None
    index: bool = False
    variable: bool = False
    binds: bool = False
    bound: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """How many nodes stand above."""
        return len(self.path)

    @property
    def raised(self) -> bool:
        """Whether it is an exponent."""
        return self.parent is not None and isinstance(self.parent.node, Power) and self.path[-1][0] == "exponent"

    def above(self) -> Iterator[Place]:
        """The places around it, from the inside out."""
        place = self.parent
        while place is not None:
            yield place
            place = place.parent


def places(root: Expression, side: SideName) -> list[Place]:
    """Every node of a side, each before its parts, in the author's order."""
    found: list[Place] = []
    waiting = [Place(side, root)]
    while waiting:
        place = waiting.pop()
        found.append(place)
        waiting.extend(reversed([below(place, step, part) for step, part in parts(place.node)]))
    return found


def below(place: Place, step: Step, part: Node) -> Place:
    """The place of a part."""
    node, name = place.node, step[0]
    index = place.index
    variable = place.variable
    bound = place.bound
    match node:
        case Subscript():
            index = index or name == "items"
        case Bars():
            index = index or name == "subscript"
        case BoundIndex():
            index = True
        case Derivative():
            variable = not index
        case Binder() if name == "body":
            bound = (*bound, *(item.name.key for item in node.indices))
    binds = isinstance(node, BoundIndex) and name == "name"
    return Place(place.side, part, (*place.path, step), place, index, variable, binds, bound)


@kept
def parts(node: Node) -> tuple[tuple[Step, Node], ...]:
    """The nodes directly below, with the way to each; the `dL`, `dW` of a derivative are spelling and no parts."""
    return tuple(_parts(node))


def _parts(node: Node) -> Iterator[tuple[Step, Node]]:
    for name in _names(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            yield (name, -1, -1), value
        elif isinstance(value, tuple):
            for i, item in enumerate(value):
                if isinstance(item, Node):
                    yield (name, i, -1), item
                elif isinstance(item, tuple):
                    yield from (((name, i, j), entry) for j, entry in enumerate(item))


def put(node: Any, path: tuple[Step, ...], new: Node) -> Any:
    """A tree with something else at the end of a path."""
    if not path:
        return new
    name, i, j = path[0]
    value = getattr(node, name)
    if i < 0:
        value = put(value, path[1:], new)
    elif j < 0:
        value = (*value[:i], put(value[i], path[1:], new), *value[i + 1 :])
    else:
        row = (*value[i][:j], put(value[i][j], path[1:], new), *value[i][j + 1 :])
        value = (*value[:i], row, *value[i + 1 :])
    if isinstance(node, Derivative):
        return altered(node, {name: value, "plain": None})  # `dL/dW` spells the names that are changed
    return altered(node, {name: value})


def get(node: Any, path: tuple[Step, ...]) -> Any:
    """What stands at the end of a path."""
    for name, i, j in path:
        value = getattr(node, name)
        node = value if i < 0 else value[i] if j < 0 else value[i][j]
    return node


_fields: dict[type[Node], tuple[str, ...]] = {}


def _names(kind: type[Node]) -> tuple[str, ...]:
    found = _fields.get(kind)
    if found is None:
        found = tuple(part.name for part in fields(kind) if part.compare and part.name != "plain")
        _fields[kind] = found
    return found
