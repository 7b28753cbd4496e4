"""The next example's first layer, begun before this example's update is known.

What is linear in the parameters, such as z = W x + b, is at the new parameters W − η g, b − η g' and the next example
x' as z(x') at the old ones less η (g x' + g'): the first waits for nothing, the second is short, as g = δ xᵀ makes it
δ (x · x' + 1). The sums are the same in exact arithmetic; the longest way from step to step becomes shorter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.calculus import Simplifier
from gradsheet.calculus.terms import rebuilt, split
from gradsheet.expressions import (
    Access,
    Add,
    Expr,
    Index,
    Multiply,
    Reduce,
    Symbol,
    replace_symbols,
    substitute,
    transform,
    walk,
)
from gradsheet.expressions.nodes import children
from gradsheet.programs.forms import added, multiplied, reduced
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.expressions import AnyNode
    from gradsheet.programs.model import Assign, Program


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """A part of a definition that is linear in what changes, and its two parts for the next row."""

    node: Expr
    side: Index | None
    """The one index that it has, if it has one."""
    following: Expr
    """The same for the next row after the update, from the old parameters."""


def look_ahead(program: Program) -> tuple[list[Ahead], dict[Symbol, Symbol]]:
    """What can be begun early, and for each array of data the symbol of its next row."""
    changing: dict[Symbol, Symbol] = {r.updates: r.symbol for r in program.results if r.updates is not None}
    updates = {a.target: a for a in program.assigns if a.target in changing.values()}
    data = {a.symbol for a in program.arguments if a.part == "data"}
    fixed = {a.symbol for a in program.arguments} - set(changing) - data
    following = {s: Symbol(f"next {s.name}", s.axes, s.role) for s in data}
    found: list[Ahead] = []
    for definition in program.assigns:
        if definition.target in updates:
            continue
        for node in linear_parts(definition.body, changing, data | fixed):
            made = _ahead(node, {old: updates[new] for old, new in changing.items()}, following)
            if made is not None:
                found.append(made)
    return found, following


def linear_parts(body: Expr, changing: Mapping[Symbol, Symbol], known: set[Symbol]) -> list[Expr]:
    """The largest parts that read changing parameters, linearly, and nothing that is computed."""
    found: list[Expr] = []
    stack: list[AnyNode] = [body]
    while stack:
        node = stack.pop()
        reads = {s for s in node.symbols if s in changing}
        whole = isinstance(node, (Add, Reduce, Multiply)) and any(isinstance(n, Reduce) for n in walk(node))
        if reads and whole and node.symbols <= known | set(reads) and _is_linear(node, changing):
            found.append(node)  # type: ignore[arg-type]
        else:
            stack.extend(children(node))
    return found


def _is_linear(node: AnyNode, changing: Mapping[Symbol, Symbol]) -> bool:
    """Whether every term has one changing component as a factor."""
    match node:
        case Access(symbol=symbol):
            return symbol in changing
        case Add(terms=terms):
            return all(_is_linear(t, changing) for t in terms)
        case Reduce(kind="sum", body=body):
            return _is_linear(body, changing)
        case Multiply(factors=factors):
            own = [f for f in factors if any(s in changing for s in f.symbols)]
            return len(own) == 1 and _is_linear(own[0], changing)
        case _:
            return False


def _ahead(node: Expr, updates: Mapping[Symbol, Assign], following: Mapping[Symbol, Symbol]) -> Ahead | None:
    if len(node.free) > 1:
        return None
    changes = {old: _change(update, old) for old, update in updates.items()}
    if any(changes[s] is None for s in node.symbols if s in changes):
        return None
    kept: Expr = replace_symbols(node, {old: _next(new) for old, new in following.items()})  # type: ignore[misc]

    def rewrite(part: AnyNode) -> AnyNode:
        match part:
            case Access(symbol=symbol, at=at) if symbol in updates:
                change = changes[symbol]
                assert change is not None
                mapping = dict(zip(updates[symbol].free, at, strict=True))
                return substitute(change, mapping)  # type: ignore[no-any-return]
            case Reduce(kind=kind, index=index, body=body):
                return reduced(kind, index, body)
            case _:
                return part

    change = Simplifier().simplify(transform(kept, rewrite))
    if any(isinstance(n, Reduce) and n.free for n in walk(change)):
        return None  # a sum over something else than the two examples is no shorter way
    side = next(iter(node.free), None)
    return Ahead(node, side, added([kept, _grouped(change)]))


def _grouped(body: Expr) -> Expr:
    """δ (c + c'), for δ c + δ c': what comes last is multiplied once."""
    terms = split(body, expand=False)
    first = terms[0].factors if terms else ()
    common = [f for f in first if f.free and all(f in t.factors for t in terms)]
    if not common or any(t.guards for t in terms):
        return body
    rest = [replace(t, factors=_without(t.factors, common)) for t in terms]
    return multiplied([*common, rebuilt(rest)])


def _without(factors: tuple[Expr, ...], common: Sequence[Expr]) -> tuple[Expr, ...]:
    left = list(factors)
    for factor in common:
        left.remove(factor)
    return tuple(left)


def _change(update: Assign, old: Symbol) -> Expr | None:
    """What an update adds to a parameter."""
    terms = update.body.terms if isinstance(update.body, Add) else (update.body,)
    rest = [t for t in terms if not (isinstance(t, Access) and t.symbol is old and t.at == update.pattern)]
    if len(rest) != len(terms) - 1 or any(old in t.symbols for t in rest):
        return None
    return added(rest)


def _next(symbol: Symbol) -> object:
    return lambda at: Access(symbol, at)


__all__ = ["Ahead", "linear_parts", "look_ahead"]
