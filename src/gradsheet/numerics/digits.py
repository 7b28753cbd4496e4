"""π ≈ 3.14159: decimals of which every digit is right, and exact texts where they are short.

Numbers of ordinary size are written with a fixed number of decimals, rounded half to even; what ends within them is
written as it is (0.3, −0.0625), and only rounded numbers end in zeros (−0.04850). Below 10⁻³ and from 10⁶ on, the same
number of significant digits stands before a power of ten.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from flint import arb, ctx, fmpq

from gradsheet.numerics import balls
from gradsheet.numerics.certified import certify

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.numerics.closed import Closed

ZERO_DIGITS: Final = 30
"""A ball around 0 counts as 0 when it is smaller than 10 to the minus this."""

_SMALLEST_FIXED: Final = Fraction(1, 1000)
_LARGEST_FIXED: Final = 10**6
_LARGEST_WRITTEN_OUT: Final = 10**15
_LARGEST_FRACTION_BITS: Final = 23
_TIE_BITS: Final = 100
_TIE_DIGITS: Final = 12
_MODERATE_EXPONENT: Final = 20_000
_CLOSED_PRECISIONS: Final = (64, 128, 256, 1024, 4096)
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class NeedsPrecisionError(ArithmeticError):
    """The ball is too wide for the digits that were asked for: evaluate again with more bits."""


def decimal(value: object, digits: int = 5, *, ascii_only: bool = False) -> str:
    """The number x to `digits` decimals, each of them right.

    Takes certified numbers, closed constants, rationals, balls and floats (by their shortest decimal form). Raises
    `NeedsPrecisionError` for a ball that does not hold the digits.

    >>> decimal(Fraction(-1, 16)), decimal(Fraction(1, 3)), decimal(0.1), decimal(Fraction(-97, 2000), 3)
    ('−0.0625', '0.33333', '0.1', '−0.048')
    >>> decimal(Fraction(1, 8100000)), decimal(Fraction(1, 8100000), ascii_only=True)
    ('1.2346·10⁻⁷', '1.2346e-07')
    >>> from gradsheet.numerics.closed import PI
    >>> decimal(PI, 30), decimal(arb(0, 1e-40))
    ('3.141592653589793238462643383280', '0 to 30 digits')
    """
    x = Fraction(repr(float(value))) if isinstance(value, float) and math.isfinite(value) else value
    held = certify(x).value
    style = _ascii if ascii_only else _unicode
    if isinstance(held, fmpq):
        return style(*_exact(Fraction(int(held.p), int(held.q)), digits))
    if isinstance(held, arb):
        return _of_ball(held, digits, style)
    if held.is_undefined:
        return "undefined"
    if held.infinite:
        return held.text(ascii_only=ascii_only)
    return _of_closed(held, digits, style)


def exact_text(value: object, limit: int = 24, *, ascii_only: bool = False) -> str | None:
    """The closed form of x where it is exact and fits into `limit` characters.

    >>> exact_text(Fraction(-1, 16)), exact_text(Fraction(10**9, 7)), exact_text(arb(0, 1))
    ('−1/16', None, None)
    """
    closed = certify(value).closed
    if closed is None or closed.is_undefined or closed.size > 2 * limit:
        return None
    if closed.is_rational and closed.rational.q != 1 and closed.rational.height_bits() > _LARGEST_FRACTION_BITS:
        return None
    text = closed.text(ascii_only=ascii_only)
    return text if len(text) <= limit else None


def _of_closed(x: Closed, digits: int, style: Callable[[str, int | None], str]) -> str:
    if x.sign == 0:
        return style("0", None)
    for bits in _CLOSED_PRECISIONS:
        ball = x.to_ball(bits)
        if x.sign and ball.contains(0):
            continue  # 1 − tanh 50 is small and is no zero
        try:
            return _of_ball(ball, digits, style)
        except NeedsPrecisionError:
            continue
    message = f"{digits} digits of a closed constant need more than {_CLOSED_PRECISIONS[-1]} bits"
    raise NeedsPrecisionError(message)


def _of_ball(x: arb, digits: int, style: Callable[[str, int | None], str]) -> str:
    if not x.is_finite():
        raise NeedsPrecisionError("the ball is not finite")
    if x.contains(0) and not x.is_zero():
        if abs(x) < arb(10) ** -ZERO_DIGITS:
            return f"0 to {ZERO_DIGITS} digits"
        raise NeedsPrecisionError("the ball contains 0")
    low, high, shift = _ends(x)
    if low == high and not shift:
        return style(*_exact(low, digits))
    sizes = sorted((abs(low), abs(high)))
    scientific = bool(shift) or sizes[1] < _SMALLEST_FIXED or sizes[0] >= _LARGEST_FIXED
    # A number that lies on a rounding boundary to the last bit of the ball is shown with the digits that say so.
    tie = int(x.rel_accuracy_bits()) >= _TIE_BITS
    for d in range(digits, digits + 1 + (_TIE_DIGITS if tie else 0)):
        below, above = (_scientific(end, d, shift) if scientific else _fixed(end, d) for end in (low, high))
        if below == above:
            return style(*below)
    message = f"the ball does not hold {digits} digits"
    raise NeedsPrecisionError(message)


def _ends(x: arb) -> tuple[Fraction, Fraction, int]:
    """The ends of a ball as fractions times 10^shift; the shift is 0 unless the number is astronomical."""
    shift = 0
    if not x.is_zero() and abs(int(x.mid().man_exp()[1])) > _MODERATE_EXPONENT:
        with ctx.workprec(balls.current_precision() + 2 * _TIE_BITS):
            shift = int(float(abs(x.mid()).log() / arb(10).log()))
            x = x / arb(10) ** shift
    low, high = ((m, e) for m, e in balls.endpoints(x))
    return _dyadic(*low), _dyadic(*high), shift


def _dyadic(mantissa: int, exponent: int) -> Fraction:
    return Fraction(mantissa * 2**exponent if exponent >= 0 else Fraction(mantissa, 2**-exponent))


def _exact(x: Fraction, digits: int) -> tuple[str, int | None]:
    """A rational number: written out where it ends within the decimals, else rounded."""
    size = abs(x)
    if size < _LARGEST_WRITTEN_OUT and (x * 10**digits).denominator == 1:
        return _trim(_fixed(x, digits)[0]), None
    if _SMALLEST_FIXED <= size < _LARGEST_FIXED:
        return _fixed(x, digits)
    text, exponent = _scientific(x, digits)
    return (_trim(text) if Fraction(text) * Fraction(10) ** exponent == x else text), exponent


def _fixed(x: Fraction, digits: int) -> tuple[str, None]:
    return _point(x < 0, round(abs(x) * 10**digits), digits), None


def _scientific(x: Fraction, digits: int, shift: int = 0) -> tuple[str, int]:
    """x·10^shift with `digits` significant digits."""
    exponent = _decade(abs(x))
    mantissa = round(abs(x) * Fraction(10) ** (digits - 1 - exponent))
    if mantissa == 10**digits:
        mantissa, exponent = mantissa // 10, exponent + 1
    return _point(x < 0, mantissa, digits - 1), exponent + shift


def _decade(size: Fraction) -> int:
    """The e with 10ᵉ ≤ size < 10ᵉ⁺¹."""
    estimate = len(str(size.numerator)) - len(str(size.denominator))
    return estimate if size >= Fraction(10) ** estimate else estimate - 1


def _point(negative: bool, n: int, decimals: int) -> str:  # noqa: FBT001 - the sign of a number
    whole, part = divmod(n, 10**decimals)
    text = f"{whole}.{part:0{decimals}d}" if decimals else str(whole)
    return f"-{text}" if negative else text


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unicode(number: str, exponent: int | None) -> str:
    number = number.replace("-", "−")
    return number if exponent is None else f"{number}·10{str(exponent).translate(_SUPERSCRIPTS)}"


def _ascii(number: str, exponent: int | None) -> str:
    return number if exponent is None else f"{number}e{exponent:+03d}"
