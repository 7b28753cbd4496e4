"""a = b where the rules of the engine simplify a − b to 0: proved, rather than seen at some points.

The claims of a page that hold are written below the sheet as equations of its own; their derivatives are then derived
like the sheet's. What a name stands for is put into the difference of both sides, the last computed first, until the
rules leave nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.calculus import Simplifier
from gradsheet.checking.judging.comparison import IDENTITY
from gradsheet.checking.judging.naming import Names
from gradsheet.checking.meaning.indices import letters
from gradsheet.derivation import Graph, derive, put_in
from gradsheet.diagnostics import SheetError, Source
from gradsheet.expressions import ZERO_EXPR, Add, Affine, Expr, Index, Lambda, Multiply, Symbol, apply, number, walk
from gradsheet.sheet.reader import load_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.records import Draft
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.sheet import Equation, Sheet

PROVED = "proved"
_ROUNDS = 6
"""So often the sheet is read again without lines that are none of its language."""
_DEEPEST = 16
_LARGEST = 1200
"""Nodes of a difference that is still looked at."""


def prove(stage: Stage, drafts: Sequence[Draft]) -> None:
    """Mark what the rules prove of the claims that hold."""
    held = {n: pair for n, draft in enumerate(drafts) if (pair := _in_words(stage, draft)) is not None}
    if len(stage.models) != 1 or not held:
        return
    sheet = _with_claims(stage, held)
    if sheet is None:
        return
    try:
        graph = derive(sheet).graph
    except (SheetError, RecursionError, ArithmeticError):
        return  # what the rules cannot derive stays as it was seen
    symbols = {s.name: s for s in sheet.symbols.values()}
    for n in held:
        left, right = (symbols.get(name) for name in _names(n))
        if left is not None and right is not None and _same(graph, sheet, left, right):
            drafts[n].certainty = PROVED


def _in_words(stage: Stage, draft: Draft) -> tuple[str, str] | None:
    """Both sides in the language of sheets; None where the claim hangs on more than names of the sheet."""
    left, right = draft.left, draft.right
    if left is None or right is None or draft.verdict != "right":
        return None
    if not draft.certainty.startswith(("holds at", IDENTITY)):
        return None
    if draft.assumptions or draft.conditions or letters(left) or letters(right):
        return None
    names = Names(stage)
    return names.say(left), names.say(right)


def _names(n: int) -> tuple[str, str]:
    return f"claimed{n}", f"stated{n}"


def _with_claims(stage: Stage, held: dict[int, tuple[str, str]]) -> Sheet | None:
    """The sheet with two equations for each claim; claims that are none of its language are left out."""
    own = stage.models[0].sheet.source.text.rstrip("\n")
    first = own.count("\n") + 2
    for _ in range(_ROUNDS):
        if not held:
            return None
        order = [(n, name, side) for n, sides in held.items() for name, side in zip(_names(n), sides, strict=True)]
        source = Source("\n".join([own, *(f"{name} = {side}" for _, name, side in order)]) + "\n", "the claims")
        try:
            return load_sheet(source)
        except SheetError as problem:
            lines = {source.position(d.span.start)[0] for d in problem.diagnostics if d.span is not None}
            bad = {order[line - first][0] for line in lines if first <= line < first + len(order)}
            if not bad:
                return None
            for n in bad:
                del held[n]
    return None


def _same(graph: Graph, sheet: Sheet, left: Symbol, right: Symbol) -> bool:
    """Whether the difference of two quantities is 0 by the rules."""
    one, other = _whole(graph, left), _whole(graph, right)
    if one is None or other is None or len(one.free) != len(other.free):
        return False
    if any(a.range != b.range for a, b in zip(one.free, other.free, strict=True)):
        return False
    body = apply(Lambda(other.free, graph.unfolded[other]), tuple(Affine.atom(i) for i in one.free))
    gap: Expr = Add((graph.unfolded[one], Multiply((number(-1), body))))
    simplifier = Simplifier(sheet.row_sums)
    for _ in range(_DEEPEST):
        gap = simplifier.simplify(gap)
        if gap is ZERO_EXPR:
            return True
        known = {s: e for s in gap.symbols if (e := _whole(graph, s)) is not None}
        if not known:
            return False
        last = max(known, key=lambda s: graph.position[s])
        gap = put_in(gap, {last: known[last]})
        if sum(1 for _ in walk(gap)) > _LARGEST:
            return False
    return False


def _whole(graph: Graph, symbol: Symbol) -> Equation | None:
    """The one equation of a quantity that is computed as a whole: no recursion, no cases by index."""
    clauses = graph.clauses.get(symbol, [])
    if len(clauses) != 1 or symbol in graph.unfolded[clauses[0]].symbols:
        return None
    places = [p.single for p in clauses[0].pattern]
    if not all(isinstance(p, Index) for p in places) or tuple(places) != clauses[0].free:
        return None
    return clauses[0]


__all__ = ["PROVED", "prove"]
