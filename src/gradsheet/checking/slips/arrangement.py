"""Arrangement: a transpose lost or extra, factors in another order, · for ⊙."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.checking.slips.products import based, is_call, item_of, product_of, unit_of, units
from gradsheet.checking.slips.rules import EditRule
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Derivative,
    Expression,
    Group,
    Name,
    Product,
    Subscript,
    Transpose,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.products import Unit
    from gradsheet.checking.slips.scene import Scene
    from gradsheet.syntax.tree import ProductSign


def transposes(scene: Scene) -> Iterator[Change]:
    """`W δ` → Wᵀ δ, Wᵀ δ → W δ."""
    for operand in scene.operands:
        node = operand.node
        if isinstance(node, Transpose):
            bare = node.base
            yield scene.swap(operand, bare, f"the transpose of {scene.say(node.base)} is extra", 1.3, ("ᵀ", "extra"))
        elif isinstance(node, Name | Subscript | Derivative | Group | Array) and scene.form(node) != "scalar":
            if isinstance(node, Group) and len(node.items) != 1:
                continue
            new = Transpose(based(node))
            yield scene.swap(operand, new, f"the transpose of {scene.say(node)} is lost", 1.3, ("ᵀ", "lost"))


def swaps(scene: Scene) -> Iterator[Change]:
    """`A B` → B A."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Product) or place.index or place.variable:
            continue
        parts = units(node)
        for at in range(len(parts) - 1):
            one, two = parts[at], parts[at + 1]
            if two[0].sign in {"/", "⊘", "⊙"} or (at > 0 and one[0].sign in {"/", "⊘", "⊙"}):
                continue
            if "scalar" in (scene.form(item_of(one)), scene.form(item_of(two))):
                continue
            first: Unit = (replace(two[0], sign=one[0].sign), *two[1:])
            second: Unit = (replace(one[0], sign=two[0].sign), *one[1:])
            new = product_of([*parts[:at], first, second, *parts[at + 2 :]])
            if new is not None and new != node:
                said = scene.say(item_of(one)), scene.say(item_of(two))
                yield scene.set(place, new, f"the order: {said[0]} {said[1]} for {said[1]} {said[0]}", 1.7)


def turned_products(scene: Scene) -> Iterator[Change]:
    """`h δᵀ` → δ hᵀ: the transpose of the whole."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Product) or place.index or place.variable:
            continue
        parts = units(node)
        if any(unit[0].sign in {"/", "⊘", "⊙"} for unit in parts) or scene.form(node) == "scalar":
            continue
        moving = [unit for unit in parts if scene.form(item_of(unit)) != "scalar"]
        if len(moving) < 2 or any(is_call(unit) for unit in moving):
            continue
        front = [unit for unit in parts if unit not in moving]
        back = [unit_of(turned(item_of(unit))) for unit in reversed(moving)]
        new = product_of([*front, *back])
        if new is not None and new != node:
            yield scene.set(place, new, f"{scene.say(node)} is the transpose of {scene.vocabulary.say(new)}", 1.9)


def outer_products(scene: Scene) -> Iterator[Change]:
    """`aᵀ b` → a bᵀ, a bᵀ → aᵀ b: the inner for the outer product."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Product) or place.index or place.variable:
            continue
        parts = units(node)
        for at in range(len(parts) - 1):
            one, two = item_of(parts[at]), item_of(parts[at + 1])
            if parts[at + 1][0].sign not in {"", "*", "·"} or isinstance(one, Transpose) == isinstance(two, Transpose):
                continue
            if is_call(parts[at]) or is_call(parts[at + 1]) or "scalar" in (scene.form(one), scene.form(two)):
                continue
            new = product_of(
                [
                    *parts[:at],
                    unit_of(turned(one), parts[at][0].sign),
                    unit_of(turned(two), parts[at + 1][0].sign),
                    *parts[at + 2 :],
                ]
            )
            if new is not None:
                meant = product_of([unit_of(turned(one)), unit_of(turned(two))])
                assert meant is not None
                written = product_of([unit_of(one), unit_of(two)])
                assert written is not None
                yield scene.set(place, new, f"{scene.say(written)} for {scene.say(meant)}", 1.8)


def turned(item: Expression) -> Expression:
    """Aᵀ for A, A for Aᵀ."""
    return item.base if isinstance(item, Transpose) else Transpose(based(item))


def product_signs(scene: Scene) -> Iterator[Change]:
    """`A · b` → A ⊙ b, a ⊙ b → a b."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Product) or place.index or place.variable:
            continue
        parts = units(node)
        for at in range(1, len(parts)):
            unit = parts[at]
            sign = unit[0].sign
            if sign in {"/", "⊘"} or "scalar" in (scene.form(item_of(unit)), scene.form(item_of(parts[at - 1]))):
                continue
            meant: ProductSign = "" if sign == "⊙" else "⊙"
            new = product_of([*parts[:at], (replace(unit[0], sign=meant), *unit[1:]), *parts[at + 1 :]])
            if new is None:
                continue
            shown = "a matrix product" if sign in {"", "*"} else sign
            sentence = f"{shown} for ⊙" if meant else "⊙ for a matrix product"
            said = scene.say(item_of(unit))
            yield scene.set(place, new, f"{sentence} before {said}", 1.4)


def broken_products(scene: Scene) -> Iterator[Change]:
    """`A (b ⊙ c)` → (A b) ⊙ c: what the elementwise product holds together."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Product) or place.index or place.variable:
            continue
        parts = units(node)
        for at in range(1, len(parts)):
            if parts[at][0].sign != "⊙" or at == len(parts) - 1:
                continue
            rest = product_of([(replace(parts[at][0], sign=""), *parts[at][1:]), *parts[at + 1 :]])
            if rest is not None and not isinstance(rest, Additive):
                new = product_of([*parts[:at], unit_of(Group((rest,)), "⊙")])
                if new is not None:
                    yield scene.set(place, new, f"the brackets: {scene.say(node)} for {scene.vocabulary.say(new)}", 1.9)


RULES = (
    EditRule("transpose", "arrangement", "W δ → Wᵀ δ", transposes),
    EditRule("order of factors", "arrangement", "A B → B A", swaps),
    EditRule("transpose of the whole", "arrangement", "h δᵀ → δ hᵀ", turned_products),
    EditRule("outer for inner product", "arrangement", "aᵀ b → a bᵀ", outer_products),
    EditRule("sign of a product", "arrangement", "A b → A ⊙ b", product_signs),
    EditRule("brackets at ⊙", "arrangement", "a ⊙ B c → a ⊙ (B c)", broken_products),
)
