"""Derived equations and parts of them as text, as `solve` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.calculus import Simplifier
from gradsheet.sheet import Equation
from gradsheet.writing.equations import taken_names, write_equation
from gradsheet.writing.naming import Names
from gradsheet.writing.spelling import Spelling
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from gradsheet.derivation import Derivation
    from gradsheet.expressions import Expr, Symbol
    from gradsheet.sheet import Sheet


class Wording:
    """How one sheet's equations are written."""

    def __init__(self, sheet: Sheet) -> None:
        self.taken = taken_names(sheet)
        self.spelling = Spelling(sheet)
        self.row_sums = sheet.row_sums

    def equation(self, equation: Equation, body: Expr | None = None) -> tuple[str, ...]:
        """The lines of an equation, with another right-hand side if one is given."""
        if body is not None:
            body = Simplifier(self.row_sums).simplify(body)
            equation = Equation(equation.symbol, equation.pattern, equation.free, body, None, equation.facts)
        try:
            lines = write_equation(equation, self.taken)
        except (AssertionError, KeyError, RecursionError):  # a form that no derivation has
            return ()
        found = []
        for line in lines:
            text = f"{self.spelling.formula(line.left)} = {self.spelling.formula(line.right)}"
            bound = [(r.name.text, r.domain) for r in line.ranges if r.domain is not None]
            ranges = ", ".join(f"{name} in {self.spelling.formula(domain)}" for name, domain in bound)
            found.append(f"{text}   for {ranges}" if ranges else text)
        return tuple(found)

    def part(self, equation: Equation, part: Expr) -> str:
        """A part of a right-hand side."""
        names = Names(self.taken)
        for index in (*equation.free, *sorted(part.free, key=lambda i: i.serial)):
            if index not in names.of:
                names.add(index)
        try:
            shown = View(names).tensor((), part)
        except (AssertionError, KeyError, RecursionError):  # the same
            return "a part"
        return "a part" if shown is None else self.spelling.formula(shown)


def chain(derivation: Derivation, symbol: Symbol, wording: Wording) -> tuple[str, ...]:
    """The derived equation of a gradient, after the adjoints that it uses."""
    last = derivation.gradients[symbol]
    needed = derivation.graph.needed_for(last.symbol)
    lines: list[str] = []
    for adjoint in derivation.adjoints:
        if adjoint.symbol in needed and adjoint.symbol is not last.symbol:
            lines.extend(wording.equation(adjoint.equation))
    lines.extend(wording.equation(last.equation))
    return tuple(lines)
