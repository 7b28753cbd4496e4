"""δ1 = (W2ᵀ δ2) ⊙ (1 − h1²), ΔW1 = −η δ1 xᵀ: a name for what arrives at each layer, and the step by it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gradsheet.derivation import delta_rows
from gradsheet.expressions import Role, Symbol
from gradsheet.sheet import Equation
from gradsheet.solution import State
from gradsheet.syntax import tree
from gradsheet.writing.equations import Line, write_equation
from gradsheet.writing.members import without_single
from gradsheet.writing.notations.matrix import MatrixNotation
from gradsheet.writing.notations.numbers import computed, stepped
from gradsheet.writing.spelling import Spelling
from gradsheet.writing.task import steps_follow
from gradsheet.writing.trees import additive, name, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.derivation import Delta, DeltaRow
    from gradsheet.writing.report import Builder, Item
    from gradsheet.writing.trees import Tree


class DeltaNotation(MatrixNotation):
    """A δ for each layer; a sheet without layers is written as in matrix notation, and this is said."""

    def __init__(self, builder: Builder, *, inline: bool = False) -> None:
        super().__init__(builder, inline=inline)
        self.delta_rows = delta_rows(self.derivation, builder.taken)
        self.spelled = Spelling(builder.sheet).formula

    def notes(self) -> list[str]:
        """What δ stands for, or why there is none; the rate by its name."""
        if self.derivation.cotangents:
            return [UPSTREAM]
        if not any(row.delta is not None for row in self.delta_rows):
            return [NO_LAYERS]
        said = [DELTAS]
        if self._steps():
            letter, value = map(self.spelled, self._rate())
            said.append(STEP + (f", with {letter} = {value}" if letter != value else ""))
        return said

    def backward(self) -> list[Item]:
        """Each δ with what it stands for and how it follows from the next, and the gradients in terms of δ."""
        if not self.delta_rows:
            return super().backward()
        return [self._item(row) for row in self.delta_rows]

    def update(self) -> list[Item]:
        """ΔW = −η δ xᵀ, then W ← W + ΔW."""
        if not self._steps():
            return super().update()
        items: list[Item] = []
        by = {row.rewritten.adjoint.symbol: row for row in self.delta_rows}
        for symbol, item in zip(self.builder.sheet.parameters, super().update(), strict=True):
            step = self._step(symbol, by[self.derivation.gradients[symbol].symbol])
            (line,) = item.lines
            change = self.builder.generic(step.symbol).left
            moved = replace(line, right=additive([("+", line.left), ("+", change)]))
            items += [step, replace(item, lines=(moved,))]
        return items

    # ------------------------------------------------------------ one equation

    def _item(self, row: DeltaRow) -> Item:
        adjoint, delta = row.rewritten.adjoint, row.delta
        lines = self._written(row.equation)
        rule, conditions = "; ".join(row.rules), row.rewritten.conditions
        if delta is None:
            return self.builder.derivative(adjoint, lines, rule=rule, conditions=conditions)
        state = None
        if delta.slope is not None:
            values = computed(self.builder.solution, delta.definition)
            state = State({} if values is None else {delta.symbol: values})
        lines = (*self._definition(delta), *_below(lines))
        return self.builder.derivative(adjoint, lines, delta.symbol, state, rule=rule, conditions=conditions)

    def _written(self, equation: Equation) -> tuple[Line, ...]:
        lines = write_equation(equation, self.builder.taken, style=self.style)
        return tuple(without_single(line) for line in lines)

    def _definition(self, delta: Delta) -> tuple[Line, ...]:
        """δ1 = ∂L/∂z1; inside a function, what δ is the derivative by is said."""
        note = ""
        if delta.slope is not None:
            stated = delta.definition
            inside = delta.slope.inside_at(stated.pattern)
            around = Equation(stated.symbol, stated.pattern, stated.free, inside, None, stated.facts)
            shown = self._written(around)
            if len(shown) == 1:
                note = f"the derivative by the argument of {delta.slope.function}, {self.spelled(shown[0].right)}"
        return tuple(replace(line, kind="definition", note=note) for line in self._written(delta.definition))

    # ------------------------------------------------------------ the step

    def _steps(self) -> bool:
        """Whether the step is that of a stated rate, and the names of steps are free."""
        sheet = self.builder.sheet
        named = any(row.delta is not None for row in self.delta_rows)
        free = not any(f"Δ{s.name}" in self.builder.taken for s in sheet.parameters)
        return bool(named and free and sheet.rate and not sheet.updates and steps_follow(self.builder.solution))

    def _rate(self) -> tuple[Tree, Tree]:
        """η and what it is; the value alone where the letter means something else."""
        rate = self.builder.sheet.rate
        assert rate is not None
        letter = name(rate.name)
        stands = isinstance(rate.value, tree.Name) and rate.value.key == rate.name
        return (letter if stands or rate.name not in self.builder.taken else rate.value), rate.value

    def _step(self, symbol: Symbol, row: DeltaRow) -> Item:
        sheet, old = self.builder.sheet, row.equation
        assert sheet.objective is not None
        up = sheet.objective.sense == "maximize"
        change = Symbol(f"Δ{symbol.name}", symbol.axes, Role.LOCAL, symbol.leading, symbol.row)
        rate, _ = self._rate()
        gradient = Equation(change, old.pattern, old.free, old.body, None, old.facts)
        lines = tuple(
            replace(line, right=_times(rate, line.right, "+" if up else "-")) for line in self._written(gradient)
        )
        values = stepped(self.builder.solution, old.symbol, up=up)
        return self.builder.item(change, lines, State({} if values is None else {change: values}))


DELTAS = "δ is the derivative by a layer, in the shape of the layer; the first line of each says by which"
NO_LAYERS = "no derivative on the way to the parameters needs a name, so there is no δ: this is matrix notation"
UPSTREAM = "upstream gradients have names with a bar, so there is no δ: this is matrix notation"
STEP = "Δ is the step of a parameter"


def _below(lines: Sequence[Line]) -> tuple[Line, ...]:
    """One line alone goes on where its definition ends."""
    return tuple(replace(line, continues=len(lines) == 1) for line in lines)


def _times(rate: Tree, gradient: Tree, sign: Literal["+", "-"]) -> Tree:
    """−η G; of a gradient −G it is η G."""
    if isinstance(gradient, tree.Additive) and len(gradient.terms) == 1:
        gradient = gradient.terms[0].item
        sign = "+" if sign == "-" else "-"
    return additive([(sign, product([("", rate), ("", gradient)]))])
