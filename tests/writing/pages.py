"""Every sheet at hand as a document, made once for all tests of pages."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import gradsheet as gs
from fences import ROOT
from gradsheet.writing.arrays import NumberStyle
from gradsheet.writing.documents.composition import compose
from gradsheet.writing.picture import can_draw, picture
from gradsheet.writing.report import Report, report

if TYPE_CHECKING:
    from gradsheet.writing.documents.model import Document

EXAMPLES = sorted((ROOT / "examples").glob("*.sheet"))
OTHERS = sorted((ROOT / "tests" / "sheets").glob("*.sheet"))
SHEETS = {path.stem: path for path in (*OTHERS, *EXAMPLES)}

ODD = r"""
# 50% of x_1 & {y} \alpha $z$ ~ ^ <b>|c|</b> `code` *stars* "quoted" 'words' – Müller's Ŷ 日本 😀 ≤ ½ √2 x² #1 [a](b)

größe, ж, loss_rate, q̃ ∈ ℝ

L = größe² loss_rate + ж q̃

parameters größe, ж
minimize L
given größe = 1/3, ж = 1e-9, loss_rate = -123456789, q̃ = 0.125
"""
"""Signs that mean something to Markdown, LaTeX, HTML and Typst, and letters that fonts lack."""

LONG = """
# A sum of many terms, each with a number of its own

a, b, c, x ∈ ℝ

L = (a + 1) x + 2 (b - c) x² + 3 (c + a) x³ + 4 a b x⁴ + 5 b c x⁵ + 6 a c x⁶ + 7 a² x⁷ + 8 b² x⁸ + 9 c² x⁹ + 10 a b c x

parameters a, b, c, x
minimize L
"""
"""Formulas that no line holds."""


@cache
def reported(name: str) -> Report:
    """The report of a sheet by its name, or of one of the texts above."""
    text = {"odd": ODD, "long": LONG}.get(name)
    sheet = gs.loads(text) if text is not None else gs.load(SHEETS[name])
    return report(sheet.solve()._solved)


@cache
def composed(name: str, *, small_steps: bool = False, drawn: bool = False) -> Document:
    """The document of a sheet."""
    found = reported(name)
    drawing = picture(found, inline=True) if drawn and can_draw() else None
    return compose(found, NumberStyle(), small_steps=small_steps, picture=drawing)
