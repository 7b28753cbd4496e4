"""What a file has to offer: which functions, of which arrays, over which sizes and rows."""

from __future__ import annotations

from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradsheet.derivation import derive
from gradsheet.diagnostics import CheckError, Diagnostic, SheetError
from gradsheet.evaluation import Inputs, ValueReader
from gradsheet.expressions import OverData, walk
from gradsheet.programs.gathering import gather
from gradsheet.programs.lowering import Request, lower
from gradsheet.records import dataclass
from gradsheet.solution import Solution, conventions
from gradsheet.syntax import canonical_key
from gradsheet.targets.functions import Workshop
from gradsheet.targets.predicting import predicted
from gradsheet.verification import verified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.derivation import Derivation
    from gradsheet.expressions import Symbol
    from gradsheet.native.runtime import Precision
    from gradsheet.programs.model import Program
    from gradsheet.sheet import Sheet
    from gradsheet.targets.dialect import Dialect
    from gradsheet.targets.functions import Group

_OPEN_SIZE = "GS802"


@dataclass(frozen=True, slots=True)
class Choices:
    """What an export is asked for, beside the sheet and the target."""

    what: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    batch: bool | int = False
    """Whether data have a row for each example; for targets whose sizes are numbers, how many rows."""
    data: tuple[str, ...] | None = None
    dtype: Precision = "float64"
    constant: bool = False
    """Whether the values of the parameters become part of the code."""
    name: str = ""
    """What the names of functions begin with, where there are no modules."""


class Plan:
    """One sheet for one target: the program, and which part each argument and each result plays."""

    def __init__(self, sheet: Sheet, dialect: Dialect, choices: Choices) -> None:
        self.sheet, self.dialect, self.choices = sheet, dialect, choices
        self.derivation: Derivation = derive(sheet)
        self.inputs = read_inputs(self.derivation, choices.values)
        self.wanted = self._wanted()
        if "gradient" in self.wanted and "value" not in self.wanted:
            self.wanted = ("value", *self.wanted)  # which the function of the gradient returns too
        self.rows = self._rows()
        self._which_rows()
        self.request, self.program = self._lowered(self.wanted)
        self.workshop = Workshop(self.program, dialect, sheet.source)

    # ------------------------------------------------------------ lowering

    def _wanted(self) -> tuple[str, ...]:
        """What has to be computed; a prediction goes by the name that the sheet has for it."""
        if not self._predicts:
            return self.choices.what or everything(self.derivation)
        symbol = None if self.sheet.objective is None else predicted(self.derivation)
        if symbol is None:
            message = "nothing in the sheet is a prediction: a definition before what it is compared with comes in"
            raise SheetError((Diagnostic("GS801", message, None, self.sheet.source),))
        return tuple(dict.fromkeys(symbol.name if w == "predict" else w for w in self.choices.what))

    @property
    def _predicts(self) -> bool:
        return "predict" in self.choices.what and all(s.name != "predict" for s in self.sheet.symbols.values())

    def _rows(self) -> int | str | None:
        batch = self.choices.batch
        data = bool(batch) or bool(self.choices.data) or bool(self.inputs.data)
        if not data and not has_means(self.derivation):
            return None
        if not self.dialect.fixed:
            return "any"
        if isinstance(batch, bool):
            message = f"{self.dialect.name} code is for a number of rows, which is not known"
            raise SheetError((Diagnostic("GS802", message, None, self.sheet.source, None, "--batch 32"),))
        return batch

    def _which_rows(self) -> None:
        """A pullback does not say by itself which of its inputs are the same for all examples."""
        if self.rows is not None and self.derivation.cotangents and not (self.choices.data or self.inputs.data):
            message = "a pullback does not say which inputs have a row for each example"
            name = self.sheet.inputs[0].name if self.sheet.inputs else "x"
            raise SheetError((Diagnostic("GS801", message, None, self.sheet.source, None, f"--data {name}"),))

    def _lowered(self, wanted: Sequence[str]) -> tuple[Request, Program]:
        data = self.choices.data or self._data()
        request = self._request(wanted, data)
        if self.dialect.fixed:
            request = replace(request, sizes=self.inputs.sizes.values)
            return request, self._prepared(lower(self.derivation, request))
        request, program = lowered(self.derivation, self.inputs, request, self.choices.values)
        return request, self._prepared(program)

    def _prepared(self, program: Program) -> Program:
        for step in self.dialect.passes:
            program = step(program)
        return program

    def _request(self, wanted: Sequence[str], data: tuple[str, ...] | None) -> Request:
        return Request(tuple(wanted), {}, self.inputs.sizes.families, self.rows, data)

    def with_numbers(self) -> None:
        """The same for the sizes that the values give, where shapes do not say them."""
        self.request = Request(
            self.request.wanted, self.inputs.sizes.values, self.request.families, self.rows, self.request.data
        )
        self.program = self._prepared(lower(self.derivation, self.request))
        self.workshop = Workshop(self.program, self.dialect, self.sheet.source)

    def _data(self) -> tuple[str, ...] | None:
        """The names with a row for each example, where the values show which."""
        return tuple(s.name for s in self.inputs.data) or None

    def shows(self, what: str) -> bool:
        """Whether a function is asked for by itself."""
        return not self.choices.what or what in self.choices.what

    # ------------------------------------------------------------ parts

    @property
    def parameters(self) -> list[Group]:
        return [g for g in self.workshop.inputs if g.part == "parameter"]

    @property
    def data(self) -> list[Group]:
        named = {s.name for s in self.derivation.cotangents.values()}
        return [g for g in self.workshop.inputs if g.part in {"data", "constant"} and g.written not in named]

    @property
    def cotangents(self) -> list[Group]:
        named = {s.name for s in self.derivation.cotangents.values()}
        return [g for g in self.workshop.inputs if g.written in named]

    @property
    def arguments(self) -> list[Group]:
        return [*self.parameters, *self.data]

    def _result(self, symbol: Symbol) -> Group | None:
        return next((g for g in self.workshop.results if g.written == symbol.name and g.part != "update"), None)

    @cached_property
    def value(self) -> Group | None:
        """The objective."""
        if self.derivation.cotangents or self.sheet.objective is None or "value" not in self.wanted:
            return None
        return self._result(self.sheet.objective.symbol)

    @cached_property
    def outputs(self) -> list[Group]:
        """What a pullback starts from."""
        if "pullback" not in self.wanted:
            return []
        return [g for s in self.derivation.cotangents if (g := self._result(s)) is not None]

    @cached_property
    def gradients(self) -> list[tuple[Group, Group]]:
        """Each argument that a derivative is taken by, with the derivative, in the order of the arguments."""
        if not {"gradient", "pullback"} & {*self.wanted}:
            return []
        adjoints = {s.name: a.symbol for s, a in self.derivation.gradients.items()}
        found = []
        for argument in self.arguments:
            if argument.written in adjoints:
                group = self._result(adjoints[argument.written])
                assert group is not None
                found.append((argument, group))
        return found

    @property
    def updates(self) -> list[Group]:
        order = {g.written: k for k, g in enumerate(self.arguments)}
        return sorted((g for g in self.workshop.results if g.part == "update"), key=lambda g: order[g.written])

    @cached_property
    def others(self) -> list[Group]:
        """Results that were asked for by name."""
        taken = [*([self.value] if self.value else []), *self.outputs, *(g for _, g in self.gradients), *self.updates]
        hidden = self.prediction[0] if self.prediction is not None else None
        return [
            g for g in self.workshop.results
            if all(g is not t for t in taken) and (g.written != hidden or g.written in self.choices.what)
        ]  # fmt: skip

    @cached_property
    def prediction(self) -> tuple[str, Program, Workshop] | None:
        """The last definition before what it is compared with comes in: ŷ, of a loss of ŷ and y."""
        if not self._predicts and (self.choices.what or self.value is None):
            return None
        symbol = predicted(self.derivation)
        if symbol is None:
            return None
        request = Request((symbol.name,), self.request.sizes, self.request.families, self.rows, None)
        program = gather(self.derivation, (symbol.name,)).program
        names = {a.symbol.name for a in program.arguments if a.part == "constant"}
        data = tuple(n for n in (self._row_names()) if n in names)
        if self.rows is not None and data:
            request = Request(request.wanted, request.sizes, request.families, self.rows, data)
        else:
            request = Request(request.wanted, request.sizes, request.families, None, None)
        lowered = self._prepared(lower(self.derivation, request))
        return symbol.name, lowered, Workshop(lowered, self.dialect, self.sheet.source)

    def _row_names(self) -> list[str]:
        return [a.name for a in self.program.arguments if a.part == "data"]

    # ------------------------------------------------------------ what is known of it

    @cached_property
    def solution(self) -> Solution:
        """The derivation as it is shown, verified: a gradient that fails is exported nowhere."""
        solution = Solution(self.sheet, self.derivation, "symbolic")
        solution.conventions = conventions(solution)
        if self.derivation.adjoints:
            solution.verification = verified(self.derivation, None, "symbolic")
            failures = solution.verification.failures()
            if failures:
                names = ", ".join(f"∂{c.of}/∂{', '.join(c.wrt)}" for c in failures)
                raise CheckError(f"{names} failed verification, and is not exported; this is a fault of gradsheet")
        return solution


def read_inputs(derivation: Derivation, values: Mapping[str, Any]) -> Inputs:
    """Sizes and values from the sheet and from what was passed; rows of data are recognised by their axis."""
    reader = ValueReader(derivation.sheet, takes_data=True, cotangents=list(derivation.cotangents.values()))
    return reader.read(dict(values))


def has_means(derivation: Derivation) -> bool:
    """Whether a sheet speaks of the rows of its data."""
    return any(isinstance(n, OverData) for e in derivation.graph.equations for n in walk(e.body))


def lowered(
    derivation: Derivation, inputs: Inputs, request: Request, values: Mapping[str, Any], after: str | None = None
) -> tuple[Request, Program]:
    """The program for sizes that are symbols where that can be, else for those that the values give."""
    sizes = derivation.sheet.sizes
    asked = {sizes[k] for k in map(canonical_key, values) if k in sizes}
    known = {s: n for s, n in inputs.sizes.values.items() if s in asked}
    first = replace(request, sizes=known)
    try:
        return first, lower(derivation, first, after)
    except SheetError as problem:
        if any(d.code != _OPEN_SIZE for d in problem.diagnostics) or len(known) == len(inputs.sizes.values):
            raise
    second = replace(request, sizes=inputs.sizes.values)
    return second, lower(derivation, second, after)


def program_of(
    sheet: Sheet, values: Mapping[str, Any], what: tuple[str, ...] = (), after: str | None = None,
    rows: int | str | None = None, data: tuple[str, ...] | None = None,
) -> Program:  # fmt: skip
    """The program of a sheet after a pass; sizes that the values give are numbers where they have to be."""
    derivation = derive(sheet)
    inputs = read_inputs(derivation, values)
    if rows is None and (data or inputs.data or has_means(derivation)):
        rows = inputs.rows or "any"
    taken = data or tuple(s.name for s in inputs.data) or None
    request = Request(what or everything(derivation), {}, inputs.sizes.families, rows, taken)
    return lowered(derivation, inputs, request, values, after)[1]


def everything(derivation: Derivation) -> tuple[str, ...]:
    """All that a sheet states."""
    sheet = derivation.sheet
    found: list[str] = []
    if derivation.cotangents:
        found.append("pullback")
    elif sheet.objective is not None:
        found.append("value")
        if derivation.gradients:
            found.append("gradient")
    if sheet.updates or (sheet.rate is not None and sheet.objective is not None):
        found.append("update")
    if not found:
        made = [e.symbol.name for e in sheet.equations]
        if not made:
            raise SheetError((Diagnostic("GS801", "the sheet defines nothing", None, sheet.source),))
        found = list(dict.fromkeys(made))
    return tuple(found)


__all__ = ["Choices", "Plan", "everything", "lowered", "program_of", "read_inputs"]
