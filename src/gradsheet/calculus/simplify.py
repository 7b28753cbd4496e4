"""Simplification by named rules: δ's are contracted, equal factors cancel, like terms are collected.

Nothing here is tried at construction; each rule that fires is logged, and the cheaper of the written and the
multiplied-out form is kept, so that `∂L/∂h ⊙ (1 − h²)` stays a product and `h (1 − h) (h − t)/(h (1 − h))` becomes
h − t.
"""

from __future__ import annotations

from dataclasses import field, replace
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING, Any

from gradsheet.calculus import steps
from gradsheet.calculus.terms import Term, TooManyTermsError, conjuncts, is_index_condition, rebuilt, split
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    AnyNode,
    ArrayCall,
    Call,
    Condition,
    Configurations,
    Expr,
    Index,
    Integer,
    Lambda,
    Multiply,
    Number,
    OverData,
    Piecewise,
    Power,
    Reduce,
    Relation,
    Symbol,
    affine_indices,
    at_least_zero,
    children,
    fold,
    key,
    number,
    outside,
    transform,
)
from gradsheet.operations import ARRAY_OPERATIONS
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.calculus.steps import Log

_ROUNDS = 12
_MOST_PERMUTED = 3


@dataclass(slots=True)
class Simplifier:
    """Simplifies with the assumptions of one sheet; `row_sums` gives the symbols whose rows sum to one, and why."""

    row_sums: Mapping[Symbol, str] = field(default_factory=dict)
    log: Log = field(default_factory=steps.Log)

    # ------------------------------------------------------------ whole expressions

    def simplify(self, body: Expr) -> Expr:
        """An equal expression that a person would rather write."""
        plain = self.tidy(body, expand=False)
        best = plain
        if isinstance(plain, Add):
            joined = self.factored(plain)
            best = joined if cost(joined) < cost(plain) else plain
        if _worth_expanding(plain):
            try:
                opened = self.factored(self.tidy(body, expand=True))
                best = opened if cost(opened) < cost(best) else best
            except TooManyTermsError:
                pass
        return self._noted(body, best)

    def _noted(self, before: Expr, after: Expr) -> Expr:
        if after is not before and key(after) != key(before):
            self.log.add(steps.CANCEL, before, after)
        return after

    def tidy(self, body: Expr, *, expand: bool) -> Expr:
        """Children first, then the terms of the whole."""
        # Products and sums are taken as a whole from their top node; only what stands inside functions,
        # powers and conditions is tidied on its own first.
        result: Expr = transform_islands(body, lambda island: self._terms(island, expand=expand))
        return result

    def _terms(self, body: Expr, *, expand: bool) -> Expr:
        body = _sign_inside(body)
        terms = [r for t in split(body, expand=expand) if (r := self.reduce(t)) is not None]
        return rebuilt(self.collect(terms))

    # ------------------------------------------------------------ one term

    def reduce(self, term: Term) -> Term | None:
        """Contract δ's, drop conditions that hold anyway, apply row sums, merge powers; None for zero."""
        for _ in range(_ROUNDS + 4 * len(term.sums)):
            if term.coefficient == 0:
                return None
            merged = _merge(term)
            if merged is None:
                return None
            changed = merged != term
            term = merged
            step = self._contract(term) or self._conditions(term) or self._sums(term)
            if step is None:
                if not changed:
                    return term
                continue
            if step is _ZERO:
                return None
            term = step
        return term

    def _contract(self, term: Term) -> Term | None:
        for guard in term.guards:
            if not (isinstance(guard, Relation) and guard.sign == "="):
                continue
            assert isinstance(guard.left, Integer)
            assert isinstance(guard.right, Integer)
            difference = guard.left.value - guard.right.value
            if difference.is_constant:
                if difference.constant != 0:
                    return _ZERO
                return replace(term, guards=_without(term.guards, guard))
            for index in reversed(term.sums):
                coefficient = difference.coefficient(index)
                if abs(coefficient) != 1:
                    continue
                solution = (difference - Affine.atom(index) * coefficient) * -coefficient
                if any(a is index for a in solution.atoms()) or _uses(term, index, solution):
                    continue
                inside = (
                    Relation("≤", Integer(index.low), Integer(solution)),
                    Relation("≤", Integer(solution), Integer(index.high)),
                )
                rest = replace(term, guards=(*_without(term.guards, guard), *inside))
                result = rest.substituted(index, solution)
                self.log.add(steps.CONTRACTION, rebuilt([term]), rebuilt([result]))
                return result
            if _forced(difference):
                return _ZERO
            if at_least_zero(difference) and at_least_zero(-difference):
                return replace(term, guards=_without(term.guards, guard))
        return None

    def _conditions(self, term: Term) -> Term | None:
        for guard in term.guards:
            if not isinstance(guard, Relation):
                continue
            value = _nonnegative_form(guard)
            if value is None:
                if guard.sign == "≠" and isinstance(guard.left, Integer) and isinstance(guard.right, Integer):
                    difference = guard.left.value - guard.right.value
                    if difference.is_constant and difference.constant == 0:
                        return _ZERO
                    if at_least_zero(difference - 1) or at_least_zero(-difference - 1):
                        return replace(term, guards=_without(term.guards, guard))
                continue
            others = tuple(v for g in term.guards if g is not guard and (v := _nonnegative_form(g)) is not None)
            if at_least_zero(value, others):
                return replace(term, guards=_without(term.guards, guard))
            if at_least_zero(-value - 1):
                return _ZERO
            if value.terms and at_least_zero(-value):
                # value ≥ 0 and value ≤ 0: i ≥ n for an index of 1..n is i = n
                equal = Relation("=", Integer(value), Integer(Affine()))
                return replace(term, guards=(*_without(term.guards, guard), equal))
        return None

    def _sums(self, term: Term) -> Term | None:
        for index in term.sums:
            if index.low == index.high:
                return term.substituted(index, index.low)
            touching = [f for f in term.factors if index in f.free]
            guarded = any(index in g.free for g in term.guards)
            dependent = any(any(a is index for side in other.range for a in side.atoms()) for other in term.sums)
            if guarded or dependent:
                continue
            rest = tuple(s for s in term.sums if s is not index)
            if not touching:
                count = index.high - index.low + 1
                factor: Expr = number(count.constant) if count.is_constant else Integer(count)
                return replace(term, sums=rest, factors=(*term.factors, factor))
            if len(touching) == 1 and (reason := self._row_sum(touching[0], index)):
                result = replace(term, sums=rest, factors=tuple(f for f in term.factors if f is not touching[0]))
                self.log.add(steps.ROW_SUM, rebuilt([term]), rebuilt([result]), reason)
                return result
        return None

    def _row_sum(self, factor: Expr, index: Index) -> str | None:
        position = Affine.atom(index)
        if isinstance(factor, Access) and factor.symbol in self.row_sums and factor.at:
            axis = factor.symbol.axes[-1]
            whole = axis.range == index.range
            if factor.at[-1] == position and whole and not any(index in _indices(a) for a in factor.at[:-1]):
                name = factor.symbol.name
                reason = self.row_sums[factor.symbol]
                return f"Σ {name} = 1: {reason}"
        if (
            isinstance(factor, ArrayCall)
            and ARRAY_OPERATIONS[factor.operation].rows_sum_to_one
            and factor.at == (position,)
        ):
            return "the entries of a softmax sum to one"
        return None

    # ------------------------------------------------------------ many terms

    def collect(self, terms: Sequence[Term]) -> list[Term]:
        """Like terms are one."""
        found: dict[object, Term] = {}
        for term in terms:
            identity = _identity(replace(term, coefficient=Fraction(1)), several=len(terms) > 1)
            if identity in found:
                known = found[identity]
                found[identity] = replace(known, coefficient=known.coefficient + term.coefficient)
            else:
                found[identity] = term
        return [t for t in found.values() if t.coefficient]

    def factored(self, body: Expr) -> Expr:
        """Common factors of terms under the same sums are taken out: Σ p x − Σ y x is Σ (p − y) x."""
        terms = split(body, expand=False)
        groups: dict[object, list[Term]] = {}
        for term in terms:
            groups.setdefault(tuple(term.sums), []).append(term)
        result: list[Term] = []
        for group in groups.values():
            result.extend(_factor_group(group) if len(group) > 1 else group)
        return rebuilt(result)


_ZERO = Term(Fraction(0))


def _sign_inside(body: Expr) -> Expr:
    """−(a − b) is b − a."""
    if isinstance(body, Multiply):
        numbers = [f for f in body.factors if isinstance(f, Number)]
        rest = [f for f in body.factors if not isinstance(f, Number)]
        value = Fraction(1)
        for factor in numbers:
            value *= factor.value
        if value == -1 and len(rest) == 1 and isinstance(rest[0], Add):
            return Add(tuple(Multiply((number(-1), t)) for t in rest[0].terms))
        if value == -1 and len(rest) == 1 and isinstance(rest[0], Multiply):
            return _sign_inside(Multiply((number(-1), *rest[0].factors)))
    return body


def _identity(term: Term, *, several: bool) -> object:
    """A key of a term that does not depend on the order of its sums."""
    if not several or not 2 <= len(term.sums) <= _MOST_PERMUTED:
        return key(rebuilt([term]))
    ranges = [affine_indices(side) for s in term.sums for side in s.range]
    if any(set(term.sums) & used for used in ranges):
        return key(rebuilt([term]))
    return min((key(rebuilt([replace(term, sums=order)])) for order in permutations(term.sums)), key=repr)


def _factor_group(group: list[Term]) -> list[Term]:
    common: list[Expr] = [f for f in group[0].factors if not isinstance(f, Number)]
    for term in group[1:]:
        kept = []
        pool = [key(f) for f in term.factors]
        for factor in common:
            if key(factor) in pool:
                pool.remove(key(factor))
                kept.append(factor)
        common = kept
    scale = group[0].coefficient
    same_scale = all(abs(t.coefficient) == abs(scale) for t in group)
    if not common and not (same_scale and abs(scale) != 1 and not group[0].sums):
        return group
    scale = abs(scale) if same_scale else Fraction(1)
    shared = tuple(g for g in group[0].guards if all(g in t.guards for t in group))
    if all(t.coefficient < 0 for t in group):
        scale = -scale
    inner: list[Term] = []
    for term in group:
        factors = list(term.factors)
        for factor in common:
            identity = key(factor)
            factors.remove(next(f for f in factors if key(f) == identity))
        guards = tuple(g for g in term.guards if g not in shared)
        inner.append(Term(term.coefficient / scale, tuple(factors), (), guards))
    indices = [frozenset().union(*(f.free for f in t.factors), *(g.free for g in t.guards)) for t in inner]
    if not group[0].sums and len({i for i in indices if i}) > 1:
        return group  # entries of different shapes: apart, each is a product of vectors or matrices
    bracket = rebuilt(inner)
    return [Term(scale, (*common, bracket), group[0].sums, shared)]


def _merge(term: Term) -> Term | None:
    """Powers of equal bases are joined; numbers go into the coefficient; an empty product is 1."""
    coefficient = term.coefficient
    order: list[tuple[Any, ...]] = []
    bases: dict[tuple[Any, ...], tuple[Expr, Fraction]] = {}
    brackets: set[tuple[Any, ...]] = set()
    rest: dict[tuple[Any, ...], Expr] = {}
    for factor in term.factors:
        base, exponent = factor, Fraction(1)
        if isinstance(factor, Power) and isinstance(factor.exponent, Number):
            base, exponent = factor.base, factor.exponent.value
        if isinstance(base, Integer) and base.value.is_constant:
            base = number(base.value.constant)
        if (
            isinstance(base, Number)
            and exponent.denominator == 1
            and (base.value or exponent > 0)
            and abs(exponent) <= 64
        ):
            coefficient *= base.value ** int(exponent)
            if coefficient == 0:
                return None
            continue
        identity = key(base)
        if isinstance(base, Piecewise) and base.then is ONE_EXPR and base.otherwise is ZERO_EXPR:
            if identity not in brackets:
                brackets.add(identity)
                order.append(identity)
                rest[identity] = base
            continue
        if identity in bases:
            bases[identity] = (bases[identity][0], bases[identity][1] + exponent)
        else:
            bases[identity] = (base, exponent)
            order.append(identity)
    _join_quotients(bases, order)
    _join_signs(bases, order)
    _join_roots(bases, order)
    factors: list[Expr] = []
    for identity in order:
        if identity in rest:
            factors.append(rest[identity])
            continue
        base, exponent = bases[identity]
        if exponent == 0:
            continue
        factors.append(base if exponent == 1 else Power(base, number(exponent)))
    factors = [f for f in factors if not _is_said(f, factors)]
    guards = tuple(dict.fromkeys(c for g in term.guards for c in conjuncts(g)))
    if coefficient == term.coefficient and tuple(factors) == term.factors and guards == term.guards:
        return term
    return Term(coefficient, tuple(factors), term.sums, guards)


_QUOTIENTS = {("sinh", "cosh"): "tanh", ("sin", "cos"): "tan"}


def _join_quotients(bases: dict[tuple[Any, ...], tuple[Expr, Fraction]], order: list[tuple[Any, ...]]) -> None:
    """sinh(x)/cosh(x) is tanh(x), sin(x)/cos(x) is tan(x)."""
    for identity in list(order):
        above, times = bases.get(identity, (ONE_EXPR, Fraction(0)))
        if not isinstance(above, Call) or times <= 0:
            continue
        for (upper, lower), quotient in _QUOTIENTS.items():
            if above.function != upper:
                continue
            below = key(Call(lower, above.arguments))
            if below not in bases or bases[below][1] >= 0:
                continue
            joined = min(times, -bases[below][1])
            named = Call(quotient, above.arguments)
            held = bases.get(key(named), (named, Fraction(0)))
            bases[identity] = (above, times - joined)
            bases[below] = (bases[below][0], bases[below][1] + joined)
            bases[key(named)] = (named, held[1] + joined)
            if key(named) not in order:
                order.insert(order.index(identity), key(named))


def _join_signs(bases: dict[tuple[Any, ...], tuple[Expr, Fraction]], order: list[tuple[Any, ...]]) -> None:
    """sign(x)/|x| is 1/x; at 0 neither has a value."""
    for identity in list(order):
        sign, times = bases.get(identity, (ONE_EXPR, Fraction(0)))
        if not (isinstance(sign, Call) and sign.function == "sign" and times > 0):
            continue
        below = key(Call("abs", sign.arguments))
        joined = min(times, -bases[below][1]) if below in bases else Fraction(0)
        if joined > 0:
            bases[identity] = (sign, times - joined)
            bases[below] = (bases[below][0], bases[below][1] + joined)
            _include(bases, order, sign.arguments[0], -joined, before=identity)


def _join_roots(bases: dict[tuple[Any, ...], tuple[Expr, Fraction]], order: list[tuple[Any, ...]]) -> None:
    """(√x)² is x."""
    for identity in list(order):
        root, times = bases.get(identity, (ONE_EXPR, Fraction(0)))
        if isinstance(root, Call) and root.function == "sqrt" and times and not times % 2:
            bases[identity] = (root, Fraction(0))
            _include(bases, order, root.arguments[0], times / 2, before=identity)


def _include(
    bases: dict[tuple[Any, ...], tuple[Expr, Fraction]],
    order: list[tuple[Any, ...]],
    base: Expr,
    exponent: Fraction,
    *,
    before: tuple[Any, ...],
) -> None:
    """One more power among the factors."""
    identity = key(base)
    held = bases.get(identity, (base, Fraction(0)))
    bases[identity] = (held[0], held[1] + exponent)
    if identity not in order:
        order.insert(order.index(before), identity)


def _is_said(factor: Expr, factors: list[Expr]) -> bool:
    """relu(x) [x > 0] is relu(x)."""
    if not (isinstance(factor, Piecewise) and isinstance(factor.condition, Relation) and factor.condition.sign == ">"):
        return False
    left, right = factor.condition.left, factor.condition.right
    if factor.then is not ONE_EXPR or factor.otherwise is not ZERO_EXPR or right is not ZERO_EXPR:
        return False
    rectified = {Call("relu", (left,)), Call("max", (right, left)), Call("max", (left, right))}
    return any(f in rectified or (isinstance(f, Power) and f.base in rectified) for f in factors)


def _without(guards: tuple[Condition, ...], guard: Condition) -> tuple[Condition, ...]:
    return tuple(g for g in guards if g is not guard)


def _indices(value: Affine) -> set[Index]:
    return {a for a in value.atoms() if isinstance(a, Index)}


def _uses(term: Term, index: Index, solution: Affine) -> bool:
    """Whether a solution for an index uses an inner index whose own range depends on it."""
    inner = _indices(solution)
    return any(s in inner and index in (_indices(s.low) | _indices(s.high)) for s in term.sums)


def _forced(difference: Affine) -> bool:
    """Whether an equality certainly fails."""
    return outside(difference, Affine(0), Affine(0))


def _nonnegative_form(guard: Condition) -> Affine | None:
    if not (isinstance(guard, Relation) and isinstance(guard.left, Integer) and isinstance(guard.right, Integer)):
        return None
    left, right = guard.left.value, guard.right.value
    match guard.sign:
        case "≤":
            return right - left
        case "<":
            return right - left - 1
        case "≥":
            return left - right
        case ">":
            return left - right - 1
        case _:
            return None


def transform_islands(body: Expr, tidy: object) -> Expr:
    """Tidy each maximal sum-of-products; what stands inside functions and powers is an island of its own."""

    def island(node: Expr) -> Expr:
        return tidy(node)  # type: ignore[operator,no-any-return]

    def rewrite(node: AnyNode) -> AnyNode:
        match node:
            case Call(function=function, arguments=arguments):
                return Call(function, tuple(island(a) for a in arguments))
            case ArrayCall(operation=operation, argument=argument, at=at):
                return ArrayCall(operation, Lambda(argument.indices, island(argument.body)), at)
            case Power(base=base, exponent=exponent):
                return Power(island(base) if isinstance(base, (Add, Configurations)) else base, exponent)
            case Reduce(kind=kind, index=index, body=inner) if kind != "sum":
                return Reduce(kind, index, island(inner))
            case Multiply(factors=factors) if any(isinstance(f, (Add, Reduce)) for f in factors):
                return Multiply(tuple(island(f) if isinstance(f, (Add, Reduce)) else f for f in factors))
            case Piecewise(condition=condition, then=then, otherwise=otherwise) if not is_index_condition(condition):
                return Piecewise(condition, island(then), island(otherwise))
            case Configurations(variable=variable, body=inner):
                return Configurations(variable, island(inner))
            case OverData(kind=kind, body=inner):
                return OverData(kind, island(inner))
            case Relation(sign=sign, left=left, right=right) if not isinstance(left, Integer):
                return Relation(sign, island(left), island(right))
            case _:
                return node

    return island(transform(body, rewrite))


def _worth_expanding(body: Expr) -> bool:
    """Whether multiplying out could help: an inverse, or a sum, stands beside another sum in a product."""

    def visit(node: AnyNode, below: tuple[bool, ...]) -> bool:
        if any(below):
            return True
        if isinstance(node, Multiply):
            sums = [f for f in node.factors if isinstance(f, Add)]
            nested = [f for f in node.factors if isinstance(f, (Reduce, Power))]
            return bool(sums) and (len(sums) > 1 or bool(nested) or len(node.factors) > 2)
        return isinstance(node, Add) and any(
            isinstance(t, Multiply) and any(isinstance(f, Add) for f in t.factors) for t in node.terms
        )

    return fold(body, visit)


def cost(body: AnyNode) -> float:
    """How much there is to write: names count 1, signs a half, sums, powers and functions more."""

    def visit(node: AnyNode, below: tuple[float, ...]) -> float:
        inner = sum(below)
        match node:
            case Number(value=value):
                return 0.0 if value == -1 else 0.3 if value == 1 else 1.0
            case Access():
                return 1.0 + 0.2 * (node.symbol.adjoint_of is not None)
            case Multiply(factors=factors):
                signs = sum(isinstance(f, Number) and f.value == -1 for f in factors)
                return inner + 0.5 * max(0, len(below) - 1 - signs)  # a sign is written for nothing
            case Add():
                return inner + 0.5 * (len(below) - 1)
            case Power():
                return inner + 0.5
            case Reduce():
                return inner + 1.0
            case Call():
                return inner + 1.0
            case ArrayCall():
                return inner + 1.5
            case Piecewise():
                return inner + 1.0
            case Relation(left=Integer()):
                return 0.5
            case _:
                return inner + 0.5

    # A shared node is written each time it is used, so costs add up along the tree.
    return fold(body, visit) if children(body) else visit(body, ())
