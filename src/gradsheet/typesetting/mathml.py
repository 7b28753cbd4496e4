"""Boxes as MathML Core, which browsers set by themselves: Chromium, Firefox and Safari.

What TeX does by itself is said here: thin spaces between operators, fractions and letters, no spaces around signs in
small type, upright Greek capitals. Colour, size and font come from the page.
"""

from __future__ import annotations

import unicodedata
from html import escape
from typing import TYPE_CHECKING, assert_never

from gradsheet.syntax.plain import plain
from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.typesetting.boxes import (
    CLOSING,
    EMPTY,
    Accent,
    AccentMark,
    Between,
    BigSign,
    Box,
    Brace,
    Cases,
    Compound,
    Fence,
    Fraction,
    Letter,
    Limits,
    Lines,
    Matrix,
    Numeral,
    Operator,
    Prime,
    Root,
    Row,
    Scripts,
    Sign,
    Text,
    Word,
    is_tall,
)
from gradsheet.typesetting.layout import layout
from gradsheet.typesetting.spacing import thin_spaces

if TYPE_CHECKING:
    from collections.abc import Collection, Container

    from gradsheet.syntax.tree import Expression

_APPLY, _TIMES = "\u2061", "\u2062"
_THIN = '<mspace width="0.1667em"/>'
_MARKS: dict[AccentMark, str] = {
    "hat": "ˆ", "tilde": "˜", "bar": "¯", "dot": "˙", "ddot": "¨", "vec": "\u20d7", "check": "ˇ", "breve": "˘",
    "acute": "´", "grave": "`",
}  # fmt: skip
_STROKES = {1: "′", 2: "″", 3: "‴"}
_COLUMN_GAP = '<mspace width="0.8em"/>'
_STRUT = '<mspace height="0.68em" depth="0.22em"/>'
_SPACES = {"quad": "1em", "qquad": "2em"}
_PLACED = {"left": "text-align:left", "right": "text-align:-webkit-right"}
"""Chromium moves the content of a cell, which is a block, by the second only."""
_CLOSE_UP = ' lspace="0" rspace="0"'


def mathml(
    node: Expression, *, functions: Container[str] = FUNCTIONS, names: Collection[str] = (), display: bool = False
) -> str:
    """An expression as a `math` element, with its plain text for those who listen.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.reading import parse_expression
    >>> source = Source("1/n")
    >>> mathml(parse_expression(source, Diagnostics(source)))
    '<math alttext="1/n"><mfrac><mn>1</mn><mi>n</mi></mfrac></math>'
    """
    box = layout(node, functions=functions, names=names)
    return mathml_of(box, display=display, alttext=plain(node, functions=functions))


def mathml_of(box: Box, *, display: bool = False, alttext: str = "") -> str:
    """A box as a `math` element.

    >>> mathml_of(Letter("x"), display=True)
    '<math display="block"><mi>x</mi></math>'
    """
    kind = ' display="block"' if display else ""
    words = f' alttext="{escape(alttext)}"' if alttext else ""
    return f"<math{kind}{words}>{_inside(box, small=False)}</math>"


def _one(box: Box, *, small: bool) -> str:
    """A box as one element."""
    text = _inside(box, small=small)
    return f"<mrow>{text}</mrow>" if isinstance(box, Row) and len(box.items) != 1 else text


def _inside(box: Box, *, small: bool) -> str:
    """A box as the children of an element; a row has one for each item."""
    match box:
        case Letter() | Word():
            return _letter(box)
        case Compound(letters):
            return f"<mrow>{''.join(_letter(part) for part in letters)}</mrow>"
        case Accent(mark, base):
            stretches = ' stretchy="false"'
            return f'<mover accent="true">{_one(base, small=small)}<mo{stretches}>{_MARKS[mark]}</mo></mover>'
        case Numeral(text):
            return f"<mn>{text}</mn>"
        case Operator(name):
            return f"<mi>{escape(name)}</mi>"
        case BigSign(char):
            return f"<mo>{char}</mo>"
        case Sign():
            return _sign(box, small=small)
        case Between(kind="times"):
            return f"<mo>{_TIMES}</mo>"
        case Between(kind="thin"):
            return f"<mo>{_TIMES}</mo>{_THIN}"
        case Between(kind="apply"):
            return f"<mo>{_APPLY}</mo>"
        case Between(kind=kind):
            return f'<mspace width="{_SPACES[kind]}"/>'
        case Text(words):
            return f"<mtext>{_kept_blanks(words)}</mtext>"
        case Row(items):
            return _side_by_side(items, small=small)
        case Fraction(above, below):
            return f"<mfrac>{_one(above, small=small)}{_one(below, small=small)}</mfrac>"
        case Prime(count):
            return f'<mo form="postfix"{_CLOSE_UP}>{_STROKES[count]}</mo>'
        case Scripts():
            return _scripts(box, small=small)
        case Limits():
            return _limits(box)
        case Brace(base, label):
            brace = f'<munder>{_one(base, small=small)}<mo stretchy="true">⏟</mo></munder>'
            return f"<munder>{brace}{_one(label, small=True)}</munder>"
        case Fence():
            return f"<mrow>{''.join(_fence(box, small=small))}</mrow>"
        case Matrix(rows=(entries,)):
            return f"<mrow>{''.join(_one_row(entries, small=small))}</mrow>"
        case Matrix(rows, right):
            side = "right" if right else "center"
            lines = [[_inside(entry, small=small) for entry in entries] for entries in rows]
            table = _table(lines, [side] * len(rows[0]), edges=True, strut=_STRUT)
            return f'<mrow><mo form="prefix">[</mo>{table}<mo form="postfix">]</mo></mrow>'
        case Cases(rows):
            lines = [[_inside(part, small=small) for part in pair] for pair in rows]
            table = _table(lines, ["left", "left"], strut=_STRUT)
            return f'<mrow><mo form="prefix">{{</mo>{table}</mrow>'
        case Root(body):
            return f"<msqrt>{_inside(body, small=small)}</msqrt>"
        case Lines(rows):
            lines = [[_inside(part, small=False) for part in pair] for pair in rows]
            return _table(lines, ["right", "left"], ' displaystyle="true" columnspacing="0"', meeting=True)
        case _:
            assert_never(box)


def _letter(box: Letter | Word) -> str:
    """A letter or a word. A browser slants every single letter; TeX leaves Greek capitals upright."""
    text = box.text if isinstance(box, Word) else box.char
    upright = len(text) == 1 if isinstance(box, Word) else "GREEK CAPITAL" in unicodedata.name(text, "")
    variant = ' mathvariant="normal"' if upright else ""
    return f"<mi{variant}>{escape(text)}</mi>"


# ---------------------------------------------------------------- rows and their spaces


def _side_by_side(items: tuple[Box, ...], *, small: bool) -> str:
    spaces = thin_spaces(items, small=small)
    return "".join(
        (_THIN if space else "") + _inside(item, small=small) for space, item in zip(spaces, items, strict=True)
    )


def _sign(box: Sign, *, small: bool) -> str:
    """A sign; its spaces are those of its class, and in small type there are none."""
    char = escape(box.char)
    match box.spacing:
        case "prefix":
            return f'<mo form="prefix"{_CLOSE_UP}>{char}</mo>'
        case "ordinary":
            return f"<mo{_CLOSE_UP}>{char}</mo>"
        case "binary" | "relation" | "punctuation" if small:
            return f"<mo{_CLOSE_UP}>{char}</mo>"
        case "relation" if char in ("∣", ":"):
            return f'<mo form="infix" stretchy="false" lspace="0.2778em" rspace="0.2778em">{char}</mo>'
        case "binary":
            return f'<mo form="infix" lspace="0.2222em" rspace="0.2222em">{char}</mo>'
        case "relation":
            return f'<mo form="infix" lspace="0.2778em" rspace="0.2778em">{char}</mo>'
        case "punctuation":
            return f'<mo lspace="0" rspace="0.1667em">{char}</mo>'
        case _:
            assert_never(box.spacing)


# ---------------------------------------------------------------- what stands above and below


def _scripts(box: Scripts, *, small: bool) -> str:
    if isinstance(box.above, Prime):  # the stroke of the font is raised already
        name = box.base if box.below is None else Scripts(box.base, box.below)
        return f"<mrow>{_one(name, small=small)}{_inside(box.above, small=small)}</mrow>"
    below = "" if box.below is None else _one(box.below, small=True)
    above = "" if box.above is None else _one(box.above, small=True)
    kind = "msubsup" if below and above else "msub" if below else "msup"
    pair = _flat_pair(box.base, small=small)
    if pair is not None:  # at the height of the bracket, whatever is inside
        opening, body, closing = pair
        return f"<mrow>{opening}{body}<{kind}>{closing}{below}{above}</{kind}></mrow>"
    return f"<{kind}>{_one(box.base, small=small)}{below}{above}</{kind}>"


def _limits(box: Limits) -> str:
    base = _inside(box.base, small=False)
    if isinstance(box.base, Operator):
        base = f'<mo form="prefix" movablelimits="true"{_CLOSE_UP}>{escape(box.base.name)}</mo>'
    elif isinstance(box.base, BigSign):
        base = f'<mo form="prefix" largeop="true" movablelimits="true"{_CLOSE_UP}>{box.base.char}</mo>'
    below = _one(box.below, small=True)
    if box.above is None:
        return f"<munder>{base}{below}</munder>"
    return f"<munderover>{base}{below}{_one(box.above, small=True)}</munderover>"


def _fence(box: Fence, *, small: bool) -> tuple[str, str, str]:
    """A bracket or bar, what is between, and its partner; they stretch only where the layout says so."""
    stretches = "" if box.grows else ' stretchy="false"'
    opening, closing = escape(box.opening), escape(CLOSING[box.opening])
    return (
        f'<mo form="prefix"{stretches}{_CLOSE_UP}>{opening}</mo>',
        _inside(box.body, small=small),
        f'<mo form="postfix"{stretches}{_CLOSE_UP}>{closing}</mo>',
    )


def _one_row(entries: tuple[Box, ...], *, small: bool) -> tuple[str, str, str]:
    """A matrix of one row stands on the line, without a table: a bracket, the entries, and its partner."""
    opening, _, closing = _fence(Fence("[", EMPTY, grows=any(map(is_tall, entries))), small=small)
    return opening, _COLUMN_GAP.join(_one(entry, small=small) for entry in entries), closing


def _flat_pair(box: Box, *, small: bool) -> tuple[str, str, str] | None:
    """Brackets that do not grow, and what is between them."""
    match box:
        case Fence(grows=False):
            return _fence(box, small=small)
        case Matrix(rows=(entries,)) if not any(map(is_tall, entries)):
            return _one_row(entries, small=small)
        case _:
            return None


def _table(
    rows: list[list[str]],
    sides: list[str],
    attributes: str = "",
    *,
    edges: bool = False,
    meeting: bool = False,
    strut: str = "",
) -> str:
    """Rows of cells, each column with its side, by attribute and by style: browsers know one or the other.

    `edges`: brackets stand close to the first and the last column. `meeting`: two columns that touch. `strut`: what
    gives every line the same height, with room for what hangs below letters.
    """
    styles = [[_PLACED[side]] if side in _PLACED else [] for side in sides]
    if edges:
        styles[0].append("padding-left:.1em")
        styles[-1].append("padding-right:.1em")
    if meeting:
        styles[0].append("padding-right:0")
        styles[1].append("padding-left:0")
    cells = [f'<mtd style="{";".join(style)}">' if style else "<mtd>" for style in styles]
    lines = ("".join(f"{cell}{content}</mtd>" for cell, content in zip(cells, line, strict=True)) for line in rows)
    lines = (line.replace(">", f">{strut}", 1) for line in lines) if strut else lines
    aligned = "" if set(sides) == {"center"} else f' columnalign="{" ".join(sides)}"'
    return f"<mtable{attributes}{aligned}>{''.join(f'<mtr>{line}</mtr>' for line in lines)}</mtable>"


def _kept_blanks(words: str) -> str:
    """Words whose blanks at the ends are kept."""
    inner = words.strip(" ")
    before = len(words) - len(words.lstrip(" "))
    after = len(words) - len(words.rstrip(" ")) if inner else 0
    return "\u00a0" * before + escape(inner) + "\u00a0" * after
