"""Printed equations, read back as definitions of a sheet and evaluated: they must have the values they were made for.

Every derivative becomes an input of a new sheet, with the value that the derivation gave it, and every printed line
becomes a definition with a name of its own, once for each spelling in which it is printed. So each line stands or
falls alone, recursions included.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.running import derived
from engine.spelled import SPELLINGS, NotReadBackError, Speller, mapped
from gradsheet.derivation import Pass, derive, needed_inputs
from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.evaluation import Float64, Inputs, Sizes
from gradsheet.evaluation.named import symbol_depth
from gradsheet.expressions import Affine, Index, OverData, Symbol, walk
from gradsheet.sheet import read_sheet
from gradsheet.sheet.reader import SheetReader
from gradsheet.solution import Solution
from gradsheet.syntax import canonical_key, parse_document, tree
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import walk as walk_tree
from gradsheet.syntax.written_names import Known
from gradsheet.verification import sampling
from gradsheet.verification.sampling import draw_inputs, unspecified_functions
from gradsheet.writing.report import report
from syntax.meanings import meaning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.derivation import Derivation
    from gradsheet.sheet import Sheet
    from gradsheet.writing.equations import Line

Cells = dict[tuple[int, ...], float]
_ASKED = (tree.Given, tree.Update, tree.Parameters, tree.Objective, tree.Pullback)
_ALL = tree.Slice(None, None)


@dataclass(frozen=True)
class Printed:
    """A line of a report, and the symbol whose value it states; None where only the spellings are compared."""

    symbol: Symbol | None
    line: Line
    local: bool = False
    """A local Jacobian: later lines may use it."""


def over_data(derivation: Derivation) -> bool:
    return any(isinstance(n, OverData) for e in derivation.graph.equations for n in walk(e.body))


def printed(derivation: Derivation, notation: str = "matrix", *, inline: bool = False) -> list[Printed]:
    """Every equation of a report: the author's own, facts about sums, the derived ones, the step."""
    solution = Solution(derivation.sheet, derivation, "symbolic")
    view = report(solution, notation, inline=inline)
    found: list[Printed] = []
    for item in view.forward:
        symbol = None if item.symbol in derivation.sheet.functions else item.symbol
        found += [Printed(symbol, line) for line in item.lines]
    found += [Printed(None, line) for item in view.sums for line in item.lines]
    found += [Printed(None, line, local=True) for item in view.local for line in item.lines]
    found += [Printed(item.symbol, line) for item in view.backward for line in item.lines]
    return found + [Printed(None, line) for item in view.update for line in item.lines]


@lru_cache(maxsize=2)
def derivation_of(text: str) -> Derivation:
    """A sheet's derivation, which nobody changes: kept for the next point and the next view of the same sheet."""
    return derived(text)


def read_back(
    text: str,
    *,
    seed: int = 0,
    style: int = 1,
    notation: str = "matrix",
    inline: bool = False,
    spellings: Iterable[str] = SPELLINGS,
) -> int:
    """The number of lines that were printed, read and compared; raises where one has other values."""
    derivation = derivation_of(text)
    lines = printed(derivation, notation, inline=inline)
    page = _Page(derivation, lines, rows=notation == "jacobian")
    for line in lines:
        page.introduce(line)
    for at, line in enumerate(lines):
        for spelling in spellings:
            page.add(at, line, spelling)
    again = page.sheet()
    rng = random.Random(seed)
    before, inputs, functions = _before(derivation, rng, style)
    after, sizes = _after(again, before, inputs, functions, page)
    page.compare(before, after, (inputs.sizes, sizes), again)
    return len(lines)


class _UnnamedError(Exception):
    """A local Jacobian that has no line that could define all of it."""


class _Page:
    """The sheet that says all printed lines at once, under names of their own."""

    def __init__(self, derivation: Derivation, lines: list[Printed], *, rows: bool) -> None:
        self.derivation = derivation
        self.rows = rows
        """Whether the derivative by a vector is a row."""
        self.jacobians: dict[Any, str] = {}
        """A local Jacobian as its name in the new sheet."""
        self.own = derivation.sheet
        self.held: dict[Any, tuple[str, Symbol]] = {}
        """A derivative as its name in the new sheet."""
        for k, adjoint in enumerate(derivation.adjoints):
            by_bar = not adjoint.symbol.name.startswith("∂")  # v̄, as a pullback has it
            identity = adjoint.symbol.name if by_bar else _identity(adjoint.symbol)
            self.held[identity] = (f"D{k}q", adjoint.symbol)
        self.bars = {canonical_key(bar.name): f"B{k}q" for k, bar in enumerate(derivation.cotangents.values())}
        for name, symbol in self.held.values():
            if not symbol.name.startswith("∂"):
                self.bars[canonical_key(symbol.name)] = name
        with_bars = [*derivation.cotangents.values(), *(s for _, s in self.held.values())]
        self.vectors = {canonical_key(s.name) for s in with_bars if s.rank == 1}
        self.indexed: dict[str, tuple[list[str], Line]] = {}
        """Functions with an index behind their arguments, p(h)[i], with their lines: written out where used."""
        self.made = self._made(lines)
        self.functions = self._functions(lines)
        new = {base.key for p in lines if isinstance(base := _base(p.line.left)[0], tree.Name)}
        more = dict.fromkeys([*self.bars, *(new - set(self.own.symbols))], Known())
        more |= dict.fromkeys(self.functions, Known(0, function=True))
        self.speller = Speller(self.own, more)
        self.definitions: list[tree.Definition] = []
        self.stated: list[tuple[str, str, Printed]] = []

    def _made(self, lines: list[Printed]) -> dict[str, Symbol]:
        """Names that the page itself introduces: δ1 = ∂L/∂z1."""
        made: dict[str, Symbol] = {}
        for printed_line in lines:
            base, _ = _base(printed_line.line.left)
            if printed_line.line.kind == "definition" and isinstance(base, tree.Name):
                made[base.key] = printed_line.symbol
        return made

    def _functions(self, lines: list[Printed]) -> set[str]:
        """Functions that the derivation made, such as the probability p(v)."""
        called = {c[0] for printed_line in lines if (c := _call(printed_line.line.left)) is not None}
        return {name for name in called if name not in self.own.symbols}

    # ------------------------------------------------------------ lines as definitions

    def introduce(self, printed_line: Printed) -> None:
        """A line that says what a new name stands for: δ1, ΔW, Z, p(v)."""
        line = printed_line.line
        base, _ = _base(_bare(line.left))
        called = _call(line.left)
        new = isinstance(base, tree.Name) and printed_line.symbol is None and base.key not in self.own.symbols
        fact = called is not None and called[0] in self.functions and all(called[1])
        if printed_line.local:
            identity, items = self._parts(_bare(line.left))
            while items and items[-1] == _ALL:
                items.pop()
            places = {item.key if isinstance(item, tree.Name) else k for k, item in enumerate(items)}
            plain_places = all(isinstance(item, tree.Name | tree.Num) for item in items)
            if plain_places and len(places) == len(items) and "I" not in plain(line.right):
                self.jacobians.setdefault(identity, f"J{len(self.jacobians)}q")
                self._define(line)
        elif line.kind == "definition" or new or fact:
            self._define(line)

    def add(self, at: int, printed_line: Printed, spelling: str) -> None:
        """One line in one spelling."""
        line = printed_line.line
        if line.kind == "chain":
            return
        called = _call(line.left)
        event = called is not None and printed_line.symbol is None and not all(called[1])
        again = self.speller.again(line, spelling)
        unsized = any(isinstance(n, tree.Name) and n.key == "I" for n in walk_tree(line.right))
        if printed_line.local and unsized:
            return  # nothing here tells its size
        try:
            stated, right = self.without_derivatives(again.left), self.without_derivatives(again.right)
        except _UnnamedError:
            if printed_line.local:
                stated, right = tree.Name("J", "J"), self.without_derivatives(again.right)
            else:
                return  # a chain by a local Jacobian of which a part alone is printed
        if meaning(again.left, self.speller.functions) != meaning(line.left, self.speller.functions):
            raise NotReadBackError(f"{plain(line.left)} is {plain(again.left)} in {spelling}")
        left = _bare(stated)
        if called is not None and not all(argument in self.own.symbols for argument in called[1]) and not event:
            return  # arguments that are declared nowhere have no values
        items = _base(again.left)[1] if called is None else _base(_last(again.left))[1]
        items = _base(left)[1] if called is None else items
        if event or printed_line.local:
            items = tuple(bound.name for bound in line.ranges)
        name = f"R{at}{spelling}"
        if unsized:  # a line alone tells no size of I
            nothing = tree.Product((tree.Factor("", _number(0)), tree.Factor("", stated)))
            right = tree.Additive((tree.Term("+", nothing), tree.Term("+", tree.Group((right,)))))
        target = tree.Name(name, name)
        placed = tree.Subscript(target, items) if items else target
        self.definitions.append(tree.Definition(placed, right, self._ranges(line.ranges)))
        self.stated.append((name, spelling, printed_line))

    def _define(self, line: Line) -> None:
        called = _call(line.left)
        if called is not None and _base(line.left)[1] + _base(_last(line.left))[1]:
            self.indexed[called[0]] = (called[1], line)
            return
        left, right = _bare(self.without_derivatives(line.left)), self.without_derivatives(line.right)
        assert isinstance(left, (tree.Name, tree.Subscript, tree.Product))
        self.definitions.append(tree.Definition(left, right, self._ranges(line.ranges)))

    def _ranges(self, ranges: tuple[tree.BoundIndex, ...]) -> tuple[tree.BoundIndex, ...]:
        return tuple(replace(bound, domain=self.without_derivatives(bound.domain)) for bound in ranges)

    def without_derivatives(self, node: Any) -> Any:
        """A tree with plain names for derivatives: D3q[i,j] for ∂L/∂W[i,j]."""

        def change(part: tree.Node) -> tree.Node | None:
            if isinstance(part, tree.Derivative):
                return self._component(part)
            if isinstance(part, tree.Product) and any(self._is_indexed(f.item) for f in part.factors):
                return self._written_out(part)
            if isinstance(part, tree.Subscript) and isinstance(part.base, tree.Name) and part.base.key in self.bars:
                return replace(part, base=tree.Name(*[self.bars[part.base.key]] * 2))
            if isinstance(part, tree.Name) and part.key in self.bars:
                name = tree.Name(*[self.bars[part.key]] * 2)
                return tree.Transpose(name) if self.rows and part.key in self.vectors else name
            return None

        return mapped(node, change)

    def _is_indexed(self, node: tree.Expression) -> bool:
        return isinstance(node, tree.Name) and node.key in self.indexed

    def _written_out(self, node: tree.Product) -> tree.Product:
        """p(h)[i] as what it stands for."""
        factors: list[tree.Factor] = []
        for factor in node.factors:
            before = factors[-1].item if factors else None
            if not isinstance(before, tree.Name) or before.key not in self.indexed:
                factors.append(replace(factor, item=self.without_derivatives(factor.item)))
                continue
            arguments, line = self.indexed[before.key]
            group, items = _base(factor.item)
            own = [*arguments, *(item.key for item in _base(_last(line.left))[1])]
            put = dict(zip(own, [*group.items, *items], strict=True))  # type: ignore[attr-defined]
            body = mapped(line.right, lambda part: put.get(part.key) if isinstance(part, tree.Name) else None)  # noqa: B023 - used at once
            factors[-1] = replace(factors[-1], item=tree.Group((self.without_derivatives(body),)))
        return replace(node, factors=tuple(factors))

    def _component(self, node: tree.Derivative) -> tree.Expression:
        identity, items = self._parts(node)
        while items and items[-1] == _ALL:
            items.pop()
        symbol: Symbol | None = None
        if identity in self.held:
            key, symbol = self.held[identity]
        elif identity in self.jacobians:
            key = self.jacobians[identity]
        elif self.rows:
            raise _UnnamedError
        else:
            raise NotReadBackError(f"what is {plain(node)}?")
        name = tree.Name(key, key)
        whole = tree.Subscript(name, tuple(self.without_derivatives(item) for item in items)) if items else name
        one = symbol is not None and len(items) == symbol.leading and not any(isinstance(i, tree.Slice) for i in items)
        row = one and symbol.rank == symbol.leading + 1
        return tree.Transpose(whole) if self.rows and row else whole

    def _parts(self, node: tree.Expression) -> tuple[Any, list[Any]]:
        """What a derivative is of and by, and the indices of both, one for each axis."""
        base, items = _base(node)
        if isinstance(base, tree.Group) and len(base.items) == 1:
            base = base.items[0]
        if isinstance(base, tree.Name):
            symbol = next((s for s in self.own.symbols.values() if canonical_key(s.name) == base.key), None)
            rank = symbol.rank if symbol is not None else len(items)
            return canonical_key(base.key), [*items, *[_ALL] * (rank - len(items))]
        assert isinstance(base, tree.Derivative), plain(node)
        parts = [self._parts(part) for part in (base.of, *base.by)]
        identity = ("∂", *(part for part, _ in parts))
        inner = [item for _, found in parts for item in found]
        if items:
            inner = [*items, *inner[len(items) :]]
        return identity, inner

    # ------------------------------------------------------------ the sheet

    def sheet(self) -> Sheet:
        """The new sheet, read."""
        declared = [_declaration(name, symbol) for name, symbol in self.held.values()]
        bars = self.derivation.cotangents.values()
        declared += [_declaration(self.bars[canonical_key(b.name)], b) for b in bars]
        source = Source(self.own.source.text + "\n" + "\n".join(declared) + "\n")
        diagnostics = Diagnostics(source)
        document = parse_document(source, diagnostics)
        kept = [s for s in document.statements if not isinstance(s, _ASKED)]
        rate = self.own.rate
        if rate is not None and rate.name not in self.own.symbols:  # ΔW = −η δ xᵀ
            named = tree.Name(canonical_key(rate.name), rate.name)
            self.definitions.insert(0, tree.Definition(named, rate.value))
        if self.rows:
            self._drop_parts(kept, source)
        try:
            return read_sheet(tree.Document((*kept, *self.definitions)), source)
        except SheetError as problem:
            raise NotReadBackError(self._what_failed(problem, kept, source)) from None

    def _drop_parts(self, kept: list[tree.Statement], source: Source) -> None:
        """Leave out chains by a local Jacobian of which a part alone is printed."""
        while True:
            document = tree.Document((*kept, *self.definitions))
            reader = SheetReader(document, source, Diagnostics(source))
            reader.read()
            wanted = Counter(plain(_base(d.target)[0]) for d in self.definitions)
            read = Counter(equation.symbol.name for equation in reader.sheet.equations)
            broken: list[tree.Definition] = []
            for definition in self.definitions:
                name = plain(_base(definition.target)[0])
                uses = {n.key for n in walk_tree(definition.value) if isinstance(n, tree.Name)}
                chain = any(re.fullmatch(r"J\d+q", key) for key in {*uses, name})
                if chain and read[name] < wanted[name]:
                    broken.append(definition)
            if not broken:
                return
            self.definitions = [d for d in self.definitions if all(d is not b for b in broken)]
            gone = {plain(_base(d.target)[0]) for d in broken}
            self.stated = [entry for entry in self.stated if entry[0] not in gone]

    def _what_failed(self, problem: SheetError, kept: list[tree.Statement], source: Source) -> str:
        """The first line that the sheet cannot take."""
        for at, definition in enumerate(self.definitions):
            try:
                others = [d for d in self.definitions[:at] if d.target == definition.target]
                before = [d for d in self.definitions[:at] if not str(plain(d.target)).startswith("R")]
                read_sheet(tree.Document((*kept, *before, *others, definition)), source)
            except SheetError as own:
                return f"{plain(definition.target)} = {plain(definition.value)}: {own.diagnostics[0].message}"
        return str(problem.diagnostics[0].message)

    def compare(
        self, before: dict[Symbol, Any], after: dict[str, Any], sizes: tuple[Sizes, Sizes], again: Sheet
    ) -> None:
        """Every line against the value it states; each spelling states every entry of every derivative once."""
        wanted = {s: _cells(v, s, sizes[0]) for s, v in before.items()}
        for name, symbol in self.made.items():
            wanted[symbol] = _cells(after[name], again.symbols[name], sizes[1])
        covered: dict[tuple[Symbol, str], set[tuple[int, ...]]] = {}
        for name, spelling, printed_line in self.stated:
            found = _cells(after[name], again.symbols[name], sizes[1])
            symbol = printed_line.symbol
            shown = f"{plain(printed_line.line.left)} = {plain(printed_line.line.right)}"
            if symbol is None or printed_line.line.kind == "definition":
                if spelling != "tree":
                    whole = name.removesuffix(spelling) + "tree"
                    _agree(found, _cells(after[whole], again.symbols[whole], sizes[1]), f"in {spelling}: {shown}")
                continue
            expected = wanted[symbol]
            found = _placed(found, expected)
            _agree(found, expected, f"{symbol.name} in {spelling}: {shown}")
            seen = covered.setdefault((symbol, spelling), set())
            if seen & set(found) and not self.rows:  # a row is printed again as the gradient that it is
                raise NotReadBackError(f"{symbol.name}{list(min(seen & set(found)))} is printed twice")
            seen |= set(found)
        for (symbol, spelling), seen in covered.items():
            missing = set(wanted[symbol]) - seen
            if missing and symbol.adjoint_of is not None:
                raise NotReadBackError(f"{symbol.name}{list(min(missing))} is not printed in {spelling}")


def _agree(found: Cells, expected: Cells, what: str) -> None:
    for place, value in found.items():
        right = expected.get(place)
        if right is None or not np.isclose(value, right, rtol=1e-8, atol=1e-10, equal_nan=True):
            raise NotReadBackError(f"{list(place)} is {right}, as printed {value}, {what}")


def _number(value: int) -> tree.Num:
    return tree.Num(Fraction(value), str(value))


def _identity(symbol: Symbol) -> Any:
    if symbol.adjoint_of is None:
        return canonical_key(symbol.name)
    of, by = symbol.adjoint_of
    return ("∂", _identity(of), *map(_identity, by))


def _call(node: tree.Expression) -> tuple[str, list[str]] | None:
    """The name and the arguments of f(a, b), perhaps with an index behind it."""
    base, _ = _base(node)
    match base:
        case tree.Product(factors=(tree.Factor(item=tree.Name(key=key)), tree.Factor(item=last))):
            group, _ = _base(last)
            if isinstance(group, tree.Group):
                return key, [a.key if isinstance(a, tree.Name) else "" for a in group.items]
    return None


def _last(node: tree.Expression) -> tree.Expression:
    """The brackets of a call with what is behind them."""
    return node.factors[-1].item if isinstance(node, tree.Product) else node


def _bare(node: tree.Expression) -> tree.Expression:
    """What is stated, without the sign that it is transposed."""
    while isinstance(node, tree.Transpose | tree.Prime | tree.Group):
        node = node.items[0] if isinstance(node, tree.Group) else node.base
    return node


def _base(node: tree.Expression) -> tuple[tree.Expression, tuple[Any, ...]]:
    """What stands before index brackets, and all that is in them."""
    items: tuple[Any, ...] = ()
    while isinstance(node, tree.Subscript):
        items = (*node.items, *items)
        node = node.base
    return node, items


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


# ---------------------------------------------------------------- values


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
    page: _Page,
) -> tuple[dict[str, Any], Sizes]:
    by_name = {size.name: number for size, number in inputs.sizes.values.items() if size.literal is None}
    second = Inputs()
    for name, size in again.sizes.items():
        if name in by_name:
            second.sizes.values[size] = by_name[name]
    second.sizes.families = dict(inputs.sizes.families)
    held = {page.bars.get(canonical_key(s.name), s.name): v for s, v in inputs.values.items()}
    held |= {name: before[symbol] for name, symbol in page.held.values()}
    second.values = {s: held[s.name] for s in again.symbols.values() if s.name in held}
    anew = derive(again)
    graph = anew.graph
    missing = needed_inputs(graph, graph.equations) - set(second.values)
    if missing:  # the variables of a probability
        drawn = draw_again(second, anew, missing, random.Random(0), 1)
        second.values |= {s: drawn.values[s] for s in missing}
    second.given = frozenset(second.values)
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


def _placed(found: Cells, expected: Cells) -> Cells:
    """Entries where the symbol has them, for lines that speak of it in fewer words or with an axis of size 1 more."""
    if not found or not expected:
        return found
    rank, own = len(next(iter(found))), len(next(iter(expected)))
    if rank == own:
        return found
    if rank < own and all(value == 0 for value in found.values()):  # `∂L/∂W = 0` speaks of every entry
        return {k: 0.0 for k in expected if k[:rank] in found}
    several, kept = _several(found), _several(expected)
    wide = {tuple(k[a] for a in several): v for k, v in found.items()}
    return {k: wide[j] for k in expected if (j := tuple(k[a] for a in kept)) in wide} or found


def _several(cells: Cells) -> list[int]:
    """The axes along which there is more than one entry."""
    rank = len(next(iter(cells)))
    return [axis for axis in range(rank) if len({place[axis] for place in cells}) > 1]
