"""The one renderer of diagnostics: code, place, caret, expectation, suggestion."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradsheet.diagnostics.diagnostic import Diagnostic
    from gradsheet.diagnostics.source import Source, Span

_WIDEST = 100


def render(diagnostic: Diagnostic) -> str:
    """One diagnostic as text, with the line it points at and a caret below.

    >>> from gradsheet.diagnostics import Diagnostic, Source, Span
    >>> source = Source("y = q", "a.sheet")
    >>> d = Diagnostic("GS201", "unknown name 'q'", Span(4, 5), source, suggestion="declare it: q ∈ ℝ")
    >>> print(render(d))
    error[GS201]: unknown name 'q'
      a.sheet:1:5
      1 | y = q
        |     ^
      help: declare it: q ∈ ℝ
    """
    lines = [f"error[{diagnostic.code}]: {diagnostic.message}"]
    if diagnostic.source is not None:
        lines.extend(_place(diagnostic.source, diagnostic.span))
    if diagnostic.expected:
        lines.append(f"  expected: {diagnostic.expected}")
    for note in diagnostic.notes:
        lines.append(f"  note: {note.message}")
        if note.span is not None and diagnostic.source is not None:
            lines.extend("  " + line for line in _place(diagnostic.source, note.span))
    if diagnostic.suggestion:
        lines.append(f"  help: {diagnostic.suggestion}")
    return "\n".join(lines)


def _place(source: Source, span: Span | None) -> list[str]:
    if span is None:
        return [f"  {source.name}"]
    number, column = source.position(span.start)
    text = source.line(number).replace("\t", " ").rstrip("\r")
    length = max(1, min(span.end, span.start + len(text) - column + 1) - span.start)
    before = column - 1
    if len(text) > _WIDEST:
        cut = max(0, before - _WIDEST // 2)
        text = ("…" if cut else "") + text[cut : cut + _WIDEST] + ("…" if cut + _WIDEST < len(text) else "")
        before = before - cut + (1 if cut else 0)
        length = max(1, min(length, _WIDEST - before))
    pad = " " * _width(text[:before])
    gutter = str(number)
    return [
        f"  {source.name}:{number}:{column}",
        f"  {gutter} | {text}",
        f"  {' ' * len(gutter)} | {pad}{'^' * max(1, _width(text[before : before + length]))}",
    ]


def _width(text: str) -> int:
    """Columns that a terminal gives to a text: combining marks take none, wide characters two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
