"""`gradsheet export SHEET`: the derived functions as source code; `gradsheet program SHEET`: what they compute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.sheet import Sheet

_EXPORT_EXAMPLES = """\b
Examples:
  gradsheet export mlp.sheet --to numpy
  gradsheet export mlp.sheet --to torch --batch -o mlp.py --with-test
  gradsheet export mlp.sheet --to c --what predict --const-weights -o mlp.c
"""
_PROGRAM_EXAMPLES = """\b
Examples:
  gradsheet program mlp.sheet --batch any
  gradsheet program mlp.sheet --after decompose --what value
"""
_VALUES = (
    click.option("--given", multiple=True, metavar="FILE", help="Values from a .json or .npz file; may be repeated."),
    click.option("--set", "settings", multiple=True, metavar="NAME=VALUE",
        help="One value or size, as in a sheet; may be repeated."),
    click.option("--what", multiple=True, metavar="NAME",
        help="value, gradient, update, pullback, or a name of the sheet; may be repeated. By default all."),
    click.option("--data", multiple=True, metavar="NAME",
        help="An input with a row for each example; may be repeated."),
)  # fmt: skip


def _with_values(command: Any) -> Any:
    """The options that both commands share."""
    for option in reversed(_VALUES):
        command = option(command)
    return command


@click.command(epilog=_EXPORT_EXAMPLES)
@click.argument("sheet")
@click.option("--to", "target", required=True, metavar="TARGET", help="numpy, jax, torch or c.")
@_with_values
@click.option("--batch", is_flag=False, flag_value="any", metavar="[N]",
    help="Data come with a row for each example; for C, N rows.")
@click.option("--dtype", metavar="TYPE", help="For C: float64 (by default) or float32.")
@click.option("--const-weights", is_flag=True, help="For C: the values of the parameters become part of the code.")
@click.option("-o", "--out", metavar="FILE", help="Write to FILE; by default to standard output.")
@click.option("--with-test", is_flag=True, help="Write test_FILE beside FILE: reference numbers, checked derivatives.")
@click.option("--force", is_flag=True, help="Replace what exists.")
def export(*, sheet: str, target: str, given: tuple[str, ...], settings: tuple[str, ...], **options: Any) -> None:
    """Print the functions of SHEET and their derived gradients as code; `-` reads standard input."""
    from gradsheet.cli.output import write  # noqa: PLC0415 - not for --help
    from gradsheet.cli.sheets import STDIN, gather, load  # noqa: PLC0415 - not for --help
    from gradsheet.files import check_target, write_files  # noqa: PLC0415 - not for --help
    from gradsheet.targets import Choices  # noqa: PLC0415 - brings NumPy
    from gradsheet.targets import export as exported  # noqa: PLC0415 - the same

    out = None if options["out"] == STDIN else options["out"]
    suffix = ".c" if target == "c" else ".py"
    test = _test_path(out, suffix) if options["with_test"] else None
    if out is None and (options["with_test"] or options["force"]):
        refuse("GS601", "--with-test and --force need a file", suggestion=f"-o FILE{suffix}")
    if out is not None and target == "c":
        _insist_on_c(out)
    header = [str(Path(out).with_suffix(".h"))] if out is not None and target == "c" else []
    for path in filter(None, (out, *header, test)):
        check_target(path, force=options["force"])
    values = gather(given, settings)
    rows = _rows(options["batch"])
    choices = Choices(
        options["what"], values, rows if isinstance(rows, int) else rows is not None, options["data"] or None,
        options["dtype"] or "float64", options["const_weights"], "" if out is None else Path(out).stem,
    )  # fmt: skip
    found = load(sheet)
    if options["dtype"] and target != "c":
        refuse("GS803", "--dtype is for C: elsewhere the arrays that are handed in say it", found.source.name)
    made = exported(found, target, choices)
    insist(found, made.plan.solution)
    if out is None:
        write(made.text)
        return
    folder, files = Path(out).parent, made.files(Path(out).stem)
    written = {out: files.pop(Path(out).name, made.text)} | {str(folder / name): text for name, text in files.items()}
    if test is not None:
        written[test] = made.test(Path(out).stem)
    write_files({path: text.encode() for path, text in written.items()}, force=options["force"])
    for path in written:
        click.echo(f"{path} is written", err=True)
    for remark in made.remarks:
        click.echo(remark, err=True)


def _insist_on_c(out: str) -> None:
    """Functions are called after the file, and the header stands beside it."""
    path = Path(out)
    if path.suffix != ".c" or not (path.stem.isascii() and path.stem.isidentifier()):
        message = f"'{path.name}' is no name for a C file whose functions are called after it"
        refuse("GS601", message, suggestion="-o NAME.c, of letters and digits")


def _test_path(out: str | None, suffix: str) -> str | None:
    """Where the test of a file goes: beside it, and importable as it is."""
    if out is None:
        return None

    path = Path(out)
    if path.suffix != suffix or not path.stem.isidentifier():
        refuse("GS601", f"'{path.name}' cannot be imported by a test",
            suggestion=f"-o NAME{suffix}, of letters and digits")  # fmt: skip
    return str(path.with_name(f"test_{path.stem}.py"))


def insist(sheet: Sheet, solution: Any) -> None:
    """Never export a gradient that could not be verified."""
    verification = solution.verification
    if verification is not None and not verification.passed:
        refuse("GS503", verification.summary(), sheet.source.name)


@click.command(epilog=_PROGRAM_EXAMPLES)
@click.argument("sheet", required=False)
@_with_values
@click.option("--after", metavar="PASS", help="As it is after this pass; by default after the last one.")
@click.option("--batch", metavar="N", help="Rows of the data: a number, or `any`.")
@click.option("--passes", is_flag=True, help="List the passes, and what each is for.")
@click.option("--json", "as_json", is_flag=True, help="Print the program as JSON.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Use the signs of a plain keyboard only.")
def program(*, sheet: str | None, given: tuple[str, ...], settings: tuple[str, ...], **options: Any) -> None:
    """Print what is computed for SHEET, step by step, after any pass; `-` reads standard input."""
    from gradsheet.cli.output import shows_unicode, write, write_json  # noqa: PLC0415 - not for --help
    from gradsheet.cli.sheets import gather, load  # noqa: PLC0415 - not for --help
    from gradsheet.programs.lowering import PASSES  # noqa: PLC0415 - brings NumPy
    from gradsheet.programs.viewing import ProgramView, passes_text  # noqa: PLC0415 - the same

    if options["passes"]:
        if options["as_json"]:
            write_json({"schema_version": 1, "passes": [{"name": p.name, "purpose": p.purpose} for p in PASSES]})
        else:
            write(passes_text())
        return
    if sheet is None:
        refuse("GS601", "a sheet is missing", suggestion="gradsheet program SHEET")
    after = options["after"]
    if after is not None and after not in {p.name for p in PASSES}:
        refuse("GS601", f"there is no pass '{after}'", suggestion="passes are " + ", ".join(p.name for p in PASSES))
    found = load(sheet)
    made = _lowered(found, gather(given, settings), options)
    view = ProgramView(made, found, ascii_only=options["ascii_only"] or not shows_unicode())
    if options["as_json"]:
        write_json(view.data())
    else:
        write(view.text())


def _lowered(sheet: Sheet, values: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    from gradsheet.targets.plan import program_of  # noqa: PLC0415 - brings NumPy

    return program_of(
        sheet, values, tuple(options["what"]), options["after"], _rows(options["batch"]), options["data"] or None
    )


def _rows(text: str | None) -> int | str | None:
    """Rows of the data, as `--batch` says them."""
    if text is None or text == "any":
        return text
    if not text.isdecimal() or not 0 < int(text) < 1 << 31:
        refuse("GS601", f"--batch takes a number of rows or `any`, not '{text}'")
    return int(text)
