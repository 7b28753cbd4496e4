"""The values that a variable over a finite set can take: the terms of a partition function."""

from __future__ import annotations

from itertools import product as cartesian
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

MAX_CONFIGURATIONS = 1 << 16


class TooManyConfigurationsError(ArithmeticError):
    """A sum over a finite set has more terms than can be enumerated here."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__(f"the sum over {name} has {count} terms")
        self.name, self.count = name, count


def configurations(
    name: str, kind: str, shape: tuple[int, ...], choices: Sequence[int | Fraction]
) -> Iterator[Sequence[int | Fraction]]:
    """All |choices|ⁿ arrays of n entries; of one-hot rows, all ways to put a single 1 into each row.

    >>> list(configurations("s", "finite", (2,), [-1, 1]))
    [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    >>> list(configurations("z", "onehot", (1, 2), []))
    [[1, 0], [0, 1]]
    """
    entries = int(np.prod(shape, dtype=object)) if shape else 1
    count = shape[-1] ** (entries // shape[-1]) if kind == "onehot" else len(choices) ** entries
    if count > MAX_CONFIGURATIONS:
        raise TooManyConfigurationsError(name, count)
    if kind == "onehot":
        return _one_hot(shape[-1], entries // shape[-1])
    return cartesian(choices, repeat=entries)


def _one_hot(length: int, rows: int) -> Iterator[Sequence[int | Fraction]]:
    for choice in cartesian(range(length), repeat=rows):
        yield [1 if k == c else 0 for c in choice for k in range(length)]
