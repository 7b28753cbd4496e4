"""What runs where there is no compiler: the same program, carried out by NumPy, with the same functions to call."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from gradsheet.native.places import shape
from gradsheet.programs.reference import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gradsheet.expressions import Symbol
    from gradsheet.native.buffers import Plan

NOTICE = "llvmlite is not installed, so NumPy carries out the program, more slowly: pip install 'gradsheet[native]'"


def say_so() -> None:
    """One line on standard error that nothing was compiled."""
    warnings.warn(NOTICE, RuntimeWarning, stacklevel=2)


class Interpreted:
    """`step` and `epoch` of a planned program, called like those of compiled code."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._functions: dict[str, Callable[..., None]] = {"step": self._step, "epoch": self._epoch}

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    def __getitem__(self, name: str) -> Callable[..., None]:
        return self._functions[name]

    def _step(self, *arrays: NDArray[Any]) -> None:
        self._carry_out(dict(zip(self._plan.given, arrays, strict=False)))

    def _epoch(self, *given: Any) -> None:
        """Arrays in the order of the plan, then the workspace, the number of steps, and a flag to stop."""
        *arrays, _workspace, steps, stop = given
        rows = {a.symbol for a in self._plan.program.arguments if a.part == "data"}
        for step in range(steps):
            held = {
                s: array[step * shape(s)[0] : (step + 1) * shape(s)[0]] if s in rows else array
                for s, array in zip(self._plan.given, arrays, strict=True)
            }
            self._carry_out(held)
            if stop[0]:
                return

    def _carry_out(self, held: dict[Symbol, NDArray[Any]]) -> None:
        program = self._plan.program
        found = evaluate(program, {a.symbol: held[a.symbol] for a in program.arguments})
        for result in program.results:
            held[self._plan.same.get(result.symbol, result.symbol)][...] = found[result.symbol]


__all__ = ["NOTICE", "Interpreted", "say_so"]
