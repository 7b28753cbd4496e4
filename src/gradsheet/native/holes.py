"""What the native target cannot write, said by name before any code is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.expressions import ArrayCall, Call, Size, walk
from gradsheet.native.elimination import ELIMINATIONS
from gradsheet.native.functions import lacks
from gradsheet.native.registers import fits
from gradsheet.programs.model import Assign, Loop, Program, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.diagnostics import Source
    from gradsheet.expressions import AnyNode, Index
    from gradsheet.kernels import Type
    from gradsheet.native.buffers import Plan


def refuse_holes(program: Program, source: Source) -> None:
    """Raise `SheetError` for sizes that are symbols, and for operations without native code."""
    refuse_symbols(program, source)
    for name, needing in holes(program):
        message = f"the native target has no code for {name}, which {needing} needs"
        raise SheetError((Diagnostic("GS803", message, None, source, None, "export to NumPy instead"),))


def refuse_symbols(program: Program, source: Source) -> None:
    """Raise `SheetError` for sizes that are symbols."""
    for index in _indices(program.statements):
        for value in index.range:
            for atom in value.atoms():
                if isinstance(atom, Size):
                    message = f"the size {atom.name} is not known, and compiled code needs numbers"
                    hint = f"sizes={{{atom.name!r}: 8}}, or values from which it follows"
                    raise SheetError((Diagnostic("GS802", message, None, source, None, hint),))


def holes(program: Program) -> Iterator[tuple[str, str]]:
    """Operations that cannot be written as loops, each with what needs it."""
    for assign in program.assigns:
        for node in walk(assign.body):
            name = _lacking(node, assign)
            if name is not None:
                yield name, assign.target.name


def _lacking(node: AnyNode, assign: Assign) -> str | None:
    """The name of an operation that has no native code."""
    match node:
        case ArrayCall(operation=operation) if operation not in ELIMINATIONS or node is not assign.body:
            return operation
        case Call(function=function) if lacks(str(function)):
            return str(function)
        case _:
            return None


def refuse_copies(plan: Plan, copies: int, number: Type, source: Source) -> None:
    """Raise `SheetError` where several copies cannot be computed at once."""
    most = 64 // number.bytes
    if copies & (copies - 1) or copies > most:
        message = f"copies are a power of two up to {most} in this precision, not {copies}"
        raise SheetError((Diagnostic("GS801", message, None, source),))
    if not fits(plan):
        message = "several copies at once are there for small models that take one row at a time"
        hint = "batch=1, and at most 160 numbers in the parameters"
        raise SheetError((Diagnostic("GS803", message, None, source, None, hint),))


def _indices(statements: Sequence[Statement]) -> Iterator[Index]:
    for statement in statements:
        if isinstance(statement, Loop):
            yield statement.index
            yield from _indices(statement.body)
        else:
            yield from statement.free
            yield from statement.target.axes
            for node in walk(statement.body):
                index = getattr(node, "index", None)
                if index is not None:
                    yield index


__all__ = ["holes", "refuse_copies", "refuse_holes", "refuse_symbols"]
