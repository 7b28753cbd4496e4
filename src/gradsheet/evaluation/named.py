"""Arrays whose axes are indices, and what the values of a symbol look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.evaluation.domains import Array
from gradsheet.expressions import Affine, Index, Symbol, affine_indices

if TYPE_CHECKING:
    from collections.abc import Sequence

Values = Array | dict[tuple[int, ...], Array]
"""One array, or the members of a family whose shapes differ."""


class Named:
    """An array whose axes are indices."""

    __slots__ = ("axes", "data")

    def __init__(self, axes: tuple[Index, ...], data: Any) -> None:
        self.axes = axes
        self.data = data

    def over(self, axes: Sequence[Index]) -> Any:
        """The data with its axes in a given order, broadcastable where an axis is not there."""
        if tuple(axes) == self.axes:
            return self.data
        order = [self.axes.index(a) for a in axes if a in self.axes]
        data = np.transpose(self.data, order) if order != list(range(len(order))) else self.data
        if len(order) == len(axes):
            return data
        shape = iter(np.shape(data))
        return np.reshape(data, [next(shape) if a in self.axes else 1 for a in axes])


def joint_axes(parts: Sequence[Named]) -> tuple[Index, ...]:
    """The axes of all parts, each once, in the order in which they come."""
    return tuple(dict.fromkeys(a for p in parts for a in p.axes))


def fold(operation: Any, parts: Sequence[Named]) -> Named:
    """Sums, products, conjunctions: an operation from left to right, over the axes of all parts."""
    axes = joint_axes(parts)
    result = parts[0].over(axes)
    with np.errstate(all="ignore"):
        for part in parts[1:]:
            result = operation(result, part.over(axes))
    return Named(axes, result)


def objects(data: Any) -> Array:
    """An object array, scalars included (NumPy would otherwise try to look inside)."""
    if isinstance(data, np.ndarray):
        return data
    result = np.empty((), dtype=object)
    result[()] = data
    return result


def free_indices(value: Affine) -> set[Index]:
    """The indices of an affine expression, those inside integer data such as y_t included."""
    return set(affine_indices(value))


def symbol_depth(symbol: Symbol) -> int:
    """How many leading axes the sizes of later axes depend on: members of such a family have shapes of their own."""
    depth = 0
    for position, axis in enumerate(symbol.axes):
        for k in range(position):
            if any(symbol.axes[k] in free_indices(side) for side in axis.range):
                depth = max(depth, k + 1)
    return depth
