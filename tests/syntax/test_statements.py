"""Statements, sets and blocks."""

from __future__ import annotations

import pytest

from gradsheet.syntax.plain_sheet import plain_document
from gradsheet.syntax.tree import Assumption, Declaration, Definition, Family, Given, Maps, Objective, Update
from syntax.trees import read_sheet, shape, ungrouped


def lines(text):
    """What a sheet says, in the standard spelling."""
    return [line for line in plain_document(read_sheet(text)).splitlines() if line]


SETS = [
    ("x ∈ ℝ", "x ∈ ℝ"),
    ("x in R", "x ∈ ℝ"),
    ("x ∈ ℝ^n", "x ∈ ℝ^n"),
    ("x ∈ ℝⁿ", "x ∈ ℝ^n"),
    ("x ∈ ℝ⁴", "x ∈ ℝ^4"),
    ("x ∈ ℝ⁴ˣ³", "x ∈ ℝ^(4×3)"),
    ("x ∈ ℝⁿˣᵐ", "x ∈ ℝ^(n×m)"),
    ("x ∈ ℝ^{4×4}", "x ∈ ℝ^(4×4)"),
    ("x ∈ ℝ^m×n", "x ∈ ℝ^(m×n)"),
    ("x in R^(4 x 4)", "x ∈ ℝ^(4×4)"),
    ("x in R^(4x3x2)", "x ∈ ℝ^(4×3×2)"),
    ("x in R^(x x 2 x)", "x ∈ ℝ^(x × (2 x))"),
    ("x ∈ ℝ^(m, n)", "x ∈ ℝ^(m×n)"),
    ("x ∈ ℝ^(0..n × 0..T-R)", "x ∈ ℝ^(0..n × 0..T-R)"),
    ("x ∈ ℝ^(n[l]×n[l-1])", "x ∈ ℝ^(n[l]×n[l-1])"),
    ("x : ℝ^n", "x ∈ ℝ^n"),
    ("x ∈ ℝ₊", "x ∈ ℝ nonnegative"),
    ("x in R_+^n", "x ∈ ℝ^n nonnegative"),
    ("y ∈ {0,1}^N", "y ∈ {0,1}^N"),
    ("y ∈ {-1, 1}", "y ∈ {-1,1}"),
    ("y in {0,1}^(N x n)", "y ∈ {0,1}^(N×n)"),
    ("p ∈ [0,1]", "p ∈ [0,1]"),
    ("p ∈ (0,1)^n", "p ∈ (0,1)^n"),
    ("p ∈ [0, 1)", "p ∈ [0,1)"),
    ("p ∈ (0, inf]", "p ∈ (0,∞]"),
    ("y ∈ onehot(3)", "y ∈ onehot(3)"),
    ("y ∈ onehot(0..k)^N", "y ∈ onehot(0..k)^N"),
    ("y ∈ simplex(n)", "y ∈ simplex(n)"),
    ("c, o ∈ 1..n", "c, o ∈ 1..n"),
    ("c ∈ (1..n)^N", "c ∈ (1..n)^N"),
    ("c ∈ {1..n}", "c ∈ 1..n"),
    ("c ∈ (n+1)..m", "c ∈ {(n + 1)..m}"),
    ("c ∈ -1..R", "c ∈ -1..R"),
    ("f1, f2 : ℝ → ℝ", "f1, f2 : ℝ → ℝ"),
    ("f : R -> R", "f : ℝ → ℝ"),
    ("f : R^n -> R^m", "f : ℝ^n → ℝ^m"),
    ("S ∈ ℝ^(n×n) symmetric", "S ∈ ℝ^(n×n) symmetric"),
    ("S ∈ ℝ^(n×n) symmetric, positive", "S ∈ ℝ^(n×n) symmetric positive"),
    ("c ∈ 1..n positive", "c ∈ 1..n positive"),
    ("W[l] ∈ ℝ^n", "W[l] ∈ ℝ^n"),
]


@pytest.mark.parametrize(("text", "expected"), SETS, ids=[row[0] for row in SETS])
def test_declarations(text, expected):
    assert lines(text) == [expected]


def test_several_declarations_on_a_line():
    assert lines("x, w ∈ ℝ^n, y ∈ ℝ, κ ∈ ℝ positive, κ > 0, 0 < λ ≤ 1, α, β ≥ 0,") == [
        "x, w ∈ ℝ^n",
        "y ∈ ℝ",
        "κ ∈ ℝ positive",
        "κ > 0",
        "0 < λ ≤ 1",
        "α ≥ 0",
        "β ≥ 0",
    ]


STATEMENTS = [
    ("z := x", "z = x"),
    ("z ≔ x", "z = x"),
    ("E(v, h) = -b' v", "E(v, h) = -b' v"),
    ("h[0] = x", "h[0] = x"),
    ("z[m,τ] = x for m in 1..M, τ = 1..T", "z[m,τ] = x for m in 1..M, τ in 1..T"),
    ("L = 1 if i = j else 0", "L = 1 if i = j else 0"),
    ("a = 1, b = 2", ["a = 1", "b = 2"]),
    ("a =\n  1 +\n  2", "a = 1 + 2"),
    ("a = 1 if x > 0 else\n  2", "a = 1 if x > 0 else 2"),
    ("a = (1 +\n2\n)", "a = (1 + 2)"),
    ("sizes n[0..D], m, T", "sizes n[0..D], m, T"),
    ("parameters W1, b1,", "parameters W1, b1"),
    ("parameters W1,\n  b1", "parameters W1, b1"),
    ("parameters\n  W1, b1", "parameters W1, b1"),
    ("minimize mean L + λ/2 ‖w‖²", "minimize mean L + λ/2 ‖w‖²"),
    ("minimise L by sgd(eta = 0.1)", "minimize L by sgd(η = 0.1)"),
    ("maximise ℓ by newton", "maximize ℓ by newton"),
    ("maximize f(x by)", "maximize f (x by)"),
    ("pullback y, z", "pullback y, z"),
    ("given x = [1, 0], t = 1", ["given", "  x = [1, 0]", "  t = 1"]),
    ("given:\n  x = 1,\n  t = 1", ["given", "  x = 1", "  t = 1"]),
    ("given x = 1\n  t = 1", ["given", "  x = 1", "  t = 1"]),
    ("update w <- w - η dL/dw", ["update", "  w ← w - η dL/dw"]),
    ("update\n  w := w - 1, b = 2\n  c ← 3", ["update", "  w ← w - 1", "  b ← 2", "  c ← 3"]),
    ("update\n  for l in 1..D\n    W[l] ← 0", ["update", "  W[l] ← 0 for l in 1..D"]),
    ("for l in 1..D\n  z[l] = x\n  h[l] = z[l]", ["for l in 1..D", "  z[l] = x", "  h[l] = z[l]"]),
    ("for l in 1..D:\n\tz[l] = x", ["for l in 1..D", "  z[l] = x"]),
    ("for i in 1..N: for j = 1..M: z[i,j] = x", ["for i in 1..N", "  for j in 1..M", "    z[i,j] = x"]),
    ("for i in 1..N for j in 1..M\n  z[i,j] = x", ["for i in 1..N", "  for j in 1..M", "    z[i,j] = x"]),
    ("for i in 1..N, t in 1..T\n  z[i,t] = x", ["for i in 1..N, t in 1..T", "  z[i,t] = x"]),
    ("given = 3", "given = 3"),
    ("update ∈ ℝ", "update ∈ ℝ"),
    ("sizes[1] = 3", "sizes[1] = 3"),
    ("minimize, x ∈ ℝ", "minimize, x ∈ ℝ"),
    ("a = parameters + given", "a = parameters + given"),
    ("  a = 1\n  b = 2", ["a = 1", "b = 2"]),
    ("\ufeffa = 1\r\n\r\n# note\r\nb = 2 # more", ["a = 1", "b = 2"]),
]


@pytest.mark.parametrize(("text", "expected"), STATEMENTS, ids=[row[0] for row in STATEMENTS])
def test_statements(text, expected):
    assert lines(text) == ([expected] if isinstance(expected, str) else expected)


def test_tabs_and_blanks_may_be_mixed_if_they_agree():
    document = read_sheet("for i in 1..2\n\ta[i] = 1\n        b[i] = 2\n \t c[i] = 3\n".replace(" \t c", "\tc"))
    assert len(document.statements) == 1
    (family,) = document.statements
    assert isinstance(family, Family)
    assert len(family.body) == 3


def test_kinds_of_statement():
    document = read_sheet(
        "f : ℝ → ℝ\nκ > 0\nE(v) = v\nminimize E by sgd(η = 0.1, m = 2)\nupdate w ← 1\ngiven x = 1\n",
    )
    declaration, assumption, definition, objective, update, given = document.statements
    assert isinstance(declaration, Declaration)
    assert isinstance(declaration.set, Maps)
    assert isinstance(assumption, Assumption)
    assert isinstance(definition, Definition)
    assert shape(definition.target) == "{E (v)}"
    assert isinstance(objective, Objective)
    assert objective.method is not None
    assert [name.key for name, _ in objective.method.settings] == ["η", "m"]
    assert isinstance(update, Update)
    assert isinstance(given, Given)


def test_every_statement_knows_where_it_stands():
    text = "x ∈ ℝ^n\nfor i in 1..n\n  z[i] = x[i]²\nminimize z by sgd(η = 0.1)\ngiven\n  x = 1\n"
    document = read_sheet(text)
    found = [text[s.span.start : s.span.end].strip() for s in document.statements]
    assert found == [
        "x ∈ ℝ^n",
        "for i in 1..n\n  z[i] = x[i]²",
        "minimize z by sgd(η = 0.1)",
        "given\n  x = 1",
    ]


def test_ascii_and_unicode_sheets_are_one():
    ascii_sheet = "W1 in R^(4 x 4)\nz = sigma(W1 x) .* y\nL = 1/2 ||z||^2\nupdate\n  W1 <- W1 - eta z\n"
    unicode_sheet = "W1 ∈ ℝ^(4×4)\nz = σ(W1 x) ⊙ y\nL = 1/2 ‖z‖²\nupdate\n  W1 ← W1 − η z\n"
    assert ungrouped(read_sheet(ascii_sheet)) == ungrouped(read_sheet(unicode_sheet))
