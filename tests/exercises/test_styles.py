"""What a value looks like is read off its numbers, and other numbers of that look are drawn."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.evaluation.literals import read_literal
from gradsheet.exercises.numerals import length, numeral, step_of
from gradsheet.exercises.styles import (
    LADDER,
    Choice,
    Fill,
    Grid,
    Look,
    OneHot,
    Simplex,
    Style,
    Whole,
    inside,
    ladder,
    style_of,
)
from gradsheet.expressions import REAL, ValueSet
from gradsheet.syntax import parse_expression

DRAWS = 200


def numbers(text: str) -> list[Fraction]:
    return [Fraction(part) for part in text.replace(";", ",").split(",")]


def look(text: str, *, domain: ValueSet = REAL, **parts: object) -> Look:
    rows = text.split(";")
    columns = len(rows[0].split(","))
    shape = (len(rows), columns) if len(rows) > 1 else (columns,) if "," in text else ()
    return Look(numbers(text), shape, domain, **parts)


def drawn(found: Look, count: int = DRAWS) -> list[list[Fraction]]:
    style = style_of(found)
    assert style is not None
    rng = Random(1)
    return [style.draw(rng, found.shape) for _ in range(count)]


def rows_of(values: list[Fraction], shape: tuple[int, ...]) -> list[list[Fraction]]:
    return [values[k : k + shape[-1]] for k in range(0, len(values), shape[-1])]


@pytest.mark.parametrize("text", ["0, 1, 0", "1, 0, 0; 0, 0, 1"])
def test_one_hot_rows_stay_one_hot(text: str):
    found = look(text)
    for values in drawn(found):
        assert all(sorted(row) == [0] * (len(row) - 1) + [1] for row in rows_of(values, found.shape))
    assert len({tuple(v) for v in drawn(found)}) == 3 ** len(text.split(";"))


def test_binary_data_stay_binary_and_no_row_dies():
    found = look("1, 0, 1; 1, 1, 0")
    for values in drawn(found):
        assert set(values) <= {0, 1}
        assert all(any(row) for row in rows_of(values, found.shape))


def test_probabilities_stay_probabilities():
    found = look("0.2, 0.3, 0.5")
    for values in drawn(found):
        assert sum(values) == 1
        assert min(values) > 0
        assert all((10 * v).denominator == 1 for v in values)
    assert any(0 in values for values in drawn(look("0.5, 0, 0.5")))


def test_whole_numbers_stay_whole_and_small():
    for values in drawn(look("1, 2, -1", parameter=True)):
        assert all(v.denominator == 1 and 1 <= abs(v) <= 2 for v in values)
    for values in drawn(look("1, 2, 3")):
        assert all(v.denominator == 1 and 1 <= v <= 3 for v in values)


def test_the_author_s_decimals_are_counted_in():
    entries = [v for values in drawn(look("0.75, 0.5; -1, 1", parameter=True)) for v in values]
    assert all((4 * v).denominator == 1 and Fraction(1, 4) <= abs(v) <= Fraction(5, 4) for v in entries)
    quarters = sum(v.denominator == 4 for v in entries) / len(entries)
    assert 0.05 < quarters < 0.2, "one entry in four counts in quarters, and half of those are such"


def test_signs_are_free_for_parameters_only():
    assert any(min(v) < 0 for v in drawn(look("0.5, 0.5", parameter=True)))
    assert all(min(v) > 0 for v in drawn(look("0.5, 0.25")))
    assert any(min(v) < 0 for v in drawn(look("0.5, -0.25")))


def test_zeros_come_as_often_as_the_author_s():
    assert all(0 not in v for v in drawn(look("1, 2, 3")))
    zeros = sum(v.count(0) for v in drawn(look("1, 0, 2, 3")))
    assert 0.1 < zeros / (4 * DRAWS) < 0.4


def test_round_numbers_stay_round_and_near():
    for (value,) in drawn(look("1600")):
        assert 900 <= value <= 2300
        assert value % 100 == 0


def test_what_is_small_and_a_step_of_the_ladder_stays_one():
    assert {v for (v,) in drawn(look("0.1"))} == {Fraction(1, 20), Fraction(1, 10), Fraction(1, 5)}
    assert ladder(Fraction(1)) == (Fraction(1, 2), Fraction(1))
    assert Fraction(3, 10) in ladder(Fraction(3, 10))
    assert min(ladder(Fraction(1, 100))) == Fraction(1, 100)
    assert all(v in LADDER for v in ladder(Fraction(1, 10)))


def test_what_is_zero_or_tiny_stays_unless_it_is_named():
    assert style_of(look("0, 0")) is None
    assert style_of(look("0.00001, 0.00002")) is None
    assert style_of(look("0", parameter=True, wanted=True)) is not None


def test_classes_stay_classes():
    assert style_of(look("1", label=True)) == Choice((Fraction(0), Fraction(1)))
    assert style_of(look("0, 1", label=True)) == OneHot()
    assert isinstance(style_of(look("1")), Grid)


def test_declared_sets_come_first():
    signs = ValueSet("finite", (Fraction(-1), Fraction(1)))
    assert {v for values in drawn(look("1, 1", domain=signs)) for v in values} == {-1, 1}
    assert style_of(look("0, 1", domain=ValueSet("onehot"))) == OneHot()
    assert isinstance(style_of(look("0.5, 0.5", domain=ValueSet("simplex"))), Simplex)
    assert style_of(look("2", domain=ValueSet("index"), bounds=(1, 4))) == Whole(1, 4)
    unit = ValueSet("real", low=Fraction(0), high=Fraction(1), low_open=True, high_open=True)
    assert all(0 < v < 1 for values in drawn(look("0.5, 0.25", domain=unit)) for v in values)


def test_what_says_more_than_its_number_stays():
    intercept = look("1, 2; 1, 3; 1, 5")
    assert all(values[::2] == [1, 1, 1] for values in drawn(intercept))
    assert all(values[0] == 1 for values in drawn(look("1, 0.5, -1", intercept=True)))
    triangle = look("1, 0; 2, 3", parameter=True)
    assert all(values[1] == 0 for values in drawn(triangle))
    covariance = look("2, 1; 1, 3")
    assert all(values[1] == values[2] for values in drawn(covariance))
    assert all(values[0] > 0 and values[0] * values[3] > values[1] ** 2 for values in drawn(covariance))
    assert all(values[1] == values[2] for values in drawn(look("1, 2; 2, 1")))


def test_a_fill_is_one_number():
    values = Fill(Grid((Fraction(1, 10),), Fraction(1, 10), Fraction(1, 2))).draw(Random(1), (2, 3))
    assert len(values) == 6
    assert len(set(values)) == 1


@given(st.fractions(max_denominator=10**4))
def test_a_numeral_reads_back(value: Fraction):
    for fractions in (False, True):
        source = Source(numeral(value, fractions=fractions))
        assert read_literal(parse_expression(source, Diagnostics(source)), source).fraction == value


@given(st.lists(st.fractions(min_value=-9, max_value=9, max_denominator=50), min_size=1, max_size=5))
def test_every_number_is_a_multiple_of_the_step(values: list[Fraction]):
    step = step_of(values)
    assert all((v / step).denominator == 1 for v in values)


def test_lengths_are_those_of_paper():
    assert [length(Fraction(v)) for v in ("0", "7", "-0.25", "1/3", "1000")] == [0, 1, 2, 2, 1]


STYLES: tuple[Style, ...] = (
    Choice((Fraction(1), Fraction(2))), Whole(2, 4), OneHot(), Simplex(10), Fill(Whole(1, 9)),
    Grid((Fraction(1),), Fraction(1), Fraction(3), 0.5, 0.2, within=ValueSet("real", low=Fraction(0))),
)  # fmt: skip


@pytest.mark.parametrize("style", STYLES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2)])
def test_a_style_fills_any_shape(style: Style, shape: tuple[int, ...]):
    values = style.draw(Random(3), shape)
    count = 1
    for n in shape:
        count *= n
    assert len(values) == count
    assert values == style.draw(Random(3), shape)
    if isinstance(style, Grid):
        assert all(inside(v, style.within) for v in values)
