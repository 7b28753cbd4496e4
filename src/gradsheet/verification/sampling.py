"""Generic points: small sizes that tell the axes apart, and random values in the declared sets."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gradsheet.evaluation import Inputs, Sizes
from gradsheet.evaluation.named import symbol_depth
from gradsheet.expressions import Affine, Index, Reduce, Size, SizeMember, Symbol, ValueSet, fold, walk
from gradsheet.expressions.nodes import affines, bound
from gradsheet.numerics.certified import certify

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.derivation import Derivation
    from gradsheet.derivation.graph import Graph
    from gradsheet.expressions import AnyNode
    from gradsheet.sheet import Sheet

_SMALL = (3, 2, 4, 5, 2, 3, 4)
MOST_WORK = 3_000_000
"""Components that a verification by power series computes at most."""
_TRIES = 40


class Sampled(Protocol):
    """A sheet with its equations: a derivation, or less."""

    @property
    def sheet(self) -> Sheet:
        """Where sizes and symbols are declared."""

    @property
    def graph(self) -> Graph:
        """The equations."""


class NoPointError(Exception):
    """No sizes were found at which every axis has an entry."""


def draw_sizes(derivation: Derivation, rng: random.Random, fixed: Mapping[Size, int] | None = None) -> Sizes:
    """Distinct small sizes (cycling where there are many), such that no axis and no range is empty.

    `fixed` sizes are those that somebody demands.
    """
    sizes, families, ranges = sizes_and_ranges(derivation)
    for attempt in range(_TRIES):
        found = Sizes()
        order = list(_SMALL)
        rng.shuffle(order)
        grow = attempt // 8
        for k, size in enumerate(sizes):
            found.values[size] = order[k % len(order)] + grow + (k // len(order)) % 2
        found.values.update(fixed or {})
        ok = True
        for name, (low, high) in families.items():
            a, b = found.evaluate(low), found.evaluate(high)
            if a is None or b is None or b < a or b - a > 40:
                ok = False
                break
            found.families[name] = {m: order[(m - a) % 4] + (m - a) % 3 for m in range(a, b + 1)}
        if ok and all(_filled(found, low, high) for low, high in ranges):
            return found
    raise NoPointError


def work_of(derivation: Derivation, sizes: Sizes) -> int:
    """About how many components a verification computes: the entries of each equation times its sums.

    Sizes are drawn small; ranges that the sheet states as numbers are as long as they are.
    """
    def length(index: Index) -> int:
        low, high = sizes.evaluate(index.low), sizes.evaluate(index.high)
        return 1 if low is None or high is None else max(1, high - low + 1)

    def longest(node: AnyNode, parts: tuple[int, ...]) -> int:
        inner = max(parts, default=1)
        return length(node.index) * inner if isinstance(node, Reduce) else inner

    graph = derivation.graph
    return sum(prod(length(i) for i in e.free) * fold(graph.body(e), longest) for e in graph.equations)


def _filled(sizes: Sizes, low: Affine, high: Affine) -> bool:
    a, b = sizes.evaluate(low), sizes.evaluate(high)
    return a is None or b is None or b >= a


def sizes_and_ranges(
    derivation: Sampled,
) -> tuple[list[Size], dict[str, tuple[Affine, Affine]], list[tuple[Affine, Affine]]]:
    """Every size in the sheet, size families, and the ranges that must not be empty."""
    found: dict[Size, None] = {}
    ranges: list[tuple[Affine, Affine]] = []

    def note(*values: Affine) -> None:
        for value in values:
            for atom in value.atoms():
                if isinstance(atom, Size):
                    found.setdefault(atom)

    sheet = derivation.sheet
    for low, high in sheet.size_families.values():
        note(low, high)
    symbols: dict[Symbol, None] = dict.fromkeys(sheet.symbols.values())
    for equation in derivation.graph.equations:
        symbols.setdefault(equation.symbol)
        for index in equation.free:
            note(*index.range)
            ranges.append(index.range)
        for node in walk(derivation.graph.body(equation)):
            note(*affines(node))
            ranges.extend(index.range for index in bound(node))
    for symbol in symbols:
        for axis in symbol.axes:
            note(*axis.range)
            ranges.append(axis.range)
        if symbol.domain.bounds is not None:
            note(*symbol.domain.bounds)
    return list(found), dict(sheet.size_families), ranges


class TooMuchError(Exception):
    """Ranges that are stated as numbers are too long for a verification by power series."""

    def __str__(self) -> str:
        return "ranges are stated as long numbers; with sizes that are names, 0..T-1, small ones are verified"


def draw_inputs(
    derivation: Derivation, needed: Iterable[Symbol], rng: random.Random, style: int, rows: dict[Symbol, int]
) -> Inputs:
    """Random values for inputs; `style` moves the interval from which reals come, for functions with a domain."""
    inputs = Inputs(sizes=draw_sizes(derivation, rng))
    inputs.values = draw_values(needed, inputs.sizes, rng, style, rows)
    inputs.data = frozenset(rows)
    inputs.rows = next(iter(rows.values()), 0)
    inputs.given = frozenset(inputs.values)
    return inputs


def draw_values(
    needed: Iterable[Symbol], sizes: Sizes, rng: random.Random, style: int, rows: Mapping[Symbol, int] | None = None
) -> dict[Symbol, Any]:
    """Random values in the sets of some symbols, for known sizes."""
    values: dict[Symbol, Any] = {}
    for symbol in sorted(needed, key=lambda s: s.serial):
        depth = symbol_depth(symbol)
        if depth:
            values[symbol] = {
                member: _array(shape, symbol, sizes, rng, style) for member, shape in _members(symbol, depth, sizes)
            }
            continue
        shape = _shape(symbol.axes, sizes, {})
        if rows and symbol in rows:
            shape = (rows[symbol], *shape)
        values[symbol] = _array(shape, symbol, sizes, rng, style)
    return values


def _shape(axes: Sequence[Index], sizes: Sizes, fixed: dict[Index, int]) -> tuple[int, ...]:
    result = []
    for axis in axes:
        low, high = sizes.evaluate(axis.low, fixed), sizes.evaluate(axis.high, fixed)
        if low is None or high is None or high < low:
            raise NoPointError
        result.append(high - low + 1)
    return tuple(result)


def _members(symbol: Symbol, depth: int, sizes: Sizes) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    states: list[dict[Index, int]] = [{}]
    for axis in symbol.axes[:depth]:
        grown: list[dict[Index, int]] = []
        for state in states:
            low, high = sizes.evaluate(axis.low, state), sizes.evaluate(axis.high, state)
            if low is None or high is None:
                raise NoPointError
            grown.extend({**state, axis: k} for k in range(low, high + 1))
        states = grown
    return [(tuple(s.values()), _shape(symbol.axes[depth:], sizes, s)) for s in states]


def _array(shape: tuple[int, ...], symbol: Symbol, sizes: Sizes, rng: random.Random, style: int) -> Any:
    domain = symbol.domain
    result = np.empty(shape, dtype=object)
    if domain.kind in {"onehot", "simplex"}:
        for place in np.ndindex(shape[:-1]):
            # A single row takes another class at each point, so that each is seen.
            length = shape[-1]
            turn = symbol.serial + style // 3 + style % 3
            chosen = turn % length if len(shape) == 1 else rng.randrange(length)
            result[place] = _row(domain.kind, length, chosen, rng)
        return result
    low = high = 0
    if domain.kind == "index":
        assert domain.bounds is not None
        low, high = sizes.evaluate(domain.bounds[0]) or 0, sizes.evaluate(domain.bounds[1]) or 0
    for place in np.ndindex(shape):
        if domain.kind == "finite" and not shape:
            # A scalar of a finite set takes another value at each point: both t = 0 and t = 1 are seen.
            result[place] = certify(domain.values[(symbol.serial + style // 3 + style % 3) % len(domain.values)])
        elif domain.kind == "finite":
            result[place] = certify(rng.choice(domain.values))
        elif domain.kind == "index":
            result[place] = certify(rng.randint(low, high))
        else:
            result[place] = certify(_real(domain, rng, style))
    if symbol.symmetric and len(shape) == 2:
        for i in range(shape[0]):
            for j in range(i):
                result[i, j] = result[j, i]
            if style % 3 == 2:
                result[i, i] = certify(Fraction(3) + result[i, i].fraction)
    elif len(shape) == 2 and shape[0] == shape[1] and style % 3 == 2:
        for i in range(shape[0]):
            result[i, i] = certify(Fraction(2) + result[i, i].fraction)
    return result


def _row(kind: str, length: int, chosen: int, rng: random.Random) -> Any:
    row = np.empty(length, dtype=object)
    if kind == "onehot":
        for k in range(length):
            row[k] = certify(int(k == chosen))
        return row
    weights = [rng.randint(1, 9) for _ in range(length)]
    for k, weight in enumerate(weights):
        row[k] = certify(Fraction(weight, sum(weights)))
    return row


def _real(domain: ValueSet, rng: random.Random, style: int) -> Fraction:
    """A rational with three decimals, away from zero, in the interval of its set."""
    unit = Fraction(rng.randint(101, 999), 1000)
    if domain.low is not None and domain.high is not None:
        return domain.low + (domain.high - domain.low) * unit
    if domain.low is not None:
        return domain.low + unit + Fraction(1, 10)
    if domain.high is not None:
        return domain.high - unit - Fraction(1, 10)
    match style % 3:
        case 0:
            return unit * rng.choice((-1, 1))
        case 1:
            return unit
        case _:
            return unit * rng.choice((-1, 1)) / 4


def unspecified_functions(names: Iterable[str], rng: random.Random) -> dict[str, Any]:
    """A random polynomial for each unspecified function, with positive values near 0."""
    result: dict[str, Any] = {}
    for name in sorted(names):
        coefficients = tuple(
            Fraction(rng.randint(100, 900) * (1 if k == 0 else rng.choice((-1, 1))), 1000 * (1 + k)) for k in range(5)
        )
        result[name] = lambda _order, coefficients=coefficients: coefficients
    return result


__all__ = [
    "MOST_WORK",
    "NoPointError",
    "SizeMember",
    "TooMuchError",
    "draw_inputs",
    "draw_sizes",
    "draw_values",
    "sizes_and_ranges",
    "unspecified_functions",
    "work_of",
]
