"""Identities in letters of their own: σ(x) = 1 − σ(−x), ∂ log(1 + eˣ)/∂x = σ(x). Nothing of a sheet stands in them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from gradsheet.checking.judging.comparison import Comparer
from gradsheet.checking.meaning.points import Model
from gradsheet.diagnostics import SheetError, Source
from gradsheet.sheet.reader import load_sheet
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from gradsheet.checking.judging.comparison import Finding
    from gradsheet.checking.meaning.scope import Scope

_CONSTANTS = frozenset({"π", "e", "∞", "I"})
_MOST = 4


def identity(left: tree.Expression, right: tree.Expression, scope: Scope, known: set[str]) -> Finding | None:
    """The comparison for random numbers in place of the letters; None where known names stand in it."""
    names = {
        n.key
        for side in (left, right)
        for n in walk(side)
        if isinstance(n, tree.Name) and not isinstance(n, tree.FunctionName)
    } - _CONSTANTS
    functions = set(scope.functions) | {k for k, local in scope.locals.items() if local.function}
    indexed = {k for k, local in scope.locals.items() if local.parameters}
    if not names or len(names) > _MOST or names & (known - functions - indexed):
        return None
    if any(not name.isidentifier() for name in names) or any(
        isinstance(n, tree.Subscript) for s in (left, right) for n in walk(s)
    ):
        return None
    model = _model(tuple(sorted(names)))
    if model is None:
        return None
    own = replace(scope, locals={k: local for k, local in scope.locals.items() if k not in names})
    return Comparer(model, 3).compare(own, left, right, identities=True)


@lru_cache(maxsize=64)
def _model(names: tuple[str, ...]) -> Model | None:
    try:
        return Model(load_sheet(Source(f"{', '.join(names)} ∈ ℝ\n", "an identity")), "an identity")
    except SheetError:
        return None
