"""The axis of the data: what is stated for one example is computed for every row, and averaged where it is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gradsheet.expressions import (
    Access,
    Add,
    Affine,
    ArrayCall,
    Expr,
    Index,
    Integer,
    OverData,
    Reduce,
    Role,
    Symbol,
    number,
    transform,
    walk,
)
from gradsheet.programs.forms import added, atoms_of, count_of, multiplied, raised
from gradsheet.programs.model import Assign, Loop, Program, Statement, mapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.expressions import AnyNode

Weight = Literal["mean", "sum"]


def without_rows(program: Program) -> Program:
    """The program for one example: a mean over the data is the value of that example."""

    def rewrite(node: AnyNode) -> AnyNode:
        return node.body if isinstance(node, OverData) else node

    return program.with_statements(mapped(program.statements, lambda body: transform(body, rewrite)))


def add_rows(program: Program, data: frozenset[Symbol], joined: Mapping[Symbol, Weight], axis: Index) -> Program:
    """The program over the rows of the data: `data` are the arguments with a row for each example.

    What depends on them gets the axis of the rows first. `joined` are the arrays whose mean or sum over the rows is
    what is asked for; terms that do not depend on the data are counted once.
    """
    return _Rows(program, data, joined, axis).program()


class _Rows:
    def __init__(
        self, program: Program, data: frozenset[Symbol], joined: Mapping[Symbol, Weight], axis: Index
    ) -> None:
        self.source, self.data, self.axis = program, data, axis
        self.by_row = reached(program, data, frozenset(joined))
        self.joined = {s: weight for s, weight in joined.items() if s in self.by_row}
        self.arrays = {s: self._with_rows(s) for s in self.by_row}
        self.totals: dict[Symbol, Symbol] = {}

    def _with_rows(self, symbol: Symbol) -> Symbol:
        row = Index(self.axis.name, self.axis.low, self.axis.high)
        return Symbol(
            symbol.name, (row, *symbol.axes), symbol.role, symbol.leading + 1, symbol.row, symbol.domain,
            span=symbol.span,
        )  # fmt: skip

    def program(self) -> Program:
        statements = self._statements(self.source.statements)
        arguments = tuple(
            replace(a, symbol=self.arrays[a.symbol], part="data") if a.symbol in self.data else a
            for a in self.source.arguments
        )
        results = tuple(replace(r, symbol=self._result(r.symbol)) for r in self.source.results)
        return replace(
            self.source, arguments=arguments, statements=tuple(statements), results=results, rows=self.axis
        )

    def _result(self, symbol: Symbol) -> Symbol:
        return self.totals.get(symbol) or self.arrays.get(symbol, symbol)

    # ------------------------------------------------------------ statements

    def _statements(self, statements: Sequence[Statement]) -> list[Statement]:
        made: list[Statement] = []
        last = {a.target: k for k, s in enumerate(statements) for a in _inside(s)}
        for k, statement in enumerate(statements):
            if isinstance(statement, Assign) and self._has_terms_of_none(statement, last):
                if self._is_read(statement.target):
                    made.append(self._statement(statement))
                made.append(self._sum_of_terms(statement))
                continue
            made.append(self._statement(statement))
            made.extend(self._total(s) for s, at in last.items() if at == k and s in self.joined)
        return made

    def _statement(self, statement: Statement) -> Statement:
        if isinstance(statement, Loop):
            return replace(statement, body=tuple(self._statement(s) for s in statement.body))
        if statement.target not in self.by_row:
            return replace(statement, body=self._once(statement.body))
        row = Index(self.axis.name, self.axis.low, self.axis.high)
        place = Affine.atom(row)
        body = self._at_row(statement.body, place)
        target = self.arrays[statement.target]
        return Assign(target, (place, *statement.pattern), (row, *statement.free), body)

    def _has_terms_of_none(self, statement: Assign, last: Mapping[Symbol, int]) -> bool:
        """Whether what is summed over the rows has terms without data, which are no row's."""
        target, body = statement.target, statement.body
        if self.joined.get(target) != "sum" or target not in last or not isinstance(body, Add):
            return False
        assigned = sum(a.target is target for a in self.source.assigns)
        return assigned == 1 and statement.whole and not all(self._moves(t) for t in body.terms)

    def _is_read(self, symbol: Symbol) -> bool:
        """Whether another statement for each row reads a symbol."""
        return any(a.target in self.by_row and symbol in a.body.symbols for a in self.source.assigns)

    def _sum_of_terms(self, statement: Assign) -> Assign:
        """The sum over the rows of the terms that depend on data, and the others once."""
        symbol = statement.target
        target = self.totals[symbol] = Symbol(symbol.name, symbol.axes, Role.DEFINITION)
        return Assign(target, statement.pattern, statement.free, self._over_rows(statement.body, "sum"))

    def _at_row(self, body: Expr, place: Affine) -> Expr:
        """The expression for one row."""

        def affine(value: Affine) -> Affine:
            def of(atom: object) -> Affine | None:
                if not isinstance(atom, Access):
                    return None
                at = tuple(affine(a) for a in atom.at)
                if atom.symbol in self.arrays:
                    return Affine.atom(Access(self.arrays[atom.symbol], (place, *at)))
                return Affine.atom(Access(atom.symbol, at))

            return value.map_atoms(of)

        def rewrite(node: AnyNode) -> AnyNode:
            match node:
                case Access(symbol=symbol, at=at):
                    at = tuple(affine(a) for a in at)
                    if symbol in self.arrays:
                        return Access(self.arrays[symbol], (place, *at))
                    return Access(symbol, at)
                case Integer(value=value):
                    return Integer(affine(value))
                case ArrayCall(operation=operation, argument=argument, at=at):
                    return ArrayCall(operation, argument, tuple(affine(a) for a in at))
                case _:
                    return node

        result: Expr = transform(body, rewrite)
        return result

    def _once(self, body: Expr) -> Expr:
        """An expression that is computed once: means over the data are sums over the rows, averages are known."""

        def rewrite(node: AnyNode) -> AnyNode:
            match node:
                case OverData(kind=kind, body=inner):
                    return self._over_rows(inner, kind)
                case Access(symbol=symbol, at=at) if symbol in self.totals:
                    return Access(self.totals[symbol], at)
                case _:
                    return node

        result: Expr = transform(body, rewrite)
        return result

    def _over_rows(self, body: Expr, kind: str) -> Expr:
        """Mean or sum over the rows, term by term; a term without data is the same in every row."""
        once: list[Expr] = []
        moving: list[Expr] = []
        for term in body.terms if isinstance(body, Add) else (body,):
            (moving if self._moves(term) else once).append(term)
        if not moving:
            return body
        row = Index(self.axis.name, self.axis.low, self.axis.high)
        inner = self._at_row(added(moving), Affine.atom(row))
        total: Expr = Reduce("sum", row, inner)
        if kind == "mean":
            total = multiplied((self._share(), total))
        return added([total, *once])

    def _moves(self, body: Expr) -> bool:
        return any(s in self.by_row for s in body.symbols)

    def _share(self) -> Expr:
        count = count_of(self.axis)
        return number(1) if count == Affine(1) else raised(
            number(count.constant) if count.is_constant else Integer(count), number(-1)
        )

    def _total(self, symbol: Symbol) -> Assign:
        """The mean over the rows of what one row contributes."""
        target = Symbol(symbol.name, symbol.axes, Role.DEFINITION)
        free = tuple(Index(a.name, a.low, a.high) for a in symbol.axes)
        row = Index(self.axis.name, self.axis.low, self.axis.high)
        self.totals[symbol] = target
        part = Access(self.arrays[symbol], (Affine.atom(row), *atoms_of(free)))
        total: Expr = Reduce("sum", row, part)
        if self.joined[symbol] == "mean":
            total = multiplied((self._share(), total))
        return Assign(target, atoms_of(free), free, total)


def _inside(statement: Statement) -> list[Assign]:
    if isinstance(statement, Loop):
        return [a for s in statement.body for a in _inside(s)]
    return [statement]


def reached(program: Program, data: frozenset[Symbol], joined: frozenset[Symbol]) -> set[Symbol]:
    """The arrays with a row for each example: what depends on data, not by way of what is joined."""
    listed = list(program.assigns)
    found = set(data)
    changed = True
    while changed:
        changed = False
        for statement in listed:
            if statement.target in found:
                continue
            stops = joined if statement.target not in joined else frozenset()
            if _reads(statement.body) & (found - stops):
                found.add(statement.target)
                changed = True
    return found


def _reads(body: Expr) -> set[Symbol]:
    """What an expression reads, outside means over the data."""
    inside: set[Symbol] = set()
    for node in walk(body):
        if isinstance(node, OverData):
            inside |= node.body.symbols

    def bare(node: AnyNode) -> AnyNode:
        return number(0) if isinstance(node, OverData) else node

    return set(transform(body, bare).symbols) if inside else set(body.symbols)


__all__ = ["Weight", "add_rows", "reached", "without_rows"]
