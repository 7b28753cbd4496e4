"""The record of one way to slip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradsheet.checking.model import Slip
    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.scene import Scene


@dataclass(frozen=True, slots=True)
class EditRule:
    """One way to slip: its name, the kind that it belongs to, an example, and where it may have happened."""

    name: str
    kind: Slip
    example: str
    """`Written` → meant."""
    find: Callable[[Scene], Iterator[Change]]
