"""After reading: every size that an equation made equal to another is replaced by one representative."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Affine, Configurations, Index, Lambda, Size, ValueSet, substitute, walk
from gradsheet.expressions.nodes import affines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.expressions import AnyNode, Atom, Symbol
    from gradsheet.sheet.model import Sheet
    from gradsheet.sheet.sizes import SizeTable


def close_sizes(sheet: Sheet, sizes: SizeTable) -> None:
    """Rewrite all ranges of a sheet in terms of representative sizes."""
    bound: dict[Atom, Affine] = dict(sizes.bound.items())
    if not bound:
        return
    symbols: set[Symbol] = {*sheet.symbols.values(), *sheet.derivatives.values(), *sheet.row_sums}
    for definition in sheet.functions.values():
        symbols.update(definition.formals)
    for symbol in symbols:
        _close_symbol(symbol, bound)
    for equation in sheet.equations:
        free, moved = _telescope(equation.free, bound, equation.body)
        equation.free = free
        equation.body = substitute(equation.body, moved)
        equation.pattern = tuple(p.substitute(moved) for p in equation.pattern)
    for definition in sheet.functions.values():
        indices, moved = _telescope(definition.body.indices, bound, definition.body.body)
        definition.body = Lambda(indices, substitute(definition.body.body, moved))
    updates = []
    for rule in sheet.updates:
        indices, moved = _telescope(rule.value.indices, bound, rule.value.body)
        value = Lambda(indices, substitute(rule.value.body, moved))
        pattern = tuple(p.substitute(moved) for p in rule.pattern)
        updates.append(type(rule)(rule.symbol, pattern, value, rule.syntax))
    sheet.updates = tuple(updates)
    for key, (low, high) in sheet.size_families.items():
        sheet.size_families[key] = (low.substitute(bound), high.substitute(bound))


def _close_symbol(symbol: Symbol, bound: dict[Atom, Affine]) -> None:
    symbol.axes = _telescope(symbol.axes, bound)[0]
    domain = symbol.domain
    if domain.bounds is not None:
        low, high = domain.bounds
        bounds = (low.substitute(bound), high.substitute(bound))
        symbol.domain = ValueSet(
            domain.kind, domain.values, domain.low, domain.high, domain.low_open, domain.high_open, bounds
        )


def _relevant(indices: Iterable[Index], body: AnyNode | None, bound: dict[Atom, Affine]) -> dict[Atom, Affine]:
    """The part of the size table that an equation uses; the whole table is as long as the sheet."""
    ranges = [a for i in indices for a in i.range]
    if body is not None:
        for node in walk(body):
            ranges.extend(affines(node))
            if isinstance(node, Configurations):
                _close_symbol(node.variable, bound)
    used = {a for value in ranges for a in value.atoms() if isinstance(a, Size)}
    for value in ranges:
        for atom in value.atoms():
            if isinstance(atom, Index):
                used.update(a for side in atom.range for a in side.atoms() if isinstance(a, Size))
    return {s: bound[s] for s in used if s in bound}


def _telescope(
    indices: tuple[Index, ...], bound: dict[Atom, Affine], body: AnyNode | None = None
) -> tuple[tuple[Index, ...], dict[Atom, Affine]]:
    """The same indices over resolved ranges, and the mapping from old to new."""
    mapping = _relevant(indices, body, bound)
    result = []
    for index in indices:
        low, high = index.low.substitute(mapping), index.high.substitute(mapping)
        if low == index.low and high == index.high:
            result.append(index)
            continue
        new = Index(index.name, low, high)
        mapping[index] = Affine.atom(new)
        result.append(new)
    return tuple(result), mapping
