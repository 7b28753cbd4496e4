"""A sheet after reading: typed equations in order, and what is asked of them."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.diagnostics import Remark, Source
    from gradsheet.expressions import Affine, Expr, Index, Lambda, Size, Symbol, Unspecified
    from gradsheet.syntax import tree


@dataclass(eq=False, slots=True)
class Equation:
    """symbol[pattern] = body, for every value of the free indices in the pattern.

    `h[0] = x` and `h[l] = g(z[l])` are two equations of one symbol; the pattern of the first starts with 0.
    """

    symbol: Symbol
    pattern: tuple[Affine, ...]
    free: tuple[Index, ...]
    body: Expr
    syntax: tree.Definition | None
    """What the author wrote; None for an objective that was given no name."""
    facts: tuple[Affine, ...] = ()
    """Expressions that are ≥ 0: ranges that the equations before this one run over are not empty."""


@dataclass(eq=False, slots=True)
class FunctionDefinition:
    """f(arguments) = body: the formal arguments are local symbols."""

    symbol: Symbol
    formals: tuple[Symbol, ...]
    body: Lambda
    syntax: tree.Definition | None
    """What the author wrote; None for a function that a derivation made."""


@dataclass(eq=False, slots=True)
class Template:
    """f(p, t) = … whose arguments are declared nowhere: they take their shapes at each call."""

    names: tuple[tree.Name, ...]
    syntax: tree.Definition
    made: dict[object, Symbol] = field(default_factory=dict)
    """One function for each combination of argument shapes."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What is minimised or maximised; `data` says how the rows of the data enter, if they do."""

    sense: Literal["minimize", "maximize"]
    symbol: Symbol
    syntax: tree.Objective


@dataclass(frozen=True, slots=True)
class Rate:
    """`by sgd(η = 0.1)`: the keyword's spelling and its value."""

    name: str
    value: tree.Expression


@dataclass(frozen=True, slots=True)
class UpdateRule:
    """target ← value, in order; derivatives are those before the block."""

    symbol: Symbol
    pattern: tuple[Affine, ...]
    value: Lambda
    syntax: tree.Assignment


@dataclass(frozen=True, slots=True)
class GivenValue:
    """One line of `given`: a symbol (or one member of a family), or a size."""

    key: str
    members: tuple[tree.Expression, ...]
    value: tree.Expression
    syntax: tree.Name | tree.Subscript


@dataclass(eq=False)
class Sheet:
    """Names bound, shapes checked, definitions in order."""

    source: Source
    document: tree.Document
    symbols: dict[str, Symbol] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)
    size_families: dict[str, tuple[Affine, Affine]] = field(default_factory=dict)
    unspecified: dict[str, Unspecified] = field(default_factory=dict)
    functions: dict[Symbol, FunctionDefinition] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    parameters: tuple[Symbol, ...] = ()
    objective: Objective | None = None
    rate: Rate | None = None
    pullbacks: tuple[Symbol, ...] = ()
    updates: tuple[UpdateRule, ...] = ()
    given: list[GivenValue] = field(default_factory=list)
    initialisations: list[tree.Initialisation] = field(default_factory=list)
    """Rules by which parameters begin, as they are written."""
    derivatives: dict[tuple[Symbol, tuple[Symbol, ...]], Symbol] = field(default_factory=dict)
    """Derivatives that the sheet itself names, such as the ∂L/∂w of an update."""
    remarks: list[Remark] = field(default_factory=list)
    row_sums: dict[Symbol, str] = field(default_factory=dict)
    """Symbols whose rows along the last axis sum to one, with the reason: "y ∈ onehot(3)"."""

    @property
    def inputs(self) -> list[Symbol]:
        """Declared symbols without an equation, in the author's order."""
        defined = {e.symbol for e in self.equations}
        return [s for s in self.symbols.values() if s not in defined and s not in self.functions]

    def equations_of(self, symbol: Symbol) -> list[Equation]:
        return [e for e in self.equations if e.symbol is symbol]
