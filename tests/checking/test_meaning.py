"""What formulas of a sheet's names mean at random points: a row for each kind of node and each way to fail."""

from __future__ import annotations

import operator
from collections import Counter
from functools import partial

import numpy as np
import pytest

from checking.evaluating import formula, outcome, page, point_of
from gradsheet.checking.meaning import (
    arithmetic,
    conditions,
    derivatives,
    entries,
    functions,
    names,
    points,
    sums,
    tensors,
)
from gradsheet.checking.meaning.interpreter import Interpreter, UnsupportedError
from gradsheet.checking.meaning.scope import Scope
from gradsheet.checking.meaning.tensors import Value
from gradsheet.syntax import tree

NET = """
x ∈ ℝ^2, y ∈ ℝ^3
W1 ∈ ℝ^(4×2), b1 ∈ ℝ^4, W2 ∈ ℝ^(3×4), b2 ∈ ℝ^3

z1 = W1 x + b1
h1 = tanh(z1)
z2 = W2 h1 + b2
p = softmax(z2)
L = 1/2 ‖z2 - y‖²
"""
RECURRENT = """
x ∈ ℝ^(T×d), h0 ∈ ℝ^m, U ∈ ℝ^(m×d), V ∈ ℝ^(m×m)

h[0] = h0
for t in 1..T
  h[t] = tanh(U x[t] + V h[t-1])
L = sum[t in 1..T] ‖h[t]‖²
"""
LAYERS = """
sizes n[0..D]
x ∈ ℝ^(n[0]), w ∈ ℝ^(n[D])
φ : ℝ → ℝ

a[0] = x
for l in 1..D
  A[l] ∈ ℝ^(n[l]×n[l-1])
  a[l] = φ(A[l] a[l-1])
L = 1/2 (w' a[D])²
"""
FILTER = """
x ∈ ℝ^T, w ∈ ℝ^(0..R), y ∈ ℝ^T

z[t] = sum[s in 0..R] w[s] x[t-s]  for t in 1..T
L = 1/2 sum[t] (z[t] - y[t])²
"""
ENERGY = """
v ∈ {0,1}^n, h ∈ {0,1}^m
b ∈ ℝ^n, c ∈ ℝ^m, W ∈ ℝ^(n×m), V ∈ {0,1}^(N×n)

E(v, h) = -b' v - c' h - v' W h
F(v) = -log(sum[h] exp(-E(v, h)))
p(v) = exp(-F(v)) / sum[v] exp(-F(v))
ℓ = sum[i] log p(V[i])
"""
SCALARS = """
a, b, u ∈ ℝ, A, B ∈ ℝ^(m×m), q ∈ ℝ^k, r ∈ ℝ^(1×k)

s = a u + b
f = relu(a) + max(a, b) + s²
"""
DATA = """
x, w ∈ ℝ^n, y, λ ∈ ℝ

L = 1/2 (w' x - y)²

parameters w
minimize mean L + λ ‖w‖²
"""
SECOND = """
x, w, v, k ∈ ℝ

u = v tanh(w x)
r = ∂²u/∂x² + k u
L = 1/2 r²

parameters w, v
minimize L
"""

TABLE = [
    # names, numbers, brackets
    (NET, "h1", "tanh(W1 x + b1)", "equal"),
    (NET, "h1", "tanh(W1 x - b1)", "different"),
    (NET, "(h1)", "h1", "equal"),
    (NET, "q9", "1", "unbound"),
    (NET, "2 π", "e", "different"),
    (NET, "log e", "1", "equal"),
    (NET, "1/2 + 0.25", "3/4", "equal"),
    (NET, "∞", "1", "unsupported"),
    # entries, slices, what is outside
    (NET, "W2[1]' h1 + b2[1]", "z2[1]", "equal"),
    (NET, "W2[1]' h1 + b2[1]", "z2[2]", "different"),
    (NET, "W1[:,1]", "W1[:,2]", "different"),
    (NET, "h1[1..2]", "h1[1..2]", "equal"),
    (NET, "x[99]", "1", "out of range"),
    (NET, "x[0]", "1", "out of range"),
    (NET, "L[1]", "L", "unsupported"),
    (NET, "x[1,1]", "x[1]", "equal"),
    (NET, "x[1,2]", "x[1]", "unsupported"),
    (NET, "x[x[1]]", "1", "unsupported"),
    # products: rows by columns, outer, dot, ⊙, quotients
    (NET, "W2 h1 + b2", "z2", "equal"),
    (NET, "h1 W2", "z2", "mismatch"),
    (NET, "h1' W2'", "(W2 h1)'", "equal"),
    (NET, "h1 x'", "h1 ⊗ x", "equal"),
    (NET, "h1 x", "1", "mismatch"),
    (NET, "h1 · h1", "h1' h1", "equal"),
    (NET, "h1 * h1", "h1 ⊙ h1", "equal"),
    (NET, "h1 ⊙ x", "1", "mismatch"),
    (NET, "h1 / h1", "1", "shapes"),
    (NET, "h1 / L", "h1 ⊙ (1 / L + 0 h1)", "equal"),
    (NET, "L / h1", "1 / h1 ⊙ L", "equal"),
    (NET, "L / W1", "1", "mismatch"),
    (NET, "h1 + x", "1", "mismatch"),
    (NET, "W2' (z2 - y) ⊙ h1", "h1 ⊙ W2' (z2 - y)", "equal"),
    (NET, "0", "h1 - h1", "equal"),
    (NET, "1", "h1 - h1", "shapes"),
    # powers
    (NET, "h1²", "h1 ⊙ h1", "equal"),
    (NET, "h1³", "h1 ⊙ h1", "different"),
    (NET, "L⁻²", "1 / (L L)", "equal"),
    (SCALARS, "A²", "A A", "equal"),
    (SCALARS, "A²", "A ⊙ A", "different"),
    (SCALARS, "A A⁻¹ B", "B", "equal"),
    (SCALARS, "A⁻²", "A⁻¹ A⁻¹", "equal"),
    (NET, "W1⁻¹", "1", "unsupported"),
    (NET, "e^h1", "exp(h1)", "equal"),
    (NET, "2^L", "exp(L log 2)", "equal"),
    (NET, "2^h1", "1", "unsupported"),
    (NET, "L^99", "1", "unsupported"),
    # bars, arrays
    (NET, "‖h1‖²", "h1' h1", "equal"),
    (NET, "‖h1‖_1", "sum(abs(h1))", "equal"),
    (NET, "‖W1‖_F²", "sum(W1 ⊙ W1)", "equal"),
    (NET, "‖h1‖_7", "1", "unsupported"),
    (SCALARS, "|a|", "max(a, -a)", "equal"),
    (SCALARS, "|A|", "det(A)", "equal"),
    (SCALARS, "det(2 A)", "2^m det(A)", "equal"),
    (SCALARS, "logdet(A A')", "log det(A A')", "equal"),
    (SCALARS, "[[a, b], [b, a]] ([a, b]')", "[2 a b + a² - 2 a b + b², 2 a b]", "equal"),
    (SCALARS, "[[a, b], [2 a, 2 b]] ([a, 0]')", "[a², 2 a²]", "equal"),
    (SCALARS, "[q, a]", "1", "unsupported"),
    # I has the size of what it is added to
    (SCALARS, "(A + I) - A", "A⁻¹ A", "equal"),
    (SCALARS, "A + 2 I", "A + I", "different"),
    (SCALARS, "I", "A", "unsupported"),
    # functions
    (NET, "tanh'(z1)", "1 - h1²", "equal"),
    (NET, "tanh'(z1)", "1 + h1²", "different"),
    (NET, "tanh''(z1)", "-2 h1 ⊙ (1 - h1²)", "equal"),
    (NET, "tanh²(z1)", "h1²", "equal"),
    (NET, "softmax(z2)", "p", "equal"),
    (NET, "softmax(z2[1])", "p[1]", "equal"),
    (NET, "softmax(z2)[2]", "p[2]", "equal"),
    (NET, "softmax(z2)[1]", "p[2]", "different"),
    (NET, "logsoftmax(z2)", "log(p)", "equal"),
    (NET, "max(h1)", "max(h1[1] - 1, max(h1))", "equal"),
    (NET, "tanh(h1, h1)", "1", "unsupported"),
    (NET, "max'(h1)", "1", "unsupported"),
    (NET, "tanh", "1", "unbound"),
    (NET, "tanh⁻¹(h1)", "z1", "unsupported"),
    (NET, "tr(h1 h1')", "h1' h1", "equal"),
    (NET, "diag(h1) z1", "h1 ⊙ z1", "equal"),
    (NET, "sum(h1)", "sum[i] h1[i]", "equal"),
    (NET, "onehot(2, 5)", "[0, 1, 0, 0, 0]", "equal"),
    (NET, "onehot(7, 5)", "1", "out of range"),
    (NET, "onehot(2)", "1", "unsupported"),
    (LAYERS, "φ'(A[1] x)", "φ(A[1] x)", "different"),
    (LAYERS, "φ(A[1] x)", "a[1]", "equal"),
    # conditions
    (SCALARS, "a if a > 0 else 0", "relu(a)", "equal"),
    (SCALARS, "[a > 0] a", "relu(a)", "equal"),
    (SCALARS, "[a > 0 and not b > 0] + [a > 0 and b > 0]", "[a > 0]", "equal"),
    (SCALARS, "q if q > 0 else 0 q", "relu(q)", "equal"),
    (SCALARS, "sum[i] [q[i] = max(q)]", "1", "equal"),
    (SCALARS, "sum[i] [q[i] < max(q)]", "sum(q ⊘ q) - 1", "equal"),
    (SCALARS, "1 if a else 2", "1", "unsupported"),
    (SCALARS, "[q > A]", "1", "mismatch"),
    (NET, "δ[2,2] + δ[1,2]", "1", "equal"),
    (NET, "e[1]", "1", "unsupported"),
    # sums
    (NET, "sum[j] W1[2,j] x[j] + b1[2]", "z1[2]", "equal"),
    (NET, "sum[i, j] W2[i,j] h1[j]", "sum(W2 h1)", "equal"),
    (NET, "mean[i] h1[i]", "mean(h1)", "equal"),
    (NET, "prod[i in 1..2] x[i]", "x[1] x[2]", "equal"),
    (NET, "max[i] h1[i]", "max(h1)", "equal"),
    (NET, "sum[i in 1..0] x[i]", "0", "equal"),
    (NET, "max[i in 1..0] x[i]", "1", "unsupported"),
    (NET, "sum[i] 1", "1", "unsupported"),
    (NET, "sum[i in 1..99999] 1", "1", "stopped"),
    (NET, "sum[i in 1..3, j in 1..i] 1", "6", "equal"),
    (NET, "sum[i in 1..M] h1[i]", "sum(h1)", "equal"),  # M is said nowhere: as far as there are entries
    (FILTER, "sum[s in -∞..∞] w[s] x[3-s]", "sum[s in 0..2] w[s] x[3-s]", "equal"),
    (FILTER, "sum[s] w[s] x[2-s]", "z[2]", "equal"),
    (FILTER, "sum[s] w[s+1] x[1-s]", "z[2]", "equal"),
    (FILTER, "w[0] x[1]", "z[1]", "equal"),
    (FILTER, "w[1] x[1]", "z[1]", "different"),
    # families
    (RECURRENT, "tanh(U x[1] + V h0)", "h[1]", "equal"),
    (RECURRENT, "tanh(U x[1] + V h[1])", "h[1]", "different"),
    (RECURRENT, "h[0]", "h0", "equal"),
    (RECURRENT, "h[-1]", "h0", "out of range"),
    (RECURRENT, "h[99]", "h0", "out of range"),
    (RECURRENT, "h[1,2]", "h[1][2]", "equal"),
    (RECURRENT, "sum[t in 1..T] h[t]' h[t]", "L", "equal"),
    (LAYERS, "a[1]", "φ(A[1] a[0])", "equal"),
    (LAYERS, "A[D] a[D-1]", "A[D] φ(A[D-1] a[D-2])", "equal"),
    (LAYERS, "A", "1", "unsupported"),
    # rows
    (SCALARS, "r r'", "sum[i] r[i]²", "equal"),
    (SCALARS, "sum[i] r[i]", "r[1]", "different"),
    (SCALARS, "r[2]", "r[1,2]", "equal"),
    # sums over all states, functions of the sheet
    (ENERGY, "sum[v] p(v)", "1", "equal"),
    (ENERGY, "F(V[1])", "-b' V[1] - sum[j] log(1 + e^(c[j] + V[1]' W[:,j]))", "equal"),
    (ENERGY, "E(V[1], c)", "-b' V[1] - c' c - V[1]' W c", "equal"),
    (ENERGY, "E(V[1])", "1", "unsupported"),
    (ENERGY, "F(b, c)", "1", "unsupported"),
    (ENERGY, "F(W)", "1", "unsupported"),
    (ENERGY, "∂ℓ/∂b", "sum[i] V[i] - N sum[v] p(v) v", "equal"),
    (ENERGY, "∂ℓ/∂b", "sum[i] V[i] - sum[v] p(v) v", "different"),
    # derivatives of numbers
    (NET, "∂L/∂z2", "z2 - y", "equal"),
    (NET, "∂L/∂W2", "(z2 - y) h1'", "equal"),
    (NET, "∂L/∂W2", "h1 (z2 - y)'", "shapes"),
    (NET, "∂L/∂W1", "(W2' (z2 - y) ⊙ (1 - h1²)) x'", "equal"),
    (NET, "∂L/∂W1[2,1]", "(W2' (z2 - y))[2] (1 - h1[2]²) x[1]", "equal"),
    (NET, "∂L/∂W1[2,1]", "(W2' (z2 - y))[2] (1 - h1[2]²) x[2]", "different"),
    (NET, "∂L/∂W1[:,2]", "(∂L/∂W1)[:,2]", "equal"),
    (NET, "∂L/∂W1'", "(∂L/∂W1)'", "equal"),
    (NET, "∂L/∂q9", "1", "unbound"),
    (NET, "∂L/∂W1[99,1]", "1", "out of range"),
    (RECURRENT, "∂L/∂h[T]", "2 h[T]", "equal"),
    (RECURRENT, "∂L/∂h[T-1]", "2 h[T-1]", "different"),
    (RECURRENT, "∂L/∂h[T-1]", "2 h[T-1] + V' (∂L/∂h[T] ⊙ (1 - h[T]²))", "equal"),
    (RECURRENT, "∂L/∂V", "sum[t in 1..T] (∂L/∂h[t] ⊙ (1 - h[t]²)) h[t-1]'", "equal"),
    (LAYERS, "∂L/∂A[D]", "((w' a[D]) w ⊙ φ'(A[D] a[D-1])) a[D-1]'", "equal"),
    (FILTER, "∂L/∂w[1]", "sum[t] (z[t] - y[t]) x[t-1]", "equal"),
    (FILTER, "∂L/∂w[1]", "sum[t] (z[t] - y[t]) x[t]", "different"),
    (FILTER, "∂z[2]/∂w[1]", "x[1]", "equal"),
    (FILTER, "∂z[1]/∂w[1]", "0", "equal"),
    # derivatives of expressions, of entries, of arrays
    (NET, "∂(h1' h1)/∂h1", "2 h1", "equal"),
    (NET, "∂(W2 h1)/∂h1", "W2", "equal"),
    (NET, "∂z2/∂h1", "W2", "equal"),
    (NET, "∂z2/∂h1", "W2'", "shapes"),
    (NET, "∂h1/∂z1", "diag(1 - h1²)", "equal"),
    (NET, "∂L/∂h1 ⊙ ∂h1/∂z1", "∂L/∂z1", "equal"),
    (NET, "∂h1/∂z1 ⊙ ∂h1/∂z1", "diag((1 - h1²)²)", "equal"),
    (NET, "∂p[1]/∂z2[1]", "p[1] (1 - p[1])", "equal"),
    (NET, "∂p[1]/∂z2[2]", "p[1] (1 - p[2])", "different"),
    (SCALARS, "∂(a² b)/∂a", "2 a b", "equal"),
    (SCALARS, "∂s/∂b", "1", "equal"),
    # second derivatives
    (SCALARS, "∂²(a² b)/∂a²", "2 b", "equal"),
    (SCALARS, "∂²(a² b)/∂a∂b", "2 a", "equal"),
    (SCALARS, "∂(∂(s²)/∂a)/∂u", "2 s + 2 a u", "equal"),
    (SCALARS, "∂²(s²)/∂a²", "2 u²", "equal"),
    (SCALARS, "∂²(s²)/∂a²", "u²", "different"),
    (SCALARS, "∂³(a³)/∂a³", "6", "unsupported"),
    (NET, "∂(∂L/∂b2)/∂b2", "∂b2/∂b2", "equal"),
    (NET, "∂²L/∂W2∂z2", "1", "unsupported"),  # with W2 acting through z2, or with z2 left alone?
    # the rows of the data
    (DATA, "mean ∂L/∂w + 2 λ w", "(w' x - y) x + 2 λ w", "equal"),
    (DATA, "mean L", "L", "equal"),
    (DATA, "sum L", "L", "unsupported"),
    (DATA, "mean(w)", "1/n sum[i] w[i]", "equal"),
    # derivatives as terms of the sheet
    (SECOND, "r", "∂²u/∂x² + k u", "equal"),
    (SECOND, "∂L/∂(∂²u/∂x²)", "r", "equal"),
    (SECOND, "∂L/∂v", "r ∂(∂²u/∂x² + k u)/∂v", "unsupported"),
    (SECOND, "∂L/∂k", "r u", "equal"),
    (SECOND, "∂L/∂v", "r k u / v", "different"),
]


@pytest.mark.parametrize(("sheet", "left", "right", "expected"), TABLE)
def test_a_formula_means_what_it_says(sheet, left, right, expected):
    assert outcome(sheet, left, right) == expected


# ---------------------------------------------------------------- what a page adds to a sheet


def test_a_view_makes_names_a_family():
    views = {"W": {1: "W1", 2: "W2"}, "h": {0: "x", 1: "h1"}}
    scope = page(NET, views={k: {n: formula(NET, name) for n, name in v.items()} for k, v in views.items()})
    assert outcome(NET, "W[2] h[1] + b2", "z2", scope=scope) == "equal"
    assert outcome(NET, "W[2] h[0] + b2", "z2", scope=scope) == "mismatch"
    assert outcome(NET, "W[1,2,1]", "W1[2,1]", scope=scope) == "equal"
    assert outcome(NET, "W[3]", "W2", scope=scope) == "out of range"
    assert outcome(NET, "∂L/∂W[l]", "(∂L/∂W1)", scope=scope, known={"l": 1}) == "equal"
    assert outcome(NET, "sum[l] ‖W[l]‖²", "‖W1‖² + ‖W2‖²", scope=scope) == "equal"


def test_definitions_of_the_page_stand_for_what_they_say():
    scope = page(NET, "δ = z2 - y", "g[k] = δ[k] p[k]", "f(t) = t² + 1", "D = W2", "hop = D")
    assert outcome(NET, "∂L/∂W2", "δ h1'", scope=scope) == "equal"
    assert outcome(NET, "sum[k] g[k]", "(z2 - y)' p", scope=scope) == "equal"
    assert outcome(NET, "sum(g)", "(z2 - y)' p", scope=scope) == "equal"  # all entries of what is said of each
    assert outcome(NET, "f(h1)", "h1² + 1", scope=scope) == "equal"
    assert outcome(NET, "f'(h1)", "2 h1", scope=scope) == "equal"
    assert outcome(NET, "f'(h1)", "h1", scope=scope) == "different"
    assert outcome(NET, "f(h1, h1)", "1", scope=scope) == "unsupported"
    assert outcome(NET, "∂L/∂hop", "∂L/∂W2", scope=scope) == "equal"
    assert outcome(NET, "∂L/∂δ", "1", scope=scope) == "unsupported"
    assert outcome(NET, "hop[1,2]", "W2[1,2]", scope=scope) == "equal"
    assert outcome(NET, "δ[1,2]", "0", scope=scope) == "unsupported"  # δ is a name now, not Kronecker's


def test_a_definition_that_stands_for_itself_ends():
    assert outcome(NET, "C", "1", scope=page(NET, "C = C")) == "unsupported"
    assert outcome(NET, "C[1]", "1", scope=page(NET, "C = D", "D = C")) in {"unsupported", "unbound"}


def test_functions_and_numbers_that_the_page_names():
    assert outcome(LAYERS, "g(A[1] x)", "tanh(A[1] x)", scope=Scope(functions={"g": "tanh"})) == "equal"
    assert outcome(LAYERS, "g(A[1] x)", "a[1]", scope=Scope(functions={"g": "φ"})) == "equal"
    assert outcome(LAYERS, "a[K]", "a[2]", scope=Scope(numbers={"K": 2})) == "equal"
    assert outcome(NET, "h1 h1'", "sum(h1 ⊙ h1)", scope=Scope(rows=True)) == "equal"
    assert outcome(NET, "∂L/∂z2", "(z2 - y)", scope=Scope(rows=True)) == "equal"


def test_what_an_earlier_wrong_line_said_is_carried():
    wrong = formula(NET, "y - z2")
    scope = Scope(carried={"∂L/∂z2": wrong})
    assert outcome(NET, "∂L/∂z2", "y - z2", scope=scope) == "equal"
    assert outcome(NET, "W2' ∂L/∂z2", "W2' (y - z2)", scope=scope) == "equal"
    assert outcome(NET, "∂L/∂h1", "W2' (y - z2)", scope=scope) == "different"


def test_letters_have_the_numbers_that_they_are_given():
    for t in (1, 2):
        assert outcome(RECURRENT, "h[t]", "tanh(U x[t] + V h[t-1])", known={"t": t}) == "equal"
    assert outcome(RECURRENT, "h[t+99]", "h[t]", known={"t": 1}) == "out of range"
    assert outcome(NET, "∂p[i]/∂z2[j]", "p[i] (δ[i,j] - p[j])", known={"i": 1, "j": 2}) == "equal"
    assert outcome(NET, "∂p[i]/∂z2[j]", "p[i] (δ[i,j] - p[j])", known={"i": 2, "j": 2}) == "equal"


def test_a_formula_without_end_is_refused():
    deep = formula(NET, "L")
    for _ in range(500):
        deep = tree.Transpose(deep)
    with pytest.raises(UnsupportedError, match="too deeply"):
        Interpreter(point_of(NET), Scope()).evaluate(deep)


# ---------------------------------------------------------------- planted faults


def _turned(function):
    return lambda a, b: function(b, a)


def _shifted(function):
    return lambda it, node, known: function(it, node, known) + 1


def _unmoved(number, _direction, order=1):
    return points.Jet.constant(number, order)


def _first(slope, it, of, push, known):
    return slope(it, of, push, known) if not it.pushes else slope(it.moved((), 0), of, push, known)


FAULTS = {
    "factors change places": (tensors, "product", _turned),
    "a dot product is one entry by entry": (tensors, "dot", lambda _: tensors.hadamard),
    "⊙ is a product": (tensors, "hadamard", lambda _: tensors.product),
    "a transpose does nothing": (tensors, "transposed", lambda _: lambda a: a),
    "a quotient is turned": (tensors, "quotient", _turned),
    "indices count from 0": (entries, "index", _shifted),
    "minus is plus": (arithmetic.operator, "sub", lambda _: operator.add),
    "a power is one too high": (arithmetic, "whole_power", lambda f: lambda it, base, n: f(it, base, n + 1)),
    "no function has primes": (functions, "_apply", lambda f: lambda it, n, _, a, known: f(it, n, 0, a, known)),
    "softmax of an entry is softmax": (functions, "_entry_of_whole", lambda _: lambda *_: None),
    "a sum forgets its first term": (sums, "steps", lambda f: lambda *a: list(f(*a))[1:]),
    "every axis starts at 1": (names, "entry", lambda f: lambda it, d, i, lows, k: f(it, d, i, [1] * len(lows), k)),
    "the states of a finite set are one": (sums, "_states", lambda f: lambda *a: f(*a)[:1]),
    "every condition holds": (conditions, "truth", lambda _: lambda *_: np.asarray(True)),  # noqa: FBT003 - a truth
    "a tie is not seen": (conditions, "_sign", lambda _: lambda gap: gap.sign or 1),
    "a derivative by one entry is by its neighbour": (derivatives, "locate", lambda f: lambda *a: np.roll(f(*a), 1)),
    "a second derivative is a first": (derivatives, "_slope", lambda f: partial(_first, f)),
    "the outputs come last": (derivatives, "Value", lambda _: lambda data, outputs=None: Value(data.T, outputs)),
    "what is pushed does not move": (points.Jet, "variable", lambda _: _unmoved),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen(fault, monkeypatch):
    where, name, planted = FAULTS[fault]
    monkeypatch.setattr(where, name, planted(getattr(where, name)))
    point_of.cache_clear()
    try:
        assert any(_differs(*row) for row in TABLE)
    finally:
        point_of.cache_clear()


def _differs(sheet, left, right, expected):
    try:
        return outcome(sheet, left, right) != expected
    except Exception:  # noqa: BLE001 - a crash is seen too
        return True


def test_every_outcome_is_in_the_table():
    counts = Counter(row[3] for row in TABLE)
    assert set(counts) == {
        "equal", "different", "shapes", "mismatch", "unbound", "unsupported", "out of range", "stopped",
    }  # fmt: skip
