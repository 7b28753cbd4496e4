"""Notebooks of Jupyter: Markdown cells in order, read by the rules of Markdown; code and outputs are not read."""

from __future__ import annotations

import json
from typing import Any

from gradsheet.diagnostics import Diagnostic, Source, Span
from gradsheet.manuscripts.front import front_of
from gradsheet.manuscripts.markdown import MarkdownReader
from gradsheet.manuscripts.model import Manuscript
from gradsheet.manuscripts.page import Full, Page
from gradsheet.manuscripts.plain import PlainReader
from gradsheet.manuscripts.view import View

DEEPEST = 200


def read_notebook(source: Source) -> Manuscript:
    r"""The manuscript of a notebook; its source is the Markdown cells, its places are lines within cells.

    >>> text = '{"cells": [{"cell_type": "code", "source": "x = 1"},'
    >>> text += ' {"cell_type": "markdown", "source": ["So\\n", "$y = x$"]}]}'
    >>> [(f.latex, f.place) for f in read_notebook(Source(text)).formulas]
    [('y = x', Place(line=2, column=1, cell=2))]
    """
    cells = _cells(source)
    if isinstance(cells, Diagnostic):
        return Manuscript(source, (), problems=(cells,))
    text = "".join(f"{body}\n\n" for _, body in cells)
    joined = Source(text, source.name)
    page = Page(joined)
    at = 0
    starts: list[int] = []
    for number, body in cells:
        starts.append(at)
        page.begin_cell(at, number)
        at += len(body) + 2
    head = 0
    if cells:
        page.front, page.front_line, head, problem = front_of(Source(cells[0][1], source.name))
        page.problems += [problem] if problem else []
    read_cells(page, cells, starts, head, plain=False)
    if page.count == 0:
        plain = Page(joined)
        for start, (number, _) in zip(starts, cells, strict=True):
            plain.begin_cell(start, number)
        plain.front, plain.front_line, plain.problems, plain.remarks = (
            page.front, page.front_line, page.problems, page.remarks
        )  # fmt: skip
        read_cells(plain, cells, starts, head, plain=True)
        return plain.manuscript()
    return page.manuscript()


def read_cells(page: Page, cells: list[tuple[int, str]], starts: list[int], head: int, *, plain: bool) -> None:
    """Cells one by one: nothing that one of them opens goes on in the next."""
    reader = PlainReader if plain else MarkdownReader
    try:
        for start, (_, body) in zip(starts, cells, strict=True):
            view = View(body, ((0, start),))
            reader(page, view).read(head if start == 0 else 0)
            page.end_block()
    except Full:
        return


def _cells(source: Source) -> list[tuple[int, str]] | Diagnostic:
    """Number and text of each Markdown cell, and of a raw cell with front matter at the head."""
    try:
        data = json.loads(source.text)
    except json.JSONDecodeError as problem:
        at = min(problem.pos, max(0, len(source.text) - 1))
        return Diagnostic("GS701", f"the notebook is no JSON: {problem.msg}", Span(at, at + 1), source, "a notebook")
    except (RecursionError, ValueError):
        return Diagnostic("GS701", "the notebook is no JSON that can be read", None, source, "a notebook")
    found = _list_of_cells(data)
    if found is None:
        return Diagnostic("GS701", "the notebook has no list of cells", None, source, "a notebook of format 4")
    cells: list[tuple[int, str]] = []
    for number, cell in enumerate(found, 1):
        if not isinstance(cell, dict):
            continue
        body = _body(cell.get("source"))
        if cell.get("cell_type") == "markdown" or (
            cell.get("cell_type") == "raw" and not cells and body.startswith("---")
        ):
            cells.append((number, body))
    return cells


def _list_of_cells(data: Any) -> list[Any] | None:
    """The cells of format 4, or of the one worksheet of format 3."""
    sheets = data.get("worksheets") if isinstance(data, dict) and "cells" not in data else None
    if isinstance(sheets, list) and sheets:
        data = sheets[0]
    cells = data.get("cells") if isinstance(data, dict) else None
    return cells if isinstance(cells, list) else None


def _body(written: Any) -> str:
    parts = written if isinstance(written, list) else [written]
    text = "".join(part for part in parts if isinstance(part, str))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return text.encode("utf-8", "replace").decode()
