"""From the page's spellings to names of a sheet: what is an index, what a layer, what a part of a name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.checking.network.statements import CONSTANTS, KNOWN_FUNCTIONS, TRANSPOSES, Symbol, symbol_of, symbols_in
from gradsheet.syntax.scripts import joined, layer, spelled
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Additive,
    Bars,
    Binder,
    Expression,
    Factor,
    Group,
    Name,
    Node,
    Num,
    Power,
    Product,
    Slice,
    Subscript,
    Transpose,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.checking.network.statements import Raw

INDEX_LETTERS = frozenset("ijklmnpqrstuabcdμντκ")


class Untranslated(Exception):  # noqa: N818 - no error of the program: the statement is left out, and that is said
    """A symbol whose decorations have no meaning here."""


@dataclass(slots=True)
class Letters:
    """What the decorations of a page mean."""

    indices: set[str] = field(default_factory=set)
    """Letters that are indices where they stand below or above a symbol."""
    layered: set[str] = field(default_factory=set)
    """Bases whose mark is an index: `W^{(l)}`, `x^{(i)}`, `h_t`."""
    entries: set[str] = field(default_factory=set)
    """Bases of which single entries are written: `x_1` is x[1]."""
    ranks: dict[str, int] = field(default_factory=dict)
    """How many indices a name carries where it carries most."""
    depth: str | None = None
    """The letter of the last layer, where it has to be another than on the page."""
    written: dict[str, Symbol] = field(default_factory=dict)
    """For each name that was made one spelling of the page."""

    # ------------------------------------------------------------ analysis

    @classmethod
    def of(cls, raws: Iterable[Raw], trees: Iterable[Expression]) -> Letters:
        """Look at the definitions, and at what is written elsewhere for single entries."""
        raws = list(raws)
        letters = cls()
        letters.find_indices(raws)
        numbered: Counter[str] = Counter()
        for raw in raws:
            if raw.target.mark is not None and _number(raw.target.mark) not in {None, "0"}:
                numbered[raw.target.base] += 1
        bare: set[str] = set()
        digits: dict[str, int] = {}
        for raw in raws:
            for symbol in (raw.target, *symbols_in(raw.value)):
                letters.look(symbol, numbered, bare, digits)
        for tree in trees:
            for symbol in symbols_in(tree):
                if symbol.items is None and symbol.mark is None:
                    bare.add(symbol.base)
        letters.entries |= {base for base in digits if base in bare or base in letters.ranks}
        letters.find_constants(raws)
        return letters

    def find_constants(self, raws: list[Raw]) -> None:
        """A letter below an array that carries indices elsewhere picks an entry: −log p_c."""
        for raw in raws:
            for symbol in symbols_in(raw.value):
                match symbol.items:
                    case (Name(key=key),) if len(key) == 1 and key not in self.indices and self.ranks.get(symbol.base):
                        self.indices.add(key)
                        self.look(symbol, Counter(), set(), {})

    def find_indices(self, raws: list[Raw]) -> None:
        bare = {
            symbol.base for raw in raws for symbol in (raw.target, *symbols_in(raw.value))
            if symbol.items is None and symbol.mark is None
        }  # fmt: skip
        for raw in raws:
            for part in walk(raw.value):
                if isinstance(part, Binder):
                    self.indices |= {i.name.key for i in part.indices if i.name.key not in bare or i.domain is not None}
            left = set(_below(raw.target))
            right: set[str] = set()
            for symbol in symbols_in(raw.value):
                right |= set(_below(symbol))
                for item in (*(symbol.items or ()), *(() if symbol.mark is None else (symbol.mark,))):
                    if isinstance(item, Additive):
                        self.indices |= {n.key for n in walk(item) if isinstance(n, Name) and len(n.key) == 1}
            self.indices |= {letter for letter in left & right if letter in INDEX_LETTERS and letter not in bare}
            if raw.target.items is not None and raw.target.brackets:
                self.indices |= left

    def look(self, symbol: Symbol, numbered: Counter[str], bare: set[str], digits: dict[str, int]) -> None:
        base, count = symbol.base, 0
        if symbol.mark is not None:
            names = [n.key for n in walk(symbol.mark) if isinstance(n, Name)]
            if names and all(len(name) == 1 for name in names) and not numbered[base]:
                self.layered.add(base)
        if symbol.items is None:
            if symbol.mark is None:
                bare.add(base)
            return
        parts = self.apart(symbol.items, None)
        if parts is not None and (symbol.brackets or any(_number(p) is None for p in parts) or len(symbol.items) > 1):
            count = len(parts)
            self.ranks[base] = max(self.ranks.get(base, 0), count)
        elif parts is not None:
            digits[base] = max(digits.get(base, 0), len(_number(parts[0]) or ""))

    def apart(self, items: tuple[Expression | Slice, ...], rank: int | None) -> tuple[Expression | Slice, ...] | None:
        """What stands below as indices, each its own; None if it is a part of the name."""
        if len(items) == 1:
            only = items[0]
            if isinstance(only, Product) and all(f.sign == "" for f in only.factors):
                parts = tuple(factor.item for factor in only.factors)
                return parts if all(self.is_index(part) for part in parts) else None
            if isinstance(only, Num) and rank is not None and 1 < rank == len(only.text):
                return tuple(Num(Fraction(int(digit)), digit) for digit in only.text)
        return items if all(self.is_index(item) for item in items) else None

    def is_index(self, item: Expression | Slice) -> bool:
        match item:
            case Slice():
                return True
            case Name(key=key):
                return key in self.indices
            case Num(value=value):
                return value.denominator == 1
            case Additive() | Product():
                names = [part.key for part in walk(item) if isinstance(part, Name)]
                return bool(names) and all(name in self.indices for name in names)
            case _:
                return False

    # ------------------------------------------------------------ translation

    def name_of(self, symbol: Symbol) -> Expression:
        """The name, or the member, or the entry that a symbol is; raises `Untranslated`."""
        base = symbol.base
        indices: list[Expression | Slice] = []
        if symbol.mark is not None:
            number = _number(symbol.mark)
            if base in self.layered:
                indices.append(self.depth_of(symbol.mark))
            elif number is not None:
                base = joined(base, number)
            else:
                below = spelled((symbol.mark,))
                if below is None:
                    raise Untranslated(symbol.base)
                base = joined(base, below)
        if symbol.items is not None:
            rank = self.ranks.get(symbol.base)
            parts = self.apart(symbol.items, rank)
            digits = _number(symbol.items[0]) if len(symbol.items) == 1 else None
            label = digits is not None and not symbol.brackets and symbol.base not in self.entries
            if label and symbol.base in self.layered and symbol.mark is None:
                label = False
            if parts is None or label:
                below = spelled(symbol.items)
                if below is None:
                    raise Untranslated(symbol.base)
                base = joined(base, below)
            else:
                indices.extend(part for part in parts)
        self.written.setdefault(base, symbol)
        name = Name(base, base)
        return Subscript(name, tuple(indices)) if indices else name

    def depth_of(self, mark: Expression) -> Expression:
        if self.depth is None:
            return mark
        found: Expression = _renamed(mark, "L", self.depth)
        return found

    def translated(self, node: Any) -> Any:
        """A tree of the page with names of the sheet; raises `Untranslated`."""
        symbol = symbol_of(node)
        if symbol is not None:
            if symbol.mark is None and symbol.items is None and symbol.base in CONSTANTS | TRANSPOSES | KNOWN_FUNCTIONS:
                return Name(symbol.base, symbol.base)
            return self.name_of(symbol)
        match node:
            case tuple():
                return tuple(self.translated(part) for part in node)
            case Power(base=base, exponent=exponent):
                return self.power(base, exponent)
            case Binder(indices=indices, body=body):
                kept = tuple(replace(i, domain=self.translated(i.domain)) for i in indices)
                return replace(node, indices=kept, body=self.translated(body))
            case Bars(body=body):
                return replace(node, body=self.translated(body))
            case Subscript(base=base, items=items):  # an entry of something in brackets, or of a function's value
                parts = self.apart(items, None)
                if parts is None:
                    raise Untranslated("an index")
                return Subscript(self.translated(base), parts)
            case Product(factors=factors):
                return replace(node, factors=self.factors(factors))
            case Node():
                changes = {f.name: self.translated(getattr(node, f.name)) for f in fields(node) if f.compare}
                return replace(node, **changes)
            case _:
                return node

    def power(self, base: Expression, exponent: Expression) -> Expression:
        split = layer(exponent)
        if split is not None and split[1] is not None:  # W^{(2)T}, h^{(l)2}
            return self.power(Power(base, Group((split[0],))), split[1])
        if isinstance(exponent, Name) and exponent.key in TRANSPOSES:
            return Transpose(self.translated(base))
        return Power(self.translated(base), self.translated(exponent))

    def factors(self, factors: tuple[Factor, ...]) -> tuple[Factor, ...]:
        r"""Factors; `[1 \ 0]` was split by the page and not by us."""
        return tuple(replace(factor, item=self.translated(factor.item)) for factor in factors)


def _renamed(node: Any, old: str, new: str) -> Any:
    if isinstance(node, Name):
        return Name(new, new) if node.key == old else node
    if isinstance(node, tuple):
        return tuple(_renamed(part, old, new) for part in node)
    if isinstance(node, Node):
        return replace(node, **{f.name: _renamed(getattr(node, f.name), old, new) for f in fields(node) if f.compare})
    return node


def _number(item: Any) -> str | None:
    """The digits, if it is a whole number."""
    return item.text if isinstance(item, Num) and item.text.isdigit() else None


def _below(symbol: Symbol) -> Iterable[str]:
    """Single letters below a symbol, or in brackets above it."""
    for item in (*(symbol.items or ()), *(() if symbol.mark is None else (symbol.mark,))):
        for part in walk(item):
            if isinstance(part, Name) and len(part.key) == 1:
                yield part.key
