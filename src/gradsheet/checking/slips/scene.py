"""A wrong claim laid out for the rules: its places, its operands, the spots where something may be lost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from gradsheet.checking.slips.forms import form_of
from gradsheet.checking.slips.model import Change
from gradsheet.checking.slips.places import Place, SideName, places, put
from gradsheet.checking.slips.products import (
    Unit,
    based,
    bracketed,
    head_of,
    is_call,
    item_of,
    product_of,
    unit_of,
    units,
)
from gradsheet.diagnostics import Span
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Bars,
    Binder,
    Comparison,
    Derivative,
    Expression,
    Factor,
    FunctionName,
    Group,
    Logic,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Subscript,
    Term,
    Transpose,
)
from gradsheet.syntax.vocabulary import SUBSCRIPTS, SUPERSCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradsheet.checking.slips.forms import Form
    from gradsheet.checking.slips.vocabulary import NameFacts, Vocabulary
    from gradsheet.syntax.tree import Node, ProductSign

Piece = tuple[Place, "Node"]
Patch = tuple[Span, str]

_BETWEEN = re.compile(
    r"(?:\s|\\[,;:! ]|~|&|\\(?:quad|cdot|times|odot|circ|otimes|ast|bullet|left|right)(?![a-zA-Z])|[*·⊙×⊗∘])*"
)
"""What may stand between two factors without holding them together, as the bar of a fraction does."""
_RAISING = (Power, Transpose, Prime)
_OPERANDS = (Name, Subscript, Group, Derivative, Bars, Array, Num, Power, Transpose)


@dataclass(frozen=True, slots=True)
class Operand:
    """Something that is a factor, a term or an argument: a node, or a function with its argument within a product."""

    place: Place
    """Where it stands; for a factor the place of the product."""
    node: Expression
    start: int = -1
    """The unit of the product that it is; −1 for a place of its own."""

    @property
    def sign(self) -> ProductSign:
        """The sign before it."""
        return units(cast("Product", self.place.node))[self.start][0].sign if self.start >= 0 else ""

    def put(self, new: Expression) -> Piece:
        """Something else in its place."""
        if self.start < 0:
            parent = self.place.parent
            inside = parent is not None and isinstance(parent.node, Term) and isinstance(new, Additive)
            if parent is not None and isinstance(parent.node, _RAISING) and self.place.path[-1][0] == "base":
                return self.place, Group((new,)) if isinstance(new, _RAISING) else based(new)
            return self.place, bracketed(new) if inside else new
        parts = units(cast("Product", self.place.node))
        parts[self.start] = unit_of(new, parts[self.start][0].sign)
        found = product_of(parts)
        assert found is not None
        return self.place, found


class Scene:
    """A claim `left = right` that is not true, and the words that may repair it."""

    def __init__(self, left: Expression, right: Expression, vocabulary: Vocabulary) -> None:
        self.left = left
        self.right = right
        self.vocabulary = vocabulary
        self.places: tuple[Place, ...] = (*places(right, "right"), *places(left, "left"))
        self._forms: dict[int, Form | None] = {}
        self._said: dict[int, tuple[Node, str]] = {}

    # ------------------------------------------------------------ what is there

    @cached_property
    def operands(self) -> tuple[Operand, ...]:
        """Everything that is a factor, a term, an argument or an entry, outside indices."""
        return tuple(self._operands())

    def _operands(self) -> Iterator[Operand]:
        for place in self.places:
            node, parent = place.node, place.parent
            if place.index or place.variable:
                continue
            if isinstance(node, Product):
                parts = units(node)
                if len(parts) == 1:
                    if parent is None or not isinstance(parent.node, Factor):
                        yield Operand(place, node)
                    continue
                for at, unit in enumerate(parts):
                    item = item_of(unit)
                    if isinstance(item, (Product, Binder, *_OPERANDS)) and not isinstance(item, FunctionName):
                        yield Operand(place, item, at)
            elif isinstance(node, _OPERANDS) and not isinstance(node, FunctionName):
                step = place.path[-1][0] if place.path else ""
                if parent is not None and isinstance(parent.node, Factor | Comparison):
                    continue
                if isinstance(node, Name) and self.is_constant(node):
                    continue
                if head_of(node) is not None or (step == "base" and isinstance(parent and parent.node, Subscript)):
                    continue
                yield Operand(place, node)

    @cached_property
    def spots(self) -> tuple[Place, ...]:
        """Where a product stands or may stand: sides, terms, what is in brackets, below a sum, an entry."""
        return tuple(place for place in self.places if self._is_spot(place))

    def _is_spot(self, place: Place) -> bool:
        if place.index or place.variable or isinstance(place.node, Comparison | Logic):
            return False
        if not isinstance(place.node, Expression):
            return False
        match place.parent.node if place.parent is not None else None:
            case None | Term() | Group() | Binder() | Array():
                return not isinstance(place.node, FunctionName)
            case Power():
                return place.path[-1][0] == "exponent"
            case _:
                return False

    def names(self, *, index: bool = False) -> Iterator[Place]:
        """The places of names that stand for something, no function and no name that a sum introduces."""
        for place in self.places:
            if isinstance(place.node, Name) and not isinstance(place.node, FunctionName):
                if place.binds or (place.index and not index) or self.is_constant(place.node):
                    continue
                yield place

    def is_constant(self, node: Name) -> bool:
        """Whether a name is e or π, unless the sheet has one of its own."""
        return node.key in {"e", "π"} and node.key not in self.vocabulary.names

    def is_index(self, place: Place) -> bool:
        """Whether a name is an index variable here."""
        node = place.node
        return isinstance(node, Name) and (node.key in self.vocabulary.indices or node.key in place.bound)

    def facts(self, node: Node) -> NameFacts | None:
        """What is known of a name or of the name of an entry."""
        while isinstance(node, Subscript):
            node = node.base
        return self.vocabulary.facts(node.key) if isinstance(node, Name) else None

    def leading(self, node: Subscript) -> int:
        """How many of the items of an entry pick a member of a family: one in W[l, i], none of those behind W[l]."""
        facts = self.facts(node)
        inner, before = node.base, 0
        while isinstance(inner, Subscript):
            before += len(inner.items)
            inner = inner.base
        return 0 if facts is None else max(0, facts.leading - before)

    def form(self, node: Node) -> Form | None:
        """Its form; nodes of the claim are asked for often."""
        key = id(node)
        if key not in self._forms:
            self._forms[key] = form_of(node, self.vocabulary)
            self._kept.append(node)
        return self._forms[key]

    @cached_property
    def _kept(self) -> list[Node]:
        return []

    def root(self, place: Place) -> Expression:
        """The side that a place is on."""
        return self.left if place.side == "left" else self.right

    def text(self, side: SideName) -> str:
        """The text that the spans of a side point into; "" if nobody has it."""
        elsewhere = self.vocabulary.left_text
        return elsewhere if side == "left" and elsewhere is not None else self.vocabulary.text

    # ------------------------------------------------------------ words

    def say(self, node: Node) -> str:
        """A part, in a sentence."""
        kept = self._said.get(id(node))
        if kept is None:
            found = self.vocabulary.say(cast("Expression", node))
            if isinstance(node, Group) and len(node.items) == 1 and found.startswith("(") and found.endswith(")"):
                found = found[1:-1]
            # The node is kept, so its id stays its own.
            kept = self._said[id(node)] = (node, found if len(found) <= 60 else found[:58] + " …")
        return kept[1]

    # ------------------------------------------------------------ changes

    def swap(
        self,
        operand: Operand,
        new: Expression,
        sentence: str,
        cost: float,
        token: tuple[str, ...] | None = None,
    ) -> Change:
        """Something else for an operand."""
        place, whole = operand.put(new)
        return Change(((place, whole),), sentence, cost, lambda: self._operand_patch(operand, new, whole), token)

    def _operand_patch(self, operand: Operand, new: Expression, whole: Node) -> Patch | None:
        place, node = operand.place, operand.node
        if operand.start < 0 or node.span.end <= node.span.start or not self.joined(place):
            return self.patch(place, whole)
        unit = unit_of(new)
        return node.span, self.vocabulary.spell(Product(unit) if len(unit) > 1 else unit[0].item)

    def set(
        self,
        place: Place,
        new: Node,
        sentence: str,
        cost: float,
        token: tuple[str, ...] | None = None,
        patch: Patch | Callable[[], Patch | None] | None = None,
    ) -> Change:
        """Something else at a place; where no patch is given, or comes to nothing, what stood there is rewritten."""

        def patched() -> Patch | None:
            found = patch() if callable(patch) else patch
            return found or self.patch(place, new)

        return Change(((place, new),), sentence, cost, patched, token)

    def set_all(self, pieces: list[Piece], sentence: str, cost: float, token: tuple[str, ...] | None = None) -> Change:
        """Something else at several places of one side: the patch is the whole side, written anew."""
        return Change(tuple(pieces), sentence, cost, None, token)

    def patch(self, place: Place, new: Node) -> Patch | None:
        """What stands in the text instead of a node, or of the smallest whole around it that has a place there."""
        while not isinstance(new, Expression) or self._is_small_print(place):
            if place.parent is None:
                return None
            new = put(place.parent.node, place.path[-1:], new)
            place = place.parent
        span = place.node.span
        text = self.vocabulary.spell(new)
        parent = place.parent
        raised = place.raised
        lowered = parent is not None and isinstance(parent.node, Subscript) and place.path[-1][0] == "items"
        if raised and self.vocabulary.notation == "plain" and not isinstance(new, Num | Name | Group | Subscript):
            return span, f"({text})"
        if (raised or lowered) and self.vocabulary.notation == "latex" and len(text) > 1:
            before = self.text(place.side)[span.start - 1 : span.start] if self.text(place.side) else "^"
            if before in {"^", "_"}:
                text = f"{{{text}}}"
        return span, text

    def _is_small_print(self, place: Place) -> bool:
        """Whether a node has no place in the text that other letters could take: a raised ², or one not written."""
        span = place.node.span
        small = self.text(place.side)[span.start : span.start + 1]
        return span.end <= span.start or small in SUPERSCRIPTS or small in SUBSCRIPTS

    # ------------------------------------------------------------ texts of products and sums

    def joined(self, place: Place) -> bool:
        """Whether the factors stand one after the other in the text, with nothing but signs between them."""
        text, node = self.text(place.side), cast("Product", place.node)
        if not text:
            return False
        items = [factor.item.span for factor in node.factors]
        if any(span.end <= span.start for span in items) or items[0].start != node.span.start:
            return False
        for at in range(1, len(items)):
            between = text[items[at - 1].end : items[at].start] if items[at - 1].end <= items[at].start else "?"
            slash = node.factors[at].sign == "/" and between.strip() == "/"
            if not slash and not _BETWEEN.fullmatch(between):
                return False
        return items[-1].end == node.span.end

    def without_unit(self, place: Place, at: int) -> Patch | None:
        """The patch that takes one unit out of a product."""
        node = cast("Product", place.node)
        parts = units(node)
        if not self.joined(place) or (at == 0 and parts[1][0].sign in {"/", "⊘"}):
            return None
        unit = parts[at]
        if at == 0:
            return Span(unit[0].item.span.start, parts[1][0].item.span.start), ""
        return Span(parts[at - 1][-1].item.span.end, unit[-1].item.span.end), ""

    def with_unit(self, place: Place, at: int, new: Unit) -> Patch | None:
        """The patch that puts a unit in front of the unit `at` of a product, or behind the last."""
        node = place.node
        if not self.text(place.side) or node.span.end <= node.span.start or place.raised:
            return None
        parts = units(node) if isinstance(node, Product) else [(Factor("", cast("Expression", node)),)]
        if isinstance(node, Product) and not self.joined(place):
            return None
        bare = Product(new) if is_call(new) else new[0].item
        spelled = self.vocabulary.spell(bare)
        sign = self.sign(new[0].sign)
        if at == 0:
            start = node.span.start
            return None if sign or parts[0][0].sign else (Span(start, start), f"{spelled} ")
        end = parts[at - 1][-1].item.span.end
        return Span(end, end), f" {sign} {spelled}" if sign else f" {spelled}"

    def sign(self, sign: str) -> str:
        """A sign of a product as the text has it."""
        if self.vocabulary.notation == "plain":
            return sign
        return {"⊙": r"\odot", "·": r"\cdot", "×": r"\times", "⊗": r"\otimes", "⊘": r"\oslash"}.get(sign, sign)


def extended(node: Expression) -> list[Unit]:
    """The units of a product; anything else is one unit."""
    if isinstance(node, Binder):
        return [(Factor("", node),)]  # behind all others it needs no brackets
    return units(node) if isinstance(node, Product) else [unit_of(node)]
