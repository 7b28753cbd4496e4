"""How many steps of an epoch are done in one call: so many that a person who interrupts them need not wait.

The number follows from the program alone. Small programs begin each call anew with what they carry from step to step,
which rounds differently: were calls as long as the clock says, no two runs would give the same bits.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Reduce
from gradsheet.expressions.nodes import children
from gradsheet.native.places import extent, has_fixed_range
from gradsheet.programs.model import Loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import AnyNode
    from gradsheet.programs.model import Statement

_AT_ONCE = 300_000_000
"""Operations of one call, which take some hundredths of a second, in code that is far from ideal some tenths."""
_SOME = 16
"""The length of a sum whose ends other indices say."""


def pace(statements: Sequence[Statement]) -> int:
    """Steps in one call."""
    return max(1, _AT_ONCE // max(1, work(statements)))


def work(statements: Sequence[Statement]) -> int:
    """About how many operations statements take."""
    total = 0
    for statement in statements:
        if isinstance(statement, Loop):
            total += extent(statement.index) * work(statement.body)
        else:
            total += prod(extent(i) for i in statement.free) * _operations(statement.body)
    return total


def _operations(node: AnyNode) -> int:
    if isinstance(node, Reduce):
        return (extent(node.index) if has_fixed_range(node.index) else _SOME) * _operations(node.body)
    return 1 + sum(_operations(c) for c in children(node) if not isinstance(c, Access))


__all__ = ["pace", "work"]
