"""Sizes, declared sets, and assumptions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Note
from gradsheet.expressions import Affine, Index, Number, Role, Size, Symbol, Unspecified, ValueSet
from gradsheet.expressions.symbols import REAL
from gradsheet.sheet.tensors import Unreadable
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.sheet.expressions import ExpressionReader
    from gradsheet.sheet.scope import Scope

_AXIS_NAMES = "ijklmnpqrs"


class DeclarationReader:
    """Declares symbols, sizes and unspecified functions."""

    def __init__(self, reader: ExpressionReader) -> None:
        self.reader = reader
        self.sheet = reader.sheet

    def sizes(self, statement: tree.Sizes, scope: Scope) -> None:
        """`sizes n[0..D], m`."""
        for name, family in statement.names:
            if name.key in self.sheet.symbols or name.key in self.sheet.size_families:
                raise self.reader.fail("GS203", f"'{name.text}' is declared twice", name.span)
            if family is None:
                self.sheet.sizes[name.key] = Size(name.key)
            else:
                self.sheet.size_families[name.key] = self.reader.bounds(family, scope)

    def declare(self, statement: tree.Declaration, scope: Scope) -> None:
        """`x, w ∈ ℝ^n`; inside a family `W[l] ∈ ℝ^(n[l]×n[l-1])`."""
        if isinstance(statement.set, tree.Maps):
            self._functions(statement, statement.set)
            return
        own, domain = self._set(statement.set, scope)
        for attribute in statement.attributes:
            if attribute == "positive":
                domain = ValueSet("real", low=Fraction(0), low_open=True)
            elif attribute == "nonnegative":
                domain = ValueSet("real", low=Fraction(0))
        for target in statement.names:
            self._symbol(target, own, domain, statement, scope)

    def _functions(self, statement: tree.Declaration, maps: tree.Maps) -> None:
        for target in statement.names:
            if not isinstance(target, tree.Name):
                raise self.reader.fail(
                    "GS108", "a function of its own for each index is not part of the language", target.span
                )
            if maps.domain.axes or maps.codomain.axes:
                raise self.reader.fail(
                    "GS108", "an unspecified function acts entry by entry", statement.set.span, f"{target.text} : ℝ → ℝ"
                )
            self._fresh(target)
            self.sheet.unspecified[target.key] = Unspecified(target.text, 0, target.span)

    def _fresh(self, name: tree.Name) -> None:
        first = self.sheet.symbols.get(name.key)
        if first is not None or name.key in self.sheet.unspecified:
            span = first.span if first is not None else self.sheet.unspecified[name.key].span
            self.reader.diagnostics.error(
                "GS203", f"'{name.text}' is declared twice", name.span, notes=[Note("first declared here", span)]
            )
            raise Unreadable

    def _set(self, node: tree.Set, scope: Scope) -> tuple[list[tuple[Affine, Affine]], ValueSet]:
        """Axes and the set of the entries."""
        match node:
            case tree.Reals(axes=axes):
                return [self.reader.bounds(a, scope) for a in axes], REAL
            case tree.FiniteSet(values=values, axes=axes):
                entries = tuple(self._rational(v, scope) for v in values)
                return [self.reader.bounds(a, scope) for a in axes], ValueSet("finite", entries)
            case tree.Interval():
                low, high = self._end(node.low, scope), self._end(node.high, scope)
                domain = ValueSet("real", low=low, high=high, low_open=node.low_open, high_open=node.high_open)
                return [self.reader.bounds(a, scope) for a in node.axes], domain
            case tree.Simplex(kind=kind, size=size, axes=axes):
                ranges = [self.reader.bounds(a, scope) for a in axes]
                return [*ranges, self.reader.bounds(size, scope)], ValueSet(kind)
            case tree.IndexSet(range=values, axes=axes):
                bounds = self.reader.bounds(values, scope)
                return [self.reader.bounds(a, scope) for a in axes], ValueSet("index", bounds=bounds)
            case _:
                raise AssertionError(node)

    def _rational(self, node: tree.Expression, scope: Scope) -> Fraction:
        value = self.reader.read(node, scope).body
        if not isinstance(value, Number):
            raise self.reader.fail("GS102", "the entries of a finite set are numbers", node.span)
        return value.value

    def _end(self, node: tree.Expression, scope: Scope) -> Fraction | None:
        if isinstance(node, tree.Name) and node.key == "∞":
            return None
        if (
            isinstance(node, tree.Additive)
            and isinstance(node.terms[0].item, tree.Name)
            and node.terms[0].item.key == "∞"
        ):
            return None
        return self._rational(node, scope)

    def _symbol(
        self, target: tree.Name | tree.Subscript, own: list[tuple[Affine, Affine]], domain: ValueSet,
        statement: tree.Declaration, scope: Scope,
    ) -> None:  # fmt: skip
        leading: list[Index] = []
        name = target
        if isinstance(target, tree.Subscript):
            assert isinstance(target.base, tree.Name)
            name = target.base
            for item in target.items:
                if not isinstance(item, tree.Name) or item.key not in scope.indices:
                    raise self.reader.fail(
                        "GS205", "only an index of the enclosing `for` can stand here", target.span, f"{name.text}[l]"
                    )
                leading.append(scope.indices[item.key])
        elif scope.families:
            raise self.reader.fail(
                "GS205",
                f"'{target.text}' is declared inside `for` without its index",
                target.span,
                "write the index, or move the declaration out of the block",
            )
        assert isinstance(name, tree.Name)
        self._fresh(name)
        if name.key in self.sheet.sizes and not own:
            raise self.reader.fail("GS203", f"'{name.text}' is a size already", name.span)
        mapping: dict[object, Affine] = {}
        axes: list[Index] = []
        for index in leading:
            new = Index(index.name, index.low.substitute(mapping), index.high.substitute(mapping))
            mapping[index] = Affine.atom(new)
            axes.append(new)
        for (low, high), letter in zip(own, _AXIS_NAMES, strict=False):
            axes.append(Index(letter, low.substitute(mapping), high.substitute(mapping)))
        symmetric = "symmetric" in statement.attributes
        if symmetric and (len(own) != 2 or not self.reader.sizes.conform(own[0], own[1])):
            raise self.reader.fail(
                "GS304", "symmetric needs a square matrix", statement.set.span, "S ∈ ℝ^(n×n) symmetric"
            )
        symbol = Symbol(
            name.text, tuple(axes), Role.INPUT, len(leading), domain=domain, symmetric=symmetric, span=name.span
        )
        self.sheet.symbols[name.key] = symbol
        if domain.rows_sum_to_one:
            size = repr(own[-1][1]) if own[-1][0] == Affine(1) else f"{own[-1][0]}..{own[-1][1]}"
            self.sheet.row_sums[symbol] = f"{name.text} ∈ {domain.kind}({size})"

    def assume(self, statement: tree.Assumption, scope: Scope) -> None:
        """`κ > 0`."""
        comparison = statement.condition
        for left, sign, right in zip(comparison.items, comparison.relations, comparison.items[1:], strict=False):
            a, b, relation = left, right, sign
            if not isinstance(a, tree.Name):
                a, b = b, a
                relation = {"<": ">", ">": "<", "≤": "≥", "≥": "≤"}.get(sign, sign)  # type: ignore[assignment]
            symbol = self.reader.symbol(a, scope) if isinstance(a, tree.Name) else None
            bound = self.reader.read(b, scope).body
            if isinstance(a, tree.Name) and a.key in self.sheet.sizes:
                continue
            if symbol is None or not isinstance(bound, Number) or relation not in {"<", "≤", ">", "≥"}:
                if isinstance(a, tree.Name) and symbol is None:
                    raise self.reader.unknown(a, scope)
                raise self.reader.fail(
                    "GS108", "an assumption compares a declared name with a number", statement.span, "κ > 0"
                )
            old = symbol.domain
            low, high, low_open, high_open = old.low, old.high, old.low_open, old.high_open
            if relation in {">", "≥"}:
                low, low_open = bound.value, relation == ">"
            else:
                high, high_open = bound.value, relation == "<"
            symbol.domain = ValueSet(old.kind, old.values, low, high, low_open, high_open, old.bounds)
