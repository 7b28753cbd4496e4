"""The terms of the chain rule at each place of a family: which u lead from h[l] to L, for l < D and for l = D."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.calculus.regions import regions, truth
from gradsheet.calculus.terms import conjuncts, is_index_condition, split
from gradsheet.derivation import guarded
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    Expr,
    Index,
    Multiply,
    Piecewise,
    Reduce,
    Relation,
    Role,
    Symbol,
    substitute,
)
from gradsheet.records import dataclass
from gradsheet.sheet import Equation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.derivation import Adjoint, Contribution, LocalJacobian
    from gradsheet.expressions import Condition
    from gradsheet.writing.naming import Names
    from gradsheet.writing.notations.letters import Letters


@dataclass(frozen=True, slots=True)
class Term:
    """∂L/∂u · ∂u/∂v at one place, summed over `sums`, where the conditions hold.

    Without `upstream` u is the result itself; without `jacobian` it is an upstream gradient that is given.
    """

    upstream: Symbol | None
    jacobian: LocalJacobian | None
    at: tuple[Affine, ...]
    place: tuple[Affine, ...]
    outputs: tuple[Index, ...]
    inputs: tuple[Index, ...]
    sums: tuple[Index, ...]
    body: Expr
    conditions: tuple[Condition, ...]

    @property
    def order(self) -> int:
        """How many indices its Jacobian has."""
        return 0 if self.jacobian is None else self.jacobian.order

    @property
    def whole(self) -> Expr:
        """The term in components."""
        body = self.body
        if self.upstream is not None:
            above = Access(self.upstream, (*self.place, *map(Affine.atom, self.outputs)))
            body = above if self.jacobian is None else Multiply((above, body))
        summed = (*self.sums, *(self.outputs if self.jacobian is not None else ()))
        body = guarded(body, tuple(c for c in self.conditions if c.free & {*self.sums}))
        for index in reversed(summed):
            body = Reduce("sum", index, body)
        return guarded(body, tuple(c for c in self.conditions if not c.free & {*self.sums}))


@dataclass(frozen=True, slots=True)
class Region:
    """Places of a family where the same terms make up an adjoint, with letters for all indices in them."""

    free: tuple[Index, ...]
    at: tuple[Affine, ...]
    inputs: tuple[Index, ...]
    terms: tuple[Term, ...]
    names: Names

    def result(self, equation: Equation) -> Expr | None:
        """The right side of the adjoint's equation there; None where its cases are others."""
        for free, pattern, body in regions(equation):
            mapping: dict[Index, Affine] = {}
            places = (*self.at, *map(Affine.atom, self.inputs))
            if all(_matches(here, there, free, mapping) for here, there in zip(places, pattern, strict=True)):
                result: Expr = substitute(body, mapping)
                return result
        return None


def _matches(here: Affine, there: Affine, free: Sequence[Index], mapping: dict[Index, Affine]) -> bool:
    """Whether two places are one: the same, or two indices that run over the same range."""
    mine, other = here.single, there.single
    if isinstance(mine, Index) and isinstance(other, Index) and other in free:
        low, high = (side.substitute(mapping) for side in other.range)
        if (low, high) == mine.range:
            mapping[other] = here
            return True
    return here == there


def found_regions(adjoint: Adjoint, parts: Sequence[Contribution], letters: Letters) -> list[Region]:
    """The terms of an adjoint, region by region."""
    own = adjoint.equation
    count = adjoint.wrt[-1].leading
    leading, inputs = own.free[:count], own.free[count:]
    atoms = own.pattern[:count]
    tokens = {Symbol(f"#{k}", leading, Role.LOCAL): part for k, part in enumerate(parts)}
    chosen = Add(tuple(guarded(Access(t, atoms), _guards(part, atoms)) for t, part in tokens.items()))
    question = Equation(Symbol("#", leading, Role.LOCAL, count), atoms, leading, chosen, None, own.facts)
    result = []
    for free, at, body in regions(question):
        mapping: dict[Index, Affine] = dict(zip(leading, at, strict=True))
        here = _moved(inputs, mapping)
        held = {f.symbol: t for t in split(body, expand=False) for f in t.factors if isinstance(f, Access)}
        terms = tuple(_term(tokens[s], at, here, held[s].guards) for s in tokens if s in held)
        places = (*at, *map(Affine.atom, here))
        written: Expr = Add(tuple(t.whole for t in terms)) if terms else ONE_EXPR
        names = letters.names((adjoint.symbol, places), (*free, *here), written, left_first=True)
        result.append(Region(free, at, here, terms, names))
    return result


def _guards(part: Contribution, at: Sequence[Affine]) -> tuple[Condition, ...]:
    """Conditions on the place alone."""
    jacobian = part.jacobian
    if jacobian is None:
        return ()
    mapping = dict(zip(jacobian.at, at, strict=True))
    return tuple(substitute(g, mapping) for g in jacobian.guards if not g.free & {*jacobian.sums})


def _term(
    part: Contribution, at: tuple[Affine, ...], inputs: tuple[Index, ...], conditions: tuple[Condition, ...]
) -> Term:
    jacobian = part.jacobian
    if jacobian is None:
        return Term(part.upstream, None, at, at, inputs, inputs, (), ONE_EXPR, conditions)
    mapping: dict[Index, Affine] = dict(zip(jacobian.at, at, strict=True))
    sums = _moved(jacobian.sums, mapping)
    outputs = _moved(jacobian.outputs, mapping)
    mapping.update({old: Affine.atom(new) for old, new in zip(jacobian.inputs, inputs, strict=True)})
    place = tuple(p.substitute(mapping) for p in jacobian.place)
    held = tuple(substitute(g, mapping) for g in jacobian.guards if g.free & {*jacobian.sums})
    body = _settled(substitute(jacobian.body, mapping))
    return Term(part.upstream, jacobian, at, place, outputs, inputs, sums, body, (*held, *conditions))


def _moved(indices: Sequence[Index], mapping: dict[Index, Affine]) -> tuple[Index, ...]:
    """The same indices where those in their ranges are given; the mapping learns the new ones."""
    result = []
    for index in indices:
        new = Index(index.name, index.low.substitute(mapping), index.high.substitute(mapping))
        mapping[index] = Affine.atom(new)
        result.append(new)
    return tuple(result)


def _settled(body: Expr) -> Expr:
    """Without conditions that hold now that the place is known: i ≤ n[D] at l = D."""
    match body:
        case Add(terms=terms):
            return Add(tuple(_settled(t) for t in terms))
        case Piecewise(condition=condition, then=then, otherwise=otherwise) if (
            otherwise is ZERO_EXPR and is_index_condition(condition)
        ):
            parts = [(c, truth(c) if isinstance(c, Relation) else None) for c in conjuncts(condition)]
            if any(known is False for _, known in parts):
                return ZERO_EXPR
            return guarded(then, tuple(c for c, known in parts if known is None))
        case _:
            return body
