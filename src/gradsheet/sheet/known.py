"""The names of a sheet as LaTeX has to know them: how many indices each may carry, and which are functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Role
from gradsheet.operations import ARRAY_SPELLINGS, ELEMENTWISE_SPELLINGS
from gradsheet.sheet.scope import CONSTANTS, SPECIAL_FUNCTIONS
from gradsheet.syntax import canonical_key
from gradsheet.syntax.vocabulary import BINDERS, FUNCTIONS
from gradsheet.syntax.written_names import Known, NameTable

if TYPE_CHECKING:
    from gradsheet.sheet.model import Sheet

_FUNCTION = Known(0, function=True)
_WORDS = frozenset({*ELEMENTWISE_SPELLINGS, *ARRAY_SPELLINGS, *SPECIAL_FUNCTIONS, *BINDERS} - {"T"})
LANGUAGE = NameTable({**dict.fromkeys(sorted(_WORDS), _FUNCTION), **dict.fromkeys(sorted(CONSTANTS), Known(0))})
"""The names that mean something until a sheet declares them."""


def function_names(sheet: Sheet | None) -> frozenset[str]:
    r"""Names that take an argument: those of the language that the sheet has not declared otherwise, and its own.

    >>> from gradsheet.diagnostics import Source
    >>> from gradsheet.sheet.reader import load_sheet
    >>> names = function_names(load_sheet(Source("σ, x ∈ ℝ, g : ℝ → ℝ\ny = σ tanh(g(x))")))
    >>> "σ" in names, "tanh" in names, "g" in names
    (False, True, True)
    """
    words = FUNCTIONS | _WORDS
    if sheet is None:
        return words
    own = {canonical_key(symbol.name) for symbol in sheet.functions}
    other = {canonical_key(symbol.name) for symbol in sheet.symbols.values()} | set(sheet.sizes)
    return frozenset((words - other - set(sheet.size_families)) | own | set(sheet.unspecified))


def known_names(sheet: Sheet) -> NameTable:
    r"""Every name that a formula in the context of a sheet may use.

    >>> from gradsheet.diagnostics import Source
    >>> from gradsheet.sheet.reader import load_sheet
    >>> names = known_names(load_sheet(Source("W1 ∈ ℝ^(2×n), x ∈ ℝ^n\nz = W1 x")))
    >>> names["W1"].rank, names["n"].rank, names["tanh"].function
    (2, 0, True)
    """
    found: dict[str, Known] = {}
    for symbol in sheet.symbols.values():
        function = symbol.role is Role.FUNCTION
        found[canonical_key(symbol.name)] = Known(symbol.rank, family=symbol.leading > 0, function=function)
    found |= dict.fromkeys(sheet.sizes, Known(0))
    found |= dict.fromkeys(sheet.size_families, Known(1, family=True))
    found |= dict.fromkeys(sheet.unspecified, _FUNCTION)
    return LANGUAGE.within(found)
