"""What a derivation knows of sums over configurations: statements, new forms of equations, distributions."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.calculus import Log
    from gradsheet.calculus.configurations import Chance, Distribution
    from gradsheet.expressions import Expr, Index, Symbol
    from gradsheet.sheet import Equation, FunctionDefinition, Sheet


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact about sums over configurations: a new form of a function or an equation, or a conditional probability.

    `check` holds two closed forms of one thing, the second with the author's own sum; both are functions of the
    variables in `over` and the indices in `free`.
    """

    equation: Equation
    """For a function its body in its formal arguments, and no pattern."""
    rule: str
    log: Log
    event: Chance | None = None
    of: Symbol | None = None
    given: tuple[Symbol, ...] = ()
    kept: tuple[Symbol, ...] = ()
    """The variables whose sum keeps all its terms, and `coupling`, the term of the exponent that ties their units."""
    coupling: Expr | None = None
    check: tuple[Expr, Expr] | None = None
    over: tuple[Symbol, ...] = ()
    free: tuple[Index, ...] = ()


@dataclass(slots=True)
class Partition:
    """A sheet's equations and functions with their sums over configurations worked out."""

    sheet: Sheet
    functions: dict[Symbol, FunctionDefinition] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    distributions: list[Distribution] = field(default_factory=list)
    rewritten: dict[Equation, Equation] = field(default_factory=dict)
    """The author's equations that say something else now, or use functions that do, with their new forms."""
