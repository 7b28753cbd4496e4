"""The edits of a wrong claim, cheapest first, and those among them that make it true."""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import combinations, count
from typing import TYPE_CHECKING

from gradsheet.checking.slips.agreement import LARGEST, Agreement
from gradsheet.checking.slips.catalogue import EDITS
from gradsheet.checking.slips.model import Edit, Findings
from gradsheet.checking.slips.places import put
from gradsheet.checking.slips.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.places import Place
    from gradsheet.checking.slips.rules import EditRule
    from gradsheet.checking.slips.vocabulary import Vocabulary
    from gradsheet.syntax.tree import Expression

    Test = Callable[[Expression, Expression], bool]
    Half = tuple[float, EditRule, Change]
    Found = tuple[EditRule, Change, float, Expression]

MOST_EDITS = 5
"""As many are listed."""
NEAR = 1.5
"""An edit that costs so much more than the first is no tie any more."""
LEFT = {"index": 0.5, "operand": 0.5}
"""What stands left was mostly copied, with a wrong letter perhaps; the slip is where one writes."""
LEFT_ELSE = 1.5
PAIR_LIMIT = 2.4
"""No half of a pair is less likely than that."""
_MOST_FIRST = 40
_FOR_TIES = 80
"""So many further claims are tested for others that do the same."""
_MOST_ALIKE = 30
_ORDERED = 0.3


class Candidates:
    """The edits of one claim, each built when its turn comes."""

    def __init__(self, left: Expression, right: Expression, vocabulary: Vocabulary, near: Change | None = None) -> None:
        self.scene = Scene(left, right, vocabulary)
        self.near = near
        """Another edit, in whose term these have to be; they are then taken for what they cost."""
        self.agreement = None if near is not None else Agreement(self.scene)
        self.taken: list[Half] = []

    def __iter__(self) -> Iterator[Found]:
        """Rule, change, cost and the changed side, cheapest first, no tree twice."""
        order = count()
        waiting: list[tuple[float, bool, int, bool, EditRule, Change]] = []
        for rule in EDITS:
            for change in rule.find(self.scene):
                left = change.side == "left"
                if self.near is not None and (change.cost > PAIR_LIMIT or not _near(self.near, change)):
                    continue
                cost = change.cost + (LEFT.get(rule.kind, LEFT_ELSE) if left else 0.0)
                waiting.append((cost - LARGEST, left, next(order), False, rule, change))
        heapq.heapify(waiting)
        seen = {("left", self.scene.left), ("right", self.scene.right)}
        while waiting:
            cost, left, at, final, rule, change = heapq.heappop(waiting)
            if not final:
                bonus = 0.0 if self.agreement is None else self.agreement.bonus(change)
                exact = cost + LARGEST - bonus
                heapq.heappush(waiting, (round(exact, 6), left, at, True, rule, change))
                continue
            side = changed(self.scene, change)
            if (change.side, side) in seen:
                continue
            seen.add((change.side, side))
            self.taken.append((cost, rule, change))
            yield rule, change, cost, side

    def edit(self, rule: EditRule, change: Change, cost: float, side: Expression) -> Edit:
        """A change with all that is said of it."""
        scene = self.scene
        sentence = change.sentence if change.side == "right" else f"{change.sentence}, on the left"
        left, right = (side, scene.right) if change.side == "left" else (scene.left, side)
        if len(change.pieces) > 1:
            old = scene.root(change.pieces[0][0])
            patch = (old.span, scene.vocabulary.spell(side)) if old.span.end > old.span.start else None
        else:
            patch = change.patch() if change.patch is not None else None
        span, replacement = patch if patch is not None else (None, "")
        return Edit(left, right, rule.kind, sentence, round(cost, 3), span, replacement, change.side, rule.name)


def changed(scene: Scene, change: Change) -> Expression:
    """The side of a change with everything put in; what is not on the way stays the same object."""
    side = scene.root(change.pieces[0][0])
    for place, new in change.pieces:
        side = put(side, place.path, new)
    return side


def single_edits(left: Expression, right: Expression, vocabulary: Vocabulary) -> Iterator[Edit]:
    """Every claim with one thing changed, cheapest first.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax import parse_expression
    >>> from gradsheet.checking.slips.vocabulary import NameFacts, Vocabulary
    >>> tree = lambda text: parse_expression(source := Source(text), Diagnostics(source))
    >>> names = {key: NameFacts(key, rank=0) for key in ("y", "ŷ", "t")}
    >>> next(single_edits(tree("z"), tree("y"), Vocabulary(names))).sentence
    'the sign'
    """
    candidates = Candidates(left, right, vocabulary)
    for rule, change, cost, side in candidates:
        yield candidates.edit(rule, change, cost, side)


def search(
    left: Expression,
    right: Expression,
    vocabulary: Vocabulary,
    test: Test,
    *,
    budget: int = 3000,
    paired: bool = True,
    late: Callable[[], bool] = lambda: False,
) -> Findings:
    """The single edits that make a claim true, likeliest first; if there is none, the first pair that does.

    `budget` is how many claims are tested at most, and half as many pairs of edits, unless none are `paired`;
    `late` says by another measure that it is enough.
    """
    candidates = Candidates(left, right, vocabulary)
    found: list[Edit] = []
    said: set[str] = set()
    tried = 0
    complete = True
    enough = budget
    for rule, change, cost, side in candidates:
        if found and (cost > found[0].cost + NEAR or len(found) >= MOST_EDITS or tried >= enough):
            break
        if tried >= budget or late():
            complete = False
            break
        tried += 1
        if test(side if change.side == "left" else left, side if change.side == "right" else right):
            edit = candidates.edit(rule, change, cost, side)
            if edit.sentence not in said:
                said.add(edit.sentence)
                if not found:
                    enough = tried + _FOR_TIES
                found.append(edit)
    if found or not paired or late():
        return Findings(tuple(found), None, tried, complete)
    pairs = Pairs(candidates, test, budget // 2, late)
    pair = pairs.first()
    return Findings((), pair, tried + pairs.tried, complete and not (pair is None and pairs.spent))


class Pairs:
    """Two edits together: the same one at two places, or two within one term."""

    def __init__(self, candidates: Candidates, test: Test, budget: int, late: Callable[[], bool]) -> None:
        self.candidates = candidates
        self.test = test
        self.budget = budget
        self.late = late
        self.tried = 0
        self.seen: set[tuple[Expression, Expression]] = set()

    @property
    def spent(self) -> bool:
        """Whether nothing more may be tried."""
        return self.tried >= self.budget or self.late()

    def first(self) -> tuple[Edit, Edit] | None:
        """The likeliest pair that makes the claim true."""
        return self._alike() or self._close()

    def _true(self, left: Expression, right: Expression) -> bool:
        if (left, right) in self.seen:
            return False
        self.seen.add((left, right))
        self.tried += 1
        return self.test(left, right)

    def _alike(self) -> tuple[Edit, Edit] | None:
        """The same thing done at two places, which may be on both sides."""
        scene = self.candidates.scene
        groups: dict[tuple[str, ...], list[Half]] = {}
        for half in self.candidates.taken:
            if half[2].token is not None and half[0] <= PAIR_LIMIT:
                groups.setdefault(half[2].token, []).append(half)
        pairs = [pair for group in groups.values() for pair in combinations(group[:_MOST_ALIKE], 2)]
        for (cost, rule, one), (more, other, two) in sorted(pairs, key=lambda pair: pair[0][0] + pair[1][0]):
            if self.spent:
                return None
            if _overlap(one, two) or (one.side != two.side and one.token is not None and one.token[0] != "member"):
                continue
            middle = changed(scene, one)
            if one.side == two.side:
                last = middle
                for place, new in two.pieces:
                    last = put(last, place.path, new)
                sides = (last, scene.right) if one.side == "left" else (scene.left, last)
            else:
                last = changed(scene, two)
                sides = (middle, last) if one.side == "left" else (last, middle)
            if self._true(*sides):
                first = self.candidates.edit(rule, one, cost, middle)
                second = self.candidates.edit(other, two, more, last)
                return first, replace(second, left=sides[0], right=sides[1])
        return None

    def _close(self) -> tuple[Edit, Edit] | None:
        """Any two things done within one term: the second is sought in the claim that the first has left."""
        halves = [half for half in self.candidates.taken if half[0] <= PAIR_LIMIT][:_MOST_FIRST]
        order = count()
        waiting: list[tuple[float, int, Half, Candidates | None, Iterator[Found] | None, Found | None]] = [
            (2 * half[0], next(order), half, None, None, None) for half in halves
        ]
        heapq.heapify(waiting)
        while waiting and not self.spent:
            _, _, half, after, more, found = heapq.heappop(waiting)
            cost, rule, one = half
            if after is None:
                side = changed(self.candidates.scene, one)
                scene = self.candidates.scene
                sides = (side, scene.right) if one.side == "left" else (scene.left, side)
                after = Candidates(*sides, scene.vocabulary, one)
                more = self._seconds(after, half)
            elif found is not None:
                other, two, second, side = found
                left = side if two.side == "left" else after.scene.left
                right = side if two.side == "right" else after.scene.right
                if self._true(left, right):
                    made = changed(self.candidates.scene, one)
                    return self.candidates.edit(rule, one, cost, made), after.edit(other, two, second, side)
            assert more is not None
            following = next(more, None)
            if following is not None:
                heapq.heappush(waiting, (cost + following[2], next(order), half, after, more, following))
        return None

    def _seconds(self, after: Candidates, half: Half) -> Iterator[Found]:
        for found in after:
            if found[2] > PAIR_LIMIT or self.late():
                return
            if found[2] >= half[0] - _ORDERED:
                yield found


def _near(one: Change, two: Change) -> bool:
    """Whether two changes stand in the same term of the outermost sum."""
    return one.side == two.side and _term(one.pieces[0][0]) == _term(two.pieces[0][0])


def _term(place: Place) -> tuple[str, int]:
    for name, at, _ in place.path:
        if name == "terms":
            return name, at
        if name != "items":
            break
    return "", -1


def _overlap(one: Change, two: Change) -> bool:
    """Whether one change stands within what the other replaces."""
    for first, _ in one.pieces:
        for second, _ in two.pieces:
            if first.side == second.side:
                short = min(len(first.path), len(second.path))
                if first.path[:short] == second.path[:short]:
                    return True
    return False
