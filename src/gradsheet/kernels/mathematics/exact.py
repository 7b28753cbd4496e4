"""Sums and products together with what rounding takes from them (Knuth 1969, Dekker 1971)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradsheet.kernels.terms import Term


def two_sum(x: Term, y: Term) -> tuple[Term, Term]:
    """The rounded sum s, and e with s + e = x + y exactly."""
    s = x + y
    part = s - x
    return s, (x - (s - part)) + (y - part)


def quick_two_sum(x: Term, y: Term) -> tuple[Term, Term]:
    """The same for |x| ≥ |y|."""
    s = x + y
    return s, y - (s - x)


def product(x: Term, y: Term | float) -> tuple[Term, Term]:
    """The rounded product p, and e with p + e = x y exactly."""
    p = x * y
    return p, x.builder.fma(x, y, -p)
