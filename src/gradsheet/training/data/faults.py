"""What is wrong with data, and where: file, row, column, symbol, and what to do."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHOWN = 12


def listed(names: Iterable[object]) -> str:
    """Names for a message; of many the first ones, and how many there are.

    >>> listed(["a", "b"])
    'a, b'
    >>> listed(f"x{k}" for k in range(1, 65))
    'x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, …, x64 (64 in all)'
    """
    found = [str(n) for n in names]
    if len(found) <= _SHOWN:
        return ", ".join(found)
    return f"{', '.join(found[: _SHOWN - 1])}, …, {found[-1]} ({len(found)} in all)"


def near(name: str, known: Sequence[str]) -> str | None:
    """The known name that is most like another.

    >>> near("lable", ["label", "x1"])
    'label'
    """
    lowered = {k.lower(): k for k in reversed(known)}
    found = get_close_matches(name.lower(), list(lowered), 1, 0.6)
    return lowered[found[0]] if found else None


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 row, 2 rows."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


__all__ = ["counted", "listed", "near"]
