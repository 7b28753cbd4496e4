"""What may have been lost: factors and terms of the claim, of lines that were right, of the names in scope."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gradsheet.checking.slips.places import places, put
from gradsheet.checking.slips.products import Unit, bracketed, call, is_call, item_of, number, unit_of, units
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Additive,
    Binder,
    Derivative,
    Expression,
    Factor,
    FunctionName,
    Group,
    Name,
    Num,
    Prime,
    Product,
    Subscript,
    Term,
    Transpose,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.slips.scene import Scene

_MOST_MOVED = 4


def lost_factors(scene: Scene) -> Iterator[tuple[Unit, float]]:
    """What may have been lost, the likelier first."""
    seen: set[Unit] = set()

    def new(unit: Unit) -> bool:
        if unit in seen:
            return False
        seen.add(unit)
        return True

    for value, sign in ((2, ""), (2, "/")):
        unit: Unit = (Factor("/" if sign else "", number(value)),)
        seen.add(unit)
        yield unit, 1.7
    for key, facts in scene.vocabulary.names.items():
        if facts.kind == "size":
            for divided in (False, True):
                unit = (Factor("/" if divided else "", Name(key, key)),)
                seen.add(unit)
                yield unit, 2.0
    members = members_of(scene)
    for cost, roots in ((2.0, (scene.left, scene.right)), (2.1, scene.vocabulary.siblings)):
        for root in roots:
            for unit in _units_below(root):
                for moved in (unit,) if cost == 2.0 else _moved(unit, members):
                    if new(moved):
                        yield moved, cost if moved is unit else cost + 0.1
    for unit in _derivatives_of_calls(scene):
        if new(unit):
            yield unit, 2.2
    for key, facts in scene.vocabulary.names.items():
        if facts.kind in {"function", "size"}:
            continue
        names: list[Expression] = [Name(key, key)]
        if facts.leading == 1:
            names = [Subscript(Name(key, key), (Num(value, str(value)),)) for value in facts.members]
        elif facts.leading > 1:
            continue
        for name in names:
            unit = (Factor("", name),)
            if new(unit):
                yield unit, 2.8
            row: Unit = (Factor("", Transpose(name)),)
            if facts.rank == 1 and scene.form(scene.left) == "matrix" and new(row):
                yield row, 2.7  # δ for δ hᵀ
    for value in (3, 4):
        yield (Factor("", number(value)),), 3.0


def _units_below(root: Expression) -> Iterator[Unit]:
    for node in walk(root):
        if isinstance(node, Product):
            for unit in units(node):
                item = item_of(unit)
                if not isinstance(item, Num | Binder | FunctionName) and unit[0].sign != "×":
                    yield (replace(unit[0], sign="/" if unit[0].sign in {"/", "⊘"} else ""), *unit[1:])
        elif isinstance(node, Term) and isinstance(node.item, Name | Subscript | Derivative):
            yield (Factor("", node.item),)
        elif isinstance(node, Derivative):
            yield (Factor("", node),)


def members_of(scene: Scene) -> list[Num]:
    """The layers that the claim speaks of."""
    found = (
        node.items[0]
        for root in (scene.left, scene.right)
        for node in walk(root)
        if isinstance(node, Subscript) and (facts := scene.facts(node)) is not None and facts.leading
    )
    return [item for item in dict.fromkeys(found) if isinstance(item, Num)]


def _moved(unit: Unit, members: list[Num]) -> Iterator[Unit]:
    """A factor of another line, and the same for the layers of this one."""
    yield unit
    item = item_of(unit)
    here = [place for place in places(item, "right") if place.index and isinstance(place.node, Num)]
    written = {place.node for place in here}
    if len(written) == 1 and len(here) <= _MOST_MOVED:
        for member in members:
            if member not in written:
                moved = item
                for place in here:
                    moved = put(moved, place.path, member)
                yield unit_of(moved, unit[0].sign)


def _derivatives_of_calls(scene: Scene) -> Iterator[Unit]:
    """f'(z) for every f(z) that occurs, and for what this claim differentiates by."""
    functions = [FunctionName(key, key) for key, facts in scene.vocabulary.names.items() if facts.function]
    for root in (scene.right, *scene.vocabulary.siblings):
        functions.extend(node for node in walk(root) if isinstance(node, FunctionName))
    sides = (scene.left, scene.right)
    variables = [node.by[0] for root in sides for node in walk(root) if isinstance(node, Derivative)]
    for function in list(dict.fromkeys(functions))[:6]:
        for variable in dict.fromkeys(variables):
            yield unit_of(call(Prime(function, 1), variable))
    for root in (scene.left, scene.right, *scene.vocabulary.siblings):
        for node in walk(root):
            if isinstance(node, Product):
                for unit in units(node):
                    if is_call(unit) and isinstance(unit[0].item, FunctionName) and isinstance(unit[1].item, Group):
                        yield unit_of(call(Prime(unit[0].item, 1), unit[1].item))


def lost_terms(scene: Scene) -> Iterator[tuple[Term, float]]:
    """Terms that may have been lost, the likelier first."""
    seen: set[Term] = set()
    for cost, roots in ((2.4, (scene.left, scene.right)), (2.5, scene.vocabulary.siblings)):
        for root in roots:
            for node in walk(root):
                if isinstance(node, Additive):
                    for term in node.terms:
                        if term not in seen and not isinstance(term.item, Num):
                            seen.add(term)
                            item = bracketed(term.item) if isinstance(term.item, Additive) else term.item
                            yield replace(term, item=item), cost
    signs: tuple[Literal["-", "+"], ...] = ("-", "+")
    for sign in signs:
        yield Term(sign, number(1)), 2.6
    for key, facts in scene.vocabulary.names.items():
        if facts.kind in {"function", "size"} or facts.leading > 1:
            continue
        name = Name(key, key)
        items: list[Expression] = [name]
        if facts.leading:
            items = [Subscript(name, (member,)) for member in members_of(scene)]
        for term in (Term(sign, item) for item in items for sign in signs):
            if term not in seen:
                yield term, 2.5 if facts.kind == "target" else 3.0
