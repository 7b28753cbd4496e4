"""Expressions read again with other symbols, other indices and known sizes; what becomes certain is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from gradsheet.expressions import (
    Access,
    Add,
    Affine,
    ArrayCall,
    Atom,
    Call,
    Condition,
    Configurations,
    Constant,
    Expr,
    Index,
    Integer,
    Invoke,
    Junction,
    Lambda,
    Multiply,
    Negation,
    Number,
    OverData,
    Partial,
    Piecewise,
    Power,
    Reduce,
    Relation,
    Size,
    Symbol,
    number,
)
from gradsheet.programs.forms import added, chosen, holds, multiplied, raised, reduced, unrolled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Scope = dict[Index, Affine]


class Resolver:
    """Rewrites expressions from the outside in, so that a branch which is certainly not taken is never looked at.

    `component` gives what stands for a component of a symbol at new places; `constants` the value of sizes;
    `apart` tells whether a sum over an index has to be written out; `data` and `states` what stands for a mean over the
    data and for a sum over configurations.
    """

    def __init__(
        self,
        component: Callable[[Symbol, tuple[Affine, ...]], Expr],
        constants: Mapping[Any, Affine] | None = None,
        apart: Callable[[Reduce], bool] | None = None,
        data: Callable[[OverData, Scope], Expr] | None = None,
        states: Callable[[Configurations, Scope], Expr] | None = None,
    ) -> None:
        self.component = component
        self.constants = dict(constants or {})
        self.apart = apart or (lambda _: False)
        self.data = data
        self.states = states

    # ------------------------------------------------------------ whole numbers

    def affine(self, value: Affine, scope: Scope) -> Affine:
        """A place or a bound with everything in it replaced."""

        def replace(atom: Atom) -> Affine | None:
            if isinstance(atom, Index):
                return scope.get(atom)
            if isinstance(atom, Access):
                new = self.component(atom.symbol, tuple(self.affine(a, scope) for a in atom.at))
                if isinstance(new, Integer):
                    return new.value
                assert isinstance(new, Access), new
                return Affine.atom(new)
            known: Affine | None = self.constants.get(atom)
            if known is not None:
                return known
            return Affine(atom.literal) if isinstance(atom, Size) and atom.literal is not None else None

        once = value.map_atoms(replace)
        # n[l-1] is looked up only after its l has become a number.
        return once.map_atoms(self.constants.get) if once.terms else once

    def index(self, index: Index, scope: Scope) -> Index:
        """An index that counts from 0 in the place of another; the scope learns where the old one stands."""
        low, high = self.affine(index.low, scope), self.affine(index.high, scope)
        new = Index(index.name, Affine(), high - low)
        scope[index] = Affine.atom(new) + low
        return new

    # ------------------------------------------------------------ expressions

    def expr(self, node: Expr, scope: Scope) -> Expr:
        """The expression in the new terms."""
        match node:
            case Number() | Constant():
                return node
            case Integer(value=value):
                new = self.affine(value, scope)
                return number(new.constant) if new.is_constant else Integer(new)
            case Access(symbol=symbol, at=at):
                return self.component(symbol, tuple(self.affine(a, scope) for a in at))
            case Add(terms=terms):
                return added(self.expr(t, scope) for t in terms)
            case Multiply(factors=factors):
                return self._product(factors, scope)
            case Power(base=base, exponent=exponent):
                return raised(self.expr(base, scope), self.expr(exponent, scope))
            case Call(function=function, arguments=arguments):
                return Call(function, tuple(self.expr(a, scope) for a in arguments))
            case Piecewise(condition=condition, then=then, otherwise=otherwise):
                return self._choice(condition, then, otherwise, scope)
            case Reduce():
                return self._reduce(node, scope)
            case Configurations():
                assert self.states is not None, node
                return self.states(node, scope)
            case ArrayCall(operation=operation, argument=argument, at=at):
                places = tuple(self.affine(a, scope) for a in at)
                inner = dict(scope)
                fresh = tuple(self.index(i, inner) for i in argument.indices)
                lows = [self.affine(i.low, inner) for i in argument.indices]
                moved = tuple(p - low for p, low in zip(places, lows, strict=False))
                return ArrayCall(operation, Lambda(fresh, self.expr(argument.body, inner)), moved)
            case OverData():
                if self.data is not None:
                    return self.data(node, scope)
                return OverData(node.kind, self.expr(node.body, scope))
            case Invoke() | Partial():
                raise AssertionError(node)  # functions are unfolded and derivatives carried out before
            case _:
                assert_never(node)

    def _product(self, factors: tuple[Expr, ...], scope: Scope) -> Expr:
        parts: list[Expr] = []
        for factor in factors:
            part = self.expr(factor, scope)
            if isinstance(part, Number) and not part.value:
                return part
            parts.append(part)
        return multiplied(parts)

    def _choice(self, condition: Condition, then: Expr, otherwise: Expr, scope: Scope) -> Expr:
        new = self.condition(condition, scope)
        known = holds(new)
        if known is not None:
            return self.expr(then if known else otherwise, scope)
        return chosen(new, self.expr(then, scope), self.expr(otherwise, scope))

    def _reduce(self, node: Reduce, scope: Scope) -> Expr:
        inner = dict(scope)
        index = self.index(node.index, inner)
        low = inner[node.index] - Affine.atom(index)
        if self.apart(node):
            assert index.high.is_constant, node
            values = []
            for k in range(index.high.constant + 1):
                inner[node.index] = low + k
                values.append(self.expr(node.body, inner))
            return unrolled(node.kind, index, values)
        return reduced(node.kind, index, self.expr(node.body, inner))

    def condition(self, node: Condition, scope: Scope) -> Condition:
        """The condition in the new terms."""
        match node:
            case Relation(sign=sign, left=Integer(value=left), right=Integer(value=right)):
                # Whole numbers stay what they are, so that a condition on indices is seen as one.
                return Relation(sign, Integer(self.affine(left, scope)), Integer(self.affine(right, scope)))
            case Relation(sign=sign, left=left, right=right):
                return Relation(sign, self.expr(left, scope), self.expr(right, scope))
            case Junction(kind=kind, conditions=conditions):
                return Junction(kind, tuple(self.condition(c, scope) for c in conditions))
            case Negation(condition=inner):
                return Negation(self.condition(inner, scope))


__all__ = ["Resolver", "Scope"]
