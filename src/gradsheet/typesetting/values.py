"""Values as boxes: numbers in the forms of the terminal, vectors as columns, matrices with dots where they are long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.numerics.digits import ZERO_DIGITS
from gradsheet.numerics.entries import NumberStyle, entry_texts, forms
from gradsheet.numerics.summaries import LARGEST_WRITTEN, write_entry
from gradsheet.syntax.reading import parse_expression
from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.typesetting.boxes import (
    COMMA,
    EMPTY,
    MINUS,
    Box,
    Fence,
    Letter,
    Matrix,
    Numeral,
    Scripts,
    Sign,
    Text,
    fenced,
    joined,
    relation,
    row,
)
from gradsheet.typesetting.layout import layout
from gradsheet.typesetting.numbers import scientific, signed

if TYPE_CHECKING:
    from collections.abc import Sequence


LARGEST_FULL = LARGEST_WRITTEN
"""Entries up to which an array is written out; a larger one has dots along each axis of more than `LONGEST_AXIS`."""
LONGEST_AXIS = 6
_FIRST, _LAST = 4, 1
_DECIMAL = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(?:e([-+][0-9]+))?")
_CLOSED = FUNCTIONS | {"arsinh"}
_DOTS = {(False, False): "", (True, False): "⋮", (False, True): "⋯", (True, True): "⋱"}
_PLAIN = NumberStyle()


def value_box(value: Any, style: NumberStyle = _PLAIN, *, as_row: bool = False) -> Box:
    r"""A number, or an array of numbers of any rank: exact, certified or float64.

    A vector is a column (`as_row`: a row with ⊤), an array of more axes a list of matrices. Raises
    `NeedsPrecisionError` where a ball does not hold the digits of the style.

    >>> from gradsheet.typesetting.latex import latex_of
    >>> print(latex_of(value_box(np.array([[1, 2], [3, 4]]))))
    \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}
    >>> print(latex_of(value_box(np.array([0.5, 0.25]), as_row=True)))
    \begin{bmatrix} 0.5 & 0.25 \end{bmatrix}^{\top}
    """
    array = np.asarray(value)
    if array.ndim == 0:
        return _number(array[()], style)
    if array.size == 0:
        return Fence("[", EMPTY)
    whole = style.full or array.size <= LARGEST_FULL
    if array.ndim > 2:
        dots = Sign("…", "ordinary")
        parts = [dots if at is None else value_box(array[at], style) for at in _kept(len(array), whole=whole)]
        return fenced("[", joined(parts, COMMA))
    if array.ndim == 1:
        across = _matrix(array.reshape(1, -1) if as_row else array.reshape(-1, 1), style, whole=whole)
        return Scripts(across, above=Letter("⊤")) if as_row else across
    return _matrix(array, style, whole=whole)


def number_text_box(text: str) -> Box:
    """A number that is written already, in ASCII: 0.25, -1/16, 1.2e-07, log(3)/2, inf, "0 to 30 digits".

    >>> number_text_box("0.25"), number_text_box("inf")
    (Numeral(text='0.25'), Letter(char='∞'))
    """
    found = _DECIMAL.fullmatch(text)
    if found:
        mantissa, exponent = found.groups()
        return signed(mantissa) if exponent is None else scientific(mantissa, int(exponent))
    if text == f"0 to {ZERO_DIGITS} digits":
        return row(Numeral("0"), Text(text[1:]))
    if text in ("inf", "-inf"):
        return Letter("∞") if text == "inf" else row(MINUS, Letter("∞"))
    if text.startswith(("undefined", "nan")):
        return Text("undefined")
    source = Source(re.sub(r"\bsigmoid\(", "σ(", text))
    return layout(parse_expression(source, Diagnostics(source)), functions=_CLOSED)


def _number(value: Any, style: NumberStyle) -> Box:
    """A number by itself: log 3 ≈ 1.09861."""
    written = forms(write_entry(value, style.digits, ascii_only=True), style)
    first = number_text_box(written.first)
    return row(first, relation(written.relation), number_text_box(written.second)) if written.relation else first


def _matrix(array: np.ndarray[Any, Any], style: NumberStyle, *, whole: bool) -> Matrix:
    rows, columns = (_kept(size, whole=whole) for size in array.shape)
    shown = [array[i, j] for i in rows if i is not None for j in columns if j is not None]
    texts = entry_texts([write_entry(value, style.digits, ascii_only=True) for value in shown], style)
    waiting = iter(texts)
    cells: list[tuple[Box, ...]] = []
    for i in rows:
        dots = [_DOTS[i is None, j is None] for j in columns]
        cells.append(tuple(Sign(sign, "ordinary") if sign else number_text_box(next(waiting)) for sign in dots))
    width = sum(j is not None for j in columns)
    uneven = any(len(set(map(len, texts[at::width]))) > 1 for at in range(width))
    return Matrix(tuple(cells), right=uneven and all(map(_DECIMAL.fullmatch, texts)))


def _kept(size: int, *, whole: bool) -> Sequence[int | None]:
    """Which places along an axis are shown; None stands for dots."""
    if whole or size <= LONGEST_AXIS:
        return range(size)
    return [*range(_FIRST), None, *range(size - _LAST, size)]
