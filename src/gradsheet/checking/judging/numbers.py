"""Numbers on a page: which sides are nothing but numbers, to how many digits they are printed, what they are."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb

from gradsheet.checking.meaning.equality import rounded_alike
from gradsheet.checking.meaning.tensors import squeezed
from gradsheet.numerics.jets import ball
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.meaning.tensors import Value

Entries = Any
"""An object array of `Shown`."""


class Shown:
    """A printed number: its value, and how many decimals it has (None: it is exact)."""

    __slots__ = ("decimals", "value")

    def __init__(self, value: Fraction, decimals: int | None) -> None:
        self.value = value
        self.decimals = decimals


def is_closed(node: tree.Expression) -> bool:
    """Whether a formula has no name in it but functions and constants."""
    return all(
        isinstance(n, tree.FunctionName) or n.key in {"π", "e"} for n in walk(node) if isinstance(n, tree.Name)
    ) and not any(isinstance(n, tree.Derivative | tree.Subscript) for n in walk(node))


def has_numbers(node: tree.Expression) -> bool:
    """Whether there are values in a formula: arrays of numbers, decimals."""
    for part in walk(node):
        match part:
            case tree.Array(rows=rows) if any(shown(item) is not None for row in rows for item in row):
                return True
            case tree.Num(value=value, text=text) if "." in text or value.denominator > 2 or value > 2:
                return True
            case _:
                pass
    return False


def shown(node: tree.Expression) -> Shown | None:
    """A number as it is printed: a decimal, a whole number, a fraction, with a sign."""
    match node:
        case tree.Num(value=value, text=text):
            mantissa, e, exponent = text.lower().partition("e")
            _, point, digits = mantissa.partition(".")
            if e:
                return Shown(value, max(0, len(digits) - int(exponent)))
            return Shown(value, len(digits) if point else None)
        case tree.Group(items=(item,)):
            return shown(item)
        case tree.Additive(terms=(tree.Term(sign=sign, item=item),)):
            inner = shown(item)
            return None if inner is None else Shown(-inner.value if sign == "-" else inner.value, inner.decimals)
        case tree.Product(factors=(tree.Factor(item=above), tree.Factor(sign="/", item=below))):
            a, b = shown(above), shown(below)
            if a is None or b is None or a.decimals is not None or b.decimals is not None or not b.value:
                return None
            return Shown(a.value / b.value, None)
        case tree.Product(
            factors=(
                tree.Factor(item=first),
                tree.Factor(sign="·" | "×" | "*", item=tree.Power(base=tree.Num(value=base), exponent=exponent)),
            )
        ) if base == 10:
            a = shown(first)
            power = shown(exponent)
            if a is None or power is None or power.value.denominator != 1 or abs(power.value) > 300:
                return None
            scale = Fraction(10) ** int(power.value)
            decimals = None if a.decimals is None else max(0, a.decimals - int(power.value))
            return Shown(a.value * scale, decimals)
        case _:
            return None


def printed(node: tree.Expression, shape: Sequence[int] | None = None) -> Entries | None:
    """A side that is a number or an array of numbers, as an array; dots are filled where the shape is known."""
    match node:
        case tree.Group(items=(item,)) if not isinstance(item, tree.Num):
            return printed(item, shape)
        case tree.Group(items=items) if len(items) > 1:
            return _array((items,), shape)
        case tree.Underbrace(base=base):
            return printed(base, shape)
        case tree.Transpose(base=base):
            return printed(base, None if shape is None else tuple(reversed(shape)))
        case tree.Power(base=base, exponent=tree.Name(key="T" | "⊤")):
            return printed(base, None if shape is None else tuple(reversed(shape)))
        case tree.Array(rows=rows):
            return _array(rows, shape)
        case _:
            number = shown(node)
            if number is None:
                return None
            result = np.empty((), dtype=object)
            result[()] = number
            return result


def _array(rows: Sequence[Sequence[tree.Expression]], shape: Sequence[int] | None) -> Entries | None:
    grid: list[list[Shown | None]] = []
    for row in rows:
        line: list[Shown | None] = []
        for item in row:
            if isinstance(item, tree.Ellipsis):
                line.append(None)
                continue
            number = shown(item)
            if number is None:
                return None
            line.append(number)
        grid.append(line)
    if any(entry is None for line in grid for entry in line):
        return _filled(grid, shape)
    if len({len(line) for line in grid}) != 1:
        return None
    data = np.empty((len(grid), len(grid[0])), dtype=object)
    for i, line in enumerate(grid):
        for j, entry in enumerate(line):
            data[i, j] = entry
    return data


def _filled(grid: list[list[Shown | None]], shape: Sequence[int] | None) -> Entries | None:
    """Dots stand for entries like those at their ends, if these agree."""
    known = [entry for line in grid for entry in line if entry is not None]
    if not known or shape is None or any(e.value != known[0].value for e in known):
        return None
    first, last = grid[0], grid[-1]
    if first[0] is None or last[-1] is None:
        return None
    data = np.empty([n for n in shape if n != 1], dtype=object)
    data.fill(known[0])
    return data


def agrees(exact: Value, entries: Entries) -> bool | None:
    """Whether values are the printed ones to their last digit; None where the shapes differ."""
    data = squeezed(exact)
    own = entries.reshape([n for n in entries.shape if n != 1])
    if data.shape != own.shape:
        return None
    return all(_agrees(jet.value, number) for jet, number in zip(data.reshape(-1), own.reshape(-1), strict=True))


def between(one: Value, other: Value, entries: Entries) -> bool:
    """Whether printed numbers are, entry by entry, one of two values or lie between them."""
    a, b = squeezed(one), squeezed(other)
    own = entries.reshape([n for n in entries.shape if n != 1])
    if a.shape != own.shape or b.shape != own.shape:
        return False
    return all(
        _agrees(x.value, number) or _agrees(y.value, number) or _inside(x.value, y.value, ball(number.value))
        for x, y, number in zip(a.reshape(-1), b.reshape(-1), own.reshape(-1), strict=True)
    )


def _inside(x: arb, y: arb, number: arb) -> bool:
    return bool(x < number < y) or bool(y < number < x)


def _agrees(exact: arb, number: Shown) -> bool:
    if number.decimals is None:
        gap = exact - ball(number.value)
        return bool(gap.contains(0)) and bool(gap.rad() <= arb(2) ** -60 * (abs(exact.mid()) + 1))
    return rounded_alike(exact, number.value, number.decimals)


def as_nested(entries: Entries) -> Any:
    """Printed numbers as nested lists of fractions, a single row or column as one list."""
    own = entries.reshape([n for n in entries.shape if n != 1])
    if not own.ndim:
        return own.item().value
    return _nested(own)


def _nested(data: Any) -> Any:
    if data.ndim == 1:
        return [entry.value for entry in data]
    return [_nested(row) for row in data]


def in_digits(exact: Value, entries: Entries | None) -> str:
    """A value to as many decimals as the page prints, in plain text."""
    decimals = 6
    if entries is not None:
        found = [e.decimals for e in entries.reshape(-1)]
        known = [d for d in found if d is not None]
        decimals = max(known) if known else 6
    data = squeezed(exact)
    if not data.ndim:
        return _digits(data.item().value, decimals)
    if data.ndim == 1:
        return "[" + ", ".join(_digits(jet.value, decimals) for jet in data) + "]"
    return (
        "["
        + "; ".join(", ".join(_digits(jet.value, decimals) for jet in row) for row in data.reshape(len(data), -1))
        + "]"
    )


def _digits(exact: arb, decimals: int) -> str:
    """Rounded half up, without zeros at the end that say nothing."""
    scaled = (abs(exact) * 10**decimals + arb(1) / 2).floor().unique_fmpz()
    if scaled is None:
        return f"{float(exact.mid()):.{decimals}f}"
    number = Fraction(int(scaled), 10**decimals)
    text = f"{int(scaled) // 10**decimals}"
    rest = f"{int(scaled) % 10**decimals:0{decimals}d}".rstrip("0") if decimals else ""
    sign = "−" if exact < 0 and number else ""
    return sign + text + ("." + rest if rest else "")


def rounding(node: tree.Num) -> arb | None:
    """All numbers that are rounded to a decimal of three digits or more; shorter ones are taken as they are."""
    own = shown(node)
    if own is None or own.decimals is None:
        return None
    digits = node.text.replace(".", "").lstrip("0")
    if len(digits) < 2 or own.decimals < 2:
        return None
    return arb(ball(own.value).mid(), arb(10) ** -own.decimals / 2)


def overlap(exact: Value, rounded: Value) -> bool:
    """Whether an exact value lies in balls of rounded ones, which have to be small against it."""
    a, b = squeezed(exact), squeezed(rounded)
    if a.shape != b.shape:
        return False
    for one, other in zip(a.reshape(-1), b.reshape(-1), strict=True):
        gap = one.value - other.value
        if not gap.contains(0) or not bool(gap.rad() <= abs(other.value.mid()) / 20 + arb(1) / 1000):
            return False
    return True
