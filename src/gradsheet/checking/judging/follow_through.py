"""Follow-through: a line that is not right may still follow from an earlier wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.judging.spelling import mentions, names_something, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.records import Draft
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.syntax import tree


def follow(
    stage: Stage,
    wrong: Sequence[Draft],
    draft: Draft,
    anchor: tree.Expression,
    before: tree.Expression | None,
    right: tree.Expression,
) -> None:
    """Whether a line that is not right follows from an earlier wrong one."""
    for earlier in reversed(wrong):
        if earlier.left is None or earlier.right is None or earlier.numeric:
            continue
        same = earlier.left is anchor or earlier.left == anchor
        if same and stage.compare(earlier.right, right, draft.conditions).outcome == "right":
            inherit(draft, earlier)
            return
        for quantity, claimed in ((earlier.right, earlier.left), (earlier.left, earlier.right)):
            if not names_something(quantity) or quantity in (anchor, right):
                continue
            name = plain(quantity)
            carried = {name: claimed}
            for start in (before, anchor):
                if start is None or not (mentions(start, name) or mentions(right, name)):
                    continue
                found = stage.compare(start, right, draft.conditions, carried=carried)
                if found.outcome in {"right", "arrangement"}:
                    inherit(draft, earlier)
                    return


def inherit(draft: Draft, earlier: Draft) -> None:
    """The line follows from an earlier wrong one."""
    draft.verdict, draft.carried_from = "inherited", earlier
    draft.reason = "follows from an earlier wrong line"
