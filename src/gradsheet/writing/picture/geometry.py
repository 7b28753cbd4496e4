"""Rectangles and lines: whether they are in each other's way."""

from __future__ import annotations

from gradsheet.records import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its centre and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2


def overlap(a: Box, b: Box) -> bool:
    """Two rectangles have room in common.

    >>> overlap(Box(0, 0, 2, 2), Box(1, 1, 2, 2)), overlap(Box(0, 0, 2, 2), Box(2, 0, 2, 2))
    (True, False)
    """
    across = a.left < b.right - 0.01 and b.left < a.right - 0.01
    return across and a.top < b.bottom - 0.01 and b.top < a.bottom - 0.01


def crosses(start: Point, end: Point, box: Box) -> bool:
    """A straight line has a part inside a rectangle.

    >>> crosses((-5, 0), (5, 0), Box(0, 0, 2, 2)), crosses((-5, 3), (5, 3), Box(0, 0, 2, 2))
    (True, False)
    """
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    enters, leaves = 0.0, 1.0
    for step, room in ((-dx, x - box.left), (dx, box.right - x), (-dy, y - box.top), (dy, box.bottom - y)):
        if step == 0:
            if room <= 0:
                return False
        elif step < 0:
            enters = max(enters, room / step)
        else:
            leaves = min(leaves, room / step)
    return enters < leaves - 1e-6
