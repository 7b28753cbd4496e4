"""∂L/∂v = Σᵤ ∂L/∂u · ∂u/∂v: the local Jacobians through which an adjoint was made.

Each is what the rules made of ∂u[a]/∂v[b] with all indices open, before it met the derivative from above: written with
the output where that is known, and simplified. The members of a family that the chain rule picks out (z[l+1] for h[l])
are places; where it sums over members, as for weights that are shared over time, that sum is kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.calculus import Differentiator, Log, NoRuleError, Simplifier
from gradsheet.calculus.folding import fold_quotient
from gradsheet.calculus.terms import Term, TooManyTermsError, rebuilt, split
from gradsheet.derivation.accumulate import fold_output
from gradsheet.expressions import (
    ZERO_EXPR,
    Access,
    Affine,
    Expr,
    Index,
    Integer,
    Junction,
    Multiply,
    OverData,
    Piecewise,
    Reduce,
    Relation,
    Role,
    Symbol,
    affine_indices,
    key,
    substitute,
    walk,
)
from gradsheet.records import dataclass
from gradsheet.sheet import Equation
from gradsheet.sheet.tensors import fresh_indices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from gradsheet.derivation.model import Adjoint, Derivation
    from gradsheet.expressions import Condition

    Guards: TypeAlias = tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LocalJacobian:
    """∂user[place, outputs]/∂variable[at, inputs] = body, where the guards hold, for all members in `sums`.

    `at` are the leading indices of the variable and `place` those of the user: l and l + 1. `sums` are members of the
    user that the chain rule sums over.
    """

    user: Symbol
    variable: Symbol
    place: tuple[Affine, ...]
    outputs: tuple[Index, ...]
    at: tuple[Index, ...]
    inputs: tuple[Index, ...]
    sums: tuple[Index, ...]
    guards: Guards
    body: Expr

    @property
    def order(self) -> int:
        """How many indices one member has: 2 for a matrix, 3 for ∂z/∂W."""
        return len(self.outputs) + len(self.inputs)

    @property
    def equation(self) -> Equation:
        """The same as an equation over all its indices, families first; 0 where the guards do not hold."""
        free = (*self.sums, *self.at, *self.outputs, *self.inputs)
        name = f"∂{self.user.name}/∂{self.variable.name}"
        symbol = Symbol(name, free, Role.LOCAL, len(self.sums) + len(self.at))
        pattern = tuple(Affine.atom(i) for i in free)
        return Equation(symbol, pattern, free, guarded(self.body, self.guards), None)


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """One term of an adjoint, ∂L/∂u · ∂u/∂v.

    Without `upstream` u is the result itself; without `jacobian` the term is an upstream gradient that is given.
    """

    upstream: Symbol | None
    jacobian: LocalJacobian | None


class Jacobians:
    """Finds the contributions of adjoints; each is made when it is asked for, and kept."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.graph = derivation.graph
        self.row_sums = derivation.sheet.row_sums
        self.symbols = {(a.of, a.wrt): a.symbol for a in derivation.adjoints}
        self.paths: dict[Symbol, set[Symbol]] = {}
        self.known: dict[Symbol, tuple[Contribution, ...] | None] = {}

    def contributions(self, adjoint: Adjoint) -> tuple[Contribution, ...] | None:
        """The terms whose sum an adjoint is; None where it is no such sum: means over data, second derivatives."""
        if adjoint.symbol not in self.known:
            self.known[adjoint.symbol] = self._found(adjoint)
        return self.known[adjoint.symbol]

    def _found(self, adjoint: Adjoint) -> tuple[Contribution, ...] | None:
        of, variable = adjoint.of, adjoint.wrt[-1]
        cotangents = self.derivation.cotangents
        if adjoint.order > 1 or (of.axes and not cotangents) or self._takes_data(of):
            return None
        found: list[Contribution] = []
        if variable in cotangents:
            found.append(Contribution(cotangents[variable], None))
        for equation in self.graph.users.get(variable, ()):
            if equation.symbol not in self._path(of):
                continue
            parts = self._parts(equation, variable)
            upstream = self._upstream(of, equation.symbol)
            if parts is None or (upstream is None and equation.symbol is not of):
                return None
            found.extend(Contribution(upstream, part) for part in parts)
        return tuple(found)

    def _takes_data(self, of: Symbol) -> bool:
        return any(isinstance(n, OverData) for e in self.graph.clauses.get(of, ()) for n in walk(self.graph.body(e)))

    def _path(self, of: Symbol) -> set[Symbol]:
        """What the result is computed from."""
        if of not in self.paths:
            targets = self.derivation.cotangents or (of,)
            self.paths[of] = self.graph.needed_for(*targets)
        return self.paths[of]

    def _upstream(self, of: Symbol, user: Symbol) -> Symbol | None:
        cotangents = self.derivation.cotangents
        used = any(e.symbol in self._path(of) for e in self.graph.users.get(user, ()))
        if user in cotangents and not used:
            return cotangents[user]
        return None if user is of and not cotangents else self.symbols.get((of, (user,)))

    # ------------------------------------------------------------ one use

    def _parts(self, equation: Equation, variable: Symbol) -> list[LocalJacobian] | None:
        """∂u/∂v of one equation, apart for each member of the user that takes part; None where it is no such thing."""
        user = equation.symbol
        indices = fresh_indices(equation.free)
        mapping = {old: Affine.atom(new) for old, new in zip(equation.free, indices, strict=True)}
        body: Expr = substitute(self.graph.body(equation), mapping)
        pattern = tuple(p.substitute(mapping) for p in equation.pattern)
        free = fresh_indices(variable.axes)
        at = tuple(Affine.atom(i) for i in free)
        try:
            inner = Differentiator(variable, at, self.graph.functions, Log()).derivative(body)
            folded = fold_output(inner, body, user, pattern, indices)
            folded = fold_quotient(folded, body, (user, pattern), indices, Simplifier(self.row_sums))
            marker = Symbol("U", user.axes, Role.LOCAL)
            whole: Expr = Multiply((Access(marker, pattern), folded))
            for index in reversed(indices):
                whole = Reduce("sum", index, whole)
            terms = split(Simplifier(self.row_sums).tidy(whole, expand=False), expand=False)
        except (NoRuleError, TooManyTermsError):
            return None
        groups: dict[object, _Group] = {}
        leading = free[: variable.leading]
        for term in terms:
            if sum(marker in f.symbols for f in term.factors) != 1 or not any(
                isinstance(f, Access) and f.symbol is marker for f in term.factors
            ):
                return None
            apart = _by_members(term, marker, user, free[variable.leading :])
            if apart is None:
                return None
            own = _Group.of(user, apart, marker, leading)
            groups.setdefault(own.identity, own).add(apart, marker, own)
        return [self._jacobian(group, variable, free) for group in groups.values()]

    def _jacobian(self, group: _Group, variable: Symbol, free: tuple[Index, ...]) -> LocalJacobian:
        simplifier = Simplifier(self.row_sums)
        body = rebuilt(simplifier.collect([r for t in group.terms if (r := simplifier.reduce(t)) is not None]))
        at, inputs = free[: variable.leading], free[variable.leading :]
        return LocalJacobian(
            group.user, variable, group.place, group.outputs, at, inputs, group.sums, group.guards, body
        )


class _Group:
    """Terms that belong to one member of the user, or to all members that are summed over."""

    def __init__(self, user: Symbol, place: tuple[Affine, ...], sums: tuple[Index, ...], guards: Guards) -> None:
        self.user, self.place, self.sums, self.guards = user, place, sums, guards
        mapping = dict(zip(user.axes, place, strict=False))
        outputs: list[Index] = []
        for axis in user.axes[user.leading :]:
            new = Index(axis.name, axis.low.substitute(mapping), axis.high.substitute(mapping))
            mapping[axis] = Affine.atom(new)
            outputs.append(new)
        self.outputs = tuple(outputs)
        self.terms: list[Term] = []

    @classmethod
    def of(cls, user: Symbol, term: Term, marker: Symbol, at: Sequence[Index]) -> _Group:
        """The group to which a term belongs; `at` are the leading indices of the variable."""
        place = _marked(term, marker).at[: user.leading]
        inside = {i for p in place for i in affine_indices(p)}
        sums = tuple(s for s in term.sums if s in inside)
        guards = tuple(g for g in term.guards if g.free <= {*at, *sums})
        return cls(user, place, sums, guards)

    @property
    def identity(self) -> object:
        """Equal for terms of one group: the places, with summed members by their order."""
        numbers: dict[object, Affine] = {s: Affine.atom(_COUNTED[k]) for k, s in enumerate(self.sums)}
        ranges = tuple(tuple(side.substitute(numbers) for side in s.range) for s in self.sums)
        places = tuple(p.substitute(numbers) for p in self.place)
        return places, ranges, frozenset(key(substitute(g, numbers)) for g in self.guards)

    def add(self, term: Term, marker: Symbol, own: _Group) -> None:
        """A term with the indices of this group; the factor that marks its outputs is left out."""
        said = {key(g) for g in own.guards}
        term = replace(term, guards=tuple(g for g in term.guards if key(g) not in said))
        for old, new in zip(own.sums, self.sums, strict=True):
            if old is not new:
                term = term.substituted(old, Affine.atom(new))
        term = replace(term, sums=tuple(s for s in term.sums if s not in self.sums))
        for k, output in enumerate(self.outputs):
            place = _marked(term, marker).at[self.user.leading + k]
            index = place.single
            if isinstance(index, Index) and index in term.sums and _free_of(index, term, marker, k + self.user.leading):
                term = term.substituted(index, Affine.atom(output))
            elif place.single is not output:
                same = Relation("=", Integer(Affine.atom(output)), Integer(place))
                term = replace(term, guards=(*term.guards, same))
        marked = _marked(term, marker)
        self.terms.append(replace(term, factors=tuple(f for f in term.factors if f is not marked)))


def _by_members(term: Term, marker: Symbol, user: Symbol, inputs: Sequence[Index]) -> Term | None:
    """Σ over members m with [m = l], where an entry of the variable, s[l,i], says which member it is used in.

    None where more than one entry, or a part of one, says it.
    """
    at = list(_marked(term, marker).at)
    for k in range(user.leading):
        if not affine_indices(at[k]) & {*inputs}:
            continue
        (own, *others) = affine_indices(at[k]) & {*inputs}
        slope = at[k].coefficient(own)
        if others or abs(slope) != 1:
            return None
        ends = [at[k].substitute({own: end}) for end in own.range]
        member = Index(user.axes[k].name, *(ends if slope == 1 else reversed(ends)))
        same = Relation("=", Integer(Affine.atom(member)), Integer(at[k]))
        old = _marked(term, marker)
        at = [*old.at[:k], Affine.atom(member), *old.at[k + 1 :]]
        factors = tuple(Access(marker, tuple(at)) if f is old else f for f in term.factors)
        term = replace(term, sums=(member, *term.sums), guards=(*term.guards, same), factors=factors)
    return term


def _marked(term: Term, marker: Symbol) -> Access:
    return next(f for f in term.factors if isinstance(f, Access) and f.symbol is marker)


def _free_of(index: Index, term: Term, marker: Symbol, position: int) -> bool:
    """Whether an index marks one output alone, and stands for the whole of its axis."""
    others = [a for k, a in enumerate(_marked(term, marker).at) if k != position]
    return all(index not in affine_indices(a) for a in others)


def guarded(body: Expr, guards: Guards) -> Expr:
    """The body where all conditions hold, else 0."""
    if not guards:
        return body
    return Piecewise(guards[0] if len(guards) == 1 else Junction("and", guards), body, ZERO_EXPR)


_COUNTED = tuple(Index(f"#{k}", Affine(1), Affine(1)) for k in range(8))
"""Stand-ins by which summed members are compared."""
