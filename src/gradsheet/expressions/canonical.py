"""Equality up to the names of bound indices and the order of terms and factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from gradsheet.expressions.affine import Affine, Index, SizeMember
from gradsheet.expressions.nodes import (
    Access,
    Add,
    AnyNode,
    ArrayCall,
    Call,
    Configurations,
    Constant,
    Integer,
    Invoke,
    Junction,
    Lambda,
    Multiply,
    Number,
    OverData,
    Partial,
    Reduce,
    Relation,
    children,
)
from gradsheet.expressions.symbols import Symbol

Key = tuple[Any, ...]
Scope = Mapping[Index | Symbol, int]
_known: WeakKeyDictionary[AnyNode, Key] = WeakKeyDictionary()


def key(node: AnyNode, bound: Scope | None = None) -> Key:
    """A tuple that is the same for two expressions exactly if they differ only in bound names and order.

    `bound` numbers the indices, and the variables of sums over configurations, that are bound around the node.

    >>> from gradsheet.expressions import Add, number
    >>> key(Add((number(1), number(2)))) == key(Add((number(2), number(1))))
    True
    """
    scope = bound or {}
    closed = not scope or not (any(i in scope for i in node.free) or any(s in scope for s in node.symbols))
    if closed and node in _known:
        return _known[node]
    result = _key(node, {} if closed else scope)
    if closed:
        _known[node] = result
    return result


def _key(node: AnyNode, scope: Scope) -> Key:
    match node:
        case Number(value=value):
            return ("number", value.numerator, value.denominator)
        case Constant(name=name):
            return ("constant", name)
        case Integer(value=value):
            return ("integer", affine_key(value, scope))
        case Access(symbol=symbol, at=at):
            places = tuple(affine_key(a, scope) for a in at)
            which = ("bound", scope[symbol]) if symbol in scope else symbol.serial
            return ("access", which, tuple(sorted(places, key=repr)) if symbol.symmetric else places)
        case Add(terms=parts):
            return ("add", tuple(sorted((key(p, scope) for p in parts), key=repr)))
        case Multiply(factors=parts):
            return ("multiply", tuple(sorted((key(p, scope) for p in parts), key=repr)))
        case Junction(kind=kind, conditions=parts):
            return (kind, tuple(sorted((key(p, scope) for p in parts), key=repr)))
        case Call(function=function, arguments=arguments):
            return ("call", str(function), tuple(key(a, scope) for a in arguments))
        case Relation(sign=sign, left=left, right=right):
            return ("relation", sign, key(left, scope), key(right, scope))
        case Reduce(kind=kind, index=index, body=body):
            inner = {**scope, index: len(scope)}
            return (kind, affine_key(index.low, scope), affine_key(index.high, scope), key(body, inner))
        case Lambda(indices=indices, body=body):
            inner = dict(scope)
            ranges = []
            for index in indices:
                ranges.append((affine_key(index.low, inner), affine_key(index.high, inner)))
                inner[index] = len(inner)
            return ("lambda", tuple(ranges), key(body, inner))
        case ArrayCall(operation=operation, argument=argument, at=at):
            places = tuple(affine_key(a, scope) for a in at)
            if operation == "inverse" and _is_symmetric(argument):
                places = tuple(sorted(places, key=repr))
            return ("array", operation, key(argument, scope), places)
        case Invoke(function=function, arguments=arguments, at=at):
            parts_ = tuple(key(a, scope) for a in arguments)
            return ("invoke", function.serial, parts_, tuple(affine_key(a, scope) for a in at))
        case Partial(body=body, symbol=symbol, at=at):
            return ("partial", key(body, scope), symbol.serial, tuple(affine_key(a, scope) for a in at))
        case Configurations(variable=variable, body=body):
            inner = {**scope, variable: len(scope)}
            return ("configurations", variable.domain, _extents(variable, scope), key(body, inner))
        case OverData(kind=kind, body=body):
            return ("data", kind, key(body, scope))
        case _:
            return (type(node).__name__, tuple(key(c, scope) for c in children(node)))


def _is_symmetric(argument: Lambda) -> bool:
    """Whether a matrix is a symmetric symbol as it stands."""
    body = argument.body
    return isinstance(body, Access) and body.symbol.symmetric and len(argument.indices) == len(body.at)


def _extents(variable: Symbol, scope: Scope) -> Key:
    """The ranges of a variable's axes, of which a later one may use an earlier one."""
    inner = dict(scope)
    ranges = []
    for axis in variable.axes:
        ranges.append((affine_key(axis.low, inner), affine_key(axis.high, inner)))
        inner[axis] = len(inner)
    return tuple(ranges)


def affine_key(value: Affine, scope: Scope) -> Key:
    """The key of an affine expression in a scope of bound indices."""
    terms = []
    for atom, coefficient in value.terms:
        if isinstance(atom, Index):
            label: Key = ("bound", scope[atom]) if atom in scope else ("index", atom.serial)
        elif isinstance(atom, SizeMember):
            label = ("member", atom.family, affine_key(atom.at, scope))
        elif isinstance(atom, Access):
            label = key(atom, scope)
        else:
            label = ("size", *atom.order)
        terms.append((label, coefficient))
    return (value.constant, tuple(sorted(terms, key=repr)))


def same(a: AnyNode, b: AnyNode) -> bool:
    """Whether two expressions are equal up to bound names and order."""
    return a is b or key(a) == key(b)
