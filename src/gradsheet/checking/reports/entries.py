"""What every report says of a claim: its sign, its words, its place, what it should have been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.marks import Mark, Status
    from gradsheet.checking.model import CheckedFormula, CheckReport, Claim, Reference, Slip, Verdict
    from gradsheet.diagnostics import Diagnostic, Remark, Span
    from gradsheet.manuscripts import Formula

VERDICTS: Final[tuple[Verdict, ...]] = ("right", "arrangement", "wrong", "inherited", "undecided", "unreadable")
SIGNS: Final[dict[Verdict, str]] = {
    "right": "✓", "arrangement": "≈", "wrong": "✗", "inherited": "↳", "undecided": "?", "unreadable": "▒",
}  # fmt: skip
KEYBOARD_SIGNS: Final[dict[Verdict, str]] = {
    "right": "+", "arrangement": "~", "wrong": "x", "inherited": ">", "undecided": "?", "unreadable": "!",
}  # fmt: skip
WORDS: Final[dict[Verdict, str]] = {
    "right": "right", "arrangement": "right up to arrangement", "wrong": "wrong", "inherited": "carried",
    "undecided": "not checkable", "unreadable": "unreadable",
}  # fmt: skip
SLIPS: Final[dict[Slip, str]] = {
    "sign": "a sign", "factor": "a factor", "term": "a term", "operand": "another symbol", "index": "an index",
    "shape": "a shape", "arrangement": "the arrangement", "arithmetic": "the arithmetic", "garbled": "garbled",
}  # fmt: skip
STATUS_WORDS: Final[dict[Status, str]] = {
    "right": "right", "follow-through": "carried", "wrong": "wrong", "open": "to be looked at", "missing": "not there",
}  # fmt: skip


class Where(NamedTuple):
    """A place for people: line and column from 1; `cell` from 1 in a notebook, else 0."""

    line: int
    column: int
    cell: int = 0

    def __str__(self) -> str:
        return f"cell {self.cell}, line {self.line}" if self.cell else str(self.line)


@dataclass(frozen=True, slots=True)
class Entry:
    """A claim with its formula and the place of what is wrong in it, or of its beginning."""

    checked: CheckedFormula
    claim: Claim
    where: Where

    @property
    def span(self) -> Span:
        """In the text of the formula: the part that is wrong, or the line."""
        return self.claim.patch[0] if self.claim.patch is not None else self.claim.span


def entries(report: CheckReport) -> Iterator[Entry]:
    """Every claim of a document, in its order."""
    for checked in report.formulas:
        for claim in checked.claims:
            span = claim.patch[0] if claim.patch is not None else claim.span
            yield Entry(checked, claim, where(report, checked.formula, span.start))


def is_notable(claim: Claim) -> bool:
    """Whether people want to hear of it: all but what is simply right."""
    return claim.verdict != "right" or claim.step_valid is False


def where(report: CheckReport, formula: Formula, at: int) -> Where:
    """The place of a character of a formula's text."""
    source = report.manuscript.source
    line, column = source.position(min(formula.origin(at), len(source.text)))
    if not formula.place.cell:
        return Where(line, column)
    first, begin = source.position(formula.start)
    if line == first:
        return Where(formula.place.line, formula.place.column + column - begin, formula.place.cell)
    return Where(formula.place.line + line - first, column, formula.place.cell)


def referred(report: CheckReport, reference: Reference) -> Where:
    """The place of a claim that another one refers to."""
    checked = report.formulas[reference.formula - 1]
    claim = next((c for c in checked.claims if c.step == reference.step), None)
    if claim is None:
        return Where(*checked.formula.place)
    return where(report, checked.formula, (claim.patch[0] if claim.patch else claim.span).start)


def tally_words(report: CheckReport) -> str:
    """`41 right, 3 wrong, 1 carried`: how many claims have each verdict."""
    counts = report.tally()
    parts = [f"{counts[verdict]} {WORDS[verdict]}" for verdict in VERDICTS if counts[verdict]]
    return ", ".join(parts) or "nothing is claimed"


def reason_of(report: CheckReport, claim: Claim) -> str:
    """Why, in one sentence without a full stop; never empty where something is not right."""
    if claim.reason:
        return claim.reason
    if claim.carried_from is not None:
        place = referred(report, claim.carried_from)
        return f"follows from {'' if place.cell else 'line '}{place}"
    if claim.verdict == "right":
        return "does not follow from the expression before it" if claim.step_valid is False else ""
    if claim.verdict == "wrong":
        return SLIPS[claim.slip] if claim.slip is not None else "this is not the sheet's value"
    return WORDS[claim.verdict]


def further(claim: Claim) -> list[tuple[str, str]]:
    """What else is to be said, each with a word before it: other edits, assumptions, the step."""
    said = [("or", tie) for tie in claim.ties]
    said.extend(("assuming", assumption) for assumption in claim.assumptions)
    return said


def printed(formula: str) -> str:
    r"""A formula in plain Unicode with the minus sign of print; what is LaTeX stays.

    >>> printed("a - b"), printed("a - \\b")
    ('a − b', 'a - \\b')
    """
    return formula if "\\" in formula else formula.replace("-", "−")


def remark_place(report: CheckReport, remark: Remark) -> int:
    """The line of a remark; 0 if it belongs to the whole document."""
    return report.manuscript.source.position(remark.span.start)[0] if remark.span is not None else 0


def problem_place(problem: Diagnostic) -> int:
    """The line of a problem; 0 if it belongs to the whole document."""
    if problem.source is None or problem.span is None:
        return 0
    return problem.source.position(problem.span.start)[0]


def mark_words(mark: Mark) -> str:
    """`right, after a correction`."""
    return STATUS_WORDS[mark.status] + (", after a correction" if mark.corrected else "")
