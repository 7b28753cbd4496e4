"""x, h[l], W[2][i, j], δ[i, j]: names, alone and with indices, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.meaning.entries import entry, flattened, index
from gradsheet.checking.meaning.errors import UnboundError, UnsupportedError
from gradsheet.checking.meaning.references import Whole, lows, resolve
from gradsheet.checking.meaning.tensors import Value, array, constants, scalar, value
from gradsheet.expressions import Role, Symbol
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment
    from gradsheet.checking.meaning.scope import Local


def name(it: Interpreter, node: tree.Name, known: Environment) -> Value:
    """A letter, a definition, a quantity, a size or a constant."""
    key = node.key
    if key in known:
        held = known[key]
        return held if isinstance(held, Value) else it.number(held)
    local = it.scope.locals.get(key)
    if local is not None and not local.function:
        return applied(it, local, (), known) if not local.parameters else _as_whole(it, local, known)
    symbol = it.point.model.symbols.get(key)
    if symbol is not None and symbol.role is not Role.FUNCTION:
        return _quantity(it, symbol)
    size = it.point.size(key)
    if size is not None:
        return it.number(size)
    if key in it.scope.numbers:
        return it.number(it.scope.numbers[key])
    if key in {"π", "e"}:
        return scalar(it.domain.constant(key))
    if key == "∞":
        raise UnsupportedError("infinity is no value")
    if key == "I" and key not in it.scope.views:
        raise UnsupportedError("the size of the identity is not said")
    raise UnboundError(key)


def stands(it: Interpreter, key: str) -> bool:
    """Whether a name stands for something, so that it is not e = 2.718… or Kronecker's δ."""
    return key in it.scope.locals or key in it.point.model.symbols or key in it.scope.views


def _as_whole(it: Interpreter, local: Local, known: Environment) -> Value:
    """All entries of e, where the page says what e_i is."""
    runs = []
    for parameter in local.parameters:
        run = it.extent(local.body, parameter, known)
        if run is None or not len(run):
            raise UnsupportedError(f"what {parameter} of {local.key} runs over is not said")
        runs.append(run)
    data = np.empty([len(run) for run in runs], dtype=object)
    for place in np.ndindex(data.shape):
        held = applied(it, local, [run[k] for run, k in zip(runs, place, strict=True)], known)
        if held.data.ndim:
            raise UnsupportedError(f"{local.key} as a whole")
        data[place] = held.data[()]
    return value(data)


def applied(it: Interpreter, local: Local, arguments: Sequence[Any], known: Environment) -> Value:
    """A definition of the page with its indices or arguments."""
    inner = {} if local.function else {k: v for k, v in known.items() if isinstance(v, int)}
    inner.update(zip(local.parameters, arguments, strict=True))
    return it.evaluate(local.body, inner)


def subscript(it: Interpreter, node: tree.Subscript, known: Environment) -> Value:
    """A member or an entry; `δ[i, j]` is 1 where i = j, unless δ stands for something."""
    found = _referred(it, node, known)
    if found is not None:
        return found
    base, items = flattened(node)
    if isinstance(base, tree.Name) and not stands(it, base.key):
        if base.key in {"δ", "𝟙"} and len(items) == 2:
            i, j = (index(it, item, known) for item in items)
            return it.number(int(i == j))
        if base.key == "e" and len(items) == 1:
            raise UnsupportedError("a unit vector whose length is not said")
    held = it.evaluate(base, known)
    return entry(it, held.data, items, lows(it, base, held.data.ndim, known), known)


def _referred(it: Interpreter, node: tree.Subscript, known: Environment) -> Value | None:
    """A member of a family, of a view, of a definition with indices; with entries behind it."""
    resolved = resolve(it, node, known)
    if resolved is None:
        return None
    target, items = resolved
    if isinstance(target, Whole):
        held = target.of(it.point.of(target.symbol, it.pushes, it.order), it.point)
        if target.symbol.is_integer:
            held = constants(held, it.domain)
        if not items:
            return _oriented(it, target.symbol, held)
        return entry(it, held, items, target.lows(it.point), known)
    base = it.evaluate(target.body, target.known)
    return entry(it, base.data, items, [1] * base.data.ndim, known) if items else base


def _quantity(it: Interpreter, symbol: Symbol) -> Value:
    held = it.point.of(symbol, it.pushes, it.order)
    if isinstance(held, dict):
        raise UnsupportedError(f"{symbol.name} as a whole, whose members differ in shape")
    if symbol.is_integer:
        return Value(constants(held, it.domain))
    return _oriented(it, symbol, held)


def _oriented(it: Interpreter, symbol: Symbol, held: Any) -> Value:
    """The array of a symbol as the page has it: rows where the page has rows."""
    data = array(held)
    if data.ndim == 1 and (symbol.row or it.scope.rows):
        return value(data.reshape(1, -1))
    return value(data)
