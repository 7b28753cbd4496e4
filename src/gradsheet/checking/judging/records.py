"""What the judge hands on: a side with its names bound, a claim before its step is counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradsheet.checking.model import Claim, Kind, Reference, Slip, Verdict

if TYPE_CHECKING:
    from gradsheet.checking.judging.comparison import Witness
    from gradsheet.checking.reading.model import Side
    from gradsheet.diagnostics import Span
    from gradsheet.manuscripts import Formula
    from gradsheet.syntax import tree


@dataclass(slots=True)
class Bound:
    """A side with its names bound, or why it has none."""

    side: Side
    tree: tree.Expression | None
    reason: str = ""


@dataclass(slots=True)
class Draft:
    """A claim before its step is counted."""

    formula: Formula
    span: Span
    latex: str
    text: str
    verdict: Verdict
    reason: str = ""
    slip: Slip | None = None
    step_valid: bool | None = None
    expected: str | None = None
    expected_text: str | None = None
    certainty: str = ""
    assumptions: tuple[str, ...] = ()
    carried_from: Draft | None = None
    quantity: str = ""
    left: tree.Expression | None = None
    right: tree.Expression | None = None
    left_side: Side | None = None
    right_side: Side | None = None
    conditions: tuple[tree.Expression, ...] = ()
    ties: tuple[str, ...] = ()
    patch: tuple[Span, str] | None = None
    numeric: bool = False
    opens: bool = False
    """It says what a quantity of the sheet is, as the first line about it."""
    bound: bool = False
    """A condition stands beside it, or something was supposed: what it says is no value for the rest of the page."""
    narrowed: bool = False
    """A condition that stands beside it was left out, because it names other letters."""
    witnesses: tuple[Witness | None, ...] = ()
    """Where the sides were seen to differ, under each alternative of the sheet."""
    paired: bool = False
    """Two edits together make it right, which says less than one."""
    before: tree.Expression | None = None
    """The expression before it in its chain, and the verdict on that."""
    before_verdict: Verdict | None = None

    def claim(self, step: int, reference: Reference | None) -> Claim:
        """The claim as it is reported."""
        return Claim(
            step, self.latex, self.text, self.span, self.verdict, self.slip, self.step_valid, self.expected,
            self.expected_text, self.reason, self.certainty, self.ties, reference, self.patch, self.assumptions,
            quantity=self.quantity,
        )  # fmt: skip


@dataclass(slots=True)
class Judged:
    """What a chain came to: drafts in order, what each formula is, how it was read, and what the stage learns."""

    drafts: list[Draft] = field(default_factory=list)
    kinds: list[tuple[Formula, Kind]] = field(default_factory=list)
    readings: list[tuple[Formula, str]] = field(default_factory=list)
    defines: bool = False
    """A definition of the sheet was restated, rightly or not: it tells which sheet the page is about."""
    agrees: bool = True
    again: bool = False
    """The page has shown that definition before, rightly: what the quantity is here is beyond doubt."""

    @property
    def score(self) -> tuple[int, int]:
        """Fewer wrong, then more right."""
        wrong = sum(d.verdict in {"wrong", "inherited"} for d in self.drafts)
        right = sum(d.verdict in {"right", "arrangement"} for d in self.drafts)
        return (-wrong - (not self.agrees), right)
