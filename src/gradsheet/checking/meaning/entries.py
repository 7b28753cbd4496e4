"""a[i], A[i, j], A[:, j], a[2:4]: entries, rows and columns of values, and the numbers that indices stand for."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.checking.meaning.errors import OutOfRangeError, UnboundError, UnsupportedError
from gradsheet.checking.meaning.indices import names_in, whole
from gradsheet.checking.meaning.tensors import Value, array, value
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment

Item = tree.Expression | tree.Slice
"""What stands between index brackets."""


def flattened(node: tree.Expression) -> tuple[tree.Expression, list[Item]]:
    """The name and all its indices: `h[l][i]` as h, l, i."""
    items: list[Item] = []
    while True:
        match node:
            case tree.Subscript(base=base, items=more):
                items[:0] = more
                node = base
            case tree.Group(items=(tree.Name() | tree.Subscript() as inner,)):
                node = inner
            case tree.Underbrace(base=base):
                node = base
            case _:
                return node, items


def fixed(item: Item, known: Environment) -> Item:
    """An index of a definition's body as a number, where its letters are known."""
    found = None if isinstance(item, tree.Slice) else whole(item, known)
    return item if found is None else tree.Num(value=Fraction(found), text=str(found))


def entry(it: Interpreter, data: Any, items: Sequence[Item], lows: Sequence[int], known: Environment) -> Value:
    """Entries, rows and columns of an array whose axes count from `lows`; what is outside raises."""
    data = array(data)
    if data.ndim == 2 and data.shape[0] == 1 and len(items) == 1:
        data, lows = data.reshape(-1), [1]
    if data.ndim == 1 and len(items) == 2 and isinstance(items[1], tree.Num) and items[1].value == 1:
        items = items[:1]
    if len(items) > data.ndim:
        if not data.ndim:
            raise UnsupportedError("a scalar has no entries")
        raise UnsupportedError(f"{len(items)} indices for {data.ndim}")
    chosen: list[Any] = []
    for k, item in enumerate(items):
        low = lows[k] if k < len(lows) else 1
        if isinstance(item, tree.Slice):
            first = 0 if item.low is None else index(it, item.low, known) - low
            last = data.shape[k] if item.high is None else index(it, item.high, known) - low + 1
            if first < 0 or last > data.shape[k]:
                raise OutOfRangeError
            chosen.append(slice(first, last))
            continue
        position = index(it, item, known) - low
        if not 0 <= position < data.shape[k]:
            raise OutOfRangeError
        chosen.append(position)
    return value(data[tuple(chosen)])


def index(it: Interpreter, node: Item, known: Environment) -> int:
    """The number of an index expression."""
    if isinstance(node, tree.Name):
        quick = known.get(node.key)
        if type(quick) is int:
            return quick
    elif isinstance(node, tree.Slice):
        raise UnsupportedError("a slice where one index is needed")
    elif isinstance(node, tree.Num) and node.value.denominator == 1:
        return int(node.value)
    found = whole(node, known)
    if found is None:
        found = whole(node, {**it.whole_numbers, **known})
    if found is not None:
        return found
    for key in sorted(names_in(node)):
        unknown = key not in known and it.point.size(key) is None and key not in it.scope.numbers
        if unknown and key not in it.point.model.symbols:
            raise UnboundError(key)
    held = it.evaluate(node, known)
    if held.data.ndim:
        raise UnsupportedError("an index that is no number")
    jet: Any = held.data[()]
    exact = jet.value.unique_fmpz()
    if exact is None:
        raise UnsupportedError("an index that is no whole number")
    return int(exact)
