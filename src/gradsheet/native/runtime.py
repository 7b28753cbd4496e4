"""A compiled program: arrays in, arrays out, parameters changed where they lie; a whole epoch in one call."""

from __future__ import annotations

import threading
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.kernels import F32, F64
from gradsheet.kernels.native import NativeModule, available, compiled
from gradsheet.native.buffers import Plan, plan
from gradsheet.native.holes import refuse_copies, refuse_holes, refuse_symbols
from gradsheet.native.interpreted import Interpreted, say_so
from gradsheet.native.machines import machine
from gradsheet.native.meetings import Barrier, can_meet, run_together
from gradsheet.native.pacing import pace
from gradsheet.native.places import extent, shape
from gradsheet.native.writing import write, write_shared
from gradsheet.programs.expanding import expand
from gradsheet.programs.lowering import Request, lower
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gradsheet.derivation import Derivation
    from gradsheet.expressions import Symbol
    from gradsheet.programs.model import Argument, Program

Precision = Literal["float32", "float64"]
_TYPES = {"float32": F32, "float64": F64}
_ALIGNED = 64
_QUICK, _FAST = 1, 2
"""How much of its time LLVM takes for better code."""


def compile_program(
    derivation: Derivation, request: Request, precision: Precision, copies: int = 1, threads: int = 1, *,
    seldom: bool = False,
) -> Runnable:  # fmt: skip
    """The machine code of what is requested, for the processor at hand; raises `SheetError` where it cannot be.

    With `copies`, so many models are computed at once, on the same data: each parameter has one more axis, the last.
    With `threads`, the rows of a step are shared out; one row of data at a time leaves nothing to share. What runs
    `seldom` is compiled in less time, and is slower by some hundredths.
    """
    level = _QUICK if seldom else _FAST
    source = derivation.sheet.source
    if not available():
        return _interpreted(derivation, request, precision, copies)
    program = expand(lower(derivation, request))
    refuse_holes(program, source)
    number = _TYPES[precision]
    shared = threads > 1 and copies == 1 and can_meet() and program.rows is not None and extent(program.rows) > 1
    planned = plan(program, number.bytes, apart=shared)
    if shared:
        made = write_shared(planned, number, machine(number), threads, source.name)
        return Runnable(planned, compiled(made.module, level), precision, made.size, threads=threads)
    if copies > 1:
        refuse_copies(planned, copies, number, source)
    written = write(planned, number, machine(number), source.name, copies, lean=True)
    return Runnable(planned, compiled(written.module, min(level, written.level)), precision, written.size, copies)


def _interpreted(derivation: Derivation, request: Request, precision: Precision, copies: int) -> Runnable:
    """The program by NumPy, with a line that says so."""
    source = derivation.sheet.source
    if copies > 1:
        hint = "pip install 'gradsheet[native]'"
        message = "several copies at once are compiled, which needs llvmlite"
        raise SheetError((Diagnostic("GS803", message, None, source, None, hint),))
    program = lower(derivation, request)
    refuse_symbols(program, source)
    say_so()
    planned = plan(program, _TYPES[precision].bytes)
    return Runnable(planned, Interpreted(planned), precision, 1)


@dataclass(eq=False)
class Runnable:
    """A program in memory, with the workspace that it needs."""

    plan: Plan
    module: NativeModule | Interpreted
    precision: Precision
    size: int
    """Numbers that the workspace holds."""
    copies: int = 1
    threads: int = 1
    arguments: tuple[Argument, ...] = field(init=False, repr=False)
    """What the caller hands in."""
    rows: int = field(init=False, repr=False)
    """Rows of data in one step."""
    workspace: NDArray[Any] = field(init=False, repr=False)
    pace: int = field(init=False, repr=False)
    """Steps of an epoch that are done in one call; between calls Python sees Ctrl-C."""
    lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)
    """Who computes has the workspace to himself: other threads of Python may call meanwhile."""

    def __post_init__(self) -> None:
        self.arguments = tuple(a for a in self.program.arguments if a.part != "table")
        axis = self.program.rows
        self.rows = 1 if axis is None else extent(axis)
        self.pace = pace(self.program.statements)
        self._shapes = {s: self._shape(s) for s in self.plan.given}
        self._wanted = [(a, self._shapes[a.symbol], self._dtype(a.symbol), a.part == "data") for a in self.arguments]
        self._is_data = [any(a.symbol is s and a.part == "data" for a in self.arguments) for s in self.plan.given]
        self.workspace = aligned((max(1, self.size),), self.precision)
        self.tables = {s: np.ascontiguousarray(v, dtype=self._dtype(s)) for s, v in self.program.tables.items()}

    @property
    def program(self) -> Program:
        return self.plan.program

    def shape(self, symbol: Symbol) -> tuple[int, ...]:
        """The shape of an array that is handed in or back."""
        return self._shapes[symbol]

    def _shape(self, symbol: Symbol) -> tuple[int, ...]:
        own = shape(symbol)
        result = all(a.symbol is not symbol for a in self.program.arguments)
        return (*own, self.copies) if self.copies > 1 and (symbol in self.plan.written or result) else own

    def _dtype(self, symbol: Symbol) -> np.dtype[Any]:
        return np.dtype("int64" if symbol.is_integer else self.precision)

    # ------------------------------------------------------------ running

    def run(self, values: Mapping[Symbol, Any], results: Mapping[Symbol, NDArray[Any]]) -> dict[Symbol, NDArray[Any]]:
        """One step: arrays of the arguments; arrays for results are made where none are handed in."""
        if "step" not in self.module:
            return self.epoch(values, 1)
        held = self._arrays(values, results, rows=1)
        with self.lock:
            self.module["step"](*[held[s] for s in self.plan.given], self.workspace)
        return self._found(held)

    def epoch(self, values: Mapping[Symbol, Any], steps: int) -> dict[Symbol, NDArray[Any]]:
        """Steps over consecutive blocks of rows; data arrays hold the rows of all steps."""
        held = self._arrays(values, {}, rows=steps)
        given = [held[s] for s in self.plan.given]
        for done in range(0, steps, self.pace):
            arrays = given if not done else self._from_row(given, done * self.rows)
            with self.lock:
                self._steps(arrays, min(self.pace, steps - done))
        return self._found(held)

    def _from_row(self, given: Sequence[NDArray[Any]], row: int) -> list[NDArray[Any]]:
        return [array[row:] if is_data else array for array, is_data in zip(given, self._is_data, strict=True)]

    def _steps(self, arrays: Sequence[NDArray[Any]], count: int) -> None:
        if self.threads == 1:
            self.module["epoch"](*arrays, self.workspace, count, np.zeros(1, dtype=np.int32))
            return
        barrier = Barrier(self.threads)
        try:
            run_together([
                partial(self.module[f"epoch{k}"], *arrays, self.workspace, count, barrier.address, barrier.memory)
                for k in range(self.threads)
            ])  # fmt: skip
        finally:
            barrier.close()

    def _found(self, held: Mapping[Symbol, NDArray[Any]]) -> dict[Symbol, NDArray[Any]]:
        return {r.symbol: held[self.plan.same.get(r.symbol, r.symbol)] for r in self.program.results}

    # ------------------------------------------------------------ arrays

    def _arrays(
        self, values: Mapping[Symbol, Any], results: Mapping[Symbol, NDArray[Any]], rows: int
    ) -> dict[Symbol, NDArray[Any]]:
        held: dict[Symbol, NDArray[Any]] = dict(self.tables)
        for argument, lengths, dtype, is_data in self._wanted:
            symbol = argument.symbol
            if symbol not in values:
                raise_array("GS401", f"'{name_of(argument)}' has no value")
            wanted = (lengths[0] * rows, *lengths[1:]) if is_data else lengths
            held[symbol] = self._checked(argument, values[symbol], wanted, dtype)
        self._refuse_overlaps(held)
        for symbol in self.plan.given:
            if symbol not in held:
                given = results.get(symbol)
                held[symbol] = given if given is not None else np.empty(self.shape(symbol), dtype=self._dtype(symbol))
        return held

    def _checked(self, argument: Argument, value: Any, wanted: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An array as the program takes it: shape and type are checked, and what is written to is never copied."""
        written = argument.symbol in self.plan.written
        if isinstance(value, np.ndarray) and value.dtype == dtype and value.shape == wanted:
            flags = value.flags
            if flags.c_contiguous and (flags.writeable or not written):
                return value
        return self._converted(argument, value, wanted, dtype)

    def _refuse_overlaps(self, held: Mapping[Symbol, NDArray[Any]]) -> None:
        """Refuse an array that is changed and lies in the memory of another: code promises itself that none does.

        Memory that only one array looks into, as is nearly always so, is told by its owner.
        """
        owners = {id(_owner(held[symbol])) for symbol in held}
        if len(owners) == len(held):
            return
        for argument in self.arguments:
            symbol = argument.symbol
            if symbol not in self.plan.written:
                continue
            for other in self.arguments:
                if other.symbol is not symbol and np.may_share_memory(held[symbol], held[other.symbol]):
                    names = f"'{name_of(argument)}' is changed in place, and '{name_of(other)}' lies in its memory"
                    raise_array("GS804", names, "copy one of them")

    def _converted(
        self, argument: Argument, value: Any, wanted: tuple[int, ...], dtype: np.dtype[Any]
    ) -> NDArray[Any]:
        """A copy of the right type, where one is allowed."""
        written, name = argument.symbol in self.plan.written, name_of(argument)
        if not isinstance(value, np.ndarray):
            if written:
                kind = type(value).__name__
                raise_array("GS804", f"'{name}' is changed in place, so it has to be an array, not {kind}")
            try:
                value = np.asarray(value, dtype=dtype)
            except (TypeError, ValueError):
                raise_array("GS804", f"'{name}' is no array of numbers")
        if value.shape != wanted:
            shapes = "×".join(map(str, wanted)) or "a scalar", "×".join(map(str, value.shape)) or "a scalar"
            hint = None
            if argument.part != "data" and value.shape[1:] == wanted and self.program.rows is not None:
                hint = f"if it has a row for each example, name it: data=(…, {name!r})"
            raise_array("GS804", f"'{name}' is {shapes[0]}, and the array is {shapes[1]}", hint)
        if written:
            what = f"an array of {dtype}, in one piece and writable" if value.dtype == dtype else f"an array of {dtype}"
            raise_array("GS804", f"'{name}' is changed in place, so it has to be {what}; this is {value.dtype}")
        if value.dtype.kind not in "fiub":
            raise_array("GS804", f"'{name}' holds {value.dtype}, not numbers")
        if argument.symbol.is_integer and value.dtype.kind == "f" and not np.array_equal(value, np.floor(value)):
            raise_array("GS804", f"'{name}' takes whole numbers")
        return np.ascontiguousarray(value, dtype=dtype)


def _owner(array: NDArray[Any]) -> object:
    """Whose memory an array lies in; where NumPy does not know, every such array is said to have the same."""
    base = array.base
    return array if base is None else base if isinstance(base, np.ndarray) and base.base is None else None


def name_of(argument: Argument) -> str:
    """What the caller calls an argument: W, or W[1] for a member of a family."""
    if argument.member is None:
        return argument.name
    return f"{argument.name}[{','.join(map(str, argument.member))}]"


def raise_array(code: str, message: str, suggestion: str | None = None) -> None:
    """Refuse an array that was handed in."""
    raise SheetError((Diagnostic(code, message, None, None, None, suggestion),))


def aligned(lengths: tuple[int, ...], precision: str) -> NDArray[Any]:
    """An array that begins at a line of the cache."""
    dtype = np.dtype(precision)
    count = int(np.prod(lengths, dtype=np.int64))
    raw = np.zeros(count * dtype.itemsize + _ALIGNED, dtype=np.uint8)
    start = -raw.ctypes.data % _ALIGNED
    return raw[start : start + count * dtype.itemsize].view(dtype).reshape(lengths)


__all__ = ["Precision", "Runnable", "aligned", "compile_program", "name_of", "raise_array"]
