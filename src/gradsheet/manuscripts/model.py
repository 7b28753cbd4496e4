"""A document as it was handed in: formulas and the words between them, in order, each with its place in the file."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.diagnostics import Diagnostic, Remark, Source


class Place(NamedTuple):
    """Where something stands: line and column from 1; `cell` from 1 in a notebook, else 0."""

    line: int
    column: int
    cell: int = 0


Spelling = Literal["latex", "plain"]


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula of the page, whatever its rows: `$…$`, `$$…$$`, an environment, a fence, a line of Unicode.

    `text` is what has to be read, macros expanded; `latex` is what stands on the page between the delimiters.
    """

    number: int
    """From 1, in the order of the document, inline and display together."""
    display: bool
    spelling: Spelling
    latex: str
    text: str
    start: int
    """Offset in the source of the first character between the delimiters."""
    place: Place
    """Of the opening delimiter."""
    struck: bool = False
    """~~struck out~~ as a whole."""
    offsets: tuple[int, ...] | None = None
    """For each character of `text` (and its end) the offset in the source, where macros were expanded."""
    problem: Diagnostic | None = None
    """Why its macros could not be expanded; `text` is then as it stands on the page."""

    def origin(self, at: int) -> int:
        """The offset in the source of a character of `text`."""
        return self.start + at if self.offsets is None else self.offsets[min(at, len(self.offsets) - 1)]


ProseKind = Literal["text", "heading", "item", "code"]


@dataclass(frozen=True, slots=True)
class Prose:
    """Words between formulas; a heading, a list item and a paragraph end where the next piece begins.

    `breaks` says that a paragraph ends behind them.
    """

    text: str
    kind: ProseKind
    place: Place
    breaks: bool = False


Piece = Formula | Prose


@dataclass(frozen=True, slots=True)
class Manuscript:
    """What was read of one file."""

    source: Source
    pieces: tuple[Piece, ...]
    front: Mapping[str, Any] = field(default_factory=dict)
    """The YAML front matter, as plain data."""
    front_line: int = 1
    remarks: tuple[Remark, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    """What could not be read of the file; the rest was."""

    @property
    def formulas(self) -> list[Formula]:
        """All formulas in order; formula n stands at n − 1."""
        return [piece for piece in self.pieces if isinstance(piece, Formula)]
