"""A `jax.custom_vjp` function: its own value, and the pullback that `jax.vjp` makes of its rules, in float64."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.auditing.peers.model import Answer, Description, NotComparableError, Returned, as_array, fit
from gradsheet.auditing.peers.signatures import parameters_of
from gradsheet.auditing.peers.tracing import problem_of

if TYPE_CHECKING:
    from gradsheet.auditing.peers.model import Array, Request

KIND = "jax.custom_vjp"


class JaxFunction:
    """A function with a rule of its own for the pullback; `called` may wrap it, as `jax.jit` does."""

    def __init__(self, called: Any, rules: Any, name: str, file: str | None = None) -> None:
        self.jax: Any = importlib.import_module("jax")
        self.called, self.rules, self.file = called, rules, file
        parameters, variadic = parameters_of(rules.fun, skip=0)
        self.description = Description(KIND, name, parameters, ("plain",), variadic)

    def call(self, request: Request) -> Answer:
        """The value by the function itself, the gradients by its rules."""
        answer = Answer()
        with self._in_float64():
            self._call(request, answer)
        return answer

    def _in_float64(self) -> Any:
        """The context in which JAX has float64; younger versions have it at their top."""
        home = self.jax if hasattr(self.jax, "enable_x64") else importlib.import_module("jax.experimental")
        return home.enable_x64(True)  # noqa: FBT003 - the framework's own order

    def _call(self, request: Request, answer: Answer) -> None:
        jax = self.jax
        given = [jax.numpy.asarray(a.value) if isinstance(a.value, np.ndarray) else a.value for a in request.arguments]
        wanted = [k for k, a in enumerate(request.arguments) if a.wanted]

        def function(*moved: Any) -> Any:
            everything = list(given)
            for place, value in zip(wanted, moved, strict=True):
                everything[place] = value
            return self.called(*everything)

        moved = [given[k] for k in wanted]
        try:
            plain = self._outputs(function(*moved), request)
            answer.outputs = [self._array(o, "an output") for o in plain]
            answer.dtypes = [str(o.dtype) for o in plain]
            if not request.upstream or not wanted or not fit(request.upstream, plain):
                return
            whole, pullback = jax.vjp(function, *moved)
            ruled = self._outputs(whole, request)
        except Exception as error:  # noqa: BLE001 - whatever the author's code raises is an answer
            answer.problem = problem_of(error, "forward", self.file)
            return
        for name, a, b in zip(request.names, plain, ruled, strict=True):
            if a.shape != b.shape or not np.allclose(a, b, rtol=1e-9, atol=1e-12):
                answer.notes.append(f"the rule for the forward pass gives another {name} than the function itself")
        answer.gradients = [None] * len(given)
        try:
            found = pullback(self._cotangents(whole, ruled, request))
            for place, gradient in zip(wanted, found, strict=True):
                answer.gradients[place] = self._array(gradient, "a gradient")
        except Exception as error:  # noqa: BLE001 - the same
            answer.problem = problem_of(error, "backward", self.file)
        answer.returned = self._returned(given, whole, ruled, request)

    def _outputs(self, whole: Any, request: Request) -> list[Any]:
        parts = list(whole) if isinstance(whole, tuple | list) else [whole]
        if len(parts) < len(request.names):
            raise NotComparableError(f"{len(parts)} output(s), and {len(request.names)} are expected")
        return [self.jax.numpy.asarray(p) for p in parts[: len(request.names)]]

    def _cotangents(self, whole: Any, ruled: list[Any], request: Request) -> Any:
        parts = [
            self.jax.numpy.asarray(u).reshape(o.shape).astype(o.dtype)
            for u, o in zip(request.upstream, ruled, strict=True)
        ]
        if not isinstance(whole, tuple | list):
            return parts[0]
        rest = [self.jax.numpy.zeros_like(o) for o in list(whole)[len(parts) :]]
        return type(whole)([*parts, *rest])

    @staticmethod
    def _array(value: Any, what: str) -> Array:
        array = np.array(value)
        if array.dtype.name == "bfloat16":
            array = array.astype(np.float64)
        found = as_array(array, what)
        return found.astype(np.float64) if found.dtype.kind == "f" else found

    def _returned(self, given: list[Any], whole: Any, ruled: list[Any], request: Request) -> list[Returned] | None:
        """What the rule itself returns, which JAX then checks; None where it cannot be asked alone."""
        fixed = [given[k] for k in self.rules.nondiff_argnums]
        try:
            _, residuals = self.rules.fwd(*given)
            raw = self.rules.bwd(*fixed, residuals, self._cotangents(whole, ruled, request))
            parts = list(raw) if isinstance(raw, tuple | list) else [raw]
            open_ = [k for k in range(len(given)) if k not in self.rules.nondiff_argnums]
            if len(parts) != len(open_):
                return [self._one(p) for p in parts]
            found = [Returned(None, "None")] * len(given)
            for place, part in zip(open_, parts, strict=True):
                found[place] = self._one(part)
        except Exception:  # noqa: BLE001 - the engine's own answer stands
            return None
        return found

    def _one(self, part: Any) -> Returned:
        if part is None or getattr(part, "dtype", None) == self.jax.dtypes.float0:
            return Returned(None, "None")
        value = self._array(part, "a gradient")
        return Returned(value.shape, str(getattr(part, "dtype", "float64")), value)
