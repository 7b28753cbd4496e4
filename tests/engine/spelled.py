"""Formulas in every spelling that is printed, and read back from it: text, a plain keyboard, LaTeX, LaTeX in a line."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.sheet.known import function_names, known_names
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

SIGN = "   =   "
"""Between the sides of a line of text; within a side there may be relations."""


class NotReadBackError(AssertionError):
    """A printed line that does not read, or means something else."""


class Speller:
    """Prints trees of a sheet and reads them again; `more` are names that are not the sheet's, such as δ1."""

    def __init__(self, sheet: Sheet, more: dict[str, Known]) -> None:
        self.sheet = sheet
        self.names = known_names(sheet).within(more)
        self.typist = Typist(sheet)
        self.functions = function_names(sheet)
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
        if spelling == "tree":
            return line
        page = on_page(self, line, spelling)
        try:
            read = self.from_latex if spelling in ("latex", "inline") else self.from_text
            left, right = read(page, line, spelling)
        except SheetError as problem:
            raise NotReadBackError(f"{spelling}: {problem}\n{page}") from None
        return replace(line, left=left, right=right)

    def from_text(self, page: str, line: Line, spelling: str) -> tuple[tree.Expression, tree.Expression]:
        own = dict(self.from_keyboard) if spelling == "keyboard" else {}
        own.update({bound.name.key: bound.name.key for bound in line.ranges})
        left, right = (renamed(plainly(Source(side)), own) for side in page.split(SIGN))
        return left, right

    def from_latex(self, page: str, line: Line, spelling: str) -> tuple[tree.Expression, tree.Expression]:
        source = Source(page)
        within = {bound.name.key: Known(0) for bound in line.ranges} if spelling == "inline" else {}
        found = parse_latex_equation(source, Diagnostics(source), self.names.within(within))
        if found.ranges and list(map(plainer, found.ranges)) != list(map(plainer, line.ranges)):
            raise NotReadBackError(f"other ranges: {page}")
        return found.left, found.right


def on_page(speller: Speller, line: Line, spelling: str) -> str:
    """A line as it is printed."""
    match spelling:
        case "latex":
            return speller.paper.latex_lines([(line.left, "=", line.right, line.ranges)])
        case "inline":
            return " = ".join(latex_of(in_line(speller.typist.box(node))) for node in (line.left, line.right))
        case _:
            spelled = speller.paper if spelling == "text" else speller.keyboard
            return SIGN.join(spelled.formula(node) for node in (line.left, line.right))


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
