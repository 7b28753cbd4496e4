"""W[2], Σ over 1..3: formulas that hang on how many entries there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax import tree
from gradsheet.syntax.traversal import children, kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.meaning.scope import Scope


def mentions_sizes(node: tree.Node, scope: Scope) -> bool:
    """Whether a formula hangs on the number of entries: an index, an end of a sum or an array by number.

    W[2] of a page whose sheet has W2 is a name.
    """
    return not _numbered(node) <= scope.views.keys()


@kept
def _numbered(node: tree.Node) -> frozenset[str]:
    """The names with one index, a number, behind them; "" for whatever else hangs on a number of entries."""
    below = frozenset[str]().union(*map(_numbered, children(node)))
    match node:
        case tree.Subscript(base=tree.Name(key=key), items=(tree.Num(),)):
            return below | {key}
        case tree.Subscript(base=tree.Name(key=key), items=(tree.Num(), *rest)) if not _by_number(rest):
            return below | {key}
        case tree.Subscript(items=items) if _by_number(items):
            return below | {""}
        case tree.BoundIndex(domain=tree.Range(high=tree.Num())) | tree.Array():
            return below | {""}
        case _:
            return below


def _by_number(items: Sequence[tree.Node]) -> bool:
    return any(isinstance(i, tree.Num) for i in items)
