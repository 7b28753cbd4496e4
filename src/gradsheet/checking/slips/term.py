"""Terms: lost, extra, 1 − lost, brackets closed at the wrong place."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gradsheet.checking.slips.material import lost_terms
from gradsheet.checking.slips.products import item_of, number, product_of, unit_of, units
from gradsheet.checking.slips.rationals import is_number
from gradsheet.checking.slips.rules import EditRule
from gradsheet.checking.slips.scene import extended
from gradsheet.diagnostics import Span
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Derivative,
    Expression,
    Group,
    Name,
    Num,
    Power,
    Product,
    Subscript,
    Term,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.places import Place
    from gradsheet.checking.slips.scene import Patch, Scene

_MOST_CANDIDATES = 60


def extra(scene: Scene) -> Iterator[Change]:
    """`a + b` → a."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Additive) or place.index or len(node.terms) < 2:
            continue
        for at, term in enumerate(node.terms):
            rest = node.terms[:at] + node.terms[at + 1 :]
            new = rest[0].item if len(rest) == 1 and rest[0].sign == "+" else replace(node, terms=rest)
            said = scene.say(term.item)
            signed = f"-{said}" if term.sign == "-" else said
            yield scene.set(place, new, f"the term {signed} is extra", 2.2, patch=partial(_without, scene, place, at))


def _without(scene: Scene, place: Place, at: int) -> Patch | None:
    node = place.node
    assert isinstance(node, Additive)
    spans = [term.span for term in node.terms]
    if not scene.text(place.side) or any(span.end <= span.start for span in spans):
        return None
    if at > 0:
        return Span(spans[at - 1].end, spans[at].end), ""
    second = node.terms[1]
    return Span(spans[0].start, second.item.span.start if second.sign == "+" else second.span.start), ""


def lost(scene: Scene) -> Iterator[Change]:
    """`a` → a + b, with b from the rest of the claim, from lines that were right, from the names in scope."""
    candidates = list(lost_terms(scene))[:_MOST_CANDIDATES]
    for place in scene.spots:
        node = place.node
        assert isinstance(node, Expression)
        parent = place.parent.node if place.parent is not None else None
        if isinstance(parent, Term | Array) or is_number(node):
            continue
        form = scene.form(node)
        deep = 0.9 if place.raised else 0.0 if place.depth == 0 or isinstance(parent, Group) else 0.5
        own = node.terms if isinstance(node, Additive) else (Term("+", node),)
        for term, cost in candidates:
            if any(term.item == mine.item for mine in own):
                continue
            other = scene.form(term.item)
            if form is not None and other is not None and form != other:
                continue
            said = scene.say(term.item)
            signed = f"-{said}" if term.sign == "-" else said
            patch = partial(_with, scene, place, term)
            new = Additive((*own, term), span=node.span)
            yield scene.set(place, new, f"the term {signed} is lost", cost + deep, patch=patch)
    for operand in scene.operands:
        node = operand.node
        if operand.start < 0 or not isinstance(node, Name | Subscript | Product):
            continue
        form = scene.form(node)
        for term, cost in candidates:
            other = scene.form(term.item)
            if term.item != node and (form is None or other is None or form == other):
                signed = f"-{scene.say(term.item)}" if term.sign == "-" else scene.say(term.item)
                wider = Group((Additive((Term("+", node), term)),))
                yield scene.swap(operand, wider, f"the term {signed} is lost", cost + 0.4)


def _with(scene: Scene, place: Place, term: Term) -> Patch | None:
    start, end = place.node.span.start, place.node.span.end
    if not scene.text(place.side) or end <= start or place.raised:
        return None
    return Span(end, end), f" {term.sign} {scene.vocabulary.spell(term.item)}"


def one_minus(scene: Scene) -> Iterator[Change]:
    """`h` → 1 − h, h² → 1 − h²; and 1 − h → h."""
    for operand in scene.operands:
        node = operand.node
        if isinstance(node, Name | Subscript | Power | Product | Derivative):
            one = Additive((Term("+", number(1)), Term("-", node)))
            new = Group((one,)) if operand.start >= 0 else one
            yield scene.swap(operand, new, f"{scene.say(node)} for 1 - {scene.say(node)}", 2.1)
        elif isinstance(node, Group) and len(node.items) == 1:
            inner = node.items[0]
            if isinstance(inner, Additive) and len(inner.terms) == 2:
                first, second = inner.terms
                if isinstance(first.item, Num) and first.item.value == 1 and second.sign == "-":
                    yield scene.swap(operand, second.item, f"{scene.say(inner)} for {scene.say(second.item)}", 2.2)


def brackets(scene: Scene) -> Iterator[Change]:
    """`a b + c` → a (b + c), and a (b + c) → a b + c."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Additive) or place.index:
            continue
        for at in range(len(node.terms) - 1):
            yield from _closed_late(scene, place, node, at)
    for place in scene.spots:
        node = place.node
        if isinstance(node, Product):
            parts = units(node)
            last = item_of(parts[-1])
            if len(parts) > 1 and isinstance(last, Group) and parts[-1][0].sign not in {"/", "⊘"}:
                inner = last.items[0]
                if len(last.items) == 1 and isinstance(inner, Additive) and len(inner.terms) > 1:
                    head = product_of([*parts[:-1], unit_of(inner.terms[0].item, parts[-1][0].sign)])
                    if head is not None:
                        first = Term("-" if inner.terms[0].sign == "-" else "+", head)
                        new: Expression = Additive((first, *inner.terms[1:]))
                        if place.parent is not None and isinstance(place.parent.node, Term):
                            new = Group((new,))
                        said = scene.vocabulary.say(node), scene.vocabulary.say(new)
                        yield scene.set(place, new, f"the brackets: {said[0]} for {said[1]}", 2.7)


def _closed_late(scene: Scene, place: Place, node: Additive, at: int) -> Iterator[Change]:
    one, two = node.terms[at], node.terms[at + 1]
    rest = (node.terms[:at], node.terms[at + 2 :])
    parts = extended(one.item)
    if isinstance(one.item, Product) and len(parts) > 1 and parts[-1][0].sign not in {"/", "⊘"}:
        # (−1)·a·(b ± c) from −a b ± c: the sign inside is the one that was written
        sign = two.sign if one.sign == "+" else "-" if two.sign == "+" else "+"
        for inside_sign in dict.fromkeys((two.sign, sign)):
            inner = Group((Additive((Term("+", item_of(parts[-1])), Term(inside_sign, two.item))),))
            new_item = product_of([*parts[:-1], unit_of(inner, parts[-1][0].sign)])
            if new_item is not None:
                yield _bracketing(scene, place, at, (*rest[0], Term(one.sign, new_item), *rest[1]), new_item)
    parts = extended(two.item)
    if isinstance(two.item, Product) and len(parts) > 1:
        inner = Group((Additive((Term("+", one.item), Term(two.sign, item_of(parts[0])))),))
        new_item = product_of([unit_of(inner), *parts[1:]])
        if new_item is not None:
            yield _bracketing(scene, place, at, (*rest[0], Term(one.sign, new_item), *rest[1]), new_item)


def _bracketing(scene: Scene, place: Place, at: int, terms: tuple[Term, ...], made: Expression) -> Change:
    node = place.node
    assert isinstance(node, Additive)
    new = terms[0].item if len(terms) == 1 and terms[0].sign == "+" else replace(node, terms=terms)
    old = Additive((replace(node.terms[at], sign="+"), node.terms[at + 1]))
    sentence = f"the brackets: {scene.vocabulary.say(old)} for {scene.vocabulary.say(made)}"
    return scene.set(place, new, sentence, 2.4)


RULES = (
    EditRule("extra term", "term", "a + b → a", extra),
    EditRule("lost term", "term", "a → a + b", lost),
    EditRule("one minus", "term", "h → 1 − h", one_minus),
    EditRule("brackets", "term", "a b + c → a (b + c)", brackets),
)
