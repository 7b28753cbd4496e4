"""Codes, carets, one renderer. Imports nothing of gradsheet that stands above it."""

from gradsheet.diagnostics.codes import CODES
from gradsheet.diagnostics.diagnostic import CheckError, Diagnostic, Diagnostics, Note, Remark, SheetError, refuse
from gradsheet.diagnostics.render import render
from gradsheet.diagnostics.source import Source, Span

__all__ = [
    "CODES",
    "CheckError",
    "Diagnostic",
    "Diagnostics",
    "Note",
    "Remark",
    "SheetError",
    "Source",
    "Span",
    "refuse",
    "render",
]
