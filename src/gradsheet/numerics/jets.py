"""f(x + t v) = c₀ + c₁ t + c₂ t² + ⋯: truncated Taylor series with certified coefficients.

A jet carries a value and its first derivatives along one direction through an evaluation, in ball arithmetic. It shares
nothing with any table of derivative rules: python-flint's power series do the work, so that a gradient can be verified
by a second method.

    >>> import numpy as np
    >>> x = np.array([Jet.variable(3, 1), Jet.variable(2, -1)])
    >>> print((x @ x).value, (x @ x).derivative)
    13.0000000000000 2.00000000000000
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from flint import arb, arb_series, fmpq, fmpz

from gradsheet.numerics import balls

if TYPE_CHECKING:
    from collections.abc import Callable

Number: TypeAlias = int | float | Fraction | fmpq | fmpz | arb


class Jet:
    """A truncated power series; the order is the number of derivatives it carries.

    ∞ and −∞ occur as constants, for masks. A coefficient that is nan is undefined or undecided.
    """

    __slots__ = ("series",)

    def __init__(self, series: arb_series) -> None:
        self.series = series

    @staticmethod
    def constant(value: Number, order: int = 1) -> Jet:
        """A number that does not move."""
        return Jet(arb_series([ball(value)], prec=order + 1))

    @staticmethod
    def variable(value: Number, direction: Number, order: int = 1) -> Jet:
        """The number x + t v."""
        return Jet(arb_series([ball(value), ball(direction)], prec=order + 1))

    @staticmethod
    def undefined(_reason: str = "", order: int = 1) -> Jet:
        """A jet without a value; balls carry no reasons."""
        return Jet.undecided(order)

    @staticmethod
    def undecided(order: int = 1) -> Jet:
        """A jet of which nothing is known."""
        return Jet(arb_series([arb.nan()] * (order + 1), prec=order + 1))

    # ----------------------------------------------------------------- asking

    @property
    def order(self) -> int:
        """How many derivatives are carried."""
        return int(self.series.prec) - 1

    @property
    def value(self) -> arb:
        """c₀ = f(x)."""
        return self.series[0]

    @property
    def derivative(self) -> arb:
        """c₁ = f'(x) v."""
        return self.series[1]

    def coefficient(self, k: int) -> arb:
        """cₖ, the k-th derivative divided by k!."""
        return self.series[k]

    @property
    def is_undecided(self) -> bool:
        """Some coefficient is not known."""
        return not self.infinite and not all(c.is_finite() for c in self.series.coeffs())

    @property
    def infinite(self) -> int:
        """1 for ∞, −1 for −∞, else 0."""
        v = self.series[0]
        return 0 if v.is_finite() or v.is_nan() or not v.is_exact() else (1 if v > 0 else -1)

    @property
    def is_zero(self) -> bool:
        """Is 0 with all its derivatives."""
        return all(c.is_zero() for c in self.series.coeffs())

    def still(self, k: int, order: int) -> Jet:
        """cₖ as a number that does not move."""
        return Jet.constant(self.series[k], order)

    def moving(self, order: int) -> Jet:
        """The number c₀ + t."""
        return Jet.variable(self.series[0], 1, order)

    def as_undefined(self, _reason: str) -> Jet:
        """A jet without a value; balls carry no reasons."""
        return Jet.undecided(self.order)

    def as_undecided(self) -> Jet:
        """A jet of which nothing is known, of the same order."""
        return Jet.undecided(self.order)

    def __float__(self) -> float:
        return float(self.value.mid())

    @property
    def sign(self) -> int | None:
        """The proved sign of the value, or None."""
        return balls.sign_of(self.series[0])

    # ------------------------------------------------------------- arithmetic

    def __add__(self, other: object) -> Jet:
        y = self._like(other)
        if y is None:
            return NotImplemented
        series = self.series + y
        return Jet(series) if series[0].is_finite() else _infinite(self, Jet(y), series[0])

    def __sub__(self, other: object) -> Jet:
        y = self._like(other)
        return NotImplemented if y is None else self + Jet(-y)

    def __mul__(self, other: object) -> Jet:
        y = self._like(other)
        if y is None:
            return NotImplemented
        series = self.series * y
        if series[0].is_finite():
            return Jet(series)
        return _infinite(self, Jet(y), self.value * y[0])

    def __truediv__(self, other: object) -> Jet:
        y = self._like(other)
        if y is None:
            return NotImplemented
        if Jet(y).infinite and not self.infinite:
            return Jet.constant(0, self.order) if not self.value.is_nan() else self
        if balls.sign_of(y[0]) in {None, 0}:
            return Jet.undecided(self.order)
        series = self.series / y
        return Jet(series) if series[0].is_finite() else _infinite(self, Jet(y), self.value / y[0])

    def __pow__(self, other: object) -> Jet:
        if isinstance(other, int):
            return power_of_whole(self, other)
        return NotImplemented

    def __radd__(self, other: object) -> Jet:
        return self + other

    def __rmul__(self, other: object) -> Jet:
        return self * other

    def __rsub__(self, other: object) -> Jet:
        return -self + other

    def __rtruediv__(self, other: object) -> Jet:
        y = self._like(other)
        return NotImplemented if y is None else Jet(y) / self

    def __neg__(self) -> Jet:
        return Jet(-self.series)

    def __pos__(self) -> Jet:
        return self

    def _like(self, other: object) -> arb_series | None:
        if type(other) is Jet:
            return other.series
        if isinstance(other, int | float | Fraction | fmpq | fmpz | arb):
            return arb_series([ball(other)], prec=self.series.prec)
        return None

    def __repr__(self) -> str:
        return f"Jet({self.series})"


def ball(value: Number) -> arb:
    """A number as a ball at the working precision."""
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    return value if isinstance(value, arb) else arb(value)


def power_of_whole(x: Jet, n: int) -> Jet:
    """xⁿ by multiplication."""
    if n < 0:
        return 1 / power_of_whole(x, -n)
    result = Jet.constant(1, x.order)
    for bit in f"{n:b}" if n else "":
        result = result * result
        if bit == "1":
            result = result * x
    return result


def on_series(function: Callable[[arb_series], arb_series]) -> Callable[[Jet], Jet]:
    """A function of jets from one of power series; what the series cannot give is nan."""

    def apply(x: Jet) -> Jet:
        try:
            return Jet(function(x.series))
        except (ValueError, ZeroDivisionError):
            return Jet.undecided(x.order)

    return apply


def _infinite(x: Jet, y: Jet, value: arb) -> Jet:
    """∞ does not move: the value decides, and the derivatives are 0."""
    order = min(x.order, y.order)
    return Jet.constant(value, order) if x.infinite or y.infinite else Jet.undecided(order)
