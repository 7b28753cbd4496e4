"""[0.3, 0.3, 0.3, 0.3] as "all four 0.3": values in words and aligned rows; whatever is left out is said.

Fractions stay fractions where a person would write them (1/3, −1/16) and tenths stay decimals (0.3). In an array all
entries are written alike. A number with a short closed form shows it beside its decimals: log(3) ≈ 1.09861.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.numerics.summaries import (
    LARGEST_WRITTEN,
    Entry,
    EqualRows,
    Extremes,
    Filled,
    Full,
    OneNumber,
    Summary,
    summarise,
    write_entry,
)
from gradsheet.writing.layout import pad_left, text_width, wrap_list, wrap_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_COUNTS = (
    "no", "the one", "both", "all three", "all four", "all five", "all six", "all seven", "all eight", "all nine",
    "all ten", "all eleven", "all twelve", "all thirteen", "all fourteen", "all fifteen", "all sixteen",
)  # fmt: skip
_LARGEST_DENOMINATOR = 64
"""Fractions up to this denominator are written as such in arrays."""
_LARGEST_DENOMINATOR_ALONE = 1000
"""The same for a number by itself."""
_LONGEST_CLOSED = 9
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


def summary_of(value: Any, style: NumberStyle) -> Summary:
    """A value as data: repeated entries once, extremes of what is large, unless everything is asked for."""
    array = np.asarray(value)
    if style.full and array.size > LARGEST_WRITTEN:
        entries = tuple(write_entry(v, style.digits, ascii_only=style.ascii_only) for v in array.reshape(-1))
        return Full(array.shape, entries)
    return summarise(array, style.digits, ascii_only=style.ascii_only)


def value_lines(value: Any, width: int, style: NumberStyle, lows: Sequence[int] = ()) -> list[str]:
    """A value as lines of at most `width` columns where that is possible; `lows` are the first indices of its axes.

    >>> value_lines(np.array([[1, 0.25], [-0.5, 1]]), 40, NumberStyle())
    ['⎡    1  0.25 ⎤', '⎣ −0.5     1 ⎦']
    >>> value_lines(np.full((3, 4), 0.1), 40, NumberStyle()), value_lines(np.arange(3.0), 40, NumberStyle())
    (['all twelve 0.1'], ['[0, 1, 2]'])
    """
    match summary_of(value, style):
        case OneNumber(entry):
            return [one_number(entry, style)]
        case Filled() as filled:
            return [f"{count_words(filled.count)} {one_number(filled.entry, style)}"]
        case EqualRows(row=row):
            return wrap_list("every row [", entry_texts(row, style), "]", width)
        case Full(shape=shape, entries=()):
            return [f"empty ({'×'.join(map(str, shape))})"]
        case Full(shape=(_,), entries=entries):
            return wrap_list("[", entry_texts(entries, style), "]", width)
        case Full() as full:
            return _slices(full.shape, entry_texts(full.entries, style), width, style, lows)
        case Extremes() as extremes:
            return wrap_words(_extremes(extremes), width)


def one_number(entry: Entry, style: NumberStyle) -> str:
    """A number by itself.

    >>> one_number(Entry("1.09861", "log(3)"), NumberStyle()), one_number(Entry("−0.0625", "−1/16"), NumberStyle())
    ('log(3) ≈ 1.09861', '−1/16 = −0.0625')
    >>> one_number(Entry("0.3", "3/10"), NumberStyle())
    '0.3'
    """
    exact = entry.exact
    if exact is None or _is_decimal(entry):
        return entry.decimal
    fraction = _fraction(exact)
    if fraction is not None:
        if fraction.denominator > _LARGEST_DENOMINATOR_ALONE and not style.exact:
            return entry.decimal
        if _ends(entry):
            return entry.decimal if style.decimals else f"{exact} = {entry.decimal}"
    elif len(exact) > _LONGEST_CLOSED and not style.exact:
        return entry.decimal
    return f"{exact} {'~=' if style.ascii_only else '≈'} {entry.decimal}"


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


def count_words(count: int) -> str:
    """`both`, `all four`, `all 100`.

    >>> count_words(2), count_words(16), count_words(1200)
    ('both', 'all sixteen', 'all 1,200')
    """
    return _COUNTS[count] if count < len(_COUNTS) else f"all {count:,}"


# ---------------------------------------------------------------- numbers


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


# ---------------------------------------------------------------- arrays


def _slices(shape: tuple[int, ...], texts: list[str], width: int, style: NumberStyle, lows: Sequence[int]) -> list[str]:
    """A matrix, or the matrices of an array with more axes, each with its indices before it."""
    if len(shape) == 2:
        return _matrix(texts, shape[1], width, style)
    rows, columns = shape[-2:]
    starts = [*lows, *([1] * len(shape))][: len(shape) - 2]
    lines: list[str] = []
    for number, place in enumerate(np.ndindex(shape[:-2])):
        label = "[" + ",".join(str(p + s) for p, s in zip(place, starts, strict=True)) + ",:,:] "
        part = texts[number * rows * columns : (number + 1) * rows * columns]
        block = _matrix(part, columns, width - len(label), style)
        lines.append(label + block[0])
        lines.extend(" " * len(label) + line for line in block[1:])
    return lines


def _matrix(texts: list[str], columns: int, width: int, style: NumberStyle) -> list[str]:
    """Rows with their entries aligned."""
    rows = [texts[i : i + columns] for i in range(0, len(texts), columns)]
    widths = [max(text_width(row[k]) for row in rows) for k in range(columns)]
    aligned = ["  ".join(pad_left(t, w) for t, w in zip(row, widths, strict=True)) for row in rows]
    if text_width(aligned[0]) + 4 > width:
        lines: list[str] = []
        for at, row in enumerate(rows):
            opening = "[[" if at == 0 else " ["
            lines.extend(wrap_list(opening, row, "]]" if at == len(rows) - 1 else "],", width))
        return lines
    if style.ascii_only or len(rows) == 1:
        return [f"[ {line} ]" for line in aligned]
    last = len(rows) - 1
    return [
        f"{'⎡' if k == 0 else '⎣' if k == last else '⎢'} {line} {'⎤' if k == 0 else '⎦' if k == last else '⎥'}"
        for k, line in enumerate(aligned)
    ]


def _extremes(extremes: Extremes) -> str:
    count = f"{extremes.count:,}"
    if extremes.smallest is None or extremes.largest is None or extremes.norm is None:
        return f"{count} numbers, all undefined"
    undefined = f", {extremes.undefined:,} undefined" if extremes.undefined else ""
    bounds = f"from {extremes.smallest.decimal} to {extremes.largest.decimal}"
    return f"{count} numbers {bounds}, norm {extremes.norm.decimal}{undefined} (--full prints them)"
