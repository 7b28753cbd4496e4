"""Shapes of expressions: products conform, sums have one shape, functions of numbers keep it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from gradsheet.checking.network.dimensions import SCALAR, Dimensions, Mismatch, Shape
from gradsheet.checking.network.statements import CONSTANTS, KNOWN_FUNCTIONS
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Bars,
    Binder,
    BoundIndex,
    Comparison,
    Conditional,
    Expression,
    Factor,
    FunctionName,
    Group,
    Logic,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Range,
    Slice,
    Subscript,
    Term,
    Transpose,
)

if TYPE_CHECKING:
    from gradsheet.syntax.tree import BinderKind

Habit = Literal["columns", "rows", "scalars", "weights"]
_TO_SCALARS = frozenset({"sum", "mean", "var", "norm", "tr", "trace", "det", "logdet", "logsumexp", "lse", "dot"})
_OF_VECTORS = frozenset({"softmax", "logsoftmax", "log_softmax"})
_BROADCAST = 0.4
_ODD = 1.0


@dataclass(slots=True)
class Typing:
    """One reading of the shapes while equations are gone through."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    sizes: Dimensions = field(default_factory=Dimensions)
    functions: frozenset[str] = frozenset()
    """Functions that the page names, and functions left open."""
    families: frozenset[str] = frozenset()
    """Names whose first index is a layer with widths of its own."""
    layout: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Of a family for each axis by how much its layer is shifted: (0, -1) for n[l]×n[l-1]."""
    indices: dict[str, int] = field(default_factory=dict)
    cost: float = 0.0
    states: frozenset[str] = frozenset()
    """Names over whose values a sum runs."""
    templates: dict[str, tuple[tuple[str, ...], Expression]] = field(default_factory=dict)
    """Functions of the page: formal arguments and body."""
    helpers: list[tuple[Expression, Expression]] = field(default_factory=list)
    """Equations that come before the one that is read: rows of a softmax."""
    made: int = 0
    habit: Habit = "columns"
    """How small letters are read that nothing else decides."""
    constants: dict[str, int] = field(default_factory=dict)
    """Indices that are given: the c of −log p[c], each with its axis."""

    def copy(self) -> Typing:
        return replace(
            self,
            shapes=self.shapes.copy(),
            sizes=self.sizes.copy(),
            layout=self.layout.copy(),
            constants=self.constants.copy(),
            indices={},
            helpers=[],
        )

    # ------------------------------------------------------------ nodes

    def of(self, node: Expression) -> tuple[Shape, Expression]:
        """The shape of an expression, and the expression with what the sheet's language wants written out."""
        match node:
            case Num():
                return SCALAR, node
            case Name():
                return self.name(node), node
            case Group(items=(item,)):
                shape, inner = self.of(item)
                return shape, Group((inner,))
            case Subscript():
                return self.entry(node)
            case Transpose(base=base) | Prime(base=base):
                shape, inner = self.of(base)
                return self.transposed(shape), Transpose(inner)
            case Power():
                return self.power(node)
            case Product():
                return self.product(list(node.factors))
            case Additive():
                return self.sum(node)
            case Bars(kind=kind, body=body):
                shape, inner = self.of(body)
                if kind == "|" and shape.rank > 1:
                    raise Mismatch("bars around a matrix")
                if kind == "‖" and not shape.rank:
                    self.cost += _ODD
                return SCALAR, replace(node, body=inner)
            case Binder():
                return self.binder(node)
            case Array():
                return self.array(node)
            case Conditional(then=then, condition=condition, otherwise=otherwise):
                one, first = self.of(then)
                other, second = self.of(otherwise)
                shape = self.joined([one, other])
                asked, question = self.of(condition)
                return self.joined([shape, asked]), Conditional(first, question, second)
            case Comparison(items=items):
                found = [self.of(item) for item in items]
                return self.joined([shape for shape, _ in found]), replace(node, items=tuple(t for _, t in found))
            case Logic(items=items):
                found = [self.of(item) for item in items]
                return self.joined([shape for shape, _ in found]), replace(node, items=tuple(t for _, t in found))
            case _:
                raise Mismatch("it is no expression of the language")

    def name(self, node: Name) -> Shape:
        if node.key in self.indices:
            return SCALAR
        if node.key in self.shapes:
            return self.shapes[node.key]
        if node.key in CONSTANTS or node.key in self.sizes.named:
            return SCALAR
        raise Mismatch(f"{node.key} has no shape")

    def joined(self, shapes: list[Shape]) -> Shape:
        """The common shape; scalars go with anything."""
        large = [shape for shape in shapes if shape.rank]
        for shape in large[1:]:
            self.sizes.same(large[0], shape)
        return large[0] if large else SCALAR

    def transposed(self, shape: Shape) -> Shape:
        match shape.rank:
            case 0:
                self.cost += _ODD
                return shape
            case 1:
                return Shape(shape.dims, row=not shape.row)
            case 2:
                return Shape(shape.dims[::-1])
            case _:
                raise Mismatch("a transpose of more than two axes")

    # ------------------------------------------------------------ indices

    def entry(self, node: Subscript) -> tuple[Shape, Expression]:
        base, items = node.base, node.items
        if isinstance(base, Name) and base.key in self.families:
            return self.member(base, items, node)
        shape, inner = self.of(base)
        if shape.row or shape.rank < len(items):
            raise Mismatch("more indices than axes")
        rest = []
        for axis, item in zip(shape.dims, items, strict=False):
            if isinstance(item, Slice):
                rest.append(axis if item.low is None and item.high is None else self.sizes.fresh())
            else:
                self.index(item, axis)
        return Shape((*rest, *shape.dims[len(items) :])), replace(node, base=inner)

    def index(self, item: Expression, axis: int) -> None:
        if isinstance(item, Name):
            if item.key not in self.indices:
                self.indices[item.key] = axis
            self.sizes.unite(self.indices[item.key], axis)

    def member(self, base: Name, items: tuple[Expression | Slice, ...], node: Subscript) -> tuple[Shape, Expression]:
        """A layer's array: its axes are widths n[l], n[l-1]."""
        if base.key not in self.layout:
            raise Mismatch(f"{base.key} has no shape")
        mark = items[0]
        if isinstance(mark, Slice):
            raise Mismatch("a part of a family")
        dims = tuple(self.sizes.fresh(f"n[{shifted(mark, shift)}]") for shift in self.layout[base.key])
        if len(items) - 1 > len(dims):
            raise Mismatch("more indices than axes")
        for axis, item in zip(dims, items[1:], strict=False):
            if not isinstance(item, Slice):
                self.index(item, axis)
        return Shape(dims[len(items) - 1 :]), node

    def binder(self, node: Binder) -> tuple[Shape, Expression]:
        hidden = {i.name.key: self.indices.pop(i.name.key, None) for i in node.indices}
        indices = []
        for index in node.indices:
            domain = index.domain
            over_states = index.name.key in self.states and domain is None
            if not over_states:
                axis = self.sizes.fresh()
                self.indices[index.name.key] = axis
                match domain:
                    case Range(low=Num(value=low), high=high) if low == 1:
                        self.bounded(axis, high)
            indices.append(index)
        shape, body = self.of(node.body)
        for key, outer in hidden.items():
            self.indices.pop(key, None)
            if outer is not None:
                self.indices[key] = outer
        return shape, replace(node, indices=tuple(indices), body=body)

    def bounded(self, axis: int, high: Expression) -> None:
        """The end of a sum's range is the size of an axis."""
        match high:
            case Num(value=value) if value.denominator == 1:
                self.sizes.unite(axis, self.sizes.fresh(int(value)))
            case Name(key=key) if key not in self.shapes:
                self.sizes.unite(axis, self.sizes.fresh(key))

    # ------------------------------------------------------------ operators

    def power(self, node: Power) -> tuple[Shape, Expression]:
        shape, base = self.of(node.base)
        above, exponent = self.of(node.exponent)
        if isinstance(base, Name) and base.key == "e":
            return above, Power(base, exponent)
        if above.rank:
            raise Mismatch("an exponent is a number")
        if shape.rank == 1:
            if shape.row:
                raise Mismatch("a power of a row")
            self.cost += _ODD
        if shape.rank == 2:
            self.sizes.unite(*shape.dims)
        if shape.rank > 2:
            raise Mismatch("a power of more than two axes")
        return shape, Power(base, exponent)

    def sum(self, node: Additive) -> tuple[Shape, Expression]:
        found = [self.of(term.item) for term in node.terms]
        largest = max((shape for shape, _ in found), key=lambda shape: shape.rank)
        terms = []
        for term, (shape, item) in zip(node.terms, found, strict=True):
            terms.append(Term(term.sign, self.broadcast(shape, item, largest)))
            if not shape.rank and largest.rank and not isinstance(term.item, Num):
                self.cost += 2 * _ODD
        return largest, Additive(tuple(terms))

    def broadcast(self, shape: Shape, item: Expression, largest: Shape) -> Expression:
        """A bias that is added to every row of a batch is written with the ones that do it."""
        if not shape.rank:
            return item
        one_row = shape.rank == 2 and self.sizes.value(shape.dims[0]) == 1
        rows_are_added = largest.rank == 2 and not shape.row and (shape.rank == 1 or one_row)
        if rows_are_added and self.sizes.value(largest.dims[0]) != 1:
            self.sizes.unite(shape.dims[-1], largest.dims[1])
            self.cost += _BROADCAST
            size = Name(f"#{largest.dims[0]}", "")
            ones = Name("ones", "ones")
            sizes = (size, Num(Fraction(1), "1")) if one_row else (size,)
            row = item if one_row else Transpose(item)
            return Product((Factor("", ones), Factor("", Group(sizes)), Factor("", row)))
        self.sizes.same(shape, largest)
        return item

    def array(self, node: Array) -> tuple[Shape, Expression]:
        for row in node.rows:
            for item in row:
                if self.of(item)[0].rank:
                    raise Mismatch("blocks of arrays")
        rows, columns = len(node.rows), len(node.rows[0])
        if any(len(row) != columns for row in node.rows):
            raise Mismatch("rows of different lengths")
        if rows == 1 and columns == 1:
            return SCALAR, node.rows[0][0]
        if columns == 1 or rows == 1:
            items = tuple(item for row in node.rows for item in row)
            return Shape((self.sizes.fresh(len(items)),)), Array((items,))
        return Shape((self.sizes.fresh(rows), self.sizes.fresh(columns))), node

    # ------------------------------------------------------------ products and calls

    def product(self, factors: list[Factor]) -> tuple[Shape, Expression]:
        shape: Shape | None = None
        made: list[Factor] = []
        while factors:
            sign = factors[0].sign
            found, items = self.operand(factors)
            shape = found if shape is None else self.times(shape, sign, found)
            made.extend([Factor(sign, items[0]), *(Factor("", item) for item in items[1:])])
        assert shape is not None
        return shape, made[0].item if len(made) == 1 else Product(tuple(made))

    def is_function(self, node: Expression) -> str | None:
        inner = node
        while isinstance(inner, Power | Prime):
            inner = inner.base
        if isinstance(inner, Name) and inner.key not in self.shapes:
            if inner.key in self.functions or inner.key in KNOWN_FUNCTIONS:
                return inner.key
            if isinstance(inner, FunctionName):
                return inner.key
        return None

    def operand(self, factors: list[Factor]) -> tuple[Shape, list[Expression]]:
        """The next operand with the functions before it; takes the factors that it uses."""
        item = factors.pop(0).item
        if isinstance(item, Subscript):
            name = self.is_function(item.base)
            if name is not None:
                raise Mismatch(f"{name} with an index")
        name = self.is_function(item)
        if name is None:
            shape, tree = self.of(item)
            return shape, [tree]
        if not factors or factors[0].sign != "":
            raise Mismatch(f"{name} of nothing")
        argument = factors[0].item
        if isinstance(argument, Group) and len(argument.items) > 1:
            factors.pop(0)
            found = [self.of(part) for part in argument.items]
            several = Group(tuple(tree for _, tree in found))
            if name in self.templates:
                return self.called(name, [shape for shape, _ in found]), [item, several]
            return self.joined([shape for shape, _ in found]), [item, several]
        entries = None
        if isinstance(argument, Subscript) and isinstance(argument.base, Group):  # softmax(z)[k]
            entries = argument
            factors[0] = Factor("", argument.base)
        shape, trees = self.operand(factors)
        if name in _OF_VECTORS and shape.rank == 2 and isinstance(item, Name):
            result, item, trees = self.by_rows(name, shape, trees), Name(f"rows{self.made}", ""), []
        else:
            result = self.applied(name, shape)
        if isinstance(item, Name) and not trees:
            item = Name(item.key, item.key)
        if entries is None:
            return result, [item, *trees]
        for axis, index in zip(result.dims, entries.items, strict=False):
            if not isinstance(index, Slice):
                self.index(index, axis)
        if result.rank < len(entries.items):
            raise Mismatch("more indices than axes")
        inside = (Factor("", item), *(Factor("", tree) for tree in trees))
        call = Subscript(item if len(inside) == 1 else Group((Product(inside),)), entries.items)
        return Shape(result.dims[len(entries.items) :]), [call]

    def by_rows(self, name: str, shape: Shape, trees: list[Expression]) -> Shape:
        """The softmax of a matrix is that of its rows; the sheet's language has it with indices."""
        self.made += 1
        inner = trees[0] if len(trees) == 1 else Product(tuple(Factor("", tree) for tree in trees))
        argument, rows = (Name(f"{word}{self.made}", f"{word}{self.made}") for word in ("argument", "rows"))
        i, j = Name("i", "i"), Name("j", "j")
        kind: BinderKind = "softmax" if name == "softmax" else "logsoftmax"
        body = Binder(kind, (BoundIndex(j, None),), Group((Subscript(argument, (i, j)),)))
        self.helpers += [(argument, inner), (Subscript(rows, (i, j)), body)]
        self.shapes[argument.key] = self.shapes[rows.key] = shape
        self.cost += _ODD / 2
        return shape

    def called(self, name: str, shapes: list[Shape]) -> Shape:
        """The shape of a function of the page at arguments of these shapes."""
        formals, body = self.templates[name]
        if len(formals) != len(shapes):
            raise Mismatch(f"{name} has {len(formals)} arguments")
        outer = {formal: self.shapes.get(formal) for formal in formals}
        self.shapes.update(zip(formals, shapes, strict=True))
        found, _ = self.of(body)
        for formal, shape in outer.items():
            if shape is None:
                del self.shapes[formal]
            else:
                self.shapes[formal] = shape
        return found

    def applied(self, name: str, shape: Shape) -> Shape:
        if name in self.templates:
            return self.called(name, [shape])
        if name in _TO_SCALARS or (name in {"max", "min"} and shape.rank):
            return SCALAR
        if name in _OF_VECTORS:
            if shape.rank != 1 or shape.row:
                raise Mismatch("softmax of what is no vector")
            return shape
        if name == "diag":
            raise Mismatch("diag")
        if name == "inv":
            if shape.rank != 2:
                raise Mismatch("the inverse of what is no matrix")
            self.sizes.unite(*shape.dims)
        return shape

    def times(self, left: Shape, sign: str, right: Shape) -> Shape:
        if sign in {"⊙", "⊘"}:
            return self.joined([left, right]) if left.rank == right.rank else self._odd_product(left, right)
        if sign == "/":
            if right.rank:
                self.cost += _ODD / 2
                return self.joined([left, right])
            return left
        if not left.rank or not right.rank:
            self.cost += 0.3 * (right.rank == 2 and not left.rank)
            return left if left.rank else right
        if sign == "⊗" and left.rank == right.rank == 1:
            return Shape((*left.dims, *right.dims))
        match left.rank, left.row, right.rank, right.row:
            case 1, True, 1, False:
                self.sizes.unite(left.dims[0], right.dims[0])
                return SCALAR
            case 1, False, 1, True:
                return Shape((left.dims[0], right.dims[0]))
            case 1, False, 1, False if sign == "·":
                self.sizes.unite(left.dims[0], right.dims[0])
                return SCALAR
            case 1, True, 2, _:
                self.sizes.unite(left.dims[0], right.dims[0])
                return Shape((right.dims[1],), row=True)
            case 2, _, 1, False:
                self.sizes.unite(left.dims[1], right.dims[0])
                return Shape((left.dims[0],))
            case 2, _, 2, _:
                ends = {self.sizes.value(left.dims[1]), self.sizes.value(right.dims[0])}
                self.cost += 1.5 * (1 in ends and ends != {1})  # a matrix of one column, for the sake of a row
                self.sizes.unite(left.dims[1], right.dims[0])
                return Shape((left.dims[0], right.dims[1]))
            case _:
                raise Mismatch("the factors do not conform")

    def _odd_product(self, left: Shape, right: Shape) -> Shape:
        self.cost += _ODD
        return self.joined([left, right])


def shifted(mark: Expression, shift: int) -> str:
    """`l-1` for the mark l and the shift −1."""
    from gradsheet.syntax.plain import plain  # noqa: PLC0415 - printing is needed for families only

    match mark:
        case Num(value=value):
            return str(int(value) + shift)
        case Additive(terms=(Term(sign="+", item=first), Term(sign=sign, item=Num(value=value)))):
            total = shift + int(value if sign == "+" else -value)
            text = plain(first)
            return text if not total else f"{text}{total:+d}"
        case _:
            text = plain(mark)
            return text if not shift else f"{text}{shift:+d}"


def free_shape(typing: Typing, target: Expression, value: Shape) -> Shape:
    """The shape of what stands on the left, whose indices are axes."""
    if not isinstance(target, Subscript):
        return value
    dims = []
    for item in target.items:
        if isinstance(item, Name) and item.key in typing.indices:
            dims.append(typing.indices[item.key])
        else:
            dims.append(typing.sizes.fresh())
    return Shape((*dims, *value.dims))
