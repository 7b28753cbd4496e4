"""The table of operations: one record each, meaning only."""

from gradsheet.operations.arrays import ARRAY_OPERATIONS, ARRAY_SPELLINGS
from gradsheet.operations.elementwise import ELEMENTWISE, ELEMENTWISE_SPELLINGS
from gradsheet.operations.record import ArrayOperation, Elementwise
from gradsheet.operations.terms import T, bracket, call

__all__ = [
    "ARRAY_OPERATIONS",
    "ARRAY_SPELLINGS",
    "ELEMENTWISE",
    "ELEMENTWISE_SPELLINGS",
    "ArrayOperation",
    "Elementwise",
    "T",
    "bracket",
    "call",
]
