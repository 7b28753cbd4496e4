"""Substitution of indices, symbols and sizes, and one bottom-up traversal that everything else uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gradsheet.expressions.affine import Affine, Atom, Index
from gradsheet.expressions.nodes import (
    Access,
    AnyNode,
    ArrayCall,
    Configurations,
    Expr,
    Integer,
    Invoke,
    Lambda,
    Partial,
    Reduce,
    affine_indices,
    affines,
    bound,
    children,
    with_children,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gradsheet.expressions.symbols import Symbol

T = TypeVar("T")


def walk(node: AnyNode) -> Iterator[AnyNode]:
    """Every node, each once, from the top down, without recursion."""
    seen = {node}
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        for child in children(current):
            if child not in seen:
                seen.add(child)
                stack.append(child)
        for value in affines(current):
            for atom in value.atoms():
                if isinstance(atom, Access) and atom not in seen:
                    seen.add(atom)
                    stack.append(atom)


def fold(root: AnyNode, visit: Callable[[AnyNode, tuple[T, ...]], T]) -> T:
    """A result for each node from the results of its children, each node once, without recursion."""
    results: dict[AnyNode, T] = {}
    stack: list[tuple[AnyNode, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if node in results:
            continue
        below = children(node)
        if ready or not below:
            results[node] = visit(node, tuple(results[c] for c in below))
        else:
            stack.append((node, True))
            stack.extend((c, False) for c in below if c not in results)
    return results[root]


def transform(root: AnyNode, rewrite: Callable[[AnyNode], AnyNode]) -> Any:
    """Rewrite bottom-up: `rewrite` sees each node with its children already rewritten."""

    def visit(node: AnyNode, parts: tuple[AnyNode, ...]) -> AnyNode:
        if any(a is not b for a, b in zip(parts, children(node), strict=True)):
            node = with_children(node, parts)
        return rewrite(node)

    return fold(root, visit)


def substitute(node: Any, mapping: Mapping[Any, Affine]) -> Any:
    """Replace free indices (or sizes) by affine expressions; bound indices are renamed where they would capture."""
    if not mapping:
        return node
    incoming: set[Index] = set()
    for value in mapping.values():
        incoming |= affine_indices(value)
    everywhere = any(not isinstance(atom, Index) for atom in mapping)
    return _substitute(node, dict(mapping), incoming, everywhere=everywhere)


def _substitute(node: Any, mapping: dict[Atom, Affine], incoming: set[Index], *, everywhere: bool) -> Any:
    if not everywhere and not any(i in mapping for i in node.free):
        return node
    binders = bound(node)
    if not binders:
        return _rebuild(node, mapping, lambda child: _substitute(child, mapping, incoming, everywhere=everywhere))
    inner = {a: v for a, v in mapping.items() if a not in binders}
    fresh: list[Index] = []
    added: set[Index] = set()
    for index in binders:
        low, high = _affine(index.low, inner), _affine(index.high, inner)
        if index in incoming or low is not index.low or high is not index.high:
            new = Index(index.name, low, high)
            inner[index] = Affine.atom(new)
            added.add(new)
        else:
            new = index
        fresh.append(new)
    body = _substitute(children(node)[0], inner, incoming | added, everywhere=everywhere)
    if isinstance(node, Reduce):
        return Reduce(node.kind, fresh[0], body)
    assert isinstance(node, Lambda)
    return Lambda(tuple(fresh), body)


def _affine(value: Affine, mapping: Mapping[Atom, Affine]) -> Affine:
    if not value.terms:
        return value

    def replace(atom: Atom) -> Affine | None:
        if atom in mapping:
            return mapping[atom]
        if isinstance(atom, Access):
            at = tuple(_affine(a, mapping) for a in atom.at)
            if at != atom.at:
                return Affine.atom(Access(atom.symbol, at))
        return None

    return value.map_atoms(replace)


def _rebuild(node: Any, mapping: Mapping[Atom, Affine], recur: Callable[[Any], Any]) -> Any:
    match node:
        case Integer(value=value):
            return Integer(_affine(value, mapping))
        case Access(symbol=symbol, at=at):
            return Access(symbol, tuple(_affine(a, mapping) for a in at))
        case ArrayCall(operation=operation, argument=argument, at=at):
            return ArrayCall(operation, recur(argument), tuple(_affine(a, mapping) for a in at))
        case Invoke(function=function, arguments=arguments, at=at):
            return Invoke(function, tuple(recur(a) for a in arguments), tuple(_affine(a, mapping) for a in at))
        case Partial(body=body, symbol=symbol, at=at):
            return Partial(recur(body), symbol, tuple(_affine(a, mapping) for a in at))
        case _:
            below = children(node)
            return with_children(node, tuple(recur(c) for c in below)) if below else node


def apply(function: Lambda, at: tuple[Affine, ...]) -> Expr:
    """The component of a tensor at given indices."""
    result: Expr = substitute(function.body, dict(zip(function.indices, at, strict=True)))
    return result


def replace_symbols(node: Any, mapping: Mapping[Symbol, Callable[[tuple[Affine, ...]], Expr]]) -> Any:
    """Replace every component of some symbols by expressions; nothing is renamed, as the expressions come closed."""

    def affine(value: Affine) -> Affine:
        def replace(atom: Atom) -> Affine | None:
            if isinstance(atom, Access):
                new = replace_symbols(atom, mapping)
                if isinstance(new, Integer):
                    return new.value
                if isinstance(new, Access) and new is not atom:
                    return Affine.atom(new)
            return None

        return value.map_atoms(replace)

    def rewrite(current: AnyNode) -> AnyNode:
        match current:
            case Access(symbol=symbol, at=at):
                at = tuple(affine(a) for a in at)
                return mapping[symbol](at) if symbol in mapping else Access(symbol, at)
            case Integer(value=value):
                return Integer(affine(value))
            case ArrayCall(operation=operation, argument=argument, at=at):
                return ArrayCall(operation, argument, tuple(affine(a) for a in at))
            case Invoke(function=function, arguments=arguments, at=at):
                return Invoke(function, arguments, tuple(affine(a) for a in at))
            case Partial(body=body, symbol=symbol, at=at):
                at = tuple(affine(a) for a in at)
                moved = mapping[symbol](at) if symbol in mapping else None
                return Partial(body, moved.symbol if isinstance(moved, Access) else symbol, at)
            case _:
                return current

    if not any(s in mapping for s in node.symbols):
        return node
    return transform(node, rewrite)


def rename_bound(node: Any) -> Any:
    """The same expression with bound indices of its own, so that two copies can stand in one scope."""

    def rewrite(current: AnyNode) -> AnyNode:
        match current:
            case Reduce(kind=kind, index=index, body=body):
                new = index.fresh()
                return Reduce(kind, new, substitute(body, {index: Affine.atom(new)}))
            case Configurations():
                return current
            case _:
                return current

    return transform(node, rewrite)
