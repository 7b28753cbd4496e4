"""Every formula of every sheet of the project: what the author wrote, and every line that was derived."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import cache
from typing import NamedTuple

import gradsheet as gs
from fences import ROOT
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk
from gradsheet.writing.spelling import Spelling

FOLDERS = (ROOT / "tests" / "sheets", ROOT / "examples")


class Formula(NamedTuple):
    """A tree with the names that it is read with."""

    sheet: str
    tree: tree.Expression
    functions: frozenset[str]
    names: frozenset[str]


def element(text: str) -> ET.Element:
    """The root of a piece of MathML; raises where it is not well-formed."""
    return ET.fromstring(text)  # noqa: S314 - the text is our own


@cache
def formulas() -> tuple[Formula, ...]:
    """All of them, each once."""
    found: dict[Formula, None] = {}
    for path in sorted(path for folder in FOLDERS for path in folder.glob("*.sheet")):
        sheet = gs.load(path)
        spelling = Spelling(sheet._sheet)
        for part in written(sheet._sheet.document):
            found[Formula(path.name, part, frozenset(spelling.functions), spelling.names)] = None
        for step in sheet.derive():
            for line in step._lines:
                for part in (line.left, line.right):
                    found[Formula(path.name, part, frozenset(spelling.functions), spelling.names)] = None
    return tuple(found)


def written(document: tree.Document) -> list[tree.Expression]:
    """What stands on both sides of definitions and updates, and what is minimised."""
    out: list[tree.Expression] = []
    for node in walk(document):
        match node:
            case tree.Definition() | tree.Assignment():
                out += [node.target, node.value]
            case tree.Objective():
                out.append(node.value)
            case _:
                pass
    return out
