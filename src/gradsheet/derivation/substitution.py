"""∂L/∂z = (W ∂L/∂u) ⊙ g'(z) with ∂L/∂u put in: the same adjoints, written with fewer names.

A derivative that is short, or that is used in one place, may be put in there; a recursion keeps its name, as it would
never end. What is put in is simplified by the same rules as everything else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.calculus import Simplifier, cost
from gradsheet.calculus.terms import Term, rebuilt, split
from gradsheet.expressions import Access, Add, Expr, rename_bound, replace_symbols, substitute, walk
from gradsheet.records import dataclass
from gradsheet.sheet import Equation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gradsheet.derivation.model import Adjoint, Derivation
    from gradsheet.expressions import Affine, Symbol


@dataclass(frozen=True, slots=True, eq=False)
class Rewritten:
    """An adjoint's equation with others put in: `through` are those, in the order of the derivation."""

    adjoint: Adjoint
    equation: Equation
    through: tuple[Adjoint, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The sentences of its step and of those that were put in, each clause once."""
        sentences = (a.rule for a in (self.adjoint, *reversed(self.through)))
        return tuple(dict.fromkeys(clause for rule in sentences for clause in rule.split("; ") if clause))

    @property
    def conditions(self) -> tuple[str, ...]:
        """What this equation relies on, with what stands in it now."""
        return tuple(dict.fromkeys(c for a in (*self.through, self.adjoint) for c in a.conditions))


def put_in(body: Expr, equations: Mapping[Symbol, Equation]) -> Expr:
    """Every component of some symbols by the right side of its equation; nothing is simplified."""
    used = {symbol: _right_side(equation) for symbol, equation in equations.items() if symbol in body.symbols}
    result: Expr = replace_symbols(body, used)
    return result


def _right_side(equation: Equation) -> Callable[[tuple[Affine, ...]], Expr]:
    def at_place(at: tuple[Affine, ...]) -> Expr:
        result: Expr = rename_bound(substitute(equation.body, dict(zip(equation.free, at, strict=True))))
        return result

    return at_place


class Substitution:
    """Decides for each adjoint whether it keeps its name, and puts in those that do not."""

    def __init__(self, derivation: Derivation, keeps: Callable[[Adjoint], bool], *, longest: float, once: bool) -> None:
        self.row_sums = derivation.sheet.row_sums
        self.adjoints = derivation.adjoints
        self.of = {a.symbol: a for a in derivation.adjoints}
        self.keeps = keeps
        self.longest = longest
        """What is put in may have so much to write, by the measure of the rules."""
        self.once = once
        """A derivative that is used more than once is put in only if it is very short."""
        self.uses = _uses(derivation.adjoints)
        self.known: dict[Symbol, Rewritten] = {}
        self.named: set[Symbol] = set()
        self.open: list[Symbol] = []

    def rewritten(self, adjoint: Adjoint) -> Rewritten:
        """The equation of an adjoint in terms of those that keep their names."""
        symbol = adjoint.symbol
        if symbol in self.known:
            return self.known[symbol]
        self.open.append(symbol)
        inside = [a for a in (self.of.get(s) for s in _ordered(adjoint.equation.body)) if a is not None]
        parts = [self.rewritten(a) for a in inside if self.goes(a)]
        self.open.pop()
        body, facts = adjoint.equation.body, adjoint.equation.facts
        if parts:
            whole = put_in(body, {p.adjoint.symbol: p.equation for p in parts})
            body = turned(Simplifier(self.row_sums).simplify(whole))
            facts = tuple(dict.fromkeys((*facts, *(f for p in parts for f in p.equation.facts))))
        old = adjoint.equation
        through = tuple(dict.fromkeys(a for p in parts for a in (*p.through, p.adjoint)))
        result = Rewritten(adjoint, Equation(symbol, old.pattern, old.free, body, None, facts), through)
        self.known[symbol] = result
        return result

    def goes(self, adjoint: Adjoint) -> bool:
        """Whether an adjoint is put in where it is used."""
        symbol = adjoint.symbol
        if symbol in self.named or self.keeps(adjoint):
            return False
        if symbol in self.open or symbol in adjoint.equation.body.symbols:
            self.named.add(symbol)  # a recursion
            return False
        length = cost(self.rewritten(adjoint).equation.body)
        several = self.once and self.uses[symbol] > 1
        if symbol in self.named or length > (VERY_SHORT if several else self.longest):
            self.named.add(symbol)
            return False
        return True


def needed(rewritten: Sequence[Rewritten], asked: Sequence[Rewritten]) -> list[Rewritten]:
    """The rows through whose derivatives those that are asked for are written, directly or not."""
    by = {r.adjoint.symbol: r for r in rewritten}
    found: set[Symbol] = set()
    stack = [r.equation.body for r in asked]
    while stack:
        for symbol in stack.pop().symbols:
            row = by.get(symbol)
            if row is not None and row not in asked and symbol not in found:
                found.add(symbol)
                stack.append(row.equation.body)
    return [r for r in rewritten if r.adjoint.symbol in found]


def turned(body: Expr) -> Expr:
    """−(t − y) y as (y − t) y: a sign goes into a difference."""
    terms = [_turned(t) for t in split(body, expand=False)]
    return body if all(new is None for _, new in terms) else rebuilt([new or old for old, new in terms])


def _turned(term: Term) -> tuple[Term, Term | None]:
    if term.coefficient >= 0:
        return term, None
    for place, factor in enumerate(term.factors):
        if not isinstance(factor, Add):
            continue
        parts = split(factor, expand=False)
        if any(p.coefficient < 0 for p in parts) and any(p.coefficient > 0 for p in parts):
            opposite = rebuilt([replace(p, coefficient=-p.coefficient) for p in parts])
            factors = (*term.factors[:place], opposite, *term.factors[place + 1 :])
            return term, replace(term, coefficient=-term.coefficient, factors=factors)
    return term, None


VERY_SHORT = 4.0
"""So little to write that a name saves nothing: ŷ − y, Wᵀ δ."""


def _uses(adjoints: Sequence[Adjoint]) -> dict[Symbol, int]:
    """How often each derivative stands in the equations of the others."""
    found = {a.symbol: 0 for a in adjoints}
    for adjoint in adjoints:
        for node in walk(adjoint.equation.body):
            if isinstance(node, Access) and node.symbol in found:
                found[node.symbol] += 1
    return found


def _ordered(body: Expr) -> list[Symbol]:
    return sorted(body.symbols, key=lambda s: s.serial)
