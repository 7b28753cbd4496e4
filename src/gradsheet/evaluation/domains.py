"""Three kinds of number behind one small interface: float64, certified, and jets for verification."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb, fmpq

from gradsheet.numerics.balls import current_precision
from gradsheet.numerics.certified import Certified, certify
from gradsheet.numerics.certified import power as certified_power
from gradsheet.numerics.closed import INFINITY, PI, Closed
from gradsheet.numerics.functions import ARRAYS, ELEMENTWISE
from gradsheet.numerics.jets import Jet

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Array = np.ndarray[Any, np.dtype[Any]]


class Domain(ABC):
    """A kind of number with what evaluation needs of it."""

    name: str
    dtype: Any
    undefined: Any

    @abstractmethod
    def number(self, value: Fraction | int) -> Any:
        """An exact rational in this kind of number."""

    @abstractmethod
    def constant(self, name: str) -> Any:
        """π, e, ∞."""

    @abstractmethod
    def elementwise(self, name: str, *arguments: Any) -> Any:
        """A function of the table, entry by entry."""

    @abstractmethod
    def array(self, name: str, argument: Array) -> Any:
        """A function of vectors (last axis) or matrices (last two axes)."""

    @abstractmethod
    def power(self, base: Any, exponent: Any) -> Any:
        """Base ^ exponent for exponents that are no whole numbers."""

    @abstractmethod
    def compare(self, sign: str, a: Any, b: Any) -> NDArray[np.bool_]:
        """A relation, entry by entry; raises `UndecidedError` where the numbers do not tell."""

    @abstractmethod
    def why_undefined(self, value: Any) -> str | None:
        """A reason if the number has no value, else None."""

    def unspecified(self, function: Callable[[int], tuple[Fraction, ...]], times: int, argument: Any) -> Any:
        """An unspecified function as a polynomial, differentiated `times` times."""
        coefficients = list(function(0))
        for _ in range(times):
            coefficients = [k * c for k, c in enumerate(coefficients)][1:] or [Fraction(0)]
        result = self.number(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result = result * argument + self.number(coefficient)
        if np.ndim(result) == 0 and np.ndim(argument):
            filled = np.empty(np.shape(argument), dtype=self.dtype)
            filled[...] = result
            return filled
        return result


class UndecidedError(ArithmeticError):
    """A comparison hangs on digits that are not there: evaluate with more bits."""


class Float64(Domain):
    """IEEE double precision through NumPy."""

    name = "float64"
    dtype = np.float64
    undefined = np.nan

    def number(self, value: Fraction | int) -> Any:
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")

    def constant(self, name: str) -> Any:
        return {"π": np.pi, "e": np.e, "∞": np.inf}[name]

    def elementwise(self, name: str, *arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return ELEMENTWISE[name].float64(*arguments)

    def array(self, name: str, argument: Array) -> Any:
        with np.errstate(all="ignore"):
            return ARRAYS[name].float64(argument)

    def power(self, base: Any, exponent: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.power(base, exponent)

    def compare(self, sign: str, a: Any, b: Any) -> NDArray[np.bool_]:
        with np.errstate(all="ignore"):
            return np.asarray(_COMPARE[sign](a, b))

    def why_undefined(self, value: Any) -> str | None:
        return "not a number (0/0, a logarithm or a root of a negative number)" if np.isnan(value) else None


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": np.equal, "≠": np.not_equal, "<": np.less, "≤": np.less_equal, ">": np.greater, "≥": np.greater_equal,
}  # fmt: skip
_BY_SIGN: dict[str, Callable[[int], bool]] = {
    "=": lambda s: s == 0, "≠": lambda s: s != 0, "<": lambda s: s < 0, "≤": lambda s: s <= 0,
    ">": lambda s: s > 0, "≥": lambda s: s >= 0,
}  # fmt: skip


def _compare_signs(sign: str, a: Any, b: Any) -> NDArray[np.bool_]:
    left, right = np.broadcast_arrays(np.asarray(a, dtype=object), np.asarray(b, dtype=object))
    result = np.empty(left.shape, dtype=bool)
    test = _BY_SIGN[sign]
    for place in np.ndindex(left.shape):
        x, y = left[place], right[place]
        if getattr(x, "is_undefined", False) or getattr(y, "is_undefined", False):
            result[place] = False
            continue
        difference = (x - y).sign
        if difference is None:
            raise UndecidedError(sign)
        result[place] = test(difference)
    return result


class CertifiedDomain(Domain):
    """Exact where exact, certified balls after that."""

    name = "certified"
    dtype = object
    undefined = Certified.undefined("no value here")

    def number(self, value: Fraction | int) -> Any:
        return Certified(fmpq(value.numerator, value.denominator) if isinstance(value, Fraction) else fmpq(value))

    def constant(self, name: str) -> Any:
        if name == "e":
            return self.elementwise("exp", self.number(1))
        return certify(PI if name == "π" else INFINITY)

    def elementwise(self, name: str, *arguments: Any) -> Any:
        return ELEMENTWISE[name].certified(*arguments)

    def array(self, name: str, argument: Array) -> Any:
        return ARRAYS[name].certified(argument)

    def power(self, base: Any, exponent: Any) -> Any:
        return np.frompyfunc(certified_power, 2, 1)(base, exponent)

    def compare(self, sign: str, a: Any, b: Any) -> NDArray[np.bool_]:
        return _compare_signs(sign, a, b)

    def why_undefined(self, value: Any) -> str | None:
        if value.is_undefined:
            return value.reason or "undefined"
        if value.is_undecided:
            raise UndecidedError("value")
        return None


class JetDomain(Domain):
    """Truncated Taylor series with ball coefficients."""

    name = "jet"
    dtype = object

    def __init__(self, order: int = 1) -> None:
        self.order = order
        self.undefined = Jet.undefined(order=order)

    def number(self, value: Fraction | int) -> Any:
        return Jet.constant(value, self.order)

    def variable(self, value: Fraction | int, direction: int) -> Any:
        """The number x + t v."""
        return Jet.variable(value, direction, self.order)

    def of_order(self, order: int) -> JetDomain:
        """The same numbers with as many derivatives."""
        return JetDomain(order)

    def constant(self, name: str) -> Any:
        if name == "π":
            return Jet.constant(arb.pi(), self.order)
        if name == "e":
            return Jet.constant(arb.const_e(), self.order)
        return Jet.constant(arb.pos_inf(), self.order)

    def elementwise(self, name: str, *arguments: Any) -> Any:
        return ELEMENTWISE[name].jet(*arguments)

    def array(self, name: str, argument: Array) -> Any:
        return ARRAYS[name].jet(argument)

    def power(self, base: Any, exponent: Any) -> Any:
        logarithm = self.elementwise("log", base)
        return self.elementwise("exp", exponent * logarithm)

    def unspecified(self, function: Callable[[int], tuple[Fraction, ...]], times: int, argument: Any) -> Any:
        """The same polynomial, its coefficients as jets once for each precision."""
        first, *rest = _descending(function, times, self.order, current_precision())
        result: Any = np.empty(np.shape(argument), dtype=object)
        result.fill(first)
        for coefficient in rest:
            result = result * argument + coefficient
        return result if np.ndim(result) else np.asarray(result, dtype=object)[()]

    def compare(self, sign: str, a: Any, b: Any) -> NDArray[np.bool_]:
        return _compare_signs(sign, a, b)

    def why_undefined(self, value: Any) -> str | None:
        return "undefined or undecided" if value.is_undecided else None


@lru_cache(maxsize=256)
def _descending(
    function: Callable[[int], tuple[Fraction, ...]], times: int, order: int, _bits: int
) -> tuple[Jet, ...]:
    """The coefficients of a derivative of a polynomial, the highest first, at the precision of now."""
    coefficients = list(function(0))
    for _ in range(times):
        coefficients = [k * c for k, c in enumerate(coefficients)][1:] or [Fraction(0)]
    return tuple(Jet.constant(c, order) for c in reversed(coefficients))


__all__ = ["Array", "CertifiedDomain", "Closed", "Domain", "Float64", "JetDomain", "UndecidedError"]
