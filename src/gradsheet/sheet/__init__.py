"""Names bound, shapes checked, definitions ordered."""

from gradsheet.sheet.derivatives import derivative_name
from gradsheet.sheet.expressions import ExpressionReader
from gradsheet.sheet.model import Equation, FunctionDefinition, GivenValue, Objective, Sheet, UpdateRule
from gradsheet.sheet.reader import load_sheet, read_sheet
from gradsheet.sheet.sizes import literal, range_text, shape_text

__all__ = [
    "Equation",
    "ExpressionReader",
    "FunctionDefinition",
    "GivenValue",
    "Objective",
    "Sheet",
    "UpdateRule",
    "derivative_name",
    "literal",
    "load_sheet",
    "range_text",
    "read_sheet",
    "shape_text",
]
