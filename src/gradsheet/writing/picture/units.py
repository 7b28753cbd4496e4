"""What is drawn as one box: an equation, one member of a family, a function; and which boxes an equation uses.

A family that is a recursion and whose depth is a number is drawn member by member; every other family is one box for a
general index.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Access,
    Affine,
    Index,
    Invoke,
    OverData,
    Role,
    Symbol,
    at_least_zero,
    children,
    transform,
)
from gradsheet.expressions.nodes import affines
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.expressions import AnyNode, Expr
    from gradsheet.sheet import Equation
    from gradsheet.writing.equations import Line
    from gradsheet.writing.picture.steps import Steps

Place = tuple[int, ...]


@dataclass(eq=False, slots=True)
class Unit:
    """One box: an equation (or a function, if there is none), at a place if it is one member of a family."""

    symbol: Symbol
    equation: Equation | None
    body: AnyNode
    lines: tuple[Line, ...]
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A unit uses a component of a symbol; `places` are the members that it stands for, where they are drawn apart."""

    symbol: Symbol
    at: tuple[Affine, ...]
    places: tuple[Place, ...] | None = None
    end: bool = False
    """It is the end of a family that has an equation of its own, such as h[0]."""
    row: Place = ()
    """Of an input that a member uses: the part that it uses, such as x[2] of x."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a node stands for: a whole input, one member, one row; for one unit only where each has its own."""

    symbol: Symbol
    place: Place | None = None
    row: Place = ()
    unit: Unit | None = None


def held_by(unit: Unit, use: Use) -> list[Held]:
    """The inputs that a unit uses. Weights that members share stand beside each of them."""
    if use.places is not None:
        return [Held(use.symbol, place) for place in use.places]
    return [Held(use.symbol, None, use.row, unit if unit.place is not None else None)]


@dataclass
class Units:
    """All boxes of a sheet, and the families that are drawn member by member."""

    steps: Steps
    all: list[Unit]
    unrolled: frozenset[Symbol] = frozenset()
    by_symbol: dict[Symbol, list[Unit]] = field(default_factory=dict)
    known: dict[Unit, list[Use]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for unit in self.all:
            self.by_symbol.setdefault(unit.symbol, []).append(unit)

    @cached_property
    def users(self) -> Counter[Symbol]:
        """By how many right-hand sides each symbol is used."""
        bodies = {unit.body: unit for unit in self.all}
        return Counter(s for unit in bodies.values() for s in {use.symbol for use in self.uses(unit)})

    def uses(self, unit: Unit) -> list[Use]:
        """What a unit uses, each once, in the order in which it is written."""
        if unit not in self.known:
            self.known[unit] = self._uses(unit)
        return self.known[unit]

    def _uses(self, unit: Unit) -> list[Use]:
        found: dict[Use, None] = {}
        free = unit.body.symbols - set(_formals(self.steps, unit))  # without what a sum over configurations binds
        for node in _written(unit.body):
            if isinstance(node, Invoke):
                found[Use(node.function, ())] = None
            elif isinstance(node, Access) and node.symbol in free:
                lead = node.at[: node.symbol.leading]
                places = self._places(unit, lead) if node.symbol in self.unrolled else None
                found[Use(node.symbol, lead, places, row=self._row(unit, node))] = None
        return list(found)

    def _row(self, unit: Unit, node: Access) -> Place:
        """The part of an input that one member uses: x[2] of x, for t = 2."""
        if unit.place is None or node.symbol.leading or node.symbol.role is not Role.INPUT:
            return ()
        fixed = fixed_indices(unit)
        row: list[int] = []
        for place in node.at:
            number = in_numbers(place, self.steps.sizes, fixed)
            if number is None or not any(atom in fixed for atom in place.atoms()):
                break
            row.append(number)
        return tuple(row)

    def inputs(self) -> dict[Held, None]:
        """The nodes of inputs, in the order in which they are used."""
        return dict.fromkeys(
            held
            for unit in self.all
            for use in self.uses(unit)
            if not use.symbol.parameters and not self.sources(unit, use)
            for held in held_by(unit, use)
        )

    def sources(self, unit: Unit, use: Use) -> list[Unit]:
        """The units that give what is used; none for an input."""
        own = self.by_symbol.get(use.symbol, [])
        if use.places is not None:
            return [u for u in own if u.place in use.places]
        if len(own) < 2:
            return own
        return [u for u in own if u.equation is None or _may_meet(unit, use, u.equation)]

    def _places(self, unit: Unit, lead: Sequence[Affine]) -> tuple[Place, ...]:
        """The members of a family that an access stands for, in numbers."""
        sizes = self.steps.sizes
        fixed = fixed_indices(unit)
        free = list(dict.fromkeys(a for x in lead for a in x.atoms() if isinstance(a, Index) and a not in fixed))
        runs = [_run(index, sizes, fixed) for index in free]
        found = []
        for chosen in product(*runs):
            here = {**fixed, **dict(zip(free, chosen, strict=True))}
            numbers = [in_numbers(x, sizes, here) for x in lead]
            found.append(tuple(n for n in numbers if n is not None))
        return tuple(found)


def fixed_indices(unit: Unit) -> dict[Index, int]:
    """The indices of a member in numbers."""
    if unit.equation is None or unit.place is None:
        return {}
    pairs = zip(unit.equation.pattern, unit.place, strict=False)
    return {pattern.single: number for pattern, number in pairs if isinstance(pattern.single, Index)}


def in_numbers(value: Affine, sizes: Sizes | None, fixed: dict[Index, int]) -> int | None:
    """The number that an index expression stands for."""
    if sizes is not None:
        return sizes.evaluate(value, fixed)
    put = value.substitute({index: Affine(n) for index, n in fixed.items()})
    return put.constant if put.is_constant else None


def _run(index: Index, sizes: Sizes | None, fixed: dict[Index, int]) -> range:
    low, high = in_numbers(index.low, sizes, fixed), in_numbers(index.high, sizes, fixed)
    return range(low, high + 1) if low is not None and high is not None else range(0)


def _written(body: AnyNode) -> Iterator[AnyNode]:
    """The nodes of a right-hand side from left to right, with the components that stand in indices."""
    stack = [body]
    while stack:
        node = stack.pop()
        yield node
        for value in affines(node):
            yield from (a for a in value.atoms() if isinstance(a, Access))
        stack.extend(reversed(children(node)))


def _formals(steps: Steps, unit: Unit) -> tuple[Symbol, ...]:
    definition = steps.sheet.functions.get(unit.symbol)
    return definition.formals if definition is not None and unit.equation is None else ()


def _may_meet(unit: Unit, use: Use, equation: Equation) -> bool:
    """Whether the component that is used may be one that an equation gives: h[l−1] is h[0] for l = 1 only."""
    facts = tuple(i.high - i.low for i in (unit.equation.free if unit.equation is not None else ()))
    for used, given in zip(use.at, equation.pattern, strict=False):
        index = given.single
        low, high = index.range if isinstance(index, Index) else (given, given)
        ends = [_extreme(used, largest=True), _extreme(used, largest=False)]
        if at_least_zero(low - ends[0] - 1, facts) or at_least_zero(ends[1] - high - 1, facts):
            return False
    return True


def _extreme(value: Affine, *, largest: bool) -> Affine:
    """The largest or smallest value over the ranges of the indices in it."""
    result = value
    for atom, coefficient in value.terms:
        if isinstance(atom, Index):
            end = atom.high if (coefficient > 0) == largest else atom.low
            result = result.substitute({atom: end})
    return result


def units(steps: Steps, most: int) -> Units:
    """The boxes of a sheet, recursions member by member while that makes no more than `most` nodes."""
    families = _recursive_families(steps)
    if families:
        result = Units(steps, list(_all(steps, families)), families)
        apart = all(u.place is not None for u in result.all if u.symbol in families)
        if apart and len(result.all) + len(result.inputs()) <= most:
            return result
    return Units(steps, list(_all(steps, frozenset())))


def _recursive_families(steps: Steps) -> frozenset[Symbol]:
    """All families of a sheet in which a definition needs itself at another index."""
    needs: dict[Symbol, set[Symbol]] = {}
    for equation in steps.sheet.equations:
        needs.setdefault(equation.symbol, set()).update(equation.body.symbols)
    if not any(s.leading and s in _reached(needs, s) for s in needs):
        return frozenset()
    used = {s for e in steps.sheet.equations for s in (e.symbol, *e.body.symbols)}
    return frozenset(s for s in used if s.leading)


def _reached(needs: dict[Symbol, set[Symbol]], start: Symbol) -> set[Symbol]:
    found: set[Symbol] = set()
    stack = [start]
    while stack:
        for symbol in needs.get(stack.pop(), ()):
            if symbol not in found:
                found.add(symbol)
                stack.append(symbol)
    return found


def _all(steps: Steps, unrolled: frozenset[Symbol]) -> Iterator[Unit]:
    """Functions and equations in the order of the sheet, derivatives that equations use before them."""
    done: set[Symbol] = set()
    clauses: dict[Symbol, list[Equation]] = {}
    for equation in _equations(steps):
        clauses.setdefault(equation.symbol, []).append(equation)
    losses = {e.body: s for s, es in clauses.items() for e in es if e.syntax is None}
    position = dict.fromkeys(clauses, 0)
    for item in steps.report.forward:
        definition = steps.sheet.functions.get(item.symbol)
        if definition is not None:
            yield Unit(item.symbol, None, definition.body.body, item.lines)
            continue
        equation = clauses[item.symbol][position[item.symbol]]
        position[item.symbol] += 1
        yield from _derivatives(steps, equation.body.symbols, done)
        if item.symbol in unrolled and item.members is not None:
            for member in item.members:
                yield Unit(item.symbol, equation, equation.body, member.lines, member.place)
        else:
            yield Unit(item.symbol, equation, _named_losses(equation.body, losses), item.lines)


def _equations(steps: Steps) -> list[Equation]:
    """The equations behind the forward items of the report, in their order."""
    own = steps.sheet.equations
    known = {e.symbol for e in own}
    extra = [
        e for e in steps.solution.derivation.graph.equations
        if e.symbol.role is Role.DEFINITION and e.syntax is None and e.symbol not in known
    ]  # fmt: skip
    return [*extra, *own]


def _named_losses(body: AnyNode, named: dict[Expr, Symbol]) -> AnyNode:
    """A mean over data of a formula, where the derivation gave that formula a name."""

    def rewrite(node: AnyNode) -> AnyNode:
        if isinstance(node, OverData) and node.body in named:
            return OverData(node.kind, Access(named[node.body], ()))
        return node

    result: AnyNode = transform(body, rewrite)
    return result


def _derivatives(steps: Steps, symbols: Iterable[Symbol], done: set[Symbol]) -> Iterator[Unit]:
    """Derivatives that stand in an equation are boxes too, with what they are computed from."""
    for symbol in sorted((s for s in symbols if s.adjoint_of is not None and s not in done), key=lambda s: s.serial):
        done.add(symbol)
        for equation in steps.solution.derivation.graph.clauses.get(symbol, ()):
            yield from _derivatives(steps, equation.body.symbols, done)
            lines = next((i.lines for i in steps.report.backward if i.symbol is symbol), ())
            yield Unit(symbol, equation, equation.body, lines)
