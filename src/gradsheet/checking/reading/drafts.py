"""Chains before their sides are read: which atoms stand on which side of which relation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradsheet.checking.reading.atoms import Atom


@dataclass(slots=True)
class DraftSide:
    """The atoms of one side; several items where commas divide a list."""

    items: list[list[Atom]] = field(default_factory=lambda: [[]])

    @property
    def empty(self) -> bool:
        return not any(self.items)

    @property
    def last(self) -> Atom | None:
        return self.items[-1][-1] if self.items[-1] else None


@dataclass(slots=True)
class DraftCondition:
    """A condition: its word, and the stretches of atoms that state it, none where it is in words only."""

    word: str
    text: str
    parts: list[list[Atom]] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """A chain in the making."""

    sides: list[DraftSide] = field(default_factory=lambda: [DraftSide()])
    relations: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    label: str = ""
    conditions: list[DraftCondition] = field(default_factory=list)
    aside: bool = False
    definition: bool = False
    given_up: dict[int, str] = field(default_factory=dict)
    """Sides that cannot be read, by number, with the reason, where the splitter knows it."""
    only_condition: bool = False
    arrow: str = ""
    """The connector before it."""

    @property
    def leading(self) -> bool:
        """Whether it begins with its relation."""
        return bool(self.relations) and self.sides[0].empty

    @property
    def open(self) -> bool:
        """Whether it ends with a relation or an operator: something has to follow."""
        last = self.sides[-1].last
        return self.sides[-1].empty if last is None else last.kind == "operator"

    def give_up(self, reason: str) -> None:
        """The last side cannot be read."""
        self.given_up[len(self.sides) - 1] = reason

    def feed(self, atoms: list[Atom]) -> None:
        """Further atoms of the same chain; a relation at the end and one at the start of a row are one."""
        for atom in atoms:
            if atom.kind == "relation":
                if self.relations and self.sides[-1].empty:
                    continue
                self.relations.append(atom.text)
                self.sides.append(DraftSide())
                self.definition = self.definition or atom.text == ":="
            elif atom.kind == "comma":
                if self.sides[-1].items[-1]:
                    self.sides[-1].items.append([])
            elif atom.kind not in ("gap", "cell", "struck", "stop", "begin", "end"):
                self.sides[-1].items[-1].append(atom)
