"""L = (y − t)² ↦ d = y − t, L = d²: a scalar right-hand side as one equation for each operation in it.

An operation with constant arguments is one gate (× 1/2, max(0, ·)); products and sums have as many inputs as the author
wrote. What is no scalar operation (a sum over an index, a product of vectors) is one gate with all that it uses.
"""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

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
    Relation,
    Role,
    Symbol,
    number,
    replace_symbols,
)
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.sheet import Equation

Mark = Literal["", "−", "÷", "^", "if", "then", "else"]
"""The part that an input plays: subtracted, divided by, the exponent, compared, chosen."""


@dataclass(eq=False, slots=True)
class Wire:
    """One use of a symbol. `symbol` is a name of its own for it, or the source itself where that is enough."""

    source: Symbol
    user: Symbol
    symbol: Symbol
    mark: Mark = ""
    shared: bool = False
    """`symbol` is the source although there are other uses: its gradient is that of all of them together."""


@dataclass(slots=True)
class Gate:
    """output = one operation on its inputs, in the author's order."""

    output: Symbol
    body: Expr
    inputs: list[Wire] = field(default_factory=list)
    equation: Equation | None = None
    """The equation that the gate gives: the last of its gates, or the only one. None for a gate inside."""


def gates(equation: Equation) -> list[Gate]:
    """The gates of a scalar definition, each after those whose outputs it takes; the last one gives the definition."""
    found = _Splitter(equation.symbol).split(equation.body)
    found[-1].equation = equation
    return found


def rank_zero(expr: Expr) -> bool:
    """Nothing in an expression has an index: it is a scalar formula of scalars."""
    match expr:
        case Number() | Constant() | Integer():
            return True
        case Access(at=at):
            return not at
        case Add(terms=parts) | Multiply(factors=parts) | Call(arguments=parts):
            return all(map(rank_zero, parts))
        case Power(base=base, exponent=exponent):
            return rank_zero(base) and rank_zero(exponent)
        case Piecewise(condition=Relation(left=left, right=right), then=then, otherwise=otherwise):
            return all(map(rank_zero, (left, right, then, otherwise)))
        case _:
            return False


class _Splitter:
    """Splits one right-hand side from the inside out."""

    def __init__(self, definition: Symbol) -> None:
        self.definition = definition
        self.found: list[Gate] = []

    def split(self, body: Expr) -> list[Gate]:
        """All gates; the last one is renamed to the definition."""
        if not rank_zero(body):
            return [_whole(self.definition, body)]
        if isinstance(body, Access) or not body.symbols:
            gate = Gate(self.definition, body)
            gate.body = self._operand(gate, body)
            return [gate]
        output = self._gate(body)
        if not self.found:  # 1 x is x
            gate = Gate(self.definition, body)
            gate.body = self._wired(gate, output, "")
            return [gate]
        last = self.found[-1]
        last.output = self.definition
        for wire in last.inputs:
            wire.user = self.definition
        return self.found

    # ------------------------------------------------------------ one operation

    def _gate(self, expr: Expr) -> Symbol:
        """The output of the last of the gates that give an expression."""
        match expr:
            case Multiply(factors=factors):
                return self._product(factors)
            case Power(base=base, exponent=Number(value=Fraction(numerator=-1, denominator=1))):
                return self._made(lambda gate: Power(self._operand(gate, base), number(-1)))
            case Add(terms=terms):
                return self._made(lambda gate: Add(tuple(self._term(gate, t) for t in terms)))
            case Power(base=base, exponent=exponent):
                both = bool(base.symbols)
                return self._made(
                    lambda gate: Power(
                        self._operand(gate, base), self._operand(gate, exponent, "^" if both else "")
                    )
                )
            case Call(function=function, arguments=arguments):
                return self._made(lambda gate: Call(function, tuple(self._operand(gate, a) for a in arguments)))
            case Piecewise(condition=Relation(sign=sign, left=left, right=right), then=then, otherwise=otherwise):
                return self._made(
                    lambda gate: Piecewise(
                        Relation(sign, self._operand(gate, left, "if"), self._operand(gate, right, "if")),
                        self._operand(gate, then, "then"),
                        self._operand(gate, otherwise, "else"),
                    )
                )
            case _:
                raise AssertionError(expr)

    def _made(self, body_of: Callable[[Gate], Expr]) -> Symbol:
        gate = Gate(Symbol("", (), Role.DEFINITION), number(0))
        gate.body = body_of(gate)  # the gates of its operands come before it
        self.found.append(gate)
        return gate.output

    def _operand(self, gate: Gate, expr: Expr, mark: Mark = "") -> Expr:
        """An input of a gate; a constant stays in the gate."""
        if not expr.symbols:
            return expr
        source = expr.symbol if isinstance(expr, Access) else self._gate(expr)
        return self._wired(gate, source, mark)

    @staticmethod
    def _wired(gate: Gate, source: Symbol, mark: Mark) -> Expr:
        wire = Wire(source, gate.output, _carrier(source), mark)
        gate.inputs.append(wire)
        return Access(wire.symbol, ())

    def _term(self, gate: Gate, term: Expr) -> Expr:
        """An input of a sum, with its sign."""
        match term:
            case Multiply(factors=(Number(value=value), *rest)) if value < 0 and term.symbols:
                kept = (number(-value), *rest) if value != -1 else tuple(rest)
                size = kept[0] if len(kept) == 1 else Multiply(kept)
                return Multiply((number(-1), self._operand(gate, size, "−")))
            case _:
                return self._operand(gate, term)

    def _product(self, factors: Sequence[Expr]) -> Symbol:
        """Inputs multiplied, then divided, then times what is constant."""
        constants = [f for f in factors if not f.symbols and f != number(1)]
        over = [f.base for f in factors if f.symbols and isinstance(f, Power) and _inverted(f)]
        times = [f for f in factors if f.symbols and not (isinstance(f, Power) and _inverted(f))]
        if not times:
            # c/x is one gate; so is 1/x
            bottom = over.pop(0)
            output = self._made(
                lambda gate: Multiply((*constants, Power(self._operand(gate, bottom), number(-1))))
                if constants
                else Power(self._operand(gate, bottom), number(-1))
            )
            constants = []
        elif len(times) == 1:
            output = times[0].symbol if isinstance(times[0], Access) else self._gate(times[0])
        else:
            output = self._made(lambda gate: Multiply(tuple(self._operand(gate, f) for f in times)))
        for divisor in over:
            output = self._divided(output, divisor)
        if constants:
            before = output
            output = self._made(lambda gate: Multiply((*constants, self._wired(gate, before, ""))))
        return output

    def _divided(self, above: Symbol, divisor: Expr) -> Symbol:
        return self._made(
            lambda gate: Multiply(
                (self._wired(gate, above, ""), Power(self._operand(gate, divisor, "÷"), number(-1)))
            )
        )


def whole(equation: Equation) -> Gate:
    """An equation as one gate, with one input for each symbol that it uses."""
    gate = _whole(equation.symbol, equation.body)
    gate.equation = equation
    return gate


def _whole(output: Symbol, body: Expr) -> Gate:
    gate = Gate(output, body)
    renamed: dict[Symbol, Callable[[tuple[Affine, ...]], Expr]] = {}
    for symbol in sorted((s for s in body.symbols if not s.parameters), key=lambda s: s.serial):
        wire = Wire(symbol, output, _carrier(symbol))
        gate.inputs.append(wire)
        renamed[symbol] = renaming(wire.symbol)
    gate.body = replace_symbols(body, renamed)
    return gate


def renaming(symbol: Symbol) -> Callable[[tuple[Affine, ...]], Expr]:
    """Components of a symbol in place of those of another."""
    return lambda at: Access(symbol, at)


def _inverted(factor: Power) -> bool:
    return factor.exponent is number(-1)


def _carrier(source: Symbol) -> Symbol:
    """A name for one use, of the same shape; what is said of the source's values holds for it too."""
    axes: list[Index] = []
    moved: dict[Index, Affine] = {}
    for index in source.axes:
        new = Index(index.name, index.low.substitute(moved), index.high.substitute(moved))
        moved[index] = Affine.atom(new)
        axes.append(new)
    return Symbol(source.name, tuple(axes), Role.DEFINITION, source.leading, source.row, source.domain)
