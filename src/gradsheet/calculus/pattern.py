"""The shape of an expression without its names, so that what was derived once for one layer serves the next.

Two expressions with equal patterns differ only by a one-to-one renaming of symbols, sizes and indices; a derivation
carries over under the same renaming. The rules look at no name, so this changes no result, only the time it takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsheet.expressions import (
    Access,
    Affine,
    Atom,
    Call,
    Configurations,
    Constant,
    Expr,
    Index,
    Integer,
    Invoke,
    Number,
    Size,
    SizeMember,
    Symbol,
    Unspecified,
    children,
    replace_symbols,
    substitute,
)
from gradsheet.expressions.nodes import affines, bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Pattern:
    """The key of some expressions, and the names that were left out of it, in order of appearance."""

    def __init__(self, row_sums: Mapping[Symbol, str]) -> None:
        self.row_sums = row_sums
        self.symbols: dict[Symbol, int] = {}
        self.atoms: dict[Size | Index, int] = {}
        self.parts: list[Any] = []
        self.usable = True

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(self.parts)

    def add(self, node: Any) -> None:
        """Append an expression, from the top down and from left to right."""
        stack: list[Any] = [node]
        parts = self.parts
        while stack:
            current = stack.pop()
            parts.append(type(current).__name__)
            match current:
                case Number(value=value):
                    parts.append((value.numerator, value.denominator))
                case Constant(name=name):
                    parts.append(name)
                case Access(symbol=symbol):
                    self.symbol(symbol)
                case Call(function=function):
                    parts.append((function.name, function.times) if isinstance(function, Unspecified) else function)
                case Configurations() | Invoke():
                    self.usable = False
                    return
                case Integer():
                    pass
                case _:
                    for field in ("kind", "sign", "operation"):
                        detail = getattr(current, field, None)
                        if detail is not None:
                            parts.append(detail)
            for index in bound(current):
                self._atom(index)
            for expression in affines(current):
                self.affine(expression)
            below = children(current)
            parts.append(len(below))
            stack.extend(reversed(below))

    def symbol(self, symbol: Symbol) -> None:
        """A symbol by its place in the order of appearance, with what rules ask of it."""
        place = self.symbols.setdefault(symbol, len(self.symbols))
        if symbol.is_integer:
            self.usable = False
        traits = (symbol.rank, symbol.symmetric, symbol in self.row_sums, symbol.adjoint_of is not None)
        self.parts.append((place, traits))
        for axis in symbol.axes:
            for side in axis.range:
                if side.terms and any(isinstance(a, Index) for a in side.atoms()):
                    self.usable = False  # members of a family have shapes of their own
                self.affine(side)

    def affine(self, value: Affine) -> None:
        self.parts.append(value.constant)
        for atom, coefficient in value.terms:
            self.parts.append(coefficient)
            self._atom(atom)

    def _atom(self, atom: Atom) -> None:
        if isinstance(atom, (Size, Index)):
            known = atom in self.atoms
            self.parts.append(self.atoms.setdefault(atom, len(self.atoms)))
            if isinstance(atom, Index) and not known:
                for side in atom.range:
                    self.affine(side)
        else:
            assert isinstance(atom, (SizeMember, Access))
            self.usable = False

    def renaming(self, template: Pattern) -> Renaming:
        """From the names of an earlier expression with the same key to the names of this one."""
        symbols = dict(zip(template.symbols, self.symbols, strict=True))
        atoms = dict(zip(template.atoms, self.atoms, strict=True))
        return Renaming(symbols, atoms)


class Renaming:
    """A one-to-one change of names."""

    def __init__(self, symbols: dict[Symbol, Symbol], atoms: Mapping[Size | Index, Size | Index]) -> None:
        self.symbols = {old: new for old, new in symbols.items() if old is not new}
        self.atoms: dict[Atom, Affine] = {old: Affine.atom(new) for old, new in atoms.items() if old is not new}

    def __call__(self, body: Expr) -> Expr:
        moved = substitute(body, self.atoms)
        mapping = {old: (lambda at, new=new: Access(new, at)) for old, new in self.symbols.items()}
        result: Expr = replace_symbols(moved, mapping)
        return result


def pattern_of(nodes: Sequence[Expr], symbols: Sequence[Symbol], row_sums: Mapping[Symbol, str]) -> Pattern:
    """The common pattern of several expressions and symbols."""
    pattern = Pattern(row_sums)
    for symbol in symbols:
        pattern.symbol(symbol)
    for node in nodes:
        pattern.add(node)
        if not pattern.usable:
            break
    return pattern
