"""∂L/∂W1 = ∂L/∂z2 · ∂z2/∂h1 · ∂h1/∂z1 · ∂z1/∂W1: the chain rule as a product of local Jacobians, in numerator layout.

A derivative by a vector is a row, ∂u/∂v is outputs × inputs, so that a chain conforms as it stands. A factor with three
or four indices, ∂z/∂W, is contracted with indices; the result is then shown in the shape of W. Every line is made of
what the derivation holds: its local Jacobians, and its adjoints.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from gradsheet.derivation import Jacobians
from gradsheet.expressions import Symbol
from gradsheet.sheet import Equation
from gradsheet.solution import GRADIENTS
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk
from gradsheet.writing.equations import Line, write_equation
from gradsheet.writing.members import extents
from gradsheet.writing.notations.chains import Chains
from gradsheet.writing.notations.factors import as_rows
from gradsheet.writing.notations.local import local_lines
from gradsheet.writing.notations.matrix import MatrixNotation
from gradsheet.writing.notations.numbers import computed
from gradsheet.writing.trees import transpose

if TYPE_CHECKING:
    from gradsheet.derivation import Adjoint, LocalJacobian, Rewritten
    from gradsheet.writing.report import Builder, Item

_MATRIX = 2


class JacobianNotation(MatrixNotation):
    """Chains of local Jacobians."""

    def __init__(self, builder: Builder, *, inline: bool = False) -> None:
        super().__init__(builder, inline=inline)
        self.jacobians = Jacobians(self.derivation)
        self.rows_of: dict[Symbol, Symbol] = {}
        """Derivatives by vectors as the rows that they are in this layout."""
        for symbol in (*(a.symbol for a in self.derivation.adjoints), *self.derivation.cotangents.values()):
            if symbol.rank - symbol.leading == 1:
                by = symbol.adjoint_of
                self.rows_of[symbol] = Symbol(
                    symbol.name, symbol.axes, symbol.role, symbol.leading, row=True, adjoint_of=by
                )
        named = ((s, s.adjoint_of) for s in self.rows_of if s.adjoint_of is not None)
        self.by_names = {(of.name, *(v.name for v in by)): symbol for symbol, (of, by) in named}
        self.chains = Chains(self.jacobians, self.letters, builder.sizes, self.rows_of)

    def notes(self) -> list[str]:
        """The layout, and what becomes of factors with three indices."""
        if not self.rows_of and not any(j.order for j in self._all()):
            return []  # numbers have no layout
        return [LAYOUT, *([THIRD_ORDER] if any(j.order > _MATRIX for j in self._all()) else [])]

    def restated(self) -> tuple[str, ...]:
        """Gradients are columns, but here derivatives are rows: both are said in one sentence."""
        return (GRADIENTS,) if LAYOUT in self.notes() else ()

    def forward(self) -> list[Item]:
        """The definitions; a gradient in one of them is a column, as its author means it."""
        return [self._turned(item) for item in super().forward()]

    def update(self) -> list[Item]:
        """The step by gradients, which are columns."""
        return [self._turned(item) for item in super().update()]

    def _turned(self, item: Item) -> Item:
        lines = tuple(replace(line, right=self._columns(line.right)) for line in item.lines)
        members = item.members and tuple(
            replace(m, lines=tuple(replace(x, right=self._columns(x.right)) for x in m.lines)) for m in item.members
        )
        return replace(item, lines=lines, members=members)

    def _columns(self, node: Any) -> Any:
        """∂L/∂b, where it stands for the gradient, as (∂L/∂b)ᵀ."""
        match node:
            case tree.Derivative():
                return transpose(node) if self._is_row(node) else node
            case tree.Node():
                changes = {f.name: self._columns(getattr(node, f.name)) for f in fields(node) if f.name != "span"}
                return node if all(getattr(node, k) is v for k, v in changes.items()) else replace(node, **changes)
            case tuple():
                changed = tuple(self._columns(part) for part in node)
                return node if all(a is b for a, b in zip(node, changed, strict=True)) else changed
            case _:
                return node

    def _is_row(self, node: tree.Derivative) -> bool:
        symbol = self.by_names.get((_base(node.of), *map(_base, node.by)))
        items = node.by[-1].items if isinstance(node.by[-1], tree.Subscript) else ()
        return symbol is not None and len(items) <= symbol.leading

    # ------------------------------------------------------------ local Jacobians

    def _all(self) -> list[LocalJacobian]:
        """Every local Jacobian but those of the result itself, from the result back."""
        return [
            part.jacobian
            for adjoint in self.derivation.adjoints
            for part in self.jacobians.contributions(adjoint) or ()
            if part.jacobian is not None and part.upstream is not None
        ]

    def local(self) -> list[Item]:
        """∂h1/∂z1 = diag(1 − h1²), 4×4."""
        return [self._local(jacobian) for jacobian in self._all()]

    def _local(self, jacobian: LocalJacobian) -> Item:
        equation, sizes = jacobian.equation, self.builder.sizes
        lines = local_lines(jacobian, self.letters, sizes)
        item = self.builder.item(equation.symbol, lines, None)
        known = isinstance(lines[-1].right, tree.Name | tree.Num)  # I, W2
        values = None
        if jacobian.order <= _MATRIX and not item.symbol.leading and not known:
            values = computed(self.builder.solution, equation)
        shape = tuple(extents((*jacobian.outputs, *jacobian.inputs), sizes))
        return replace(item, shape=shape, value=values, members=None)

    # ------------------------------------------------------------ derivatives

    def derivative(self, row: Rewritten) -> Item:
        """The chain, what it comes to as a row, and the gradient in the shape of its variable."""
        adjoint = row.adjoint
        asked = self.is_asked(adjoint)
        lines = self.chains.lines(row, asked=asked)
        gradient = self._gradient(row.equation, adjoint, known=bool(lines), asked=asked)
        entries = adjoint.symbol.rank - adjoint.symbol.leading == _MATRIX and not any(line.kind for line in lines)
        if gradient and entries:
            lines = []  # nothing was contracted, so nothing is said by them
        lines += gradient
        rule = "; ".join(row.rules) if row.through else adjoint.rule
        return self.builder.derivative(adjoint, lines, rule=rule, conditions=row.conditions)

    def _gradient(self, equation: Equation, adjoint: Adjoint, *, known: bool, asked: bool) -> list[Line]:
        """(∂L/∂b)ᵀ, a column; ∂L/∂W with its entries in the shape of W."""
        variable = adjoint.wrt[-1]
        rank = variable.rank - variable.leading
        vector = rank == 1 and adjoint.order == 1 and not (adjoint.of.axes and not self.derivation.cotangents)
        if known and (rank == 0 or rank > _MATRIX or (vector and not asked)):
            return []
        body = as_rows(equation.body, self.rows_of)
        moved = Equation(equation.symbol, equation.pattern, equation.free, body, None, equation.facts)
        lines = write_equation(moved, self.builder.taken, style=self.style)
        if any(_has_entries(line, variable) or _slices(line.right) for line in lines):
            return [] if known else list(lines)
        if not vector:
            note = f"its entries in the shape of {variable.name}" if known else ""
            return [replace(line, note=note) for line in lines]
        return [replace(line, left=transpose(line.left), note="the gradient, a column") for line in lines]


def _base(node: tree.Expression) -> str:
    node = node.base if isinstance(node, tree.Subscript) else node
    return node.key if isinstance(node, tree.Name) else ""


def _slices(node: tree.Expression) -> bool:
    """Whether rows of several members stand below each other: ∂L/∂h[1..D]."""
    derivatives = (n for n in walk(node) if isinstance(n, tree.Derivative))
    items = (i for d in derivatives for v in d.by if isinstance(v, tree.Subscript) for i in v.items)
    return any(isinstance(i, tree.Slice) and i.low is not None for i in items)


def _has_entries(line: Line, variable: Symbol) -> bool:
    """Whether a line speaks of single entries."""
    by = line.left.by[-1] if isinstance(line.left, tree.Derivative) else line.left
    return isinstance(by, tree.Subscript) and len(by.items) > variable.leading


LAYOUT = (
    "vectors are columns, derivatives by them are rows (numerator layout): ∂L/∂v is 1×n, ∂u/∂v is outputs × inputs; "
    "the gradient (∂L/∂v)ᵀ has the shape of v"
)
THIRD_ORDER = (
    "∂u/∂W by a matrix W has more than two indices: it is contracted entry by entry; ∂L/∂W is shown in the shape of W"
)
