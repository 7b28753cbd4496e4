"""A document as PDF, set by what is at hand: the typst package, else a TeX engine on the path."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.writing.formats.latex import latex_document
from gradsheet.writing.formats.typst import typst_document

if TYPE_CHECKING:
    from gradsheet.writing.documents.model import Document

_CODE = "GS605"
_ENGINES = ("tectonic", "pdflatex", "xelatex", "lualatex")
_ADVICE = 'pip install "gradsheet[pdf]", or put one of ' + ", ".join(_ENGINES) + " on the path"
_SECONDS = 180
_LAST_LINES = 12


def pdf(document: Document) -> bytes:
    """The pages of a document.

    Raises a `SheetError` with GS605 where there is nothing to set them with, or where the engine fails.
    """
    if find_spec("typst") is not None:
        return with_typst(typst_document(document))
    for engine in _ENGINES:
        if shutil.which(engine) is not None:
            return with_tex(latex_document(document), engine)
    return _refuse("there is nothing to set pages with", _ADVICE)


def with_typst(text: str) -> bytes:
    """Pages from Typst markup."""
    import typst  # noqa: PLC0415 - an extra

    try:
        found = typst.compile(text.encode(), format="pdf")
    except (typst.TypstError, RuntimeError) as problem:
        return _refuse(f"typst fails: {problem}")
    assert isinstance(found, bytes)
    return found


def with_tex(text: str, engine: str) -> bytes:
    """Pages from LaTeX, in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="gradsheet-") as folder:
        source = Path(folder, "solution.tex")
        source.write_text(text, encoding="utf-8")
        options = [] if engine == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"]
        try:
            done = subprocess.run(
                [engine, *options, source.name],
                cwd=folder,
                env={**os.environ, "max_print_line": "1000"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            _refuse(f"{engine} fails: {problem}")
        made = source.with_suffix(".pdf")
        if done.returncode or not made.exists():
            said = (done.stdout + done.stderr).decode(errors="replace").splitlines()
            start = next((k for k, line in enumerate(said) if line.startswith(("!", "error"))), -_LAST_LINES)
            _refuse(f"{engine} fails: " + " ".join(said[start:][:_LAST_LINES]))
        return made.read_bytes()


def _refuse(message: str, advice: str | None = None) -> NoReturn:
    raise SheetError((Diagnostic(_CODE, message, suggestion=advice),)) from None
