"""Variables of one's own: copies of axes, formal arguments, and calls with whole variables as arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Affine, Expr, Index, Invoke, Lambda, Role, Symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Setting = Callable[[tuple[Affine, ...]], Expr]


def copies(axes: Iterable[Index]) -> tuple[Index, ...]:
    """Axes with indices of their own; a later range may use an earlier index."""
    mapping: dict[Index, Affine] = {}
    result = []
    for axis in axes:
        new = Index(axis.name, axis.low.substitute(mapping), axis.high.substitute(mapping))
        mapping[axis] = Affine.atom(new)
        result.append(new)
    return tuple(result)


def formal_arguments(symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    """Local symbols like the given ones: the formal arguments of a function of them."""
    return tuple(Symbol(s.name, copies(s.axes), Role.LOCAL, row=s.row, domain=s.domain, span=s.span) for s in symbols)


def renaming(old: Iterable[Symbol], new: Iterable[Symbol]) -> dict[Symbol, Setting]:
    """What `replace_symbols` needs to put new symbols for old ones."""

    def renamed(symbol: Symbol) -> Setting:
        return lambda at: Access(symbol, at)

    return {a: renamed(b) for a, b in zip(old, new, strict=True)}


def invoked(function: Symbol, arguments: Iterable[Symbol], at: tuple[Affine, ...] = ()) -> Expr:
    """f(x, y) with whole variables as arguments."""
    lambdas = []
    for argument in arguments:
        axes = copies(argument.axes)
        lambdas.append(Lambda(axes, Access(argument, tuple(Affine.atom(a) for a in axes))))
    return Invoke(function, tuple(lambdas), at)
