"""One assignment does one thing: what would be computed again and again inside a loop gets an array of its own.

Afterwards every contraction is a sum over a product of plain components, every operation on whole arrays stands alone,
and whatever depends on fewer indices than the loops around it was computed before them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ZERO_EXPR,
    Access,
    Add,
    Affine,
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
    Relation,
    Role,
    Symbol,
    affine_indices,
    substitute,
)
from gradsheet.expressions.nodes import children, with_children
from gradsheet.programs.forms import added, atoms_of, chosen, multiplied, natural_order, reduced
from gradsheet.programs.inlining import tidy
from gradsheet.programs.model import Assign, Loop, Program, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        self.steps = frozenset(_steps(program.statements))

    def array(self, free: Sequence[Index], body: Expr) -> tuple[Assign, Access]:
        """A new array over some indices: what fills it, and its component where it was wanted.

        Axes are ranges of their own. Where an index runs as far as another one says, as in Σ_{j ≤ i}, the axis is as
        long as it can be, and what lies beyond is 0.
        """
        name = next(f"t{k}" for k in range(1, 1_000_000) if f"t{k}" not in self.taken)
        self.taken.add(name)
        access = atoms_of(free)
        own, conditions = _even(free, self.steps)
        mapping = {old: Affine.atom(new) for old, new in zip(free, own, strict=True) if old is not new}
        if mapping:
            body = substitute(body, mapping)
            for condition in reversed(conditions):
                body = chosen(substitute(condition, mapping), body, ZERO_EXPR)
        symbol = Symbol(name, tuple(Index(i.name, i.low, i.high) for i in own), Role.LOCAL)
        return Assign(symbol, atoms_of(own), own, body), Access(symbol, access)


def _steps(statements: Sequence[Statement]) -> Iterator[Index]:
    """The indices of loops: they have one value wherever a statement stands."""
    for statement in statements:
        if isinstance(statement, Loop):
            yield statement.index
            yield from _steps(statement.body)


def _even(free: Sequence[Index], steps: frozenset[Index]) -> tuple[tuple[Index, ...], list[Relation]]:
    """Indices whose ranges do not depend on one another, and what has to hold of them to be in the ranges they had.

    Where a range depends on an index that is none of these, every place of the longest one is met for some value of it.
    """
    own: list[Index] = []
    conditions: list[Relation] = []
    for index in free:
        low, high = (_furthest(end, sign, steps) for end, sign in ((index.low, -1), (index.high, 1)))
        if low != index.low and affine_indices(index.low) <= {*free, *steps}:
            conditions.append(Relation("≤", Integer(index.low), Integer(Affine.atom(index))))
        if high != index.high and affine_indices(index.high) <= {*free, *steps}:
            conditions.append(Relation("≤", Integer(Affine.atom(index)), Integer(index.high)))
        own.append(index if (low, high) == index.range else Index(index.name, low, high))
    return tuple(own), conditions


def _furthest(end: Affine, sign: int, steps: frozenset[Index]) -> Affine:
    """The least (−1) or the greatest (+1) value of an end of a range over all other indices."""
    while True:
        atom = next((a for a in end.atoms() if isinstance(a, Index) and a not in steps), None)
        if atom is None:
            return end
        coefficient = end.coefficient(atom)
        far = atom.high if coefficient * sign > 0 else atom.low
        end = end - Affine.atom(atom) * coefficient + far * coefficient


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
        made, access = self.names.array(own, node)
        self.made.append(made)
        return access

    # ------------------------------------------------------------ operations on whole arrays

    def _array_call(self, node: ArrayCall, loops: tuple[Index, ...]) -> Expr:
        """The operation on an array that is there, at the indices of the loops."""
        argument = node.argument
        inner = self.visit(argument.body, (*loops, *argument.indices))
        outer = [i for i in loops if i in inner.free]
        places = (*atoms_of(outer), *atoms_of(argument.indices))
        if not (isinstance(inner, Access) and inner.at[-len(places) :] == places and len(inner.at) == len(places)):
            made, inner = self.names.array([*outer, *argument.indices], inner)
            self.made.append(made)
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
