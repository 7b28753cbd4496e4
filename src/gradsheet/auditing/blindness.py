"""Where a wrong gradient agrees all the same: circumstances under which a test does not see the fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradsheet.auditing.closeness import close, scale
from gradsheet.auditing.points import request
from gradsheet.evaluation import UndefinedValueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.auditing.peers import Array, Peer
    from gradsheet.auditing.points import Point
    from gradsheet.auditing.slips import Scene
    from gradsheet.expressions import Symbol

_LOOSE = 1e-7


def blind_spots(peer: Peer, scene: Scene) -> dict[Symbol, tuple[str, ...]]:
    """For each gradient that differs, the circumstances under which it does not."""
    found: dict[Symbol, list[str]] = {s: [] for s in scene.wrong}
    for sentence, point in _circumstances(scene):
        try:
            values = scene.truth.at(point)
        except UndefinedValueError:
            continue
        answer = peer.call(request(scene.contract, point))
        if answer.problem is not None:
            continue
        for place, bound in enumerate(scene.contract.arguments):
            symbol = bound.symbol
            if symbol is None or symbol not in found:
                continue
            claim, truth = answer.gradients[place], values.gradients[symbol]
            # A gradient that is 0 there would agree with any other that is.
            if claim is not None and scale(truth) > 1e-6 and close(claim, truth, _LOOSE * scale(truth)):
                found[symbol].append(sentence)
    return {s: tuple(sentences) for s, sentences in found.items() if sentences}


def _circumstances(scene: Scene) -> Iterator[tuple[str, Point]]:
    point = scene.points[0]
    ones = {o: np.ones_like(u) for o, u in point.upstream.items()}
    single = all(not np.ndim(u) for u in point.upstream.values())
    which = "the upstream gradient is 1" if single else "every entry of the upstream gradient is 1"
    yield which, point.with_upstream(ones)
    if not single:
        sums = {o: _to_one(u) if u.ndim else u for o, u in point.upstream.items()}
        yield "the upstream gradient is positive and sums to one along its last axis", point.with_upstream(sums)
    arrays = [s for s in scene.contract.wanted if s.axes and s.domain.kind == "real"]
    if arrays:
        equal = {s: np.full_like(point.values[s], 0.4 + 0.1 * k) for k, s in enumerate(arrays)}
        yield "all entries of an input are equal", point.with_values(equal)
    for symbol in [s for s in point.values if s.axes and s.domain.kind == "real"]:
        held = point.values[symbol]
        if held.shape[-1] > 1:
            sentence = f"the entries of {symbol.name} are positive and sum to one along its last axis"
            yield sentence, point.with_values({symbol: _to_one(held)})


def _to_one(held: Array) -> Array:
    """Positive entries that sum to one along the last axis."""
    rows: Array = np.abs(held) / np.abs(held).sum(axis=-1, keepdims=True)
    return rows
