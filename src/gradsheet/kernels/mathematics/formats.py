"""What the mathematics needs to know of a format: where its bits lie, and constants in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.kernels.terms import Term
    from gradsheet.kernels.types import Kind


@dataclass(frozen=True)
class Format:
    """f32 or f64."""

    kind: Kind
    bits: Kind
    """The integers of the same width."""
    fraction: int
    """Bits of the fraction: 23, 52."""
    bias: int
    """Of the exponent: 127, 1023."""
    magic: float
    """1.5 · 2^fraction: adding it rounds to an integer, whose bits are then the last ones of the sum."""
    ln2_high: float
    """ln 2, so short that its product with any exponent is exact."""
    ln2_low: float
    """ln 2 − ln2_high."""


FORMATS = {
    "f64": Format(
        "f64", "i64", 52, 1023, 1.5 * 2.0**52,
        float.fromhex("0x1.62e42fefa0000p-1"), float.fromhex("0x1.cf79abc9e3b3ap-40"),
    ),
    "f32": Format("f32", "i32", 23, 127, 1.5 * 2.0**23, 0.693359375, float.fromhex("-0x1.bd0106p-13")),
}  # fmt: skip


def format_of(x: Term) -> Format:
    """The format of a value."""
    return FORMATS[x.number.kind]


def power_of_two(shifted: Term) -> Term:
    """2ⁿ for n + magic, where 2ⁿ is a normal number."""
    b, f = shifted.builder, format_of(shifted)
    exponent = b.bits(shifted, f.bits) << f.fraction
    return b.bits(b.binary("wrapping_add", exponent, f.bias << f.fraction), f.kind)
