"""Why a formula has no value: a name that nobody explains, an entry that is not there, a construct without meaning."""

from __future__ import annotations


class UnboundError(Exception):
    """A symbol that nothing on the page or in the sheet says anything about."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class OutOfRangeError(Exception):
    """An entry, a layer or a step that is not there."""


class StoppedError(Exception):
    """More work than the limits allow."""


class UnsupportedError(Exception):
    """Something the check cannot evaluate; the reason is for people."""


def again(problem: Exception) -> Exception:
    """The same reason once more, without the way on which it came: kept ones would keep every frame of it."""
    other = type(problem).__new__(type(problem), *problem.args)
    other.__dict__.update(problem.__dict__)
    return other
