"""z1 = W1 x + b1 as a box with its shape, parameters beside it, on each edge what it carries and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.calculus import Simplifier
from gradsheet.expressions import Affine, Index, Symbol, at_least_zero, substitute
from gradsheet.sheet import Equation
from gradsheet.solution.wiring import wiring
from gradsheet.writing.equations import taken_names, write_equation
from gradsheet.writing.members import extents, member_value
from gradsheet.writing.naming import Names
from gradsheet.writing.picture.layout import LABEL
from gradsheet.writing.picture.model import Edge, Frame, Node, NodeKind, Picture
from gradsheet.writing.picture.text import Text, width, words
from gradsheet.writing.picture.units import Held, Place, Unit, Units, Use, fixed_indices, held_by, in_numbers, units

if TYPE_CHECKING:
    from gradsheet.solution.gates import Wire
    from gradsheet.writing.picture.steps import Steps

MOST_NODES = 60
"""Graphs with more nodes are drawn with their ends only, or with a family as one box."""
_KEPT = 10
"""Definitions that are drawn at each end of a graph that is too large."""
_WIDEST_GRADIENT = 150.0


def network(picture: Picture, steps: Steps) -> None:
    """Add the boxes of a sheet to a picture."""
    _Network(picture, steps).draw()


class _Network:
    def __init__(self, picture: Picture, steps: Steps) -> None:
        self.picture, self.steps = picture, steps
        self.units: Units = units(steps, MOST_NODES)
        self.wiring = wiring(steps.solution, members=bool(self.units.unrolled))
        self.keys: dict[Unit, str] = {}
        self.inputs: dict[Held, str] = {}
        self.frames: dict[str, str] = {}
        self.taken = taken_names(steps.sheet)

    def draw(self) -> None:
        """Nodes in the order of the sheet, each after its inputs; then the edges."""
        drawn = self._drawn()
        pairs: list[tuple[Unit, Use]] = []
        for unit in drawn:
            uses = self.units.uses(unit)
            pairs.extend((unit, use) for use in uses)
            for use in uses:
                if not self.units.sources(unit, use) and not use.symbol.parameters:
                    self._inputs(unit, use)
            self.picture.nodes.append(self._box(unit))
        if len(drawn) < len(self.units.all):
            self._rest(drawn)
        for unit, use in pairs:
            self._edges(unit, use)
        for target in self.steps.solution.derivation.targets:
            self._result(target)

    # ------------------------------------------------------------ large graphs

    def _drawn(self) -> list[Unit]:
        """All units, or those at both ends where there are too many nodes."""
        found = self.units.all
        if len(found) + len(self.units.inputs()) <= MOST_NODES or len(found) <= 2 * _KEPT:
            return found
        return [*found[:_KEPT], *found[-_KEPT:]]

    def _rest(self, drawn: list[Unit]) -> None:
        """One node for what is left out, and a sentence that says so."""
        hidden = [u for u in self.units.all if u not in set(drawn)]
        ends = [self.steps.set(f"{u.symbol.name}") for u in (hidden[0], hidden[-1])]
        lines = (words("…"), (*ends[0], *words(", …, "), *ends[1]), words(f"{len(hidden):,} definitions"))
        self.picture.nodes.append(Node("rest", "rest", lines))
        self.picture.notes.append(
            f"{len(drawn)} of {len(self.units.all):,} definitions are drawn: the first {_KEPT} and the last {_KEPT}. "
            "The box with … stands for all others, and for what only they use."
        )
        for unit in hidden:
            self.keys[unit] = "rest"
        joined: dict[tuple[str, str], None] = {}
        for unit in hidden:
            for use in self.units.uses(unit):
                found = [self.keys[s] for s in self.units.sources(unit, use)]
                given = [key for held, key in self.inputs.items() if held.symbol is use.symbol]
                joined.update(dict.fromkeys((key, "rest") for key in (*found, *given) if key != "rest"))
        self.picture.edges.extend(Edge(a, b) for a, b in joined)

    # ------------------------------------------------------------ nodes

    def _box(self, unit: Unit) -> Node:
        steps, symbol = self.steps, unit.symbol
        key = self.keys[unit] = f"box {len(self.keys)}"
        function = unit.equation is None
        texts = tuple(t for line in unit.lines for t in steps.broken(steps.line(line)))
        fixed = dict(zip(symbol.axes, unit.place, strict=False)) if unit.place is not None else _ends(unit)
        shape = "" if function else steps.writer.shape(extents(symbol.axes[symbol.leading :], steps.sizes, fixed))
        frame = self._frame(unit) if not function and unit.place is None else None
        ranges = "" if frame or not unit.lines else steps.writer.ranges(unit.lines[0].ranges)
        small = "   ".join(t for t in (shape, ranges) if t)
        told = steps.told(symbol, unit.lines, self._value(symbol, unit.place), self._sum(symbol, unit.place))
        kind: NodeKind = "function" if function else "box"
        total = () if function else self._total(symbol, unit)
        return Node(key, kind, texts, steps.set(small), (), total, told, steps.definition_anchor(symbol), frame)

    def _frame(self, unit: Unit) -> str | None:
        """The frame of a family: what stands in it is there for every index."""
        symbol = unit.symbol
        if unit.equation is None or not symbol.leading or not unit.lines:
            return None
        index = unit.equation.pattern[0].single
        if not isinstance(index, Index):
            return None
        name = repr(index.range)
        if name not in self.frames:
            self.frames[name] = f"frame {len(self.frames)}"
            title = self.steps.writer.ranges(unit.lines[0].ranges[: symbol.leading])
            self.picture.frames.append(Frame(self.frames[name], self.steps.set(title)))
        return self.frames[name]

    def _inputs(self, unit: Unit, use: Use) -> None:
        """The node of an input, or of each member that is used."""
        for held in held_by(unit, use):
            if held not in self.inputs:
                self.picture.nodes.append(self._input(held))

    def _input(self, held: Held) -> Node:
        steps, symbol, place = self.steps, held.symbol, held.place
        name = symbol.name
        if place is not None or held.row:
            name += f"[{','.join(map(str, place or held.row))}]"
        elif symbol.leading:
            name += f"[{','.join(i.name for i in symbol.axes[: symbol.leading])}]"
        key = self.inputs[held] = f"input {len(self.inputs)}"
        parameter = symbol in steps.solution.derivation.gradients
        fixed = dict(zip(symbol.axes, place or held.row, strict=False))
        shape = steps.writer.shape(extents(symbol.axes[symbol.leading + len(held.row) :], steps.sizes, fixed))
        frame = self.frames.get(repr(symbol.axes[0].range)) if symbol.leading and place is None else None
        return Node(
            key,
            "parameter" if parameter else "input",
            (steps.set(name),),
            steps.set(shape),
            (),
            self._total(symbol, None) if place is None and held.unit is None else (),
            steps.told(symbol, (), self._row(self._value(symbol, place), held), self._sum(symbol, place)),
            (steps.derivative_anchor(symbol) if parameter else None) or steps.definition_anchor(symbol),
            frame,
        )

    def _row(self, value: Any, held: Held) -> Any:
        """The part of an input that is drawn."""
        if not held.row or value is None:
            return value
        lows = [in_numbers(axis.low, self.steps.sizes, {}) or 0 for axis in held.symbol.axes]
        return value[tuple(r - low for r, low in zip(held.row, lows, strict=False))]

    def _result(self, target: Symbol) -> None:
        """The end of the last edge: its value, and the gradient with which the backward pass begins."""
        steps = self.steps
        last = [u for u in self.units.all if u.symbol is target]
        if not last or last[-1] not in self.keys:
            return
        cotangent = steps.solution.derivation.cotangents.get(target)
        key = f"result {target.name}"
        self.picture.nodes.append(
            Node(key, "result", (steps.set(target.name),), anchor=steps.definition_anchor(target))
        )
        above = self._brief(target, self._value(target, None)) or steps.set(steps.shape(target))
        if cotangent is not None:
            seed = steps.state.get(cotangent)
            below = steps.brief(seed) if seed is not None else steps.set(cotangent.name)
            told: tuple[str, ...] = (f"{cotangent.name}: the upstream gradient",)
        else:
            below = words("1") if not target.axes else ()
            told = (f"∂{target.name}/∂{target.name} = 1: here the backward pass begins",)
        valued = self.steps.solution.has_values
        self.picture.edges.append(Edge(self.keys[last[-1]], key, above, below, told=told, valued=valued))

    def _total(self, symbol: Symbol, unit: Unit | None) -> Text:
        """The gradient by a symbol where several edges bring a part of it."""
        if self.wiring is None or (unit is not None and unit.place is not None) or symbol.leading:
            return ()
        parts = [w for w in self.wiring.wires if w.source is symbol]
        of_rows = self.steps.loss is not None and symbol in self.steps.solution.derivation.gradients
        if len(parts) < 2 and not of_rows:
            return ()
        name = self.steps.set(self.steps.derivative_name(symbol))
        value = self.steps.gradient(symbol)
        return (*name, *words(" = "), *self.steps.brief(value)) if value is not None else name

    # ------------------------------------------------------------ edges

    def _edges(self, unit: Unit, use: Use) -> None:
        target = self.keys[unit]
        sources = self.units.sources(unit, use)
        for source in sources:
            if source in self.keys:
                end = _at_end(use, source, len(sources))
                self._edge(self.keys[source], target, unit, end, Held(use.symbol, source.place))
        if sources or use.symbol.parameters:
            return
        for held in held_by(unit, use):
            self._edge(self.inputs[held], target, unit, use, held)

    def _edge(self, source: str, target: str, unit: Unit, use: Use, held: Held) -> None:
        steps, symbol = self.steps, use.symbol
        if symbol.parameters:  # a function is used: no number flows
            self.picture.edges.append(Edge(source, target, dashed=True))
            return
        wire = self._wire(symbol, unit)
        value = self._row(self._value(symbol, held.place), held)
        gradient = self._row(self._gradient(symbol, wire, unit, held.place), held)
        below = self._brief(symbol, gradient) if self._numbers else self._symbolic(use, wire)
        above = self._brief(symbol, value) if value is not None else self._component(use)
        shared = wire is not None and wire.symbol is not symbol
        name = self._gradient_name(use)
        told = steps.told_use(symbol, gradient, name=name, shared=shared, value=value)
        told = told or (self._symbolic_told(use, wire),)
        told = tuple(t for t in told if t)
        same = next((e for e in self.picture.edges if (e.source, e.target) == (source, target)), None)
        if same is not None and (same.above, same.below) == (above, below):
            return
        anchor = steps.derivative_anchor(symbol)
        edge = Edge(source, target, above, below, told=told, anchor=anchor, value=value, gradient=gradient)
        edge.dashed, edge.valued, edge.carries = symbol.is_integer, value is not None, symbol
        self.picture.edges.append(edge)

    @property
    def _numbers(self) -> bool:
        return self.steps.solution.has_values

    def _wire(self, symbol: Symbol, unit: Unit) -> Wire | None:
        if self.wiring is None:
            return None
        own = [g for g in self.wiring.gates if g.equation is unit.equation]
        return next((w for g in own for w in g.inputs if w.source is symbol), None)

    def _alone(self, symbol: Symbol) -> bool:
        """One right-hand side only uses a symbol, so that its gradient is that of the edge."""
        return self.units.users[symbol] == 1

    def _gradient(self, symbol: Symbol, wire: Wire | None, unit: Unit, place: Place | None) -> Any:
        """What comes back along an edge: the part of this use, or all of it where there is no other use."""
        if wire is not None:
            adjoint = None if wire.shared or self.wiring is None else self.wiring.adjoint(wire.symbol)
            held = self.wiring.values.get(adjoint.symbol) if adjoint is not None and self.wiring is not None else None
        else:
            adjoint = self.steps.adjoint(symbol, of_row=True) if self._alone(symbol) else None
            held = self.steps.state.get(adjoint.symbol) if adjoint is not None else None
        if adjoint is None or held is None:
            return None
        if wire is not None and wire.symbol.leading > symbol.leading:
            place = tuple(fixed_indices(unit).values())  # one use for each member
        return self._member(adjoint.symbol, held, place, symbol)

    def _value(self, symbol: Symbol, place: Place | None) -> Any:
        held = self.steps.state.get(symbol)
        return None if held is None else self._member(symbol, held, place, symbol)

    def _sum(self, symbol: Symbol, place: Place | None) -> Any:
        """The gradient by a symbol, or by one member of it, by all edges together."""
        adjoint = self.steps.adjoint(symbol)
        held = self.steps.state.get(adjoint.symbol) if adjoint is not None else None
        return self._member(adjoint.symbol, held, place, symbol) if adjoint is not None and held is not None else None

    def _member(self, symbol: Symbol, held: Any, place: Place | None, carrier: Symbol) -> Any:
        """A whole value, or one member of a family; None where an adjoint ends before the place."""
        if place is None:
            return held
        assert self.steps.sizes is not None
        lows = [in_numbers(a.low, self.steps.sizes, {}) for a in symbol.axes[: symbol.leading]]
        highs = [in_numbers(a.high, self.steps.sizes, {}) for a in symbol.axes[: symbol.leading]]
        if any(h is None or low is None or not low <= p <= h for p, low, h in zip(place, lows, highs, strict=False)):
            return None
        rows = carrier in self.steps.solution.row_symbols
        return member_value(held, symbol, place, self.steps.sizes, rows=rows)

    def _brief(self, symbol: Symbol, value: Any) -> Text:
        """A value on an edge; with its rows where there is one for each row of the data."""
        if value is None:
            return ()
        rows = self.steps.solution.row_count
        by_row = not isinstance(value, dict) and rows and np.ndim(value) > symbol.rank
        return self.steps.brief(value, rows if by_row else 0)

    def _component(self, use: Use) -> Text:
        """Without values: the member that is used, `h[l−1]`, and its shape."""
        steps, symbol = self.steps, use.symbol
        shape = steps.shape(symbol)
        if not symbol.leading or use.places is not None:
            return steps.set(shape)
        names = Names(self.taken)
        tree = names.component(symbol, [names.affine(a) for a in use.at])
        return steps.set(steps.expression(tree))

    def _symbolic(self, use: Use, wire: Wire | None) -> Text:
        """Without values: the gradient by its name, or the part of this use by its formula."""
        steps = self.steps
        name = self._gradient_name(use)
        if not name or use.end:
            return steps.set(name)
        if wire is None or wire.symbol is use.symbol:
            known = self._alone(use.symbol) if wire is None else not wire.shared
            return steps.set(name) if known else ()
        text = steps.set(self._part(use, wire))
        if text and width(text, LABEL) <= _WIDEST_GRADIENT:
            return text
        return (*words("part of "), *steps.set(name))

    def _symbolic_told(self, use: Use, wire: Wire | None) -> str:
        name = self._gradient_name(use)
        if wire is None or wire.symbol is use.symbol or not name:
            return name
        return f"{name}, the part along this edge: {self._part(use, wire)}"

    def _gradient_name(self, use: Use) -> str:
        """`∂L/∂z1`; `∂L/∂h[l−1]` of the member that is used; "" where there is none."""
        adjoint = self.steps.adjoint(use.symbol, of_row=True)
        if adjoint is None:
            return ""
        if not use.at:
            return self.steps.spelling.prose(adjoint.symbol.name)
        for place, axis in zip(use.at, adjoint.symbol.axes, strict=False):
            if use.end and not (at_least_zero(place - axis.low) and at_least_zero(axis.high - place)):
                return ""  # the first member depends on no parameter
        names = Names(self.taken)
        return self.steps.expression(names.component(adjoint.symbol, [names.affine(a) for a in use.at]))

    def _part(self, use: Use, wire: Wire) -> str:
        """The formula of what one use contributes."""
        adjoint = self.wiring.adjoint(wire.symbol) if self.wiring is not None else None
        if adjoint is None:
            return ""
        lines = write_equation(_at(adjoint.equation, use), self.taken)
        texts = [self.steps.expression(line.right) for line in lines]
        return next((t for t in texts if t != "0"), "")


def _at(equation: Equation, use: Use) -> Equation:
    """A derivative of a family, stated for the member that is used: at l−1 rather than at l."""
    if not use.at or use.places is not None:
        return equation
    moved: dict[Any, Affine] = dict(zip(equation.free, use.at, strict=False))
    rest: list[Index] = []
    for index in equation.free[len(use.at) :]:
        new = Index(index.name, index.low.substitute(moved), index.high.substitute(moved))
        moved[index] = Affine.atom(new)
        rest.append(new)
    lead = dict.fromkeys(a for at in use.at for a in at.atoms() if isinstance(a, Index))
    pattern = tuple(p.substitute(moved) for p in equation.pattern)
    body = Simplifier().tidy(substitute(equation.body, moved), expand=False)
    return Equation(equation.symbol, pattern, (*lead, *rest), body, None, equation.facts)


def _ends(unit: Unit) -> dict[Index, int]:
    """The numbers in the equation of h[0]."""
    if unit.equation is None:
        return {}
    pairs = zip(unit.symbol.axes, unit.equation.pattern[: unit.symbol.leading], strict=False)
    return {axis: place.constant for axis, place in pairs if place.is_constant}


def _at_end(use: Use, source: Unit, count: int) -> Use:
    """h[l−1] taken from the equation of h[0] alone is h[0]."""
    equation = source.equation
    if count < 2 or equation is None or use.places is not None:
        return use
    at = equation.pattern[: use.symbol.leading]
    return use if any(isinstance(a, Index) for p in at for a in p.atoms()) else Use(use.symbol, at, None, end=True)
