"""Σ_h exp(A(h)) over a product of finite sets: where A splits into units, the sum is a product of small sums.

Notation: a unit is one entry of the variable (one row, where rows are one-hot). If A(h) = A₀ + Σ_u f_u(h_u), then
Σ_h exp A(h) = exp(A₀ + Σ_u log Σ_x exp f_u(x)), and p(h_u = x) ∝ exp f_u(x): a softplus and a logistic function for
units in {0,1}, log(2 cosh) and σ(2 ·) for spins, log-sum-exp and softmax for one-hot rows and labels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.calculus.terms import Term, rebuilt, split
from gradsheet.calculus.variables import invoked, renaming
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    ArrayCall,
    Call,
    Configurations,
    Constant,
    Expr,
    Index,
    Integer,
    Lambda,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    Relation,
    affine_indices,
    key,
    number,
    replace_symbols,
    substitute,
    walk,
)
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.calculus.simplify import Simplifier
    from gradsheet.expressions import AnyNode, Symbol

    Setting = Callable[[tuple[Affine, ...]], Expr]


@dataclass(frozen=True, slots=True)
class Chance:
    """p(unit = value | the rest) = body, for a unit and a value in indices."""

    at: tuple[Affine, ...]
    """The component that the event speaks of."""
    value: Expr
    free: tuple[Index, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Factorised:
    """Σ over a variable of exp(exponent) = exp(total), and the chances of each unit given the rest."""

    total: Expr
    chances: tuple[Chance, ...]


@dataclass(frozen=True, slots=True)
class Coupled:
    """A term of the exponent that holds several units at once: the sum keeps all its terms."""

    term: Expr


def nested(body: Expr) -> tuple[list[Symbol], Expr]:
    """The variables of sums that stand directly inside each other, outermost first, and what is summed."""
    variables: list[Symbol] = []
    while isinstance(body, Configurations):
        variables.append(body.variable)
        body = body.body
    return variables, body


def over(variables: Sequence[Symbol], body: Expr) -> Expr:
    """Σ over variables, the first outermost."""
    for variable in reversed(variables):
        body = Configurations(variable, body)
    return body


def exponential(body: Expr) -> tuple[tuple[Expr, ...], Expr] | None:
    """A product as (factors without exponentials, the sum of all exponents); None where there is no exponential.

    >>> from gradsheet.expressions import Access, Call, Multiply, Symbol, number
    >>> x = Access(Symbol("x"), ())
    >>> exponential(Multiply((number(2), Call("exp", (x,))))) == ((number(2),), x)
    True
    """
    factors, exponents = [], []
    for factor in _flat(body):
        exponent = _exponent(factor)
        if exponent is None:
            factors.append(factor)
        else:
            exponents.append(exponent)
    if not exponents:
        return None
    return tuple(factors), exponents[0] if len(exponents) == 1 else Add(tuple(exponents))


def _flat(body: Expr) -> list[Expr]:
    if isinstance(body, Multiply):
        return [f for part in body.factors for f in _flat(part)]
    if isinstance(body, Power) and isinstance(body.base, Multiply) and isinstance(body.exponent, Number):
        return [f for part in body.base.factors for f in _flat(Power(part, body.exponent))]
    return [body]


def _exponent(factor: Expr) -> Expr | None:
    match factor:
        case Call(function="exp", arguments=(argument,)):
            return argument
        case Power(base=Constant(name="e"), exponent=exponent):
            return exponent
        case Power(base=base, exponent=Number() as times):
            inner = _exponent(base)
            return None if inner is None else Multiply((times, inner))
        case _:
            return None


# ---------------------------------------------------------------- units


def factorised(exponent: Expr, variable: Symbol, simplifier: Simplifier) -> Factorised | Coupled:
    """Σ over the variable of exp(exponent), unit by unit where no term holds two units."""
    axes = variable.axes[:-1] if variable.domain.kind == "onehot" else variable.axes
    opened = split(simplifier.tidy(exponent, expand=True), expand=True)
    outside: list[Term] = []
    inside: list[tuple[Term, tuple[Affine, ...]]] = []
    for term in opened:
        if not _holds(term, variable):
            outside.append(term)
            continue
        place = _place(term, variable, len(axes))
        if place is None:
            return Coupled(rebuilt([term]))
        inside.append((term, place))
    unit = _Unit(variable, _copies(axes), inside, simplifier)
    total = rebuilt(outside)
    logarithm = unit.log_sum()
    for index in reversed(unit.indices):
        logarithm = Reduce("sum", index, logarithm)
    return Factorised(simplifier.simplify(Add((total, logarithm))), unit.chances())


def _holds(term: Term, variable: Symbol) -> bool:
    return any(variable in part.symbols for part in (*term.factors, *term.guards))


def _place(term: Term, variable: Symbol, rank: int) -> tuple[Affine, ...] | None:
    """The one unit that a term holds; None if it may hold several."""
    allowed = set(term.sums).union(*(part.free for part in (*term.factors, *term.guards)))
    places: list[tuple[Affine, ...]] = []
    for part in (*term.factors, *term.guards):
        if variable not in part.symbols:
            continue
        for at in _accesses(part, variable):
            place = at[:rank]
            if any(i not in allowed for a in place for i in affine_indices(a)):
                return None  # an index that is bound within: softplus(Σᵢ W[i,j] v[i]) holds all units at once
            if place not in places:
                places.append(place)
    return places[0] if len(places) == 1 else None


def _accesses(part: AnyNode, variable: Symbol) -> list[tuple[Affine, ...]]:
    """The components of a variable anywhere in an expression, those used as indices included."""
    return [node.at for node in walk(part) if isinstance(node, Access) and node.symbol is variable]


@dataclass(frozen=True, slots=True)
class _Unit:
    """f_u: what the exponent says of one unit."""

    variable: Symbol
    indices: tuple[Index, ...]
    terms: list[tuple[Term, tuple[Affine, ...]]]
    simplifier: Simplifier

    def exponent(self, setting: Setting) -> Expr:
        """f_u with the unit's entries set."""
        parts = []
        for term, place in self.terms:
            here = tuple(
                Relation("=", Integer(a), Integer(Affine.atom(i))) for a, i in zip(place, self.indices, strict=True)
            )
            moved = {self.variable: setting}
            factors = tuple(replace_symbols(f, moved) for f in term.factors)
            guards = tuple(replace_symbols(g, moved) for g in term.guards)
            parts.append(rebuilt([replace(term, factors=factors, guards=(*guards, *here))]))
        body: Expr = Add(tuple(parts)) if parts else ZERO_EXPR
        return self.simplifier.simplify(body)

    def at_number(self, value: Number) -> Expr:
        """f_u(x) for a value of a finite set."""
        return self.exponent(lambda _at: value)

    def choice(self) -> tuple[Index, Expr]:
        """f_u(k) for a place in a one-hot row or a label, with k's index."""
        if self.variable.domain.kind == "onehot":
            k = _copies(self.variable.axes, self.indices)[-1]
            hot = self.exponent(lambda at: Piecewise(_equal(at[-1], k), ONE_EXPR, ZERO_EXPR))
            return k, hot
        low, high = self.variable.domain.bounds or (Affine(), Affine())
        k = Index("k", low, high)
        return k, self.exponent(lambda _at: Integer(Affine.atom(k)))

    @property
    def values(self) -> tuple[Number, ...]:
        return tuple(Number(v) for v in self.variable.domain.values)

    def log_sum(self) -> Expr:
        """Log Σ_x exp f_u(x)."""
        if self.variable.domain.kind != "finite":
            k, body = self.choice()
            return ArrayCall("logsumexp", Lambda((k,), body), ())
        exponents = [self.at_number(x) for x in self.values]
        if all(e is ZERO_EXPR for e in exponents):
            return Call("log", (number(len(exponents)),))
        if len(exponents) == 2:
            first, second = exponents
            if first is ZERO_EXPR:
                return Call("softplus", (second,))
            if _opposite(first, second, self.simplifier):
                return Call("log", (Multiply((number(2), Call("cosh", (second,)))),))
        return Call("log", (Add(tuple(_weight(e) for e in exponents)),))

    def chances(self) -> tuple[Chance, ...]:
        """p(unit = x | rest), for all values but the first (they sum to one), or for every label."""
        at = tuple(Affine.atom(i) for i in self.indices)
        if self.variable.domain.kind != "finite":
            k, body = self.choice()
            place = Affine.atom(k)
            inner = k.fresh()
            weights = Lambda((inner,), substitute(body, {k: Affine.atom(inner)}))
            chance = ArrayCall("softmax", weights, (place,))
            if self.variable.domain.kind == "onehot":
                return (Chance((*at, place), ONE_EXPR, (*self.indices, k), chance),)
            return (Chance(at, Integer(place), (*self.indices, k), chance),)
        exponents = [self.at_number(x) for x in self.values]
        if len(exponents) == 2:
            gap = self.simplifier.simplify(Add((exponents[1], Multiply((number(-1), exponents[0])))))
            return (Chance(at, self.values[1], self.indices, Call("sigmoid", (gap,))),)
        total = Add(tuple(_weight(e) for e in exponents))
        return tuple(
            Chance(at, x, self.indices, Multiply((_weight(e), Power(total, number(-1)))))
            for x, e in zip(self.values[1:], exponents[1:], strict=True)
        )


def _copies(axes: Sequence[Index], known: Sequence[Index] = ()) -> tuple[Index, ...]:
    """Axes with indices of their own, the first of which may be known."""
    mapping: dict[Index, Affine] = {}
    result: list[Index] = []
    for position, axis in enumerate(axes):
        if position < len(known):
            new = known[position]
        else:
            new = Index(axis.name, axis.low.substitute(mapping), axis.high.substitute(mapping))
        mapping[axis] = Affine.atom(new)
        result.append(new)
    return tuple(result)


def _weight(exponent: Expr) -> Expr:
    return ONE_EXPR if exponent is ZERO_EXPR else Call("exp", (exponent,))


def _equal(a: Affine, k: Index) -> Relation:
    return Relation("=", Integer(a), Integer(Affine.atom(k)))


def _opposite(a: Expr, b: Expr, simplifier: Simplifier) -> bool:
    return simplifier.simplify(Add((a, b))) is ZERO_EXPR


# ---------------------------------------------------------------- expectations


@dataclass(frozen=True, slots=True)
class Distribution:
    """p(x) = exp(exponent(x))/Z: the weights of a partition function Z[at] that keeps its terms."""

    partition: Symbol
    pattern: tuple[Affine, ...]
    free: tuple[Index, ...]
    variables: tuple[Symbol, ...]
    exponent: Expr
    probability: Symbol
    """The function p."""

    def matched(self, body: Configurations) -> tuple[Symbol, ...] | None:
        """The variables of another sum that take the places of this one's; None where one is missing."""
        bound = [n.variable for n in walk(body) if isinstance(n, Configurations)]
        found = []
        for variable in self.variables:
            alike = (v for v in bound if v is variable or (v.name == variable.name and v.domain == variable.domain))
            match = next((v for v in alike if v.rank == variable.rank and v not in found), None)
            if match is None:
                return None
            found.append(match)
        return tuple(found)


def expectations(body: Expr, distribution: Distribution, simplifier: Simplifier) -> Expr:
    """(1/Z) Σ_x exp(A(x)) f(x) = Σ_x p(x) f(x), wherever it stands in a sum of terms."""
    result = []
    changed = False
    for term in split(body, expand=False):
        folded = _expectation(term, distribution, simplifier)
        changed = changed or folded is not None
        result.append(folded or term)
    return rebuilt(result) if changed else body


def _expectation(term: Term, distribution: Distribution, simplifier: Simplifier) -> Term | None:
    factors = list(term.factors)
    inverse = next((f for f in factors if _is_inverse(f, distribution.partition)), None)
    if inverse is None:
        return None
    assert isinstance(inverse, Power)
    assert isinstance(inverse.base, Access)
    at = inverse.base.at
    place = dict(zip((p.single for p in distribution.pattern), at, strict=True))
    mapping = {i: place[i] for i in distribution.free if i in place}
    exponent = substitute(distribution.exponent, mapping)
    for position, factor in enumerate(factors):
        variables = distribution.matched(factor) if isinstance(factor, Configurations) else None
        if variables is not None:
            moved = replace_symbols(exponent, renaming(distribution.variables, variables))
            wanted = key(simplifier.tidy(moved, expand=True))
            weight = invoked(distribution.probability, variables, at)
            inner = _reweighted(factor, variables, wanted, weight, simplifier)
            if inner is not None:
                factors[position] = inner
                factors.remove(inverse)
                assert isinstance(inverse.exponent, Number)
                if inverse.exponent.value != -1:
                    factors.append(Power(inverse.base, number(inverse.exponent.value + 1)))
                return replace(term, factors=tuple(factors))
    return None


def _is_inverse(factor: Expr, partition: Symbol) -> bool:
    return (
        isinstance(factor, Power)
        and isinstance(factor.base, Access)
        and factor.base.symbol is partition
        and isinstance(factor.exponent, Number)
        and factor.exponent.value <= -1
    )


def _reweighted(
    body: Expr, over_all: tuple[Symbol, ...], wanted: object, weight: Expr, simplifier: Simplifier
) -> Expr | None:
    """The sum with p in place of the exponential; None unless every term carries it."""
    variables, core = nested(body)
    result = []
    for term in split(core, expand=False):
        factors = list(term.factors)
        weights = [f for f in factors if (e := _exponent(f)) is not None and set(over_all) & e.symbols]
        exponents = tuple(e for f in weights if (e := _exponent(f)) is not None)
        if exponents and key(simplifier.tidy(Add(exponents), expand=True)) == wanted:
            kept = [f for f in factors if f not in weights]
            result.append(replace(term, factors=(weight, *kept)))
            continue
        inner = next((f for f in factors if isinstance(f, Configurations)), None)
        moved = _reweighted(inner, over_all, wanted, weight, simplifier) if inner is not None else None
        if moved is None:
            return None
        result.append(replace(term, factors=tuple(moved if f is inner else f for f in factors)))
    return over(variables, rebuilt(result))
