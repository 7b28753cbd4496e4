"""A derivation as data: adjoints in the order in which a person writes them, each with its steps."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.calculus import Log
    from gradsheet.derivation.graph import Graph
    from gradsheet.derivation.statements import Partition
    from gradsheet.expressions import Symbol
    from gradsheet.sheet import Equation, Sheet


@dataclass(frozen=True, slots=True, eq=False)
class Adjoint:
    """∂of/∂wrt as an equation in forward values and earlier adjoints.

    `rule` is the sentence of its step, `uses` the definitions through which `wrt` acts, `conditions` what the step
    relies on (Σ y = 1), `log` every rule that was applied.
    """

    of: Symbol
    wrt: tuple[Symbol, ...]
    equation: Equation
    rule: str
    uses: tuple[Symbol, ...]
    conditions: tuple[str, ...]
    log: Log = field(repr=False)

    @property
    def symbol(self) -> Symbol:
        return self.equation.symbol

    @property
    def order(self) -> int:
        return len(self.wrt)


@dataclass(slots=True)
class Derivation:
    """All adjoints of a sheet's objective (or pullback), and the derivatives that its updates name."""

    sheet: Sheet
    graph: Graph
    partition: Partition
    """What is known of the sheet's sums over configurations."""
    targets: tuple[Symbol, ...]
    adjoints: list[Adjoint] = field(default_factory=list)
    gradients: dict[Symbol, Adjoint] = field(default_factory=dict)
    """The derivative by each parameter of the objective itself."""
    cotangents: dict[Symbol, Symbol] = field(default_factory=dict)
    """For a pullback: the upstream gradient of each result."""

    def find(self, of: str, wrt: str) -> Adjoint | None:
        """An adjoint by names."""
        for adjoint in self.adjoints:
            if adjoint.of.name == of and len(adjoint.wrt) == 1 and adjoint.wrt[0].name == wrt:
                return adjoint
        return None
