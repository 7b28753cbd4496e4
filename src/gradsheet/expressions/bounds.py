"""What is certain about whole numbers: a lower bound of an affine expression from the ranges of its indices.

Sizes are at least 1. A bound that is not found is no claim: callers then keep the condition.
"""

from __future__ import annotations

from gradsheet.expressions.affine import Affine, Index
from gradsheet.expressions.nodes import Access

_ROUNDS = 8


def at_least_zero(value: Affine, extra: tuple[Affine, ...] = ()) -> bool:
    """Whether value ≥ 0 follows from the ranges of its indices, sizes ≥ 1, and `extra` expressions known to be ≥ 0.

    >>> from gradsheet.expressions.affine import Size
    >>> n = Affine.atom(Size("n")); i = Affine.atom(Index("i", Affine(1), n))
    >>> at_least_zero(n - i), at_least_zero(n - i - 1)
    (True, False)
    """
    if _bounded(value):
        return True
    return any(_bounded(value - known) for known in extra)


def _bounded(value: Affine) -> bool:
    for _ in range(_ROUNDS):
        position = next((k for k, (a, _) in enumerate(value.terms) if _replaceable(a)), None)
        if position is None:
            break
        atom, coefficient = value.terms[position]
        low, high = _range(atom)
        value = value - Affine.atom(atom) * coefficient + (low if coefficient > 0 else high) * coefficient
    if any(isinstance(a, Index) or c < 0 for a, c in value.terms):
        return False
    return value.constant + sum(c for _, c in value.terms) >= 0


def _replaceable(atom: object) -> bool:
    return isinstance(atom, Index) or (isinstance(atom, Access) and atom.symbol.domain.bounds is not None)


def _range(atom: object) -> tuple[Affine, Affine]:
    if isinstance(atom, Index):
        return atom.range
    assert isinstance(atom, Access)
    bounds = atom.symbol.domain.bounds
    assert bounds is not None
    return bounds


def inside(value: Affine, low: Affine, high: Affine) -> bool:
    """Whether low ≤ value ≤ high is certain."""
    return at_least_zero(value - low) and at_least_zero(high - value)


def outside(value: Affine, low: Affine, high: Affine) -> bool:
    """Whether value < low or value > high is certain."""
    return at_least_zero(low - value - 1) or at_least_zero(value - high - 1)
