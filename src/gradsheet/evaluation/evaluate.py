"""Values of expressions: whole arrays at once over their free indices, loops only where sizes depend on an index."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from gradsheet.calculus.terms import is_index_condition
from gradsheet.evaluation.configurations import Factor, states
from gradsheet.evaluation.named import Named, Values, fold, free_indices, joint_axes, objects, symbol_depth
from gradsheet.expressions import (
    Access,
    Add,
    Affine,
    ArrayCall,
    Call,
    Condition,
    Configurations,
    Constant,
    Expr,
    Index,
    Integer,
    Junction,
    Lambda,
    Multiply,
    Negation,
    Number,
    OverData,
    Piecewise,
    Power,
    Reduce,
    Relation,
    Size,
    SizeMember,
    Symbol,
    Unspecified,
    affine_indices,
    replace_symbols,
    walk,
)
from gradsheet.expressions.nodes import affines, bound, children

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from fractions import Fraction

    from gradsheet.evaluation.domains import Array, Domain


class Evaluator:
    """Evaluates expressions for given sizes and values; `values` holds an array (or members of a family) by symbol."""

    def __init__(
        self,
        domain: Domain,
        sizes: Mapping[Size, int],
        families: Mapping[str, Mapping[int, int]],
        values: dict[Symbol, Values],
        unspecified: Mapping[str, Callable[[int], tuple[Fraction, ...]]] | None = None,
    ) -> None:
        self.domain = domain
        self.sizes = sizes
        self.families = families
        self.values = values
        self.unspecified = unspecified or {}
        self.fixed: dict[Index, int] = {}
        self._memo: dict[Expr, Named] = {}
        self.over_data: dict[OverData, Named] = {}
        """Means and sums over the rows of the data, once they are known."""
        self.pushes: Mapping[Symbol, Any] = {}
        """What is added to computed symbols: verification pushes them to see what follows."""

    # ------------------------------------------------------------ whole numbers

    def whole(self, value: Affine) -> int:
        """The value of an affine expression whose indices are fixed."""
        total = value.constant
        for atom, coefficient in value.terms:
            total += coefficient * self.atom(atom)
        return total

    def atom(self, atom: object) -> int:
        match atom:
            case Index():
                return self.fixed[atom]
            case Size(literal=literal):
                known = self.sizes.get(atom)
                if known is None:
                    if literal is None:
                        raise KeyError(atom)
                    return literal
                return known
            case SizeMember(family=family, at=at):
                return self.families[family][self.whole(at)]
            case Access(symbol=symbol, at=at):
                place = tuple(self.whole(a) - self.whole(x.low) for a, x in zip(at, symbol.axes, strict=True))
                return int(self.values[symbol][place])
            case _:
                raise AssertionError(atom)

    def extent(self, index: Index) -> range:
        return range(self.whole(index.low), self.whole(index.high) + 1)

    def _numbers(self, value: Affine) -> Named:
        """An affine expression as an integer array over its free indices."""
        axes = tuple(sorted({i for i in free_indices(value) if i not in self.fixed}, key=lambda i: i.serial))
        data: Any = value.constant
        for atom, coefficient in value.terms:
            part = self._atom_array(atom, axes)
            data = data + coefficient * part
        if axes:
            data = np.broadcast_to(np.asarray(data), tuple(len(self.extent(a)) for a in axes))
        return Named(axes, data)

    def _atom_array(self, atom: object, axes: tuple[Index, ...]) -> Any:
        if isinstance(atom, Index) and atom not in self.fixed:
            run = self.extent(atom)
            return np.arange(run.start, run.stop).reshape([-1 if a is atom else 1 for a in axes])
        if isinstance(atom, Access) and any(i not in self.fixed for i in atom.free):
            return np.asarray(self.access(atom.symbol, atom.at).over(axes), dtype=np.int64)
        return self.atom(atom)

    # ------------------------------------------------------------ expressions

    def evaluate(self, body: Expr) -> Named:
        """The array of a scalar expression over its free indices."""
        known = self._memo.get(body)
        if known is None:
            known = self._evaluate(body)
            self._memo[body] = known
        return known

    def tensor(self, function: Lambda) -> Array:
        """The array of a lambda, axes in its order."""
        result = self.evaluate(function.body)
        shape = tuple(len(self.extent(i)) for i in function.indices)
        return np.broadcast_to(np.asarray(result.over(function.indices), dtype=self.domain.dtype), shape)

    def forget(self) -> None:
        self._memo.clear()

    def _evaluate(self, body: Expr) -> Named:
        match body:
            case Number(value=value):
                return Named((), self.domain.number(value))
            case Constant(name=name):
                return Named((), self.domain.constant(name))
            case Integer(value=value):
                numbers = self._numbers(value)
                return Named(numbers.axes, self._from_integers(numbers.data))
            case Access(symbol=symbol, at=at):
                return self.access(symbol, at)
            case Add(terms=terms):
                return fold(np.add, [self.evaluate(t) for t in terms])
            case Multiply(factors=factors):
                return fold(np.multiply, [self.evaluate(f) for f in factors])
            case Power(base=base, exponent=exponent):
                return self._power(self.evaluate(base), exponent)
            case Call(function=function, arguments=arguments):
                axes, parts = self.aligned([self.evaluate(a) for a in arguments])
                if isinstance(function, Unspecified):
                    data = self.domain.unspecified(self.unspecified[function.name], function.times, parts[0])
                else:
                    data = self.domain.elementwise(function, *parts)
                return Named(axes, data)
            case Piecewise():
                return self._piecewise(body)
            case Reduce():
                return self._reduce(body)
            case ArrayCall():
                return self._array_call(body)
            case Configurations():
                return self._configurations(body)
            case OverData():
                return self.over_data[body]
            case _:
                raise AssertionError(body)

    def _from_integers(self, data: Any) -> Any:
        if self.domain.dtype is np.float64:
            return np.asarray(data, dtype=np.float64)[()] if np.ndim(data) else float(data)
        if np.ndim(data) == 0:
            return self.domain.number(int(data))
        result = np.empty(np.shape(data), dtype=object)
        flat = result.reshape(-1)
        for k, value in enumerate(np.asarray(data).reshape(-1)):
            flat[k] = self.domain.number(int(value))
        return flat.reshape(np.shape(data))

    def aligned(self, parts: Sequence[Named]) -> tuple[tuple[Index, ...], list[Any]]:
        """The axes of all parts, and the data of each over them."""
        axes = joint_axes(parts)
        data = [p.over(axes) for p in parts]
        if len(parts) > 1 and axes and any(p.axes != axes for p in parts):
            shape = np.broadcast_shapes(*(np.shape(d) for d in data))
            if self.domain.dtype is object:
                data = [np.broadcast_to(np.asarray(d, dtype=object), shape) for d in data]
        return axes, data

    def _power(self, base: Named, exponent: Expr) -> Named:
        if isinstance(exponent, Number):
            value = exponent.value
            if value.denominator == 1 and abs(value) <= 10**6:
                with np.errstate(all="ignore"):
                    if value == -1:
                        return Named(base.axes, self.domain.number(1) / base.data)
                    if self.domain.dtype is np.float64 or value >= 0:
                        return Named(
                            base.axes,
                            np.power(base.data, int(value)) if value >= 0 else 1.0 / np.power(base.data, int(-value)),
                        )
                    return Named(base.axes, self.domain.number(1) / base.data ** int(-value))
            if value.denominator == 2 and abs(value.numerator) <= 64:
                root = self.domain.elementwise("sqrt", base.data)
                return self._power(Named(base.axes, root), Number(value * 2))
        axes, parts = self.aligned([base, self.evaluate(exponent)])
        return Named(axes, self.domain.power(*parts))

    # ------------------------------------------------------------ components

    def access(self, symbol: Symbol, at: tuple[Affine, ...]) -> Named:
        """Components of a symbol; outside its axes it is undefined (and never looked at where a guard is right)."""
        held = self.values[symbol]
        axes_of: tuple[Index, ...] = symbol.axes
        if not isinstance(held, dict):
            return self._gather(held, at, [self.whole(a.low) for a in axes_of])
        lead = symbol_depth(symbol)
        member = tuple(int(self._numbers(a).data) for a in at[:lead])
        array = held.get(member)
        if array is None:
            free = tuple(dict.fromkeys(i for a in at for i in self._numbers(a).axes))
            return Named(
                free,
                np.broadcast_to(
                    np.asarray(self.domain.undefined, dtype=self.domain.dtype),
                    tuple(len(self.extent(a)) for a in free),
                )
                if free
                else self.domain.undefined,
            )
        mapping: dict[Any, Affine] = {a: Affine(m) for a, m in zip(axes_of, member, strict=False)}
        return self._gather(array, at[lead:], [self.whole(a.low.substitute(mapping)) for a in axes_of[lead:]])

    def _slices(self, array: Array, at: Sequence[Affine], lows: Sequence[int]) -> Named | None:
        """Plain slicing where each place is a number, or an index of its own plus a number, inside its axis."""
        axes: list[Index] = []
        selector: list[int | slice] = []
        for place, low, size in zip(at, lows, array.shape, strict=True):
            (index, times), *more = place.terms or ((None, 0),)
            if isinstance(index, Index) and index not in self.fixed:
                if more or times != 1 or index in axes:
                    return None
                run, shift = self.extent(index), place.constant - low
                start, stop = run.start + shift, run.stop + shift
                if not 0 <= start < stop <= size:
                    return None
                axes.append(index)
                selector.append(slice(start, stop))
            elif all(a in self.fixed or isinstance(a, Size) for a, _ in place.terms):
                start = self.whole(place) - low
                if not 0 <= start < size:
                    return None
                selector.append(start)
            else:
                return None
        return Named(tuple(axes), array[tuple(selector)])

    def _gather(self, array: Array, at: Sequence[Affine], lows: Sequence[int]) -> Named:
        sliced = self._slices(array, at, lows)
        if sliced is not None:
            return sliced
        places = [self._numbers(a) for a in at]
        free = tuple(dict.fromkeys(a for p in places for a in p.axes))
        shape = array.shape
        offsets = [np.asarray(p.data) - low for p, low in zip(places, lows, strict=True)]
        outside: Any = False
        clean = []
        for offset, part, size in zip(offsets, places, shape, strict=True):
            if np.any(offset < 0) or np.any(offset >= size):
                outside = outside | Named(part.axes, (offset < 0) | (offset >= size)).over(free)
                offset = np.clip(offset, 0, size - 1)  # noqa: PLW2901 - clipped places are overwritten below
            clean.append(Named(part.axes, offset).over(free) if free else int(offset))
        if 0 in shape:
            full = tuple(len(self.extent(a)) for a in free)
            return Named(free, np.full(full, self.domain.undefined, dtype=array.dtype))
        data = array[tuple(clean)]
        if outside is not False:
            data = (
                np.where(
                    outside, np.asarray(self.domain.undefined, dtype=object if array.dtype == object else None), data
                )
                if free
                else (self.domain.undefined if bool(outside) else data)
            )
            if free and array.dtype == object and not isinstance(data, np.ndarray):
                data = np.asarray(data, dtype=object)
        return Named(free, data)

    # ------------------------------------------------------------ choices

    def condition(self, condition: Condition) -> Named:
        """A condition as an array of truth values."""
        match condition:
            case Relation(sign=sign, left=Integer(value=a), right=Integer(value=b)):
                x, y = self._numbers(a), self._numbers(b)
                axes = tuple(dict.fromkeys((*x.axes, *y.axes)))
                return Named(axes, _INTEGER_COMPARE[sign](x.over(axes), y.over(axes)))
            case Relation(sign=sign, left=left, right=right):
                axes, parts = self.aligned([self.evaluate(left), self.evaluate(right)])
                data = self.domain.compare(sign, *parts)
                return Named(axes, data if axes else bool(data))
            case Junction(kind=kind, conditions=conditions):
                parts_ = [self.condition(c) for c in conditions]
                return fold(np.logical_and if kind == "and" else np.logical_or, parts_)
            case Negation(condition=inner):
                part = self.condition(inner)
                return Named(part.axes, np.logical_not(part.data))

    def _piecewise(self, body: Piecewise) -> Named:
        if not is_index_condition(body.condition):
            return self._choice(self.condition(body.condition), body)
        mask = self.condition(body.condition)
        if not mask.axes:
            return self.evaluate(body.then if bool(mask.data) else body.otherwise)
        if np.all(mask.data):
            return self.evaluate(body.then)
        if not np.any(mask.data):
            return self.evaluate(body.otherwise)
        return self._choice(mask, body)

    def _choice(self, mask: Named, body: Piecewise) -> Named:
        then, otherwise = self.evaluate(body.then), self.evaluate(body.otherwise)
        axes = tuple(dict.fromkeys((*mask.axes, *then.axes, *otherwise.axes)))
        if not axes:
            return then if bool(mask.data) else otherwise
        a, b = then.over(axes), otherwise.over(axes)
        if self.domain.dtype is object:
            a, b = objects(a), objects(b)
        return Named(axes, np.where(mask.over(axes), a, b))

    # ------------------------------------------------------------ sums

    def _reduce(self, body: Reduce) -> Named:
        sums: list[Index] = []
        inner: Expr = body
        while isinstance(inner, Reduce) and inner.kind == body.kind and (body.kind == "sum" or not sums):
            if self.needs_loop(inner.index, inner.body):
                break
            sums.append(inner.index)
            inner = inner.body
        if not sums:
            return self._loop(body)
        if any(len(self.extent(s)) == 0 for s in sums):
            return Named((), self.domain.number({"sum": 0, "prod": 1}.get(body.kind, 0)))
        if body.kind == "sum" and isinstance(inner, Multiply):
            return self._contract(sums, [self.evaluate(f) for f in inner.factors])
        part = self.evaluate(inner)
        if body.kind == "sum":
            return self._contract(sums, [part])
        return self._running(body.kind, sums, part)

    def needs_loop(self, index: Index, body: Expr) -> bool:
        """Whether sizes or members of a family depend on the index."""
        if index not in _deciding(body):
            return False
        stack: list[Any] = [body]
        seen: set[Any] = set()
        while stack:
            node = stack.pop()
            if node in seen or index not in node.free:
                continue
            seen.add(node)
            if any(index in free_indices(side) for i in bound(node) for side in i.range):
                return True
            if isinstance(node, Access) and isinstance(self.values.get(node.symbol), dict):
                depth = symbol_depth(node.symbol)
                if any(index in free_indices(a) for a in node.at[:depth]):
                    return True
            if any(isinstance(a, SizeMember) and index in free_indices(a.at) for v in affines(node) for a in v.atoms()):
                return True
            stack.extend(children(node))
        return False

    def _loop(self, body: Reduce) -> Named:
        parts: list[Named] = []
        memo = self._memo
        for value in self.extent(body.index):
            self.fixed[body.index] = value
            self._memo = {}
            parts.append(self.evaluate(body.body))
        self.fixed.pop(body.index, None)
        self._memo = memo
        if not parts:
            return Named((), self.domain.number({"sum": 0, "prod": 1}.get(body.kind, 0)))
        if body.kind == "sum":
            return fold(np.add, parts)
        if body.kind == "prod":
            return fold(np.multiply, parts)
        result = parts[0]
        for part in parts[1:]:
            axes, data = self.aligned([result, part])
            result = Named(axes, self.domain.elementwise(body.kind, *data))
        return result

    def _contract(self, sums: Sequence[Index], parts: Sequence[Named]) -> Named:
        scale: Any = None
        for index in sums:
            if not any(index in p.axes for p in parts):
                count = self.domain.number(len(self.extent(index)))
                scale = count if scale is None else scale * count
        axes = tuple(dict.fromkeys(a for p in parts for a in p.axes if a not in sums))
        labels = {a: k for k, a in enumerate(dict.fromkeys(a for p in parts for a in p.axes))}
        shaped = [p for p in parts if p.axes]
        plain = [p.data for p in parts if not p.axes]
        result: Any = None
        if shaped:
            result = self._einsum(shaped, axes, labels)
        with np.errstate(all="ignore"):
            for factor in (*plain, *([scale] if scale is not None else [])):
                result = factor if result is None else factor * result
        return Named(axes, result)

    def _einsum(self, parts: Sequence[Named], axes: tuple[Index, ...], labels: dict[Index, int]) -> Any:
        if len(parts) == 1 and self.domain.dtype is object:
            kept = [k for k, a in enumerate(parts[0].axes) if a not in axes]
            data = np.add.reduce(objects(parts[0].data), axis=tuple(kept)) if kept else parts[0].data
            return Named(tuple(a for a in parts[0].axes if a in axes), data).over(axes)
        operands: list[Any] = []
        for part in parts:
            operands += [
                objects(part.data) if self.domain.dtype is object else part.data,
                [labels[a] for a in part.axes],
            ]
        operands.append([labels[a] for a in axes])
        with np.errstate(all="ignore"):
            return np.einsum(*operands, optimize="greedy" if len(parts) > 1 else False)

    def _running(self, kind: str, sums: Sequence[Index], part: Named) -> Named:
        result = part
        for index in sums:
            if index not in result.axes:
                if kind == "prod":
                    result = Named(result.axes, result.data ** len(self.extent(index)))
                continue
            axes = tuple(a for a in result.axes if a is not index)
            data = np.moveaxis(np.asarray(result.data), result.axes.index(index), 0)
            total = data[0]
            for entry in data[1:]:
                total = total * entry if kind == "prod" else self.domain.elementwise(kind, total, entry)
            result = Named(axes, total)
        return result

    def _configurations(self, body: Configurations) -> Named:
        """Σ over configurations, many at a time: the states of a chunk are one more axis."""
        variables: list[Symbol] = []
        core: Expr = body
        while isinstance(core, Configurations):
            variables.append(core.variable)
            core = core.body
        total: Named | None = None
        memo = self._memo
        for arrays in states([self.factor(v) for v in variables], exact=self.domain.dtype is object):
            added, summed = _over_states(core, tuple(variables), len(arrays[0]))
            for stacked, held in zip(added, arrays, strict=True):
                self.values[stacked] = held if stacked.is_integer else self._from_choices(held)
            self._memo = {}
            part = self.evaluate(summed)
            total = part if total is None else fold(np.add, [total, part])
            for stacked in added:
                del self.values[stacked]
        self._memo = memo
        assert total is not None
        return total

    def factor(self, variable: Symbol) -> Factor:
        """The values that a variable can take, as one factor of a product of sets."""
        shape = tuple(len(self.extent(a)) for a in variable.axes)
        domain = variable.domain
        choices: Sequence[int | Fraction] = domain.values
        if domain.kind == "index":
            low, high = domain.bounds or (Affine(), Affine())
            choices = range(self.whole(low), self.whole(high) + 1)
        return Factor(variable.name, domain.kind, shape, tuple(choices))

    def _from_choices(self, held: Array) -> Array:
        """Numbers of a finite set in the arithmetic at hand."""
        if self.domain.dtype is not object:
            return np.asarray(held, dtype=self.domain.dtype)
        known = {value: self.domain.number(value) for value in set(held.reshape(-1).tolist())}
        result = np.empty(held.shape, dtype=object)
        result.reshape(-1)[:] = [known[v] for v in held.reshape(-1).tolist()]
        return result

    # ------------------------------------------------------------ arrays

    def _array_call(self, body: ArrayCall) -> Named:
        argument = body.argument
        inner = self.evaluate(argument.body)
        others = tuple(a for a in inner.axes if a not in argument.indices)
        shape = (*(len(self.extent(a)) for a in others), *(len(self.extent(a)) for a in argument.indices))
        data = np.broadcast_to(np.asarray(inner.over((*others, *argument.indices)), dtype=self.domain.dtype), shape)
        result = self._array_value(body.operation, data)
        if not body.at:
            return Named(others, result)
        lows = [self.extent(a).start for a in (*others, *argument.indices[: len(body.at)])]
        return self._gather(np.asarray(result), [*map(Affine.atom, others), *body.at], lows)

    def _array_value(self, operation: str, data: Array) -> Any:
        match operation:
            case "argmaximum":
                return self._argmaximum(data)
            case "logsoftmax":
                total = np.asarray(self.domain.array("logsumexp", data), dtype=self.domain.dtype)
                return data - total[..., np.newaxis]
            case "det":
                return self.domain.array("determinant", data)
            case "logdet":
                return self.domain.array("log_determinant", data)
            case _:
                return self.domain.array(operation, data)

    def _argmaximum(self, data: Array) -> Array:
        """1 at the first largest entry of each row, else 0."""
        result = np.empty(data.shape, dtype=self.domain.dtype)
        for place in np.ndindex(data.shape[:-1]):
            row = data[place]
            best = 0
            for k in range(1, len(row)):
                if bool(self.domain.compare(">", row[k], row[best])):
                    best = k
            for k in range(len(row)):
                result[(*place, k)] = self.domain.number(1 if k == best else 0)
        return result


@lru_cache(maxsize=64)
def _over_states(core: Expr, variables: tuple[Symbol, ...], count: int) -> tuple[tuple[Symbol, ...], Expr]:
    """A sum over configurations as one over an axis of states; a function of a sheet is called again and again."""
    state = Index("state", Affine(1), Affine(count))
    place = Affine.atom(state)
    added = tuple(Symbol(v.name, (state, *v.axes), v.role, domain=v.domain) for v in variables)
    moved = {v: _component_of(stacked, place) for v, stacked in zip(variables, added, strict=True)}
    return added, Reduce("sum", state, replace_symbols(core, moved))


def _component_of(stacked: Symbol, state: Affine) -> Callable[[tuple[Affine, ...]], Expr]:
    """A component of one state of a variable."""
    return lambda at: Access(stacked, (state, *at))


_INTEGER_COMPARE: dict[str, Any] = {
    "=": np.equal, "≠": np.not_equal, "<": np.less, "≤": np.less_equal, ">": np.greater, "≥": np.greater_equal,
}  # fmt: skip


def _deciding(body: Expr) -> frozenset[Index]:
    """The indices on which some size or some member of a family may depend; kept by node, as bodies come again."""
    known = _decided.get(body)
    if known is None:
        found: set[Index] = set()
        for node in walk(body):
            sides = [side for i in bound(node) for side in i.range]
            if isinstance(node, Access):
                sides += node.at[: symbol_depth(node.symbol)]
            sides += [a.at for v in affines(node) for a in v.atoms() if isinstance(a, SizeMember)]
            found.update(i for side in sides for i in affine_indices(side))
        known = _decided[body] = frozenset(found)
    return known


_decided: WeakKeyDictionary[Expr, frozenset[Index]] = WeakKeyDictionary()
