"""The functions of a C file: what each computes of which arguments, and how much memory it takes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.expressions import Symbol
from gradsheet.kernels import F32, F64
from gradsheet.native.buffers import plan_loops
from gradsheet.native.holes import holes
from gradsheet.native.places import shape
from gradsheet.native.writing import write_loops
from gradsheet.programs.model import Program, assigns
from gradsheet.records import dataclass
from gradsheet.targets.identifiers import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.kernels import ModuleBuilder, Type
    from gradsheet.native.buffers import Plan as Layout
    from gradsheet.targets.functions import Group, Workshop
    from gradsheet.targets.plan import Plan

NUMBERS: dict[str, Type] = {"float32": F32, "float64": F64}


@dataclass(frozen=True, slots=True, eq=False)
class Routine:
    """One function: `inputs` and `outputs` in the order of its parameters, what it returns, what it is for."""

    kind: str
    name: str
    program: Program
    layout: Layout
    workshop: Workshop
    inputs: tuple[Group, ...]
    outputs: tuple[Group, ...]
    returned: Group | None
    summary: str

    def write(self, builder: ModuleBuilder, number: Type, constants: Mapping[Symbol, Sequence[float]]) -> int:
        """Its code; gives how many numbers the workspace has to hold."""
        names = {s: n for s, n in self.workshop.names.of.items() if isinstance(s, Symbol)}
        tables = {s: v.reshape(-1).tolist() for s, v in self.program.tables.items()}
        given = {**constants, **tables}
        own = {s: given[s] for s in self.layout.given if s in given}
        result = None if self.returned is None else self.returned.symbols[0]
        return write_loops(
            builder, self.layout, number, self.name, names, summary=self.summary, constants=own, result=result,
        )  # fmt: skip

    def by_value(self, symbol: Symbol) -> bool:
        """Whether an argument is handed in as a number."""
        return not symbol.rank and symbol not in self.layout.written

    def changes(self, group: Group) -> bool:
        """Whether an argument is written to."""
        return any(s in self.layout.written for s in group.symbols)

    def parameters(self, constants: Mapping[Symbol, Any]) -> list[tuple[str, Symbol, Group]]:
        """Name, array and group of each parameter but the workspace, as they stand in the code."""
        of = {s: g for g in (*self.inputs, *self.outputs) for s in g.symbols}
        return [
            (self.workshop.names.of[s], s, of[s]) for s in self.layout.given
            if s not in constants and s not in self.program.tables
        ]  # fmt: skip


def routines(plan: Plan) -> list[Routine]:
    """The functions that an export asks for; raises `SheetError` where C lacks what one needs."""
    _refuse_holes(plan)
    made: list[Routine] = []
    shop, arguments = plan.workshop, plan.arguments
    gradients = [g for _, g in plan.gradients]
    if plan.value is not None and plan.shows("value"):
        made.append(_routine(plan, shop, "value", arguments, [plan.value], f"{plan.value.written}."))
    if plan.value is not None and gradients:
        said = f"{plan.value.written}, and its derivatives."
        made.append(_routine(plan, shop, "gradient", arguments, [plan.value, *gradients], said))
    if plan.outputs:
        names = ", ".join(g.written for g in plan.outputs)
        said = f"{names}, and derivatives for upstream gradients."
        groups = [*arguments, *plan.cotangents]
        made.append(_routine(plan, shop, "pullback", groups, [*plan.outputs, *gradients], said))
    if plan.updates:
        said = "One step: the parameters are changed where they lie."
        made.append(_routine(plan, shop, "update", arguments, plan.updates, said))
    made += [
        _routine(plan, shop, identifier(g.written), arguments, [g], f"{g.written}.") for g in plan.others
    ]
    if plan.prediction is not None:
        written, _, own = plan.prediction
        groups = sorted(own.inputs, key=lambda g: g.part != "parameter")
        made.append(_routine(plan, own, "predict", groups, list(own.results), f"{written}, which is predicted."))
    return made


def _routine(
    plan: Plan, shop: Workshop, kind: str, inputs: Sequence[Group], results: Sequence[Group], summary: str
) -> Routine:
    symbols = [s for g in results for s in g.symbols]
    statements = shop.needed(symbols, ())
    read = {s for a in assigns(statements) for s in a.body.symbols}
    whole = shop.program
    handed = [s for g in inputs for s in g.symbols]
    tables = {s: v for s, v in whole.tables.items() if s in read}
    kept = {a.symbol: a for a in whole.arguments}
    program = Program(
        tuple(kept[s] for s in (*handed, *tables)), statements,
        tuple(r for s in symbols for r in whole.results if r.symbol is s), whole.sizes, whole.rows, tables,
    )  # fmt: skip
    first = results[0]
    is_number = not first.members and not first.symbols[0].rank and first.part != "update"
    returned = first if is_number and first.symbols[0] not in handed else None
    layout = plan_loops(program, None if returned is None else returned.symbols[0])
    outputs = tuple(g for g in results if g is not returned and g.part != "update")
    return Routine(kind, f"{prefix_of(plan)}_{kind}", program, layout, shop, tuple(inputs), outputs, returned, summary)


def prefix_of(plan: Plan) -> str:
    """What the names of a file begin with."""
    return plan.choices.name or identifier(_stem(plan))


def _stem(plan: Plan) -> str:
    name = plan.sheet.source.name.replace("\\", "/").rsplit("/", 1)[-1]
    return name.removesuffix(".sheet").strip("<>") or "sheet"


def _refuse_holes(plan: Plan) -> None:
    """Raise `SheetError` for sizes that are symbols, and for operations that C lacks."""
    source = plan.sheet.source
    for size in plan.workshop.sizes:
        message = f"C code is for arrays of one size, and {size.name} is not known"
        hint = f"--set {size.name}=3, or values from which it follows"
        raise SheetError((Diagnostic("GS802", message, None, source, None, hint),))
    programs = [plan.program, *([plan.prediction[1]] if plan.prediction is not None else [])]
    for program in programs:
        for name, needing in holes(program):
            message = f"C has no {name}, which {needing} needs"
            raise SheetError((Diagnostic("GS803", message, None, source, None, "export to NumPy instead"),))


def constants(plan: Plan, made: Sequence[Routine]) -> dict[Symbol, list[float]]:
    """The parameters as numbers of the code, row by row; raises `SheetError` where they are not known or change."""
    if not plan.choices.constant:
        return {}
    source = plan.sheet.source
    for routine in made:
        if any(routine.changes(g) for g in routine.inputs):
            message = "an update changes its parameters, so they cannot be constants"
            raise SheetError((Diagnostic("GS801", message, None, source, None, "--what predict"),))
    held = {s.name: value for s, value in plan.inputs.values.items()}
    found: dict[Symbol, list[float]] = {}
    for routine in made:
        members = {a.symbol: a.member for a in routine.program.arguments}
        for group in routine.inputs:
            if group.part != "parameter":
                continue
            if group.written not in held:
                message = f"the parameter {group.written} has no value that could be put into the code"
                hint = "--given weights.npz, or `given` in the sheet"
                raise SheetError((Diagnostic("GS801", message, None, source, None, hint),))
            value = held[group.written]
            for symbol in group.symbols:
                own = value[members[symbol]] if isinstance(value, dict) else value
                found[symbol] = np.asarray(own, dtype=float).reshape(-1).tolist()
    return found


def length(symbol: Symbol) -> int:
    """How many numbers an array holds."""
    return prod(shape(symbol))


__all__ = ["NUMBERS", "Routine", "constants", "length", "prefix_of", "routines"]
