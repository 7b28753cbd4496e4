"""Text that was read, and places in it."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from gradsheet.records import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of character offsets [start, end) in a source.

    >>> Span(2, 5).to(Span(7, 9))
    Span(start=2, end=9)
    """

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, eq=False)
class Source:
    r"""A text with a name; turns offsets into lines and columns, both counted from 1.

    >>> Source("a = 1\nb = 2", "demo").position(6)
    (2, 1)
    """

    text: str
    name: str = "<sheet>"

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of one line, without its end."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]
