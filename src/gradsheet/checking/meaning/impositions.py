"""Values that meet a condition: y with Σ y = 1, ‖w‖ = 1, A symmetric, t ∈ {−1, 1}, made from random ones."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq, fmpq_mat

from gradsheet.numerics.certified import certify

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Fraction | str | tuple[Fraction, ...]
"""The number that every entry is, a property, or the numbers that an entry may be."""


def met(values: Any, kind: Kind, seed: int) -> Any:
    """An array of random exact numbers, changed so that it meets a condition; seeds make different choices.

    >>> values = np.array([certify(Fraction(1, 4)), certify(Fraction(1, 2))])
    >>> [str(v.fraction) for v in met(values, "simplex", 1)], sorted(str(v.fraction) for v in met(values, "onehot", 1))
    (['1/3', '2/3'], ['0', '1'])
    """
    shape = np.shape(values)
    held = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        held[place] = values[place].fraction
    if isinstance(kind, Fraction):
        held.fill(kind)
    elif isinstance(kind, tuple):
        for k, place in enumerate(np.ndindex(shape)):
            held[place] = kind[(seed + k + k // len(kind)) % len(kind)]  # each of them occurs
    else:
        held = _PROPERTIES[kind](held, seed)
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        result[place] = certify(held[place])
    return result


def _simplex(held: Any, _seed: int) -> Any:
    sizes = np.abs(held)
    return sizes / sizes.sum(axis=-1, keepdims=True) if held.ndim else held * 0 + 1


def _onehot(held: Any, seed: int) -> Any:
    result = held * 0
    turns = random.Random(seed)
    for place in np.ndindex(held.shape[:-1]):
        result[(*place, int(turns.random() * 997) % held.shape[-1])] = Fraction(1)
    return result


def _unit(held: Any, _seed: int) -> Any:
    """A rational point of the sphere, from the plane: (2u, |u|² − 1) / (|u|² + 1)."""
    flat = held.reshape(-1)
    rest = flat[:-1]
    square = sum((u * u for u in rest), Fraction(0))
    point = np.array([*(2 * u for u in rest), square - 1], dtype=object) / (square + 1)
    return point.reshape(held.shape)


def _diagonal(held: Any, _seed: int) -> Any:
    return held * np.diag(np.ones(held.shape[0], dtype=object))


def _orthogonal(held: Any, _seed: int) -> Any:
    """(1 + S)⁻¹ (1 − S) with S = A − Aᵀ."""
    n = held.shape[0]
    skew = held - held.T
    one = np.diag(np.ones(n, dtype=object))

    def exact(array: Any) -> Any:
        return fmpq_mat(n, n, [fmpq(Fraction(x).numerator, Fraction(x).denominator) for x in array.reshape(-1)])

    found = exact(one + skew).inv() * exact(one - skew)
    entries = [Fraction(int(x.p), int(x.q)) for x in found.entries()]
    return np.array(entries, dtype=object).reshape(n, n)


_PROPERTIES: dict[str, Callable[[Any, int], Any]] = {
    "simplex": _simplex,
    "onehot": _onehot,
    "unit": _unit,
    "positive": lambda held, _seed: np.abs(held),
    "nonnegative": lambda held, _seed: np.abs(held),
    "negative": lambda held, _seed: -np.abs(held),
    "symmetric": lambda held, _seed: (held + held.T) / 2,
    "diagonal": _diagonal,
    "orthogonal": _orthogonal,
}
PROPERTIES = frozenset(_PROPERTIES)
OF_SQUARES = frozenset({"symmetric", "diagonal", "orthogonal"})
"""Properties of square matrices."""
