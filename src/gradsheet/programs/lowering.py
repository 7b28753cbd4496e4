"""The passes from a derivation to a program, in one list; each can be looked at, and each keeps what is computed."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.expressions import Affine, Index, OverData, Size, Symbol, walk
from gradsheet.programs.contracting import pair
from gradsheet.programs.decomposing import decompose
from gradsheet.programs.gathering import gather
from gradsheet.programs.inlining import inline, without_aliases
from gradsheet.programs.padding import pad
from gradsheet.programs.rows import Weight, add_rows, reached, without_rows
from gradsheet.programs.scheduling import schedule
from gradsheet.programs.separating import separate
from gradsheet.programs.settling import Settler
from gradsheet.programs.sharing import share
from gradsheet.programs.stabilising import stabilise
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gradsheet.derivation import Derivation
    from gradsheet.programs.gathering import Gathered, Rule
    from gradsheet.programs.model import Program
    from gradsheet.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be computed, for which sizes, and over which rows.

    `rows` is the number of rows of the data, "any" for a number that the data says, or None for one example;
    `data` are the names with a row for each example (by default those the loss of one example depends on).
    """

    wanted: tuple[str, ...] = ("gradient",)
    sizes: Mapping[Size, int] = field(default_factory=dict)
    families: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    rows: int | str | None = None
    data: tuple[str, ...] | None = None
    weight: Weight = "mean"
    rules: tuple[Rule, ...] | None = None
    """The lines of the update, in the place of the sheet's own."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One step of lowering, with what it is for."""

    name: str
    purpose: str
    run: Callable[[Program, _Job], Program]


class _Job:
    """One lowering: the derivation, the request, and what the first passes found out."""

    def __init__(self, derivation: Derivation, request: Request) -> None:
        self.derivation, self.request = derivation, request
        self.sheet: Sheet = derivation.sheet
        self.gathered: Gathered = gather(derivation, request.wanted, request.rules)
        self.settler = Settler(self.gathered.program, request.sizes, request.families, self.sheet.source)

    def settle(self, _program: Program) -> Program:
        return self.settler.settled()

    def schedule(self, program: Program) -> Program:
        return schedule(program, self.sheet.source)

    def rows(self, program: Program) -> Program:
        rows = self.request.rows
        if rows is None:
            return without_rows(program)
        count = Affine(rows) if isinstance(rows, int) else Affine.atom(Size("rows"))
        axis = Index("n", Affine(), count - 1)
        given = self.data()
        shared = {a for a, variable in self.gathered.pulled.items() if variable not in given}
        data = self._arrays([*given, *self._upstream(program, given)])
        averaged, summed = self._arrays(self.gathered.averaged), self._arrays(shared)
        weights: dict[Symbol, Weight] = dict.fromkeys(averaged, self.request.weight)
        return add_rows(program, data, weights | dict.fromkeys(summed, "sum"), axis)

    def _arrays(self, symbols: Iterable[Symbol]) -> frozenset[Symbol]:
        """The arrays of symbols, those of every member of a family."""
        wanted = set(symbols)
        found = {new for old, new in self.settler.arrays.items() if old in wanted}
        return frozenset(found | {new for (old, _), new in self.settler.members.items() if old in wanted})

    def _upstream(self, program: Program, data: Sequence[Symbol]) -> list[Symbol]:
        """The upstream gradients of outputs that differ from row to row: they have a row for each."""
        rows = reached(program, self._arrays(data), frozenset())
        return [bar for y, bar in self.derivation.cotangents.items() if self._arrays([y]) & rows]

    def data(self) -> list[Symbol]:
        """The inputs that take the axis of the rows."""
        arguments = self.gathered.program.arguments
        listed = [a.symbol for a in arguments if a.part == "constant"]
        if self.request.data is not None:
            known = {a.symbol.name: a.symbol for a in arguments}
            for name in self.request.data:
                if name not in known:
                    choices = ", ".join(known) or "nothing"
                    message = f"'{name}' is no input that can take the axis of the data; there is {choices}"
                    raise SheetError((Diagnostic("GS801", message, None, self.sheet.source),))
            return [known[name] for name in self.request.data]
        return default_data(self.gathered.program, listed)


def default_data(program: Program, inputs: Sequence[Symbol]) -> list[Symbol]:
    """What has a row for each example unless it is said: what stands in a mean over the data and nowhere else.

    Where a sheet states the loss of one example, all its inputs that are no scalars, and scalars if there are only
    those.
    """
    inside = inside_means(program)
    chosen = [s for s in inputs if s in inside] if inside else list(inputs)
    arrays = [s for s in chosen if s.rank]
    return arrays or chosen


def inside_means(program: Program) -> set[Symbol]:
    """Everything that a mean or a sum over the data depends on."""
    inside: set[Symbol] = set()
    for assign in program.assigns:
        for node in walk(assign.body):
            if isinstance(node, OverData):
                inside |= _behind(program, node.body.symbols)
    return inside


def _behind(program: Program, symbols: frozenset[Symbol]) -> set[Symbol]:
    found = set(symbols)
    changed = True
    while changed:
        changed = False
        for assign in program.assigns:
            if assign.target in found and not assign.body.symbols <= found:
                found |= assign.body.symbols
                changed = True
    return found


PASSES: tuple[Pass, ...] = (
    Pass("gather", "the equations behind what is wanted", lambda program, _: program),
    Pass("settle", "sizes as numbers, members as arrays, axes from 0", lambda p, job: job.settle(p)),
    Pass("schedule", "an order, and loops for recursions", lambda p, job: job.schedule(p)),
    Pass("rows", "the axis of the data", lambda p, job: job.rows(p)),
    Pass("stabilise", "forms that lose no digits", lambda p, _: stabilise(p)),
    Pass("share", "what is computed twice, once", lambda p, _: share(p)),
    Pass("inline", "no array that its one reader can do without", lambda p, _: inline(p)),
    Pass("separate", "products over separate indices as their factors, no δ written out", lambda p, _: separate(p)),
    Pass("pad", "shorter sums, and rims of zeros for conditions", lambda p, _: pad(p)),
    Pass("decompose", "each contraction, each reduction by itself", lambda p, _: decompose(p)),
    Pass("pair", "products of two arrays, in the cheapest order", lambda p, _: pair(share(p))),
    Pass("fuse", "elementwise work with the loops before it", lambda p, _: inline(share(without_aliases(p)))),
)
"""Every pass, in order."""


def lower(derivation: Derivation, request: Request, after: str | None = None) -> Program:
    """The program for what is requested; with `after`, as it is after the pass of that name."""
    job = _Job(derivation, request)
    program = job.gathered.program
    for step in PASSES:
        program = step.run(program, job)
        if step.name == after:
            break
    return program


__all__ = ["PASSES", "Pass", "Request", "default_data", "inside_means", "lower"]
