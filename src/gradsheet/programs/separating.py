"""Structure that saves orders: what is a product over separate indices is kept as one, a δ is never written out.

D[i,j,n,k] = x[n,i] B[j,n,k] needs only B: whoever reads D multiplies by x. D[j,k] = [j = k] d[k] under a sum over k
leaves one term. So the Jacobian of a layer, a Kronecker product with an identity, stays one through all other layers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.calculus import Simplifier
from gradsheet.calculus.terms import conjuncts, split
from gradsheet.expressions import (
    Access,
    Add,
    Expr,
    Index,
    Integer,
    Multiply,
    Reduce,
    Relation,
    Role,
    Symbol,
    transform,
)
from gradsheet.programs.forms import added, atoms_of, multiplied
from gradsheet.programs.inlining import put_in, tidy, uses, without_unused
from gradsheet.programs.model import Assign, Loop, Program, Statement, assigns

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.expressions import AnyNode

_LEAST_RANK = 3
"""Arrays of fewer axes are small beside what is computed with them."""


def separate(program: Program) -> Program:
    """The program with arrays of products kept as their factors, and δ's put where they meet their sums."""
    while True:
        smaller = _one(program)
        if smaller is program:
            return without_unused(program)
        program = smaller


def _one(program: Program) -> Program:
    statements = list(program.statements)
    for k, statement in enumerate(statements):
        if not isinstance(statement, Assign) or not statement.whole or statement.target in program.outputs:
            continue
        if statement.target.rank < _LEAST_RANK:
            continue
        readers = [s for s in statements if isinstance(s, Assign) and statement.target in s.body.symbols]
        looped = [a for s in statements if isinstance(s, Loop) for a in assigns([s])]
        if not readers or any(statement.target in a.body.symbols for a in looped):
            continue
        if _is_delta(statement) and all(_meets_sum(statement, r) for r in readers):
            others = [s for s in statements if s is not statement]
            return program.with_statements([_contracted(s, statement) if s in readers else s for s in others])
        parted = _parted(statement)
        if parted is not None:
            smaller, whole = parted
            rest = [_put(s, whole) if s in readers else s for s in statements[k + 1 :]]
            return program.with_statements([*statements[:k], smaller, *rest])
    return program


def _put(statement: Statement, definition: Assign) -> Statement:
    assert isinstance(statement, Assign)
    return replace(statement, body=put_in(statement.body, definition))


# ---------------------------------------------------------------- δ


def _is_delta(statement: Assign) -> bool:
    """Whether an array is nothing but where indices are equal."""
    terms = split(statement.body, expand=False)
    if len(terms) != 1 or terms[0].sums or not terms[0].guards:
        return False
    return all(_is_equality(part) for g in terms[0].guards for part in conjuncts(g))


def _is_equality(condition: object) -> bool:
    return (
        isinstance(condition, Relation)
        and condition.sign == "="
        and isinstance(condition.left, Integer)
        and isinstance(condition.right, Integer)
        and bool((condition.left.value - condition.right.value).terms)
    )


def _meets_sum(definition: Assign, reader: Assign) -> bool:
    """Whether every component is read inside a sum over one of the indices that have to be equal."""
    equal: set[int] = set()
    for term in split(definition.body, expand=False):
        for guard in term.guards:
            equal |= {definition.free.index(i) for i in guard.free if i in definition.free}
    for use in uses(reader):
        if use.access.symbol is definition.target:
            sums = {n.index for n in use.within if isinstance(n, Reduce) and n.kind == "sum"}
            if not any(use.access.at[k].single in sums for k in equal):
                return False
    return True


def _contracted(statement: Statement, definition: Assign) -> Statement:
    """The reader with the definition put in, and its δ's met by their sums."""
    assert isinstance(statement, Assign)
    simplifier = Simplifier()

    def rewrite(node: AnyNode) -> AnyNode:
        if isinstance(node, Reduce) and definition.target in node.symbols:
            return simplifier.tidy(put_in(node, definition), expand=False)
        return tidy(node)

    return replace(statement, body=_outermost(statement.body, rewrite))


def _outermost(body: Expr, rewrite: Callable[[AnyNode], AnyNode]) -> Expr:
    """An expression with its outermost sums rewritten, each as a whole."""
    if isinstance(body, Reduce):
        return rewrite(body)  # type: ignore[return-value]  # a sum becomes an expression
    if isinstance(body, (Add, Multiply)):
        parts = [_outermost(p, rewrite) for p in (body.terms if isinstance(body, Add) else body.factors)]
        return added(parts) if isinstance(body, Add) else multiplied(parts)
    result: Expr = transform(body, rewrite)
    return result


# ---------------------------------------------------------------- separate indices


def _parted(statement: Assign) -> tuple[Assign, Assign] | None:
    """A definition x · B as the smaller B and the product that stands for the whole."""
    terms = statement.body.terms if isinstance(statement.body, Add) else (statement.body,)
    first = terms[0].factors if isinstance(terms[0], Multiply) else (terms[0],)
    for factor in first:
        if not isinstance(factor, Access):
            continue
        own = [i for i in statement.free if i in factor.free and all(_only_in(i, factor, t) for t in terms)]
        others = [i for i in statement.free if i not in factor.free]
        if not own or not others:
            continue
        kept = tuple(i for i in statement.free if i not in own)
        rest = added(_without(t, factor) for t in terms)
        axes = tuple(a for a, i in zip(statement.target.axes, statement.free, strict=True) if i in kept)
        smaller = Symbol(statement.target.name, tuple(Index(a.name, a.low, a.high) for a in axes), Role.LOCAL)
        made = Assign(smaller, atoms_of(kept), kept, rest)
        whole = replace(statement, body=multiplied([factor, Access(smaller, atoms_of(kept))]))
        return made, whole
    return None


def _only_in(index: Index, factor: Access, term: Expr) -> bool:
    """Whether a term has the factor, and the index nowhere else."""
    factors = term.factors if isinstance(term, Multiply) else (term,)
    return sum(f is factor for f in factors) == 1 and all(index not in f.free for f in factors if f is not factor)


def _without(term: Expr, factor: Access) -> Expr:
    factors = term.factors if isinstance(term, Multiply) else (term,)
    return multiplied([f for f in factors if f is not factor])


__all__ = ["separate"]
