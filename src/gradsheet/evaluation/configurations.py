"""The values that variables over finite sets can take, many at a time: the terms of a partition function."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

MOST_EXACT = 1 << 16
MOST_FLOATS = 1 << 24
"""Terms beyond which a sum is refused: certified numbers, float64."""
_CHUNK = 1 << 12


class TooManyConfigurationsError(ArithmeticError):
    """A sum over a finite set has more terms than can be enumerated here."""

    def __init__(self, names: str, count: int, most: int) -> None:
        super().__init__(f"the sum over {names} has {count:,} terms, and at most {most:,} are added up here")
        self.names, self.count, self.most = names, count, most


@dataclass(frozen=True, slots=True)
class Factor:
    """The set of values of one variable: choicesⁿ, or one place for the 1 in each row."""

    name: str
    kind: str
    shape: tuple[int, ...]
    choices: tuple[int | Fraction, ...]

    @property
    def radix(self) -> int:
        """Choices for one unit."""
        return self.shape[-1] if self.kind == "onehot" else len(self.choices)

    @property
    def units(self) -> int:
        """How many units choose."""
        return prod(self.shape[:-1]) if self.kind == "onehot" else prod(self.shape)

    @property
    def count(self) -> int:
        return int(self.radix**self.units)

    def arrays(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """The values with given numbers, the states along the first axis."""
        digits = np.empty((len(numbers), self.units), dtype=np.int64)
        rest = numbers
        for unit in reversed(range(self.units)):
            rest, digits[:, unit] = np.divmod(rest, self.radix)
        if self.kind == "onehot":
            rows = np.eye(self.radix, dtype=np.int64)[digits]
            return rows.reshape(len(numbers), *self.shape)
        whole = all(Fraction(c).denominator == 1 for c in self.choices)
        table = np.array([int(c) if whole else c for c in self.choices], dtype=np.int64 if whole else object)
        return table[digits].reshape(len(numbers), *self.shape)


def states(factors: Sequence[Factor], *, exact: bool) -> Iterator[list[NDArray[Any]]]:
    """All values of several variables together, in chunks; the last variable changes fastest.

    >>> (chunk,) = states([Factor("s", "finite", (2,), (-1, 1))], exact=True)
    >>> chunk[0].tolist()
    [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    >>> (chunk,) = states([Factor("z", "onehot", (1, 2), ()), Factor("b", "finite", (), (0, 1))], exact=True)
    >>> chunk[0].tolist(), chunk[1].tolist()
    ([[[1, 0]], [[1, 0]], [[0, 1]], [[0, 1]]], [0, 1, 0, 1])
    """
    counts = [f.count for f in factors]
    total, most = prod(counts), MOST_EXACT if exact else MOST_FLOATS
    if total > most:
        raise TooManyConfigurationsError(", ".join(f.name for f in factors), total, most)
    for start in range(0, total, _CHUNK):
        rest = np.arange(start, min(start + _CHUNK, total), dtype=np.int64)
        numbers = []
        for count in reversed(counts):
            rest, own = np.divmod(rest, count)
            numbers.append(own)
        yield [f.arrays(n) for f, n in zip(factors, reversed(numbers), strict=True)]
