"""a + b, a b, a ⊙ b, a / b, aⁿ: sums, products and powers as they are written."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import numpy as np

from gradsheet.checking.meaning import calls, tensors
from gradsheet.checking.meaning.errors import UnsupportedError
from gradsheet.checking.meaning.functions import applications, head
from gradsheet.checking.meaning.indices import names_in, whole
from gradsheet.checking.meaning.names import stands
from gradsheet.checking.meaning.powers import whole_power
from gradsheet.checking.meaning.tensors import MismatchError, Value, array, constants, value
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment


def additive(it: Interpreter, terms: Sequence[tree.Term], known: Environment) -> Value:
    """Terms with their signs."""
    if any("I" in names_in(term.item) for term in terms) and "I" not in known and not stands(it, "I"):
        known = _with_identity(it, terms, known)
    result: Value | None = None
    for term in terms:
        part = it.evaluate(term.item, known)
        if result is None:
            result = Value(array(-part.data), part.outputs, part.literal) if term.sign == "-" else part
        elif term.sign == "-":
            result = tensors.elementwise(operator.sub, result, part, "minus")
        else:
            result = tensors.elementwise(operator.add, result, part, "plus")
    assert result is not None
    return result


def _with_identity(it: Interpreter, terms: Sequence[tree.Term], known: Environment) -> Environment:
    """I beside a square matrix has its size."""
    for term in terms:
        if "I" not in names_in(term.item):
            shape = it.evaluate(term.item, known).shape
            if len(shape) == 2 and shape[0] == shape[1]:
                return {**known, "I": Value(constants(np.eye(shape[0]), it.domain))}
    return known


def _is_euler(it: Interpreter, exponent: tree.Expression) -> bool:
    """Whether e with an exponent is exp: where something else is called e, only if the exponent is no number."""
    return not stands(it, "e") or ("e" not in it.point.model.symbols and not isinstance(exponent, tree.Num))


def power(it: Interpreter, node: tree.Power, known: Environment) -> Value:
    """A power; eˣ of an array entry by entry."""
    function = head(node)
    if function is not None:
        raise UnsupportedError(f"the function {function.name.text} without its argument")
    exponent = it.evaluate(node.exponent, known)
    if isinstance(node.base, tree.Name) and node.base.key == "e" and "e" not in known and _is_euler(it, node.exponent):
        return calls.elementwise("exp", [exponent], 0, it.domain)
    if exponent.data.ndim:
        raise UnsupportedError("an exponent that is no number")
    base = it.evaluate(node.base, known)
    count = whole(node.exponent, {})
    if count is not None:
        return whole_power(it, base, count)
    return Value(array(it.domain.power(base.data, exponent.data[()])))


def product(it: Interpreter, node: tree.Product, known: Environment) -> Value:
    """Factors joined: what stands between two ⊙ first, then entry by entry; from left to right if that fails."""
    operands = _operands(it, node.factors, known)
    if any(sign in {"⊙", "*"} for sign, _ in operands):
        try:
            return _grouped(it, operands)
        except MismatchError:
            pass
    return _in_order(it, operands)


def _operands(it: Interpreter, factors: Sequence[tree.Factor], known: Environment) -> list[tuple[str, Value]]:
    """The factors of a product as values with their signs; functions take their arguments."""
    return [
        (sign, it.evaluate(item, known) if function is None else it.call(function, item, known))
        for sign, function, item in applications(factors)
    ]


def _grouped(it: Interpreter, operands: Sequence[tuple[str, Value]]) -> Value:
    groups: list[list[tuple[str, Value]]] = [[]]
    for sign, operand in operands:
        if sign == "⊙":
            groups.append([("", operand)])
        else:
            groups[-1].append((sign, operand))
    result = _in_order(it, groups[0])
    for group in groups[1:]:
        result = tensors.hadamard(result, _in_order(it, group))
    return result


def _in_order(it: Interpreter, operands: Sequence[tuple[str, Value]]) -> Value:
    result = operands[0][1]
    for sign, operand in operands[1:]:
        result = _joined(it, result, sign, operand)
    return result


def _joined(it: Interpreter, left: Value, sign: str, right: Value) -> Value:
    match sign:
        case "/" | "⊘":
            return tensors.quotient(left, right)
        case "⊙":
            return tensors.hadamard(left, right)
        case "⊗":
            return value(np.multiply.outer(tensors.squeezed(left), tensors.squeezed(right)))
        case _ if it.reading.chain:
            return tensors.chained(left, right)
        case "·":
            return tensors.dot(left, right)
        case "*" if left.data.ndim and left.shape == right.shape:
            return tensors.hadamard(left, right)
        case _:
            return tensors.product(left, right)
