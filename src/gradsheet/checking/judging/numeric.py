"""Claims whose right side is a number or an array of numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.checking.judging import numbers
from gradsheet.checking.judging.impositions import imposed
from gradsheet.checking.judging.sides import formula_of
from gradsheet.checking.judging.stage import Stated
from gradsheet.checking.judging.values import lacking, own_shape, settled
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.syntax import canonical_key, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.impositions import Imposed
    from gradsheet.checking.judging.numbers import Entries
    from gradsheet.checking.judging.records import Bound, Draft
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.meaning.points import Point
    from gradsheet.checking.meaning.tensors import Value


def entries_of(stage: Stage, anchor: tree.Expression, b: Bound) -> Entries | None:
    """The numbers that a side prints, as written or as bound; None where it is something else."""
    shape = own_shape(stage, anchor)
    found = (numbers.printed(node, shape) for node in (formula_of(b.side), b.tree) if node is not None)
    return next((entries for entries in found if entries is not None), None)


def judge_number(
    stage: Stage,
    wrong: Sequence[Draft],
    draft: Draft,
    anchor: tree.Expression,
    before: tree.Expression | None,
    b: Bound,
) -> None:
    """A claim whose right side is a number or an array of numbers."""
    draft.numeric = True
    entries = entries_of(stage, anchor, b)
    assert entries is not None
    drawn = [point for c in stage.comparers for point in (*c.covering("generic"), c.point("generic", 2))]
    found = [stage.value(p, anchor) for p in drawn]
    if not draft.conditions and all(not isinstance(v, str) and numbers.agrees(v, entries) for v in found):
        draft.verdict, draft.certainty = "right", "whatever the values are"
        return
    points = stage.points_at_values(stated=True)
    if numbers.is_closed(anchor) and not isinstance(found[0], str):
        settle(draft, found[0], entries)
        return
    reason = ""
    if points and settled(stage, points, anchor):
        exact = stage.value(points[0], anchor)
        if isinstance(exact, str):
            reason = exact
        else:
            if not numbers.agrees(exact, entries):
                from_carried(stage, wrong, draft, anchor, entries)
            if draft.verdict == "undecided":
                settle(draft, exact, entries)
            state(stage, draft, anchor, entries, right=draft.verdict == "right")
            return
    if points and on_a_kink(stage, draft, points, anchor, entries):
        state(stage, draft, anchor, entries, right=draft.verdict == "right")
        return
    if not reason:
        first = found[0]
        drawn_names = sorted(points[0].drawn) if points else []
        reason = first if isinstance(first, str) else lacking(stage, anchor, drawn_names)
    draft.verdict, draft.reason = "undecided", reason
    if before is not None and numbers.is_closed(before) and not isinstance(stage.value(drawn[0], before), str):
        held = stage.value(drawn[0], before)
        if not isinstance(held, str) and numbers.agrees(held, entries) is False:
            settle(draft, held, entries)
    state(stage, draft, anchor, entries, right=True)


def number_under(
    stage: Stage,
    wrong: Sequence[Draft],
    draft: Draft,
    anchor: tree.Expression,
    before: tree.Expression | None,
    b: Bound,
) -> None:
    """The same under conditions: what they fix is given for this claim alone, `at x = 2`."""
    point = stage.comparers[0].point("generic", 1)
    fixed, rest = imposed(Interpreter(point, stage.scope()), draft.conditions)
    held, stated = dict(stage.given), dict(stage.stated)
    if fixed:
        stage.stated.clear()  # what was worked out elsewhere was worked out from other values
    said = {canonical_key(symbol.name): kind for symbol, kind in fixed if not symbol.axes}
    stage.given.update({key: kind for key, kind in said.items() if isinstance(kind, Fraction)})
    try:
        judge_number(stage, wrong, draft, anchor, before, b)
        points = stage.points_at_values(stated=True)
        met = bool(points) and all(stage.holds(points[0], condition) for condition in rest)
    finally:
        stage.given.clear()
        stage.given.update(held)
        stage.stated.update(stated)
    if draft.verdict in {"wrong", "inherited"} and not (met and _simple(fixed)):
        draft.verdict, draft.slip, draft.carried_from = "undecided", None, None
        draft.expected = draft.expected_text = None
        draft.reason = "the condition beside it cannot be tried at the given values"


def on_a_kink(
    stage: Stage, draft: Draft, points: Sequence[Point], anchor: tree.Expression, entries: Entries
) -> bool:
    """A derivative where the given values sit on a kink: any slope between those of its two sides is right."""
    ends: list[Value] = []
    for slope in stage.slopes():
        sloped = [point.sloped(slope) for point in points]
        value = stage.value(sloped[0], anchor)
        if isinstance(value, str) or not settled(stage, sloped, anchor):
            return False
        ends.append(value)
    if len(ends) == 1:
        settle(draft, ends[0], entries)
        draft.certainty = "at the given values, with the slope on the kink that the page states"
        return True
    between = numbers.between(ends[0], ends[1], entries)
    if not between:
        settle(draft, ends[0], entries)
    draft.verdict = "right" if between else "wrong"
    draft.certainty = "at the given values, which sit on a kink: any slope between those of its sides"
    return True


def _simple(fixed: Imposed) -> bool:
    """Whether all that is imposed are numbers for scalars."""
    return all(not symbol.axes and isinstance(kind, Fraction) for symbol, kind in fixed)


def settle(draft: Draft, exact: Value, entries: Entries) -> None:
    """A number that is right or wrong at the given values."""
    draft.certainty = "at the given values"
    holds = numbers.agrees(exact, entries)
    if holds:
        draft.verdict = "right"
        return
    draft.verdict = "wrong"
    draft.slip = "shape" if holds is None else "arithmetic"
    draft.expected_text = numbers.in_digits(exact, entries)
    draft.expected = draft.expected_text.replace("−", "-")


def from_carried(stage: Stage, wrong: Sequence[Draft], draft: Draft, anchor: tree.Expression, entries: Entries) -> None:
    """Whether a number is right when computed from the page's own numbers, right or wrong."""
    symbol = stage.quantity(anchor)
    own = None if symbol is None else canonical_key(symbol.name)
    held = stage.stated.pop(own, None) if own is not None else None
    try:
        points = stage.points_at_values(stated=True, all_stated=True)
        value = stage.value(points[0], anchor) if points else "nothing is given"
        if not isinstance(value, str) and numbers.agrees(value, entries):
            unright = [k for k, s in stage.stated.items() if not s.right]
            if not unright:
                draft.verdict, draft.certainty = "right", "from the rounded numbers before it"
            else:
                earlier = next((d for d in reversed(wrong) if d.numeric), None)
                draft.verdict, draft.carried_from = "inherited", earlier
                draft.reason = "follows from an earlier wrong number"
    finally:
        if held is not None and own is not None:
            stage.stated[own] = held


def state(stage: Stage, draft: Draft, anchor: tree.Expression, entries: Entries, *, right: bool) -> None:
    """Remember what the page prints for a computed quantity."""
    symbol = stage.quantity(anchor)
    if draft.bound or symbol is None or symbol not in stage.models[0].graph.clauses:
        return
    stage.stated[canonical_key(symbol.name)] = Stated(entries, right)
