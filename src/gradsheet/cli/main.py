"""`gradsheet`: the group of commands, and what happens when something goes wrong.

Exit codes: 0 done, 1 a check failed, 2 the input cannot be read or used, 130 interrupted, 143 if by SIGTERM.
"""

from __future__ import annotations

import gc
import os
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from gradsheet.cli.check import check
from gradsheet.cli.export import export, program
from gradsheet.cli.new import new
from gradsheet.cli.output import ClosedPipeError, write_json
from gradsheet.cli.predict import predict
from gradsheet.cli.read import read
from gradsheet.cli.solve import solve
from gradsheet.cli.train import train
from gradsheet.cli.variants import variants
from gradsheet.cli.verify import verify
from gradsheet.diagnostics import CheckError, Diagnostic, SheetError, render

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
_RARELY = 50_000
"""So many new objects before garbage is looked for."""


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's order
    if value:
        from gradsheet import __version__  # noqa: PLC0415 - needed here only

        click.echo(f"gradsheet {__version__}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def cli() -> None:
    """Equations in, verified gradients out: forward pass, backward pass and update as a person writes them."""


cli.add_command(solve)
cli.add_command(check)
cli.add_command(read)
cli.add_command(new)
cli.add_command(variants)
cli.add_command(verify)
cli.add_command(export)
cli.add_command(program)
cli.add_command(train)
cli.add_command(predict)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    collected = gc.get_threshold()
    gc.set_threshold(_RARELY, *collected[1:])  # modules and sheets are kept: to look through them again is in vain
    try:
        status = _run(given)
        sys.stdout.flush()
    except (BrokenPipeError, ClosedPipeError):  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = DONE
    except KeyboardInterrupt:
        status = INTERRUPTED
    except OSError as problem:  # a full disk, an output that went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = problem.strerror or str(problem)
        click.echo(f"error[GS602]: the output cannot be written: {reason}", err=True)
        status = UNUSABLE
    finally:
        gc.set_threshold(*collected)
    if arguments is None:
        gc.freeze()  # the process ends: to look for garbage in all that it has computed would be its last work
    sys.exit(status)


def _run(given: Sequence[str]) -> int:
    as_json = "--json" in given or "--format=json" in given or ("--format", "json") in pairwise(given)
    try:
        result: Any = cli.main(list(given), prog_name="gradsheet", standalone_mode=False)
    except SheetError as problem:
        return _refuse(problem.diagnostics, as_json=as_json)
    except CheckError as problem:
        return _apologise(problem, as_json=as_json)
    except click.UsageError as problem:
        if as_json:
            return _refuse((Diagnostic("GS601", problem.format_message()),), as_json=True)
        problem.show()
        return UNUSABLE
    except click.Abort:
        return INTERRUPTED
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    return result if isinstance(result, int) else DONE


def _refuse(diagnostics: Sequence[Diagnostic], *, as_json: bool) -> int:
    """Say what is wrong with the input."""
    if as_json:
        from gradsheet.writing.errors import error_json  # noqa: PLC0415 - on errors only

        write_json(error_json(diagnostics))
    else:
        click.echo("\n\n".join(render(d) for d in diagnostics), err=True)
    return UNUSABLE


def _apologise(problem: CheckError, *, as_json: bool) -> int:
    """A gradient of ours failed its verification: say so, and never show it."""
    diagnostic = Diagnostic("GS502", str(problem))
    if as_json:
        _refuse((diagnostic,), as_json=True)
    else:
        click.echo(f"{render(diagnostic)}\n\nWe are sorry. Please report the lines above.", err=True)
    return FAILED
