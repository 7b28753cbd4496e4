"""Operands: one name for another, a lost prime, one function for another, an inverse, the variable of a derivative."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.checking.slips.agreement import is_small
from gradsheet.checking.slips.confusions import distance, same_stem
from gradsheet.checking.slips.products import based, call, head_of, number
from gradsheet.checking.slips.rules import EditRule
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Additive,
    BoundIndex,
    Derivative,
    Expression,
    FunctionName,
    Group,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Subscript,
    Term,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.places import Place
    from gradsheet.checking.slips.scene import Operand, Scene
    from gradsheet.checking.slips.vocabulary import NameFacts

_FAMILIES = (
    ("σ", "sigmoid", "tanh", "relu", "softplus", "softmax", "gelu", "silu", "elu"),
    ("sin", "cos", "tan"), ("sinh", "cosh", "tanh"), ("log", "exp", "ln", "log1p", "expm1"), ("max", "min"),
    ("softmax", "logsoftmax"), ("tr", "det", "logdet"), ("sqrt", "abs"),
)  # fmt: skip
_LARGEST_PART = 12
_MOST_ENTRIES = 40


def names(scene: Scene) -> Iterator[Change]:
    """`y` → ŷ: a name for another of the same shape; the layer that stands beside it stays."""
    for place in scene.names():
        node = place.node
        assert isinstance(node, Name)
        if scene.is_index(place):
            continue
        facts = scene.vocabulary.facts(node.key)
        for key, other in scene.vocabulary.names.items():
            if key == node.key or other.function or same_stem(key, node.key) or not _fits(facts, other):
                continue
            cost = 1.0 + distance(node.key, key, scene.vocabulary)
            cost += 0.6 if other.kind == "size" else 0.0
            new = Name(key, key, span=node.span)
            yield scene.set(place, new, f"{scene.say(node)} for {scene.say(new)}", cost, ("name", node.key, key))


def _fits(one: NameFacts | None, other: NameFacts) -> bool:
    if one is None:
        return other.leading == 0
    if one.leading != other.leading:
        return False
    if one.rank is not None and other.rank is not None and one.rank != other.rank:
        return False
    return (one.kind == "size") == (other.kind == "size") or one.rank in {0, None}


def entries(scene: Scene) -> Iterator[Change]:
    """`g[n,j]` → v[k,j]: an entry for another one that stands near by."""
    near: dict[Subscript, None] = {}
    for root in (scene.left, scene.right, *scene.vocabulary.siblings):
        for part in walk(root):
            if isinstance(part, Subscript) and isinstance(part.base, Name):
                near.setdefault(part)
    for place in scene.places:
        node = place.node
        if place.index or place.variable or not isinstance(node, Subscript) or not isinstance(node.base, Name):
            continue
        usable = {*scene.vocabulary.indices, *place.bound}
        for other in list(near)[:_MOST_ENTRIES]:
            assert isinstance(other.base, Name)
            letters = {part.key for item in other.items for part in walk(item) if isinstance(part, Name)}
            if other.base == node.base or not letters <= usable:
                continue
            cost = 1.5 + distance(node.base.key, other.base.key, scene.vocabulary)
            new = replace(other, span=node.span)
            yield scene.set(place, new, f"{scene.say(node)} for {scene.say(new)}", cost)


def constants(scene: Scene) -> Iterator[Change]:
    """`π` → μ."""
    for place in scene.places:
        node = place.node
        if isinstance(node, Name) and node.key == "π" and scene.is_constant(node) and not place.index:
            for key, facts in scene.vocabulary.names.items():
                if not facts.function and not facts.leading and facts.rank in {0, None}:
                    new = Name(key, key, span=node.span)
                    yield scene.set(place, new, f"{scene.say(node)} for {scene.say(new)}", 1.6)


def names_everywhere(scene: Scene) -> Iterator[Change]:
    """The same wrong name at every place of a side."""
    found: dict[tuple[str, str], list[Place]] = {}
    for place in scene.names():
        assert isinstance(place.node, Name)
        if not scene.is_index(place):
            found.setdefault((place.side, place.node.key), []).append(place)
    for (_, written), group in found.items():
        if len(group) < 2:
            continue
        facts = scene.vocabulary.facts(written)
        for key, other in scene.vocabulary.names.items():
            if key == written or other.function or same_stem(key, written) or not _fits(facts, other):
                continue
            cost = 1.5 + distance(written, key, scene.vocabulary)
            pieces = [(place, Name(key, key, span=place.node.span)) for place in group]
            said = scene.say(group[0].node), scene.say(Name(key, key))
            yield scene.set_all(list(pieces), f"{said[0]} for {said[1]}", cost, ("name", written, key))


def members(scene: Scene) -> Iterator[Change]:
    """W[2] for ŷ, ŷ for h[3]: a member of a family for a plain name, and the other way round."""
    for place in scene.places:
        node = place.node
        if place.index:
            continue
        if isinstance(node, Subscript) and isinstance(node.base, Name):
            facts = scene.vocabulary.facts(node.base.key)
            if facts is None or facts.leading == 0 or len(node.items) != facts.leading:
                continue
            for key, other in scene.vocabulary.names.items():
                if other.leading == 0 and not other.function and other.kind != "size" and _same_rank(facts, other):
                    cost = 1.6 + distance(node.base.key, key, scene.vocabulary)
                    new = Name(key, key, span=node.span)
                    yield scene.set(place, new, f"{scene.say(node)} for {scene.say(new)}", cost)
        elif isinstance(node, Name) and not isinstance(node, FunctionName) and not place.binds:
            facts = scene.vocabulary.facts(node.key)
            above = place.parent.node if place.parent is not None else None
            if facts is None or facts.leading or facts.function or isinstance(above, Subscript):
                continue
            for key, other in scene.vocabulary.names.items():
                if other.leading != 1 or not _same_rank(facts, other):
                    continue
                for value in other.members:
                    member = Subscript(Name(key, key), (Num(value, str(value)),), span=node.span)
                    cost = 1.7 + distance(node.key, key, scene.vocabulary)
                    yield scene.set(place, member, f"{scene.say(node)} for {scene.say(member)}", cost)


def _same_rank(one: NameFacts, other: NameFacts) -> bool:
    return one.rank is None or other.rank is None or one.rank == other.rank


def primes(scene: Scene) -> Iterator[Change]:
    """`σ(z)` → σ'(z), and back."""
    for place in scene.places:
        node = place.node
        parent = place.parent.node if place.parent is not None else None
        if isinstance(node, FunctionName) and not isinstance(parent, Prime | BoundIndex):
            new = Prime(node, 1, span=node.span)
            yield scene.set(place, new, f"the prime of {scene.say(node)} is lost", 1.2, ("prime", node.key))
        elif isinstance(node, Prime) and head_of(node) is not None:
            base = node.base if node.count == 1 else Prime(node.base, node.count - 1)
            yield scene.set(place, base, f"the prime of {scene.say(node.base)} is extra", 1.3)
            more = Prime(node.base, node.count + 1, span=node.span)
            yield scene.set(place, more, f"a prime of {scene.say(node)} is lost", 2.2)


def functions(scene: Scene) -> Iterator[Change]:
    """Tanh for σ, sin for cos."""
    used = _functions_at_hand(scene)
    for place in scene.places:
        node = place.node
        if not isinstance(node, FunctionName) or place.binds:
            continue
        near = [key for family in _FAMILIES if node.key in family for key in family]
        for key in dict.fromkeys((*used, *near)):
            if key != node.key:
                cost = 1.7 if key in near and key in used else 2.0 if key in used else 2.3
                new = FunctionName(key, key, span=node.span)
                yield scene.set(place, new, f"{scene.say(node)} for {scene.say(new)}", cost, ("name", node.key, key))


def _functions_at_hand(scene: Scene) -> list[str]:
    """The functions of the sheet, of this claim and of lines that were right."""
    found = [key for key, facts in scene.vocabulary.names.items() if facts.function]
    for root in (scene.left, scene.right, *scene.vocabulary.siblings):
        found.extend(node.key for node in walk(root) if isinstance(node, FunctionName))
    return list(dict.fromkeys(found))


def applications(scene: Scene) -> Iterator[Change]:
    """`σ(z)` → z, z → σ(z): a function that was lost or should not be there."""
    used = [key for key in _functions_at_hand(scene) if key not in {"diag", "sqrt"}]
    for operand in scene.operands:
        node = operand.node
        if isinstance(node, Product):
            head = head_of(node.factors[0].item)
            if head is None or head.key in {"diag", "sqrt"} or len(node.factors) != 2:
                continue
            argument = node.factors[1].item
            bare = argument
            if isinstance(argument, Group) and len(argument.items) == 1 and operand.start < 0:
                bare = argument.items[0]
            if isinstance(argument, Group) and isinstance(argument.items[0], Name | Subscript):
                bare = argument.items[0]
            yield scene.swap(operand, bare, f"the function {scene.say(node.factors[0].item)} is extra", 2.2)
        elif isinstance(node, Name | Subscript | Group) and not _is_argument(operand):
            for key in used:
                function = FunctionName(key, key)
                for new, cost in ((call(function, node), 2.4), (call(Prime(function, 1), node), 2.5)):
                    yield scene.swap(operand, new, f"{scene.say(node)} for {scene.say(new)}", cost)


def _is_argument(operand: Operand) -> bool:
    return operand.start < 0 and operand.place.parent is not None and head_of_parent(operand.place) is not None


def head_of_parent(place: Place) -> FunctionName | None:
    """The function whose brackets hold a place and nothing else."""
    above = place.parent
    if above is None or above.parent is None or above.parent.parent is None or not isinstance(above.node, Group):
        return None
    product = above.parent.parent.node
    at = above.parent.path[-1][1]
    if not isinstance(product, Product) or at < 1:
        return None
    return head_of(product.factors[at - 1].item)


def inverses(scene: Scene) -> Iterator[Change]:
    """`W⁻¹` → W, W → W⁻¹."""
    for place in scene.places:
        node = place.node
        if isinstance(node, Power) and not place.index and _is_minus_one(node.exponent):
            yield scene.set(place, node.base, f"the inverse of {scene.say(node.base)} is extra", 1.6)
    for operand in scene.operands:
        node = operand.node
        if isinstance(node, Name | Subscript | Group) and scene.form(node) in {None, "matrix"}:
            new = Power(based(node), Additive((Term("-", number(1)),)))
            yield scene.swap(operand, new, f"the inverse of {scene.say(node)} is lost", 2.0)


def _is_minus_one(node: Expression) -> bool:
    while isinstance(node, Group) and len(node.items) == 1:
        node = node.items[0]
    match node:
        case Num(value=value):
            return value == -1
        case Additive(terms=(Term(sign="-", item=Num(value=value)),)):
            return value == 1
        case _:
            return False


def wholes(scene: Scene) -> Iterator[Change]:
    """`(z3 + z4)` → y: a small expression where a name is meant."""
    for place in scene.places:
        node = place.node
        if place.index or not isinstance(node, Group | Additive | Product | Power):
            continue
        parent = place.parent.node if place.parent is not None else None
        if isinstance(parent, Group) and isinstance(node, Additive):
            continue  # the brackets go as well
        if isinstance(parent, Group) and head_of_parent(place) is None:
            continue
        if isinstance(node, Product) and place.depth == 0:
            continue
        bare = node.items[0] if isinstance(node, Group) else node
        if isinstance(bare, Additive) and len(bare.terms) == 1:
            continue  # that is a sign
        if not is_small(node, _LARGEST_PART):
            continue
        form = scene.form(node)
        for key, facts in scene.vocabulary.names.items():
            if facts.leading or facts.function or facts.kind == "size":
                continue
            new = Name(key, key, span=node.span)
            other = scene.form(new)
            if form is None or other is None or form == other:
                yield scene.set(place, new, f"{scene.say(node)} for {scene.say(new)}", 3.2)


def derivative_marks(scene: Scene) -> Iterator[Change]:
    """`z` → ∂L/∂z, ∂L/∂z → z."""
    numerators = list(
        dict.fromkeys(
            node.of
            for root in (scene.left, scene.right, *scene.vocabulary.siblings)
            for node in walk(root)
            if isinstance(node, Derivative) and isinstance(node.of, Name)
        )
    )[:2]
    for operand in scene.operands:
        node = operand.node
        if isinstance(node, Derivative) and len(node.by) == 1:
            yield scene.swap(operand, node.by[0], f"the derivative mark of {scene.say(node)} is extra", 2.6)
        elif isinstance(node, Name | Subscript) and scene.facts(node) is not None:
            for of in numerators:
                if of != node:
                    new = Derivative(of, (node,))
                    yield scene.swap(operand, new, f"{scene.say(node)} for {scene.say(new)}", 2.6)


RULES = (
    EditRule("name", "operand", "y → ŷ", names),
    EditRule("entry", "operand", "g[n,j] → v[k,j]", entries),
    EditRule("constant", "operand", "π → μ", constants),
    EditRule("name everywhere", "operand", "y + y² → ŷ + ŷ²", names_everywhere),
    EditRule("member of a family for a name", "operand", "h[2] → ŷ", members),
    EditRule("prime", "operand", "σ(z) → σ'(z)", primes),
    EditRule("function", "operand", "tanh z → σ z", functions),
    EditRule("function lost or extra", "operand", "z → σ(z)", applications),
    EditRule("inverse", "operand", "W → W⁻¹", inverses),
    EditRule("expression for a name", "operand", "z3 + z4 → y", wholes),
    EditRule("derivative mark", "operand", "z → ∂L/∂z", derivative_marks),
)
