"""A quotient that has a name is written by its name: e^(z_k)/Σⱼ e^(z_j) inside a derivative becomes p[k]."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.calculus.terms import Term, rebuilt, split
from gradsheet.expressions import Access, Affine, Expr, Index, Multiply, Number, Power, key, number, substitute, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.calculus.simplify import Simplifier
    from gradsheet.expressions import Symbol

Powers = dict[Any, tuple[Expr, Fraction]]


def fold_quotient(
    inner: Expr, body: Expr, name: tuple[Symbol, tuple[Affine, ...]], indices: Sequence[Index], simplifier: Simplifier
) -> Expr:
    """The derivative `inner` of the quotient `body` in terms of the symbol that stands for it, at any indices."""
    if not _is_quotient(body):
        return inner
    whole = split(body, expand=False)
    if len(whole) != 1 or whole[0].sums or whole[0].guards or whole[0].coefficient != 1:
        return inner
    parts = _powers(whole[0].factors)
    anchor = next((base for base, exponent in parts.values() if exponent > 0 and _names(base, indices)), None)
    if anchor is None:
        return inner
    terms = split(simplifier.tidy(inner, expand=False), expand=True)
    opened = [r for t in terms if (r := simplifier.reduce(t)) is not None]
    folded = [_fold(t, parts, anchor, name, indices) for t in opened]
    if all(a is b for a, b in zip(folded, opened, strict=True)):
        return inner
    return rebuilt(simplifier.collect([r for t in folded if (r := simplifier.reduce(t)) is not None]))


def _is_quotient(body: Expr) -> bool:
    return isinstance(body, Multiply) and any(
        isinstance(f, Power) and isinstance(f.exponent, Number) and f.exponent.value < 0 for f in body.factors
    )


def _powers(factors: Sequence[Expr]) -> Powers:
    result: Powers = {}
    for factor in factors:
        base, exponent = factor, Fraction(1)
        if isinstance(factor, Power) and isinstance(factor.exponent, Number):
            base, exponent = factor.base, factor.exponent.value
        identity = key(base)
        known = result.get(identity, (base, Fraction(0)))
        result[identity] = (known[0], known[1] + exponent)
    return result


def _names(base: Expr, indices: Sequence[Index]) -> bool:
    """Whether an expression uses all the indices of the quotient, so that it tells which entry is meant."""
    return set(indices) <= set(base.free)


def _fold(
    term: Term, parts: Powers, anchor: Expr, name: tuple[Symbol, tuple[Affine, ...]], indices: Sequence[Index]
) -> Term:
    held = _powers(term.factors)
    added: list[Expr] = []
    found = True
    while found:
        found = False
        for base, exponent in list(held.values()):
            mapping = _match(anchor, base, indices) if exponent > 0 else None
            if mapping is None:
                continue
            wanted = {key(b): e for b, e in ((substitute(b, mapping), e) for b, e in parts.values())}
            if not all(k in held and held[k][1] * e > 0 and abs(held[k][1]) >= abs(e) for k, e in wanted.items()):
                continue
            for k, e in wanted.items():
                held[k] = (held[k][0], held[k][1] - e)
            held = {k: v for k, v in held.items() if v[1]}
            symbol, pattern = name
            added.append(Access(symbol, tuple(p.substitute(mapping) for p in pattern)))
            found = True
            break
    if not added:
        return term
    kept = [base if e == 1 else Power(base, number(e)) for base, e in held.values()]
    return replace(term, factors=(*kept, *added))


def _match(anchor: Expr, candidate: Expr, indices: Sequence[Index]) -> dict[Index, Affine] | None:
    """Indices for which the anchor is the candidate."""
    mine = [n for n in walk(anchor) if isinstance(n, Access)]
    theirs = [n for n in walk(candidate) if isinstance(n, Access)]
    if type(anchor) is not type(candidate) or len(mine) != len(theirs):
        return None
    mapping: dict[Index, Affine] = {}
    for a, b in zip(mine, theirs, strict=True):
        if a.symbol is not b.symbol:
            return None
        for x, y in zip(a.at, b.at, strict=True):
            index = x.single
            if isinstance(index, Index) and index in indices and mapping.setdefault(index, y) != y:
                return None
    if set(mapping) != set(indices) or key(substitute(anchor, mapping)) != key(candidate):
        return None
    return mapping
