"""A graph to be drawn: nodes with their texts, edges with what stands above and below them."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.expressions import Symbol
    from gradsheet.writing.picture.text import Text

NodeKind = Literal["input", "parameter", "gate", "box", "function", "result", "rest"]


@dataclass(slots=True)
class Node:
    """A name, an operation, or an equation with its shape.

    `lines` stand inside, `caption` below a gate, `total` (the gradient by all uses together) below that. `anchor` is
    the step that the node leads to, `told` what its tooltip says, line by line.
    """

    key: str
    kind: NodeKind
    lines: tuple[Text, ...] = ()
    small: Text = ()
    caption: Text = ()
    total: Text = ()
    told: tuple[str, ...] = ()
    anchor: str | None = None
    frame: str | None = None


@dataclass(slots=True)
class Edge:
    """One use: the value above, the gradient below, and the part that it plays for an operation (−, ÷) as its mark."""

    source: str
    target: str
    above: Text = ()
    below: Text = ()
    mark: str = ""
    told: tuple[str, ...] = ()
    anchor: str | None = None
    dashed: bool = False
    """No number flows here: a function is used, an index chooses."""
    valued: bool = True
    """What stands above is a value, and not the name or the shape of one."""
    carries: Symbol | None = None
    value: Any = None
    gradient: Any = None
    """What stands above and below, as numbers."""


@dataclass(slots=True)
class Frame:
    """A box around what is there for every index."""

    key: str
    title: Text


@dataclass(slots=True)
class Picture:
    """All of it, with its title, its description and what was left out."""

    title: str
    description: str
    circuit: bool = False
    """Gates, with slanted wires; else boxes, with lines at right angles."""
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    legend: list[tuple[str, Text]] = field(default_factory=list)
    """The kind of sign, and what it means."""
    notes: list[str] = field(default_factory=list)
    panels: dict[str, tuple[Text, ...]] = field(default_factory=dict)
    """What a step says, for a picture that is read without its page."""

    def node(self, key: str) -> Node:
        """A node by its key."""
        return next(n for n in self.nodes if n.key == key)
