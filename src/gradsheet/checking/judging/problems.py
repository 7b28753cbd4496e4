"""What may go wrong where a formula is computed, and how it is said."""

from __future__ import annotations

from gradsheet.checking.meaning.errors import OutOfRangeError, StoppedError, UnboundError, UnsupportedError
from gradsheet.checking.meaning.points import MissingError
from gradsheet.evaluation import UndecidedError
from gradsheet.verification.sampling import NoPointError

PROBLEMS = (
    UnboundError,
    UnsupportedError,
    MissingError,
    OutOfRangeError,
    StoppedError,
    UndecidedError,
    NoPointError,
    ArithmeticError,
    RecursionError,
)


def reason_of(problem: Exception) -> str:
    """Why something could not be evaluated, for people."""
    match problem:
        case UnboundError(key=key):
            return f"nothing says what {key} is"
        case MissingError(name=name):
            return f"needs {name}"
        case OutOfRangeError():
            return str(problem) or "an index is out of its range"
        case UndecidedError():
            return "a condition sits on its boundary"
        case NoPointError():
            return "no point was found at which everything is defined"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return str(problem) or type(problem).__name__
