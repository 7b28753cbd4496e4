"""Points at which a sheet is evaluated: fresh sizes that tell the axes apart, the sheet's own sizes, the given values.

At a point every quantity of the sheet has a value, and ∂a/∂b is had by pushing b after it is computed and watching a:
no rule of differentiation takes part.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.calculus import unfold_all
from gradsheet.derivation import derive
from gradsheet.derivation.graph import Graph
from gradsheet.derivation.passes import Pass, needed_inputs
from gradsheet.diagnostics import SheetError
from gradsheet.evaluation import Inputs, JetDomain, Sizes, UndecidedError, UndefinedValueError, ValueReader
from gradsheet.evaluation.named import symbol_depth
from gradsheet.expressions import Affine, Call, Lambda, OverData, Piecewise, Role, Size, Symbol, Unspecified, walk
from gradsheet.numerics.balls import working_precision
from gradsheet.numerics.certified import certify
from gradsheet.numerics.jets import Jet, ball
from gradsheet.syntax import canonical_key
from gradsheet.verification.sampling import NoPointError, draw_values, sizes_and_ranges, unspecified_functions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gradsheet.evaluation.named import Values
    from gradsheet.sheet import Sheet

_ORDER = (0, 0, 2, 1, 1, 0, 2, 1, 5)
"""The styles of random values in the order in which they are tried: of both signs first, so that kinks are seen."""
_FAR, _FAR_STYLES = 3, 5
"""Where there are kinks, inputs of every other point are so many times as large, while such a point is found."""
_ATTEMPTS = 24
BITS = 160


@dataclass(frozen=True, slots=True)
class Push:
    """One entry that moves: of a symbol, of a member of a family (with shapes of their own), at a place."""

    symbol: Symbol
    member: tuple[int, ...] | None
    place: tuple[int, ...]


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
        return self.graph.needed_for(symbol)

    def points_needed(self, wanted: int) -> int:
        """How many points it takes to see every branch: many where each is cheap."""
        if not self.kinked:
            return wanted
        scalars = sum(not s.axes for s in self.sheet.inputs)
        return wanted + (9 if scalars * 2 > len(self.sheet.inputs) else 3)

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
                sizes = self._sizes(rng, fresh=fresh)
                needed = needed_inputs(self.graph, self.graph.equations)
                needed |= {s for s in self.sheet.symbols.values() if s.role is Role.INPUT}
                values = draw_values(needed - set(self.graph.clauses), sizes, rng, _ORDER[style] + 3 * seed)
                if self.kinked and seed % 2 == 0 and style < _FAR_STYLES:
                    values = {symbol: _far(held) if _is_free(symbol) else held for symbol, held in values.items()}
                for symbol in zeros:
                    if symbol in values and not isinstance(values[symbol], dict):
                        values[symbol] = np.full(np.shape(values[symbol]), certify(0), dtype=object)
                for symbol, held in fixed.items():
                    values[symbol] = np.full(np.shape(values[symbol]), certify(held), dtype=object)
                ready = _Ready(sizes, values, given=frozenset(values))
                point = Point(self, ready, unspecified_functions(self.unspecified, rng))
                point.values()
            except (NoPointError, UndecidedError, UndefinedValueError) as found:
                problem = found
                continue
            return point
        raise NoPointError from problem

    def _sizes(self, rng: random.Random, *, fresh: bool) -> Sizes:
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


_KINKED = frozenset({"relu", "abs", "sign", "step", "max", "min", "elu", "leaky_relu", "hardtanh", "relu6"})


def _is_kinked(node: object) -> bool:
    return isinstance(node, Piecewise) or (isinstance(node, Call) and node.function in _KINKED)


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

    def __init__(self, model: Model, inputs: _Ready, functions: Mapping[str, Any]) -> None:
        self.model = model
        self.inputs = inputs
        self.functions = functions
        self.drawn: set[str] = set()
        """Inputs that are random because nobody gives them."""
        self.slopes: dict[tuple[Any, ...], Any] = {}
        """Derivatives of quantities along pushes, as they were computed."""
        self._shifts: dict[Symbol, Any] = {}
        graph = model.graph
        self._pass = Pass(graph, graph.equations, (), functions)
        self._runs: dict[tuple[tuple[tuple[Push, int], ...], int], dict[Symbol, Values]] = {}

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
            self._runs.clear()
            self.slopes.clear()

    @property
    def sizes(self) -> Sizes:
        """Sizes and size families."""
        return self.inputs.sizes

    def values(self, pushes: tuple[tuple[Push, int], ...] = (), order: int = 0) -> dict[Symbol, Values]:
        """Every quantity as jets, with some entries moving: each push with its multiple."""
        key = (pushes, order)
        found = self._runs.get(key)
        if found is None:
            with working_precision(BITS):
                found = self._run(pushes, order)
            self._runs[key] = found
        return found

    def _run(self, pushes: tuple[tuple[Push, int], ...], order: int) -> dict[Symbol, Values]:
        arrays: dict[Symbol, Any] = {}
        held: Any
        for symbol, gap in self._shifts.items():
            held = np.empty(gap.shape, dtype=object)
            for place in np.ndindex(gap.shape):
                held[place] = Jet.constant(gap[place], order)
            arrays[symbol] = held
        if pushes:
            plain = self.values()
            for push, multiple in pushes:
                held = arrays.get(push.symbol)
                if held is None:
                    held = _still(plain[push.symbol], order)
                    arrays[push.symbol] = held
                target = held if push.member is None else held[push.member]
                target[push.place] = target[push.place] + Jet.variable(0, multiple, order)
        self._pass.pushes = arrays
        return self._pass.run(JetDomain(order), self.inputs)

    def of(self, symbol: Symbol, pushes: tuple[tuple[Push, int], ...] = (), order: int = 0) -> Values:
        """The value of a symbol; raises `MissingError` where something it needs was not given."""
        found = self.values(pushes, order).get(symbol)
        if found is None:
            raise MissingError(symbol.name)
        return found

    def low(self, symbol: Symbol, axis: int, member: tuple[int, ...] = ()) -> int:
        """Where an axis starts."""
        fixed = dict(zip(symbol.axes, member, strict=False))
        return self.sizes.evaluate(symbol.axes[axis].low, fixed) or 0

    def size(self, key: str) -> int | None:
        """The number that a size of the sheet is here."""
        size = self.model.sheet.sizes.get(key)
        return None if size is None else self.sizes.values.get(size, size.literal)


def _still(values: Any, order: int) -> Any:
    if isinstance(values, dict):
        return {k: _still(v, order) for k, v in values.items()}
    result = np.empty(np.shape(values), dtype=object)
    zero = Jet.constant(0, order)
    result.fill(zero)
    return result


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


__all__ = ["BITS", "MissingError", "Model", "OverData", "Point", "Push", "exact", "places", "symbol_depth"]
