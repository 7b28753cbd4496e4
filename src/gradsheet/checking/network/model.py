"""What was made of the definitions of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradsheet.checking.context import AliasRule


@dataclass(frozen=True, slots=True)
class PageNetwork:
    """A sheet made from a page, with what it was made of; `sheet` loads with the ordinary reader."""

    sheet: str
    alternatives: tuple[str, ...] = ()
    """Further sheets for other readings of the shapes, most likely first; what fails under all is wrong."""
    aliases: tuple[AliasRule, ...] = ()
    """The page's spellings and the names in the sheet."""
    definitions: tuple[int, ...] = ()
    """Chains by their index whose first relation was taken as a definition, a value or a shape."""
    parameters: tuple[str, ...] = ()
    objective: str = ""
    any_loss: str = ""
    """The loss that is nowhere defined and stands for every loss: what is wrong for it is undecided, unless the line
    holds derivatives of it on the right."""
    remarks: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    """Sentences: what could not be taken over, and what is missing for it."""

    @property
    def sheets(self) -> tuple[str, ...]:
        """Every reading, the most likely first."""
        return (self.sheet, *self.alternatives)
