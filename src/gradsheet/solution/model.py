"""A solved sheet as data: what every view shows, and what JSON holds."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.derivation import Adjoint, Derivation
    from gradsheet.evaluation.named import Values
    from gradsheet.evaluation.values import Inputs
    from gradsheet.expressions import Symbol
    from gradsheet.sheet import Equation, Sheet
    from gradsheet.verification import Verification


@dataclass(slots=True)
class State:
    """The values of all symbols before one step: inputs, forward, adjoints; arrays of certified numbers or floats.

    A symbol that takes the data axis has that axis first.
    """

    values: dict[Symbol, Values]
    objective: Any | None = None


@dataclass(slots=True)
class Solution:
    """Derivation, numbers and verification of one sheet.

    `states[k]` holds the values before step k; the last one, after all steps, has the forward pass at least.
    """

    sheet: Sheet
    derivation: Derivation
    kind: str
    """"symbolic" (no values), "certified" or "float64"."""
    states: list[State] = field(default_factory=list)
    inputs: Inputs | None = None
    rate: Any | None = None
    verification: Verification | None = None
    remarks: list[str] = field(default_factory=list)
    conventions: list[str] = field(default_factory=list)
    row_symbols: frozenset[Symbol] = frozenset()
    """Symbols whose values carry the data axis first."""
    row_count: int = 0

    @property
    def forward(self) -> list[Equation]:
        return self.sheet.equations

    @property
    def backward(self) -> list[Adjoint]:
        return self.derivation.adjoints

    @property
    def has_values(self) -> bool:
        return bool(self.states)
