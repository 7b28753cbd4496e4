"""The left side of a definition as a page writes it: a name, with indices, layers, arguments."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradsheet.syntax import tree
from gradsheet.syntax.scripts import joined, spelled
from gradsheet.syntax.written_names import faces

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Pattern:
    """`key` with letters for its indices or arguments; `numbers` holds what stands in a place of its own, W^{(2)}."""

    key: str
    parameters: tuple[str, ...] = ()
    function: bool = False
    number: int | None = None
    """A layer by number: the member of a view rather than a whole definition."""
    bare: bool = False
    """The layer stands above it without brackets: δ^l."""
    raised: bool = False
    """Its first index is a layer, which stands above it."""


def folded(key: str) -> str:
    """A letter without its face: 𝛅 as δ."""
    return list(faces(key))[-1]


def pattern(node: tree.Node, letters: frozenset[str] = frozenset()) -> Pattern | None:
    """How a left side is made, or None if it is no name; `letters` mean something and cannot be parameters."""
    match node:
        case tree.Group(items=(item,)) | tree.Underbrace(base=item):
            return pattern(item, letters)
        case tree.Name(key=key):
            return Pattern(folded(key))
        case tree.Lowered(base=tree.Name(key=key), items=items):
            below = spelled(items)
            names = _letters(items, letters)
            if names is not None:
                return Pattern(folded(key), names)
            return None if below is None else Pattern(joined(folded(key), below))
        case tree.Subscript(base=tree.Name(key=key), items=items):
            names = _letters(items, letters)
            return None if names is None else Pattern(folded(key), names)
        case tree.Power(base=tree.Name(key=key), exponent=exponent):
            return _raised(folded(key), (), exponent, letters)
        case tree.Power(base=tree.Lowered(base=tree.Name(key=key), items=items), exponent=exponent):
            names = _letters(items, letters)
            if names is None:
                below = spelled(items)
                return None if below is None else _raised(joined(folded(key), below), (), exponent, letters)
            return _raised(folded(key), names, exponent, letters)
        case tree.Product(
            factors=(tree.Factor(item=tree.Name(key=key)), tree.Factor(sign="", item=tree.Group(items=items)))
        ):
            arguments = tuple(folded(i.key) for i in items if isinstance(i, tree.Name))
            return Pattern(folded(key), arguments, function=True) if len(arguments) == len(items) else None
        case tree.Product(
            factors=(tree.Factor(item=tree.Name(key="Δ" | "d" | "δ" as sign)), tree.Factor(sign="", item=rest))
        ):
            inner = pattern(rest, letters)
            if inner is None or inner.function:
                return None
            return Pattern(sign + inner.key, inner.parameters, number=inner.number)
        case _:
            return None


def _raised(key: str, below: tuple[str, ...], exponent: tree.Expression, letters: frozenset[str]) -> Pattern | None:
    match exponent:
        case tree.Group(items=(tree.Num(value=number),)) if number.denominator == 1:
            return Pattern(key, below, number=int(number))
        case tree.Group(items=(tree.Name(key=letter),)) if len(letter) == 1 and letter not in letters:
            return Pattern(key, (letter, *below), raised=True)
        case tree.Name(key="l" | "ℓ" as letter):
            return Pattern(key, (letter, *below), bare=True, raised=True)
        case _:
            return None


_INDICES = frozenset("ijklmnpqrst")
_WORDS = frozenset({"in", "is", "it", "ml", "min", "lin", "sim", "mlp", "rms", "st", "nl", "tr", "pi", "skip"})


def _is_word(text: str) -> bool:
    """Whether letters side by side below a name are a part of it: out, gt, in; not ij."""
    return text in _WORDS or not set(text) <= _INDICES or len(text) > 3


def _letters(items: Sequence[tree.Expression | tree.Slice], letters: frozenset[str]) -> tuple[str, ...] | None:
    """The index letters below a name; `ij` is two of them."""
    found: list[str] = []
    for item in items:
        parts = [item]
        if isinstance(item, tree.Product) and not any(f.sign for f in item.factors):
            parts = [f.item for f in item.factors]
            if _is_word("".join(p.key if isinstance(p, tree.Name) else "" for p in parts)):
                return None
        for part in parts:
            if not isinstance(part, tree.Name) or len(part.key) != 1 or part.key in letters:
                return None
            if unicodedata.decomposition(part.key):
                return None  # ŷ is a quantity
            found.append(part.key)
    return tuple(found) if len(set(found)) == len(found) else None
