"""A text in which formulas are looked for, and where each of its characters stands in the file."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re


class View:
    """Characters of a page in runs; within a run the file goes on as the text does.

    A file that is its own text has one run. In HTML an entity is a run of one character.

    >>> view = View("a < b", ((0, 10), (2, 12), (3, 16)))  # a &lt; b, from offset 10 on
    >>> [view.origin(at) for at in range(6)]
    [10, 11, 12, 16, 17, 18]
    """

    def __init__(self, text: str, runs: tuple[tuple[int, int], ...] = ((0, 0),)) -> None:
        self.text = text
        self._starts = [start for start, _ in runs]
        self._origins = [origin for _, origin in runs]
        self._found: dict[re.Pattern[str] | str, tuple[int, int, int]] = {}

    def origin(self, at: int) -> int:
        """The offset in the file of a character."""
        run = bisect_right(self._starts, at) - 1
        return self._origins[run] + at - self._starts[run]

    def part(self, start: int, end: int) -> View:
        """What stands between two places, as a text of its own."""
        first = bisect_right(self._starts, start) - 1
        runs = [(0, self.origin(start))]
        for at, origin in zip(self._starts[first + 1 :], self._origins[first + 1 :], strict=True):
            if at < end:
                runs.append((at - start, origin))
        return View(self.text[start:end], tuple(runs))

    def next(self, what: re.Pattern[str] | str, at: int) -> tuple[int, int]:
        """Start and end of the next occurrence from a place on; the length of the text twice if there is none.

        An answer is kept until the place has passed it: places that only grow cost one walk over the text.
        """
        known = self._found.get(what)
        if known is not None and known[0] <= at <= known[1]:
            return known[1], known[2]
        if isinstance(what, str):
            start = self.text.find(what, at)
            found = (start, start + len(what)) if start >= 0 else (len(self.text), len(self.text))
        else:
            match = what.search(self.text, at)
            found = match.span() if match else (len(self.text), len(self.text))
        self._found[what] = (at, *found)
        return found
