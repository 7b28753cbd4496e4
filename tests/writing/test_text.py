"""Small pieces of text: numbers, arrays, wrapped formulas, the keyboard spelling, tables of any width."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.session import gradsheet
from fences import ROOT
from gradsheet.numerics.certified import certify
from gradsheet.numerics.summaries import write_entry
from gradsheet.writing.arrays import NumberStyle, count_words, one_number, value_lines
from gradsheet.writing.layout import text_width, wrap_formula, wrap_list, wrap_words
from gradsheet.writing.spelling import keyboard

PLAIN = NumberStyle()


def exactly(*numbers: str) -> np.ndarray:
    array = np.empty(len(numbers), dtype=object)
    array[:] = [certify(Fraction(n)) for n in numbers]
    return array


SQRT2 = certify(2) ** Fraction(1, 2)
ALONE = {
    "0.3": ("3/10", "0.3"),
    "a sixteenth": ("-1/16", "−1/16 = −0.0625"),
    "a third": ("1/3", "1/3 ≈ 0.33333"),
    "whole": ("-5", "−5"),
    "a long fraction": ("2347897/3200000", "0.73372"),
}


@pytest.mark.parametrize(("number", "text"), ALONE.values(), ids=ALONE.keys())
def test_a_number_by_itself(number: str, text: str):
    assert one_number(write_entry(certify(Fraction(number))), PLAIN) == text


def test_a_closed_form_stands_before_its_decimals():
    assert one_number(write_entry(SQRT2), PLAIN) == "√2 ≈ 1.41421"
    assert one_number(write_entry(SQRT2, ascii_only=True), NumberStyle(ascii_only=True)).endswith("~= 1.41421")


ARRAYS = {
    "fractions": (exactly("1/3", "-2/3", "1/3"), "[1/3, −2/3, 1/3]"),
    "halves": (exactly("1", "-1/2"), "[1, −1/2]"),
    "one tenth makes decimals": (exactly("1/10", "1/2"), "[0.1, 0.5]"),
    "alike": (exactly("1/3", "1/3", "1/3", "1/3"), "all four 1/3 ≈ 0.33333"),
    "equal rows": (exactly("1", "0", "1", "0").reshape(2, 2), "every row [1, 0]"),
    "zeros": (exactly("0", "0"), "both 0"),
    "floats": (np.array([0.1, 0.25]), "[0.1, 0.25]"),
    "nothing": (np.zeros((0, 3)), "empty (0×3)"),
    "infinite": (np.array([0.5, -np.inf]), "[0.5, −∞]"),
}


@pytest.mark.parametrize(("array", "text"), ARRAYS.values(), ids=ARRAYS.keys())
def test_arrays_in_a_line(array: np.ndarray, text: str):
    assert value_lines(array, 60, PLAIN) == [text]


def test_a_large_array_says_what_is_left_out_and_full_prints_it():
    array = np.arange(300.0)
    (line,) = value_lines(array, 100, PLAIN)
    assert line == "300 numbers from 0 to 299, norm 2992.49896 (--full prints them)"
    full = " ".join(value_lines(array, 60, NumberStyle(full=True)))
    assert [int(t.strip("[],")) for t in full.split()] == list(range(300))


def test_more_axes_are_slices_with_their_indices():
    lines = value_lines(np.arange(8.0).reshape(2, 2, 2), 60, PLAIN)
    assert lines == ["[1,:,:] ⎡ 0  1 ⎤", "        ⎣ 2  3 ⎦", "[2,:,:] ⎡ 4  5 ⎤", "        ⎣ 6  7 ⎦"]


def test_counts_in_words():
    assert [count_words(n) for n in (2, 3, 16, 17)] == ["both", "all three", "all sixteen", "all 17"]


@given(st.text("abc +−()[]", max_size=80), st.integers(5, 40))
def test_wrapping_a_formula_loses_nothing(text: str, width: int):
    text = " ".join(text.split())
    assert " ".join(wrap_formula(text, width)).split() == text.split()


@given(st.lists(st.text("0123456789", min_size=1, max_size=8), min_size=1), st.integers(5, 40))
def test_wrapping_a_list_loses_nothing(items: list[str], width: int):
    lines = wrap_list("[", items, "]", width)
    assert "".join(line.strip() for line in lines).replace(" ", "") == "[" + ",".join(items) + "]"
    assert all(text_width(line) <= width or len(line.split()) == 1 for line in lines)


def test_words_wrap_at_blanks():
    assert wrap_words("a b c d", 3) == ["a b", "c d"]


def test_the_keyboard_spelling_is_ascii():
    for text in ("∂L/∂ŷ ⊙ x̄ᵀ − Σ²", "λ‖w‖₂² ≤ √2·10⁻⁷", "ℓ ← ℝ→ℝ ∞ σ Θ", "日本"):
        assert keyboard(text).isascii()


@cache
def words(name: str, width: int) -> tuple[list[str], int]:
    """What a solution says, and its widest line."""
    found = gradsheet("solve", str(ROOT / "examples" / f"{name}.sheet"), COLUMNS=str(width)).out
    return sorted(t.strip("[](),;⎡⎤⎢⎥⎣⎦") for t in found.split()), max(map(text_width, found.splitlines()))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", ["mlp-4433", "batch-mean", "convolution-relu"])
def test_any_width_holds_the_same_words(name: str, width: int):
    said, widest = words(name, width)
    assert [w for w in said if w] == [w for w in words(name, 400)[0] if w]
    assert widest <= width
