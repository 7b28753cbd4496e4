"""Points at which a sheet is evaluated: fresh sizes that tell the axes apart, the sheet's own sizes, the given values.

At a point every quantity of the sheet has a value, and ∂a/∂b is had by pushing b after it is computed and watching a:
no rule of differentiation takes part.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.calculus import unfold_all
from gradsheet.checking.meaning.impositions import met
from gradsheet.checking.meaning.kinks import KINKS, Slopes, Watching
from gradsheet.checking.meaning.stacks import Stack, position, spread
from gradsheet.checking.meaning.tensors import mapped
from gradsheet.derivation import derive
from gradsheet.derivation.graph import Graph
from gradsheet.derivation.passes import Pass, needed_inputs, pushed
from gradsheet.diagnostics import SheetError
from gradsheet.evaluation import (
    Evaluator,
    Inputs,
    JetDomain,
    Program,
    Sizes,
    UndecidedError,
    UndefinedValueError,
    ValueReader,
)
from gradsheet.evaluation.named import symbol_depth
from gradsheet.expressions import (
    Affine,
    Call,
    Lambda,
    OverData,
    Piecewise,
    Reduce,
    Role,
    Size,
    Symbol,
    Unspecified,
    walk,
)
from gradsheet.numerics.balls import working_precision
from gradsheet.numerics.certified import certify
from gradsheet.numerics.jets import Jet, ball
from gradsheet.syntax import canonical_key
from gradsheet.verification.sampling import NoPointError, draw_values, sizes_and_ranges, unspecified_functions

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping
    from fractions import Fraction

    from gradsheet.evaluation.named import Values
    from gradsheet.sheet import Sheet

_ORDER = (0, 0, 2, 1, 1, 0, 2, 1, 5)
"""The styles of random values in the order in which they are tried: of both signs first, so that kinks are seen."""
_FAR, _FAR_STYLES = 3, 5
"""Where there are kinks, inputs of every other point are so many times as large, while such a point is found."""
_ATTEMPTS = 24
_MOST_TOGETHER = 128
"""So many entries of a quantity are pushed at once."""
BITS = 160


@dataclass(frozen=True, slots=True)
class Push:
    """One entry that moves: of a symbol, of a member of a family (with shapes of their own), at a place."""

    symbol: Symbol
    member: tuple[int, ...] | None
    place: tuple[int, ...]


Pushes = tuple[tuple[Push, int], ...]
"""Entries that move, each with its multiple of the direction."""


class MissingError(Exception):
    """A value that the page and the sheet do not give."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(slots=True)
class _Ready(Inputs):
    """Inputs whose arrays are made once for each order of jets."""

    held: dict[int, dict[Symbol, Values]] = field(default_factory=dict)

    def arrays(self, domain: Any, row: int | None = None) -> dict[Symbol, Values]:
        """The same arrays again: nothing writes into inputs."""
        found = self.held.get(domain.order)
        if found is None:
            found = Inputs.arrays(self, domain, row)
            self.held[domain.order] = found
        return found


class Model:
    """One sheet, ready to be evaluated anywhere."""

    def __init__(self, sheet: Sheet, name: str) -> None:
        self.sheet = sheet
        self.name = name
        uses_derivatives = any(s.adjoint_of is not None for e in sheet.equations for s in e.body.symbols)
        # Where a derivative is a term of the sheet, its own equation stands before the one that uses it.
        self.graph = derive(sheet).graph if uses_derivatives else Graph(sheet.equations, sheet.functions)
        self.symbols = {canonical_key(s.name): s for s in sheet.symbols.values()}
        self._unfolded: dict[Symbol, Lambda] = {}
        self._upstream: dict[Symbol, set[Symbol]] = {}
        self._moving: dict[frozenset[Symbol], set[Symbol]] = {}
        self._programs: dict[frozenset[Symbol], Program] = {}
        self._stacks: dict[Symbol, Stack] = {}
        self.kinked = any(_is_kinked(n) for e in self.graph.equations for n in walk(self.graph.body(e)))
        """Whether something in it has branches, or classes, of which a few points may see only one."""
        self.kinked |= any(s.domain.kind in {"finite", "onehot", "index"} for s in sheet.symbols.values())
        self.unspecified = sorted(
            {canonical_key(name) for name in sheet.unspecified}
            | {
                n.function.name
                for e in self.graph.equations
                for n in walk(self.graph.body(e))
                if isinstance(n, Call) and isinstance(n.function, Unspecified)
            }
        )

        bodies = [self.graph.body(e) for e in self.graph.equations]
        self.over_data = {n.kind for body in bodies for n in walk(body) if isinstance(n, OverData)}
        """Whether the sheet has means or sums over the rows of data."""

    def upstream(self, symbol: Symbol) -> set[Symbol]:
        """Everything that a symbol is computed from, itself included."""
        found = self._upstream.get(symbol)
        if found is None:
            found = self._upstream[symbol] = self.graph.needed_for(symbol)
        return found

    def moving(self, pushes: Pushes) -> set[Symbol]:
        """What moves with some pushes, directly or not."""
        sources = frozenset(push.symbol for push, _ in pushes)
        found = self._moving.get(sources)
        if found is None:
            found = self._moving[sources] = self.graph.depends_on(sources)
        return found

    def computed(self, pushes: Pushes) -> set[Symbol]:
        """What is computed from something that moves with some pushes."""
        moving, graph = self.moving(pushes), self.graph
        return {s for s in moving if any(graph.unfolded[e].symbols & moving for e in graph.clauses.get(s, ()))}

    def stack(self, source: Symbol) -> Stack:
        """The equations of what moves with a quantity, for pushes of all its entries at once."""
        found = self._stacks.get(source)
        if found is None:
            found = self._stacks[source] = Stack.of(self.graph, self.graph.depends_on([source]))
        return found

    def program(self, symbols: frozenset[Symbol]) -> Program:
        """What computes some symbols alone."""
        found = self._programs.get(symbols)
        if found is None:
            chosen = [e for e in self.graph.equations if e.symbol in symbols]
            found = self._programs[symbols] = Program(chosen, self.graph.unfolded)
        return found

    def unfolded(self, function: Symbol) -> Lambda:
        """The body of a function of the sheet, with those that it calls written out."""
        found = self._unfolded.get(function)
        if found is None:
            body = self.sheet.functions[function].body
            found = self._unfolded[function] = Lambda(body.indices, unfold_all(body.body, self.sheet.functions))
        return found

    # ------------------------------------------------------------ points

    def generic(self, seed: int, zeros: Iterable[Symbol] = (), fixed: Mapping[Symbol, Any] | None = None) -> Point:
        """Fresh sizes, pairwise different where that is possible, and random values; 0 for some inputs."""
        return self._random(seed, fresh=True, zeros=zeros, fixed=fixed or {})

    def sized(self, seed: int, zeros: Iterable[Symbol] = (), fixed: Mapping[Symbol, Any] | None = None) -> Point:
        """The sheet's own sizes where it states them, and random values; 0 for some inputs."""
        return self._random(seed, fresh=False, zeros=zeros, fixed=fixed or {})

    def at_values(self, given: Mapping[str, Any], stated: Mapping[Symbol, Any], seed: int) -> Point | None:
        """The given values; what lacks is drawn at random, and stated quantities are shifted to what the page says.

        Two such points with different seeds tell whether something hangs on a value that nobody gives. A stated
        quantity keeps its dependence on what it is computed from. None where nothing is given at all.
        """
        if not self.sheet.given and not given and not stated:
            return None
        try:
            inputs = ValueReader(self.sheet, takes_data=False).read(given, "the page")
        except SheetError:
            return None
        held = {s: v for s, v in inputs.values.items() if not _has_holes(v)}
        sizes = inputs.sizes
        rng = random.Random(104729 + seed)
        for size in sizes_and_ranges(self)[0]:
            if sizes.evaluate(Affine.atom(size)) is None:
                sizes.values[size] = self._length_of(size, stated) or 2
        needed = needed_inputs(self.graph, self.graph.equations) | {
            s for s in self.sheet.symbols.values() if s.role is Role.INPUT
        }
        missing = needed - set(self.graph.clauses) - set(held)
        drawn = draw_values(missing, sizes, rng, 0)
        ready = _Ready(sizes, {**drawn, **held}, given=frozenset(held))
        point = Point(self, ready, unspecified_functions(self.unspecified, random.Random(5 + seed)))
        point.drawn = {s.name for s in missing}
        try:
            point.shift(stated)
        except (UndecidedError, UndefinedValueError, ValueError):
            return None
        return point

    @staticmethod
    def _length_of(size: Size, stated: Mapping[Symbol, Any]) -> int | None:
        for symbol, held in stated.items():
            for axis, length in zip(symbol.axes, np.shape(held), strict=False):
                if axis.high.single is size and axis.low.is_constant:
                    return int(length) + axis.low.constant - 1
        return None

    def _random(self, seed: int, *, fresh: bool, zeros: Iterable[Symbol], fixed: Mapping[Symbol, Any]) -> Point:
        problem: Exception = NoPointError()
        for style in range(len(_ORDER)):
            rng = random.Random(7919 * seed + 31 * style + fresh)
            try:
                sizes = self.draw_sizes(rng, fresh=fresh)
                needed = needed_inputs(self.graph, self.graph.equations)
                needed |= {s for s in self.sheet.symbols.values() if s.role is Role.INPUT}
                values = draw_values(needed - set(self.graph.clauses), sizes, rng, _ORDER[style] + 3 * seed)
                if self.kinked and seed % 2 == 0 and style < _FAR_STYLES:
                    values = {symbol: _far(held) if _is_free(symbol) else held for symbol, held in values.items()}
                for symbol in zeros:
                    if symbol in values and not isinstance(values[symbol], dict):
                        values[symbol] = np.full(np.shape(values[symbol]), certify(0), dtype=object)
                for symbol, kind in fixed.items():
                    if symbol in values and not isinstance(values[symbol], dict):
                        values[symbol] = met(values[symbol], kind, seed)
                ready = _Ready(sizes, values, given=frozenset(values))
                point = Point(self, ready, unspecified_functions(self.unspecified, rng))
                point.values()
            except (NoPointError, UndecidedError, UndefinedValueError) as found:
                problem = found
                continue
            return point
        raise NoPointError from problem

    def draw_sizes(self, rng: random.Random, *, fresh: bool) -> Sizes:
        """Fresh sizes, pairwise different where that is possible, or the sheet's own."""
        sizes, families, ranges = sizes_and_ranges(self)
        leading = ((a.low, a.high) for s in self.symbols.values() for a in s.axes[: s.leading])
        depths = {
            atom
            for low, high in (*families.values(), *leading)
            for side in (low, high)
            for atom in side.atoms()
            if isinstance(atom, Size)
        }
        for attempt in range(_ATTEMPTS):
            found = Sizes()
            fixed = {s.literal for s in sizes if s.literal is not None} if not fresh else set()
            run = [n for n in range(2, 40) if n not in fixed]
            near = run[: max(3, len(sizes)) + attempt // 4]
            rng.shuffle(near)
            for size in sizes:
                if size.literal is not None and (not fresh or size in depths or size.literal == 1):
                    found.values[size] = size.literal
                elif size in depths:
                    found.values[size] = 3 + attempt % 2
                else:
                    found.values[size] = near.pop() if near else rng.randint(2, 5)
            if self._fill(found, families) and all(_filled(found, *r) for r in ranges):
                return found
        raise NoPointError

    @staticmethod
    def _fill(found: Sizes, families: Mapping[str, tuple[Any, Any]]) -> bool:
        following = 2
        for name, (low, high) in families.items():
            a, b = found.evaluate(low), found.evaluate(high)
            if a is None or b is None or b < a or b - a > 12:
                return False
            found.families[name] = {m: following + (m - a) for m in range(a, b + 1)}
            following += b - a + 1
        return True


def _is_kinked(node: object) -> bool:
    match node:
        case Piecewise() | Reduce(kind="max" | "min"):
            return True
        case Call(function=str() as name):
            return name in KINKS
        case _:
            return False


def _classes(values: Any) -> frozenset[Any]:
    """The values that occur; of classes by number the first, the last, and any between."""
    entries = np.asarray(values, dtype=object).reshape(-1)
    return frozenset(str(entry) for entry in entries)


def _is_free(symbol: Symbol) -> bool:
    """Whether a symbol may be any real number."""
    return symbol.domain.kind == "real" and symbol.domain.low is None and symbol.domain.high is None


def _far(values: Any) -> Any:
    """Values of another size, so that both sides of a kink that is not at 0 are seen: max(0, 1 − m)."""
    if isinstance(values, dict):
        return {member: _far(part) for member, part in values.items()}
    result = np.empty(np.shape(values), dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = certify(_FAR * values[place].fraction)
    return result


def _filled(found: Sizes, low: Any, high: Any) -> bool:
    a, b = found.evaluate(low), found.evaluate(high)
    return a is None or b is None or b >= a


def _has_holes(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_holes(v) for v in value.values())
    return any(v is None for v in np.asarray(value, dtype=object).reshape(-1))


class Point:
    """One choice of sizes and values; everything computed at it is kept."""

    def __init__(self, model: Model, inputs: Inputs, functions: Mapping[str, Any]) -> None:
        self.model = model
        self.inputs = inputs
        self.functions = functions
        self.slope: Fraction | None = None
        """Where between its two sides the slope on a kink is taken; on a kink nothing is decided without it."""
        self.drawn: set[str] = set()
        """Inputs that are random because nobody gives them."""
        self.slopes: dict[tuple[Any, ...], Any] = {}
        """Derivatives of quantities along pushes, as they were computed."""
        self.states: dict[tuple[Symbol, int], list[Any]] = {}
        """The values of variables of finite sets, for sums over them."""
        self.called: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        """What functions of the sheet gave, by the identity of their arguments."""
        self.seen: dict[int, tuple[Any, set[Any]]] = {}
        """On which sides the kinks in formulas of the page were computed, by what they hang on."""
        self.lows: dict[tuple[Symbol, tuple[int, ...] | None], list[int]] = {}
        """Where the axes of quantities and members start."""
        self.grids: dict[Symbol, Any] = {}
        """A push for every entry of a quantity."""
        self._shifts: dict[Symbol, Any] = {}
        graph = model.graph
        self._pass = Pass(graph, graph.equations, (), functions)
        self._plain: dict[Symbol, Values] | None = None
        self._stacks: dict[tuple[Symbol, tuple[int, ...] | None], dict[Symbol, Any]] = {}
        self._alone: set[tuple[Symbol, tuple[int, ...] | None]] = set()
        self._still: dict[tuple[Symbol, int], Values] = {}
        self._runs: dict[tuple[tuple[tuple[Push, int], ...], int], dict[Symbol, Values]] = {}

    def sloped(self, slope: Fraction) -> Point:
        """The same with a slope on kinks."""
        other = Point(self.model, self.inputs, self.functions)
        other.slope, other.drawn, other._shifts = slope, self.drawn, self._shifts
        return other

    def jets(self, order: int) -> JetDomain:
        """The numbers with which everything is computed here."""
        return JetDomain(order) if self.slope is None else Slopes(order, self.slope)

    @cached_property
    def branches(self) -> dict[Hashable, frozenset[Hashable]]:
        """The sides of each kink and the classes of each input that are seen here."""
        watching = Watching(0)
        self._whole(self._gaps(0), 0, watching)
        outcomes: dict[Hashable, frozenset[Hashable]] = dict(watching.outcomes())
        for symbol in self.model.symbols.values():
            if symbol.domain.kind in {"finite", "onehot", "index"} and symbol in self.inputs.values:
                outcomes[symbol] = _classes(self.inputs.values[symbol])
        return outcomes

    def shift(self, stated: Mapping[Symbol, Any]) -> None:
        """Move computed quantities to the values that a page states, in the order in which they are computed."""
        order = {e.symbol: k for k, e in enumerate(self.model.graph.equations)}
        for symbol in sorted(stated, key=lambda s: order.get(s, -1)):
            held: Any = np.asarray(self.of(symbol))
            wanted: Any = np.asarray(stated[symbol], dtype=object)
            if wanted.shape != held.shape:
                if wanted.size != held.size:
                    continue
                wanted = wanted.reshape(held.shape)
            gap = np.empty(held.shape, dtype=object)
            for place in np.ndindex(held.shape):
                gap[place] = ball(wanted[place]) - held[place].value
            self._shifts[symbol] = gap
            self._plain = None
            for kept in (self._still, self._runs, self._stacks, self.slopes, self.called):
                kept.clear()

    @property
    def sizes(self) -> Sizes:
        """Sizes and size families."""
        return self.inputs.sizes

    def values(self) -> dict[Symbol, Values]:
        """Every quantity, as jets that do not move."""
        if self._plain is None:
            self._plain = self._whole(self._gaps(0), 0)
        return self._plain

    def of(self, symbol: Symbol, pushes: Pushes = (), order: int = 0) -> Values:
        """The value of a symbol as jets, with some entries moving: each push with its multiple.

        Raises `MissingError` where something it needs was not given.
        """
        plain = self.values().get(symbol)
        if plain is None:
            raise MissingError(symbol.name)
        if not pushes or not self.model.moving(pushes) & self.model.upstream(symbol):
            return plain if not order else self._unmoved(symbol, plain, order)
        run = self._runs.setdefault((pushes, order), {})
        if symbol not in run:
            with working_precision(BITS):
                self._move(symbol, pushes, order, run)
        return run[symbol]

    def needed(self, symbols: Iterable[Symbol], pushes: Pushes = (), order: int = 0) -> dict[Symbol, Values]:
        """Those of some symbols that have a value here."""
        return {s: self.of(s, pushes, order) for s in symbols if s in self.values()}

    def _unmoved(self, symbol: Symbol, plain: Values, order: int) -> Values:
        found = self._still.get((symbol, order))
        if found is None:
            found = self._still[symbol, order] = plain if symbol.is_integer else _as_order(plain, order)
        return found

    def _gaps(self, order: int) -> dict[Symbol, Any]:
        """How far quantities are shifted to what the page states."""
        return {s: mapped(lambda entry: Jet.constant(entry, order), gap) for s, gap in self._shifts.items()}

    def _pushed(self, pushes: Pushes, order: int) -> dict[Symbol, Any]:
        """How far pushes move what they push."""
        arrays: dict[Symbol, Any] = {}
        for push, multiple in pushes:
            held = arrays.get(push.symbol)
            if held is None:
                held = arrays[push.symbol] = _zeros(self.values()[push.symbol], self.jets(order))
            target = held if push.member is None else held[push.member]
            target[push.place] = target[push.place] + self.jets(order).variable(0, multiple)
        return arrays

    def _whole(self, added: dict[Symbol, Any], order: int, domain: JetDomain | None = None) -> dict[Symbol, Values]:
        self._pass.pushes = added
        with working_precision(BITS):
            return self._pass.run(domain or self.jets(order), self.inputs)

    def _move(self, symbol: Symbol, pushes: Pushes, order: int, run: dict[Symbol, Values]) -> None:
        """Compute again what moves on the way to a symbol; all else stays as it is."""
        moved = self._pushed(pushes, order)
        if self._pass.terms:  # means over the data join rows: everything is computed again
            run.update(self._whole(_sums(self._gaps(order), moved), order))
            return
        if order == 1 and len(pushes) == 1 and pushes[0][1] == 1 and self._together(symbol, pushes[0][0], run):
            return
        wanted = self.model.moving(pushes) & self.model.upstream(symbol)
        again = self.model.computed(pushes) & wanted
        for source in wanted - again - run.keys():
            run[source] = pushed(self._unmoved(source, self.values()[source], order), moved[source])
        again -= run.keys()
        evaluator = self._evaluator(again, run, order)
        evaluator.pushes = _sums(self._gaps(order), moved)
        self.model.program(frozenset(again)).run(evaluator)
        run.update((s, evaluator.values[s]) for s in again)

    def _evaluator(self, again: set[Symbol], run: Mapping[Symbol, Values], order: int) -> Evaluator:
        """With all that some symbols are computed from."""
        graph = self.model.graph
        used = {s for a in again for e in graph.clauses[a] for s in graph.unfolded[e].symbols}
        held = {s: run[s] if s in run else self.of(s, (), order) for s in used - again if s in self.values()}
        return Evaluator(self.jets(order), self.sizes.values, self.sizes.families, held, self.functions)

    def _together(self, symbol: Symbol, push: Push, run: dict[Symbol, Values]) -> bool:
        """Compute what moves with every entry of a quantity at once; False where that is not possible."""
        source, member = push.symbol, push.member
        held = self.values()[source]
        shape = np.shape(held[member] if isinstance(held, dict) else held)  # type: ignore[index]
        count = int(np.prod(shape))
        stack = self._stacks.setdefault((source, member), {})
        if not 1 < count <= _MOST_TOGETHER or (source, member) in self._alone:
            return False
        if symbol not in stack:
            try:
                self._stack(symbol, push, shape, stack)
            except (UndecidedError, UndefinedValueError, ArithmeticError):
                self._alone.add((source, member))
                return False
        at = int(np.ravel_multi_index(push.place, shape)) if shape else 0
        run[symbol] = position(stack[symbol], at)
        return True

    def _stack(self, symbol: Symbol, push: Push, shape: tuple[int, ...], stack: dict[Symbol, Any]) -> None:
        pushes: Pushes = ((push, 1),)
        source, count = push.symbol, int(np.prod(shape))
        moved = spread(_zeros(self.values()[source], self.jets(1)), count)
        target = moved if push.member is None else moved[push.member]
        for at, place in enumerate(np.ndindex(shape)):
            target[(*place, at)] = self.jets(1).variable(0, 1)
        wanted = self.model.moving(pushes) & self.model.upstream(symbol)
        again = self.model.computed(pushes) & wanted
        if source in wanted - again and source not in stack:
            stack[source] = pushed(spread(self._unmoved(source, self.values()[source], 1), count), moved)
        again -= stack.keys()
        if not again:
            return
        made = self.model.stack(source)
        evaluator = self._evaluator(again, stack, 1)
        values = {made.symbols.get(s, s) if s in stack else s: v for s, v in evaluator.values.items()}
        sizes = {**self.sizes.values, made.size: count}
        evaluator = Evaluator(self.jets(1), sizes, self.sizes.families, values, self.functions)
        added = {s: spread(gap, count) for s, gap in self._gaps(1).items()}
        if source in again:
            added = _sums(added, {source: moved})
        evaluator.pushes = {made.symbols[s]: push for s, push in added.items() if s in made.symbols}
        made.program(again).run(evaluator)
        stack.update((s, evaluator.values[made.symbols[s]]) for s in again)

    def saw(self, node: Any, found: Iterable[Any]) -> None:
        """Note on which sides of a kink a formula is here; the node is kept, so its id stays its own."""
        self.seen.setdefault(id(node), (node, set()))[1].update(found)

    def low(self, symbol: Symbol, axis: int, member: tuple[int, ...] = ()) -> int:
        """Where an axis starts."""
        fixed = dict(zip(symbol.axes, member, strict=False))
        return self.sizes.evaluate(symbol.axes[axis].low, fixed) or 0

    def size(self, key: str) -> int | None:
        """The number that a size of the sheet is here."""
        size = self.model.sheet.sizes.get(key)
        return None if size is None else self.sizes.values.get(size, size.literal)


def _sums(gaps: dict[Symbol, Any], moved: dict[Symbol, Any]) -> dict[Symbol, Any]:
    """Shifts and pushes together."""
    return {**gaps, **{s: gaps[s] + push if s in gaps else push for s, push in moved.items()}}


def _zeros(values: Any, domain: JetDomain) -> Any:
    if isinstance(values, dict):
        return {k: _zeros(v, domain) for k, v in values.items()}
    result = np.empty(np.shape(values), dtype=object)
    result.fill(domain.number(0))
    return result


def _as_order(values: Any, order: int) -> Any:
    """Values that do not move, as jets of some order."""
    if isinstance(values, dict):
        return {k: _as_order(v, order) for k, v in values.items()}
    return mapped(lambda jet: jet.still(0, order), np.asarray(values))


def places(values: Values) -> Iterable[tuple[tuple[int, ...] | None, tuple[int, ...]]]:
    """Every entry of a value: the member of a family whose members differ in shape, and the place."""
    if isinstance(values, dict):
        for member, array in values.items():
            for place in np.ndindex(np.shape(array)):
                yield member, place
    else:
        for place in np.ndindex(np.shape(values)):
            yield None, place


def exact(value: Any) -> Any:
    """A number for `Inputs`."""
    return certify(value)


__all__ = ["BITS", "MissingError", "Model", "OverData", "Point", "Push", "Pushes", "exact", "places", "symbol_depth"]
