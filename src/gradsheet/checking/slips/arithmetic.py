"""Arithmetic: digits swapped, the decimal point, a digit wrong, lost or doubled, a number that was worked out wrong."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from gradsheet.checking.slips.rationals import exact, is_number, written
from gradsheet.checking.slips.rules import EditRule
from gradsheet.syntax.plain import decimal
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Array,
    Node,
    Num,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.places import Place
    from gradsheet.checking.slips.scene import Scene


def swapped_digits(scene: Scene) -> Iterator[Change]:
    """`0.16936` → 0.16396."""
    yield from _each(scene, _swapped, 1.0)


def decimal_points(scene: Scene) -> Iterator[Change]:
    """`0.125` → 1.25."""
    yield from _each(scene, _pointed, 1.4)


def rounding(scene: Scene) -> Iterator[Change]:
    """`0.376` → 0.377: the last digit, one up or one down."""
    yield from _each(scene, _rounded, 1.6)


def wrong_digits(scene: Scene) -> Iterator[Change]:
    """`0.16` → 0.19: one digit for another."""
    yield from _each(scene, _replaced, 2.3)


def lost_digits(scene: Scene) -> Iterator[Change]:
    """`0.325` → 0.25, 0.25 → 0.225: a digit too many, or one too few."""
    yield from _each(scene, _shorter, 2.0)
    yield from _each(scene, _longer, 2.4)


Spelled = tuple[str, str]
"""What should stand there, and what went wrong."""


def _each(scene: Scene, spellings: Callable[[str], Iterator[Spelled]], cost: float) -> Iterator[Change]:
    for group in _groups(scene):
        node = group[0].node
        assert isinstance(node, Num)
        text = _spelling(node)
        numeric = is_number(scene.root(group[0]))
        if text is None or (not numeric and sum(map(str.isdigit, text)) < 3):
            continue  # 2 for 3 in a formula is another factor, no slip of the pen in a decimal
        for meant, what in spellings(text):
            if meant == text or not _is_decimal(meant):
                continue
            value = Fraction(meant)
            if value == node.value:
                continue
            sentence = f"{what}: {meant}"
            new = Num(value, meant, span=node.span)
            if len(group) == 1:
                yield scene.set(group[0], new, sentence, cost)
            else:
                pieces: list[tuple[Place, Node]] = [(place, replace(new, span=place.node.span)) for place in group]
                yield scene.set_all(pieces, sentence, cost)


def _groups(scene: Scene) -> Iterator[list[Place]]:
    """Numbers, one by one; the equal numbers of a list also together, and these first."""
    together: dict[tuple[int, Num], list[Place]] = {}
    single: list[Place] = []
    for place in scene.places:
        if isinstance(place.node, Num) and not place.index and not place.variable:
            single.append(place)
            arrays = [above for above in place.above() if isinstance(above.node, Array)]
            if arrays:
                together.setdefault((id(arrays[-1]), place.node), []).append(place)
    yield from (group for group in together.values() if len(group) > 1)
    yield from ([place] for place in single)


def _spelling(node: Num) -> str | None:
    text = node.text if _is_decimal(node.text) and Fraction(node.text) == node.value else decimal(node.value)
    return text if text and _is_decimal(text) else None


def _is_decimal(text: str) -> bool:
    whole, point, rest = text.partition(".")
    return text.isascii() and whole.isdigit() and (rest.isdigit() if point else True)


def _swapped(text: str) -> Iterator[Spelled]:
    at = [i for i, c in enumerate(text) if c.isdigit()]
    for one, two in pairwise(at):
        if text[one] != text[two]:
            chars = list(text)
            chars[one], chars[two] = chars[two], chars[one]
            yield "".join(chars), "two digits swapped"


def _pointed(text: str) -> Iterator[Spelled]:
    value = Fraction(text)
    for power in (1, -1, 2, -2, 3, -3):
        moved = decimal(value * Fraction(10) ** power)
        if moved:
            yield moved, "the decimal point"


def _rounded(text: str) -> Iterator[Spelled]:
    places = len(text.partition(".")[2])
    value = Fraction(text)
    for step in (1, -1):
        near = value + Fraction(step, 10**places)
        if near >= 0:
            scaled = str(int(near * 10**places)).rjust(places + 1, "0")
            yield (f"{scaled[:-places]}.{scaled[-places:]}" if places else scaled), "the last digit"


def _replaced(text: str) -> Iterator[Spelled]:
    for at, old in enumerate(text):
        if old.isdigit():
            for new in "0123456789":
                if new != old:
                    yield text[:at] + new + text[at + 1 :], "one digit is wrong"


def _shorter(text: str) -> Iterator[Spelled]:
    for at, old in enumerate(text):
        if old.isdigit() and sum(map(str.isdigit, text)) > 1:
            what = "a digit is doubled" if text[at + 1 : at + 2] == old or text[:at][-1:] == old else "a digit is extra"
            yield text[:at] + text[at + 1 :], what


def _longer(text: str) -> Iterator[Spelled]:
    for at in range(1, len(text) + 1):
        for new in "0123456789":
            yield text[:at] + new + text[at:], "a digit is lost"


# ---------------------------------------------------------------- a number worked out wrong


def values(scene: Scene) -> Iterator[Change]:
    """`4 · 4 = 12` → 16: no digit explains it, so the right number is named."""
    for place in scene.places:
        if place.depth > 0 or not is_number(scene.root(place)) or _is_list(scene.root(place)):
            continue
        other = scene.left if place.side == "right" else scene.right
        value = exact(other)
        if value is None and scene.vocabulary.value is not None:
            value = scene.vocabulary.value(other)
        if value is not None and value != exact(place.node):
            new = written(value)
            yield scene.set(place, new, f"{scene.say(place.node)} for {scene.say(new)}", 2.6)


def _is_list(node: Node) -> bool:
    return any(isinstance(part, Array) for part in walk(node))


def worked_numbers(scene: Scene) -> Iterator[Change]:
    """0.25 · 4 = 0.25 · 3 …: a number in a calculation for another number of the other side."""
    numbers = list(
        dict.fromkeys(
            node
            for root in (scene.left, scene.right, *scene.vocabulary.siblings)
            for node in walk(root)
            if isinstance(node, Num)
        )
    )[:20]
    for operand in scene.operands:
        node = operand.node
        if isinstance(node, Num) and exact(scene.root(operand.place)) is not None:
            for new in numbers:
                if new.value != node.value and new.value >= 0:
                    yield scene.swap(operand, new, f"{scene.say(node)} for {scene.say(new)}", 2.4)


RULES = (
    EditRule("digits swapped", "arithmetic", "0.16936 → 0.16396", swapped_digits),
    EditRule("decimal point", "arithmetic", "0.125 → 1.25", decimal_points),
    EditRule("last digit", "arithmetic", "0.376 → 0.377", rounding),
    EditRule("wrong digit", "arithmetic", "0.16 → 0.19", wrong_digits),
    EditRule("lost digit", "arithmetic", "0.25 → 0.225", lost_digits),
    EditRule("worked out wrong", "arithmetic", "4 · 4 = 12 → 16", values),
    EditRule("number of a calculation", "arithmetic", "4 · 3 → 4 · 4", worked_numbers),
)
