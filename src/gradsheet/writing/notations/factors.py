"""∂L/∂u and ∂u/∂v on paper: the factors of a chain, with their shapes and with what they are."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Literal

from gradsheet.expressions import (
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    Index,
    Multiply,
    Number,
    Reduce,
    Symbol,
    affine_indices,
    replace_symbols,
)
from gradsheet.syntax import tree
from gradsheet.writing.members import extents
from gradsheet.writing.recognition import signed
from gradsheet.writing.trees import Tree, additive, call, is_call, negate, product, transpose, whole
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.expressions import Expr
    from gradsheet.writing.naming import Names


def quotient(names: Names, of: tuple[Symbol, Sequence[Affine]], by: tuple[Symbol, Sequence[Affine]]) -> tree.Derivative:
    """∂u[…]/∂v[…]."""
    above, below = (names.component(s, [names.affine(a) for a in at]) for s, at in (of, by))
    return tree.Derivative(above, (tree.Group((below,)) if isinstance(below, tree.Derivative) else below,))


def matrix(body: Expr, outputs: Sequence[Index], inputs: Sequence[Index], names: Names) -> Tree | None:
    """∂u/∂v as a matrix, a row (of a scalar u) or a column (by a scalar v); None where only entries can say it."""
    if len(outputs) > 1 or len(inputs) > 1:
        return None
    if body is not ZERO_EXPR and any(i not in body.free for i in (*outputs, *inputs)):
        return None  # the same for every entry: a number is no vector of it
    bare = names.copy()
    bare.of = {i: n for i, n in names.of.items() if i not in {*outputs, *inputs}}
    if inputs and not outputs:
        return row(body, inputs[0], View(bare))
    return View(bare).tensor((*outputs, *inputs), body)


def row(body: Expr, index: Index, view: View, *, inside: bool = False) -> Tree | None:
    """A vector as a row: (ŷ − y)ᵀ, eᵀ V for Σᵢ V[i,k] e[i]; a sum term by term where products of matrices are in it."""
    if index not in body.free:
        return None  # the same for every entry: said with an index
    if isinstance(body, Add) and any(_comes_from_above(t) or (_has_sum(t) and not inside) for t in body.terms):
        parts: list[tuple[Literal["+", "-"], Tree]] = []
        for term in body.terms:
            negative, rest = signed(term)
            written = row(rest, index, view)
            if written is None:
                return None
            parts.append(("-" if negative else "+", written))
        return additive(parts)
    negative, rest = signed(body)
    if negative:
        written = row(rest, index, view, inside=inside)
        return None if written is None else negate(written)
    if isinstance(body, Multiply):
        scalars = [f for f in body.factors if index not in f.free]
        inner = tuple(f for f in body.factors if index in f.free)
        if scalars and inner:
            written = row(inner[0] if len(inner) == 1 else Multiply(inner), index, view, inside=inside)
            numbers = [f.value for f in scalars if isinstance(f, Number)]
            others = [f for f in scalars if not isinstance(f, Number)]
            return None if written is None else view.scaled(prod(numbers, start=Fraction(1)), others, written)
    if isinstance(body, Reduce):
        written = _chain(body, index, view)
        if written is not None:
            return written
    column = view.tensor((index,), body)
    return None if column is None else transpose_of(column)


def _comes_from_above(body: Expr) -> bool:
    """Whether a derivative by a vector, a row, stands in a term."""
    return any(s.row and s.adjoint_of is not None for s in body.symbols)


def _has_sum(body: Expr) -> bool:
    return isinstance(body, Reduce) or (isinstance(body, Multiply) and any(isinstance(f, Reduce) for f in body.factors))


def _chain(body: Reduce, index: Index, view: View) -> Tree | None:
    """Σᵢ e[i] V[i,k] as eᵀ V: one matrix, with a vector before it and perhaps a diagonal behind it."""
    over, inner = body.index, body.body
    if body.kind != "sum" or not isinstance(inner, Multiply) or any(index in affine_indices(s) for s in over.range):
        return None
    edges = [f for f in inner.factors if over in f.free and index in f.free]
    before = [f for f in inner.factors if over in f.free and index not in f.free]
    behind = [f for f in inner.factors if over not in f.free]
    if len(edges) != 1 or not before or any(index not in f.free for f in behind):
        return None
    first = row(before[0] if len(before) == 1 else Multiply(tuple(before)), over, view, inside=True)
    middle = view.tensor((over, index), edges[0])
    last = view.tensor((index,), behind[0] if len(behind) == 1 else Multiply(tuple(behind))) if behind else None
    if first is None or middle is None or (behind and last is None):
        return None
    pieces = [_bracketed(first), middle, *([call("diag", last)] if last is not None else [])]
    return product([("", p) for p in pieces])


def _bracketed(item: Tree) -> Tree:
    return tree.Group((item,)) if isinstance(item, tree.Product) and not is_call(item) else item


def transpose_of(written: Tree) -> Tree:
    """A column as a row: (ŷ − y)ᵀ, −xᵀ, aᵀ ⊙ bᵀ."""
    match written:
        case tree.Additive(terms=(tree.Term(sign="-", item=item),)):
            return tree.Additive((tree.Term("-", transpose_of(item)),))
        case tree.Num():
            return written
        case tree.Product(factors=factors) if (
            not is_call(written) and all(f.sign in {"⊙", "⊘"} for f in factors[1:]) and not _is_number(factors[0].item)
        ):
            return tree.Product(tuple(replace(f, item=transpose_of(f.item)) for f in factors))
        case _:
            return transpose(written)


def _is_number(item: Tree) -> bool:
    return isinstance(item, tree.Num)


def as_rows(body: Expr, rows: Mapping[Symbol, Symbol]) -> Expr:
    """Derivatives by vectors as the rows that they are in numerator layout."""
    used = {old: _component(new) for old, new in rows.items() if old in body.symbols}
    result: Expr = replace_symbols(body, used)
    return result


def _component(symbol: Symbol) -> Callable[[tuple[Affine, ...]], Expr]:
    return lambda at: Access(symbol, at)


# ---------------------------------------------------------------- shapes


def size(axes: Sequence[Index], sizes: Sizes | None, names: Names) -> Tree:
    """1, n, or (m×n) for what has two axes itself."""
    parts = [_extent(axis, sizes, names) for axis in axes]
    if len(parts) > 1:
        return tree.Group((times(*parts),))
    return parts[0] if parts else whole(1)


def times(*parts: Tree) -> Tree:
    """m×n."""
    return tree.Product(tuple(tree.Factor("×" if k else "", p) for k, p in enumerate(parts)))


def shape(outputs: Sequence[Index], inputs: Sequence[Index], sizes: Sizes | None) -> tuple[int | str, int | str]:
    """Outputs and inputs as a shape in words: (4, "(4×3)")."""
    return _side(outputs, sizes), _side(inputs, sizes)


def _side(axes: Sequence[Index], sizes: Sizes | None) -> int | str:
    found = extents(axes, sizes)
    if len(found) > 1:
        return "(" + "×".join(f"({e})" if ".." in str(e) else str(e) for e in found) + ")"
    return found[0] if found else 1


def _extent(axis: Index, sizes: Sizes | None, names: Names) -> Tree:
    (extent,) = extents((axis,), sizes)
    if isinstance(extent, int):
        return whole(extent)
    if axis.low == Affine(1):
        high = names.affine(axis.high)
        return high if isinstance(high, (tree.Name, tree.Subscript)) else tree.Group((high,))
    return tree.Group((tree.Range(names.affine(axis.low), names.affine(axis.high)),))
