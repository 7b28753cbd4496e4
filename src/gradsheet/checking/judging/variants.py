"""A sheet under each of the alternatives that a context leaves open."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from gradsheet.diagnostics import SheetError, Source
from gradsheet.sheet.reader import load_sheet
from gradsheet.syntax import canonical_key, tree

if TYPE_CHECKING:
    from gradsheet.checking.context import Context
    from gradsheet.sheet import Sheet

_MOST = 16


def variants(sheet: Sheet, context: Context) -> list[tuple[Sheet, str]]:
    """The sheet, once for each choice of definitions, with a name that tells which.

    The first is the sheet as it stands where no alternative concerns it.
    """
    concerned = [a for a in context.alternatives if _definition(sheet, a.name) is not None]
    if not concerned:
        return [(sheet, sheet.source.name)]
    found: list[tuple[Sheet, str]] = []
    for chosen in product(*(a.options for a in concerned)):
        text = sheet.source.text
        names = []
        edits = []
        for alternative, option in zip(concerned, chosen, strict=True):
            definition = _definition(sheet, alternative.name)
            assert definition is not None
            edits.append((definition.value.span, option))
            names.append(f"{alternative.name} = {option}")
        for span, option in sorted(edits, key=lambda e: -e[0].start):
            text = text[: span.start] + option + text[span.end :]
        try:
            found.append((load_sheet(Source(text, sheet.source.name)), " and ".join(names)))
        except SheetError:
            continue
        if len(found) == _MOST:
            break
    return found or [(sheet, sheet.source.name)]


def _definition(sheet: Sheet, name: str) -> tree.Definition | None:
    key = canonical_key(name)
    for statement in sheet.document.statements:
        if (
            isinstance(statement, tree.Definition)
            and isinstance(statement.target, tree.Name)
            and statement.target.key == key
        ):
            return statement
    return None
