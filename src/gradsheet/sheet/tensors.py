"""Tensors under construction, and the shape rules that join them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Add,
    Affine,
    ArrayCall,
    Expr,
    Index,
    Integer,
    Lambda,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    Relation,
    number,
    rename_bound,
    substitute,
)
from gradsheet.records import dataclass
from gradsheet.sheet.sizes import SizeTable, length, literal, shape_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.diagnostics import Diagnostics, Span


class Unreadable(Exception):  # noqa: N818 - a signal inside the layer: a diagnostic was recorded, skip the statement
    """A diagnostic has been recorded; the statement cannot be used."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A body with its free indices in the order of the axes; `row` marks a transposed vector."""

    indices: tuple[Index, ...]
    body: Expr
    row: bool = False

    @property
    def rank(self) -> int:
        return len(self.indices)

    @property
    def function(self) -> Lambda:
        return Lambda(self.indices, self.body)

    def at(self, at: Sequence[Affine]) -> Expr:
        """One component."""
        result: Expr = substitute(self.body, dict(zip(self.indices, at, strict=True)))
        return result

    def describe(self) -> str:
        """The shape in words."""
        if self.rank == 1:
            return f"a {'row ' if self.row else ''}vector of {shape_text(self.indices)}"
        return shape_text(self.indices) if self.rank else "a scalar"


def scalar(body: Expr) -> Tensor:
    """A tensor without axes."""
    return Tensor((), body)


def atoms(indices: Sequence[Index]) -> tuple[Affine, ...]:
    """Indices as the places x[i, j] of an access."""
    return tuple(Affine.atom(i) for i in indices)


def fresh_indices(indices: Sequence[Index]) -> tuple[Index, ...]:
    """New indices with the same ranges, a telescope included."""
    mapping: dict[object, Affine] = {}
    result = []
    for index in indices:
        low, high = index.low.substitute(mapping), index.high.substitute(mapping)
        new = Index(index.name, low, high)
        mapping[index] = Affine.atom(new)
        result.append(new)
    return tuple(result)


@dataclass(slots=True)
class ShapeRules:
    """How tensors join; records a diagnostic and raises `Unreadable` where they do not."""

    diagnostics: Diagnostics
    sizes: SizeTable
    transposed_left: str = "transpose the left factor"
    """What to suggest for a product that would conform with its left factor transposed."""

    # ------------------------------------------------------------ helpers

    def fail(self, code: str, message: str, span: Span, suggestion: str | None = None) -> Unreadable:
        self.diagnostics.error(code, message, span, suggestion=suggestion)
        return Unreadable()

    def conform(self, a: Index, b: Index, span: Span, what: str) -> None:
        """Unite two axes or say why they differ."""
        if self.sizes.conform(a.range, b.range):
            return
        la, lb = length(a), length(b)
        low_a, low_b = self.sizes.resolve(a.low), self.sizes.resolve(b.low)
        same_length = self.sizes.resolve(la) == self.sizes.resolve(lb) or (
            literal(la) is not None and literal(la) == literal(lb)
        )
        if low_a != low_b and same_length:
            shift = low_b - low_a
            moved = (
                f"i {'-' if shift.constant < 0 else '+'} {abs(shift.constant)}" if shift.is_constant else f"i + {shift}"
            )
            raise self.fail(
                "GS305",
                f"{what}: axes {a.low}..{a.high} and {b.low}..{b.high} have the same length but start apart",
                span,
                f"shift one of them with an index: a[i] beside b[{moved}]",
            )
        raise self.fail("GS301", f"{what}: {shape_text((a,))} against {shape_text((b,))}", span)

    def is_one(self, tensor: Tensor) -> bool:
        return bool(tensor.indices) and all(
            literal(self.sizes.resolve(length(i))) == 1 and literal(i.low) is not None for i in tensor.indices
        )

    def squeeze(self, tensor: Tensor) -> Tensor:
        """A tensor of size 1 as a scalar; its sizes are 1 from here on."""
        for index in tensor.indices:
            self.sizes.fix(index.high)
        return scalar(tensor.at([i.low for i in tensor.indices]))

    def as_scalar(self, tensor: Tensor, span: Span, what: str) -> Tensor:
        if tensor.rank == 0:
            return tensor
        if self.is_one(tensor):
            self.diagnostics.remark(f"{what} has a single entry and is read as a scalar", span)
            return self.squeeze(tensor)
        raise self.fail("GS301", f"{what} must be a scalar, and is {tensor.describe()}", span)

    # ------------------------------------------------------------ elementwise

    def align(self, tensors: Sequence[Tensor], span: Span, what: str) -> tuple[tuple[Index, ...], list[Expr], bool]:
        """Common indices and the bodies over them: scalars go with anything, nothing else is broadcast."""
        tensors = list(tensors)
        if any(t.rank == 0 and t.body.symbols for t in tensors):
            for k, tensor in enumerate(tensors):
                if self.is_one(tensor):
                    tensors[k] = self.as_scalar(
                        tensor, span, f"in {what}, a part of shape {shape_text(tensor.indices)}"
                    )
        shaped = [t for t in tensors if t.rank]
        if not shaped:
            return (), [t.body for t in tensors], False
        first = shaped[0]
        bodies: list[Expr] = []
        for tensor in tensors:
            if tensor.rank == 0 or tensor is first:
                bodies.append(tensor.body)
                continue
            if tensor.rank != first.rank:
                raise self.fail("GS301", f"{what}: {first.describe()} against {tensor.describe()}", span)
            if tensor.row != first.row:
                raise self.fail(
                    "GS301", f"{what}: {first.describe()} against {tensor.describe()}", span, "transpose one of them"
                )
            mapping: dict[Index, Affine] = {}
            for a, b in zip(first.indices, tensor.indices, strict=True):
                moved = Index(b.name, b.low.substitute(mapping), b.high.substitute(mapping))
                self.conform(a, moved, span, what)
                mapping[b] = Affine.atom(a)
            bodies.append(substitute(tensor.body, mapping))
        return first.indices, bodies, first.row

    def elementwise(
        self, build: Callable[[list[Expr]], Expr], tensors: Sequence[Tensor], span: Span, what: str
    ) -> Tensor:
        indices, bodies, row = self.align(tensors, span, what)
        return Tensor(indices, build(bodies), row)

    def add(self, tensors: Sequence[Tensor], span: Span) -> Tensor:
        return self.elementwise(lambda bodies: Add(tuple(bodies)), tensors, span, "this sum")

    def hadamard(self, a: Tensor, b: Tensor, span: Span) -> Tensor:
        return self.elementwise(lambda bodies: multiply(*bodies), (a, b), span, "⊙")

    def divide(self, a: Tensor, b: Tensor, span: Span) -> Tensor:
        if b.rank == 2 and a.rank == 0:
            self.diagnostics.remark("division by a matrix is read entry by entry", span)
        if b.rank and a.rank and b.rank != a.rank:
            raise self.fail("GS301", f"cannot divide {a.describe()} by {b.describe()}", span)
        return self.elementwise(lambda ab: multiply(ab[0], Power(ab[1], number(-1))), (a, b), span, "this quotient")

    # ------------------------------------------------------------ products

    def product(self, a: Tensor, b: Tensor, span: Span, *, sign: str = "") -> Tensor:
        """Scalars scale; a matrix meets a vector or a matrix; a row meets a column; a column meets a row."""
        if a.rank == 0 or b.rank == 0:
            indices, row = (a.indices, a.row) if a.rank else (b.indices, b.row)
            return Tensor(indices, multiply(a.body, b.body), row)
        if sign == "·" and a.rank == b.rank == 1:
            return self._contract(Tensor(a.indices, a.body, row=True), Tensor(b.indices, b.body), span)
        if sign == "⊗" and a.rank == b.rank == 1:
            return self._outer(a, b)
        if a.rank == 1 and b.rank == 1:
            if a.row and not b.row:
                return self._contract(a, b, span)
            if b.row and not a.row:
                return self._outer(a, b)
            kind = "rows" if a.row else "vectors"
            raise self.fail(
                "GS302",
                f"a product of two {kind} is not defined",
                span,
                "⊙ for entry by entry, or x' y for the inner product?",
            )
        if a.rank == 2 and b.rank == 2:
            return self._contract(a, b, span)
        if a.rank == 2 and b.rank == 1 and not b.row:
            return self._contract(a, b, span)
        if a.rank == 1 and a.row and b.rank == 2:
            return self._contract(a, b, span)
        suggestion = "write it with indices: sum[k] A[i,k] B[k,j]"
        if a.rank <= 2 and b.rank <= 2:
            suggestion = "transpose one of them"
        raise self.fail("GS301", f"{a.describe()} times {b.describe()} does not conform", span, suggestion)

    def _contract(self, a: Tensor, b: Tensor, span: Span) -> Tensor:
        inner = a.indices[-1]
        if (
            a.rank == 2
            and not self.sizes.conform(inner.range, b.indices[0].range)
            and self.sizes.conform(a.indices[0].range, b.indices[0].range)
        ):
            shapes = f"{shape_text(a.indices)} times {shape_text(b.indices)}"
            raise self.fail("GS301", f"this product does not conform: {shapes}", span, self.transposed_left)
        self.conform(inner, b.indices[0], span, f"this product ({shape_text(a.indices)} times {shape_text(b.indices)})")
        index = Index(_inner_name(inner, b.indices[0]), inner.low, inner.high)
        at = Affine.atom(index)
        left = substitute(a.body, {inner: at})
        right = substitute(b.body, {b.indices[0]: at})
        kept_a, kept_b = a.indices[:-1], b.indices[1:]
        if set(kept_a) & set(kept_b) or index in kept_b:
            new = fresh_indices(kept_b)
            right = substitute(right, dict(zip(kept_b, atoms(new), strict=True)))
            kept_b = new
        row = a.row and len(kept_b) == 1
        return Tensor((*kept_a, *kept_b), Reduce("sum", index, multiply(left, right)), row)

    def _outer(self, a: Tensor, b: Tensor) -> Tensor:
        kept = fresh_indices(b.indices) if set(a.indices) & set(b.indices) else b.indices
        right = b.body if kept is b.indices else b.at(atoms(kept))
        return Tensor((*a.indices, *kept), multiply(a.body, right))

    def transpose(self, tensor: Tensor, span: Span) -> Tensor:
        match tensor.rank:
            case 0:
                return tensor
            case 1:
                return Tensor(tensor.indices, tensor.body, not tensor.row)
            case 2:
                return Tensor(tensor.indices[::-1], tensor.body)
            case _:
                raise self.fail("GS304", f"a transpose needs a vector or a matrix, this has {tensor.rank} axes", span)

    def square_matrix(self, tensor: Tensor, span: Span, what: str) -> Tensor:
        if tensor.rank == 0:
            tensor = Tensor((one_index("i"), one_index("j")), tensor.body)
        if tensor.rank != 2:
            raise self.fail("GS304", f"{what} needs a matrix, this is {tensor.describe()}", span)
        self.conform(tensor.indices[0], tensor.indices[1], span, f"{what} needs a square matrix")
        return tensor

    def array_call(self, operation: str, tensor: Tensor, result_rank: int) -> Tensor:
        """softmax, inverse, determinant of a whole tensor."""
        fresh = fresh_indices(tensor.indices)
        argument = Lambda(tensor.indices, tensor.body)
        kept = fresh[:result_rank]
        return Tensor(kept, ArrayCall(operation, argument, atoms(kept)), tensor.row)

    def sum_all(self, tensor: Tensor) -> Tensor:
        body = tensor.body
        for index in reversed(tensor.indices):
            body = Reduce("sum", index, body)
        return scalar(body)

    def count(self, indices: Sequence[Index]) -> Expr:
        """The number of entries, as an expression."""
        return multiply(*(Integer(length(i)) for i in indices)) if indices else ONE_EXPR

    def matrix_power(self, tensor: Tensor, exponent: int, span: Span) -> Tensor:
        tensor = self.square_matrix(tensor, span, "a matrix power")
        if exponent < 0:
            tensor = self.array_call("inverse", tensor, 2)
            exponent = -exponent
        if exponent == 0:
            return identity_like(tensor)
        result = tensor
        for _ in range(exponent - 1):
            other = Tensor(new := fresh_indices(tensor.indices), rename_bound(tensor.at(atoms(new))))
            result = self._contract(result, other, span)
        return result


def _inner_name(a: Index, b: Index) -> str:
    return a.name if a.name == b.name else b.name or a.name


def one_index(name: str) -> Index:
    """An index over 1..1: the second axis of a column, both axes of a scalar taken as a matrix."""
    return Index(name, Affine(1), Affine(1))


def identity_like(tensor: Tensor) -> Tensor:
    """The identity of the size of a square matrix, as δ[i, j]."""
    i, j = fresh_indices(tensor.indices)
    return Tensor((i, j), delta(Affine.atom(i), Affine.atom(j)))


def delta(i: Affine, j: Affine) -> Expr:
    """δ_ij."""
    return Piecewise(Relation("=", Integer(i), Integer(j)), ONE_EXPR, ZERO_EXPR)


def multiply(*factors: Expr) -> Expr:
    """A product node; products inside are flattened, as juxtaposition reads."""
    flat: list[Expr] = []
    for factor in factors:
        flat.extend(factor.factors if isinstance(factor, Multiply) else (factor,))
    return flat[0] if len(flat) == 1 else Multiply(tuple(flat))


def is_whole(body: Expr) -> bool:
    """Whether a scalar is a whole number as it stands."""
    return isinstance(body, Integer) or (isinstance(body, Number) and body.value.denominator == 1)


def whole(body: Expr) -> Affine:
    """That whole number as an affine expression."""
    if isinstance(body, Integer):
        return body.value
    assert isinstance(body, Number)
    return Affine(int(body.value))
