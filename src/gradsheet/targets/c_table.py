"""C as a target: nothing but loops, with sizes that are numbers, after operations on whole arrays are written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.c import KEYWORDS
from gradsheet.native.writing import WORKSPACE
from gradsheet.programs.expanding import expand
from gradsheet.programs.inlining import inline
from gradsheet.programs.sharing import share
from gradsheet.targets.dialect import Dialect

if TYPE_CHECKING:
    from gradsheet.programs.model import Program


def _written_out(program: Program) -> Program:
    """Softmax and its kin in sums and functions; what two of them compute is computed once."""
    return inline(share(expand(program)))


C = Dialect(
    name="C", prefix="", imports=(), functions={}, reserved=frozenset({*KEYWORDS, WORKSPACE, "scratch"}), fixed=True,
    passes=(_written_out,),
)  # fmt: skip

__all__ = ["C"]
