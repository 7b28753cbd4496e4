"""What the views look for in components and trees: norms, signs, reciprocals, brackets that need no guard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ZERO_EXPR,
    Access,
    Affine,
    ArrayCall,
    Call,
    Expr,
    Index,
    Lambda,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    affine_indices,
    inside,
    walk,
)
from gradsheet.syntax import tree
from gradsheet.writing.trees import is_call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.writing.trees import Tree


def is_symmetric(body: ArrayCall) -> bool:
    """The inverse of a symmetric matrix is symmetric."""
    inner = body.argument.body
    return isinstance(inner, Access) and inner.symbol.symmetric


def is_inner(item: Tree) -> bool:
    """uᵀ v, uᵀ A v: a scalar of several factors, bracketed beside other factors."""
    return (
        isinstance(item, tree.Product)
        and not is_call(item)
        and any(isinstance(f.item, (tree.Transpose, tree.Prime)) for f in item.factors)
    )


def is_reciprocal(item: Tree) -> bool:
    """1/a, 1/a/b."""
    return (
        isinstance(item, tree.Product)
        and isinstance(item.factors[0].item, tree.Num)
        and item.factors[0].item.value == 1
        and all(f.sign in {"/", "⊘"} for f in item.factors[1:])
    )


def solved(sign: str, low: Affine, high: Affine) -> tuple[Index, tree.Relation, Affine] | None:
    """1 ≤ i − 1 as i ≥ 2, where one index stands among numbers and sizes."""
    gap = high - low
    indices = [a for a in gap.atoms() if isinstance(a, Index)]
    if len(indices) != 1 or abs(gap.coefficient(indices[0])) != 1:
        return None
    index = indices[0]
    coefficient = gap.coefficient(index)
    rest = (gap - Affine.atom(index) * coefficient) * -coefficient
    if any(isinstance(a, Index) for a in rest.atoms()):
        return None
    turned = {"≤": "≥", "<": ">", "≥": "≤", ">": "<"}
    return index, (turned.get(sign, sign) if coefficient == 1 else sign), rest  # type: ignore[return-value]


def is_safe(body: Expr) -> bool:
    """Whether every component is inside its axis without any condition: a bracket may then be a factor."""
    for node in walk(body):
        below = isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value < 0
        logarithm = isinstance(node, Call) and node.function == "log"
        if (below or logarithm) and node.free:
            return False  # it may have no value where the condition fails, and 0 times that is no 0
        if isinstance(node, Access):
            for place, axis in zip(node.at, node.symbol.axes, strict=True):
                low, high = axis_range(node.symbol.axes, node.at, axis)
                if not inside(place, low, high):
                    return False
    return True


def square_sum(base: Expr) -> Lambda | None:
    """Σ x² over all axes, as the x of a norm."""
    indices: list[Index] = []
    while isinstance(base, Reduce) and base.kind == "sum":
        indices.append(base.index)
        base = base.body
    if (
        indices
        and len(indices) <= 2
        and isinstance(base, Power)
        and isinstance(base.exponent, Number)
        and base.exponent.value == 2
    ):
        return Lambda(tuple(indices), base.base)
    return None


def axis_range(axes: Sequence[Index], at: Sequence[Affine], axis: Index) -> tuple[Affine, Affine]:
    """The range of one axis at a place: in n[l]×n[l−1] it hangs on the indices before it."""
    mapping = dict(zip(axes, at, strict=True))
    return axis.low.substitute(mapping), axis.high.substitute(mapping)


def signed(term: Expr) -> tuple[bool, Expr]:
    """Whether a term is written with a minus, and the term without it."""
    if isinstance(term, Number) and term.value < 0:
        return True, Number(-term.value)
    if isinstance(term, Piecewise) and term.otherwise is ZERO_EXPR:
        negative, inner = signed(term.then)
        if negative:
            return True, Piecewise(term.condition, inner, ZERO_EXPR)
    if isinstance(term, Multiply):
        negative, factors = without_sign(term.factors)
        if negative:
            return True, factors[0] if len(factors) == 1 else Multiply(tuple(factors))
    return False, term


def without_sign(factors: Sequence[Expr]) -> tuple[bool, Sequence[Expr]]:
    """The sign of a product, and its factors without a −1."""
    first = factors[0]
    if isinstance(first, Number) and first.value < 0:
        rest = factors[1:]
        return True, rest if first.value == -1 and rest else (Number(-first.value), *rest)
    return False, factors


def free_indices(value: Affine) -> set[Index]:
    """The indices of a place, those inside integer data such as y[t] included."""
    return set(affine_indices(value))
