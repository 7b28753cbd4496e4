"""What two assignments compute alike is computed once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradsheet.expressions import (
    Access,
    Call,
    Expr,
    Index,
    Lambda,
    Piecewise,
    Reduce,
    children,
    key,
    transform,
    walk,
)
from gradsheet.programs.decomposing import Names
from gradsheet.programs.forms import atoms_of
from gradsheet.programs.inlining import without_aliases
from gradsheet.programs.model import Assign, Program, Statement

if TYPE_CHECKING:
    from gradsheet.expressions import AnyNode


def share(program: Program) -> Program:
    """The program with equal arrays made once, and functions that several assignments call the same way called once."""
    program = _equal_arrays(program)
    return _equal_arrays(_equal_calls(program))


def _equal_arrays(program: Program) -> Program:
    """A second array with the same right-hand side is another name of the first."""
    while True:
        seen: dict[Any, Assign] = {}
        made: list[Statement] = []
        changed = False
        for statement in program.statements:
            if isinstance(statement, Assign) and statement.whole and not isinstance(statement.body, Access):
                identity = key(Lambda(statement.free, statement.body))
                first = seen.setdefault(identity, statement)
                if first is not statement:
                    made.append(replace(statement, body=Access(first.target, atoms_of(statement.free))))
                    changed = True
                    continue
            made.append(statement)
        if not changed:
            return program
        program = without_aliases(program.with_statements(made))


def _equal_calls(program: Program) -> Program:
    """Functions of the same components in several assignments, each as an array of its own before the first."""
    names = Names(program)
    found: dict[Any, list[tuple[int, Call, tuple[Index, ...]]]] = {}
    for k, statement in enumerate(program.statements):
        if not isinstance(statement, Assign):
            continue
        for node in _calls(statement.body):
            order = tuple(sorted(node.free, key=lambda i: _position(i, node)))
            found.setdefault(key(Lambda(order, node)), []).append((k, node, order))
    statements = list(program.statements)
    before: dict[int, list[Statement]] = {}
    for uses in found.values():
        places = {k for k, _, _ in uses}
        if len(places) < 2:
            continue
        first = min(places)
        owner = statements[first]
        assert isinstance(owner, Assign)
        known = next((u for u in uses if u[0] == first and owner.whole and owner.body is u[1]), None)
        _, node, order = min(uses, key=lambda u: u[0])
        if known is None:
            symbol, free, _ = names.array(order)
            before.setdefault(first, []).append(Assign(symbol, atoms_of(free), free, node))
            slots = list(range(len(order)))
        else:
            symbol = owner.target
            slots = [order.index(i) for i in owner.free]
        for k, call, own in uses:
            statement = statements[k]
            assert isinstance(statement, Assign)
            if known is not None and k == first:
                continue
            access = Access(symbol, atoms_of([own[s] for s in slots]))
            statements[k] = replace(statement, body=_replaced(statement.body, call, access))
    made = [s for k, statement in enumerate(statements) for s in (*before.get(k, ()), statement)]
    return program.with_statements(made)


def _calls(body: Expr) -> list[Call]:
    """Functions that are called wherever the assignment is carried out, not only in a branch of a choice."""
    found: list[Call] = []
    bound: set[Index] = set()
    for node in walk(body):
        if isinstance(node, Reduce):
            bound.add(node.index)
    stack: list[AnyNode] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, Piecewise):
            continue
        if isinstance(node, Call) and not (node.free & bound) and not any(isinstance(n, Reduce) for n in walk(node)):
            found.append(node)
        stack.extend(children(node))
    return found


def _position(index: Index, node: Expr) -> tuple[int, ...]:
    """Where an index first stands: the same for two expressions that differ in the names of indices only."""
    for k, part in enumerate(n for n in walk(node) if isinstance(n, Access)):
        for j, place in enumerate(part.at):
            if index in place.atoms():
                return (k, j)
    return (1 << 30, index.serial)


def _replaced(body: Expr, old: Expr, new: Expr) -> Expr:
    result: Expr = transform(body, lambda n: new if n is old else n)
    return result


__all__ = ["share"]
