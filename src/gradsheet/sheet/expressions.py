"""Syntax trees become typed expressions: names are bound, shapes checked, every product given its meaning."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    Call,
    Condition,
    Configurations,
    Constant,
    Expr,
    Index,
    Integer,
    Junction,
    Multiply,
    Negation,
    Number,
    Piecewise,
    Power,
    Reduce,
    Relation,
    Role,
    Size,
    SizeMember,
    Symbol,
    number,
    outside,
    substitute,
)
from gradsheet.sheet import functions, literals
from gradsheet.sheet.products import ProductReader
from gradsheet.sheet.ranges import bare_uses, flatten_subscript
from gradsheet.sheet.scope import CONSTANTS, Frame, Scope, facts_of, function_kind, indicator, negated, suggestions
from gradsheet.sheet.sizes import length, literal, shape_text
from gradsheet.sheet.tensors import ShapeRules, Tensor, Unreadable, atoms, fresh_indices, multiply, scalar
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.diagnostics import Diagnostics, Span
    from gradsheet.sheet.model import Sheet, Template
    from gradsheet.sheet.sizes import SizeTable

_LARGEST_EXPONENT = 10**6
_RELATIONS = {"=", "≠", "<", "≤", ">", "≥"}


class ExpressionReader:
    """Reads expressions of one sheet; `poisoned` names had an error of their own and are not reported again."""

    def __init__(self, sheet: Sheet, diagnostics: Diagnostics, sizes: SizeTable) -> None:
        self.sheet = sheet
        self.diagnostics = diagnostics
        self.sizes = sizes
        self.rules = ShapeRules(diagnostics, sizes)
        self.poisoned: set[str] = set()
        self.later: dict[str, Span] = {}
        """Names that a later statement defines."""
        self.current: str | None = None
        """The name whose definition is being read."""
        self.reaches: Callable[[str, str], bool] = lambda _a, _b: False
        self.templates: dict[str, Template] = {}
        """Functions whose arguments take their shapes at the call."""
        self.auto_sizes: set[str] = set()
        self.products = ProductReader(self)

    def fail(
        self, code: str, message: str, span: Span, suggestion: str | None = None, expected: str | None = None
    ) -> Unreadable:
        self.diagnostics.error(code, message, span, suggestion=suggestion, expected=expected)
        return Unreadable()

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
                return self.conditional(node, scope)
            case tree.Binder():
                return self.binder(node, scope)
            case tree.Bars():
                return functions.bars(self, node, scope)
            case tree.Array():
                return literals.array(self, node, scope)
            case tree.Derivative():
                return self.derivative(node, scope)
            case tree.Comparison() | tree.Logic():
                raise self.fail(
                    "GS102", "a comparison is no value here", node.span, "write [a > b] for 1 where it holds, else 0"
                )
            case tree.Range():
                raise self.fail("GS102", "a range is no value here", node.span)

    # ------------------------------------------------------------ names

    def name(self, node: tree.Name, scope: Scope) -> Tensor:
        key = node.key
        if key in scope.indices:
            return scalar(Integer(Affine.atom(scope.indices[key])))
        symbol = self.symbol(node, scope)
        if symbol is not None:
            if symbol.role is Role.FUNCTION:
                raise self.fail("GS208", f"'{node.text}' is a function and needs its argument", node.span, f"{node.text}(…)")
            return self.whole(symbol)
        if key in self.sheet.sizes:
            return scalar(Integer(Affine.atom(self.sheet.sizes[key])))
        if key in self.sheet.size_families:
            raise self.fail("GS209", f"'{node.text}' is a family of sizes", node.span, f"{node.text}[l]")
        if key in self.sheet.unspecified or function_kind(key):
            raise self.fail("GS208", f"the function '{node.text}' needs its argument", node.span, f"{node.text}(…)")
        if key == "I":
            size = self.sizes.flexible()
            i, j = Index("i", Affine(1), size), Index("j", Affine(1), size)
            return Tensor((i, j), indicator(Relation("=", Integer(Affine.atom(i)), Integer(Affine.atom(j)))))
        if key in CONSTANTS:
            return scalar(Constant(key))  # type: ignore[arg-type]
        raise self.unknown(node, scope)

    def unknown(self, node: tree.Name, scope: Scope) -> Unreadable:
        if node.key in self.poisoned:
            return Unreadable()
        if node.key in self.later and self.current is not None and self.reaches(node.key, self.current):
            self.poisoned.add(node.key)
            return self.fail(
                "GS204", f"the definitions of '{self.current}' and '{node.text}' need each other", node.span,
                "a recursion moves along an index, as in h[t] = f(h[t-1])",
            )
        if node.key in self.later:
            line = self.diagnostics.source.position(self.later[node.key].start)[0]
            return self.fail(
                "GS202", f"'{node.text}' is used before it is defined", node.span, f"move its definition (line {line}) up"
            )
        base = node.text.rstrip("ᵢⱼₖₗₘₙₜ")
        if base != node.text and base in self.sheet.symbols:
            letters = node.text[len(base) :].translate(str.maketrans("ᵢⱼₖₗₘₙₜ", "ijklmnt"))
            self.poisoned.add(node.key)
            return self.fail(
                "GS201", f"'{node.text}' is a name of its own", node.span, f"write {base}[{', '.join(letters)}] for a component"
            )
        hint = suggestions(node.key, self.sheet, scope) or f"declare it, for example: {node.text} ∈ ℝ"
        error = self.fail("GS201", f"unknown name '{node.text}'", node.span, hint)
        self.poisoned.add(node.key)
        return error

    def symbol(self, node: tree.Name, scope: Scope) -> Symbol | None:
        if node.key in scope.locals:
            return scope.locals[node.key]
        if node.key in self.poisoned:
            raise Unreadable
        return self.sheet.symbols.get(node.key)

    def whole(self, symbol: Symbol) -> Tensor:
        """All components of a symbol."""
        indices = fresh_indices(symbol.axes)
        at = atoms(indices)
        if symbol.is_integer:
            if not indices:
                return scalar(Integer(Affine.atom(Access(symbol, ()))))
            return Tensor(indices, Integer(Affine.atom(Access(symbol, at))))
        return Tensor(indices, Access(symbol, at), symbol.row)

    # ------------------------------------------------------------ indices

    def affine(self, node: tree.Expression, scope: Scope) -> Affine:
        """A whole-number expression between index brackets."""
        value = self.try_affine(node, scope)
        if value is None:
            if isinstance(node, tree.Name) and self.symbol(node, scope) is None and function_kind(node.key) is None:
                raise self.fail(
                    "GS205", f"the index '{node.text}' is not bound here", node.span,
                    f"sum[{node.text}] …, or a definition for each {node.text}: y[{node.text}] = …",
                )
            raise self.fail(
                "GS209", "an index must be a whole number, linear in indices and sizes", node.span,
                expected="an index, a size, a number, or sums of them such as t-s or 2 t + 1",
            )
        return value

    def try_affine(self, node: tree.Expression | tree.Slice, scope: Scope) -> Affine | None:
        match node:
            case tree.Num(value=value) if value.denominator == 1:
                return Affine(value.numerator)
            case tree.Group(items=(item,)):
                return self.try_affine(item, scope)
            case tree.Name(key=key):
                if key in scope.indices:
                    return Affine.atom(scope.indices[key])
                symbol = scope.locals.get(key) or self.sheet.symbols.get(key)
                if symbol is not None:
                    return Affine.atom(Access(symbol, ())) if symbol.is_integer and not symbol.axes else None
                if key in self.sheet.sizes:
                    return Affine.atom(self.sheet.sizes[key])
                return None
            case tree.Additive(terms=terms):
                total = Affine()
                for term in terms:
                    part = self.try_affine(term.item, scope)
                    if part is None:
                        return None
                    total = total + part if term.sign == "+" else total - part
                return total
            case tree.Product(factors=factors):
                result = Affine(1)
                for factor in factors:
                    part = self.try_affine(factor.item, scope)
                    if part is None or factor.sign not in {"", "*", "·", "×"}:
                        return None
                    if part.is_constant:
                        result = result * part.constant
                    elif result.is_constant:
                        result = part * result.constant
                    else:
                        return None
                return result
            case tree.Subscript():
                base, items = flatten_subscript(node)
                if not isinstance(base, tree.Name):
                    return None
                at = [self.try_affine(i, scope) for i in items]
                if any(a is None for a in at):
                    return None
                values = tuple(a for a in at if a is not None)
                if base.key in self.sheet.size_families and len(values) == 1:
                    return Affine.atom(SizeMember(base.key, values[0]))
                symbol = scope.locals.get(base.key) or self.sheet.symbols.get(base.key)
                if symbol is not None and symbol.is_integer and symbol.rank == len(values):
                    return Affine.atom(Access(symbol, values))
                return None
            case _:
                return None

    def size(self, node: tree.Expression, scope: Scope) -> Affine:
        """The last index of an axis: a number, a size symbol (new ones are sizes from here on), or an expression."""
        if isinstance(node, tree.Num) and node.value.denominator == 1:
            if node.value < 1:
                raise self.fail("GS212", f"an axis cannot have size {node.text}", node.span, expected="at least 1")
            return Affine.atom(Size.of(node.value.numerator))
        if isinstance(node, tree.Num):
            raise self.fail("GS212", f"an axis cannot have size {node.text}", node.span, expected="a whole number")
        self._declare_sizes(node, scope)
        return self.affine(node, scope)

    def _declare_sizes(self, node: tree.Expression, scope: Scope) -> None:
        stack = [node]
        while stack:
            current = stack.pop()
            if isinstance(current, tree.Name) and current.key not in scope.indices:
                if current.key in self.sheet.symbols and not self.sheet.symbols[current.key].is_integer:
                    raise self.fail("GS212", f"'{current.text}' is not a size: it is declared as a value", current.span)
                if current.key not in self.sheet.symbols:
                    self.sheet.sizes.setdefault(current.key, Size(current.key))
            elif isinstance(current, tree.Additive):
                stack.extend(t.item for t in current.terms)
            elif isinstance(current, tree.Product):
                stack.extend(f.item for f in current.factors)
            elif isinstance(current, tree.Group):
                stack.extend(current.items)
            elif isinstance(current, tree.Subscript):
                stack.extend(i for i in current.items if not isinstance(i, tree.Slice))

    def bounds(self, node: tree.Expression, scope: Scope) -> tuple[Affine, Affine]:
        """The range of an axis or an index: `n` is 1..n, `0..R` is itself."""
        if isinstance(node, tree.Group) and len(node.items) == 1:
            return self.bounds(node.items[0], scope)
        if isinstance(node, tree.Range):
            low = self._low(node.low, scope)
            high = self._bound(node.high, scope)
            a, b = literal(low), literal(high)
            if a is not None and b is not None and b < a:
                raise self.fail("GS212", f"the range {a}..{b} is empty", node.span)
            return low, high
        return Affine(1), self.size(node, scope)

    def _low(self, node: tree.Expression, scope: Scope) -> Affine:
        self._declare_sizes(node, scope)
        return self.affine(node, scope)

    def _bound(self, node: tree.Expression, scope: Scope) -> Affine:
        if isinstance(node, tree.Num) and node.value.denominator == 1 and node.value > 1:
            return Affine.atom(Size.of(node.value.numerator))
        self._declare_sizes(node, scope)
        return self.affine(node, scope)

    def bind(self, indices: Sequence[tree.BoundIndex], body: tree.Expression | None, scope: Scope) -> dict[str, Index]:
        """Index objects for the names of a binder; ranges that are not stated come from bare uses in the body."""
        bound: dict[str, Index] = {}
        inner = scope
        open_names = frozenset(i.name.key for i in indices if i.domain is None)
        for index in indices:
            if index.domain is not None:
                low, high = self.bounds(index.domain, inner)
                bound[index.name.key] = Index(index.name.text, low, high)
                inner = inner.with_indices(bound)
        pending = [i for i in indices if i.domain is None]
        while pending:
            progress = False
            uses = [] if body is None else bare_uses(
                body, open_names, self.sheet.symbols, inner, lambda item: self.try_affine(item, inner)  # noqa: B023 - used at once
            )
            for index in list(pending):
                key = index.name.key
                ranges = [(low, high, span) for name, low, high, span in uses if name == key]
                if not ranges:
                    continue
                low, high, _ = ranges[0]
                new = Index(index.name.text, low, high)
                for other_low, other_high, span in ranges[1:]:
                    other = Index(index.name.text, other_low, other_high)
                    self.rules.conform(new, other, span, f"the index {index.name.text} runs over two different axes")
                bound[key] = new
                inner = inner.with_indices(bound)
                pending.remove(index)
                progress = True
            if not progress:
                index = pending[0]
                raise self.fail(
                    "GS207", f"the range of the index '{index.name.text}' is not known: it stands nowhere bare",
                    index.name.span, f"state it: {index.name.text} in 1..N",
                )
        return {i.name.key: bound[i.name.key] for i in indices}

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
                "GS209", f"{len(items)} indices for {what}, which has {tensor.rank} ax{'i' if tensor.rank == 1 else 'e'}s", span
            )
        mapping: dict[Index, Affine] = {}
        kept: list[Index] = []
        for position, axis in enumerate(tensor.indices):
            low, high = axis.low.substitute(mapping), axis.high.substitute(mapping)  # type: ignore[arg-type]
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

    def check_inside(self, at: Affine, low: Affine, high: Affine, span: Span, scope: Scope, what: str) -> None:
        """An index is certainly inside, or a summed index is kept inside, or it is an error."""
        at, low, high = self.sizes.resolve(at), self.sizes.resolve(low), self.sizes.resolve(high)
        if at.is_constant and literal(high) is not None:
            self.sizes.fix(high)  # a component by its number: this axis is as long as it says
            high = self.sizes.resolve(high)
        below, above = at - low, high - at
        low_ok, high_ok = self._certain(below, scope), self._certain(above, scope)
        if low_ok and high_ok:
            return
        used = frozenset(a for a in at.atoms() if isinstance(a, Index))
        frame = scope.frame_of(used)
        if frame is not None:
            if not low_ok:
                frame.guards.append(Relation("≤", Integer(low), Integer(at)))
            if not high_ok:
                frame.guards.append(Relation("≤", Integer(at), Integer(high)))
            return
        if not used and not outside(at, low, high) and not _both_literal(below, above):
            return  # a constant index and a symbolic size: checked once the size is known
        where = shape_text((Index("", low, high),)) if low == Affine(1) else f"{low}..{high}"
        side = f"{at} may be below {low}" if not low_ok else f"{at} may be above {high}"
        if not used:
            side = f"{at} is outside {low}..{high}"
        raise self.fail(
            "GS206", f"index out of its range in {what}: {side}", span,
            "restrict the index with `for`, or guard it: … if … else 0" if used else None,
            f"an index in {low}..{high}" if where else None,
        )

    def _certain(self, value: Affine, scope: Scope) -> bool:
        if scope.holds(value):
            return True
        # Literal sizes count by their numbers here.
        mapping = {a: Affine(a.literal) for a in value.atoms() if isinstance(a, Size) and a.literal is not None}
        plain = value.map_atoms(lambda a: _literal_range(a, self.sizes))
        return scope.holds(plain.substitute(mapping))  # type: ignore[arg-type]

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
        if any(t.rank == 0 and _is_whole(t.body) for t in tensors) and all(t.rank == 0 for t in tensors):
            whole = [t.body for t in tensors]
            if all(_is_whole(b) for b in whole):
                return scalar(Integer(sum((_whole(b) for b in whole), Affine())))
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
            if isinstance(exponent, tree.Num) and exponent.value == 2 and isinstance(root, Power) and root.exponent is number(Fraction(1, 2)):
                return scalar(root.base)
        tensor = self.read(base, scope)
        value = self.read(exponent, scope)
        if value.rank == 0 and _too_large(value.body):
            raise self.fail("GS105", "this exponent is too large to compute with", exponent.span, expected="at most 10⁶")
        if value.rank:
            if tensor.rank == 0:
                return self.rules.elementwise(lambda b: Power(*b), (tensor, value), node.span, "this power")
            raise self.fail("GS301", "the exponent must be a scalar", exponent.span)
        whole = value.body
        if tensor.rank == 2 and isinstance(whole, Number):
            if whole.value.denominator == 1 and abs(whole.value) <= 64:
                if whole.value > 0 and not self._square(tensor):
                    raise self.fail(
                        "GS301", f"A^{whole.value} is the matrix power and needs a square matrix, this is {tensor.describe()}",
                        node.span, "A ⊙ A for entry by entry",
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

    def conditional(self, node: tree.Conditional, scope: Scope) -> Tensor:
        indices, condition = self.condition(node.condition, scope)
        then_scope = scope.with_facts(facts_of(condition))
        opposite = negated(condition)
        else_scope = scope.with_facts(facts_of(opposite)) if opposite is not None else scope
        then, otherwise = self.read(node.then, then_scope), self.read(node.otherwise, else_scope)
        carrier = Tensor(indices, indicator(condition))
        return self.rules.elementwise(
            lambda b: Piecewise(_condition_of(b[0]), b[1], b[2]), (carrier, then, otherwise), node.span, "this choice"
        )

    def condition(self, node: tree.Expression, scope: Scope) -> tuple[tuple[Index, ...], Condition]:
        """A condition, with free indices where it is asked entry by entry."""
        match node:
            case tree.Group(items=(item,)):
                return self.condition(item, scope)
            case tree.Logic(kind="not", items=(item,)):
                indices, inner = self.condition(item, scope)
                return indices, negated(inner) or Negation(inner)
            case tree.Logic(kind=kind, items=items):
                parts = [Tensor(i, indicator(c)) for i, c in (self.condition(item, scope) for item in items)]
                indices, bodies, _ = self.rules.align(parts, node.span, "this condition")
                return indices, Junction(kind, tuple(_condition_of(b) for b in bodies))  # type: ignore[arg-type]
            case tree.Comparison(items=items, relations=relations):
                parts = []
                for left, sign, right in zip(items, relations, items[1:], strict=False):
                    parts.append(self._relation(left, sign, right, scope))
                indices, bodies, _ = self.rules.align(parts, node.span, "this condition")
                conditions = tuple(_condition_of(b) for b in bodies)
                return indices, conditions[0] if len(conditions) == 1 else Junction("and", conditions)
            case _:
                raise self.fail("GS102", "a condition is expected here", node.span, expected="a comparison such as j ≤ i")

    def _relation(self, left: tree.Expression, sign: str, right: tree.Expression, scope: Scope) -> Tensor:
        if sign == "∈" and isinstance(right, tree.Range):
            value = self.affine(left, scope)
            low, high = self.affine(right.low, scope), self.affine(right.high, scope)
            pair = (Relation("≤", Integer(low), Integer(value)), Relation("≤", Integer(value), Integer(high)))
            return scalar(indicator(Junction("and", pair)))
        if sign not in _RELATIONS:
            raise self.fail("GS102", "this relation cannot be asked here", left.span.to(right.span))
        a, b = self.read(left, scope), self.read(right, scope)

        def build(bodies: list[Expr]) -> Expr:
            x, y = bodies
            if _is_whole(x) and _is_whole(y):
                x, y = Integer(_whole(x)), Integer(_whole(y))
            return indicator(Relation(sign, x, y))  # type: ignore[arg-type]

        return self.rules.elementwise(build, (a, b), left.span.to(right.span), "this comparison")

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
        unbound = [i for i in plain if i.domain is not None or i.name.key not in scope.indices or i.name.key not in self.sheet.symbols]
        already = {i.name.key: scope.indices[i.name.key] for i in plain if i not in unbound}
        inner = scope.with_locals(locals_) if locals_ else scope
        for name in (i.name.key for i in unbound):
            inner = Scope({k: v for k, v in inner.indices.items() if k != name}, inner.locals, inner.facts, inner.frames, inner.families)
        indices = {**already, **self.bind(unbound, node.body, inner)}
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
        for index in reversed(ordered):
            result = Reduce(kind, index, result)
        for variable in reversed(variables):
            if node.kind != "sum":
                raise self.fail("GS108", "over a finite set only a sum is read", node.span)
            result = Configurations(variable, result)
        if node.kind == "mean":
            result = multiply(Power(self.rules.count(tuple(ordered)), number(-1)), result)
        return Tensor(body.indices, result, body.row)

    # ------------------------------------------------------------ derivatives as terms

    def derivative(self, node: tree.Derivative, scope: Scope) -> Tensor:
        if node.plain is not None and any(n.key in self.sheet.symbols or n.key in scope.locals for n in node.plain):
            a, b = node.plain
            quotient = tree.Product((tree.Factor("", a), tree.Factor("/", b)), span=node.span)
            return self.products.read(quotient, scope)
        of, of_items = self._variable(node.of, scope)
        by = [self._variable(b, scope) for b in node.by]
        if of.role is not Role.DEFINITION and of.role is not Role.ADJOINT:
            raise self.fail("GS214", f"'{of.name}' is not computed by an equation, so it has no derivative", node.of.span)
        symbols = tuple(s for s, _ in by)
        adjoint = self.derivative_symbol(of, symbols)
        whole = self.whole(adjoint)
        items: list[tree.Expression | tree.Slice] = []
        for symbol, given in [(of, of_items), *by]:
            items.extend(given)
            items.extend(tree.Slice(None, None) for _ in range(symbol.rank - len(given)))
        if not any(not isinstance(i, tree.Slice) for i in items):
            return whole
        return self.component(whole, items, node.span, scope, "this derivative")

    def _variable(self, node: tree.Expression, scope: Scope) -> tuple[Symbol, list[tree.Expression | tree.Slice]]:
        items: tuple[tree.Expression | tree.Slice, ...] = ()
        base: tree.Expression = node
        if isinstance(node, tree.Group) and len(node.items) == 1:
            base = node.items[0]
        if isinstance(base, tree.Subscript):
            base, items = flatten_subscript(base)
        if not isinstance(base, tree.Name):
            raise self.fail("GS214", "a derivative is taken of a name, by names", node.span, "name this expression in a line of its own")
        symbol = self.symbol(base, scope)
        if symbol is None:
            raise self.unknown(base, scope)
        return symbol, list(items)

    def derivative_symbol(self, of: Symbol, by: tuple[Symbol, ...]) -> Symbol:
        """The symbol that stands for ∂of/∂by; its axes are those of `of`, then those of each variable."""
        known = self.sheet.derivatives.get((of, by))
        if known is not None:
            return known
        axes = fresh_indices(of.axes)
        for variable in by:
            axes = (*axes, *fresh_indices(variable.axes))
        symbol = Symbol(derivative_name(of, by), axes, Role.ADJOINT, adjoint_of=(of, by))
        self.sheet.derivatives[of, by] = symbol
        return symbol


def derivative_name(of: Symbol, by: tuple[Symbol, ...]) -> str:
    """`∂L/∂W`, `∂²L/∂w²`, `∂²L/∂w∂v`; brackets where a derivative is differentiated or differentiated by."""
    if any(s.adjoint_of is not None for s in by):
        *first, last = by
        inner = derivative_name(of, tuple(first)) if first else of.name
        return f"∂({inner})/∂({last.name})" if last.adjoint_of is not None else f"∂({inner})/∂{last.name}"
    if len(by) == 1:
        return f"∂{of.name}/∂{by[0].name}"
    raised = "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(d)] for d in str(len(by)))
    if len(set(by)) == 1:
        return f"∂{raised}{of.name}/∂{by[0].name}{raised}"
    return f"∂{raised}{of.name}/" + "".join(f"∂{s.name}" for s in by)


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
            return size > 24 or abs(base.value**int(exponent.value) if exponent.value > 0 else 0) > _LARGEST_EXPONENT
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


def _condition_of(body: Expr) -> Condition:
    assert isinstance(body, Piecewise)
    return body.condition


def _is_whole(body: Expr) -> bool:
    return isinstance(body, Integer) or (isinstance(body, Number) and body.value.denominator == 1)


def _whole(body: Expr) -> Affine:
    return body.value if isinstance(body, Integer) else Affine(int(body.value))  # type: ignore[union-attr]


def _both_literal(*values: Affine) -> bool:
    return any((v := literal(value)) is not None and v < 0 for value in values)


def _literal_range(atom: object, sizes: SizeTable) -> Affine | None:
    """An index whose range is made of literal sizes, with the numbers in place."""
    if not isinstance(atom, Index):
        return None
    low, high = literal(sizes.resolve(atom.low)), literal(sizes.resolve(atom.high))
    if low is None or high is None:
        return None
    return Affine.atom(Index(atom.name, Affine(low), Affine(high)))


__all__ = ["ExpressionReader", "ZERO_EXPR", "Add", "Multiply", "derivative_name", "length", "negative"]
