"""No text makes the reader fail in any way but its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawing import examples
from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.syntax import parse_document, parse_expression, read_source
from gradsheet.syntax.plain_sheet import plain_document
from syntax.test_plain import SHEET

if TYPE_CHECKING:
    import random

_many = settings(max_examples=examples(300), deadline=2000, suppress_health_check=list(HealthCheck))
_PIECES = (
    "x y W1 [ ] ( ) { } | ‖ || , ; : = ∈ in for if else and or not sum Σ ∑ ∂ d dL / ^ _ ' ² ⁻¹ ᵀ ₁ ᵢ .. . 1 0.5 1e9 "
    "½ + - * ⊙ .* -> ← <- <= == := √ ℝ R × x parameters minimize by update given sizes \n \n \t # ∇ @ ** … λ eta ŷ"
).split(" ")


def read_anything(text: str) -> None:
    """Read a text as a sheet and as an expression; what is read without complaint prints and reads back."""
    source = Source(text)
    diagnostics = Diagnostics(source)
    document = parse_document(source, diagnostics)
    for problem in diagnostics.errors:
        assert problem.message
        assert problem.span is not None
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
    if not diagnostics.errors:
        again = Source(plain_document(document))
        parse_document(again, diagnostics)
        diagnostics.raise_errors()
    try:
        parse_expression(source, Diagnostics(source))
    except SheetError as problem:
        str(problem)


@_many
@given(st.binary(max_size=200))
def test_bytes(data):
    try:
        source = read_source(data)
    except SheetError as problem:
        str(problem)
    else:
        read_anything(source.text)


@_many
@given(st.text(max_size=120))
def test_characters(text):
    read_anything(text)


@_many
@given(st.lists(st.sampled_from([*_PIECES, " "]), max_size=40).map("".join))
def test_pieces_of_the_language(text):
    read_anything(text)


@_many
@given(st.randoms(use_true_random=False), st.integers(1, 6))
def test_sheets_with_accidents(chance: random.Random, accidents: int):
    text = SHEET
    for _ in range(accidents):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.randrange(4))
        text = text[:start] + chance.choice([*_PIECES, "", ""]) + text[end:]
    read_anything(text)
