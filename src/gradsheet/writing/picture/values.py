"""Numbers in a few letters: a scalar, a short list, or the range of what is longer; more of it is in the tooltip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.numerics.summaries import Entry, EqualRows, Extremes, Filled, Full, OneNumber, summarise
from gradsheet.writing.arrays import NumberStyle, count_words, entry_texts, value_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 26
"""Letters that a value on an edge may have."""
_LONGEST_TOLD = 90
"""Letters of a line in a tooltip."""
_MOST_TOLD = 12


def brief(value: Any, style: NumberStyle) -> str:
    """A value on an edge; "" for none.

    >>> brief(np.array([1, 0.25]), NumberStyle()), brief(np.full((3, 4), 0.1), NumberStyle())
    ('[1, 0.25]', 'all twelve 0.1')
    >>> brief(np.arange(6.0).reshape(2, 3), NumberStyle()), brief(np.arange(40.0), NumberStyle())
    ('[0, 1, 2; 3, 4, 5]', '0 to 39')
    """
    if value is None:
        return ""
    array = whole(value)
    summary = summarise(array, style.digits, ascii_only=style.ascii_only)
    match summary:
        case OneNumber(entry=entry):
            return _number(entry)
        case Filled(count=count, entry=entry):
            spelled = _list([_number(entry)] * count, array.shape) if count <= len("four") else ""
            return spelled if 0 < len(spelled) <= LONGEST else f"{count_words(count)} {_number(entry)}"
        case EqualRows(row=row):
            spelled = f"each row {_list(entry_texts(row, style), (len(row),))}"
        case Full(shape=shape, entries=entries):
            spelled = _list(entry_texts(entries, style), shape)
        case Extremes(smallest=smallest, largest=largest):
            return _between(smallest, largest)
    return spelled if len(spelled) <= LONGEST else _range(array, style)


def told(value: Any, style: NumberStyle) -> list[str]:
    """A value in a tooltip, line by line; what is too long is cut, and says so."""
    if value is None:
        return []
    found = value_lines(whole(value), _LONGEST_TOLD, style)
    lines = [line.replace("(--full prints them)", "").rstrip() for line in found]
    return lines if len(lines) <= _MOST_TOLD else [*lines[: _MOST_TOLD - 1], "…"]


def whole(value: Any) -> Any:
    """An array; the members of a family whose shapes differ as one list of all their entries."""
    if isinstance(value, dict):
        return np.concatenate([np.asarray(member).reshape(-1) for _, member in sorted(value.items())])
    return np.asarray(value)


def _number(entry: Entry) -> str:
    """Decimals, or a fraction that is shorter: 1/3."""
    exact = entry.exact
    if exact is None or len(exact) >= len(entry.decimal) or not exact.lstrip("-−").replace("/", "").isdigit():
        return entry.decimal
    return exact


def _list(texts: Sequence[str], shape: Sequence[int]) -> str:
    """A vector, or a matrix with its rows apart as in a sheet."""
    if len(shape) == 1:
        return f"[{', '.join(texts)}]"
    if len(shape) != 2:
        return "" if not texts else "x" * (LONGEST + 1)
    columns = shape[1]
    rows = [", ".join(texts[k : k + columns]) for k in range(0, len(texts), columns)]
    return f"[{'; '.join(rows)}]"


def _range(array: Any, style: NumberStyle) -> str:
    """From the smallest entry to the largest."""
    flat = list(array.reshape(-1))
    sizes = np.asarray(flat, dtype=np.float64)
    if np.isnan(sizes).all():
        return ""
    ends = [flat[int(np.nanargmin(sizes))], flat[int(np.nanargmax(sizes))]]
    low, high = (summarise(np.asarray(end, dtype=object), style.digits, ascii_only=style.ascii_only) for end in ends)
    assert isinstance(low, OneNumber)
    assert isinstance(high, OneNumber)
    return _between(low.entry, high.entry)


def _between(low: Entry | None, high: Entry | None) -> str:
    if low is None or high is None:
        return ""
    return f"{low.decimal} to {high.decimal}"
