"""gradsheet's machine code."""

from __future__ import annotations

import inspect
import os
import time
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

import gradsheet as gs
from engines.job import Job, MissingError, changes
from gradsheet.kernels import F32, F64, I64, ModuleBuilder
from gradsheet.kernels.native import compiled as code
from gradsheet.native.buffers import plan
from gradsheet.native.machines import machine
from gradsheet.native.places import shape
from gradsheet.native.runtime import aligned
from gradsheet.native.writing import write
from gradsheet.programs.model import Argument, Program, Result, accesses, assigns
from workloads import Boltzmann, Convolution, Network, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.api.compiled import Compiled

NUMBERS = {"float32": F32, "float64": F64}


def make(workload: Workload, _variant: str) -> Job:
    os.environ.setdefault("GRADSHEET_CACHE", "")
    return network(workload) if isinstance(workload, Network) else function(workload)


def offered(**options: int) -> dict[str, int]:
    """Options of `Sheet.compile` that differ from 1; refused where it does not have them."""
    wanted = {name: value for name, value in options.items() if value != 1}
    lacking = wanted.keys() - inspect.signature(gs.Sheet.compile).parameters.keys()
    if lacking:
        raise MissingError(", ".join(f"`Sheet.compile(…, {name}={wanted[name]})`" for name in sorted(lacking)))
    return wanted


def compiled(workload: Workload) -> Compiled:
    """The function of a workload's sheet."""
    match workload:
        case Network():
            more = offered(copies=workload.copies, threads=workload.threads)
            return workload.sheet.compile("update", dtype=workload.precision, batch=workload.batch, **more)
        case Convolution():
            return workload.sheet.compile("pullback", dtype=workload.precision, batch=workload.batch, data=("x",))
        case Boltzmann():
            return workload.sheet.compile("gradient", dtype=workload.precision)
        case _:
            return workload.sheet.compile("H", dtype=workload.precision)


def network(workload: Network) -> Job:
    start = time.perf_counter()
    step = compiled(workload)
    took = time.perf_counter() - start
    data = workload.data

    def begun():
        weights = step.parameters()
        for name, value in workload.parameters().items():
            weights[name][...] = value[..., np.newaxis] if workload.copies > 1 else value
        return weights

    weights = begun()
    step.epoch(weights, **{name: rows[: workload.checked] for name, rows in data.items()})
    first = {name: value[..., 0] for name, value in weights.items()} if workload.copies > 1 else weights
    result = changes(workload, first)
    weights = begun()

    def run(calls: int) -> None:
        for _ in range(calls):
            step.epoch(weights, **data)

    return Job(run, workload.steps * workload.copies, result, {"compile": took}, lambda: shares(step, workload))


def function(workload: Workload) -> Job:
    start = time.perf_counter()
    of = compiled(workload)
    took = time.perf_counter() - start
    known = {unicodedata.normalize("NFC", name) for name in of.arguments}
    values = {name: value for name, value in workload.values.items() if name in known}
    result = {plain(name): value for name, value in of(**values).items()}

    def run(calls: int) -> None:
        for _ in range(calls):
            of(**values)

    return Job(run, 1, result, {"compile": took}, lambda: shares(of, workload))


def shares(function: Compiled, workload: Workload) -> dict[str, float] | str:
    """Seconds that each statement of the program takes alone, its arguments in memory of their own.

    Loops that carry several statements out at once have no such parts.
    """
    if isinstance(workload, Network) and workload.batch == 1:
        return "one loop for the whole step"
    program, number = function.program, NUMBERS[workload.precision]
    found: dict[str, float] = {}
    for statement in program.statements:
        targets = list(dict.fromkeys(a.target for a in assigns([statement])))
        read = dict.fromkeys(a.symbol for s in assigns([statement]) for a in accesses(s.body))
        arguments = tuple(Argument(s, s.name, "constant") for s in read if s not in targets)
        alone = Program(
            arguments, (statement,), tuple(Result(t, t.name) for t in targets), program.sizes, program.rows
        )
        planned = plan(alone, number.bytes)
        written = write(planned, number, machine(number))
        arrays = [np.zeros(shape(s), np.int64) if s.is_integer else aligned(shape(s), workload.precision)
                  for s in planned.given]  # fmt: skip
        for array in arrays:
            array[...] = array.dtype.type(0.5)
        run = code(written.module)["step"].bind(*arrays, aligned((max(1, written.size),), workload.precision))
        found[targets[0].name] = least(run)
    return found


def least(run: Callable[[], object], repeats: int = 5) -> float:
    """The shortest of several runs, in seconds."""
    run()
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best


def arithmetic(precision: str) -> float:
    """Multiplications and additions a second that this core can do on vectors which stay in registers."""
    number = NUMBERS[precision]
    here = machine(number)
    of, chains, turns = number.by(here.width), 12, 20_000
    module = ModuleBuilder()
    with module.function("f", {"n": I64, "x": number}, exported=True) as b:
        n, x = b.parameters
        factor = b.splat(x, of)
        names = [f"c{k}" for k in range(chains)]
        with b.fold("i", 0, n, dict.fromkeys(names, factor)) as fold:
            for name in names:
                fold[name] = b.muladd(fold[name], factor, factor)
        total = fold[names[0]]
        for name in names[1:]:
            total = total + fold[name]
        b.returns(total[0])
    run = code(module.build())["f"].bind(turns, 0.5)
    return 2 * here.width * chains * turns / least(run, 20)


def plain(name: str) -> str:
    """X for x̄ and for ∂L/∂x."""
    return unicodedata.normalize("NFD", name.rpartition("∂")[2]).replace("\u0304", "")


__all__ = ["arithmetic", "compiled", "make", "plain"]
