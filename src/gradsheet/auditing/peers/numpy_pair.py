"""(forward, backward) in NumPy: what backward takes is told by the names of its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gradsheet.auditing.peers.model import (
    Answer,
    Array,
    Description,
    NotComparableError,
    Returned,
    as_array,
    fit,
    strided,
)
from gradsheet.auditing.peers.signatures import parameters_of
from gradsheet.auditing.peers.tracing import problem_of
from gradsheet.records import dataclass
from gradsheet.syntax import canonical_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.auditing.peers.model import Layout, Request

KIND = "NumPy pair"
SAVED: Final = frozenset({"cache", "context", "ctx", "memo", "residuals", "res", "saved", "state"})
"""What people call the values that a forward pass keeps for its backward pass."""


@dataclass(frozen=True, slots=True)
class _Need:
    """What one parameter of the backward takes."""

    kind: str
    place: int = 0


class NumpyPair:
    """forward(x, w, …) gives outputs, or outputs and what it saved; backward(…) gives one gradient for each input.

    A parameter of the backward is matched by its name: an input of the forward, `saved` and its like, an output; what
    is left are the upstream gradients, in the order of the outputs. Gradients are a tuple in the order of the inputs,
    or a dict by their names.
    """

    def __init__(self, forward: Any, backward: Any, name: str, file: str | None = None) -> None:
        self.forward, self.backward, self.file = forward, backward, file
        self.parameters, variadic = parameters_of(forward, skip=0)
        self.takes, self.takes_any = parameters_of(backward, skip=0)
        layouts: tuple[Layout, ...] = ("plain", "strided inputs", "strided upstream")
        self.description = Description(KIND, name, self.parameters, layouts, variadic)

    def call(self, request: Request) -> Answer:
        """Forward, then backward on what it gave."""
        answer = Answer()
        given = [self._given(a.value, with_gaps=request.layout == "strided inputs") for a in request.arguments]
        before = [v.copy() if isinstance(v, np.ndarray) else None for v in given]
        try:
            outputs, saved = self._outputs(self.forward(*given), request)
            answer.outputs = [_floats(o, "an output") for o in outputs]
            answer.dtypes = [str(np.asarray(o).dtype) for o in outputs]
        except Exception as error:  # noqa: BLE001 - whatever the author's code raises is an answer
            answer.problem = problem_of(error, "forward", self.file)
            return answer
        if not request.upstream or not fit(request.upstream, outputs):
            return answer
        upstream = [
            self._given(np.asarray(u).reshape(np.shape(o)), with_gaps=request.layout == "strided upstream")
            for u, o in zip(request.upstream, outputs, strict=True)
        ]
        sent = [np.array(u) for u in upstream]
        try:
            for number in range(2 if request.again else 1):
                taken = [u if u.ndim else float(u) for u in upstream]
                raw = self.backward(*self._arguments(request, given, outputs, saved, taken))
                found = self._gradients(raw, request)
                if number == 0:
                    answer.returned = [_returned(g) for g in found]
                    self._changes(request, given, before, zip(upstream, sent, strict=True), answer)
                    for now, then in zip(upstream, sent, strict=True):
                        now[...] = then
                if len(found) == len(given):
                    target = answer.gradients if number == 0 else answer.again
                    target.extend(None if g is None else _floats(g, "a gradient") for g in found)
        except Exception as error:  # noqa: BLE001 - the same
            problem = problem_of(error, "backward", self.file)
            answer.problem, answer.again_problem = (None, problem) if answer.returned else (problem, None)
        if not answer.gradients:
            answer.gradients = [None] * len(given)
        return answer

    @staticmethod
    def _given(value: Any, *, with_gaps: bool) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        return strided(value) if with_gaps else value.copy()

    def _outputs(self, result: Any, request: Request) -> tuple[list[Any], Any]:
        """The outputs, and what was saved: everything that comes after them, one thing or a tuple."""
        count = len(request.names)
        parts = list(result) if isinstance(result, tuple | list) else [result]
        if len(parts) < count:
            raise NotComparableError(f"{len(parts)} output(s), and {count} are expected")
        rest = parts[count:]
        return parts[:count], rest[0] if len(rest) == 1 else tuple(rest)

    def _arguments(
        self, request: Request, given: Sequence[Any], outputs: Sequence[Any], saved: Any, upstream: Sequence[Any]
    ) -> list[Any]:
        inputs = {a.parameter: k for k, a in enumerate(request.arguments)}
        results = {canonical_key(name): k for k, name in enumerate(request.names)}
        needs: list[_Need] = []
        open_: list[int] = []
        for parameter in self.takes:
            if parameter.name in inputs:
                needs.append(_Need("input", inputs[parameter.name]))
            elif parameter.name in SAVED:
                needs.append(_Need("saved"))
            elif canonical_key(parameter.name) in results:
                needs.append(_Need("output", results[canonical_key(parameter.name)]))
            elif parameter.required:
                open_.append(len(needs))
                needs.append(_Need("upstream", len(open_) - 1))
        if self.takes_any and not open_:
            return [saved, *upstream]
        if len(open_) != len(upstream):
            names = ", ".join(self.takes[k].name for k in open_) or "none of its parameters"
            raise NotComparableError(
                f"the backward takes an upstream gradient for each output ({len(upstream)}), and {names} would be that"
            )
        source: dict[str, Sequence[Any]] = {"input": given, "output": outputs, "upstream": upstream, "saved": [saved]}
        return [source[need.kind][need.place] for need in needs]

    def _gradients(self, raw: Any, request: Request) -> list[Any]:
        if isinstance(raw, dict):
            names = {a.parameter for a in request.arguments}
            strange = [str(name) for name in raw if name not in names]
            if strange:
                raise NotComparableError(f"the backward returns a gradient for {', '.join(strange)}, which is no input")
            return [raw.get(a.parameter) for a in request.arguments]
        parts = list(raw) if isinstance(raw, tuple | list) else [raw]
        wanted = [k for k, a in enumerate(request.arguments) if a.wanted]
        if len(parts) != len(request.arguments) and len(parts) == len(wanted):
            found: list[Any] = [None] * len(request.arguments)
            for place, part in zip(wanted, parts, strict=True):
                found[place] = part
            return found
        return parts

    @staticmethod
    def _changes(request: Request, given: Sequence[Any], before: Sequence[Any], upstream: Any, answer: Answer) -> None:
        for argument, now, then in zip(request.arguments, given, before, strict=True):
            if then is not None and not np.array_equal(now, then):
                answer.changed.append(argument.parameter)
        for name, (now, then) in zip(request.names, upstream, strict=True):
            if not np.array_equal(now, then):
                answer.changed.append(f"upstream {name}")


def _floats(value: Any, what: str) -> Array:
    array = as_array(value, what)
    return np.array(array, dtype=np.float64) if array.dtype.kind == "f" else array.copy()


def _returned(value: Any) -> Returned:
    if value is None:
        return Returned(None, "None")
    array = as_array(value, "a gradient")
    return Returned(array.shape, str(array.dtype), np.array(array, dtype=np.float64))
