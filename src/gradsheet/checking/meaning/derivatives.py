"""∂a/∂b with every way on which b acts: b is pushed after it was computed, and a is watched. No rule takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.meaning.entries import entry, flattened
from gradsheet.checking.meaning.errors import UnboundError, UnsupportedError
from gradsheet.checking.meaning.points import Push, Pushes
from gradsheet.checking.meaning.references import Whole, locate_symbol, resolve
from gradsheet.checking.meaning.tensors import Value, array, mapped, value
from gradsheet.evaluation import Evaluator
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment
    from gradsheet.expressions import Symbol

def derivative(it: Interpreter, node: tree.Derivative, known: Environment) -> Value:
    """∂of/∂by; of a vector by a vector the outputs come first, as long as the reading does not turn it."""
    *inner, last = node.by
    target = tree.Derivative(node.of, tuple(inner)) if inner else node.of
    through = None if inner else _renamed(it, node.of, last, known)
    if through is not None:
        return _by_rule(it, node, through, known)
    pushes = locate(it, last, known)
    _refuse_apart(it, node.of, pushes)
    for before in inner:
        _refuse_entangled(it, locate(it, before, known), pushes)
    whole = _whole(it, target, known)
    if whole is not None:
        slopes = [_kept_slope(it, whole, push) for push in pushes.reshape(-1)]
    else:
        slopes = [_slope(it, target, push, known) for push in pushes.reshape(-1)]
    if not slopes:
        raise UnsupportedError("a derivative by nothing")
    shape = slopes[0].shape
    above = tuple(n for n in shape if n != 1) if len(shape) == 2 and 1 in shape else shape
    below = tuple(n for n in pushes.shape if n != 1)
    flat = np.empty((int(np.prod(above)), len(slopes)), dtype=object)
    for k, slope in enumerate(slopes):
        flat[:, k] = slope.reshape(-1)
    data = flat.reshape((*above, *below))
    if not above and not below:
        return Value(data)
    if not above:
        lying = len(below) == 1 and (it.reading.jacobian or it.scope.rows)
        return Value(data.reshape(1, -1) if lying else data, 0)
    if it.reading.turned and len(above) == len(below) == 1:
        return Value(data.T, 1)
    return Value(data, len(above))


def _renamed(
    it: Interpreter, of: tree.Expression, node: tree.Expression, known: Environment
) -> tree.Name | None:
    """The one scalar of the sheet that a definition of the page is made of: v of τ = 1/v, σ of s = log σ²."""
    resolved = resolve(it, node, known) if isinstance(node, tree.Name) else None
    if resolved is None or resolved[1]:
        return None
    if isinstance(resolved[0], Whole):
        return _origin(it, of, resolved[0].symbol) if it.scope.own else None
    body = resolved[0].body
    if isinstance(body, tree.Name | tree.Subscript | tree.Transpose | tree.Group):
        return None
    names = {n.key: n for n in walk(body) if isinstance(n, tree.Name) and not isinstance(n, tree.FunctionName)}
    names = {key: n for key, n in names.items() if key not in {"e", "π"} or key in it.point.model.symbols}
    if len(names) != 1 or any(isinstance(n, tree.Derivative | tree.Subscript) for n in walk(body)):
        return None
    ((key, name),) = names.items()
    symbol = it.point.model.symbols.get(key)
    return name if symbol is not None and not symbol.axes and not symbol.is_integer else None


def _origin(it: Interpreter, of: tree.Expression, symbol: Symbol) -> tree.Name | None:
    """The same on a page that is its own sheet, where what is differentiated was written before s was named."""
    graph = it.point.model.graph
    clauses = graph.clauses.get(symbol, ())
    if symbol.axes or len(clauses) != 1 or symbol in _made_of(it, of):
        return None
    symbols = it.point.model.symbols
    made = [key for key, other in symbols.items() if other in graph.body(clauses[0]).symbols]
    if len(made) != 1 or symbols[made[0]].axes or symbols[made[0]].is_integer:
        return None
    return tree.Name(made[0], made[0])


def _made_of(it: Interpreter, node: tree.Expression) -> set[Symbol]:
    """All that the names of a formula are computed from."""
    symbols = it.point.model.symbols
    found: set[Symbol] = set()
    for part in walk(node):
        if isinstance(part, tree.Name):
            named = [symbols.get(part.key), *(symbols.get(root(m)) for m in it.scope.views.get(part.key, {}).values())]
            found |= {up for s in named if s is not None for up in it.point.model.upstream(s)}
    return found


def _by_rule(it: Interpreter, node: tree.Derivative, variable: tree.Name, known: Environment) -> Value:
    """∂c/∂τ = (∂c/∂v) / (∂τ/∂v), where τ is another name for what v says."""
    above = it.evaluate(tree.Derivative(node.of, (variable,)), known)
    below = it.evaluate(tree.Derivative(node.by[-1], (variable,)), known)
    return Value(array(above.data / below.data[()]), above.outputs)


def _refuse_apart(it: Interpreter, of: tree.Expression, pushes: Any) -> None:
    """Derivatives by whole numbers, and on a page that defines its network by what is named only afterwards."""
    moving = {push.symbol for push in pushes.reshape(-1)}
    if any(symbol.is_integer for symbol in moving):
        raise UnsupportedError("a derivative by a whole number")
    if not it.scope.own:
        return
    made = _made_of(it, of)
    if made and not moving & made:
        name = next(iter(moving)).name
        raise UnsupportedError(f"what is differentiated is not written in terms of {name}")


def root(node: tree.Expression) -> str:
    """The name of a member of a view."""
    while isinstance(node, tree.Subscript | tree.Group):
        node = node.base if isinstance(node, tree.Subscript) else node.items[0]
    return node.key if isinstance(node, tree.Name) else ""


def _refuse_entangled(it: Interpreter, first: Any, second: Any) -> None:
    """∂²L/∂p∂w is two things where p is computed from w: w is meant to act through p, or p to be left alone."""
    a, b = ({push.symbol for push in grid.reshape(-1)} for grid in (first, second))
    for one in a:
        for other in b - {one}:
            if one in it.point.model.upstream(other) or other in it.point.model.upstream(one):
                both = f"{one.name} and {other.name}"
                raise UnsupportedError(f"a mixed second derivative by {both}, one of them made of the other")


def _whole(it: Interpreter, of: tree.Expression, known: Environment) -> Whole | None:
    """A quantity of the sheet or a member of one, whose derivatives are the same in every reading and on every page."""
    if it.pushes or it.scope.carried or not isinstance(of, tree.Name | tree.Subscript):
        return None
    resolved = resolve(it, of, known)
    if resolved is None or resolved[1] or not isinstance(resolved[0], Whole) or resolved[0].symbol.is_integer:
        return None
    return None if isinstance(resolved[0].of(it.point.of(resolved[0].symbol), it.point), dict) else resolved[0]


def _kept_slope(it: Interpreter, whole: Whole, push: Push) -> Any:
    if it.reading.explicit and not it.pushes and not it.order and whole.member is None:
        alone = _explicit_slope(it, whole.symbol, push)
        if alone is not None:
            return alone
    key = (whole.symbol, whole.member, push, it.order)
    found = it.point.slopes.get(key)
    if found is None:
        held = whole.of(it.point.of(whole.symbol, ((push, 1),), 1), it.point)
        slope = mapped(lambda jet: jet.still(1, it.order), value(held).data)
        found = it.point.slopes[key] = slope
    return found


def _explicit_slope(it: Interpreter, symbol: Symbol, push: Push) -> Any | None:
    """∂c/∂a with all else that c is made of left alone; None where a does not stand in the definition of c."""
    graph = it.point.model.graph
    clauses = graph.clauses.get(symbol, [])
    if not any(push.symbol in graph.body(e).symbols for e in clauses) or symbol.leading or push.member is not None:
        return None
    held = it.point.needed({s for e in clauses for s in graph.unfolded[e].symbols} - {symbol}, (), 1)
    moved = np.array(held[push.symbol], dtype=object)
    moved[push.place] = moved[push.place] + it.point.jets(1).variable(0, 1)
    held[push.symbol] = moved
    sizes = it.point.sizes
    evaluator = Evaluator(it.point.jets(1), sizes.values, sizes.families, held, it.point.functions)
    it.point.model.program(frozenset({symbol})).run(evaluator)
    return mapped(lambda jet: jet.still(1, it.order), value(array(evaluator.values[symbol])).data)


def _slope(it: Interpreter, of: tree.Expression, push: Push, known: Environment) -> Any:
    """One column of a derivative, as jets of the order that is asked for here."""
    if not it.pushes:
        moved = it.moved(((push, 1),), 1).evaluate(of, known)
        return mapped(lambda jet: jet.still(1, it.order), moved.data)
    if it.order > 1:
        raise UnsupportedError("a derivative of this order")
    # c₂ along a + b, less c₂ along a and along b, is the mixed second derivative.
    along = it.moved(((push, 1),), 2).evaluate(of, known).data
    both = it.moved(_joined(it.pushes, push), 2).evaluate(of, known).data
    before = it.moved(it.pushes, 2).evaluate(of, known).data
    result = np.empty(along.size, dtype=object)
    for k, (a, b, c) in enumerate(zip(along.reshape(-1), both.reshape(-1), before.reshape(-1), strict=True)):
        mixed = b.still(2, it.order) - a.still(2, it.order) - c.still(2, it.order)
        result[k] = a.still(1, it.order) + mixed * it.domain.variable(0, 1)
    return result.reshape(along.shape)


def _joined(pushes: Pushes, push: Push) -> Pushes:
    """Several entries that move together; one that moves twice moves twice as far."""
    multiples = dict(pushes)
    multiples[push] = multiples.get(push, 0) + 1
    return tuple(sorted(multiples.items(), key=lambda i: (i[0].symbol.serial, i[0].member or (), i[0].place)))


def locate(it: Interpreter, node: tree.Expression, known: Environment) -> Any:
    """The entries of the sheet that a variable of differentiation is, as an array of pushes in its shape."""
    match node:
        case tree.Group(items=(item,)) | tree.Underbrace(base=item):
            return locate(it, item, known)
        case tree.Transpose(base=base):
            found = locate(it, base, known)
            return found.T if found.ndim == 2 else found
        case tree.Name() | tree.Subscript():
            pass
        case tree.Derivative(of=of, by=by):
            return _grid_of_derivative(it, of, by)
        case _:
            raise UnsupportedError("a derivative by an expression that has no name")
    resolved = resolve(it, node, known)
    if resolved is None:
        base = flattened(node)[0]
        raise UnboundError(base.key if isinstance(base, tree.Name) else "?")
    target, items = resolved
    if isinstance(target, Whole):
        grid = target.of(_pushes(it, target.symbol), it.point)
        if isinstance(grid, dict):
            raise UnsupportedError(f"{target.symbol.name} as a whole, whose members differ in shape")
        return entry(it, grid, items, target.lows(it.point), known).data if items else array(grid)
    if items:
        raise UnsupportedError("a derivative by an entry of a definition")
    if isinstance(target.body, tree.Name | tree.Subscript | tree.Transpose | tree.Group):
        return locate(it, target.body, target.known)
    raise UnsupportedError("a derivative by something that is no quantity of the sheet")


def _grid_of_derivative(it: Interpreter, of: tree.Expression, by: Sequence[tree.Expression]) -> Any:
    """The entries of a derivative that is itself a term of the sheet: ∂L/∂(∂u/∂x)."""
    symbols = [locate_symbol(it, part) for part in (of, *by)]
    for (target, variables), symbol in it.point.model.sheet.derivatives.items():
        if [target, *variables] == symbols:
            grid = _pushes(it, symbol)
            if not isinstance(grid, dict):
                return array(grid)
    raise UnsupportedError("a derivative by an expression that has no name")


def _pushes(it: Interpreter, symbol: Symbol) -> Any:
    """A push for every entry of a symbol."""
    found = it.point.grids.get(symbol)
    if found is None:
        held = it.point.of(symbol)
        if isinstance(held, dict):
            found = {member: _grid(symbol, member, np.shape(part)) for member, part in held.items()}
        else:
            found = _grid(symbol, None, np.shape(held))
        it.point.grids[symbol] = found
    return found


def _grid(symbol: Symbol, member: tuple[int, ...] | None, shape: tuple[int, ...]) -> Any:
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        result[place] = Push(symbol, member, place)
    return result
