"""Long is fine, deep is refused in one sentence, and neither is slow."""

from __future__ import annotations

import sys
import time

import pytest

from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.syntax import parse_document
from gradsheet.syntax.cursor import DEEPEST
from gradsheet.syntax.plain import plain
from gradsheet.syntax.tree import Definition
from gradsheet.typesetting import latex, mathml, typst
from syntax.trees import problems, read_sheet

MANY = 10_000
DEEP = {
    "round brackets": "(" * MANY + "x" + ")" * MANY,
    "unclosed brackets": "(" * MANY + "x",
    "sums": "x + (" * MANY + "x" + ")" * MANY,
    "lists": "[" * MANY + "x" + "]" * MANY,
    "entries": "x[" * MANY + "1" + "]" * MANY,
    "bars": "|" * MANY + "x" + "|" * MANY,
    "minus signs": "-" * MANY + "x",
    "negations": "not " * MANY + "x",
    "powers": "x" + "^x" * MANY,
    "chains of entries": "x" + "[1]" * MANY,
    "chains of transposes": "x" + "ᵀ" * MANY,
    "cases": "a if b else " * MANY + "x",
    "sums over indices": "sum[i] " * MANY + "x",
    "derivatives": "da[" * MANY + "x",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_deep_nesting_is_one_clear_diagnostic(text):
    started = time.thread_time()
    assert problems(f"y = {text}") == [("GS104", "nested too deeply")]
    assert time.thread_time() - started < 2


def test_deep_blocks_are_one_clear_diagnostic():
    text = "".join(" " * depth + "for i in 1..2\n" for depth in range(500))
    assert problems(text) == [("GS104", "nested too deeply")]
    assert problems("for i in 1..2: " * MANY + "x = 1") == [("GS104", "nested too deeply")]


def nested(opening: str, closing: str) -> Definition:
    """The deepest nesting of its kind that is read."""
    for depth in range(DEEPEST, 0, -1):
        source = Source(f"y = {opening * depth}x{closing * depth}")
        diagnostics = Diagnostics(source)
        document = parse_document(source, diagnostics)
        if not diagnostics.errors:
            (definition,) = document.statements
            assert isinstance(definition, Definition)
            return definition
    raise AssertionError


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("(", ")"), ("x + y (", ")"), ("x[", "]"), ("[", "]"), ("x^(", ")"), ("|", "|"), ("a if (", ") else c")],
)
def test_what_is_read_can_be_walked_within_pythons_limit(opening, closing):
    frame, used = sys._getframe(), 0
    while frame.f_back is not None:
        frame, used = frame.f_back, used + 1
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(used + 900)
    try:
        value = nested(opening, closing).value
        assert value == nested(opening, closing).value
        assert plain(value)
        assert all(spelled(value) for spelled in (latex, mathml, typst))
        assert hash(value) == hash(value)
    finally:
        sys.setrecursionlimit(limit)


LONG = {
    "terms": "y = " + " + ".join(["x"] * MANY),
    "factors": "y = " + " ".join(["x"] * MANY),
    "bars": "y = " + "|a||b|" * MANY,
    "comparisons": "y = " + " < ".join(["x"] * MANY),
    "conditions": "y = 1 if " + " and ".join(["x"] * MANY) + " else 0",
    "lists": "y = [" + ", ".join(["1"] * MANY) + "]",
    "primes": "y = x" + "'" * MANY,
    "statements": "y = x\n" * MANY,
    "axes": "x ∈ ℝ^(" + "4x" * MANY + "4)",
    "comments": "# nothing\n" * MANY + "y = x",
    "continued lines": "y = x" + " +\n  x" * MANY,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_long_chains_are_read(text):
    assert len(read_sheet(text).statements) in (1, MANY)


def best_of_three(text: str) -> float:
    times = []
    for _ in range(3):
        started = time.thread_time()
        problems(text)
        times.append(time.thread_time() - started)
    return min(times)


@pytest.mark.parametrize(
    "piece",
    ["|a||b|", "4x", "(\n", ")", "x [a > 0] ", "da[x] ", "d²a[x] ", "$\n", "[1,\n", "for i\n", "a.b ", "Σ_", "((]"],
)
def test_time_grows_with_the_length_only(piece):
    short, long_ = best_of_three("y = " + piece * 500), best_of_three("y = " + piece * 4000)
    assert long_ < 8 * 4 * short + 0.05
