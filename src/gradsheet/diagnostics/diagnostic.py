"""One diagnostic: what is wrong, where, what was expected, what to do."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, NoReturn

from gradsheet.diagnostics.codes import CODES
from gradsheet.diagnostics.source import Source
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.diagnostics.source import Span


@dataclass(frozen=True, slots=True)
class Note:
    """A second place that belongs to a diagnostic, such as a first definition."""

    message: str
    span: Span | None = None


@dataclass(frozen=True)
class Diagnostic:
    """A problem with a code from the registry, a place, and a way out."""

    code: str
    message: str
    span: Span | None = None
    source: Source | None = None
    expected: str | None = None
    suggestion: str | None = None
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if self.code not in CODES:
            msg = f"unregistered diagnostic code {self.code}"
            raise AssertionError(msg)

    def to_json(self) -> dict[str, Any]:
        """The diagnostic as plain data; lines and columns count from 1."""
        place: dict[str, Any] = {"file": None, "line": None, "column": None, "end_line": None, "end_column": None}
        if self.source is not None:
            place["file"] = self.source.name
            if self.span is not None:
                place["line"], place["column"] = self.source.position(self.span.start)
                place["end_line"], place["end_column"] = self.source.position(self.span.end)
        notes = []
        for note in self.notes:
            line = None
            if note.span is not None and self.source is not None:
                line = self.source.position(note.span.start)[0]
            notes.append({"message": note.message, "line": line})
        return {
            "code": self.code,
            "title": CODES[self.code],
            "message": self.message,
            **place,
            "expected": self.expected,
            "suggestion": self.suggestion,
            "notes": notes,
        }


@dataclass(frozen=True, slots=True)
class Remark:
    """A reading that was chosen for the author, and is said."""

    message: str
    span: Span | None = None


@dataclass
class Diagnostics:
    """Collects problems and remarks while a text is read, so that independent ones appear together."""

    source: Source
    errors: list[Diagnostic] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def error(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        expected: str | None = None,
        suggestion: str | None = None,
        notes: Iterable[Note] = (),
    ) -> Diagnostic:
        """Record a problem and return it."""
        diagnostic = Diagnostic(code, message, span, self.source, expected, suggestion, tuple(notes))
        self.errors.append(diagnostic)
        return diagnostic

    def remark(self, message: str, span: Span | None = None) -> None:
        """Record a reading that was chosen; the same words are said once."""
        if all(message != r.message for r in self.remarks):
            self.remarks.append(Remark(message, span))

    def raise_errors(self) -> None:
        """Raise `SheetError` with everything recorded so far, if anything was."""
        if self.errors:
            raise SheetError(tuple(self.errors))


class SheetError(ValueError):
    """Input that cannot be read or used; carries every diagnostic that was found.

    >>> raise SheetError((Diagnostic("GS001", "nothing to read"),))
    Traceback (most recent call last):
    gradsheet.diagnostics.diagnostic.SheetError: error[GS001]: nothing to read
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__(diagnostics)

    def __str__(self) -> str:
        from gradsheet.diagnostics.render import render  # noqa: PLC0415 - rendering is needed only when shown

        return "\n\n".join(render(d) for d in self.diagnostics)


class CheckError(AssertionError):
    """A check of our own that failed: a gradient that does not verify. Never the author's fault."""


def refuse(code: str, message: str, name: str | None = None, suggestion: str | None = None) -> NoReturn:
    """Raise one diagnostic about a file, an option, a source of data: `name` is what it is called."""
    source = Source("", name) if name is not None else None
    raise SheetError((Diagnostic(code, message, None, source, None, suggestion),)) from None
