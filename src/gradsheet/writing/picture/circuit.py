"""L = (y − t)² as gates: every operation is a node, every use an edge with its value above and its gradient below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Access,
    Add,
    Call,
    Constant,
    Expr,
    Multiply,
    Number,
    Piecewise,
    Power,
    Relation,
    number,
)
from gradsheet.solution.gates import rank_zero
from gradsheet.writing.equations import taken_names
from gradsheet.writing.naming import Names
from gradsheet.writing.picture.model import Edge, Node, Picture
from gradsheet.writing.picture.text import Text, words
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from gradsheet.expressions import Symbol
    from gradsheet.solution.gates import Gate, Wire
    from gradsheet.solution.wiring import Wiring
    from gradsheet.writing.picture.steps import Steps


def circuit(picture: Picture, steps: Steps, wiring: Wiring) -> None:
    """Add the gates and wires of a scalar sheet to a picture."""
    picture.circuit = True
    _Circuit(picture, steps, wiring).draw()


class _Circuit:
    def __init__(self, picture: Picture, steps: Steps, wiring: Wiring) -> None:
        self.picture, self.steps, self.wiring = picture, steps, wiring
        self.keys: dict[Symbol, str] = {}
        uses: dict[Symbol, int] = {}
        for wire in wiring.wires:
            uses[wire.source] = uses.get(wire.source, 0) + 1
        self.uses = uses

    def draw(self) -> None:
        for gate in self.wiring.gates:
            for wire in gate.inputs:
                if wire.source not in self.keys and not self._computed(wire.source):
                    self.picture.nodes.append(self._input(wire.source))
            self.picture.nodes.append(self._gate(gate))
        for gate in self.wiring.gates:
            self.picture.edges.extend(self._edge(wire, gate) for wire in gate.inputs)
        for target in self.wiring.derivation.targets:
            self._result(target)

    def _computed(self, symbol: Symbol) -> bool:
        return any(g.output is symbol for g in self.wiring.gates)

    # ------------------------------------------------------------ nodes

    def _input(self, symbol: Symbol) -> Node:
        steps = self.steps
        key = self.keys[symbol] = f"input {symbol.name}"
        parameter = symbol in steps.solution.derivation.gradients
        return Node(
            key,
            "parameter" if parameter else "input",
            (steps.set(symbol.name),),
            steps.set(steps.shape(symbol)),
            total=self._total(symbol),
            told=steps.told(symbol, (), self._value(symbol), self.wiring.gradient(symbol)),
            anchor=(steps.derivative_anchor(symbol) if parameter else None) or steps.definition_anchor(symbol),
        )

    def _gate(self, gate: Gate) -> Node:
        steps, symbol = self.steps, gate.output
        key = self.keys[symbol] = f"gate {len(self.keys)}"
        if gate.equation is None:
            said = steps.told_use(symbol, self.wiring.gradient(symbol), value=self._value(symbol))
            return Node(key, "gate", (self.operation(gate),), told=said)
        lines = tuple(line for item in steps.forward.get(symbol, ()) for line in item.lines)
        told = steps.told(symbol, lines, self._value(symbol), self.wiring.gradient(symbol))
        where = steps.definition_anchor(symbol)
        whole = not rank_zero(gate.equation.body) or isinstance(gate.body, Access) or not gate.body.symbols
        if whole:
            texts = tuple(text for line in lines for text in steps.broken(steps.line(line)))
            return Node(key, "box", texts, total=self._total(symbol), told=told, anchor=where)
        name = steps.set(symbol.name)
        return Node(key, "gate", (self.operation(gate),), (), name, self._total(symbol), told, where)

    def _result(self, target: Symbol) -> None:
        """The end of the last wire: its value, and 1, where the backward pass begins."""
        steps = self.steps
        key = f"result {target.name}"
        where = steps.definition_anchor(target)
        self.picture.nodes.append(Node(key, "result", (steps.set(target.name),), anchor=where))
        value = self._value(target)
        below = words("1") if self.wiring.values else ()
        told = (f"∂{target.name}/∂{target.name} = 1: here the backward pass begins",)
        self.picture.edges.append(Edge(self.keys[target], key, steps.brief(value), below, told=told))

    def _total(self, symbol: Symbol) -> Text:
        """The gradient by a symbol where several edges bring a part of it."""
        steps, adjoint = self.steps, self.wiring.adjoint(symbol)
        if self.uses.get(symbol, 0) < 2 or adjoint is None or not symbol.name:
            return ()
        value = self.wiring.gradient(symbol)
        name = steps.set(f"∂{adjoint.of.name}/∂{symbol.name}")
        return (*name, *words(" = "), *steps.brief(value)) if value is not None else ()

    # ------------------------------------------------------------ edges

    def _value(self, symbol: Symbol) -> object:
        return self.wiring.values.get(symbol)

    def _edge(self, wire: Wire, gate: Gate) -> Edge:
        steps, wiring = self.steps, self.wiring
        gradient = None if wire.shared else wiring.gradient(wire.symbol)
        value = self._value(wire.source)
        below = steps.brief(gradient) if wiring.values else self._symbolic(wire)
        name = steps.derivative_name(wire.source)
        told = steps.told_use(wire.source, gradient, name=name, shared=self.uses[wire.source] > 1, value=value)
        return Edge(
            self.keys[wire.source],
            self.keys[gate.output],
            steps.brief(value),
            below,
            "" if len(gate.inputs) == 1 else wire.mark,
            told,
            steps.derivative_anchor(wire.source),
            carries=wire.source,
            value=value,
            gradient=gradient,
        )

    def _symbolic(self, wire: Wire) -> Text:
        """Without values: the name of the gradient that comes back, where one edge brings all of it."""
        steps = self.steps
        if self.uses[wire.source] > 1 or not wire.source.name or self.wiring.adjoint(wire.source) is None:
            return ()
        return steps.set(steps.derivative_name(wire.source))

    # ------------------------------------------------------------ operations

    def operation(self, gate: Gate) -> Text:
        """The sign of a gate: +, ×, σ, max(0, ·), × 1/2."""
        return self.steps.set(self._sign(gate.body, len(gate.inputs), [w.mark for w in gate.inputs]))

    def _sign(self, body: Expr, count: int, marks: list[str]) -> str:
        match body:
            case Add(terms=terms):
                return self._sum([t for t in terms if not t.symbols], count, marks)
            case Multiply(factors=factors):
                return self._product([f for f in factors if not f.symbols], marks)
            case Power(base=base, exponent=exponent):
                return self._power(base, exponent)
            case Call(function=function, arguments=arguments):
                return self._call(function if isinstance(function, str) else function.name, arguments)
            case Piecewise(condition=Relation(sign=sign, left=left, right=right)):
                return f"if {self._side(left)} {sign} {self._side(right)}"
            case _:
                return "="

    def _sum(self, constants: list[Expr], count: int, marks: list[str]) -> str:
        if not constants:
            return "−" if count == 2 and marks == ["", "−"] else "+"
        constant = self._constant(Add(tuple(constants)) if len(constants) > 1 else constants[0])
        if count > 1:
            return f"Σ + {constant}"
        if marks == ["−"]:
            return f"{constant} −"
        return f"− {constant[1:].strip()}" if constant[0] in "−-" else f"+ {constant}"

    def _product(self, constants: list[Expr], marks: list[str]) -> str:
        if not constants:
            return "÷" if "÷" in marks else "×"
        constant = self._constant(constants[0] if len(constants) == 1 else Multiply(tuple(constants)))
        return f"{constant}/·" if marks == ["÷"] else f"× {constant}"

    def _power(self, base: Expr, exponent: Expr) -> str:
        if not base.symbols:
            return f"{self._constant(base)}^·"
        if exponent.symbols:
            return "a^b"
        if exponent is number(-1):
            return "1/·"
        return f"(·)^({self._constant(exponent)})"

    def _call(self, name: str, arguments: tuple[Expr, ...]) -> str:
        spelled = {"sigmoid": "σ", "sqrt": "√", "abs": "|·|", "normal_cdf": "Φ"}.get(name, name)
        if all(a.symbols for a in arguments):
            return spelled
        return f"{spelled}({', '.join(map(self._side, arguments))})"

    def _side(self, expr: Expr) -> str:
        return "·" if expr.symbols else self._constant(expr)

    def _constant(self, expr: Expr) -> str:
        match expr:
            case Number(value=value) if value.denominator == 1:
                return str(value).replace("-", "−")
            case Constant(name=name):
                return name
            case _:
                tree = View(Names(taken_names(self.steps.sheet))).tensor((), expr)
                return self.steps.expression(tree) if tree is not None else "…"
