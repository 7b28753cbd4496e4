"""How a sheet uses its parameters: which axes a product sums over, what is added, and what function comes next.

In z[i] = Σⱼ W[i,j] x[j] + b[i], the axis j of W comes in and i goes out, whichever side W stands on; b is added. In
z[m,t] = Σ_k Σ_r w[k,m,r] x[k,t − r], r is a tap: it counts for both. The first use in a product decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from gradsheet.expressions import (
    Access,
    Add,
    ArrayCall,
    Call,
    Index,
    Invoke,
    Lambda,
    Multiply,
    Number,
    OverData,
    Piecewise,
    Power,
    Reduce,
    affine_indices,
    children,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.expressions import Affine, AnyNode, Symbol
    from gradsheet.sheet import Sheet

AxisPart = Literal["in", "out", "tap", "lookup"]
Manner = Literal["weight", "scaled", "added", "inverted"]

_OUT: AxisPart = "out"
RECTIFIERS = frozenset({"relu", "leaky_relu", "elu", "gelu", "silu", "mish"})
"""Functions that pass about half of what comes."""
_NOT_AT_ZERO = frozenset({"log", "log2", "log10", "sqrt"})

_INVERTING = frozenset({"inverse", "det", "logdet"})


@dataclass(frozen=True, slots=True)
class Use:
    """What a parameter is used for: the part of each axis of one member, and what follows."""

    manner: Manner
    parts: tuple[AxisPart, ...]
    rectified: bool = False
    terms: int = 1
    """For a weight that is a single number: how many such products are added."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What stands around a node on the way up to its equation."""

    owner: Symbol
    summed: frozenset[Index] = frozenset()
    partners: tuple[AnyNode, ...] = ()
    around: Call | Invoke | ArrayCall | None = None
    outside: frozenset[Index] = frozenset()
    """The indices that are summed outside of the function around."""
    inverse: bool = False
    terms: int = 1


@dataclass(eq=False)
class Uses:
    """The uses of all symbols of a sheet."""

    sheet: Sheet
    places: dict[Symbol, list[tuple[Access | Invoke, _Place]]] = field(init=False)

    def __post_init__(self) -> None:
        self.places = {}
        bodies = [(e.symbol, e.body) for e in self.sheet.equations]
        bodies += [(s, f.body.body) for s, f in self.sheet.functions.items()]
        for owner, body in bodies:
            for node, place in _sites(body, _Place(owner)):
                symbol = node.symbol if isinstance(node, Access) else node.function
                self.places.setdefault(symbol, []).append((node, place))

    def of(self, parameter: Symbol) -> Use:
        """The use that decides."""
        found = [(n, p) for n, p in self.places.get(parameter, []) if isinstance(n, Access)]
        for node, place in found:
            if any(s is not parameter for partner in place.partners for s in partner.symbols):
                return self._product(parameter, node, place)
        own = [_parts(parameter, node, place) for node, place in found]
        for (_, place), parts in zip(found, own, strict=True):
            if "lookup" in parts and {*parts} != {"lookup"}:  # a[i], looked up, is added like b
                return Use("weight", parts, self._rectified(place))
        plain: tuple[AxisPart, ...] = (_OUT,) * (parameter.rank - parameter.leading)
        around = [place.around for _, place in found]
        if any(isinstance(a, ArrayCall) and a.operation in _INVERTING for a in around):
            return Use("inverted", plain)
        undefined = any(isinstance(a, Call) and a.function in _NOT_AT_ZERO for a in around)
        if undefined or any(place.inverse for _, place in found):
            return Use("scaled", plain)
        return Use("added", plain)

    def _product(self, parameter: Symbol, node: Access, place: _Place) -> Use:
        parts = _parts(parameter, node, place)
        rectified = self._rectified(place)
        if not parts or {"in", "tap", "lookup"} & {*parts}:
            if len(parts) > 1 and {*parts} == {"in"}:  # Σᵢⱼ v[i] W[i,j] h[j]: as if W h came first
                rows: tuple[AxisPart, ...] = (_OUT,) * (len(parts) - 1)
                parts = (*rows, "in")
            return Use("weight", parts, rectified, place.terms)
        return Use("scaled", parts, rectified)

    # ------------------------------------------------------------ what follows

    def _rectified(self, place: _Place) -> bool:
        """Whether the next function is a rectifier, over equations that only add, scale or name."""
        seen: set[Symbol] = set()
        stack = [place]
        while stack:
            at = stack.pop()
            if at.around is not None:
                kind = self._kind(at.around)
                if kind is not None:
                    if kind:
                        return True
                    continue
            if at.owner in seen:
                continue
            seen.add(at.owner)
            for node, after in self.places.get(at.owner, []):
                used = frozenset(i for a in node.at for i in affine_indices(a))
                if not used & (after.summed - after.outside):
                    stack.append(after)
        return False

    def _kind(self, around: Call | Invoke | ArrayCall) -> bool | None:
        """True for a rectifier, False for another function, None for one that adds and scales only."""
        match around:
            case Call(function="max", arguments=arguments):
                return any(isinstance(a, Number) and a.value == 0 for a in arguments)
            case Call(function=function):
                return function in RECTIFIERS
            case Invoke(function=function):
                definition = self.sheet.functions.get(function)
                inner = [n for n in walk(definition.body) if isinstance(n, Call | ArrayCall)] if definition else []
                kinds = [self._kind(n) for n in inner]
                return None if not kinds else any(kinds)
            case _:
                return False


def _parts(symbol: Symbol, node: Access, place: _Place) -> tuple[AxisPart, ...]:
    return tuple(_part(at, place) for at in node.at[symbol.leading :])


def _part(at: Affine, place: _Place) -> AxisPart:
    if any(isinstance(atom, Access) for atom in at.atoms()):
        return "lookup"
    own = affine_indices(at)
    summed = own & place.summed
    if not summed:
        return "out"
    if len(own) > 1 or any(_slides(partner, summed) for partner in place.partners):
        return "tap"
    return "in"


def _slides(partner: AnyNode, summed: frozenset[Index]) -> bool:
    """Whether an index stands in a place with another: x[t − r]."""
    return any(
        (inside := affine_indices(at)) & summed and len(inside) > 1
        for n in walk(partner)
        if isinstance(n, Access)
        for at in n.at
    )


def _sites(body: AnyNode, place: _Place) -> Iterator[tuple[Access | Invoke, _Place]]:
    """Every access and every call of a sheet's function, with what stands around it, in the order of the text."""
    stack: list[tuple[AnyNode, _Place]] = [(body, place)]
    while stack:
        node, at = stack.pop()
        if isinstance(node, Access):
            yield node, at
            continue
        if isinstance(node, Invoke):
            yield node, at
        below = [(child, _below(node, child, at)) for child in children(node)]
        stack.extend(reversed(below))


def _below(node: AnyNode, child: AnyNode, at: _Place) -> _Place:
    match node:
        case Reduce(kind="sum", index=index):
            return replace(at, summed=at.summed | {index})
        case Multiply(factors=factors):
            partners = tuple(f for f in factors if f is not child and f.symbols)
            return replace(at, partners=(*at.partners, *partners))
        case Add(terms=terms):
            return replace(at, partners=(), terms=sum(isinstance(t, Multiply) for t in terms) or 1)
        case Piecewise() | OverData() | Lambda():
            return at
        case Power(exponent=exponent) if child is not exponent:
            positive = isinstance(exponent, Number) and exponent.value > 0
            return replace(at, partners=(), inverse=not positive)
        case Call() | Invoke() | ArrayCall():
            return replace(at, partners=(), around=node, outside=at.summed, terms=1)
        case _:
            return replace(at, partners=(), terms=1)


__all__ = ["RECTIFIERS", "AxisPart", "Manner", "Use", "Uses"]
