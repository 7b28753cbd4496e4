"""`--format` and `-o`: which format is asked for, the solution in it, and where it goes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.writing.arrays import NumberStyle
    from gradsheet.writing.report import Report

FORMATS: Final = ("text", "markdown", "latex", "html", "pdf", "svg", "json")
_ENDINGS: Final = {
    ".txt": "text", ".md": "markdown", ".markdown": "markdown", ".tex": "latex", ".html": "html", ".htm": "html",
    ".pdf": "pdf", ".svg": "svg", ".json": "json",
}  # fmt: skip


def chosen(options: Mapping[str, Any]) -> str:
    """The format: as `--format` or `--json` say, else by the ending of the file, else text.

    >>> chosen({"form": None, "as_json": False, "out": "a/solution.HTML"})
    'html'
    >>> chosen({"form": "latex", "as_json": False, "out": "notes.txt"})
    'latex'
    """
    form, as_json, out = options["form"], options["as_json"], options["out"]
    if as_json and form not in {None, "json"}:
        refuse("GS601", f"--json and --format {form} exclude each other")
    if form is not None:
        return str(form)
    if as_json:
        return "json"
    if out is None:
        return "text"
    ending = Path(out).suffix.lower()
    if ending not in _ENDINGS:
        said = f"the ending '{ending}' is that of no format" if ending else f"'{out}' has no ending to say the format"
        refuse("GS601", said, suggestion="--format " + ", ".join(FORMATS[:-1]) + f" or {FORMATS[-1]}")
    return _ENDINGS[ending]


def check(options: Mapping[str, Any]) -> None:
    """Refuse before the work what could not be written after it."""
    form, out, force = options["form"], options["out"], options["force"]
    if options["hints"] and (form != "text" or out is not None):
        other = "--out" if out is not None else "--json" if options["as_json"] else f"--format {form}"
        refuse("GS601", f"--hints is for people, {other} for files and programs")
    if options["ascii_only"] and form not in {"text", "json"}:
        refuse("GS601", f"--ascii is for text, not for {form}")
    if out is not None:
        from gradsheet.files import check_target  # noqa: PLC0415 - a sibling, not for --help

        check_target(out, force=force)
    elif force:
        refuse("GS601", "--force replaces a file, and there is none", suggestion="-o FILE")
    elif form == "pdf" and sys.stdout.isatty():
        refuse("GS601", "a PDF is nothing for a terminal", suggestion="-o solution.pdf")


def page(report: Report, style: NumberStyle, options: Mapping[str, Any]) -> str | bytes:
    """A solution in one of the formats that are no terminal's."""
    form = options["form"]
    if form == "json":
        from gradsheet.cli.output import json_text, shows_unicode  # noqa: PLC0415 - a sibling, not for --help
        from gradsheet.writing.json_view import to_json  # noqa: PLC0415 - one format at a time

        return json_text(to_json(report), ascii_only=options["out"] is None and not shows_unicode())
    if form == "svg":
        return _drawing(report, style)
    from gradsheet.writing.documents.composition import compose  # noqa: PLC0415 - for documents only
    from gradsheet.writing.formats.writers import WRITERS  # noqa: PLC0415 - for documents only

    drawing = _picture(report, style) if form == "html" else None
    return WRITERS[form](compose(report, style, picture=drawing))


def _picture(report: Report, style: NumberStyle) -> str | None:
    """The drawing for a page, if there is something to draw and the library that does it."""
    from gradsheet.writing.picture import can_draw, picture  # noqa: PLC0415 - for drawings only

    if not can_draw():
        click.echo('remark: without a picture of the graph, which needs: pip install "gradsheet[picture]"', err=True)
        return None
    return picture(report, inline=True, style=style)


def _drawing(report: Report, style: NumberStyle) -> str:
    from gradsheet.writing.picture import picture  # noqa: PLC0415 - for drawings only

    drawn = picture(report, inline=False, style=style)
    if drawn is None:
        refuse("GS604", "there is nothing to draw", suggestion="a sheet with at least one equation")
    return drawn


def deliver(data: str | bytes, options: Mapping[str, Any]) -> None:
    """To the file, whole or not at all, or to standard output."""
    from gradsheet.cli import output  # noqa: PLC0415 - not for --help

    out = options["out"]
    if out is not None:
        from gradsheet.files import write_file  # noqa: PLC0415 - a sibling, not for --help

        write_file(out, data.encode() if isinstance(data, str) else data, force=options["force"])
        click.echo(f"{out} is written", err=True)
    elif isinstance(data, str):
        output.write(data)
    else:
        output.write_bytes(data)
