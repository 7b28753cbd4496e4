"""A X = B over any field of scalars with proved signs: elimination, determinants, softmax.

The same code serves certified numbers and jets. A pivot must be proved different from 0; where none is, a matrix that is
proved singular is told from one that is undecided. Up to 3×3 the inverse is the adjugate over the determinant, which
keeps closed forms small and needs no pivot.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

S = TypeVar("S", bound="Scalar")
Array = np.ndarray[Any, np.dtype[np.object_]]

_LARGEST_BY_FORMULA: Final = 3


class Scalar(Protocol):
    """What the algorithms ask of a number."""

    @property
    def sign(self) -> int | None: ...
    @property
    def infinite(self) -> int: ...
    def __add__(self: S, other: object, /) -> S: ...
    def __sub__(self: S, other: object, /) -> S: ...
    def __mul__(self: S, other: object, /) -> S: ...
    def __truediv__(self: S, other: object, /) -> S: ...
    def __rtruediv__(self: S, other: object, /) -> S: ...
    def __neg__(self: S) -> S: ...
