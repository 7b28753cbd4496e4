"""A sheet that states the whole data set itself: X ∈ ℝ^(N×d), y ∈ ℝ^N. All rows of the data are the first axis at once.

Which size that axis has is no property of a model: new data may have another number of rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.diagnostics import refuse
from gradsheet.evaluation.sizes import SizeConflictError, Sizes
from gradsheet.expressions import Size
from gradsheet.training.data import needs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.expressions import Affine, Symbol
    from gradsheet.sheet import Sheet
    from gradsheet.training.data import Need


def first_extent(symbol: Symbol) -> Affine | None:
    """How long the first axis is; None for a single number."""
    return symbol.axes[0].high - symbol.axes[0].low + 1 if symbol.axes else None


def rows_of(inputs: Iterable[Symbol]) -> Affine | None:
    """The length of the axis that most inputs begin with; of several, that of the first declared."""
    found = Counter(e for e in map(first_extent, inputs) if e is not None)
    return max(found, key=found.__getitem__, default=None)


def free_sizes(sheet: Sheet, rows: Affine) -> frozenset[Size]:
    """The sizes that follow from the number of rows and from nothing else: no parameter has them."""
    owned = {a for p in sheet.parameters for i in p.axes for a in (*i.low.atoms(), *i.high.atoms())}
    return frozenset(a for a in rows.atoms() if isinstance(a, Size) and a not in owned)


def sizes_at(sizes: Sizes, free: frozenset[Size], rows: Affine, count: int) -> Sizes:
    """The sizes for so many rows."""
    found = Sizes()
    for size, number in sizes.values.items():
        if size not in free:
            found.set(size, number, "the model")
    found.families.update(sizes.families)
    try:
        fits = found.solve(rows, count, "the data")
    except SizeConflictError:
        fits = False
    if not fits:
        wanted = found.evaluate(rows)
        refuse("GS816", f"the data have {count} rows, and the sheet needs {rows if wanted is None else wanted}",
               suggestion="the number of rows stands in the sheet, or in the shape of a parameter")  # fmt: skip
    return found


def whole_needs(symbols: Sequence[Symbol], sizes: Sizes) -> tuple[Need, ...]:
    """What is asked of the data: of each symbol, the shape of a row, without the axis of the rows."""
    return tuple(replace(need, shape=need.shape[1:]) for need in needs_of(symbols, sizes))


__all__ = ["first_extent", "free_sizes", "rows_of", "sizes_at", "whole_needs"]
