"""Products of several arrays, two at a time, in the order that costs least; and what kind of product each is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gradsheet.expressions import (
    Access,
    Affine,
    Expr,
    Index,
    Multiply,
    Reduce,
    Size,
    affine_indices,
    transform,
)
from gradsheet.programs.decomposing import Names, is_contraction
from gradsheet.programs.forms import multiplied, reduced
from gradsheet.programs.model import Loop, Program, Statement
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import AnyNode

_UNKNOWN = 64
"""What a size that is a symbol counts as when orders are compared."""

Kind = Literal["matrix product", "matrix–vector product", "outer product", "inner product", "contraction"]


@dataclass(frozen=True, slots=True, eq=False)
class Contraction:
    """Σ over `sums` of a product of components; `scalars` are factors without any index of it."""

    sums: tuple[Index, ...]
    factors: tuple[Access, ...]
    node: Reduce

    @property
    def indices(self) -> tuple[Index, ...]:
        found = dict.fromkeys(i for f in self.factors for p in f.at for i in p.atoms() if isinstance(i, Index))
        return tuple(found)


def contraction(node: Expr) -> Contraction | None:
    """An expression as a contraction, if it is a sum of a product of plain components."""
    sums: list[Index] = []
    inner: Expr = node
    while isinstance(inner, Reduce) and inner.kind == "sum":
        sums.append(inner.index)
        inner = inner.body
    factors = inner.factors if isinstance(inner, Multiply) else (inner,)
    if not sums or not all(isinstance(f, Access) for f in factors):
        return None
    assert isinstance(node, Reduce)
    return Contraction(tuple(sums), tuple(f for f in factors if isinstance(f, Access)), node)


def pair(program: Program) -> Program:
    """The program with every product of more than two arrays taken two at a time."""
    names = Names(program)

    def block(statements: Sequence[Statement]) -> list[Statement]:
        made: list[Statement] = []
        for statement in statements:
            if isinstance(statement, Loop):
                made.append(replace(statement, body=tuple(block(statement.body))))
                continue
            before: list[Statement] = []
            body = _paired(statement.body, statement.free, names, before)
            made.extend(before)
            made.append(replace(statement, body=body))
        return made

    return program.with_statements(block(program.statements))


def _paired(body: Expr, free: tuple[Index, ...], names: Names, before: list[Statement]) -> Expr:
    def rewrite(node: AnyNode) -> AnyNode:
        if not isinstance(node, Reduce) or node.kind != "sum":
            return node
        found = contraction(node)
        if found is None or len(found.factors) < 3 or not is_contraction(Multiply(found.factors), found.indices):
            return node
        if any(i not in free and i not in found.sums for i in found.indices):
            return node  # part of a larger sum, which is taken as a whole
        if any(affine_indices(end) & {*found.sums} for i in found.sums for end in i.range):
            return node  # Σ_i Σ_{j ≤ i}: neither sum can be carried out before the other
        return _two_at_a_time(found, names, before)

    result: Expr = transform(body, rewrite)
    return result


def _cheapest(
    terms: list[frozenset[int]], output: frozenset[int], sizes: dict[int, int]
) -> list[tuple[int, ...]]:
    """Which operands are multiplied, step by step: the best order where there are few, else a good one."""
    from opt_einsum import paths  # noqa: PLC0415 - most programs multiply no more than two arrays

    return list(paths.optimal(terms, output, sizes) if len(terms) <= 5 else paths.greedy(terms, output, sizes))


def _two_at_a_time(whole: Contraction, names: Names, before: list[Statement]) -> Expr:
    operands: list[Expr] = list(whole.factors)
    sums = set(whole.sums)
    letters = {i: k for k, i in enumerate(whole.indices)}
    terms = [frozenset(letters[i] for i in whole.indices if i in f.free) for f in operands]
    output = frozenset(k for i, k in letters.items() if i not in sums)
    sizes = {k: _extent(i) for i, k in letters.items()}
    for step in _cheapest(terms, output, sizes)[:-1]:
        parts = [operands[k] for k in step]
        operands = [o for k, o in enumerate(operands) if k not in step]
        rest = {i for o in operands for i in o.free}
        body = multiplied(parts)
        closed = [s for s in whole.sums if s in sums and s in body.free and s not in rest]
        own = [i for i in whole.indices if i in body.free and i not in closed]
        inner = body
        for index in reversed(closed):
            inner = reduced("sum", index, inner)
            sums.discard(index)
        made, access = names.array(own, inner)
        before.append(made)
        operands.append(access)
    result = multiplied(operands)
    for index in reversed([s for s in whole.sums if s in sums]):
        result = reduced("sum", index, result)
    return result


def _extent(index: Index) -> int:
    count = index.high - index.low + 1
    total = count.constant
    for atom, factor in count.terms:
        total += factor * (_UNKNOWN if isinstance(atom, Size) else 1)
    return max(1, total)


def kind_of(product: Contraction, free: Sequence[Index]) -> Kind:
    """What a product of two arrays is: its indices by where they stand, among those of the assignment around it.

    Each place of an array holds at most one of these indices; t + 1, at a step t of a loop, is one slice of an array.
    """
    if len(product.factors) != 2:
        return "contraction"
    summed = frozenset(product.sums)
    scope = summed | frozenset(free)
    a, b = (frozenset(i for i in f.free if i in scope) for f in product.factors)
    left, right, both = a - b - summed, b - a - summed, (a & b) - summed
    if both or not all(_is_slice(p, scope) for f in product.factors for p in f.at):
        return "contraction"
    if left and right:
        return "matrix product"
    if left or right:
        return "matrix–vector product"
    return "inner product"


def _is_slice(place: Affine, scope: frozenset[Index]) -> bool:
    """Whether a place runs along an axis with at most one index."""
    met = [i for i in affine_indices(place) if i in scope]
    return not met or (len(met) == 1 and place.coefficient(met[0]) == 1)


__all__ = ["Contraction", "Kind", "contraction", "kind_of", "pair"]
