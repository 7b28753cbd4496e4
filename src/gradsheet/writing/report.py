"""A solution as the lines that every view shows: what is asked, given, computed forward and backward, and updated.

A view decides how a line looks; what it says, with which value and by which rule, is decided here once.
"""

from __future__ import annotations

from dataclasses import field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

from gradsheet.expressions import Affine, Role
from gradsheet.records import dataclass
from gradsheet.syntax import tree
from gradsheet.writing.equations import Line, taken_names, write_equation
from gradsheet.writing.members import Known, extents, leading_items, member_value, members
from gradsheet.writing.naming import Names
from gradsheet.writing.notations.delta import DeltaNotation
from gradsheet.writing.notations.index import IndexNotation
from gradsheet.writing.notations.jacobian import JacobianNotation
from gradsheet.writing.notations.letters import Letters
from gradsheet.writing.notations.matrix import MatrixNotation, NotationName
from gradsheet.writing.notations.steps import SmallStep, written_steps
from gradsheet.writing.spelling import Spelling
from gradsheet.writing.statements import remark, statement_lines
from gradsheet.writing.task import steps_follow, task, title
from gradsheet.writing.trees import additive, juxtaposed, name, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.derivation import Adjoint
    from gradsheet.evaluation.named import Values
    from gradsheet.expressions import Symbol
    from gradsheet.sheet import Equation, FunctionDefinition
    from gradsheet.solution import Solution, State
    from gradsheet.writing.trees import Tree


NOTATIONS: dict[NotationName, type[MatrixNotation]] = {
    "matrix": MatrixNotation,
    "index": IndexNotation,
    "jacobian": JacobianNotation,
    "delta": DeltaNotation,
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a family, or the whole of what is none: its equation, its shape and its value."""

    place: tuple[int, ...]
    lines: tuple[Line, ...]
    shape: tuple[int | str, ...]
    value: Any
    label: Tree | None = None
    """Its name: z[2], also where its equation is written with more indices."""


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
    note: str = ""
    """A sentence for the whole item, beside its rule."""
    of: str = ""
    wrt: tuple[str, ...] = ()
    entry: str = ""
    """For a single component of a gradient: its name, `W1[1,2]`."""
    members: tuple[Member, ...] | None = None
    """The members of a family whose depth is a number; None for what is no family, or has a symbolic depth."""
    sign: Literal["=", "←"] = "="
    source: Callable[[], tuple[SmallStep, ...]] | None = field(default=None, repr=False, compare=False)
    """Finds the small steps; they take time, and most views show none."""

    @property
    def steps(self) -> tuple[SmallStep, ...]:
        """Every rule that leads to this equation, one by one, from the chain rule to what is printed."""
        return self.source() if self.source is not None else ()

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
    sums: list[Item] = field(default_factory=list)
    """Facts about sums over configurations: free energies, conditional probabilities, what stays exponential."""
    local: list[Item] = field(default_factory=list)
    """What each local Jacobian is, where the notation speaks of them."""
    backward: list[Item] = field(default_factory=list)
    update: list[Item] = field(default_factory=list)
    notation: NotationName = "matrix"
    notes: list[str] = field(default_factory=list)
    """Conventions of the notation."""
    restated: tuple[str, ...] = ()
    """Conventions of the solution that the notation says in its own words."""
    stepwise: bool = False
    """The derivatives are to be shown rule by rule."""

    def item_of(self, adjoint: Adjoint) -> Item:
        """The derivative as the notation writes it; one that it puts in elsewhere as matrices write it."""
        for item in self.backward:
            if item.symbol is adjoint.symbol or item.symbol.adjoint_of == adjoint.symbol.adjoint_of:
                return item  # under its own name, or as a δ
        builder = Builder(self.solution)
        return builder.derivative(adjoint, write_equation(adjoint.equation, builder.taken))

    @property
    def conventions(self) -> list[str]:
        """What the sheet leaves to convention, except what `notes` say in other words."""
        return [c for c in self.solution.conventions if c not in self.restated]

    @property
    def objectives(self) -> list[Any]:
        """The objective before each step and after the last one."""
        return [s.objective for s in self.solution.states if s.objective is not None]


def report(solution: Solution, notation: NotationName = "matrix", *, inline: bool = False) -> Report:
    """Everything there is to say about a solved sheet; `inline` puts earlier derivatives into later ones."""
    builder = Builder(solution)
    sheet = solution.sheet
    result = Report(solution, title(sheet), task(solution))
    result.given = builder.given()
    result.sums = builder.sums()
    view = NOTATIONS[notation](builder, inline=inline)
    result.forward, result.local = view.forward(), view.local()
    result.backward, result.update = view.backward(), view.update()
    result.notation, result.notes, result.restated = notation, view.notes(), view.restated()
    return result


class Builder:
    """Turns equations into items, with sizes and values looked up."""

    def __init__(self, solution: Solution) -> None:
        self.solution = solution
        self.sheet = solution.sheet
        self.sizes = solution.inputs.sizes if solution.inputs is not None else None
        self.known = Known.of(self.sizes)
        self.partition = solution.derivation.partition
        self.taken = taken_names(self.sheet) | {s.name for s in self.partition.functions}
        self.letters = Letters(self.sheet, self.taken)
        self.first = solution.states[0] if solution.states else None
        self.last = solution.states[-1] if solution.states else None

    def item(
        self, symbol: Symbol, lines: Sequence[Line], state: State | None, like: Symbol | None = None, **parts: Any
    ) -> Item:
        """A line of the report with its shape, its value (or that of another symbol) and its members."""
        like = like or symbol
        value = state.values.get(like) if state is not None else None
        rows = self.solution.row_count if like in self.solution.row_symbols else 0
        shape = tuple(extents(symbol.axes[symbol.leading :], self.sizes))
        general = [x for x in lines if not x.kind and leading_items(x.left, symbol.leading) is not None]
        own = self._members(symbol, general, (like, value), rows) if symbol.leading else None
        return Item(symbol, tuple(lines), shape, value, rows, members=own, **parts)

    def _members(
        self, symbol: Symbol, lines: Sequence[Line], values: tuple[Symbol, Values | None], rows: int
    ) -> tuple[Member, ...] | None:
        found = members(lines, symbol.leading, self.known)
        if found is None:
            return None
        like, value = values
        names = Names(self.taken)
        result = []
        for place, line in found.items():
            fixed = dict(zip(symbol.axes, place, strict=False))
            shape = tuple(extents(symbol.axes[symbol.leading :], self.sizes, fixed))
            held = None
            if value is not None and self.sizes is not None:
                held = member_value(value, like, place, self.sizes, rows=bool(rows))
            label = names.component(symbol, [whole(p) for p in place])
            result.append(Member(place, (line,), shape, held, label))
        return tuple(result)

    # ------------------------------------------------------------ sections

    def given(self) -> list[Item]:
        """The values that the sheet, a file or the caller gave, in the author's order."""
        inputs = self.solution.inputs
        if inputs is None or self.first is None:
            return []
        return [
            self.item(symbol, (self.generic(symbol),), self.first)
            for symbol in (*self.sheet.symbols.values(), *self.solution.derivation.cotangents.values())
            if symbol in inputs.given and symbol in self.first.values
        ]

    def forward(
        self,
        written: Callable[[Equation], tuple[Line, ...]] | None = None,
        defined: Callable[[FunctionDefinition], tuple[Line, ...]] | None = None,
    ) -> list[Item]:
        """Each definition as the author wrote it (or as a notation does), functions too, in the order of the text."""
        placed: list[tuple[int, Item]] = []
        for function in self.sheet.functions.values():
            assert function.syntax is not None
            line = Line(function.syntax.target, function.syntax.value, function.syntax.ranges)
            lines = defined(function) if defined is not None else (line,)
            placed.append((function.syntax.span.start, Item(function.symbol, lines, ())))
        for equation in self._equations():
            syntax = equation.syntax or (self.sheet.objective.syntax if self.sheet.objective else None)
            start = syntax.span.start if syntax is not None else 0
            lines = written(equation) if written is not None else self._written(equation)
            placed.append((start, self.item(equation.symbol, lines, self.first)))
        return [item for _, item in sorted(placed, key=lambda p: p[0])]

    def sums(self) -> list[Item]:
        """What is known of sums over configurations."""
        result = []
        spelled = Spelling(self.sheet).formula
        own = next((d.probability.name for d in self.partition.distributions), "p")
        for statement in self.partition.statements:
            lines = statement_lines(statement, self.taken, own)
            note = remark(statement, self.taken, spelled, self.sizes)
            made = statement.event is None and not statement.equation.symbol.parameters
            state = self.first if made and statement.equation.syntax is None else None
            item = self.item(statement.equation.symbol, lines, state, rule=statement.rule)
            result.append(replace(item, note=note, shape=() if statement.event else item.shape, members=None))
        return result

    def _equations(self) -> list[Equation]:
        """The sheet's own equations, and the loss of one example where the derivation gave it a name."""
        own = self.sheet.equations
        known = [*own, *self.partition.equations]
        extra = [
            e for e in self.solution.derivation.graph.equations
            if e.syntax is None and e.symbol.role is Role.DEFINITION and all(e is not o for o in known)
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

    def derivative(
        self,
        adjoint: Adjoint,
        lines: Sequence[Line],
        symbol: Symbol | None = None,
        state: State | None = None,
        **parts: Any,
    ) -> Item:
        """An adjoint with its rule; `symbol` stands for it if not its own name does, with its value in `state`."""
        of, wrt = adjoint.symbol.adjoint_of or (adjoint.of, adjoint.wrt)
        said = {"rule": adjoint.rule, "conditions": adjoint.conditions} | parts
        source = cache(partial(written_steps, self.solution.derivation, adjoint, self.letters))
        return self.item(
            symbol or adjoint.symbol,
            lines,
            self.first if state is None else state,
            adjoint.symbol if state is None else symbol,
            uses=tuple(s.name for s in adjoint.uses),
            of=of.name,
            wrt=tuple(s.name for s in wrt),
            source=source,
            **said,
        )

    def update(self) -> list[Item]:
        """The rules of the update with the values after the last step."""
        if not steps_follow(self.solution):
            return []
        after = self.last if len(self.solution.states) > 1 else None
        if self.sheet.updates:
            return [
                self.item(u.symbol, (Line(u.syntax.target, u.syntax.value, u.syntax.ranges),), after, sign="←")
                for u in self.sheet.updates
            ]
        rate, objective = self.sheet.rate, self.sheet.objective
        if rate is None or objective is None:
            return []
        sign: Literal["+", "-"] = "+" if objective.sense == "maximize" else "-"
        result = []
        for symbol in self.sheet.parameters:
            held = self.generic(symbol)
            gradient = self.generic(self.solution.derivation.gradients[symbol].symbol)
            stepped = additive([("+", held.left), (sign, juxtaposed(rate.value, gradient.left))])
            result.append(self.item(symbol, (Line(held.left, stepped, held.ranges),), after, sign="←"))
        return result

    def generic(self, symbol: Symbol) -> Line:
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
