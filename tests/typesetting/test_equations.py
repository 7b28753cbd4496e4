"""Sets, ranges and lines of equations."""

from __future__ import annotations

import pytest

from gradsheet.syntax.tree import BoundIndex, Declaration, Name, Range
from gradsheet.typesetting import equation, equations, latex_of, mathml_of, ranges_box, set_box, text_box, typst_of
from gradsheet.typesetting.boxes import Letter
from syntax.trees import read, read_sheet

SETS = [
    ("ℝ", r"\mathbb{R}"),
    ("ℝ^n", r"\mathbb{R}^{n}"),
    ("ℝ^(m+1)", r"\mathbb{R}^{m+1}"),
    ("ℝ^(m+1 × n)", r"\mathbb{R}^{(m + 1) \times n}"),
    ("ℝ^(n[l] × n[l-1])", r"\mathbb{R}^{n_{l} \times n_{l-1}}"),
    ("ℝ^(m × 0..R)", r"\mathbb{R}^{m \times \{0, \dots, R\}}"),
    ("{-1, 1}^n", r"\{-1, 1\}^{n}"),
    ("[0,1]", "[0, 1]"),
    ("(0,1)^n", "(0, 1)^{n}"),
    ("(0,∞)", r"(0, \infty)"),
    ("[0,∞)", r"[0, \infty)"),
    ("onehot(3)", r"\operatorname{onehot}(3)"),
    ("onehot(K)^N", r"\operatorname{onehot}(K)^{N}"),
    ("simplex(n)", r"\operatorname{simplex}(n)"),
    ("1..n", r"\{1, \dots, n\}"),
    ("(1..n)^N", r"\{1, \dots, n\}^{N}"),
    ("ℝ → ℝ", r"\mathbb{R} \to \mathbb{R}"),
]


@pytest.mark.parametrize(("text", "expected"), SETS, ids=[row[0] for row in SETS])
def test_sets(text, expected):
    colon = ":" if "→" in text else "∈"
    (declaration,) = read_sheet(f"x {colon} {text}").statements
    assert isinstance(declaration, Declaration)
    assert latex_of(set_box(declaration.set)) == expected


def ranged(name: str, low: str, high: str) -> BoundIndex:
    return BoundIndex(Name(name, name), Range(read(low), read(high)))


def test_ranges_are_said_as_on_paper():
    ranges = [ranged("l", "1", "D-1"), BoundIndex(Name("k", "k"), read("S")), BoundIndex(Name("t", "t"), None)]
    assert latex_of(ranges_box(ranges)) == r"l = 1, \dots, D - 1, \quad k \in S, \quad t"


def test_ranges_of_one_or_two_numbers_have_no_dots():
    assert latex_of(ranges_box([ranged("m", "1", "1")])) == "m = 1"
    assert latex_of(ranges_box([ranged("m", "n", "n")])) == "m = n"
    assert latex_of(ranges_box([ranged("i", "0", "1")])) == "i = 0, 1"
    assert latex_of(ranges_box([ranged("i", "1", "3")])) == r"i = 1, \dots, 3"


def test_an_equation_has_its_sign_and_its_ranges():
    assert latex_of(equation(read("w"), read("w - g"), sign="←")) == r"w \leftarrow w - g"
    line = equation(read("δ[l]"), Letter("x"), ranges=[ranged("l", "1", "D")])
    assert latex_of(line) == r"\delta_{l} = x \qquad \text{for } l = 1, \dots, D"
    with pytest.raises(ValueError, match="~"):
        equation(read("x"), read("y"), sign="~")


def test_equations_meet_at_their_signs():
    several = equations([(read("x"), "=", read("a")), (None, "=", read("b"), [ranged("i", "1", "n")])])
    assert latex_of(several) == (
        "\\begin{aligned}\nx &= a \\\\\n &= b \\qquad \\text{for } i = 1, \\dots, n\n\\end{aligned}"
    )
    assert typst_of(several).startswith("x & = a \\\n & = b")
    assert mathml_of(several).count("<mtr>") == 2
    assert equations([(read("x"), "=", read("a"))]) == equation(read("x"), read("a"))


def test_words_keep_their_blanks():
    assert latex_of(text_box("for all ")) == r"\text{for all }"
    assert mathml_of(text_box(" or ")) == "<math><mtext>\u00a0or\u00a0</mtext></math>"
