"""Assignments in an order in which each finds what it needs; recursions become loops over what they run along."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gradsheet.calculus.regions import regions
from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.evaluation import CyclicDefinitionError, Stage, stages
from gradsheet.expressions import (
    Add,
    Affine,
    Expr,
    Index,
    Multiply,
    Piecewise,
    Reduce,
    at_least_zero,
    substitute,
    transform,
)
from gradsheet.programs.forms import added, chosen, multiplied, reduced
from gradsheet.programs.model import Assign, Loop, Program, Statement
from gradsheet.records import dataclass
from gradsheet.sheet import Equation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.diagnostics import Source
    from gradsheet.expressions import AnyNode


def schedule(program: Program, source: Source) -> Program:
    """The program with its assignments in order, and a loop for each recursion."""
    equations = [Equation(a.target, a.pattern, a.free, a.body, None) for a in program.assigns]
    try:
        found = stages(equations, {e: e.body for e in equations})
    except CyclicDefinitionError as problem:
        raise _hole(f"the definitions of {problem} need each other", source) from None
    statements: list[Statement] = []
    for stage in found:
        if stage.recursive:
            statements.extend(_loops(stage, source))
        else:
            statements.extend(Assign(e.symbol, e.pattern, e.free, e.body) for e in stage.equations)
    return program.with_statements(statements)


def _hole(message: str, source: Source) -> SheetError:
    return SheetError((Diagnostic("GS803", message, None, source),))


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """One assignment of a recursion, for one place or one run of places along the axis that the loop takes."""

    low: Affine
    high: Affine
    index: Index | None
    assign: Assign
    rank: int


def _loops(stage: Stage, source: Source) -> list[Statement]:
    """Consecutive runs of a recursion: places by themselves, loops between them."""
    return _along(stage, 0, source)


def _along(stage: Stage, axis: int, source: Source) -> list[Statement]:
    """The runs along one axis; within a step, the next axis of the recursion is taken the same way."""
    pieces = [p for rank, e in enumerate(stage.equations) for p in _pieces(e, axis, rank, source)]
    downward = stage.directions[axis] < 0
    starts = _sorted([p.low for p in pieces] + [p.high + 1 for p in pieces], source)
    statements: list[Statement] = []
    runs = list(pairwise(starts))
    for low, after in reversed(runs) if downward else runs:
        high = after - 1
        inside = [p for p in pieces if at_least_zero(low - p.low) and at_least_zero(p.high - high)]
        inside.sort(key=lambda p: p.rank)
        if not inside:
            continue
        if low == high:
            made = [_moved(p, low) for p in inside]
            statements.extend(_inner(stage, axis, made, source))
            continue
        index = Index(inside[0].assign.target.axes[axis].name, low, high)
        made = [_moved(p, Affine.atom(index)) for p in inside]
        statements.append(Loop(index, downward, tuple(_inner(stage, axis, made, source))))
    return statements


def _inner(stage: Stage, axis: int, made: list[Assign], source: Source) -> Sequence[Statement]:
    if axis + 1 == len(stage.directions):
        return made
    equations = tuple(Equation(a.target, a.pattern, a.free, a.body, None) for a in made)
    return _along(Stage(equations, recursive=True, directions=stage.directions), axis + 1, source)


def _pieces(equation: Equation, axis: int, rank: int, source: Source) -> list[_Piece]:
    """An assignment cut where conditions on the axis of its loop change."""
    place = equation.pattern[axis]
    index = place.single
    if not isinstance(index, Index) or index not in equation.free:
        whole = Assign(equation.symbol, equation.pattern, equation.free, equation.body)
        if any(isinstance(a, Index) for a in place.atoms()) and index is None:
            raise _hole(f"a recursion of {equation.symbol.name} that assigns every other place", source)
        return [_Piece(place, place, None, whole, rank)]
    # The axis of the loop is looked at first, so that the regions are cut along it.
    ordered = Equation(
        equation.symbol, equation.pattern, (index, *(i for i in equation.free if i is not index)), equation.body, None
    )
    found = []
    for free, pattern, body in regions(ordered):
        own = pattern[axis]
        run = own.single
        assign = Assign(equation.symbol, pattern, free, body)
        if isinstance(run, Index) and run in free:
            found.append(_Piece(run.low, run.high, run, assign, rank))
        else:
            found.append(_Piece(own, own, None, assign, rank))
    return found


def _moved(piece: _Piece, place: Affine) -> Assign:
    """A piece at one place of the loop."""
    assign = piece.assign
    if piece.index is None:
        return assign
    mapping = {piece.index: place}
    free = []
    for index in assign.free:
        if index is piece.index:
            continue
        low, high = index.low.substitute(mapping), index.high.substitute(mapping)
        if (low, high) != index.range:
            new = Index(index.name, low, high)
            mapping[index] = Affine.atom(new)
            free.append(new)
        else:
            free.append(index)
    pattern = tuple(p.substitute(mapping) for p in assign.pattern)
    return Assign(assign.target, pattern, tuple(free), refolded(substitute(assign.body, mapping)))


def refolded(body: Expr) -> Expr:
    """An expression in which what has become certain is decided."""

    def rewrite(node: AnyNode) -> AnyNode:
        match node:
            case Piecewise(condition=condition, then=then, otherwise=otherwise):
                return chosen(condition, then, otherwise)
            case Reduce(kind=kind, index=index, body=below):
                return reduced(kind, index, below)
            case Add(terms=terms):
                return added(terms)
            case Multiply(factors=factors):
                return multiplied(factors)
            case _:
                return node

    result: Expr = transform(body, rewrite)
    return result


def _sorted(places: Sequence[Affine], source: Source) -> list[Affine]:
    """Places in order, each once."""
    ordered: list[Affine] = []
    for place in places:
        position = 0
        while position < len(ordered) and place != ordered[position]:
            if at_least_zero(ordered[position] - place - 1):
                break
            if not at_least_zero(place - ordered[position]):
                message = "the order of a recursion's steps is open while its length is a symbol"
                raise SheetError((Diagnostic("GS802", message, None, source, None, "give the sizes as numbers"),))
            position += 1
        if position == len(ordered) or place != ordered[position]:
            ordered.insert(position, place)
    return ordered


__all__ = ["refolded", "schedule"]
