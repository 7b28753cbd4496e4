"""1/3 ≈ 0.33333, 0.3, log(3): which of its forms a number is written in, by itself and among the entries of an array.

Fractions stay fractions where a person would write them (1/3, −1/16) and tenths stay decimals (0.3). In an array all
entries are written alike. A number with a short closed form shows it beside its decimals: log(3) ≈ 1.09861.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.numerics.summaries import Entry

_LARGEST_DENOMINATOR: Final = 64
"""Fractions up to this denominator are written as such in arrays."""
_LARGEST_DENOMINATOR_ALONE: Final = 1000
"""The same for a number by itself."""
_LONGEST_CLOSED: Final = 9
"""Closed forms up to this length stand before their decimals: log(3), but not 1/10 + 2 tanh(3/10)/5."""


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How numbers are written: decimals after the point, exact forms wherever there are some, all entries of arrays."""

    digits: int = 5
    ascii_only: bool = False
    exact: bool = False
    full: bool = False
    decimals: bool = False
    """Prefer 0.5 to 1/2, as in a list of given values."""


@dataclass(frozen=True, slots=True)
class Forms:
    """A number by itself: one form, or its exact form and its decimals with the sign between."""

    first: str
    relation: Literal["", "=", "≈"] = ""
    second: str = ""


def forms(entry: Entry, style: NumberStyle) -> Forms:
    """The forms in which a number by itself is written.

    >>> from gradsheet.numerics.summaries import Entry
    >>> forms(Entry("1.09861", "log(3)"), NumberStyle())
    Forms(first='log(3)', relation='≈', second='1.09861')
    >>> forms(Entry("0.3", "3/10"), NumberStyle())
    Forms(first='0.3', relation='', second='')
    """
    exact = entry.exact
    if exact is None or _is_decimal(entry):
        return Forms(entry.decimal)
    fraction = _fraction(exact)
    if fraction is not None:
        if fraction.denominator > _LARGEST_DENOMINATOR_ALONE and not style.exact:
            return Forms(entry.decimal)
        if _ends(entry):
            return Forms(entry.decimal) if style.decimals else Forms(exact, "=", entry.decimal)
    elif len(exact) > _LONGEST_CLOSED and not style.exact:
        return Forms(entry.decimal)
    return Forms(exact, "≈", entry.decimal)


def entry_texts(entries: Sequence[Entry], style: NumberStyle) -> list[str]:
    """The entries of one array, written alike: as fractions if all are short fractions, else as decimals."""
    if style.exact:
        return [e.decimal if e.exact is None or _is_decimal(e) else e.exact for e in entries]
    fractions = [e.exact for e in entries if e.exact is not None and _fraction(e.exact) is not None]
    if any(map(_is_decimal, entries)) or (style.decimals and all(map(_ends, entries))):
        return [e.decimal for e in entries]
    short = all(f.denominator <= _LARGEST_DENOMINATOR for f in map(_fraction, fractions) if f is not None)
    if fractions and short and all((e.exact or e.decimal) in fractions or _is_whole(e.decimal) for e in entries):
        return [e.exact or e.decimal for e in entries]
    return [e.decimal for e in entries]


def _fraction(text: str) -> Fraction | None:
    plain = text.replace("−", "-")
    numerator, _, denominator = plain.lstrip("-").partition("/")
    if not numerator.isdigit() or (denominator and not denominator.isdigit()):
        return None
    return Fraction(plain)


def _is_whole(text: str) -> bool:
    return text.lstrip("-−").isdigit()


def _ends(entry: Entry) -> bool:
    """The decimals are the number itself, not rounded."""
    if entry.exact is None:
        return _is_whole(entry.decimal)
    try:
        return Fraction(entry.decimal.replace("−", "-")) == _fraction(entry.exact)
    except ValueError:
        return False


def _is_decimal(entry: Entry) -> bool:
    """A number of tenths, which people write with a point: 0.3, not 3/10."""
    fraction = _fraction(entry.exact) if entry.exact is not None else None
    return fraction is not None and fraction.denominator % 5 == 0 and _ends(entry)
