"""Second thoughts: a line is only called wrong where the rest of the page leaves no doubt what it means."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gradsheet.checking.judging import numbers
from gradsheet.checking.judging.values import drawn
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.records import Draft
    from gradsheet.checking.judging.stage import Stage

Drafted = tuple["Draft", "Stage | None"]
"""A claim and the stage on which it was judged; None where there was none."""


def give_up(drafts: Sequence[Drafted]) -> None:
    """A line that the next one begins again and completes: `∂f/∂w = ∂f/∂a`, then `∂f/∂w = ∂f/∂a ∂a/∂w`."""
    for k, (draft, _) in enumerate(drafts):
        if draft.verdict != "wrong" or draft.right is None:
            continue
        for later, _ in drafts[k + 1 : k + 6]:
            if later.left == draft.left and later.verdict == "right" and _begins(later.right, draft.right):
                draft.verdict, draft.slip = "undecided", None
                draft.reason = f"given up: line {later.formula.place.line} begins again and completes it"
                break


def misread(drafts: Sequence[Drafted]) -> None:
    """A page is never wrong in its own definitions: where one comes out wrong, its network was misread.

    Then nothing that rests on this network is called wrong.
    """
    lines: dict[int, int] = {}
    for draft, stage in drafts:
        if stage is not None and draft.verdict == "wrong" and any(draft.left_side is side for side in stage.defining):
            lines.setdefault(id(stage), draft.formula.place.line)
    for draft, stage in drafts:
        line = lines.get(id(stage))
        if line is not None and draft.verdict in {"wrong", "inherited"}:
            draft.verdict, draft.slip, draft.carried_from = "undecided", None, None
            draft.reason = f"the page's own definition in line {line} is not understood as it is meant: give a sheet"


def corroborate(drafts: Sequence[Drafted]) -> None:
    """A line that disagrees in more than one slip is only called wrong where the page confirms what its names are.

    A name that the sheet spells exactly so needs no confirmation; one that was proposed, or that the page defines,
    has to stand in some line that is right.
    """
    confirmed: dict[int, set[str]] = defaultdict(set)
    for draft, stage in drafts:
        if draft.verdict in {"right", "arrangement"} and stage is not None:
            confirmed[id(stage)] |= names_of(draft)
    doubtful: set[int] = set()
    for draft, stage in drafts:
        if stage is None or draft.numeric or draft.verdict not in {"wrong", "inherited"}:
            continue
        if draft.verdict == "inherited":
            if draft.carried_from is not None and id(draft.carried_from) in doubtful:
                doubt(draft, doubtful, "it follows from a line that is not decided")
            continue
        if draft.slip is not None and not draft.paired and not (_is_zero(draft.right) and draft.slip != "index"):
            continue
        if (
            draft.right is not None
            and numbers.has_numbers(draft.right)
            and stage.points_at_values(stated=True)
            and drawn(stage)
        ):
            doubt(draft, doubtful, "it has values put in, and not all of them are given")
            continue
        if is_condition(draft):
            doubt(draft, doubtful, "an equation that may be a condition: it does not hold for all values")
            continue
        if draft.opens and draft.slip is None:
            doubt(draft, doubtful, "the page defines it in another way than the sheet")
            continue
        guessed = {*stage.binder.views, *stage.binder.locals} - stage.binder.told
        used = names_of(draft)
        unsure = sorted({n for n in used if n in guessed or n.endswith("[]")} - confirmed[id(stage)])
        if unsure:
            said = f"it does not agree with the sheet, and no other line confirms what {', '.join(unsure)} is here"
            doubt(draft, doubtful, said)


def doubt(draft: Draft, doubtful: set[int], reason: str) -> None:
    """Not decided after all."""
    doubtful.add(id(draft))
    draft.verdict, draft.slip, draft.carried_from, draft.reason = "undecided", None, None, reason
    draft.expected = draft.expected_text = draft.patch = None
    draft.ties = ()


def names_of(draft: Draft) -> set[str]:
    """The names in a claim, functions left out; `c[]` where a letter below c is read as an index."""
    found: set[str] = set()
    for side in (draft.left, draft.right):
        for node in walk(side) if side is not None else ():
            if isinstance(node, tree.Name) and not isinstance(node, tree.FunctionName):
                found.add(node.key)
            elif (
                isinstance(node, tree.Subscript)
                and isinstance(node.base, tree.Name)
                and not all(isinstance(item, tree.Num | tree.Slice) for item in node.items)
            ):
                found.add(f"{node.base.key}[]")
    return found


def _is_zero(node: object) -> bool:
    return isinstance(node, tree.Num) and node.value == 0


def is_condition(draft: Draft) -> bool:
    """Whether a line may be an equation to be solved, C w = ρ w or ∂E/∂w = 0, rather than an identity."""
    if draft.left is None or draft.right is None:
        return False
    if _is_zero(draft.right):
        return True
    if isinstance(draft.left, tree.Derivative | tree.Name | tree.Subscript | tree.Num):
        return False
    return not any(isinstance(n, tree.Derivative) for side in (draft.left, draft.right) for n in walk(side))


def _begins(whole: object, part: object) -> bool:
    """Whether a product begins with some factors."""
    if not isinstance(whole, tree.Product):
        return False
    factors = part.factors if isinstance(part, tree.Product) else (tree.Factor("", part),)  # type: ignore[arg-type]
    return len(factors) < len(whole.factors) and whole.factors[: len(factors)] == factors
