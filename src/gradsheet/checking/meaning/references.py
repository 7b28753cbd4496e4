"""What a name with indices refers to: a quantity, a member of a family, a view of several names, a definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.meaning.entries import Item, fixed, flattened, index
from gradsheet.checking.meaning.errors import OutOfRangeError, UnboundError, UnsupportedError
from gradsheet.expressions import Role, Symbol
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.points import Point
    from gradsheet.checking.meaning.readings import Environment
    from gradsheet.checking.meaning.scope import Local

_LONGEST_CHAIN = 12
"""Definitions that stand for names of definitions: more than these follow each other round in a circle."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A quantity of the sheet, or a member of one."""

    symbol: Symbol
    member: tuple[int, ...] | None

    def lows(self, point: Point) -> list[int]:
        """Where its axes start."""
        key = (self.symbol, self.member)
        found = point.lows.get(key)
        if found is None:
            member = self.member or ()
            found = [point.low(self.symbol, k, member) for k in range(len(member), self.symbol.rank)]
            point.lows[key] = found
        return found

    def of(self, held: Any, point: Point) -> Any:
        """The member's part of what is held for the symbol."""
        if self.member is None:
            return held
        if isinstance(held, dict):
            if self.member not in held:
                raise OutOfRangeError
            return held[self.member]
        for axis, at in enumerate(self.member):
            position = at - point.low(self.symbol, axis)
            if not 0 <= position < np.shape(held)[0]:
                raise OutOfRangeError
            held = held[position]
        return held


@dataclass(frozen=True, slots=True)
class Defined:
    """The right side of a definition of the page, with numbers for its indices."""

    body: tree.Expression
    known: Environment


def resolve(it: Interpreter, node: tree.Expression, known: Environment) -> tuple[Whole | Defined, list[Item]] | None:
    """What a name stands for and the indices that are left; None for what is no such name."""
    base, items = flattened(node)
    if not isinstance(base, tree.Name) or base.key in known:
        return None
    for _ in range(_LONGEST_CHAIN):
        local = it.scope.locals.get(base.key)
        view = it.scope.views.get(base.key)
        if local is not None and not local.function:
            inner, items = _bound(it, local, items, known)
            inner_base, inner_items = flattened(local.body)
            if not isinstance(inner_base, tree.Name) or inner_base.key in inner:
                return Defined(local.body, inner), items
            base, known = inner_base, inner
            items = [*(fixed(i, inner) for i in inner_items), *items]
        elif view is not None and items and base.key not in it.point.model.symbols:
            target = view.get(index(it, items[0], known))
            if target is None:
                raise OutOfRangeError
            inner_base, inner_items = flattened(target)
            items = [*inner_items, *items[1:]]
            if not isinstance(inner_base, tree.Name):
                return Defined(target, {}), items
            base = inner_base
        else:
            break
    return _of_sheet(it, base.key, items, known)


def _bound(it: Interpreter, local: Local, items: list[Item], known: Environment) -> tuple[Environment, list[Item]]:
    """The indices of a definition with their numbers, and those that are left."""
    count = len(local.parameters)
    if len(items) < count:
        raise UnsupportedError(f"{local.key} needs {count} indices")
    inner = {key: held for key, held in known.items() if isinstance(held, int)}
    inner.update(zip(local.parameters, (index(it, item, known) for item in items[:count]), strict=True))
    return inner, items[count:]


def _of_sheet(it: Interpreter, key: str, items: list[Item], known: Environment) -> tuple[Whole, list[Item]] | None:
    symbol = it.point.model.symbols.get(key)
    if symbol is None or symbol.role is Role.FUNCTION:
        return None
    leading = symbol.leading
    if leading and len(items) >= leading:
        return Whole(symbol, tuple(index(it, item, known) for item in items[:leading])), items[leading:]
    if leading and items:
        raise UnsupportedError(f"{symbol.name} needs {leading} indices")
    return Whole(symbol, None), items


def lows(it: Interpreter, base: tree.Expression, count: int, known: Environment) -> list[int]:
    """Where the axes of something start to count."""
    resolved = resolve(it, base, known) if isinstance(base, tree.Name | tree.Subscript) else None
    if resolved is not None and isinstance(resolved[0], Whole) and not resolved[1]:
        return resolved[0].lows(it.point)
    return [1] * count


def locate_symbol(it: Interpreter, node: tree.Expression) -> Symbol | None:
    """The symbol that a name stands for as a whole: no entry of it, no expression."""
    if not isinstance(node, tree.Name | tree.Subscript | tree.Group | tree.Underbrace):
        return None
    try:
        resolved = resolve(it, node, {})
    except (UnboundError, UnsupportedError, OutOfRangeError):
        return None
    if resolved is None or resolved[1]:
        return None
    target = resolved[0]
    if isinstance(target, Whole):
        return target.symbol if target.member is None else None
    body = target.body
    return locate_symbol(it, body) if isinstance(body, tree.Name | tree.Subscript) and body is not node else None
