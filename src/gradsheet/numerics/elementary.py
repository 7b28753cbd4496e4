"""exp(q log r) = r^q: exp, log, powers, tanh, σ and their kin on closed constants, by proved rules.

Every function takes closed constants and gives one. ∞ and undefined values pass through; a value without a form within
the budget raises `NoClosedFormError`. tanh, σ and erf stay what they are and are not written out in exponentials.
"""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, Final

from flint import fmpq

from gradsheet.numerics.atoms import Atom, atom, monomial_of
from gradsheet.numerics.budget import UndecidedError
from gradsheet.numerics.closed import (
    INFINITY,
    ONE,
    PI,
    ZERO,
    Closed,
    function_value,
    product_of,
    sum_of,
)
from gradsheet.numerics.powers import factored, generator_power
from gradsheet.numerics.roots import factors
from gradsheet.numerics.rules import ClosedFunction, Rule, at, even, odd, undefined_below_zero

if TYPE_CHECKING:
    from collections.abc import Callable

HALF: Final = Closed.of(fmpq(1, 2))
_LARGEST_FACTORIAL: Final = 100
_BITS_OF_EXPONENTS: Final = 128


def exp(x: Closed) -> Closed:
    """eˣ.

    >>> print(exp(Closed.of(2)) * exp(Closed.of(-2)), exp(-INFINITY), exp(log(Closed.of(3)) / 2))
    1 0 √3
    """
    return _EXP(x)


def log(x: Closed) -> Closed:
    """`log x`, the natural logarithm of x > 0.

    >>> print(log(Closed.of(fmpq(1, 3))), log(exp(Closed.of(5))), log(Closed.of(-1)))
    −log(3) 5 undefined: logarithm of −1
    """
    return _LOG(x)


def sqrt(x: Closed) -> Closed:
    """√x for x ≥ 0.

    >>> print(sqrt(Closed.of(fmpq(8, 9))), sqrt(Closed.of(-2)))
    2 √2/3 undefined: square root of −2
    """
    return x ** fmpq(1, 2)


def power(x: Closed, y: Closed) -> Closed:
    """xʸ: for y rational exactly, else e^(y log x) with x > 0.

    >>> print(power(Closed.of(9), -HALF), power(Closed.of(2), log(Closed.of(3)) / log(Closed.of(2))))
    1/3 3
    """
    if x.is_undefined or y.is_undefined:
        return x if x.is_undefined else y
    if y.is_rational:
        return x**y.rational
    if x.proved_sign() < 0:
        if y.to_ball(_BITS_OF_EXPONENTS).contains_integer():
            message = "whether an exponent is a whole number"
            raise UndecidedError(message)
        return Closed.undefined(f"irrational power of {x.name}")
    if x.is_zero:
        return ZERO if y.proved_sign() > 0 else Closed.undefined("division by zero")
    return exp(y * log(x))


def expm1(x: Closed) -> Closed:
    """eˣ − 1."""
    return exp(x) - 1


def log1p(x: Closed) -> Closed:
    """log(1 + x)."""
    return log(x + 1)


def softplus(x: Closed) -> Closed:
    """log(1 + eˣ).

    >>> print(softplus(ZERO))
    log(2)
    """
    return log(exp(x) + 1)


def tanh(x: Closed) -> Closed:
    """`tanh x`.

    >>> print(tanh(Closed.of(fmpq(-3, 10))), tanh(log(Closed.of(2))))
    −tanh(3/10) 3/5
    """
    return _TANH(x)


def sigmoid(x: Closed) -> Closed:
    """σ(x) = 1/(1 + e⁻ˣ).

    >>> print(sigmoid(ZERO), sigmoid(Closed.of(-1)), sigmoid(log(Closed.of(3))))
    1/2 1 − σ(1) 3/4
    """
    return _SIGMOID(x)


def sinh(x: Closed) -> Closed:
    """`sinh x`."""
    return _SINH(x)


def cosh(x: Closed) -> Closed:
    """`cosh x`."""
    return _COSH(x)


def arsinh(x: Closed) -> Closed:
    """`arsinh x`."""
    return _ARSINH(x)


def erf(x: Closed) -> Closed:
    """`erf x` = 2/√π ∫₀ˣ e^(−t²) dt."""
    return _ERF(x)


def normal_cdf(x: Closed) -> Closed:
    """Φ(x) = (1 + erf(x/√2))/2."""
    return (erf(x / sqrt(Closed.of(2))) + 1) / 2


def lgamma(x: Closed) -> Closed:
    """`log |Γ(x)|`.

    >>> print(lgamma(Closed.of(4)), lgamma(HALF), lgamma(Closed.of(-1)))
    log(6) log(π)/2 undefined: Γ(−1)
    """
    return _LGAMMA(x)


def digamma(x: Closed) -> Closed:
    """ψ(x) = Γ'(x)/Γ(x)."""
    return _DIGAMMA(x)


def _each_term(x: Closed) -> Closed | None:
    if len(x.terms) < 2:
        return None
    return product_of(exp(Closed({m: c})) for m, c in x.terms.items())


def _exp_of_log(x: Closed) -> Closed | None:
    ((m, c),) = x.terms.items()
    if len(m) == 1 and m[0][1] == 1 and m[0][0].kind == "log":
        return m[0][0].argument ** c
    return None


def _exp_of_multiple(x: Closed) -> Closed:
    ((m, c),) = x.terms.items()
    return generator_power(atom("exp", Closed({m: fmpq(1)})), c, Closed)


def _log_of_rational(x: Closed) -> Closed | None:
    if not x.is_rational:
        return None
    r = x.rational
    signed = ((int(r.p), 1), (int(r.q), -1))
    return sum_of(
        function_value("log", Closed.of(b)) * (k * direction) for n, direction in signed for b, k in factors(n)
    )


def _log_of_product(x: Closed) -> Closed | None:
    c, m, bracket, degree = factored(x)
    if (abs(c) != 1) + len(m) + degree < 2:
        return None
    factors_of_x = [(Closed.of(abs(c)), fmpq(1)), *((_magnitude(a), k) for a, k in m)]
    if degree:
        factors_of_x.append((bracket, fmpq(degree)))
    return sum_of(log(factor) * k for factor, k in factors_of_x)


def _log_of_power(x: Closed) -> Closed | None:
    if len(x.terms) > 1:
        return None
    ((m, _),) = x.terms.items()
    ((generator, q),) = m
    if generator.kind == "exp":
        return generator.argument * q
    return log(_magnitude(generator)) * q if q != 1 or generator.kind == "group" else None


def _log_of_sigmoid(x: Closed) -> Closed | None:
    for m in x.terms:
        if len(m) == 1 and m[0][0].kind == "sigmoid":
            s, argument = Closed({m: fmpq(1)}), m[0][0].argument
            if x in {s, 1 - s}:
                return -softplus(-argument if x == s else argument)
    return None


def _magnitude(generator: Atom) -> Closed:
    """|g| as a constant."""
    if generator.sign is None:
        message = f"the sign of {generator.kind} is not proved"
        raise UndecidedError(message)
    if generator.kind == "base":
        return Closed.of(generator.base)
    return generator.argument if generator.kind == "group" else Closed({monomial_of(generator): fmpq(generator.sign)})


def _rational_exponential(x: Closed) -> Closed | None:
    """eˣ where x is a sum of logarithms of whole numbers and eˣ is rational."""
    if any(len(m) != 1 or m[0][0].kind != "log" for m in x.terms):
        return None
    y = exp(x)
    return y if y.is_rational else None


def _of_log(body: Callable[[Closed], Closed]) -> Callable[[Closed], Closed | None]:
    def apply(x: Closed) -> Closed | None:
        y = _rational_exponential(x)
        return None if y is None else body(y)

    return apply


def _gamma_pole(x: Closed) -> Closed | None:
    if x.is_rational and x.rational.q == 1 and x.rational <= 0:
        return Closed.undefined(f"Γ({x})")
    if not x.is_rational and x.proved_sign() < 0:
        raise UndecidedError("Γ left of 0 at an irrational point")
    return None


def _lgamma_of_whole(x: Closed) -> Closed | None:
    if x.is_rational and x.rational.q == 1 and x.rational <= _LARGEST_FACTORIAL:
        return log(Closed.of(factorial(int(x.rational.p) - 1)))
    return None


_EXP: Final = ClosedFunction("exp", (ZERO, INFINITY), (
    Rule("exp_of_zero", "exp 0 = 1", at(0, ONE)),
    Rule("exp_of_sum", "exp(a + b) = exp a · exp b", _each_term),
    Rule("exp_of_log", "exp(q log r) = r^q", _exp_of_log),
    Rule("exp_of_multiple", "exp(q x) = (exp x)^q", _exp_of_multiple),
))  # fmt: skip
_LOG: Final = ClosedFunction("log", ("logarithm of −∞", INFINITY), (
    Rule("log_of_nonpositive", "log x has no value for x ≤ 0", undefined_below_zero("logarithm", at_zero=True)),
    Rule("log_of_one", "log 1 = 0", at(1, ZERO)),
    Rule("log_of_rational", "log(2³/3) = 3 log 2 − log 3", _log_of_rational),
    Rule("log_of_product", "log(a b) = log a + log b for a, b > 0", _log_of_product),
    Rule("log_of_power", "log(a^q) = q log a, log(exp a) = a", _log_of_power),
    Rule("log_of_sigmoid", "log σ(x) = −log(1 + exp(−x))", _log_of_sigmoid),
))  # fmt: skip
_TANH: Final = ClosedFunction("tanh", (-ONE, ONE), (
    Rule("tanh_of_zero", "tanh 0 = 0", at(0, ZERO)),
    Rule("tanh_of_log", "tanh(log r) = (r² − 1)/(r² + 1)", _of_log(lambda r: (r * r - 1) / (r * r + 1))),
    odd("tanh", tanh),
))  # fmt: skip
_SIGMOID: Final = ClosedFunction("sigmoid", (ZERO, ONE), (
    Rule("sigmoid_of_zero", "σ(0) = 1/2", at(0, HALF)),
    Rule("sigmoid_of_log", "σ(log r) = r/(1 + r)", _of_log(lambda r: r / (1 + r))),
    Rule("sigmoid_of_negative", "σ(−x) = 1 − σ(x)",
        lambda x: 1 - sigmoid(-x) if x.proved_sign() < 0 else None),
))  # fmt: skip
_SINH: Final = ClosedFunction("sinh", (-INFINITY, INFINITY), (
    Rule("sinh_of_zero", "sinh 0 = 0", at(0, ZERO)),
    Rule("sinh_of_log", "sinh(log r) = (r − 1/r)/2", _of_log(lambda r: (r - 1 / r) / 2)),
    odd("sinh", sinh),
))  # fmt: skip
_COSH: Final = ClosedFunction("cosh", (INFINITY, INFINITY), (
    Rule("cosh_of_zero", "cosh 0 = 1", at(0, ONE)),
    Rule("cosh_of_log", "cosh(log r) = (r + 1/r)/2", _of_log(lambda r: (r + 1 / r) / 2)),
    even("cosh", cosh),
))  # fmt: skip
_ARSINH: Final = ClosedFunction("arsinh", (-INFINITY, INFINITY), (
    Rule("arsinh_of_zero", "arsinh 0 = 0", at(0, ZERO)),
    odd("arsinh", arsinh),
))  # fmt: skip
_ERF: Final = ClosedFunction("erf", (-ONE, ONE), (
    Rule("erf_of_zero", "erf 0 = 0", at(0, ZERO)),
    odd("erf", erf),
))  # fmt: skip
_LGAMMA: Final = ClosedFunction("lgamma", ("log Γ(−∞)", INFINITY), (
    Rule("gamma_pole", "Γ has no value at 0, −1, −2, …", _gamma_pole),
    Rule("lgamma_of_whole", "log Γ(n) = log (n − 1)!", _lgamma_of_whole),
    Rule("lgamma_of_half", "log Γ(1/2) = log(π)/2", lambda x: log(PI) / 2 if x == HALF else None),
))  # fmt: skip
_DIGAMMA: Final = ClosedFunction("digamma", ("ψ(−∞)", INFINITY), (
    Rule("digamma_pole", "ψ has no value at 0, −1, −2, …", _gamma_pole),
))  # fmt: skip

TRANSCENDENTAL: Final = (_EXP, _LOG, _TANH, _SIGMOID, _SINH, _COSH, _ARSINH, _ERF, _LGAMMA, _DIGAMMA)
