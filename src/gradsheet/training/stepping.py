"""Steps over shuffled rows: the compiled update, fed with rows in an order that a seed and the epoch decide."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.native.runtime import Runnable, aligned, compile_program, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from gradsheet.derivation import Derivation
    from gradsheet.native.runtime import Precision
    from gradsheet.programs.lowering import Request
    from gradsheet.programs.model import Argument
    from gradsheet.training.optimisers import Rules

_GATHERED = 8 << 20
"""Bytes of rows that are brought together for one call: what stays in the cache of the machine, not of the core."""

Arrays = dict[str, "NDArray[Any]"]


def order_of(rows: int, seed: int, epoch: int, *, shuffled: bool = True) -> NDArray[np.int64]:
    """The rows of an epoch in the order in which they are used: the same for the same seed, on every machine.

    >>> order_of(5, 0, 0).tolist() == order_of(5, 0, 0).tolist() != order_of(5, 0, 1).tolist()
    True
    """
    if not shuffled:
        return np.arange(rows, dtype=np.int64)
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(rows).astype(np.int64)


@dataclass(eq=False)
class Stepper:
    """The update of a sheet, compiled for batches of rows; parameters and state lie in `arrays`, and change there."""

    derivation: Derivation
    rules: Rules
    request: Request
    precision: Precision
    threads: int = 1
    arrays: Arrays = field(init=False, repr=False)
    """Parameters and everything that is carried from step to step, by name."""
    stretch: int = field(init=False)
    """Steps of one call."""

    def __post_init__(self) -> None:
        self.main = self._compiled(self.request.rows)
        self._rests: dict[int, Runnable] = {}
        self.arrays = {
            name_of(a): aligned(self.main.shape(a.symbol), self.precision)
            for a in self.main.arguments
            if a.part == "parameter"
        }
        self._types = {name_of(a): _type(a, self.precision) for a in self.main.arguments}
        self.stretch = self._stretched()
        self._buffers = {
            name_of(a): np.empty((self.stretch * self.batch, *self.main.shape(a.symbol)[1:]), self._types[name_of(a)])
            for a in self.main.arguments
            if a.part == "data"
        }

    def _compiled(self, rows: Any, *, seldom: bool = False) -> Runnable:
        request = replace(self.request, rows=rows, wanted=("update",), rules=tuple(self.rules.rules))
        return compile_program(self.derivation, request, self.precision, threads=self.threads, seldom=seldom)

    @property
    def batch(self) -> int:
        """Rows in one step."""
        return self.main.rows

    @property
    def data(self) -> tuple[str, ...]:
        """The names that have a row for each example."""
        return tuple(name_of(a) for a in self.main.arguments if a.part == "data")

    @property
    def constants(self) -> tuple[str, ...]:
        """The names of inputs that are the same for all rows, the learning rate not among them."""
        return tuple(
            name_of(a) for a in self.main.arguments if a.part == "constant" and a.name != self.rules.rate.name
        )

    # ------------------------------------------------------------ steps

    def steps_of(self, rows: int) -> int:
        """How many steps an epoch has: whole batches, and one for what is left."""
        return -(-rows // self.batch)

    def run(
        self, data: Mapping[str, NDArray[Any]], constants: Mapping[str, Any], rate: float, order: NDArray[np.int64],
        start: int = 0,
    ) -> Iterator[int]:
        """Steps from number `start` on; yields how many are done, after every stretch of them.

        Where stretches end follows from the program and the rows alone, so that a run which begins again at the end of
        one has the same numbers.
        """  # fmt: skip
        steps, done = self.steps_of(len(order)), start
        full = len(order) // self.batch
        while done < steps:
            count = 1 if done == full else min(self.stretch - done % self.stretch, full - done)
            self.advance(data, constants, rate, order, done, count)
            done += count
            yield done

    def advance(
        self, data: Mapping[str, NDArray[Any]], constants: Mapping[str, Any], rate: float, order: NDArray[np.int64],
        first: int, count: int,
    ) -> None:  # fmt: skip
        """Some steps in one call, from number `first` on; their rows are brought together before."""
        chosen = order[first * self.batch : (first + count) * self.batch]
        if len(chosen) < count * self.batch:
            last = {n: data[n][chosen].astype(self._types[n]) for n in self.data}
            self._step(self._rest(len(chosen)), last, constants, rate, 1)
            return
        rows = {n: buffer[: len(chosen)] for n, buffer in self._buffers.items()}
        for name, into in rows.items():
            _gather(data[name], chosen, into)
        self._step(self.main, rows, constants, rate, count)

    def _stretched(self) -> int:
        """Steps of one call: as many as their rows fit into a cache, and a person would wait for."""
        width = sum(int(np.prod(self.main.shape(a.symbol)[1:], dtype=np.int64)) * self._types[name_of(a)].itemsize
                    for a in self.main.arguments if a.part == "data")  # fmt: skip
        return max(1, min(_GATHERED // max(1, width * self.batch), self.main.pace))

    def _rest(self, rows: int) -> Runnable:
        if rows not in self._rests:
            self._rests[rows] = self._compiled(rows, seldom=True)
        return self._rests[rows]

    def _step(
        self, runnable: Runnable, rows: Mapping[str, NDArray[Any]], constants: Mapping[str, Any], rate: float,
        steps: int,
    ) -> None:  # fmt: skip
        given: dict[str, Any] = {**self.arrays, **constants, self.rules.rate.name: np.asarray(rate), **rows}
        values = {a.symbol: given[name_of(a)] for a in runnable.arguments}
        if runnable.program.rows is None:
            runnable.run(values, {})
        else:
            runnable.epoch(values, steps)


@dataclass(eq=False)
class WholeStepper(Stepper):
    """The update of a sheet that has all rows in its own arrays: an epoch is one step."""

    names: tuple[str, ...] = ()
    """The arrays that the rows fill."""
    rows: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._rows: Arrays = {}

    @property
    def batch(self) -> int:
        """Rows in one step: all."""
        return self.rows

    def advance(
        self, data: Mapping[str, NDArray[Any]], constants: Mapping[str, Any], rate: float, order: NDArray[np.int64],
        first: int, count: int,
    ) -> None:  # fmt: skip
        """One step; the rows are the same in each, in the order of the first."""
        del first, count
        if not self._rows:
            used = [n for n in self.names if n in self._types]
            self._rows = {n: np.ascontiguousarray(data[n][order], dtype=self._types[n]) for n in used}
        self._step(self.main, self._rows, constants, rate, 1)


def _type(argument: Argument, precision: str) -> np.dtype[Any]:
    return np.dtype(np.int64 if argument.symbol.is_integer else precision)


def _gather(source: NDArray[Any], rows: NDArray[np.int64], into: NDArray[Any]) -> None:
    """Rows of an array, converted to the type of the buffer where they are of another."""
    if source.dtype == into.dtype:
        np.take(source, rows, axis=0, out=into, mode="clip")
    else:
        into[...] = source[rows]


__all__ = ["Arrays", "Stepper", "WholeStepper", "order_of"]
