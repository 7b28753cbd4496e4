"""Seconds, formulas, claims, points: how much work one document may cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GRACE: Final = 5.0
"""Seconds beyond the limit: the check looks at the clock itself, between claims."""
SHARE: Final = 0.25
"""The same as a part of the limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for the check of one document; where one is reached, what is left is undecided, and the report says so.

    >>> Limits(seconds=5).claims
    20000
    """

    seconds: float = 60.0
    """Time for the document; looked at between claims."""
    formulas: int = 5000
    """Formulas that are read; further ones are listed without claims."""
    claims: int = 20000
    """Claims that are judged."""
    formula_length: int = 100_000
    """Characters of one formula; a longer one is unreadable."""
    points: int = 3
    """Random points at which two sides have to agree."""
    sum_terms: int = 4096
    """Terms of one sum that are added up."""
