"""Typst mathematics: what would be read as Typst's own is escaped, brackets grow where the layout says so."""

from __future__ import annotations

import pytest

from gradsheet.syntax.tree import Name, Underbrace
from gradsheet.typesetting import layout, typst, typst_of
from gradsheet.typesetting.boxes import Compound, Letter, Numeral, Scripts
from syntax.trees import read

ROWS = [
    ("loss + x", 'upright("loss") + x'),
    ("W_out1", 'W_(upright("out1"))'),
    ("W1' x", "W_(1)^(⊤) x"),
    ("relu(x)", r'op("relu") \(x\)'),
    ("log(a/b)", 'op("log") lr(( frac(a, b) ))'),
    ("max(0, x)", r'op("max") \(0 comma x\)'),
    ("max[j] x[j]", 'op("max", limits: #true)_(j) x_(j)'),
    ("sum[i in 1..N] x[i]", "∑_(i = 1)^(N) x_(i)"),
    ("‖x‖²", 'class("opening", ‖) x class("closing", ‖)^(2)'),
    ("|a/b|", "abs(frac(a, b))"),
    ("σ'(z)", r"σ^(′) \(z\)"),
    ("ŷ - z̃", "hat(y) - tilde(z)"),
    ("x^(1/2)", r'x^(1 class("normal", \/) 2)'),
    ("V[:,c]", r'V_(class("normal", \:) comma c)'),
    ("[1, 2; 3, 4]", 'mat(delim: "[", 1, 2; 3, 4)'),
    ("a if p else b", 'cases(a & "if" p, b & "otherwise")'),
    ("1/2 x", "frac(1, 2) thin x"),
    ("i ∈ 1..n", r"i ∈ \{1 comma … comma n\}"),
]


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_typst(text, expected):
    assert typst(read(text)) == expected


def test_what_carries_a_script_is_kept_together():
    name = Scripts(Compound((Letter("Δ"), Letter("W"))), Numeral("1"))
    assert typst_of(name) == "attach(Δ W, b: 1)"
    assert typst_of(layout(Underbrace(read("W x"), read("m×n")))) == "underbrace(W x, m × n)"


def test_quotes_and_signs_in_names_are_no_code():
    assert typst(Name('a"#b', 'a"#b')) == r'upright("a\"#b")'
    assert typst(Name("#", "#")) == r"\#"
