"""A worked solution as a document: title, sections, steps with formulas and sentences. Formats print it; none computes.

Formulas are boxes of `gradsheet.typesetting`, made once and spelled by each format; `text` is the same formula in plain
text, for readers that have no eyes and for formats that have no mathematics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.typesetting import Box


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula in a line of words."""

    box: Box
    text: str


Words: TypeAlias = "tuple[str | Formula, ...]"
"""A sentence: words and formulas in turn."""


@dataclass(frozen=True, slots=True)
class Display:
    """Equations on lines of their own, aligned at their signs."""

    box: Box
    text: str
    width: float
    """About how wide it is, in em."""
    tail: Box | None = None
    """The end of the only line, that may go below on a small screen: its value, `≈ 0.37636`, or its ranges."""
    head: Box | None = None
    """What stands before the tail."""
    is_closed: bool = False
    """Whether ranges stand at its end, or several lines, so that nothing can be added behind it."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    words: Words


@dataclass(frozen=True, slots=True)
class Given:
    """A given value."""

    anchor: str
    body: tuple[Display | Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Displays:
    """Equations that belong together, without explanations: the given values."""

    items: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class SmallStep:
    """One rule inside a step, and what stands there after it."""

    display: Display
    reason: Words


@dataclass(frozen=True, slots=True)
class Step:
    """One definition, derivative or update: its equations and values, why it is so, and the way in small steps."""

    anchor: str
    number: int
    """Counted from 1 through the whole document; 0 for none."""
    equations: Display
    more: tuple[Display | Paragraph, ...] = ()
    """Values by their names, and remarks."""
    space: Words = ()
    """Where it lies, if it is no single number: ℝ^(3×4); with the rows of data, if it has some."""
    reason: Words = ()
    small: tuple[SmallStep, ...] = ()
    opened: bool = False
    """Whether the small steps are what was asked for, rather than something to look into."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a section, in order."""

    items: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words under headings."""

    head: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, as SVG that links to the steps of the page."""

    svg: str
    text: str


Block: TypeAlias = Paragraph | Displays | Steps | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it; `key` is its address. A brief one is a paragraph that its heading begins."""

    key: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def is_brief(self) -> bool:
        """Whether it is no more than a paragraph."""
        return all(isinstance(block, Paragraph) for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Document:
    """A title, the same with its formulas, what it says in more words, and sections."""

    title: str
    heading: Words
    lead: Words
    sections: tuple[Section, ...]

    @property
    def has_small_steps(self) -> bool:
        """Whether any step can be looked into."""
        blocks = (b for s in self.sections for b in s.blocks)
        return any(step.small for b in blocks if isinstance(b, Steps) for step in b.items)
