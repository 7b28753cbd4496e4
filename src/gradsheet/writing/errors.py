"""Diagnostics as data: what `--json` prints when the input cannot be used. Needs nothing that is slow to load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.diagnostics import Diagnostic

SCHEMA_VERSION: Final = 1


def error_json(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """What stands in the place of a solution.

    >>> from gradsheet.diagnostics import Diagnostic
    >>> error_json([Diagnostic("GS001", "nothing to read")])["error"]["diagnostics"][0]["code"]
    'GS001'
    """
    return {"schema_version": SCHEMA_VERSION, "error": {"diagnostics": [d.to_json() for d in diagnostics]}}
