"""Sheets from Python operators: `z = b.define("z", W @ x + c)` writes the line `z = W x + c`."""

from gradsheet.builder.builder import Builder
from gradsheet.builder.functions import Function, indices, where
from gradsheet.builder.terms import Term

__all__ = ["Builder", "Function", "Term", "indices", "where"]
