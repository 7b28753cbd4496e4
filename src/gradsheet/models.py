"""Sheets from shapes: the text of common models, to be read, changed and solved like any other sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Output = Literal["linear", "softmax", "logistic"]

_LOSSES: dict[str, str] = {"linear": "squared", "softmax": "cross-entropy", "logistic": "cross-entropy"}


@dataclass(frozen=True, slots=True)
class Template:
    """A model by its sizes: `sizes` names them, `default` are some that fit, `write` gives the sheet's text."""

    name: str
    title: str
    sizes: str
    default: tuple[int, ...]
    write: Callable[..., str]


def names() -> tuple[str, ...]:
    """The models that `new` knows.

    >>> names()
    ('attention', 'conv1d', 'linear', 'logistic', 'mlp', 'rbm', 'rnn', 'softmax')
    """
    return tuple(sorted(TEMPLATES))


def new(name: str, sizes: Sequence[int] = (), **options: object) -> str:
    """The text of a model by its name; without sizes, of a small one.

    >>> print(new("linear", [2]).splitlines()[2])
    x, w ∈ ℝ^2, b, y ∈ ℝ
    """
    template = TEMPLATES.get(name)
    if template is None:
        msg = f"there is no model '{name}'; there are {', '.join(names())}"
        raise ValueError(msg)
    sizes = tuple(sizes) or template.default
    if name == "mlp":
        return template.write(sizes, **options)
    if len(sizes) != len(template.default):
        msg = f"'{name}' takes its sizes as {template.sizes}, for example {' '.join(map(str, template.default))}"
        raise ValueError(msg)
    _check(sizes)
    return template.write(*sizes, **options)


def mlp(
    sizes: Sequence[int],
    *,
    hidden: str = "tanh",
    output: Output = "linear",
    loss: str | None = None,
    rate: float | str | None = 0.1,
) -> str:
    """A network of fully connected layers, each a definition of its own, with the loss that fits its output.

    `hidden` is any elementwise function of the language. `loss` is "squared" or "cross-entropy"; by default squared
    for a linear output, cross-entropy for softmax and logistic ones. `rate` is the learning rate, None for no update.

    >>> print(mlp([4, 3, 2], output="softmax"), end="")
    # A network with layers of 4, 3 and 2 units: tanh, then softmax with cross-entropy.
    <BLANKLINE>
    x ∈ ℝ^4, y ∈ onehot(2)
    W1 ∈ ℝ^(3×4), b1 ∈ ℝ^3
    W2 ∈ ℝ^(2×3), b2 ∈ ℝ^2
    <BLANKLINE>
    z1 = W1 x + b1
    h1 = tanh(z1)
    z2 = W2 h1 + b2
    ŷ = softmax(z2)
    L = -sum[k] y[k] log ŷ[k]
    <BLANKLINE>
    parameters W1, b1, W2, b2
    minimize L by sgd(η = 0.1)
    """
    if len(sizes) < 2:
        msg = "a network has at least an input and an output: two sizes"
        raise ValueError(msg)
    _check(sizes)
    if output not in _LOSSES:
        msg = f"the output is one of {', '.join(_LOSSES)}, not '{output}'"
        raise ValueError(msg)
    loss = loss or _LOSSES[output]
    target, formula = _loss(output, loss, sizes[-1])
    layers = len(sizes) - 1
    declared = [
        f"W{k} ∈ ℝ^({sizes[k]}×{sizes[k - 1]}), b{k} ∈ ℝ^{sizes[k]}" for k in range(1, layers + 1)
    ]  # fmt: skip
    lines = []
    below = "x"
    for k in range(1, layers + 1):
        lines.append(f"z{k} = W{k} {below} + b{k}")
        if k < layers:
            lines.append(f"h{k} = {hidden}(z{k})")
            below = f"h{k}"
    function = {"linear": f"z{layers}", "softmax": f"softmax(z{layers})", "logistic": f"σ(z{layers})"}[output]
    lines += [f"ŷ = {function}", f"L = {formula}"]
    parameters = ", ".join(f"W{k}, b{k}" for k in range(1, layers + 1))
    units = " and ".join([", ".join(map(str, sizes[:-1])), str(sizes[-1])])
    inner = f"{hidden}, then " if layers > 1 else ""
    error = "squared error" if loss == "squared" else "cross-entropy"
    title = f"A network with layers of {units} units: {inner}{output} with {error}."
    return _sheet(title, [f"x ∈ ℝ^{sizes[0]}, y ∈ {target}", *declared], lines, parameters, "minimize L", rate)


def _loss(output: Output, loss: str, size: int) -> tuple[str, str]:
    """The set of the target, and the loss."""
    match output, loss:
        case _, "squared":
            return f"ℝ^{size}", "1/2 ‖ŷ - y‖²"
        case "softmax", "cross-entropy":
            return f"onehot({size})", "-sum[k] y[k] log ŷ[k]"
        case "logistic", "cross-entropy":
            return f"{{0,1}}^{size}", "-sum[k] (y[k] log ŷ[k] + (1 - y[k]) log(1 - ŷ[k]))"
        case "linear", "cross-entropy":
            msg = "cross-entropy needs probabilities: a softmax or logistic output"
        case _:
            msg = f"the loss is squared or cross-entropy, not '{loss}'"
    raise ValueError(msg)


def linear(n: int, *, rate: float | str | None = 0.1) -> str:
    """A linear predictor ŷ = w' x + b with squared error."""
    return _sheet(
        f"A linear predictor of {n} inputs with squared error.", [f"x, w ∈ ℝ^{n}, b, y ∈ ℝ"],
        ["ŷ = w' x + b", "L = 1/2 (ŷ - y)²"], "w, b", "minimize L", rate,
    )  # fmt: skip


def logistic(n: int, *, rate: float | str | None = 0.1) -> str:
    """A logistic predictor p = σ(w' x + b) with cross-entropy."""
    return _sheet(
        f"A logistic predictor of {n} inputs with cross-entropy.", [f"x, w ∈ ℝ^{n}, b ∈ ℝ, y ∈ {{0,1}}"],
        ["s = w' x + b", "p = σ(s)", "L = -(y log p + (1 - y) log(1 - p))"], "w, b", "minimize L", rate,
    )  # fmt: skip


def softmax(n: int, k: int, *, rate: float | str | None = 0.1) -> str:
    """Scores W x + b of classes, their softmax, cross-entropy."""
    return _sheet(
        f"A softmax predictor of {n} inputs and {k} classes with cross-entropy.",
        [f"x ∈ ℝ^{n}, y ∈ onehot({k})", f"W ∈ ℝ^({k}×{n}), b ∈ ℝ^{k}"],
        ["z = W x + b", "p = softmax(z)", "L = -sum[k] y[k] log p[k]"], "W, b", "minimize L", rate,
    )  # fmt: skip


def rnn(d: int, m: int, p: int, *, rate: float | str | None = 0.1) -> str:
    """A recurrent network over T steps, its weights shared over time, with a loss at every step."""
    return _sheet(
        f"A recurrent network over T steps: {d} inputs, {m} units, {p} outputs, a loss at every step.",
        [
            f"x ∈ ℝ^(T×{d}), y ∈ ℝ^(T×{p}), h0 ∈ ℝ^{m}",
            f"U ∈ ℝ^({m}×{d}), W ∈ ℝ^({m}×{m}), b ∈ ℝ^{m}, V ∈ ℝ^({p}×{m})",
        ],
        [
            "h[0] = h0",
            "for t in 1..T",
            "  h[t] = tanh(U x[t] + W h[t-1] + b)",
            "  ℓ[t] = 1/2 ‖V h[t] - y[t]‖²",
            "L = sum[t] ℓ[t]",
        ],
        "U, W, b, V", "minimize L", rate,
    )  # fmt: skip


def conv1d(k: int, m: int, r: int, *, rate: float | str | None = 0.1) -> str:
    """A one-dimensional convolution of kernel size r with ReLU, squared error."""
    return _sheet(
        f"A convolution in one dimension: {k} input channels, {m} output channels, kernels of {r}, then ReLU.",
        [f"x ∈ ℝ^({k} × 1..T), w ∈ ℝ^({k} × {m} × 0..{r - 1}), y ∈ ℝ^({m} × 1..T)"],
        ["z[m,τ] = sum[k, s] x[k,s] w[k,m,τ-s]   " + f"for m in 1..{m}, τ in 1..T", "a = relu(z)", "L = 1/2 ‖a - y‖²"],
        "w", "minimize L", rate,
    )  # fmt: skip


def attention(d: int, c: int, p: int, *, rate: float | str | None = 0.1) -> str:
    """One head of self-attention over T positions with squared error."""
    return _sheet(
        f"One head of self-attention over T positions: {d} inputs, keys of {c}, values of {p}.",
        [f"X ∈ ℝ^(T×{d}), Y ∈ ℝ^(T×{p})", f"Wq, Wk ∈ ℝ^({d}×{c}), Wv ∈ ℝ^({d}×{p})"],
        [
            "Q = X Wq",
            "K = X Wk",
            "V = X Wv",
            f"S = Q K' / sqrt({c})",
            "A[i,j] = softmax[j](S[i,j])",
            "O = A V",
            "L = 1/2 ‖O - Y‖²",
        ],
        "Wq, Wk, Wv", "minimize L", rate,
    )  # fmt: skip


def rbm(n: int, m: int, *, rate: float | str | None = 0.1) -> str:
    """A restricted Boltzmann machine: the log-likelihood of N rows of data."""
    return _sheet(
        f"A restricted Boltzmann machine of {n} visible and {m} hidden units: the log-likelihood of N rows V.",
        [
            f"v ∈ {{0,1}}^{n}, h ∈ {{0,1}}^{m}, V ∈ {{0,1}}^(N×{n})",
            f"b ∈ ℝ^{n}, c ∈ ℝ^{m}, W ∈ ℝ^({n}×{m})",
        ],
        [
            "E(v, h) = -b' v - c' h - v' W h",
            "Z = sum[v, h] exp(-E(v, h))",
            "p(v) = sum[h] exp(-E(v, h)) / Z",
            "ℓ = sum[i in 1..N] log p(V[i])",
        ],
        "b, c, W", "maximize ℓ", rate,
    )  # fmt: skip


def _sheet(
    title: str, declared: Sequence[str], lines: Sequence[str], parameters: str, task: str, rate: float | str | None
) -> str:
    """Declarations, equations, the task; parts divided by blank lines."""
    method = "" if rate is None else f" by sgd(η = {rate})"
    asked = [f"parameters {parameters}", f"{task}{method}"]
    return "\n\n".join(["# " + title, *("\n".join(part) for part in (declared, lines, asked))]) + "\n"


def _check(sizes: Sequence[int]) -> None:
    for size in sizes:
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            msg = f"a size is a whole number from 1 on, not {size!r}"
            raise ValueError(msg)


TEMPLATES: dict[str, Template] = {
    t.name: t
    for t in (
        Template("mlp", "fully connected layers", "the units of each layer", (4, 4, 3, 3), mlp),
        Template("linear", "a linear predictor", "inputs", (3,), linear),
        Template("logistic", "a logistic predictor", "inputs", (3,), logistic),
        Template("softmax", "a softmax predictor", "inputs classes", (3, 3), softmax),
        Template("rnn", "a recurrent network", "inputs units outputs", (2, 3, 2), rnn),
        Template("conv1d", "a convolution in one dimension", "channels-in channels-out kernel", (2, 3, 3), conv1d),
        Template("attention", "one head of self-attention", "inputs keys values", (4, 3, 2), attention),
        Template("rbm", "a restricted Boltzmann machine", "visible hidden", (3, 2), rbm),
    )
}
"""Every model that has a name."""
