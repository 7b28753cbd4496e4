"""Σ, Π, mean and max over indices, and Σ over all values of a variable of a finite set."""

from __future__ import annotations

import operator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.meaning import calls, tensors
from gradsheet.checking.meaning.errors import OutOfRangeError, StoppedError, UnsupportedError
from gradsheet.checking.meaning.ranges import domain_of
from gradsheet.checking.meaning.tensors import Value, array, value
from gradsheet.expressions import Role, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment
    from gradsheet.syntax import tree

_OF_WHOLE_VECTORS = frozenset({"softmax", "logsumexp", "logsoftmax"})


def binder(it: Interpreter, node: tree.Binder, known: Environment) -> Value:
    """All terms together; those without an access inside are left out."""
    if node.kind in _OF_WHOLE_VECTORS:
        raise UnsupportedError(f"{node.kind} over an index")
    states = _configurations(it, node)
    total: Value | None = None
    count = 0
    for state in steps(it, node, known) if states is None else states:
        count += 1
        if count > it.budget.terms:
            raise StoppedError(f"a sum of more than {it.budget.terms} terms")
        try:
            part = it.evaluate(node.body, {**known, **state})
        except OutOfRangeError:
            continue
        total = part if total is None else _accumulated(it, node.kind, total, part)
    if total is None:
        if node.kind in {"sum", "prod"}:
            return it.number(0 if node.kind == "sum" else 1)
        raise UnsupportedError(f"a {node.kind} over nothing")
    if node.kind == "mean":
        return Value(array(total.data / count))
    return total


def steps(it: Interpreter, node: tree.Binder, known: Environment) -> Iterator[Environment]:
    """The values of the indices of a sum, one index after the other: the range of one may hang on those before it."""
    return _nested(it, node, node.indices, known, {})


def _nested(
    it: Interpreter, node: tree.Binder, rest: Sequence[tree.BoundIndex], known: Environment, chosen: Environment
) -> Iterator[Environment]:
    if not rest:
        yield dict(chosen)
        return
    first, *others = rest
    key = first.name.key
    run = domain_of(it, node, first, {k: v for k, v in known.items() if k != key})
    for number in run:
        chosen[key] = number
        yield from _nested(it, node, others, {**known, key: number}, chosen)


def _accumulated(it: Interpreter, kind: str, total: Value, part: Value) -> Value:
    match kind:
        case "sum" | "mean":
            return tensors.elementwise(operator.add, total, part, "plus")
        case "prod":
            return tensors.elementwise(operator.mul, total, part, "times")
        case _:
            return calls.elementwise(kind, [total, part], 0, it.domain)


def _configurations(it: Interpreter, node: tree.Binder) -> Iterator[Environment] | None:
    """Σ_v over the values that a variable of a finite set can take; None where it is another sum."""
    names = [i.name.key for i in node.indices]
    symbols = [it.point.model.symbols.get(n) or it.point.model.symbols.get(n.removesuffix("′")) for n in names]
    if any(i.domain is not None for i in node.indices):
        return None
    grids: list[list[Value]] = []
    for symbol in symbols:
        if symbol is None or symbol.role is not Role.INPUT or not _is_counted(symbol):
            return None
        grids.append(_states(it, symbol))
    return (dict(zip(names, chosen, strict=True)) for chosen in product(*grids))


def _is_counted(symbol: Symbol) -> bool:
    """Whether Σ over a variable is one over its values: v ∈ {0,1}ⁿ, y ∈ (1..K)^T; a single index is a letter."""
    return symbol.domain.kind == "finite" or (symbol.domain.kind == "index" and bool(symbol.axes))


def _states(it: Interpreter, symbol: Symbol) -> list[Value]:
    """Every value of a variable of a finite set; the same objects each time, so that what is computed is kept."""
    known = it.point.states.get((symbol, it.order))
    if known is not None:
        return known
    sizes = it.point.sizes
    shape = tuple((sizes.evaluate(a.high) or 0) - (sizes.evaluate(a.low) or 0) + 1 for a in symbol.axes)
    length = int(np.prod(shape))
    entries: Sequence[Any] = symbol.domain.values
    if symbol.domain.bounds is not None:
        low, high = (sizes.evaluate(end) or 0 for end in symbol.domain.bounds)
        entries = range(low, high + 1)
    if len(entries) ** length > it.budget.terms:
        raise StoppedError(f"a sum over more than {it.budget.terms} states")
    jets = [it.domain.number(entry) for entry in entries]
    found = [_state(choice, shape) for choice in product(jets, repeat=length)]
    it.point.states[symbol, it.order] = found
    return found


def _state(choice: Sequence[Any], shape: tuple[int, ...]) -> Value:
    data = np.empty(len(choice), dtype=object)
    data[:] = choice
    return value(data.reshape(shape))
