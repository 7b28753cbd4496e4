"""Nothing in a picture lies on anything else: no label on a node, on another label or on a line, and all is inside."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest

import gradsheet as gs
from fences import ROOT
from gradsheet.solution import solve
from gradsheet.writing.arrays import NumberStyle
from gradsheet.writing.picture.draw import drawn
from gradsheet.writing.picture.geometry import Box
from gradsheet.writing.picture.layout import LABEL, Drawing, lay_out, rows
from gradsheet.writing.picture.text import width
from gradsheet.writing.report import report
from oracles.models import ORACLES
from solving import given_of, text_without_values

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.solution import Solution
    from gradsheet.writing.picture.layout import Route

SHEETS = sorted([*(ROOT / "tests" / "sheets").glob("*.sheet"), *(ROOT / "examples").glob("*.sheet")])
TALL = 12.0
"""The height of digits on an edge."""


def drawing(solution: Solution) -> Drawing:
    found = drawn(report(solution), NumberStyle())
    assert found is not None
    return lay_out(found)


def texts(route: Route) -> list[Box]:
    """The rooms of the letters above and below an edge."""
    if route.label is None:
        return []
    found = []
    for text, middle in ((route.edge.above, -9.0), (route.edge.below, 9.5)):
        if text:
            found.append(Box(route.label.x, route.label.y + middle, width(text, LABEL), TALL))
    return found


def meet(a: Box, b: Box) -> bool:
    return abs(a.x - b.x) < (a.width + b.width) / 2 - 0.1 and abs(a.y - b.y) < (a.height + b.height) / 2 - 0.1


def passes(start: tuple[float, float], end: tuple[float, float], box: Box) -> bool:
    """A part of a line, however short, is inside a box."""
    first, last = 0.0, 1.0
    for begin, stop, middle, reach in (
        (start[0], end[0], box.x, box.width / 2 - 0.6), (start[1], end[1], box.y, box.height / 2 - 0.6),
    ):  # fmt: skip
        if begin == stop:
            if abs(begin - middle) >= reach:
                return False
            continue
        one, other = sorted(((middle - reach - begin) / (stop - begin), (middle + reach - begin) / (stop - begin)))
        first, last = max(first, one), min(last, other)
    return first < last


def faults(found: Drawing) -> list[str]:
    """Everything that lies where something else is."""
    said = []
    nodes = {node.key: box for node, box in found.nodes}
    letters = [(route, box) for route in found.routes for box in texts(route)]
    marks = [r.tag for r in found.routes if r.tag is not None]
    said += [f"nodes {a} and {b}" for (a, p), (b, q) in combinations(nodes.items(), 2) if meet(p, q)]
    said += [f"labels at {p} and {q}" for (_, p), (_, q) in combinations(letters, 2) if meet(p, q)]
    said += [f"a label on {key}" for _, p in letters for key, q in nodes.items() if meet(p, q)]
    said += [f"a mark on {key}" for p in marks for key, q in nodes.items() if meet(p, q)]
    said += ["a mark on a label" for p in marks for _, q in letters if meet(p, q)]
    said += ["an edge without its mark" for r in found.routes if bool(r.edge.mark) != (r.tag is not None)]
    for route in found.routes:
        ends = {route.edge.source, route.edge.target}
        for start, end in pairwise(route.points):
            said += [f"{sorted(ends)} through {k}" for k, b in nodes.items() if k not in ends and passes(start, end, b)]
            said += [f"{sorted(ends)} through a label" for _, box in letters if passes(start, end, box)]
    for box in [*nodes.values(), *(b for _, b in letters), *(b for _, b in found.frames), *marks]:
        if box.left < 0 or box.top < 0 or box.right > found.width or box.bottom > found.height:
            said.append(f"{box} is cut")
    for node, box in found.nodes:
        widest = max((width(text, size) for text, size, _ in rows(node)), default=0)
        if widest > box.width - 4:
            said.append(f"{node.key} is wider than its box")
    return said


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.stem)
def test_nothing_lies_on_anything_else(path: Path):
    sheet = gs.loads(text_without_values(path))._sheet
    assert faults(drawing(solve(sheet, check=False))) == []


@pytest.mark.parametrize("name", sorted(ORACLES)[::3])
def test_nor_does_it_with_numbers(name: str):
    oracle = ORACLES[name]
    sheet = gs.loads(text_without_values(ROOT / name))._sheet
    assert faults(drawing(solve(sheet, given_of(oracle, oracle.sample()), kind="float64", check=False))) == []


def circuit() -> Drawing:
    return drawing(solve(gs.load(ROOT / "examples" / "circuit.sheet")._sheet))


def test_a_label_on_a_node_is_seen():
    found = circuit()
    route = next(r for r in found.routes if r.label is not None)
    key = next(node.key for node, _ in found.nodes if node.key not in {route.edge.source, route.edge.target})
    box = next(b for node, b in found.nodes if node.key == key)
    assert route.label is not None
    route.label = replace(route.label, x=box.x, y=box.y)
    assert any(f"a label on {key}" in fault for fault in faults(found))


def test_a_line_through_a_node_is_seen():
    found = circuit()
    route = found.routes[0]
    far = found.nodes[-1][1]
    route.points = [route.points[0], (far.x, far.y), route.points[-1]]
    assert any("through" in fault for fault in faults(found))


def test_what_is_cut_is_seen():
    found = circuit()
    found.width -= 40
    assert any("is cut" in fault for fault in faults(found))


def test_a_loop_runs_above_its_node():
    text = "x ∈ ℝ^T, w ∈ ℝ\nh[0] = w\nfor t in 1..T\n  h[t] = w h[t-1] + x[t]\nL = h[T]²\nparameters w\nminimize L\n"
    found = drawing(solve(gs.loads(text)._sheet))
    (loop,) = [r for r in found.routes if r.edge.source == r.edge.target]
    box = next(b for node, b in found.nodes if node.key == loop.edge.source)
    assert loop.label is not None
    assert loop.label.y < box.top
    assert [loop.points[0][1], loop.points[-1][1]] == [box.top, box.top]
    assert faults(found) == []


def test_a_frame_holds_its_nodes_and_no_other():
    found = drawing(solve(gs.load(ROOT / "examples" / "many-layers.sheet")._sheet))
    ((frame, around),) = found.frames
    inside = {node.key for node, box in found.nodes if meet(around, box)}
    assert inside == {node.key for node, _ in found.nodes if node.frame == frame.key}
