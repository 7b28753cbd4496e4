"""G at another ȳ: the upstream gradient ignored, its first entry for all, rows of the batch left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradsheet.auditing.model import Slip
from gradsheet.auditing.slips.scene import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gradsheet.auditing.peers import Array
    from gradsheet.auditing.slips.scene import Scene
    from gradsheet.expressions import Symbol

    Change = Callable[[Array], Array]


def of_upstream(scene: Scene) -> Iterator[Candidate]:
    """Every way of reading the upstream gradient wrong."""
    for output in scene.contract.outputs:
        name = scene.upstream_name(output)
        for sentence, kind, change in _changes(name, np.ndim(scene.points[0].upstream[output]), output):
            yield Candidate(_said(kind, sentence), _prediction(scene, output, change))
        for index in scene.points[0].values:
            if index.is_integer and index.rank == 1 and output.axes and index.axes[0].range == output.axes[0].range:
                said = f"where {index.name} names an entry twice, only the last gradient counts: it is not added up"
                yield Candidate(_said("index", said), _last_of_each(scene, output, index))
    if len(scene.contract.outputs) > 1:
        everything = "the upstream gradients are ignored: the gradient is that of the sum of the outputs"
        yield Candidate(_said("upstream", everything), _all_ones(scene))


def _said(kind: str, sentence: str) -> Callable[[], Slip]:
    return lambda: Slip(kind, sentence)


def _prediction(scene: Scene, output: Symbol, change: Change) -> Callable[[int], Mapping[Symbol, Array] | None]:
    def predict(at: int) -> Mapping[Symbol, Array] | None:
        point = scene.points[at]
        changed = change(np.asarray(point.upstream[output]))
        found = scene.truth.attempt(point.with_upstream({**point.upstream, output: changed}), {})
        return None if found is None else found.gradients

    return predict


def _last_of_each(scene: Scene, output: Symbol, index: Symbol) -> Callable[[int], Mapping[Symbol, Array] | None]:
    def predict(at: int) -> Mapping[Symbol, Array] | None:
        point = scene.points[at]
        named = point.values[index].tolist()
        changed = np.array(point.upstream[output])
        changed[[k for k, name in enumerate(named) if name in named[k + 1 :]]] = 0
        found = scene.truth.attempt(point.with_upstream({**point.upstream, output: changed}), {})
        return None if found is None else found.gradients

    return predict


def _all_ones(scene: Scene) -> Callable[[int], Mapping[Symbol, Array] | None]:
    def predict(at: int) -> Mapping[Symbol, Array] | None:
        point = scene.points[at]
        ones = {o: np.ones_like(u) for o, u in point.upstream.items()}
        found = scene.truth.attempt(point.with_upstream(ones), {})
        return None if found is None else found.gradients

    return predict


def _changes(name: str, rank: int, output: Symbol) -> Iterator[tuple[str, str, Change]]:
    yield f"{name} is ignored: it is taken as 1", "upstream", np.ones_like
    yield f"{name} enters twice", "upstream", np.square
    yield f"{name} is left out: nothing comes from {output.name}", "upstream", np.zeros_like
    if not rank:
        return
    yield f"only the first entry of {name} is used, for all", "upstream", lambda u: np.full_like(u, u.reshape(-1)[0])
    yield f"only the last entry of {name} is used, for all", "upstream", lambda u: np.full_like(u, u.reshape(-1)[-1])
    yield f"the mean of {name} is used for all its entries", "upstream", lambda u: np.full_like(u, u.mean())
    yield f"the sum of {name} is used for each of its entries", "upstream", lambda u: np.full_like(u, u.sum())
    letters = _letters(rank)
    for axis in range(rank):
        where = f"along {letters[axis]}" if rank > 1 else ""
        if rank > 1:
            yield (f"{name} is read at the first {letters[axis]} only", "upstream", _first_along(axis))
            yield (f"the mean of {name} {where} is used", "upstream", _mean_along(axis))
        for sentence, keep in (
            ("only the first {} counts: the sum over it is missing", slice(1, None)),
            ("only the last {} counts: the sum over it is missing", slice(None, -1)),
            ("the last {} is left out of the sum", slice(-1, None)),
            ("the first {} is left out of the sum", slice(0, 1)),
        ):
            yield (sentence.format(f"{letters[axis]} of {name}"), "missing sum", _without(axis, keep))
    if rank == 2:
        yield f"{name} is read in the order of its transpose", "layout", lambda u: u.T.reshape(u.shape)


def _letters(rank: int) -> list[str]:
    """What to call the axes: row and column, or by number."""
    if rank == 1:
        return ["entry"]
    return ["row", "column"] if rank == 2 else [f"index {k + 1}" for k in range(rank)]


def _first_along(axis: int) -> Change:
    return lambda u: np.broadcast_to(np.take(u, [0], axis=axis), u.shape).copy()


def _mean_along(axis: int) -> Change:
    return lambda u: np.broadcast_to(u.mean(axis=axis, keepdims=True), u.shape).copy()


def _without(axis: int, left_out: slice) -> Change:
    def change(u: Array) -> Array:
        result = u.copy()
        result[(slice(None),) * axis + (left_out,)] = 0
        return result

    return change
