"""Expressions in components: a closed union of few kinds of node, interned, frozen, never simplified when built.

An expression is scalar and may have free indices; `Lambda` abstracts over them to make a vector, a matrix, a tensor.
`W x + b` is the component Σⱼ W[i,j] x[j] + b[i]; matrix notation is a view that the writing layer finds again.
Equal nodes are the same object, so equality is identity and results can be kept by node. Bound indices keep their
identity (substitution and contraction are then plain); equality up to their names is `canonical.key`.
"""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakValueDictionary

from gradsheet.expressions.affine import Affine, Index, SizeMember
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.expressions.symbols import Symbol, Unspecified

_table: WeakValueDictionary[tuple[Any, ...], Any] = WeakValueDictionary()
_EMPTY: frozenset[Any] = frozenset()


class _Interned(type):
    """Builds a node once for each tuple of fields."""

    def __call__(cls, *fields: Any) -> Any:
        identity = (cls, *fields)
        node = _table.get(identity)
        if node is None:
            node = super().__call__(*fields)
            _table[identity] = node
        return node


@dataclass(frozen=True, eq=False)
class Node(metaclass=_Interned):
    """A node with what is asked of it most: the nodes and places that stand in it, free indices and symbols below."""

    parts: tuple[AnyNode, ...] = field(init=False, repr=False)
    places: tuple[Affine, ...] = field(init=False, repr=False)
    free: frozenset[Index] = field(init=False, repr=False)
    symbols: frozenset[Symbol] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", _children(self))
        object.__setattr__(self, "places", _affines(self))
        free, symbols = _footprint(self)
        object.__setattr__(self, "free", free)
        object.__setattr__(self, "symbols", symbols)


@dataclass(frozen=True, eq=False)
class Number(Node):
    """An exact rational."""

    value: Fraction


@dataclass(frozen=True, eq=False)
class Constant(Node):
    """π, e or ∞."""

    name: Literal["π", "e", "∞"]


@dataclass(frozen=True, eq=False)
class Integer(Node):
    """An index, a size or a linear expression of them, used as a number: the N in 1/N."""

    value: Affine


@dataclass(frozen=True, eq=False)
class Access(Node):
    """One component of a symbol: W[i,j]."""

    symbol: Symbol
    at: tuple[Affine, ...]

    @property
    def order(self) -> tuple[object, ...]:
        """Integer-valued components are atoms of affine expressions: the c in V[:,c]."""
        return (4, self.symbol.order, tuple(a.order for a in self.at))

    def __repr__(self) -> str:
        return f"{self.symbol.name}[{', '.join(map(repr, self.at))}]" if self.at else self.symbol.name


@dataclass(frozen=True, eq=False)
class Add(Node):
    """Σ of terms, in the author's order."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Multiply(Node):
    """Product of factors, in the author's order."""

    factors: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Power(Node):
    """base ^ exponent."""

    base: Expr
    exponent: Expr


@dataclass(frozen=True, eq=False)
class Call(Node):
    """An elementwise function of the operations table (by name), or an unspecified one."""

    function: str | Unspecified
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Piecewise(Node):
    """`then` where the condition holds, else `otherwise`; the branch not taken is not looked at."""

    condition: Condition
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, eq=False)
class Reduce(Node):
    """Σ, Π, max or min of the body over an index."""

    kind: Literal["sum", "prod", "max", "min"]
    index: Index
    body: Expr


@dataclass(frozen=True, eq=False)
class Configurations(Node):
    """Σ of the body over all values of a variable in a finite set, such as {0,1}ⁿ."""

    variable: Symbol
    body: Expr


@dataclass(frozen=True, eq=False)
class Lambda(Node):
    """A vector, matrix or tensor: the body as a function of the indices."""

    indices: tuple[Index, ...]
    body: Expr


@dataclass(frozen=True, eq=False)
class ArrayCall(Node):
    """One component of an operation on whole arrays: softmax, inverse, determinant, log-determinant."""

    operation: str
    argument: Lambda
    at: tuple[Affine, ...]


@dataclass(frozen=True, eq=False)
class Invoke(Node):
    """One component of a function that the sheet defines, at arguments: E(v, h)."""

    function: Symbol
    arguments: tuple[Lambda, ...]
    at: tuple[Affine, ...]


@dataclass(frozen=True, eq=False)
class OverData(Node):
    """Mean or sum of the body over the rows of the data."""

    kind: Literal["mean", "sum"]
    body: Expr


@dataclass(frozen=True, eq=False)
class Partial(Node):
    """∂ body / ∂ symbol[at], not yet carried out."""

    body: Expr
    symbol: Symbol
    at: tuple[Affine, ...]


@dataclass(frozen=True, eq=False)
class Relation(Node):
    """A comparison of two scalars; of two integers when both sides are `Integer`."""

    sign: Literal["=", "≠", "<", "≤", ">", "≥"]
    left: Expr
    right: Expr


@dataclass(frozen=True, eq=False)
class Junction(Node):
    """All or any of several conditions."""

    kind: Literal["and", "or"]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, eq=False)
class Negation(Node):
    """The condition does not hold."""

    condition: Condition


Condition = Relation | Junction | Negation
Expr = (
    Number
    | Constant
    | Integer
    | Access
    | Add
    | Multiply
    | Power
    | Call
    | Piecewise
    | Reduce
    | Configurations
    | ArrayCall
    | Invoke
    | OverData
    | Partial
)
AnyNode = Expr | Condition | Lambda


def affine_indices(value: Affine) -> frozenset[Index]:
    """The indices that an affine expression uses, those inside sizes and integer components included."""
    found: set[Index] = set()
    for atom in value.atoms():
        if isinstance(atom, Index):
            found.add(atom)
        elif isinstance(atom, Access):
            found |= atom.free
    return frozenset(found)


def _affine_symbols(value: Affine) -> frozenset[Symbol]:
    found: set[Symbol] = set()
    for atom in value.atoms():
        if isinstance(atom, Access):
            found |= atom.symbols
    return frozenset(found)


def affines(node: AnyNode) -> tuple[Affine, ...]:
    """The affine expressions that stand directly in a node (ranges of bound indices included)."""
    return node.places


def _affines(node: Any) -> tuple[Affine, ...]:
    match node:
        case Integer(value=value):
            return (value,)
        case Access(at=at) | ArrayCall(at=at) | Invoke(at=at) | Partial(at=at):
            return at
        case Reduce(index=index):
            return index.range
        case Lambda(indices=indices):
            return tuple(a for i in indices for a in i.range)
        case _:
            return ()


def children(node: AnyNode) -> tuple[AnyNode, ...]:
    """The nodes directly below."""
    return node.parts


def _children(node: Any) -> tuple[AnyNode, ...]:
    match node:
        case Add(terms=parts) | Multiply(factors=parts) | Junction(conditions=parts) | Call(arguments=parts):
            return parts
        case Power(base=base, exponent=exponent):
            return (base, exponent)
        case Piecewise(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Reduce(body=body) | Configurations(body=body) | OverData(body=body) | Partial(body=body):
            return (body,)
        case Lambda(body=body):
            return (body,)
        case ArrayCall(argument=argument):
            return (argument,)
        case Invoke(arguments=arguments):
            return arguments
        case Relation(left=left, right=right):
            return (left, right)
        case Negation(condition=condition):
            return (condition,)
        case _:
            return ()


def bound(node: AnyNode) -> tuple[Index, ...]:
    """The indices that a node binds."""
    match node:
        case Reduce(index=index):
            return (index,)
        case Lambda(indices=indices):
            return indices
        case _:
            return ()


def with_children(node: AnyNode, parts: tuple[Any, ...]) -> Any:
    """The same node over other children."""
    match node:
        case Add():
            return Add(parts)
        case Multiply():
            return Multiply(parts)
        case Junction(kind=kind):
            return Junction(kind, parts)
        case Call(function=function):
            return Call(function, parts)
        case Power():
            return Power(*parts)
        case Piecewise():
            return Piecewise(*parts)
        case Reduce(kind=kind, index=index):
            return Reduce(kind, index, parts[0])
        case Configurations(variable=variable):
            return Configurations(variable, parts[0])
        case OverData(kind=kind):
            return OverData(kind, parts[0])
        case Partial(symbol=symbol, at=at):
            return Partial(parts[0], symbol, at)
        case Lambda(indices=indices):
            return Lambda(indices, parts[0])
        case ArrayCall(operation=operation, at=at):
            return ArrayCall(operation, parts[0], at)
        case Invoke(function=function, at=at):
            return Invoke(function, parts, at)
        case Relation(sign=sign):
            return Relation(sign, *parts)
        case Negation():
            return Negation(parts[0])
        case _:
            return node


def _footprint(node: Any) -> tuple[frozenset[Index], frozenset[Symbol]]:
    free: frozenset[Index] = _EMPTY
    symbols: frozenset[Symbol] = _EMPTY
    parts = children(node)
    if parts:
        free = free.union(*(p.free for p in parts))
        symbols = symbols.union(*(p.symbols for p in parts))
    below = bound(node)
    if below:
        free = free.difference(below)
    for value in affines(node):
        if value.terms:
            free |= affine_indices(value)
            symbols |= _affine_symbols(value)
    if below:
        # A later axis of a telescope may use an earlier one that the same node binds.
        free = free.difference(below)
    match node:
        case Access(symbol=symbol) | Invoke(function=symbol) | Partial(symbol=symbol):
            symbols |= {symbol}
        case Configurations(variable=variable):
            symbols = symbols.difference((variable,))
        case _:
            pass
    return free, symbols


ZERO_EXPR: Number = Number(Fraction(0))
ONE_EXPR: Number = Number(Fraction(1))


def number(value: int | Fraction) -> Number:
    """An exact rational node."""
    return Number(Fraction(value))


__all__ = [
    "ONE_EXPR",
    "ZERO_EXPR",
    "Access",
    "Add",
    "AnyNode",
    "ArrayCall",
    "Call",
    "Condition",
    "Configurations",
    "Constant",
    "Expr",
    "Integer",
    "Invoke",
    "Junction",
    "Lambda",
    "Multiply",
    "Negation",
    "Node",
    "Number",
    "OverData",
    "Partial",
    "Piecewise",
    "Power",
    "Reduce",
    "Relation",
    "SizeMember",
    "affine_indices",
    "affines",
    "bound",
    "children",
    "number",
    "with_children",
]
