"""[0.3, 0.3, 0.3, 0.3] is "0.3, all four": arrays of numbers as data for a writer, repeated entries once.

What is returned says what kind of array it is; the words are the writer's. Nothing is cut: an array of more than
`LARGEST_WRITTEN` entries that does not repeat one number is given by its extremes and its norm, and its kind says so.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np

from gradsheet.numerics.certified import Certified, certify, power
from gradsheet.numerics.digits import decimal, exact_text
from gradsheet.records import dataclass

LARGEST_WRITTEN: Final = 64
"""Entries up to which an array is written out in full."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A number as text: decimals, and its exact form where that is short and is not the decimals themselves."""

    decimal: str
    exact: str | None = None


@dataclass(frozen=True, slots=True)
class OneNumber:
    """A scalar."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Filled:
    """Every entry reads the same; `proved` says that they are equal, and not only alike in the digits shown."""

    shape: tuple[int, ...]
    entry: Entry
    proved: bool

    @property
    def count(self) -> int:
        """How many entries there are."""
        return int(np.prod(self.shape))


@dataclass(frozen=True, slots=True)
class EqualRows:
    """Every row (every slice along the last axis) reads the same."""

    shape: tuple[int, ...]
    row: tuple[Entry, ...]
    proved: bool


@dataclass(frozen=True, slots=True)
class Full:
    """All entries, in row-major order."""

    shape: tuple[int, ...]
    entries: tuple[Entry, ...]

    @property
    def rows(self) -> tuple[tuple[Entry, ...], ...]:
        """The slices along the last axis."""
        n = self.shape[-1]
        return tuple(self.entries[i : i + n] for i in range(0, len(self.entries), n))


@dataclass(frozen=True, slots=True)
class Extremes:
    """An array too large to write out: its smallest and largest entry, its Euclidean norm, and what has no value."""

    shape: tuple[int, ...]
    count: int
    smallest: Entry | None
    largest: Entry | None
    norm: Entry | None
    undefined: int


Summary: TypeAlias = OneNumber | Filled | EqualRows | Full | Extremes


def write_entry(value: object, digits: int = 5, *, ascii_only: bool = False) -> Entry:
    """A number as text.

    >>> from fractions import Fraction
    >>> write_entry(Fraction(1, 3)), write_entry(Fraction(1, 2))
    (Entry(decimal='0.33333', exact='1/3'), Entry(decimal='0.5', exact='1/2'))
    """
    text = decimal(value, digits, ascii_only=ascii_only)
    exact = None if isinstance(value, float | np.floating) else exact_text(value, ascii_only=ascii_only)
    return Entry(text, None if exact == text else exact)


def summarise(values: Any, digits: int = 5, *, ascii_only: bool = False) -> Summary:
    """What an array looks like, with its entries as text.

    >>> summarise(np.full((2, 2), 0.3))
    Filled(shape=(2, 2), entry=Entry(decimal='0.3', exact=None), proved=True)
    >>> type(summarise(np.arange(100.0))).__name__
    'Extremes'
    """
    array = np.asarray(values)
    if array.ndim == 0:
        return OneNumber(write_entry(array[()], digits, ascii_only=ascii_only))
    flat = list(array.reshape(-1))
    n = array.shape[-1]
    if not flat:
        return Full(array.shape, ())
    if len(flat) > LARGEST_WRITTEN:
        if all(_proved_equal(flat[0], v) for v in flat[1:]):
            return Filled(array.shape, write_entry(flat[0], digits, ascii_only=ascii_only), proved=True)
        return _extremes(array, flat, digits, ascii_only=ascii_only)
    entries = tuple(write_entry(v, digits, ascii_only=ascii_only) for v in flat)
    if len(entries) > 1 and len(set(entries)) == 1:
        return Filled(array.shape, entries[0], all(_proved_equal(flat[0], v) for v in flat[1:]))
    rows = [entries[i : i + n] for i in range(0, len(entries), n)]
    if len(rows) > 1 and len(set(rows)) == 1:
        proved = all(_proved_equal(v, flat[i % n]) for i, v in enumerate(flat))
        return EqualRows(array.shape, rows[0], proved)
    return Full(array.shape, entries)


def _proved_equal(x: object, y: object) -> bool:
    if isinstance(x, float | np.floating):
        return bool(x == y)
    return certify(x).equals(certify(y)) is True


def _extremes(array: np.ndarray[Any, Any], flat: list[Any], digits: int, *, ascii_only: bool) -> Extremes:
    sizes = array.astype(np.float64).reshape(-1)
    known = ~np.isnan(sizes)
    undefined = int(np.count_nonzero(~known))
    if undefined == len(flat):
        return Extremes(array.shape, len(flat), None, None, None, undefined)
    low, high = int(np.nanargmin(sizes)), int(np.nanargmax(sizes))
    kept = [v for v, k in zip(flat, known, strict=True) if k]
    if array.dtype == object:
        # Rational squares have long denominators; the norm is a number to look at, and a ball will do.
        floor = Certified(certify(0).value)
        norm: object = power(sum((_square(v) for v in kept), start=floor), certify(0.5))
    else:
        norm = np.linalg.norm(sizes[known])
    smallest, largest, size = (write_entry(v, digits, ascii_only=ascii_only) for v in (flat[low], flat[high], norm))
    return Extremes(array.shape, len(flat), smallest, largest, size, undefined)


def _square(value: object) -> Certified:
    ball = Certified(certify(value).to_ball())
    return ball * ball
