"""Whether two values are one: balls that overlap tightly are equal as far as can be seen, disjoint ones differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from flint import arb

from gradsheet.checking.meaning.tensors import Value, array, squeezed
from gradsheet.numerics.jets import Jet

if TYPE_CHECKING:
    from fractions import Fraction

    from gradsheet.evaluation.domains import Array
    from gradsheet.numerics.residues import Residue

Outcome = Literal["equal", "different", "shapes", "open"]
_TIGHT = arb(2) ** -60


def compare(a: Value, b: Value) -> Outcome:
    """Equal, different for certain, of different shapes, or open where balls are too wide.

    n, n×1 and 1×n are one shape; 0 stands for any array of zeros.
    """
    left, right = squeezed(a), squeezed(b)
    if left.shape != right.shape:
        for one, other in ((left, right), (right, left)):
            zero: Any = one[()]
            if not one.ndim and zero.is_zero:
                return entries(other - zero, other)
        return "shapes"
    return entries(left - right, left)


def entries(gaps: Any, scale: Array) -> Outcome:
    """What an array of differences tells, seen against the size of one side."""
    outcome: Outcome = "equal"
    for gap, entry in zip(array(gaps).reshape(-1), scale.reshape(-1), strict=True):
        found = gap_outcome(gap.value, entry.value) if type(gap) is Jet else _residue_outcome(gap)
        if found == "different":
            return "different"
        if found == "open":
            outcome = "open"
    return outcome


def gap_outcome(gap: arb, entry: arb) -> Outcome:
    """One difference."""
    if not gap.is_finite():
        return "open"
    if not gap.contains(0):
        return "different"
    return "equal" if gap.rad() <= _TIGHT * (abs(entry.mid()) + 1) else "open"


def _residue_outcome(gap: Residue) -> Outcome:
    """A difference modulo a prime: one that is not 0 proves nothing, where functions hang together in unknown ways."""
    return "equal" if gap.coefficients and not gap.coefficients[0] else "open"


def rounded_alike(exact: arb, shown: Fraction, digits: int) -> bool:
    """Whether a number printed with some decimals is another to its last digit, halves rounded either way."""
    half = arb(10) ** -digits / 2
    gap = abs(exact - arb(shown.numerator) / shown.denominator)
    return bool(gap <= half * (1 + arb(2) ** -40)) or not bool(gap > half)
