"""δ[l] = (W[l+1]ᵀ δ[l+1]) ⊙ g'(z[l]): the adjoints of the layers get names of their own, and nothing else has one.

A layer is a definition that holds a parameter itself: z = W x + b. Where the author went on in the same line, as in
h = tanh(W x + b), δ belongs to what stands inside the function, δ = ∂L/∂h ⊙ (1 − h²), if ∂L/∂h always comes with that
factor. Definitions without parameters between two layers are put in; those that are long and used in several places
get a δ too. Nothing is derived again: these are the derivation's own equations under other names.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.calculus import Differentiator, Log, Simplifier
from gradsheet.calculus.terms import Term, rebuilt, split
from gradsheet.derivation.accumulate import fold_output
from gradsheet.derivation.substitution import Rewritten, Substitution, needed, put_in, turned
from gradsheet.expressions import (
    Access,
    Add,
    Affine,
    Call,
    Expr,
    Index,
    Multiply,
    Number,
    OverData,
    Reduce,
    Role,
    Symbol,
    Unspecified,
    key,
    outside,
    replace_symbols,
    substitute,
)
from gradsheet.operations import ELEMENTWISE, T
from gradsheet.records import dataclass
from gradsheet.sheet import Equation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from gradsheet.derivation.model import Adjoint, Derivation

_LONGEST = 24.0
"""How much there may be to write in a definition between two layers that is put in."""


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """The derivative of the function around a layer, over some indices, and what stands inside the function."""

    indices: tuple[Index, ...]
    value: Expr
    inside: Expr
    function: str
    sentence: str
    narrows: bool = False
    """It belongs to the general case of a recursion alone, not to its first members."""

    def at(self, places: Sequence[Affine]) -> Expr:
        """Its value at given indices."""
        return self._moved(self.value, places)

    def inside_at(self, places: Sequence[Affine]) -> Expr:
        """The argument of the function at given indices."""
        return self._moved(self.inside, places)

    def _moved(self, body: Expr, places: Sequence[Affine]) -> Expr:
        result: Expr = substitute(body, dict(zip(self.indices, places, strict=True)))
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """A name for an adjoint, or for an adjoint times the slope of the function around its layer."""

    symbol: Symbol
    adjoint: Adjoint
    slope: Slope | None = None

    @property
    def definition(self) -> Equation:
        """δ = ∂L/∂z, or ∂L/∂h ⊙ g'."""
        old = self.narrowed(self.adjoint.equation)
        body: Expr = Access(self.adjoint.symbol, old.pattern)
        if self.slope is not None:
            body = Multiply((body, self.slope.at(old.pattern)))
        return Equation(self.symbol, old.pattern, old.free, body, None, old.facts)

    def narrowed(self, equation: Equation) -> Equation:
        """The adjoint's equation where δ has a meaning: without the first members of a recursion."""
        if self.slope is None or not self.slope.narrows:
            return equation
        mapping: dict[Index, Affine] = {}
        free: list[Index] = []
        for index, general in zip(equation.free, self.slope.indices, strict=True):
            low, high = (side.substitute(mapping) for side in (index.low, index.high))
            if len(free) < equation.symbol.leading:
                low, high = general.low, general.high
            new = Index(index.name, low, high)
            mapping[index] = Affine.atom(new)
            free.append(new)
        pattern = tuple(p.substitute(mapping) for p in equation.pattern)
        body = substitute(equation.body, mapping)
        return Equation(equation.symbol, pattern, tuple(free), body, None, equation.facts)


@dataclass(frozen=True, slots=True, eq=False)
class DeltaRow:
    """One equation of the notation: of a δ, or of a derivative that is asked for."""

    rewritten: Rewritten
    equation: Equation
    delta: Delta | None = None
    rules: tuple[str, ...] = ()
    """Why it is so, clause by clause."""


def delta_rows(derivation: Derivation, taken: Collection[str]) -> list[DeltaRow]:
    """Every equation of δ notation, in the order of the derivation; none where there are no layers.

    `taken` are the names that no δ may have.
    """
    return _Former(derivation, taken).rows()


class _Former:
    def __init__(self, derivation: Derivation, taken: Collection[str]) -> None:
        self.derivation = derivation
        self.taken = taken
        self.row_sums = derivation.sheet.row_sums
        self.parameters = {a.wrt[-1] for a in derivation.gradients.values()}
        self.active = derivation.graph.depends_on(self.parameters)
        self.layers = {a.symbol for a in derivation.adjoints if self._is_layer(a)}

    def rows(self) -> list[DeltaRow]:
        """Chosen, named and written."""
        if self.derivation.cotangents or not self.layers:
            return []
        substitution = Substitution(self.derivation, self._keeps, longest=_LONGEST, once=True)
        rewritten = [substitution.rewritten(a) for a in self.derivation.adjoints]
        asked = [r for r in rewritten if self._is_asked(r.adjoint)]
        kept = needed(rewritten, asked)
        if not kept:
            return []
        slopes = self._slopes(kept, asked)
        deltas = self._deltas(kept, slopes)
        named = {r.adjoint.symbol: r for r in kept}
        return [self._row(r, named, deltas) for r in rewritten if r in kept or r in asked]

    def _row(self, row: Rewritten, named: Mapping[Symbol, Rewritten], deltas: Mapping[Symbol, Delta]) -> DeltaRow:
        own = deltas.get(row.adjoint.symbol)
        found = (deltas[s] for s in deltas.keys() & row.equation.body.symbols)
        used = [d.slope for d in sorted(found, key=lambda d: d.symbol.serial) if d.slope is not None]
        said = [clause for clause in row.rules if all(clause != slope.sentence for slope in used)]
        if own is not None and own.slope is not None:
            said.append(own.slope.sentence)
        if not said:
            functions = " and ".join(dict.fromkeys(slope.function for slope in used))
            said.append(f"{row.adjoint.wrt[-1].name} enters the argument of {functions} linearly")
        return DeltaRow(row, self._written(row, named, deltas), own, tuple(dict.fromkeys(said)))

    # ------------------------------------------------------------ what has a δ

    def _is_asked(self, adjoint: Adjoint) -> bool:
        return adjoint.wrt[-1] in self.parameters or adjoint.order > 1 or bool(adjoint.of.axes)

    def _is_layer(self, adjoint: Adjoint) -> bool:
        """Whether a parameter stands in the definition itself; an adjoint that is constant needs no name."""
        if self._is_asked(adjoint) or not adjoint.equation.body.symbols:
            return False
        graph = self.derivation.graph
        return any(graph.body(e).symbols & self.parameters for e in graph.clauses.get(adjoint.wrt[-1], ()))

    def _keeps(self, adjoint: Adjoint) -> bool:
        return adjoint.symbol in self.layers or self._is_asked(adjoint)

    # ------------------------------------------------------------ the function around a layer

    def _slopes(self, kept: Sequence[Rewritten], asked: Sequence[Rewritten]) -> dict[Symbol, Slope]:
        """The slopes that stand beside their adjoints wherever those are used."""
        users: dict[Symbol, list[Expr]] = {}
        for row in (*kept, *asked):
            for symbol in row.equation.body.symbols:
                users.setdefault(symbol, []).append(row.equation.body)
        found = {}
        for row in kept:
            symbol = row.adjoint.symbol
            slope = self._slope(row.adjoint.wrt[-1]) if symbol in self.layers else None
            if slope is None:
                continue
            probe = Symbol("δ", symbol.axes, Role.LOCAL)
            opened = (self._opened(body, row, slope) for body in users.get(symbol, ()))
            if all(symbol not in folded(body, symbol, slope, probe).symbols for body in opened):
                found[symbol] = slope
        return found

    def _slope(self, layer: Symbol) -> Slope | None:
        """∂h/∂(W x + b) for h = tanh(W x + b): the derivative of one function of what holds the parameters."""
        graph = self.derivation.graph
        clauses = [e for e in graph.clauses[layer] if graph.body(e).symbols & self.active]
        general = [e for e in clauses if isinstance(graph.body(e), Call)]
        if len(general) != 1 or any(not _is_base(e) for e in graph.clauses[layer] if e is not general[0]):
            return None
        (equation,) = general
        body, pattern = graph.body(equation), equation.pattern
        assert isinstance(body, Call)
        places = [k for k, a in enumerate(body.arguments) if a.symbols & self.active]
        indices = tuple(i for p in pattern if isinstance(i := p.single, Index) and i in equation.free)
        if len(places) != 1 or len(indices) != len(pattern):
            return None
        inside = body.arguments[places[0]]
        if not inside.symbols & self.parameters or not self._is_affine(inside):
            return None
        if isinstance(body.function, Unspecified):
            outer: Expr = Call(body.function.prime(), body.arguments)
            function, sentence = body.function.name, "chain rule with an unspecified function"
        else:
            record = ELEMENTWISE[body.function]
            if record.derivative is None:
                return None
            outer = record.derivative(*(T(a) for a in body.arguments), T(body))[places[0]].expr
            function, sentence = record.spellings[0], record.sentence
        value = Simplifier(self.row_sums).simplify(fold_output(outer, body, layer, pattern, equation.free))
        return Slope(indices, value, inside, function, sentence, len(graph.clauses[layer]) > 1)

    def _is_affine(self, inside: Expr) -> bool:
        """Whether the parameters enter as in W x + b: what the derivative by one of them holds is no parameter."""
        for symbol in inside.symbols & self.parameters:
            at = tuple(Affine.atom(axis.fresh()) for axis in symbol.axes)
            derivative = Differentiator(symbol, at, self.derivation.graph.functions, Log()).derivative(inside)
            if derivative.symbols & self.parameters:
                return False
        return True

    def _opened(self, body: Expr, row: Rewritten, slope: Slope) -> Expr:
        """∂L/∂h[0] of a recursion, to which the slope does not belong, by its own equation."""
        if not slope.narrows:
            return body
        equation = row.equation
        leading = equation.symbol.leading

        def at_base(at: tuple[Affine, ...]) -> Expr:
            if any(outside(p, i.low, i.high) for p, i in zip(at[:leading], slope.indices, strict=False)):
                return put_in(Access(equation.symbol, at), {equation.symbol: equation})
            return Access(equation.symbol, at)

        opened = replace_symbols(body, {equation.symbol: at_base})
        return body if opened is body else Simplifier(self.row_sums).simplify(opened)

    # ------------------------------------------------------------ equations

    def _deltas(self, kept: Sequence[Rewritten], slopes: Mapping[Symbol, Slope]) -> dict[Symbol, Delta]:
        names = delta_names([r.adjoint for r in kept], self.taken)
        found = {}
        for row in kept:
            old = row.adjoint.symbol
            symbol = Symbol(names[old], old.axes, Role.LOCAL, old.leading, old.row, adjoint_of=old.adjoint_of)
            delta = Delta(symbol, row.adjoint, slopes.get(old))
            symbol.axes = delta.narrowed(row.equation).free
            found[old] = delta
        return found

    def _written(self, row: Rewritten, kept: Mapping[Symbol, Rewritten], deltas: Mapping[Symbol, Delta]) -> Equation:
        """The equation of a row in terms of δ."""
        own = deltas.get(row.adjoint.symbol)
        old = row.equation if own is None else own.narrowed(row.equation)
        body = old.body
        for symbol, delta in _standing(body, deltas):
            if delta.slope is not None:
                body = self._opened(body, kept[symbol], delta.slope)
        for symbol, delta in _standing(body, deltas):
            if delta.slope is not None:
                body = folded(body, symbol, delta.slope, delta.symbol)
        plain = {s: _renamed(d.symbol) for s, d in _standing(body, deltas) if d.slope is None}
        body = replace_symbols(body, plain)
        if own is not None and own.slope is not None:
            body = Simplifier(self.row_sums).simplify(Multiply((body, own.slope.at(old.pattern))))
        symbol = own.symbol if own is not None else old.symbol
        return Equation(symbol, old.pattern, old.free, turned(body), None, old.facts)


def _standing(body: Expr, deltas: Mapping[Symbol, Delta]) -> list[tuple[Symbol, Delta]]:
    """The δ's whose derivatives stand in a body, in a fixed order."""
    return sorted(((s, deltas[s]) for s in deltas.keys() & body.symbols), key=lambda pair: pair[0].serial)


def _is_base(equation: Equation) -> bool:
    """h[0] = h0: one member of a family, by its number."""
    return any(p.is_constant for p in equation.pattern[: equation.symbol.leading])


def _renamed(symbol: Symbol) -> Callable[[tuple[Affine, ...]], Expr]:
    return lambda at: Access(symbol, at)


def folded(body: Expr, symbol: Symbol, slope: Slope, name: Symbol) -> Expr:
    """∂L/∂h[i] (1 − h[i]²) … as δ[i] …, wherever both factors stand in one product."""
    if symbol not in body.symbols:
        return body
    terms = [_folded_term(t, symbol, slope, name) for t in split(body, expand=False)]
    return rebuilt(terms)


def _folded_term(term: Term, symbol: Symbol, slope: Slope, name: Symbol) -> Term:
    for factor in term.factors:
        if not (isinstance(factor, Access) and factor.symbol is symbol):
            continue
        rest = [f for f in term.factors if f is not factor]
        coefficient = term.coefficient
        for part in _factors(slope.at(factor.at)):
            if isinstance(part, Number):
                coefficient /= part.value
                continue
            match = next((f for f in rest if key(f) == key(part)), None)
            if match is None:
                return term
            rest.remove(match)
        term = replace(term, coefficient=coefficient, factors=(Access(name, factor.at), *rest))
    inner = tuple(f if isinstance(f, Access) else _folded_factor(f, symbol, slope, name) for f in term.factors)
    return replace(term, factors=inner)


def _factors(body: Expr) -> tuple[Expr, ...]:
    return body.factors if isinstance(body, Multiply) else (body,)


def _folded_factor(factor: Expr, symbol: Symbol, slope: Slope, name: Symbol) -> Expr:
    """The same inside sums and brackets."""
    if isinstance(factor, OverData):
        return OverData(factor.kind, folded(factor.body, symbol, slope, name))
    return folded(factor, symbol, slope, name) if isinstance(factor, (Add, Reduce, Multiply)) else factor


# ---------------------------------------------------------------- names


_NUMBERED = re.compile(r"(.*?)_?([0-9]+|[₀-₉]+)")


def delta_names(adjoints: Sequence[Adjoint], taken: Collection[str]) -> dict[Symbol, str]:
    """δ for one layer alone, δ1, δ2 as the sheet numbers its layers, else δ_a, δ_b; never a name of the sheet.

    Where the names differ behind a common beginning, that tells them apart: s1, s2, sout give δ1, δ2, δ_out.
    """
    names = {a.symbol: a.wrt[-1].name for a in adjoints}
    start = _common_start(list(names.values()))
    endings = Counter(n[2] for layer in names.values() if (n := _NUMBERED.fullmatch(layer)))
    used = set(taken)
    found: dict[Symbol, str] = {}
    for symbol, layer in names.items():
        number = _NUMBERED.fullmatch(layer)
        rest = layer[len(start) :].removeprefix("_")
        if len(names) == 1:
            short = "δ"
        elif number is not None and endings[number[2]] == 1:
            short = f"δ{number[2]}"
        else:
            short = f"δ_{rest if start and rest else layer}"
        tries = (short, f"δ_{layer}", *(f"δ_{layer}_{k}" for k in range(2, 99)))
        if "/" in layer:  # ∂f/∂x is no part of a name
            tries = tuple(f"δ{k}" for k in range(1, 99))
        found[symbol] = next(t for t in tries if t not in used)
        used.add(found[symbol])
    return found


def _common_start(names: Sequence[str]) -> str:
    """Letters with which all names begin."""
    start = min(names, key=len)
    while start and not all(n.startswith(start) for n in names):
        start = start[:-1]
    return start.rstrip("_")
