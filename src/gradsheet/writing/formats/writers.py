"""One function for each format that a document can be written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradsheet.writing.formats.html import page
from gradsheet.writing.formats.latex import latex_document
from gradsheet.writing.formats.markdown import markdown
from gradsheet.writing.formats.pdf import pdf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gradsheet.writing.documents.model import Document

WRITERS: Final[Mapping[str, Callable[[Document], str | bytes]]] = {
    "markdown": markdown,
    "latex": latex_document,
    "html": page,
    "pdf": pdf,
}


def write(document: Document, form: str) -> bytes:
    """A document as the bytes of a file."""
    written = WRITERS[form](document)
    return written if isinstance(written, bytes) else written.encode()
