"""A X = B over any scalars with proved signs: elimination, determinants, softmax and log Σ exp.

The same code serves certified numbers and jets. A pivot must be proved different from 0; where none is, a matrix that
is proved singular is told from one that is undecided. Up to 3×3 the inverse is the adjugate over the determinant, which
keeps closed forms small and needs no pivot. Leading axes beyond the matrix (or the vector) are walked through.
"""

from __future__ import annotations

from itertools import permutations
from math import prod
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_LARGEST_BY_FORMULA: Final = 3
_SINGULAR: Final = "the matrix is singular"


class Scalar(Protocol):
    """What the algorithms ask of a number; operators beyond that are Python's."""

    @property
    def sign(self) -> int | None:
        """The proved sign of the value."""

    @property
    def is_zero(self) -> bool:
        """Is proved to be 0, with all its derivatives."""

    @property
    def infinite(self) -> int:
        """1 for ∞, −1 for −∞, else 0."""

    def as_undefined(self, reason: str) -> Any:
        """A number of the same kind without a value."""

    def as_undecided(self) -> Any:
        """A number of the same kind about which nothing is known."""

    def __float__(self) -> float: ...


def determinant(A: Array) -> Any:
    """`det A`.

    >>> from gradsheet.numerics.certified import certify_array
    >>> print(determinant(certify_array([[1, 2], [3, 4]])))
    −2
    """
    if A.ndim > 2:
        return _walk(determinant, A)
    n = len(A)
    if n <= _LARGEST_BY_FORMULA:
        return sum(
            (_parity(p) * prod((A[i, p[i]] for i in range(1, n)), start=A[0, p[0]]) for p in permutations(range(n))),
            start=0,
        )
    pivots, failed = _eliminate(A, np.empty((n, 0), dtype=object))[1:]
    return (A[0, 0] * 0 if failed == _SINGULAR else A[0, 0].as_undecided()) if failed else prod(pivots)


def log_determinant(A: Array, log: Callable[[Any], Any]) -> Any:
    """`log det A`, where det A is proved positive."""
    if A.ndim > 2:
        return _walk(lambda a: log_determinant(a, log), A)
    value = determinant(A)
    if value.sign is None:
        return value.as_undecided()
    return log(value) if value.sign > 0 else value.as_undefined("logarithm of a determinant that is not positive")


def inverse(A: Array) -> Array:
    """A⁻¹.

    >>> from gradsheet.numerics.certified import certify_array
    >>> print(inverse(certify_array([[1, 2], [3, 4]])))
    [[Certified(−2) Certified(1)]
     [Certified(3/2) Certified(−1/2)]]
    """
    if A.ndim > 2:
        return np.stack([inverse(a) for a in A])
    n = len(A)
    if n <= _LARGEST_BY_FORMULA:
        value = determinant(A)
        if value.sign in {None, 0}:
            return _filled((n, n), value.as_undecided() if value.sign is None else value.as_undefined(_SINGULAR))
        quotient: Array = _adjugate(A) / value
        return quotient
    identity = _filled((n, n), A[0, 0] * 0)
    for i in range(n):
        identity[i, i] = identity[i, i] + 1
    return solve(A, identity)


def solve(A: Array, B: Array) -> Array:
    """X with A X = B, where B is a vector or a matrix of right-hand sides."""
    if A.ndim > 2:
        return np.stack([solve(a, b) for a, b in zip(A, B, strict=True)])
    n = len(A)
    if n <= _LARGEST_BY_FORMULA:
        product: Array = np.dot(inverse(A), B)
        return product
    right = B.reshape(n, -1)
    solution, _, failed = _eliminate(A, right)
    if failed:
        nothing = A[0, 0].as_undefined(failed) if failed == _SINGULAR else A[0, 0].as_undecided()
        return _filled(B.shape, nothing)
    return solution.reshape(B.shape)


def softmax(x: Array, exp: Callable[[Any], Any]) -> Array:
    """e^(xᵢ − c) / Σⱼ e^(xⱼ − c) over the last axis, with one of the entries for c.

    Equal entries get exactly 1/n, and −∞ gets exactly 0.

    >>> from gradsheet.numerics.certified import certify_array
    >>> from gradsheet.numerics.functions import ELEMENTWISE
    >>> print(softmax(certify_array([7, float("-inf"), 7]), ELEMENTWISE["exp"].certified))
    [Certified(1/2) Certified(0) Certified(1/2)]
    """
    if x.ndim > 1:
        return np.stack([softmax(row, exp) for row in x])
    shifted, reference = _shifted_exponentials(x, exp)
    if not shifted:
        return _filled(x.shape, reference)
    total = sum(shifted.values(), start=reference * 0)
    result = _filled(x.shape, reference * 0)
    for i, e in shifted.items():
        result[i] = e / total
    return result


def logsumexp(x: Array, exp: Callable[[Any], Any], log: Callable[[Any], Any]) -> Any:
    """`log Σⱼ exp xⱼ` over the last axis: −∞ where every entry is −∞."""
    if x.ndim > 1:
        return _walk(lambda row: logsumexp(row, exp, log), x)
    if all(e.infinite < 0 for e in x):
        return x[0]
    shifted, reference = _shifted_exponentials(x, exp)
    return reference + log(sum(shifted.values(), start=reference * 0)) if shifted else reference


def _shifted_exponentials(x: Array, exp: Callable[[Any], Any]) -> tuple[dict[int, Any], Any]:
    """e^(xᵢ − c) for the entries above −∞, and c; none, and what stands for the whole, where there is no such c."""
    finite = {i: e for i, e in enumerate(x) if e.infinite >= 0}
    if not finite or any(e.infinite for e in finite.values()):
        return {}, x[0].as_undefined("softmax without a finite largest entry")
    reference = max(finite.values(), key=lambda e: -np.inf if np.isnan(float(e)) else float(e))
    return {i: exp(e * 0 if e is reference else e - reference) for i, e in finite.items()}, reference


def _adjugate(A: Array) -> Array:
    n = len(A)
    result = np.empty((n, n), dtype=object)
    if n == 1:
        result[0, 0] = A[0, 0] * 0 + 1
        return result
    for i in range(n):
        for j in range(n):
            minor = np.delete(np.delete(A, j, axis=0), i, axis=1)
            result[i, j] = determinant(minor) * (-1) ** (i + j)
    return result


def _eliminate(A: Array, B: Array) -> tuple[Array, list[Any], str | None]:
    """Gauss–Jordan: (A⁻¹B, the pivots with the sign of the row exchanges, why it failed)."""
    n = len(A)
    rows = np.concatenate([A, B], axis=1).astype(object)
    pivots: list[Any] = []
    for k in range(n):
        usable = [i for i in range(k, n) if rows[i, k].sign in {1, -1}]
        if not usable:
            singular = all(rows[i, k].is_zero for i in range(k, n))
            return rows[:, n:], pivots, _SINGULAR if singular else "no pivot is proved different from 0"
        sizes = [abs(float(rows[i, k])) for i in usable]
        best = usable[sizes.index(max(sizes))]
        pivots.append(rows[best, k] if best == k else -rows[best, k])
        rows[[k, best]] = rows[[best, k]]
        rows[k, k:] = rows[k, k:] / rows[k, k]
        for i in range(n):
            if i != k and not rows[i, k].is_zero:
                rows[i, k:] = rows[i, k:] - rows[k, k:] * rows[i, k]
    return rows[:, n:], pivots, None


def _parity(permutation: tuple[int, ...]) -> int:
    inversions = sum(a > b for i, a in enumerate(permutation) for b in permutation[i + 1 :])
    return -1 if inversions % 2 else 1


def _walk(function: Callable[[Array], Any], A: Array) -> Array:
    values = [function(a) for a in A]
    result = np.empty((len(values), *np.shape(values[0])), dtype=object)
    for i, value in enumerate(values):
        result[i] = value
    return result


def _filled(shape: tuple[int, ...], value: Any) -> Array:
    result = np.empty(shape, dtype=object)
    result.fill(value)
    return result
