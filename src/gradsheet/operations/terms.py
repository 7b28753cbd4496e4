"""Operators on expressions, so that a derivative in the table reads as in a textbook: `1 - y**2`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Add,
    Call,
    Expr,
    Multiply,
    Piecewise,
    Power,
    Relation,
    number,
)
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from fractions import Fraction

Scalar = "T | int | Fraction"


@dataclass(frozen=True, slots=True)
class T:
    """An expression under construction; builds nodes as written and simplifies nothing.

    >>> from gradsheet.expressions import Constant
    >>> y = T(Constant("π"))
    >>> (2 * y).expr
    Multiply(factors=(Number(value=Fraction(2, 1)), Constant(name='π')))
    """

    expr: Expr

    def __add__(self, other: T | int) -> T:
        return T(Add((self.expr, _expr(other))))

    def __radd__(self, other: int) -> T:
        return T(Add((_expr(other), self.expr)))

    def __neg__(self) -> T:
        return T(Multiply((number(-1), self.expr)))

    def __sub__(self, other: T | int) -> T:
        return T(Add((self.expr, Multiply((number(-1), _expr(other))))))

    def __rsub__(self, other: int) -> T:
        return T(Add((_expr(other), Multiply((number(-1), self.expr)))))

    def __mul__(self, other: T | int) -> T:
        return T(Multiply((self.expr, _expr(other))))

    def __rmul__(self, other: int) -> T:
        return T(Multiply((_expr(other), self.expr)))

    def __truediv__(self, other: T | int) -> T:
        return T(Multiply((self.expr, Power(_expr(other), number(-1)))))

    def __rtruediv__(self, other: int) -> T:
        if other == 1:
            return T(Power(self.expr, number(-1)))
        return T(Multiply((_expr(other), Power(self.expr, number(-1)))))

    def __pow__(self, exponent: int | Fraction) -> T:
        return T(Power(self.expr, number(exponent)))


def _expr(value: T | int) -> Expr:
    return value.expr if isinstance(value, T) else number(value)


def call(name: str, *arguments: T) -> T:
    """A function of the table."""
    return T(Call(name, tuple(a.expr for a in arguments)))


def bracket(left: T, sign: str, right: T | int) -> T:
    """Iverson's bracket: 1 where the relation holds, else 0."""
    relation = Relation(sign, left.expr, _expr(right))  # type: ignore[arg-type]
    return T(Piecewise(relation, ONE_EXPR, ZERO_EXPR))


def either(left: T, sign: str, right: T | int, then: T | int, otherwise: T | int) -> T:
    """A choice between two expressions."""
    relation = Relation(sign, left.expr, _expr(right))  # type: ignore[arg-type]
    return T(Piecewise(relation, _expr(then), _expr(otherwise)))
