"""How much closed form is worth keeping, and what is raised where it ends."""

from __future__ import annotations

from typing import Final

MAX_TERMS: Final = 16
"""Monomials in one sum."""

MAX_PRODUCTS: Final = 512
"""Products of monomials formed by one multiplication."""

MAX_BITS: Final = 4000
"""Bits of the numerator and of the denominator of a coefficient."""

MAX_DEPTH: Final = 40
"""Functions nested in one another."""


class NoClosedFormError(ArithmeticError):
    """The result has a value, which is not held in closed form: the caller goes on with balls."""


class TooLargeError(NoClosedFormError):
    """The closed form would exceed the budget."""


class UndecidedError(NoClosedFormError):
    """The form hangs on a sign that no precision tried has proved."""
