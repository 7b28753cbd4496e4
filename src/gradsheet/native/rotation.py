"""One pass over a weight matrix for each example: the update of one step and the product of the next, together.

With one row of data at a time, a step reads W for z = W x and reads and writes it again for W − η δ xᵀ. Begun at z,
the steps are a loop in which the update stands right before the next z = W x': each row of W is changed and multiplied
while it is at hand.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Expr, Index, Reduce, Role, Symbol, replace_symbols, transform
from gradsheet.expressions.nodes import children
from gradsheet.native.ahead import linear_parts
from gradsheet.native.buffers import LINE, workspace
from gradsheet.native.places import shape
from gradsheet.programs.contracting import contraction
from gradsheet.programs.forms import atoms_of
from gradsheet.programs.inlining import uses
from gradsheet.programs.model import Assign, Loop, Program
from gradsheet.programs.squeezing import squeeze
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.expressions import AnyNode
    from gradsheet.native.buffers import Plan

_LEAST = 512
"""Entries of a matrix from which it pays to go through it once instead of twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Rotated:
    """A program that begins with the product known: `early` holds it, for the row at hand, and then for the next.

    `first` fills it before the first step. At the end of a step, `update` changes the matrix and `then` fills `early`
    for the next row, in one pass: `product` is the sum in `then` that reads the matrix.
    """

    program: Program
    early: Symbol
    first: Assign
    update: Assign
    then: Assign
    product: Reduce
    following: dict[Symbol, Symbol]
    """For each array of data, the symbol of its next row."""


@dataclass(frozen=True, slots=True, eq=False)
class Turning:
    """A rotation with the places of its arrays: `thin` are the arrays without the axis of the single row."""

    rotated: Rotated
    thin: dict[Symbol, Symbol]
    same: dict[Symbol, Symbol]
    inside: dict[Symbol, int]
    size: int


def squeezed(plan: Plan) -> tuple[Program, dict[Symbol, Symbol], dict[Symbol, Symbol]] | None:
    """A program that takes one row of data at a time, without the axis of that row; which arrays are thinner for it.

    With the parameters that new values take the place of.
    """
    rows = plan.program.rows
    if rows is None or rows.low != rows.high:
        return None
    program, thin = squeeze(plan.program)
    return program, thin, {thin.get(new, new): thin.get(old, old) for new, old in plan.same.items()}


def rotation_of(plan: Plan) -> Turning | None:
    """The rotation of a planned program that takes one row of data at a time."""
    found = squeezed(plan)
    if found is None:
        return None
    program, thin, same = found
    rotated = rotate(program)
    if rotated is None or rotated.update.target not in same:
        return None
    elsewhere = {thin.get(s, s) for s in plan.given} | set(same) | {rotated.early}
    inside, size = workspace(rotated.program, elsewhere, LINE // 4)
    inside[rotated.early] = size
    return Turning(rotated, thin, same, inside, size + -(-prod(shape(rotated.early)) // LINE) * LINE)


def rotate(program: Program, *, bare: bool = False) -> Rotated | None:
    """The rotation of a program by its largest matrix that a product reads first and an update changes, if any.

    What is known when a step begins is the product and what is added to it, or the `bare` product.
    """
    if any(isinstance(s, Loop) for s in program.statements):
        return None
    changing = {r.updates: r.symbol for r in program.results if r.updates is not None}
    updates = {a.target: a for a in program.assigns if a.target in changing.values()}
    given = {a.symbol for a in program.arguments} - set(changing)
    data = {a.symbol for a in program.arguments if a.part == "data"}
    best: tuple[int, Assign, Expr, Reduce, Assign] | None = None
    for definition in program.assigns:
        if definition.target in updates:
            continue
        for node in linear_parts(definition.body, changing, given):
            for total in _sums(node):
                found = _matrix(total, changing, updates)
                if found is not None and (best is None or found[0] > best[0]):
                    best = (found[0], definition, node, total, found[1])
    if best is None or best[0] < _LEAST:
        return None
    _, definition, node, total, update = best
    if len(node.free) != 1 or any(u.access.symbol is update.target for a in program.assigns for u in uses(a)):
        return None
    return _rotated(program, definition, total if bare else node, total, update, data)


def _sums(node: AnyNode) -> list[Reduce]:
    if isinstance(node, Reduce):
        return [node]
    return [s for c in children(node) for s in _sums(c)]


def _matrix(total: Reduce, changing: dict[Symbol, Symbol], updates: dict[Symbol, Assign]) -> tuple[int, Assign] | None:
    """The update of the matrix in Σ_j W[i,j] x[j], where both go through it row by row."""
    found = contraction(total)
    if found is None or len(found.factors) != 2 or len(found.sums) != 1:
        return None
    weights = [f for f in found.factors if f.symbol in changing and len(f.at) == 2]
    if len(weights) != 1:
        return None
    (weight,) = weights
    row, column = (a.single for a in weight.at)
    update = updates[changing[weight.symbol]]
    if column is not found.sums[0] or not isinstance(row, Index) or row in found.sums or not update.whole:
        return None
    read = uses(update)
    apart = any(isinstance(n, Reduce) for u in read for n in u.within)
    if apart or any(u.access.symbol is weight.symbol and u.access.at != update.pattern for u in read):
        return None
    return prod(shape(weight.symbol)), update


def _rotated(
    program: Program, definition: Assign, node: Expr, total: Reduce, update: Assign, data: set[Symbol]
) -> Rotated:
    (index,) = node.free
    axis = Index(index.name, index.low, index.high)
    early = Symbol(f"next {definition.target.name}", (Index(axis.name, axis.low, axis.high),), Role.LOCAL)
    following = {s: Symbol(f"next {s.name}", s.axes, s.role) for s in data}
    place = atoms_of((index,))

    def known(part: AnyNode) -> AnyNode:
        return Access(early, place) if part is node else part

    begun = replace(definition, body=transform(definition.body, known))
    statements = [begun if s is definition else s for s in program.statements if s is not update]
    first = Assign(early, place, (index,), node)
    moved = {old: _next(new) for old, new in following.items()}
    then_body: Expr = replace_symbols(node, moved)  # type: ignore[arg-type]
    product: Reduce = replace_symbols(total, moved)  # type: ignore[arg-type]
    then = Assign(early, place, (index,), then_body)
    return Rotated(program.with_statements(statements), early, first, update, then, product, following)


def _next(symbol: Symbol) -> object:
    return lambda at: Access(symbol, at)


__all__ = ["Rotated", "Turning", "rotate", "rotation_of"]
