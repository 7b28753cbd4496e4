"""Assignments and loops as lines of code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Access,
    Affine,
    ArrayCall,
    Condition,
    Index,
    Integer,
    Number,
    Reduce,
    Relation,
    walk,
)
from gradsheet.expressions.nodes import affines, bound
from gradsheet.programs.forms import multiplied
from gradsheet.programs.model import Assign, Loop, assigns
from gradsheet.targets.arrays import Arrays
from gradsheet.targets.pieces import Level, Piece
from gradsheet.targets.products import conjuncts, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.expressions import Symbol
    from gradsheet.programs.model import Statement

_INDENT = "    "


class Statements(Arrays):
    """Prints the statements of a function, one after another."""

    allocated: set[Symbol]
    outputs: frozenset[Symbol]

    def block(self, statements: Sequence[Statement]) -> None:
        """The lines of some statements."""
        for statement in statements:
            if isinstance(statement, Loop):
                self._loop(statement)
            elif statement.target not in self.inverses:
                self._assign(statement)

    # ------------------------------------------------------------ assignments

    def _assign(self, statement: Assign) -> None:
        free = list(statement.free)
        uneven = next((i for i in free if any(i in _indices(j.range) for j in free if j is not i)), None)
        if uneven is not None:
            self._one_by_one(statement, uneven)
            return
        places = [(k, p, i) for k, p in enumerate(statement.pattern) for i in free if i in _indices((p,))]
        self.order = [i for _, _, i in sorted(places, key=lambda t: t[0])]
        if self._scatter(statement):
            return
        piece = self.expr(statement.body)
        if statement.target.is_integer is False:
            piece = self.floats(piece)
        piece = self.sorted(piece, self.order)
        name = self.names.of[statement.target]
        if statement.whole:
            self.lines.append(f"{name} = {self._whole(statement, piece).text}")
            return
        self._allocate(statement.target)
        axes = statement.target.axes
        place = ", ".join(self._target_place(p, a) for p, a in zip(statement.pattern, axes, strict=True))
        while place.endswith(", :"):
            place = place.removesuffix(", :")
        self.lines.append(self.dialect.assigned(name, place, self.aligned(piece, self.order).text))
        self._forget(name)

    def _forget(self, name: str) -> None:
        """Arrays made from one that changes are out of date."""
        self.shared = {text: known for text, known in self.shared.items() if name not in text}

    def _whole(self, statement: Assign, piece: Piece) -> Piece:
        """The right side with all axes of the target."""
        target = statement.target
        if piece.kind == "number" and not target.axes and target not in self.outputs:
            self.numbers.add(target)
            return piece
        if piece.kind == "number":
            self.used.add("dtype")
            return Piece(self.dialect.filled(self.shape(self.order), piece.text))
        if len(piece.axes) < len(self.order):
            made = self.aligned(piece, self.order)
            return Piece(self.dialect.broadcast(made.text, self.shape(self.order)))
        return piece

    def _allocate(self, target: Symbol) -> None:
        if target in self.allocated:
            return
        self.allocated.add(target)
        self.used.add("dtype")
        self.lines.append(f"{self.names.of[target]} = {self.dialect.filled(self.shape(target.axes))}")

    def _target_place(self, place: Affine, axis: Index) -> str:
        found = [i for i in _indices((place,)) if i not in self.loops]
        if not found:
            return self.affine(place)
        if len(found) > 1:
            raise self.lacks("fills an array along a diagonal")
        return self._slice(place, found[0], axis, Affine())

    def _one_by_one(self, statement: Assign, index: Index) -> None:
        """A loop over an index on which the ranges of others depend."""
        self._allocate(statement.target)
        name = self.names.fresh(index.name)
        self.lines.append(f"for {name} in range({self.affine(index.low)}, {self.affine(index.high + 1)}):")
        self.loops[index] = name
        rest = tuple(i for i in statement.free if i is not index)
        self._indented([Assign(statement.target, statement.pattern, rest, statement.body)])
        del self.loops[index]

    def _indented(self, statements: Sequence[Statement]) -> None:
        outer, self.lines = self.lines, []
        kept = dict(self.shared)
        self.block(statements)
        outer.extend(f"{_INDENT}{line}" for line in self.lines)
        self.lines, self.shared = outer, {t: k for t, k in kept.items() if t in self.shared}

    def _scatter(self, statement: Assign) -> bool:
        """Σ_t [c[t] = i] δ[t]: each δ is added to the entry that its label names."""
        factors, conditions = opened(statement.body)
        sums = [f for f in factors if isinstance(f, Reduce)]
        if len(sums) != 1 or conditions or not statement.whole:
            return False
        node = sums[0]
        if node.kind != "sum" or isinstance(node.body, Reduce):
            return False
        outer = [f for f in factors if f is not node]
        inside, guards = opened(node.body)
        if len(guards) != 1 or any(not isinstance(f, Number) and f.free & {node.index} == set() for f in inside):
            return False
        found = _label(guards[0], statement.free, node.index)
        if found is None:
            return False
        row, label = found
        if any(row in f.free for f in inside) or any(row in f.free for f in outer):
            return False
        rest = [i for i in self.order if i is not row]
        axis = self.order.index(row)
        kept = list(self.order)
        self.order = [node.index if i is row else i for i in self.order]
        values = self.floats(self.expr(multiplied([*outer, *inside])))
        places = self.whole(label)
        needs = [*self.order] if self.dialect.name == "torch" else self.order
        if set(values.axes) != set(needs):
            values = self._spread(values)
        made = self.sorted(values, self.order)
        self.order = kept
        if places.axes != (node.index,) or any(i not in statement.free for i in rest):
            return False
        self._allocate(statement.target)
        items = [places.text if k == axis else "slice(None)" for k in range(len(self.order))]
        while items and items[-1] == "slice(None)":
            items.pop()
        self.lines.append(self.dialect.scattered(self.names.of[statement.target], items, axis, made.text))
        return True

    def _spread(self, piece: Piece) -> Piece:
        """The array with all axes in force."""
        self.used.add("dtype")
        if not piece.axes:
            text = piece.text
            if piece.kind == "number":
                return Piece(self.dialect.filled(self.shape(self.order), text), Level.ATOM, tuple(self.order))
        made = self.aligned(piece, self.order)
        return Piece(self.dialect.broadcast(made.text, self.shape(self.order)), Level.ATOM, tuple(self.order))

    # ------------------------------------------------------------ loops

    def _loop(self, loop: Loop) -> None:
        carried = list(dict.fromkeys(a.target for a in assigns(loop.body) if not a.whole))
        for target in carried:
            self._allocate(target)
        self.shared.clear()
        index = loop.index
        if self.dialect.immutable and _is_traceable(loop):
            self._compiled_loop(loop, carried)
            return
        name = self.names.fresh(index.name)
        self.loops[index] = name
        low, high = index.low, index.high
        run = (
            f"range({self.affine(high)}, {self.affine(low - 1)}, -1)" if loop.downward
            else f"range({self.affine(low)}, {self.affine(high + 1)})"
        )  # fmt: skip
        self.lines.append(f"for {name} in {run}:")
        self._indented(loop.body)
        del self.loops[index]
        self.shared.clear()

    def _compiled_loop(self, loop: Loop, carried: Sequence[Symbol]) -> None:
        """A loop that JAX compiles: what changes in it goes in and comes out."""
        index = loop.index
        name = self.names.fresh(index.name)
        self.loops[index] = name
        self.traced.add(index)
        step = self.names.fresh(f"step_{name}")
        state = ", ".join(self.names.of[s] for s in carried)
        packed = f"{state}," if len(carried) == 1 else state
        counter = self.names.fresh("k") if loop.downward else name
        self.lines += [f"def {step}({counter}, state):", f"{_INDENT}{packed} = state"]
        if loop.downward:
            self.lines.append(f"{_INDENT}{name} = {self.affine(index.high)} - {counter}")
        self._indented(loop.body)
        low, stop = self.affine(index.low), self.affine(index.high + 1)
        if loop.downward:
            low, stop = "0", self.affine(index.high - index.low + 1)
        self.lines += [
            f"{_INDENT}return {packed if len(carried) > 1 else f'({packed})'}",
            "",
            f"{packed} = jax.lax.fori_loop({low}, {stop}, {step}, ({packed}))",
        ]
        del self.loops[index]
        self.traced.discard(index)
        self.shared.clear()


def _indices(values: Iterable[Affine]) -> set[Index]:
    return {a for v in values for a in _atoms(v) if isinstance(a, Index)}


def _atoms(value: Affine) -> Iterable[object]:
    for atom in value.atoms():
        yield atom
        if isinstance(atom, Access):
            yield from atom.free


def _label(condition: Condition, free: Sequence[Index], summed: Index) -> tuple[Index, Affine] | None:
    """I and the place that a label names, for c[t] = i + 1."""
    if len(conjuncts(condition)) != 1:
        return None
    match condition:
        case Relation(sign="=", left=Integer(value=a), right=Integer(value=b)):
            difference = a - b
        case _:
            return None
    row = next((i for i in free if abs(difference.coefficient(i)) == 1), None)
    labels = [a for a in difference.atoms() if isinstance(a, Access)]
    if row is None or len(labels) != 1 or labels[0].free != {summed}:
        return None
    sign = difference.coefficient(row)
    return row, (difference - Affine.atom(row) * sign) * -sign


def _is_traceable(loop: Loop) -> bool:
    """Whether no range and no slice inside a loop depends on its step."""
    steps = {loop.index}
    for statement in loop.body:
        if isinstance(statement, Loop):
            steps.add(statement.index)
            if not _is_traceable(statement) or steps & _indices(statement.index.range):
                return False
    for assign in assigns(loop.body):
        if steps & {i for j in assign.free for i in _indices(j.range)}:
            return False
        places = [*assign.pattern]
        for node in walk(assign.body):
            if any(steps & _indices(i.range) for i in bound(node)):
                return False
            if isinstance(node, (Access, ArrayCall)):
                places += affines(node)
        if any(_indices((p,)) & steps and _indices((p,)) - steps for p in places):
            return False
    return True


__all__ = ["Statements"]
