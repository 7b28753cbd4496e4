"""The processor at hand, as far as tiles depend on it: how wide its vectors are, and how many it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.native import features
from gradsheet.native.tiles import Machine

if TYPE_CHECKING:
    from gradsheet.kernels import Type

_KINDS = (("avx512f", 64, 32), ("avx2", 32, 16), ("neon", 16, 32))
"""A feature that a processor has, the bytes of a vector, and the number of vector registers that come with it."""


def machine(number: Type) -> Machine:
    """Lanes and registers for numbers of a type."""
    present = features()
    width, registers = next(((w, r) for name, w, r in _KINDS if name in present), (16, 16))
    return Machine(width // number.bytes, registers)


__all__ = ["machine"]
