"""Sums of products in the open: coefficient · Σ over indices [guards] factors."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Add,
    Affine,
    Condition,
    Configurations,
    Expr,
    Index,
    Integer,
    Junction,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    Relation,
    affine_indices,
    number,
    rename_bound,
    substitute,
)
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.expressions import Symbol

_MAX_TERMS = 400


class TooManyTermsError(Exception):
    """An expansion grew past what a person would write."""


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient · Σ_sums [guards] Π factors."""

    coefficient: Fraction = Fraction(1)
    factors: tuple[Expr, ...] = ()
    sums: tuple[Index, ...] = ()
    guards: tuple[Condition, ...] = ()

    def times(self, other: Term) -> Term:
        return Term(
            self.coefficient * other.coefficient,
            self.factors + other.factors,
            self.sums + other.sums,
            self.guards + tuple(g for g in other.guards if g not in self.guards),
        )

    def substituted(self, index: Index, value: Affine) -> Term:
        mapping = {index: value}
        sums: list[Index] = []
        renamed: dict[Index, Affine] = dict(mapping)
        for s in self.sums:
            if s is index:
                continue
            low, high = s.low.substitute(renamed), s.high.substitute(renamed)
            if low == s.low and high == s.high:
                sums.append(s)
                continue
            new = Index(s.name, low, high)
            renamed[s] = Affine.atom(new)
            sums.append(new)
        factors = tuple(substitute(f, renamed) for f in self.factors)
        guards = tuple(substitute(g, renamed) for g in self.guards)
        return Term(self.coefficient, factors, tuple(sums), guards)


def is_index_condition(condition: Condition) -> bool:
    """Whether a condition speaks of indices and sizes alone."""
    match condition:
        case Relation(left=Integer(), right=Integer()):
            return True
        case Junction(conditions=conditions):
            return all(is_index_condition(c) for c in conditions)
        case Relation():
            return False
        case _:
            return is_index_condition(condition.condition)


def conjuncts(condition: Condition) -> Iterable[Condition]:
    """p, q and r of `p and q and r`; a condition that is no conjunction alone."""
    if isinstance(condition, Junction) and condition.kind == "and":
        for part in condition.conditions:
            yield from conjuncts(part)
    else:
        yield condition


def opposite(condition: Condition) -> Condition | None:
    """¬(a < b) as a ≥ b, for a relation."""
    flipped = {"=": "≠", "≠": "=", "<": "≥", "≥": "<", ">": "≤", "≤": ">"}
    if isinstance(condition, Relation):
        return Relation(flipped[condition.sign], condition.left, condition.right)  # type: ignore[arg-type]
    return None


def split(body: Expr, *, expand: bool) -> list[Term]:
    """An expression as terms; with `expand`, sums inside products are multiplied out, else only around δ's."""
    match body:
        case Number(value=value):
            return [Term(value)] if value else []
        case Add(terms=terms):
            result = [t for part in terms for t in split(part, expand=expand)]
            _limit(result)
            return result
        case Multiply(factors=factors):
            return _product(factors, expand=expand)
        case Reduce(kind="sum", index=index, body=inner):
            return [replace(t, sums=(index, *t.sums)) for t in split(inner, expand=expand)]
        case Configurations(variable=variable, body=inner):
            return [_outside(variable, t) for t in split(inner, expand=expand)]
        case Piecewise(condition=condition, then=then, otherwise=otherwise):
            return _piecewise(body, condition, then, otherwise, expand=expand)
        case Power(base=base, exponent=Number(value=value)) if value.denominator == 1 and isinstance(base, Multiply):
            return split(Multiply(tuple(Power(f, number(value)) for f in base.factors)), expand=expand)
        case Power(base=Number(value=base_value), exponent=Number(value=value)) if (
            value.denominator == 1 and base_value and abs(value) <= 64
        ):
            return [Term(base_value ** int(value))]
        case Power(base=Power(base=base, exponent=Number(value=inner)), exponent=Number(value=value)) if (
            value.denominator == 1
        ):
            return split(_power(base, inner * value), expand=expand)
        case Power(base=base, exponent=Number(value=value)) if (
            expand and isinstance(base, Add) and value.denominator == 1 and 1 < value <= 3
        ):
            return _product((base,) * int(value), expand=True)
        case _:
            return [Term(factors=(body,))]


def _outside(variable: Symbol, term: Term) -> Term:
    """What does not hold the variable of a sum over configurations stands outside it."""
    bound = frozenset(term.sums)

    def is_held(part: Expr | Condition) -> bool:
        return variable in part.symbols or bool(bound & part.free)

    held = tuple(f for f in term.factors if is_held(f))
    loose = tuple(f for f in term.factors if not is_held(f))
    inner = Term(Fraction(1), held, term.sums, tuple(g for g in term.guards if is_held(g)))
    outer = tuple(g for g in term.guards if not is_held(g))
    return Term(term.coefficient, (*loose, Configurations(variable, rebuilt([inner]))), (), outer)


def _power(base: Expr, exponent: Fraction) -> Expr:
    if exponent == 0:
        return ONE_EXPR
    return base if exponent == 1 else Power(base, number(exponent))


def _piecewise(body: Expr, condition: Condition, then: Expr, otherwise: Expr, *, expand: bool) -> list[Term]:
    if is_index_condition(condition):
        terms: list[Term] = []
        if then is not ZERO_EXPR:
            extra = tuple(conjuncts(condition))
            terms += [replace(t, guards=(*t.guards, *extra)) for t in split(then, expand=expand)]
        if otherwise is not ZERO_EXPR:
            flipped = opposite(condition)
            if flipped is None:
                return [Term(factors=(body,))]
            terms += [replace(t, guards=(*t.guards, flipped)) for t in split(otherwise, expand=expand)]
        return terms
    if then is otherwise:
        return split(then, expand=expand)
    joined = _shared_guards(condition, then, otherwise, expand=expand)
    if joined is not None:
        return joined
    if otherwise is ZERO_EXPR and then is not ONE_EXPR:
        bracket = Piecewise(condition, ONE_EXPR, ZERO_EXPR)
        return [replace(t, factors=(*t.factors, bracket)) for t in split(then, expand=expand)]
    if then is ZERO_EXPR and otherwise is not ZERO_EXPR:
        flipped = opposite(condition)
        if flipped is not None:
            bracket = Piecewise(flipped, ONE_EXPR, ZERO_EXPR)
            return [replace(t, factors=(*t.factors, bracket)) for t in split(otherwise, expand=expand)]
    return [Term(factors=(body,))]


def _shared_guards(condition: Condition, then: Expr, otherwise: Expr, *, expand: bool) -> list[Term] | None:
    """A δ that stands in both branches of a choice stands before the choice."""
    branches = [split(branch, expand=expand) for branch in (then, otherwise)]
    terms = [t for branch in branches for t in branch]
    if not terms or any(t.sums for t in terms):
        return None
    shared = tuple(g for g in terms[0].guards if all(g in t.guards for t in terms))
    if not shared:
        return None
    bare = [
        rebuilt([replace(t, guards=tuple(g for g in t.guards if g not in shared)) for t in branch])
        for branch in branches
    ]
    return [
        replace(t, guards=(*shared, *t.guards)) for t in _piecewise_terms(condition, bare[0], bare[1], expand=expand)
    ]


def _piecewise_terms(condition: Condition, then: Expr, otherwise: Expr, *, expand: bool) -> list[Term]:
    body = Piecewise(condition, then, otherwise)
    return _piecewise(body, condition, then, otherwise, expand=expand)


def _product(factors: tuple[Expr, ...], *, expand: bool) -> list[Term]:
    result = [Term()]
    late: list[Expr] = []
    flat: list[Expr] = []
    for factor in factors:
        flat.extend(_opened(factor))
    alone = sum(not isinstance(f, Number) for f in flat) == 1
    for factor in flat:
        if isinstance(factor, Add) and expand:
            late.append(factor)  # multiplied out last, so that equal factors cancel first
            continue
        parts = split(factor, expand=expand)
        if not parts:
            return []
        spread = alone and isinstance(factor, Reduce)  # a number times a sum over an index is summed term by term
        if len(parts) > 1 and not expand and not spread and not any(_has_open_delta(p) for p in parts):
            parts = [Term(factors=(factor,))]
        result = _times(result, parts)
    if late:
        opened: list[Term] = []
        for term in result:
            opened.extend(_multiply_out(term, late))
        result = opened
    return result


def _opened(factor: Expr) -> list[Expr]:
    """Products inside products, as one list of factors."""
    if not isinstance(factor, Multiply):
        return [factor]
    return [f for inner in factor.factors for f in _opened(inner)]


def _has_open_delta(term: Term) -> bool:
    return bool(term.guards)


def _multiply_out(term: Term, sums: list[Expr]) -> list[Term]:
    """Multiply out sums, those that hold an inverse of another first; equal factors cancel before they are opened."""
    finished: list[Term] = []
    stack: list[tuple[Term, tuple[Expr, ...]]] = [(term, tuple(sums))]
    while stack:
        current, remaining = stack.pop()
        current, remaining = _cancelled(current, remaining)
        if not remaining:
            finished.append(current)
            continue
        inverted = {f.base for s in remaining for f in _inverses(s)}
        addend = next((s for s in remaining if any(f.base in remaining for f in _inverses(s))), None)
        if addend is None:
            addend = next((s for s in remaining if s not in inverted), remaining[0])
        position = remaining.index(addend)
        rest = remaining[:position] + remaining[position + 1 :]
        parts = split(addend, expand=True)
        stack.extend((product, rest) for product in reversed(_times([current], parts)))
        if len(finished) + len(stack) > _MAX_TERMS:
            raise TooManyTermsError
    return finished


def _inverses(body: Expr) -> list[Power]:
    """The inverse powers of sums that stand as factors in the terms of a sum."""
    found: list[Power] = []
    stack: list[Expr] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, Add):
            stack.extend(node.terms)
        elif isinstance(node, Multiply):
            stack.extend(node.factors)
        elif isinstance(node, Power) and isinstance(node.base, Add) and node.exponent is number(-1):
            found.append(node)
    return found


def _cancelled(term: Term, sums: tuple[Expr, ...]) -> tuple[Term, tuple[Expr, ...]]:
    factors, remaining = list(term.factors), list(sums)
    for addend in sums:
        inverse = next(
            (f for f in factors if isinstance(f, Power) and f.base is addend and f.exponent is number(-1)), None
        )
        if inverse is not None:
            factors.remove(inverse)
            remaining.remove(addend)
    return replace(term, factors=tuple(factors)), tuple(remaining)


def _times(left: list[Term], right: list[Term]) -> list[Term]:
    result = []
    for a in left:
        for b in right:
            clash = set(a.sums) & set(b.sums)
            result.append(a.times(_renamed(b, clash) if clash else b))
    _limit(result)
    return result


def _limit(terms: list[Term]) -> None:
    if len(terms) > _MAX_TERMS and sum(len(t.factors) for t in terms) > 8 * _MAX_TERMS:
        raise TooManyTermsError


def _renamed(term: Term, clash: set[Index]) -> Term:
    for index in clash:
        new = index.fresh()
        moved = term.substituted(index, Affine.atom(new))
        term = replace(moved, sums=(new, *moved.sums))
    return term


def rebuilt(terms: list[Term]) -> Expr:
    """Terms as an expression again: what does not depend on a summed index stands outside its sum."""
    choice = _choice(terms)
    if choice is not None:
        return choice
    parts = [_term(t) for t in terms]
    if not parts:
        return ZERO_EXPR
    if len(parts) == 1:
        return parts[0]
    if _is_negative(parts[0]):
        k = next((k for k, p in enumerate(parts) if not _is_negative(p)), 0)
        parts.insert(0, parts.pop(k))
    return Add(tuple(parts))


def _choice(terms: list[Term]) -> Expr | None:
    """Two terms under opposite conditions are one choice."""
    if len(terms) != 2 or any(t.sums or len(t.guards) != 1 for t in terms):
        return None
    first, second = terms
    if opposite(first.guards[0]) is not second.guards[0]:
        return None
    then, otherwise = (_factors(t.coefficient, t.factors) for t in terms)
    return Piecewise(first.guards[0], then, otherwise)


def _is_negative(body: Expr) -> bool:
    if isinstance(body, Multiply):
        return isinstance(body.factors[0], Number) and body.factors[0].value < 0
    return isinstance(body, Number) and body.value < 0


def _term(term: Term) -> Expr:
    if not term.sums:
        return _guarded(_factors(term.coefficient, term.factors), term.guards)
    groups = _components(term)
    outside = [f for f in term.factors if not (f.free & set(term.sums))]
    loose = [g for g in term.guards if not (g.free & set(term.sums))]
    factors: list[Expr] = list(outside)
    for sums, inner, guards in groups:
        body = _guarded(_factors(Fraction(1), inner), guards)
        for index in reversed(sums):
            body = Reduce("sum", index, body)
        factors.append(body)
    return _guarded(_factors(term.coefficient, tuple(factors)), tuple(loose))


def _components(term: Term) -> list[tuple[list[Index], tuple[Expr, ...], tuple[Condition, ...]]]:
    """Summed indices that share no factor are summed apart."""
    parent = {i: i for i in term.sums}

    def find(i: Index) -> Index:
        while parent[i] is not i:
            i = parent[i]
        return i

    links: list[frozenset[Index]] = [f.free for f in term.factors] + [g.free for g in term.guards]
    links.extend(frozenset({i}) | affine_indices(i.low) | affine_indices(i.high) for i in term.sums)
    for link in links:
        used = [i for i in term.sums if i in link]
        for other in used[1:]:
            parent[find(other)] = find(used[0])
    result = []
    for root in dict.fromkeys(find(i) for i in term.sums):
        members = [i for i in term.sums if find(i) is root]
        inside = set(members)
        factors = tuple(f for f in term.factors if f.free & inside)
        guards = tuple(g for g in term.guards if g.free & inside)
        result.append((members, factors, guards))
    return result


def _guarded(body: Expr, guards: tuple[Condition, ...]) -> Expr:
    if not guards:
        return body
    condition: Condition = guards[0] if len(guards) == 1 else Junction("and", guards)
    return Piecewise(condition, body, ZERO_EXPR)


def _factors(coefficient: Fraction, factors: tuple[Expr, ...]) -> Expr:
    if coefficient != 1 or not factors:
        factors = (number(coefficient), *factors)
    return factors[0] if len(factors) == 1 else Multiply(factors)


__all__ = [
    "Term",
    "TooManyTermsError",
    "conjuncts",
    "is_index_condition",
    "opposite",
    "rebuilt",
    "rename_bound",
    "split",
]
