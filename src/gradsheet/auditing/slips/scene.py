"""What a search has to go by: the truth at every point, and what the function claims there."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from gradsheet.auditing.closeness import close
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gradsheet.auditing.contract import Contract
    from gradsheet.auditing.model import Slip
    from gradsheet.auditing.peers import Array
    from gradsheet.auditing.points import Point
    from gradsheet.auditing.truth import Truth, Values
    from gradsheet.auditing.wording import Wording
    from gradsheet.expressions import Symbol

Gradients = "Mapping[Symbol, Array]"
_ROOM = 10.0
"""A changed equation rounds differently from the derived one."""


@dataclass(slots=True)
class Scene:
    """The points of an audit, with the derived values and the function's gradients at each."""

    contract: Contract
    truth: Truth
    wording: Wording
    points: Sequence[Point]
    values: Sequence[Values]
    claims: Sequence[Mapping[Symbol, Array]]
    allowed: Sequence[Mapping[Symbol, float]]
    wrong: Sequence[Symbol]
    """Whose gradients differ."""
    deadline: float = math.inf
    """When the search ends, on the clock of `time.monotonic`: sizes that are demanded may be large."""

    @property
    def late(self) -> bool:
        """Whether the time is spent."""
        return time.monotonic() > self.deadline

    def explains(self, symbol: Symbol, at: int, predicted: Array) -> bool:
        """Whether a prediction is what the function gave."""
        claim = self.claims[at].get(symbol)
        return claim is not None and close(predicted, claim, _ROOM * self.allowed[at][symbol])

    def bar(self, symbol: Symbol) -> str:
        """The name of a gradient."""
        return self.contract.derivation.gradients[symbol].symbol.name

    def upstream_name(self, output: Symbol) -> str:
        """The name of an upstream gradient: ȳ."""
        bar = self.contract.derivation.cotangents.get(output)
        return bar.name if bar is not None else f"the upstream gradient of {output.name}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change that may explain several gradients at once: what they would be, point by point."""

    slip: Callable[[], Slip]
    """Asked for only where it explains something: formulas take longer to write than numbers to compute."""
    predict: Callable[[int], Mapping[Symbol, Array] | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """A slip, and the gradients that it explains."""

    slip: Slip
    symbols: tuple[Symbol, ...]


def tried(scene: Scene, candidates: Iterator[Candidate], most: int) -> Iterator[Finding]:
    """The candidates that give what was found at every point, in their order."""
    for count, candidate in enumerate(candidates):
        if count >= most or scene.late:
            return
        left = list(scene.wrong)
        for at in range(len(scene.points)):
            predicted = candidate.predict(at)
            left = [s for s in left if predicted is not None and scene.explains(s, at, predicted[s])]
            if not left:
                break
        if left:
            yield Finding(candidate.slip(), tuple(left))
