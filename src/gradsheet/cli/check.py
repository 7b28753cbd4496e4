"""`gradsheet check FILE`: somebody's own derivation, line by line; many of them in a folder."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.checking.batch import Outcome
    from gradsheet.checking.limits import Limits
    from gradsheet.checking.model import CheckReport

FORMATS: Final = ("text", "markdown", "html", "json")
ENDINGS: Final = {
    ".txt": "text", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".json": "json",
}  # fmt: skip
_FILE_ENDING: Final = {"text": "txt", "markdown": "md", "html": "html", "json": "json"}
DOCUMENTS: Final = frozenset({".md", ".markdown", ".tex", ".ipynb", ".html", ".htm", ".txt"})
"""Endings of the files that are taken from a folder."""
_STDIN = "-"
_LARGEST = 64 * 1024 * 1024
_MOST_JOBS = 256
_EXAMPLES = """\b
Examples:
  gradsheet check my-solution.md --sheet mlp.sheet
  gradsheet check my-solution.md --sheet mlp.sheet -o checked.html
  gradsheet check handed-in/ --sheet mlp.sheet -j 2 -o checked/
"""


@click.command(epilog=_EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER…")
@click.option("--sheet", "sheets", multiple=True, metavar="SHEET", help="What it is checked against; may be repeated.")
@click.option("--context", metavar="FILE", help="Names, shapes, values, conventions and marks, in YAML.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="How to write it; by default as FILE ends, else as text."
)
@click.option("-o", "--out", metavar="FILE", help="Write to FILE: .txt, .md, .html or .json; of many, into a folder.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is undecided or unreadable, too.")
@click.option("--all", "everything", is_flag=True, help="List what is right, too.")
@click.option("--quiet", is_flag=True, help="Neither how names were read nor remarks.")
@click.option("-j", "--jobs", type=click.IntRange(1, _MOST_JOBS), default=1, show_default=True, metavar="N",
              help="Documents at once.")  # fmt: skip
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
              help="For each document.  [default: 60]")  # fmt: skip
@click.option("--max-formulas", type=click.IntRange(min=1), metavar="N", help="In each document.  [default: 5000]")
@click.option("--ascii", "ascii_only", is_flag=True, help="Use the signs of a plain keyboard only.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Colours."
)
def check(*, files: tuple[str, ...], **options: Any) -> int:
    """Check derivations against sheets: which line is wrong, what the slip is, what the line should have been.

    FILE is Markdown, LaTeX, a notebook, HTML or text; `-` reads Markdown from standard input. A FOLDER stands for all
    such files in it. The exit status is 1 if anything is wrong.
    """
    _consider(files, options)
    if len(files) > 1 or Path(files[0]).is_dir():
        return _Class(files, options).run()
    return _One(files[0], options).run()


def _consider(files: Sequence[str], options: dict[str, Any]) -> None:
    """Refuse options that do not fit each other."""
    form, out = options["form"], options["out"]
    if options["as_json"] and form not in {None, "json"}:
        refuse("GS601", f"--json and --format {form} exclude each other")
    if options["as_json"]:
        options["form"] = "json"
    if len(files) > 1 and _STDIN in files:
        refuse("GS601", "standard input is one document, and cannot be one of many")
    if [*files, *options["sheets"]].count(_STDIN) > 1:
        refuse("GS601", "standard input can be read once only")
    if options["force"] and out is None:
        refuse("GS601", "--force replaces a file, and there is none", suggestion="-o FILE")
    if options["ascii_only"] and options["form"] not in {None, "text", "json"}:
        refuse("GS601", f"--ascii is for text, not for {options['form']}")


def _limits(options: dict[str, Any]) -> Limits:
    from dataclasses import replace  # noqa: PLC0415 - not for --help

    from gradsheet.checking.limits import Limits  # noqa: PLC0415 - not for --help

    asked = {"seconds": options["time_limit"], "formulas": options["max_formulas"]}
    return replace(Limits(), **{name: value for name, value in asked.items() if value is not None})


class _One:
    """One document, in one format."""

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        self.path = path
        self.options = options
        self.limits = _limits(options)

    def run(self) -> int:
        """Check, write, and say by the status whether anything is wrong."""
        from gradsheet.cli import pages  # noqa: PLC0415 - not for --help

        options = self.options
        options["out"] = None if options["out"] == _STDIN else options["out"]
        options["form"] = self.form()
        if options["out"] is not None:
            from gradsheet.files import check_target  # noqa: PLC0415 - a sibling, not for --help

            check_target(options["out"], force=options["force"])
        with in_time(self.limits.seconds), unbroken(self.path):
            report = self.report()
        pages.deliver(self.page(report), options)
        return _status(report.wrong, bool(report.tally().keys() & {"undecided", "unreadable"}), options)

    def form(self) -> str:
        """As `--format` says, else by the ending of the file, else text."""
        form, out = self.options["form"], self.options["out"]
        if form is not None or out is None:
            return form or "text"

        ending = Path(out).suffix.lower()
        if ending not in ENDINGS:
            said = (
                f"the ending '{ending}' is that of no format" if ending else f"'{out}' has no ending to say the format"
            )
            refuse("GS601", said, suggestion="--format text, markdown, html or json")
        return ENDINGS[ending]

    def report(self) -> CheckReport:
        from gradsheet.checking.documents import check_file, check_manuscript  # noqa: PLC0415 - brings the engine
        from gradsheet.cli.sheets import load, read_bytes  # noqa: PLC0415 - a sibling, not for --help

        options = self.options
        if self.path != _STDIN:
            read_bytes(self.path, 1)  # a path that leads nowhere is said as for sheets
        if _STDIN not in {self.path, *options["sheets"]}:
            return check_file(self.path, options["sheets"], options["context"], self.limits)
        from gradsheet.manuscripts import read_manuscript  # noqa: PLC0415 - not for --help

        sheets = [load(sheet) for sheet in options["sheets"]]
        if self.path == _STDIN:
            manuscript = read_manuscript(read_bytes(_STDIN, _LARGEST), kind="markdown", name="<stdin>")
        else:
            manuscript = read_manuscript(Path(self.path))
        if manuscript.problems and not manuscript.pieces:
            from gradsheet.diagnostics import SheetError  # noqa: PLC0415 - on errors only

            raise SheetError(manuscript.problems)
        return check_manuscript(manuscript, sheets, options["context"], self.limits)

    def page(self, report: CheckReport) -> str:
        """The report in its format."""
        from gradsheet.cli import output  # noqa: PLC0415 - a sibling, not for --help

        options = self.options
        if options["form"] == "json":
            from gradsheet.checking.reports.data import report_data  # noqa: PLC0415 - for JSON only

            return output.json_text(
                report_data(report), ascii_only=options["out"] is None and not output.shows_unicode()
            )
        if options["form"] != "text":
            from gradsheet.checking.reports.formats import written  # noqa: PLC0415 - for pages only

            return written(report, options["form"])
        from gradsheet.checking.reports.terminal import Wishes, terminal_lines  # noqa: PLC0415 - for text only

        wishes = Wishes(output.width(), options["everything"], options["quiet"], _on_keyboard(options))
        coloured = output.colours(options["color"], to_file=options["out"] is not None)
        return output.painted(terminal_lines(report, wishes), coloured=coloured)


def _on_keyboard(options: dict[str, Any]) -> bool:
    from gradsheet.cli.output import shows_unicode  # noqa: PLC0415 - a sibling, not for --help

    return bool(options["ascii_only"]) or (options["out"] is None and not shows_unicode())


def _status(wrong: bool, open_: bool, options: dict[str, Any]) -> int:  # noqa: FBT001 - two facts and what they mean
    """0 if all is well, 1 if anything is wrong; with --strict also if anything is left open."""
    return int(wrong or (open_ and options["strict"]))


@contextlib.contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """End what looks at no clock, where the system has an alarm; the check itself stops earlier, between claims."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        refuse("GS722", f"the check did not stop at its limit of {seconds:g} s", suggestion="--time-limit SECONDS")

    from gradsheet.checking.limits import GRACE, SHARE  # noqa: PLC0415 - not for --help

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds * (1 + SHARE) + GRACE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def unbroken(path: str) -> Iterator[None]:
    """A fault of ours is said as one; a document never gives a traceback."""
    from gradsheet.diagnostics import SheetError  # noqa: PLC0415 - not for --help

    try:
        yield
    except (SheetError, click.ClickException):
        raise
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is named, with the request to report it
        what = f"{type(problem).__name__}: {problem}"[:300]
        refuse("GS724", f"the check broke off: {what}", path, "please report it with the document")


# ---------------------------------------------------------------- many documents


class _Class:
    """All documents of a class: a page for each, and a table."""

    def __init__(self, files: Sequence[str], options: dict[str, Any]) -> None:
        self.options = options
        self.folder: str | None = options["out"]
        self.documents = dict(self.found(files))

    def found(self, files: Sequence[str]) -> Iterator[tuple[str, str]]:
        """(name, path) of each document: of a folder all that can be read, in the order of their names."""
        out = Path(self.folder).resolve() if self.folder is not None else None
        seen: set[Path] = set()
        for name in files:
            folder = Path(name)
            if not folder.is_dir():
                yield name, name
                continue
            inside = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in DOCUMENTS and p.is_file()]
            for path in inside:
                parts = path.relative_to(folder).parts
                whole = path.resolve()
                if any(part.startswith(".") for part in parts) or whole in seen or (out and out in whole.parents):
                    continue
                seen.add(whole)
                yield (path.relative_to(folder).as_posix() if len(files) == 1 else path.as_posix()), str(path)
        if not seen and all(Path(name).is_dir() for name in files):
            endings = ", ".join(sorted(DOCUMENTS))
            refuse("GS723", "there are no documents in it", files[0], f"files that end in {endings}")

    def run(self) -> int:
        """Check them all, write what is asked for, and say by the status how it went."""
        self.prepare()
        outcomes = self.outcomes()
        rows = [outcome.row for outcome in outcomes]
        if self.folder is not None:
            self.write("summary.csv", self.table(outcomes))
            click.echo(f"{self.folder} holds summary.csv and the reports", err=True)
        self.show(outcomes)
        wrong = any(row.counts and (row.counts[2] or row.counts[3]) for row in rows)
        lost = any(not row.counts for row in rows)
        open_ = any(row.counts and (row.counts[4] or row.counts[5]) for row in rows)
        status = _status(wrong, open_, self.options)
        return 2 if lost and not status else status

    def prepare(self) -> None:
        """Refuse before the work what is wrong for every document: sheets, context, marks, places."""
        from gradsheet.checking.batch import need_joblib  # noqa: PLC0415 - brings the engine
        from gradsheet.checking.context import context_of, read_context_file  # noqa: PLC0415 - not for --help
        from gradsheet.checking.documents import scheme_for, sheet_at  # noqa: PLC0415 - brings the engine

        options = self.options
        if _STDIN in options["sheets"]:
            refuse("GS601", "a sheet on standard input is for one document", suggestion="put the sheet into a file")
        if options["form"] not in {None, "text", "json"} and self.folder is None:
            refuse("GS601", f"many documents in {options['form']} need a folder", suggestion="-o FOLDER")
        if options["jobs"] > 1:
            need_joblib()
        context = context_of(file=read_context_file(options["context"])[1]) if options["context"] is not None else None
        scheme_for(context, [sheet_at(sheet) for sheet in options["sheets"]])
        if self.folder is not None:
            self.make_folder(self.folder)

    def make_folder(self, folder: str) -> None:
        from gradsheet.files import check_target  # noqa: PLC0415 - a sibling, not for --help

        path = Path(folder)
        if path.exists() and not path.is_dir():
            refuse("GS602", "this is a file, not a folder", folder)
        if not path.exists():
            check_target(folder)
            try:
                path.mkdir()
            except OSError as problem:
                refuse("GS602", f"the folder cannot be made: {problem.strerror}", folder)
        for name in ["summary.csv", *(page for names in self.names().values() for page in names.values())]:
            check_target(str(path / name), force=self.options["force"])

    def formats(self) -> tuple[str, ...]:
        """Those of the pages: always JSON, and what is asked for beside it."""
        form = self.options["form"]
        return ("json",) if form in {None, "json"} else ("json", form)

    def names(self) -> dict[str, dict[str, str]]:
        """For each document the names of its files by format: a folder in its name becomes a hyphen."""
        taken: set[str] = set()
        found = {}
        for name in self.documents:
            base = flat = name.strip("/").replace("../", "").replace("/", "-").replace("\\", "-")
            number = 2
            while flat.casefold() in taken:
                flat, number = f"{base}-{number}", number + 1
            taken.add(flat.casefold())
            found[name] = {form: f"{flat}.{_FILE_ENDING[form]}" for form in self.formats()}
        return found

    def outcomes(self) -> list[Outcome]:
        """Every document, its files written as soon as it is there."""
        from gradsheet.checking.batch import Task, check_many  # noqa: PLC0415 - brings the engine

        options, limits, names = self.options, _limits(self.options), self.names()
        formats = self.formats() if self.folder is not None else ()
        tasks = [
            Task(path, name, tuple(options["sheets"]), options["context"], limits, formats)
            for name, path in self.documents.items()
        ]
        found = []
        with contextlib.closing(check_many(tasks, options["jobs"])) as coming, _watched(len(tasks)) as say:
            for outcome in coming:
                found.append(outcome)
                say(len(found), outcome.row.file)
                for form, text in outcome.pages.items():
                    self.write(names[outcome.row.file][form], text)
        return found

    def write(self, name: str, text: str) -> None:
        from gradsheet.files import write_file  # noqa: PLC0415 - a sibling, not for --help

        assert self.folder is not None
        write_file(str(Path(self.folder) / name), text.encode(), force=self.options["force"])

    def table(self, outcomes: Sequence[Outcome]) -> str:
        from gradsheet.checking.reports.table import csv_text  # noqa: PLC0415 - for tables only

        return csv_text(outcome.row for outcome in outcomes)

    def show(self, outcomes: Sequence[Outcome]) -> None:
        """The table, or everything as data."""
        from gradsheet.checking.reports.table import table_lines  # noqa: PLC0415 - for tables only
        from gradsheet.cli import output  # noqa: PLC0415 - a sibling, not for --help

        if self.options["as_json"] or (self.options["form"] == "json" and self.folder is None):
            output.write_json({"schema_version": 1, "documents": [outcome.data for outcome in outcomes]})
            return
        rows = [outcome.row for outcome in outcomes]
        ascii_only = bool(self.options["ascii_only"]) or not output.shows_unicode()
        coloured = output.colours(self.options["color"])
        output.show(table_lines(rows, output.width(), ascii_only=ascii_only), coloured=coloured)


@contextlib.contextmanager
def _watched(count: int) -> Iterator[Any]:
    """Says on standard error how far it is, where somebody is watching."""
    width = 0

    def say(done: int, name: str) -> None:
        nonlocal width
        if sys.stderr.isatty():
            text = f"{done} of {count}  {name}"[:78]
            sys.stderr.write("\r" + text.ljust(width))
            sys.stderr.flush()
            width = max(width, len(text))

    try:
        yield say
    finally:
        if width:
            sys.stderr.write("\r" + " " * width + "\r")
            sys.stderr.flush()
