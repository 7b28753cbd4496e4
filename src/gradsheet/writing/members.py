"""z[l] = W[l] h[l−1] + b[l], l = 2: z[2] = W[2] h[1] + b[2]. The members of a family whose depth is a number."""

from __future__ import annotations

from dataclasses import field, fields, replace
from math import prod
from typing import TYPE_CHECKING, Any

from gradsheet.expressions import Affine
from gradsheet.records import dataclass
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk
from gradsheet.writing.trees import whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.evaluation.named import Values
    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.expressions import Index, Symbol
    from gradsheet.writing.equations import Line


@dataclass(frozen=True, slots=True)
class Known:
    """Numbers for names: sizes, families of sizes, and the indices that were fixed."""

    names: Mapping[str, int] = field(default_factory=dict)
    families: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, sizes: Sizes | None) -> Known:
        """What the values of a sheet tell about its sizes."""
        if sizes is None:
            return cls()
        return cls({s.name: v for s, v in sizes.values.items() if s.literal is None}, sizes.families)

    def at(self, fixed: Mapping[str, int]) -> Known:
        """The same with indices fixed."""
        return Known({**self.names, **fixed}, self.families)

    def number(self, node: tree.Expression) -> int | None:
        """The whole number that an expression of sizes and indices stands for, if that is known.

        >>> from gradsheet.diagnostics import Diagnostics, Source
        >>> from gradsheet.syntax import parse_expression
        >>> source = Source("2 D - n[l-1]")
        >>> tree = parse_expression(source, Diagnostics(source))
        >>> Known({"D": 4, "l": 1}, {"n": {0: 5}}).number(tree)
        3
        """
        match node:
            case tree.Num(value=value) if value.denominator == 1:
                return int(value)
            case tree.Name(key=key):
                return self.names.get(key)
            case tree.Group(items=(item,)):
                return self.number(item)
            case tree.Additive(terms=terms):
                signed = [(-1 if t.sign == "-" else 1, self.number(t.item)) for t in terms]
                parts = [sign * value for sign, value in signed if value is not None]
                return sum(parts) if len(parts) == len(terms) else None
            case tree.Product(factors=factors) if all(f.sign in {"", "*", "·"} for f in factors):
                numbers = [n for n in (self.number(f.item) for f in factors) if n is not None]
                return prod(numbers) if len(numbers) == len(factors) else None
            case tree.Subscript(base=tree.Name(key=family), items=(item,)) if not isinstance(item, tree.Slice):
                place = self.number(item)
                return None if place is None else self.families.get(family, {}).get(place)
            case _:
                return None


def members(lines: Sequence[Line], leading: int, known: Known) -> dict[tuple[int, ...], Line] | None:
    """The equation of each member of a family, in order; None where a range is not known in numbers."""
    found: dict[tuple[int, ...], Line] = {}
    for line in lines:
        items = leading_items(line.left, leading)
        choices = None if items is None else _choices(_own(line, items), known)
        if items is None or choices is None:
            return None
        rest = tuple(b for b in line.ranges if b not in _own(line, items))
        for fixed in choices:
            here = known.at(fixed)
            place = tuple(p for p in map(here.number, items) if p is not None)
            if len(place) < leading:
                return None
            if place not in found:
                found[place] = at_place(line, fixed, known, rest)
    return dict(sorted(found.items())) if found else None


def leading_items(left: tree.Expression, leading: int) -> tuple[tree.Expression, ...] | None:
    """The indices that a family carries: l in z[l], in ∂L/∂z[l]."""
    if not leading:
        return ()
    holder = left
    if isinstance(left, tree.Derivative):
        if isinstance(left.of, tree.Subscript):
            return None
        holder = left.by[-1]
    if not isinstance(holder, tree.Subscript):
        return None
    items = tuple(i for i in holder.items[:leading] if not isinstance(i, tree.Slice))
    return items if len(items) == leading else None


def at_place(line: Line, fixed: Mapping[str, int], known: Known, rest: tuple[tree.BoundIndex, ...] = ()) -> Line:
    """An equation with some of its indices fixed."""
    here = known.at(fixed)
    return replace(line, left=_fixed(line.left, fixed, here), right=_fixed(line.right, fixed, here), ranges=rest)


def without_single(line: Line) -> Line:
    """An index that runs over one number alone as that number: W[i,1]."""
    single = {
        b.name.key: int(b.domain.low.value)
        for b in line.ranges
        if isinstance(b.domain, tree.Range) and b.domain.low == b.domain.high and isinstance(b.domain.low, tree.Num)
    }
    rest = tuple(b for b in line.ranges if b.name.key not in single)
    return at_place(line, single, Known(), rest) if single else line


def _own(line: Line, items: Sequence[tree.Expression]) -> list[tree.BoundIndex]:
    """The indices of a line that tell its members apart."""
    names = {node.key for item in items for node in walk(item) if isinstance(node, tree.Name)}
    return [b for b in line.ranges if b.name.key in names]


def _choices(ranges: Sequence[tree.BoundIndex], known: Known) -> list[dict[str, int]] | None:
    """Every choice of numbers for some indices."""
    found: list[dict[str, int]] = [{}]
    for bound in ranges:
        extended: list[dict[str, int]] = []
        for choice in found:
            here = known.at(choice)
            if not isinstance(bound.domain, tree.Range):
                return None
            low, high = here.number(bound.domain.low), here.number(bound.domain.high)
            if low is None or high is None:
                return None
            extended.extend({**choice, bound.name.key: k} for k in range(low, high + 1))
        found = extended
    return found


def _fixed(node: Any, fixed: Mapping[str, int], known: Known) -> Any:
    """A tree with numbers for indices; what stands between index brackets is computed where it can be."""
    match node:
        case tree.Name(key=key):
            return whole(fixed[key]) if key in fixed else node
        case tree.Subscript(base=base, items=items):
            return replace(node, base=_fixed(base, fixed, known), items=tuple(_item(i, fixed, known) for i in items))
        case tree.Binder(indices=indices, body=body):
            inner = {k: v for k, v in fixed.items() if all(k != b.name.key for b in indices)}
            bounds = tuple(
                replace(b, domain=_fixed(b.domain, fixed, known) if b.domain is not None else None) for b in indices
            )
            return replace(node, indices=bounds, body=_fixed(body, inner, known.at(inner)))
        case tree.Node():
            changes = {f.name: _fixed(getattr(node, f.name), fixed, known) for f in fields(node) if f.name != "span"}
            return replace(node, **changes)
        case tuple():
            return tuple(_fixed(part, fixed, known) for part in node)
        case _:
            return node


def _item(item: Any, fixed: Mapping[str, int], known: Known) -> Any:
    if isinstance(item, tree.Slice):
        return _fixed(item, fixed, known)
    number = known.number(item)
    return whole(number) if number is not None else _fixed(item, fixed, known)


# ---------------------------------------------------------------- values


def member_value(values: Values, symbol: Symbol, place: tuple[int, ...], sizes: Sizes, *, rows: bool = False) -> Any:
    """The value of one member of a family; None where it was not computed."""
    lead: tuple[Any, ...] = (slice(None),) if rows else ()
    if isinstance(values, dict):
        depth = len(next(iter(values))) if values else 0
        held = values.get(place[:depth])
        if held is None:
            return None
        lows = lows_of(symbol, sizes, place)[depth : len(place)]
        rest = tuple(p - low for p, low in zip(place[depth:], lows, strict=True))
        return held[(*lead, *rest)] if rest else held
    lows = lows_of(symbol, sizes, place)[: len(place)]
    return values[(*lead, *(p - low for p, low in zip(place, lows, strict=True)))]


def lows_of(symbol: Symbol, sizes: Sizes, place: tuple[int, ...] = ()) -> list[int]:
    """The first index of each axis."""
    fixed = dict(zip(symbol.axes, place, strict=False))
    return [sizes.evaluate(axis.low, fixed) or 0 for axis in symbol.axes]


def extents(axes: Sequence[Index], sizes: Sizes | None, fixed: Mapping[Index, int] | None = None) -> list[int | str]:
    """The sizes of axes: numbers where they are known, else `n`, `0..R`, `n[l-1]`."""
    result: list[int | str] = []
    put: dict[Any, Affine] = {index: Affine(value) for index, value in (fixed or {}).items()}
    for axis in axes:
        low, high = axis.low.substitute(put), axis.high.substitute(put)
        first, last = _size(low, sizes), _size(high, sizes)
        if first is not None and last is not None:
            result.append(max(0, last - first + 1))
        else:
            ends = [repr(end).replace(" ", "") for end in (low, high)]
            result.append(ends[1] if ends[0] == "1" else f"{ends[0]}..{ends[1]}")
    return result


def _size(value: Affine, sizes: Sizes | None) -> int | None:
    if sizes is not None:
        return sizes.evaluate(value)
    return None if value.terms else value.constant
