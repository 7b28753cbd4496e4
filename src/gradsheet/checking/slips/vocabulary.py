"""What a wrong claim may have meant: the names, functions, sizes and indices at hand, and the lines that were right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from gradsheet.syntax.plain import plain
from gradsheet.typesetting import latex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

    from gradsheet.syntax.tree import Expression

NameKind = Literal["forward", "parameter", "input", "target", "function", "size"]


@dataclass(frozen=True, slots=True)
class NameFacts:
    """A name of the scope: what it is and what shape it has.

    `rank` counts the axes of one member: 2 for the `W[l]` of a family of matrices; None where nobody knows.
    """

    key: str
    kind: NameKind = "forward"
    rank: int | None = None
    axes: tuple[str, ...] | None = None
    """The size of each axis, as text: `("n", "m")`."""
    leading: int = 0
    """How many of the first indices pick a member: 1 for `W[l]`, 0 for a name that is no family."""
    members: tuple[Fraction, ...] = ()
    """The members along the first index that are known: 1, 2, 3."""
    word: str = "layer"
    """What a member is called in a sentence: a layer, a step, an example."""

    @property
    def function(self) -> bool:
        """Whether it is applied."""
        return self.kind == "function"


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """An index variable in scope: `i in 1..n`, with its ends where they are known."""

    key: str
    low: Expression | None = None
    high: Expression | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All that an edit may put in place of what was written.

    `spell` writes a tree as the author would (it goes into patches), `say` writes it for a sentence.
    """

    names: Mapping[str, NameFacts] = field(default_factory=dict)
    indices: Mapping[str, IndexFacts] = field(default_factory=dict)
    lookalikes: tuple[tuple[str, ...], ...] = ()
    """Names that people take for one another: `("y", "ŷ", "t")`."""
    siblings: tuple[Expression, ...] = ()
    """Sides of other lines that were judged right."""
    spell: Callable[[Expression], str] = latex
    say: Callable[[Expression], str] = plain
    text: str = ""
    """The text of the formula that spans point into; "" if nobody has it, then fewer patches can be made."""
    left_text: str | None = None
    """The text of the left side, where that stands in another formula."""
    notation: Literal["latex", "plain"] = "latex"
    """What the text is written in."""
    value: Callable[[Expression], Fraction | None] | None = None
    """The number of a scalar side at the given values, rounded as the page rounds; None where there is none."""

    def facts(self, key: str) -> NameFacts | None:
        """What is known of a name."""
        return self.names.get(key)
