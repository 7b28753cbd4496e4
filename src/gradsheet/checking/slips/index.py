"""Indices: the layer, the component, the order, the range of a sum, a sum that was not carried out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.checking.slips.confusions import distance, numbered, same_stem
from gradsheet.checking.slips.places import places, put
from gradsheet.checking.slips.products import bracketed, number
from gradsheet.checking.slips.rules import EditRule
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Axis,
    Binder,
    BoundIndex,
    Expression,
    FunctionName,
    Name,
    Node,
    Num,
    Range,
    Slice,
    Subscript,
    Term,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.places import Place
    from gradsheet.checking.slips.scene import Scene


# ---------------------------------------------------------------- members of families, numbers, shifts


def members(scene: Scene) -> Iterator[Change]:
    """`W[2]` → W[3]: another member, or another component."""
    for place in _items(scene):
        for new, cost in _others(scene, place):
            yield scene.set(place, new, _sentence(scene, place, new), cost, _token(scene, place, new))


def _items(scene: Scene) -> Iterator[Place]:
    """The places between the brackets of entries."""
    for place in scene.places:
        inside = place.parent is not None and isinstance(place.parent.node, Subscript)
        if inside and place.path[-1][0] == "items" and not isinstance(place.node, Slice):
            yield place


def _around(place: Place) -> Node:
    assert place.parent is not None
    return place.parent.node


def _leads(scene: Scene, place: Place) -> bool:
    """Whether an item picks a member of a family."""
    around = _around(place)
    return isinstance(around, Subscript) and place.path[-1][1] < scene.leading(around)


def _others(scene: Scene, place: Place) -> Iterator[tuple[Expression, float]]:
    """What may be meant where an index stands, other letters apart."""
    node = place.node
    assert place.parent is not None
    facts = scene.facts(place.parent.node)
    if isinstance(node, Num):
        values: set[Fraction] = {node.value - 1, node.value + 1, node.value - 2, node.value + 2}
        if facts is not None and _leads(scene, place) and place.path[-1][1] == 0 and facts.members:
            values = set(facts.members)
        elif node.value > 0:
            values = {value for value in values if value >= 0}
        for value in sorted(values - {node.value}):
            apart = abs(value - node.value)
            cost = 1.1 if apart == 1 else 1.4 if apart == 2 else 1.7
            if value.denominator == 1:
                yield Num(value, str(value), span=node.span), cost + (0.0 if _leads(scene, place) else 0.2)
    elif isinstance(node, Expression):
        for by in (1, -1):
            shifted = shift(node, by)
            if shifted is not None:
                yield shifted, 1.3
        turned = turn(node)
        if turned is not None:
            yield turned, 1.5


def shift(node: Expression, by: int) -> Expression | None:
    """L → l + 1, l − 1 → l, t − s → t − s + 1.

    >>> from gradsheet.syntax.plain import plain
    >>> plain(shift(Name("l", "l"), -1))
    'l - 1'
    """
    match node:
        case Name():
            return Additive((Term("+", node), Term("+" if by > 0 else "-", number(1))))
        case Additive(terms=(*most, Term(sign=sign, item=Num(value=value)))) if most:
            total = (value if sign == "+" else -value) + by
            if total == 0:
                alone = len(most) == 1 and most[0].sign == "+"
                return most[0].item if alone else Additive(tuple(most))
            return Additive((*most, Term("+" if total > 0 else "-", Num(abs(total), str(abs(total))))))
        case Additive(terms=terms):
            return Additive((*terms, Term("+" if by > 0 else "-", number(1))))
        case _:
            return None


def turn(node: Expression) -> Expression | None:
    """`t − s` → t + s."""
    match node:
        case Additive(terms=(first, Term() as second)):
            return replace(node, terms=(first, replace(second, sign="+" if second.sign == "-" else "-")))
        case _:
            return None


def _sentence(scene: Scene, place: Place, new: Node) -> str:
    assert place.parent is not None
    facts = scene.facts(place.parent.node)
    word = facts.word if facts is not None and _leads(scene, place) else "index"
    return f"{word} {scene.say(place.node)} for {scene.say(new)}"


def _token(scene: Scene, place: Place, new: Node) -> tuple[str, ...]:
    return ("member" if _leads(scene, place) else "index", scene.say(place.node), scene.say(new))


def everywhere(scene: Scene) -> Iterator[Change]:
    """`W[2] … W[2]` → W[3] … W[3]: the same member of one name, or of all names of a side, each time."""
    for side in ("right", "left"):
        items = [place for place in _items(scene) if place.side == side and _leads(scene, place)]
        groups: dict[tuple[str, str], list[Place]] = {}
        for place in items:
            assert place.parent is not None
            facts = scene.facts(place.parent.node)
            said = scene.say(place.node)
            groups.setdefault((facts.key if facts is not None else "", said), []).append(place)
            groups.setdefault(("", said), []).append(place)
        for (key, _), group in groups.items():
            if len(group) < 2:
                continue
            for new, cost in _others(scene, group[0]):
                names = {key} if key else {f.key for p in group if (f := scene.facts(_around(p))) is not None}
                if not key and len(names) < 2:
                    continue
                sentence = f"{_sentence(scene, group[0], new)} in {' and '.join(sorted(names))}"
                extra = 0.3 if key else 0.5
                pieces = [(place, new) for place in group]
                yield scene.set_all(list(pieces), sentence, cost + extra, _token(scene, group[0], new))


# ---------------------------------------------------------------- letters


def letters(scene: Scene) -> Iterator[Change]:
    """`X[t − s]` → X[t − r], [n = l] → [m = l]: one index for another."""
    for place in scene.names(index=True):
        node = place.node
        assert isinstance(node, Name)
        if not scene.is_index(place) or _in_range(place):
            continue
        for key in _letters(scene, place):
            if key != node.key:
                cost = 0.9 + 0.4 * distance(node.key, key, scene.vocabulary)
                new = Name(key, key, span=node.span)
                sentence = f"index {scene.say(node)} for {scene.say(new)}"
                yield scene.set(place, new, sentence, cost, ("index", node.key, key))
        if place.parent is not None and isinstance(place.parent.node, Subscript):
            for value in (1, 0):
                new_number = number(value)
                yield scene.set(place, new_number, f"index {scene.say(node)} for {value}", 2.2)


def _letters(scene: Scene, place: Place) -> list[str]:
    """The indices that may be used at a place."""
    return list(dict.fromkeys((*scene.vocabulary.indices, *place.bound)))


def _in_range(place: Place) -> bool:
    return any(isinstance(above.node, BoundIndex) for above in place.above())


def letters_everywhere(scene: Scene) -> Iterator[Change]:
    """An index of a side renamed wherever it stands."""
    groups: dict[tuple[str, str], list[Place]] = {}
    for place in scene.names(index=True):
        assert isinstance(place.node, Name)
        if scene.is_index(place) and place.node.key not in place.bound and not _in_range(place):
            groups.setdefault((place.side, place.node.key), []).append(place)
    for (_, written), group in groups.items():
        if len(group) > 1:
            for key in scene.vocabulary.indices:
                if key != written and all(key not in place.bound for place in group):
                    cost = 1.3 + 0.4 * distance(written, key, scene.vocabulary)
                    pieces = [(place, Name(key, key, span=place.node.span)) for place in group]
                    said = scene.say(Name(written, written)), scene.say(Name(key, key))
                    yield scene.set_all(list(pieces), f"index {said[0]} for {said[1]}", cost, ("index", written, key))


def order(scene: Scene) -> Iterator[Change]:
    """`w[i,j]` → w[j,i]."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Subscript) or any(isinstance(item, Slice) for item in node.items):
            continue
        for one in range(scene.leading(node), len(node.items) - 1):
            items = list(node.items)
            items[one], items[one + 1] = items[one + 1], items[one]
            new = replace(node, items=tuple(items))
            if new != node:
                yield scene.set(place, new, f"the order of the indices: {scene.say(node)} for {scene.say(new)}", 1.2)


def numbered_names(scene: Scene) -> Iterator[Change]:
    """`z3` → z4, where names are counted."""
    for place in scene.names():
        node = place.node
        assert isinstance(node, Name)
        for key in scene.vocabulary.names:
            if key != node.key and same_stem(key, node.key) and not scene.vocabulary.names[key].function:
                new = Name(key, key, span=node.span)
                yield scene.set(
                    place, new, f"{scene.say(node)} for {scene.say(new)}", 1.3, ("member", *_numbers(node.key, key))
                )


def numbered_names_everywhere(scene: Scene) -> Iterator[Change]:
    """`W2 z2` → W3 z3: the number of a layer at every name of a side."""
    for side in ("right", "left"):
        groups: dict[str, list[Place]] = {}
        for place in scene.names():
            assert isinstance(place.node, Name)
            found = numbered(place.node.key)
            if found is not None and place.side == side and place.node.key in scene.vocabulary.names:
                groups.setdefault(found[1], []).append(place)
        meant = {found[1] for key in scene.vocabulary.names if (found := numbered(key)) is not None}
        for written, group in groups.items():
            for digits in sorted(meant - {written}) if len(group) > 1 else ():
                pieces: list[tuple[Place, Node]] = []
                for place in group:
                    assert isinstance(place.node, Name)
                    key = place.node.key.removesuffix(written) + digits
                    if key in scene.vocabulary.names:
                        pieces.append((place, Name(key, key, span=place.node.span)))
                if len(pieces) == len(group):
                    names = sorted({place.node.key for place in group if isinstance(place.node, Name)})
                    yield scene.set_all(
                        pieces, f"{written} for {digits} in {' and '.join(names)}", 1.8, ("member", written, digits)
                    )


def _numbers(one: str, two: str) -> tuple[str, str]:
    first, second = numbered(one), numbered(two)
    assert first is not None
    assert second is not None
    return first[1], second[1]


# ---------------------------------------------------------------- sums


def ranges(scene: Scene) -> Iterator[Change]:
    """`Σ_{k=n}` → Σ_{k=1}, 1..n → 1..n−1."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Range) or not _in_range(place):
            continue
        bound = next(above.node for above in place.above() if isinstance(above.node, BoundIndex))
        assert isinstance(bound, BoundIndex)
        name = scene.say(bound.name)
        for which, old in (("low", node.low), ("high", node.high)):
            inner = next(p for p in scene.places if p.parent is place and p.path[-1][0] == which)
            for new, cost in _ends(scene, old, low=which == "low", other=node.high if which == "low" else node.low):
                word = "lower" if which == "low" else "upper"
                sentence = f"the {word} limit of {name}: {scene.say(old)} for {scene.say(new)}"
                yield scene.set(inner, new, sentence, cost)


def _ends(scene: Scene, old: Expression, *, low: bool, other: Expression) -> Iterator[tuple[Expression, float]]:
    starts = (Num(Fraction(1), "1"), Num(Fraction(0), "0")) if low else ()
    near: list[tuple[Expression, float]] = [(item, 1.2) for item in starts]
    for by in (1, -1):
        if isinstance(old, Num):
            near.append((Num(old.value + by, str(old.value + by)), 1.3))
        elif (moved := shift(old, by)) is not None:
            near.append((moved, 1.3))
    for key, facts in scene.vocabulary.names.items():
        if facts.kind == "size":
            near.append((Name(key, key), 1.6))
            less = shift(Name(key, key), -1)
            if less is not None:
                near.append((less, 1.9))
    for key in scene.vocabulary.indices:
        letter = Name(key, key)
        near.append((letter, 1.7))
        near.extend((moved, 1.8) for by in (1, -1) if (moved := shift(letter, by)) is not None)
    yield from ((item, cost) for item, cost in near if item not in (old, other))


def summed_letters(scene: Scene) -> Iterator[Change]:
    """`Σ_k a[j]` → Σ_j a[j]: the wrong letter below the sum."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, BoundIndex):
            continue
        for key in scene.vocabulary.indices:
            if key != node.name.key:
                new = replace(node, name=Name(key, key, span=node.name.span))
                sentence = f"summed over {scene.say(node.name)} for {key}"
                patch = (node.name.span, scene.vocabulary.spell(new.name)) if node.name.span.end else None
                yield scene.set(place, new, sentence, 1.6, patch=patch)


def collapses(scene: Scene) -> Iterator[Change]:
    """`Σ_s X[t − s]` → X[t − r]: only one term of the sum stays; and a sum that is extra."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Binder) or node.kind != "sum" or place.index:
            continue
        for at, bound in enumerate(node.indices):
            rest = node.indices[:at] + node.indices[at + 1 :]
            key = bound.name.key
            uses = sum(1 for part in walk(node.body) if isinstance(part, Name) and part.key == key)
            letters = [k for k in dict.fromkeys((*scene.vocabulary.indices, *place.bound)) if k != key]
            for letter in letters if uses else ():
                body = substituted(node.body, key, Name(letter, letter))
                new = replace(node, indices=rest, body=body) if rest else _term(place, body)
                sentence = f"the sum over {key} was not carried out: only {key} = {letter} stays"
                yield scene.set(place, new, sentence, 1.7)
            if key in scene.vocabulary.indices or not uses:
                new = replace(node, indices=rest) if rest else _term(place, node.body)
                yield scene.set(place, new, f"the sum over {key} is extra", 1.9)


def _term(place: Place, body: Expression) -> Expression:
    above = place.parent.node if place.parent is not None else None
    wide = isinstance(body, Additive) and above is not None
    return bracketed(body) if wide or type(above).__name__ == "Factor" else body


def substituted(node: Expression, key: str, new: Expression) -> Expression:
    """An expression with something else for a name; parts without the name stay the same objects."""
    found = node
    for place in places(node, "right"):
        if isinstance(place.node, Name) and place.node.key == key and not isinstance(place.node, FunctionName):
            found = put(found, place.path, new)
    return found


def lost_sums(scene: Scene) -> Iterator[Change]:
    """`a[i]` → Σ_i a[i]."""
    for place in scene.spots:
        node = place.node
        if not isinstance(node, Expression) or isinstance(node, Num | Array):
            continue
        free = {part.key for part in walk(node) if isinstance(part, Name)} & set(scene.vocabulary.indices)
        for key in sorted(free - set(place.bound)):
            name = Name(key, key)
            body = node if not isinstance(node, Additive) else bracketed(node)
            new = Binder("sum", (BoundIndex(name, None),), body)
            yield scene.set(place, new, f"the sum over {key} is lost", 2.0)


def axes(scene: Scene) -> Iterator[Change]:
    """`axis=0` → axis=1."""
    for place in scene.places:
        if isinstance(place.node, Axis):
            new = replace(place.node, number=1 if place.node.number == 0 else 0)
            yield scene.set(place, new, f"{scene.say(place.node)} for {scene.say(new)}", 0.9)


RULES = (
    EditRule("member or component", "index", "W[2] → W[3]", members),
    EditRule("member each time", "index", "W[2] h[2] → W[3] h[3]", everywhere),
    EditRule("letter", "index", "X[t − s] → X[t − r]", letters),
    EditRule("letter each time", "index", "x[i] y[i] → x[j] y[j]", letters_everywhere),
    EditRule("order of indices", "index", "w[i,j] → w[j,i]", order),
    EditRule("number of a name", "index", "z3 → z4", numbered_names),
    EditRule("number of names each time", "index", "W2 z2 → W3 z3", numbered_names_everywhere),
    EditRule("range of a sum", "index", "Σ_{k=n}^K → Σ_{k=1}^K", ranges),
    EditRule("letter below a sum", "index", "Σ_k a[j] → Σ_j a[j]", summed_letters),
    EditRule("sum not carried out", "index", "Σ_s X[t − s] → X[t − r]", collapses),
    EditRule("axis of a sum", "index", "sum(G, axis=0) → sum(G, axis=1)", axes),
    EditRule("lost sum", "index", "a[i] → Σ_i a[i]", lost_sums),
)
