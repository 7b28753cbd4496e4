"""Formulas in every spelling that is printed, and read back from it: text, a plain keyboard, LaTeX, LaTeX in a line."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.sheet.known import known_names
from gradsheet.syntax import canonical_key, parse_expression, tree
from gradsheet.syntax.plain import plain
from gradsheet.syntax.reading import parse_latex_equation
from gradsheet.syntax.written_names import Known
from gradsheet.typesetting import latex_of
from gradsheet.writing.documents.typist import Typist, in_line
from gradsheet.writing.spelling import Spelling

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.sheet import Sheet
    from gradsheet.writing.equations import Line

SPELLINGS = ("tree", "text", "keyboard", "latex", "inline")
"""The tree itself, as the views made it; and what is printed of it."""


class NotReadBackError(AssertionError):
    """A printed line that does not read, or means something else."""


class Speller:
    """Prints trees of a sheet and reads them again; `more` are names that are not the sheet's, such as δ1."""

    def __init__(self, sheet: Sheet, more: dict[str, Known]) -> None:
        self.sheet = sheet
        self.names = known_names(sheet).within(more)
        self.typist = Typist(sheet)
        self.paper, self.keyboard = Spelling(sheet), Spelling(sheet, ascii_only=True)
        names = [*(s.name for s in sheet.symbols.values()), *sheet.sizes, *sheet.size_families, *sheet.unspecified]
        own = {canonical_key(name) for name in [*names, *more]}
        self.from_keyboard: dict[str, str] = {}
        for key in sorted(own):
            typed = canonical_key(self.keyboard.formula(tree.Name(key, key)))
            if typed != key and typed in own | set(self.from_keyboard):
                raise NotReadBackError(f"{key} and {self.from_keyboard.get(typed, typed)} are one word on a keyboard")
            self.from_keyboard[typed] = key

    def again(self, line: Line, spelling: str) -> Line:
        """A line after printing and reading; raises `NotReadBackError` with what was printed."""
        printed = ""

        def read(text: str, reader: Callable[[Source], Any]) -> Any:
            nonlocal printed
            printed = text
            return reader(Source(text))

        try:
            match spelling:
                case "tree":
                    return line
                case "text" | "keyboard":
                    spelled = self.paper if spelling == "text" else self.keyboard
                    own = dict(self.from_keyboard) if spelling == "keyboard" else {}
                    own.update({b.name.key: b.name.key for b in line.ranges})
                    left, right = (
                        read(spelled.formula(node), lambda s: renamed(plainly(s), own))
                        for node in (line.left, line.right)
                    )
                case "latex":
                    text = self.paper.latex_lines([(line.left, "=", line.right, line.ranges)])
                    found = read(text, lambda s: parse_latex_equation(s, Diagnostics(s), self.names))
                    if found.ranges and [plainer(r) for r in found.ranges] != [plainer(r) for r in line.ranges]:
                        raise NotReadBackError(f"other ranges: {text}")
                    left, right = found.left, found.right
                case _:
                    text = " = ".join(latex_of(in_line(self.typist.box(node))) for node in (line.left, line.right))
                    names = self.names.within({b.name.key: Known(0) for b in line.ranges})
                    found = read(text, lambda s: parse_latex_equation(s, Diagnostics(s), names))
                    left, right = found.left, found.right
        except SheetError as problem:
            raise NotReadBackError(f"{spelling}: {problem}\n{printed}") from None
        return replace(line, left=left, right=right)


def plainer(bound: tree.BoundIndex) -> str:
    """An index with its range as text."""
    return f"{bound.name.key} in {plain(bound.domain)}" if bound.domain is not None else bound.name.key


def plainly(source: Source) -> tree.Expression:
    """A formula read from text."""
    return parse_expression(source, Diagnostics(source))


def mapped(node: Any, change: Callable[[tree.Node], tree.Node | None]) -> Any:
    """A tree with some nodes changed; what `change` returns None for is walked into."""
    if isinstance(node, tuple):
        return tuple(mapped(part, change) for part in node)
    if not isinstance(node, tree.Node):
        return node
    changed = change(node)
    if changed is not None:
        return changed
    parts = {f.name: mapped(getattr(node, f.name), change) for f in fields(node) if f.compare}
    return replace(node, **parts)


def renamed(node: tree.Expression, names: dict[str, str]) -> tree.Expression:
    """A tree with other names."""

    def change(part: tree.Node) -> tree.Node | None:
        if isinstance(part, tree.Name) and names.get(part.key, part.key) != part.key:
            return tree.Name(names[part.key], names[part.key], span=part.span)
        return None

    return mapped(node, change)
