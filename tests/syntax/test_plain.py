"""Plain text with the fewest brackets."""

from __future__ import annotations

from fractions import Fraction

import pytest

from gradsheet.syntax.plain import plain
from gradsheet.syntax.plain_sheet import plain_document, plain_statement
from gradsheet.syntax.tree import (
    Additive,
    Binder,
    BoundIndex,
    Factor,
    Group,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Term,
    Underbrace,
)
from syntax.trees import read, read_sheet, ungrouped

x, y, i = Name("x", "x"), Name("y", "y"), Name("i", "i")
two = Num(Fraction(2), "")
total = Additive((Term("+", x), Term("-", y)))
binder = Binder("sum", (BoundIndex(i, None),), x)


def product(*items):
    return Product(tuple(Factor("", item) for item in items))


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (product(x, total), "x (x - y)"),
        (product(binder, x), "(sum[i] x) x"),
        (product(x, binder), "x sum[i] x"),
        (Additive((Term("-", total), Term("+", x))), "-(x - y) + x"),
        (Power(total, two), "(x - y)²"),
        (Power(x, total), "x^(x - y)"),
        (Power(Power(x, y), y), "(x^y)^y"),
        (Power(x, Power(x, y)), "x^x^y"),
        (Prime(product(x, y), 1), "(x y)'"),
        (Num(Fraction(-1, 16), ""), "-0.0625"),
        (product(Num(Fraction(-1, 16), ""), x), "(-0.0625) x"),
        (product(Num(Fraction(1, 3), ""), x), "(1/3) x"),
        (Power(Num(Fraction(1, 3), ""), two), "(1/3)²"),
        (product(Name("σ", "σ"), two), "σ 2"),
        (product(x, Underbrace(total, y), x), "x (x - y) x"),
        (product(x, Underbrace(Group((total,)), y)), "x (x - y)"),
        (Power(Underbrace(Power(x, y), i), y), "(x^y)^y"),
    ],
)
def test_trees_that_nobody_wrote(tree, expected):
    assert plain(tree) == expected


@pytest.mark.parametrize(
    ("text", "unicode", "keyboard"),
    [
        ("sigma(W x)", "σ(W x)", "sigma(W x)"),
        ("ŷ .* ||x||_2^2", "ŷ ⊙ ‖x‖₂²", "ŷ .* ||x||_2^2"),
        ("A^-1 A'", "A⁻¹ A'", "A^-1 A'"),
        ("h[l-1]", "h[l-1]", "h[l-1]"),
        ("x[i + 2 j]", "x[i + 2 j]", "x[i + 2 j]"),
        ("a/b c", "a/b c", "a/b c"),
        ("a b/c", "a b / c", "a b / c"),
        ("∂²L/∂w∂v", "∂²L/∂w∂v", "d^{2}L/dw dv"),
        ("∂L/∂W1 x", "∂L/∂W1 x", "dL/dW1 x"),
        ("x <= inf", "x ≤ ∞", "x <= inf"),
        ("½ x", "½ x", "0.5 x"),
        ("f(x) (y)", "f(x) (y)", "f(x) (y)"),
    ],
)
def test_spellings(text, unicode, keyboard):
    tree = read(text)
    assert plain(tree, functions={"f", "σ"}) == unicode
    assert plain(tree, ascii=True, functions={"f", "σ"}) == keyboard


SHEET = """\
sizes n[0..D], m
x, y ∈ ℝ^(n[0]×2)
S ∈ ℝ^(m×m) symmetric positive
c ∈ 1..m
V ∈ {0,1}^(m×2)
p ∈ [0,1)^m
t ∈ onehot(0..m)^2
g : ℝ → ℝ
κ > 0

h[0] = x
for l in 1..D, k in 1..2
  z[l] = g(h[l-1])
  for i in 1..m
    b[l] ∈ ℝ
E(v, w) = v' w
r[i,j] = i for i in 1..2, j in 0..m-1

parameters W, b
minimize mean L + λ/2 ‖W‖² by sgd(η = 0.1)
pullback y

update
  w ← w - η ∂L/∂w
  b[i] ← 0 for i in 1..m

given
  x = [1, 0; 0, 1]
  h[0] = 2
"""


def test_a_sheet_prints_as_it_was_written():
    assert plain_document(read_sheet(SHEET)) == SHEET


def test_a_sheet_reads_back_from_a_keyboard():
    document = read_sheet(SHEET)
    text = plain_document(document, ascii=True)
    assert text.isascii()
    assert ungrouped(read_sheet(text), keyboard=True) == ungrouped(document, keyboard=True)


def test_one_statement():
    document = read_sheet("for l in 1..D: z[l] = x")
    assert plain_statement(document.statements[0], ascii=True) == "for l in 1..D\n  z[l] = x"
