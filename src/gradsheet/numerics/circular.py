"""sin(π/6) = 1/2: the circular functions and their inverses on closed constants, with the proved special values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flint import fmpq

from gradsheet.numerics.closed import ONE, PI, ZERO, Closed
from gradsheet.numerics.elementary import HALF, sqrt
from gradsheet.numerics.rules import ClosedFunction, Rule, even, odd

if TYPE_CHECKING:
    from collections.abc import Callable


def sin(x: Closed) -> Closed:
    """`sin x`.

    >>> print(sin(PI / 3), sin(Closed.of(-1)), sin(PI * 5 / 6))
    √3/2 −sin(1) 1/2
    """
    return _SIN(x)


def cos(x: Closed) -> Closed:
    """`cos x`.

    >>> print(cos(PI), cos(PI / 4), cos(PI * 7 / 2))
    −1 √2/2 0
    """
    return _COS(x)


def tan(x: Closed) -> Closed:
    """`tan x`.

    >>> print(tan(PI / 3), tan(PI / 2))
    √3 undefined: tangent of π/2
    """
    return _TAN(x)


def arcsin(x: Closed) -> Closed:
    """`arcsin x` for −1 ≤ x ≤ 1.

    >>> print(arcsin(-HALF), arcsin(Closed.of(2)))
    −π/6 undefined: arcsine of 2
    """
    return _ARCSIN(x)


def arccos(x: Closed) -> Closed:
    """`arccos x` for −1 ≤ x ≤ 1.

    >>> print(arccos(-HALF))
    2 π/3
    """
    return _ARCCOS(x)


def arctan(x: Closed) -> Closed:
    """`arctan x`.

    >>> print(arctan(sqrt(Closed.of(3))), arctan(Closed.of(-2)))
    π/3 −arctan(2)
    """
    return _ARCTAN(x)


_COSINES: Final = {
    fmpq(0): ONE,
    fmpq(1, 6): sqrt(Closed.of(3)) / 2,
    fmpq(1, 4): sqrt(Closed.of(2)) / 2,
    fmpq(1, 3): HALF,
    fmpq(1, 2): ZERO,
}
"""`cos qπ` on the first quadrant, where it is at most a square root."""

_TANGENTS: Final = {
    fmpq(0): ZERO,
    fmpq(1, 6): sqrt(Closed.of(3)) / 3,
    fmpq(1, 4): ONE,
    fmpq(1, 3): sqrt(Closed.of(3)),
}


def _turns(x: Closed) -> fmpq | None:
    """The q where x = qπ is written so."""
    if x.is_zero:
        return fmpq(0)
    ratio = x / PI
    return ratio.rational if ratio.is_rational else None


def _cosine_at(q: fmpq) -> Closed | None:
    """`cos qπ` by reduction to the first quadrant."""
    q = abs(q - 2 * ((q + 1) / 2).floor())
    if q > fmpq(1, 2):
        value = _COSINES.get(1 - q)
        return None if value is None else -value
    return _COSINES.get(q)


def _cosine_of_turns(x: Closed) -> Closed | None:
    q = _turns(x)
    return None if q is None else _cosine_at(q)


def _sine_of_turns(x: Closed) -> Closed | None:
    q = _turns(x)
    return None if q is None else _cosine_at(fmpq(1, 2) - q)


def _tangent_of_turns(x: Closed) -> Closed | None:
    q = _turns(x)
    if q is None:
        return None
    q -= (q + fmpq(1, 2)).floor()
    if abs(q) == fmpq(1, 2):
        return Closed.undefined(f"tangent of {x.name}")
    value = _TANGENTS.get(abs(q))
    return None if value is None else value if q >= 0 else -value


def _inverse_cosine(x: Closed) -> Closed | None:
    for q, value in _COSINES.items():
        if x == value:
            return PI * q
        if x == -value:
            return PI * (1 - q)
    return None


def _inverse_sine(x: Closed) -> Closed | None:
    angle = _inverse_cosine(x)
    return None if angle is None else PI / 2 - angle


def _inverse_tangent(x: Closed) -> Closed | None:
    return next((PI * q for q, value in _TANGENTS.items() if x == value), None)


def _outside_the_unit_interval(what: str) -> Callable[[Closed], Closed | None]:
    def apply(x: Closed) -> Closed | None:
        if (x - 1).proved_sign() > 0 or (x + 1).proved_sign() < 0:
            return Closed.undefined(f"{what} of {x.name}")
        return None

    return apply


_SIN: Final = ClosedFunction("sin", ("sine of −∞", "sine of ∞"), (
    Rule("sin_of_turns", "sin 0 = 0, sin π/6 = 1/2, sin π/4 = √2/2, …", _sine_of_turns),
    odd("sin", sin),
))  # fmt: skip
_COS: Final = ClosedFunction("cos", ("cosine of −∞", "cosine of ∞"), (
    Rule("cos_of_turns", "cos 0 = 1, cos π/3 = 1/2, cos π/4 = √2/2, …", _cosine_of_turns),
    even("cos", cos),
))  # fmt: skip
_TAN: Final = ClosedFunction("tan", ("tangent of −∞", "tangent of ∞"), (
    Rule("tan_of_turns", "tan 0 = 0, tan π/4 = 1, tan π/3 = √3, …", _tangent_of_turns),
    odd("tan", tan),
))  # fmt: skip
_ARCSIN: Final = ClosedFunction("arcsin", ("arcsine of −∞", "arcsine of ∞"), (
    Rule("arcsin_outside", "arcsin x has no value for |x| > 1", _outside_the_unit_interval("arcsine")),
    Rule("arcsin_of_sine", "arcsin 1/2 = π/6, arcsin 1 = π/2, …", _inverse_sine),
    odd("arcsin", arcsin),
))  # fmt: skip
_ARCCOS: Final = ClosedFunction("arccos", ("arccosine of −∞", "arccosine of ∞"), (
    Rule("arccos_outside", "arccos x has no value for |x| > 1", _outside_the_unit_interval("arccosine")),
    Rule("arccos_of_cosine", "arccos 1/2 = π/3, arccos 0 = π/2, …", _inverse_cosine),
    Rule("arccos_of_negative", "arccos(−x) = π − arccos x",
        lambda x: PI - arccos(-x) if x.proved_sign() < 0 else None),
))  # fmt: skip
_ARCTAN: Final = ClosedFunction("arctan", (-PI / 2, PI / 2), (
    Rule("arctan_of_tangent", "arctan 0 = 0, arctan 1 = π/4, …", _inverse_tangent),
    odd("arctan", arctan),
))  # fmt: skip

CIRCULAR: Final = (_SIN, _COS, _TAN, _ARCSIN, _ARCCOS, _ARCTAN)
