"""f(c₀ + c₁ t + ⋯): the elementary functions of jets, composed from python-flint's power series.

tanh and σ are composed from exponentials, arsinh from a logarithm. What hangs on a sign (relu, |x|, max) takes the sign
of the value; at a kink it has a value and no derivatives.

    >>> print(exp(Jet.variable(0, 1, 3)).series)
    1.00000000000000 + 1.00000000000000*x + 0.500000000000000*x^2 + ([0.166666666666667 +/- 3.71e-16])*x^3 + O(x^4)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flint import arb, arb_series, fmpq

from gradsheet.numerics.jets import Jet, on_series, power_of_whole

if TYPE_CHECKING:
    from collections.abc import Callable

_NONE: Final = arb.nan()
_INFINITY: Final = arb.pos_inf()


def _with_limits(low: arb, high: arb, function: Callable[[Jet], Jet]) -> Callable[[Jet], Jet]:
    """A function with its values at −∞ and ∞; the limits do not move."""

    def apply(x: Jet) -> Jet:
        infinite = x.infinite
        return Jet.constant(low if infinite < 0 else high, x.order) if infinite else function(x)

    return apply


def _odd(function: Callable[[Jet], Jet]) -> Callable[[Jet], Jet]:
    """f(x) = −f(−x), so that no digits are lost left of 0."""
    return lambda x: -function(-x) if x.value < 0 else function(x)


def _half() -> arb:
    return arb(fmpq(1, 2))


def _root(x: Jet) -> Jet:
    return _at_kink(x, 0) if x.value.is_zero() else on_series(lambda s: s.sqrt())(x)


def _at_kink(x: Jet, value: int) -> Jet:
    """A value without derivatives, unless x does not move at all."""
    if all(c.is_zero() for c in x.series.coeffs()[1:]):
        return Jet.constant(value, x.order)
    return Jet(arb_series([arb(value), *[arb.nan()] * x.order], prec=x.order + 1))


def _sigmoid(x: Jet) -> Jet:
    return 1 / (exp(-x) + 1)


def _tanh(x: Jet) -> Jet:
    if x.value > 0:
        return -_tanh(-x)
    square = exp(x * 2)
    return (square - 1) / (square + 1)


def _softplus(x: Jet) -> Jet:
    return x + log(exp(-x) + 1) if x.value > 0 else log(exp(x) + 1)


def _arsinh(x: Jet) -> Jet:
    return log(x + sqrt(x * x + 1))


def _lgamma(x: Jet) -> Jet:
    if x.value > 0:
        return on_series(lambda s: s.lgamma())(x)
    sine = on_series(lambda s: s.sin_pi())(x)
    return log(Jet.constant(arb.pi(), x.order) / absolute(sine)) - _lgamma(1 - x)


def _digamma(x: Jet) -> Jet:
    # (log Γ)' by a series of one order more, then composed with the way in which x moves.
    outer = _lgamma(Jet(arb_series([x.value, 1], prec=x.order + 2))).series.derivative()
    inner = arb_series([0, *x.series.coeffs()[1:]], prec=x.order + 1)
    return Jet(outer(inner)) if inner.length() else Jet.constant(outer[0], x.order)


exp = _with_limits(arb(0), _INFINITY, on_series(lambda s: s.exp()))
log = _with_limits(_NONE, _INFINITY, on_series(lambda s: s.log()))
sqrt = _with_limits(_NONE, _INFINITY, _root)
tanh = _with_limits(arb(-1), arb(1), _tanh)
sigmoid = _with_limits(arb(0), arb(1), _sigmoid)
softplus = _with_limits(arb(0), _INFINITY, _softplus)
sin = _with_limits(_NONE, _NONE, on_series(lambda s: s.sin()))
cos = _with_limits(_NONE, _NONE, on_series(lambda s: s.cos()))
tan = _with_limits(_NONE, _NONE, on_series(lambda s: s.tan()))
arcsin = _with_limits(_NONE, _NONE, on_series(lambda s: s.asin()))
arccos = _with_limits(_NONE, _NONE, on_series(lambda s: s.acos()))
sinh = _with_limits(-_INFINITY, _INFINITY, lambda x: (exp(x) - exp(-x)) * _half())
cosh = _with_limits(_INFINITY, _INFINITY, lambda x: (exp(x) + exp(-x)) * _half())
arsinh = _with_limits(-_INFINITY, _INFINITY, _odd(_arsinh))
erf = _with_limits(arb(-1), arb(1), on_series(lambda s: s.erf()))
lgamma = _with_limits(_NONE, _INFINITY, _lgamma)
digamma = _with_limits(_NONE, _INFINITY, _digamma)


def arctan(x: Jet) -> Jet:
    """`arctan x`."""
    quarter = arb.pi() / 2
    return _with_limits(-quarter, quarter, on_series(lambda s: s.atan()))(x)


def normal_cdf(x: Jet) -> Jet:
    """Φ(x) = erfc(−x/√2)/2."""
    scaled = x * (-1 / arb(2).sqrt())
    return _with_limits(arb(2), arb(0), on_series(lambda s: s.erfc()))(scaled) * _half()


def expm1(x: Jet) -> Jet:
    """eˣ − 1."""
    return exp(x) - 1


def log1p(x: Jet) -> Jet:
    """log(1 + x)."""
    return log(x + 1)


def power(x: Jet, y: Jet) -> Jet:
    """xʸ: by multiplication where y is a fixed whole number, else e^(y log x) with x > 0.

    >>> print(power(Jet.variable(-2, 1), Jet.constant(3)).series)
    (-8.00000000000000) + 12.0000000000000*x + O(x^2)
    """
    n = y.value.unique_fmpz() if y.value.is_exact() and y.value.is_finite() else None
    if n is not None and all(c.is_zero() for c in y.series.coeffs()[1:]):
        return power_of_whole(x, int(n))
    if x.value.is_zero():
        return _at_kink(x, 0) if y.value > 0 else Jet.undecided(x.order)
    return exp(y * log(x))


def sign(x: Jet) -> Jet:
    """`sign x`; its derivatives are 0 where it has any."""
    return _by_sign(x, Jet.constant(-1, x.order), Jet.constant(1, x.order))


def step(x: Jet) -> Jet:
    """[x > 0]."""
    return _by_sign(x, Jet.constant(0, x.order), Jet.constant(1, x.order))


def absolute(x: Jet) -> Jet:
    """|x|."""
    return _by_sign(x, -x, x)


def relu(x: Jet) -> Jet:
    """max(x, 0)."""
    return _by_sign(x, Jet.constant(0, x.order), x)


def maximum(x: Jet, y: Jet) -> Jet:
    """max(x, y)."""
    return _chosen(x, y, larger=True)


def minimum(x: Jet, y: Jet) -> Jet:
    """min(x, y)."""
    return _chosen(x, y, larger=False)


def _by_sign(x: Jet, negative: Jet, positive: Jet) -> Jet:
    known = x.sign
    if known is None:
        return Jet.undecided(x.order)
    return _at_kink(x, 0) if known == 0 else positive if known > 0 else negative


def _chosen(x: Jet, y: Jet, *, larger: bool) -> Jet:
    if x.infinite or y.infinite:
        first_is_larger: int | None = 1 if x.infinite > 0 or y.infinite < 0 else -1
    else:
        first_is_larger = (x - y).sign
    if first_is_larger is None:
        return Jet.undecided(x.order)
    if first_is_larger == 0:
        # Both have the value of x; what moves alike on both sides has derivatives.
        apart = _at_kink(x - y, 0)
        return x + apart
    return x if (first_is_larger > 0) == larger else y
