"""Random sheets: each comes with the same objective written a second time, as a function of plain arrays.

The function is built beside the text, from loops and NumPy calls, and knows nothing of the engine. It takes any module
with NumPy's functions, so JAX can trace it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Function = Callable[[dict[str, Any], Any], Any]

Shape = tuple[str, ...]

ATOM, PRODUCT, SUM = 2, 1, 0


@dataclass(frozen=True)
class Piece:
    """A formula with its shape (names of sizes), its value as a function of the inputs, and how tightly it binds."""

    text: str
    shape: Shape
    value: Function
    level: int = ATOM

    def at_least(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"


@dataclass
class RandomSheet:
    """The text, the numbers behind its sizes, its inputs with their shapes, and the objective once more."""

    text: str
    sizes: dict[str, int]
    inputs: dict[str, tuple[int, ...]]
    parameters: list[str]
    steps: list[tuple[str, Function]]

    def arrays(self, seed: int) -> dict[str, Any]:
        """Inputs away from zero."""
        rng = np.random.default_rng(seed)
        return {
            name: rng.uniform(0.15, 1.0, shape) * rng.choice([-1.0, 1.0], shape) for name, shape in self.inputs.items()
        }

    def objective(self, arrays: dict[str, Any], xp: Any) -> Any:
        known = dict(arrays)
        for name, step in self.steps:
            known[name] = step(known, xp)
        return known["L"]


def _elementwise() -> dict[str, tuple[str, Callable[[Any, Any], Any]]]:
    return {
        "tanh": ("tanh({})", lambda z, xp: xp.tanh(z)),
        "sigmoid": ("σ({})", lambda z, xp: 1 / (1 + xp.exp(-z))),
        "sin": ("sin({})", lambda z, xp: xp.sin(z)),
        "exp": ("exp(-{})", lambda z, xp: xp.exp(-z)),
        "relu": ("relu({})", lambda z, xp: xp.where(z > 0, z, 0.0)),
        "max": ("max(0, {})", lambda z, xp: xp.where(z > 0, z, 0.0)),
        "softplus": ("softplus({})", lambda z, xp: xp.log(1 + xp.exp(z))),
        "abs": ("abs({})", lambda z, xp: xp.abs(z)),
        "leaky": ("leaky_relu({}, 1/10)", lambda z, xp: xp.where(z > 0, z, z / 10)),
        "arctan": ("arctan({})", lambda z, xp: xp.arctan(z)),
        "silu": ("silu({})", lambda z, xp: z / (1 + xp.exp(-z))),
    }


ELEMENTWISE = _elementwise()


def _softmax(z: Any, xp: Any) -> Any:
    e = xp.exp(z - xp.max(z))
    return e / xp.sum(e)


@dataclass
class Builder:
    """Grows a sheet; every choice comes from one source of randomness."""

    rng: random.Random
    sizes: dict[str, int]
    lines: list[str] = field(default_factory=list)
    declared: dict[str, tuple[str, Shape]] = field(default_factory=dict)
    steps: list[tuple[str, Function]] = field(default_factory=list)
    pool: list[Piece] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    count: int = 0
    depth: int = 2
    sizes_of_depth: dict[str, int] = field(default_factory=dict)

    # ------------------------------------------------------------ names and inputs

    def fresh(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def number(self, size: str) -> int:
        """What a size stands for; `n-1` too."""
        name, _, less = size.partition("-")
        return self.sizes[name] - int(less or 0)

    def input(self, *shape: str) -> Piece:
        """A new input, or one that is there already."""
        known = [p for p in self.pool if p.text in self.declared and p.shape == shape]
        if known and self.rng.random() < 0.4:
            return self.use(self.rng.choice(known))
        name = self.fresh("xuv"[self.rng.randrange(3)] if len(shape) == 1 else "s" if not shape else "A")
        power = f"^({'×'.join(shape)})" if shape else ""
        self.declared[name] = (f"{name} ∈ ℝ{power}", shape)
        piece = Piece(name, shape, lambda env, _xp, name=name: env[name])
        self.pool.append(piece)
        return self.use(piece)

    def use(self, piece: Piece) -> Piece:
        self.used.add(piece.text)
        return piece

    def some(self, *shape: str) -> Piece:
        """Anything of a shape."""
        known = [p for p in self.pool if p.shape == shape]
        if known and self.rng.random() < 0.75:
            return self.use(self.rng.choice(known))
        return self.input(*shape)

    def other(self, piece: Piece) -> Piece:
        """Something of the same shape that is not the same."""
        known = [p for p in self.pool if p.shape == piece.shape and p.text != piece.text]
        if known:
            return self.use(self.rng.choice(known))
        name = self.fresh("y")
        self.declared[name] = (f"{name} ∈ ℝ^({'×'.join(piece.shape)})", piece.shape)
        made = Piece(name, piece.shape, lambda env, _xp: env[name])
        self.pool.append(made)
        return self.use(made)

    def size(self) -> str:
        return self.rng.choice(list(self.sizes))

    def define(self, piece: Piece, left: str | None = None, extra: str = "", name: str | None = None) -> Piece:
        """A new line of the sheet."""
        name = name or self.fresh("h" if piece.shape else "q")
        self.lines.append(f"{left.format(name) if left else name} = {piece.text}{extra}")
        return self.known(name, piece.shape, piece.value)

    def known(self, name: str, shape: Shape, value: Function) -> Piece:
        self.steps.append((name, value))
        result = Piece(name, shape, lambda env, _xp: env[name])
        self.pool.append(result)
        return result

    # ------------------------------------------------------------ formulas

    def formula(self, shape: Shape, depth: int) -> Piece:
        """A formula of a shape."""
        if depth == 0 or self.rng.random() < 0.15:
            return self.some(*shape)
        return self.rng.choice({0: SCALARS, 1: VECTORS, 2: MATRICES}[len(shape)])(self, shape, depth - 1)


def _sum(b: Builder, shape: Shape, depth: int) -> Piece:
    left, right = b.formula(shape, depth), b.formula(shape, depth)
    if b.rng.random() < 0.5:
        return Piece(f"{left.text} + {right.text}", shape, lambda e, xp: left.value(e, xp) + right.value(e, xp), SUM)
    text = f"{left.text} - {right.at_least(PRODUCT)}"
    return Piece(text, shape, lambda e, xp: left.value(e, xp) - right.value(e, xp), SUM)


def _scaled(b: Builder, shape: Shape, depth: int) -> Piece:
    inner = b.formula(shape, depth)
    match b.rng.randrange(5):
        case 0:
            return Piece(f"1/2 {inner.at_least(ATOM)}", shape, lambda e, xp: inner.value(e, xp) / 2, PRODUCT)
        case 1:
            return Piece(f"-{inner.at_least(PRODUCT)}", shape, lambda e, xp: -inner.value(e, xp), SUM)
        case 2:
            scalar = b.formula((), 0)
            text = f"{scalar.at_least(ATOM)} {inner.at_least(ATOM)}"
            return Piece(text, shape, lambda e, xp: scalar.value(e, xp) * inner.value(e, xp), PRODUCT)
        case 3:
            scalar = b.formula((), depth)
            text = f"{inner.at_least(ATOM)} / (1 + {scalar.at_least(ATOM)}²)"
            return Piece(text, shape, lambda e, xp: inner.value(e, xp) / (1 + scalar.value(e, xp) ** 2), PRODUCT)
        case _:
            size = shape[0].partition("-")[0] if shape else b.input(b.size()).shape[0]
            number = b.number(size)
            return Piece(f"1/{size} {inner.at_least(ATOM)}", shape, lambda e, xp: inner.value(e, xp) / number, PRODUCT)


def _applied(b: Builder, shape: Shape, depth: int) -> Piece:
    pattern, function = ELEMENTWISE[b.rng.choice(list(ELEMENTWISE))]
    inner = b.formula(shape, depth)
    shown = inner.at_least(ATOM) if "-{" in pattern else inner.text
    return Piece(pattern.format(shown), shape, lambda e, xp: function(inner.value(e, xp), xp))


def _hadamard(b: Builder, shape: Shape, depth: int) -> Piece:
    left, right = b.formula(shape, depth), b.formula(shape, depth)
    text = f"{left.at_least(ATOM)} {'⊙' if shape else '*'} {right.at_least(ATOM)}"
    return Piece(text, shape, lambda e, xp: left.value(e, xp) * right.value(e, xp), PRODUCT)


def _square(b: Builder, shape: Shape, depth: int) -> Piece:
    if len(shape) == 2:
        return _hadamard(b, shape, depth)
    inner = b.formula(shape, depth)
    return Piece(f"{inner.at_least(ATOM)}²", shape, lambda e, xp: inner.value(e, xp) ** 2, PRODUCT)


def _length(b: Builder, _shape: Shape, depth: int) -> Piece:
    inner = b.formula((b.size(),) if b.rng.random() < 0.7 else (b.size(), b.size()), depth)
    if b.rng.random() < 0.7:
        return Piece(f"‖{inner.text}‖²", (), lambda e, xp: xp.sum(inner.value(e, xp) ** 2), PRODUCT)
    return Piece(f"sqrt(1 + ‖{inner.text}‖²)", (), lambda e, xp: xp.sqrt(1 + xp.sum(inner.value(e, xp) ** 2)))


def _dot(b: Builder, _shape: Shape, depth: int) -> Piece:
    size = b.size()
    left, right = b.formula((size,), depth), b.formula((size,), depth)
    return Piece(
        f"{left.at_least(ATOM)}' {right.at_least(ATOM)}",
        (),
        lambda e, xp: left.value(e, xp) @ right.value(e, xp),
        PRODUCT,
    )


def _bilinear(b: Builder, _shape: Shape, depth: int) -> Piece:
    n, m = b.size(), b.size()
    left, middle, right = b.formula((n,), depth), b.formula((n, m), depth), b.formula((m,), depth)
    text = f"{left.at_least(ATOM)}' {middle.at_least(ATOM)} {right.at_least(ATOM)}"
    return Piece(text, (), lambda e, xp: left.value(e, xp) @ middle.value(e, xp) @ right.value(e, xp), PRODUCT)


def _total(b: Builder, _shape: Shape, _depth: int) -> Piece:
    match b.rng.randrange(8):
        case 0:
            v = b.some(b.size())
            return Piece(f"sum[i] {v.text}[i]", (), lambda e, xp: xp.sum(v.value(e, xp)), SUM)
        case 1:
            n, m = b.size(), b.size()
            A, B = b.some(n, m), b.some(n, m)
            return Piece(
                f"sum[i,j] {A.text}[i,j] {B.text}[i,j]", (), lambda e, xp: xp.sum(A.value(e, xp) * B.value(e, xp)), SUM
            )
        case 2:
            n = b.size()
            A = b.some(n, n)
            return Piece(f"trace({A.text})", (), lambda e, xp: xp.trace(A.value(e, xp)))
        case 3:
            v = b.some(b.size())
            return Piece(f"logsumexp({v.text})", (), lambda e, xp: xp.log(xp.sum(xp.exp(v.value(e, xp)))))
        case 4:
            n = b.size()
            A = b.some(n, n)
            text = f"sum[i] sum[j in 1..i] {A.text}[i,j]²"
            return Piece(text, (), lambda e, xp: xp.sum(xp.tril(A.value(e, xp)) ** 2), SUM)
        case 5:
            v = b.some(b.size())
            return Piece(f"max[i] sin({v.text}[i])", (), lambda e, xp: xp.max(xp.sin(v.value(e, xp))), SUM)
        case 6:
            v = b.some(b.size())
            return Piece(f"{v.text}[1]", (), lambda e, xp: v.value(e, xp)[0])
        case _:
            v = b.some(b.size())
            return Piece(f"prod[i] (1 + {v.text}[i]²)", (), lambda e, xp: xp.prod(1 + v.value(e, xp) ** 2), SUM)


def _matvec(b: Builder, shape: Shape, depth: int) -> Piece:
    (n,) = shape
    m = b.size()
    if b.rng.random() < 0.5:
        A, v = b.formula((n, m), depth), b.formula((m,), depth)
        return Piece(
            f"{A.at_least(ATOM)} {v.at_least(ATOM)}", shape, lambda e, xp: A.value(e, xp) @ v.value(e, xp), PRODUCT
        )
    A, v = b.formula((m, n), depth), b.formula((m,), depth)
    return Piece(
        f"{A.at_least(ATOM)}' {v.at_least(ATOM)}", shape, lambda e, xp: A.value(e, xp).T @ v.value(e, xp), PRODUCT
    )


def _softmax_of(b: Builder, shape: Shape, depth: int) -> Piece:
    v = b.formula(shape, depth)
    return Piece(f"softmax({v.text})", shape, lambda e, xp: _softmax(v.value(e, xp), xp))


def _picked(b: Builder, shape: Shape, _depth: int) -> Piece:
    (n,) = shape
    match b.rng.randrange(3):
        case 0:
            A = b.some(b.size(), n)
            return Piece(f"{A.text}[1]", shape, lambda e, xp: A.value(e, xp)[0])
        case 1:
            A = b.some(n, b.size())
            return Piece(f"{A.text}[:,1]", shape, lambda e, xp: A.value(e, xp)[:, 0])
        case _:
            A = b.some(n, n)
            return Piece(f"diag({A.text})", shape, lambda e, xp: xp.diagonal(A.value(e, xp)))


def _matmul(b: Builder, shape: Shape, depth: int) -> Piece:
    n, m = shape
    k = b.size()
    A, B = b.formula((n, k), depth), b.formula((k, m), depth)
    return Piece(
        f"{A.at_least(ATOM)} {B.at_least(ATOM)}", shape, lambda e, xp: A.value(e, xp) @ B.value(e, xp), PRODUCT
    )


def _transposed(b: Builder, shape: Shape, depth: int) -> Piece:
    A = b.formula(shape[::-1], depth)
    return Piece(f"{A.at_least(ATOM)}'", shape, lambda e, xp: A.value(e, xp).T)


def _outer(b: Builder, shape: Shape, depth: int) -> Piece:
    v, w = b.formula(shape[:1], depth), b.formula(shape[1:], depth)
    return Piece(
        f"{v.at_least(ATOM)} {w.at_least(ATOM)}'",
        shape,
        lambda e, xp: xp.outer(v.value(e, xp), w.value(e, xp)),
        PRODUCT,
    )


def _diagonal(b: Builder, shape: Shape, depth: int) -> Piece:
    v, A = b.formula(shape[:1], depth), b.formula(shape, depth)
    return Piece(
        f"diag({v.text}) {A.at_least(ATOM)}", shape, lambda e, xp: v.value(e, xp)[:, None] * A.value(e, xp), PRODUCT
    )


COMMON = [_sum, _sum, _scaled, _applied, _applied, _hadamard, _square]
SCALARS = [*COMMON, _length, _dot, _bilinear, _total, _total]
VECTORS = [*COMMON, _matvec, _matvec, _matvec, _softmax_of, _picked]
MATRICES = [*COMMON, _matmul, _matmul, _transposed, _outer, _diagonal]


# ---------------------------------------------------------------- whole lines


def line(b: Builder) -> None:
    """A definition without indices."""
    shape = b.rng.choice([(), (b.size(),), (b.size(),), (b.size(), b.size())])
    b.define(b.formula(shape, b.depth))


def indexed_vector(b: Builder) -> None:
    """A vector by its entries."""
    n, m = b.size(), b.size()
    N = b.number(n)
    x = b.some(n)
    y = b.other(x)
    match b.rng.randrange(9):
        case 0:
            A, w = b.some(n, m), b.some(m)
            b.define(
                Piece(f"sum[j] {A.text}[i,j] {w.text}[j]", (n,), lambda e, xp: A.value(e, xp) @ w.value(e, xp)), "{}[i]"
            )
        case 1:
            b.define(
                Piece(
                    f"sum[j in 1..i] {x.text}[j] {y.text}[i]",
                    (n,),
                    lambda e, xp: xp.cumsum(x.value(e, xp)) * y.value(e, xp),
                ),
                "{}[i]",
            )
        case 2:
            b.define(
                Piece(
                    f"{x.text}[i]² if i ≤ 2 else {y.text}[i]",
                    (n,),
                    lambda e, xp: xp.where(np.arange(N) < 2, x.value(e, xp) ** 2, y.value(e, xp)),
                ),
                "{}[i]",
            )
        case 3:
            b.define(
                Piece(f"{x.text}[{n}+1-i]", (n,), lambda e, xp: x.value(e, xp)[::-1]), "{}[i]", f"   for i in 1..{n}"
            )
        case 4:
            b.define(
                Piece(
                    f"{x.text}[i] {y.text}[i] if {x.text}[i] > {y.text}[i] else sin({x.text}[i])",
                    (n,),
                    lambda e, xp: xp.where(
                        x.value(e, xp) > y.value(e, xp), x.value(e, xp) * y.value(e, xp), xp.sin(x.value(e, xp))
                    ),
                ),
                "{}[i]",
            )
        case 5:
            b.define(
                Piece(f"max({x.text}[i], {y.text}[i])", (n,), lambda e, xp: xp.maximum(x.value(e, xp), y.value(e, xp))),
                "{}[i]",
            )
        case 6:
            A = b.some(n, m)
            b.define(
                Piece(f"max[j] sin({A.text}[i,j])", (n,), lambda e, xp: xp.max(xp.sin(A.value(e, xp)), axis=1)), "{}[i]"
            )
        case 7:
            b.define(
                Piece(
                    f"{x.text}[i] / (1 + sum[j] {x.text}[j]² {y.text}[j]²)",
                    (n,),
                    lambda e, xp: x.value(e, xp) / (1 + xp.sum((x.value(e, xp) * y.value(e, xp)) ** 2)),
                ),
                "{}[i]",
            )
        case _:
            if N < 2:
                return
            b.define(
                Piece(
                    f"{x.text}[i+1] - {x.text}[i]² {y.text}[i]",
                    (f"{n}-1",),
                    lambda e, xp: x.value(e, xp)[1:] - x.value(e, xp)[:-1] ** 2 * y.value(e, xp)[:-1],
                ),
                "{}[i]",
                f"   for i in 1..{n}-1",
            )


def indexed_matrix(b: Builder) -> None:
    """A matrix by its entries."""
    n, m = b.size(), b.size()
    A, x, y = b.some(n, m), b.some(n), b.some(m)
    i, j = np.arange(1, b.number(n) + 1)[:, None], np.arange(1, b.number(m) + 1)[None, :]
    match b.rng.randrange(7):
        case 0:
            b.define(
                Piece(
                    f"{x.text}[i] {y.text}[j] if j ≤ i else 0",
                    (n, m),
                    lambda e, xp: xp.where(j <= i, xp.outer(x.value(e, xp), y.value(e, xp)), 0.0),
                ),
                "{}[i,j]",
            )
        case 1:
            b.define(
                Piece(
                    f"softmax[j]({A.text}[i,j])",
                    (n, m),
                    lambda e, xp: xp.exp(A.value(e, xp)) / xp.sum(xp.exp(A.value(e, xp)), axis=1, keepdims=True),
                ),
                "{}[i,j]",
            )
        case 2:
            b.define(
                Piece(
                    f"{A.text}[i,j] - {x.text}[i] {y.text}[j]²",
                    (n, m),
                    lambda e, xp: A.value(e, xp) - xp.outer(x.value(e, xp), y.value(e, xp) ** 2),
                ),
                "{}[i,j]",
            )
        case 3:
            b.define(
                Piece(
                    f"{A.text}[i,j] / (1 + sum[k] {A.text}[i,k]²)",
                    (n, m),
                    lambda e, xp: A.value(e, xp) / (1 + xp.sum(A.value(e, xp) ** 2, axis=1, keepdims=True)),
                ),
                "{}[i,j]",
            )
        case 4:
            B = b.some(n, n)
            below = np.tril(np.ones((b.number(n), b.number(n)), bool))

            def masked(e: Any, xp: Any) -> Any:
                weights = xp.where(below, xp.exp(B.value(e, xp)), 0.0)
                return weights / xp.sum(weights, axis=1, keepdims=True)

            scores = b.fresh("S")
            b.lines.append(f"{scores}[i,j] = {B.text}[i,j] if j ≤ i else -∞")
            b.define(Piece(f"softmax[j]({scores}[i,j])", (n, n), masked), "{}[i,j]")
        case 5:
            b.define(
                Piece(
                    f"{A.text}[i,j] if {A.text}[i,j] > 0 else {x.text}[i] {A.text}[i,j]",
                    (n, m),
                    lambda e, xp: xp.where(
                        A.value(e, xp) > 0, A.value(e, xp), x.value(e, xp)[:, None] * A.value(e, xp)
                    ),
                ),
                "{}[i,j]",
            )
        case _:
            B = b.some(m, n)
            b.define(
                Piece(
                    f"sum[k] {A.text}[i,k] {B.text}[k,j] [i ≠ j]",
                    (n, n),
                    lambda e, xp: (A.value(e, xp) @ B.value(e, xp)) * (1 - np.eye(b.number(n))),
                ),
                "{}[i,j]",
            )


def convolution(b: Builder) -> None:
    """A convolution with a kernel from an offset, inside wherever both are."""
    n = b.size()
    N, start = b.number(n), b.rng.choice([-1, 0, 1])
    x = b.some(n)
    name = b.fresh("w")
    b.declared[name] = (f"{name} ∈ ℝ^({start}..{start + 2})", (str(3),))
    sign = b.rng.choice([1, -1])
    offset = b.rng.choice([0, 1]) if N > 2 else 0

    def value(e: Any, xp: Any) -> Any:
        x_, w = x.value(e, xp), e[name]
        rows = []
        for t in range(1, N + 1):
            total = 0.0 * x_[0]
            for s in range(start, start + 3):
                at = t - sign * s + offset
                if 1 <= at <= N:
                    total = total + w[s - start] * x_[at - 1]
            rows.append(total)
        return xp.stack(rows)

    place = f"t{'-' if sign == 1 else '+'}s" + ("+1" if offset else "")
    b.define(Piece(f"sum[s] {name}[s] {x.text}[{place}]", (n,), value), "{}[t]", f"   for t in 1..{n}")


def recurrence(b: Builder) -> None:
    """A family: each member from the ones before (or after), with weights shared or its own, one loss or many.

    The depth is a number or a size.
    """
    n = b.size()
    steps = b.rng.choice([1, 1, 2])
    depth = b.rng.choice([2, 3]) if steps == 2 else b.rng.choice([1, 2, 3])
    top = str(depth)
    if b.rng.random() < 0.6:
        top = "D"
        depth = b.sizes_of_depth.setdefault("D", max(depth, 2))
    first, second = b.some(n), b.some(n)
    name, weights, data = b.fresh("f"), b.fresh("G"), b.fresh("X")
    W, v = b.some(n, n), b.some(n)
    own, skip, rows = b.rng.random() < 0.4, b.rng.random() < 0.3, b.rng.random() < 0.5
    back = b.rng.random() < 0.3 and steps == 1
    lowest = steps
    if own:
        b.declared[weights] = (f"for l in 1..{top}\n  {weights}[l] ∈ ℝ^({n}×{n})", (str(depth), n, n))
    if rows:
        b.declared[data] = (f"{data} ∈ ℝ^({top}×{n})", (str(depth), n))
    before = "l+1" if back else "l-1"
    parts = [f"{f'{weights}[l]' if own else W.text} {name}[{before}]", f"{data}[l]" if rows else v.text]
    if steps == 2:
        parts.append(f"{v.text} ⊙ {name}[l-2]")
    end = f"{top}+1" if top == "D" else str(depth + 1)
    b.lines.append(f"{name}[{end if back else 0}] = {first.text}")
    if steps == 2:
        b.lines.append(f"{name}[1] = {second.text}")
    b.lines.append(f"for l in {lowest}..{top}")
    b.lines.append(f"  {name}[l] = {f'{name}[{before}] + ' if skip else ''}tanh({' + '.join(parts)})")

    def members(e: Any, xp: Any) -> dict[int, Any]:
        h = {depth + 1 if back else 0: first.value(e, xp)}
        if steps == 2:
            h[1] = second.value(e, xp)
        for k in range(depth, 0, -1) if back else range(lowest, depth + 1):
            one = h[k + 1] if back else h[k - 1]
            z = (e[weights][k - 1] if own else W.value(e, xp)) @ one + (e[data][k - 1] if rows else v.value(e, xp))
            if steps == 2:
                z = z + v.value(e, xp) * h[k - 2]
            h[k] = (one if skip else 0.0) + xp.tanh(z)
        return h

    b.steps.append((name, members))
    last, shown = (1, "1") if back else (depth, top)
    b.define(
        Piece(
            f"1/2 ‖{name}[{shown}] - {second.text}‖²",
            (),
            lambda e, xp: xp.sum((e[name][last] - second.value(e, xp)) ** 2) / 2,
            PRODUCT,
        )
    )
    if b.rng.random() < 0.5:
        b.define(
            Piece(
                f"sum[l in {lowest}..{top}] {second.text}' {name}[l]",
                (),
                lambda e, xp: sum(second.value(e, xp) @ e[name][k] for k in range(lowest, depth + 1)),
                SUM,
            )
        )


def over_rows(b: Builder) -> None:
    """A map over the rows of a matrix, with weights that all rows share."""
    N, d, m = b.size(), b.size(), b.size()
    X, W, v, Y = b.some(N, d), b.some(m, d), b.some(m), b.some(N, m)
    z, loss = b.fresh("z"), b.fresh("ℓ")
    count = b.number(N)
    b.lines += [
        f"for i in 1..{N}",
        f"  {z}[i] = tanh({W.text} {X.text}[i] + {v.text})",
        f"  {loss}[i] = 1/2 ‖{z}[i] - {Y.text}[i]‖²",
    ]

    def losses(e: Any, xp: Any) -> Any:
        x, y = X.value(e, xp), Y.value(e, xp)
        each = [xp.sum((xp.tanh(W.value(e, xp) @ x[k] + v.value(e, xp)) - y[k]) ** 2) / 2 for k in range(count)]
        return xp.stack(each)

    b.steps.append((loss, losses))
    b.define(Piece(f"1/{N} sum[i] {loss}[i]", (), lambda e, xp: xp.sum(e[loss]) / count, PRODUCT))


def slices(b: Builder) -> None:
    """Parts of vectors."""
    n = b.size()
    if b.number(n) < 2:
        return
    x, y = b.some(n), b.some(n)
    if b.rng.random() < 0.5:
        text = f"{x.text}[1..{n}-1]' {y.text}[1..{n}-1]"
        b.define(Piece(text, (), lambda e, xp: x.value(e, xp)[:-1] @ y.value(e, xp)[:-1]))
    else:
        text = f"‖{x.text}[2..{n}]‖² + sum[i in 2..{n}] {x.text}[i] {y.text}[i-1]"
        b.define(
            Piece(text, (), lambda e, xp: xp.sum(x.value(e, xp)[1:] ** 2) + x.value(e, xp)[1:] @ y.value(e, xp)[:-1])
        )


LINES = [
    line,
    line,
    line,
    line,
    indexed_vector,
    indexed_vector,
    indexed_matrix,
    indexed_matrix,
    convolution,
    recurrence,
    over_rows,
    slices,
]


def random_sheet(
    rng: random.Random, *, lines: int = 5, numbers: tuple[int, ...] = (3, 2, 4), depth: int = 2
) -> RandomSheet:
    """A sheet of a few lines whose objective uses everything."""
    sizes = dict(zip("nmk", numbers, strict=False))
    b = Builder(rng, sizes, depth=depth)
    for _ in range(rng.randint(1, lines)):
        rng.choice(LINES)(b)
    defined = {p.text for p in b.pool} - set(b.declared)
    total: list[tuple[str, Function]] = []
    for piece in b.pool:
        if piece.text in b.used or piece.text not in defined:
            continue
        if not piece.shape:
            total.append((piece.text, piece.value))
        else:
            text = f"sum[i] {piece.text}[i] sin({piece.text}[i])" if len(piece.shape) == 1 else f"1/2 ‖{piece.text}‖²"
            if len(piece.shape) == 1:
                total.append((text, lambda e, xp, p=piece: xp.sum(p.value(e, xp) * xp.sin(p.value(e, xp)))))
            else:
                total.append((text, lambda e, xp, p=piece: xp.sum(p.value(e, xp) ** 2) / 2))
    if not total:
        first = b.input(b.size())
        total.append((f"‖{first.text}‖²", lambda e, xp: xp.sum(first.value(e, xp) ** 2)))
    b.steps.append(("L", lambda e, xp: sum(f(e, xp) for _, f in total)))
    names = list(b.declared)
    names = [p for p in names if _mentioned(p, [*b.lines, *(t for t, _ in total)])] or names
    parameters = [p for p in names if rng.random() < 0.7] or names[:1]
    text = "\n".join(
        [
            *(d for d, _ in b.declared.values()),
            "",
            *b.lines,
            "L = " + " + ".join(t for t, _ in total),
            "",
            f"parameters {', '.join(parameters)}",
            "minimize L",
            "",
        ]
    )
    inputs = {
        name: tuple(int(s) if s.isdigit() else b.number(s) for s in shape) for name, (_, shape) in b.declared.items()
    }
    return RandomSheet(text, {**sizes, **b.sizes_of_depth}, inputs, parameters, b.steps)


def _mentioned(name: str, lines: list[str]) -> bool:
    return any(re.search(rf"(?<![A-Za-z0-9]){name}(?![A-Za-z0-9])", text) for text in lines)
