"""Elements of MathML with their places in the source, so that a part of a formula can be marked."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

_ROWS = frozenset({"math", "mrow", "mtd", "msqrt", "mphantom", "mstyle"})
"""Elements that take any number of children side by side."""


class Mark(NamedTuple):
    """A part of a formula that gets a class."""

    start: int
    end: int
    name: str


@dataclass
class Element:
    """One element: its children, or its text. `start` and `end` are offsets in the source."""

    tag: str
    children: list[Element] = field(default_factory=list)
    text: str = ""
    attributes: str = ""
    start: int = -1
    end: int = -1

    def __post_init__(self) -> None:
        if self.start < 0:
            placed = [child for child in self.children if child.start >= 0]
            if placed:
                self.start = min(child.start for child in placed)
                self.end = max(child.end for child in placed)

    def write(self) -> str:
        """The element as text."""
        inside = escape(self.text) + "".join(child.write() for child in self.children)
        return f"<{self.tag}{self.attributes}>{inside}</{self.tag}>"


def within(element: Element, mark: Mark) -> bool:
    """Whether all of an element lies in the marked part."""
    return mark.start <= element.start and element.end <= mark.end


def mark_part(root: Element, mark: Mark) -> None:
    """Put a class on the parts of a formula that a mark covers; on what encloses it where it covers no whole part."""
    if _marked(root, mark):
        return
    least = _enclosing(root, mark)
    if least is not root:
        _marked(root, Mark(least.start, least.end, mark.name))


def _enclosing(element: Element, mark: Mark) -> Element:
    """The smallest element in which a mark lies."""
    for child in element.children:
        if child.start >= 0 and child.start <= mark.start and mark.end <= child.end:
            return _enclosing(child, mark)
    return element


def _marked(element: Element, mark: Mark) -> bool:
    """Neighbours that a mark covers are marked together; whether there were any."""
    if element.start >= 0 and (element.end <= mark.start or mark.end <= element.start):
        return False
    found = False
    out: list[Element] = []
    run: list[Element] = []
    for child in [*element.children, None]:
        if child is not None and ((child.start >= 0 and within(child, mark)) or (child.start < 0 and run)):
            run.append(child)
            found = True
            if element.tag in _ROWS:
                continue
        if run:
            out.append(_wrapped(run, mark))
            run = []
            if element.tag not in _ROWS:
                continue
        if child is not None:
            found = _marked(child, mark) or found
            out.append(child)
    element.children = out
    return found


def _wrapped(elements: list[Element], mark: Mark) -> Element:
    if len(elements) == 1 and elements[0].tag in {"mtr", "mtd"}:  # a row of a table takes no other element around it
        for child in elements[0].children if elements[0].tag == "mtr" else [elements[0]]:
            child.children = [_wrapped(child.children, mark)] if child.children else []
        return elements[0]
    return Element("mrow", elements, attributes=f' class="{mark.name}"')
