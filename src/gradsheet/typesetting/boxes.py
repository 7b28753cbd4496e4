"""A formula as boxes: what stands beside, above, below and inside what, before any notation spells it.

The union is closed: each backend handles every kind, with `match` and `assert_never`. Boxes know nothing of meaning;
spaces follow from the class of a sign and from what neighbours are, as TeX has it (Knuth, The TeXbook, ch. 18).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from gradsheet.records import dataclass

AccentMark = Literal["hat", "tilde", "bar", "dot", "ddot", "vec", "check", "breve", "acute", "grave"]
Spacing = Literal["relation", "binary", "prefix", "punctuation", "ordinary"]
Opening = Literal["(", "[", "{", "|", "‖"]

CLOSING: dict[Opening, str] = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖"}
"""The bracket that closes what an opening one began."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter or letter-like sign, slanted where mathematics slants it: x, λ, Γ, ∂, ∞, ℓ, ℝ."""

    char: str


@dataclass(frozen=True, slots=True)
class Word:
    """Several letters in upright type that are one name: loss, out."""

    text: str


@dataclass(frozen=True, slots=True)
class Compound:
    """Letters that stay together as one name: Δx, dA."""

    letters: tuple[Letter | Word, ...]


@dataclass(frozen=True, slots=True)
class Accent:
    """A mark above a letter: ŷ, x̄."""

    mark: AccentMark
    base: Box


@dataclass(frozen=True, slots=True)
class Numeral:
    """Digits, perhaps with a point."""

    text: str


@dataclass(frozen=True, slots=True)
class Operator:
    """The name of a function, upright, with the spaces of an operator: tanh, max."""

    name: str


@dataclass(frozen=True, slots=True)
class BigSign:
    """∑ or ∏, larger in a display."""

    char: Literal["∑", "∏"]


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of an operation or relation, with the class that gives it its spaces."""

    char: str
    spacing: Spacing


@dataclass(frozen=True, slots=True)
class Between:
    """What is not seen between boxes: a product, close or with a thin space; function and argument; 1 em, 2 em."""

    kind: Literal["times", "thin", "apply", "quad", "qquad"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words in a formula, with their blanks."""

    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """Boxes side by side."""

    items: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Fraction:
    """One box above another, with a line between."""

    above: Box
    below: Box


@dataclass(frozen=True, slots=True)
class Prime:
    """One to three strokes; stands only above, in `Scripts`."""

    count: int


@dataclass(frozen=True, slots=True)
class Scripts:
    """A base with an index, an exponent, or both. `own`: the index belongs to the name, as in W₁."""

    base: Box
    below: Box | None = None
    above: Box | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """A large sign or an operator with what it runs over."""

    base: BigSign | Operator
    below: Box
    above: Box | None = None


@dataclass(frozen=True, slots=True)
class Brace:
    """A box with a brace below it, and a label below that."""

    base: Box
    label: Box


@dataclass(frozen=True, slots=True)
class Fence:
    """A box between brackets or bars; `grows` says that they follow its height."""

    opening: Opening
    body: Box
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of entries in square brackets; numbers of different lengths stand at the right of their column."""

    rows: tuple[tuple[Box, ...], ...]
    right: bool = False


@dataclass(frozen=True, slots=True)
class Cases:
    """Values with their conditions, behind one brace."""

    rows: tuple[tuple[Box, Box], ...]


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    body: Box


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines below each other, each in two parts that meet at the same place: left sides, then signs and right sides."""

    rows: tuple[tuple[Box, Box], ...]


Box: TypeAlias = (
    Letter
    | Word
    | Compound
    | Accent
    | Numeral
    | Operator
    | BigSign
    | Sign
    | Between
    | Text
    | Row
    | Fraction
    | Prime
    | Scripts
    | Limits
    | Brace
    | Fence
    | Matrix
    | Cases
    | Root
    | Lines
)

SLASH = Sign("/", "ordinary")
TIMES = Between("times")
THIN = Between("thin")
APPLY = Between("apply")
COMMA = Sign(",", "punctuation")
MINUS = Sign("−", "prefix")
EMPTY = Row(())
_RELATIONS = "=≠<≤>≥∈←→⇒≈:∣"


def row(*items: Box) -> Box:
    """Boxes side by side as one row; a row among them gives its items, a single box stays itself.

    >>> row(Letter("x"))
    Letter(char='x')
    """
    flat = [part for item in items for part in (item.items if isinstance(item, Row) else (item,))]
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def relation(char: str) -> Sign:
    """=, ≤, ∈, ←, and the bar of a condition: a sign with the spaces of a relation."""
    if char not in _RELATIONS:
        raise ValueError(char)
    return Sign(char, "relation")


def fenced(opening: Opening, body: Box) -> Fence:
    """A box in brackets, which grow where it is tall.

    >>> fenced("(", Fraction(Numeral("1"), Numeral("2"))).grows, fenced("(", Letter("x")).grows
    (True, False)
    """
    return Fence(opening, body, grows=is_tall(body))


def joined(parts: list[Box], between: Box) -> Box:
    """Boxes with the same box between each two."""
    items: list[Box] = []
    for part in parts:
        items += [between, part] if items else [part]
    return row(*items)


def is_tall(box: Box) -> bool:
    """Whether brackets around a box have to grow."""
    match box:
        case Fraction() | Matrix() | Cases() | Root() | BigSign() | Lines():
            return True
        case Fence(grows=grows):
            return grows
        case Limits(base=base):
            return isinstance(base, BigSign)
        case Brace(base=base):
            return is_tall(base)
        case Row(items=items):
            return any(map(is_tall, items))
        case Scripts(base=base, above=above):
            return is_tall(base) or (above is not None and is_tall(above))
        case _:
            return False
