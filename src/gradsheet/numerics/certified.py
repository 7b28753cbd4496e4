"""x = p/q, x = log 3 or x ∈ [m ± r]: one scalar that stays exact while it can, and is a certified ball after that.

A `Certified` number holds a rational number, a closed constant or a real ball. Its operators never raise: a closed form
that would exceed the budget becomes a ball at the working precision, and a value that is not there becomes an undefined
closed constant with its reason, which passes on. A ball that is nan is undecided: more bits may tell.

    >>> import numpy as np
    >>> w = np.array([certify(Fraction(1, 3)), certify(2)])
    >>> print(w @ w, w.sum() / 7)
    37/9 1/3
"""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from flint import arb, ctx, fmpq, fmpz

from gradsheet.numerics import balls, elementary
from gradsheet.numerics.budget import MAX_BITS, NoClosedFormError
from gradsheet.numerics.closed import INFINITY, Closed

if TYPE_CHECKING:
    from collections.abc import Callable

Value: TypeAlias = "fmpq | Closed | arb"
Scalar: TypeAlias = "Certified | Closed | Fraction | fmpq | fmpz | arb | int | float"

_NOUGHT = fmpq(0)


class Certified:
    """A number of which everything shown is true. `value` is a `fmpq`, else a `Closed`, else an `arb`."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    @staticmethod
    def undefined(reason: str) -> Certified:
        """The value that is not there."""
        return Certified(Closed.undefined(reason))

    @staticmethod
    def undecided() -> Certified:
        """A value about which nothing is known at this precision."""
        return Certified(arb.nan())

    # ----------------------------------------------------------------- asking

    @property
    def is_exact(self) -> bool:
        """Is rational, closed, infinite or undefined: no ball."""
        return not isinstance(self.value, arb)

    @property
    def is_undefined(self) -> bool:
        """Has no value."""
        return isinstance(self.value, Closed) and self.value.is_undefined

    @property
    def is_undecided(self) -> bool:
        """Is a ball that says nothing."""
        return isinstance(self.value, arb) and not self.value.is_finite()

    @property
    def reason(self) -> str | None:
        """Why there is no value."""
        return self.value.reason if isinstance(self.value, Closed) else None

    @property
    def infinite(self) -> int:
        """1 for ∞, −1 for −∞, else 0."""
        return self.value.infinite if isinstance(self.value, Closed) else 0

    @property
    def sign(self) -> int | None:
        """The proved sign, or None.

        >>> certify(Fraction(-1, 3)).sign, certify(arb(0, 1)).sign
        (-1, None)
        """
        v = self.value
        if isinstance(v, fmpq):
            return (v > 0) - (v < 0)
        return balls.sign_of(v) if isinstance(v, arb) else v.sign

    @property
    def is_zero(self) -> bool:
        """Is proved to be 0."""
        return self.sign == 0

    @property
    def closed(self) -> Closed | None:
        """The closed constant, where the number is exact."""
        return None if isinstance(self.value, arb) else Closed.of(self.value)

    @property
    def fraction(self) -> Fraction | None:
        """The rational number, where the number is held as one."""
        v = self.value
        return Fraction(int(v.p), int(v.q)) if isinstance(v, fmpq) else None

    def to_ball(self) -> arb:
        """An enclosure at the working precision."""
        return _ball(self.value)

    def as_undefined(self, reason: str) -> Certified:
        """A number of this kind that is not there."""
        return Certified.undefined(reason)

    def as_undecided(self) -> Certified:
        """A number of this kind about which nothing is known."""
        return Certified.undecided()

    def equals(self, other: Scalar) -> bool | None:
        """Whether two numbers are proved equal (True), proved different (False), or neither."""
        y = certify(other)
        if self.infinite or y.infinite:
            return None if self.is_undefined or y.is_undefined else self.infinite == y.infinite
        difference = (self - y).sign
        return None if difference is None else difference == 0

    def __float__(self) -> float:
        v = self.value
        if isinstance(v, fmpq):
            try:
                return int(v.p) / int(v.q)
            except OverflowError:
                return float("inf") if v > 0 else -float("inf")
        return float((v if isinstance(v, arb) else v.to_ball(64)).mid())

    # ------------------------------------------------------------- arithmetic

    def __add__(self, other: object) -> Certified:
        a, b = self.value, other.value if type(other) is Certified else _convert(other)
        if type(a) is fmpq and type(b) is fmpq:
            return _rational(a + b)
        if type(a) is arb and type(b) is arb:
            return Certified(a + b)
        return NotImplemented if b is None else _mixed(operator.add, a, b)

    def __sub__(self, other: object) -> Certified:
        a, b = self.value, other.value if type(other) is Certified else _convert(other)
        if type(a) is fmpq and type(b) is fmpq:
            return _rational(a - b)
        if type(a) is arb and type(b) is arb:
            return Certified(a - b)
        return NotImplemented if b is None else _mixed(operator.sub, a, b)

    def __mul__(self, other: object) -> Certified:
        a, b = self.value, other.value if type(other) is Certified else _convert(other)
        if type(a) is fmpq and type(b) is fmpq:
            return _rational(a * b)
        if type(a) is arb and type(b) is arb:
            return Certified(a * b)
        if b is None:
            return NotImplemented
        if (type(a) is fmpq and not a and _is_finite(b)) or (type(b) is fmpq and not b and _is_finite(a)):
            return Certified(_NOUGHT)
        return _mixed(operator.mul, a, b)

    def __truediv__(self, other: object) -> Certified:
        a, b = self.value, other.value if type(other) is Certified else _convert(other)
        if b is None:
            return NotImplemented
        if type(b) is not Closed and b == 0:  # a ball equals 0 only where it is exactly 0
            return self if self.is_undefined else Certified.undefined("division by zero")
        if type(a) is fmpq and type(b) is fmpq:
            return _rational(a / b)
        if type(a) is arb and type(b) is arb:
            return Certified(a / b)
        return _mixed(operator.truediv, a, b)

    def __radd__(self, other: object) -> Certified:
        b = _convert(other)
        return NotImplemented if b is None else Certified(b) + self

    def __rsub__(self, other: object) -> Certified:
        b = _convert(other)
        return NotImplemented if b is None else Certified(b) - self

    def __rmul__(self, other: object) -> Certified:
        b = _convert(other)
        return NotImplemented if b is None else Certified(b) * self

    def __rtruediv__(self, other: object) -> Certified:
        b = _convert(other)
        return NotImplemented if b is None else Certified(b) / self

    def __pow__(self, other: object) -> Certified:
        b = other.value if type(other) is Certified else _convert(other)
        return NotImplemented if b is None else power(self, Certified(b))

    def __rpow__(self, other: object) -> Certified:
        b = _convert(other)
        return NotImplemented if b is None else power(Certified(b), self)

    def __neg__(self) -> Certified:
        return Certified(-self.value)

    def __pos__(self) -> Certified:
        return self

    # ------------------------------------------------------------- comparison

    def __eq__(self, other: object) -> bool:
        """Proved equal; `equals` tells unproved from different."""
        b = other.value if type(other) is Certified else _convert(other)
        return NotImplemented if b is None else self.equals(Certified(b)) is True

    __hash__ = None  # type: ignore[assignment]  # equal numbers may be held in different ways

    def __lt__(self, other: Scalar) -> bool | None:
        s = (self - certify(other)).sign
        return None if s is None else s < 0

    def __gt__(self, other: Scalar) -> bool | None:
        s = (self - certify(other)).sign
        return None if s is None else s > 0

    def __le__(self, other: Scalar) -> bool | None:
        greater = self > other
        return None if greater is None else not greater

    def __ge__(self, other: Scalar) -> bool | None:
        less = self < other
        return None if less is None else not less

    def __str__(self) -> str:
        return str(self.value if isinstance(self.value, arb) else Closed.of(self.value))

    def __repr__(self) -> str:
        return f"Certified({self})"


def certify(value: object) -> Certified:
    """The certified number equal to an exact number, a closed constant, a ball or a float (which is the dyadic it is).

    >>> print(certify(0.5), certify(Fraction(1, 10)), certify(float("-inf")))
    1/2 1/10 −∞
    """
    if isinstance(value, Certified):
        return value
    held = _convert(value)
    if held is None:
        message = f"{value!r} is no number"
        raise TypeError(message)
    return Certified(held)


def certify_array(values: Any) -> np.ndarray[Any, np.dtype[np.object_]]:
    """An object array of certified numbers of the same shape."""
    source = np.asarray(values, dtype=object)
    result = np.empty(source.shape, dtype=object)
    for index in np.ndindex(source.shape):
        result[index] = certify(source[index])
    return result


def apply(
    closed: Callable[..., Closed],
    ball: Callable[..., arb],
    *arguments: Certified,
    outside: Callable[..., str | None] | None = None,
) -> Certified:
    """f(x, …) in closed form where there is one, else on balls; `outside` says why f has no value on some balls."""
    values = [x.value for x in arguments]
    if not any(isinstance(v, arb) for v in values):
        try:
            return _held(closed(*(Closed.of(v) for v in values if not isinstance(v, arb))))
        except NoClosedFormError:
            pass
    for x in arguments:
        if x.is_undefined:
            return x
    enclosures = [_ball(v) for v in values]
    reason = outside(*enclosures) if outside else None
    return Certified.undefined(reason) if reason else Certified(_convert_ball(ball(*enclosures)))


def power(x: Certified, y: Certified) -> Certified:
    """xʸ.

    >>> print(power(certify(2), certify(-3)), power(certify(-2), certify(Fraction(1, 2))))
    1/8 undefined: square root of −2
    """
    return apply(elementary.power, balls.power, x, y, outside=balls.OUTSIDE["pow"])


def _convert(value: object) -> Value | None:
    if isinstance(value, fmpq):
        return value
    if isinstance(value, arb):
        return _convert_ball(value)
    if isinstance(value, int | fmpz | np.integer | np.bool_):
        return fmpq(int(value))
    if isinstance(value, Fraction):
        return fmpq(value.numerator, value.denominator)
    if isinstance(value, Closed):
        return _held(value).value
    return _convert_float(float(value)) if isinstance(value, float | np.floating) else None


def _convert_float(value: float) -> Value:
    if math.isfinite(value):
        return fmpq(*value.as_integer_ratio())
    if math.isnan(value):
        return Closed.undefined("not a number")
    return INFINITY if value > 0 else -INFINITY


def _convert_ball(value: arb) -> Value:
    """A ball as it is held: ∞ and −∞ are exact."""
    if value.is_finite() or not value.is_exact() or value.is_nan():
        return value
    return INFINITY if value > 0 else -INFINITY


def _held(x: Closed) -> Certified:
    return Certified(x.rational if x.is_rational else x)


def _rational(r: fmpq) -> Certified:
    return Certified(r if r.height_bits() <= MAX_BITS else arb(r))


def _ball(v: Value) -> arb:
    if isinstance(v, arb):
        return v
    return arb(v) if isinstance(v, fmpq) else v.to_ball(ctx.prec)


def _is_finite(v: Value) -> bool:
    return isinstance(v, fmpq) or bool(v.is_finite() if isinstance(v, arb) else v.is_finite)


def _mixed(operation: Callable[[Any, Any], Any], a: Value, b: Value) -> Certified:
    if isinstance(a, arb) or isinstance(b, arb):
        if isinstance(a, Closed) and not a.is_finite:
            return _with_limit(operation, a, b)
        if isinstance(b, Closed) and not b.is_finite:
            return _with_limit(operation, a, b)
        return Certified(operation(_ball(a), _ball(b)))
    try:
        return _held(operation(Closed.of(a), Closed.of(b)))
    except NoClosedFormError:
        return Certified(operation(_ball(a), _ball(b)))


def _with_limit(operation: Callable[[Any, Any], Any], a: Value, b: Value) -> Certified:
    """∞ or an undefined value with a ball: of the ball only the sign counts, and in sums not even that."""
    known = []
    for v in (a, b):
        sign = balls.sign_of(v) if isinstance(v, arb) else None
        if isinstance(v, arb) and sign is None and (operation not in {operator.add, operator.sub} or not v.is_finite()):
            other = b if v is a else a
            return Certified(other) if isinstance(other, Closed) and other.is_undefined else Certified.undecided()
        known.append(Closed.of(sign or 0) if isinstance(v, arb) else Closed.of(v))
    return _held(operation(*known))
