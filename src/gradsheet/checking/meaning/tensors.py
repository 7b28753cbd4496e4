"""Arrays as a page has them: columns, rows, matrices, derivatives with outputs before inputs; how they are joined.

Entries are jets. A column of n entries has the shape (n,), a row (1, n). Whatever has one entry is a scalar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.evaluation import JetDomain
    from gradsheet.evaluation.domains import Array


class MismatchError(Exception):
    """Shapes that do not go together, as they are written."""

    def __init__(self, left: tuple[int, ...], right: tuple[int, ...], how: str) -> None:
        super().__init__(f"{shape_text(left)} {how} {shape_text(right)}")
        self.left, self.right, self.how = left, right, how


def shape_text(shape: Sequence[int]) -> str:
    """A shape in words: 3×4, a column as 3×1.

    >>> shape_text((3, 4)), shape_text((3,)), shape_text(())
    ('3×4', '3×1', '1×1')
    """
    if len(shape) < 2:
        return f"{shape[0] if shape else 1}×1"
    return "×".join(map(str, shape))


@dataclass(slots=True)
class Value:
    """An array of jets; `outputs` says of a derivative how many of its axes are those of what is differentiated.

    `literal` is set for an array that was written out, of which a row may be a column.
    """

    data: Array
    outputs: int | None = None
    literal: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape as it is held."""
        shape: tuple[int, ...] = self.data.shape
        return shape


def array(data: Any) -> Array:
    """Objects as an array, also one alone."""
    if isinstance(data, np.ndarray):
        return data
    result = np.empty((), dtype=object)
    result[()] = data
    return result


def value(data: Any, outputs: int | None = None) -> Value:
    """A value of whatever shape; one entry alone is a scalar."""
    data = array(data)
    if data.size == 1 and data.ndim:
        data = data.reshape(())
        outputs = None
    return Value(data, outputs)


def scalar(entry: Any) -> Value:
    """One number."""
    return Value(array(entry))


def mapped(function: Callable[[Any], Any], data: Array) -> Array:
    """A function of every entry, as an array of objects in the same shape."""
    result = np.empty(data.size, dtype=object)
    result[:] = [function(entry) for entry in data.reshape(-1)]
    return result.reshape(data.shape)


def constants(numbers: Any, domain: JetDomain) -> Array:
    """Whole numbers, or truths as 0 and 1, that do not move."""
    return mapped(lambda number: domain.number(int(number)), np.asarray(numbers))


def transposed(a: Value) -> Value:
    """aᵀ: a column becomes a row, a matrix is turned; the shape of more axes has no transpose."""
    match a.data.ndim:
        case 0:
            return a
        case 1:
            return Value(a.data.reshape(1, -1), literal=a.literal)
        case 2:
            turned = a.data.T
            return Value(turned.reshape(-1) if turned.shape[1] == 1 else turned, literal=a.literal)
        case _:
            raise MismatchError(a.shape, a.shape, "has no transpose, as")


def _columns(a: Value) -> Array:
    return a.data.reshape(-1, 1) if a.data.ndim == 1 else a.data


def _narrow(data: Array) -> Array:
    """One column is a column."""
    return data.reshape(-1) if data.ndim == 2 and data.shape[1] == 1 else data


def product(a: Value, b: Value) -> Value:
    """A b as matrices are multiplied; a scalar scales."""
    if not a.data.ndim or not b.data.ndim:
        outputs = b.outputs if not a.data.ndim else a.outputs
        return Value(array(a.data * b.data), outputs)
    left, right = _columns(a), _columns(b)
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        raise MismatchError(a.shape, b.shape, "times")
    return value(_narrow(array(np.dot(left, right))))


def dot(a: Value, b: Value) -> Value:
    """Inner products, a · b: the inner product of two columns, else the product of matrices."""
    if a.data.ndim == b.data.ndim == 1 and a.shape == b.shape:
        return value(np.dot(a.data, b.data))
    return product(a, b)


def diagonal(a: Value) -> Array | None:
    """The diagonal of a derivative that has entries nowhere else."""
    if a.outputs != 1 or a.data.ndim != 2 or a.shape[0] != a.shape[1]:
        return None
    for k, entry in enumerate(a.data.reshape(-1)):
        if k % (a.shape[0] + 1) and not entry.is_zero:
            return None
    result: Array = np.diagonal(a.data)
    return result


def hadamard(a: Value, b: Value) -> Value:
    """Entry by entry, a ⊙ b; of the derivative of an elementwise function the diagonal is meant."""
    if a.data.ndim != b.data.ndim or a.shape != b.shape:
        for one, other in ((a, b), (b, a)):
            found = diagonal(one)
            if found is not None and other.data.ndim == 1 and other.shape == found.shape:
                return Value(array(other.data * found))
    elif diagonal(a) is not None and diagonal(b) is not None:
        return Value(array(a.data * b.data), 1)
    return Value(array(a.data * _stretched(a, b, "⊙")))


def _stretched(a: Value, b: Value, how: str) -> Any:
    """The second operand, broadcast against the first where a page would: a scalar, a column or row along a matrix."""
    left, right = a.shape, b.shape
    if left == right or not left or not right:
        return b.data
    if len(left) == len(right) == 1:
        raise MismatchError(left, right, how)
    if len(left) == 2 and len(right) == 1:
        if left[0] == right[0]:
            return b.data.reshape(-1, 1)
        if left[1] == right[0]:
            return b.data.reshape(1, -1)
    if len(left) == 1 and len(right) == 2 and right[1] == 1 and right[0] == left[0]:
        return b.data.reshape(-1)
    if len(left) == len(right) == 2 and (
        (left[0] == right[0] and right[1] == 1) or (left[1] == right[1] and right[0] == 1)
    ):
        return b.data
    raise MismatchError(left, right, how)


def elementwise(operation: Callable[[Any, Any], Any], a: Value, b: Value, how: str) -> Value:
    """An operation entry by entry: +, −, ÷."""
    if a.data.ndim < b.data.ndim or (a.data.ndim == b.data.ndim and a.data.size < b.data.size):
        data = operation(_stretched(b, a, how), b.data)
    else:
        data = operation(a.data, _stretched(a, b, how))
    outputs = a.outputs if a.outputs == b.outputs else None
    return Value(array(data), outputs)


def quotient(a: Value, b: Value) -> Value:
    """Quotients, a / b by a scalar, or entry by entry."""
    if b.data.ndim and not a.data.ndim and b.data.ndim > 1:
        raise MismatchError(a.shape, b.shape, "divided by")
    return elementwise(lambda x, y: x / y, a, b, "divided by")


def chained(a: Value, b: Value) -> Value:
    """A product in a chain of Jacobians: the inputs of the left contracted with the outputs of the right."""
    if not a.data.ndim or not b.data.ndim:
        outputs = b.outputs if not a.data.ndim else a.outputs
        return Value(array(a.data * b.data), outputs)
    before = a.outputs if a.outputs is not None else a.data.ndim - 1
    after = b.outputs if b.outputs is not None else 1
    joined = min(a.data.ndim - before, b.data.ndim)
    if b.outputs is not None and after != joined:
        raise MismatchError(a.shape, b.shape, "chained with")
    if not joined or a.shape[a.data.ndim - joined :] != b.shape[:joined]:
        raise MismatchError(a.shape, b.shape, "chained with")
    data = array(np.tensordot(a.data, b.data, joined))
    return value(data, before if before and data.ndim > before else (0 if a.outputs == 0 else None))


def squeezed(a: Value) -> Array:
    """Without axes of one entry: n, n×1 and 1×n are one thing."""
    return a.data.reshape([n for n in a.shape if n != 1])
