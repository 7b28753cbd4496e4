"""Faulty backward passes with what has to be said of each, and the right twins of which nothing may be said."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import pytest

import gradsheet as gs
from auditing.sheets import SHEETS

NEEDS = {"torch_functions": "torch", "jax_functions": "jax"}


@dataclass(frozen=True)
class Twin:
    """A function, the sheet it belongs to, and what is said of it: kinds by gradient, words, other faults."""

    module: str
    sheet: str
    name: str
    kinds: dict[str, str]
    words: str = ""
    fault: str = ""
    inputs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.module.split('_')[0]}: {self.name}"

    def function(self) -> Any:
        if self.module in NEEDS:
            pytest.importorskip(NEEDS[self.module], reason=f"{NEEDS[self.module]} is not installed")
        return getattr(importlib.import_module(f"auditing.{self.module}"), self.name)

    def verified(self, seed: int, **options: Any) -> gs.Verified:
        return gs.verify(gs.loads(SHEETS[self.sheet]), self.function(), inputs=self.inputs, seed=seed, **options)


_TOKENS = ("z", "index(t)")
_RIDGE = ("x", "y", "w", "λ")
_RIGHT = {
    "numpy_functions": {
        "linear": "Linear", "square linear": "SquareLinear", "logistic regression": "LogisticRegression", "mlp": "Mlp",
        "log-softmax": "LogSoftmax", "softmax": "Softmax", "normalise": "Normalise", "rotary": "Rotary",
        "leaky relu": "LeakyRelu", "embedding": "Embedding", "ridge": "Ridge",
    },
    "torch_functions": {
        "rms norm": "RmsNorm", "add norm": "AddNorm", "layer norm": "LayerNorm", "group norm": "GroupNorm",
        "batch norm": "BatchNorm", "cross-entropy": "CrossEntropy", "losses of tokens": "TokenLosses",
        "soft targets": "SoftTargets", "masked cross-entropy": "MaskedCrossEntropy",
        "smoothed cross-entropy": "SmoothedCrossEntropy", "fused linear cross-entropy": "FusedLinearCrossEntropy",
        "attention": "Attention", "soft cap": "SoftCap", "swiglu": "SwiGlu", "gelu": "Gelu",
        "convolution": "Convolution", "jsd": "Jsd", "kl divergence": "KlDivergence",
    },
    "jax_functions": {
        "rms norm": "rms_norm", "soft cap": "soft_cap", "cross-entropy": "cross_entropy", "geglu": "geglu",
        "linear": "linear",
    },
}  # fmt: skip
RIGHT = [
    Twin(module, sheet, name, {}, inputs=_TOKENS if sheet == "losses of tokens" else ())
    for module, twins in _RIGHT.items() for sheet, name in twins.items()
]  # fmt: skip

_NUMPY = "numpy_functions"
_TORCH = "torch_functions"
_JAX = "jax_functions"
FAULTY = [
    # ------------------------------------------------------------ NumPy pairs
    Twin(_NUMPY, "linear", "LinearFirstRow", {"b̄": "missing sum"}, "only the first row of Ȳ counts"),
    Twin(_NUMPY, "linear", "LinearNotSummed", {"b̄": "missing sum"}, "its first axis is not summed out"),
    Twin(_NUMPY, "linear", "LinearTransposed", {"W̄": "transpose"}, "it is transposed"),
    Twin(_NUMPY, "linear", "LinearByBatch", {"W̄": "mean for sum"}, "W̄ is 1/N of what it should be"),
    Twin(_NUMPY, "linear", "LinearLastRowLost", {"W̄": "missing sum"}, "the last row of Ȳ is left out"),
    Twin(_NUMPY, "linear", "LinearSwapped", {"W̄": "swapped", "b̄": "swapped"}, "b̄ stands in the place of W̄"),
    Twin(_NUMPY, "linear", "LinearNone", {"b̄": "missing gradient"}, "returns None for it"),
    Twin(_NUMPY, "linear", "LinearTwo", {}, fault="returns 2 gradients for 3 arguments"),
    Twin(_NUMPY, "linear", "LinearNaN", {"X̄": "not a number"}, "no numbers"),
    Twin(_NUMPY, "square linear", "SquareLinearUntransposed", {"X̄": "transpose"}, "in X̄, W is transposed"),
    Twin(_NUMPY, "logistic regression", "LogisticRegressionSum", {"w̄": "mean for sum", "b̄": "mean for sum"},
         "w̄ is N times what it should be: a sum for a mean"),
    Twin(_NUMPY, "logistic regression", "LogisticRegressionSign", {"w̄": "sign", "b̄": "sign"}, "the wrong sign"),
    Twin(_NUMPY, "logistic regression", "LogisticRegressionIgnored", {"w̄": "upstream", "b̄": "upstream"},
         "L̄ is ignored: it is taken as 1"),
    Twin(_NUMPY, "mlp", "MlpWrongOperand", {"W̄1": "operand", "b̄1": "operand"}, "in z̄1, z1 stands for h1"),
    Twin(_NUMPY, "mlp", "MlpNoSlope", {"W̄1": "lost term", "b̄1": "lost term"}, "the term −h1[i]² is lost"),
    Twin(_NUMPY, "mlp", "MlpInput", {"W̄2": "operand"}, "in W̄2, z1 stands for h1"),
    Twin(_NUMPY, "log-softmax", "LogSoftmaxSumOne", {"z̄": "factor"}, "the factor sum[k] ȳ[i,k] is lost"),
    Twin(_NUMPY, "log-softmax", "LogSoftmaxWrongAxis", {"z̄": "missing sum"}, "over the wrong axis: over i for k"),
    Twin(_NUMPY, "softmax", "SoftmaxDiagonal", {"z̄": "missing sum"}, "its diagonal is taken"),
    Twin(_NUMPY, "normalise", "NormaliseScaled", {"x̄": "detached"}, "r is taken as constant"),
    Twin(_NUMPY, "normalise", "NormaliseEps", {"x̄": "constant"}, "ε is added outside of the root"),
    Twin(_NUMPY, "rotary", "RotaryForward", {"q̄": "sign"}, "sin(θ[i,j]) has the wrong sign"),
    Twin(_NUMPY, "leaky relu", "LeakyReluWrongWay", {"x̄": "condition"}, "the wrong way round"),
    Twin(_NUMPY, "leaky relu", "LeakyReluOverwrites", {}, fault="the upstream gradient of y is overwritten"),
    Twin(_NUMPY, "leaky relu", "LeakyReluTwice", {}, fault="a second backward pass gives other gradients"),
    Twin(_NUMPY, "leaky relu", "LeakyReluMemory", {}, fault="an upstream gradient that is not contiguous"),
    Twin(_NUMPY, "embedding", "EmbeddingShifted", {"Ē": "index"}, "an index is off by one"),
    Twin(_NUMPY, "embedding", "EmbeddingOverwritten", {"Ē": "index"}, "where c names an entry twice"),
    Twin(_NUMPY, "ridge", "RidgeCountedOften", {"∂J/∂w": "mean for sum"}, "once for each row of the data"),
    Twin(_NUMPY, "ridge", "RidgeNoPenalty", {"∂J/∂w": "lost term"}, "the term λ w[i] is lost"),
    # ------------------------------------------------------------ torch.autograd.Function
    Twin(_TORCH, "rms norm", "RmsNormSum", {"x̄": "factor"}, "in x̄, the factor 1/n is lost"),
    Twin(_TORCH, "rms norm", "RmsNormWithoutGain", {"x̄": "factor"}, "g is taken as 1 in the backward pass"),
    Twin(_TORCH, "rms norm", "RmsNormInPlace", {"ḡ": "factor"}, "a factor g too much",
         fault="the upstream gradient of y is overwritten"),
    Twin(_TORCH, "rms norm", "RmsNormIgnored", {"x̄": "upstream", "ḡ": "upstream"}, "ȳ is ignored"),
    Twin(_TORCH, "rms norm", "RmsNormContiguous", {}, fault="the gradients are others, for the same numbers"),
    Twin(_TORCH, "rms norm", "RmsNormView", {}, fault="the backward pass raises RuntimeError: view size"),
    Twin(_TORCH, "add norm", "AddNormLost", {"x̄": "upstream", "s̄": "upstream"}, "nothing comes from h"),
    Twin(_TORCH, "layer norm", "LayerNormMean", {"x̄": "detached"}, "μ is taken as constant"),
    Twin(_TORCH, "layer norm", "LayerNormVariance", {"x̄": "detached"}, "is taken as constant"),
    Twin(_TORCH, "layer norm", "LayerNormFirstRow", {"ḡ": "missing sum", "b̄": "missing sum"},
         "only the first row of ȳ counts"),
    Twin(_TORCH, "group norm", "GroupNormCount", {"x̄": "mean for sum"}, "the mean over c is taken for the sum"),
    Twin(_TORCH, "batch norm", "BatchNormEval", {"x̄": "detached"}, "v and μ are taken as constants"),
    Twin(_TORCH, "cross-entropy", "CrossEntropyIgnored", {"z̄": "upstream"}, "L̄ is ignored: it is taken as 1"),
    Twin(_TORCH, "cross-entropy", "CrossEntropySum", {"z̄": "mean for sum"}, "a sum for a mean"),
    Twin(_TORCH, "cross-entropy", "CrossEntropySquared", {"z̄": "upstream"}, "L̄ enters twice"),
    Twin(_TORCH, "losses of tokens", "TokenLossesFirst", {"z̄": "upstream"}, "only the first entry of ℓ̄ is used",
         inputs=_TOKENS),
    Twin(_TORCH, "losses of tokens", "TokenLossesMean", {"z̄": "mean for sum"}, "1/N of what it should be",
         inputs=_TOKENS),
    Twin(_TORCH, "soft targets", "SoftTargetsSumOne", {"z̄": "factor"}, "the factor sum[k] q[i,k] is lost"),
    Twin(_TORCH, "masked cross-entropy", "MaskedCrossEntropyAll", {"z̄": "factor"}, "the factor 1/c is lost; and z̄"),
    Twin(_TORCH, "masked cross-entropy", "MaskedCrossEntropyUnmasked", {"z̄": "factor"}, "the factor m[i] is lost"),
    Twin(_TORCH, "smoothed cross-entropy", "SmoothedCrossEntropyForgotten", {"z̄": "operand"}, "t stands for q"),
    Twin(_TORCH, "fused linear cross-entropy", "FusedLinearCrossEntropyFirst", {"X̄": "upstream", "W̄": "upstream"},
         "only the first entry of ℓ̄ is used, for all"),
    Twin(_TORCH, "fused linear cross-entropy", "FusedLinearCrossEntropyHalf", {"W̄": "upstream"},
         "only the first entry of ℓ̄ is used, for all"),
    Twin(_TORCH, "attention", "AttentionScale", {"q̄": "factor", "k̄": "factor"}, "1/√d is lost"),
    Twin(_TORCH, "attention", "AttentionRowSum", {"q̄": "lost term", "k̄": "lost term"}, "in s̄, the term"),
    Twin(_TORCH, "attention", "AttentionUntransposed", {"k̄": "transpose", "v̄": "transpose"}, "p is transposed"),
    Twin(_TORCH, "soft cap", "SoftCapLost", {"s̄": "lost term"}, "tanh(s[i,j] / c)² is lost"),
    Twin(_TORCH, "swiglu", "SwiGluTerm", {"ā": "lost term"}, "the term a[i,j] (1 − σ(a[i,j])) is lost"),
    Twin(_TORCH, "swiglu", "SwiGluSwapped", {"ā": "swapped", "b̄": "swapped"}, "b̄ stands in the place of ā"),
    Twin(_TORCH, "gelu", "GeluTerm", {"x̄": "lost term"}, "is lost"),
    Twin(_TORCH, "gelu", "GeluDensity", {"x̄": "power"}, "sqrt(2 π) has the exponent −2 for −1"),
    Twin(_TORCH, "convolution", "ConvolutionUnflipped", {"x̄": "operand"}, "w is read backwards"),
    Twin(_TORCH, "jsd", "JsdWeight", {"x̄": "factor"}, "a factor β is lost"),
    Twin(_TORCH, "jsd", "JsdSoftmax", {"x̄": "lost term"}, "is lost"),
    Twin(_TORCH, "kl divergence", "KlDivergenceElements", {"ȳ": "mean for sum"}, "1/K of what it should be"),
    Twin(_TORCH, "kl divergence", "KlDivergenceSign", {"ȳ": "sign"}, "the wrong sign"),
    # ------------------------------------------------------------ jax.custom_vjp
    Twin(_JAX, "rms norm", "rms_norm_constant", {"x̄": "detached"}, "r is taken as constant"),
    Twin(_JAX, "rms norm", "rms_norm_mean", {"ḡ": "mean for sum"}, "1/N of what it should be"),
    Twin(_JAX, "soft cap", "soft_cap_logistic", {"s̄": "operand"}, "the slope of σ"),
    Twin(_JAX, "cross-entropy", "cross_entropy_ignored", {"z̄": "upstream"}, "L̄ is ignored"),
    Twin(_JAX, "cross-entropy", "cross_entropy_other_rule", {}, fault="the rule for the forward pass gives another L"),
    Twin(_JAX, "geglu", "geglu_lost", {"ā": "factor"}, "the factor b[i,j] is lost"),
    Twin(_JAX, "linear", "linear_unsummed", {"b̄": "missing sum"}, "its first axis is not summed out"),
    Twin(_JAX, "linear", "linear_two", {}, fault="returns 2 gradients for 3 arguments"),
]  # fmt: skip
