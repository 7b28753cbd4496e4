"""Σ of a product as a chain of matrices and vectors: the factors are edges and weights, the indices are the nodes."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Access,
    Affine,
    Expr,
    Index,
    Integer,
    Multiply,
    Number,
    Power,
    Reduce,
    Relation,
    at_least_zero,
    walk,
)
from gradsheet.syntax import tree
from gradsheet.writing.trees import Tree, additive, call, comparison, iverson, name, power, product, transpose, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import Condition
    from gradsheet.writing.trees import Sign
    from gradsheet.writing.views import View


class Contraction:
    """Σ over `sums` [guards] Π factors, abstracted over `axes`."""

    def __init__(
        self, view: View, axes: tuple[Index, ...], sums: tuple[Index, ...], factors: tuple[Expr, ...],
        guards: tuple[Condition, ...] = (),
    ) -> None:  # fmt: skip
        self.view = view
        self.axes = axes
        self.sums = sums
        self.factors = factors
        self.guards = guards

    def write(self) -> Tree | None:
        """Matrices where they fit; then with one sum after the other kept as Σ; for a scalar always something."""
        if any(a in _indices(side) for s in self.sums for side in s.range for a in self.axes):
            return None  # the range of a sum differs from entry to entry
        family = [s for s in self.sums if self._leads(s) or self._bounds_another(s)]
        plain = [s for s in self.sums if s not in family]
        if not self.guards or not any(g.free & {*plain, *self.axes} for g in self.guards):
            for kept in _choices(family, plain, self.axes):
                written = self.with_sigma(kept)
                if written is not None:
                    return written
        elif not any(g.free & set(self.axes) for g in self.guards):
            kept = [s for s in self.sums if s in family or any(s in g.free for g in self.guards)]
            written = self.with_sigma(kept)
            if written is not None:
                return written
            return self.with_sigma(list(self.sums))
        return self.with_sigma(list(self.sums)) if not self.axes else None

    def _bounds_another(self, index: Index) -> bool:
        """Whether the range of another sum depends on this index."""
        return any(index in _indices(side) for s in self.sums for side in s.range)

    def _leads(self, index: Index) -> bool:
        """Whether an index runs over the members of a family: it then stays a Σ."""
        stack: list[Expr] = list(self.factors)
        for factor in stack:
            for node in walk(factor):
                if isinstance(node, Access) and any(index in _indices(a) for a in node.at[: node.symbol.leading]):
                    return True
                if isinstance(node, Integer) and index in _indices(node.value):
                    return True
        return False

    # ------------------------------------------------------------ Σ kept

    def with_sigma(self, kept: Sequence[Index]) -> Tree | None:
        rest = tuple(s for s in self.sums if s not in kept)
        if not kept:
            return self._chain(self.axes, rest, self.factors)
        inner = self.view.within(kept)
        body = Contraction(inner, self.axes, rest, self.factors).opened()
        if body is None:
            return None
        bounds, brackets = self._bounds(kept, inner)
        if brackets and isinstance(body, tree.Num) and body.value == 1:
            body = product([("", iverson(b)) for b in brackets])
        elif brackets:
            body = product([("", body), *(("⊙" if self.axes else "", iverson(b)) for b in brackets)])
        return tree.Binder("sum", bounds, body)

    def opened(self) -> Tree | None:
        """The product under the Σ signs: a chain if sums are left, else factors."""
        if self.sums:
            return self._chain(self.axes, self.sums, self.factors)
        if not self.axes:
            return (
                self.view.multiplied((), self.factors)
                if len(self.factors) > 1
                else self.view.tensor((), self.factors[0])
            )
        return self.view.multiplied(self.axes, self.factors)

    def _bounds(self, kept: Sequence[Index], inner: View) -> tuple[tuple[tree.BoundIndex, ...], list[Tree]]:
        """Index ranges: left out where reading finds them again, narrowed by guards where those are plain bounds."""
        accesses = list(_accesses(self.factors))
        brackets: list[Tree] = []
        lows: dict[Index, Affine] = {}
        highs: dict[Index, Affine] = {}
        for guard in self.guards:
            if _implied(guard, accesses):
                continue
            index, low, high = plain_bound(guard, kept)
            # A bound narrows the range only where it is certainly inside it; else it stays a condition.
            if index is not None and low is not None and index not in lows and at_least_zero(low - index.low):
                lows[index] = low
            elif index is not None and high is not None and index not in highs and at_least_zero(index.high - high):
                highs[index] = high
            else:
                condition = inner.condition((), guard)
                assert condition is not None
                brackets.append(condition)
        bounds = []
        for index in kept:
            low, high = lows.get(index, index.low), highs.get(index, index.high)
            stated = index in lows or index in highs or not _inferable(index, accesses)
            domain = tree.Range(inner.names.affine(low), inner.names.affine(high)) if stated else None
            bounds.append(tree.BoundIndex(name(inner.names.of[index]), domain))
        return tuple(bounds), brackets

    # ------------------------------------------------------------ chains

    def _chain(self, axes: tuple[Index, ...], sums: tuple[Index, ...], factors: tuple[Expr, ...]) -> Tree | None:
        nodes = {*axes, *sums}
        weights: dict[Index, list[Expr]] = {n: [] for n in nodes}
        edges: list[tuple[Index, Index, Expr]] = []
        scalars: list[Expr] = []
        for factor in _flattened(factors):
            used = [n for n in (*axes, *sums) if n in factor.free]
            if len(used) == 0:
                scalars.append(factor)
            elif len(used) == 1:
                weights[used[0]].append(factor)
            elif len(used) == 2:
                edges.append((used[0], used[1], factor))
            else:
                return None
        edges = _joined(edges)
        if scalars and (sums or axes):
            rest = self._chain(axes, sums, tuple(f for f in _flattened(factors) if f not in scalars))
            return None if rest is None else self.view.scaled(_ONE, scalars, rest)
        match len(axes):
            case 0:
                written = self._scalar(sums, weights, edges)
            case 1:
                written = self._vector(axes[0], sums, weights, edges)
            case _:
                written = self._matrix(axes, sums, weights, edges)
        return written or self._in_series(axes, sums, weights, edges)

    def _in_series(
        self, axes: tuple[Index, ...], sums: tuple[Index, ...], weights: _Weights, edges: _Edges
    ) -> Tree | None:
        """Two matrices in series beside another path are one matrix first: (h ⊙ (A B)) Cᵀ."""
        if not 1 < len(sums) <= _MOST_IN_SERIES:
            return None
        for index in sums:
            here = [e for e in edges if index in (e[0], e[1])]
            ends = [e[1] if e[0] is index else e[0] for e in here]
            if len(here) != 2 or weights[index] or ends[0] is ends[1]:
                continue
            joined = Reduce("sum", index, Multiply((here[0][2], here[1][2])))
            rest = [e[2] for e in edges if e not in here]
            factors = (*(f for ws in weights.values() for f in ws), *rest, joined)
            written = self._chain(axes, tuple(s for s in sums if s is not index), factors)
            if written is not None:
                return written
        return None

    def _scalar(self, sums: tuple[Index, ...], weights: _Weights, edges: _Edges) -> Tree | None:
        if len(sums) == 1 and not edges:
            return self._inner(sums[0], weights[sums[0]])
        if len(sums) == 2 and len(edges) == 1 and not any(weights[s] for s in sums):
            return self._frobenius(sums, edges[0][2]) or self._parallel(sums, edges[0][2])
        if len(sums) >= 2 and len(edges) == len(sums) and not any(weights.values()):
            return self._trace(sums, edges)
        ends = [s for s in sums if weights[s] and _degree(s, edges) == 1]
        if len(ends) != 2 or len(edges) != len(sums) - 1:
            return None
        start = ends[0]
        left = self._weight(start, weights[start])
        path = self._path(start, edges)
        if left is None or path is None or path[-1][1] is not ends[1] or len(path) != len(edges):
            return None
        chain = self._pieces(path, weights, start)
        return None if chain is None else product([("", transpose(left)), *(("", p) for p in chain)])

    def _inner(self, index: Index, weights: list[Expr]) -> Tree | None:
        """Σ_k u[k] v[k] = uᵀ v; Σ_k u[k]² = ‖u‖²; Σ_k u[k] is left to Σ."""
        if (
            len(weights) == 1
            and isinstance(weights[0], Power)
            and isinstance(weights[0].exponent, Number)
            and weights[0].exponent.value == 2
        ):
            inner = self.view.tensor((index,), weights[0].base)
            return None if inner is None else power(tree.Bars("‖", inner), whole(2))
        if len(weights) < 2:
            return None
        first = self.view.tensor((index,), weights[0])
        rest = self._weight(index, weights[1:])
        if first is None or rest is None:
            return None
        return product([("", transpose(first)), ("", tree.Group((rest,)) if len(weights) > 2 else rest)])

    def _frobenius(self, sums: tuple[Index, ...], body: Expr) -> Tree | None:
        if isinstance(body, Power) and isinstance(body.exponent, Number) and body.exponent.value == 2:
            inner = self.view.tensor(sums, body.base)
            return None if inner is None else power(tree.Bars("‖", inner), whole(2))
        return None

    def _parallel(self, sums: tuple[Index, ...], body: Expr) -> Tree | None:
        """Σ_ij A_ij B_ij = tr(Aᵀ B)."""
        factors = body.factors if isinstance(body, Multiply) else (body,)
        matrices = [self.view.tensor(sums, f) for f in factors]
        if len(matrices) != 2 or matrices[0] is None or matrices[1] is None:
            return None
        return call("tr", product([("", transpose(matrices[0])), ("", matrices[1])]))

    def _trace(self, sums: tuple[Index, ...], edges: _Edges) -> Tree | None:
        start = sums[0]
        path = self._path(start, edges)
        if path is None or len(path) != len(edges) or path[-1][1] is not start:
            return None
        chain = self._pieces(path, {s: [] for s in sums}, start)
        return None if chain is None else call("tr", product([("", p) for p in chain]))

    def _vector(self, axis: Index, sums: tuple[Index, ...], weights: _Weights, edges: _Edges) -> Tree | None:
        own = self._weight(axis, weights[axis]) if weights[axis] else None
        if weights[axis] and own is None:
            return None
        if not sums:
            return own
        path = self._path(axis, edges)
        if path is None or len(path) != len(sums) or len(edges) != len(path) or not weights[path[-1][1]]:
            return None
        chain = self._pieces(path, weights, axis)
        if chain is None:
            return None
        written = product([("", p) for p in chain])
        return written if own is None else self._beside(own, written)

    def _beside(self, own: Tree, chain: Tree) -> Tree:
        """A ⊙ (W δ), or (W δ) ⊙ a."""
        bracketed = tree.Group((chain,))
        return product([("", bracketed), ("⊙", own)] if self.view.chain_first else [("", own), ("⊙", bracketed)])

    def _matrix(
        self, axes: tuple[Index, ...], sums: tuple[Index, ...], weights: _Weights, edges: _Edges
    ) -> Tree | None:
        i, j = axes
        direct = [e for e in edges if {e[0], e[1]} == {i, j}]
        others = [e for e in edges if e not in direct]
        left = self._weight(i, weights[i]) if weights[i] else None
        right = self._weight(j, weights[j]) if weights[j] else None
        if (weights[i] and left is None) or (weights[j] and right is None):
            return None
        if not sums:
            return self._entries(axes, direct, left, right)
        if direct:
            return None
        from_i = self._path(i, others)
        if from_i and from_i[-1][1] is j and len(from_i) == len(others) == len(sums) + 1:
            chain = self._pieces(from_i, {**weights, i: [], j: []}, i)
            if chain is None:
                return None
            if left is not None:
                chain.insert(0, call("diag", left))
            if right is not None:
                chain.append(call("diag", right))
            return product([("", p) for p in chain])
        # Two arms that do not meet: an outer product.
        arms = [self._path(axis, others) for axis in axes]
        if any(arm is None for arm in arms) or not sum(len(a or ()) for a in arms) == len(others) == len(sums):
            return None  # an edge or a sum that neither arm reaches
        column = self._arm(i, others, weights, left)
        row = self._arm(j, others, weights, right)
        if column is None or row is None:
            return None
        return product([("", column), ("", transpose(row))])

    def _arm(self, axis: Index, edges: _Edges, weights: _Weights, own: Tree | None) -> Tree | None:
        path = self._path(axis, edges)
        if not path:
            return own
        if not weights[path[-1][1]]:
            return None
        chain = self._pieces(path, {**weights, axis: []}, axis)
        if chain is None:
            return None
        written = product([("", p) for p in chain])
        return written if own is None else self._beside(own, written)

    def _entries(self, axes: tuple[Index, ...], direct: _Edges, left: Tree | None, right: Tree | None) -> Tree | None:
        """No sum: outer products, and matrices entry by entry, scaled by rows or columns."""
        matrices: list[Tree] = []
        below: list[Tree] = []
        for factor in _flattened([e[2] for e in direct]):
            inverse = isinstance(factor, Power) and factor.exponent == Number(Fraction(-1))
            written = self.view.tensor(axes, factor.base if inverse and isinstance(factor, Power) else factor)
            if written is None:
                return None
            (below if inverse else matrices).append(written)
        if below and not matrices:
            written = self.view.tensor(axes, direct[0][2])
            if written is None:
                return None
            matrices, below = [written], []
        if not matrices:
            if left is None or right is None:
                return None
            return product([("", left), ("", transpose(right))])
        identity = [m for m in matrices if isinstance(m, tree.Name) and m.key == "I"]
        if identity and len(matrices) == 1:
            inner = left if left is not None else right
            if left is not None and right is not None:
                inner = product([("", left), ("⊙", right)])
            return identity[0] if inner is None else call("diag", inner)
        core = product([("⊙" if k else "", m) for k, m in enumerate(matrices)] + [("⊘", b) for b in below])
        items: list[tuple[Sign, Tree]] = []
        if left is not None:
            items.append(("", call("diag", left)))
        items.append(("", core))
        if right is not None:
            items.append(("", call("diag", right)))
        return product(items)

    # ------------------------------------------------------------ pieces

    def _weight(self, index: Index, factors: Sequence[Expr]) -> Tree | None:
        """Vectors at one node, entry by entry: u ⊙ v, u ⊘ w."""
        front: list[Tree] = []
        below: list[Tree] = []
        late: list[Tree] = []
        for factor in factors:
            if (
                isinstance(factor, Power)
                and isinstance(factor.exponent, Number)
                and factor.exponent.value < 0
                and factor.exponent.value.denominator == 1
            ):
                base = self.view.tensor((index,), factor.base)
                if base is None:
                    return None
                below.append(base if factor.exponent.value == -1 else power(base, whole(int(-factor.exponent.value))))
                continue
            part = self._column(factor, index) if len(factors) > 1 else None
            part = part or self.view.tensor((index,), factor)
            if part is None:
                return None
            if isinstance(factor, Reduce) and isinstance(part, tree.Product) and len(factors) > 1:
                part = tree.Group((part,))  # (Wᵀ δ) ⊙ a, wherever it stands
            (late if isinstance(part, tree.Array) else front).append(part)
        front.extend(late)
        if not front:
            front = [whole(1)]
            items: list[tuple[Sign, Tree]] = [("", front[0]), *(("/", b) for b in below)]
            return product(items)
        items = [("⊙" if k else "", part) for k, part in enumerate(front)]
        items.extend(("⊘", b) for b in below)
        return product(items)

    def _column(self, factor: Expr, index: Index) -> Tree | None:
        """W[:,1] of an n×1 matrix, which is no vector beside others."""
        if not isinstance(factor, Access) or len(factor.at) != 2 or factor.symbol.leading:
            return None
        first, second = factor.at
        axis = factor.symbol.axes[1]
        if first.single is not index or not axis.low == axis.high == second:
            return None
        whole_axis = tree.Slice(None, None)
        return tree.Subscript(name(factor.symbol.name), (whole_axis, self.view.names.affine(second)))

    @staticmethod
    def _path(start: Index, edges: _Edges) -> list[tuple[Index, Index, Expr]] | None:
        """The edges from a node onwards, each oriented; None where the way forks."""
        remaining = list(edges)
        path: list[tuple[Index, Index, Expr]] = []
        current = start
        while True:
            here = [e for e in remaining if current in (e[0], e[1])]
            if not here:
                return path
            if len(here) > 1 and path:
                return None
            if len(here) > 1 and not path and len(remaining) != len(here):
                pass
            edge = here[0]
            remaining.remove(edge)
            following = edge[1] if edge[0] is current else edge[0]
            path.append((current, following, edge[2]))
            current = following
            if current is start:
                return path

    def _pieces(self, path: Sequence[tuple[Index, Index, Expr]], weights: _Weights, start: Index) -> list[Tree] | None:
        del start
        pieces: list[Tree] = []
        for position, (a, b, factor) in enumerate(path):
            matrix = self.view.tensor((a, b), factor)
            if matrix is None:
                return None
            pieces.append(matrix)
            if not weights[b]:
                continue
            weight = self._weight(b, weights[b])
            if weight is None:
                return None
            last = position == len(path) - 1
            if last:
                pieces.append(weight)
            else:
                pieces.append(call("diag", weight))
        return pieces


_Weights = dict[Index, list[Expr]]
_Edges = list[tuple[Index, Index, Expr]]


_ONE = Fraction(1)
_MOST_IN_SERIES = 5


def _flattened(factors: Sequence[Expr]) -> list[Expr]:
    """Powers of a product of several edges stay one factor; nested products are opened."""
    result: list[Expr] = []
    for factor in factors:
        result.extend(factor.factors if isinstance(factor, Multiply) else (factor,))
    return result


def _joined(edges: _Edges) -> _Edges:
    """Factors between the same two indices are one matrix, entry by entry."""
    found: dict[frozenset[Index], list[tuple[Index, Index, Expr]]] = {}
    for edge in edges:
        found.setdefault(frozenset(edge[:2]), []).append(edge)
    result = []
    for group in found.values():
        a, b, first = group[0]
        result.append((a, b, first if len(group) == 1 else Multiply(tuple(e[2] for e in group))))
    return result


def _choices(family: list[Index], plain: list[Index], axes: tuple[Index, ...]) -> list[list[Index]]:
    """Which sums stay Σ: those over families; then also one more; in the end, for a scalar, all."""
    result = [family]
    result.extend([*family, s] for s in plain)
    if not axes or len(plain) > 1:
        result.append([*family, *plain])
    return result


def _degree(index: Index, edges: _Edges) -> int:
    return sum(1 for e in edges if index in (e[0], e[1]))


def _indices(value: Affine) -> set[Index]:
    return {a for a in value.atoms() if isinstance(a, Index)}


def _accesses(factors: Sequence[Expr]) -> list[Access]:
    return [n for f in factors for n in walk(f) if isinstance(n, Access)]


def _inferable(index: Index, accesses: Sequence[Access]) -> bool:
    """Whether the reader would find this range from a place where the index stands bare."""
    ranges = []
    for access in accesses:
        mapping = dict(zip(access.symbol.axes, access.at, strict=True))
        for place, axis in zip(access.at, access.symbol.axes, strict=True):
            if place.single is index:
                ranges.append((axis.low.substitute(mapping), axis.high.substitute(mapping)))
    return bool(ranges) and all(r == index.range for r in ranges)


def _implied(guard: Condition, accesses: Sequence[Access]) -> bool:
    """Whether a guard only says that some component is inside its axis: a summed index runs there anyway."""
    if not (
        isinstance(guard, Relation)
        and isinstance(guard.left, Integer)
        and isinstance(guard.right, Integer)
        and guard.sign == "≤"
    ):
        return False
    gap = guard.right.value - guard.left.value
    for access in accesses:
        mapping = dict(zip(access.symbol.axes, access.at, strict=True))
        for place, axis in zip(access.at, access.symbol.axes, strict=True):
            low, high = axis.low.substitute(mapping), axis.high.substitute(mapping)
            if gap in (place - low, high - place):
                return True
    return False


def plain_bound(guard: Condition, kept: Sequence[Index]) -> tuple[Index | None, Affine | None, Affine | None]:
    """`2 ≤ t` as a lower bound, `t ≤ T−1` as an upper bound of one summed index."""
    if not (isinstance(guard, Relation) and isinstance(guard.left, Integer) and isinstance(guard.right, Integer)):
        return None, None, None
    shift = {"≤": 0, "<": 1, "≥": 0, ">": 1}.get(guard.sign)
    if shift is None:
        return None, None, None
    left, right = guard.left.value, guard.right.value
    if guard.sign in {"≥", ">"}:
        left, right = right, left
    gap = right - left - shift  # ≥ 0
    for index in kept:
        coefficient = gap.coefficient(index)
        rest = gap - Affine.atom(index) * coefficient
        if abs(coefficient) != 1 or index in _indices(rest) or _indices(rest) & set(kept):
            continue
        return (index, -rest, None) if coefficient == 1 else (index, None, rest)
    return None, None, None


__all__ = ["Contraction", "additive", "comparison", "plain_bound"]
