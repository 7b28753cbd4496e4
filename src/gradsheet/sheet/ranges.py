"""Index ranges that the author left out: from the axes where the index stands bare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Affine
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.diagnostics import Span
    from gradsheet.expressions import Index, Symbol
    from gradsheet.sheet.scope import Scope

Found = tuple[str, Affine, Affine, "Span"]


def flatten_subscript(node: tree.Subscript) -> tuple[tree.Expression, tuple[tree.Expression | tree.Slice, ...]]:
    """`h[l][i]` is `h[l,i]`."""
    items = node.items
    base = node.base
    while isinstance(base, tree.Subscript):
        items = (*base.items, *items)
        base = base.base
    return base, items


def tree_children(node: object) -> Iterator[tree.Expression]:
    """The expressions directly below a syntax node."""
    match node:
        case tree.Group(items=items) | tree.Logic(items=items) | tree.Comparison(items=items):
            yield from items
        case tree.Subscript(base=base, items=items):
            yield base
            for item in items:
                if isinstance(item, tree.Slice):
                    yield from (x for x in (item.low, item.high) if x is not None)
                else:
                    yield item
        case tree.Prime(base=base) | tree.Transpose(base=base):
            yield base
        case tree.Power(base=base, exponent=exponent):
            yield base
            yield exponent
        case tree.Product(factors=factors):
            for factor in factors:
                yield factor.item
        case tree.Additive(terms=terms):
            for term in terms:
                yield term.item
        case tree.Conditional(then=then, condition=condition, otherwise=otherwise):
            yield from (then, condition, otherwise)
        case tree.Range(low=low, high=high):
            yield from (low, high)
        case tree.Binder(indices=indices, body=body):
            for index in indices:
                if index.domain is not None:
                    yield index.domain
            yield body
        case tree.Bars(body=body):
            yield body
        case tree.Underbrace(base=base):
            yield base
        case tree.Conditioned(events=events, given=given):
            yield from events
            yield from given
        case tree.Array(rows=rows):
            for row in rows:
                yield from row
        case tree.Derivative(of=of, by=by):
            yield of
            yield from by
        case _:
            return


def bare_uses(
    body: tree.Expression, wanted: frozenset[str], symbols: dict[str, Symbol], scope: Scope, affine: object
) -> list[Found]:
    """Each axis where one of the wanted names stands alone as an index, with its range.

    `affine` turns a syntax node into an affine expression or None; it is needed where the range of an axis depends
    on an earlier index, as in h[l,i] with i in 1..n[l].
    """
    found: list[Found] = []
    stack: list[tuple[tree.Expression, frozenset[str]]] = [(body, wanted)]
    while stack:
        node, names = stack.pop()
        if not names:
            continue
        if isinstance(node, tree.Binder) and node.kind in {"sum", "prod", "max", "min", "mean"}:
            names = names - {i.name.key for i in node.indices}
        if isinstance(node, tree.Subscript):
            base, items = flatten_subscript(node)
            if isinstance(base, tree.Name):
                symbol = scope.locals.get(base.key) or symbols.get(base.key)
                if symbol is not None:
                    found.extend(_matches(items, names, symbol, affine))
        stack.extend((child, names) for child in tree_children(node))
    found.reverse()
    return found


def _matches(
    items: tuple[tree.Expression | tree.Slice, ...], names: frozenset[str], symbol: Symbol, affine: object
) -> Iterator[Found]:
    known: dict[Index, Affine] = {}
    for item, axis in zip(items, symbol.axes, strict=False):
        if isinstance(item, tree.Name) and item.key in names:
            low, high = axis.low.substitute(known), axis.high.substitute(known)
            if not _leftover(low, symbol, known) and not _leftover(high, symbol, known):
                yield item.key, low, high, item.span
        if not isinstance(item, tree.Slice):
            value = affine(item)  # type: ignore[operator]
            if value is not None:
                known[axis] = value


def _leftover(value: Affine, symbol: Symbol, known: dict[Index, Affine]) -> bool:
    """Whether a range still uses an axis of the symbol whose index is not known."""
    return any(atom in symbol.axes and atom not in known for atom in value.atoms())
