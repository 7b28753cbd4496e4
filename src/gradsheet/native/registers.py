"""Small programs without memory: every array is a few vectors in registers, parameters are handed from step to step.

A component is asked for either alone or side by side along one axis of its array. What is asked for decides how an
array is held: a weight matrix that is read along its rows in one place and along its columns in another is held both
ways, and updated both ways. With several copies of a model, the copies of each component lie side by side instead.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Access,
    Add,
    Affine,
    Call,
    Constant,
    Expr,
    Index,
    Integer,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    Relation,
    children,
    substitute,
    walk,
)
from gradsheet.kernels import I32, I64, pointer
from gradsheet.native.ahead import look_ahead
from gradsheet.native.expressions import in_lanes, value
from gradsheet.native.nests import lanes_for
from gradsheet.native.places import extent, has_fixed_range, row_major, shape, whole
from gradsheet.native.scope import Scope
from gradsheet.programs.forms import added
from gradsheet.programs.model import Assign
from gradsheet.programs.squeezing import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gradsheet.expressions import AnyNode, Symbol
    from gradsheet.kernels import AnyType, FunctionBuilder, ModuleBuilder, Term, Type
    from gradsheet.native.buffers import Plan

_MOST_PARAMETERS = 160
_MOST_WORK = 6000
"""Numbers in parameters, and operations in a step, up to which straight code is quicker than loops."""
_LONGEST_SIDE = 16

Layout = tuple["Symbol", int | None]
"""An array, and the axis along which its components lie side by side; None for components by themselves."""
At = tuple[int | None, ...]
"""The place of components: None stands for all along that axis."""


def fits(plan: Plan) -> bool:
    """Whether a program is small and straight enough to live in registers, one row of data after another."""
    program = plan.program
    if program.rows is None or whole(program.rows.high) != whole(program.rows.low) or program.tables:
        return False
    arguments = [a for a in program.arguments if a.part != "data"]
    if sum(prod(shape(a.symbol)) for a in arguments) > _MOST_PARAMETERS:
        return False
    if any(a.symbol.is_integer or max(shape(a.symbol), default=1) > _LONGEST_SIDE for a in program.arguments):
        return False
    if set(plan.same.values()) != {r.updates for r in program.results if r.updates is not None}:
        return False
    work = 0
    for statement in program.statements:
        if not isinstance(statement, Assign) or not _is_straight(statement):
            return False
        work += prod(extent(i) for i in statement.free) * _work(statement.body)
    return work <= _MOST_WORK


def _is_straight(statement: Assign) -> bool:
    if not statement.whole or max(shape(statement.target), default=1) > _LONGEST_SIDE:
        return False
    kinds = (Access, Number, Constant, Integer, Add, Multiply, Power, Call, Piecewise, Reduce, Relation)
    for node in walk(statement.body):
        if not isinstance(node, kinds):
            return False
        if isinstance(node, Reduce) and (node.kind != "sum" or not has_fixed_range(node.index)):
            return False
        if isinstance(node, Access) and not all(a.is_constant or isinstance(a.single, Index) for a in node.at):
            return False
        if isinstance(node, Integer) or (isinstance(node, Relation) and isinstance(node.left, Integer)):
            return False
    return True


def _work(node: AnyNode) -> int:
    """About how many operations an expression takes."""
    if isinstance(node, Reduce):
        return extent(node.index) * _work(node.body)
    return 1 + sum(_work(c) for c in children(node) if not isinstance(c, Access))


def write_epoch(
    builder: ModuleBuilder, plan: Plan, number: Type, parameters: Mapping[str, AnyType], copies: int = 1
) -> None:
    """`epoch`: step after step over rows of data, with the parameters in registers."""
    made: dict[str, AnyType] = {**parameters, "steps": I64, "stop": pointer(I32, noalias=False)}
    with builder.function("epoch", made, exported=True) as b:
        *arrays, _workspace, steps, stop = b.parameters
        _Epoch(plan, number, b, dict(zip(plan.given, arrays, strict=True)), copies).write(steps, stop)


class _Epoch:
    def __init__(
        self, plan: Plan, number: Type, b: FunctionBuilder, arrays: Mapping[Symbol, Term], copies: int
    ) -> None:
        self.program, thin = squeeze(plan.program)
        self.same = {thin.get(a, a): thin.get(s, s) for a, s in plan.same.items()}
        self.b, self.arrays, self.copies = b, {thin.get(s, s): term for s, term in arrays.items()}, copies
        self.element = number
        self.number = number.by(copies)
        self.definitions = {a.target: a for a in self.program.assigns}
        self.changing = {r.updates: r.symbol for r in self.program.results if r.updates is not None}
        self.layouts = self._layouts()
        self.early, self.following = look_ahead(self.program) if copies == 1 else ([], {})

    # ------------------------------------------------------------ what is asked for

    def _layouts(self) -> list[Layout]:
        """The ways in which each changing parameter is held: all that a step, and the change itself, ask for."""
        asked: dict[Layout, None] = {}
        seen: set[Layout] = set()
        for result in self.program.results:
            if result.updates is None:
                self._ask(result.symbol, self._default(result.symbol), asked, seen)
        for old in self.changing:
            if old is not None:
                self._ask(old, self._default(old), asked, seen)
        while True:
            known = len(asked)
            for symbol, axis in list(asked):
                self._ask(self.changing[symbol], axis, asked, seen)
            if len(asked) == known:
                return list(asked)

    def _default(self, symbol: Symbol) -> int | None:
        return symbol.rank - 1 if symbol.rank and self.copies == 1 else None

    def _ask(self, symbol: Symbol, axis: int | None, asked: dict[Layout, None], seen: set[Layout]) -> None:
        if axis is None:
            axis = self._default(symbol)
        if symbol in self.changing:
            asked.setdefault((symbol, axis))
        definition = self.definitions.get(symbol)
        if definition is None or (symbol, axis) in seen:
            return
        seen.add((symbol, axis))
        side = None if axis is None else definition.free[axis]
        self._ask_all(definition.body, side, asked, seen)

    def _ask_all(self, node: AnyNode, side: Index | None, asked: dict[Layout, None], seen: set[Layout]) -> None:
        if isinstance(node, Reduce) and side not in node.free and self.copies == 1:
            side = node.index
        if isinstance(node, Access):
            axis = next((k for k, a in enumerate(node.at) if side is not None and a.single is side), None)
            if axis is not None or not any((node.symbol, k) in asked for k in range(node.symbol.rank)):
                self._ask(node.symbol, axis, asked, seen)
        for child in children(node):
            self._ask_all(child, side, asked, seen)

    # ------------------------------------------------------------ the loop

    def write(self, steps: Term, stop: Term) -> None:
        b = self.b
        first = {(lay, at): self.load(lay[0], at, 0) for lay in self.layouts for at in _places(lay)}
        start = {self._name(lay, at): term for (lay, at), term in first.items()}
        opening = _Step(self, b.constant(0, I64), first, {})
        start |= {f"early{k}": opening.whole(e.node, e.side) for k, e in enumerate(self.early)}
        with b.fold("s", 0, steps, start) as fold:
            held = {(lay, at): fold[self._name(lay, at)] for lay in self.layouts for at in _places(lay)}
            early = {e.node: fold[f"early{k}"] for k, e in enumerate(self.early)}
            step = _Step(self, fold.index, held, early, b.minimum(fold.index + 1, steps - 1))
            for k, e in enumerate(self.early):
                # The old parameters and the next row: nothing here waits for this row's derivatives but the change.
                fold[f"early{k}"] = step.whole(e.following, e.side)
            for layout, at in held:
                fold[self._name(layout, at)] = step.component(self.changing[layout[0]], at)
            for result in self.program.results:
                if result.updates is None:
                    step.keep(result.symbol)
            fold.until(b.load(stop, 0, volatile=True).differs(0))
        written: set[Symbol] = set()
        for layout in self.layouts:
            if layout[0] not in written:
                written.add(layout[0])
                for at in _places(layout):
                    self.store(layout[0], at, fold[self._name(layout, at)], 0)

    def _name(self, layout: Layout, at: At) -> str:
        number = list(self.changing).index(layout[0])
        return f"p{number}_{'_'.join('x' if k is None else str(k) for k in at)}"

    # ------------------------------------------------------------ memory

    def _offset(self, symbol: Symbol, at: At) -> int:
        strides = row_major(shape(symbol))
        return sum((k or 0) * stride for k, stride in zip(at, strides, strict=True))

    def load(self, symbol: Symbol, at: At, start: Term | int) -> Term:
        """Components from memory: alone, or side by side."""
        b, array = self.b, self.arrays[symbol]
        offset = self._offset(symbol, at)
        if self.copies > 1 and symbol in self.changing:
            return b.load(array, offset * self.copies, self.copies)
        if None not in at:
            read = b.load(array, start + offset)
            return b.splat(read, self.number) if self.copies > 1 else read
        axis = at.index(None)
        count, stride = shape(symbol)[axis], row_major(shape(symbol))[axis]
        lanes = lanes_for(count, _LONGEST_SIDE)
        if stride == 1:
            mask = None if lanes == count else b.tail(0, count, lanes)
            return b.load(array, start + offset, lanes, mask=mask)
        parts = [b.load(array, start + (offset + stride * k)) for k in range(count)]
        return b.vector([*parts, *([b.constant(0.0, self.element)] * (lanes - count))])

    def store(self, symbol: Symbol, at: At, term: Term, start: Term | int) -> None:
        """Components to memory."""
        b, array = self.b, self.arrays[self.same.get(symbol, symbol)]
        offset = self._offset(symbol, at)
        if self.copies > 1:
            b.store(array, offset * self.copies, term)
            return
        if None not in at:
            b.store(array, start + offset, term)
            return
        axis = at.index(None)
        count, stride = shape(symbol)[axis], row_major(shape(symbol))[axis]
        if stride == 1:
            mask = None if term.lanes == count else b.tail(0, count, term.lanes)
            b.store(array, start + offset, term, mask=mask)
            return
        for k in range(count):
            b.store(array, start + (offset + stride * k), term[k])


def _places(layout: Layout) -> Iterator[At]:
    """The places at which an array is held in a layout."""
    symbol, axis = layout
    runs: list[Sequence[int | None]] = [
        [None] if k == axis else range(n) for k, n in enumerate(shape(symbol))
    ]
    yield from product(*runs)


class _Step:
    """One step: components as they are asked for, each computed once."""

    def __init__(
        self, epoch: _Epoch, row: Term, held: Mapping[tuple[Layout, At], Term], early: Mapping[Expr, Term],
        following: Term | None = None,
    ) -> None:  # fmt: skip
        self.epoch, self.row, self.held, self.early, self.following = epoch, row, held, early, following
        self.b = epoch.b
        self.data = {a.symbol for a in epoch.program.arguments if a.part == "data"}
        self.known: dict[tuple[Symbol, At], Term] = {}
        self.of_next = {new: old for old, new in epoch.following.items()}

    def whole(self, body: Expr, side: Index | None) -> Term:
        """An expression in every lane of its index."""
        made = self._value(body, side)
        return made if side is None else in_lanes(made, self._scope(side))

    def component(self, symbol: Symbol, at: At) -> Term:
        """A component, or all along the axis that `at` leaves open."""
        known = self.known.get((symbol, at))
        if known is None:
            known = self.known[symbol, at] = self._component(symbol, at)
        return known

    def _component(self, symbol: Symbol, at: At) -> Term:
        if symbol in self.epoch.changing:
            return self._parameter(symbol, at)
        definition = self.epoch.definitions.get(symbol)
        if definition is None:
            return self._given(symbol, at)
        if None not in at and at and self.epoch.copies == 1:
            *before, last = at
            assert last is not None
            return self.b.extract(self.component(symbol, (*before, None)), last)
        mapping = {i: Affine(k) for i, k in zip(definition.free, at, strict=True) if k is not None}
        side = next((i for i, k in zip(definition.free, at, strict=True) if k is None), None)
        made = self._value(substitute(definition.body, mapping), side)
        return in_lanes(made, self._scope(side)) if side is not None else made

    def _given(self, symbol: Symbol, at: At) -> Term:
        """A component of the data at hand, of the next row, or of something that stays as it is."""
        row: Term | None = self.row
        if symbol in self.of_next:
            symbol, row = self.of_next[symbol], self.following
        if symbol not in self.data:
            return self.epoch.load(symbol, at, 0)
        assert row is not None
        size = prod(shape(symbol))
        return self.epoch.load(symbol, at, row * size if size > 1 else row)

    def _parameter(self, symbol: Symbol, at: At) -> Term:
        axis = at.index(None) if None in at else None
        term = self.held.get(((symbol, axis), at))
        if term is not None:
            return term
        assert axis is None, (symbol, at)
        for (held, along), place in self.held:
            if held is symbol and along is not None and place == (*at[:along], None, *at[along + 1 :]):
                lane = at[along]
                assert lane is not None
                return self.b.extract(self.held[(held, along), place], lane)
        raise AssertionError((symbol, at))

    def keep(self, symbol: Symbol) -> None:
        """Store a result that is no parameter: the last step's stays."""
        axis = self.epoch._default(symbol)  # noqa: SLF001 - the step is a part of the epoch
        for at in _places((symbol, axis)):
            self.epoch.store(symbol, at, self.component(symbol, at), 0)

    # ------------------------------------------------------------ expressions

    def _scope(self, side: Index | None, known: Mapping[object, Term] | None = None) -> Scope:
        scope = Scope(self.b, self.epoch.number, {}, known=known or {})
        if side is None:
            return scope
        return scope.side_by_side(side, whole(side.low), lanes_for(extent(side), _LONGEST_SIDE))

    def _value(self, body: Expr, side: Index | None) -> Term:
        """An expression whose only free index, if any, is the one that lies side by side."""
        known: dict[object, Term] = {}
        stack: list[AnyNode] = [body]
        while stack:
            node = stack.pop()
            early = self.early.get(node)  # type: ignore[arg-type]
            if early is not None:
                known[node] = early
            elif isinstance(node, Access):
                known[node] = self._read(node, side)
            elif isinstance(node, Reduce):
                known[node] = self._sum(node, side)
            elif isinstance(node, Add) and (begun := self._begun(node, side)) is not None:
                known[node] = begun
            else:
                stack.extend(children(node))
        return value(body, self._scope(side, known))

    def _begun(self, node: Add, side: Index | None) -> Term | None:
        """A sum over an index plus terms that are known before: the long sum begins with them."""
        sums = [t for t in node.terms if isinstance(t, Reduce) and t not in self.early]
        own = [t for t in sums if side is None or side in t.free]
        if len(own) != 1 or (side is None and self.epoch.copies == 1):
            return None
        (last,) = own
        rest = [t for t in node.terms if t is not last]
        if not rest or any(isinstance(t, Multiply) and self._is_late(t) for t in rest):
            return None
        start = self._value(added(rest), side)
        return self._sum(last, side, in_lanes(start, self._scope(side)) if side is not None else start)

    def _is_late(self, term: Expr) -> bool:
        """Whether a term is a product with something that this step computes: it is not known early."""
        return any(s in self.epoch.definitions for s in term.symbols)

    def _read(self, node: Access, side: Index | None) -> Term:
        at = tuple(None if side is not None and a.single is side else a.constant for a in node.at)
        return self.component(node.symbol, at)

    def _sum(self, node: Reduce, side: Index | None, start: Term | None = None) -> Term:
        """`start` + Σ written out; along the lanes, where the terms can lie side by side."""
        b = self.b
        if side not in node.free and self.epoch.copies == 1:
            index = node.index
            terms = in_lanes(self._value(node.body, index), self._scope(index))
            count = extent(index)
            if terms.lanes != count:
                idle = b.constant(tuple(0.0 for _ in range(terms.lanes)), terms.number)
                terms = b.select(b.tail(0, count, terms.lanes), terms, idle)
            return b.sum(terms) if start is None else b.sum(terms) + start
        low = whole(node.index.low)
        chains: list[Term | None] = [start, None]
        scope = self._scope(side if side in node.free else None)
        for k in range(extent(node.index)):
            term = substitute(node.body, {node.index: Affine(low + k)})
            chains[k % 2] = self._added(chains[k % 2], term, side if side in node.free else None, scope)
        parts = [c for c in chains if c is not None]
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    def _added(self, total: Term | None, term: Expr, side: Index | None, scope: Scope) -> Term:
        if total is None:
            return in_lanes(self._value(term, side), scope) if side is not None else self._value(term, side)
        if isinstance(term, Multiply) and len(term.factors) == 2:
            x, y = (self._value(f, side) for f in term.factors)
            if side is not None:
                x, y = in_lanes(x, scope), in_lanes(y, scope)
            return self.b.muladd(x, y, total)
        made = self._value(term, side)
        return total + (in_lanes(made, scope) if side is not None else made)


__all__ = ["fits", "write_epoch"]
