"""Numbers as boxes: 0.25 as it is, 1.2·10⁻⁷ with its power, ½ as a fraction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax.plain import decimal
from gradsheet.syntax.vocabulary import VULGAR_FRACTIONS
from gradsheet.typesetting.boxes import (
    MINUS,
    THIN,
    TIMES,
    Box,
    Brace,
    Fraction,
    Numeral,
    Row,
    Scripts,
    Sign,
    Word,
    row,
)

if TYPE_CHECKING:
    from gradsheet.syntax.tree import Num

DOT = Sign("·", "binary")
_LONGEST_DECIMAL = 12


def number_box(node: Num) -> Box:
    """A number as it was spelled; powers of ten and fractions are set.

    >>> from fractions import Fraction
    >>> from gradsheet.syntax.tree import Num
    >>> number_box(Num(Fraction(1, 4), "0.25")), number_box(Num(Fraction(1, 4), "¼"))
    (Numeral(text='0.25'), Fraction(above=Numeral(text='1'), below=Numeral(text='4')))
    """
    mantissa, _, exponent = node.text.replace("E", "e").partition("e")
    written = decimal(node.value)
    if exponent and not 0 < len(written) <= _LONGEST_DECIMAL:
        return scientific(mantissa, int(exponent))
    if node.text.replace(".", "").isdigit() and node.text.isascii():
        return Numeral(node.text)
    if written and not (node.text and node.text in VULGAR_FRACTIONS):
        return signed(written)
    above, below = Numeral(str(abs(node.value.numerator))), Numeral(str(node.value.denominator))
    fraction = Fraction(above, below)
    return row(MINUS, fraction) if node.value < 0 else fraction


def scientific(mantissa: str, exponent: int) -> Box:
    """m·10ᵉ; a mantissa of 1 is left out."""
    power = Scripts(Numeral("10"), above=signed(str(exponent)))
    if mantissa in ("1", "-1"):
        return power if mantissa == "1" else row(MINUS, power)
    return row(signed(mantissa), DOT, power)


def signed(text: str) -> Box:
    """Digits that may have a minus before them."""
    digits = text.lstrip("-−")
    return row(MINUS, Numeral(digits)) if digits != text else Numeral(text)


def between(left: Box, right: Box) -> Box:
    """What stands between two factors: 2·3 is not 23, 2·½ not two and a half, and words need a space.

    >>> between(Numeral("2"), Numeral("3")) == DOT, between(Word("rate"), Word("loss")) == THIN
    (True, True)
    """
    ends = edge(left, -1), edge(right, 0)
    match ends:
        case (_, Numeral()) | (Numeral(), Fraction(above=Numeral(), below=Numeral())):
            return DOT
        case (Word() | Brace(), _) | (_, Word() | Brace()):
            return THIN
        case _:
            return TIMES


def edge(box: Box, end: int) -> Box:
    """What a box shows its neighbour at one end."""
    match box:
        case Scripts(base=base):
            return edge(base, end)
        case Row(items=(_, *_) as items):
            return edge(items[end], end)
        case _:
            return box
