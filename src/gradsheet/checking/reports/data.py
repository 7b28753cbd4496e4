"""A checked document as plain data, by `docs/schema/check.schema.json`: every formula, with or without claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gradsheet.checking.reports.entries import VERDICTS, problem_place, remark_place, where

if TYPE_CHECKING:
    from fractions import Fraction

    from gradsheet.checking.marks import Score
    from gradsheet.checking.model import CheckedFormula, CheckReport, Claim

SCHEMA_VERSION: Final = 1


def report_data(report: CheckReport) -> dict[str, Any]:
    """All of a report; the same document gives the same data, so no times are in it."""
    source = report.manuscript.source
    tally = report.tally()
    return {
        "schema_version": SCHEMA_VERSION,
        "document": source.name,
        "sheets": list(report.sheets),
        "bindings": [
            {"written": b.written, "latex": b.latex, "stands_for": b.stands_for, "origin": b.origin,
             "line": b.line or None}
            for b in report.bindings
        ],
        "formulas": [_formula(report, checked) for checked in report.formulas],
        "tally": {verdict: tally[verdict] for verdict in VERDICTS},
        "wrong": report.wrong,
        "stopped": report.stopped or None,
        "remarks": [{"message": r.message, "line": remark_place(report, r) or None} for r in report.remarks],
        "problems": [
            {"code": p.code, "message": p.message, "line": problem_place(p) or None} for p in report.problems
        ],
        "marks": marks_data(report.marks),
    }  # fmt: skip


def _formula(report: CheckReport, checked: CheckedFormula) -> dict[str, Any]:
    formula = checked.formula
    return {
        "formula": formula.number,
        "line": formula.place.line,
        "column": formula.place.column,
        "cell": formula.place.cell or None,
        "display": formula.display,
        "latex": formula.latex,
        "kind": checked.kind,
        "reading": checked.reading,
        "claims": [_claim(report, checked, claim) for claim in checked.claims],
    }


def _claim(report: CheckReport, checked: CheckedFormula, claim: Claim) -> dict[str, Any]:
    place = where(report, checked.formula, claim.span.start)
    carried = claim.carried_from
    return {
        "step": claim.step,
        "line": place.line,
        "column": place.column,
        "latex": claim.latex,
        "text": claim.text,
        "verdict": claim.verdict,
        "slip": claim.slip,
        "step_valid": claim.step_valid,
        "expected": claim.expected,
        "expected_text": claim.expected_text,
        "reason": claim.reason,
        "certainty": claim.certainty,
        "ties": list(claim.ties),
        "carried_from": {"formula": carried.formula, "step": carried.step} if carried is not None else None,
        "patch": _patch(report, checked, claim),
        "assumptions": list(claim.assumptions),
        "quantity": claim.quantity,
    }


def _patch(report: CheckReport, checked: CheckedFormula, claim: Claim) -> dict[str, Any] | None:
    """The part that is wrong, by its places in the file, and what should stand there."""
    if claim.patch is None:
        return None
    span, right = claim.patch
    begin, end = (where(report, checked.formula, at) for at in (span.start, span.end))
    written = checked.formula.text[span.start : span.end]
    return {
        "line": begin.line, "column": begin.column, "end_line": end.line, "end_column": end.column,
        "written": written, "right": right,
    }  # fmt: skip


def marks_data(score: Score | None) -> dict[str, Any] | None:
    """The points, if a scheme was given."""
    if score is None:
        return None
    return {
        "score": number(score.got),
        "total": number(score.total),
        "results": [
            {"name": m.name, "points": number(m.points), "score": number(m.got), "status": m.status,
             "formula": m.formula or None, "corrected": m.corrected}
            for m in score.marks
        ],
        "other": number(score.other),
        "remarks": list(score.remarks),
    }  # fmt: skip


def number(points: Fraction) -> int | float:
    """A number as JSON has it.

    >>> from fractions import Fraction
    >>> number(Fraction(4, 2)), number(Fraction(5, 2))
    (2, 2.5)
    """
    return points.numerator if points.denominator == 1 else float(points)
