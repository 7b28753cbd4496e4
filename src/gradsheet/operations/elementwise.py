"""Elementwise functions: derivative in input x and output y, and the sentence of the rule."""

from __future__ import annotations

from fractions import Fraction

from gradsheet.expressions import Constant, Number
from gradsheet.operations.record import Elementwise
from gradsheet.operations.terms import T, bracket, call, either

_HALF = Fraction(1, 2)
PI = T(Constant("π"))


def _max_rules(a: T, b: T, _y: T) -> tuple[T, T]:
    # Against a constant the kink convention is ReLU'(0) = 0; between two variables the first one takes a tie.
    tie = ">" if isinstance(b.expr, Number) else "≥"
    return bracket(a, tie, b), bracket(b, ">", a)


def _min_rules(a: T, b: T, _y: T) -> tuple[T, T]:
    tie = "<" if isinstance(b.expr, Number) else "≤"
    return bracket(a, tie, b), bracket(b, "<", a)


_TABLE: tuple[Elementwise, ...] = (
    Elementwise("exp", ("exp",), 1, lambda x, y: (y,), "exp' = exp", r"\exp", positive=True),
    Elementwise(
        "log", ("log", "ln"), 1, lambda x, y: (1 / x,), "log'(x) = 1/x", r"\log",
        sample=(0.5, 2.5), undefined="x ≤ 0",
    ),
    Elementwise("log2", ("log2",), 1, lambda x, y: (1 / (x * call("log", _two())),), "log₂'(x) = 1/(x log 2)",
        r"\log_2", sample=(0.5, 2.5), undefined="x ≤ 0", definition=lambda x: call("log", x) / call("log", _two())),
    Elementwise("log10", ("log10",), 1, lambda x, y: (1 / (x * call("log", _ten())),), "log₁₀'(x) = 1/(x log 10)",
        r"\log_{10}", sample=(0.5, 2.5), undefined="x ≤ 0", definition=lambda x: call("log", x) / call("log", _ten())),
    Elementwise("log1p", ("log1p",), 1, lambda x, y: (1 / (1 + x),), "log1p'(x) = 1/(1 + x)", r"\operatorname{log1p}",
        sample=(-0.5, 2.0), undefined="x ≤ -1", definition=lambda x: call("log", 1 + x)),
    Elementwise("expm1", ("expm1",), 1, lambda x, y: (call("exp", x),), "expm1' = exp", r"\operatorname{expm1}",
        definition=lambda x: call("exp", x) - 1),
    Elementwise(
        "sqrt", ("sqrt",), 1, lambda x, y: (1 / (2 * y),), "√'(x) = 1/(2 √x)", r"\sqrt",
        sample=(0.5, 2.5), positive=True, undefined="x < 0", definition=lambda x: x**_HALF,
    ),
    Elementwise("square", ("square",), 1, lambda x, y: (2 * x,), "(x²)' = 2 x", r"\operatorname{square}",
        definition=lambda x: x**2),
    Elementwise("tanh", ("tanh",), 1, lambda x, y: (1 - y**2,), "tanh' = 1 − tanh²", r"\tanh"),
    Elementwise("sigmoid", ("σ", "sigmoid", "logistic", "expit"), 1, lambda x, y: (y * (1 - y),),
        "σ' = σ (1 − σ)", r"\sigma", positive=True, definition=lambda x: 1 / (1 + call("exp", -x))),
    Elementwise("log_sigmoid", ("log_sigmoid", "logsigmoid"), 1, lambda x, y: (call("sigmoid", -x),),
        "(log σ)'(x) = σ(−x)", r"\log\sigma", definition=lambda x: call("log", call("sigmoid", x))),
    Elementwise("relu", ("relu", "ReLU"), 1, lambda x, y: (bracket(x, ">", 0),), "relu'(x) = [x > 0]",
        r"\operatorname{relu}", sample=(0.2, 2.0), kink="relu'(0) = 0",
        definition=lambda x: either(x, ">", 0, x, 0)),
    Elementwise("softplus", ("softplus",), 1, lambda x, y: (call("sigmoid", x),), "softplus' = σ",
        r"\operatorname{softplus}", positive=True, definition=lambda x: call("log", 1 + call("exp", x))),
    Elementwise("sin", ("sin",), 1, lambda x, y: (call("cos", x),), "sin' = cos", r"\sin"),
    Elementwise("cos", ("cos",), 1, lambda x, y: (-call("sin", x),), "cos' = −sin", r"\cos"),
    Elementwise("tan", ("tan",), 1, lambda x, y: (1 + y**2,), "tan' = 1 + tan²", r"\tan", sample=(-1.0, 1.0)),
    Elementwise("arcsin", ("arcsin", "asin"), 1, lambda x, y: (1 / call("sqrt", 1 - x**2),),
        "arcsin'(x) = 1/√(1 − x²)", r"\arcsin", sample=(-0.8, 0.8), undefined="|x| > 1"),
    Elementwise("arccos", ("arccos", "acos"), 1, lambda x, y: (-(1 / call("sqrt", 1 - x**2)),),
        "arccos'(x) = −1/√(1 − x²)", r"\arccos", sample=(-0.8, 0.8), undefined="|x| > 1"),
    Elementwise("arctan", ("arctan", "atan"), 1, lambda x, y: (1 / (1 + x**2),), "arctan'(x) = 1/(1 + x²)", r"\arctan"),
    Elementwise("sinh", ("sinh",), 1, lambda x, y: (call("cosh", x),), "sinh' = cosh", r"\sinh"),
    Elementwise("cosh", ("cosh",), 1, lambda x, y: (call("sinh", x),), "cosh' = sinh", r"\cosh", positive=True),
    Elementwise("arsinh", ("arsinh", "asinh", "arcsinh"), 1, lambda x, y: (1 / call("sqrt", 1 + x**2),),
        "arsinh'(x) = 1/√(1 + x²)", r"\operatorname{arsinh}"),
    Elementwise("erf", ("erf",), 1, lambda x, y: (2 / call("sqrt", PI) * call("exp", -(x**2)),),
        "erf'(x) = 2/√π e^(−x²)", r"\operatorname{erf}"),
    Elementwise("normal_cdf", ("Φ", "normal_cdf", "normcdf"), 1,
        lambda x, y: (1 / call("sqrt", 2 * PI) * call("exp", -(x**2) / 2),),
        "Φ'(x) = 1/√(2π) e^(−x²/2)", r"\Phi", positive=True,
        definition=lambda x: (1 + call("erf", x / call("sqrt", _two()))) / 2),
    Elementwise("gelu", ("gelu", "GELU"), 1,
        lambda x, y: (call("normal_cdf", x) + x * (1 / call("sqrt", 2 * PI)) * call("exp", -(x**2) / 2),),
        "gelu'(x) = Φ(x) + x φ(x)", r"\operatorname{gelu}", definition=lambda x: x * call("normal_cdf", x)),
    Elementwise("silu", ("silu", "SiLU", "swish"), 1,
        lambda x, y: (call("sigmoid", x) * (1 + x * (1 - call("sigmoid", x))),),
        "silu'(x) = σ(x) (1 + x (1 − σ(x)))", r"\operatorname{silu}", definition=lambda x: x * call("sigmoid", x)),
    Elementwise("mish", ("mish",), 1,
        lambda x, y: (
            call("tanh", call("softplus", x)) + x * (1 - call("tanh", call("softplus", x)) ** 2) * call("sigmoid", x),
        ),
        "mish'(x) = t + x (1 − t²) σ(x), t = tanh(softplus x)", r"\operatorname{mish}",
        definition=lambda x: x * call("tanh", call("softplus", x))),
    Elementwise("elu", ("elu", "ELU"), 2,
        lambda x, a, y: (
            either(x, ">", 0, T(Number(Fraction(1))), a * call("exp", x)),
            either(x, ">", 0, T(Number(Fraction(0))), call("exp", x) - 1),
        ),
        "elu'(x) = 1 if x > 0 else α e^x", r"\operatorname{elu}", sample=(0.2, 2.0), kink="elu'(0) = α",
        definition=lambda x, a: either(x, ">", 0, x, a * (call("exp", x) - 1))),
    Elementwise("leaky_relu", ("leaky_relu", "leakyrelu", "LeakyReLU", "lrelu"), 2,
        lambda x, a, y: (
            either(x, ">", 0, T(Number(Fraction(1))), a),
            either(x, ">", 0, T(Number(Fraction(0))), x),
        ),
        "leaky_relu'(x) = 1 if x > 0 else α", r"\operatorname{leaky\,relu}", sample=(0.2, 2.0),
        kink="leaky_relu'(0) = α", definition=lambda x, a: either(x, ">", 0, x, a * x)),
    Elementwise("abs", ("abs",), 1, lambda x, y: (call("sign", x),), "|x|' = sign(x)", r"\operatorname{abs}",
        sample=(0.2, 2.0), kink="abs'(0) = 0", definition=lambda x: either(x, "≥", 0, x, -x)),
    Elementwise("sign", ("sign", "sgn"), 1, lambda x, y: (T(Number(Fraction(0))),),
        "sign is constant on each side of 0", r"\operatorname{sign}", sample=(0.2, 2.0), kink="sign'(0) = 0"),
    Elementwise("step", ("step", "heaviside"), 1, lambda x, y: (T(Number(Fraction(0))),),
        "the step is constant on each side of 0", r"\operatorname{step}", sample=(0.2, 2.0), kink="step(0) = 0"),
    Elementwise("softsign", ("softsign",), 1, lambda x, y: (1 / (1 + call("abs", x)) ** 2,),
        "softsign'(x) = 1/(1 + |x|)²", r"\operatorname{softsign}", definition=lambda x: x / (1 + call("abs", x))),
    Elementwise("hard_tanh", ("hard_tanh", "hardtanh"), 1, lambda x, y: (bracket(call("abs", x), "<", 1),),
        "hard_tanh'(x) = [|x| < 1]", r"\operatorname{hardtanh}", sample=(-0.8, 0.8), kink="hard_tanh'(±1) = 0"),
    Elementwise("lgamma", ("lgamma", "loggamma"), 1, lambda x, y: (call("digamma", x),), "(log Γ)' = ψ",
        r"\log\Gamma", sample=(0.5, 2.5), undefined="x = 0, −1, −2, …"),
    Elementwise("digamma", ("digamma", "ψ"), 1, None, "ψ is the derivative of log Γ", r"\psi", sample=(0.5, 2.5),
        undefined="x = 0, −1, −2, …"),
    Elementwise("max", ("max", "maximum"), 2, _max_rules, "max takes the derivative of the larger argument", r"\max",
        kink="max'(x, c) = 0 at x = c; between two variables the first takes a tie",
        definition=lambda a, b: either(a, "≥", b, a, b)),
    Elementwise("min", ("min", "minimum"), 2, _min_rules, "min takes the derivative of the smaller argument", r"\min",
        kink="min'(x, c) = 0 at x = c; between two variables the first takes a tie",
        definition=lambda a, b: either(a, "≤", b, a, b)),
)  # fmt: skip


def _two() -> T:
    return T(Number(Fraction(2)))


def _ten() -> T:
    return T(Number(Fraction(10)))


ELEMENTWISE: dict[str, Elementwise] = {record.name: record for record in _TABLE}
ELEMENTWISE_SPELLINGS: dict[str, str] = {s: record.name for record in _TABLE for s in record.spellings}
