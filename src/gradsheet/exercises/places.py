"""Where a sheet's numbers stand: each given value with its style, its tree and the characters that it takes up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.evaluation.named import symbol_depth
from gradsheet.exercises.numerals import is_fraction, numeral, rational
from gradsheet.exercises.styles import Choice, Fill, Grid, Look, Modes, Style, ladder, style_of, wider
from gradsheet.expressions import REAL, Access, Add, ArrayCall, Call, Symbol, walk
from gradsheet.records import dataclass
from gradsheet.sheet.model import GivenValue, Rate
from gradsheet.syntax import canonical_key, tree

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from fractions import Fraction
    from random import Random

    from gradsheet.derivation import Derivation
    from gradsheet.evaluation import Inputs
    from gradsheet.exercises.styles import Shape
    from gradsheet.sheet import Sheet

NARROW = 30
"""Draws before larger numbers are tried, too."""
Edit = tuple[Span, str]
"""Characters of the sheet's text, and what stands there instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A value whose numbers are varied: a line of `given`, or the learning rate."""

    name: str
    """As the author writes it, `W1` or `W[2]`."""
    symbol: Symbol | None
    """None for the rate of `by sgd(…)`."""
    at: int
    """Which line of `given` it is; −1 for the rate."""
    value: tree.Expression
    leaves: tuple[tree.Expression, ...]
    shape: Shape
    """Of the literal: () for a number, also for one that fills."""
    full: Shape
    """Of the value: what a filling number fills."""
    style: Style
    fractions: bool

    @property
    def fills(self) -> bool:
        """One number stands for many entries."""
        return not self.shape and bool(self.full)

    def draw(self, rng: Random, attempt: int = 0) -> list[Fraction]:
        """Other numbers of the same style.

        Of a style with several looks, they take turns; after a while every other draw takes larger numbers.
        """
        style = self.style
        if isinstance(style, Modes):
            style = style.looks[attempt % len(style.looks)]
        return (wider(style) if attempt >= NARROW and attempt % 2 else style).draw(rng, self.shape)

    def tree(self, numbers: Sequence[Fraction]) -> tree.Expression:
        """The literal with other numbers."""
        if self.written_out:
            return _array(numbers, self.shape)
        new: Iterator[Fraction] = iter(numbers)
        return _with_leaves(self.value, new)

    def edits(self, numbers: Sequence[Fraction]) -> list[Edit]:
        """What changes in the text: number by number, so that brackets, spaces and comments between them stay."""
        texts = [numeral(n, fractions=self.fractions) for n in numbers]
        if self.written_out:
            return [(self.value.span, bracketed(texts, self.shape))]
        return [(leaf.span, text) for leaf, text in zip(self.leaves, texts, strict=True)]

    @property
    def written_out(self) -> bool:
        """It was one number, and is now an array of its own."""
        return len(self.leaves) == 1 and bool(self.shape)

    def opened(self) -> Place:
        """The same place with an entry of its own for each component, instead of one number for all."""
        assert self.fills
        style = self.style.of if isinstance(self.style, Fill) else self.style
        if isinstance(style, Grid):
            style = replace(style, distinct=self.full[0] if len(self.full) > 1 else 2, dead=False)
        return replace(self, shape=self.full, style=style)


# ---------------------------------------------------------------- finding them


def places_of(
    derivation: Derivation, inputs: Inputs, wanted: frozenset[str], styles: Mapping[str, Style] | None = None
) -> list[Place]:  # fmt: skip
    """Every value of the sheet's own text that can be varied, in the author's order.

    `styles` holds those of values that the author did not give.

    What is zero throughout, a tiny constant, a size, or no rational number stays, unless `wanted` names it.
    """
    sheet = derivation.sheet
    labels = _labels(derivation)
    found = []
    for at, given in enumerate(sheet.given):
        symbol = sheet.symbols.get(given.key) or _cotangent(derivation, given.key)
        if symbol is None:
            continue  # a size
        leaves, shape = _leaves(given.value)
        numbers = [n for n in map(rational, leaves) if n is not None]
        if not leaves or len(numbers) < len(leaves) or shape is None:
            continue
        name = sheet.source.text[given.syntax.span.start : given.syntax.span.end]
        full = _full_shape(symbol, inputs, given)
        style = (styles or {}).get(name)
        if style is None:
            look = Look(numbers, shape, symbol.domain, label=symbol in labels, wanted=given.key in wanted)
            style = _style(sheet, inputs, symbol, look)
            if style is None:
                continue
            if not shape and full:
                style = Fill(style)
        found.append(Place(name, symbol, at, given.value, leaves, shape, full, style, any(map(is_fraction, leaves))))
    if sheet.rate is not None:
        number = rational(sheet.rate.value)
        if number is not None and number > 0:
            leaf, style = sheet.rate.value, Choice(ladder(number))
            found.append(Place(sheet.rate.name, None, -1, leaf, (leaf,), (), (), style, is_fraction(leaf)))
    return found


def kept(derivation: Derivation, varied: Container[int], asked: Container[str]) -> list[tuple[str, str]]:
    """Values that are not varied although nobody asked to keep them, with the reason."""
    sheet = derivation.sheet
    found = []
    for at, given in enumerate(sheet.given):
        if at in varied or given.key in asked or (given.key in sheet.sizes or given.key in sheet.size_families):
            continue
        numbers = [rational(leaf) for leaf in _leaves(given.value)[0]]
        why = "no list of rational numbers" if None in numbers else "zero" if not any(numbers) else "tiny"
        found.append((sheet.source.text[given.syntax.span.start : given.syntax.span.end], why))
    return found


def _cotangent(derivation: Derivation, key: str) -> Symbol | None:
    bars = derivation.cotangents.values()
    names = {canonical_key(s.name): s for s in bars} | {f"{s.name[0]}{s.name[2:]}bar": s for s in bars}
    return names.get(key)


def _style(sheet: Sheet, inputs: Inputs, symbol: Symbol, look: Look) -> Style | None:
    """The style of a value that the author gives."""
    bounds = symbol.domain.bounds
    low, high = map(inputs.sizes.evaluate, bounds) if bounds is not None else (None, None)
    return style_of(replace(
        look,
        parameter=symbol in sheet.parameters,
        intercept=bool(symbol.axes) and inputs.sizes.evaluate(symbol.axes[-1].low) == 0,
        symmetric=symbol.symmetric,
        bounds=None if low is None or high is None else (low, high),
    ))  # fmt: skip


def _full_shape(symbol: Symbol, inputs: Inputs, given: GivenValue) -> Shape:
    """The shape of what one line of `given` states, () where its members have shapes of their own."""
    if symbol_depth(symbol):
        return ()
    held = inputs.values.get(symbol)
    shape: Shape = tuple(getattr(held, "shape", ()))
    return shape[len(given.members) :]


def _leaves(node: tree.Expression) -> tuple[tuple[tree.Expression, ...], Shape | None]:
    """The numbers of a literal in row-major order, and its shape; None where its rows differ in length."""
    match node:
        case tree.Array(rows=rows):
            lines = [_joined([_leaves(item) for item in row]) for row in rows]
            return lines[0] if len(lines) == 1 else _joined(lines)
        case tree.Group(items=(item,)) if isinstance(item, tree.Array):
            return _leaves(item)
        case _:
            return (node,), ()


def _joined(
    parts: Sequence[tuple[tuple[tree.Expression, ...], Shape | None]],
) -> tuple[tuple[tree.Expression, ...], Shape | None]:
    shapes = {shape for _, shape in parts}
    inner = next(iter(shapes), None)
    shape = (len(parts), *inner) if len(shapes) == 1 and inner is not None else None
    return tuple(leaf for leaves, _ in parts for leaf in leaves), shape


def _with_leaves(node: tree.Expression, new: Iterator[Fraction]) -> tree.Expression:
    match node:
        case tree.Array(rows=rows):
            return replace(node, rows=tuple(tuple(_with_leaves(i, new) for i in row) for row in rows))
        case tree.Group(items=(item,)) if isinstance(item, tree.Array):
            return _with_leaves(item, new)
        case _:
            return number_node(next(new))


def number_node(value: Fraction) -> tree.Num:
    """A number as a literal."""
    return tree.Num(value, numeral(value))


def _array(numbers: Sequence[Fraction], shape: Shape) -> tree.Expression:
    """A literal of a shape: rows of a matrix, nested lists for more axes."""
    if not shape:
        return number_node(numbers[0])
    part = len(numbers) // max(1, shape[0])
    return tree.Array((tuple(_array(numbers[k * part : (k + 1) * part], shape[1:]) for k in range(shape[0])),))


def bracketed(texts: Sequence[str], shape: Shape) -> str:
    """A literal of a shape as text.

    >>> bracketed(["1", "2", "3", "4"], (2, 2)), bracketed(["1", "2"], (2,)), bracketed(["1", "2"], (2, 1, 1))
    ('[1, 2; 3, 4]', '[1, 2]', '[[[1]], [[2]]]')
    """
    if not shape:
        return texts[0]
    part = len(texts) // max(1, shape[0])
    parts = [texts[k * part : (k + 1) * part] for k in range(shape[0])]
    if len(shape) == 2 and shape[0] > 1:
        return f"[{'; '.join(', '.join(row) for row in parts)}]"
    return f"[{', '.join(bracketed(p, shape[1:]) for p in parts)}]"


# ---------------------------------------------------------------- labels


def _labels(derivation: Derivation) -> set[Symbol]:
    """Inputs that are compared with a probability: t in t − σ(z), or in t − ŷ where ŷ is σ(z) or a softmax."""
    graph, parameters = derivation.graph, derivation.sheet.parameters
    outputs = {e.symbol for e in derivation.partition.equations if _is_probability(graph.body(e))}
    inputs = set(derivation.sheet.inputs) - set(parameters)
    found: set[Symbol] = set()
    for equation in derivation.partition.equations:
        for node in walk(graph.body(equation)):
            if isinstance(node, Add):
                beside = [n for term in node.terms for n in walk(term)]
                if any(_is_probability(n) or (isinstance(n, Access) and n.symbol in outputs) for n in beside):
                    found |= {t.symbol for term in node.terms for t in walk(term) if isinstance(t, Access)} & inputs
    return {s for s in found if s.domain is REAL}


def _is_probability(node: object) -> bool:
    sigmoid = isinstance(node, Call) and node.function == "sigmoid"
    return sigmoid or (isinstance(node, ArrayCall) and node.operation == "softmax")


# ---------------------------------------------------------------- a sheet with other numbers


@dataclass(frozen=True, slots=True)
class Draw:
    """Numbers for every place."""

    places: tuple[Place, ...]
    numbers: tuple[tuple[Fraction, ...], ...]

    def given(self, sheet: Sheet) -> list[GivenValue]:
        """The sheet's `given`, with these numbers."""
        result = list(sheet.given)
        for place, numbers in zip(self.places, self.numbers, strict=True):
            if place.at >= 0:
                result[place.at] = replace(result[place.at], value=place.tree(numbers))
        return result

    def rate(self, sheet: Sheet) -> Rate | None:
        """The sheet's rate, with these numbers."""
        for place, numbers in zip(self.places, self.numbers, strict=True):
            if place.at < 0 and sheet.rate is not None:
                return Rate(sheet.rate.name, number_node(numbers[0]))
        return sheet.rate

    def sheet(self, sheet: Sheet) -> Sheet:
        """The same equations with these numbers; names, shapes and derivations are shared."""
        return replace(sheet, given=self.given(sheet), rate=self.rate(sheet))

    def text(self, text: str, *more: Edit) -> str:
        """The author's text with these numbers in it, and nothing else changed but what is asked for."""
        edits = [e for p, numbers in zip(self.places, self.numbers, strict=True) for e in p.edits(numbers)] + [*more]
        for span, new in sorted(edits, key=lambda e: e[0].start, reverse=True):
            text = text[: span.start] + new + text[span.end :]
        return text
