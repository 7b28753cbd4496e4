"""A `torch.autograd.Function`: called through `apply` and the engine, with what its backward returned looked at."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.auditing.peers.model import (
    Answer,
    Array,
    Description,
    NotComparableError,
    Returned,
    as_array,
    fit,
)
from gradsheet.auditing.peers.signatures import parameters_of
from gradsheet.auditing.peers.tracing import problem_of

if TYPE_CHECKING:
    from gradsheet.auditing.peers.model import Argument, Layout, Request

KIND = "torch.autograd.Function"


class TorchFunction:
    """A subclass of `torch.autograd.Function`, with its own backward."""

    def __init__(self, function: Any, name: str, file: str | None = None) -> None:
        self.torch: Any = importlib.import_module("torch")
        self.function = function
        self.file = file
        self.seen: list[Any] = []
        self.recording = self._recording()
        parameters, variadic = parameters_of(function.forward, skip=0 if self._separate() else 1)
        layouts: tuple[Layout, ...] = ("plain", "strided inputs", "strided upstream", "expanded upstream")
        self.description = Description(KIND, name, parameters, layouts, variadic)

    def _separate(self) -> bool:
        """Whether the context is set up apart from the forward pass, which then has no `ctx`."""
        base = self.torch.autograd.Function
        return getattr(self.function, "setup_context", None) is not base.setup_context

    def _recording(self) -> Any:
        """The same function; what its backward returns is kept before the engine checks and casts it."""
        base = self.torch.autograd.Function
        backward = self.function.backward
        if backward is base.backward:
            backward = self.function.vjp

        def recorded(*given: Any) -> Any:
            result = backward(*given)
            self.seen.append(result)
            return result

        return type(self.function.__name__, (self.function,), {"backward": staticmethod(recorded)})

    def call(self, request: Request) -> Answer:
        """Forward and backward through autograd."""
        answer = Answer()
        self.seen.clear()
        with self.torch.enable_grad():
            try:
                self._call(request, answer)
            except NotComparableError as error:
                answer.problem = problem_of(error, "backward", self.file)
        return answer

    def _call(self, request: Request, answer: Answer) -> None:
        torch = self.torch
        given = [self._tensor(a, strided=request.layout == "strided inputs") for a in request.arguments]
        before = {a.parameter: t.detach().clone() for a, t in self._tensors(request, given)}
        try:
            result = self.recording.apply(*given)
            outputs = list(result) if isinstance(result, tuple | list) else [result]
            chosen = self._chosen(outputs, request)
            answer.outputs = [self._array(o, "an output") for o in chosen]
            answer.dtypes = [str(o.dtype).removeprefix("torch.") for o in chosen]
        except Exception as error:  # noqa: BLE001 - whatever the author's code raises is an answer
            answer.problem = problem_of(error, "forward", self.file)
            return
        leaves = [t for a, t in zip(request.arguments, given, strict=True) if a.wanted]
        if not request.upstream or not leaves or not fit(request.upstream, chosen):
            return
        answer.gradients = [None] * len(given)
        if not any(o.requires_grad for o in chosen):
            answer.notes.append("no output depends on an input that has a gradient")
            return
        upstream = [self._upstream(u, o, request.layout) for u, o in zip(request.upstream, chosen, strict=True)]
        sent = [u.clone() for u in upstream]
        live = [(o, u) for o, u in zip(chosen, upstream, strict=True) if o.requires_grad]
        rounds = []
        try:
            for _ in range(2 if request.again else 1):
                found = torch.autograd.grad(
                    [o for o, _ in live], leaves, [u for _, u in live], retain_graph=True, allow_unused=True
                )
                rounds.append([None if g is None else self._array(g, "a gradient") for g in found])
                if len(rounds) == 1:
                    self._changes(request, given, before, zip(upstream, sent, strict=True), answer)
                    for u, s in zip(upstream, sent, strict=True):
                        if request.layout != "expanded upstream":
                            u.copy_(s)
        except Exception as error:  # noqa: BLE001 - the same
            found_problem = problem_of(error, "backward", self.file)
            answer.problem, answer.again_problem = (None, found_problem) if rounds else (found_problem, None)
        answer.returned = self._returned(len(given))
        places = [k for k, a in enumerate(request.arguments) if a.wanted]
        for number, found in enumerate(rounds):
            target = answer.gradients if number == 0 else answer.again
            if number:
                target.extend([None] * len(given))
            for place, gradient in zip(places, found, strict=True):
                target[place] = gradient

    def _chosen(self, outputs: list[Any], request: Request) -> list[Any]:
        """The outputs that are compared: the first ones."""
        if len(outputs) < len(request.names):
            raise NotComparableError(f"{len(outputs)} output(s), and {len(request.names)} are expected")
        for output in outputs[: len(request.names)]:
            if not isinstance(output, self.torch.Tensor):
                raise NotComparableError(f"an output is a {type(output).__name__}, not a tensor")
        return outputs[: len(request.names)]

    def _changes(self, request: Request, given: list[Any], before: Any, upstream: Any, answer: Answer) -> None:
        torch = self.torch
        for argument, tensor in self._tensors(request, given):
            if not torch.equal(tensor.detach(), before[argument.parameter]):
                answer.changed.append(argument.parameter)
        for name, (now, then) in zip(request.names, upstream, strict=True):
            if not torch.equal(now, then):
                answer.changed.append(f"upstream {name}")

    def _tensors(self, request: Request, given: list[Any]) -> list[tuple[Argument, Any]]:
        return [
            (a, t) for a, t in zip(request.arguments, given, strict=True) if isinstance(t, self.torch.Tensor)
        ]

    def _tensor(self, argument: Argument, *, strided: bool) -> Any:
        value = argument.value
        if not isinstance(value, np.ndarray):
            return value
        tensor = self.torch.from_numpy(np.ascontiguousarray(value).reshape(value.shape).copy())
        if strided and tensor.ndim:
            tensor = self._with_gaps(tensor)
        return tensor.requires_grad_(requires_grad=True) if argument.wanted else tensor

    def _with_gaps(self, tensor: Any) -> Any:
        wide = self.torch.zeros((*tensor.shape[:-1], 2 * tensor.shape[-1] + 1), dtype=tensor.dtype)
        view = wide[..., :-1:2]
        view.copy_(tensor)
        return view.detach()

    def _upstream(self, value: Array, output: Any, layout: str) -> Any:
        tensor = self.torch.from_numpy(np.array(value, dtype=np.float64))
        if layout == "expanded upstream":
            return tensor.reshape(-1)[0].to(output.dtype).expand(output.shape)
        tensor = tensor.reshape(output.shape).to(output.dtype)
        return self._with_gaps(tensor) if layout == "strided upstream" and tensor.ndim else tensor

    def _array(self, tensor: Any, what: str) -> Array:
        if tensor.is_sparse:
            tensor = tensor.to_dense()
        tensor = tensor.detach()
        if tensor.is_floating_point():
            tensor = tensor.to(self.torch.float64)
        return as_array(tensor.cpu().resolve_conj().numpy().copy(), what)

    def _returned(self, count: int) -> list[Returned] | None:
        if not self.seen:
            return None
        raw = self.seen[0]
        parts = list(raw) if isinstance(raw, tuple | list) else [raw]
        found = []
        for part in parts:
            if not isinstance(part, self.torch.Tensor):
                found.append(Returned(None, "None" if part is None else type(part).__name__))
                continue
            value = self._array(part, "a gradient") if part.is_floating_point() else None
            found.append(Returned(tuple(part.shape), str(part.dtype).removeprefix("torch."), value))
        return found if len(found) == count or not self._only_trailing_nones(found, count) else found[:count]

    @staticmethod
    def _only_trailing_nones(found: list[Returned], count: int) -> bool:
        return len(found) > count and all(r.dtype == "None" for r in found[count:])
