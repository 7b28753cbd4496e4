"""|x|, max(x, y), [x > 0]: functions of closed constants that hang on a proved sign."""

from __future__ import annotations

from gradsheet.numerics.closed import INFINITY, ONE, ZERO, Closed


def sign(x: Closed) -> Closed:
    """`sign x` ∈ {−1, 0, 1}.

    >>> from gradsheet.numerics.elementary import log
    >>> print(sign(log(Closed.of(2)) - 1), sign(-INFINITY), sign(ZERO))
    −1 −1 0
    """
    return x if x.is_undefined else Closed.of(x.proved_sign())


def step(x: Closed) -> Closed:
    """[x > 0], which is 0 at 0."""
    return x if x.is_undefined else (ONE if x.proved_sign() > 0 else ZERO)


def absolute(x: Closed) -> Closed:
    """|x|."""
    return x if x.is_undefined or x.proved_sign() >= 0 else -x


def relu(x: Closed) -> Closed:
    """max(x, 0)."""
    return x if x.is_undefined or x.proved_sign() > 0 else ZERO


def maximum(x: Closed, y: Closed) -> Closed:
    """max(x, y).

    >>> print(maximum(-INFINITY, Closed.of(3)))
    3
    """
    return _larger(x, y)


def minimum(x: Closed, y: Closed) -> Closed:
    """min(x, y)."""
    return -_larger(-x, -y)


def _larger(x: Closed, y: Closed) -> Closed:
    if x.is_undefined or y.is_undefined or x == y:
        return y if y.is_undefined and not x.is_undefined else x
    if x.infinite or y.infinite:
        return x if x == INFINITY or y == -INFINITY else y
    return x if (x - y).proved_sign() >= 0 else y
