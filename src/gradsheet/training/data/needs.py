"""What a sheet asks of its data: for each symbol with a row for each example, the shape of a row and its set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradsheet.expressions import REAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.expressions import Symbol, ValueSet


@dataclass(frozen=True, slots=True)
class Need:
    """name ∈ set^shape, for each row. A length that is None is taken from the data."""

    name: str
    shape: tuple[int | None, ...] = ()
    domain: ValueSet = REAL
    bounds: tuple[int | None, int | None] = (None, None)
    """Of an index set: the first and the last whole number."""
    first: int = 1
    """The index with which the last axis begins: the number of the first class of `onehot`."""

    @property
    def width(self) -> int | None:
        """How many numbers a row has, if that is known."""
        total = 1
        for length in self.shape:
            if length is None:
                return None
            total *= length
        return total

    def __str__(self) -> str:
        lengths = ["?" if length is None else str(length) for length in self.shape]
        match self.domain.kind:
            case "onehot" | "simplex" as kind:
                return f"{self.name} ∈ {kind}({lengths[-1]})"
            case "finite":
                base = "{" + ", ".join(map(str, self.domain.values)) + "}"
            case "index":
                low, high = self.bounds
                base = f"{'?' if low is None else low}..{'?' if high is None else high}"
            case _:
                base = "ℝ"
        if not lengths:
            return f"{self.name} ∈ {base}"
        return f"{self.name} ∈ {base}^{lengths[0] if len(lengths) == 1 else '(' + '×'.join(lengths) + ')'}"


def needs_of(symbols: Iterable[Symbol], sizes: Sizes) -> tuple[Need, ...]:
    """What symbols of a sheet need, with the sizes that are known."""
    return tuple(_need(symbol, sizes) for symbol in symbols)


def _need(symbol: Symbol, sizes: Sizes) -> Need:
    shape = tuple(_length(sizes.evaluate(a.high), sizes.evaluate(a.low)) for a in symbol.axes)
    bounds = symbol.domain.bounds
    low, high = (None, None) if bounds is None else (sizes.evaluate(bounds[0]), sizes.evaluate(bounds[1]))
    first = sizes.evaluate(symbol.axes[-1].low) if symbol.axes else None
    return Need(symbol.name, shape, symbol.domain, (low, high), 1 if first is None else first)


def _length(high: int | None, low: int | None) -> int | None:
    return None if high is None or low is None else max(0, high - low + 1)


__all__ = ["Need", "needs_of"]
