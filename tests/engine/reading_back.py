"""Printed equations, read back as definitions of a sheet and evaluated: they must have the values they were made for.

Every derivative becomes an input of the new sheet, with the value that the derivation gave it, and every printed line
becomes a definition with a name of its own. So each line stands or falls alone, recursions included.
"""

from __future__ import annotations

import random
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.running import derived, printed, read, renamed, without_asking
from gradsheet.derivation import Pass, derive, needed_inputs
from gradsheet.diagnostics import SheetError
from gradsheet.evaluation import Float64, Inputs, Sizes
from gradsheet.evaluation.named import symbol_depth
from gradsheet.expressions import Affine, Index, OverData, Symbol, walk
from gradsheet.syntax.plain import plain
from gradsheet.verification import sampling
from gradsheet.verification.sampling import draw_inputs, unspecified_functions
from gradsheet.writing.equations import taken_names
from gradsheet.writing.naming import Names

if TYPE_CHECKING:
    from gradsheet.derivation import Adjoint, Derivation
    from gradsheet.sheet import Sheet

Cells = dict[tuple[int, ...], float]


class NotReadBackError(AssertionError):
    """A printed line that does not read, or means something else."""


def over_data(derivation: Derivation) -> bool:
    return any(isinstance(n, OverData) for e in derivation.graph.equations for n in walk(e.body))


def read_back(text: str, *, seed: int = 0, style: int = 1) -> int:
    """The number of lines that were printed, read and compared; raises where one has other values."""
    derivation = derived(text)
    rng = random.Random(seed)
    names, declarations = _names(derivation)
    lines: list[tuple[str, Adjoint]] = []
    definitions: list[str] = []
    owner = {names[a.symbol.name]: a for a in derivation.adjoints}
    for count, (left, right, ranges) in enumerate(printed(derivation)):
        found = re.match(r"(D\d+q)", renamed(left, names))
        if found is None:
            raise NotReadBackError(f"what is {left}?")
        lines.append((f"R{count}r", owner[found[1]]))
        place = renamed(left, names)[len(found[1]) :]
        sized = f"0 {left} + {right}" if re.search(r"(^| )I$", right) else right  # a line alone tells no size of I
        definitions.append(f"R{count}r{place} = {renamed(sized, names)}" + (f"   for {ranges}" if ranges else ""))
    written = "\n".join([without_asking(text), *declarations, *definitions, ""])
    try:
        again = read(written)
    except SheetError as problem:
        raise NotReadBackError(f"{problem}\n{written}") from None
    before, inputs, functions = _before(derivation, rng, style)
    after, sizes = _after(again, before, inputs, functions, derivation, names)
    _compare(derivation, lines, before, after, (inputs.sizes, sizes), again)
    return len(lines)


def _names(derivation: Derivation) -> tuple[dict[str, str], list[str]]:
    """A plain name for each derivative and each upstream gradient, and its declaration."""
    names: dict[str, str] = {}
    declarations: list[str] = []
    for k, bar in enumerate(derivation.cotangents.values()):
        names[bar.name] = names[unicodedata.normalize("NFC", bar.name)] = f"B{k}q"
        declarations.append(_declaration(f"B{k}q", bar))
    on_paper = Names(taken_names(derivation.sheet))
    for k, adjoint in enumerate(derivation.adjoints):
        names[adjoint.symbol.name] = names[plain(on_paper.component(adjoint.symbol, []))] = f"D{k}q"
        declarations.append(_declaration(f"D{k}q", adjoint.symbol))
    return names, declarations


def _declaration(name: str, symbol: Symbol) -> str:
    mapping: dict[Any, Affine] = {}
    axes = []
    for k, axis in enumerate(symbol.axes):
        shown = Index(f"q{k}q", axis.low, axis.high)
        axes.append((shown.name, axis.low.substitute(mapping), axis.high.substitute(mapping)))
        mapping[axis] = Affine.atom(shown)
    depth = symbol_depth(symbol)
    shape = " × ".join(f"{low}..{high}" for _, low, high in axes[depth:])
    members = ", ".join(letter for letter, _, _ in axes[:depth])
    text = f"{name}{f'[{members}]' if depth else ''} ∈ ℝ{f'^({shape})' if shape else ''}"
    if depth:
        return f"for {', '.join(f'{letter} in {low}..{high}' for letter, low, high in axes[:depth])}\n  {text}"
    return text


def _before(derivation: Derivation, rng: random.Random, style: int) -> tuple[dict[Symbol, Any], Inputs, Any]:
    graph = derivation.graph
    needed = needed_inputs(graph, graph.equations) | set(derivation.cotangents.values())
    functions = unspecified_functions(derivation.sheet.unspecified, rng)
    inputs = draw_inputs(derivation, needed, rng, style, {})
    _literal(inputs.sizes)
    inputs = draw_again(inputs, derivation, needed, rng, style)
    return Pass(graph, graph.equations, frozenset(), functions).run(Float64(), inputs), inputs, functions


def _literal(sizes: Sizes) -> None:
    for size in sizes.values:
        if size.literal is not None:
            sizes.values[size] = size.literal


def draw_again(inputs: Inputs, derivation: Derivation, needed: set[Symbol], rng: random.Random, style: int) -> Inputs:
    """The same draw at the sheet's own sizes: what is printed speaks of ℝ^4, not of sizes that stand in for it."""
    held = sampling.draw_sizes
    sampling.draw_sizes = lambda *_args, **_more: inputs.sizes
    try:
        return draw_inputs(derivation, needed, rng, style, {})
    finally:
        sampling.draw_sizes = held


def _after(
    again: Sheet,
    before: dict[Symbol, Any],
    inputs: Inputs,
    functions: Any,
    derivation: Derivation,
    names: dict[str, str],
) -> tuple[dict[str, Any], Sizes]:
    by_name = {size.name: number for size, number in inputs.sizes.values.items() if size.literal is None}
    second = Inputs()
    for name, size in again.sizes.items():
        if name in by_name:
            second.sizes.values[size] = by_name[name]
    second.sizes.families = dict(inputs.sizes.families)
    held = {names.get(s.name, s.name): v for s, v in inputs.values.items()}
    held |= {names[a.symbol.name]: before[a.symbol] for a in derivation.adjoints}
    second.values = {s: held[s.name] for s in again.symbols.values() if s.name in held}
    second.given = frozenset(second.values)
    graph = derive(again).graph
    values = Pass(graph, graph.equations, frozenset(), functions).run(Float64(), second)
    return {s.name: v for s, v in values.items()}, second.sizes


def _cells(values: Any, symbol: Symbol, sizes: Sizes) -> Cells:
    """Every entry by its indices as the sheet counts them."""
    found: Cells = {}

    def walk_axes(axes: list[Index], fixed: dict[Index, int], array: Any, place: tuple[int, ...]) -> None:
        if not axes:
            found[place] = float(np.asarray(array).reshape(()))
            return
        low, high = sizes.evaluate(axes[0].low, fixed), sizes.evaluate(axes[0].high, fixed)
        assert low is not None
        assert high is not None
        for k in range(low, high + 1):
            if isinstance(array, dict):
                if (k,) in array:
                    walk_axes(axes[1:], {**fixed, axes[0]: k}, array[k,], (*place, k))
            else:
                walk_axes(axes[1:], {**fixed, axes[0]: k}, np.asarray(array)[k - low], (*place, k))

    walk_axes(list(symbol.axes), {}, values, ())
    return found


def _compare(
    derivation: Derivation, lines: list[tuple[str, Adjoint]], before: dict[Symbol, Any], after: dict[str, Any],
    sizes: tuple[Sizes, Sizes], again: Sheet,
) -> None:  # fmt: skip
    covered: dict[Symbol, set[tuple[int, ...]]] = {a.symbol: set() for a in derivation.adjoints}
    wanted = {a.symbol: _cells(before[a.symbol], a.symbol, sizes[0]) for a in derivation.adjoints}
    for name, adjoint in lines:
        symbol, expected = adjoint.symbol, wanted[adjoint.symbol]
        found = _cells(after[name], again.symbols[name], sizes[1])
        rank = len(next(iter(found), ()))
        if expected and found and rank < len(next(iter(expected))):
            # `∂L/∂W = 0` speaks of every entry, and n×1 is written as a vector.
            spread = {k: found[k[:rank]] for k in expected if k[:rank] in found}
            if all(v == 0 for v in found.values()) or len(spread) == len(found):
                found = spread
        elif expected and rank > len(next(iter(expected))):
            found = {k[: len(next(iter(expected)))]: v for k, v in found.items()}  # a column is a vector
        for place, value in found.items():
            if place not in expected or not np.isclose(value, expected[place], rtol=1e-8, atol=1e-10, equal_nan=True):
                raise NotReadBackError(f"{symbol.name}{list(place)} is {expected.get(place)}, as printed {value}")
            if place in covered[symbol]:
                raise NotReadBackError(f"{symbol.name}{list(place)} is printed twice")
            covered[symbol].add(place)
    for symbol, cells in wanted.items():
        missing = set(cells) - covered[symbol]
        if missing:
            raise NotReadBackError(f"{symbol.name}{list(min(missing))} is not printed")
