"""What two assignments compute alike is computed once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradsheet.calculus.terms import is_index_condition
from gradsheet.expressions import (
    ZERO_EXPR,
    Access,
    ArrayCall,
    Call,
    Expr,
    Index,
    Lambda,
    Number,
    Piecewise,
    Power,
    Reduce,
    Relation,
    children,
    key,
    transform,
    walk,
)
from gradsheet.programs.decomposing import Names
from gradsheet.programs.forms import atoms_of, natural_order
from gradsheet.programs.inlining import tidy, without_aliases
from gradsheet.programs.model import Assign, Loop, Program, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import AnyNode


def share(program: Program) -> Program:
    """The program in which equal arrays are made once, and what several assignments compute has an array of its own."""
    before = program
    program = _equal_terms(program)
    names = Names(program)
    while True:
        smaller = _equal_parts(program, names)
        if smaller is program:
            return program if program.statements == before.statements else _equal_terms(program)
        program = smaller


def _equal_terms(program: Program) -> Program:
    return _known_terms(_signs_of_outputs(_equal_arrays(program)))


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


# ---------------------------------------------------------------- parts


def _equal_parts(program: Program, names: Names) -> Program:
    """The largest part that several assignments compute, as an array before the first of them."""
    found: dict[Any, list[tuple[int, Expr, tuple[Index, ...]]]] = {}
    for k, statement in enumerate(program.statements):
        if isinstance(statement, Assign):
            for node in _parts(statement.body):
                order = natural_order(node)
                found.setdefault(key(Lambda(order, node)), []).append((k, node, order))
    repeated = [uses for uses in found.values() if len({k for k, _, _ in uses}) > 1]
    if not repeated:
        return program
    uses = max(repeated, key=lambda u: sum(1 for _ in walk(u[0][1])))
    return _taken_out(program, uses, names)


def _taken_out(program: Program, uses: list[tuple[int, Expr, tuple[Index, ...]]], names: Names) -> Program:
    statements = list(program.statements)
    first, node, order = min(uses, key=lambda u: u[0])
    owner = statements[first]
    assert isinstance(owner, Assign)
    before: list[Statement] = []
    if owner.whole and owner.body is node:
        symbol, slots = owner.target, [order.index(i) for i in owner.free]
        uses = [u for u in uses if u[0] != first]
    else:
        filling, _ = names.array(order, node)
        symbol = filling.target
        before.append(filling)
        slots = list(range(len(order)))
    for k, part, own in uses:
        statement = statements[k]
        assert isinstance(statement, Assign)
        access = Access(symbol, atoms_of([own[s] for s in slots]))
        statements[k] = replace(statement, body=_replaced(statement.body, part, access))
    return program.with_statements([*statements[:first], *before, *statements[first:]])


def _parts(body: Expr) -> list[Any]:
    """What an assignment computes on its way that is worth an array: sums, and functions of them.

    Not what hangs on an index that is bound around it, nor what stands in a branch for some indices only.
    """
    bound = {n.index for n in walk(body) if isinstance(n, Reduce)}
    found: list[Any] = []
    stack: list[AnyNode] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, (Lambda, ArrayCall)):
            continue
        if isinstance(node, Piecewise) and is_index_condition(node.condition):
            continue
        inside = set(node.free) & bound
        if _is_dear(node) and not inside:
            found.append(node)
        stack.extend(children(node))
    return found


def _is_dear(node: AnyNode) -> bool:
    """Whether computing it twice costs more than reading it back."""
    if isinstance(node, Relation) or not isinstance(node, Expr):
        return False
    if isinstance(node, Access) or not node.symbols:
        return False
    return any(isinstance(n, (Reduce, Call)) or _is_open_power(n) for n in walk(node))


def _is_open_power(node: AnyNode) -> bool:
    return isinstance(node, Power) and not isinstance(node.exponent, Number)


def _replaced(body: Expr, old: Expr, new: Expr) -> Expr:
    result: Expr = transform(body, lambda n: new if n is old else tidy(n))
    return result


def _known_terms(program: Program) -> Program:
    """Σ of terms that an array holds already, as the sum over that array: a bias gradient from the δ of its layer."""
    arrays: dict[Any, tuple[int, Assign]] = {}
    made: list[Statement] = []
    for k, statement in enumerate(program.statements):
        if not isinstance(statement, Assign):
            made.append(statement)
            continue
        body = _over_known(statement.body, arrays)
        made.append(statement if body is statement.body else replace(statement, body=body))
        if statement.whole and not isinstance(statement.body, Access) and not _is_constant(statement.body):
            order = natural_order(statement.body)
            if len(order) == len(statement.free):
                arrays.setdefault(key(Lambda(order, statement.body)), (k, statement))
    return program.with_statements(made)


def _is_constant(body: Expr) -> bool:
    return not any(isinstance(n, Access) for n in walk(body))


def _over_known(body: Expr, arrays: dict[Any, tuple[int, Assign]]) -> Expr:
    def rewrite(node: AnyNode) -> AnyNode:
        if not isinstance(node, Reduce) or isinstance(node.body, (Access, Reduce)):
            return node
        order = natural_order(node.body)
        known = arrays.get(key(Lambda(order, node.body)))
        if known is None:
            return node
        owner = known[1]
        theirs = natural_order(owner.body)
        mapping = dict(zip(theirs, atoms_of(order), strict=True))
        return Reduce(node.kind, node.index, Access(owner.target, tuple(p.substitute(mapping) for p in owner.pattern)))

    result: Expr = transform(body, rewrite)
    return result


# ---------------------------------------------------------------- relu


def _signs_of_outputs(program: Program) -> Program:
    """[z > 0] as [relu(z) > 0] where relu(z) is an array already: z itself need not be kept."""
    outputs: dict[Any, Assign] = {}

    def rewrite(node: AnyNode) -> AnyNode:
        if not (isinstance(node, Relation) and node.sign in {">", "≤"} and node.right is ZERO_EXPR):
            return node
        order = natural_order(node.left)
        known = outputs.get(key(Lambda(order, node.left)))
        if known is None:
            return node
        assert isinstance(known.body, Call)
        theirs = natural_order(known.body.arguments[0])
        mapping = dict(zip(theirs, atoms_of(order), strict=True))
        at = tuple(p.substitute(mapping) for p in known.pattern)
        return Relation(node.sign, Access(known.target, at), node.right)

    def block(statements: Sequence[Statement]) -> tuple[Statement, ...]:
        made: list[Statement] = []
        for statement in statements:
            if isinstance(statement, Loop):
                made.append(replace(statement, body=block(statement.body)))
                continue
            body: Expr = transform(statement.body, rewrite)
            made.append(statement if body is statement.body else replace(statement, body=body))
            if statement.whole and isinstance(statement.body, Call) and statement.body.function == "relu":
                argument = statement.body.arguments[0]
                outputs.setdefault(key(Lambda(natural_order(argument), argument)), statement)
        return tuple(made)

    if not any(isinstance(a.body, Call) and a.body.function == "relu" for a in program.assigns):
        return program
    return program.with_statements(block(program.statements))


__all__ = ["share"]
