"""max(x, 0), |x|, x if x > y else y: on which side of each kink a point lies, and the slopes between both sides.

A formula that holds on one side of a kink may fail on the other, and on the kink itself any slope between those of the
two sides is a subgradient.

    >>> from gradsheet.numerics.jets import Jet
    >>> at_zero = Jet.variable(0, 1)
    >>> [float(Slopes(1, slope).elementwise("relu", at_zero).derivative) for slope in (0, Fraction(1, 2), 1)]
    [0.0, 0.5, 1.0]
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradsheet.evaluation import JetDomain
from gradsheet.numerics.jets import Jet
from gradsheet.operations import ELEMENTWISE_SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray


class Kink(NamedTuple):
    """Of which number the sign tells the side, and the function on both sides where it is continuous."""

    side: Callable[..., Any]
    below: Callable[..., Any] | None = None
    above: Callable[..., Any] | None = None


def _first(x: Any, *_: Any) -> Any:
    return x


KINKS = {
    "relu": Kink(_first, lambda x: 0 * x, _first),
    "abs": Kink(_first, lambda x: -x, _first),
    "leaky_relu": Kink(_first, lambda x, a: a * x, _first),
    "max": Kink(lambda x, y: x - y, lambda _, y: y, _first),
    "min": Kink(lambda x, y: x - y, _first, lambda _, y: y),
    "elu": Kink(_first),
    "sign": Kink(_first),
    "step": Kink(_first),
    "hard_tanh": Kink(lambda x: x * x - 1),
}
"""The functions of the table that have a kink or a jump."""


def has_kink(spelling: str) -> bool:
    """Whether a function, as it is spelled, has a kink or a jump.

    >>> has_kink("ReLU"), has_kink("tanh")
    (True, False)
    """
    return ELEMENTWISE_SPELLINGS.get(spelling, spelling) in KINKS


def sides(name: str, arguments: Sequence[Any]) -> frozenset[int]:
    """The signs that tell on which sides of its kink a function is computed, over all entries."""
    kink = KINKS[ELEMENTWISE_SPELLINGS.get(name, name)]
    try:
        found: Any = np.asarray(kink.side(*arguments), dtype=object)
    except (TypeError, ValueError):
        return frozenset()
    return frozenset(entry.sign for entry in found.reshape(-1) if isinstance(entry, Jet) and entry.sign is not None)


class Slopes(JetDomain):
    """Jets that have a slope on a kink too: `slope` 0 is that of the side below, 1 that of the side above."""

    def __init__(self, order: int, slope: Fraction | int) -> None:
        super().__init__(order)
        self.slope = Fraction(slope)

    def of_order(self, order: int) -> Slopes:
        """The same numbers with as many derivatives."""
        return Slopes(order, self.slope)

    def elementwise(self, name: str, *arguments: Any) -> Any:
        """A function of the table; on its kink between its two sides."""
        found = super().elementwise(name, *arguments)
        kink = KINKS.get(name)
        if kink is None or kink.below is None or kink.above is None or not self.order:
            return found
        apart: Any = np.asarray(kink.side(*arguments), dtype=object)
        if not any(entry.sign == 0 for entry in apart.reshape(-1)):
            return found
        between = (1 - self.slope) * kink.below(*arguments) + self.slope * kink.above(*arguments)
        result = np.array(np.broadcast_to(np.asarray(found, dtype=object), apart.shape))
        middle = np.broadcast_to(np.asarray(between, dtype=object), apart.shape)
        for place in np.ndindex(apart.shape):
            if apart[place].sign == 0:
                result[place] = middle[place]
        return result if result.ndim else result[()]


class Watching(JetDomain):
    """Jets that note on which side of each kink they are computed, in the order in which they are."""

    def __init__(self, order: int) -> None:
        super().__init__(order)
        self.seen: list[tuple[str, frozenset[Any]]] = []

    def elementwise(self, name: str, *arguments: Any) -> Any:
        """A function of the table."""
        if name in KINKS:
            self.seen.append((name, sides(name, arguments)))
        return super().elementwise(name, *arguments)

    def compare(self, sign: str, a: Any, b: Any) -> NDArray[np.bool_]:
        """A relation, entry by entry."""
        found = super().compare(sign, a, b)
        self.seen.append((sign, frozenset(bool(entry) for entry in found.reshape(-1))))
        return found

    def outcomes(self) -> Iterator[tuple[Hashable, frozenset[Any]]]:
        """Each kink with the sides on which it was computed."""
        for place, (name, found) in enumerate(self.seen):
            yield (place, name), found


class Cover:
    """What some points show together: each side of each kink, and each pair of sides of kinks with one place only."""

    def __init__(self) -> None:
        self.sides: dict[Hashable, set[Hashable]] = {}
        self.pairs: dict[tuple[Hashable, Hashable], set[tuple[Hashable, Hashable]]] = {}

    def add(self, outcomes: Mapping[Hashable, frozenset[Hashable]]) -> bool:
        """Whether a point shows anything new."""
        before = self._count
        for kink, seen in outcomes.items():
            self.sides.setdefault(kink, set()).update(seen)
        single = [(kink, *seen) for kink, seen in outcomes.items() if len(seen) == 1][:_MOST_PAIRED]
        for at, (kink, side) in enumerate(single):
            for other, beyond in single[at + 1 :]:
                self.pairs.setdefault((kink, other), set()).add((side, beyond))
        return self._count > before

    @property
    def _count(self) -> int:
        return sum(map(len, self.sides.values())) + sum(map(len, self.pairs.values()))

    @property
    def complete(self) -> bool:
        """Whether every kink was seen from two sides, and from each beside each side of every other."""
        return all(len(seen) > 1 for seen in self.sides.values()) and all(
            len(seen) >= len(self.sides[one]) * len(self.sides[other]) for (one, other), seen in self.pairs.items()
        )


_MOST_PAIRED = 24

__all__ = ["KINKS", "Cover", "Kink", "Slopes", "Watching", "has_kink", "sides"]
