"""A program as a module of kernels: one step as a function, and many steps over rows of data as another."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import ZERO_EXPR, Access, ArrayCall, Reduce
from gradsheet.kernels import I32, I64, Code, ModuleBuilder, Pointer, Type, pointer
from gradsheet.native import deferring, nests, registers, rotation
from gradsheet.native.elimination import eliminate
from gradsheet.native.expressions import value
from gradsheet.native.packing import Scratch
from gradsheet.native.places import Place, extent, row_major, shape, whole
from gradsheet.native.products import find_product
from gradsheet.native.scope import Scope
from gradsheet.native.threads import Meeting, shares
from gradsheet.native.tiles import Machine, multiply
from gradsheet.programs.model import Assign, Statement
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gradsheet.expressions import Symbol
    from gradsheet.kernels import AnyType, FunctionBuilder, Module, Term
    from gradsheet.native.buffers import Plan

WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Written:
    """A module, and the names of its functions' parameters in order."""

    module: Module
    names: tuple[str, ...]
    size: int
    """Numbers that the workspace has to hold."""
    level: int = 2
    """How much the compiler makes of it: straight code in registers leaves it little to do."""


def write(
    plan: Plan, number: Type, machine: Machine, summary: str = "", copies: int = 1, *, lean: bool = False
) -> Written:
    """The module of a planned program: `step` carries it out once, `epoch` for one block of rows after another.

    With several copies of the parameters, which lie side by side, there is an `epoch` alone. With `lean`, so it is
    where the epoch is written in registers: one step is an epoch of one.
    """
    if copies > 1 or (lean and registers.fits(plan)):
        return _in_registers(plan, number, summary, copies)
    builder = ModuleBuilder(summary)
    names = parameter_names(plan)
    types = _types(plan, number)
    with builder.function("step", dict(zip(names, types, strict=True)), exported=True) as b:
        need = _body(plan, b, number, machine)
    parameters = dict(zip(names, types, strict=True))
    size = plan.size + need
    if registers.fits(plan):
        registers.write_epoch(builder, plan, number, parameters)
    elif (deferral := deferring.deferral_of(plan)) is not None:
        size = max(size, deferral.size)
        _deferred_epoch(builder, plan, deferral, number, parameters, machine)
    elif (turning := rotation.rotation_of(plan)) is not None:
        size = max(size, turning.size)
        _turning_epoch(builder, plan, turning, number, parameters, machine)
    elif plan.program.rows is not None:
        _epoch(builder, plan, names, types)
    return Written(builder.build(), names, size)


def write_shared(plan: Plan, number: Type, machine: Machine, threads: int, summary: str = "") -> Written:
    """A module with an `epoch` for each thread; they meet through a function that is handed in."""
    builder = ModuleBuilder(summary)
    names = parameter_names(plan)
    # Others write what a thread reads, so nothing is promised of the addresses.
    types = [replace(t, noalias=False) if isinstance(t, Pointer) else t for t in _types(plan, number)]
    parameters: dict[str, AnyType] = dict(zip(names, types, strict=True))
    address = pointer(I64, noalias=False)
    parameters |= {"steps": I64, "meet": Code((address,), I32), "all": address}
    rows = {a.symbol for a in plan.program.arguments if a.part == "data"}
    size = plan.size
    for thread, part in enumerate(shares(plan, threads)):
        with builder.function(f"epoch{thread}", parameters, exported=True) as b:
            *arrays, workspace, steps, meet, everybody = b.parameters
            scratch = Scratch(workspace, size)
            with b.loop("s", 0, steps) as s:
                places = _places(plan, b, arrays, workspace, dict.fromkeys(rows, s))
                scope = Scope(b, number, places, machine.width, scratch)
                for statement in part:
                    if isinstance(statement, Meeting):
                        b.call_outside(meet, everybody)
                    else:
                        _statements([statement], scope, machine)
            size += scratch.need
    return Written(builder.build(), names, size)


def write_loops(  # noqa: PLR0913 - what a function is made of
    builder: ModuleBuilder, plan: Plan, number: Type, name: str, names: Mapping[Symbol, str], *, summary: str = "",
    constants: Mapping[Symbol, Sequence[float]] | None = None, result: Symbol | None = None,
) -> int:  # fmt: skip
    """A planned program as a function of plain loops, named for readers; gives how many numbers its workspace holds.

    Single numbers are handed in by value, unless the program changes them; arrays among `constants` are part of the
    code; `result` is what the function returns.
    """
    constants = constants or {}
    parameters: dict[str, AnyType] = {}
    for symbol in plan.given:
        if symbol not in constants:
            of = I64 if symbol.is_integer else number
            by_value = not symbol.rank and symbol not in plan.written
            parameters[names[symbol]] = of if by_value else pointer(of, readonly=symbol not in plan.written)
    parameters[WORKSPACE] = pointer(number)
    with builder.function(name, parameters, exported=True, summary=summary) as b:
        *handed, workspace = b.parameters
        given = iter(handed)
        arrays = [
            b.table(names[s], I64 if s.is_integer else number, constants[s]) if s in constants else next(given)
            for s in plan.given
        ]
        places = _places(plan, b, arrays, workspace, {}, names)
        scratch = Scratch(workspace, plan.size)
        scope = Scope(b, number, places, 1, scratch)
        for symbol, term in zip(plan.given, arrays, strict=True):
            if isinstance(term.type, Type):
                scope = scope.with_known(Access(symbol, ()), term)
        scope = _statements(plan.program.statements, scope, Machine(1, 1), {s: names[s] for s in plan.variables})
        if result is not None:
            b.returns(value(Access(result, ()), scope))
    return plan.size + scratch.need


def _in_registers(plan: Plan, number: Type, summary: str, copies: int) -> Written:
    builder = ModuleBuilder(summary)
    names = parameter_names(plan)
    registers.write_epoch(builder, plan, number, dict(zip(names, _types(plan, number), strict=True)), copies)
    return Written(builder.build(), names, 0, level=1)


def parameter_names(plan: Plan) -> tuple[str, ...]:
    """A name in ASCII for each array that is handed in, and the workspace."""
    taken: set[str] = set()
    names = []
    for symbol in plan.given:
        base = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in symbol.name).strip("_") or "a"
        base = f"p_{base}"
        name, k = base, 1
        while name in taken:
            name, k = f"{base}_{k}", k + 1
        taken.add(name)
        names.append(name)
    return (*names, WORKSPACE)


def _types(plan: Plan, number: Type) -> list[AnyType]:
    types: list[AnyType] = []
    for symbol in plan.given:
        element = I64 if symbol.is_integer else number
        types.append(pointer(element, readonly=symbol not in plan.written))
    return [*types, pointer(number, alignment=64)]


def _body(plan: Plan, b: FunctionBuilder, number: Type, machine: Machine) -> int:
    """One step; gives how many numbers of memory its copies need."""
    *arrays, workspace = b.parameters
    places = _places(plan, b, arrays, workspace, {})
    scratch = Scratch(workspace, plan.size)
    definitions = {a.target: a for a in plan.program.assigns if a.target not in plan.same}
    _statements(plan.program.statements, Scope(b, number, places, machine.width, scratch, definitions), machine)
    return scratch.need


def _places(
    plan: Plan, b: FunctionBuilder, arrays: Sequence[Term], workspace: Term, steps: Mapping[Symbol, Term],
    names: Mapping[Symbol, str] | None = None,
) -> dict[Symbol, Place]:  # fmt: skip
    """Where the arrays of a program lie; those in `steps` are at the rows of a step, those in `names` are called so."""
    places: dict[Symbol, Place] = {}
    for symbol, array in zip(plan.given, arrays, strict=True):
        at = b.advance(array, steps[symbol] * prod(shape(symbol))) if symbol in steps else array
        places[symbol] = Place(at, row_major(shape(symbol)), symbol.is_integer)
    for new, old in plan.same.items():
        places[new] = places[old]
    for symbol, offset in plan.inside.items():
        at = b.advance(workspace, offset) if offset or names else workspace
        if names:
            at = at.named(names[symbol])
        places[symbol] = Place(at, row_major(shape(symbol)))
    return places


def _statements(
    statements: Sequence[Statement], scope: Scope, machine: Machine, variables: Mapping[Symbol, str] | None = None
) -> Scope:
    """Statements one after another; the numbers among `variables` are kept as such, and known in what comes back."""
    variables = variables or {}
    for statement in statements:
        if isinstance(statement, Assign):
            name = variables.get(statement.target)
            if name is None:
                _assign(statement, scope, machine)
            else:
                inner = replace(scope, total=name if isinstance(statement.body, Reduce) else f"{name}_total")
                scope = scope.with_known(Access(statement.target, ()), value(statement.body, inner).named(name))
            continue
        low, count = whole(statement.index.low), extent(statement.index)
        with scope.b.loop(statement.index.name, 0, count) as k:
            at = (low + count - 1) - k if statement.downward else k + low if low else k
            _statements(statement.body, scope.at(statement.index, at), machine)
    return scope


def _assign(statement: Assign, scope: Scope, machine: Machine) -> None:
    product = find_product(statement, scope) if machine.width > 1 else None
    if scope.scratch is not None:
        scope.scratch.reset()
    if isinstance(statement.body, ArrayCall):
        eliminate(statement, statement.body, scope)
    elif product is not None:
        multiply(statement, product, scope, machine)
    else:
        nests.assign(statement, scope, machine.width)


def _epoch(builder: ModuleBuilder, plan: Plan, names: tuple[str, ...], types: Sequence[AnyType]) -> None:
    """Steps over consecutive blocks of rows; a flag that is set from outside ends it after the step at hand."""
    rows = {a.symbol for a in plan.program.arguments if a.part == "data"}
    sizes = [prod(shape(s)) if s in rows else 0 for s in plan.given]
    parameters: dict[str, AnyType] = dict(zip(names, types, strict=True))
    parameters |= {"steps": I64, "stop": pointer(I32, noalias=False)}
    step = builder["step"]
    with builder.function("epoch", parameters, exported=True) as b:
        *arrays, workspace, steps, stop = b.parameters
        with b.loop("s", 0, steps) as s:
            moved: list[Term] = [
                b.advance(array, s * size) if size else array for array, size in zip(arrays, sizes, strict=True)
            ]
            b.call(step, *moved, workspace)
            b.until(b.load(stop, 0, volatile=True).differs(0))


def _turning_epoch(
    builder: ModuleBuilder, plan: Plan, turning: rotation.Turning, number: Type, parameters: dict[str, AnyType],
    machine: Machine,
) -> None:  # fmt: skip
    """Steps over rows one by one, the update of the largest matrix together with the next product that reads it."""
    parameters = {**parameters, "steps": I64, "stop": pointer(I32, noalias=False)}
    turned = turning.rotated
    with builder.function("epoch", parameters, exported=True) as b:
        *arrays, workspace, steps, stop = b.parameters
        places = _rowwise(plan, turning, b, arrays, workspace)
        _assign(turned.first, Scope(b, number, places(0, 0), width=machine.width), machine)
        with b.loop("s", 0, steps) as s:
            scope = Scope(b, number, places(s, b.minimum(s + 1, steps - 1)), width=machine.width)
            _statements(turned.program.statements, scope, machine)
            nests.update_and_sum(turned.update, turned.then, turned.product, scope, machine.width)
            b.until(b.load(stop, 0, volatile=True).differs(0))


def _rowwise(
    plan: Plan, turned: rotation.Turning | deferring.Deferral, b: FunctionBuilder, arrays: Sequence[Term],
    workspace: Term,
) -> Callable[[Term | int, Term | int], dict[Symbol, Place]]:  # fmt: skip
    """Where arrays lie at a row of the data, and at the row that follows."""
    rows = {a.symbol for a in plan.program.arguments if a.part == "data"}
    inside = {s: Place(b.advance(workspace, offset), row_major(shape(s))) for s, offset in turned.inside.items()}

    def places(row: Term | int, following: Term | int) -> dict[Symbol, Place]:
        found = dict(inside)
        for symbol, array in zip(plan.given, arrays, strict=True):
            thin = turned.thin.get(symbol, symbol)
            size, strides = prod(shape(symbol)), row_major(shape(thin))
            if symbol in rows:
                found[thin] = Place(b.advance(array, b.term(row, I64) * size), strides, symbol.is_integer)
                ahead = b.advance(array, b.term(following, I64) * size)
                found[turned.rotated.following[thin]] = Place(ahead, strides, symbol.is_integer)
            else:
                found[thin] = Place(array, strides, symbol.is_integer)
        found.update({new: found[old] for new, old in turned.same.items()})
        return found

    return places


def _deferred_epoch(
    builder: ModuleBuilder, plan: Plan, deferral: deferring.Deferral, number: Type, parameters: dict[str, AnyType],
    machine: Machine,
) -> None:  # fmt: skip
    """Steps over rows in blocks, for each of which there is one pass over the largest matrix."""
    parameters = {**parameters, "steps": I64, "stop": pointer(I32, noalias=False)}
    turned, keep, many = deferral.rotated, deferral.keep, deferring.AT_ONCE
    with builder.function("epoch", parameters, exported=True) as b:
        *arrays, workspace, steps, stop = b.parameters
        places = _rowwise(plan, deferral, b, arrays, workspace)
        last = steps - 1

        def scope_at(row: Term | int, following: Term | int, example: Term | int, later: Term | int) -> Scope:
            """At one example of a block, whose a it is, and at another, whose product it is."""
            found = places(row, following)
            for symbol, at in ((turned.early, later), (keep.target, example)):
                place = found[symbol]
                found[symbol] = replace(place, pointer=b.advance(place.pointer, b.term(at, I64) * deferral.stride))
            return Scope(b, number, found, width=machine.width)

        with b.loop("k", 0, many) as k:
            row = b.minimum(k, last)
            _assign(turned.first, scope_at(row, row, 0, k), machine)
        with b.loop("s", 0, steps, many) as s:
            count = b.minimum(b.constant(many, I64), steps - s)
            with b.loop("k", 0, count) as k:
                here = scope_at(s + k, s + k, k, k)
                _statements(turned.program.statements, here, machine)
                _assign(keep, here, machine)
                with b.loop("m", k + 1, count) as m:
                    later = scope_at(s + k, s + m, k, m)
                    _statements((deferral.overlap, deferral.correct), later, machine)
            # Where a block is shorter, nothing is added for the examples that it lacks.
            with b.loop("k", count, many) as k:
                _assign(replace(keep, body=ZERO_EXPR), scope_at(last, last, k, k), machine)
            scopes = [scope_at(b.minimum(s + k, last), b.minimum(s + (many + k), last), 0, 0) for k in range(many)]
            kept = scopes[0].places
            deferring.pass_over(deferral, scopes, kept[turned.early], kept[keep.target], machine.width)
            b.until(b.load(stop, 0, volatile=True).differs(0))


__all__ = ["WORKSPACE", "Written", "parameter_names", "write", "write_loops", "write_shared"]
