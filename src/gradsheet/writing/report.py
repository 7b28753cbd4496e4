"""A solution as the lines that every view shows: what is asked, given, computed forward and backward, and updated.

A view decides how a line looks; what it says, with which value and by which rule, is decided here once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from gradsheet.expressions import Affine, Role
from gradsheet.syntax import tree
from gradsheet.writing.equations import Line, taken_names, write_equation
from gradsheet.writing.members import Known, extents, member_value, members
from gradsheet.writing.naming import Names
from gradsheet.writing.task import steps_follow, task, title
from gradsheet.writing.trees import additive, juxtaposed, name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.derivation import Adjoint
    from gradsheet.evaluation.named import Values
    from gradsheet.expressions import Symbol
    from gradsheet.sheet import Equation
    from gradsheet.solution import Solution, State


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a family, or the whole of what is none: its equation, its shape and its value."""

    place: tuple[int, ...]
    lines: tuple[Line, ...]
    shape: tuple[int | str, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Item:
    """One definition, derivative or update: its equations (several where a family has end cases), shape and value."""

    symbol: Symbol
    lines: tuple[Line, ...]
    shape: tuple[int | str, ...]
    value: Values | None = None
    rows: int = 0
    """Rows of data, if the value carries that axis first."""
    rule: str = ""
    conditions: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    of: str = ""
    wrt: tuple[str, ...] = ()
    entry: str = ""
    """For a single component of a gradient: its name, `W1[1,2]`."""
    members: tuple[Member, ...] | None = None
    """The members of a family whose depth is a number; None for what is no family, or has a symbolic depth."""

    @property
    def parts(self) -> tuple[Member, ...]:
        """The members, or the item itself as its only one."""
        return self.members if self.members is not None else (Member((), self.lines, self.shape, self.value),)


@dataclass(slots=True)
class Report:
    """A solution, line by line."""

    solution: Solution
    title: str
    task: str
    given: list[Item] = field(default_factory=list)
    forward: list[Item] = field(default_factory=list)
    backward: list[Item] = field(default_factory=list)
    update: list[Item] = field(default_factory=list)

    @property
    def objectives(self) -> list[Any]:
        """The objective before each step and after the last one."""
        return [s.objective for s in self.solution.states if s.objective is not None]


def report(solution: Solution) -> Report:
    """Everything there is to say about a solved sheet."""
    builder = _Builder(solution)
    sheet = solution.sheet
    result = Report(solution, title(sheet), task(solution))
    result.given = builder.given()
    result.forward = builder.forward()
    result.backward = [builder.derivative(a) for a in solution.backward]
    result.update = builder.update()
    return result


class _Builder:
    """Turns equations into items, with sizes and values looked up."""

    def __init__(self, solution: Solution) -> None:
        self.solution = solution
        self.sheet = solution.sheet
        self.sizes = solution.inputs.sizes if solution.inputs is not None else None
        self.known = Known.of(self.sizes)
        self.taken = taken_names(self.sheet)
        self.first = solution.states[0] if solution.states else None
        self.last = solution.states[-1] if solution.states else None

    def item(self, symbol: Symbol, lines: Sequence[Line], state: State | None, **parts: Any) -> Item:
        """A line of the report with its shape, its value and its members."""
        value = state.values.get(symbol) if state is not None else None
        rows = self.solution.row_count if symbol in self.solution.row_symbols else 0
        shape = tuple(extents(symbol.axes[symbol.leading :], self.sizes))
        own = self._members(symbol, lines, value, rows) if symbol.leading else None
        return Item(symbol, tuple(lines), shape, value, rows, members=own, **parts)

    def _members(
        self, symbol: Symbol, lines: Sequence[Line], value: Values | None, rows: int
    ) -> tuple[Member, ...] | None:
        found = members(lines, symbol.leading, self.known)
        if found is None:
            return None
        result = []
        for place, line in found.items():
            fixed = dict(zip(symbol.axes, place, strict=False))
            shape = tuple(extents(symbol.axes[symbol.leading :], self.sizes, fixed))
            held = None
            if value is not None and self.sizes is not None:
                held = member_value(value, symbol, place, self.sizes, rows=bool(rows))
            result.append(Member(place, (line,), shape, held))
        return tuple(result)

    # ------------------------------------------------------------ sections

    def given(self) -> list[Item]:
        """The values that the sheet, a file or the caller gave, in the author's order."""
        inputs = self.solution.inputs
        if inputs is None or self.first is None:
            return []
        return [
            self.item(symbol, (self._generic(symbol),), self.first)
            for symbol in self.sheet.symbols.values()
            if symbol in inputs.given and symbol in self.first.values
        ]

    def forward(self) -> list[Item]:
        """Each definition as the author wrote it, functions among them, in the order of the text."""
        placed: list[tuple[int, Item]] = []
        for function in self.sheet.functions.values():
            line = Line(function.syntax.target, function.syntax.value, function.syntax.ranges)
            placed.append((function.syntax.span.start, Item(function.symbol, (line,), ())))
        for equation in self._equations():
            syntax = equation.syntax or (self.sheet.objective.syntax if self.sheet.objective else None)
            start = syntax.span.start if syntax is not None else 0
            placed.append((start, self.item(equation.symbol, self._written(equation), self.first)))
        return [item for _, item in sorted(placed, key=lambda p: p[0])]

    def _equations(self) -> list[Equation]:
        """The sheet's own equations, and the loss of one example where the derivation gave it a name."""
        own = self.sheet.equations
        extra = [
            e for e in self.solution.derivation.graph.equations
            if e.syntax is None and e.symbol.role is Role.DEFINITION and all(e is not o for o in own)
        ]  # fmt: skip
        return [*extra, *own]

    def _written(self, equation: Equation) -> tuple[Line, ...]:
        """An equation as its author wrote it; one without text of its own as the engine holds it."""
        objective = self.sheet.objective
        if equation.syntax is None:
            if objective is not None and objective.symbol is equation.symbol:
                return (Line(name(equation.symbol.name), objective.syntax.value),)
            return write_equation(equation, self.taken)
        syntax = equation.syntax
        stated = {b.name.key for b in syntax.ranges}
        names = Names(self.taken)
        leading = [p.single for p in equation.pattern[: equation.symbol.leading]]
        ranges = []
        for index in equation.free:
            if index in leading and index.name not in stated:
                names.of[index] = index.name
                ends = tree.Range(names.affine(index.low), names.affine(index.high))
                ranges.append(tree.BoundIndex(name(index.name), ends))
        return (Line(syntax.target, syntax.value, (*ranges, *syntax.ranges)),)

    def derivative(self, adjoint: Adjoint) -> Item:
        """An adjoint with its rule."""
        of, wrt = adjoint.symbol.adjoint_of or (adjoint.of, adjoint.wrt)
        return self.item(
            adjoint.symbol,
            write_equation(adjoint.equation, self.taken),
            self.first,
            rule=adjoint.rule,
            conditions=adjoint.conditions,
            uses=tuple(s.name for s in adjoint.uses),
            of=of.name,
            wrt=tuple(s.name for s in wrt),
        )

    def update(self) -> list[Item]:
        """The rules of the update with the values after the last step."""
        if not steps_follow(self.solution):
            return []
        after = self.last if len(self.solution.states) > 1 else None
        if self.sheet.updates:
            return [
                self.item(u.symbol, (Line(u.syntax.target, u.syntax.value, u.syntax.ranges),), after)
                for u in self.sheet.updates
            ]
        rate, objective = self.sheet.rate, self.sheet.objective
        if rate is None or objective is None:
            return []
        sign: Literal["+", "-"] = "+" if objective.sense == "maximize" else "-"
        result = []
        for symbol in self.sheet.parameters:
            held = self._generic(symbol)
            gradient = self._generic(self.solution.derivation.gradients[symbol].symbol)
            stepped = additive([("+", held.left), (sign, juxtaposed(rate.value, gradient.left))])
            result.append(self.item(symbol, (Line(held.left, stepped, held.ranges),), after))
        return result

    def _generic(self, symbol: Symbol) -> Line:
        """A name by itself: ∂L/∂W, or W[l] for l in its range."""
        names = Names(self.taken)
        leading = symbol.axes[: symbol.leading]
        for index in leading:
            names.add(index)
        items = [names.affine(Affine.atom(index)) for index in leading]
        ranges = tuple(
            tree.BoundIndex(name(names.of[i]), tree.Range(names.affine(i.low), names.affine(i.high))) for i in leading
        )
        left = names.component(symbol, items)
        return Line(left, left, ranges)
