"""[1, 0, 1, 0] is binary, [0.5, −1] counts in halves: what a value looks like, and other values that look the same.

A style is read off the author's numbers and the declared set; it draws other numbers of the same look. What is filled
stays filled with another number, a one-hot row stays one-hot, probabilities stay probabilities, whole numbers stay
whole and small.
"""

from __future__ import annotations

from dataclasses import field, replace
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gradsheet.exercises.numerals import step_of
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from gradsheet.expressions import ValueSet

Shape = tuple[int, ...]
_TRIES = 60
_TINY = Fraction(1, 1000)
_SINGULAR = 1e-9
LADDER = tuple(Fraction(k, 10**p) for p in (5, 4, 3, 2, 1, 0) for k in (1, 2, 5))
"""0.1, 0.2, 0.5, 1: what rates and small weights are chosen from."""


class Style(Protocol):
    """Draws numbers, in row-major order."""

    def draw(self, rng: Random, shape: Shape) -> list[Fraction]:
        """As many numbers as the shape has places."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Each entry is one of a few values: a declared finite set, the steps of a rate."""

    values: tuple[Fraction, ...]

    def draw(self, rng: Random, shape: Shape) -> list[Fraction]:
        """Entries drawn one by one; all values or two rows alike only where there is hardly a way round."""
        count = _count(shape)
        for _ in range(_TRIES):
            found = [rng.choice(self.values) for _ in range(count)]
            rows = _rows(found, shape)
            if count < 2 or (len(set(found)) > 1 and (len(shape) < 2 or len(set(rows)) == len(rows))):
                return found
        return found


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole numbers low..high: index values."""

    low: int
    high: int

    def draw(self, rng: Random, shape: Shape) -> list[Fraction]:
        """Index values, each as likely as any other."""
        return [Fraction(rng.randint(self.low, self.high)) for _ in range(_count(shape))]


@dataclass(frozen=True, slots=True)
class OneHot:
    """Rows with a single 1."""

    def draw(self, rng: Random, shape: Shape) -> list[Fraction]:
        """The place of the 1 is drawn for each row."""
        width = shape[-1] if shape else 1
        found: list[Fraction] = []
        for _ in range(_count(shape) // max(1, width)):
            place = rng.randrange(width)
            found += [Fraction(int(k == place)) for k in range(width)]
        return found


@dataclass(frozen=True, slots=True)
class Simplex:
    """Rows that sum to one, in steps of 1/parts; with `zeros`, entries may be 0."""

    parts: int
    zeros: bool = False

    def draw(self, rng: Random, shape: Shape) -> list[Fraction]:
        """The parts are dealt out one by one."""
        width = shape[-1] if shape else 1
        parts = self.parts * ceil(width / self.parts) if not self.zeros else self.parts
        found: list[Fraction] = []
        for _ in range(_count(shape) // max(1, width)):
            counts = [0 if self.zeros else 1] * width
            for _ in range(parts - sum(counts)):
                counts[rng.randrange(width)] += 1
            found += [Fraction(c, parts) for c in counts]
        return found


@dataclass(frozen=True, slots=True)
class Grid:
    """Numbers with low ≤ |x| ≤ high that are multiples of one of several steps, some of them negative or zero.

    The steps are those of the author's entries, so that 0.75 among whole numbers makes one variant entry in four a
    multiple of 0.25. `within` keeps a declared interval; `kept` holds entries that stay (a column of ones, the zeros of
    a triangle).
    """

    steps: tuple[Fraction, ...]
    low: Fraction
    high: Fraction
    negative: float = 0.0
    zero: float = 0.0
    within: ValueSet | None = None
    kept: Mapping[int, Fraction] = field(default_factory=dict)
    symmetric: bool = False
    distinct: int = 0
    """As many rows (of a vector: entries) differ at least."""
    dead: bool = True
    """A row or a column may be zero throughout."""
    definite: bool = False
    """A symmetric matrix is positive definite."""
    diagonal: int = 0
    """Added to the diagonal of a square matrix, in whole numbers: it is then regular, and positive definite."""

    def draw(self, rng: Random, shape: Shape) -> list[Fraction]:
        """Entries one by one; again where rows came out zero or too much alike."""
        count = _count(shape)
        found: list[Fraction] = []
        for _ in range(_TRIES):
            found = [self.kept.get(k, Fraction(0)) if k in self.kept else self.entry(rng) for k in range(count)]
            if len(shape) == 2 and shape[0] == shape[1]:
                self._square(found, shape[0])
            if self.definite and not _definite(found, shape[0]):
                continue
            if (self.dead or _alive(found, shape)) and _distinct(found, shape) >= self.distinct:
                break
        return found

    def entry(self, rng: Random) -> Fraction:
        """One number."""
        for _ in range(_TRIES):
            if rng.random() < self.zero:
                value = Fraction(0)
            else:
                sign = -1 if rng.random() < self.negative else 1
                step = rng.choice(self.steps)
                value = sign * step * rng.randint(ceil(self.low / step), floor(self.high / step))
            if self.within is None or inside(value, self.within):
                return value
        assert self.within is not None
        return nearest_inside(self.within)

    def holds(self, value: Fraction) -> bool:
        """Whether a number is one of those that are drawn."""
        if not value:
            return self.zero > 0
        fits = self.low <= abs(value) <= self.high and any((value / s).denominator == 1 for s in self.steps)
        return fits and (value > 0 or self.negative > 0) and (self.within is None or inside(value, self.within))

    def _square(self, found: list[Fraction], n: int) -> None:
        for i in range(n):
            if self.symmetric:
                for j in range(i):
                    found[i * n + j] = found[j * n + i]
            found[i * n + i] += self.diagonal


@dataclass(frozen=True, slots=True)
class Fill:
    """One number for every entry."""

    of: Style

    def draw(self, rng: Random, shape: Shape) -> list[Fraction]:
        """The same number as often as there are places."""
        return self.of.draw(rng, ()) * _count(shape)


@dataclass(frozen=True, slots=True)
class Modes:
    """A style of which the search tries several looks in turn: signs mixed, all positive, small."""

    looks: tuple[Style, ...]

    def draw(self, rng: Random, shape: Shape) -> list[Fraction]:
        """The first look."""
        return self.looks[0].draw(rng, shape)


def wider(style: Style) -> Style:
    """A style with numbers up to twice as large; zeros and ones, and what is no grid, as they are."""
    if isinstance(style, Fill):
        return Fill(wider(style.of))
    if isinstance(style, Grid) and style.high > style.low:
        return replace(style, high=2 * style.high)
    return style


# ---------------------------------------------------------------- reading a style


@dataclass(frozen=True, slots=True)
class Look:
    """What is known about a value: its numbers in row-major order, their shape, and what they are."""

    numbers: Sequence[Fraction]
    shape: Shape
    domain: ValueSet
    parameter: bool = False
    """It is differentiated by: signs are free."""
    label: bool = False
    """It is compared with a probability: 0 and 1 mean classes."""
    intercept: bool = False
    """Its axis counts from 0: an entry 1 there stays."""
    symmetric: bool = False
    bounds: tuple[int, int] | None = None
    """The ends of an index set."""
    wanted: bool = False
    """Named by the caller: zeros are to be varied, too."""


def style_of(look: Look) -> Style | None:
    """The style of a value; None where it is to stay as it is: zero throughout, or too small to count in.

    >>> from gradsheet.expressions.symbols import REAL
    >>> style_of(Look([Fraction(1), Fraction(0)], (2,), REAL))
    OneHot()
    >>> style_of(Look([Fraction(1, 10)], (), REAL, parameter=True))
    Grid(steps=(Fraction(1, 10),), low=Fraction(1, 10), high=Fraction(1, 2), negative=0.2, ...)
    """
    numbers = list(look.numbers)
    match look.domain.kind:
        case "finite":
            return Choice(look.domain.values)
        case "onehot":
            return OneHot()
        case "simplex":
            return _simplex(numbers)
        case "index":
            return Whole(*look.bounds) if look.bounds is not None else None
    if not any(numbers):
        return _from_zero(look) if look.wanted else None
    if look.label and set(numbers) <= {0, 1}:
        return OneHot() if look.shape and _one_hot(numbers, look.shape) else Choice((Fraction(0), Fraction(1)))
    if not look.parameter and look.shape and _one_hot(numbers, look.shape):
        return OneHot()
    if not look.parameter and look.shape and _sums_to_one(numbers, look.shape):
        return _simplex(numbers)
    if not look.parameter and not look.shape and numbers[0] in LADDER and numbers[0] < 1:
        near = ladder(numbers[0])
        return Choice(tuple(v for v in near if inside(v, look.domain)) or (numbers[0],))
    return _grid(look, numbers)


def ladder(value: Fraction, reach: Fraction = Fraction(5, 2)) -> tuple[Fraction, ...]:
    """The steps 1, 2, 5 of a power of ten within a factor of a value, and the value itself.

    >>> [str(v) for v in ladder(Fraction(1, 10))]
    ['1/20', '1/10', '1/5']
    """
    least = max(value / reach, min(value, Fraction(1, 100)))
    near = {v for v in LADDER if least <= v <= min(Fraction(1), value * reach)}
    return tuple(sorted(near | {value}))


def _grid(look: Look, numbers: list[Fraction]) -> Style | None:
    known = [abs(v) for v in numbers if v]
    steps = tuple(step_of([v]) for v in known)
    if max(known) < _TINY and not look.wanted:
        return None  # an ε that keeps a root from zero
    scalar = len(numbers) == 1
    bits = set(numbers) == {0, 1} and not scalar
    zeros = Fraction(numbers.count(Fraction(0)), len(numbers))
    low, high = _reach(min(known), max(known), min(steps), scalar=scalar, parameter=look.parameter)
    negative = sum(v < 0 for v in numbers) / len(known)
    if negative or look.parameter:
        negative = min(0.6, max(0.2, negative))
    if bits and not look.parameter:
        low = high = Fraction(1)
    shape = look.shape
    square = len(shape) == 2 and shape[0] == shape[1] > 1
    symmetric = square and (look.symmetric or (not look.parameter and _symmetric(numbers, shape[0])))
    return Grid(
        tuple(sorted(min(step, high) for step in steps)),
        low,
        high,
        negative=negative,
        zero=float(min(zeros, Fraction(1, 2))),
        within=look.domain if look.domain.low is not None or look.domain.high is not None else None,
        kept=_kept(look, numbers),
        symmetric=symmetric,
        definite=symmetric and _definite(numbers, shape[0]),
        distinct=0 if scalar else _distinct(numbers, shape),
        dead=not _alive(numbers, shape),
    )


def _reach(
    least: Fraction, most: Fraction, step: Fraction, *, scalar: bool, parameter: bool
) -> tuple[Fraction, Fraction]:  # fmt: skip
    """The sizes that are drawn: small ones for small numbers, the neighbourhood of large ones."""
    if scalar and most > 12 * step:
        return Fraction(3, 5) * most, Fraction(7, 5) * most
    count = 5 if step < Fraction(1, 2) else 4 if step < 1 else 2 if parameter and not scalar else 3
    low = step if least <= 5 * step else Fraction(3, 5) * least
    return low, max(count * step, most + step if scalar else most)


def _kept(look: Look, numbers: list[Fraction]) -> dict[int, Fraction]:
    """Entries that say more than their number: an intercept, the zeros of a diagonal or a triangle."""
    shape = look.shape
    if len(shape) == 1 and look.intercept and not look.parameter and numbers[0] == 1:
        return {0: Fraction(1)}
    if len(shape) != 2:
        return {}
    rows, columns = shape
    if not look.parameter and rows > 1 and columns > 1:
        for column in (0, columns - 1):
            if all(numbers[i * columns + column] == 1 for i in range(rows)):
                return {i * columns + column: Fraction(1) for i in range(rows)}
    if rows == columns > 1:
        below = [i * columns + j for i in range(rows) for j in range(i)]
        above = [j * columns + i for i in range(rows) for j in range(i)]
        zeros = [k for side in (below, above) if not any(numbers[k] for k in side) for k in side]
        if all(numbers[i * columns + i] for i in range(rows)):
            return dict.fromkeys(zeros, Fraction(0))
    return {}


def _from_zero(look: Look) -> Style:
    """For a zero that the caller wants varied: tenths if nothing else is known."""
    within = look.domain if look.domain.low is not None or look.domain.high is not None else None
    return Grid((Fraction(1, 10),), Fraction(1, 10), Fraction(1, 2), 0.4 if look.parameter else 0.0, within=within)


def _simplex(numbers: Sequence[Fraction]) -> Simplex:
    parts = int(1 / step_of(numbers)) if any(v.denominator > 1 for v in numbers) else 10
    return Simplex(parts if parts >= 8 else 10 if 10 % parts == 0 else 2 * parts, zeros=0 in numbers)


# ---------------------------------------------------------------- facts about numbers


def inside(value: Fraction, domain: ValueSet) -> bool:
    """Whether a number lies in the interval of a set."""
    above = domain.low is None or (value > domain.low if domain.low_open else value >= domain.low)
    return above and (domain.high is None or (value < domain.high if domain.high_open else value <= domain.high))


def nearest_inside(domain: ValueSet) -> Fraction:
    """Some plain number in the interval of a set."""
    if domain.low is not None and domain.high is not None:
        return (domain.low + domain.high) / 2
    return domain.low + 1 if domain.low is not None else (domain.high or Fraction(0)) - 1


def _count(shape: Shape) -> int:
    total = 1
    for n in shape:
        total *= n
    return total


def _rows(numbers: Sequence[Fraction], shape: Shape) -> list[tuple[Fraction, ...]]:
    width = shape[-1] if shape else 1
    return [tuple(numbers[i : i + width]) for i in range(0, len(numbers), max(1, width))]


def _one_hot(numbers: Sequence[Fraction], shape: Shape) -> bool:
    return shape[-1] > 1 and all(set(row) == {0, 1} and sum(row) == 1 for row in _rows(numbers, shape))


def _sums_to_one(numbers: Sequence[Fraction], shape: Shape) -> bool:
    fits = all(min(row) >= 0 and sum(row) == 1 for row in _rows(numbers, shape))
    return fits and shape[-1] > 1 and any(v.denominator > 1 for v in numbers)


def _symmetric(numbers: Sequence[Fraction], n: int) -> bool:
    return all(numbers[i * n + j] == numbers[j * n + i] for i in range(n) for j in range(i))


def _alive(numbers: Sequence[Fraction], shape: Shape) -> bool:
    """No row is zero throughout, and of a matrix no column."""
    rows = _rows(numbers, shape)
    return all(map(any, rows)) and (len(shape) != 2 or all(map(any, zip(*rows, strict=True))))


def _definite(numbers: Sequence[Fraction], n: int) -> bool:
    """Whether a symmetric matrix is positive definite."""
    matrix = np.array([float(v) for v in numbers]).reshape(n, n)
    return bool(np.linalg.eigvalsh(matrix).min() > _SINGULAR)


def _distinct(numbers: Sequence[Fraction], shape: Shape) -> int:
    """How many rows of an array differ; of a vector whether its entries do: 1 or 2."""
    return len(set(_rows(numbers, shape))) if len(shape) > 1 else min(2, len(set(numbers)))
