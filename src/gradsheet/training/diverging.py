"""A loss that stopped being a number: in which step, by which definition first, and what to try."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.native.runtime import name_of
from gradsheet.programs.lowering import lower
from gradsheet.programs.reference import evaluate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradsheet.training.problem import Problem
    from gradsheet.training.stepping import Stepper

Arrays = dict[str, "NDArray[Any]"]
_GROWN = 1e3
"""Parameters beyond this are rarely meant: the steps were too long."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Parameters and state before a step."""

    when: float
    step: int
    arrays: Arrays


class DivergedError(SheetError):
    """Training stopped because a number was none any more."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A step, with the arrays before it, and those after it."""

    step: int
    arrays: Arrays
    after: Arrays


def diagnose(
    problem: Problem, stepper: Stepper, rate: float, order: NDArray[np.int64], copy: Copy, epoch: int
) -> DivergedError:
    """The error for a run whose loss or parameters are not finite; the arrays are those before the step at fault."""
    place = _step_at_fault(problem, stepper, rate, order, copy)
    _restore(stepper, place.arrays)
    chosen = order[place.step * stepper.batch : (place.step + 1) * stepper.batch]
    where = f"in step {place.step + 1:,} of epoch {epoch + 1}"
    first, kind = _first_at_fault(problem, stepper, rate, place, chosen) or _seen(problem, place)
    largest, size = _largest(problem, place.arrays)
    grown = f"; before it, the largest entry of {largest} was {size:.3g}" if size > _GROWN else ""
    message = f"training stopped being finite {where}: {first} is the first to be {kind}{grown}"
    advice = _advice(stepper, size, rate)
    return DivergedError((Diagnostic("GS830", message, None, problem.sheet.source, None, advice),))


def _advice(stepper: Stepper, size: float, rate: float) -> str:
    if size > _GROWN:
        return f"take shorter steps: --rate {rate / 10:g}, or --clip 1; or standardise the data"
    other = ", or compute in float64" if stepper.precision == "float32" else ""
    return f"look at the logarithms, quotients and powers behind it, and at the rows of that step{other}"


def _step_at_fault(
    problem: Problem, stepper: Stepper, rate: float, order: NDArray[np.int64], copy: Copy
) -> _Place:
    """The first step after which something is not finite; steps are done again from the copy, in the same stretches."""
    data, constants = problem.dataset.arrays, problem.constants
    _restore(stepper, copy.arrays)
    held, at = copy.arrays, copy.step
    for done in stepper.run(data, constants, rate, order, copy.step):
        if not _finite(stepper):
            break
        held, at = {n: a.copy() for n, a in stepper.arrays.items()}, done
    _restore(stepper, held)
    before, step = held, at
    last = min(at + stepper.stretch, stepper.steps_of(len(order)))
    for step in range(at, last):
        before = {n: a.copy() for n, a in stepper.arrays.items()}
        stepper.advance(data, constants, rate, order, step, 1)
        if not _finite(stepper):
            break
    return _Place(step, before, {n: a.copy() for n, a in stepper.arrays.items()})


def _restore(stepper: Stepper, arrays: Arrays) -> None:
    for name, array in stepper.arrays.items():
        array[...] = arrays[name]


def _finite(stepper: Stepper) -> bool:
    return all(bool(np.isfinite(a).all()) for a in stepper.arrays.values())


def _first_at_fault(
    problem: Problem, stepper: Stepper, rate: float, place: _Place, chosen: NDArray[np.int64]
) -> tuple[str, str] | None:
    """The first definition, derivative or new value that is not finite for some rows, and what it is instead.

    None where the equations, carried out as they are written in float64, stay finite.
    """
    rows = None if problem.whole else len(chosen)
    request = replace(stepper.request, rows=rows, wanted=("update",), rules=tuple(problem.rules.rules))
    program = lower(problem.derivation, request, after="rows")
    taken = {n: np.asarray(problem.dataset.arrays[n][chosen]) for n in problem.data}
    given: dict[str, Any] = {**place.arrays, **problem.constants, problem.rules.rate.name: np.asarray(rate), **taken}
    with np.errstate(all="ignore"):
        found = evaluate(program, {a.symbol: given[name_of(a)] for a in program.arguments})
    largest = float(np.finfo(stepper.precision).max)
    for assign in program.assigns:
        value = found[assign.target]
        if np.isnan(value).any():
            return _called(assign.target.name), "not a number"
        if (np.abs(value) > largest).any():
            return _called(assign.target.name), "infinite"
    return None


def _called(name: str) -> str:
    return f"the new value of {name[:-1]}" if name.endswith("⁺") else name


def _seen(problem: Problem, place: _Place) -> tuple[str, str]:
    """What the compiled step itself shows: it adds in another order, in fewer digits."""
    objective = problem.sheet.objective
    assert objective is not None
    loss = problem.rules.loss.name
    for name in sorted(place.after, key=lambda n: n != loss):
        array = place.after[name]
        if not np.isfinite(array).all():
            called = objective.symbol.name if name == loss else f"the new value of {name}"
            return called, "not a number" if np.isnan(array).any() else "infinite"
    return objective.symbol.name, "beyond what can be added up"


def _largest(problem: Problem, arrays: Arrays) -> tuple[str, float]:
    names = [p.name for p in problem.sheet.parameters]
    sizes = {
        n: float(np.abs(a).max())
        for n, a in arrays.items()
        if a.size and any(n == name or n.startswith(f"{name}[") for name in names)
    }
    name = max(sizes, key=sizes.__getitem__)
    return name, sizes[name]


__all__ = ["Copy", "DivergedError", "diagnose"]
