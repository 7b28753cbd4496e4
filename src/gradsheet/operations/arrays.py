"""Operations on whole vectors and matrices: softmax, log-sum-exp, inverse, determinant, log-determinant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ZERO_EXPR,
    Add,
    Affine,
    ArrayCall,
    Expr,
    Index,
    Lambda,
    Multiply,
    Reduce,
    number,
    rename_bound,
    substitute,
)
from gradsheet.operations.record import ArrayOperation

if TYPE_CHECKING:
    from collections.abc import Callable

    Differential = Callable[[tuple[Affine, ...]], Expr]


def _at(*indices: Index) -> tuple[Affine, ...]:
    return tuple(Affine.atom(i) for i in indices)


def _fresh(argument: Lambda) -> tuple[Index, ...]:
    fresh: list[Index] = []
    for index in argument.indices:
        mapping = {old: Affine.atom(new) for old, new in zip(argument.indices, fresh, strict=False)}
        low, high = index.low.substitute(mapping), index.high.substitute(mapping)
        fresh.append(Index(index.name, low, high))
    return tuple(fresh)


def _sum(indices: tuple[Index, ...], body: Expr) -> Expr:
    for index in reversed(indices):
        body = Reduce("sum", index, body)
    return body


def _softmax(node: ArrayCall, change: Differential) -> Expr:
    # dy_i = y_i (dx_i − Σₖ y_k dx_k)
    (k,) = _fresh(node.argument)
    weighted = _sum((k,), Multiply((ArrayCall("softmax", rename_bound(node.argument), _at(k)), change(_at(k)))))
    return Multiply((node, Add((change(node.at), Multiply((number(-1), weighted))))))


def _logsoftmax(node: ArrayCall, change: Differential) -> Expr:
    # dy_i = dx_i − Σₖ softmax(x)_k dx_k
    (k,) = _fresh(node.argument)
    weighted = _sum((k,), Multiply((ArrayCall("softmax", rename_bound(node.argument), _at(k)), change(_at(k)))))
    return Add((change(node.at), Multiply((number(-1), weighted))))


def _logsumexp(node: ArrayCall, change: Differential) -> Expr:
    # dy = Σₖ softmax(x)_k dx_k
    (k,) = _fresh(node.argument)
    return _sum((k,), Multiply((ArrayCall("softmax", rename_bound(node.argument), _at(k)), change(_at(k)))))


def _inverse(node: ArrayCall, change: Differential) -> Expr:
    # d(A⁻¹) = −A⁻¹ dA A⁻¹
    i, j = _fresh(node.argument)
    row, column = node.at
    left = ArrayCall("inverse", node.argument, (row, Affine.atom(i)))
    right = ArrayCall("inverse", rename_bound(node.argument), (Affine.atom(j), column))
    return _sum((i, j), Multiply((number(-1), left, change(_at(i, j)), right)))


def _determinant(node: ArrayCall, change: Differential) -> Expr:
    # d det A = det A · tr(A⁻¹ dA)
    i, j = _fresh(node.argument)
    inverse = ArrayCall("inverse", rename_bound(node.argument), _at(j, i))
    return _sum((i, j), Multiply((node, inverse, change(_at(i, j)))))


def _logdeterminant(node: ArrayCall, change: Differential) -> Expr:
    # d log det A = tr(A⁻¹ dA)
    i, j = _fresh(node.argument)
    inverse = ArrayCall("inverse", rename_bound(node.argument), _at(j, i))
    return _sum((i, j), Multiply((inverse, change(_at(i, j)))))


def _argmaximum(_node: ArrayCall, _change: Differential) -> Expr:
    # The place of the largest entry does not move under a small change (ties: the first).
    return ZERO_EXPR


_TABLE = (
    ArrayOperation("softmax", ("softmax",), 1, 1, _softmax, "∂softmax_i/∂x_j = y_i (δ_ij − y_j)",
        r"\operatorname{softmax}", rows_sum_to_one=True),
    ArrayOperation("logsoftmax", ("log_softmax", "logsoftmax"), 1, 1, _logsoftmax,
        "∂(log softmax)_i/∂x_j = δ_ij − softmax_j", r"\operatorname{log\,softmax}"),
    ArrayOperation("logsumexp", ("logsumexp", "lse", "LSE"), 1, 0, _logsumexp, "∂ logsumexp/∂x = softmax(x)",
        r"\operatorname{logsumexp}"),
    ArrayOperation("inverse", ("inv",), 2, 2, _inverse, "d(A⁻¹) = −A⁻¹ dA A⁻¹", r"\operatorname{inv}"),
    ArrayOperation("det", ("det",), 2, 0, _determinant, "d det A = det A tr(A⁻¹ dA)", r"\det"),
    ArrayOperation("logdet", ("logdet",), 2, 0, _logdeterminant, "d log det A = tr(A⁻¹ dA)",
        r"\operatorname{logdet}"),
    ArrayOperation("argmaximum", (), 1, 1, _argmaximum, "the largest entry alone changes the maximum",
        r"\operatorname{argmax}"),
)  # fmt: skip

ARRAY_OPERATIONS: dict[str, ArrayOperation] = {record.name: record for record in _TABLE}
ARRAY_SPELLINGS: dict[str, str] = {s: record.name for record in _TABLE for s in record.spellings}


def mapped(argument: Lambda, at: tuple[Affine, ...]) -> Expr:
    """The argument's component at given indices."""
    result: Expr = substitute(argument.body, dict(zip(argument.indices, at, strict=True)))
    return result
