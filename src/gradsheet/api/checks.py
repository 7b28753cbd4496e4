"""A checked derivation in Python: what is wrong in it, as text, as data and as pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gradsheet.api.sheets import Sheet
from gradsheet.diagnostics import SheetError, Source

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from gradsheet import sheet as sheets
    from gradsheet.checking.model import CheckReport, Verdict

Kind = Literal["markdown", "latex", "notebook", "html", "text"]


def check(
    document: str | os.PathLike[str] | None = None,
    *,
    text: str | bytes | None = None,
    kind: Kind = "markdown",
    sheet: Sheet | str | os.PathLike[str] | Iterable[Sheet | str | os.PathLike[str]] = (),
    context: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    time_limit: float = 60.0,
) -> Check:
    """Check a derivation against sheets: the file `document`, or a `text` of some `kind`.

    `sheet` is a sheet, its path, or several; without it the document's own front matter names it, or the document
    defines its network itself. `context` is a file or the same as data: names, shapes, values, conventions, marks.
    Raises `SheetError` where nothing can be read.
    """
    from gradsheet.checking.documents import check_manuscript  # noqa: PLC0415 - brings the engine of the check
    from gradsheet.checking.limits import Limits  # noqa: PLC0415 - the same
    from gradsheet.manuscripts import read_manuscript  # noqa: PLC0415 - the same

    if (document is None) == (text is None):
        msg = "either the path of a document or its text=…"
        raise TypeError(msg)
    if document is not None:
        manuscript = read_manuscript(Path(document))
    else:
        assert text is not None
        manuscript = read_manuscript(text, kind=kind, name="<document>")
    if manuscript.problems and not manuscript.pieces:
        raise SheetError(manuscript.problems)
    several = [sheet] if isinstance(sheet, Sheet | str) or hasattr(sheet, "__fspath__") else list(sheet)
    return Check(check_manuscript(manuscript, [_sheet(s) for s in several], _context(context), Limits(time_limit)))


def _sheet(given: Any) -> sheets.Sheet:
    from gradsheet.checking.documents import sheet_at  # noqa: PLC0415 - brings the engine of the check

    return given.inner if isinstance(given, Sheet) else sheet_at(str(given))


def _context(given: str | os.PathLike[str] | Mapping[str, Any] | None) -> str | Source | None:
    """A path, or data as the text that a file would have."""
    if given is None:
        return None
    if isinstance(given, Mapping):
        import yaml  # noqa: PLC0415 - for data only

        return Source(yaml.safe_dump(dict(given), allow_unicode=True, sort_keys=False), "<context>")
    return str(given)


class Check:
    """What was found in a document; the same on every page that is made of it."""

    def __init__(self, report: CheckReport) -> None:
        self._report = report

    @property
    def wrong(self) -> bool:
        """Something is wrong, or follows from what is wrong."""
        return self._report.wrong

    @property
    def tally(self) -> dict[Verdict, int]:
        """How many claims have each verdict."""
        from gradsheet.checking.reports.entries import VERDICTS  # noqa: PLC0415 - loaded when asked for

        counts = self._report.tally()
        return {verdict: counts[verdict] for verdict in VERDICTS}

    @property
    def claims(self) -> list[dict[str, Any]]:
        """Every claim as data, with the number of its formula."""
        return [{"formula": f["formula"], **claim} for f in self.to_json()["formulas"] for claim in f["claims"]]

    @property
    def score(self) -> float | None:
        """The points, if a scheme of marks was given."""
        return float(self._report.marks.got) if self._report.marks is not None else None

    @property
    def remarks(self) -> tuple[str, ...]:
        """How the document was read where it could be read otherwise."""
        return tuple(remark.message for remark in self._report.remarks)

    def text(self, *, width: int = 100, everything: bool = False, ascii_only: bool = False) -> str:
        """The report as the terminal prints it; with `everything` the right lines too."""
        from gradsheet.checking.reports.terminal import Wishes, terminal_lines  # noqa: PLC0415 - loaded when asked for
        from gradsheet.writing.terminal import plain_text  # noqa: PLC0415 - the same

        return plain_text(terminal_lines(self._report, Wishes(width, everything, quiet=False, ascii_only=ascii_only)))

    def to_json(self) -> dict[str, Any]:
        """The report as plain data, as `gradsheet check --json` prints it."""
        from gradsheet.checking.reports.data import report_data  # noqa: PLC0415 - loaded when asked for

        return report_data(self._report)

    def to_markdown(self) -> str:
        """The document with a remark behind each judged formula."""
        from gradsheet.checking.reports.markdown import markdown  # noqa: PLC0415 - loaded when asked for

        return markdown(self._report)

    def to_html(self) -> str:
        """The document as one HTML page that needs nothing else, each formula marked in its place."""
        from gradsheet.checking.reports.html import page  # noqa: PLC0415 - loaded when asked for

        return page(self._report)

    def _repr_html_(self) -> str:
        from gradsheet.checking.reports.html import fragment  # noqa: PLC0415 - loaded when asked for

        return fragment(self._report)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        from gradsheet.checking.reports.entries import tally_words  # noqa: PLC0415 - loaded when asked for

        return f"<Check of {self._report.manuscript.source.name}: {tally_words(self._report)}>"
