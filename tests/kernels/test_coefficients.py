"""The tables of the mathematics are those that their script computes."""

from __future__ import annotations

import polynomials


def test_the_coefficients_are_computed():
    assert polynomials.PLACE.read_text(encoding="utf-8") == polynomials.table()
