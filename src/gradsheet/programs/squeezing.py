"""Axes of a single entry are left out: with one row at a time, the axis of the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Affine, ArrayCall, Integer, Symbol, substitute, transform
from gradsheet.programs.inlining import tidy
from gradsheet.programs.model import Assign, Loop, Program, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import AnyNode, Expr, Index


def squeeze(program: Program) -> tuple[Program, dict[Symbol, Symbol]]:
    """The program without axes of one entry, and the new symbol of each array that had some."""
    symbols = {a.target for a in program.assigns} | {a.symbol for a in program.arguments}
    changed = {s: _thinner(s) for s in symbols if any(_is_single(a) for a in s.axes)}

    def affine(value: Affine) -> Affine:
        return value.map_atoms(lambda a: Affine.atom(component(a)) if isinstance(a, Access) else None)

    def component(access: Access) -> Access:
        at = tuple(affine(p) for p in access.at)
        if access.symbol not in changed:
            return Access(access.symbol, at)
        kept = [p for p, axis in zip(at, access.symbol.axes, strict=True) if not _is_single(axis)]
        return Access(changed[access.symbol], tuple(kept))

    def rewrite(node: AnyNode) -> AnyNode:
        match node:
            case Access():
                return component(node)
            case Integer(value=value):
                return Integer(affine(value))
            case ArrayCall(operation=operation, argument=argument, at=at):
                return ArrayCall(operation, argument, tuple(affine(a) for a in at))
            case _:
                return tidy(node)

    def one(statement: Assign) -> Assign:
        alone = {i: i.low for i in statement.free if _is_single(i)}
        body: Expr = transform(substitute(statement.body, alone), rewrite)
        target = changed.get(statement.target, statement.target)
        pattern = tuple(
            affine(p.substitute(alone))
            for p, axis in zip(statement.pattern, statement.target.axes, strict=True)
            if statement.target not in changed or not _is_single(axis)
        )
        return Assign(target, pattern, tuple(i for i in statement.free if i not in alone), body)

    def block(statements: Sequence[Statement]) -> tuple[Statement, ...]:
        return tuple(replace(s, body=block(s.body)) if isinstance(s, Loop) else one(s) for s in statements)

    arguments = tuple(replace(a, symbol=changed.get(a.symbol, a.symbol)) for a in program.arguments)
    results = tuple(
        replace(
            r, symbol=changed.get(r.symbol, r.symbol),
            updates=changed.get(r.updates, r.updates) if r.updates is not None else None,
        )
        for r in program.results
    )  # fmt: skip
    return replace(program, arguments=arguments, statements=block(program.statements), results=results), changed


def _is_single(index: Index) -> bool:
    return index.low == index.high and index.low.is_constant


def _thinner(symbol: Symbol) -> Symbol:
    axes = tuple(a for a in symbol.axes if not _is_single(a))
    return Symbol(symbol.name, axes, symbol.role, domain=symbol.domain, span=symbol.span)


__all__ = ["squeeze"]
