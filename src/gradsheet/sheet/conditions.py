"""Choices and conditions: `a if j ≤ i else b`, `z > 0`, `p and q`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Condition, Expr, Index, Integer, Junction, Negation, Piecewise, Relation
from gradsheet.sheet.scope import facts_of, indicator, negated
from gradsheet.sheet.tensors import Tensor, is_whole, scalar, whole
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.sheet.expressions import ExpressionReader
    from gradsheet.sheet.scope import Scope

_RELATIONS = {"=", "≠", "<", "≤", ">", "≥"}


def conditional(reader: ExpressionReader, node: tree.Conditional, scope: Scope) -> Tensor:
    """`a if c else b`, entry by entry; each branch is read with what c then says about the indices."""
    indices, chosen = condition(reader, node.condition, scope)
    then_scope = scope.with_facts(facts_of(chosen))
    opposite = negated(chosen)
    else_scope = scope.with_facts(facts_of(opposite)) if opposite is not None else scope
    then, otherwise = reader.read(node.then, then_scope), reader.read(node.otherwise, else_scope)
    carrier = Tensor(indices, indicator(chosen))
    return reader.rules.elementwise(
        lambda b: Piecewise(_condition_of(b[0]), b[1], b[2]), (carrier, then, otherwise), node.span, "this choice"
    )


def condition(reader: ExpressionReader, node: tree.Expression, scope: Scope) -> tuple[tuple[Index, ...], Condition]:
    """A condition, with free indices where it is asked entry by entry."""
    match node:
        case tree.Group(items=(item,)):
            return condition(reader, item, scope)
        case tree.Logic(kind="not", items=(item,)):
            indices, inner = condition(reader, item, scope)
            return indices, negated(inner) or Negation(inner)
        case tree.Logic(kind=kind, items=items):
            parts = [Tensor(i, indicator(c)) for i, c in (condition(reader, item, scope) for item in items)]
            indices, bodies, _ = reader.rules.align(parts, node.span, "this condition")
            return indices, Junction(kind, tuple(_condition_of(b) for b in bodies))  # type: ignore[arg-type]
        case tree.Comparison(items=items, relations=relations):
            parts = []
            for left, sign, right in zip(items, relations, items[1:], strict=False):
                parts.append(_relation(reader, left, sign, right, scope))
            indices, bodies, _ = reader.rules.align(parts, node.span, "this condition")
            conditions = tuple(_condition_of(b) for b in bodies)
            return indices, conditions[0] if len(conditions) == 1 else Junction("and", conditions)
        case _:
            raise reader.fail("GS102", "a condition is expected here", node.span, expected="a comparison such as j ≤ i")


def _relation(
    reader: ExpressionReader, left: tree.Expression, sign: str, right: tree.Expression, scope: Scope
) -> Tensor:
    if sign == "∈" and isinstance(right, tree.Range):
        value = reader.affine(left, scope)
        low, high = reader.affine(right.low, scope), reader.affine(right.high, scope)
        pair = (Relation("≤", Integer(low), Integer(value)), Relation("≤", Integer(value), Integer(high)))
        return scalar(indicator(Junction("and", pair)))
    if sign not in _RELATIONS:
        raise reader.fail("GS102", "this relation cannot be asked here", left.span.to(right.span))
    places = reader.try_affine(left, scope), reader.try_affine(right, scope)
    if places[0] is not None and places[1] is not None:  # i - j ≤ 2 P
        return scalar(indicator(Relation(sign, Integer(places[0]), Integer(places[1]))))  # type: ignore[arg-type]
    a, b = reader.read(left, scope), reader.read(right, scope)

    def build(bodies: list[Expr]) -> Expr:
        x, y = bodies
        if is_whole(x) and is_whole(y):
            x, y = Integer(whole(x)), Integer(whole(y))
        return indicator(Relation(sign, x, y))  # type: ignore[arg-type]

    return reader.rules.elementwise(build, (a, b), left.span.to(right.span), "this comparison")


def _condition_of(body: Expr) -> Condition:
    assert isinstance(body, Piecewise)
    return body.condition
