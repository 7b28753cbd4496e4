"""Python operators build syntax trees: `W @ x + b`, `1 - h**2`, `x.T @ y`, `W[i, j]`."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING, Literal, TypeAlias

from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.syntax import parse_expression, tree
from gradsheet.syntax.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

Operand: TypeAlias = "Term | int | float | Fraction | Decimal | str"
"""What may stand beside a term: a number, or text that is read as an expression."""

Position: TypeAlias = "Operand | slice"


class Term:
    """An expression of a sheet, with its number of axes where that is known.

    `*` scales by a scalar and multiplies vectors and matrices entry by entry, `@` is the matrix product, as in NumPy.

    >>> W, x, h = (Term(tree.Name(n, n), rank) for n, rank in (("W", 2), ("x", 1), ("h", 1)))
    >>> print(1 / 2 * (W @ x - h)), print(h * (1 - h**2)), print(x @ x + x.T @ W @ x)
    0.5 (W x - h)
    h ⊙ (1 - h²)
    xᵀ x + xᵀ W x
    (None, None, None)
    """

    __slots__ = ("rank", "row", "tree")
    __array_ufunc__ = None  # an array beside a term leaves the operator to the term

    def __init__(self, node: tree.Expression, rank: int | None = None, *, row: bool = False) -> None:
        self.tree = node
        self.rank = rank
        self.row = row

    # ------------------------------------------------------------ sums

    def __add__(self, other: Operand) -> Term:
        return _added(self, "+", term(other))

    def __radd__(self, other: Operand) -> Term:
        return _added(term(other), "+", self)

    def __sub__(self, other: Operand) -> Term:
        return _added(self, "-", term(other))

    def __rsub__(self, other: Operand) -> Term:
        return _added(term(other), "-", self)

    def __neg__(self) -> Term:
        return Term(tree.Additive((tree.Term("-", self.tree),)), self.rank, row=self.row)

    def __pos__(self) -> Term:
        return self

    # ------------------------------------------------------------ products

    def __mul__(self, other: Operand) -> Term:
        return _multiplied(self, term(other))

    def __rmul__(self, other: Operand) -> Term:
        return _multiplied(term(other), self)

    def __matmul__(self, other: Operand) -> Term:
        return _matrix_product(self, term(other))

    def __rmatmul__(self, other: Operand) -> Term:
        return _matrix_product(term(other), self)

    def __truediv__(self, other: Operand) -> Term:
        return _divided(self, term(other))

    def __rtruediv__(self, other: Operand) -> Term:
        return _divided(term(other), self)

    def __pow__(self, exponent: Operand) -> Term:
        return Term(tree.Power(_call_in_brackets(self.tree), term(exponent).tree), self.rank)

    def __rpow__(self, base: Operand) -> Term:
        return Term(tree.Power(term(base).tree, self.tree), self.rank)

    @property
    def T(self) -> Term:  # noqa: N802 - as in NumPy
        """The transpose; of a vector, a row."""
        if isinstance(self.tree, tree.Transpose):
            return Term(self.tree.base, self.rank)
        return Term(tree.Transpose(_call_in_brackets(self.tree)), self.rank, row=self.rank == 1 and not self.row)

    # ------------------------------------------------------------ components and conditions

    def __getitem__(self, at: Position | tuple[Position, ...]) -> Term:
        """`x[i]`, `W[i, j]`, `V[:, c]`, `x["1..3"]`; indices count as in the sheet."""
        items = tuple(_position(item) for item in (at if isinstance(at, tuple) else (at,)))
        kept = sum(1 for item in items if isinstance(item, (tree.Slice, tree.Range)))
        rank = None if self.rank is None else self.rank - len(items) + kept
        return Term(tree.Subscript(_call_in_brackets(self.tree), items), rank)

    def __lt__(self, other: Operand) -> Term:
        return Term(tree.Comparison((self.tree, term(other).tree), ("<",)), self.rank)

    def __le__(self, other: Operand) -> Term:
        return Term(tree.Comparison((self.tree, term(other).tree), ("≤",)), self.rank)

    def __gt__(self, other: Operand) -> Term:
        return Term(tree.Comparison((self.tree, term(other).tree), (">",)), self.rank)

    def __ge__(self, other: Operand) -> Term:
        return Term(tree.Comparison((self.tree, term(other).tree), ("≥",)), self.rank)

    def __abs__(self) -> Term:
        return call("abs", [self], self.rank)

    def __bool__(self) -> bool:
        msg = "a term has no truth value; a choice is written gs.where(condition, a, b)"
        raise TypeError(msg)

    def __iter__(self) -> None:
        msg = "the entries of a term are not listed; name one: x[1], or x[i] with an index"
        raise TypeError(msg)

    def __str__(self) -> str:
        return plain(self.tree)

    def __repr__(self) -> str:
        return f"<Term {self}>"


def term(value: Operand) -> Term:
    """A term from a number or from text; a float is the decimal that it prints as.

    >>> print(term(0.1), term(Fraction(-1, 3)), term("2 W' x"))
    0.1 -1/3 2 W' x
    """
    match value:
        case Term():
            return value
        case bool():
            msg = "a number is expected, not a truth value"
            raise TypeError(msg)
        case str():
            source = Source(value)
            return Term(parse_expression(source, Diagnostics(source)))
        case Rational():
            return Term(_number(Fraction(value.numerator, value.denominator)), 0)
        case float() | Decimal():
            try:
                return Term(_number(Fraction(str(value))), 0)
            except ValueError:
                msg = f"a finite number is expected, not {value}"
                raise ValueError(msg) from None
        case _:
            msg = f"a term, a number or text is expected, not {type(value).__name__}"
            raise TypeError(msg)


def call(function: str, arguments: Sequence[Term], rank: int | None) -> Term:
    """`tanh(z)`."""
    head = tree.Name(function, function)
    group = tree.Group(tuple(a.tree for a in arguments))
    return Term(tree.Product((tree.Factor("", head), tree.Factor("", group))), rank)


def _number(value: Fraction) -> tree.Expression:
    if value < 0:
        return tree.Additive((tree.Term("-", _number(-value)),))
    return tree.Num(value, "")


def _position(item: Position) -> tree.Expression | tree.Slice:
    if isinstance(item, slice):
        if (item.start, item.stop, item.step) != (None, None, None):
            msg = 'a part of an axis is written as text, both ends included: x["1..3"]'
            raise TypeError(msg)
        return tree.Slice(None, None)
    node = term(item).tree
    return tree.Slice(node.low, node.high) if isinstance(node, tree.Range) else node


def _call_in_brackets(node: tree.Expression) -> tree.Expression:
    """A call stands in brackets before a postfix: `(tanh(z))²`."""
    return tree.Group((node,)) if _is_call(node) else node


def _is_call(node: tree.Expression) -> bool:
    match node:
        case tree.Product(factors=(tree.Factor(sign="", item=tree.Name()), tree.Factor(sign="", item=tree.Group()))):
            return True
        case _:
            return False


def _added(left: Term, sign: Literal["+", "-"], right: Term) -> Term:
    first = left.tree.terms if isinstance(left.tree, tree.Additive) else (tree.Term("+", left.tree),)
    second: tuple[tree.Term, ...] = (tree.Term(sign, right.tree),)
    if sign == "+" and isinstance(right.tree, tree.Additive):
        second = right.tree.terms
    return Term(tree.Additive((*first, *second)), _common(left, right), row=left.row or right.row)


def _common(left: Term, right: Term) -> int | None:
    """The number of axes of an entry-by-entry result."""
    if left.rank is None or right.rank is None:
        known = right.rank if left.rank is None else left.rank
        return known or None
    return max(left.rank, right.rank)


def _divided(left: Term, right: Term) -> Term:
    return _joined(left, "/", right, rank=_common(left, right))


def _multiplied(left: Term, right: Term) -> Term:
    """Juxtaposition with a scalar, ⊙ of two arrays, `*` where the shapes are not known."""
    if left.rank is None or right.rank is None:
        return _joined(left, "*", right, rank=_common(left, right))
    if isinstance(right.tree, tree.Num) and not isinstance(left.tree, tree.Num):
        left, right = right, left
    return _joined(left, "" if 0 in (left.rank, right.rank) else "⊙", right, rank=_common(left, right))


def _matrix_product(left: Term, right: Term) -> Term:
    """Rows and columns as the language has them; `x @ y` of two vectors is xᵀ y, `x @ W` is Wᵀ x."""
    if left.rank is None or right.rank is None:
        return _joined(left, "", right, rank=None)
    if left.rank == right.rank == 1 and left.row == right.row:
        left, right = (left, right.T) if left.row else (left.T, right)
    elif left.rank == 1 and right.rank == 2 and not left.row:
        left, right = right.T, left
    outer = left.rank == right.rank == 1 and right.row
    axes = 2 if outer else (left.rank or 0) + (right.rank or 0) - 2
    product = _joined(left, "", right, rank=axes)
    product.row = product.rank == 1 and left.row
    return product


def _joined(left: Term, sign: tree.ProductSign, right: Term, *, rank: int | None) -> Term:
    """A product read from left to right; brackets that mean nothing are left out."""
    first = left.tree.factors if isinstance(left.tree, tree.Product) else (tree.Factor("", left.tree),)
    second: tuple[tree.Factor, ...] = (tree.Factor(sign, right.tree),)
    if isinstance(right.tree, tree.Product) and _is_call(right.tree):
        second = (tree.Factor(sign, right.tree.factors[0].item), right.tree.factors[1])
    elif sign == "" and isinstance(right.tree, tree.Product):
        divided = {"", "/"} if isinstance(left.tree, tree.Num) else {""}
        scaled = all(f.sign in {"", "/"} for f in first) and all(f.sign in divided for f in right.tree.factors)
        second = right.tree.factors if scaled else second
    return Term(tree.Product((*first, *second)), rank, row=left.row or right.row)
