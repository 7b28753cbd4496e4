"""Σ cᵢ xⁱ in few dependent steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.kernels.terms import Term


def estrin(x: Term, coefficients: Sequence[float], square: Term | None = None) -> Term:
    """Pairs, then pairs of pairs with x², x⁴, …: log₂ n steps one after another (Estrin 1960)."""
    b = x.builder
    level: list[Term | float] = list(coefficients)
    power = x
    while len(level) > 1:
        pairs = [b.muladd(power, level[k + 1], level[k]) for k in range(0, len(level) - 1, 2)]
        level = [*pairs, *level[len(pairs) * 2 :]]
        if len(level) > 1:
            power = square if square is not None and power is x else power * power
    return b.term(level[0], x.type)


def horner(x: Term, coefficients: Sequence[float]) -> Term:
    """One after another: the fewest roundings at the end, and the least to do."""
    b = x.builder
    result: Term | float = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        result = b.muladd(x, result, c)
    return b.term(result, x.type)
