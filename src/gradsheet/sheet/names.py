"""Names while a sheet is read: what each stands for, and what is said of one that stands for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Affine, Integer, Symbol
from gradsheet.sheet.scope import suggestions
from gradsheet.sheet.tensors import ShapeRules, Tensor, Unreadable, atoms, fresh_indices, scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.diagnostics import Diagnostics, Span
    from gradsheet.sheet.model import Sheet, Template
    from gradsheet.sheet.scope import Scope
    from gradsheet.sheet.sizes import SizeTable
    from gradsheet.syntax import tree


class NameReader:
    """Looks names up; `poisoned` names had an error of their own and are not reported again."""

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

    def fail(
        self, code: str, message: str, span: Span, suggestion: str | None = None, expected: str | None = None
    ) -> Unreadable:
        self.diagnostics.error(code, message, span, suggestion=suggestion, expected=expected)
        return Unreadable()

    def unknown(self, node: tree.Name, scope: Scope) -> Unreadable:
        if node.key in self.poisoned:
            return Unreadable()
        if node.key in self.later and self.current is not None and self.reaches(node.key, self.current):
            self.poisoned.add(node.key)
            return self.fail(
                "GS204",
                f"the definitions of '{self.current}' and '{node.text}' need each other",
                node.span,
                "a recursion moves along an index, as in h[t] = f(h[t-1])",
            )
        if node.key in self.later:
            line = self.diagnostics.source.position(self.later[node.key].start)[0]
            return self.fail(
                "GS202",
                f"'{node.text}' is used before it is defined",
                node.span,
                f"move its definition (line {line}) up",
            )
        stem, _, letter = node.key.rpartition("_")
        if stem in self.sheet.symbols and letter in scope.indices:
            self.poisoned.add(node.key)
            return self.fail(
                "GS201", f"'{node.text}' is a name of its own", node.span, f"write {stem}[{letter}] for a component"
            )
        base = node.text.rstrip("ᵢⱼₖₗₘₙₜ")
        if base != node.text and base in self.sheet.symbols:
            letters = node.text[len(base) :].translate(str.maketrans("ᵢⱼₖₗₘₙₜ", "ijklmnt"))
            self.poisoned.add(node.key)
            return self.fail(
                "GS201",
                f"'{node.text}' is a name of its own",
                node.span,
                f"write {base}[{', '.join(letters)}] for a component",
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
