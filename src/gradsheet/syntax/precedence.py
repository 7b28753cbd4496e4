"""The levels of binding, from the loosest to the tightest, for the parser and the printers."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """How tightly a form binds; an operand must bind at least as tightly as its place asks.

    >>> Level.SUM < Level.PRODUCT < Level.OPERAND
    True
    """

    CONDITIONAL = 0
    """`A if c else B`, nested to the right."""
    OR = 1
    AND = 2
    NOT = 3
    COMPARISON = 4
    """`a < b ≤ c`, a chain."""
    RANGE = 5
    """`a..b`."""
    SUM = 6
    """`a + b - c` and a leading minus."""
    PRODUCT = 7
    """Juxtaposition, `*`, `/`, `⊙`, `⊘`, from left to right; and sums over an index, which end a product."""
    OPERAND = 8
    """Powers, primes, transposes, entries; numbers, names, brackets."""
