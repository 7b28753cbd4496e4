"""∂a/∂b for all entries of b at once: each push is one position along one more axis of whatever moves.

A sheet that is run for one push after another spends its time between the numbers. Here its equations are rewritten
once: what moves with b carries an axis more, the last, over the pushes; what does not move stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.evaluation import Program
from gradsheet.expressions import Access, Affine, Index, Size, Symbol, replace_symbols

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gradsheet.derivation.graph import Graph
    from gradsheet.evaluation.named import Values
    from gradsheet.expressions import Expr
    from gradsheet.sheet import Equation


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """The equations of what moves with a quantity, with the axis of the pushes."""

    size: Size
    """How many pushes there are."""
    symbols: Mapping[Symbol, Symbol]
    """What moves, and the same with the axis of the pushes."""
    clauses: Mapping[Symbol, list[Equation]]
    """The equations that make it, of what is computed from something that moves."""
    bodies: Mapping[Equation, Expr]

    @staticmethod
    def of(graph: Graph, moving: set[Symbol]) -> Stack:
        """Every equation in which something moves, with one axis more."""
        size = Size.of(1)
        axis = Index("push", Affine(1), Affine.atom(size))
        symbols = {s: replace(s, axes=(*s.axes, axis), serial=-s.serial - 1) for s in moving if not s.parameters}
        place = Affine.atom(axis)
        stacked = {s: _component_of(other, place) for s, other in symbols.items()}
        clauses: dict[Symbol, list[Equation]] = {}
        bodies: dict[Equation, Expr] = {}
        for equation in graph.equations:
            body = graph.unfolded[equation]
            symbol = equation.symbol
            if symbol in moving and any(graph.unfolded[e].symbols & moving for e in graph.clauses[symbol]):
                own = replace(
                    equation,
                    symbol=symbols[symbol],
                    pattern=(*equation.pattern, place),
                    free=(*equation.free, axis),
                    body=replace_symbols(body, stacked),
                )
                clauses.setdefault(symbol, []).append(own)
                bodies[own] = own.body
        return Stack(size, symbols, clauses, bodies)

    def program(self, wanted: Iterable[Symbol]) -> Program:
        """What computes some of it."""
        return Program([e for s in wanted for e in self.clauses[s]], self.bodies)


def _component_of(stacked: Symbol, place: Affine) -> Callable[[tuple[Affine, ...]], Expr]:
    return lambda at: Access(stacked, (*at, place))


def spread(values: Values, count: int) -> Any:
    """The same values for every push."""
    if isinstance(values, dict):
        return {k: spread(v, count) for k, v in values.items()}
    array: Any = np.asarray(values, dtype=object)
    return np.repeat(array[..., np.newaxis], count, axis=-1)


def position(values: Any, at: int) -> Any:
    """What is held for one push."""
    if isinstance(values, dict):
        return {k: position(v, at) for k, v in values.items()}
    return values[..., at]
