"""From the path of a document to its report: read, bound to its sheets, checked, marked."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gradsheet.checking.check import check
from gradsheet.checking.context import context_of, read_context_file
from gradsheet.checking.marks import Scheme, give_marks, read_scheme
from gradsheet.diagnostics import Diagnostic, SheetError, Source
from gradsheet.manuscripts import load_yaml, read_manuscript
from gradsheet.sheet import load_sheet
from gradsheet.syntax import front_matter, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.checking.context import Context
    from gradsheet.checking.limits import Limits
    from gradsheet.checking.model import CheckReport
    from gradsheet.manuscripts import Manuscript
    from gradsheet.sheet import Sheet


def check_file(path: str, sheets: Sequence[str], context: str | None, limits: Limits) -> CheckReport:
    """The report on one file; raises `SheetError` where the file, a sheet or the context cannot be used."""
    manuscript = read_manuscript(Path(path))
    if manuscript.problems and not manuscript.pieces:
        raise SheetError(manuscript.problems)
    return check_manuscript(manuscript, [sheet_at(sheet) for sheet in sheets], context, limits)


def check_manuscript(
    manuscript: Manuscript, sheets: Sequence[Sheet], context: str | Source | None, limits: Limits
) -> CheckReport:
    """The report on a document that was read. `sheets` are used instead of those that the context names."""
    file = read_context_file(context)[1] if isinstance(context, str) else context
    said = context_of(manuscript, file)
    found = [*(sheets or _sheets(said)), *_sheets_of_questions(said)]
    report = check(manuscript, list(dict.fromkeys(found)), said, limits)
    scheme = scheme_for(said, found)
    remarks = tuple(r for r in said.remarks if r not in report.remarks)
    problems = tuple(p for p in said.problems if p not in report.problems)
    return replace(
        report,
        remarks=(*report.remarks, *remarks),
        problems=(*report.problems, *problems),
        marks=give_marks(report, scheme) if scheme is not None else None,
    )


@lru_cache(maxsize=64)
def sheet_at(path: str) -> Sheet:
    """The sheet in a file; read once for all documents that use it."""
    try:
        data = Path(path).read_bytes()
    except OSError as problem:
        message = f"the sheet cannot be read: {problem.strerror or problem}"
        raise SheetError((Diagnostic("GS001", message, None, Source("", path)),)) from None
    return load_sheet(read_source(data, path))


def _sheets(context: Context) -> list[Sheet]:
    return [sheet_at(str(sheet.path)) for sheet in context.sheets]


def _sheets_of_questions(context: Context) -> list[Sheet]:
    return [sheet for question in context.questions for sheet in _sheets(question.inner)]


# ---------------------------------------------------------------- marks


def scheme_for(context: Context | None, sheets: Iterable[Sheet]) -> Scheme | None:
    """The scheme of marks: the context's, else those in the front matter of the sheets, together."""
    if context is not None and context.marks is not None:
        return read_scheme(context.marks, context.source.name if context.source is not None else "marks")
    found = [scheme for scheme in map(scheme_in, dict.fromkeys(sheets)) if scheme is not None]
    if not found:
        return None
    results = {required.name: required for scheme in found for required in scheme.results}
    return Scheme(
        tuple(results.values()),
        sum((scheme.total for scheme in found), Fraction(0)),
        {verdict: points for scheme in found for verdict, points in scheme.other.items()},
        tuple(remark for scheme in found for remark in scheme.remarks),
    )


def scheme_in(sheet: Sheet) -> Scheme | None:
    """The scheme in the front matter of a sheet."""
    front = front_matter(sheet.source)
    if not front.text.strip():
        return None
    data, problem = load_yaml(front.text, sheet.source, front.line, "GS720")
    if problem is not None:
        raise SheetError((problem,))
    marks = data.get("marks") if isinstance(data, dict) else None
    return None if marks is None else read_scheme(marks, sheet.source.name)
