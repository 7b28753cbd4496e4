"""xⁿ entry by entry, A⁻¹, and (y - ŷ)² as ‖y - ŷ‖² in the reading of norms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsheet.checking.meaning import calls, tensors
from gradsheet.checking.meaning.errors import UnsupportedError
from gradsheet.checking.meaning.tensors import Value, array, value

if TYPE_CHECKING:
    from gradsheet.checking.meaning.interpreter import Interpreter

_HIGHEST = 64


def _of_square(it: Interpreter, base: Value, count: int) -> Value:
    """A A ⋯ A, or A⁻¹ A⁻¹ ⋯."""
    factor = calls.of_array("inverse", base, it.domain) if count < 0 else base
    result = factor
    for _ in range(abs(count) - 1):
        result = tensors.product(result, factor)
    return result


def whole_power(it: Interpreter, base: Value, count: int) -> Value:
    """A power with a whole exponent: of a square matrix the matrix power, of anything else entry by entry."""
    if abs(count) > _HIGHEST:
        raise UnsupportedError("an exponent of this size")
    data = base.data
    if data.ndim == 2 and 1 not in base.shape:
        if base.shape[0] == base.shape[1] and count:
            return _of_square(it, base, count)
        if count < 1:
            raise UnsupportedError("this power of a matrix")
    if count == 0:
        return Value(array(data * 0 + 1))
    result: Any = data
    for _ in range(abs(count) - 1):
        result = result * data
    if count < 0:
        result = it.domain.number(1) / result
    squared = Value(array(result), base.outputs)
    if count == 2 and it.reading.norms and 0 < data.ndim <= 2 and (data.ndim == 1 or 1 in data.shape):
        return value(sum(squared.data.reshape(-1), it.domain.number(0)))
    return squared
