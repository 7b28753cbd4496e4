"""From a report to its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.solution.wiring import is_circuit, wiring
from gradsheet.writing.arrays import NumberStyle
from gradsheet.writing.picture.circuit import circuit
from gradsheet.writing.picture.layout import can_draw, lay_out
from gradsheet.writing.picture.model import Picture
from gradsheet.writing.picture.network import MOST_NODES, network
from gradsheet.writing.picture.steps import Steps
from gradsheet.writing.picture.svg import svg
from gradsheet.writing.picture.text import Text, words

if TYPE_CHECKING:
    from gradsheet.writing.report import Report


def picture(report: Report, *, inline: bool, style: NumberStyle | None = None, page: str | None = None) -> str | None:
    """The graph of a solved sheet as SVG; None where there is nothing to draw."""
    if not can_draw():
        message = "the picture needs the library graphlay, which is not there"
        raise SheetError((Diagnostic("GS604", message, suggestion='pip install "gradsheet[picture]"'),))
    found = drawn(report, style or NumberStyle())
    if found is None:
        return None
    return svg(found, lay_out(found), inline=inline, page=page)


def drawn(report: Report, style: NumberStyle) -> Picture | None:
    """The graph with its texts, before it has places: scalar sheets as circuits, others as boxes."""
    solution = report.solution
    if not report.forward:
        return None
    steps = Steps(report, style)
    result = Picture(report.title or "The graph of the sheet", report.task)
    if is_circuit(solution):
        wired = wiring(solution, circuit=True)
        if wired is not None and len(wired.gates) <= MOST_NODES:
            circuit(result, steps, wired)
            return _explained(result, steps)
    network(result, steps)
    return _explained(result, steps)


def _explained(picture: Picture, steps: Steps) -> Picture:
    picture.legend = legend(picture, steps)
    picture.panels = steps.panels
    return picture


def legend(picture: Picture, steps: Steps) -> list[tuple[str, Text]]:
    """What the shapes and the numbers mean, of those that are there."""
    kinds = {node.kind for node in picture.nodes}
    valued = any(edge.above and edge.valued for edge in picture.edges)
    shapes = {
        "input": "given",
        "parameter": "parameter",
        "gate": "operation, with the name of its result",
        "box": "definition, with its shape",
        "function": "function",
    }
    found: list[tuple[str, Text]] = [(kind, words(text)) for kind, text in shapes.items() if kind in kinds]
    if any(edge.above for edge in picture.edges):
        kind, what = ("value", "value") if valued else ("quiet", "shape")
        found.append((kind, words(f"above an edge: its {what}")))
    targets = [t.name for t in steps.solution.derivation.targets]
    if targets and any(edge.below for edge in picture.edges):
        of = steps.loss.name if steps.loss is not None else targets[0]
        of = "" if steps.solution.derivation.cotangents else f" of {of}"
        by_row = ", row by row" if steps.loss is not None else ""
        found.append(("gradient", words(f"below an edge: the gradient{of} that comes back along it{by_row}")))
    if any(node.total for node in picture.nodes):
        of = f"the gradient of {targets[0]}" if steps.loss is not None else "the sum over its edges"
        found.append(("gradient", words(f"in a node: {of}")))
    return found
