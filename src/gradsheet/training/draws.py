"""Random numbers that are the same on every machine: bits of PCG64, and arithmetic that IEEE 754 fixes.

NumPy promises the bits of a generator, but neither the way from bits to distributions nor the last digit of a
logarithm. So that way is written here, in additions, products, quotients and roots alone.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Wichura (1988), algorithm AS 241, PPND16: the quantile of the normal distribution to about 1 part in 10^16.
_MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.3871328727963666080),
    (5226.4952788528545610, 28729.085735721942674, 39307.895800092710610, 21213.794301586595867,
     5394.1960214247511077, 687.18700749205790830, 42.313330701600911252, 1.0),
)  # fmt: skip
_NEAR = (
    (7.74545014278341407640e-4, 0.0227238449892691845833, 0.241780725177450611770, 1.27045825245236838258,
     3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 0.0151986665636164571966, 0.148103976427480074590,
     0.689767334985100004550, 1.67638483018380384940, 2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 0.0265321895265761230930,
     0.296560571828504891230, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     0.0148753612908506148525, 0.136929880922735805310, 0.599832206555887937690, 1.0),
)  # fmt: skip
_LOG_TERMS = 13


def stream(seed: int, name: str) -> np.random.PCG64:
    """The bits of a name under a seed: those of one name do not hang on which other names there are."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.PCG64([seed, *(int.from_bytes(digest[k : k + 4], "little") for k in range(0, 16, 4))])


def standard_uniform(bits: np.random.PCG64, shape: Sequence[int]) -> Floats:
    """Numbers in the open interval (0, 1), in the middles of 2⁵³ equal parts.

    >>> standard_uniform(stream(0, "W"), (2,)).tolist() == standard_uniform(stream(0, "W"), (2,)).tolist()
    True
    """
    raw = np.asarray(bits.random_raw(math.prod(shape)), dtype=np.uint64)
    parts = (raw >> np.uint64(12)).astype(np.float64)
    return ((parts + 0.5) * 2.0**-52).reshape(shape)


def standard_normal(bits: np.random.PCG64, shape: Sequence[int]) -> Floats:
    """Numbers of the normal distribution with mean 0 and deviation 1, by its quantiles."""
    return quantile(standard_uniform(bits, shape).reshape(-1)).reshape(shape)


def quantile(p: Floats) -> Floats:
    """Φ⁻¹(p).

    >>> quantile(np.array([0.5, 0.975, 1e-10])).round(6).tolist()
    [0.0, 1.959964, -6.361341]
    """
    q = p - 0.5
    middle = np.abs(q) <= 0.425
    found = q * _ratio(_MIDDLE, 0.180625 - q * q)
    r = np.sqrt(-_log(np.where(q < 0, p, 1.0 - p)))
    tail = np.where(r <= 5.0, _ratio(_NEAR, r - 1.6), _ratio(_FAR, r - 5.0))
    return np.asarray(np.where(middle, found, np.where(q < 0, -tail, tail)))


def orthonormal_rows(rows: Floats) -> Floats:
    """Rows made orthogonal and of length 1, one after the other, each twice (Giraud, Langou & Rozložník 2005).

    Written with sums of a fixed order, because a library's product may differ in its last digits between machines.
    """
    found = rows.copy()
    for k in range(len(found)):
        for _ in range(2):
            shares = _total(found[:k] * found[k], axis=1)
            found[k] -= _total(shares[:, None] * found[:k], axis=0)
        found[k] /= np.sqrt(_total(found[k] * found[k], axis=0))
    return found


def _total(terms: Floats, axis: int) -> Floats:
    """Σ by halves: the order of the additions is that of the indices, on every machine."""
    terms = np.moveaxis(terms, axis, 0)
    if not len(terms):
        return np.zeros(terms.shape[1:])
    while len(terms) > 1:
        half = len(terms) // 2
        rest = terms[2 * half :]
        terms = np.concatenate([terms[:half] + terms[half : 2 * half], rest]) if len(rest) else (
            terms[:half] + terms[half : 2 * half]
        )  # fmt: skip
    return np.asarray(terms[0])


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    above, below = (np.full_like(x, c[0]) for c in coefficients)
    for a, b in zip(coefficients[0][1:], coefficients[1][1:], strict=True):
        above = above * x + a
        below = below * x + b
    return above / below


def _log(x: Floats) -> Floats:
    """Log x = e log 2 + 2 artanh((m − 1)/(m + 1)) for x = m 2ᵉ with m between √½ and √2."""
    m, e = np.frexp(x)
    small = m < math.sqrt(0.5)
    m, e = np.where(small, 2.0 * m, m), np.where(small, e - 1, e)
    s = (m - 1.0) / (m + 1.0)
    square = s * s
    series = np.zeros_like(s)
    for k in range(_LOG_TERMS, -1, -1):
        series = series * square + 1.0 / (2 * k + 1)
    return np.asarray(e * 0.6931471805599453 + 2.0 * s * series)


__all__ = ["orthonormal_rows", "quantile", "standard_normal", "standard_uniform", "stream"]
