"""The names at one place of a page: those of the sheet, and what the page and its context make of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gradsheet.checking.meaning.scope import Local, Scope
from gradsheet.checking.model import BoundName
from gradsheet.sheet.known import function_names, known_names
from gradsheet.syntax import tree
from gradsheet.syntax.written_names import Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.context import AliasRule, Context
    from gradsheet.checking.meaning.points import Model
    from gradsheet.expressions import Symbol
    from gradsheet.syntax.written_names import NameTable


BindingOrigin = Literal["front matter", "context", "document", "proposed"]
"""Who said what a name is."""


class PageNames:
    """What each name means here; grows as the page defines."""

    def __init__(self, model: Model, context: Context | None = None) -> None:
        self.model = model
        self.context = context
        self.views: dict[str, dict[int, tree.Expression]] = {}
        self.locals: dict[str, Local] = {}
        self.functions: dict[str, str] = {}
        self.numbers: dict[str, int] = {}
        self.rules: tuple[AliasRule, ...] = ()
        self.notes: list[BoundName] = []
        self.layered: set[str] = set()
        """Letters that carry a layer above them somewhere on the page: below them then stands an entry."""
        self.bare: set[str] = set()
        """Letters whose layer stands above them without brackets: a^l."""
        self.lettered: dict[str, dict[str, str]] = {}
        """Names that mean different things by the letter of their index: δ_k of outputs, δ_j of hidden units."""
        self.sums_written = False
        self.turned: bool | None = None
        """Whether the page's Jacobians have the variable's entries first, once a line has shown it."""
        self.own = False
        """The names are those of a network that the page defines itself."""
        self.told: set[str] = set()
        """Names of which the context says what they are: nothing of them is guessed."""
        self.taught: dict[str, set[int]] = {}
        """Layers that the page itself has defined, by letter: h⁽³⁾."""
        self._table: NameTable | None = None

    def scope(self) -> Scope:
        """What the interpreter needs."""
        conventions = None if self.context is None else self.context.conventions
        return Scope(
            dict(self.views),
            dict(self.locals),
            dict(self.functions),
            dict(self.numbers),
            layout=None if conventions is None else conventions.layout,
            rows=conventions is not None and conventions.vectors == "rows",
            turned=self.turned,
            sums_written=self.sums_written,
            own=self.own,
            einstein=conventions is not None and conventions.sums == "einstein",
            loose=conventions is not None and conventions.products == "loose",
        )

    @property
    def table(self) -> NameTable:
        """Every name, as the reader of LaTeX wants to know them."""
        if self._table is None:
            extra: dict[str, Known] = {}
            for key, view in self.views.items():
                first = next(iter(view.values()), None)
                rank = self.rank(first)
                extra[key] = Known(None if rank is None else rank + 1, family=True)
            for key, local in self.locals.items():
                if local.function:
                    extra[key] = Known(0, function=True)
                else:
                    rank = self.rank(local.body)
                    extra[key] = Known(
                        len(local.parameters) + (rank or 0) if local.parameters or rank is not None else None,
                        family=bool(local.parameters) or self.is_family(local.body),
                    )
            for key in self.functions:
                extra[key] = Known(0, function=True)
            for key in self.numbers:
                extra.setdefault(key, Known(0))
            self._table = known_names(self.model.sheet).within(extra)
        return self._table

    def rank(self, node: tree.Expression | None) -> int | None:
        """How many indices something carries, where it is a name of the sheet."""
        count = 0
        while isinstance(node, tree.Subscript):
            count += len(node.items)
            node = node.base
        if isinstance(node, tree.Derivative):
            below = [self.rank(part) for part in node.by]
            if any(rank is None for rank in below):
                return None
            return (self.rank(node.of) or 0) + sum(rank or 0 for rank in below) - count
        if not isinstance(node, tree.Name):
            return None
        symbol = self.model.symbols.get(node.key)
        return None if symbol is None else symbol.rank - count

    def is_family(self, node: tree.Expression) -> bool:
        """Whether something is another name of a family of the sheet."""
        symbol = self.model.symbols.get(node.key) if isinstance(node, tree.Name) else None
        return symbol is not None and symbol.leading > 0

    def changed(self) -> None:
        """Something new is known."""
        self._table = None

    def names(self) -> set[str]:
        """Everything that means something."""
        return {*self.model.symbols, *self.views, *self.locals, *self.functions, *self.numbers, *self.model.sheet.sizes}

    def define(self, local: Local) -> None:
        """A definition of the page."""
        self.locals[local.key] = local
        self.changed()

    def note(self, written_as: str, stands_for: str, origin: BindingOrigin, line: int = 0, latex: str = "") -> None:
        """Say what a name was taken for."""
        found = BoundName(written_as, latex or written_as, stands_for, origin, line)
        if not any(n.written == found.written and n.stands_for == found.stands_for for n in self.notes):
            self.notes.append(found)

    def scalars(self) -> set[str]:
        """Names that can be an exponent; a size called T is none beside the T of a transpose."""
        return {*self.model.symbols, *self.locals, *self.numbers}

    def is_function(self, key: str) -> bool:
        """Whether a name takes an argument."""
        local = self.locals.get(key)
        if local is not None:
            return local.function
        if key in self.functions:
            return True
        if key in self.views or key in self.numbers:
            return False
        return key in function_names(self.model.sheet) or key in {"id", "identity", "ReLU", "Tr"}

    # ------------------------------------------------------------ what a name stands for

    def reaches(self, arguments: Sequence[str | None], quantity: str | None) -> bool:
        """Whether a quantity is computed from each of some others."""
        symbols = self.symbols_of(quantity)
        if not symbols:
            return False
        upstream = set().union(*(self.model.upstream(s) for s in symbols))
        return all(any(s in upstream for s in self.symbols_of(key)) for key in arguments)

    def symbols_of(self, key: str | None) -> list[Symbol]:
        """The sheet's symbols that a name may be."""
        if key is None:
            return []
        if key in self.model.symbols:
            return [self.model.symbols[key]]
        if key in self.views:
            found = [root_of(member) for member in self.views[key].values()]
            return [self.model.symbols[k] for k in found if k in self.model.symbols]
        local = self.locals.get(key)
        if local is not None and not local.function:
            root = root_of(local.body)
            return [] if root == key else self.symbols_of(root)
        return []


def root_of(node: tree.Expression) -> str | None:
    """The name that something is about: h of `h[l-1]`, w of `w(v)`."""
    match node:
        case tree.FunctionName():
            return None
        case tree.Name(key=key):
            return key
        case tree.Subscript(base=base) | tree.Group(items=(base,)):
            return root_of(base)
        case tree.Product(factors=(tree.Factor(item=head), tree.Factor(sign="", item=tree.Group() as group))) if (
            root_of(head) is not None and all(root_of(i) is not None for i in group.items)
        ):
            return root_of(head)
        case _:
            return None
