"""∂L/∂W = δ xᵀ: the notation of the sheet itself, and what the other notations have in common with it.

A notation is a view of the derivation that was made: it chooses which adjoints have names, and how an equation is
written. `inline` puts earlier derivatives into later ones: every derivative that is no gradient of a parameter is put
in where it is used, as long as what is put in stays within `LONGEST_INLINE`; a recursion keeps its name. Values of the
forward pass keep their names: they are known by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from gradsheet.derivation import Rewritten, Substitution, needed
from gradsheet.writing.equations import Style, write_equation
from gradsheet.writing.members import without_single
from gradsheet.writing.notations.arrangement import TextbookView, arranged

if TYPE_CHECKING:
    from gradsheet.derivation import Adjoint
    from gradsheet.sheet import Equation
    from gradsheet.writing.equations import Line
    from gradsheet.writing.report import Builder, Item

NotationName: TypeAlias = Literal["matrix", "index", "jacobian", "delta"]

LONGEST_INLINE = 40.0
"""How much there may be to write in a derivative that is put in; names and signs count about one and a half each."""


class MatrixNotation:
    """Products of matrices where they fit."""

    def __init__(self, builder: Builder, *, inline: bool = False) -> None:
        self.builder = builder
        self.derivation = builder.solution.derivation
        self.inline = inline
        self.letters = builder.letters
        self.style = Style(self.letters.names, arranged, TextbookView)
        self.parameters = {a.wrt[-1] for a in self.derivation.gradients.values()}

    def notes(self) -> list[str]:
        """Conventions of the notation."""
        return [INLINE] if self.inline else []

    def restated(self) -> tuple[str, ...]:
        """Conventions of the solution that `notes` say in other words."""
        return ()

    def forward(self) -> list[Item]:
        """The definitions."""
        return self.builder.forward()

    def local(self) -> list[Item]:
        """Local Jacobians, if the notation has them."""
        return []

    def backward(self) -> list[Item]:
        """The derivatives."""
        return [self.derivative(row) for row in self.rows()]

    def update(self) -> list[Item]:
        """The step."""
        return self.builder.update()

    # ------------------------------------------------------------ one derivative

    def rows(self) -> list[Rewritten]:
        """The equations to write, with others put in if that is asked for."""
        if not self.inline:
            return [Rewritten(a, a.equation) for a in self.derivation.adjoints]
        substitution = Substitution(self.derivation, self.is_asked, longest=LONGEST_INLINE, once=False)
        rows = [substitution.rewritten(a) for a in self.derivation.adjoints]
        asked = [r for r in rows if self.is_asked(r.adjoint)]
        kept = needed(rows, asked)
        return [r for r in rows if r in asked or r in kept]

    def is_asked(self, adjoint: Adjoint) -> bool:
        """The derivative by a parameter, or one of higher order; everything else is on the way."""
        return adjoint.wrt[-1] in self.parameters or adjoint.order > 1 or bool(adjoint.of.axes)

    def derivative(self, row: Rewritten) -> Item:
        """An adjoint with its rule, its shape and its value."""
        lines = self.lines(row.equation)
        rule = "; ".join(row.rules) if row.through else row.adjoint.rule
        return self.builder.derivative(row.adjoint, lines, rule=rule, conditions=row.conditions)

    def lines(self, equation: Equation) -> tuple[Line, ...]:
        """An equation as this notation writes it."""
        if not self.inline:
            return write_equation(equation, self.builder.taken)
        return tuple(without_single(x) for x in write_equation(equation, self.builder.taken, style=self.style))


INLINE = "derivatives by intermediate results are put in where they are used; a recursion keeps its name"
