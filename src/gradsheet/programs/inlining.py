"""Arrays that need not be made: other names of one array, and steps whose one reader can do their work itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Access,
    Add,
    Affine,
    ArrayCall,
    Constant,
    Expr,
    Index,
    Integer,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    rename_bound,
    substitute,
    transform,
    walk,
)
from gradsheet.expressions.nodes import affines, bound, children
from gradsheet.programs.forms import added, chosen, multiplied, raised, reduced
from gradsheet.programs.model import Assign, Loop, Program, Statement
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gradsheet.expressions import AnyNode, Symbol

    Rebuild = Callable[[Sequence[Statement]], Program]


@dataclass(frozen=True, slots=True)
class Use:
    """A component that an assignment reads: where in the expression, and inside which sums."""

    access: Access
    reader: Assign
    within: tuple[AnyNode, ...]
    """The nodes from the top of the right-hand side down to the access, which is left out."""

    @property
    def indices(self) -> tuple[Index, ...]:
        """Everything that the component is computed for, once each, in a loop nest."""
        return (*self.reader.free, *(i for n in self.within for i in bound(n)))


def inline(program: Program) -> Program:
    """The program without arrays that are other names, or whose one reader computes them on the way."""
    program = without_aliases(program)
    found: dict[Assign, list[Use]] = {}
    while True:
        smaller = _once(program, found)
        if smaller is program:
            return without_unused(program)
        program = smaller


# ---------------------------------------------------------------- other names


def without_aliases(program: Program) -> Program:
    """Arrays that only repeat, or hold a number, are read where they come from; a result that does is copied last."""
    while True:
        alias = next((a for a in _top(program) if _is_alias(a, program)), None)
        if alias is None:
            return program
        statements = [_with(s, alias) for s in program.statements if s is not alias]
        if alias.target in program.outputs:
            statements.append(alias)
        if statements == list(program.statements):
            return program
        program = program.with_statements(statements)


def _top(program: Program) -> list[Assign]:
    return [s for s in program.statements if isinstance(s, Assign)]


def _is_alias(assign: Assign, program: Program) -> bool:
    if not assign.whole or _written(assign.target, program.statements) > 1:
        return False
    if assign.target in program.outputs and not _uses_of(assign.target, program.statements):
        return False
    return _is_light(assign.body)


def _is_light(body: Expr) -> bool:
    """Whether reading something again costs no more than reading its name."""
    match body:
        case Number() | Constant() | Integer() | Access():
            return True
        case Multiply(factors=(Number(), Access() | Number() | Constant())):
            return True
        case _:
            return False


def _with(statement: Statement, definition: Assign) -> Statement:
    if isinstance(statement, Loop):
        return replace(statement, body=tuple(_with(s, definition) for s in statement.body))
    return replace(statement, body=put_in(statement.body, definition))


def put_in(body: Expr, definition: Assign) -> Expr:
    """An expression with a definition in the place of its name."""
    if definition.target not in body.symbols:
        return body
    indices = [p.single for p in definition.pattern]

    def at(places: tuple[Affine, ...]) -> Expr:
        mapping = {i: a for i, a in zip(indices, places, strict=True) if isinstance(i, Index)}
        result: Expr = substitute(rename_bound(definition.body), mapping)
        return result

    def affine(value: Affine) -> Affine:
        def of(atom: object) -> Affine | None:
            if isinstance(atom, Access) and atom.symbol is definition.target:
                new = at(atom.at)
                assert isinstance(new, Access), new
                return Affine.atom(new)
            return None

        return value.map_atoms(of)

    def rewrite(node: AnyNode) -> AnyNode:
        match node:
            case Access(symbol=symbol, at=places):
                places = tuple(affine(a) for a in places)
                return at(places) if symbol is definition.target else Access(symbol, places)
            case Integer(value=value):
                return Integer(affine(value))
            case ArrayCall(operation=operation, argument=argument, at=places):
                return ArrayCall(operation, argument, tuple(affine(a) for a in places))
            case _:
                return tidy(node)

    result: Expr = transform(body, rewrite)
    return result


def tidy(node: AnyNode) -> AnyNode:
    """A node over new children, with sums in sums and products in products opened; Σ (a + b) is Σ a + Σ b."""
    match node:
        case Add(terms=terms):
            return added(terms)
        case Multiply(factors=factors):
            return multiplied(factors)
        case Power(base=base, exponent=exponent):
            return raised(base, exponent)
        case Piecewise(condition=condition, then=then, otherwise=otherwise):
            return chosen(condition, then, otherwise)
        case Reduce(kind=kind, index=index, body=body):
            return reduced(kind, index, body)
        case _:
            return node


# ---------------------------------------------------------------- one reader


def _once(program: Program, found: dict[Assign, list[Use]]) -> Program:
    """The program with one array less, or itself; `found` keeps what assignments use from one time to the next."""
    kept = program.outputs
    counts = _counts(program, found)
    for block, rebuild in blocks(program):
        for k, statement in enumerate(block):
            if not isinstance(statement, Assign) or statement.target in kept or not statement.whole:
                continue
            uses = counts.get(statement.target, [])
            reader = next((u.reader for u in uses), None)
            if reader is None or any(u.reader is not reader for u in uses):
                continue
            later = [s for s in block[k + 1 :] if s is reader]
            if not later or not all(_fits(statement, u) for u in uses) or len({u.access for u in uses}) > 1:
                continue
            merged = replace(reader, body=put_in(reader.body, statement))
            return rebuild([merged if s is reader else s for s in block if s is not statement])
    return program


def _fits(definition: Assign, use: Use) -> bool:
    """Whether the reader can compute the definition on the way: nothing is computed twice, no product is broken up."""
    at = [a.single for a in use.access.at]
    if len(set(at)) != len(at) or not all(isinstance(i, Index) for i in at):
        return False
    if any(isinstance(n, ArrayCall) for n in use.within):
        return False
    sums = [n for n in use.within if isinstance(n, Reduce)]
    alone = bool(sums) and _is_bare_sum(use)
    if any(isinstance(n, (Reduce, ArrayCall)) for n in walk(definition.body)):
        # A contraction stays whole: it may end in elementwise work, or be summed further.
        if any(isinstance(n, ArrayCall) for n in walk(definition.body)):
            return False
        if sums and not (alone and _is_sum_of_products(definition.body)):
            return False
        return set(at) == set(use.indices)
    if set(at) == set(use.indices):
        return True
    return alone and _is_monomial(definition.body)


def _is_bare_sum(use: Use) -> bool:
    """Whether a component stands under sums, and under nothing else that would have to be multiplied out."""
    inside = False
    for node in use.within:
        if isinstance(node, Reduce):
            if node.kind != "sum":
                return False
            inside = True
        elif inside:
            return False
    return True


def _is_monomial(body: Expr) -> bool:
    """Whether it is a product that can be summed as it is: what its factors compute is taken out of the sum later."""
    return not isinstance(body, Add) and not any(isinstance(n, (Reduce, ArrayCall)) for n in walk(body))


def _is_sum_of_products(body: Expr) -> bool:
    terms = body.terms if isinstance(body, Add) else (body,)
    for term in terms:
        inner = term
        while isinstance(inner, Reduce) and inner.kind == "sum":
            inner = inner.body
        if not _is_monomial(inner):
            return False
    return True


def blocks(program: Program) -> list[tuple[list[Statement], Rebuild]]:
    """Every list of statements, that of the program and those of its loops, with what puts another in its place."""
    found: list[tuple[list[Statement], Rebuild]] = []

    def visit(statements: Sequence[Statement], rebuild: Rebuild) -> None:
        found.append((list(statements), rebuild))
        for k, statement in enumerate(statements):
            if isinstance(statement, Loop):

                def inner(
                    new: Sequence[Statement], k: int = k, loop: Loop = statement, around: Rebuild = rebuild,
                    own: Sequence[Statement] = statements,
                ) -> Program:  # fmt: skip
                    made = replace(loop, body=tuple(new))
                    return around([made if j == k else s for j, s in enumerate(own)])

                visit(statement.body, inner)

    visit(program.statements, program.with_statements)
    return found


def uses(assign: Assign) -> list[Use]:
    """Every place where an assignment reads a component, with the way down to it."""
    found: list[Use] = []
    stack: list[tuple[AnyNode, tuple[AnyNode, ...]]] = [(assign.body, ())]
    while stack:
        node, within = stack.pop()
        if isinstance(node, Access):
            found.append(Use(node, assign, within))
        found.extend(
            Use(atom, assign, (*within, node))
            for value in (*affines(node), *(assign.pattern if not within else ()))
            for atom in _read_in(value)
        )
        stack.extend((child, (*within, node)) for child in reversed(children(node)))
    return found


def _read_in(value: Affine) -> Iterator[Access]:
    """The components that a place reads, those in their places included: y and q of y[q[v]]."""
    for atom in value.atoms():
        if isinstance(atom, Access):
            yield atom
            for inner in atom.at:
                yield from _read_in(inner)


def _counts(program: Program, found: dict[Assign, list[Use]]) -> dict[Symbol, list[Use]]:
    counts: dict[Symbol, list[Use]] = {}
    for assign in program.assigns:
        own = found.get(assign)
        if own is None or (own and own[0].reader is not assign):
            own = found[assign] = uses(assign)
        for use in own:
            counts.setdefault(use.access.symbol, []).append(use)
    return counts


def _uses_of(symbol: Symbol, statements: Sequence[Statement]) -> bool:
    return any(
        _uses_of(symbol, s.body) if isinstance(s, Loop) else symbol in s.body.symbols for s in statements
    )


def _written(symbol: Symbol, statements: Sequence[Statement]) -> int:
    return sum(
        _written(symbol, s.body) if isinstance(s, Loop) else s.target is symbol for s in statements
    )


def without_unused(program: Program) -> Program:
    """The program without assignments that no result needs."""
    needed = set(program.outputs)
    listed = list(program.assigns)
    changed = True
    while changed:
        changed = False
        for assign in listed:
            if assign.target in needed:
                read = {u.access.symbol for u in uses(assign)}
                changed |= not read <= needed
                needed |= read

    def kept(statements: Sequence[Statement]) -> tuple[Statement, ...]:
        made: list[Statement] = []
        for statement in statements:
            if isinstance(statement, Loop):
                body = kept(statement.body)
                if body:
                    made.append(replace(statement, body=body))
            elif statement.target in needed:
                made.append(statement)
        return tuple(made)

    arguments = tuple(a for a in program.arguments if a.symbol in needed or a.part in {"parameter", "cotangent"})
    tables = {s: v for s, v in program.tables.items() if s in needed}
    return replace(program, statements=kept(program.statements), arguments=arguments, tables=tables)


__all__ = ["Use", "blocks", "inline", "put_in", "tidy", "uses", "without_aliases", "without_unused"]
