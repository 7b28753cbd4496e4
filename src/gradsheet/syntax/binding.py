r"""Names bound in what was written in LaTeX: `W_{1}` becomes the name W1 or an entry, `W^{(l)}` a member of a family.

The tree that comes out is the tree of the plain spelling. What could be two things is refused, never guessed.
"""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from gradsheet.syntax.scripts import joined, layer, parts, spelled
from gradsheet.syntax.token_groups import SMALL_CHANGES
from gradsheet.syntax.tree import (
    Additive,
    Binder,
    Expression,
    Factor,
    Group,
    Lowered,
    Name,
    Node,
    Num,
    Power,
    Prime,
    Product,
    Slice,
    Subscript,
    Term,
    Transpose,
)
from gradsheet.syntax.written_names import Known, faces

if TYPE_CHECKING:
    from gradsheet.diagnostics import Diagnostics
    from gradsheet.syntax.written_names import NameTable

N = TypeVar("N", bound=Node)



class Unbound(Exception):  # noqa: N818 - no error of the program: what stands there was reported and is given up
    """A symbol can be two things; that is recorded."""


def bind(node: N, names: NameTable, diagnostics: Diagnostics) -> N:
    r"""The tree of the plain spelling, with every symbol the name that it stands for; raises `Unbound` after a report.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.plain import plain
    >>> from gradsheet.syntax.reading import parse_latex_expression
    >>> from gradsheet.syntax.written_names import NameTable
    >>> source = Source(r"W^{(2)\top} \hat{y}_{k} + W_1")
    >>> names = NameTable({"W": Known(3, family=True), "yhat": Known(1), "W1": Known(2)})
    >>> plain(parse_latex_expression(source, Diagnostics(source), names))
    'W[2]ᵀ yhat[k] + W1'
    """
    bound: N = Binding(names, diagnostics).node(node)
    return bound


class Binding:
    """Walks down a tree; under a sum its index is a name like the others."""

    def __init__(self, names: NameTable, diagnostics: Diagnostics) -> None:
        self.names = names
        self.diagnostics = diagnostics
        self.text = diagnostics.source.text

    def refuse(self, message: str, node: Node, *, code: str = "GS109", suggestion: str | None = None) -> NoReturn:
        self.diagnostics.error(code, message, node.span, suggestion=suggestion)
        raise Unbound

    def node(self, node: Any) -> Any:
        """Anything, bound."""
        match node:
            case Lowered():
                return self.lowered(node)
            case Name():
                return self.name(node)
            case Subscript(base=Name() as base) if self.is_function(base):
                # f[x] in LaTeX: brackets of another shape around an argument
                return self.node(Product((Factor("", base), Factor("", self.argument(node))), span=node.span))
            case Group() if (name := self.change(node, None)) is not None:
                return self.name(name)
            case Power():
                return self.power(node)
            case Product():
                return self.product(node)
            case Binder():
                return self.binder(node)
            case Node():
                changes = {f.name: self.node(getattr(node, f.name)) for f in fields(node) if f.compare}
                return replace(node, **changes)
            case tuple():
                return tuple(map(self.node, node))
            case _:
                return node

    def is_function(self, name: Name) -> bool:
        """Whether a name is known to be a function."""
        key = self.letter(name)
        return key in self.names and self.names[key].function

    def argument(self, node: Subscript) -> Expression:
        items = tuple(item for item in node.items if not isinstance(item, Slice))
        if len(items) < len(node.items):
            self.refuse("a slice is no argument", node, code="GS102")
        return Group(items, span=node.span)

    # ------------------------------------------------------------ names

    def letter(self, name: Name) -> str:
        """The known name that a letter or a word stands for by itself; as it is written where there is none."""
        key = name.key
        for face in faces(name.key):
            key = face
            if face in self.names:
                return face
            found = self.names.spelled(face, "") if self.in_latex(name) else ()
            if len(found) > 1:
                self.several(name, found)
            if found:
                return found[0]
        return key

    def in_latex(self, node: Node) -> bool:
        """Whether a name was written as a command, so that its spelling is paper's and not the sheet's."""
        return self.text[node.span.start : node.span.start + 1] == "\\"

    def name(self, node: Name) -> Name:
        key = self.letter(node)
        both = parts(node)
        if both is not None:  # a name with its lower part, where only a name could stand
            found = self.part(Name(both[0], both[0], span=node.span), both[1], node)
            if found is not None:
                return found
        return replace(node, key=key, text=key)

    def part(self, base: Name, below: str, node: Expression) -> Name | None:
        """The known name with this letter and this below it, if there is one."""
        for face in faces(base.key):
            found = self.names.spelled(face, below)
            if len(found) > 1:
                self.several(node, found)
            if found:
                return Name(found[0], found[0], span=node.span)
        return None

    def several(self, node: Node, found: tuple[str, ...]) -> NoReturn:
        shown = self.text[node.span.start : node.span.end]
        listed = " and ".join(f"'{key}'" for key in found)
        self.refuse(f"{shown} is how paper has {listed}", node, suggestion="give one of them another name")

    # ------------------------------------------------------------ below and above

    def lowered(self, node: Lowered) -> Expression:
        """An entry, or a name whose second part stands below."""
        base = self.change(node.base, spelled(node.items)) or node.base
        if isinstance(base, Group):  # [W_1]_{i,j}: the brackets say that it is an entry
            inner = self.node(base)
            opener = self.text[base.span.start : base.items[0].span.start]  # nothing where the brackets are of a root
            square = opener.rstrip().endswith("[")
            if square and len(inner.items) == 1 and isinstance(inner.items[0], Name | Subscript):
                inner = inner.items[0]
            known = self.names.get(inner.key) if isinstance(inner, Name) else None
            return Subscript(inner, self.items(node, known), span=node.span)
        if not isinstance(base, Name):
            return Subscript(self.node(base), self.items(node, None), span=node.span)
        below = spelled(node.items)
        named = self.part(base, below, node) if below is not None else None
        key = self.letter(base)
        known = self.names.get(key)
        if named is not None:
            index_like = below is not None and (below.isdigit() or len(below) == 1)
            if known is not None and known.rank and index_like:
                shown = f"[{self.text[base.span.start : base.span.end]}]_{{{below}}}"
                message = f"{self.shown(node)} is read as the name {named.key}; an entry of {key} is written {shown}"
                self.diagnostics.remark(message, node.span)
            return named
        word = below is not None and (
            self.is_word(node.items[0], below) if known is None else self.is_too_long(node.items[0], known)
        )
        if word:
            assert below is not None
            key = joined(key, below)
            return Name(key, key, span=node.span)
        return self.entry(Name(key, key, span=base.span), node, known)

    def is_word(self, item: Expression | Slice, below: str) -> bool:
        """Whether what stands below an unknown letter can only be a part of its name: digits, an upright word."""
        if below.isdigit():
            return True
        return len(below) > 1 or self.in_latex(item)

    def is_too_long(self, item: Expression | Slice, known: Known) -> bool:
        """Whether there are more letters below an array than it has indices: W_{out}."""
        if known.rank is None or not isinstance(item, Product):
            return False
        return len(item.factors) > known.rank and all(isinstance(factor.item, Name) for factor in item.factors)

    def entry(self, base: Name, node: Lowered, known: Known | None) -> Expression:
        below = spelled(node.items)
        if known is not None and known.rank == 0 and below is not None:
            key = joined(base.key, below)  # a scalar has no entries: this is another name, which is not known
            return Name(key, key, span=node.span)
        return Subscript(base, self.items(node, known), span=node.span)

    def items(self, node: Lowered, known: Known | None) -> tuple[Expression | Slice, ...]:
        """The indices below a symbol."""
        items = node.items
        if len(items) == 1 and not isinstance(items[0], Slice):
            items = self.apart(items[0], None if known is None else known.rank)
        bound: tuple[Expression | Slice, ...] = self.node(items)
        return bound

    def apart(self, item: Expression, rank: int | None) -> tuple[Expression, ...]:
        """`W_{ij}` is W[i,j], `w_{12}` of a matrix w[1,2]; `x_{2i}` stays a product."""
        digits = item.text if isinstance(item, Num) and item.text.isdigit() else ""
        if rank is not None and rank > 1 and len(digits) == rank:
            return tuple(Num(Fraction(int(digit)), digit, span=item.span) for digit in digits)
        if isinstance(item, Product) and all(f.sign == "" and _is_index(f.item) for f in item.factors):
            parts = tuple(factor.item for factor in item.factors)
            letters = all(isinstance(part, Name) for part in parts)
            if (rank is None and letters) or (rank is not None and 1 < len(parts) <= rank):
                return parts
        return (item,)

    def power(self, node: Power) -> Expression:
        """A power, a layer `W^{(l)}`, a transpose `W^{-T}`."""
        mark = None if self.shown(node.exponent).startswith("{") else layer(node.exponent)
        base = node.base
        symbol = base.base if isinstance(base, Lowered) else base
        if mark is not None and isinstance(symbol, Name):
            found = self.member(base, symbol, mark[0], node, alone=mark[1] is None)
            if found is not None:
                if mark[1] is None:
                    return found
                return Power(found, self.node(mark[1]), span=node.span)
        match node.exponent:
            case Additive(terms=(Term(sign="-", item=Name(key="T")),)) if "T" not in self.names:
                minus_one = Additive((Term("-", Num(Fraction(1), "1")),), span=node.exponent.span)
                return Transpose(Power(self.node(base), minus_one, span=node.span), span=node.span)
            case _:
                return Power(self.node(base), self.node(node.exponent), span=node.span)

    def member(
        self, base: Expression, symbol: Name, mark: Expression, node: Power, *, alone: bool
    ) -> Expression | None:
        """`W^{(l)}` as the name W1, a member of the family W, the derivative f^{(4)}; None if it is none of these."""
        below = spelled((mark,))
        named = self.part(symbol, below, node) if below is not None else None
        if named is not None:
            return Subscript(named, self.node(base.items), span=node.span) if isinstance(base, Lowered) else named
        whole = self.node(base)
        if isinstance(whole, Name) and whole.key in self.names:
            known = self.names[whole.key]
            if known.function and isinstance(mark, Num) and mark.value.denominator == 1 and mark.value > 0:
                return Prime(whole, int(mark.value), span=node.span)
            if known.family:
                return Subscript(whole, (self.node(mark),), span=node.span)
        if isinstance(whole, Subscript) and isinstance(whole.base, Name) and whole.base.key in self.names:
            known = self.names[whole.base.key]  # h_1^{(l)}: the entry of a member
            if known.family and isinstance(base, Lowered):
                inner = Subscript(whole.base, (self.node(mark),), span=node.span)
                left = None if known.rank is None else replace(known, rank=known.rank - 1)  # W_{23}^{(l)}: two of three
                return Subscript(inner, self.items(base, left), span=node.span)
        if not alone:
            return None
        shown, inside = self.shown(base), self.shown(mark)
        message = f"{self.shown(node)} is no member of a family, as {shown} is none"
        hint = f"{shown}^{{{inside}}} for a power, {shown}_{{{inside}}} for an entry"
        return self.refuse(message, node, suggestion=hint)

    def shown(self, node: Node) -> str:
        return self.text[node.span.start : node.span.end]

    # ------------------------------------------------------------ products, sums over an index

    def product(self, node: Product) -> Expression:
        r"""Factors; `\Delta x` is one name where Δx is known."""
        factors: list[Factor] = []
        at = 0
        while at < len(node.factors):
            factor = node.factors[at]
            following = node.factors[at + 1] if at + 1 < len(node.factors) else None
            merged = None
            if isinstance(factor.item, Name) and following is not None and following.sign == "":
                merged = self.merged(factor.item, following.item)
            if merged is not None:
                factors.append(replace(factor, item=self.node(merged)))
                at += 2
                continue
            factors.append(replace(factor, item=self.node(factor.item)))
            at += 1
        return factors[0].item if len(factors) == 1 else replace(node, factors=tuple(factors))

    def change(self, node: Expression, below: str | None) -> Name | None:
        r"""`{\Delta x}` as the name Δx, which may have more of it below."""
        match node:
            case Group(items=(Product(factors=(Factor(item=Name() as sign), Factor(sign="", item=Name() as letter))),)):
                name = Name(sign.key + letter.key, sign.key + letter.key, span=node.span)
                if sign.key not in SMALL_CHANGES or not self.shown(node).startswith("{"):
                    return None
                known = self.part(name, "", node) or (None if below is None else self.part(name, below, node))
                return None if known is None else name
            case _:
                return None

    def merged(self, sign: Name, item: Expression) -> Expression | None:
        """Δ with the symbol behind it, if that is a known name."""
        if sign.key not in SMALL_CHANGES or sign.key in self.names:
            return None
        chain: list[Any] = []
        symbol: Any = item
        while isinstance(symbol, Lowered | Subscript | Power | Prime | Transpose):
            chain.append(symbol)
            symbol = symbol.base
        if not isinstance(symbol, Name):
            return None
        name = Name(sign.key + symbol.key, sign.key + symbol.key, span=sign.span.to(symbol.span))
        below = spelled(chain[-1].items) if chain and isinstance(chain[-1], Lowered) else None
        if self.part(name, "", name) is None and (below is None or self.part(name, below, name) is None):
            return None
        merged: Expression = name
        for outer in reversed(chain):
            merged = replace(outer, base=merged, span=sign.span.to(outer.span))
        return merged

    def binder(self, node: Binder) -> Binder:
        """A sum: its indices are names below it."""
        indices = tuple(
            replace(index, domain=None if index.domain is None else self.node(index.domain)) for index in node.indices
        )
        bound = {i.name.key: Known(0) for i in indices if i.domain is not None or i.name.key not in self.names}
        inner = Binding(self.names.within(bound), self.diagnostics)
        return Binder(node.kind, indices, inner.node(node.body), span=node.span)


def _is_index(node: Expression) -> bool:
    return isinstance(node, Name) or (isinstance(node, Num) and node.text.isdigit())
