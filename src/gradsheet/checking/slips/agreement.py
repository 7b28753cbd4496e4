"""Whether an edit makes a part look like what stands elsewhere: on the other side, in lines that were right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.slips.confusions import numbered
from gradsheet.checking.slips.places import parts, put
from gradsheet.syntax.traversal import kept, walk
from gradsheet.syntax.tree import (
    Additive,
    Binder,
    Derivative,
    Factor,
    Group,
    Name,
    Node,
    Num,
    Power,
    Product,
    Subscript,
    Term,
)

if TYPE_CHECKING:
    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.scene import Scene

LARGEST = 1.6
"""No agreement takes more from a cost."""
TRIVIAL = -2.0
"""∂L/∂a = ∂L/∂a is true, but nobody wanted to say it."""
_WHOLE = (Derivative, Product, Additive, Power, Binder)
_LARGEST_PART = 40
_MOST_PARTS = 4000


class Agreement:
    """What stands elsewhere, as it is and without the numbers of names and layers."""

    def __init__(self, scene: Scene) -> None:
        self.other = scene.left
        self.left = self._wholes(scene.left)
        self.siblings: set[Node] = set()
        for root in scene.vocabulary.siblings:
            if len(self.siblings) > _MOST_PARTS:
                break
            self.siblings |= self._wholes(root)
        outlines = self.siblings | self.left | self._wholes(scene.right)
        self.outlines = {outline(node) for node in outlines if isinstance(node, Product | Additive)}

    @staticmethod
    def _wholes(root: Node) -> set[Node]:
        found: set[Node] = set()
        for node in walk(root):
            if isinstance(node, _WHOLE) and is_small(node, _LARGEST_PART):
                found.add(node)
        return found

    def bonus(self, change: Change) -> float:
        """How much likelier an edit is for what it agrees with."""
        place, new = change.pieces[0]
        node: Node = new
        while not isinstance(node, _WHOLE) or isinstance(place.node, Factor | Term):
            if place.parent is None:
                break
            node = put(place.parent.node, (place.path[-1],), node)
            place = place.parent
        if place.depth == 0 and isinstance(node, Derivative | Name | Subscript) and node == self.other:
            return TRIVIAL if place.side == "right" else 0.0
        if not isinstance(node, _WHOLE):
            return 0.0
        if place.side == "right" and node in self.left:  # what is wrong on the right is no example for the left
            return LARGEST
        if node in self.siblings:
            return 1.0 if not isinstance(node, Derivative) else 0.3 if place.side == "right" else 0.0
        if isinstance(node, Product | Additive) and (found := outline(node)) in self.outlines:
            return 0.5 if found != outline(place.node) else 0.0
        return 0.0


def is_small(node: Node, limit: int) -> bool:
    """Whether a part has at most so many nodes."""
    return _count(node) <= limit


@kept
def _count(node: Node) -> int:
    return 1 + sum([_count(part) for _, part in parts(node)])


@kept
def outline(node: Node) -> str:
    """A part without the numbers of its names and members: x1 w13 x1 and x2 w24 x2 have the same."""
    match node:
        case Name(key=key):
            found = numbered(key)
            return found[0] if found is not None else key
        case Num(value=value):
            return str(value)
        case Subscript(base=base, items=items):
            return f"{outline(base)}[{','.join('#' if isinstance(item, Num) else outline(item) for item in items)}]"
        case Group(items=(item,)):
            return f"({outline(item)})"
        case Factor(sign=sign, item=item):
            return ("/" if sign in {"/", "⊘"} else "") + outline(item)
        case Term(sign=sign, item=item):
            return sign + outline(item)
        case Product() | Additive():
            return f"{type(node).__name__}<{' '.join(sorted(outline(part) for _, part in parts(node)))}>"
        case _:
            return f"{type(node).__name__}<{' '.join(outline(part) for _, part in parts(node))}>"
