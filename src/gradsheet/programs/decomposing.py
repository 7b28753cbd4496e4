"""One assignment does one thing: what would be computed again and again inside a loop gets an array of its own.

Afterwards every contraction is a sum over a product of plain components, every operation on whole arrays stands alone,
and whatever depends on fewer indices than the loops around it was computed before them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Access,
    Add,
    ArrayCall,
    Call,
    Constant,
    Expr,
    Index,
    Integer,
    Lambda,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    Role,
    Symbol,
)
from gradsheet.expressions.nodes import children, with_children
from gradsheet.programs.forms import added, atoms_of, multiplied, natural_order, reduced
from gradsheet.programs.inlining import tidy
from gradsheet.programs.model import Assign, Loop, Program, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import AnyNode


def decompose(program: Program) -> Program:
    """The program with contractions, reductions and operations on whole arrays taken apart."""
    names = Names(program)
    return program.with_statements(_block(program.statements, names))


def _block(statements: Sequence[Statement], names: Names) -> list[Statement]:
    made: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Loop):
            made.append(replace(statement, body=tuple(_block(statement.body, names))))
        else:
            taker = _Taker(names)
            body = taker.top(statement)
            made.extend(taker.made)
            made.append(replace(statement, body=body))
    return made


class Names:
    """Names for arrays that a pass makes: t1, t2, …, none of them taken."""

    def __init__(self, program: Program) -> None:
        self.taken = {a.target.name for a in program.assigns} | {a.name for a in program.arguments}
        self.taken |= {a.symbol.name for a in program.arguments}

    def array(self, free: Sequence[Index]) -> tuple[Symbol, tuple[Index, ...], Access]:
        """A new array over some indices: its symbol, indices to fill it by, and its component where it was wanted."""
        name = next(f"t{k}" for k in range(1, 1_000_000) if f"t{k}" not in self.taken)
        self.taken.add(name)
        symbol = Symbol(name, tuple(Index(i.name, i.low, i.high) for i in free), Role.LOCAL)
        return symbol, tuple(free), Access(symbol, atoms_of(free))


class _Taker:
    """Takes one right-hand side apart; `made` are the assignments that have to come before it."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.made: list[Statement] = []
        self.order: list[Index] = []

    def top(self, statement: Assign) -> Expr:
        loops = tuple(statement.free)
        body = statement.body
        if isinstance(body, ArrayCall):
            return self._array_call(body, loops)
        return self.visit(body, loops)

    def visit(self, node: Expr, loops: tuple[Index, ...]) -> Expr:
        """The expression as it is computed inside some loops."""
        match node:
            case Reduce(kind="sum"):
                return self._sum(node, loops)
            case Reduce(kind=kind, index=index, body=body):
                inner = self.visit(body, (*loops, index))
                return self._hoisted(Reduce(kind, index, inner), loops)
            case ArrayCall():
                return self._apart(self._array_call(node, loops), loops)
            case Call() | Power():
                made = self._over_children(node, loops)
                return self._hoisted(made, loops) if _is_dear(made) else made
            case _:
                return self._over_children(node, loops)

    def _over_children(self, node: Expr, loops: tuple[Index, ...]) -> Expr:
        if isinstance(node, (Access, Number, Constant, Integer)):
            return node
        if isinstance(node, Piecewise):
            # A branch that is not taken may be undefined where it is not taken: it stays where it is.
            return self._choice(node, loops)
        parts = tuple(self.visit(c, loops) for c in children(node))  # type: ignore[arg-type]
        result: Expr = tidy(with_children(node, parts))  # type: ignore[assignment]
        return result

    def _choice(self, node: Piecewise, loops: tuple[Index, ...]) -> Expr:
        then, otherwise = self.visit(node.then, loops), self.visit(node.otherwise, loops)
        return Piecewise(node.condition, then, otherwise)

    # ------------------------------------------------------------ arrays of their own

    def _hoisted(self, node: Expr, loops: Sequence[Index]) -> Expr:
        """The expression, or an array that was filled before if it depends on fewer indices than the loops."""
        own = [i for i in loops if i in node.free]
        if len(own) == len(loops):
            return node
        return self._apart(node, loops)

    def _apart(self, node: Expr, loops: Sequence[Index]) -> Expr:
        own = [i for i in natural_order(node) if i in loops]
        symbol, free, access = self.names.array(own)
        self.made.append(Assign(symbol, atoms_of(free), free, node))
        return access

    # ------------------------------------------------------------ operations on whole arrays

    def _array_call(self, node: ArrayCall, loops: tuple[Index, ...]) -> Expr:
        """The operation on an array that is there, at the indices of the loops."""
        argument = node.argument
        inner = self.visit(argument.body, (*loops, *argument.indices))
        outer = [i for i in loops if i in inner.free]
        places = (*atoms_of(outer), *atoms_of(argument.indices))
        if not (isinstance(inner, Access) and inner.at[-len(places) :] == places and len(inner.at) == len(places)):
            symbol, free, access = self.names.array([*outer, *argument.indices])
            self.made.append(Assign(symbol, atoms_of(free), free, inner))
            inner = access
        return ArrayCall(node.operation, Lambda(argument.indices, inner), node.at)

    # ------------------------------------------------------------ sums

    def _sum(self, node: Reduce, loops: tuple[Index, ...]) -> Expr:
        sums: list[Index] = []
        inner: Expr = node
        while isinstance(inner, Reduce) and inner.kind == "sum":
            sums.append(inner.index)
            inner = inner.body
        around = (*loops, *sums)
        parts = inner.terms if isinstance(inner, Add) else (inner,)
        if len(parts) > 1 and any(is_contraction(p, around) for p in parts):
            return added(self._part(_summed(sums, p), loops) for p in parts)
        body = self._product(inner, around) if is_contraction(inner, around) else self.visit(inner, around)
        return self._hoisted_sum(sums, body, loops)

    def _part(self, term: Expr, loops: tuple[Index, ...]) -> Expr:
        return self._sum(term, loops) if isinstance(term, Reduce) else self.visit(term, loops)

    def _hoisted_sum(self, sums: Sequence[Index], body: Expr, loops: tuple[Index, ...]) -> Expr:
        """Σ with what does not depend on it outside; an array of its own where loops would compute it again."""
        factors = body.factors if isinstance(body, Multiply) else (body,)
        inside = [f for f in factors if any(s in f.free for s in sums)]
        outside = [f for f in factors if not any(s in f.free for s in sums)]
        total = _summed(sums, multiplied(inside))
        return multiplied([*outside, self._hoisted(total, loops) if isinstance(total, Reduce) else total])

    def _product(self, body: Expr, around: tuple[Index, ...]) -> Expr:
        """A product in which each group of factors over the same indices is one component."""
        factors = body.factors if isinstance(body, Multiply) else (body,)
        groups: dict[frozenset[Index], list[Expr]] = {}
        scalars: list[Expr] = []
        for factor in factors:
            part = self.visit(factor, tuple(i for i in around if i in factor.free))
            for f in part.factors if isinstance(part, Multiply) else (part,):
                own = frozenset(i for i in around if i in f.free)
                if own:
                    groups.setdefault(own, []).append(f)
                else:
                    scalars.append(f)
        kept: list[Expr] = list(scalars)
        for parts in groups.values():
            if len(parts) == 1 and isinstance(parts[0], Access):
                kept.append(parts[0])
            else:
                kept.append(self._apart(multiplied(parts), around))
        return multiplied(kept)


def _summed(sums: Sequence[Index], body: Expr) -> Expr:
    for index in reversed(sums):
        body = reduced("sum", index, body)
    return body


def is_contraction(body: Expr, around: Sequence[Index]) -> bool:
    """Whether a product of factors runs over more indices than each of its factors has.

    A product whose factors all have every index is summed as it is computed: a norm, a dot product.
    """
    factors = body.factors if isinstance(body, Multiply) else (body,)
    own = [frozenset(i for i in around if i in f.free) for f in factors]
    own = [o for o in own if o]
    together = frozenset().union(*own) if own else frozenset()
    return any(o != together for o in own)


def _is_dear(node: AnyNode) -> bool:
    """Whether computing it again costs more than a product."""
    if isinstance(node, Power):
        return not isinstance(node.exponent, Number) or node.exponent.value.denominator != 1 or node.exponent.value < 0
    return isinstance(node, Call) and node.function not in _CHEAP


_CHEAP = {"relu", "abs", "sign", "step", "max", "min", "square", "hard_tanh", "leaky_relu"}

__all__ = ["Names", "decompose", "is_contraction"]
