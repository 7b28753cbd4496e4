"""Forms that lose no digits: log Σ exp by its largest term, log σ and softplus by their own functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ONE_EXPR,
    Access,
    Add,
    Affine,
    ArrayCall,
    Call,
    Expr,
    Index,
    Lambda,
    Multiply,
    Number,
    Power,
    Reduce,
    Role,
    Symbol,
    number,
    substitute,
    transform,
    walk,
)
from gradsheet.programs.forms import atoms_of, multiplied
from gradsheet.programs.inlining import blocks
from gradsheet.programs.model import Assign, Program, Statement, mapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.expressions import AnyNode

Definitions = dict[Symbol, Assign]
_OPENED = {"sigmoid", "softmax", "exp", "tanh"}


def stabilise(program: Program) -> Program:
    """The program with logarithms of σ, softmax and sums of exponentials in forms that lose no digits."""
    program = _name_arguments(program)
    definitions = {a.target: a for a in program.assigns if a.whole}

    def change(body: Expr) -> Expr:
        result: Expr = transform(body, lambda node: _stable(node, definitions))
        return result

    return program.with_statements(mapped(program.statements, change))


def _name_arguments(program: Program) -> Program:
    """Z and σ(z) as two arrays where σ(z) is one and its logarithm is taken: the logarithm wants z."""
    wanted = _under_logarithms(program)
    if not wanted:
        return program
    while True:
        for block, rebuild in blocks(program):
            for k, statement in enumerate(block):
                if isinstance(statement, Assign) and statement.target in wanted and statement.whole:
                    made = _named(statement)
                    if made is not None:
                        program = rebuild([*block[:k], *made, *block[k + 1 :]])
                        break
            else:
                continue
            break
        else:
            return program


def _named(statement: Assign) -> list[Statement] | None:
    body = statement.body
    match body:
        case Call(function=str() as function, arguments=(argument,)) if function in _OPENED:
            if isinstance(argument, Access):
                return None
            inner, at = _array(f"arg {statement.target.name}", statement.free)
            return [
                Assign(inner, at, statement.free, argument),
                replace(statement, body=Call(function, (Access(inner, at),))),
            ]
        case ArrayCall(operation="softmax", argument=argument, at=(place,)) if not isinstance(argument.body, Access):
            own = argument.indices[0]
            outer = tuple(i for i in statement.free if i in argument.body.free)
            free = (*outer, own)
            inner, at = _array(f"arg {statement.target.name}", free)
            array = Lambda((own,), Access(inner, at))
            return [
                Assign(inner, at, free, argument.body),
                replace(statement, body=ArrayCall("softmax", array, (place,))),
            ]
        case _:
            return None


def _array(name: str, free: tuple[Index, ...]) -> tuple[Symbol, tuple[Affine, ...]]:
    axes = tuple(Index(i.name, i.low, i.high) for i in free)
    return Symbol(name, axes, Role.LOCAL), atoms_of(free)


def _under_logarithms(program: Program) -> set[Symbol]:
    """Arrays whose logarithm, or the logarithm of one minus them, is taken."""
    found: set[Symbol] = set()
    for assign in program.assigns:
        for node in walk(assign.body):
            if isinstance(node, Call) and node.function in {"log", "log1p"}:
                inner = node.arguments[0]
                seen = inner if isinstance(inner, Access) else _complement(inner)
                if isinstance(seen, Access):
                    found.add(seen.symbol)
    return found


def _complement(body: Expr) -> Expr | None:
    """p, for 1 − p."""
    match body:
        case Add(terms=(Number(value=one), Multiply(factors=(Number(value=sign), inner)))) if one == 1 and sign == -1:
            return inner
        case Add(terms=(Multiply(factors=(Number(value=sign), inner)), Number(value=one))) if one == 1 and sign == -1:
            return inner
        case _:
            return None


def _seen(body: Expr, definitions: Mapping[Symbol, Assign]) -> Expr:
    """What a component is the name of, where that is a function of another component."""
    if isinstance(body, Access) and body.symbol in definitions:
        definition = definitions[body.symbol]
        inner = definition.body
        if isinstance(inner, Call) and isinstance(inner.function, str) and inner.function in _OPENED | {"log_sigmoid"}:
            return _at(inner, definition, body)
        if isinstance(inner, ArrayCall) and inner.operation == "softmax":
            return _at(inner, definition, body)
    return body


def _at(inner: Expr, definition: Assign, access: Access) -> Expr:
    mapping = {p.single: a for p, a in zip(definition.pattern, access.at, strict=True)}
    result: Expr = substitute(inner, mapping)
    return result


def _stable(node: AnyNode, definitions: Mapping[Symbol, Assign]) -> AnyNode:
    match node:
        case Call(function="log", arguments=(argument,)):
            return _logarithm(argument, definitions) or node
        case Call(function="exp", arguments=(Call(function="log", arguments=(inner,)),)):
            return inner
        case Power(base=base, exponent=Number(value=value)) if value == -1:
            exponential = _one_plus_exponential(base)
            if exponential is not None:  # 1/(1 + e^−x) is σ(x)
                return Call("sigmoid", (_negative(exponential),))
            return node
        case Multiply(factors=factors):
            return _times_exponential(factors) or node
        case Add(terms=(Call(function="exp", arguments=(inner,)), Number(value=value))) if value == -1:
            return Call("expm1", (inner,))
        case Add(terms=(Number(value=value), Call(function="exp", arguments=(inner,)))) if value == -1:
            return Call("expm1", (inner,))
        case _:
            return node


def _logarithm(argument: Expr, definitions: Mapping[Symbol, Assign]) -> Expr | None:
    seen = _seen(argument, definitions)
    match seen:
        case Call(function="exp", arguments=(inner,)):
            return inner
        case Call(function="sigmoid", arguments=(inner,)):
            return Call("log_sigmoid", (inner,))
        case ArrayCall(operation="softmax", argument=array, at=at):
            return ArrayCall("logsoftmax", array, at)
        case Reduce(kind="sum", index=index, body=Call(function="exp", arguments=(inner,))):
            return ArrayCall("logsumexp", Lambda((index,), inner), ())
        case _:
            pass
    other = _complement(argument)
    if other is not None:
        match _seen(other, definitions):
            case Call(function="sigmoid", arguments=(inner,)):  # 1 − σ(x) = σ(−x)
                return Call("log_sigmoid", (_negative(inner),))
            case _:
                return Call("log1p", (_negative(other),))
    exponential = _one_plus_exponential(argument)
    if exponential is not None:
        return Call("softplus", (exponential,))
    return None


def _one_plus_exponential(body: Expr) -> Expr | None:
    """x, for 1 + e^x."""
    match body:
        case Add(terms=(first, Call(function="exp", arguments=(inner,)))) if first is ONE_EXPR:
            return inner
        case Add(terms=(Call(function="exp", arguments=(inner,)), last)) if last is ONE_EXPR:
            return inner
        case _:
            return None


def _times_exponential(factors: tuple[Expr, ...]) -> Expr | None:
    """σ(−x) e^x as σ(x): the exponential alone would overflow."""
    for k, factor in enumerate(factors):
        if not isinstance(factor, Call) or factor.function != "sigmoid":
            continue
        other = Call("exp", (_negative(factor.arguments[0]),))
        place = next((j for j, f in enumerate(factors) if f is other), None)
        if place is not None:
            kept = [f for j, f in enumerate(factors) if j not in {k, place}]
            return multiplied([*kept, Call("sigmoid", other.arguments)])
    return None


def _negative(body: Expr) -> Expr:
    return multiplied((number(-1), body))


__all__ = ["stabilise"]
