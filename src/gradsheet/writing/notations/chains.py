"""∂L/∂v = Σᵤ ∂L/∂u · ∂u/∂v: the lines that lead from the chain rule to an adjoint, in numerator layout."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gradsheet.calculus import Simplifier
from gradsheet.calculus.terms import conjuncts
from gradsheet.derivation import put_in
from gradsheet.expressions import Access, Add, Affine, Expr, Index, at_least_zero, key
from gradsheet.syntax import tree
from gradsheet.writing.contractions import plain_bound
from gradsheet.writing.equations import Line, ranges_of
from gradsheet.writing.members import without_single
from gradsheet.writing.naming import Names
from gradsheet.writing.notations.components import component, index_lines
from gradsheet.writing.notations.factors import as_rows, matrix, quotient, shape, size, times
from gradsheet.writing.notations.terms import found_regions
from gradsheet.writing.trees import Tree, additive, is_call, name, negate, product, whole
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.derivation import Adjoint, Contribution, Jacobians, Rewritten
    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.expressions import Symbol
    from gradsheet.writing.notations.letters import Letters
    from gradsheet.writing.notations.terms import Region, Term

MOST_PATHS = 3
MOST_FACTORS = 8
"""Chains from the result to a parameter that are written out; longer ones, or more of them, stay recursions."""
_MATRIX = 2


class Chains:
    """Writes chains; `rows` are the derivatives by vectors as the rows that they are here."""

    def __init__(
        self, jacobians: Jacobians, letters: Letters, sizes: Sizes | None, rows: Mapping[Symbol, Symbol]
    ) -> None:
        self.jacobians = jacobians
        self.letters = letters
        self.sizes = sizes
        self.rows = rows
        self.by = {a.symbol: a for a in jacobians.derivation.adjoints}

    def lines(self, row: Rewritten, *, asked: bool) -> list[Line]:
        """From the chain to the result; for a parameter the chain begins at L, if it is short enough for that."""
        parts = self.jacobians.contributions(row.adjoint)
        if not parts:
            return []
        found = self._from_result(row.adjoint) if asked else []
        begun = bool(found) or bool(row.through)
        places = found_regions(row.adjoint, parts, self.letters)
        for region in places:
            if not begun:
                found += self._chain(row.adjoint, region)
            found += self._region(row, region)
        if any(region.result(row.equation) is None for region in places):
            found += index_lines(row.equation, self.letters)  # cases of entries, which no chain tells apart
        found = [without_single(line) for line in found]
        return [
            replace(line, continues=k > 0 and (line.left, line.ranges) == (found[k - 1].left, found[k - 1].ranges))
            for k, line in enumerate(found)
        ]  # fmt: skip

    # ------------------------------------------------------------ chains

    def _chain(self, adjoint: Adjoint, region: Region) -> list[Line]:
        """∂L/∂u · ∂u/∂v, term by term, with shapes."""
        if not any(t.upstream is not None and t.jacobian is not None for t in region.terms):
            return []
        names = region.names
        scalars = all(not t.outputs and not t.inputs for t in region.terms)
        written = []
        for term in region.terms:
            body = self._braced(term, names, scalars=scalars)
            if body is None:
                return []
            written.append(self._summed(term, body, names))
        left = names.component(adjoint.symbol, [names.affine(a) for a in region.at])
        return [Line(left, _sum(written), ranges_of(region.free, names), kind="chain")]

    def _braced(self, term: Term, names: Names, *, scalars: bool) -> Tree | None:
        above = None if term.upstream is None else names.component(term.upstream, [names.affine(p) for p in term.place])
        row, one = size(term.inputs, self.sizes, names), size((), self.sizes, names)
        if term.jacobian is None:
            assert above is not None
            return above if scalars else tree.Underbrace(above, times(one, row))
        if above is None:
            value = matrix(term.body, term.outputs, term.inputs, names)
            return value if scalars or value is None else tree.Underbrace(value, times(one, row))
        of, by = (term.jacobian.user, term.place), (term.jacobian.variable, term.at)
        local = quotient(names, of, by)
        column = size(term.outputs, self.sizes, names)
        if not scalars:
            above = tree.Underbrace(above, times(one, column))
            return product([("", above), ("·", tree.Underbrace(local, times(column, row)))])
        return product([("", above), ("·", local)])

    def _summed(self, term: Term, body: Tree, names: Names, more: Sequence[Index] = ()) -> Tree:
        """Σ over the members of a family, or over entries, and the conditions that remain."""
        several = (*term.sums, *(i for i in more if i.low != i.high))
        bounds: dict[Index, list[Affine]] = {i: [i.low, i.high] for i in several}
        left: list[Tree] = []
        for condition in (c for held in term.conditions for c in conjuncts(held)):
            index, low, high = plain_bound(condition, term.sums)
            if index is not None and low is not None and at_least_zero(low - index.low):
                bounds[index][0] = low
            elif index is not None and high is not None and at_least_zero(index.high - high):
                bounds[index][1] = high
            else:
                shown = View(names).condition((), condition)
                assert shown is not None
                left.append(shown)
        if left:  # where it does not hold, there may be no such member
            condition_tree = left[0] if len(left) == 1 else tree.Logic("and", tuple(left))
            body = tree.Group((tree.Conditional(body, condition_tree, whole(0)),))
        if not bounds:
            return body
        return tree.Binder("sum", tuple(_bound(i, low, high, names) for i, (low, high) in bounds.items()), body)

    def _from_result(self, adjoint: Adjoint) -> list[Line]:
        """∂L/∂z3 · ∂z3/∂h2 · … · ∂z1/∂W1, one chain for each path."""
        paths = self._paths(adjoint)
        if paths is None or all(len(path) < MOST_PATHS for path in paths):
            return []
        names = Names(self.letters.taken)
        written = []
        for path in paths:
            factors: list[Tree] = []
            scalars = all(not p.jacobian.order for p in path if p.jacobian is not None)
            for part in path:
                jacobian = part.jacobian
                assert jacobian is not None
                shown: Tree = quotient(names, (jacobian.user, ()), (jacobian.variable, ()))
                sides = (size(side, self.sizes, names) for side in (jacobian.outputs, jacobian.inputs))
                factors.append(shown if scalars else tree.Underbrace(shown, times(*sides)))
            written.append(product([("·" if k else "", f) for k, f in enumerate(factors)]))
        left = names.component(adjoint.symbol, [])
        return [Line(left, _sum(written), kind="chain")]

    def _paths(self, adjoint: Adjoint, depth: int = MOST_FACTORS) -> list[tuple[Contribution, ...]] | None:
        """The ways from the result to a variable; None where there are families, or too many, or too long ones."""
        parts = self.jacobians.contributions(adjoint)
        if not parts or depth == 0:
            return None
        found: list[tuple[Contribution, ...]] = []
        for part in parts:
            jacobian = part.jacobian
            if jacobian is None or jacobian.place or jacobian.at or jacobian.guards:
                return None
            if part.upstream is None:
                if len(parts) > 1:
                    return None  # ∂L/∂v would be the whole and one of its terms
                found.append((part,))
                continue
            before = self._paths(self.by[part.upstream], depth - 1) if part.upstream in self.by else None
            if before is None or len(found) + len(before) > MOST_PATHS:
                return None
            found.extend((*path, part) for path in before)
        return found

    # ------------------------------------------------------------ results

    def _region(self, row: Rewritten, region: Region) -> list[Line]:
        """The chain with its factors put in, then what the derivation holds."""
        names, adjoint = region.names, row.adjoint
        result = region.result(row.equation)
        ranges = ranges_of(region.free, names)
        left = names.component(adjoint.symbol, [names.affine(a) for a in region.at])
        extent = shape((), region.inputs, self.sizes) if region.inputs else None
        lines: list[Line] = []
        if not row.through and region.terms:
            written = self._multiplied(region)
            if written is None:
                return self._entries(row, region, result)
            lines.append(Line(left, written, ranges, shape=extent))
            known = {a.symbol: a.equation for t in region.terms if (a := self._constant(t)) is not None}
            total = put_in(Add(tuple(t.whole for t in region.terms)), known)
            plain = Simplifier(self.letters.row_sums).simplify(total)
            if result is not None and key(plain) == key(result):
                return lines
        if result is None or len(region.inputs) > 1:
            return lines or self._entries(row, region, result)
        shown = self.row(result, region.inputs, names)
        if shown is not None and (not lines or shown != lines[-1].right):
            lines.append(Line(left, shown, ranges, shape=extent))
        return lines

    def row(self, body: Expr, inputs: Sequence[Index], names: Names) -> Tree | None:
        """A derivative by a vector as a row."""
        return matrix(as_rows(body, self.rows), (), inputs, names)

    def _multiplied(self, region: Region) -> Tree | None:
        """∂L/∂z2 W2: the product with the local Jacobians put in; None where a factor is no matrix."""
        names = region.names
        written = []
        for term in region.terms:
            above = None
            constant = self._constant(term)
            if constant is not None and not term.outputs:
                body = put_in(Access(constant.symbol, term.place), {constant.symbol: constant.equation})
                above = View(names).tensor((), body)
            elif term.upstream is not None:
                above = names.component(term.upstream, [names.affine(p) for p in term.place])
            if term.jacobian is None:
                shown = above
            else:
                value = matrix(term.body, term.outputs, term.inputs, names) if term.order <= _MATRIX else None
                if value is None:
                    return None
                shown = value if above is None or _is_one(above) else above if _is_one(value) else _times(above, value)
            assert shown is not None
            written.append(self._summed(term, shown, names))
        return _sum(written)

    def _constant(self, term: Term) -> Adjoint | None:
        """An adjoint such as ∂L/∂ℓ[t] = 1, which the derivation puts in wherever it is used."""
        adjoint = self.by.get(term.upstream) if term.upstream is not None else None
        return None if adjoint is None or adjoint.equation.body.symbols else adjoint

    def _entries(self, row: Rewritten, region: Region, result: Expr | None) -> list[Line]:
        """Σᵢ ∂L/∂z[i] ∂z[i]/∂W[j,k] = ∂L/∂z[j] x[k]."""
        names, adjoint = region.names, row.adjoint
        here = [*region.at, *map(Affine.atom, region.inputs)]
        left = names.component(adjoint.symbol, [names.affine(a) for a in here])
        ranges = ranges_of((*region.free, *region.inputs), names)
        lines = []
        if not row.through and any(t.upstream is not None and t.jacobian is not None for t in region.terms):
            written = [self._contracted(term, region) for term in region.terms]
            lines.append(Line(left, _sum(written), ranges))
        if result is not None:
            lines.append(Line(left, component(result, _for_result(names, region)), ranges))
        return lines

    def _contracted(self, term: Term, region: Region) -> Tree:
        names = region.names
        if term.upstream is None:
            return self._summed(term, component(term.body, names), names)
        entries = [*term.place, *(i.low if i.low == i.high else Affine.atom(i) for i in term.outputs)]
        above = names.component(term.upstream, [names.affine(a) for a in entries])
        if term.jacobian is None:
            return above
        below = [*term.at, *map(Affine.atom, term.inputs)]
        local = quotient(names, (term.jacobian.user, entries), (term.jacobian.variable, below))
        return self._summed(term, product([("", above), ("", local)]), names, term.outputs)


def _bound(index: Index, low: Affine, high: Affine, names: Names) -> tree.BoundIndex:
    return tree.BoundIndex(name(names.of[index]), tree.Range(names.affine(low), names.affine(high)))


def _for_result(names: Names, region: Region) -> Names:
    """Letters for a line without the summed indices of the chain: they may be used again."""
    other = Names(names.taken)
    kept = {*region.free, *region.inputs}
    other.of = {i: n for i, n in names.of.items() if i in kept}
    return other


def _is_one(value: Tree) -> bool:
    return (isinstance(value, tree.Num) and value.value == 1) or (isinstance(value, tree.Name) and value.key == "I")


def _times(above: Tree, value: Tree) -> Tree:
    """∂L/∂z W; a number of the local Jacobian stands first: 2 ∂L/∂d diag(a)."""
    if isinstance(value, tree.Additive) and len(value.terms) == 1:
        return negate(_times(above, value.terms[0].item))
    if isinstance(value, tree.Product) and not is_call(value) and isinstance(value.factors[0].item, tree.Num):
        number, *rest = value.factors
        if rest[0].sign == "":
            return product([("", number.item), ("", above), ("", product([(f.sign, f.item) for f in rest]))])
    return product([("", above), ("", value)])


def _sum(terms: Sequence[Tree]) -> Tree:
    return terms[0] if len(terms) == 1 else additive([_signed(t) for t in terms])


def _signed(term: Tree) -> tuple[Literal["+", "-"], Tree]:
    """A sum above a brace stands in brackets, and its minus before the brace."""
    if not (isinstance(term, tree.Underbrace) and isinstance(term.base, tree.Additive)):
        return "+", term
    parts = term.base.terms
    below = all(part.sign == "-" for part in parts)
    base = additive([("+" if below else part.sign, part.item) for part in parts])
    return "-" if below else "+", replace(term, base=tree.Group((base,)) if len(parts) > 1 else base)
