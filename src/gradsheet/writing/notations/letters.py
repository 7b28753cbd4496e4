"""i, j, k for the entries of arrays: the author's letters where the sheet has them, else in the order of the axes.

A matrix keeps its rows before its columns in the alphabet, `W[i,j]`, whether it stands in a definition or, transposed,
in a derivative: z[i] = Σⱼ W[i,j] x[j] and ∂L/∂x[j] = Σᵢ W[i,j] ∂L/∂z[i].
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Affine, Index, Reduce, Role, children, walk
from gradsheet.expressions.nodes import bound
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk as walk_tree
from gradsheet.writing.equations import taken_names
from gradsheet.writing.naming import LETTERS, Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.expressions import AnyNode, Expr, Symbol
    from gradsheet.sheet import Sheet

_OTHER_MEMBERS = ("m", "r", "s", "q")
"""For a second layer l or time t beside the first."""


class Letters:
    """Chooses the letters of a sheet's indices, line by line, in the same way on every line."""

    def __init__(self, sheet: Sheet, extra: Iterable[str] = ()) -> None:
        self.taken = {*taken_names(sheet), *extra}
        self.row_sums = sheet.row_sums
        self.learnt: dict[Index, str] = {}
        """The author's letter for an axis, from a place where it stands alone between brackets."""
        functions, equations = ([d.syntax for d in ds] for ds in (sheet.functions.values(), sheet.equations))
        for syntax in (*functions, *equations):
            if syntax is not None:
                self._learn(sheet, syntax)

    def names(
        self,
        left: tuple[Symbol, Sequence[Affine]],
        free: Sequence[Index],
        body: Expr,
        *,
        in_order: bool = False,
        left_first: bool = False,
        fixed: Mapping[Index, str] | None = None,
        also: Sequence[tuple[Symbol, Sequence[Affine]]] = (),
    ) -> Names:
        """Names for the indices of one equation: those on its left side, and those that are summed.

        `in_order` takes the letters of entries as they come, i, j, k, l, whatever the author calls them; some may be
        `fixed` before. `left_first` gives the left side the author's letters, and sums what comes next. Components that
        stand in the equation and not in its body are named in `also`.
        """
        indices = list(dict.fromkeys([*free, *_summed(body)]))
        rivals = _rivals(free, body)
        accesses = [left, *also, *((n.symbol, n.at) for n in walk(body) if isinstance(n, Access))]
        names = Names(self.taken)
        names.of.update(fixed or {})
        leading = {i for p in left[1][: left[0].leading] if isinstance(i := p.single, Index)}
        if left_first:
            leading |= {*free, *(i for s, at in accesses for p in at[: s.leading] if isinstance(i := p.single, Index))}
        followed = not (in_order or left_first)
        votes = {i: v for i, v in self._votes(indices, accesses).items() if followed or i in leading}
        for index in sorted(votes, key=lambda i: (-votes[i].total(), indices.index(i))):
            if index in names.of:
                continue
            for letter, _ in votes[index].most_common():
                if self._is_free(letter, index, names, rivals):
                    names.of[index] = letter
                    break
        places = [] if in_order else [at for _, at in accesses]
        waiting = [i for i in indices if i not in names.of]
        for index in waiting if left_first else _by_axes(waiting, indices, places):
            member = index in votes and any(k in "lt" for k in votes[index])
            own = _OTHER_MEMBERS if member else () if index.name in LETTERS[:3] or in_order else (index.name,)
            candidates = (*own, *LETTERS, *(f"i{k}" for k in range(1, 100)))
            names.of[index] = next(c for c in candidates if c and self._is_free(c, index, names, rivals))
        return names

    def _is_free(self, letter: str, index: Index, names: Names, rivals: dict[Index, set[Index]]) -> bool:
        return letter not in self.taken and all(names.of.get(other) != letter for other in rivals.get(index, ()))

    # ------------------------------------------------------------ the author's letters

    def _learn(self, sheet: Sheet, definition: tree.Definition) -> None:
        for root in (definition.target, definition.value):
            for node in walk_tree(root):
                if not (isinstance(node, tree.Subscript) and isinstance(node.base, tree.Name)):
                    continue
                symbol = sheet.symbols.get(node.base.key)
                for axis, item in zip(symbol.axes if symbol is not None else (), node.items, strict=False):
                    if isinstance(item, tree.Name) and item.key not in self.taken:
                        self.learnt.setdefault(axis, item.key)

    def _votes(
        self, indices: Sequence[Index], accesses: Iterable[tuple[Symbol, Sequence[Affine]]]
    ) -> dict[Index, Counter[str]]:
        votes: dict[Index, Counter[str]] = {}
        for symbol, at in accesses:
            for axis, place in zip(_own_axes(symbol), at, strict=True):
                index = place.single
                if isinstance(index, Index) and index in indices and axis in self.learnt:
                    votes.setdefault(index, Counter())[self.learnt[axis]] += 1
        return votes


def _own_axes(symbol: Symbol) -> tuple[Index, ...]:
    """The axes of the variables that a derivative is named after; a derivative has copies of them."""
    if symbol.role is Role.ADJOINT and symbol.adjoint_of is not None:
        of, by = symbol.adjoint_of
        for variables in ((of, *by), by[-1:]):
            axes = tuple(axis for v in variables for axis in _own_axes(v))
            if len(axes) == symbol.rank:
                return axes
    return symbol.axes


# ---------------------------------------------------------------- order


def _summed(body: Expr) -> list[Index]:
    """Summed indices in the order in which a reader meets them."""
    found: dict[Index, None] = {}
    seen: set[AnyNode] = set()
    stack: list[AnyNode] = [body]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, Reduce):
            found[node.index] = None
        stack.extend(reversed(children(node)))
    return list(found)


def _rivals(free: Sequence[Index], body: Expr) -> dict[Index, set[Index]]:
    """For each index those that are in scope where it is: they must have other letters."""
    rivals: dict[Index, set[Index]] = {i: {j for j in free if j is not i} for i in free}
    stack: list[tuple[AnyNode, tuple[Index, ...]]] = [(body, tuple(free))]
    seen: set[tuple[AnyNode, tuple[Index, ...]]] = set()
    while stack:
        node, scope = stack.pop()
        if (node, scope) in seen:
            continue
        seen.add((node, scope))
        for index in bound(node):
            known = rivals.setdefault(index, set())
            for other in scope:
                known.add(other)
                rivals.setdefault(other, set()).add(index)
            scope = (*scope, index)
        stack.extend((child, scope) for child in children(node))
    return rivals


def _by_axes(wanted: Sequence[Index], all_of_them: Sequence[Index], places: Iterable[Sequence[Affine]]) -> list[Index]:
    """Indices ordered so that those of one array follow its axes; ties as they were met."""
    before: Counter[tuple[Index, Index]] = Counter()
    for at in places:
        singles = [i for a in at if isinstance(i := a.single, Index) and i in wanted]
        for k, index in enumerate(singles):
            before.update((index, later) for later in singles[k + 1 :] if later is not index)
    remaining = list(wanted)
    result: list[Index] = []
    while remaining:
        first = min(remaining, key=lambda x: (sum(before[y, x] for y in remaining), all_of_them.index(x)))
        remaining.remove(first)
        result.append(first)
    return result
