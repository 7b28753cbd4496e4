"""Shapes below the factors of a product, where a page is text: `∂L/∂z · ∂z/∂h` with `1×3` and `3×4` a line lower."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk
from gradsheet.writing.layout import text_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Marks: TypeAlias = "tuple[tuple[int, int, str], ...]"
"""Where a labelled part of a text begins and ends, and its label."""

_OPEN, _CLOSE = "\ue000", "\ue001"


def labelled(node: tree.Expression, spelled: Callable[[tree.Expression], str]) -> tuple[str, Marks]:
    """A formula as text, with the places of the parts that have labels.

    >>> from gradsheet.syntax.plain import plain
    >>> from gradsheet.syntax.tree import Factor, Name, Product, Underbrace
    >>> a, b = (Underbrace(Name(x, x), Name(n, n)) for x, n in (("A", "m"), ("B", "n")))
    >>> labelled(Product((Factor("", a), Factor("·", b))), plain)
    ('A · B', ((0, 1, 'm'), (4, 5, 'n')))
    """
    labels: list[str] = []
    if not any(isinstance(part, tree.Underbrace) for part in walk(node)):
        return spelled(node), ()
    text = spelled(_marked(node, spelled, labels))
    out: list[str] = []
    marks: list[tuple[int, int, str]] = []
    begun: list[int] = []
    for sign in text:
        if sign == _OPEN:
            begun.append(len(out))
        elif sign == _CLOSE:
            marks.append((begun.pop(), len(out), labels[len(marks)]))
        else:
            out.append(sign)
    return "".join(out), tuple(marks)


def _marked(node: Any, spelled: Callable[[tree.Expression], str], labels: list[str]) -> Any:
    """Each labelled part as a name that begins and ends with a mark."""
    match node:
        case tree.Underbrace(base=base, label=label):
            below = spelled(label).replace(" × ", "×").replace(" x ", "x")
            text = spelled(base)
            text += " " * max(0, text_width(below) - text_width(text))
            labels.append(below)
            return _Verbatim(f"{_OPEN}{text}{_CLOSE}", f"{_OPEN}{text}{_CLOSE}")
        case tree.Node():
            parts = [f.name for f in fields(node) if f.name != "span"]
            changes = {part: _marked(getattr(node, part), spelled, labels) for part in parts}
            return replace(node, **changes)
        case tuple():
            return tuple(_marked(part, spelled, labels) for part in node)
        case _:
            return node


class _Verbatim(tree.Name):
    """A name that stands for a piece of text."""

    __slots__ = ()


def below(lines: Sequence[str], marks: Marks, text: str) -> list[str]:
    """For each line of a broken text the line of labels under it; empty where it has none.

    >>> below(["A · B"], ((0, 1, "m"), (4, 5, "n")), "A · B")
    ['m   n']
    """
    result = []
    start = 0
    for line in lines:
        start = text.index(line, start)
        under = ""
        for first, last, label in marks:
            if start <= first < start + len(line):
                width = text_width(text[first:last])
                column = text_width(text[start:first]) + (width - text_width(label)) // 2
                under += " " * max(column - text_width(under), 1 if under else 0) + label
        result.append(under)
        start += len(line)
    return result
