"""Over what an index runs: as it is written, or wherever the formula has an entry for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.meaning.entries import Item, flattened, index
from gradsheet.checking.meaning.errors import OutOfRangeError, StoppedError, UnboundError, UnsupportedError
from gradsheet.checking.meaning.indices import names_in, offset, subscripts
from gradsheet.checking.meaning.points import MissingError
from gradsheet.checking.meaning.tensors import MismatchError
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment
    from gradsheet.checking.meaning.scope import Local
    from gradsheet.expressions import Index, Symbol

Bounds = list[tuple[int, int]]
"""The first and the last index of each axis."""

_NO_VALUE = (
    UnboundError, UnsupportedError, OutOfRangeError, StoppedError, MissingError, MismatchError, ArithmeticError,
    RecursionError,
)  # fmt: skip
"""A part that cannot be computed tells nothing of a range."""
_NO_NUMBER = (UnboundError, UnsupportedError, OutOfRangeError)


def domain_of(it: Interpreter, node: tree.Binder, bound: tree.BoundIndex, known: Environment) -> range:
    """The numbers that the index of a sum runs over: as written, or wherever the body has entries."""
    domain, letter = bound.domain, bound.name.key
    if isinstance(domain, tree.Range) and not _endless(domain):
        found = extent(it, node.body, letter, known) if _unsaid(it, domain, known) else None
        low = _end(it, domain.low, known, None if found is None else found.start)
        high = _end(it, domain.high, known, None if found is None else found.stop - 1)
        return range(low, high + 1)
    if domain is not None and not isinstance(domain, tree.Range):
        raise UnsupportedError("the set that a sum runs over")
    found = extent(it, node.body, letter, known)
    if found is None:
        raise UnsupportedError(f"what {bound.name.text} runs over is not said")
    return found


def _unsaid(it: Interpreter, domain: tree.Range, known: Environment) -> bool:
    """Whether an end of a range is a letter that nobody may have defined."""
    ends = (domain.low, domain.high)
    return any(isinstance(end, tree.Name) and end.key not in known and end.key not in it.whole_numbers for end in ends)


def _end(it: Interpreter, node: tree.Expression, known: Environment, otherwise: int | None) -> int:
    """An end of a range; a letter that nobody defines is the end of what is summed."""
    try:
        return index(it, node, known)
    except UnboundError:
        if otherwise is None or not isinstance(node, tree.Name):
            raise
        return otherwise


def _endless(domain: tree.Range) -> bool:
    """A range that reaches to infinity."""
    return any(isinstance(n, tree.Name) and n.key == "∞" for side in (domain.low, domain.high) for n in walk(side))


def extent(it: Interpreter, body: tree.Node, letter: str, known: Environment) -> range | None:
    """Where a letter may run so that every access `letter + c` in a formula is inside; None where it has no access."""
    low: int | None = None
    high: int | None = None
    for node in subscripts(body, letter):
        for start, stop in _access(it, node, letter, known):
            low = start if low is None else max(low, start)
            high = stop if high is None else min(high, stop)
    if low is None or high is None:
        return _wide(it, body, letter, known)
    return range(low, high + 1)


def _access(it: Interpreter, node: tree.Subscript, letter: str, known: Environment) -> Iterator[tuple[int, int]]:
    """What each index `letter + c` of a name allows for the letter."""
    for item, (start, stop) in zip(flattened(node)[1], bounds(it, node, known), strict=False):
        shift = offset(item, letter) if not isinstance(item, tree.Slice) else None
        if shift is not None:
            yield start - shift, stop - shift


def _wide(it: Interpreter, body: tree.Node, letter: str, known: Environment) -> range | None:
    """The same where the letter stands only in sums of letters, `w[t-s]`: all that could be inside."""
    ends: list[int] = []
    for node in subscripts(body, letter):
        for item, (start, stop) in zip(flattened(node)[1], bounds(it, node, known), strict=False):
            if letter in names_in(item):
                others = sum(abs(v) for k, v in known.items() if isinstance(v, int) and k in names_in(item))
                ends += [min(start, -stop) - others, max(stop, -start) + others]
    return range(min(ends), max(ends) + 1) if ends else None


def bounds(it: Interpreter, node: tree.Subscript, known: Environment) -> Bounds:
    """First and last index of each axis of a name with indices, families and views first."""
    base, items = flattened(node)
    if not isinstance(base, tree.Name):
        return _of_value(it, base, known)
    local = it.scope.locals.get(base.key)
    if local is not None and not local.function:
        return _of_local(it, local, items, known)
    view = it.scope.views.get(base.key)
    if view is not None and base.key not in it.point.model.symbols:
        return _of_view(it, view, items, known)
    symbol = it.point.model.symbols.get(base.key)
    if symbol is None:
        return []
    axes = symbol.axes
    if symbol.rank - symbol.leading == len(items) - symbol.leading + 1 == 2 and _is_row(it, symbol):
        axes = (*axes[:-2], axes[-1])
    place: dict[Index, int] = {}
    found: Bounds = []
    for axis, item in zip(axes, [*items, *([None] * symbol.rank)], strict=False):
        low = it.point.sizes.evaluate(axis.low, place)
        high = it.point.sizes.evaluate(axis.high, place)
        if low is None or high is None:
            break
        found.append((low, high))
        place[axis] = _number_or(it, item, known, low)
    first = symbol.leading
    if len(found) == first + 2 and len(items) == first + 1 and found[first][0] == found[first][1]:
        del found[first]  # the one index of a row counts along it
    return found


def _is_row(it: Interpreter, symbol: Symbol) -> bool:
    """A matrix of one row, whose only index is that of its entries."""
    low, high = (it.point.sizes.evaluate(end) for end in (symbol.axes[-2].low, symbol.axes[-2].high))
    return low is not None and low == high


def _number_or(it: Interpreter, item: Item | None, known: Environment, otherwise: int) -> int:
    if item is None or isinstance(item, tree.Slice):
        return otherwise
    try:
        return index(it, item, known)
    except _NO_NUMBER:
        return otherwise


def _of_value(it: Interpreter, node: tree.Expression, known: Environment) -> Bounds:
    try:
        return [(1, n) for n in it.evaluate(node, known).shape]
    except _NO_VALUE:
        return []


def _of_local(it: Interpreter, local: Local, items: list[Item], known: Environment) -> Bounds:
    """A definition's indices run wherever its body has entries; without indices it has those of its value.

    How far k runs in δ[l+1][k] hangs on the layer that is asked for, not on what l is where it is asked.
    """
    if not local.parameters:
        return _of_value(it, local.body, {})
    inner = {key: held for key, held in known.items() if key not in local.parameters}
    found: Bounds = []
    for parameter, item in zip(local.parameters, [*items, *([None] * len(local.parameters))], strict=False):
        run = extent(it, local.body, parameter, inner)
        found.append((1, 0) if run is None else (run.start, run.stop - 1))
        inner[parameter] = _number_or(it, item, known, found[-1][0])
    return found


def _of_view(it: Interpreter, view: Mapping[int, tree.Expression], items: list[Item], known: Environment) -> Bounds:
    """The numbers of the members, then the axes of the one that is meant."""
    first = min(view)
    member = view.get(_number_or(it, items[0] if items else None, known, first), view[first])
    inner, before = flattened(member)
    below: Bounds = []
    if isinstance(inner, tree.Name):
        below = bounds(it, tree.Subscript(inner, (tree.Name("·", "·"),)), known)
    return [(min(view), max(view)), *below[len(before) :]]
