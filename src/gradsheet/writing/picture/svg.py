"""A drawing as SVG: shapes and letters with classes, one style sheet for light, dark and paper, no script."""

from __future__ import annotations

from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from gradsheet.writing.picture.geometry import Box
from gradsheet.writing.picture.layout import LABEL, SMALL, height, rows
from gradsheet.writing.picture.style import STYLE
from gradsheet.writing.picture.text import Run, width, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.writing.picture.geometry import Point
    from gradsheet.writing.picture.layout import Drawing, Route
    from gradsheet.writing.picture.model import Edge, Node, Picture
    from gradsheet.writing.picture.text import Text

_ARROW = 7.0
_UNDER = 5.0
_ROUND = 6.0
_LEGEND = 24.0
_NARROWEST = 360.0
_SAMPLES = ("input", "parameter", "gate", "box", "function")


def svg(picture: Picture, drawing: Drawing, *, inline: bool, page: str | None = None) -> str:
    """An element for a page (`inline`), or a document of its own.

    Nodes and gradients lead to their steps: in the page that the element is in, in another `page`, or else, below the
    drawing, to what the step says in a few lines.
    """
    return _Writer(picture, drawing, page or "", alone=not inline and page is None).text(inline=inline)


class _Writer:
    def __init__(self, picture: Picture, drawing: Drawing, page: str, *, alone: bool) -> None:
        self.picture, self.drawing, self.page, self.alone = picture, drawing, page, alone
        self.out: list[str] = []

    def text(self, *, inline: bool) -> str:
        """The whole element."""
        drawing = self.drawing
        wide = max(drawing.width, _NARROWEST)
        legend = _legend_rows(self.picture, wide)
        foot = _LEGEND * (len(legend) + len(self.picture.notes))
        if self.alone and self.picture.panels:
            foot = max(foot, _LEGEND * max(map(len, self.picture.panels.values())))
        tall = drawing.height + foot
        size = f'width="{_n(wide)}" height="{_n(tall)}" viewBox="0 0 {_n(wide)} {_n(tall)}"'
        if not inline:
            self.out.append('<?xml version="1.0" encoding="UTF-8"?>')
        names = f"aria-label={quoteattr(self.picture.title)}"
        self.out.append(
            f'<svg xmlns="http://www.w3.org/2000/svg" class="gs-picture" {size} '
            f'role="graphics-document document" {names}>'
        )
        self.out.append(f"<title>{escape(self.picture.title)}</title>")
        self.out.append(f"<desc>{escape(self.picture.description)}</desc>")
        self.out.append(f"<style>{STYLE}</style>")
        if not inline:
            self.out.append(f'<rect class="gs-paper" width="{_n(wide)}" height="{_n(tall)}"/>')
        shift = (wide - drawing.width) / 2
        self.out.append(f'<g transform="translate({_n(shift)} 0)">' if shift else "<g>")
        for frame, box in drawing.frames:
            self._rect(box, "gs-frame", 8)
            self._put(frame.title, box.left + 10, box.top + 15, SMALL + 1, "gs-quiet", "start")
        for route in drawing.routes:
            self._edge(route)
        for node, box in drawing.nodes:
            self._node(node, box)
        self.out.append("</g>")
        self._foot(legend, drawing.height)
        if self.alone:
            self._panels(Box(wide / 2, drawing.height + foot / 2 - 6, wide, foot + 12))
        self.out.append("</svg>")
        return "\n".join(self.out) + "\n"

    # ------------------------------------------------------------ parts

    def _edge(self, route: Route) -> None:
        edge = route.edge
        points = route.points
        kind = "gs-edge gs-dashed" if edge.dashed else "gs-edge"
        self.out.append("<g>" + _tooltip(edge.told))
        self.out.append(f'<path class="{kind}" d="{_path(_drawn(points))}"/>')
        self.out.append(f'<path class="gs-head" d="{_head(points)}"/>')
        if route.tag is not None:
            self._rect(route.tag, "gs-tag", route.tag.height / 2)
            self._put(words(edge.mark), route.tag.x, route.tag.y + 4, SMALL, "gs-mark", "middle")
        if route.label is not None:
            self._label(edge, route.label)
        self.out.append("</g>")

    def _label(self, edge: Edge, box: Box) -> None:
        """The value above the line, the gradient below it."""
        if edge.above:
            kind = "gs-value gs-number" if edge.valued else "gs-quiet"
            lowest = 7 if any(run.level < 0 for run in edge.above) else 5
            self._put(edge.above, box.x, box.y - lowest, LABEL, kind, "middle")
        if edge.below:
            with_link = self._link(edge.anchor)
            self.out.append(with_link[0])
            kind = "gs-gradient" if any(run.italic for run in edge.below) else "gs-gradient gs-number"
            self._put(edge.below, box.x, box.y + 14, LABEL, kind, "middle")
            self.out.append(with_link[1])

    def _node(self, node: Node, box: Box) -> None:
        opening, closing = self._link(node.anchor)
        self.out.append(f'{opening}<g class="gs-node gs-{node.kind}">{_tooltip(node.told)}')
        corner = {"gate": 10.0, "input": 16.0, "parameter": 16.0, "result": 16.0}.get(node.kind, 6.0)
        if node.kind == "gate" and box.width == box.height:
            self.out.append(f'<circle class="gs-shape" cx="{_n(box.x)}" cy="{_n(box.y)}" r="{_n(box.width / 2)}"/>')
        else:
            self._rect(box, "gs-shape", min(box.height / 2, corner))
        inside = rows(node)
        y = box.y - sum(map(height, inside)) / 2
        for row in inside:
            text, letters, kind = row
            self._put(text, box.x, y + letters * 1.03, letters, f"gs-{kind}", "middle")
            y += height(row)
        self.out.append(f"</g>{closing}")

    def _link(self, anchor: str | None) -> tuple[str, str]:
        if anchor is None:
            return "", ""
        return f"<a href={quoteattr(f'{self.page}#{anchor}')}>", "</a>"

    def _foot(self, legend: Sequence[Sequence[tuple[str, Text, float]]], top: float) -> None:
        """What the signs mean, and what was left out."""
        y = top + 4
        for row in legend:
            x = 16.0
            for kind, text, room in row:
                if kind in _SAMPLES:
                    self.out.append(
                        f'<g class="gs-node gs-{kind}"><rect class="gs-shape" x="{_n(x)}" y="{_n(y - 10)}" '
                        f'width="18" height="12" rx="{2 if kind in {"box", "function"} else 6}"/></g>'
                    )
                    self._put(text, x + 24, y, SMALL + 1, "gs-quiet", "start")
                else:
                    self._put(text, x, y, SMALL + 1, f"gs-{kind}", "start")
                x += room
            y += _LEGEND
        for note in self.picture.notes:
            self._put(words(note), 16, y, SMALL + 1, "gs-quiet", "start")
            y += _LEGEND

    def _panels(self, room: Box) -> None:
        """What each step says, hidden until somebody follows a link to it."""
        used = {a for n, _ in self.drawing.nodes for a in (n.anchor,)} | {r.edge.anchor for r in self.drawing.routes}
        for address, lines in self.picture.panels.items():
            if address not in used:
                continue
            self.out.append(f'<g class="gs-step" id="{address}">')
            self._rect(room, "gs-paper", 0)
            for number, line in enumerate(lines):
                text = _cut(line, room.width - 32, LABEL)
                self._put(text, 16, room.top + 18 + number * _LEGEND, LABEL, "gs-formula", "start")
            self.out.append("</g>")

    # ------------------------------------------------------------ letters and shapes

    def _rect(self, box: Box, kind: str, corner: float) -> None:
        self.out.append(
            f'<rect class="{kind}" x="{_n(box.left)}" y="{_n(box.top)}" width="{_n(box.width)}" '
            f'height="{_n(box.height)}" rx="{_n(corner)}"/>'
        )

    def _put(self, text: Text, x: float, y: float, size: float, kind: str, anchor: str) -> None:
        """Letters on a line, raised and lowered by the height of their level."""
        spans = []
        level = 0
        for run in text:
            rise = (level - run.level) * size * 0.34
            marks = f' dy="{_n(rise)}"' if rise else ""
            marks += ' class="gs-i"' if run.italic else ""
            marks += f' font-size="{_n(size * 0.72)}"' if run.level else ""
            level = run.level
            spans.append(f"<tspan{marks}>{escape(run.text)}</tspan>" if marks else escape(run.text))
        self.out.append(
            f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}" '
            f'xml:space="preserve">{"".join(spans)}</text>'
        )


def _cut(text: Text, room: float, size: float) -> Text:
    """As much of a line as there is room for."""
    kept: list[Run] = []
    for run in text:
        if width((*kept, run), size) > room - size:
            letters = run.text
            while letters and width((*kept, Run(letters, run.italic, run.level)), size) > room - size:
                letters = letters[:-1]
            return (*kept, Run(letters, run.italic, run.level), Run("…"))
        kept.append(run)
    return text


def _tooltip(lines: Sequence[str]) -> str:
    return f"<title>{escape(chr(10).join(lines))}</title>" if lines else ""


def _legend_rows(picture: Picture, wide: float) -> list[list[tuple[str, Text, float]]]:
    """The legend in rows that fit, each entry with its room."""
    rows: list[list[tuple[str, Text, float]]] = []
    used = wide
    for kind, text in picture.legend:
        room = width(text, SMALL + 1) + (36 if kind in _SAMPLES else 12)
        if used + room > wide - 16:
            rows.append([])
            used = 16
        rows[-1].append((kind, text, room))
        used += room
    return rows


# ---------------------------------------------------------------- lines


def _n(value: float) -> str:
    """A coordinate with one decimal."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def _drawn(points: Sequence[Point]) -> list[Point]:
    """A line that begins under its node, whose corners may be round, and ends where its arrow begins."""
    kept = list(points)
    for at, beside, longer in ((0, 1, _UNDER), (-1, -2, -_ARROW * 0.8)):
        (ax, ay), (bx, by) = kept[at], kept[beside]
        length = hypot(ax - bx, ay - by) or 1.0
        part = max(longer / length, -1.0)
        kept[at] = (ax + (ax - bx) * part, ay + (ay - by) * part)
    return kept


def _path(points: Sequence[Point]) -> str:
    """A line with round corners."""
    x, y = points[0]
    parts = [f"M{_n(x)} {_n(y)}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        before, after = hypot(bx - ax, by - ay), hypot(cx - bx, cy - by)
        cut = min(_ROUND, before / 2, after / 2)
        if cut < 0.5:
            parts.append(f"L{_n(bx)} {_n(by)}")
            continue
        sx, sy = bx + (ax - bx) * cut / before, by + (ay - by) * cut / before
        ex, ey = bx + (cx - bx) * cut / after, by + (cy - by) * cut / after
        parts.append(f"L{_n(sx)} {_n(sy)}Q{_n(bx)} {_n(by)} {_n(ex)} {_n(ey)}")
    x, y = points[-1]
    parts.append(f"L{_n(x)} {_n(y)}")
    return "".join(parts)


def _head(points: Sequence[Point]) -> str:
    """The arrow at the end of a line."""
    (ax, ay), (bx, by) = next((a, b) for a, b in reversed(list(pairwise(points))) if a != b)
    length = hypot(bx - ax, by - ay)
    ux, uy = (bx - ax) / length, (by - ay) / length
    left = (bx - ux * _ARROW - uy * _ARROW * 0.42, by - uy * _ARROW + ux * _ARROW * 0.42)
    right = (bx - ux * _ARROW + uy * _ARROW * 0.42, by - uy * _ARROW - ux * _ARROW * 0.42)
    return f"M{_n(bx)} {_n(by)}L{_n(left[0])} {_n(left[1])}L{_n(right[0])} {_n(right[1])}Z"
