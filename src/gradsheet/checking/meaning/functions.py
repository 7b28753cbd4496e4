"""f(x), f'(x), f²(x), softmax(z)[k]: functions of the language, of the sheet, of the page, and unspecified ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradsheet.checking.meaning import calls, tensors
from gradsheet.checking.meaning.entries import Item, entry, flattened
from gradsheet.checking.meaning.errors import UnboundError, UnsupportedError
from gradsheet.checking.meaning.indices import whole
from gradsheet.checking.meaning.kinks import has_kink, sides
from gradsheet.checking.meaning.names import applied
from gradsheet.checking.meaning.powers import whole_power
from gradsheet.checking.meaning.references import lows
from gradsheet.checking.meaning.tensors import MismatchError, Value, mapped, scalar, value
from gradsheet.evaluation import Evaluator
from gradsheet.expressions import Role, Symbol
from gradsheet.syntax import canonical_key, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment
    from gradsheet.checking.meaning.scope import Local
    from gradsheet.numerics.jets import Jet

_OF_VECTORS = frozenset({"softmax", "log_softmax", "logsoftmax"})


class Head(NamedTuple):
    """A function that waits for its argument: `f`, with primes, with an exponent."""

    name: tree.FunctionName
    primes: int
    exponent: tree.Expression | None


def head(node: tree.Expression) -> Head | None:
    """A function at the head of a product; None where the factor is none."""
    match node:
        case tree.FunctionName():
            return Head(node, 0, None)
        case tree.Prime(base=tree.FunctionName() as name, count=primes):
            return Head(name, primes, None)
        case tree.Power(base=base, exponent=exponent) if not isinstance(base, tree.Power):
            inner = head(base)
            return None if inner is None else inner._replace(exponent=exponent)
        case _:
            return None


def applications(factors: Sequence[tree.Factor]) -> Iterator[tuple[str, Head | None, tree.Expression]]:
    """The factors of a product, functions with their arguments: of `2 log det(A)` the 2, and log with det(A)."""
    waiting = iter(factors)
    for factor in waiting:
        function = head(factor.item)
        yield factor.sign, function, factor.item if function is None else _argument(function, waiting)


def _argument(function: Head, waiting: Iterator[tree.Factor]) -> tree.Expression:
    factor = next(waiting, None)
    if factor is None:
        raise UnsupportedError(f"the function {function.name.text} without its argument")
    inner = head(factor.item)
    if inner is None:
        return factor.item
    return tree.Product((tree.Factor("", factor.item), tree.Factor("", _argument(inner, waiting))))


def called(it: Interpreter, function: Head, argument: tree.Expression, known: Environment) -> Value:
    """f(x), f'(x), f²(x), and f(x)² with what stands behind the bracket."""
    outside: list[tree.Subscript | tree.Power | tree.Transpose] = []
    while isinstance(argument, tree.Subscript | tree.Power | tree.Transpose) and _opens(argument):
        outside.append(argument)
        argument = argument.base
    arguments = argument.items if isinstance(argument, tree.Group) else (argument,)
    result = _apply(it, function.name, function.primes, arguments, known)
    if function.exponent is not None:
        count = whole(function.exponent, {})
        if count is None:
            raise UnsupportedError("an exponent of a function that is no number")
        if count == -1:
            raise UnsupportedError(f"{function.name.text}⁻¹: the inverse function or 1/{function.name.text}")
        result = whole_power(it, result, count)
    for wrapper in reversed(outside):
        match wrapper:
            case tree.Subscript(items=items):
                result = _entry_of(it, result, items, arguments, known)
            case tree.Power(exponent=above):
                count = whole(above, {})
                if count is None:
                    raise UnsupportedError("an exponent that is no number")
                result = whole_power(it, result, count)
            case tree.Transpose():
                result = tensors.transposed(result)
    return result


def _opens(node: tree.Expression) -> bool:
    """Whether a chain of indices, powers and transposes begins with the bracket of an argument."""
    while isinstance(node, tree.Subscript | tree.Power | tree.Transpose):
        node = node.base
    return isinstance(node, tree.Group)


def _entry_of(
    it: Interpreter, result: Value, items: Sequence[Item], arguments: Sequence[tree.Expression], known: Environment
) -> Value:
    """f(z)[k], whose axes count as those of z."""
    start = [1] * result.data.ndim
    if arguments:
        inner = lows(it, arguments[0], result.data.ndim, known)
        start = inner if len(inner) == result.data.ndim else start
    return entry(it, result.data, items, start, known)


def _apply(
    it: Interpreter, name: tree.Name, primes: int, arguments: Sequence[tree.Expression], known: Environment
) -> Value:
    """f(x, …); `softmax(z[k])` is the entry of softmax(z)."""
    key = it.scope.functions.get(name.key, name.key)
    axes = [a.number for a in arguments if isinstance(a, tree.Axis)]
    if axes:
        along = [it.evaluate(a, known) for a in arguments if not isinstance(a, tree.Axis)]
        if primes or len(along) != 1 or len(axes) != 1 or key in it.scope.locals:
            raise UnsupportedError(f"{key} along an axis")
        return calls.along(key, along[0], axes[0], it.domain)
    if len(arguments) == 1:
        inner = _entry_of_whole(it, key, arguments[0], known)
        if inner is not None:
            return inner
    local = it.scope.locals.get(key)
    if local is not None and local.function:
        if primes:
            return _derived(it, local, arguments, primes, known)
        if len(arguments) != len(local.parameters):
            raise UnsupportedError(f"{key} takes {len(local.parameters)} arguments")
        return applied(it, local, [it.evaluate(a, known) for a in arguments], known)
    polynomial = it.point.functions.get(key)
    if polynomial is not None and len(arguments) == 1:
        return _unspecified(it, polynomial, it.evaluate(arguments[0], known), primes)
    symbol = it.point.model.symbols.get(key)
    if symbol is not None and symbol.role is Role.FUNCTION and not primes:
        return _of_sheet(it, symbol, [it.evaluate(a, known) for a in arguments])
    values = [it.evaluate(a, known) for a in arguments]
    if arguments and has_kink(key):
        it.point.saw(arguments[0], sides(key, [v.data for v in values]))
    if key in {"mean", "sum"} and it.point.model.over_data and _is_of_example(arguments, values):
        return _over_data(it, key, values[0])
    found = calls.apply(key, values, primes, it.domain)
    if found is None:
        raise UnboundError(key)
    return found


def bare(it: Interpreter, node: tree.Name, known: Environment) -> Value | None:
    """F of F(v) alone, whose arguments are called as quantities are: F at these; None for all other names."""
    local, symbol = it.scope.locals.get(node.key), it.point.model.symbols.get(node.key)
    if node.key in known:
        return None
    if local is not None:
        formals = local.parameters if local.function else ()
    elif symbol is not None and symbol.role is Role.FUNCTION:
        formals = tuple(canonical_key(formal.name) for formal in it.point.model.sheet.functions[symbol].formals)
    else:
        return None
    symbols = it.point.model.symbols
    if not formals or any(key not in symbols or symbols[key].role is Role.FUNCTION for key in formals):
        return None
    return _apply(it, node, 0, [tree.Name(key, key) for key in formals], known)


def _unspecified(it: Interpreter, function: Any, x: Value, primes: int) -> Value:
    """A function that nobody specifies, in the arithmetic at hand."""
    return Value(tensors.array(it.domain.unspecified(function, primes, x.data)))


def _is_of_example(arguments: Sequence[tree.Expression], values: Sequence[Value]) -> bool:
    """Whether `mean x` is over the rows of the data: of a number, or of a derivative by a parameter."""
    return len(values) == 1 and (not values[0].data.ndim or isinstance(arguments[0], tree.Derivative))


def _over_data(it: Interpreter, kind: str, of_example: Value) -> Value:
    """A point has one row of data: its mean is that row's value, as its sum is where the sheet means sums."""
    if it.point.model.over_data != {kind}:
        raise UnsupportedError(f"a {kind} over the data, of which the sheet says something else")
    return of_example


def _entry_of_whole(it: Interpreter, key: str, argument: tree.Expression, known: Environment) -> Value | None:
    """`softmax(z[k])`: a function of a vector named with an entry of its argument."""
    if key not in _OF_VECTORS:
        return None
    held = it.evaluate(argument, known)
    if held.data.ndim:
        return None
    base, items = flattened(argument)
    if not items or isinstance(items[-1], tree.Slice):
        return None
    outer = tree.Subscript(base, tuple(items[:-1])) if len(items) > 1 else base
    vector = it.evaluate(outer, known)
    if vector.data.ndim != 1:
        return None
    result = calls.apply(key, [vector], 0, it.domain)
    assert result is not None
    return entry(it, result.data, items[-1:], lows(it, outer, 1, known), known)


def _derived(
    it: Interpreter, local: Local, arguments: Sequence[tree.Expression], primes: int, known: Environment
) -> Value:
    """The derivative of a function that the page defines, by its Taylor series."""
    if primes > 1 or it.order or len(arguments) != 1 or len(local.parameters) != 1:
        raise UnsupportedError(f"the derivative of {local.key}")
    at = it.evaluate(arguments[0], known)
    inner = it.moved((), 1)
    slopes = np.empty(at.data.size, dtype=object)
    for k, jet in enumerate(at.data.reshape(-1)):
        moving = scalar(jet.moving(1))
        image = applied(inner, local, [moving], known)
        if image.data.ndim:
            raise UnsupportedError(f"the derivative of {local.key}, which is no number")
        slopes[k] = mapped(lambda jet: jet.still(1, it.order), image.data)[()]
    return Value(slopes.reshape(at.shape))


def _whole_number(jet: Jet) -> int:
    exact = jet.value.unique_fmpz()
    if exact is None:
        raise UnsupportedError("an argument that is no whole number")
    return int(exact)


def _of_sheet(it: Interpreter, symbol: Symbol, arguments: Sequence[Value]) -> Value:
    """A function that the sheet defines; what it gives for the same arguments is kept."""
    key = (symbol, it.pushes, it.order, *map(id, arguments))
    kept = it.point.called.get(key)
    if kept is None:
        kept = it.point.called[key] = (tuple(arguments), _called(it, symbol, arguments))
    result: Value = kept[1]
    return result


def _called(it: Interpreter, symbol: Symbol, arguments: Sequence[Value]) -> Value:
    definition = it.point.model.sheet.functions[symbol]
    if len(arguments) != len(definition.formals):
        raise UnsupportedError(f"{symbol.name} takes {len(definition.formals)} arguments")
    body = it.point.model.unfolded(symbol)
    held = it.point.needed(body.body.symbols, it.pushes, it.order)
    for formal, argument in zip(definition.formals, arguments, strict=True):
        data = tensors.squeezed(argument) if formal.rank < 2 else argument.data
        if data.ndim > formal.rank:
            raise UnsupportedError(f"an argument of {symbol.name} has the wrong shape")
        if formal.is_integer:
            data = mapped(_whole_number, data)
        data = data.reshape((*data.shape, *([1] * (formal.rank - data.ndim))))
        for axis, length in zip(formal.axes, data.shape, strict=True):
            low, high = (it.point.sizes.evaluate(end) for end in (axis.low, axis.high))
            if low is not None and high is not None and length != high - low + 1:
                raise MismatchError((high - low + 1,), argument.shape, f"entries are what {symbol.name} takes, not")
        held[formal] = data
    sizes = it.point.sizes
    evaluator = Evaluator(it.domain, sizes.values, sizes.families, held, it.point.functions)
    return value(evaluator.tensor(body))
