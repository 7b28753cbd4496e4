"""One record per operation: what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.expressions import Expr
    from gradsheet.operations.terms import T


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A scalar function that acts on each entry.

    `derivative` takes the arguments and the output, and gives one partial derivative for each argument.
    `sentence` states the rule as a person would. `sample` is an interval of arguments where it is smooth and
    defined, used when random points are drawn; `undefined` names the arguments where it has no value.
    `closed_form` defines a composite by others; a test proves that the record and the definition agree.
    """

    name: str
    spellings: tuple[str, ...]
    arity: int
    derivative: Callable[..., tuple[T, ...]] | None
    sentence: str
    latex: str
    sample: tuple[float, float] = (-2.0, 2.0)
    positive: bool = False
    undefined: str | None = None
    kink: str | None = None
    definition: Callable[..., T] | None = None


@dataclass(frozen=True, slots=True)
class ArrayOperation:
    """An operation on a whole vector (rank 1) or matrix (rank 2), with a result of rank 0, 1 or 2.

    `differential` gives the change of one result component from the change of the argument: it is handed the
    component node, a function from indices to the argument's differential, and helpers, and returns an expression.
    """

    name: str
    spellings: tuple[str, ...]
    argument_rank: Literal[1, 2]
    result_rank: Literal[0, 1, 2]
    differential: Callable[..., Expr]
    sentence: str
    latex: str
    rows_sum_to_one: bool = False
