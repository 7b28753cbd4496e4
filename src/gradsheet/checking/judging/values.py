"""Values on a page: what is given, what they settle, and claims with numbers put in."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.checking.judging import numbers
from gradsheet.checking.judging.comparison import Finding
from gradsheet.checking.judging.problems import PROBLEMS
from gradsheet.checking.meaning import equality
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.meaning.points import Point
    from gradsheet.expressions import Symbol


def sizes_of(stage: Stage, symbol: Symbol) -> tuple[int, ...] | None:
    """The sheet's own sizes of a symbol, where they are numbers."""
    found = []
    for axis in symbol.axes:
        point = stage.comparers[0].point("sized", 1)
        low, high = point.sizes.evaluate(axis.low), point.sizes.evaluate(axis.high)
        if low is None or high is None:
            return None
        found.append(high - low + 1)
    return tuple(found)


def own_shape(stage: Stage, node: tree.Expression) -> tuple[int, ...] | None:
    """The sheet's own shape of what a formula names."""
    symbol = stage.quantity(node)
    return None if symbol is None else sizes_of(stage, symbol)


def is_value(right: tree.Expression) -> bool:
    """Whether a side has values put in, which nothing on the page gives: then it cannot be judged."""
    arrays = any(
        isinstance(n, tree.Array) and any(numbers.shown(i) for row in n.rows for i in row) for n in walk(right)
    )
    return numbers.is_closed(right) or (arrays and numbers.has_numbers(right))


def drawn(stage: Stage) -> set[str]:
    """The inputs of which no value is given."""
    points = stage.points_at_values(stated=True)
    return points[0].drawn if points else {s.name for s in stage.models[0].sheet.inputs}


def lacking(stage: Stage, anchor: tree.Expression, drawn: Sequence[str]) -> str:
    """Which inputs a value would need."""
    model = stage.models[0]
    used: set[str] = set()
    for node in walk(anchor):
        if isinstance(node, tree.Name):
            for symbol in stage.binder.symbols_of(node.key):
                used |= {s.name for s in model.upstream(symbol)}
    inputs = [s.name for s in model.sheet.inputs if s.name in used]
    missing = [n for n in inputs if not drawn or n in drawn]
    if not missing:
        return "the values that it needs are not given"
    return f"needs {', '.join(missing[:6])}" + (" …" if len(missing) > 6 else "")


def settled(stage: Stage, points: Sequence[Point], *trees: tree.Expression) -> bool:
    """Whether formulas have the same value whatever is not given."""
    for node in trees:
        values = [stage.value(p, node) for p in points]
        if any(isinstance(v, str) for v in values):
            return False
        if any(equality.compare(values[0], v) != "equal" for v in values[1:]):  # type: ignore[arg-type]
            return False
    return True


def as_rounded(stage: Stage, point: Point, anchor: tree.Expression, right: tree.Expression) -> bool:
    """Whether a formula of rounded numbers comes as near to the value as its digits allow."""
    exact = stage.value(point, anchor)
    shown = stage.value(point, right, rounded=True)
    if isinstance(exact, str) or isinstance(shown, str):
        return False
    return numbers.overlap(exact, shown)


def with_zeros(
    stage: Stage, anchor: tree.Expression, right: tree.Expression, conditions: Sequence[tree.Expression]
) -> Finding | None:
    """The same where inputs that are given as 0 are 0: a bias that the page leaves out."""
    model = stage.models[0]
    named = [key for key, held in stage.given.items() if _all_zero(held)]
    fixed: dict[Symbol, Fraction] = {}
    for key, held in stage.given.items():
        symbol = model.symbols.get(key)
        if symbol is not None and symbol.domain.kind == "finite" and not symbol.axes and isinstance(held, Fraction):
            fixed[symbol] = held  # the case y = 1
    named += [g.key for g in model.sheet.given if g.key not in stage.given and not g.members and _zero_tree(g.value)]
    symbols = [model.symbols[k] for k in dict.fromkeys(named) if k in model.symbols]
    if not symbols and not fixed:
        return None
    comparer = stage.comparers[0]
    try:
        points = [model.generic(seed, symbols, fixed) for seed in (11, 12)]
        found = comparer.over_points(points, stage.scope(), anchor, right, conditions)
        if found.outcome not in {"right", "arrangement"}:
            points = [model.sized(seed, symbols, fixed) for seed in (11, 12)]
            found = comparer.over_points(points, stage.scope(), anchor, right, conditions)
    except PROBLEMS:  # one more try failed: the verdict is what it was
        return None
    if found.outcome not in {"right", "arrangement"}:
        return None
    said = ", ".join([*(f"{s.name} = 0" for s in symbols), *(f"{s.name} = {v}" for s, v in fixed.items())])
    return replace(found, assumptions=(*found.assumptions, f"with {said}, as given"))


def at_values(stage: Stage, anchor: tree.Expression, right: tree.Expression) -> Finding | None:
    """The same at the given values, where the claim has numbers put in."""
    points = stage.points_at_values(stated=True)
    if not points:
        return None
    if any(p.drawn for p in points) and not settled(stage, points, anchor, right):
        return None
    found = stage.comparers[0].over_points(points, stage.scope(), anchor, right, ())
    if (
        found.outcome in {"different", "open"}
        and numbers.is_closed(right)
        and as_rounded(stage, points[0], anchor, right)
    ):
        return Finding("right", certainty="at the given values, to the digits shown")
    if found.outcome in {"right", "arrangement", "different", "shapes"}:
        certainty = (
            "at the given values" if found.outcome in {"right", "arrangement"} else "differs at the given values"
        )
        return replace(found, certainty=certainty)
    return None


def _all_zero(held: Any) -> bool:
    if isinstance(held, list):
        return all(_all_zero(entry) for entry in held)
    return bool(held == 0)


def _zero_tree(node: tree.Expression) -> bool:
    entries = numbers.printed(node)
    return entries is not None and all(e.value == 0 for e in entries.reshape(-1))
