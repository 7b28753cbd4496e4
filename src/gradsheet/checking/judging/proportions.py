"""Up to a factor, up to a constant: `p ∝ e^{−E}`, `log p = −E + const`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.judging.comparison import Finding
from gradsheet.checking.judging.problems import PROBLEMS, reason_of
from gradsheet.checking.meaning import equality
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.checking.meaning.points import BITS
from gradsheet.checking.meaning.tensors import MismatchError, Value, array, squeezed
from gradsheet.numerics.balls import working_precision
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.checking.judging.stage import Stage

_CONSTANTS = frozenset({"const", "constant", "konst", "cst"})


def without_constant(node: tree.Expression) -> tree.Expression | None:
    """What stands beside `+ const` in a sum; None where there is none."""
    if not isinstance(node, tree.Additive):
        return None
    kept = tuple(t for t in node.terms if not (isinstance(t.item, tree.Name) and t.item.key.rstrip(".") in _CONSTANTS))
    if len(kept) == len(node.terms) or not kept:
        return None
    return tree.Additive(kept, span=node.span) if len(kept) > 1 or kept[0].sign == "-" else kept[0].item


def up_to_constant(stage: Stage, left: tree.Expression, right: tree.Expression) -> Finding:
    """Left = right + something that is the same at every point; where it moves, it may be no constant of the page."""
    return _steady(stage, left, right, quotient=False)


def up_to_factor(stage: Stage, left: tree.Expression, right: tree.Expression) -> Finding:
    """Left = c right with one c for all entries of an array, or the same c at every point."""
    return _steady(stage, left, right, quotient=True)


def _steady(stage: Stage, left: tree.Expression, right: tree.Expression, *, quotient: bool) -> Finding:
    points = [stage.comparers[0].point("generic", seed) for seed in (1, 2, 3)]
    what = "factor" if quotient else "constant"
    seen: Value | None = None
    moves, entries = False, 0
    with working_precision(BITS):
        for point in points:
            interpreter = Interpreter(point, stage.scope())
            try:
                a, b = squeezed(interpreter.evaluate(left)), squeezed(interpreter.evaluate(right))
                if a.shape != b.shape:
                    return Finding("shapes", "the shapes differ", certainty="the shapes differ: certain")
                gaps = array(a / b if quotient else a - b).reshape(-1)
            except (*PROBLEMS, MismatchError, ZeroDivisionError) as problem:
                return Finding("open", reason_of(problem))
            entries = len(gaps)
            first = Value(array(gaps[0]))
            if any(equality.compare(first, Value(array(gap))) == "different" for gap in gaps[1:]):
                certain = "differs at a random point: certain"
                return Finding("different", f"no one {what} does for all entries", certainty=certain)
            moves |= seen is not None and equality.compare(seen, first) != "equal"
            seen = first
    if moves:
        if quotient and entries > 1:
            return Finding("right", certainty=f"one {what} for all entries at {len(points)} points")
        return Finding("open", f"the {what} is not the same at all values: what it may depend on is not said")
    return Finding("right", certainty=f"the same {what} at {len(points)} points")


__all__ = ["up_to_constant", "up_to_factor", "without_constant"]
