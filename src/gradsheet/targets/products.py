"""Σ of products as a person writes them: x @ W.T, delta.T @ x, outer products, sums over axes; else einsum."""

from __future__ import annotations

from string import ascii_letters
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Access,
    Affine,
    Condition,
    Expr,
    Index,
    Integer,
    Junction,
    Multiply,
    Number,
    Piecewise,
    Reduce,
    Relation,
    Symbol,
    affine_indices,
    substitute,
)
from gradsheet.targets.pieces import Kind, Level, Piece, ordered, united
from gradsheet.targets.places import Outside, Places

if TYPE_CHECKING:
    from collections.abc import Sequence


class Products(Places):
    """Prints products, with sums around them or without."""

    filters: frozenset[Symbol] = frozenset()
    """Arrays that are short in comparison: windows run over what they are multiplied with."""

    def expr(self, node: Expr, outside: Outside = "never") -> Piece:
        """Any expression; what is above says how."""
        raise NotImplementedError

    def mask(self, condition: Condition) -> Piece:
        """A condition."""
        raise NotImplementedError

    def scaled(self, coefficient: Sequence[Expr], piece: Piece) -> Piece:
        """Numbers times an array."""
        raise NotImplementedError

    # ------------------------------------------------------------ factors

    def summed(self, node: Reduce, outside: Outside = "never") -> Piece | None:
        """Σ of a product of which no two factors need have the same indices; None where it is another sum."""
        sums: list[Index] = []
        inner: Expr = node
        while isinstance(inner, Reduce) and inner.kind == "sum":
            sums.append(inner.index)
            inner = inner.body
        if not all(self.is_even(s) for s in sums):
            return None
        factors, conditions = opened(inner)
        numbers = [f for f in factors if isinstance(f, Number)]
        factors = [f for f in factors if not isinstance(f, Number)]
        if not factors or (any(not isinstance(f, Access) for f in factors) and conditions):
            return None
        sums, factors, conditions = self._over_filters(sums, factors, conditions)
        self.order.extend(sums)
        try:
            pieces = self._factors(factors, conditions, outside)
            if pieces is None:
                return None
            met = {a for p in pieces for a in p.axes}
            if any(s not in met for s in sums):
                return None
            result = self._contracted(pieces, sums)
        finally:
            del self.order[len(self.order) - len(sums) :]
        return self.scaled(numbers, result) if numbers else result

    def _factors(
        self, factors: Sequence[Expr], conditions: Sequence[Condition], outside: Outside = "never"
    ) -> list[Piece] | None:
        """Each factor as an array; conditions that only keep places inside become zeros around arrays."""
        reads = [f for f in factors if isinstance(f, Access)]
        rest = [c for c in conditions if not self._kept_by_zeros(c, reads)]
        outside = "zero" if conditions else outside
        pieces = [self._factor(f, outside) for f in factors]
        for condition in rest:
            pieces = self._masked(pieces, condition)
        return pieces

    def _factor(self, factor: Expr, outside: Outside) -> Piece:
        if isinstance(factor, Access):
            return self.floats(self.access(factor, outside))
        return self.expr(factor, "clip" if outside == "clip" else "never")

    def floats(self, piece: Piece) -> Piece:
        """Numbers where truth values or whole numbers stand."""
        if piece.kind in {"mask", "whole"}:
            self.used.add("dtype")
            return Piece(self.dialect.floats(piece.at(Level.ATOM)), Level.ATOM, piece.axes)
        return piece

    def _kept_by_zeros(self, condition: Condition, reads: Sequence[Access]) -> bool:
        """Whether a condition says only that a place of some component is inside its axis."""
        spans = _difference(condition)
        if spans is None:
            return False
        for read in reads:
            for place, axis in zip(read.at, read.symbol.axes, strict=True):
                indices = [i for i in affine_indices(place) if i not in self.loops]
                if indices and not any(isinstance(a, Access) for a in place.atoms()) and (
                    spans in {place - axis.low, axis.high - place}
                ):
                    return True
        return False

    def _masked(self, pieces: list[Piece], condition: Condition) -> list[Piece]:
        """The factors with a condition put on one that has all its indices, or as a factor of its own."""
        for k, piece in enumerate(pieces):
            if len(piece.axes) >= 2:
                triangle = self._triangle(piece, condition)
                if triangle is not None:
                    return [*pieces[:k], triangle, *pieces[k + 1 :]]
        mask = self.mask(condition)
        for k, piece in enumerate(pieces):
            if set(mask.axes) <= set(piece.axes):
                own = self.aligned(self.sorted(mask, piece.axes), piece.axes)
                text = self.dialect.where(own.text, piece.text, "0")
                return [*pieces[:k], Piece(text, Level.ATOM, piece.axes), *pieces[k + 1 :]]
        return [*pieces, self.floats(mask)]

    def _triangle(self, piece: Piece, condition: Condition) -> Piece | None:
        """The lower or upper triangle, for a condition j ≤ i + k on the last two axes."""
        span = _difference(condition)
        if span is None or len(piece.axes) < 2 or piece.kind != "array":
            return None
        row, column = piece.axes[-2:]
        signs = (span.coefficient(row), span.coefficient(column))
        rest = span - Affine.atom(row) * signs[0] - Affine.atom(column) * signs[1]
        if sorted(signs) != [-1, 1] or any(isinstance(a, (Index, Access)) for a in rest.atoms()):
            return None
        if row.low != Affine() or column.low != Affine():
            return None
        lower = signs == (1, -1)  # row − column + rest ≥ 0
        offset = rest if lower else -rest
        return Piece(self.dialect.triangle(piece.text, self.affine(offset), lower=lower), Level.ATOM, piece.axes)

    def _over_filters(
        self, sums: list[Index], factors: list[Expr], conditions: list[Condition]
    ) -> tuple[list[Index], list[Expr], list[Condition]]:
        """Σ_s x[s] w[t − s] as Σ_r x[t − r] w[r]: windows run over the longer array."""
        for factor in factors:
            if not isinstance(factor, Access) or factor.symbol not in self.filters:
                continue
            for place, axis in zip(factor.at, factor.symbol.axes, strict=True):
                met = [i for i in affine_indices(place) if i not in self.loops]
                s = next((i for i in met if i in sums), None)
                if s is None or len(met) != 2 or abs(place.coefficient(s)) != 1:
                    continue
                if sum(s in affine_indices(p) for p in factor.at) != 1:
                    continue
                r = Index(s.name, axis.low, axis.high)
                sign = place.coefficient(s)
                # place = sign · s + rest = r, so that s = sign · (r − rest)
                value = (Affine.atom(r) - (place - Affine.atom(s) * sign)) * sign
                moved = [substitute(f, {s: value}) for f in factors]
                bounds: list[Condition] = [
                    Relation("≤", Integer(s.low), Integer(value)), Relation("≤", Integer(value), Integer(s.high)),
                ]  # fmt: skip
                guards = [substitute(c, {s: value}) for c in conditions]
                own = {r - axis.low for r in (Affine.atom(r),)} | {axis.high - Affine.atom(r)}
                guards = [c for c in guards if _difference(c) not in own]
                return [r if i is s else i for i in sums], moved, [*guards, *bounds]
        return sums, factors, conditions

    # ------------------------------------------------------------ products

    def _contracted(self, pieces: list[Piece], sums: Sequence[Index]) -> Piece:
        """Σ over some axes of a product of arrays."""
        scalars = [p for p in pieces if not p.axes]
        arrays = [p for p in pieces if p.axes]
        while len(arrays) > 2:
            inner = next(((a, b) for a in arrays for b in arrays if a is not b and set(a.axes) <= set(b.axes)), None)
            if inner is None:
                break
            arrays = [p for p in arrays if all(p is not q for q in inner)] + [self.times(inner[::-1])]
        if len(arrays) == 1:
            result = self._sum(arrays[0], sums)
        elif len(arrays) == 2:
            result = self._two(arrays[0], arrays[1], sums)
        else:
            result = self._einsum(arrays, sums)
        return self.times([*scalars, result]) if scalars else result

    def times(self, pieces: Sequence[Piece]) -> Piece:
        """Elementwise product."""
        if len(pieces) == 1:
            return pieces[0]
        axes = united(pieces, self.order)
        texts = [self.aligned(p, axes) for p in pieces]
        kind: Kind = "number" if all(p.kind == "number" for p in pieces) else "array"
        first, *rest = texts
        text = " * ".join([first.at(Level.PRODUCT), *(t.at(Level.SIGN) for t in rest)])
        return Piece(text, Level.PRODUCT, axes, kind)

    def _sum(self, piece: Piece, sums: Sequence[Index]) -> Piece:
        own = [k for k, a in enumerate(piece.axes) if a in sums]
        rest = tuple(a for a in piece.axes if a not in sums)
        text = self.dialect.reduced("sum", piece.text, own if rest else None)
        return Piece(text, Level.ATOM, rest)

    def _two(self, a: Piece, b: Piece, sums: Sequence[Index]) -> Piece:
        """Σ of a product of two arrays."""
        own_a = [s for s in sums if s in a.axes and s not in b.axes]
        own_b = [s for s in sums if s in b.axes and s not in a.axes]
        a, b = self._sum(a, own_a) if own_a else a, self._sum(b, own_b) if own_b else b
        if not a.axes or not b.axes:
            return self.times([a, b])
        both = [i for i in a.axes if i in b.axes]
        closed = [i for i in both if i in sums]
        batch = [i for i in both if i not in sums]
        left = [i for i in a.axes if i not in both]
        right = [i for i in b.axes if i not in both]
        if not closed:
            return self.times([a, b])
        if len(closed) > 1 and not left and not right and not batch:
            return self._sum(self.times([a, b]), sums)
        if len(closed) == 1 and not batch and len(left) <= 1 and len(right) <= 1:
            return self._matrices(a, b, closed[0], left, right)
        if len(closed) == 1 and not batch and min(len(left), len(right)) <= 1:
            made = self._stacked(a, b, closed[0]) if len(left) > 1 else self._stacked(b, a, closed[0])
            if made is not None:
                return made
        if len(closed) == 1 and batch and len(left) == len(right) == 1:
            made = self._batches(a, b, closed[0], batch)
            if made is not None:
                return made
        if len(closed) > 1 and not batch and not left and not right:
            return self._sum(self.times([a, b]), sums)
        if batch and not left and not right:
            return self._sum(self.times([a, b]), sums)
        return self._einsum([a, b], closed)

    def _matrices(self, a: Piece, b: Piece, s: Index, left: list[Index], right: list[Index]) -> Piece:
        """A @ B, with transposes where they are needed; A⁻¹ b as a solution."""
        if left and right and self.order.index(right[0]) < self.order.index(left[0]):
            a, b, left, right = b, a, right, left
        elif not left and right and b.axes[0] == right[0]:
            a, b, left, right = b, a, right, left  # W @ x rather than x @ W.T
        for matrix, other, is_left in ((a, b, True), (b, a, False)):
            if matrix.inverse is not None:
                return self._solution(matrix, other, s, left, right, is_left=is_left)
        one = self.sorted(a, [*left, s])
        two = self.sorted(b, [s, *right])
        return Piece(f"{one.at(Level.PRODUCT)} @ {two.at(Level.SIGN)}", Level.PRODUCT, (*left, *right))

    def _solution(
        self, matrix: Piece, other: Piece, s: Index, left: list[Index], right: list[Index], *, is_left: bool
    ) -> Piece:
        """A⁻¹ b, and b' A⁻¹ as the solution for A'."""
        assert matrix.inverse is not None
        outer = next(i for i in matrix.axes if i is not s)
        # Σ_s M⁻¹[outer, s] b[s]: rows of the system are named s, its columns by what is looked for.
        system = self.sorted(matrix.inverse, [s, outer])
        vector = self.sorted(other, [s, *(i for i in other.axes if i is not s)])
        text = self.dialect.solved(system.text, vector.text)
        axes = (outer, *(i for i in other.axes if i is not s))
        del left, right, is_left
        return Piece(text, Level.ATOM, axes)

    def _stacked(self, a: Piece, b: Piece, s: Index) -> Piece | None:
        """A @ B, where A is a stack of matrices and B is one matrix, or a vector."""
        left = [i for i in a.axes if i is not s]
        right = [i for i in b.axes if i is not s]
        if a.axes[-1] is not s or (right and self.order.index(right[0]) < max(self.order.index(i) for i in left)):
            return None
        two = self.sorted(b, [s, *right])
        return Piece(f"{a.at(Level.PRODUCT)} @ {two.at(Level.SIGN)}", Level.PRODUCT, (*left, *right))

    def _batches(self, a: Piece, b: Piece, s: Index, batch: Sequence[Index]) -> Piece | None:
        """A @ B for stacks of matrices that already stand as @ wants them."""
        (left,) = (i for i in a.axes if i not in b.axes)
        (right,) = (i for i in b.axes if i not in a.axes)
        if self.order.index(right) < self.order.index(left):
            a, b, left, right = b, a, right, left
        stack = list(ordered(batch, self.order))
        if list(a.axes[: len(stack)]) != stack or list(b.axes[: len(stack)]) != stack:
            return None
        one = self.sorted(a, [*stack, left, s])
        two = self.sorted(b, [*stack, s, right])
        return Piece(f"{one.at(Level.PRODUCT)} @ {two.at(Level.SIGN)}", Level.PRODUCT, (*stack, left, right))

    def _einsum(self, pieces: Sequence[Piece], sums: Sequence[Index]) -> Piece:
        letters: dict[Index, str] = {}
        for piece in pieces:
            for index in piece.axes:
                if index not in letters:
                    wanted = [index.name, *ascii_letters]
                    letters[index] = next(c for c in wanted if c in ascii_letters and c and c not in letters.values())
        out = ordered((i for i in letters if i not in sums), self.order)
        terms = ["".join(letters[i] for i in p.axes) for p in pieces]
        subscripts = f"{','.join(terms)}->{''.join(letters[i] for i in out)}"
        return Piece(self.dialect.einsum(subscripts, [p.text for p in pieces]), Level.ATOM, out)


def opened(body: Expr) -> tuple[list[Expr], list[Condition]]:
    """A product as its factors and the conditions without which it is 0."""
    match body:
        case Multiply(factors=parts):
            factors: list[Expr] = []
            conditions: list[Condition] = []
            for part in parts:
                below, guards = opened(part)
                factors += below
                conditions += guards
            return factors, conditions
        case Piecewise(condition=condition, then=then, otherwise=Number(value=zero)) if zero == 0:
            factors, conditions = opened(then)
            return factors, [*conjuncts(condition), *conditions]
        case Number(value=value) if value == 1:
            return [], []
        case _:
            return [body], []


def conjuncts(condition: Condition) -> list[Condition]:
    """The conditions that all have to hold."""
    if isinstance(condition, Junction) and condition.kind == "and":
        return [c for part in condition.conditions for c in conjuncts(part)]
    return [condition]


def _difference(condition: Condition) -> Affine | None:
    """d, where the condition says d ≥ 0 of whole numbers."""
    match condition:
        case Relation(sign="≤", left=Integer(value=a), right=Integer(value=b)):
            return b - a
        case Relation(sign="≥", left=Integer(value=a), right=Integer(value=b)):
            return a - b
        case Relation(sign="<", left=Integer(value=a), right=Integer(value=b)):
            return b - a - 1
        case Relation(sign=">", left=Integer(value=a), right=Integer(value=b)):
            return a - b - 1
        case _:
            return None


__all__ = ["Products", "conjuncts", "opened"]
