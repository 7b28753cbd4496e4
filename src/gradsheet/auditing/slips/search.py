"""The slip of each gradient that differs: the change that explains most of them at once, the simplest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradsheet.auditing.model import Slip
from gradsheet.auditing.slips.arrays import constant_ratio, named_factor, of_arrays, of_ratios
from gradsheet.auditing.slips.equations import of_equations
from gradsheet.auditing.slips.scene import Candidate, Finding, tried
from gradsheet.auditing.slips.upstream import of_upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.auditing.slips.scene import Scene
    from gradsheet.expressions import Symbol

_MOST = 4000
"""Changes that are tried in all."""


def name_slips(scene: Scene) -> dict[Symbol, Slip]:
    """A slip for each gradient that differs."""
    found = [*tried(scene, of_upstream(scene), _MOST), *of_arrays(scene)]
    if _open(scene, found):
        found.extend(tried(scene, of_equations(scene), _MOST))
    if _open(scene, found):
        found.extend(of_ratios(scene))
    if _open(scene, found):
        found.extend(_with_factor(scene, _open(scene, found)))
    return _shared_out(scene, found)


def _open(scene: Scene, found: list[Finding]) -> list[Symbol]:
    explained = {s for f in found for s in f.symbols}
    return [s for s in scene.wrong if s not in explained]


def _shared_out(scene: Scene, found: list[Finding]) -> dict[Symbol, Slip]:
    """Greedy cover: what explains most of what is still open comes first, in the order in which it was found."""
    left = list(scene.wrong)
    result: dict[Symbol, Slip] = {}
    while left:
        best = max(found, key=lambda f: sum(s in left for s in f.symbols), default=None)
        covered = [s for s in left if best is not None and s in best.symbols]
        if best is None or not covered:
            break
        for symbol in covered:
            result[symbol] = best.slip
            left.remove(symbol)
    for symbol in left:
        within = ", as far as the search came in its time" if scene.late else ""
        sentence = f"{scene.bar(symbol)} is explained by no single change of the derived gradient{within}"
        result[symbol] = Slip("unnamed", sentence)
    return result


def _with_factor(scene: Scene, open_: list[Symbol]) -> Iterator[Finding]:
    """Two slips: a change, and a factor on top of it."""
    for source in (of_upstream(scene), of_equations(scene)):
        for count, candidate in enumerate(source):
            if count >= _MOST or scene.late:
                break
            for symbol in list(open_):
                slip = _scaled(scene, candidate, symbol)
                if slip is not None:
                    open_.remove(symbol)
                    yield Finding(slip, (symbol,))
            if not open_:
                return


def _scaled(scene: Scene, candidate: Candidate, symbol: Symbol) -> Slip | None:
    ratios = []
    for at in range(len(scene.points)):
        predicted, claim = candidate.predict(at), scene.claims[at][symbol]
        if predicted is None or predicted[symbol].shape != claim.shape or not np.any(predicted[symbol]):
            return None
        ratio = constant_ratio(claim, predicted[symbol])
        if ratio is None:
            return None
        ratios.append(ratio)
    factor = named_factor(scene, symbol, ratios)
    if factor is None:
        return None
    slip = candidate.slip()
    return Slip(slip.kind, f"{slip.sentence}; and {factor.sentence}", slip.computed, slip.derived)
