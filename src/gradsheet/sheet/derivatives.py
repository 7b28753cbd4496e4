"""Derivatives as terms: `∂L/∂W`, `∂²L/∂w²`, `∂h[i]/∂a[j]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Role, Symbol
from gradsheet.sheet.ranges import flatten_subscript
from gradsheet.sheet.tensors import Tensor, fresh_indices
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.sheet.expressions import ExpressionReader
    from gradsheet.sheet.scope import Scope


def derivative(reader: ExpressionReader, node: tree.Derivative, scope: Scope) -> Tensor:
    """∂L/∂W as a symbol of its own, whose equation the derivation gives; d a/d b of declared names is a quotient."""
    if node.plain is not None and any(n.key in reader.sheet.symbols or n.key in scope.locals for n in node.plain):
        a, b = node.plain
        quotient = tree.Product((tree.Factor("", a), tree.Factor("/", b)), span=node.span)
        return reader.products.read(quotient, scope)
    of, of_items = _variable(reader, node.of, scope)
    by = [_variable(reader, b, scope) for b in node.by]
    if of.role is not Role.DEFINITION and of.role is not Role.ADJOINT:
        raise reader.fail("GS214", f"'{of.name}' is not computed by an equation, so it has no derivative", node.of.span)
    symbols = tuple(s for s, _ in by)
    adjoint = derivative_symbol(reader, of, symbols)
    whole = reader.whole(adjoint)
    items: list[tree.Expression | tree.Slice] = []
    for symbol, given in [(of, of_items), *by]:
        items.extend(given)
        items.extend(tree.Slice(None, None) for _ in range(symbol.rank - len(given)))
    if not any(not isinstance(i, tree.Slice) for i in items):
        return whole
    return reader.component(whole, items, node.span, scope, "this derivative")


def _variable(
    reader: ExpressionReader, node: tree.Expression, scope: Scope
) -> tuple[Symbol, list[tree.Expression | tree.Slice]]:
    items: tuple[tree.Expression | tree.Slice, ...] = ()
    base: tree.Expression = node
    if isinstance(node, tree.Group) and len(node.items) == 1:
        base = node.items[0]
    if isinstance(base, tree.Subscript):
        base, items = flatten_subscript(base)
    if not isinstance(base, tree.Name):
        raise reader.fail(
            "GS214", "a derivative is taken of a name, by names", node.span, "name this expression in a line of its own"
        )
    symbol = reader.symbol(base, scope)
    if symbol is None:
        raise reader.unknown(base, scope)
    return symbol, list(items)


def derivative_symbol(reader: ExpressionReader, of: Symbol, by: tuple[Symbol, ...]) -> Symbol:
    """The symbol that stands for ∂of/∂by; its axes are those of `of`, then those of each variable."""
    known = reader.sheet.derivatives.get((of, by))
    if known is not None:
        return known
    axes = fresh_indices(of.axes)
    for variable in by:
        axes = (*axes, *fresh_indices(variable.axes))
    symbol = Symbol(derivative_name(of, by), axes, Role.ADJOINT, adjoint_of=(of, by))
    reader.sheet.derivatives[of, by] = symbol
    return symbol


def derivative_name(of: Symbol, by: tuple[Symbol, ...]) -> str:
    """`∂L/∂W`, `∂²L/∂w²`, `∂²L/∂w∂v`; brackets where a derivative is differentiated or differentiated by."""
    if any(s.adjoint_of is not None for s in by):
        *first, last = by
        inner = derivative_name(of, tuple(first)) if first else of.name
        return f"∂({inner})/∂({last.name})" if last.adjoint_of is not None else f"∂({inner})/∂{last.name}"
    if len(by) == 1:
        return f"∂{of.name}/∂{by[0].name}"
    raised = "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(d)] for d in str(len(by)))
    if len(set(by)) == 1:
        return f"∂{raised}{of.name}/∂{by[0].name}{raised}"
    return f"∂{raised}{of.name}/" + "".join(f"∂{s.name}" for s in by)
