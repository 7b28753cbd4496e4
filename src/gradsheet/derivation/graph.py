"""The equation graph: which equation uses which symbol, and what lies between parameters and objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.calculus import unfold_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.calculus.configurations import Distribution
    from gradsheet.expressions import Expr, Symbol
    from gradsheet.sheet import Equation, FunctionDefinition


class Graph:
    """Equations in order, with the users of each symbol; grows when derivatives become equations themselves."""

    def __init__(
        self,
        equations: Iterable[Equation],
        functions: Mapping[Symbol, FunctionDefinition],
        distributions: Sequence[Distribution] = (),
    ) -> None:
        self.functions = functions
        self.distributions = distributions
        """The weights of partition functions, by which 1/Z Σ exp(A) becomes an expectation."""
        self.equations: list[Equation] = []
        self.users: dict[Symbol, list[Equation]] = {}
        self.clauses: dict[Symbol, list[Equation]] = {}
        self.position: dict[Symbol, int] = {}
        self.unfolded: dict[Equation, Expr] = {}
        for equation in equations:
            self.append(equation)

    def append(self, equation: Equation) -> None:
        """Add an equation at the end."""
        body = unfold_all(equation.body, self.functions)
        self.unfolded[equation] = body
        self.equations.append(equation)
        self.clauses.setdefault(equation.symbol, []).append(equation)
        self.position.setdefault(equation.symbol, len(self.position))
        for symbol in body.symbols:
            self.users.setdefault(symbol, []).append(equation)

    def body(self, equation: Equation) -> Expr:
        """The right-hand side with functions of the sheet unfolded."""
        return self.unfolded[equation]

    def depends_on(self, sources: Iterable[Symbol]) -> set[Symbol]:
        """Everything computed, directly or not, from the sources; the sources themselves included."""
        found = set(sources)
        stack = list(found)
        while stack:
            for equation in self.users.get(stack.pop(), ()):
                if equation.symbol not in found:
                    found.add(equation.symbol)
                    stack.append(equation.symbol)
        return found

    def needed_for(self, *targets: Symbol) -> set[Symbol]:
        """Everything that some symbols are computed from, themselves included."""
        found = set(targets)
        stack = list(targets)
        while stack:
            for equation in self.clauses.get(stack.pop(), ()):
                for symbol in self.unfolded[equation].symbols:
                    if symbol not in found:
                        found.add(symbol)
                        stack.append(symbol)
        return found

    def between(self, sources: Iterable[Symbol], target: Symbol) -> list[Symbol]:
        """Computed symbols on a way from the sources to the target, in order; the target is the last."""
        active = self.depends_on(sources) & self.needed_for(target)
        return sorted((s for s in active if s in self.clauses), key=lambda s: self.position[s])
