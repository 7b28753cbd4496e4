"""Small sheets on which the engine once went wrong, with the lines that are right."""

from __future__ import annotations

import pytest

from engine.reading_back import read_back
from engine.running import derived, functions_of, plain_line, read
from gradsheet.solution import solve
from gradsheet.verification import verify
from gradsheet.writing.equations import taken_names, write_equation

DEPTH = (
    "x ∈ ℝ^n, A ∈ ℝ^(n×n)\nh[0] = x\nfor l in 1..2\n  h[l] = tanh(A h[l-1] + x)\nL = 1/2 ‖h[2] - x‖²\nparameters A\n"
)
LOSSES = (
    "x, u ∈ ℝ^n, A ∈ ℝ^(n×n)\nf[0] = x\nfor l in 1..3\n  f[l] = tanh(A f[l-1])\n"
    "L = sum[l in 1..3] u' f[l]\nparameters A\n"
)
TOP = "x ∈ ℝ^T, w ∈ ℝ\nh[T] = w x[T]\nh[t] = w x[t]² h[t+1]   for t in 1..T-1\nL = sum[t in 1..T] h[t]\nparameters w\n"
BACK = (
    "u ∈ ℝ^k, A ∈ ℝ^(k×k)\nf[0] = u\nf[1] = u\nfor l in 2..D\n  f[l] = tanh(A f[l-1] + u ⊙ f[l-2])\n"
    "L = 1/2 ‖f[D] - u‖² + sum[l in 2..D] u' f[l]\nparameters u\n"
)
CAUSAL = (
    "S ∈ ℝ^(T×T), X ∈ ℝ^(T×d), V ∈ ℝ^(d×p)\n"
    "O[i,q] = sum[j in 1..i] exp(S[i,j]) sum[m] X[j,m] V[m,q]   for i in 1..T, q in 1..p\n"
    "L = 1/2 ‖O‖²\nparameters V\n"
)
ENTRIES = (
    "sizes n[1..D]\nfor l in 1..D\n  w[l] ∈ ℝ^(n[l])\nh[l,i] = w[l,i]²   for l in 1..D, i in 1..n[l]\n"
    "L = sum[l in 1..D] sum[i in 1..n[l]] h[l,i]\nparameters w\n"
)
FOUND: dict[str, tuple[str, list[str]]] = {
    "a vector of ones has an index": (
        "X ∈ ℝ^(N×d), w ∈ ℝ^d\nr = X w\nL = sum[i] r[i]\nparameters w\n",
        ["∂L/∂r[i] = 1   for i in 1..N"],
    ),
    "a δ inside a choice by value is contracted": (
        "y, w ∈ ℝ^n, κ ∈ ℝ\nr = y - w\nρ[i] = r[i]² if |r[i]| ≤ κ else κ |r[i]|\nL = sum[i] ρ[i]\nparameters w\n",
        ["∂L/∂r = 2 r if abs(r) ≤ κ else κ sign(r)", "∂L/∂w = -∂L/∂r"],
    ),
    "neighbours are cut at both ends": (
        "x ∈ ℝ^n\nL = sum[i in 1..n-1] (x[i+1] - x[i]²)²\nparameters x\n",
        [
            "∂L/∂x[1] = -4 (x[2] - x[1]²) x[1]",
            "∂L/∂x[i] = 2 (x[i] - x[i-1]²) - 4 (x[i+1] - x[i]²) x[i]   for i in 2..n-1",
            "∂L/∂x[n] = 2 (x[n] - x[n-1]²)",
        ],
    ),
    "a depth that is a number is cut like one that is a symbol": (
        DEPTH,
        ["∂L/∂h[1] = Aᵀ (∂L/∂h[2] ⊙ (1 - h[2]²))", "∂L/∂h[2] = h[2] - x"],
    ),
    "the same number in two ranges is one number": (
        LOSSES,
        ["∂L/∂f[l] = Aᵀ (∂L/∂f[l+1] ⊙ (1 - f[l+1]²)) + u   for l in 1..2", "∂L/∂f[3] = u"],
    ),
    "a recursion may start at the top": (
        TOP,
        ["∂L/∂h[1] = 1", "∂L/∂h[t] = ∂L/∂h[t-1] w x[t-1]² + 1   for t in 2..T"],
    ),
    "a recursion may start at the top, after its general case": (
        "x ∈ ℝ^T, w ∈ ℝ\nh[t] = w x[t]² for t in 1..T-1\nh[T] = w x[T]\nL = sum[t in 1..T] h[t]\nparameters w\n",
        ["∂L/∂h[t] = 1   for t in 1..T"],
    ),
    "a recursion may start at a number at the top": (
        "x ∈ ℝ^n, A ∈ ℝ^(n×n)\nf[3] = x\nfor l in 1..2\n  f[l] = tanh(A f[l+1])\nL = ‖f[1]‖²\nparameters A\n",
        ["∂L/∂f[1] = 2 f[1]", "∂L/∂f[2] = Aᵀ (∂L/∂f[1] ⊙ (1 - f[1]²))"],
    ),
    "a range is not cut where its end may lie before the cut": (
        "u ∈ ℝ^k\nh[i] = u[i]² if i ≤ 2 else sin(u[i])\nL = sum[i] h[i]\nparameters u\n",
        ["∂L/∂u[i] = 2 u[i] if i ≤ 2 else cos(u[i])   for i in 1..k"],
    ),
    "⊙ beside a matrix product has brackets": (
        "A ∈ ℝ^(m×m)\nh = relu(A) (A ⊙ A)\nL = 1/2 ‖h‖²\nparameters A\n",
        ["∂L/∂h = h"],
    ),
    "no factor of a product is lost": (
        "A ∈ ℝ^(m×m), B ∈ ℝ^(m×k), C ∈ ℝ^(k×k)\nh = ((A B) ⊙ (B C)) ⊙ (B (C C))\nL = 1/2 ‖h‖²\nparameters A\n",
        ["∂L/∂h = h"],
    ),
    "an access that may leave its range is chosen, not multiplied": (
        BACK,
        [],
    ),
    "a sum up to the row keeps its index": (
        CAUSAL,
        [],
    ),
    "a derivative of a derivative has brackets": (
        "w, x ∈ ℝ^n\nf = tanh(w' x)\nL = ‖∂f/∂x‖²\nparameters w\n",
        ["∂f/∂x = (1 - f²) w", "∂L/∂(∂f/∂x) = 2 ∂f/∂x"],
    ),
    "the windows of a maximum stay inside": (
        "x, c ∈ ℝ^n\nm[i] = max[k in 1..2] x[i+k-1]   for i in 1..n-1\nL = sum[i in 1..n-1] c[i] m[i]\nparameters x\n",
        ["∂L/∂m = c[1..n-1]"],
    ),
    "what nothing depends on is 0": (
        "x, u ∈ ℝ^n\nL = ‖x‖²\nparameters x, u\n",
        ["∂L/∂x = 2 x", "∂L/∂u = 0"],
    ),
    "an axis of one entry keeps its place": (
        "x ∈ ℝ^(n×1), W ∈ ℝ^(1×n)\ny = W x\nL = y²\nparameters W, x\n",
        [],
    ),
    "a ring closes": (
        "x ∈ ℝ^n\ny[i] = x[i] x[i+1] if i < n else x[n] x[1]\nL = sum[i] y[i]²\nparameters x\n",
        ["∂L/∂y = 2 y"],
    ),
    "a triangle is a family of rows": (
        "x ∈ ℝ^n\nA[i,j] = x[i] x[j]²   for i in 1..n, j in 1..i\nL = sum[i] sum[j in 1..i] A[i,j]\nparameters x\n",
        ["∂L/∂A[i,j] = [j ≤ i]   for i in 1..n, j in 1..i"],
    ),
    "a range may follow an index before it in one sum": (
        "x ∈ ℝ^n\nL = sum[i, j in 1..i] x[i] x[j]²\nparameters x\n",
        ["∂L/∂x[i] = ‖x[1..i]‖² + 2 x[i] sum[j in i..n] x[j]   for i in 1..n"],
    ),
    "layers of different widths may be written entry by entry": (
        ENTRIES,
        ["∂L/∂h[l,i] = 1   for l in 1..D, i in 1..n[l]"],
    ),
    "a condition may have an expression in sizes": (
        "x ∈ ℝ^(1..2 P), w ∈ ℝ^n\ny[i] = w[i] x[i] if i ≤ 2 P else 0   for i in 1..n\nL = sum[i] y[i]²\nparameters w\n",
        ["∂L/∂y = 2 y"],
    ),
    "a function's name that the sheet has taken is no function": (
        "a, b, σ ∈ ℝ\ny = a/σ b\nL = y²\nparameters b\n",
        ["∂L/∂b = ∂L/∂y a / σ"],
    ),
    "lgamma has a derivative with a name": (
        "a ∈ ℝ, a > 0\nL = lgamma(a)²\nparameters a\n",
        ["∂L/∂a = 2 lgamma(a) digamma(a)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_it_is_right_now(name: str):
    text, lines = FOUND[name]
    derivation = derived(text + "minimize L\n")
    taken, functions = taken_names(derivation.sheet), functions_of(derivation.sheet)
    shown = [plain_line(line, functions) for a in derivation.adjoints for line in write_equation(a.equation, taken)]
    assert [line for line in lines if line not in shown] == [], shown
    assert verify(derivation, points=1).passed
    assert read_back(text + "minimize L\n") >= len(derivation.adjoints)


@pytest.mark.parametrize("kind", ["exact", "float64"])
def test_labels_that_begin_and_end_like_a_count_are_no_count(kind: str):
    """a₁ x₁ + a₂ x₁ + a₃ x₃ for the labels 1, 1, 3: the second one is not 2."""
    sheet = read("x, a ∈ ℝ^3\nc ∈ (1..3)^3\nL = sum[i] a[i] x[c[i]]\nparameters x\nminimize L\n")
    state = solve(sheet, {"x": [1, 10, 100], "a": [1, 2, 3], "c": [1, 1, 3]}, kind=kind).states[0]
    assert float(state.objective) == 303
