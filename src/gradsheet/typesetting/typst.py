"""Boxes as Typst mathematics, for between `$` and `$`."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.typesetting.boxes import (
    CLOSING,
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
)
from gradsheet.typesetting.layout import layout
from gradsheet.typesetting.spacing import kind_of, thin_spaces

if TYPE_CHECKING:
    from collections.abc import Collection, Container

    from gradsheet.syntax.tree import Expression

_MARKS: dict[AccentMark, str] = {
    "hat": "hat", "tilde": "tilde", "bar": "macron", "dot": "dot", "ddot": "dot.double", "vec": "arrow",
    "check": "caron", "breve": "breve", "acute": "acute", "grave": "grave",
}  # fmt: skip
_BETWEEN = {"times": "", "thin": "thin", "apply": "", "quad": "quad", "qquad": "quad quad"}
_ESCAPED = frozenset("\\$#_^/&\"'`*~@<>=()[]{}|,;:.!?+-")


def typst(node: Expression, *, functions: Container[str] = FUNCTIONS, names: Collection[str] = ()) -> str:
    """An expression as Typst mathematics.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.reading import parse_expression
    >>> source = Source("W1' x / n")
    >>> print(typst(parse_expression(source, Diagnostics(source))))
    frac(W_(1)^(⊤) x, n)
    """
    return typst_of(layout(node, functions=functions, names=names))


def typst_of(box: Box) -> str:
    """A box as Typst mathematics, without signs around it.

    >>> print(typst_of(Fraction(Numeral("1"), Letter("λ"))))
    frac(1, λ)
    """
    return _spelled(box, small=False)


def _spelled(box: Box, *, small: bool) -> str:
    """A box; `small` within an index or an exponent."""

    def inner(part: Box) -> str:
        return _spelled(part, small=small)

    match box:
        case Letter(char):
            return _char(char)
        case Word(text):
            return f"upright({_quoted(text)})"
        case Compound(letters):
            return " ".join(map(inner, letters))
        case Accent(mark, base):
            return f"{_MARKS[mark]}({inner(base)})"
        case Numeral(text):
            return text
        case Operator(name):
            return f"op({_quoted(name)})"
        case BigSign(char):
            return char
        case Sign():
            return _sign(box)
        case Between(kind):
            return _BETWEEN[kind]
        case Text(words):
            return _quoted(words.strip())  # Typst keeps the blanks around words itself
        case Row(items):
            return _side_by_side(items, small=small)
        case Fraction(above, below):
            return f"frac({inner(above)}, {inner(below)})"
        case Prime(count):
            return "′" * count
        case Scripts():
            return _scripts(box, small=small)
        case Limits():
            return _limits(box)
        case Brace(base, label):
            return f"underbrace({inner(base)}, {_spelled(label, small=True)})"
        case Fence():
            return "".join(_fence(box, small=small))
        case Matrix(rows, right):
            side = "align: #right, " if right else ""
            return f'mat(delim: "[", {side}{"; ".join(", ".join(map(inner, entries)) for entries in rows)})'
        case Cases(rows):
            return f"cases({', '.join(f'{inner(value)} & {inner(condition)}' for value, condition in rows)})"
        case Root(body):
            return f"sqrt({inner(body)})"
        case Lines(rows):
            return " \\\n".join(f"{inner(left)} & {inner(right)}" for left, right in rows)
        case _:
            assert_never(box)


def _side_by_side(items: tuple[Box, ...], *, small: bool) -> str:
    """Boxes in a row. Typst gives operators their spaces, but takes a fraction for a letter."""
    parts: list[str] = []
    before: Box | None = None
    for space, item in zip(thin_spaces(items, small=small), items, strict=True):
        if space and before is not None and "op" not in (kind_of(before, -1), kind_of(item, 0)):
            parts.append("thin")
        parts.append(_spelled(item, small=small))
        before = before if isinstance(item, Between) else item
    return " ".join(part for part in parts if part)


def _char(char: str) -> str:
    return f"\\{char}" if char in _ESCAPED else char


def _sign(box: Sign) -> str:
    """A sign; commas, colons and slashes would be read as Typst's own."""
    if box.char == "−":
        return "-"
    if box.spacing == "ordinary" and box.char in "/:+":
        return f'class("normal", {_char(box.char)})'
    return "comma" if box.char == "," else box.char if box.char in "=<>+" else _char(box.char)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _scripts(box: Scripts, *, small: bool) -> str:
    below = "" if box.below is None else _spelled(box.below, small=True)
    above = "" if box.above is None else _spelled(box.above, small=True)
    if isinstance(box.base, Row | Scripts | Compound | Brace):
        parts = [_spelled(box.base, small=small)]
        parts += [f"b: {below}"] * bool(below) + [f"t: {above}"] * bool(above)
        return f"attach({', '.join(parts)})"
    return _spelled(box.base, small=small) + _indices(below, above)


def _limits(box: Limits) -> str:
    base = box.base
    sign = _spelled(base, small=False) if isinstance(base, BigSign) else f"op({_quoted(base.name)}, limits: #true)"
    above = "" if box.above is None else _spelled(box.above, small=True)
    return sign + _indices(_spelled(box.below, small=True), above)


def _indices(below: str, above: str) -> str:
    return (f"_({below})" if below else "") + (f"^({above})" if above else "")


def _fence(box: Fence, *, small: bool) -> tuple[str, str, str]:
    """A bracket or bar, what is between, and its partner; Typst's own pairs grow, escaped ones stay as they are."""
    body = _spelled(box.body, small=small)
    if box.opening in "|‖":
        if box.grows:
            return ("abs(" if box.opening == "|" else "norm(", body, ")")
        char = _char(box.opening)
        return (f'class("opening", {char}) ', body, f' class("closing", {char})')
    if box.grows:
        return (f"lr({box.opening} ", body, f" {CLOSING[box.opening]})")
    return (f"\\{box.opening}", body, f"\\{CLOSING[box.opening]}")
