"""Lines of styled text: widths as a terminal counts them, formulas wrapped where a person would break them."""

from __future__ import annotations

import unicodedata
from typing import Literal, TypeAlias

Style: TypeAlias = Literal["", "heading", "title", "quiet", "good", "bad"]
Styled: TypeAlias = list[tuple[str, Style]]
"""Pieces of text, each with what it is; a painter says how that looks."""

_OPENING, _CLOSING = frozenset("([{⟨"), frozenset(")]}⟩")


def text_width(text: str) -> int:
    """Columns that a terminal gives to a text: combining marks take none, wide characters two.

    >>> text_width("ŷ"), text_width("y\u0304"), text_width("行")
    (1, 1, 2)
    """
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, width: int) -> str:
    """A text filled with blanks on its right."""
    return text + " " * (width - text_width(text))


def pad_left(text: str, width: int) -> str:
    """A text filled with blanks on its left."""
    return " " * (width - text_width(text)) + text


def wrap_words(text: str, width: int) -> list[str]:
    """A sentence broken at blanks.

    >>> wrap_words("a gradient has the shape of its variable", 20)
    ['a gradient has the', 'shape of its', 'variable']
    """
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(lines[-1]) + 1 + text_width(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def wrap_formula(text: str, width: int) -> list[str]:
    """A formula broken before its outermost operators: sums first, then products.

    >>> wrap_formula("W[l+1]ᵀ ∂L/∂z[l+1] ⊙ (1 − h[l]²) + Vᵀ (V h[l] − y[l])", 40)
    ['W[l+1]ᵀ ∂L/∂z[l+1] ⊙ (1 − h[l]²)', '+ Vᵀ (V h[l] − y[l])']
    """
    lines: list[str] = []
    while text_width(text) > width:
        place = _break(text, width)
        if place is None:
            break
        lines.append(text[:place].rstrip())
        text = text[place:].lstrip()
    return [*lines, text]


def _break(text: str, width: int) -> int | None:
    """Where to break: the least nested blank, before + and − rather than elsewhere, as far right as may be."""
    best: tuple[int, int, int] | None = None
    depth = 0
    column = 0
    for place, sign in enumerate(text):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        column += text_width(sign)
        if sign != " ":
            continue
        if column > width + 1 and best is not None:
            break
        rank = 0 if text[place + 1 :].startswith(("+ ", "− ", "- ", "if ", "else ")) else 1
        early = column < width * 0.35
        candidate = (2 * depth + rank + (4 if early else 0), -place, place)
        if best is None or candidate < best:
            best = candidate
    return None if best is None else best[2]


def wrap_list(opening: str, items: list[str], closing: str, width: int) -> list[str]:
    """`[a, b, c]` with lines broken after commas, aligned behind the bracket.

    >>> wrap_list("[", ["1", "2", "3", "4"], "]", 8)
    ['[1, 2,', ' 3, 4]']
    """
    lines = [opening]
    indent = " " * text_width(opening)
    for at, item in enumerate(items):
        last = at == len(items) - 1
        piece = item + (closing if last else ",")
        fresh = at == 0 or lines[-1] == indent
        joined = lines[-1] + ("" if fresh else " ") + piece
        if text_width(joined) <= width or fresh:
            lines[-1] = joined
        else:
            lines.append(indent + piece)
    return lines if items else [opening + closing]
