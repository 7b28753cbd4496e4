"""The functions once more, by mpmath at 60 digits: an oracle that shares nothing with the balls."""

from __future__ import annotations

from mpmath import mp, mpf

DIGITS = 60
mp.dps = DIGITS


def softplus(x):
    return mp.log1p(mp.exp(x))


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def normal_cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def relu(x):
    return x if x > 0 else mpf(0)


REFERENCE = {
    "exp": mp.exp,
    "log": mp.log,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": mp.log1p,
    "expm1": mp.expm1,
    "sqrt": mp.sqrt,
    "square": lambda x: x * x,
    "pow": mp.power,
    "tanh": mp.tanh,
    "sigmoid": sigmoid,
    "log_sigmoid": lambda x: -softplus(-x),
    "softplus": softplus,
    "relu": relu,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "arcsin": mp.asin,
    "arccos": mp.acos,
    "arctan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "arsinh": mp.asinh,
    "erf": mp.erf,
    "normal_cdf": normal_cdf,
    "gelu": lambda x: x * normal_cdf(x),
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "elu": lambda x, a: x if x > 0 else a * mp.expm1(x),
    "leaky_relu": lambda x, a: x if x > 0 else a * x,
    "abs": abs,
    "sign": mp.sign,
    "step": lambda x: mpf(1) if x > 0 else mpf(0),
    "max": max,
    "min": min,
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_tanh": lambda x: max(min(x, mpf(1)), mpf(-1)),
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
    "digamma": mp.digamma,
}


def rational(q):
    return mpf(int(q.numerator)) / mpf(int(q.denominator))


def real(ball_end):
    """An exact ball as an mpf."""
    mantissa, exponent = ball_end.man_exp()
    return mp.ldexp(mpf(int(mantissa)), int(exponent))


SLACK = mpf(10) ** (10 - DIGITS)


def encloses(ball, value, slack=SLACK):
    """Whether a finite ball holds a number that mpmath knows to about 60 digits."""
    if not ball.is_finite():
        return False
    return abs(real(ball.mid()) - value) <= real(ball.rad()) + slack * max(1, abs(value))
