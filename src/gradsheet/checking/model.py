"""What is said of a document: every formula with its claims, every claim with its verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gradsheet.checking.marks import Score
    from gradsheet.diagnostics import Diagnostic, Remark, Span
    from gradsheet.manuscripts import Formula, Manuscript

Verdict = Literal["right", "arrangement", "wrong", "inherited", "undecided", "unreadable"]
Slip = Literal["sign", "factor", "term", "operand", "index", "shape", "arrangement", "arithmetic", "garbled"]
Kind = Literal["claim", "definition", "given", "mention", "shape", "update", "fragment"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A claim by its place in the document: formula and step, both from 1."""

    formula: int
    step: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One `=` with its verdict.

    `expected` is the right form of the line in the author's own notation, in LaTeX; `expected_text` the same in plain
    Unicode. `reason` is one sentence in plain text, without a full stop when it is short.
    """

    step: int
    latex: str
    text: str
    """As the terminal shows it: the line in plain Unicode, shortened."""
    span: Span
    """In the text of its formula."""
    verdict: Verdict
    slip: Slip | None = None
    step_valid: bool | None = None
    """Whether it also follows from the expression before it; None where there is none or it is not decided."""
    expected: str | None = None
    expected_text: str | None = None
    reason: str = ""
    certainty: str = ""
    """"proved", "an identity modulo a prime, …", "holds at 3 points", "at the given values", …; "" if undecided."""
    ties: tuple[str, ...] = ()
    """Other single edits that would make it right, most likely first, each as a sentence."""
    carried_from: Reference | None = None
    patch: tuple[Span, str] | None = None
    """The part of the formula's text that is wrong, and what should stand there, in LaTeX."""
    assumptions: tuple[str, ...] = ()
    quantity: str = ""
    """What the line is about, by its name in the sheet: "∂L/∂W3", "z1"; "" where it is about none."""


@dataclass(frozen=True, slots=True)
class CheckedFormula:
    """A formula of the page: what it is, how it was read, and its claims."""

    formula: Formula
    kind: Kind
    reading: str
    """What was understood, in plain Unicode, with bound names."""
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundName:
    """A symbol of the page and what it stands for; `origin` says who said so."""

    written: str
    """As the page has it, in plain Unicode: W⁽²⁾."""
    latex: str
    stands_for: str
    origin: Literal["front matter", "context", "document", "proposed"]
    line: int
    """Where on the page it was bound; 0 if it holds from the start."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All that is known of one document after the check."""

    manuscript: Manuscript
    sheets: tuple[str, ...]
    """Names of the sheets that were used; "the document" for a network that it defines itself."""
    formulas: tuple[CheckedFormula, ...]
    bindings: tuple[BoundName, ...] = ()
    remarks: tuple[Remark, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    stopped: str = ""
    """Why the check ended early: "the time limit of 60 s"; claims after that are undecided."""
    marks: Score | None = None
    """The points, where a scheme was given."""
    seconds: float = field(default=0.0, compare=False)

    def tally(self) -> Counter[Verdict]:
        """How many claims have each verdict."""
        return Counter(claim.verdict for checked in self.formulas for claim in checked.claims)

    @property
    def wrong(self) -> bool:
        """Something is wrong."""
        return any(c.verdict in {"wrong", "inherited"} for f in self.formulas for c in f.claims)
