"""Programs carried out natively, with everything around their arrays watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import gradsheet as gs
from gradsheet.derivation import derive
from gradsheet.kernels import F32, F64
from gradsheet.kernels.native import compiled
from gradsheet.native.buffers import plan
from gradsheet.native.machines import machine as at_hand
from gradsheet.native.places import shape
from gradsheet.native.tiles import Machine
from gradsheet.native.writing import write
from gradsheet.programs.expanding import expand
from gradsheet.programs.lowering import Request, lower

if TYPE_CHECKING:
    from gradsheet.expressions import Symbol
    from gradsheet.native.buffers import Plan
    from gradsheet.programs.model import Program

NUMBERS = {"float64": F64, "float32": F32}
MACHINES = {"512 bits": (64, 32), "256 bits": (32, 16), "128 bits": (16, 16), "128 bits, many": (16, 32)}
"""Bytes of a vector, and registers: processors with AVX-512, AVX2, SSE, and NEON. LLVM makes any of them run here."""
RIM = 64
"""Numbers around an array that nobody may touch."""
CANARY = 1234.5


def machine_of(name: str, precision: str) -> Machine:
    width, registers = MACHINES[name]
    return Machine(width // NUMBERS[precision].bytes, registers)


def program_of(text: str, *wanted: str, rows: int | None = None, data: tuple[str, ...] | None = None) -> Program:
    """The program of a sheet whose sizes are numbers."""
    derivation = derive(gs.loads(text).inner)
    sizes = {s: s.literal for s in derivation.sheet.sizes.values() if s.literal is not None}
    return expand(lower(derivation, Request(wanted, sizes, {}, rows, data)))


class Watched:
    """An array with a rim on both sides that holds the same number as long as nobody writes there."""

    def __init__(self, lengths: tuple[int, ...], dtype: Any, value: Any = None) -> None:
        count = int(np.prod(lengths, dtype=np.int64))
        self.whole = np.full(count + 2 * RIM, CANARY, dtype=dtype)
        self.array = self.whole[RIM : RIM + count].reshape(lengths)
        if value is not None:
            self.array[...] = value

    @property
    def intact(self) -> bool:
        rim = np.array(CANARY).astype(self.whole.dtype)
        return bool((self.whole[:RIM] == rim).all() and (self.whole[-RIM:] == rim).all())


def arrays_for(planned: Plan, values: dict[Symbol, Any], precision: str) -> dict[Symbol, Watched]:
    """What a program is handed, in order: values where there are some, else nothing that anybody could use."""
    found = {}
    for symbol in planned.given:
        dtype = np.int64 if symbol.is_integer else np.dtype(precision)
        value = planned.program.tables.get(symbol, values.get(symbol))
        found[symbol] = Watched(shape(symbol), dtype, np.nan if value is None else value)
    return found


def native(
    program: Program, values: dict[Symbol, Any], precision: str = "float64", machine: Machine | None = None
) -> dict[Symbol, np.ndarray]:
    """The results of one step; arrays that only read, and everything around arrays, are as they were.

    The workspace is full of numbers that are none: whoever reads what was not written shows it.
    """
    number = NUMBERS[precision]
    planned = plan(program, number.bytes)
    written = write(planned, number, machine or at_hand(number))
    held = arrays_for(planned, values, precision)
    before = {s: w.array.copy() for s, w in held.items() if s not in planned.written}
    raw = np.full(written.size + 2 * RIM + 16, np.nan, dtype=precision)
    start = RIM + (-(raw.ctypes.data + RIM * raw.itemsize) % 64) // raw.itemsize
    workspace = raw[start : start + max(1, written.size)]
    raw[:start] = raw[start + workspace.size :] = CANARY
    compiled(written.module)["step"](*[w.array for w in held.values()], workspace)
    assert [s.name for s, w in held.items() if not w.intact] == []
    assert (raw[:start] == CANARY).all()
    assert (raw[start + workspace.size :] == CANARY).all()
    assert [s.name for s, value in before.items() if not np.array_equal(value, held[s].array, equal_nan=True)] == []
    return {r.symbol: held[planned.same.get(r.symbol, r.symbol)].array for r in program.results}


def near(found: Any, expected: Any, precision: str = "float64") -> bool:
    """The same up to rounding, which the largest entry sets, or the numbers of size 1 that cancelled."""
    a, b = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    if a.shape != b.shape or not np.array_equal(np.isnan(a), np.isnan(b)):
        return False
    known = np.isfinite(b)
    if not np.array_equal(a[~known], b[~known], equal_nan=True):
        return False
    size = float(np.max(np.abs(b[known]), initial=0.0))
    tolerance = {"float64": 2e-12, "float32": 2e-4}[precision]
    return bool(np.all(np.abs(a[known] - b[known]) <= tolerance * max(size, 0.1)))
