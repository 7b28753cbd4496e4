"""[0.3, 0.3, 0.3, 0.3] as "all four 0.3": values in words and aligned rows; whatever is left out is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.numerics.entries import NumberStyle, entry_texts, forms
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

__all__ = ["NumberStyle", "count_words", "entry_texts", "one_number", "summary_of", "value_lines"]


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
    written = forms(entry, style)
    if not written.relation:
        return written.first
    sign = "~=" if style.ascii_only and written.relation == "≈" else written.relation
    return f"{written.first} {sign} {written.second}"


def count_words(count: int) -> str:
    """`both`, `all four`, `all 100`.

    >>> count_words(2), count_words(16), count_words(1200)
    ('both', 'all sixteen', 'all 1,200')
    """
    return _COUNTS[count] if count < len(_COUNTS) else f"all {count:,}"


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
