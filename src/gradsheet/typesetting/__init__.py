"""Formulas in print: a syntax tree or a value becomes boxes once, and boxes become LaTeX, MathML or Typst."""

from gradsheet.typesetting.boxes import Box, row
from gradsheet.typesetting.equations import EquationLine, equation, equations, text_box
from gradsheet.typesetting.fonts import font_face
from gradsheet.typesetting.latex import latex, latex_of
from gradsheet.typesetting.layout import layout
from gradsheet.typesetting.mathml import mathml, mathml_of
from gradsheet.typesetting.sets import ranges_box, set_box, shape_box
from gradsheet.typesetting.typst import typst, typst_of
from gradsheet.typesetting.values import LARGEST_FULL, value_box

__all__ = [
    "LARGEST_FULL",
    "Box",
    "EquationLine",
    "equation",
    "equations",
    "font_face",
    "latex",
    "latex_of",
    "layout",
    "mathml",
    "mathml_of",
    "ranges_box",
    "row",
    "set_box",
    "shape_box",
    "text_box",
    "typst",
    "typst_of",
    "value_box",
]
