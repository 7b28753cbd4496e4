"""A program: assignments to arrays in an order in which they can be carried out, its arguments and its results.

Every right-hand side is an expression in components, as in a sheet; what the passes change is which arrays there are,
what their axes are, and how much of the work one assignment does. Axes of a program count from 0.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Literal

from gradsheet.expressions import Access, walk
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from gradsheet.expressions import Affine, Expr, Index, Size, Symbol

Part = Literal["parameter", "data", "constant", "cotangent", "table"]


@dataclass(frozen=True, slots=True, eq=False)
class Assign:
    """target[pattern] = body, for every value of the free indices."""

    target: Symbol
    pattern: tuple[Affine, ...]
    free: tuple[Index, ...]
    body: Expr

    @property
    def whole(self) -> bool:
        """Whether it fills the target: the free indices are its axes, one by one."""
        return len(self.pattern) == len(self.free) == self.target.rank and all(
            p.single is i and (i.low, i.high) == (a.low, a.high)
            for p, i, a in zip(self.pattern, self.free, self.target.axes, strict=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """Statements once for each value of an index, from its low end up, or down from its high end."""

    index: Index
    downward: bool
    body: tuple[Statement, ...]


Statement = Assign | Loop


@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """An array that a program is given; `name` is what its caller calls it, `member` which of a family it is."""

    symbol: Symbol
    name: str
    part: Part
    member: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """An array that a program hands back; `updates` is the parameter that takes the value, if one does."""

    symbol: Symbol
    name: str
    updates: Symbol | None = None
    member: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What is computed from the arguments, step by step, for the results.

    `rows` is the axis of the data, where the program has one; `sizes` are those that are numbers already.
    """

    arguments: tuple[Argument, ...]
    statements: tuple[Statement, ...]
    results: tuple[Result, ...]
    sizes: Mapping[Size, int] = field(default_factory=dict)
    rows: Index | None = None
    tables: Mapping[Symbol, NDArray[Any]] = field(default_factory=dict)
    """Arguments whose values belong to the program: the states that a sum over configurations runs over."""
    notes: tuple[str, ...] = ()

    def with_statements(self, statements: Sequence[Statement]) -> Program:
        return replace(self, statements=tuple(statements))

    @property
    def assigns(self) -> Iterator[Assign]:
        """Every assignment, those inside loops included, in order."""
        return assigns(self.statements)

    @property
    def inputs(self) -> frozenset[Symbol]:
        return frozenset(a.symbol for a in self.arguments)

    @property
    def outputs(self) -> frozenset[Symbol]:
        return frozenset(r.symbol for r in self.results)


def assigns(statements: Sequence[Statement]) -> Iterator[Assign]:
    """Every assignment among statements, in order."""
    for statement in statements:
        if isinstance(statement, Loop):
            yield from assigns(statement.body)
        else:
            yield statement


def mapped(statements: Sequence[Statement], change: Callable[[Expr], Expr]) -> list[Statement]:
    """Statements with every right-hand side changed."""
    made: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Loop):
            made.append(replace(statement, body=tuple(mapped(statement.body, change))))
        else:
            made.append(replace(statement, body=change(statement.body)))
    return made


def accesses(body: Expr) -> Iterator[Access]:
    """Every component that an expression reads, each once."""
    return (n for n in walk(body) if isinstance(n, Access))


__all__ = ["Argument", "Assign", "Loop", "Part", "Program", "Result", "Statement", "accesses", "assigns", "mapped"]
