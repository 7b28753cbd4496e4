"""The formats of a report that are no terminal's, by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gradsheet.checking.reports.data import report_data
from gradsheet.checking.reports.html import page
from gradsheet.checking.reports.markdown import markdown
from gradsheet.checking.reports.terminal import Wishes, terminal_lines
from gradsheet.writing.terminal import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.checking.model import CheckReport


def written(report: CheckReport, form: str) -> str:
    """A report in one of the formats."""
    return _WRITERS[form](report)


def json_text(data: Any) -> str:
    """Data as JSON, with a line for each entry."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def _as_json(report: CheckReport) -> str:
    return json_text(report_data(report))


def _as_text(report: CheckReport) -> str:
    return plain_text(terminal_lines(report, Wishes()))


_WRITERS: Final[dict[str, Callable[[CheckReport], str]]] = {
    "text": _as_text,
    "markdown": markdown,
    "html": page,
    "json": _as_json,
}
