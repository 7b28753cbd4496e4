"""Types of kernels: f32, f64, i1, i32, i64, each with a number of lanes; pointers to scalars; foreign functions."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from typing import Literal

from gradsheet.kernels.errors import KernelError
from gradsheet.records import dataclass

Kind = Literal["f32", "f64", "i1", "i32", "i64"]

BITS: dict[Kind, int] = {"f32": 32, "f64": 64, "i1": 1, "i32": 32, "i64": 64}
WIDEST = 64


@dataclass(frozen=True)
class Type:
    """A number, or a vector of `lanes` numbers of one kind; lanes are a power of two."""

    kind: Kind
    lanes: int = 1

    def __post_init__(self) -> None:
        if self.lanes not in {1, 2, 4, 8, 16, 32, WIDEST}:
            raise KernelError(f"lanes are a power of two up to {WIDEST}, not {self.lanes}")

    def __str__(self) -> str:
        return self.kind if self.lanes == 1 else f"{self.kind}x{self.lanes}"

    @property
    def bits(self) -> int:
        """The width of one lane."""
        return BITS[self.kind]

    @property
    def bytes(self) -> int:
        """The size of one lane in memory."""
        return max(1, self.bits // 8)

    @property
    def is_float(self) -> bool:
        return self.kind in {"f32", "f64"}

    @property
    def is_integer(self) -> bool:
        return self.kind in {"i32", "i64"}

    @property
    def is_mask(self) -> bool:
        return self.kind == "i1"

    @property
    def scalar(self) -> Type:
        return self if self.lanes == 1 else Type(self.kind)

    def rounded(self, value: float) -> float:
        """A number of Python as the nearest one of this kind."""
        if self.kind != "f32":
            return value
        try:
            return float(struct.unpack("<f", struct.pack("<f", value))[0])
        except OverflowError:
            return math.copysign(math.inf, value)

    def by(self, lanes: int) -> Type:
        """The same kind with another number of lanes."""
        return Type(self.kind, lanes)

    def of(self, kind: Kind) -> Type:
        """As many lanes of another kind."""
        return Type(kind, self.lanes)


@dataclass(frozen=True)
class Pointer:
    """The address of scalars that lie one after another.

    Unless `noalias` is taken away, nothing else reaches what is written through it while the function runs. `alignment`
    is what the caller promises, in bytes; 0 promises that of one element.
    """

    to: Type
    readonly: bool = False
    noalias: bool = True
    alignment: int = 0

    def __post_init__(self) -> None:
        if self.to.lanes != 1 or self.to.is_mask:
            raise KernelError(f"a pointer leads to f32, f64, i32 or i64, not to {self.to}")

    def __str__(self) -> str:
        return f"{'const ' if self.readonly else ''}{self.to}*"

    @property
    def interior(self) -> Pointer:
        """The type of an address inside: nothing is promised of it but what it leads to."""
        return replace(self, noalias=False, alignment=0)


@dataclass(frozen=True)
class Code:
    """The address of a function with C's calling convention, given from outside: a BLAS's product."""

    parameters: tuple[AnyType, ...]
    result: Type | None = None

    def __str__(self) -> str:
        return f"{self.result or 'void'} ({', '.join(map(str, self.parameters))})"


@dataclass(frozen=True)
class Void:
    """The type of a call that gives nothing: no parameter and no operand can have it."""

    def __str__(self) -> str:
        return "void"


AnyType = Type | Pointer | Code | Void

F32 = Type("f32")
F64 = Type("f64")
I1 = Type("i1")
I32 = Type("i32")
I64 = Type("i64")
VOID = Void()


def pointer(to: Type, *, readonly: bool = False, noalias: bool = True, alignment: int = 0) -> Pointer:
    """`pointer(F64, readonly=True)`: const double *restrict."""
    return Pointer(to, readonly, noalias, alignment)
