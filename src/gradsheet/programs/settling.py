"""Known sizes become numbers, families whose members differ in shape an array for each member; axes count from 0."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.evaluation.configurations import Factor, TooManyConfigurationsError, states
from gradsheet.evaluation.named import symbol_depth
from gradsheet.expressions import (
    Access,
    Affine,
    Configurations,
    Expr,
    Index,
    Integer,
    Reduce,
    Role,
    SizeMember,
    Symbol,
    number,
    walk,
)
from gradsheet.expressions.nodes import affines
from gradsheet.programs.forms import reduced
from gradsheet.programs.model import Argument, Assign, Program, Result
from gradsheet.programs.resolving import Resolver, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from gradsheet.diagnostics import Source
    from gradsheet.expressions import Size

_MOST_STATES = 1 << 20


class Settler:
    """Carries a program of the sheet's own symbols over to arrays whose axes count from 0."""

    def __init__(
        self, program: Program, sizes: Mapping[Size, int], families: Mapping[str, Mapping[int, int]], source: Source
    ) -> None:
        self.program, self.source = program, source
        self.sizes = dict(sizes)
        constants: dict[Any, Affine] = {size: Affine(n) for size, n in sizes.items()}
        constants |= {SizeMember(f, Affine(k)): Affine(n) for f, ms in families.items() for k, n in ms.items()}
        self.constants = constants
        self.resolver = Resolver(self._component, constants, self._apart, states=self._states)
        self.arrays: dict[Symbol, Symbol] = {}
        self.members: dict[tuple[Symbol, tuple[int, ...]], Symbol] = {}
        self.tables: dict[Symbol, NDArray[Any]] = {}
        self.bound: dict[Symbol, tuple[Symbol, Index]] = {}

    def settled(self) -> Program:
        statements = [a for s in self.program.statements if isinstance(s, Assign) for a in self._assigns(s)]
        arguments = [a for argument in self.program.arguments for a in self._argument(argument)]
        results = [r for result in self.program.results for r in self._result(result)]
        return replace(
            self.program,
            arguments=(*arguments, *(Argument(s, s.name, "table") for s in self.tables)),
            statements=tuple(statements),
            results=tuple(results),
            sizes=self.sizes,
            tables=self.tables,
        )

    # ------------------------------------------------------------ symbols

    def _component(self, symbol: Symbol, at: tuple[Affine, ...]) -> Expr:
        if symbol in self.bound:
            table, state = self.bound[symbol]
            lows = [self.resolver.affine(a.low, {}) for a in symbol.axes]
            return Access(table, (Affine.atom(state), *(a - low for a, low in zip(at, lows, strict=True))))
        depth = symbol_depth(symbol)
        if not depth:
            new = self._array(symbol)
            lows = [self.resolver.affine(a.low, {}) for a in symbol.axes]
            return Access(new, tuple(a - low for a, low in zip(at, lows, strict=True)))
        if not all(a.is_constant for a in at[:depth]):
            self._open(f"the members of '{symbol.name}' have shapes of their own, and which one is meant is open here")
        member = tuple(a.constant for a in at[:depth])
        new, own = self._member(symbol, member)
        return Access(new, tuple(a - i.low for a, i in zip(at[depth:], own, strict=True)))

    def _array(self, symbol: Symbol) -> Symbol:
        known = self.arrays.get(symbol)
        if known is None:
            scope: Scope = {}
            axes = tuple(self.resolver.index(a, scope) for a in symbol.axes)
            known = self.arrays[symbol] = _like(symbol, symbol.name, axes)
        return known

    def _member(self, symbol: Symbol, member: tuple[int, ...]) -> tuple[Symbol, list[Index]]:
        depth = len(member)
        scope: Scope = {a: Affine(k) for a, k in zip(symbol.axes, member, strict=False)}
        own = [
            Index(a.name, self.resolver.affine(a.low, scope), self.resolver.affine(a.high, scope))
            for a in symbol.axes[depth:]
        ]
        if (symbol, member) not in self.members:
            axes = tuple(Index(i.name, Affine(), i.high - i.low) for i in own)
            name = f"{symbol.name}[{','.join(map(str, member))}]"
            self.members[symbol, member] = _like(symbol, name, axes)
        return self.members[symbol, member], own

    def _open(self, message: str) -> None:
        hint = "give the number of members and their sizes, as in --set D=2 --set n=[4,3,2]"
        raise SheetError((Diagnostic("GS802", message, None, self.source, None, hint),))

    def _places(self, symbol: Symbol) -> Iterator[tuple[int, ...]]:
        """The places of the members of a family, in order."""
        runs = []
        for axis in symbol.axes[: symbol_depth(symbol)]:
            low, high = self.resolver.affine(axis.low, {}), self.resolver.affine(axis.high, {})
            if not (low.is_constant and high.is_constant):
                self._open(f"how many members '{symbol.name}' has is not known")
            runs.append(range(low.constant, high.constant + 1))
        return product(*runs)

    def _argument(self, argument: Argument) -> list[Argument]:
        if not symbol_depth(argument.symbol):
            return [replace(argument, symbol=self._array(argument.symbol))]
        return [
            replace(argument, symbol=self._member(argument.symbol, m)[0], member=m)
            for m in self._places(argument.symbol)
        ]

    def _result(self, result: Result) -> list[Result]:
        updates = result.updates
        if not symbol_depth(result.symbol):
            own = self._array(updates) if updates is not None else None
            return [replace(result, symbol=self._array(result.symbol), updates=own)]
        made = {m for s, m in self.members if s is result.symbol}
        return [
            replace(
                result, symbol=self._member(result.symbol, m)[0], member=m,
                updates=self._member(updates, m)[0] if updates is not None else None,
            )
            for m in self._places(result.symbol) if m in made
        ]  # fmt: skip

    # ------------------------------------------------------------ statements

    def _assigns(self, statement: Assign) -> Iterator[Assign]:
        apart = self._apart_indices(statement)
        scopes: list[Scope] = [{}]
        for index in statement.free:
            if index not in apart:
                continue
            grown: list[Scope] = []
            for scope in scopes:
                low, high = self.resolver.affine(index.low, scope), self.resolver.affine(index.high, scope)
                if not (low.is_constant and high.is_constant):
                    self._open(f"how many members '{statement.target.name}' has is not known")
                grown += [{**scope, index: Affine(k)} for k in range(low.constant, high.constant + 1)]
            scopes = grown
        for scope in scopes:
            free = tuple(self._free(i, statement, scope) for i in statement.free if i not in apart)
            pattern = tuple(self.resolver.affine(p, scope) for p in statement.pattern)
            place = self._component(statement.target, pattern)
            assert isinstance(place, Access)
            yield Assign(place.symbol, place.at, free, self.resolver.expr(statement.body, scope))

    def _free(self, index: Index, statement: Assign, scope: Scope) -> Index:
        """A free index as the place it stands at in the target: what fills 2..n of an axis 1..n runs over 1..n−1."""
        low, high = self.resolver.affine(index.low, scope), self.resolver.affine(index.high, scope)
        places = zip(statement.pattern, statement.target.axes, strict=True)
        axis = next((a for p, a in places if p.single is index), None)
        shift = low
        if axis is not None:
            outer = {a: self.resolver.affine(p, scope) for a, p in self._before(statement, axis)}
            shift = self.resolver.affine(axis.low, outer)
        new = Index(index.name, low - shift, high - shift)
        scope[index] = Affine.atom(new) + shift
        return new

    @staticmethod
    def _before(statement: Assign, axis: Index) -> list[tuple[Index, Affine]]:
        """The axes before one, and the places at them: its range may use these."""
        axes = statement.target.axes
        return list(zip(axes[: axes.index(axis)], statement.pattern, strict=False))

    def _apart_indices(self, statement: Assign) -> set[Index]:
        """The free indices that tell members with shapes of their own apart, in the target or in what is read."""
        depth = symbol_depth(statement.target)
        found = {i for p in statement.pattern[:depth] for i in p.atoms() if isinstance(i, Index)}
        for index in statement.free:
            if any(a in found or isinstance(a, SizeMember) for s in index.range for a in s.atoms()):
                found |= {a for s in index.range for a in s.atoms() if isinstance(a, Index)}
        return found | {i for i in statement.free if self._selects(i, statement.body)}

    def _selects(self, index: Index, body: Expr) -> bool:
        """Whether an index chooses among members, or among sizes, somewhere in an expression."""
        for node in walk(body):
            if index not in node.free:
                continue
            if isinstance(node, Access) and any(index in a.atoms() for a in node.at[: symbol_depth(node.symbol)]):
                return True
            for value in affines(node):
                if any(isinstance(a, SizeMember) and index in a.at.atoms() for a in value.atoms()):
                    return True
        return False

    def _apart(self, node: Reduce) -> bool:
        return self._selects(node.index, node.body)

    # ------------------------------------------------------------ configurations

    def _states(self, node: Configurations, scope: Scope) -> Expr:
        """Σ over the values of a variable as a sum over the rows of a table that holds them."""
        variable = node.variable
        lows = [self.resolver.affine(a.low, {}) for a in variable.axes]
        highs = [self.resolver.affine(a.high, {}) for a in variable.axes]
        if not all(h.is_constant and low.is_constant for low, h in zip(lows, highs, strict=True)):
            self._open(f"how many values '{variable.name}' takes is not known")
        shape = tuple(h.constant - low.constant + 1 for low, h in zip(lows, highs, strict=True))
        choices: Any = variable.domain.values
        if variable.domain.kind == "index":
            assert variable.domain.bounds is not None
            ends = [self.resolver.affine(b, {}) for b in variable.domain.bounds]
            choices = range(ends[0].constant, ends[1].constant + 1)
        factor = Factor(variable.name, variable.domain.kind, shape, tuple(choices))
        if factor.count > _MOST_STATES:
            problem = TooManyConfigurationsError(variable.name, factor.count, _MOST_STATES)
            raise SheetError((Diagnostic("GS408", str(problem), None, self.source, None, "give smaller sizes"),))
        state = Index("state", Affine(), Affine(factor.count - 1))
        axes = (state, *(Index(a.name, Affine(), Affine(n - 1)) for a, n in zip(variable.axes, shape, strict=True)))
        table = next((t for t in self.tables if t.name == f"values of {variable.name}" and _same(t.axes, axes)), None)
        if table is None:
            table = Symbol(f"values of {variable.name}", axes, Role.INPUT, domain=variable.domain)
            held = np.concatenate([chunk[0] for chunk in states([factor], exact=False)])
            self.tables[table] = held
        outer = self.bound.get(variable)
        self.bound[variable] = (table, state)
        body = self.resolver.expr(node.body, scope)
        if outer is None:
            del self.bound[variable]
        else:
            self.bound[variable] = outer
        return reduced("sum", state, body)


def _like(symbol: Symbol, name: str, axes: tuple[Index, ...]) -> Symbol:
    leading = min(symbol.leading, len(axes)) if len(axes) == symbol.rank else 0
    return Symbol(name, axes, symbol.role, leading, symbol.row, symbol.domain, symbol.symmetric, symbol.span)


def _same(a: tuple[Index, ...], b: tuple[Index, ...]) -> bool:
    return [i.range for i in a] == [i.range for i in b]


__all__ = ["Integer", "Settler", "number"]
