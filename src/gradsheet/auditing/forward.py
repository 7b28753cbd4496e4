"""The outputs against the sheet's, and where they differ whether the backward pass fits the function's own forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.auditing import closeness
from gradsheet.auditing.contract import refusal
from gradsheet.auditing.model import Compared, Slip
from gradsheet.auditing.points import request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.auditing.contract import Contract
    from gradsheet.auditing.peers import Answer, Array, Peer
    from gradsheet.auditing.points import Point
    from gradsheet.expressions import Symbol

    Seen = tuple[Point, Mapping[Symbol, Array], Answer, Mapping[Symbol, float]]

_STEP = 1e-5
_FITS = 1e-6


def judge_forward(peer: Peer, contract: Contract, seen: Sequence[Seen]) -> list[Compared]:
    """Each output at every point."""
    return [_judged(peer, contract, seen, place, output) for place, output in enumerate(contract.outputs)]


def _judged(peer: Peer, contract: Contract, seen: Sequence[Seen], place: int, output: Symbol) -> Compared:
    result = Compared(output.name, "agrees")
    truths = [truth[output] for _, truth, _, _ in seen]
    found = [np.asarray(answer.outputs[place], dtype=np.float64) for _, _, answer, _ in seen]
    for claim, truth in zip(found, truths, strict=True):
        if claim.size != truth.size:
            shapes = f"'{output.name}' has the shape {_shape(claim)}, and the sheet's has {_shape(truth)}"
            way = "--outputs names what the function returns"
            raise refusal("GS907", f"the output {shapes}", peer.description.name, way)
    if any(f.shape != t.shape for f, t in zip(found, truths, strict=True)):
        result.note = f"of the shape {_shape(found[0])} where the sheet has {_shape(truths[0])}"
    found = [f.reshape(t.shape) for f, t in zip(found, truths, strict=True)]
    allowed = [a[output] for _, _, _, a in seen]
    errors = [closeness.relative(f, t) for f, t in zip(found, truths, strict=True)]
    result.digits = closeness.digits(errors)
    if all(closeness.close(f, t, a) for f, t, a in zip(found, truths, allowed, strict=True)):
        return result
    note = closeness.imprecise(found, truths, seen[0][2].dtypes)
    if note is not None:
        result.verdict, result.note = "imprecise", note
        return result
    result.verdict = "differs"
    worst = int(np.argmax([e if np.isfinite(e) else np.inf for e in errors]))
    rows = [1] if output in seen[worst][0].stacked else []
    lows = rows + [seen[worst][0].sizes.evaluate(axis.low) or 0 for axis in output.axes]
    result.difference = closeness.difference(found[worst], truths[worst], allowed[worst], lows)
    result.slip = Slip("forward", _said(peer, contract, seen[0][0], _ratio(found, truths, output, seen)))
    return result


def _ratio(found: Sequence[Array], truths: Sequence[Array], output: Symbol, seen: Sequence[Seen]) -> str:
    """`1/N times that of the sheet`, where the ratio is a size."""
    sizes = seen[0][0].sizes.values
    ratios = []
    for claim, truth in zip(found, truths, strict=True):
        at = np.unravel_index(int(np.argmax(np.abs(truth))), truth.shape)
        ratio = float(claim[at] / truth[at]) if truth[at] else 0.0
        if not ratio or not closeness.close(claim, ratio * truth, 1e-6 * abs(ratio) * closeness.scale(truth)):
            return ""
        ratios.append(ratio)
    for size in (s for s in sizes if s.literal is None):
        for power, text in ((-1, f"1/{size.name}"), (1, size.name)):
            numbers = [float(point.sizes.values[size]) ** power for point, *_ in seen]
            if np.allclose(numbers, ratios, rtol=1e-6):
                kind = "a mean for a sum" if power < 0 else "a sum for a mean"
                return f"{output.name} is {text} times that of the sheet, {kind}; "
    if np.allclose(ratios, ratios[0], rtol=1e-6):
        return f"{output.name} is {ratios[0]:.6g} times that of the sheet; "
    return ""


def _said(peer: Peer, contract: Contract, point: Point, ratio: str) -> str:
    fits = _fits(peer, contract, point)
    if fits is None:
        return f"{ratio}the forward pass computes something else than the sheet"
    if fits:
        return (f"{ratio}the forward pass computes something else than the sheet, and the backward pass is that of "
                "the function's own forward")  # fmt: skip
    return f"{ratio}the forward pass computes something else than the sheet, and the backward pass fits neither"


def _fits(peer: Peer, contract: Contract, point: Point) -> bool | None:
    """⟨g, d⟩ against (φ(x + h d) − φ(x − h d))/2h, where φ is the function's own output under the upstream gradient."""
    rng = np.random.default_rng(3)
    answer = peer.call(request(contract, point))
    if answer.problem is not None:
        return None
    slope, moved = 0.0, {}
    for bound, gradient in zip(contract.arguments, answer.gradients, strict=False):
        if bound.symbol is not None and gradient is not None and gradient.shape == point.values[bound.symbol].shape:
            moved[bound.symbol] = rng.uniform(-1, 1, gradient.shape)
            slope += float(np.sum(gradient * moved[bound.symbol]))
    ends: list[float] = []
    for sign in (1, -1):
        shifted = {s: point.values[s] + sign * _STEP * d for s, d in moved.items()}
        near = peer.call(request(contract, point.with_values(shifted)))
        if near.problem is not None:
            return None
        ends.append(_paired(near.outputs, point, contract))
    difference = (ends[0] - ends[1]) / (2 * _STEP)
    return bool(abs(difference - slope) <= _FITS * (abs(difference) + abs(slope)) + 1e-9)


def _paired(outputs: Sequence[Any], point: Point, contract: Contract) -> float:
    return sum(
        float(np.sum(np.reshape(value, np.shape(point.upstream[o])) * point.upstream[o]))
        for o, value in zip(contract.outputs, outputs, strict=False)
    )


def _shape(array: Array) -> str:
    return "×".join(map(str, array.shape)) or "scalar"
