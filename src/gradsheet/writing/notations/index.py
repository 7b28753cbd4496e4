"""∂L/∂W[i,j] = ∂L/∂z[i] x[j]: every equation entry by entry, the definitions too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gradsheet.expressions import Access, Affine, Symbol
from gradsheet.syntax import tree
from gradsheet.writing.equations import Line, ranges_of
from gradsheet.writing.members import without_single
from gradsheet.writing.notations.components import component, index_lines
from gradsheet.writing.notations.matrix import MatrixNotation
from gradsheet.writing.trees import additive, entry, juxtaposed

if TYPE_CHECKING:
    from gradsheet.expressions import Lambda
    from gradsheet.sheet import Equation, FunctionDefinition
    from gradsheet.writing.report import Item


class IndexNotation(MatrixNotation):
    """Components with named indices."""

    def notes(self) -> list[str]:
        """What a Σ reaches, and where its index runs."""
        return [SUMS, *super().notes()]

    def forward(self) -> list[Item]:
        """The definitions as the derivation holds them."""
        return self.builder.forward(self.lines, self._function)

    def update(self) -> list[Item]:
        """The step, entry by entry."""
        sheet, items = self.builder.sheet, super().update()
        if sheet.updates:
            return [
                replace(item, lines=(self._assigned(rule.symbol, rule.pattern, rule.value),))
                for item, rule in zip(items, sheet.updates, strict=True)
            ]
        return [replace(item, lines=(self._stepped(item.symbol),)) for item in items]

    def _assigned(self, symbol: Symbol, pattern: tuple[Affine, ...], value: Lambda) -> Line:
        names = self.letters.names((symbol, pattern), value.indices, value.body)
        left = names.component(symbol, [names.affine(p) for p in pattern])
        return Line(left, component(value.body, names), ranges_of(value.indices, names))

    def _stepped(self, symbol: Symbol) -> Line:
        """W[i,j] ← W[i,j] − η ∂L/∂W[i,j]."""
        rate, objective = self.builder.sheet.rate, self.builder.sheet.objective
        assert rate is not None
        assert objective is not None
        gradient = self.derivation.gradients[symbol].symbol
        at = tuple(Affine.atom(i) for i in symbol.axes)
        names = self.letters.names((symbol, at), symbol.axes, Access(gradient, at))
        held, slope = (names.component(s, [names.affine(a) for a in at]) for s in (symbol, gradient))
        sign: Literal["+", "-"] = "+" if objective.sense == "maximize" else "-"
        stepped = additive([("+", held), (sign, juxtaposed(rate.value, slope))])
        return without_single(Line(held, stepped, ranges_of(symbol.axes, names)))

    def lines(self, equation: Equation) -> tuple[Line, ...]:
        """An equation in components."""
        return index_lines(equation, self.letters)

    def _function(self, function: FunctionDefinition) -> tuple[Line, ...]:
        """E(v, h) = Σ …: the arguments keep their names."""
        syntax = function.syntax
        assert syntax is not None
        indices = function.body.indices
        names = self.letters.names((Symbol(""), ()), indices, function.body.body)
        at = tuple(tree.Name(names.of[i], names.of[i]) for i in indices)
        left = entry(syntax.target, at) if at else syntax.target
        return (Line(left, component(function.body.body, names), ranges_of(indices, names)),)


SUMS = "sum[k] reaches to the next + or − and runs over the whole axis unless it says where"
