"""Functions of values: the table's, unspecified ones, those of vectors and matrices, small ones such as tr and diag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.meaning.errors import OutOfRangeError, UnsupportedError
from gradsheet.checking.meaning.tensors import Value, array, constants, dot, shape_text, squeezed, value
from gradsheet.numerics.functions import ELEMENTWISE
from gradsheet.operations import ARRAY_OPERATIONS, ARRAY_SPELLINGS, ELEMENTWISE_SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.evaluation import JetDomain


_NUMERIC = {"det": "determinant", "logdet": "log_determinant"}
"""Functions of arrays that are called something else where they are computed."""
_ALONG_THE_LAST = frozenset({"softmax", "logsoftmax", "logsumexp"})


def elementwise(name: str, arguments: Sequence[Value], primes: int, domain: JetDomain) -> Value:
    """f(x), f'(x), … entry by entry."""
    arity = ELEMENTWISE[name].arity
    if primes and arity > 1:
        message = f"the derivative of {name}, which has {arity} arguments"
        raise UnsupportedError(message)
    if len(arguments) != arity and not (name in {"max", "min"} and arguments):
        message = f"{name} of {len(arguments)} arguments"
        raise UnsupportedError(message)
    if arity == 1:
        (x,) = arguments
        data = x.data
        if primes:
            flat = [_primed(name, jet, primes, domain) for jet in data.reshape(-1)]
            result = np.empty(len(flat), dtype=object)
            result[:] = flat
            return Value(result.reshape(data.shape), x.outputs)
        return Value(array(domain.elementwise(name, data)), literal=x.literal)
    first, *rest = (a.data for a in arguments)
    result = first
    for other in rest:
        result = domain.elementwise(name, *np.broadcast_arrays(result, other))
    return Value(array(result))


def _primed(name: str, x: Any, primes: int, domain: JetDomain) -> Any:
    """f⁽ⁿ⁾(x(t)): the Taylor coefficients of f at x(0) tell it, without any rule."""
    order = domain.order
    at = domain.of_order(order + primes).elementwise(name, x.moving(order + primes))
    coefficients = [at.still(k, order) for k in range(order + primes + 1)]
    for _ in range(primes):
        coefficients = [k * c for k, c in enumerate(coefficients)][1:]
    away = x - x.still(0, order)
    result = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        result = result * away + coefficient
    return result


def of_array(name: str, x: Value, domain: JetDomain) -> Value:
    """Softmax, log-sum-exp, inverse, determinant; over the last axis, or the last two."""
    data = x.data
    if ARRAY_OPERATIONS[name].argument_rank == 1 and data.ndim == 2 and data.shape[0] == 1:
        inner = of_array(name, Value(data.reshape(-1)), domain).data
        return value(inner.reshape(1, -1) if inner.ndim else inner)
    if data.ndim < ARRAY_OPERATIONS[name].argument_rank:
        message = f"{name} of a scalar"
        raise UnsupportedError(message)
    if ARRAY_OPERATIONS[name].argument_rank == 2 and (data.ndim != 2 or data.shape[0] != data.shape[1]):
        message = f"{name} of something that is no square matrix"
        raise UnsupportedError(message)
    if name == "logsoftmax":
        return Value(data - np.expand_dims(array(domain.array("logsumexp", data)), -1))
    return value(domain.array(_NUMERIC.get(name, name), data))


def _total(x: Value, domain: JetDomain) -> Any:
    return sum(x.data.reshape(-1), domain.number(0))


def _sum(arguments: Sequence[Value], domain: JetDomain) -> Value:
    return value(_total(arguments[0], domain))


def _mean(arguments: Sequence[Value], domain: JetDomain) -> Value:
    return value(_total(arguments[0], domain) / max(1, arguments[0].data.size))


def _trace(arguments: Sequence[Value], domain: JetDomain) -> Value:
    data = arguments[0].data
    if not data.ndim:
        return arguments[0]
    if data.ndim != 2 or data.shape[0] != data.shape[1]:
        message = "the trace of something that is no square matrix"
        raise UnsupportedError(message)
    return value(sum(np.diagonal(data), domain.number(0)))


def _diag(arguments: Sequence[Value], domain: JetDomain) -> Value:
    x = arguments[0]
    if x.data.ndim == 2 and x.shape[0] == x.shape[1]:
        return Value(np.diagonal(x.data).copy())
    if len(arguments) > 1 and any(a.data.ndim for a in arguments):
        raise UnsupportedError("diag of several arrays")
    entries = [a.data[()] for a in arguments] if len(arguments) > 1 else squeezed(x).reshape(-1)
    result = np.empty((len(entries), len(entries)), dtype=object)
    result.fill(domain.number(0))
    for k, entry in enumerate(entries):
        result[k, k] = entry
    return value(result)


def _inner(arguments: Sequence[Value], domain: JetDomain) -> Value:
    a, b = arguments
    if a.shape == b.shape and a.data.ndim == 2:
        return value(_total(Value(a.data * b.data), domain))
    return dot(Value(squeezed(a)), Value(squeezed(b)))


def _outer(arguments: Sequence[Value], _domain: JetDomain) -> Value:
    a, b = (squeezed(x) for x in arguments)
    return value(np.multiply.outer(a, b))


def _norm(arguments: Sequence[Value], domain: JetDomain) -> Value:
    squares = value(_total(Value(arguments[0].data * arguments[0].data), domain))
    return Value(array(domain.elementwise("sqrt", squares.data)))


def _identity(arguments: Sequence[Value], _domain: JetDomain) -> Value:
    return arguments[0]


def _vec(arguments: Sequence[Value], _domain: JetDomain) -> Value:
    return value(arguments[0].data.T.reshape(-1))


def _onehot(arguments: Sequence[Value], domain: JetDomain) -> Value:
    if len(arguments) != 2:
        raise UnsupportedError("a one-hot vector whose length is not said")
    at, length = (_whole(argument) for argument in arguments)
    if not 1 <= at <= length:
        raise OutOfRangeError
    return Value(constants([k == at for k in range(1, length + 1)], domain))


def _whole(argument: Value) -> int:
    entry: Any = argument.data[()] if not argument.data.ndim else None
    exact = None if entry is None else entry.value.unique_fmpz()
    if exact is None:
        raise UnsupportedError("a one-hot vector of something that is no whole number")
    return int(exact)


SMALL: dict[str, tuple[int, Callable[[Sequence[Value], JetDomain], Value]]] = {
    "sum": (1, _sum),
    "mean": (1, _mean),
    "tr": (1, _trace),
    "trace": (1, _trace),
    "Tr": (1, _trace),
    "diag": (0, _diag),
    "Diag": (0, _diag),
    "dot": (2, _inner),
    "inner": (2, _inner),
    "outer": (2, _outer),
    "norm": (1, _norm),
    "id": (1, _identity),
    "identity": (1, _identity),
    "vec": (1, _vec),
    "onehot": (0, _onehot),
}
"""Name: how many arguments (0: any number), and what it does."""


def along(name: str, x: Value, axis: int, domain: JetDomain) -> Value:
    """Σ, mean, softmax along one axis of an array, 0 being the first."""
    if not -x.data.ndim <= axis < x.data.ndim:
        message = f"axis {axis} of {shape_text(x.shape)}"
        raise UnsupportedError(message)
    if ARRAY_SPELLINGS.get(name) in _ALONG_THE_LAST:
        result = of_array(ARRAY_SPELLINGS[name], Value(np.moveaxis(x.data, axis, -1)), domain)
        return Value(np.moveaxis(array(result.data), -1, axis)) if result.data.ndim == x.data.ndim else result
    if name not in {"sum", "mean"}:
        message = f"{name} along an axis"
        raise UnsupportedError(message)
    total = np.sum(x.data, axis=axis)
    return value(total / x.shape[axis] if name == "mean" else total)


def apply(name: str, arguments: Sequence[Value], primes: int, domain: JetDomain) -> Value | None:
    """A function of the language by its spelling; None where the name is none."""
    if name in {"max", "min"} and not primes:
        if len(arguments) == 1:
            flat = list(arguments[0].data.reshape(-1))
            arguments = [value(entry) for entry in flat]
        return elementwise(name, arguments, 0, domain)
    record = ELEMENTWISE_SPELLINGS.get(name)
    if record is not None:
        return elementwise(record, arguments, primes, domain)
    if name in ARRAY_SPELLINGS and not primes and len(arguments) == 1:
        return of_array(ARRAY_SPELLINGS[name], arguments[0], domain)
    if name in SMALL:
        count, function = SMALL[name]
        if primes and name in {"id", "identity"}:
            return Value(array(arguments[0].data * 0 + 1))
        if primes or (count and count != len(arguments)):
            return None
        return function(arguments, domain)
    return None
