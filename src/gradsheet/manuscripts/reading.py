"""From a file to a manuscript: the format follows from the name, and whatever goes wrong is said in the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gradsheet.diagnostics import Diagnostic, SheetError, Source
from gradsheet.manuscripts.markdown import read_markdown
from gradsheet.manuscripts.model import Manuscript
from gradsheet.syntax.reading import read_source

if TYPE_CHECKING:
    from collections.abc import Callable

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


def _reader(kind: FileKind) -> Callable[[Source], Manuscript]:
    """What reads a kind of file; of most kinds there is none in a run."""
    match kind:
        case "latex":
            from gradsheet.manuscripts.latex import read_latex as found  # noqa: PLC0415
        case "notebook":
            from gradsheet.manuscripts.notebook import read_notebook as found  # noqa: PLC0415
        case "html":
            from gradsheet.manuscripts.html_pages import read_html as found  # noqa: PLC0415
        case "markdown" | "text":  # TeX between dollars if there is any, else lines of plain Unicode
            found = read_markdown
    return found


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
    return _reader(kind)(source)
