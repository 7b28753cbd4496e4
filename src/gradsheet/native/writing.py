"""A program as a module of kernels: one step as a function, and many steps over rows of data as another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import ArrayCall
from gradsheet.kernels import I32, I64, Code, ModuleBuilder, Pointer, pointer
from gradsheet.native import nests, registers, rotation
from gradsheet.native.elimination import eliminate
from gradsheet.native.packing import Scratch
from gradsheet.native.places import Place, extent, row_major, shape, whole
from gradsheet.native.products import find_product
from gradsheet.native.scope import Scope
from gradsheet.native.threads import Meeting, shares
from gradsheet.native.tiles import Machine, multiply
from gradsheet.programs.model import Assign, Statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.expressions import Symbol
    from gradsheet.kernels import AnyType, FunctionBuilder, Module, Term, Type
    from gradsheet.native.buffers import Plan

WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Written:
    """A module, and the names of its functions' parameters in order."""

    module: Module
    names: tuple[str, ...]
    size: int
    """Numbers that the workspace has to hold."""


def write(plan: Plan, number: Type, machine: Machine, summary: str = "", copies: int = 1) -> Written:
    """The module of a planned program: `step` carries it out once, `epoch` for one block of rows after another.

    With several copies of the parameters, which lie side by side, there is an `epoch` alone.
    """
    if copies > 1:
        return _copied(plan, number, summary, copies)
    builder = ModuleBuilder(summary)
    names = parameter_names(plan)
    types = _types(plan, number)
    with builder.function("step", dict(zip(names, types, strict=True)), exported=True) as b:
        need = _body(plan, b, number, machine)
    parameters = dict(zip(names, types, strict=True))
    size = plan.size + need
    if registers.fits(plan):
        registers.write_epoch(builder, plan, number, parameters)
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


def _copied(plan: Plan, number: Type, summary: str, copies: int) -> Written:
    builder = ModuleBuilder(summary)
    names = parameter_names(plan)
    registers.write_epoch(builder, plan, number, dict(zip(names, _types(plan, number), strict=True)), copies)
    return Written(builder.build(), names, 0)


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
    plan: Plan, b: FunctionBuilder, arrays: Sequence[Term], workspace: Term, steps: Mapping[Symbol, Term]
) -> dict[Symbol, Place]:
    """Where the arrays of a program lie; those in `steps` are at the rows of a step."""
    places: dict[Symbol, Place] = {}
    for symbol, array in zip(plan.given, arrays, strict=True):
        at = b.advance(array, steps[symbol] * prod(shape(symbol))) if symbol in steps else array
        places[symbol] = Place(at, row_major(shape(symbol)), symbol.is_integer)
    for new, old in plan.same.items():
        places[new] = places[old]
    for symbol, offset in plan.inside.items():
        at = b.advance(workspace, offset) if offset else workspace
        places[symbol] = Place(at, row_major(shape(symbol)))
    return places


def _statements(statements: Sequence[Statement], scope: Scope, machine: Machine) -> None:
    for statement in statements:
        if isinstance(statement, Assign):
            _assign(statement, scope, machine)
            continue
        low, count = whole(statement.index.low), extent(statement.index)
        with scope.b.loop(statement.index.name, 0, count) as k:
            at = (low + count - 1) - k if statement.downward else k + low
            _statements(statement.body, scope.at(statement.index, at), machine)


def _assign(statement: Assign, scope: Scope, machine: Machine) -> None:
    product = find_product(statement, scope)
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
    rows = {a.symbol for a in plan.program.arguments if a.part == "data"}
    with builder.function("epoch", parameters, exported=True) as b:
        *arrays, workspace, steps, stop = b.parameters
        inside = {
            s: Place(b.advance(workspace, offset), row_major(shape(s))) for s, offset in turning.inside.items()
        }

        def places(row: Term | int, following: Term | int) -> dict[Symbol, Place]:
            found = dict(inside)
            for symbol, array in zip(plan.given, arrays, strict=True):
                thin = turning.thin.get(symbol, symbol)
                size, strides = prod(shape(symbol)), row_major(shape(thin))
                if symbol in rows:
                    found[thin] = Place(b.advance(array, b.term(row, I64) * size), strides, symbol.is_integer)
                    ahead = b.advance(array, b.term(following, I64) * size)
                    found[turned.following[thin]] = Place(ahead, strides, symbol.is_integer)
                else:
                    found[thin] = Place(array, strides, symbol.is_integer)
            found.update({new: found[old] for new, old in turning.same.items()})
            return found

        _assign(turned.first, Scope(b, number, places(0, 0), width=machine.width), machine)
        with b.loop("s", 0, steps) as s:
            scope = Scope(b, number, places(s, b.minimum(s + 1, steps - 1)), width=machine.width)
            _statements(turned.program.statements, scope, machine)
            nests.update_and_sum(turned.update, turned.then, turned.product, scope, machine.width)
            b.until(b.load(stop, 0, volatile=True).differs(0))


__all__ = ["WORKSPACE", "Written", "parameter_names", "write", "write_shared"]
