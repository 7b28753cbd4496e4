"""Statements of shapes: `a : 2×1`, `W ∈ ℝ^{m×n}`, `∂h/∂W : 2 × (2×2)`, checked against the sheet's own sizes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gradsheet.checking.binding.errors import BindingError
from gradsheet.checking.judging.problems import PROBLEMS, reason_of
from gradsheet.checking.judging.records import Draft
from gradsheet.checking.judging.sides import formula_of
from gradsheet.checking.judging.substitution import replaced
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.checking.meaning.points import BITS
from gradsheet.checking.meaning.tensors import MismatchError, shape_text
from gradsheet.diagnostics import Span
from gradsheet.numerics.balls import working_precision
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.records import Bound
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.reading.model import Side
    from gradsheet.manuscripts import Formula

Sizes = tuple["int | str", ...]


def shape_claims(stage: Stage, left: Bound, right: Bound, formula: Formula) -> list[Draft]:
    """One claim for each thing of which the shape is stated; [] where none of them is known."""
    if isinstance(right.side.tree, tree.Set) and not isinstance(right.side.tree, tree.Reals):
        return []  # y ∈ {0, 1} says what values it has, and nothing of its shape
    stated = stated_sizes(right.side.tree)
    subjects = [s for s in (formula_of(left.side), *left.side.also) if s is not None]
    found = []
    for subject in subjects:
        span = Span(min(left.side.span.start, right.side.span.start), max(left.side.span.end, right.side.span.end))
        if left.side.formula is not right.side.formula:
            span = right.side.span
        latex = f"{left.side.latex} : {right.side.latex}"
        draft = Draft(formula, span, latex, "", "undecided", left_side=left.side, right_side=right.side)
        try:
            bound = stage.binder.bind(subject, left.side.formula.text)
        except BindingError as problem:
            draft.reason = problem.reason
            draft.text = f"{left.side.latex} : {right.side.latex}"
            found.append(draft)
            continue
        draft.text = f"{plain(bound)} : {right.side.latex}"
        draft.quantity = plain(bound)
        if stated is None:
            draft.reason = "this shape could not be read"
        else:
            _judge(draft, stage, bound, stated)
        found.append(draft)
    return found


def labelled(node: object) -> list[tuple[tree.Expression, Sizes]]:
    r"""`\overset{a}{2} \times \overset{h}{(2 \times 1)}`: sizes with the name of that whose shape they are."""
    match node:
        case tree.Underbrace(base=base, label=label):
            sizes = stated_sizes(base)
            return [] if sizes is None else [(label, sizes)]
        case tree.Group(items=(item,)):
            return labelled(item)
        case tree.Product(factors=factors) if all(f.sign in {"", "×"} for f in factors):
            return [pair for factor in factors for pair in labelled(factor.item)]
        case _:
            return []


def labelled_claims(stage: Stage, side: Side, formula: Formula) -> list[Draft]:
    """One claim for sizes that carry names: each name has to have its shape."""
    pairs = labelled(side.tree)
    if not pairs:
        return []
    draft = Draft(formula, side.span, side.latex, side.latex, "undecided", left_side=side, right_side=side)
    parts = []
    for label, sizes in pairs:
        part = Draft(formula, side.span, side.latex, side.latex, "undecided")
        try:
            bound = stage.binder.bind(label, formula.text)
        except BindingError as problem:
            draft.reason = problem.reason
            return [draft]
        _judge(part, stage, bound, sizes)
        if part.verdict == "wrong":
            _another(part, stage, bound, sizes)
        parts.append(part)
    worst = next((p for v in ("wrong", "undecided") for p in parts if p.verdict == v), parts[0])
    draft.verdict, draft.slip, draft.reason = worst.verdict, worst.slip, worst.reason
    draft.certainty, draft.expected_text = worst.certainty, worst.expected_text
    draft.assumptions = tuple(said for p in parts for said in p.assumptions)
    return [draft]


def _another(draft: Draft, stage: Stage, bound: tree.Expression, sizes: Sizes) -> None:
    """Another layer of the same name that has this shape: the index slipped."""
    for view in stage.binder.views.values():
        if bound not in view.values() and not (isinstance(bound, tree.Subscript) and isinstance(bound.base, tree.Name)):
            continue
        if bound not in view.values():
            continue
        for number, other in view.items():
            part = Draft(draft.formula, draft.span, "", "", "undecided")
            _judge(part, stage, other, sizes)
            if part.verdict == "right":
                draft.slip = "index"
                draft.reason = f"{plain(bound)} has another shape; {plain(other)} has this one"
                draft.expected_text = f"{plain(other)}, layer {number}"
                return


def chained_shapes(node: object) -> list[Sizes] | None:
    """`(1×2)(2×4)(4×3)`: the shapes of a product of matrices; None where it is something else."""
    if not isinstance(node, tree.Product) or len(node.factors) < 2:
        return None
    found: list[Sizes] = []
    for factor in node.factors:
        sizes = stated_sizes(factor.item) if isinstance(factor.item, tree.Group) and factor.sign in {"", "·"} else None
        if sizes is None or len(sizes) != 2:
            return None
        found.append(sizes)
    return found


def product_claim(left: Bound, right: Bound, formula: Formula) -> Draft | None:
    """Whether shapes in a row conform, and have the shape that is stated."""
    shapes = chained_shapes(left.side.tree)
    result = stated_sizes(right.side.tree)
    if shapes is None or result is None:
        return None
    span = Span(min(left.side.span.start, right.side.span.start), max(left.side.span.end, right.side.span.end))
    text = f"{left.side.latex} = {right.side.latex}"
    draft = Draft(formula, span, text, text, "right", certainty="proved", left_side=left.side, right_side=right.side)
    fits = all(a[1] == b[0] for a, b in pairwise(shapes))
    if not fits or (shapes[0][0], shapes[-1][1]) != result:
        draft.verdict, draft.slip = "wrong", "shape"
        draft.reason = "these shapes do not conform" if not fits else f"it is {shapes[0][0]}×{shapes[-1][1]}"
    return draft


def stated_sizes(node: object) -> Sizes | None:
    """The sizes of a stated shape: numbers where they are numbers, else letters; () for a scalar."""
    match node:
        case tree.Reals(axes=axes):
            return _all(axes)
        case tree.Group(items=(item,)) | tree.Underbrace(base=item):
            return stated_sizes(item)
        case tree.Product(factors=factors):
            found: list[int | str] = []
            for factor in factors:
                inner = stated_sizes(factor.item)
                if inner is None or factor.sign not in {"", "×"}:
                    return None
                found.extend(inner)
            return tuple(found)
        case tree.Num(value=value) if value.denominator == 1 and value > 0:
            return (int(value),)
        case tree.Name(key=key):
            return (key,)
        case tree.Additive() | tree.Lowered() | tree.Subscript() | tree.Power():
            return (plain(node),)
        case _:
            return None


def _all(axes: Sequence[tree.Expression]) -> Sizes | None:
    found: list[int | str] = []
    for axis in axes:
        inner = stated_sizes(axis)
        if inner is None:
            return None
        found.extend(inner)
    return tuple(found)


def _judge(draft: Draft, stage: Stage, bound: tree.Expression, stated: Sizes) -> None:
    """A shape under every meaning that a name without its layer may have: right if it is right under one."""
    names = [n for n in walk(bound) if isinstance(n, tree.Name) and n.key in stage.binder.views]
    bare = next((n for n in names if not _indexed(bound, n)), None)
    if bare is None:
        _one(draft, stage, bound, stated)
        return
    for number, member in stage.binder.views[bare.key].items():
        part = Draft(draft.formula, draft.span, "", "", "undecided")
        _one(part, stage, replaced(bound, bare, member), stated)
        if part.verdict == "right":
            draft.verdict, draft.certainty = "right", part.certainty
            draft.assumptions = (f"{bare.key} is that of layer {number}",)
            return
    draft.reason = f"{bare.key} without its layer"


def _indexed(node: tree.Expression, name: tree.Name) -> bool:
    return any(isinstance(part, tree.Subscript) and part.base is name for part in walk(node))


def _one(draft: Draft, stage: Stage, bound: tree.Expression, stated: Sizes) -> None:
    comparer = stage.comparers[0]
    numeric = all(isinstance(n, int) for n in stated)
    with working_precision(BITS):
        try:
            point = comparer.point("sized", 1)
            shape = Interpreter(point, stage.scope()).evaluate(bound).shape
        except (*PROBLEMS, MismatchError) as problem:
            draft.reason = reason_of(problem)
            return
    if not numeric and not _sizes_known(stage, stated):
        draft.reason = "the sizes that it names are not those of the sheet"
        return
    sizes = tuple(n if isinstance(n, int) else point.size(n) or 0 for n in stated)
    if _same(shape, sizes):
        draft.verdict, draft.certainty = "right", "for the sizes of the sheet"
        return
    if numeric and not _fixed(stage, bound):
        draft.reason = "the sheet leaves these sizes open"
        return
    draft.verdict, draft.slip = "wrong", "shape"
    draft.certainty = "for the sizes of the sheet"
    draft.reason = f"it is {shape_text(shape)}"
    draft.expected_text = f"{plain(bound)} : {shape_text(shape)}"


def _same(shape: Sequence[int], stated: Sequence[int]) -> bool:
    """n, n×1 and 1×n are one thing where the rest agrees; a row of a derivative may be stated as 1×n."""
    return [n for n in shape if n != 1] == [n for n in stated if n != 1]


def _sizes_known(stage: Stage, stated: Sizes) -> bool:
    sizes = stage.models[0].sheet.sizes
    return all(isinstance(n, int) or n in sizes for n in stated)


def _fixed(stage: Stage, bound: tree.Expression) -> bool:
    """Whether the sizes of something are numbers in the sheet."""
    first, second = (stage.comparers[0].point("sized", seed) for seed in (1, 2))
    with working_precision(BITS):
        try:
            shapes = [Interpreter(p, stage.scope()).evaluate(bound).shape for p in (first, second)]
        except (*PROBLEMS, MismatchError):
            return False
    return shapes[0] == shapes[1]
