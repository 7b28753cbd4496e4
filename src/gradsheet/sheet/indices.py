"""Whole numbers between brackets, sizes and ranges, and whether an index stays inside its axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Affine, Index, Integer, Relation, Size, SizeMember, outside
from gradsheet.sheet.names import NameReader
from gradsheet.sheet.ranges import bare_uses, flatten_subscript, tree_children
from gradsheet.sheet.scope import function_kind
from gradsheet.sheet.sizes import literal, shape_text
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.diagnostics import Span
    from gradsheet.sheet.scope import Scope
    from gradsheet.sheet.sizes import SizeTable


class IndexReader(NameReader):
    """Reads indices, sizes and ranges."""

    def affine(self, node: tree.Expression, scope: Scope) -> Affine:
        """A whole-number expression between index brackets."""
        value = self.try_affine(node, scope)
        if value is None:
            if isinstance(node, tree.Name) and self.symbol(node, scope) is None and function_kind(node.key) is None:
                raise self.fail(
                    "GS205",
                    f"the index '{node.text}' is not bound here",
                    node.span,
                    f"sum[{node.text}] …, or a definition for each {node.text}: y[{node.text}] = …",
                )
            raise self.fail(
                "GS209",
                "an index must be a whole number, linear in indices and sizes",
                node.span,
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
            low = self._end(node.low, scope)
            high = self._end(node.high, scope)
            a, b = literal(low), literal(high)
            if a is not None and b is not None and b < a:
                raise self.fail("GS212", f"the range {a}..{b} is empty", node.span)
            return low, high
        return Affine(1), self.size(node, scope)

    def _end(self, node: tree.Expression, scope: Scope) -> Affine:
        self._declare_sizes(node, scope)
        return self.affine(node, scope)

    def bind(self, indices: Sequence[tree.BoundIndex], body: tree.Expression | None, scope: Scope) -> dict[str, Index]:
        """Index objects for the names of a binder; ranges that are not stated come from bare uses in the body."""
        bound: dict[str, Index] = {}
        inner = scope
        open_names = frozenset(i.name.key for i in indices if i.domain is None)
        late: list[tree.BoundIndex] = []
        """Indices whose range needs one before them that has none stated: sum[i, j in 1..i]."""
        earlier: set[str] = set()
        for index in indices:
            if index.domain is None:
                earlier.add(index.name.key)
            elif earlier and earlier & set(_names(index.domain)):
                earlier.add(index.name.key)
                late.append(index)
            else:
                inner = self._stated(index, bound, inner)
        pending = [i for i in indices if i.domain is None]
        while pending:
            progress = False
            uses = (
                []
                if body is None
                else bare_uses(
                    body,
                    open_names,
                    self.sheet.symbols,
                    inner,
                    lambda item: self.try_affine(item, inner),  # noqa: B023 - used at once
                )
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
                self._lowered_letters(index.name, body)
                raise self.fail(
                    "GS207",
                    f"the range of the index '{index.name.text}' is not known: it stands nowhere bare",
                    index.name.span,
                    f"state it: {index.name.text} in 1..N",
                )
        for index in late:
            inner = self._stated(index, bound, inner)
        return {i.name.key: bound[i.name.key] for i in indices}

    def _stated(self, index: tree.BoundIndex, bound: dict[str, Index], scope: Scope) -> Scope:
        """An index whose range is stated; the scope in which the next one is read."""
        assert index.domain is not None
        low, high = self.bounds(index.domain, scope)
        bound[index.name.key] = Index(index.name.text, low, high)
        return scope.with_indices(bound)

    def _lowered_letters(self, index: tree.Name, body: tree.Expression | None) -> None:
        """`Σᵢ wᵢ xᵢ`: wᵢ is a name of its own; a component is written w[i]."""
        raised = {"i": "ᵢ", "j": "ⱼ", "k": "ₖ", "l": "ₗ", "m": "ₘ", "n": "ₙ", "t": "ₜ"}.get(index.key)
        stack = [] if body is None or raised is None else [body]
        while stack:
            node = stack.pop()
            if isinstance(node, tree.Name) and raised is not None and node.text.endswith(raised):
                base = node.text[: -len(raised)]
                if base in self.sheet.symbols:
                    raise self.fail(
                        "GS102", f"'{node.text}' is a name of its own here", node.span,
                        f"a component is written {base}[{index.text}]",
                    )  # fmt: skip
            stack.extend(tree_children(node))

    def check_inside(self, at: Affine, low: Affine, high: Affine, span: Span, scope: Scope, what: str) -> None:
        """An index is certainly inside, or a summed index is kept inside, or it is an error."""
        self._fix_literals(at, low, high)
        at, low, high = self.sizes.resolve(at), self.sizes.resolve(low), self.sizes.resolve(high)
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
            "GS206",
            f"index out of its range in {what}: {side}",
            span,
            "restrict the index with `for`, or guard it: … if … else 0" if used else None,
            f"an index in {low}..{high}" if where else None,
        )

    def _fix_literals(self, at: Affine, low: Affine, high: Affine) -> None:
        """What a sheet counts by numbers is as long as it says: x[3], X[l] for l in 2..3."""
        if literal(high) is None:
            return
        index = at.single
        if isinstance(index, Index) and literal(index.high) == literal(high):
            if self.sizes.conform(index.range, (low, high)):
                return  # a stated range 1..3 and an axis of 3 are one size
            self.sizes.fix(high)
            return
        used = [a for a in at.atoms() if isinstance(a, Index)]
        if all(literal(i.high) is not None for i in used) and len(used) == len(list(at.atoms())):
            self.sizes.fix(high)

    def _certain(self, value: Affine, scope: Scope) -> bool:
        if scope.holds(value):
            return True
        # Literal sizes count by their numbers here.
        mapping = {a: Affine(a.literal) for a in value.atoms() if isinstance(a, Size) and a.literal is not None}
        plain = value.map_atoms(lambda a: _literal_range(a, self.sizes))
        return scope.holds(plain.substitute(mapping))


def _names(node: tree.Expression) -> Iterator[str]:
    """The names in an expression."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, tree.Name):
            yield current.key
        stack.extend(tree_children(current))


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
