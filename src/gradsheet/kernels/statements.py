"""Statements, functions and modules of kernels: what happens, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.errors import KernelError
from gradsheet.kernels.types import Pointer
from gradsheet.kernels.values import Call, CallOutside, Load, element, masked, operands
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.kernels.values import Carried, Index, Parameter, Result, Value


@dataclass(frozen=True, eq=False)
class Let:
    """The place where a value is computed; a name is a hint for readers."""

    value: Value
    name: str | None = None


@dataclass(frozen=True, eq=False)
class Store:
    """p[offset], p[offset + 1], … become the lanes of a value; with a mask, only where it holds."""

    pointer: Value
    offset: Value
    value: Value
    mask: Value | None = None
    alignment: int = 0

    def __post_init__(self) -> None:
        of = element(self.pointer, self.offset)
        value = self.value.number
        if value.scalar != of:
            raise KernelError(f"{value} is stored where {of} lies")
        assert isinstance(self.pointer.type, Pointer)
        if self.pointer.type.readonly:
            raise KernelError("a store through a pointer that is read only")
        masked(self.mask, value)


@dataclass(frozen=True, eq=False)
class Along:
    """One carried value of a loop: what a pass takes, what it hands on, and what is left after the loop."""

    carried: Carried
    next: Value
    result: Result


@dataclass(frozen=True, eq=False)
class For:
    """For i = start, start + step, … while i < stop. The step is positive.

    A pass hands on what is carried; where `until` (computed in the pass) holds after a pass, the loop ends there.
    """

    index: Index
    start: Value
    stop: Value
    step: Value
    body: tuple[Statement, ...]
    along: tuple[Along, ...] = ()
    until: Value | None = None


@dataclass(frozen=True, eq=False)
class Choice:
    """One value that depends on the branch that was taken."""

    then: Value
    otherwise: Value
    result: Result


@dataclass(frozen=True, eq=False)
class If:
    """One of two blocks, and the values that they choose."""

    condition: Value
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()
    choices: tuple[Choice, ...] = ()


Statement = Let | Store | For | If


@dataclass(frozen=True, eq=False)
class Function:
    """A function. One that is not exported is part of whoever calls it."""

    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    result: Value | None = None
    exported: bool = False
    summary: str = ""


@dataclass(frozen=True, eq=False)
class Module:
    """Functions; each calls only those before it."""

    functions: tuple[Function, ...]
    summary: str = ""

    @property
    def exported(self) -> tuple[Function, ...]:
        return tuple(f for f in self.functions if f.exported)


def walk(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """Every statement, those inside loops and branches after the one that holds them."""
    waiting = list(reversed(body))
    while waiting:
        statement = waiting.pop()
        yield statement
        if isinstance(statement, For):
            waiting.extend(reversed(statement.body))
        elif isinstance(statement, If):
            waiting.extend(reversed((*statement.then, *statement.otherwise)))


def used(statement: Statement) -> tuple[Value, ...]:
    """The values that a statement uses itself, without those of the blocks inside it."""
    match statement:
        case Let(value=value):
            return operands(value)
        case Store(pointer=pointer, offset=offset, value=value, mask=mask):
            return (pointer, offset, value) if mask is None else (pointer, offset, value, mask)
        case For(start=start, stop=stop, step=step, along=along):
            return (start, stop, step, *(a.carried.initial for a in along))
        case If(condition=condition):
            return (condition,)


def handed_on(statement: For | If) -> tuple[Value, ...]:
    """The values that are used where the blocks of a statement end."""
    match statement:
        case For(along=along, until=until):
            return (*(a.next for a in along), *(() if until is None else (until,)))
        case If(choices=choices):
            return (*(c.then for c in choices), *(c.otherwise for c in choices))


def is_pure(function: Function) -> bool:
    """A function of numbers alone: it reads and writes nothing."""
    return all(
        isinstance(s, Let)
        and not isinstance(s.value, Load | CallOutside)
        and (not isinstance(s.value, Call) or is_pure(s.value.function))
        for s in walk(function.body)
        if not isinstance(s, For | If)
    )
