"""= −1/16 = −0.0625, ≈ 0.29131, a matrix, or words for what is too large: values as a page shows them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradsheet.numerics.certified import Certified
from gradsheet.numerics.entries import NumberStyle, entry_texts, forms
from gradsheet.numerics.summaries import LARGEST_WRITTEN, Entry, EqualRows, Extremes, Filled, OneNumber, write_entry
from gradsheet.records import dataclass
from gradsheet.typesetting import value_box
from gradsheet.writing.arrays import count_words, one_number, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.typesetting import Box

Relation = Literal["=", "≈"]

_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")

LARGEST_MATRIX = LARGEST_WRITTEN
"""Entries up to which an array is a matrix on the page, unless everything is asked for."""
LONGEST_ROW = 10
"""Entries up to which a vector is one row on the page."""
MOST_COLUMNS = 12
"""Columns up to which a matrix is set; a wider one is a list."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value as a formula behind its sign; as a list where it is too long for one, in words where it is too large."""

    relation: Relation | Literal[""]
    """"" before words: `all 784 entries are 0.1`."""
    box: Box | None
    text: str
    """The same as plain text."""
    place: tuple[int, ...] = ()
    """For one matrix of an array with more axes: where it stands, counted from 0."""


def quantities(value: Any, style: NumberStyle, *, computed: bool = True) -> Iterator[Quantity]:
    """A value in as many formulas as it needs: one, or one for each matrix of an array with more than two axes.

    >>> [q.relation + " " + q.text for q in quantities(np.array([0.5, 0.25]), NumberStyle(), computed=False)]
    ['= [0.5, 0.25]']
    >>> [q.text for q in quantities(np.full((30, 30), 0.1), NumberStyle())]
    ['all 900 entries are 0.1']
    """
    array = np.asarray(value)
    found = summary_of(array, style)
    match found:
        case OneNumber(entry):
            yield _number(array[()], entry, style, computed=computed)
        case Filled(entry=entry) if array.size > LARGEST_MATRIX:
            yield Quantity("", None, f"{count_words(array.size)} entries are {one_number(entry, style)}")
        case Extremes():
            yield Quantity("", None, _extremes(found))
        case EqualRows() | Filled() | _ if array.ndim <= 2:
            yield _array(array, style, computed=computed)
        case _:
            for place in np.ndindex(array.shape[:-2]):
                held = _array(array[place], style, computed=computed)
                yield Quantity(held.relation, held.box, held.text, place)


def _number(value: Any, entry: Entry, style: NumberStyle, *, computed: bool) -> Quantity:
    written = forms(entry, style)
    known = bool(written.relation) or is_exact(value, written.first, computed=computed)
    return Quantity("=" if known else "≈", value_box(value, style), one_number(entry, style))


def _array(array: Any, style: NumberStyle, *, computed: bool) -> Quantity:
    """A vector as a row with ⊤, a matrix as a matrix; what is too long for a line as a list."""
    entries = [write_entry(v, style.digits) for v in array.reshape(-1)]
    texts = entry_texts(entries, style)
    known = all(is_exact(v, t, computed=computed) for v, t in zip(array.reshape(-1), texts, strict=True))
    relation: Relation = "=" if known else "≈"
    if array.size == 0:
        return Quantity("", None, "there are no entries")
    columns = array.shape[-1]
    text = "[" + "; ".join(", ".join(texts[k : k + columns]) for k in range(0, len(texts), columns)) + "]"
    if columns > (LONGEST_ROW if array.ndim == 1 else MOST_COLUMNS):
        return Quantity(relation, None, text)
    return Quantity(relation, value_box(array, style, as_row=array.ndim == 1), text)


def is_exact(value: Any, text: str, *, computed: bool = True) -> bool:
    """Whether a written number is the number itself: not rounded, and not computed with rounded numbers.

    >>> is_exact(Fraction(1, 4), "0.25"), is_exact(Fraction(1, 3), "0.33333"), is_exact(Fraction(1, 3), "1/3")
    (True, False, True)
    >>> is_exact(0.25, "0.25"), is_exact(0.25, "0.25", computed=False)
    (False, True)
    >>> is_exact(Fraction(1, 8100000), "1.2346·10⁻⁷"), is_exact(Fraction(1, 10**7), "1·10⁻⁷")
    (False, True)
    """
    if isinstance(value, float | np.floating):
        return not computed and _as_fraction(text) == _as_fraction(repr(float(value)))
    number = value.fraction if isinstance(value, Certified) else Fraction(value)
    written = _as_fraction(text)
    if number is None or written is None:
        return written is None and isinstance(value, Certified) and value.closed is not None
    return written == number


def _as_fraction(text: str) -> Fraction | None:
    """A written number: 0.25, −1/3, 1.2·10⁻⁷."""
    mantissa, _, exponent = text.replace("−", "-").partition("·10")
    try:
        return Fraction(mantissa + (f"e{exponent.translate(_LOWERED)}" if exponent else ""))
    except ValueError:
        return None


def _extremes(extremes: Extremes) -> str:
    """What is said of an array that is too large to be written."""
    count = f"{extremes.count:,} entries"
    if extremes.smallest is None or extremes.largest is None or extremes.norm is None:
        return f"{count}, all of them undefined"
    undefined = f", {extremes.undefined:,} of them undefined" if extremes.undefined else ""
    return (
        f"{count} from {extremes.smallest.decimal} to {extremes.largest.decimal}{undefined}, "
        f"of norm {extremes.norm.decimal}"
    )
