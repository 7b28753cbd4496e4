"""Numbers: exact while they can be, certified digits after that, float64 on request, and Taylor jets to verify with."""

from gradsheet.numerics.balls import DEFAULT_PRECISION, working_precision
from gradsheet.numerics.budget import NoClosedFormError
from gradsheet.numerics.certified import Certified, certify, certify_array
from gradsheet.numerics.closed import Closed
from gradsheet.numerics.digits import NeedsPrecisionError, decimal, exact_text
from gradsheet.numerics.functions import ARRAYS, CLOSED, ELEMENTWISE, Numeric, NumericArray
from gradsheet.numerics.jets import Jet
from gradsheet.numerics.summaries import Entry, EqualRows, Extremes, Filled, Full, OneNumber, Summary, summarise

__all__ = [
    "ARRAYS",
    "CLOSED",
    "DEFAULT_PRECISION",
    "ELEMENTWISE",
    "Certified",
    "Closed",
    "Entry",
    "EqualRows",
    "Extremes",
    "Filled",
    "Full",
    "Jet",
    "NeedsPrecisionError",
    "NoClosedFormError",
    "Numeric",
    "NumericArray",
    "OneNumber",
    "Summary",
    "certify",
    "certify_array",
    "decimal",
    "exact_text",
    "summarise",
    "working_precision",
]
