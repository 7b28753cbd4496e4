"""A change of a claim, the edit that is reported, and what a search found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.checking.model import Slip
    from gradsheet.checking.slips.places import Place, SideName
    from gradsheet.diagnostics import Span
    from gradsheet.syntax.tree import Expression, Node


@dataclass(frozen=True, slots=True)
class Change:
    """An edit before it is carried out: what stands at one or several places of one side, and why.

    All places are disjoint. `token` names what is done, so that the same thing done twice can be told: index 2 for 3.
    """

    pieces: tuple[tuple[Place, Node], ...]
    sentence: str
    cost: float
    patch: Callable[[], tuple[Span, str] | None] | None = None
    """What is to be replaced in the text, and by what; asked for only when the edit is reported."""
    token: tuple[str, ...] | None = None

    @property
    def side(self) -> SideName:
        """The side that it changes."""
        return self.pieces[0][0].side


@dataclass(frozen=True, slots=True)
class Edit:
    """A claim with one thing changed.

    `span` in the formula's text is what `replacement` takes the place of; an insertion has an empty span. Both are
    empty where no single place of the text would do. `cost`: the smaller, the likelier.
    """

    left: Expression
    right: Expression
    kind: Slip
    sentence: str
    cost: float
    span: Span | None
    replacement: str
    side: Literal["left", "right"]
    rule: str = ""
    """The name of the rule that made it."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The edits that make a claim true, likeliest first; or a pair of which the second is made after the first."""

    edits: tuple[Edit, ...] = ()
    pair: tuple[Edit, Edit] | None = None
    tried: int = 0
    complete: bool = True
    """Whether the search came to its end; else the budget or the time was spent."""
