r"""Spellings that pages have: `∇²f`, `a =: b`, `0{,}5`, entries of a Hessian, words run together."""

from __future__ import annotations

import pytest

from checking.test_judging import as_expected, verdicts

QUADRATIC = """
sizes n
x, b ∈ ℝ^n
A ∈ ℝ^(n×n) symmetric
f = 1/2 xᵀ A x - bᵀ x
parameters x
minimize f
"""
WORDS = """
x ∈ ℝ^3, W ∈ ℝ^(2×3), t ∈ ℝ^2
yhat = W x
L = 1/2 ‖yhat - t‖²
parameters W
minimize L
"""
ENERGY = """
v ∈ {0,1}^n, h ∈ {0,1}^m, u ∈ ℝ^n
a ∈ ℝ^n, c ∈ ℝ^m, W ∈ ℝ^(n×m)
E(v, h) = -a' v - c' h - v' W h
F(v) = -log(sum[h] exp(-E(v, h)))
G(t) = a' t
L = F(v) + G(u)
"""
BATCH = """
X ∈ ℝ^(N×d), Y ∈ onehot(k)^N, W ∈ ℝ^(d×k)
S = X W
P[n,j] = softmax[j](S[n,j])
L = -sum[n,j] Y[n,j] log P[n,j]
parameters W
minimize L
"""
BIASED = BATCH.replace("S = X W", "S[n,j] = sum[i] X[n,i] W[i,j] + b[j]").replace("W ∈", "b ∈ ℝ^k, W ∈")
NUMBERS = r"Mit $x = 0{,}5$, $w = 2$, $t = 1$ und $z = w x$, $L = \frac12 (z - t)^2$:"

CASES = [
    (QUADRATIC, r"$\nabla f(x) = A x - b$", ["right"]),
    (QUADRATIC, r"$\nabla f = A x + b$", ["wrong sign"]),
    (QUADRATIC, r"$\nabla^2 f(x) = A$", ["right"]),
    (QUADRATIC, r"$\nabla_x^2 f = 2 A$", ["wrong factor"]),
    (QUADRATIC, r"$\mathbf{H} = \nabla^2_{\mathbf x} f = A$", ["right"]),
    (QUADRATIC, r"$H = \nabla^2 f$, so $H_{ij} = \frac{\partial^2 f}{\partial x_i \partial x_j} = -A_{ij}$",
     ["right", "wrong sign"]),
    (QUADRATIC, r"$\nabla^3 f = 0$", ["unreadable"]),
    (QUADRATIC, r"$A x - b =: r$ and $\nabla f = r$", ["right"]),
    (QUADRATIC, r"$\nabla f = A x - b =: r$ and $\nabla f = -r$", ["right", "wrong sign"]),
    (QUADRATIC, r"$b - A x \eqqcolon r = \nabla f$", ["wrong sign"]),
    (QUADRATIC, r"$r := A x - b$, $\nabla f = r$", ["right"]),
    (WORDS, r"$\nabla_{yhat} L = yhat - t$", ["right"]),
    (WORDS, r"$\frac{\partial L}{\partial W} = (yhat + t) x^\top$", ["wrong sign"]),
    (ENERGY, r"$\frac{\partial F}{\partial a_i} = -v_i$", ["right"]),
    (ENERGY, r"$\frac{\partial F}{\partial a_i} = v_i$", ["wrong sign"]),
    (ENERGY, r"$\frac{\partial F}{\partial W} = -v \, \sigma(c + W^\top v)^\top$", ["right"]),
    (ENERGY, r"$\frac{\partial G}{\partial a} = u$", ["undecided"]),  # nothing is called t
    (ENERGY, r"$p(h_j = 1 \mid v) = \frac{e^{c_j}}{1 + e^{c_j}} = \sigma(c_j)$", ["undecided", "right"]),
    (ENERGY, r"$p(h_j = 1 \mid v) = \frac{e^{c_j}}{1 + e^{c_j}} = -\sigma(c_j)$", ["undecided", "wrong sign"]),
    ("", NUMBERS + r" $z = 2 \cdot 0{,}5 = 1{,}0$ und $\frac{\partial L}{\partial w} = (z - t) x = 0{,}0$.",
     ["right", "right", "right", "right"]),
    ("", NUMBERS + r" $2 z = 1{,}5$.", ["wrong arithmetic"]),
    # What programs write is read, or not read; it never ends at its first point.
    (BATCH, r"$\frac{\partial L}{\partial W} = X.T @ (P - Y)$", ["right"]),
    (BATCH, r"$\frac{\partial L}{\partial W} = X.T @ P - X.T @ Y.$", ["right"]),
    (BATCH, r"$\frac{\partial L}{\partial W} = X.T @ (P + Y)$", ["wrong sign"]),
    (BATCH, r"$\frac{\partial L}{\partial W} = X.transpose() (P - Y)$", ["unreadable"]),
    (BATCH, "∂L/∂W = X.T @ (P - Y)\n\n∂L/∂W = X.transpose() (P - Y)\n\n∂L/∂W = P.cumsum(axis=0)",
     ["right", "unreadable", "unreadable"]),
    (BIASED, "∂L/∂b = sum(P - Y, axis=0)\n\n∂L/∂b = (P - Y).sum(0)\n\n∂L/∂b = np.sum(P, axis=0) - Y.sum(axis=0)",
     ["right", "right", "right"]),
    (BIASED, "∂L/∂b = (P + Y).sum(axis=0)\n\n∂L/∂b = (P - Y).sum(axis=1)\n\n∂L/∂b = (P - Y).mean(axis=0)",
     ["wrong sign", "wrong index", "wrong factor"]),
    (BIASED, "G = P - Y\n\n∂L/∂b = G.sum(axis=0)\n\n∂L/∂b = G.T.sum(axis=-1)\n\n∂L/∂b = ∂L/∂S.sum(axis=0)",
     ["right", "right", "right"]),
    (BIASED, "∂L/∂b = b (P - Y).sum(0)\n\n∂L/∂b = P².sum(0)\n\n∂L/∂b = P.sum(axis=2)\n\n∂L/∂b = P.sum(axis=k)",
     ["unreadable", "unreadable", "undecided", "unreadable"]),
    (BIASED, (r"$dS = P - Y$, so $\frac{\partial L}{\partial b} = dS.sum(axis=0).$ Not "
              r"$\frac{\partial L}{\partial b} = np.sum(P, axis=0)$."),
     ["right", "wrong operand"]),
    (BIASED, r"$\frac{\partial L}{\partial b} = (P - Y).T.sum(axis=1)$", ["right"]),
    (BIASED, "```math\n\\frac{\\partial L}{\\partial b} = P.sum(axis=0) - \\operatorname{sum}(Y, axis=0)\n```",
     ["right"]),
    (BIASED, r"$\frac{\partial L}{\partial b} = \log(e^P).sum(axis=0) - Y.sum(axis=0)$", ["right"]),
    (BIASED, "P = softmax(S, axis=1)\n\nP = softmax(S, axis=0)\n\nL = sum(Y .* log_softmax(S)) + 0",
     ["wrong index", "wrong sign"]),
    ("", (r"Let $p = \sigma(w^\top x)$ with $y \in \{0, 1\}$ and $L = -y \log p - (1 - y) \log(1 - p)$. "
         r"$\nabla^2_w L = p (1 - p) x x^\top$"), ["right"]),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "page", "expected"), CASES)
def test_a_spelling_is_read(sheet: str, page: str, expected: list[str]):
    found = verdicts(sheet, page)
    assert as_expected(found, expected), found
