"""Brackets: vectors, matrices, blocks, and Iverson's bracket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Affine, Expr, Index, Integer, Piecewise, Relation, Size
from gradsheet.sheet import conditions
from gradsheet.sheet.scope import indicator
from gradsheet.sheet.sizes import length
from gradsheet.sheet.tensors import Tensor
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.diagnostics import Span
    from gradsheet.sheet.expressions import ExpressionReader
    from gradsheet.sheet.scope import Scope


def array(reader: ExpressionReader, node: tree.Array, scope: Scope) -> Tensor:
    """`[z > 0]`, `[1, 2, 3]`, `[a; b]`, `[A, B; C, D]`."""
    if len(node.rows) == 1 and len(node.rows[0]) == 1 and isinstance(node.rows[0][0], (tree.Comparison, tree.Logic)):
        indices, condition = conditions.condition(reader, node.rows[0][0], scope)
        return Tensor(indices, indicator(condition))
    if not node.rows or not node.rows[0]:
        raise reader.fail("GS102", "an empty array has no shape", node.span)
    rows = [[reader.read(item, scope) for item in row] for row in node.rows]
    if (
        len(rows) == 1
        and any(isinstance(item, tree.Array) for item in node.rows[0])
        and all(t.rank == 1 for t in rows[0])
    ):
        return _stack(reader, rows[0], node.span)
    if len(rows) == 1:
        if any(t.rank == 2 for t in rows[0]):
            return _beside(reader, rows[0], node.span)
        return concatenate(reader, rows[0], node.span)
    if all(len(row) == 1 for row in rows):
        return concatenate(reader, [row[0] for row in rows], node.span)
    if all(t.rank == 0 for row in rows for t in row):
        return _stack(reader, [concatenate(reader, row, node.span) for row in rows], node.span)
    return concatenate(reader, [_beside(reader, row, node.span) for row in rows], node.span)


def _extent(tensor: Tensor) -> Affine:
    return length(tensor.indices[0]) if tensor.rank else Affine.atom(Size.of(1))


def concatenate(reader: ExpressionReader, parts: list[Tensor], span: Span) -> Tensor:
    """One below the other along the first axis; a scalar is one entry."""
    rank = max(1, *(t.rank for t in parts))
    if any(t.rank not in {rank, 0 if rank == 1 else rank} for t in parts):
        raise reader.fail(
            "GS301", "parts of different shapes cannot be stacked: " + ", ".join(t.describe() for t in parts), span
        )
    if all(t.rank == 0 for t in parts):
        total = Affine.atom(Size.of(len(parts)))
        reader.sizes.fix(total)
        total = Affine(len(parts))
    else:
        total = Affine()
        for part in parts:
            total = total + (_extent(part) if part.rank else 1)
    index = Index("i", Affine(1), total)
    position = Affine.atom(index)
    shaped = [t for t in parts if t.rank == rank]
    others = shaped[0].indices[1:] if shaped else ()
    bodies: list[tuple[Affine, Expr]] = []
    offset = Affine()
    for part in parts:
        if part.rank == 0:
            bodies.append((offset + 1, part.body))
            offset = offset + 1
            continue
        for a, b in zip(others, part.indices[1:], strict=True):
            reader.rules.conform(a, b, span, "these parts")
        at = (position - offset + (part.indices[0].low - 1), *(Affine.atom(i) for i in others))
        offset = offset + length(part.indices[0])
        bodies.append((offset, part.at(at)))
    result = bodies[-1][1]
    for end, body in reversed(bodies[:-1]):
        result = Piecewise(Relation("≤", Integer(position), Integer(end)), body, result)
    return Tensor((index, *others), result)


def _stack(reader: ExpressionReader, rows: list[Tensor], span: Span) -> Tensor:
    """Rows, one below the other, as a matrix."""
    columns = rows[0].indices[0]
    index = Index("i", Affine(1), Affine(len(rows)))
    position = Affine.atom(index)
    bodies = []
    for row in rows:
        reader.rules.conform(columns, row.indices[0], span, "these rows")
        bodies.append(row.at((Affine.atom(columns),)))
    result = bodies[-1]
    for k in range(len(rows) - 1, 0, -1):
        result = Piecewise(Relation("≤", Integer(position), Integer(Affine(k))), bodies[k - 1], result)
    return Tensor((index, columns), result)


def _beside(reader: ExpressionReader, parts: list[Tensor], span: Span) -> Tensor:
    """One beside the other: matrices, and vectors as columns."""
    columns = []
    for part in parts:
        matrix = part
        if part.rank == 1:
            matrix = Tensor((part.indices[0], Index("j", Affine(1), Affine(1))), part.body)
        columns.append(reader.rules.transpose(matrix, span))
    return reader.rules.transpose(concatenate(reader, columns, span), span)
