"""What an audit found: the forward pass, each gradient with its slip, and faults that no single gradient shows."""

from __future__ import annotations

from dataclasses import field
from typing import Final, Literal

from gradsheet.records import dataclass

Verdict = Literal["agrees", "differs", "imprecise", "not compared"]
SLIPS: Final = {
    "sign": "the sign",
    "factor": "a factor",
    "mean for sum": "a mean for a sum, or a sum for a mean",
    "power": "an exponent",
    "transpose": "a missing transpose",
    "missing sum": "a sum that is not taken, or over the wrong axis",
    "upstream": "the upstream gradient",
    "lost term": "a term that is lost",
    "operand": "one quantity for another",
    "swapped": "gradients in the wrong order",
    "detached": "something taken as constant",
    "constant": "a small constant in the wrong place",
    "condition": "a condition",
    "index": "an index that is off, or used twice",
    "missing gradient": "no gradient at all",
    "shape": "the wrong shape, or the wrong number of gradients",
    "not a number": "NaN or infinity",
    "in place": "arrays of others are overwritten",
    "layout": "the order in memory",
    "forward": "the forward pass",
    "unnamed": "none that has a name",
}
"""The kinds of slip, and what each is about."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first entry that differs, at the point where the difference is largest."""

    place: tuple[int, ...]
    """Counted as the sheet counts."""
    found: float
    expected: float
    relative: float
    count: int
    total: int
    where: str = ""
    """A pattern of the entries that differ, where there is one."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong: its kind, a sentence, and where there is one the equation that the function computes."""

    kind: str
    sentence: str
    computed: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    """The derived equation that `computed` stands for, where that is not the gradient's own."""


@dataclass(slots=True)
class Compared:
    """One output or one gradient against what the sheet says."""

    name: str
    verdict: Verdict
    digits: int | None = None
    """To how many digits both agree, at the worst point."""
    derived: tuple[str, ...] = ()
    """The equations that it comes from."""
    difference: Difference | None = None
    slip: Slip | None = None
    blind: tuple[str, ...] = ()
    """Circumstances under which it agrees all the same: a test there does not see the fault."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a function beyond the numbers of one gradient."""

    kind: str
    sentence: str


@dataclass(slots=True)
class Audit:
    """A function against a sheet."""

    sheet: str
    function: str
    kind: str
    points: list[str] = field(default_factory=list)
    """The sizes and the kind of values at each point."""
    forward: list[Compared] = field(default_factory=list)
    gradients: list[Compared] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    seed: int = 1

    @property
    def agrees(self) -> bool:
        """Nothing is wrong; a loss of precision is said, and is not wrong."""
        return not self.faults and all(c.verdict != "differs" for c in (*self.forward, *self.gradients))
