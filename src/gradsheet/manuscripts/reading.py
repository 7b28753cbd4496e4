"""From a file to a manuscript: the format follows from the name, and whatever goes wrong is said in the result."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from gradsheet.diagnostics import Diagnostic, SheetError, Source
from gradsheet.manuscripts.html_pages import read_html
from gradsheet.manuscripts.latex import read_latex
from gradsheet.manuscripts.markdown import read_markdown
from gradsheet.manuscripts.model import Manuscript
from gradsheet.manuscripts.notebook import read_notebook
from gradsheet.syntax.reading import read_source

FileKind = Literal["markdown", "latex", "notebook", "html", "text"]

LARGEST = 16 * 1024 * 1024

SUFFIXES: dict[str, FileKind] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mkd": "markdown",
    ".qmd": "markdown",
    ".rmd": "markdown",
    ".tex": "latex",
    ".ltx": "latex",
    ".ipynb": "notebook",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
"""What is read by which rules; any other name is a text."""

_READERS = {
    "markdown": read_markdown,
    "text": read_markdown,  # TeX between dollars if there is any, else lines of plain Unicode
    "latex": read_latex,
    "notebook": read_notebook,
    "html": read_html,
}


def read_manuscript(
    document: Path | str | bytes, *, kind: FileKind | None = None, name: str | None = None, largest: int = LARGEST
) -> Manuscript:
    r"""The formulas of a document, with their places, and the words between them. Never raises for what it reads.

    A `Path` is a file, whose suffix says how it is read; a string or bytes are the document itself.

    >>> page = read_manuscript("The loss is $L = r^2$, so\n\n$$\\frac{dL}{dr} = 2r$$\n")
    >>> [(f.number, f.place.line, f.place.column, f.display, f.latex) for f in page.formulas]
    [(1, 1, 13, False, 'L = r^2'), (2, 3, 1, True, '\\frac{dL}{dr} = 2r')]
    >>> [problem.code for problem in read_manuscript(b"\xff\xfe").problems]
    ['GS002']
    """
    called = name if name is not None else str(document) if isinstance(document, Path) else "<document>"
    if isinstance(document, Path):
        if kind is None:
            kind = SUFFIXES.get(document.suffix.lower(), "text")
        try:
            with document.open("rb") as file:
                data: bytes | str = file.read(largest + 1)
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or str(problem)
            source = Source("", called)
            return Manuscript(source, (), problems=(Diagnostic("GS701", reason, None, source, "a file"),))
    else:
        data = document
        if kind is None:
            kind = SUFFIXES.get(Path(called).suffix.lower(), "markdown")
    try:
        source = read_source(data, called, largest)
    except SheetError as refused:
        return Manuscript(Source("", called), (), problems=refused.diagnostics)
    return _READERS[kind](source)
