"""Signs: + for −, a lost minus, the sign of an exponent or of a number."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.checking.slips.products import head_of, negated
from gradsheet.checking.slips.rules import EditRule
from gradsheet.diagnostics import Span
from gradsheet.syntax.tree import Additive, Array, Comparison, Expression, Factor, Group, Num, Power, Product, Term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.places import Place
    from gradsheet.checking.slips.scene import Patch, Scene
    from gradsheet.syntax.tree import Relation


def term_signs(scene: Scene) -> Iterator[Change]:
    """`a − b` → a + b."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Additive) or place.index:
            continue
        raised = _is_exponent(place)
        if raised and len(node.terms) == 1 and isinstance(node.terms[0].item, Num) and node.terms[0].item.value == 1:
            continue  # x⁻¹ for x is an inverse
        for at, term in enumerate(node.terms):
            new = flipped(node, at)
            if len(node.terms) == 1:
                sentence = "the sign of the exponent" if raised else "the sign"
            else:
                sentence = f"the sign of {scene.say(term.item)}"
            yield scene.set(place, new, sentence, 1.0, patch=_patch(scene, place, at))


def _is_exponent(place: Place) -> bool:
    """Whether a sum is an exponent, with or without brackets."""
    if place.parent is not None and isinstance(place.parent.node, Group):
        place = place.parent
    return place.raised


def flipped(node: Additive, at: int) -> Expression:
    """A sum with the sign of one term turned."""
    term = node.terms[at]
    if len(node.terms) == 1:
        return term.item
    turned = replace(term, sign="+" if term.sign == "-" else "-")
    return replace(node, terms=(*node.terms[:at], turned, *node.terms[at + 1 :]))


def _patch(scene: Scene, place: Place, at: int) -> Patch | None:
    node = place.node
    assert isinstance(node, Additive)
    term = node.terms[at]
    start = term.span.start
    if term.item.span.end <= term.item.span.start or not scene.text(place.side):
        return None
    if start < term.item.span.start:
        if scene.text(place.side)[start : start + 1] not in {"+", "-", "−"}:
            return None
        meant = "-" if term.sign == "+" else "" if at == 0 else "+"
        return Span(start, start + 1), meant
    return Span(start, start), "-"


def lost_minus(scene: Scene) -> Iterator[Change]:
    """`x` → −x, for a side, an entry, what is in brackets."""
    for place in scene.spots:
        node = place.node
        parent = place.parent.node if place.parent is not None else None
        if isinstance(parent, Term | Power) or not isinstance(node, Expression):
            continue
        if isinstance(node, Additive) and (len(node.terms) == 1 or place.depth > 0):
            continue
        grouped = place.parent
        if isinstance(parent, Group) and _inside_argument(place):
            continue
        if isinstance(parent, Group) and grouped is not None and isinstance(node, Group):
            continue
        many = isinstance(node, Additive)
        cost = 1.0 if place.depth == 0 and not many else 1.3 if place.depth == 0 else 1.5
        sentence = "the sign" if place.depth == 0 else f"the sign of {scene.say(node)}"
        patch = None
        if not many and scene.text(place.side) and node.span.end > node.span.start:
            patch = (Span(node.span.start, node.span.start), "-")
        yield scene.set(place, negated(node), sentence, cost, patch=patch)


def exponents(scene: Scene) -> Iterator[Change]:
    """`e^v` → e^(−v)."""
    for place in scene.places:
        if not isinstance(place.node, Power) or place.index or isinstance(place.node.exponent, Num):
            continue
        step = ("exponent", -1, -1)
        inner = next(p for p in scene.places if p.parent is place and p.path[-1] == step)
        exponent = place.node.exponent
        bare = exponent.items[0] if isinstance(exponent, Group) and len(exponent.items) == 1 else exponent
        if isinstance(bare, Additive) and len(bare.terms) == 1:
            continue  # that minus is turned as every sign is
        yield scene.set(inner, negated(bare), f"the sign of the exponent {scene.say(exponent)}", 1.0)


def arguments(scene: Scene) -> Iterator[Change]:
    """`σ(x)` → σ(−x)."""
    for place in scene.places:
        node = place.node
        if place.index or not isinstance(node, Group) or len(node.items) != 1 or not _is_argument(place):
            continue
        inner = node.items[0]
        if isinstance(inner, Additive) and len(inner.terms) == 1:
            continue
        cost = 1.0 if _is_exponential(place) else 2.3
        new = Group((negated(inner),), span=node.span)
        yield scene.set(place, new, f"the sign of the argument {scene.say(inner)}", cost)


def _is_argument(place: Place) -> bool:
    """Whether brackets hold the argument of a function."""
    factor = place.parent
    if factor is None or not isinstance(factor.node, Factor) or factor.node.sign != "" or factor.parent is None:
        return False
    product = factor.parent.node
    assert isinstance(product, Product)
    at = factor.path[-1][1]
    return at > 0 and head_of(product.factors[at - 1].item) is not None


def _is_exponential(place: Place) -> bool:
    factor = place.parent
    assert factor is not None
    assert factor.parent is not None
    product = factor.parent.node
    assert isinstance(product, Product)
    head = head_of(product.factors[factor.path[-1][1] - 1].item)
    return head is not None and head.key == "exp"


def _inside_argument(place: Place) -> bool:
    return place.parent is not None and _is_argument(place.parent)


def numbers(scene: Scene) -> Iterator[Change]:
    """`All signs of a list of numbers: [1, −2]` → [−1, 2]."""
    for place in scene.places:
        if place.index or not isinstance(place.node, Array):
            continue
        entries = [item for row in place.node.rows for item in row]
        if len(entries) > 1 and not any(isinstance(entry, Array) for entry in entries):
            rows = tuple(tuple(negated(item) for item in row) for row in place.node.rows)
            yield scene.set(place, replace(place.node, rows=rows), "the signs of all entries", 1.4)


def relations(scene: Scene) -> Iterator[Change]:
    """`[h < 0]` → [h > 0]: a condition the other way round."""
    for place in scene.places:
        node = place.node
        if place.index or not isinstance(node, Comparison) or len(node.relations) != 1:
            continue
        turned = _TURNED.get(node.relations[0])
        if turned is not None:
            new = replace(node, relations=(turned,))
            yield scene.set(place, new, f"the condition {scene.say(node)} for {scene.say(new)}", 1.6)


_TURNED: dict[str, Relation] = {"<": ">", ">": "<", "≤": "≥", "≥": "≤", "=": "≠", "≠": "="}

RULES = (
    EditRule("sign of a term", "sign", "a + b → a − b", term_signs),
    EditRule("lost minus", "sign", "x → −x", lost_minus),
    EditRule("sign of an exponent", "sign", "e^v → e^(−v)", exponents),
    EditRule("sign of an argument", "sign", "σ(x) → σ(−x)", arguments),
    EditRule("a condition turned", "sign", "[h < 0] → [h > 0]", relations),
    EditRule("signs of a list", "sign", "[1, −2] → [−1, 2]", numbers),
)
