"""Syntax trees become typed expressions: names are bound, shapes checked, every product given its meaning."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    Affine,
    Call,
    Configurations,
    Constant,
    Expr,
    Index,
    Integer,
    Multiply,
    Number,
    Power,
    Reduce,
    Relation,
    Role,
    Symbol,
    number,
    substitute,
)
from gradsheet.sheet import conditions, derivatives, functions, literals
from gradsheet.sheet.indices import IndexReader
from gradsheet.sheet.products import ProductReader
from gradsheet.sheet.ranges import flatten_subscript
from gradsheet.sheet.scope import CONSTANTS, Frame, Scope, function_kind, indicator
from gradsheet.sheet.tensors import (
    Tensor,
    is_whole,
    multiply,
    scalar,
    whole,
)
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.diagnostics import Diagnostics, Span
    from gradsheet.sheet.model import Sheet
    from gradsheet.sheet.sizes import SizeTable

_LARGEST_EXPONENT = 10**6


class ExpressionReader(IndexReader):
    """Reads expressions of one sheet."""

    def __init__(self, sheet: Sheet, diagnostics: Diagnostics, sizes: SizeTable) -> None:
        super().__init__(sheet, diagnostics, sizes)
        self.products = ProductReader(self)

    # ------------------------------------------------------------ dispatch

    def read(self, node: tree.Expression, scope: Scope) -> Tensor:
        """The tensor that an expression stands for."""
        match node:
            case tree.Num(value=value):
                return scalar(Number(value))
            case tree.Name():
                return self.name(node, scope)
            case tree.Group(items=items):
                if len(items) != 1:
                    raise self.fail("GS102", "several items in brackets need a function before them", node.span)
                return self.read(items[0], scope)
            case tree.Subscript():
                return self.subscript(node, scope)
            case tree.Prime() | tree.Transpose():
                tensor = self.read(node.base, scope)
                count = node.count if isinstance(node, tree.Prime) else 1
                return self.rules.transpose(tensor, node.span) if count % 2 else tensor
            case tree.Power():
                return self.power(node, scope)
            case tree.Product():
                return self.products.read(node, scope)
            case tree.Additive(terms=terms):
                return self.additive(terms, node.span, scope)
            case tree.Conditional():
                return conditions.conditional(self, node, scope)
            case tree.Binder():
                return self.binder(node, scope)
            case tree.Bars():
                return functions.bars(self, node, scope)
            case tree.Array():
                return literals.array(self, node, scope)
            case tree.Derivative():
                return derivatives.derivative(self, node, scope)
            case tree.Underbrace(base=base):
                return self.read(base, scope)
            case tree.Conditioned():
                hint = "write it out: the sum over what is not given, divided by the sum over all"
                raise self.fail("GS108", "conditional probabilities are not read as values", node.span, hint)
            case tree.Comparison() | tree.Logic():
                raise self.fail(
                    "GS102", "a comparison is no value here", node.span, "write [a > b] for 1 where it holds, else 0"
                )
            case tree.Range():
                raise self.fail("GS102", "a range is no value here", node.span)
            case tree.Ellipsis() | tree.Nabla() | tree.Evaluated() | tree.Axis():
                raise self.fail("GS108", "only a document may say this", node.span)

    # ------------------------------------------------------------ names

    def name(self, node: tree.Name, scope: Scope) -> Tensor:
        key = node.key
        if key in scope.indices:
            return scalar(Integer(Affine.atom(scope.indices[key])))
        symbol = self.symbol(node, scope)
        if symbol is not None:
            if symbol.role is Role.FUNCTION:
                raise self.fail(
                    "GS208", f"'{node.text}' is a function and needs its argument", node.span, f"{node.text}(…)"
                )
            return self.whole(symbol)
        if key in self.sheet.sizes:
            return scalar(Integer(Affine.atom(self.sheet.sizes[key])))
        if key in self.sheet.size_families:
            raise self.fail("GS209", f"'{node.text}' is a family of sizes", node.span, f"{node.text}[l]")
        if key in self.sheet.unspecified or function_kind(key):
            raise self.fail("GS208", f"the function '{node.text}' needs its argument", node.span, f"{node.text}(…)")
        if key == "I":
            size = self.sizes.flexible(node.span)
            i, j = Index("i", Affine(1), size), Index("j", Affine(1), size)
            return Tensor((i, j), indicator(Relation("=", Integer(Affine.atom(i)), Integer(Affine.atom(j)))))
        if key in CONSTANTS:
            return scalar(Constant(key))  # type: ignore[arg-type]
        raise self.unknown(node, scope)

    # ------------------------------------------------------------ components

    def subscript(self, node: tree.Subscript, scope: Scope) -> Tensor:
        base, items = flatten_subscript(node)
        if isinstance(base, tree.Name):
            if base.key in self.sheet.size_families and base.key not in scope.indices:
                return scalar(Integer(self.affine(node, scope)))
            if base.key in scope.indices:
                raise self.fail("GS209", f"'{base.text}' is an index and has no components", node.span)
            symbol = self.symbol(base, scope)
            if symbol is None:
                raise self.unknown(base, scope)
            return self.component(self.whole(symbol), items, node.span, scope, base.text)
        return self.component(self.read(base, scope), items, node.span, scope, "this")

    def component(
        self, tensor: Tensor, items: Sequence[tree.Expression | tree.Slice], span: Span, scope: Scope, what: str
    ) -> Tensor:
        """Apply index brackets: fixed indices, slices and `:`; axes that are not named stay."""
        if len(items) > tensor.rank:
            raise self.fail(
                "GS209",
                f"{len(items)} indices for {what}, which has {tensor.rank} ax{'i' if tensor.rank == 1 else 'e'}s",
                span,
            )
        mapping: dict[Index, Affine] = {}
        kept: list[Index] = []
        for position, axis in enumerate(tensor.indices):
            low, high = axis.low.substitute(mapping), axis.high.substitute(mapping)
            item = items[position] if position < len(items) else tree.Slice(None, None)
            if isinstance(item, tree.Slice):
                mapping[axis], index = self._slice(item, axis.name, low, high, scope)
                kept.append(index)
            else:
                at = self.affine(item, scope)
                self.check_inside(at, low, high, item.span, scope, what)
                mapping[axis] = at
        row = tensor.row and len(kept) == 1
        return Tensor(tuple(kept), substitute(tensor.body, mapping), row)

    def _slice(self, item: tree.Slice, name: str, low: Affine, high: Affine, scope: Scope) -> tuple[Affine, Index]:
        if item.low is None and item.high is None:
            index = Index(name, low, high)
            return Affine.atom(index), index
        start = self.affine(item.low, scope) if item.low is not None else low
        end = self.affine(item.high, scope) if item.high is not None else high
        for bound in (start, end):
            self.check_inside(bound, low, high, item.span, scope, "this slice")
        index = Index(name, Affine(1), end - start + 1)
        return Affine.atom(index) + (start - 1), index

    # ------------------------------------------------------------ sums, powers, conditions

    def additive(self, terms: Sequence[tree.Term], span: Span, scope: Scope) -> Tensor:
        tensors = []
        for term in terms:
            tensor = self.read(term.item, scope)
            if term.sign == "-":
                tensor = negative(tensor)
            tensors.append(tensor)
        if len(tensors) == 1:
            return tensors[0]
        if any(t.rank == 0 and is_whole(t.body) for t in tensors) and all(t.rank == 0 for t in tensors):
            bodies = [t.body for t in tensors]
            if all(is_whole(b) for b in bodies):
                return scalar(Integer(sum((whole(b) for b in bodies), Affine())))
        return self.rules.add(tensors, span)

    def power(self, node: tree.Power, scope: Scope) -> Tensor:
        base, exponent = node.base, node.exponent
        if isinstance(exponent, tree.Name) and exponent.key == "T":
            tensor = self.read(base, scope)
            declared = "T" in self.sheet.sizes or "T" in self.sheet.symbols or "T" in scope.indices
            if tensor.rank:
                if declared:
                    self.diagnostics.remark("^T is read as a transpose, although T has another meaning too", node.span)
                return self.rules.transpose(tensor, node.span)
        if isinstance(base, tree.Name) and base.key == "e" and self._is_free("e", scope):
            inner = self.read(exponent, scope)
            return self.rules.elementwise(lambda b: Call("exp", tuple(b)), (inner,), node.span, "e^…")
        if isinstance(base, tree.Bars):
            norm = functions.bars(self, base, scope)
            root = norm.body
            if (
                isinstance(exponent, tree.Num)
                and exponent.value == 2
                and isinstance(root, Power)
                and root.exponent is number(Fraction(1, 2))
            ):
                return scalar(root.base)
        tensor = self.read(base, scope)
        value = self.read(exponent, scope)
        if value.rank == 0 and _too_large(value.body):
            raise self.fail(
                "GS105", "this exponent is too large to compute with", exponent.span, expected="at most 10⁶"
            )
        if value.rank:
            if tensor.rank == 0:
                return self.rules.elementwise(lambda b: Power(*b), (tensor, value), node.span, "this power")
            raise self.fail("GS301", "the exponent must be a scalar", exponent.span)
        whole = value.body
        if tensor.rank == 2 and isinstance(whole, Number):
            if whole.value.denominator == 1 and abs(whole.value) <= 64:
                if whole.value > 0 and not self._square(tensor):
                    raise self.fail(
                        "GS301",
                        f"A^{whole.value} is the matrix power and needs a square matrix, this is {tensor.describe()}",
                        node.span,
                        "A ⊙ A for entry by entry",
                    )
                return self.rules.matrix_power(tensor, int(whole.value), node.span)
            raise self.fail("GS304", "a matrix power needs a whole exponent up to 64", exponent.span)
        if tensor.rank >= 2:
            raise self.fail("GS304", "a power of a matrix or tensor needs a number as its exponent", exponent.span)
        return self.rules.elementwise(lambda b: Power(*b), (tensor, value), node.span, "this power")

    def _square(self, tensor: Tensor) -> bool:
        return self.sizes.conform(tensor.indices[0].range, tensor.indices[1].range)

    def _is_free(self, key: str, scope: Scope) -> bool:
        return key not in self.sheet.symbols and key not in scope.locals and key not in scope.indices

    # ------------------------------------------------------------ binders

    def binder(self, node: tree.Binder, scope: Scope) -> Tensor:
        variables: list[Symbol] = []
        locals_: dict[str, Symbol] = {}
        plain: list[tree.BoundIndex] = []
        for index in node.indices:
            symbol = self.sheet.symbols.get(index.name.key) if index.domain is None else None
            over_set = symbol is not None and (
                symbol.domain.kind in {"finite", "onehot"} or (symbol.is_integer and symbol.rank > 0)
            )
            if symbol is not None and over_set and index.name.key not in scope.indices:
                local = Symbol(symbol.name, symbol.axes, Role.LOCAL, domain=symbol.domain, span=index.name.span)
                variables.append(local)
                locals_[index.name.key] = local
                if symbol in self.sheet.row_sums:
                    self.sheet.row_sums[local] = self.sheet.row_sums[symbol]
            elif symbol is not None and symbol.is_integer and not symbol.axes and symbol.domain.bounds is not None:
                low, high = symbol.domain.bounds
                plain.append(tree.BoundIndex(index.name, None, span=index.span))
                locals_.pop(index.name.key, None)
                scope = scope.with_indices({index.name.key: Index(index.name.text, low, high)})
            else:
                plain.append(index)
        unbound = [
            i
            for i in plain
            if i.domain is not None or i.name.key not in scope.indices or i.name.key not in self.sheet.symbols
        ]
        already = {i.name.key: scope.indices[i.name.key] for i in plain if i not in unbound}
        inner = scope.with_locals(locals_) if locals_ else scope
        for name in (i.name.key for i in unbound):
            inner = Scope(
                {k: v for k, v in inner.indices.items() if k != name},
                inner.locals,
                inner.facts,
                inner.frames,
                inner.families,
            )
        indices = {**already, **self.bind(unbound, node.body, inner)}
        if node.kind == "logsumexp" and variables and not plain:
            return functions.log_partition(self, node, variables, inner)
        if node.kind not in {"sum", "prod", "max", "min", "mean"}:
            return functions.array_binder(self, node, tuple(indices.values()), inner.with_indices(indices), scope)
        frame = Frame(frozenset(indices.values()))
        body = self.read(node.body, inner.with_indices(indices, frame))
        if node.kind in {"prod", "max", "min"} and frame.guards:
            raise self.fail(
                "GS206", f"an index of this {node.kind} leaves its range", node.span, "state a smaller range"
            )
        result = frame.guarded(body.body)
        kind = "sum" if node.kind == "mean" else node.kind
        ordered = [indices[i.name.key] for i in plain]
        for over in reversed(ordered):
            result = Reduce(kind, over, result)
        for variable in reversed(variables):
            if node.kind != "sum":
                raise self.fail("GS108", "over a finite set only a sum is read", node.span)
            result = Configurations(variable, result)
        if node.kind == "mean":
            result = multiply(Power(self.rules.count(tuple(ordered)), number(-1)), result)
        return Tensor(body.indices, result, body.row)


def _too_large(body: Expr) -> bool:
    """Whether a constant exponent is beyond anything that can be evaluated."""
    if isinstance(body, Number):
        return abs(body.value) > _LARGEST_EXPONENT
    if isinstance(body, Power):
        exponent = body.exponent
        base = body.base
        if isinstance(base, Number) and isinstance(exponent, Number):
            if abs(base.value) <= 1:
                return False
            size = abs(exponent.value) * max(base.value.numerator.bit_length(), base.value.denominator.bit_length())
            if size > 24:
                return True
            return exponent.value > 0 and abs(base.value ** int(exponent.value)) > _LARGEST_EXPONENT
        return _too_large(exponent)
    return isinstance(body, Multiply) and any(_too_large(f) for f in body.factors)


def negative(tensor: Tensor) -> Tensor:
    """−a; the sign of a number stays in the number."""
    body = tensor.body
    if isinstance(body, Number):
        return Tensor(tensor.indices, Number(-body.value), tensor.row)
    if isinstance(body, Integer):
        return Tensor(tensor.indices, Integer(-body.value), tensor.row)
    return Tensor(tensor.indices, multiply(number(-1), body), tensor.row)
