"""Points to compare at: small distinct sizes, random values, random upstream gradients."""

from __future__ import annotations

import random
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.auditing.peers import Argument, Request
from gradsheet.derivation import needed_inputs
from gradsheet.evaluation import Float64, Inputs
from gradsheet.expressions import OverData, Size, Symbol, walk
from gradsheet.records import dataclass
from gradsheet.verification.sampling import NoPointError, draw_sizes, draw_values, sizes_and_ranges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.auditing.contract import Bound, Contract
    from gradsheet.auditing.peers import Array, Layout
    from gradsheet.evaluation import Sizes

_TINY = 1e-3
_ROWS = (6, 7, 5, 8)
"""The numbers of rows of points: never the same at two that follow each other."""
_DRAWS = 20
STYLES = ("values of both signs", "positive values", "small values", "tiny values")


@dataclass(frozen=True, slots=True)
class Point:
    """Sizes, a float64 value for each input, and an upstream gradient for each output."""

    sizes: Sizes
    values: Mapping[Symbol, Array]
    upstream: Mapping[Symbol, Array]
    style: str
    rows: int = 0
    data: frozenset[Symbol] = field(default_factory=frozenset)
    stacked: frozenset[Symbol] = field(default_factory=frozenset)
    """Outputs that have a row for each row of the data."""

    @property
    def inputs(self) -> Inputs:
        """As the engine takes them."""
        return Inputs(self.sizes, dict(self.values), self.data, self.rows, frozenset(self.values))

    def with_upstream(self, upstream: Mapping[Symbol, Array]) -> Point:
        """The same inputs under another upstream gradient."""
        return replace(self, upstream=dict(upstream))

    def with_values(self, values: Mapping[Symbol, Array]) -> Point:
        """Other inputs under the same upstream gradient."""
        return replace(self, values={**self.values, **values})


class Drawing:
    """Draws points for a contract, each time other sizes and another kind of values."""

    def __init__(self, contract: Contract, seed: int) -> None:
        self.contract = contract
        self.seed = seed
        graph = contract.derivation.graph
        passed = {a.symbol for a in contract.arguments if a.symbol is not None}
        cotangents = set(contract.derivation.cotangents.values())
        self.symbols = (needed_inputs(graph, graph.equations) | passed) - cotangents
        self.fixed = _literals(contract) | contract.sizes

    def draw(self, number: int, attempt: int = 0) -> Point:
        """Point `number`; another `attempt` takes other values."""
        rng = random.Random(100_003 * self.seed + 1009 * number + attempt)
        contract = self.contract
        sizes = self._sizes(rng)
        data = self._data()
        count = _ROWS[number % len(_ROWS)] if data else 0
        rows = dict.fromkeys(data, count)
        kind = number % len(STYLES) if attempt < 2 else 1
        style = min(kind, 2)
        arrays = [s for s in self.symbols if s.axes]
        scalars = [s for s in self.symbols if not s.axes]
        drawn = draw_values(arrays, sizes, rng, style, rows)
        drawn.update(draw_values([s for s in scalars if s in data], sizes, rng, style, rows))
        # Constants such as ε, a temperature, a slope are positive wherever they stand.
        drawn.update(draw_values([s for s in scalars if s not in data], sizes, rng, 1))
        values = Inputs(sizes, drawn).arrays(Float64())
        for symbol, value in values.items():
            real = symbol.domain.kind == "real" and symbol.domain.low is None and symbol.domain.high is None
            if kind == 3 and symbol.axes and real:
                values[symbol] = np.asarray(value) * _TINY
        values.update({s: np.asarray(v) for s, v in contract.constants.items()})
        held = {s: np.asarray(v) for s, v in values.items()}
        stacked = frozenset(contract.outputs if contract.batch else ())
        point = Point(sizes, held, {}, STYLES[kind], count, data, stacked)
        return point.with_upstream({o: self.upstream(o, point, rng) for o in contract.outputs})

    def _sizes(self, rng: random.Random) -> Sizes:
        """No two of the sizes that are free alike, while there are few: so that no axis is taken for another."""
        for _ in range(_DRAWS):
            found = draw_sizes(self.contract.derivation, rng, self.fixed)
            free = [n for size, n in found.values.items() if size not in self.fixed]
            if len(set(free)) == len(free):
                break
        return found

    def _data(self) -> frozenset[Symbol]:
        """What takes rows: as asked for, or what the loss of one example uses and is no parameter."""
        if not self.contract.over_data:
            return self.contract.batch
        graph, sheet = self.contract.derivation.graph, self.contract.sheet
        found: set[Symbol] = set()
        for equation in sheet.equations:
            for node in walk(graph.body(equation)):
                if isinstance(node, OverData):
                    found |= graph.needed_for(*node.body.symbols)
        passed = {a.symbol for a in self.contract.arguments}
        return frozenset(s for s in found & passed & set(sheet.inputs) - set(sheet.parameters) if s is not None)

    @staticmethod
    def upstream(output: Symbol, point: Point, rng: random.Random) -> Array:
        """A random upstream gradient of an output's shape, no entry of it near 0 or 1."""
        shape = [point.rows] if point.rows and output in point.stacked else []
        for axis in output.axes:
            low, high = point.sizes.evaluate(axis.low), point.sizes.evaluate(axis.high)
            if low is None or high is None or high < low:
                raise NoPointError
            shape.append(high - low + 1)
        entries = [rng.choice((-1, 1)) * rng.uniform(0.3, 0.9) for _ in range(int(np.prod(shape, dtype=int)))]
        if not shape:
            return np.asarray(rng.uniform(1.3, 2.1))
        return np.asarray(entries).reshape(shape)


def _literals(contract: Contract) -> dict[Size, int]:
    """Sizes that the author wrote as numbers: they are what they are."""
    found = sizes_and_ranges(contract.derivation)[0]
    return {size: size.literal for size in found if size.literal is not None}


def request(contract: Contract, point: Point, *, layout: Layout = "plain", again: bool = False) -> Request:
    """The call of a function at a point."""
    arguments = tuple(Argument(b.parameter, _value(b, point), b.wanted) for b in contract.arguments)
    upstream = tuple(point.upstream[o] for o in contract.outputs)
    return Request(arguments, upstream, tuple(o.name for o in contract.outputs), layout, again)


def _value(bound: Bound, point: Point) -> Any:
    if bound.size is not None:
        return point.sizes.values.get(bound.size, bound.size.literal)
    if bound.symbol is None:
        return bound.value
    value = point.values[bound.symbol]
    match bound.form:
        case "index":
            value = np.argmax(value, axis=-1)
        case "bool":
            value = value.astype(bool)
        case "int":
            value = value.astype(np.int64)
        case _:
            value = np.asarray(value, dtype=np.float64) if value.dtype.kind != "i" else value
    if bound.symbol.domain.kind == "index" and bound.symbol.domain.bounds is not None:
        value = value - (point.sizes.evaluate(bound.symbol.domain.bounds[0]) or 0)  # counted from 0
    if value.ndim == 0 and not bound.wanted:
        return value.item()
    return np.asarray(value)
