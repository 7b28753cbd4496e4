"""From the neutral tree of a formula to a tree whose names are names of the sheet, of the page, or index letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.binding import proposals
from gradsheet.checking.binding.completion import Completion
from gradsheet.checking.binding.errors import BindingError
from gradsheet.checking.binding.names import PageNames
from gradsheet.checking.binding.preparation import Preparation
from gradsheet.checking.context import aliased
from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.syntax.binding import Unbound, bind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.context import Context
    from gradsheet.checking.meaning.points import Model
    from gradsheet.syntax import tree


class Binder(PageNames):
    """Binds formulas to the names at one place of the page."""

    def __init__(self, model: Model, context: Context | None = None) -> None:
        super().__init__(model, context)
        proposals.propose_families(self)
        if context is not None:
            before = {k: dict(v) for k, v in self.views.items()}
            proposals.take(self, context)
            self.told = {k for k, v in self.views.items() if before.get(k) != v} | set(self.locals)

    def survey(self, trees: Sequence[tree.Node], defined: set[str]) -> None:
        """Look at every formula of the page once: which letters carry layers, which spellings are close to names."""
        proposals.survey(self, trees, defined)

    def bind(self, node: tree.Expression, text: str) -> tree.Expression:
        """The tree with bound names; raises `BindingError`."""
        source = Source(text)
        diagnostics = Diagnostics(source)
        ready = Preparation(self, text).prepared(aliased(node, self.rules))
        try:
            found = bind(ready, self.table, diagnostics)
        except Unbound:
            problem = diagnostics.errors[-1] if diagnostics.errors else None
            raise BindingError(problem.message if problem is not None else "a name has two readings") from None
        complete: tree.Expression = Completion(self, latex="\\" in text or "^{" in text).finished(found)
        return complete

    def finished(self, node: tree.Expression) -> tree.Expression:
        """A bound tree as one of the sheet's language: functions marked, transposes read, places left out."""
        found: tree.Expression = Completion(self).finished(node)
        return found
