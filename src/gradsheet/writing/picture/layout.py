"""Where everything stands: layers from left to right by graphlay, with each edge's value and gradient as a stop on it.

An edge with a label is laid out as two, with the label's room between them: so a label never lies on a node, on another
label or on another edge, and the line runs through its middle, with the value above and the gradient below.
"""

from __future__ import annotations

from dataclasses import field
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gradsheet.records import dataclass
from gradsheet.writing.picture.geometry import Box, crosses, overlap
from gradsheet.writing.picture.text import width, words

if TYPE_CHECKING:
    from gradsheet.writing.picture.model import Edge, Frame, Node, Picture
    from gradsheet.writing.picture.text import Text

FORMULA, LABEL, SMALL = 15.0, 13.0, 11.0
"""Sizes of letters: in nodes, on edges, and of shapes and captions."""
LINE = 22.0
"""From one line of a formula to the next."""
GATE = 32.0
NAMED_GATE = 42.0
"""The diameter of a gate, and of one with a name in it."""
HALF_LABEL = 17.0
"""The room above an edge, and below it."""
TAG = 14.0
"""The height of a mark on a line."""
_MARGIN = 16.0
_FRAME = 8.0
_TITLE = 16.0
_LOOP = 24.0
_LEAST_LOOP = 90.0
"""How far above its node a loop runs, and how long it is at least."""
_OPTIONS: dict[str, Any] = {
    "direction": "leftright",
    "spacing": {"layer_gap": 14.0, "node_gap": 16.0, "dummy_gap": 14.0, "stub": 8.0, "port_gap": 10.0,
                "port_stroke_clear": 6.0},
}  # fmt: skip


@dataclass(slots=True)
class Route:
    """The line of an edge, and the room of its label."""

    edge: Edge
    points: list[tuple[float, float]]
    label: Box | None = None
    tag: Box | None = None
    """Where a mark stands, on the line."""


@dataclass(slots=True)
class Drawing:
    """A picture with places; the upper left corner is at 0, 0."""

    width: float = 0.0
    height: float = 0.0
    nodes: list[tuple[Node, Box]] = field(default_factory=list)
    frames: list[tuple[Frame, Box]] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)


def can_draw() -> bool:
    """Whether the library that lays out graphs is there."""
    return find_spec("graphlay") is not None


def rows(node: Node) -> list[tuple[Text, float, str]]:
    """The lines inside a node, each with its size and its kind."""
    small = [(text, SMALL + 1, kind) for text, kind in ((node.small, "quiet"), (node.total, "gradient")) if text]
    name = [(node.caption, SMALL + 1.5, "formula")] if node.caption else []
    return [*((line, FORMULA, "formula") for line in node.lines), *name, *small]


def height(row: tuple[Text, float, str]) -> float:
    """The room of one line, from the one above it to the one below; indices hang lower."""
    if row[1] != FORMULA:
        return 15.0
    return LINE + (3.0 if any(run.level < 0 for run in row[0]) else 0.0)


def size(node: Node) -> tuple[float, float]:
    """Width and height of a node."""
    inside = rows(node)
    wide = max((width(text, letters) for text, letters, _ in inside), default=0.0)
    tall = sum(map(height, inside))
    if node.kind == "gate":
        least = GATE if len(inside) == 1 else NAMED_GATE
        wide, tall = max(wide + 14, least), max(tall + 4, least)
        return (max(wide, tall), max(wide, tall)) if wide < tall + 8 else (wide, tall)
    if node.kind in {"box", "function", "rest"}:
        return wide + 26, tall + 14
    return max(wide + 20, 34), tall + 8


def label_size(edge: Edge) -> tuple[float, float] | None:
    """The room of what stands on an edge: the numbers, then the mark."""
    wide = max(width(edge.above, LABEL), width(edge.below, LABEL))
    room = (wide + 12 if wide else 0) + tag_width(edge)
    return (room, 2 * HALF_LABEL if wide else TAG + 4) if room else None


def tag_width(edge: Edge) -> float:
    """The room of a mark."""
    return max(width(words(edge.mark), SMALL) + 10, TAG) + 4 if edge.mark else 0.0


def lay_out(picture: Picture) -> Drawing:
    """Places for all nodes and lines for all edges."""
    import graphlay  # noqa: PLC0415 - an extra

    styles = ["diagonal", "orthogonal"] if picture.circuit else ["orthogonal"]
    while True:
        request = _Request(picture)
        routing = {"style": styles[0], "port_sides": "facing_preferred"}
        found = graphlay.layout(
            {"nodes": request.nodes, "edges": request.edges}, options={**_OPTIONS, "routing": routing}
        )
        result = request.drawing(found)
        if len(styles) > 1 and not _clear(result):
            styles.pop(0)  # a slanted line that meets a node: right angles leave more room
            continue
        crossed = [frame for frame in picture.frames if not _framed(frame, result)]
        if not crossed:
            return _moved(result)
        for frame in crossed:
            _said_inside(frame, picture)


def _clear(drawing: Drawing) -> bool:
    """No line goes through a node that is not at its end."""
    for route in drawing.routes:
        others = [box for node, box in drawing.nodes if node.key not in {route.edge.source, route.edge.target}]
        if any(crosses(a, b, box) for a, b in pairwise(route.points) for box in others):
            return False
    return True


def _moved(drawing: Drawing) -> Drawing:
    """The same with everything inside, and a margin around it."""
    boxes = [b for _, b in (*drawing.nodes, *drawing.frames)] + [r.label for r in drawing.routes if r.label is not None]
    points = [p for r in drawing.routes for p in r.points]
    xs = [x for b in boxes for x in (b.left, b.right)] + [x for x, _ in points]
    ys = [y for b in boxes for y in (b.top, b.bottom)] + [y for _, y in points]
    dx, dy = _MARGIN - min(xs, default=0.0), _MARGIN - min(ys, default=0.0)

    def move(box: Box) -> Box:
        return Box(box.x + dx, box.y + dy, box.width, box.height)

    return Drawing(
        max(xs, default=0.0) + dx + _MARGIN,
        max(ys, default=0.0) + dy + _MARGIN,
        [(node, move(box)) for node, box in drawing.nodes],
        [(frame, move(box)) for frame, box in drawing.frames],
        [
            Route(
                r.edge,
                [(x + dx, y + dy) for x, y in r.points],
                move(r.label) if r.label is not None else None,
                move(r.tag) if r.tag is not None else None,
            )
            for r in drawing.routes
        ],
    )


def _framed(frame: Frame, drawing: Drawing) -> bool:
    """Draw a frame around its nodes; False where something else stands between them."""
    inside = [box for node, box in drawing.nodes if node.frame == frame.key]
    keys = {node.key for node, _ in drawing.nodes if node.frame == frame.key}
    inside += [r.label for r in drawing.routes if r.label is not None and {r.edge.source, r.edge.target} <= keys]
    left, right = min(b.left for b in inside) - _FRAME, max(b.right for b in inside) + _FRAME
    top, bottom = min(b.top for b in inside) - _FRAME - _TITLE, max(b.bottom for b in inside) + _FRAME
    around = Box((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    others = [box for node, box in drawing.nodes if node.frame != frame.key]
    others += [r.label for r in drawing.routes if r.label is not None and r.label not in inside]
    if any(overlap(around, box) for box in others):
        return False
    drawing.frames.append((frame, around))
    return True


def _said_inside(frame: Frame, picture: Picture) -> None:
    """No frame: each of its nodes says for which indices it is there."""
    picture.frames = [f for f in picture.frames if f is not frame]
    for node in picture.nodes:
        if node.frame == frame.key:
            node.frame = None
            node.small = (*node.small, *words("   "), *frame.title) if node.small else frame.title


class _Request:
    """The graph as the library takes it: the nodes, then a stop for each label.

    An edge that goes back (h[l−1] in a recursion) is laid out the other way round; a loop stands above its node.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[dict[str, Any]] = []
        self.loops: dict[str, list[Edge]] = {}
        for edge in picture.edges:
            if edge.source == edge.target:
                self.loops.setdefault(edge.source, []).append(edge)
        self.back = _back_edges(picture)
        self.places = {node.key: self._placed(node) for node in picture.nodes}
        self.stops: list[int | None] = [self._edge(e) for e in picture.edges if e.source != e.target]

    def _node(self, wide: float, tall: float, **more: Any) -> int:
        self.nodes.append({"size": {"width": wide, "height": tall}, "shape": "box", **more})
        return len(self.nodes) - 1

    def _placed(self, node: Node) -> int:
        wide, tall = size(node)
        more: dict[str, Any] = {"shape": "ellipse"} if node.kind == "gate" and wide == tall else {}
        loops = [_loop(edge, Box(0, 0, wide, tall), k) for k, edge in enumerate(self.loops.get(node.key, ()))]
        if loops:
            spill = max(0.0, max(x for route in loops for x, _ in route.points) + 6 - wide / 2)
            above = -min(y for route in loops for _, y in route.points) - tall / 2
            above += HALF_LABEL + float(_OPTIONS["spacing"]["node_gap"])
            more["margin"] = {"along_neg": spill, "along_pos": spill, "cross_neg": above}
        return self._node(wide, tall, **more)

    def _edge(self, edge: Edge) -> int | None:
        """An edge, or two with the label's room between them."""
        source, target = self.places[edge.source], self.places[edge.target]
        if id(edge) in self.back:
            source, target = target, source
        weight = 0.2 if id(edge) in self.back else 1.0  # what goes forward runs straight
        room = label_size(edge)
        if room is None:
            self.edges.append({"source": source, "target": target, "weight": weight})
            return None
        stop = self._node(*room)
        left, right = ({"offset": {"side": side, "t": 0.0}} for side in ("left", "right"))
        self.edges.append({"source": source, "target": stop, "weight": weight, "target_port": left})
        self.edges.append({"source": stop, "target": target, "weight": weight, "source_port": right})
        return stop

    # ------------------------------------------------------------ the answer

    def drawing(self, found: Any) -> Drawing:
        """Places and lines."""
        boxes = [_box(n) for n in found.nodes]
        lines = iter([[(p["x"], p["y"]) for p in e["points"]] for e in found.edges])
        result = Drawing(nodes=[(node, boxes[self.places[node.key]]) for node in self.picture.nodes])
        stops = iter(self.stops)
        for edge in self.picture.edges:
            if edge.source == edge.target:
                level = self.loops[edge.source].index(edge)
                result.routes.append(_loop(edge, boxes[self.places[edge.source]], level))
                continue
            stop = next(stops)
            line = next(lines)
            if stop is not None:
                line = _straightened([*line, *next(lines)])
            if id(edge) in self.back:
                line.reverse()
            result.routes.append(Route(edge, line, *_parted(edge, boxes[stop] if stop is not None else None)))
        return result


def _parted(edge: Edge, room: Box | None) -> tuple[Box | None, Box | None]:
    """The room of the numbers, and behind it that of the mark."""
    if room is None:
        return None, None
    behind = tag_width(edge)
    before = room.width - behind
    label = Box(room.left + before / 2, room.y, before, room.height) if before > 1 else None
    return label, Box(room.right - behind / 2, room.y, behind - 4, TAG) if behind else None


def _back_edges(picture: Picture) -> set[int]:
    """Edges against the order of the nodes that close a circle."""
    order = {node.key: k for k, node in enumerate(picture.nodes)}
    after: dict[str, set[str]] = {}
    for edge in picture.edges:
        if order[edge.source] < order[edge.target]:
            after.setdefault(edge.source, set()).add(edge.target)

    def reaches(start: str, end: str) -> bool:
        seen, stack = {start}, [start]
        while stack:
            new = after.get(stack.pop(), set()) - seen
            seen |= new
            stack.extend(new)
        return end in seen

    return {id(e) for e in picture.edges if order[e.source] > order[e.target] and reaches(e.target, e.source)}


def _loop(edge: Edge, box: Box, level: int) -> Route:
    """An edge from a node to itself, above it; a second one above the first."""
    room = label_size(edge) or (_LOOP, 0.0)
    half, top = max(room[0], _LEAST_LOOP) / 2 + 12 * level, box.top - _LOOP - level * (2 * HALF_LABEL + 4)
    points = [(box.x + half, box.top), (box.x + half, top), (box.x - half, top), (box.x - half, box.top)]
    return Route(edge, points, Box(box.x, top, room[0] - 8, room[1]) if room[1] else None)


def _box(node: Any) -> Box:
    return Box(node["center"]["x"], node["center"]["y"], node["size"]["width"], node["size"]["height"])


def _straightened(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without points that lie on the way anyway."""
    kept = points[:1]
    for (bx, by), (cx, cy) in pairwise(points[1:]):
        ax, ay = kept[-1]
        if abs((bx - ax) * (cy - by) - (by - ay) * (cx - bx)) > 1e-6:
            kept.append((bx, by))
    return [*kept, points[-1]]
