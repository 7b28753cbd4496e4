"""Lanes that change places: squares of numbers with their sides exchanged, sums of many vectors at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.kernels import Term
    from gradsheet.native.scope import Scope


def transposed(rows: Sequence[Term], scope: Scope) -> list[Term]:
    """A square of numbers with rows and columns exchanged: blocks of it change places, then blocks of these."""
    b, width = scope.b, len(rows)
    found = list(rows)
    block = 1
    while block < width:
        first = [k if not k & block else k - block + width for k in range(width)]
        second = [k + block if not k & block else k + width for k in range(width)]
        for k in range(width):
            if not k & block:
                x, y = found[k], found[k + block]
                found[k], found[k + block] = b.shuffle(x, first, y), b.shuffle(x, second, y)
        block *= 2
    return found


def added_up(vectors: Sequence[Term], scope: Scope) -> Term:
    """The sum of the lanes of each vector, side by side: halves are added crosswise, so that no lane idles."""
    b = scope.b
    if len(vectors) == 1:
        return b.sum(vectors[0])
    width = vectors[0].lanes
    found = list(vectors)
    # Each step joins two vectors: lanes of the one where a block is even, lanes of the other where it is odd.
    block = 1
    while len(found) > 1:
        first = [k if (k // block) % 2 == 0 else k + width - block for k in range(width)]
        second = [k + block if (k // block) % 2 == 0 else k + width for k in range(width)]
        found = [
            b.shuffle(x, first, y) + b.shuffle(x, second, y) for x, y in zip(found[::2], found[1::2], strict=True)
        ]
        block *= 2
    total = found[0]
    while total.lanes > len(vectors):
        half = total.lanes // 2
        total = b.shuffle(total, list(range(half))) + b.shuffle(total, list(range(half, total.lanes)))
    return total


__all__ = ["added_up", "transposed"]
