"""|a − b| against rounding: whether two arrays are one, to how many digits, and where they differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gradsheet.auditing.model import Difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.auditing.peers import Array

TOLERANCE = 1e-9
"""Of the largest entry; rounding comes on top of it."""
MOST_DIGITS = 15
_SINGLE = 5e-5
_SURELY_SINGLE = 3e-6


def scale(array: Array) -> float:
    """The largest absolute value."""
    return float(np.max(np.abs(array), initial=0.0))


def close(found: Array, expected: Array, allowed: float) -> bool:
    """Whether two arrays of one shape are equal up to what is allowed."""
    if np.shape(found) != np.shape(expected):
        return False
    with np.errstate(all="ignore"):
        gap = np.abs(found - expected)
    return bool(np.all(gap <= allowed))  # false for NaN


def relative(found: Array, expected: Array) -> float:
    """The largest error, relative to the largest entry."""
    with np.errstate(all="ignore"):
        gap = np.max(np.abs(found - expected), initial=0.0)
    largest = max(scale(expected), 1e-300)
    return float(gap / largest) if np.isfinite(gap) else math.inf


def digits(errors: Sequence[float]) -> int:
    """How many digits agree at the worst of several points."""
    worst = max(errors, default=0.0)
    if not math.isfinite(worst):
        return 0
    return int(min(MOST_DIGITS, max(0, -math.log10(worst + 1e-16))))


def imprecise(found: Sequence[Array], expected: Sequence[Array], types: Sequence[str]) -> str | None:
    """A sentence, where the difference is that of a shorter float; None where it is another."""
    worst = max((relative(f, e) for f, e in zip(found, expected, strict=True)), default=0.0)
    for name, most in (("bfloat16", 5e-2), ("float16", 1e-2), ("float32", _SINGLE)):
        if name in types and worst <= most:
            return f"{name}, where float64 was given"
    if worst <= _SINGLE and all(np.array_equal(np.asarray(f, np.float32).astype(np.float64), f) for f in found):
        return "float32 at the end: each entry is one"
    return "float32 somewhere inside" if worst <= _SURELY_SINGLE else None


def difference(found: Array, expected: Array, allowed: float, lows: Sequence[int]) -> Difference:
    """The first entry that differs by more than is allowed."""
    with np.errstate(all="ignore"):
        wrong = ~(np.abs(found - expected) <= allowed)
    places = np.argwhere(wrong)
    first = tuple(int(k) for k in places[0])
    a, b = float(found[first]), float(expected[first])
    gap = abs(a - b) / max(abs(b), 1e-300) if math.isfinite(a) else math.inf
    place = tuple(k + low for k, low in zip(first, lows, strict=True))
    return Difference(place, a, b, gap, int(wrong.sum()), int(wrong.size), _pattern(wrong, lows))


def _pattern(wrong: Array, lows: Sequence[int]) -> str:
    """`only where index 2 is 3`: a slice along one axis that holds all entries that differ, and no others."""
    if wrong.all() or wrong.size < 2:
        return ""
    for axis in range(wrong.ndim):
        others = tuple(k for k in range(wrong.ndim) if k != axis)
        all_, any_ = np.asarray(wrong.all(axis=others)), np.asarray(wrong.any(axis=others))
        if np.array_equal(all_, any_) and 0 < all_.sum() < len(all_):
            at = [int(k) + lows[axis] for k in np.flatnonzero(all_)]
            which = f"index {axis + 1}" if wrong.ndim > 1 else "the index"
            kept = [k + lows[axis] for k in range(len(all_)) if not all_[k]]
            if len(at) > len(kept):
                return f"everywhere but where {which} is {_listed(kept)}"
            return f"only where {which} is {_listed(at)}"
    return ""


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:-1])) + (" or " if len(numbers) > 1 else "") + str(numbers[-1])
