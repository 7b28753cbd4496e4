"""Operations on whole arrays as sums and elementwise work, for targets that have only loops."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Access,
    Affine,
    ArrayCall,
    Call,
    Constant,
    Expr,
    Index,
    Integer,
    Multiply,
    Piecewise,
    Power,
    Reduce,
    Relation,
    number,
)
from gradsheet.programs.decomposing import Names
from gradsheet.programs.forms import added, atoms_of, multiplied
from gradsheet.programs.model import Assign, Loop, Program, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

EXPANDED = ("softmax", "logsoftmax", "logsumexp", "argmaximum")
"""Operations with a form in sums and functions: the largest entry is taken out first, so that nothing overflows."""


def expand(program: Program) -> Program:
    """The program with softmax and its kin, and the choice of the largest entry, written out."""
    names = Names(program)

    def block(statements: Sequence[Statement]) -> list[Statement]:
        made: list[Statement] = []
        for statement in statements:
            if isinstance(statement, Loop):
                made.append(replace(statement, body=tuple(block(statement.body))))
            elif isinstance(statement.body, ArrayCall) and statement.body.operation in EXPANDED:
                made.extend(_written_out(statement, statement.body, names))
            else:
                made.append(statement)
        return made

    return program.with_statements(block(program.statements))


def _written_out(statement: Assign, node: ArrayCall, names: Names) -> list[Statement]:
    array = node.argument.body
    assert isinstance(array, Access), node
    (own,) = node.argument.indices
    outer = [i for i in statement.free if i in array.free]
    made: list[Statement] = []

    def kept(free: Sequence[Index], body: Expr) -> Access:
        filling, access = names.array(free, body)
        made.append(filling)
        return access

    largest = kept(outer, Reduce("max", own, array))
    if node.operation == "argmaximum":
        here = Piecewise(Relation("=", array, largest), Integer(Affine.atom(own)), Constant("∞"))
        first = kept(outer, Reduce("min", own, here))
        chosen = Piecewise(Relation("=", Integer(node.at[0]), first), number(1), number(0))
        return [*made, replace(statement, body=chosen)]
    shifted = added([array, multiplied([number(-1), largest])])
    if node.operation == "softmax":
        weights = kept([*outer, own], Call("exp", (shifted,)))
        total = kept(outer, Power(Reduce("sum", own, weights), number(-1)))
        place = Access(weights.symbol, (*atoms_of(outer), *node.at))
        return [*made, replace(statement, body=Multiply((place, total)))]
    total = kept(outer, added([largest, Call("log", (Reduce("sum", own, Call("exp", (shifted,))),))]))
    if node.operation == "logsumexp":
        return [*made, replace(statement, body=total)]
    entry = _at(array, own, node.at[0])
    return [*made, replace(statement, body=added([entry, multiplied([number(-1), total])]))]


def _at(array: Access, own: Index, place: Affine) -> Access:
    return Access(array.symbol, tuple(a.substitute({own: place}) for a in array.at))


__all__ = ["EXPANDED", "expand"]
