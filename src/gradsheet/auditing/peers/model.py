"""(arguments, upstream) ↦ (outputs, gradients): what is asked of somebody's function, and what it answers."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Array = np.ndarray[Any, np.dtype[Any]]
Layout = Literal["plain", "strided inputs", "strided upstream", "expanded upstream"]
"""How arrays lie in memory: one entry after the other, with gaps, or one entry repeated by a stride of zero."""
Stage = Literal["forward", "backward"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function; one with a default may be left out."""

    name: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Description:
    """What a function is: its kind, its name, its parameters in order, the layouts that exist for it."""

    kind: str
    name: str
    parameters: tuple[Parameter, ...]
    layouts: tuple[Layout, ...] = ("plain",)
    variadic: bool = False
    """Takes any number of arguments, so that their names have to be told."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A value for one parameter: an array, or a Python value; `wanted` asks for the gradient by it."""

    parameter: str
    value: Any
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One call: arguments, an upstream gradient for each of the first outputs, and how arrays lie in memory.

    `names` tells what the outputs are called. `again` asks for the backward pass a second time.
    """

    arguments: tuple[Argument, ...]
    upstream: tuple[Array, ...]
    names: tuple[str, ...]
    layout: Layout = "plain"
    again: bool = False


@dataclass(slots=True)
class Problem:
    """An exception of the function: where, what, and the line of the author's file."""

    stage: Stage
    message: str
    line: int | None = None
    text: str = ""


@dataclass(slots=True)
class Returned:
    """What the backward itself returned for one argument, before a framework took it."""

    shape: tuple[int, ...] | None
    dtype: str
    value: Array | None = None


@dataclass(slots=True)
class Answer:
    """What came of a call: outputs, the gradient by each argument or None, and what else was seen."""

    outputs: list[Array] = field(default_factory=list)
    gradients: list[Array | None] = field(default_factory=list)
    again: list[Array | None] = field(default_factory=list)
    returned: list[Returned] | None = None
    dtypes: list[str] = field(default_factory=list)
    """The element types of the outputs, as the function made them."""
    changed: list[str] = field(default_factory=list)
    """Arrays that the function was given and wrote into."""
    notes: list[str] = field(default_factory=list)
    problem: Problem | None = None
    again_problem: Problem | None = None
    """What the second backward pass raised, where the first one did not."""


class Peer(Protocol):
    """A function that can be called: here, or in a process of its own."""

    @property
    def description(self) -> Description:
        """What it is."""

    def call(self, request: Request) -> Answer:
        """Run forward and backward once; exceptions of the function are answers, too."""


class NotComparableError(Exception):
    """The function gave back something that is no array of numbers."""


def as_array(value: Any, what: str) -> NDArray[Any]:
    """A value as an array of real numbers; raises `NotComparableError` where it is none."""
    array = np.asarray(value)
    if array.dtype.kind == "b":
        array = array.astype(np.float64)
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise NotComparableError(f"{what} is {_kind_of(value, array)}, not an array of real numbers")
    return array


def _kind_of(value: Any, array: Array) -> str:
    return f"an array of {array.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"


def fit(upstream: Sequence[Array], outputs: Sequence[Any]) -> bool:
    """Whether there is an upstream entry for each entry of the outputs; else there is no backward pass to run."""
    return all(np.size(u) == np.prod(np.shape(o), dtype=int) for u, o in zip(upstream, outputs, strict=True))


def strided(array: Array) -> Array:
    """The same entries with gaps between them, uneven at the ends of rows; a scalar has none."""
    if not array.ndim:
        return array.copy()
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1] + 1), np.nan if array.dtype.kind == "f" else 0, array.dtype)
    view = wide[..., :-1:2]
    view[...] = array
    return view
