"""docs/language.md keeps step with the program: its functions, its keyboard spellings, its sets and its grammar."""

from __future__ import annotations

import re

import pytest

import gradsheet as gs
from gradsheet.operations import ARRAY_SPELLINGS
from gradsheet.syntax.vocabulary import ATTRIBUTES, BINDERS, STATEMENTS
from language.reference import PAGE, table, written

TEXT = PAGE.read_text(encoding="utf-8")


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in a text, without heads and rules."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip().replace(r"\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if not all(set(c) <= set("-") for c in row)]


def test_the_table_of_functions_is_the_table_of_operations():
    assert written(TEXT) == TEXT, "python tests/language/reference.py writes it again"
    assert table() in TEXT


def test_every_function_of_arrays_is_named():
    text = section("Functions")
    assert [name for name in ("softmax", "logsoftmax", "logsumexp", "inv", "det", "logdet") if name not in text] == []
    assert set(ARRAY_SPELLINGS) >= {"softmax", "inv", "det", "logdet"}


def test_the_grammar_names_every_statement_binder_and_attribute():
    grammar = section("Grammar")
    words = {*STATEMENTS.values(), *BINDERS.values(), *ATTRIBUTES}
    assert sorted(word for word in words if f'"{word}"' not in grammar) == []


def test_the_grammar_defines_what_it_uses():
    fence = re.search(r"```ebnf\n(.*?)```", section("Grammar"), flags=re.DOTALL)
    assert fence
    rules = dict(re.findall(r"^(\w+) *= (.*?) ;$", fence[1], flags=re.MULTILINE | re.DOTALL))
    used = {word for rule in rules.values() for word in re.findall(r"[a-z]+", re.sub(r'"[^"]*"', "", rule))}
    assert used - set(rules) == {"name", "number"}
    assert set(rules) - used == {"sheet"}


@pytest.mark.parametrize("row", rows(section("Declarations").split("###")[0])[1:], ids=lambda row: row[0])
def test_every_set_of_the_table_reads(row: list[str]):
    for code in re.findall(r"`([^`]+)`", row[0]):
        text = code if code.startswith("f :") else f"q ∈ {code}"
        gs.loads(f"{text}\n")


@pytest.mark.parametrize(
    ("paper", "keyboard"),
    [
        ("a ⊙ b", "a .* b"),
        ("a ⊘ b", "a ./ b"),
        ("aᵀ", "a'"),
        ("aᵀ", "a^T"),
        ("A⁻¹", "A^-1"),
        ("a²", "a^2"),
        ("‖a‖", "||a||"),
        ("√s", "sqrt(s)"),
        ("[s ≤ 1]", "[s <= 1]"),
        ("[s ≥ 1]", "[s >= 1]"),
        ("[s ≠ 1]", "[s != 1]"),
        ("Σ_i a[i]", "sum[i] a[i]"),
        ("Π_i a[i]", "prod[i] a[i]"),
        ("σ(a)", "sigma(a)"),
        ("½ a", "1/2 a"),
        ("exp(-∞) + s", "exp(-inf) + s"),
    ],
)
def test_both_spellings_mean_the_same(paper: str, keyboard: str):
    matrix = [[4, 1, 0, 0], [0, 4, 1, 0], [0, 0, 4, 1], [1, 0, 0, 4]]
    values = {"A": matrix, "a": [1, 2, 3, 4], "b": [5, 6, 7, 8], "s": 1}
    declared = "A ∈ ℝ^(4×4), a, b ∈ ℝ^4, s ∈ ℝ\n"
    found = [gs.loads(f"{declared}y = {text}\n").solve(values).exact("y") for text in (paper, keyboard)]
    assert found[0] == found[1]


def test_declarations_updates_and_derivatives_on_a_keyboard():
    paper = "w ∈ ℝ^(2×3), f : ℝ → ℝ\nL = sum(f(w))\nparameters w\nminimize L\nupdate\n  w ← w - ∂L/∂w\n"
    keyboard = "w in R^(2 x 3), f : R -> R\nL = sum(f(w))\nparameters w\nminimize L\nupdate\n  w <- w - dL/dw\n"
    assert str(gs.loads(paper).derive()) == str(gs.loads(keyboard).derive())
