"""(Wᵀ δ + Vᵀ e) ⊙ (1 − h²): what is common to all terms is written once, and what comes from above stands first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Add, Expr, Multiply, Number, Reduce, key
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence


class TextbookView(View):
    """What comes from above stands before the slope by which it is multiplied."""

    chain_first = True


def arranged(body: Expr) -> Expr:
    """An equal right side in the order of a textbook: the derivatives of later layers, differences, then slopes."""
    if isinstance(body, Reduce) and body.kind == "sum":
        return Reduce("sum", body.index, arranged(body.body))
    terms = body.terms if isinstance(body, Add) else (body,)
    if len(terms) == 1 and isinstance(body, Multiply):
        body = Multiply(tuple(arranged(f) if isinstance(f, Reduce) else f for f in body.factors))
        terms = (body,)
    products = [_ordered(_factors(t)) for t in terms]
    common = _common(products) if len(products) > 1 else []
    if not common:
        return _sum([_product(p) for p in products])
    rest = [_without(p, common) for p in products]
    return _product([_sum([_product(p) for p in rest]), *common])


def _factors(body: Expr) -> list[Expr]:
    if not isinstance(body, Multiply):
        return [body]
    return [f for factor in body.factors for f in _factors(factor)]


def _ordered(factors: Sequence[Expr]) -> list[Expr]:
    return sorted(factors, key=_rank)


def _rank(factor: Expr) -> int:
    """Numbers, what holds another derivative, differences such as ŷ − y, everything else."""
    if isinstance(factor, Number):
        return 0
    if any(s.adjoint_of is not None for s in factor.symbols):
        return 1
    difference = isinstance(factor, Add) and not any(isinstance(t, Number) for t in factor.terms)
    return 2 if difference or isinstance(factor, Reduce) else 3


def _common(products: Sequence[Sequence[Expr]]) -> list[Expr]:
    """Factors of all products, if what is left of each has the same free indices: entries of one shape."""
    found: list[Expr] = [f for f in products[0] if not isinstance(f, Number)]
    for product in products[1:]:
        keys = [key(f) for f in product]
        found = [f for f in found if key(f) in keys]
    rest = [_without(p, found) for p in products]
    if not found or any(not any(not isinstance(f, Number) for f in p) for p in rest):
        return []
    return found if len({frozenset().union(*(f.free for f in p)) for p in rest}) == 1 else []


def _without(product: Sequence[Expr], common: Sequence[Expr]) -> list[Expr]:
    left = list(product)
    for factor in common:
        left.remove(next(f for f in left if key(f) == key(factor)))
    return left


def _product(factors: Sequence[Expr]) -> Expr:
    return factors[0] if len(factors) == 1 else Multiply(tuple(factors))


def _sum(terms: Sequence[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else Add(tuple(terms))
