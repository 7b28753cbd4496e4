"""Names on paper: indices that do not clash, sizes, components, derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Affine, Index, Role, Size, SizeMember, Symbol
from gradsheet.syntax import tree
from gradsheet.writing.trees import Tree, additive, name, product, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

LETTERS = "ijklmnpqrstuvabcd"


class Names:
    """Names for the indices in scope; none is a name of the sheet or of another index in scope."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.of: dict[Index, str] = {}

    def copy(self) -> Names:
        other = Names(self.taken)
        other.of = dict(self.of)
        return other

    def add(self, index: Index) -> str:
        """Choose a name for an index and keep it."""
        if index in self.of:
            return self.of[index]
        used = self.taken | set(self.of.values())
        candidates: list[str] = [index.name, *LETTERS, *(f"{index.name}{k}" for k in range(1, 100))]
        chosen = next(c for c in candidates if c and c not in used)
        self.of[index] = chosen
        return chosen

    def with_indices(self, indices: Iterable[Index]) -> Names:
        other = self.copy()
        for index in indices:
            other.add(index)
        return other

    # ------------------------------------------------------------ trees

    def affine(self, value: Affine) -> Tree:
        """`l+1`, `τ - s`, `n[l-1]`, `2 t`: indices first, as people write them, then sizes, then the number."""
        terms: list[tuple[str, Tree]] = []
        pairs = sorted(value.terms, key=lambda p: (p[1] < 0, not isinstance(p[0], (Index, Access))))
        for atom, coefficient in pairs:
            item = self.atom(atom)
            if abs(coefficient) != 1:
                item = product([("", whole(abs(coefficient))), ("", item)])
            terms.append(("-" if coefficient < 0 else "+", item))
        if value.constant or not terms:
            terms.append(("-" if value.constant < 0 else "+", whole(abs(value.constant))))
        return additive(terms)  # type: ignore[arg-type]

    def atom(self, atom: object) -> Tree:
        match atom:
            case Index():
                return name(self.of.get(atom) or self.add(atom))
            case Size(name=text, literal=literal):
                return whole(literal) if literal is not None else name(text)
            case SizeMember(family=family, at=at):
                return tree.Subscript(name(family), (self.affine(at),))
            case Access(symbol=symbol, at=at):
                return self.component(symbol, tuple(self.affine(a) for a in at))
            case _:
                raise AssertionError(atom)

    def component(self, symbol: Symbol, items: Sequence[Tree | tree.Slice]) -> Tree:
        """A symbol with index brackets; for a derivative they stand on the variable: ∂L/∂z[l+1]."""
        kept = list(items)
        while kept and isinstance(kept[-1], tree.Slice) and kept[-1].low is None and kept[-1].high is None:
            kept.pop()
        if symbol.role is Role.ADJOINT and symbol.adjoint_of is not None and symbol.name.startswith("∂"):
            return _derivative(symbol, kept)
        base = name(symbol.name)
        return tree.Subscript(base, tuple(kept)) if kept else base


def _derivative(symbol: Symbol, items: list[Tree | tree.Slice]) -> Tree:
    assert symbol.adjoint_of is not None
    of, by = symbol.adjoint_of
    if not items:
        names = [tree.Group((_derivative(s, []),)) if s.adjoint_of is not None else name(s.name) for s in (of, *by)]
        return tree.Derivative(names[0], tuple(names[1:]))
    full: list[Tree | tree.Slice] = [*items, *(tree.Slice(None, None) for _ in range(symbol.rank - len(items)))]
    position = 0
    parts: list[Tree] = []
    for variable in (of, *by):
        own = full[position : position + variable.rank]
        position += variable.rank
        while own and isinstance(own[-1], tree.Slice) and own[-1].low is None and own[-1].high is None:
            own.pop()
        base: Tree = name(variable.name)
        if variable.adjoint_of is not None:
            base = tree.Group((_derivative(variable, []),))
        parts.append(tree.Subscript(base, tuple(own)) if own else base)
    return tree.Derivative(parts[0], tuple(parts[1:]))


def number_tree(value: Fraction) -> Tree:
    """p, or p/q as a quotient."""
    if value < 0:
        return additive([("-", number_tree(-value))])
    if value.denominator == 1:
        return whole(value.numerator)
    return product([("", whole(value.numerator)), ("/", whole(value.denominator))])
