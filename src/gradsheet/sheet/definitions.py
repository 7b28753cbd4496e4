"""Equations: plain, by index, by family with base cases, and functions of arguments."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Note
from gradsheet.expressions import (
    ZERO_EXPR,
    Access,
    Affine,
    ArrayCall,
    Expr,
    Index,
    Lambda,
    Multiply,
    Number,
    Power,
    Reduce,
    Role,
    Size,
    SizeMember,
    Symbol,
    affine_indices,
    at_least_zero,
    outside,
    same,
    substitute,
)
from gradsheet.operations import ARRAY_OPERATIONS
from gradsheet.records import dataclass
from gradsheet.sheet.model import Equation, FunctionDefinition, Template
from gradsheet.sheet.ranges import flatten_subscript, tree_children
from gradsheet.sheet.tensors import Tensor, Unreadable, atoms, fresh_indices
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.diagnostics import Span
    from gradsheet.sheet.expressions import ExpressionReader
    from gradsheet.sheet.scope import Scope


@dataclass(slots=True)
class Outline:
    """What a document defines, seen before anything is read: places of names, and base cases of families."""

    places: dict[str, Span] = field(default_factory=dict)
    bases: dict[str, list[tree.Subscript]] = field(default_factory=dict)
    uses: dict[str, list[tree.Expression]] = field(default_factory=dict)
    sizes: set[str] = field(default_factory=set)
    blocks: dict[str, list[tuple[tree.Subscript, tuple[tree.BoundIndex, ...]]]] = field(default_factory=dict)

    @staticmethod
    def target_name(target: tree.Expression) -> tree.Name | None:
        """The name on the left of an equation."""
        while isinstance(target, (tree.Subscript, tree.Group)):
            target = target.base if isinstance(target, tree.Subscript) else target.items[0]
        if isinstance(target, tree.Product):
            return Outline.target_name(target.factors[0].item)
        return target if isinstance(target, tree.Name) else None

    @staticmethod
    def of(document: tree.Document) -> Outline:
        outline = Outline()
        sizes = set(_size_names(document.statements))
        outline.sizes = sizes
        for statement, indices in _statements(document.statements, ()):
            if not isinstance(statement, tree.Definition):
                continue
            name = Outline.target_name(statement.target)
            if name is None:
                continue
            outline.places.setdefault(name.key, statement.target.span)
            outline.uses.setdefault(name.key, []).append(statement.value)
            if isinstance(statement.target, tree.Subscript):
                _, items = flatten_subscript(statement.target)
                names = {i.name.key for i in (*indices, *statement.ranges)}
                in_block = any(isinstance(i, tree.Name) and i.key in names for i in items)
                constant = any(not isinstance(i, tree.Name) or i.key in sizes for i in items)
                if constant:
                    outline.bases.setdefault(name.key, []).append(statement.target)
                if in_block:
                    outline.blocks.setdefault(name.key, []).append((statement.target, (*indices, *statement.ranges)))
        return outline

    def reaches(self, source: str, target: str) -> bool:
        """Whether the definition of one name uses another, directly or not."""
        seen = {source}
        stack = [source]
        while stack:
            nodes: list[tree.Expression] = list(self.uses.get(stack.pop(), ()))
            while nodes:
                node = nodes.pop()
                if isinstance(node, tree.Name):
                    if node.key == target:
                        return True
                    if node.key in self.uses and node.key not in seen:
                        seen.add(node.key)
                        stack.append(node.key)
                nodes.extend(tree_children(node))
        return False


def _size_names(statements: Sequence[tree.Statement]) -> Iterator[str]:
    """Names that stand in sizes and ranges: the T of `h[T] = …` is a place, not an index."""
    pending: list[tree.Expression] = []
    for statement in statements:
        match statement:
            case tree.Sizes(names=names):
                yield from (n.key for n, _ in names)
            case tree.Declaration(set=declared) if not isinstance(declared, tree.Maps):
                pending.extend(declared.axes)
                if isinstance(declared, tree.Simplex):
                    pending.append(declared.size)
            case tree.Family(indices=indices, body=body):
                pending.extend(i.domain for i in indices if i.domain is not None)
                bound = {i.name.key for i in indices}
                yield from (n for n in _size_names(body) if n not in bound)
            case tree.Definition(ranges=ranges):
                pending.extend(i.domain for i in ranges if i.domain is not None)
            case _:
                pass
    while pending:
        node = pending.pop()
        if isinstance(node, tree.Name):
            yield node.key
        pending.extend(tree_children(node))


def _statements(
    statements: Sequence[tree.Statement], indices: tuple[tree.BoundIndex, ...]
) -> Iterator[tuple[tree.Statement, tuple[tree.BoundIndex, ...]]]:
    for statement in statements:
        if isinstance(statement, tree.Family):
            yield from _statements(statement.body, (*indices, *statement.indices))
        else:
            yield statement, indices


class DefinitionReader:
    """Turns definitions into equations of symbols."""

    def __init__(self, reader: ExpressionReader, outline: Outline) -> None:
        self.reader = reader
        self.sheet = reader.sheet
        self.outline = outline
        self.first: dict[str, Span] = {}

    def define(self, statement: tree.Definition, scope: Scope) -> None:
        target = statement.target
        name = Outline.target_name(target)
        self.reader.current = name.key if name else None
        self.reader.reaches = self.outline.reaches
        match target:
            case tree.Name():
                self._plain(statement, target, scope)
            case tree.Subscript():
                self._indexed(statement, target, scope)
            case tree.Product(
                factors=(tree.Factor(item=tree.Name() as name), tree.Factor(item=tree.Group(items=items)))
            ):
                self._function(statement, name, items, scope)
            case _:
                raise self.reader.fail(
                    "GS102", "the left side of an equation is a name, a component, or a function of names", target.span
                )

    # ------------------------------------------------------------ plain

    def _plain(self, statement: tree.Definition, name: tree.Name, scope: Scope) -> None:
        if scope.families:
            index = next(iter(scope.families)).name
            raise self.reader.fail(
                "GS205",
                f"'{name.text}' is defined inside `for` without its index",
                name.span,
                f"{name.text}[{index}] = …",
            )
        if statement.ranges:
            raise self.reader.fail("GS205", f"'{name.text}' has no index that `for` could bind", name.span)
        self._not_defined(name)
        value = self.reader.read(statement.value, scope)
        declared = self.sheet.symbols.get(name.key)
        if declared is not None:
            value = self._as_declared(declared, value, (), statement)
            declared.role = Role.DEFINITION
            self.sheet.symbols[name.key] = self.sheet.symbols.pop(name.key)
            symbol = declared
        else:
            symbol = self._symbol(name, (), value)
        self._add(symbol, (), (), value, statement)

    def _not_defined(self, name: tree.Name) -> None:
        if name.key in self.first:
            self.reader.diagnostics.error(
                "GS203",
                f"'{name.text}' is defined twice",
                name.span,
                notes=[Note("first defined here", self.first[name.key])],
                suggestion="give the second one a name of its own",
            )
            raise Unreadable
        if name.key in self.sheet.unspecified or name.key in self.sheet.size_families:
            raise self.reader.fail("GS203", f"'{name.text}' is declared as something else already", name.span)
        if name.key in self.sheet.sizes:
            raise self.reader.fail("GS203", f"'{name.text}' is used as a size already", name.span)
        self.first[name.key] = name.span

    def _symbol(self, name: tree.Name, leading: tuple[Index, ...], value: Tensor, families: int = 0) -> Symbol:
        mapping: dict[Index, Affine] = {}
        axes: list[Index] = []
        for index in (*leading, *value.indices):
            low, high = index.low.substitute(mapping), index.high.substitute(mapping)
            new = Index(index.name, low, high)
            mapping[index] = Affine.atom(new)
            axes.append(new)
        ends = [frozenset().union(*map(affine_indices, axis.range)) for axis in axes]
        ragged = [k + 1 for k, axis in enumerate(axes) if any(axis in used for used in ends[k + 1 :])]
        count = max(len(leading) if value.rank else families, *ragged, 0)
        symbol = Symbol(name.text, tuple(axes), Role.DEFINITION, count, value.row, span=name.span)
        self.sheet.symbols[name.key] = symbol
        return symbol

    def _as_declared(
        self, symbol: Symbol, value: Tensor, pattern: tuple[Affine, ...], statement: tree.Definition
    ) -> Tensor:
        """A name that was declared with a set and is then defined must have that shape."""
        mapping = dict(zip(symbol.axes, pattern, strict=False))
        goal = []
        for axis in symbol.axes[len(pattern) :]:
            new = Index(axis.name, axis.low.substitute(mapping), axis.high.substitute(mapping))
            mapping[axis] = Affine.atom(new)
            goal.append(new)
        if not goal and value.rank:
            value = self.reader.rules.as_scalar(value, statement.value.span, f"the value of {symbol.name}")
        if len(goal) == 2 and value.rank == 1 and not value.row:
            value = Tensor((value.indices[0], Index("j", Affine(1), Affine(1))), value.body)
        if len(goal) != value.rank:
            wanted = Tensor(tuple(goal), value.body).describe()
            raise self.reader.fail(
                "GS301",
                f"'{symbol.name}' is declared as {wanted}, its equation gives {value.describe()}",
                statement.span,
            )
        for a, b in zip(goal, value.indices, strict=True):
            self.reader.rules.conform(a, b, statement.span, f"the equation of '{symbol.name}'")
        symbol.row = value.row and value.rank == 1
        return value

    def _add(
        self, symbol: Symbol, leading: tuple[Affine, ...], free: tuple[Index, ...], value: Tensor,
        statement: tree.Definition | None,
    ) -> None:  # fmt: skip
        pattern = (*leading, *atoms(value.indices))
        self.sheet.equations.append(Equation(symbol, pattern, (*free, *value.indices), value.body, statement))
        reason = self._row_sum(value.body, value.indices)
        if reason and symbol not in self.sheet.row_sums:
            self.sheet.row_sums[symbol] = f"{symbol.name} {reason}"

    def _row_sum(self, body: Expr, indices: tuple[Index, ...]) -> str | None:
        if isinstance(body, ArrayCall) and ARRAY_OPERATIONS[body.operation].rows_sum_to_one:
            return f"is a {body.operation}"
        if indices and _is_normalised(body, indices[-1]):
            return "is divided by its own sum"
        if isinstance(body, Access) and body.symbol in self.sheet.row_sums and indices:
            return f"equals {body.symbol.name}, and {self.sheet.row_sums[body.symbol]}"
        return None

    def anonymous(self, name: str, value: Tensor, span: Span) -> Symbol:
        """The objective when it is an expression."""
        symbol = Symbol(name, (), Role.DEFINITION, span=None)
        self.sheet.symbols[name] = symbol
        del span
        self._add(symbol, (), (), value, None)
        return symbol

    # ------------------------------------------------------------ indexed

    def _indexed(self, statement: tree.Definition, target: tree.Subscript, scope: Scope) -> None:
        base, items = flatten_subscript(target)
        if not isinstance(base, tree.Name):
            raise self.reader.fail("GS102", "a component of a name is expected on the left", target.span)
        stated = {i.name.key: i for i in statement.ranges}
        own: list[tree.BoundIndex] = []
        for item in items:
            if isinstance(item, tree.Slice):
                raise self.reader.fail("GS108", "a slice cannot be defined; name an index", item.span)
            if isinstance(item, tree.Name) and item.key not in scope.indices and not self._known_whole(item):
                own.append(stated.pop(item.key, tree.BoundIndex(item, None, span=item.span)))
        for extra in stated.values():
            raise self.reader.fail("GS205", f"the index '{extra.name.text}' does not stand on the left", extra.span)
        bound = self.reader.bind(own, statement.value, scope)
        inner = scope.with_indices(bound)
        for item in items:
            self._sizes_in(item, inner)
        pattern = tuple(self.reader.affine(i, inner) for i in items if not isinstance(i, tree.Slice))
        free = tuple(dict.fromkeys(i for p in pattern for i in _indices(p)))
        if any(len(p.terms) > 1 or (p.terms and (p.constant or p.terms[0][1] != 1)) for p in pattern if _indices(p)):
            raise self.reader.fail(
                "GS108", "on the left an index stands alone", target.span, "shift it on the right side instead"
            )
        if len({i for p in pattern for i in _indices(p)}) != sum(1 for p in pattern if _indices(p)):
            raise self.reader.fail(
                "GS203", "an index stands twice on the left", target.span, "write the diagonal with diag(…)"
            )
        self._check_families(scope, free, base, target)
        key = base.key
        is_family = key in self.outline.bases
        symbol = self.sheet.symbols.get(key)
        if symbol is None or (symbol.role is Role.INPUT and key not in self.first):
            self.first[key] = base.span
        elif symbol.role is Role.DEFINITION:
            self._not_overlapping(symbol, pattern, statement, base)
            self._adjoining(symbol, pattern, target, base)
        if symbol is None and _names(statement.value, key):
            self._ahead(statement, base, pattern, free, (scope, inner))
            return
        value = self.reader.read(statement.value, inner)
        if symbol is not None and symbol.role in {Role.INPUT, Role.DEFINITION}:
            if value.rank == 0 and len(pattern) > symbol.rank:
                raise self.reader.fail("GS209", f"'{base.text}' has {symbol.rank} axes", target.span)
            value = self._as_declared(symbol, value, pattern, statement)
            if symbol.role is Role.INPUT:
                symbol.role = Role.DEFINITION
                self.sheet.symbols[key] = self.sheet.symbols.pop(key)
        else:
            families = sum(1 for p in pattern if any(i in scope.families for i in _indices(p)))
            leading, mapping = self._leading_axes(pattern, key, inner)
            shaped = _generalised(value, pattern, leading) if is_family else value
            shaped = Tensor(
                tuple(Index(i.name, i.low.substitute(mapping), i.high.substitute(mapping)) for i in shaped.indices),
                shaped.body, shaped.row,
            )  # fmt: skip
            count = max(families, _steps(pattern, scope)) if is_family else families
            symbol = self._symbol(base, leading, shaped, count)
        self._add(symbol, pattern, free, value, statement)

    def _ahead(
        self,
        statement: tree.Definition,
        base: tree.Name,
        pattern: tuple[Affine, ...],
        free: tuple[Index, ...],
        scopes: tuple[Scope, Scope],
    ) -> None:
        """A recursion whose base case is a choice on the right: every axis stands on the left."""
        outer, inner = scopes
        axes, _ = self._leading_axes(pattern, base.key, inner)
        steps = _steps(pattern, outer) or len(pattern)
        symbol = self._symbol(base, axes, Tensor((), ZERO_EXPR), steps)
        try:
            value = self.reader.read(statement.value, inner)
        except Unreadable:
            self.sheet.symbols.pop(base.key, None)
            raise
        if value.rank:
            self.sheet.symbols.pop(base.key)
            raise self.reader.fail(
                "GS204",
                f"the shape of '{base.text}' cannot be told before its own definition",
                base.span,
                f"state the first one by itself, or declare {base.text} before",
            )
        self._add(symbol, pattern, free, value, statement)

    def _sizes_in(self, item: tree.Expression | tree.Slice, scope: Scope) -> None:
        """The D of `h[D+1] = f` is a size, though it may be met here first."""
        stack: list[tree.Expression] = [] if isinstance(item, (tree.Slice, tree.Name)) else [item]
        while stack:
            node = stack.pop()
            if (
                isinstance(node, tree.Name)
                and node.key in self.outline.sizes
                and node.key not in scope.indices
                and node.key not in self.sheet.symbols
            ):
                self.sheet.sizes.setdefault(node.key, Size(node.key))
            stack.extend(tree_children(node))

    def _known_whole(self, item: tree.Name) -> bool:
        symbol = self.sheet.symbols.get(item.key)
        return (symbol is not None and symbol.is_integer) or (symbol is None and item.key in self.sheet.sizes)

    def _check_families(self, scope: Scope, free: tuple[Index, ...], base: tree.Name, target: tree.Subscript) -> None:
        missing = [i.name for i in scope.families if i not in free]
        if missing:
            raise self.reader.fail(
                "GS205", f"'{base.text}' is defined inside `for` without its index '{missing[0]}'", target.span
            )

    def _leading_axes(
        self, pattern: tuple[Affine, ...], key: str, scope: Scope
    ) -> tuple[tuple[Index, ...], dict[Index, Affine]]:
        """An axis for each place on the left, and what the indices there are along them: j in 1..i follows i."""
        axes: list[Index] = []
        mapping: dict[Index, Affine] = {}
        for position, place in enumerate(pattern):
            axis = self._leading_axis(place, position, key, scope)
            axis = Index(axis.name, axis.low.substitute(mapping), axis.high.substitute(mapping))
            mapping |= {i: Affine.atom(axis) for i in _indices(place)}
            axes.append(axis)
        return tuple(axes), mapping

    def _leading_axis(self, pattern: Affine, position: int, key: str, scope: Scope) -> Index:
        """The whole range of a family: its block together with its base cases."""
        name = _indices(pattern)[0].name if _indices(pattern) else "l"
        low, high = pattern, pattern
        ranges = []
        if _indices(pattern):
            ranges.append(_indices(pattern)[0].range)
        for target, indices in self.outline.blocks.get(key, []):
            _, items = flatten_subscript(target)
            item = items[position] if position < len(items) else None
            if isinstance(item, tree.Name):
                name = item.text
                domain = next((i.domain for i in indices if i.name.key == item.key), None)
                if domain is not None and item.key not in scope.indices:
                    ranges.append(self.reader.bounds(domain, scope))
        if ranges:
            low, high = ranges[0]
        for _ in range(8):
            for target in self.outline.bases.get(key, []):
                _, items = flatten_subscript(target)
                item = items[position] if position < len(items) else None
                if (
                    item is None
                    or isinstance(item, tree.Slice)
                    or (isinstance(item, tree.Name) and not self._known_whole(item))
                ):
                    continue
                at = self.reader.affine(item, scope)
                if self.reader.sizes.resolve(low - 1) == self.reader.sizes.resolve(at):
                    low = at
                elif self.reader.sizes.resolve(high + 1) == self.reader.sizes.resolve(at):
                    high = at
        return Index(name, low, high)

    def _not_overlapping(
        self, symbol: Symbol, pattern: tuple[Affine, ...], statement: tree.Definition, base: tree.Name
    ) -> None:
        for equation in self.sheet.equations_of(symbol):
            whole = equation.syntax is not None and isinstance(equation.syntax.target, tree.Name)
            if whole or not _disjoint(equation.pattern[: len(pattern)], pattern):
                span = equation.syntax.target.span if equation.syntax else None
                self.reader.diagnostics.error(
                    "GS203",
                    f"'{base.text}' is defined twice for the same indices",
                    statement.target.span,
                    notes=[Note("first defined here", span)],
                )
                raise Unreadable

    def _adjoining(
        self, symbol: Symbol, pattern: tuple[Affine, ...], target: tree.Subscript, base: tree.Name
    ) -> None:
        """Members are numbered without gaps: y[4] after y[1] and y[2] has no place."""
        for axis, place in zip(symbol.axes, pattern, strict=False):
            low, high = (self.reader.sizes.resolve(end) for end in axis.range)
            if any(outside(self.reader.sizes.resolve(end), low, high) for end in _span_of(place)):
                raise self.reader.fail(
                    "GS206",
                    f"'{base.text}' has the members {low}..{high}, and {place} is none of them",
                    target.span,
                    "define the members between, too",
                )

    # ------------------------------------------------------------ functions

    def _function(
        self, statement: tree.Definition, name: tree.Name, items: Sequence[tree.Expression], scope: Scope
    ) -> None:
        if scope.families:
            raise self.reader.fail("GS108", "a function is defined outside `for`", name.span)
        self._not_defined(name)
        formals: list[Symbol] = []
        local: dict[str, Symbol] = {}
        for item in items:
            if not isinstance(item, tree.Name):
                raise self.reader.fail("GS102", "the arguments of a function are names", item.span)
            declared = self.sheet.symbols.get(item.key)
            if declared is not None and declared.role is Role.INPUT:
                formal = Symbol(item.text, declared.axes, Role.LOCAL, domain=declared.domain, span=item.span)
                if declared in self.sheet.row_sums:
                    self.sheet.row_sums[formal] = self.sheet.row_sums[declared]
            else:
                formal = Symbol(item.text, (), Role.LOCAL, span=item.span)
            if item.key in local:
                raise self.reader.fail("GS203", f"the argument '{item.text}' stands twice", item.span)
            formals.append(formal)
            local[item.key] = formal
        before = len(self.reader.diagnostics.errors)
        names = tuple(i for i in items if isinstance(i, tree.Name))
        if any(n.key not in self.sheet.symbols for n in names):
            # An argument that is declared nowhere takes its shape with each call.
            self.reader.templates[name.key] = Template(names, statement)
        try:
            value = self.reader.read(statement.value, scope.with_locals(local))
        except Unreadable:
            if name.key not in self.reader.templates:
                raise
            del self.reader.diagnostics.errors[before:]
            return
        symbol = Symbol(name.text, (), Role.FUNCTION, span=name.span, parameters=tuple(formals))
        self.sheet.symbols[name.key] = symbol
        indices = fresh_indices(value.indices)
        body = Lambda(indices, value.at(atoms(indices)))
        self.sheet.functions[symbol] = FunctionDefinition(symbol, tuple(formals), body, statement)


def _names(node: tree.Expression, key: str) -> bool:
    """Whether an expression uses a name."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, tree.Name) and current.key == key:
            return True
        stack.extend(tree_children(current))
    return False


def _is_normalised(body: Expr, last: Index) -> bool:
    """f(k)/Σⱼ f(j) along the last axis: the entries of a row sum to one."""
    if not (isinstance(body, Multiply) and len(body.factors) == 2):
        return False
    top, below = body.factors
    if not (isinstance(below, Power) and isinstance(below.exponent, Number) and below.exponent.value == -1):
        return False
    total = below.base
    if not (isinstance(total, Reduce) and total.kind == "sum" and total.index.range == last.range):
        return False
    return same(substitute(total.body, {total.index: Affine.atom(last)}), top)


def _indices(value: Affine) -> list[Index]:
    return [a for a, _ in value.terms if isinstance(a, Index)]


def _steps(pattern: tuple[Affine, ...], scope: Scope) -> int:
    """How many leading places are steps of a family: constants, and indices of the enclosing blocks."""
    count = 0
    for place in pattern:
        indices = _indices(place)
        if indices and not all(i in scope.families for i in indices):
            break
        count += 1
    return count


def _disjoint(a: tuple[Affine, ...], b: tuple[Affine, ...]) -> bool:
    """Whether two patterns certainly have no component in common."""
    for x, y in zip(a, b, strict=False):
        low_x, high_x = _span_of(x)
        low_y, high_y = _span_of(y)
        if at_least_zero(low_y - high_x - 1) or at_least_zero(low_x - high_y - 1):
            return True
    return False


def _span_of(value: Affine) -> tuple[Affine, Affine]:
    indices = _indices(value)
    return indices[0].range if indices else (value, value)


def _generalised(value: Tensor, pattern: tuple[Affine, ...], leading: tuple[Index, ...]) -> Tensor:
    """The member shape of a family from its base case: at h[0] an axis n[0] stands for n[l]."""
    if all(_indices(p) for p in pattern):
        return value
    replaced: list[Index] = []
    for axis in value.indices:
        low, high = axis.low, axis.high
        for p, index in zip(pattern, leading, strict=True):
            if _indices(p):
                continue
            member = Affine.atom(index)

            def lift(atom: object, p: Affine = p, member: Affine = member) -> Affine | None:
                if isinstance(atom, SizeMember) and atom.at == p:
                    return Affine.atom(SizeMember(atom.family, member))
                return None

            low, high = low.map_atoms(lift), high.map_atoms(lift)
        replaced.append(Index(axis.name, low, high))
    return Tensor(
        tuple(replaced), substitute(value.body, dict(zip(value.indices, atoms(replaced), strict=True))), value.row
    )
