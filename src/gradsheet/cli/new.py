"""`gradsheet new mlp 4 4 3 3`: a sheet from shapes, to be read, changed and solved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gradsheet.diagnostics import refuse

_EXAMPLES = """\b
Examples:
  gradsheet new mlp 4 4 3 3 --output softmax -o mlp.sheet
  gradsheet new rbm 3 2 | gradsheet solve -
"""


@click.command(no_args_is_help=True, epilog=_EXAMPLES)
@click.argument("model")
@click.argument("sizes", nargs=-1, type=click.IntRange(min=1))
@click.option("--hidden", metavar="FUNCTION", help="Activation of the hidden layers (mlp): tanh, relu, σ, …")
@click.option("--output", metavar="KIND", help="Output of the network (mlp): linear, softmax or logistic.")
@click.option("--loss", metavar="LOSS", help="Loss (mlp): squared or cross-entropy.")
@click.option("--rate", type=float, help="Learning rate of the update.")
@click.option("-o", "--out", metavar="FILE", help="Write to FILE instead of standard output.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the text as JSON.")
def new(*, model: str, sizes: tuple[int, ...], out: str | None, force: bool, as_json: bool, **options: Any) -> None:
    """Write a sheet of a common MODEL: attention, conv1d, linear, logistic, mlp, rbm, rnn or softmax."""
    from gradsheet import models  # noqa: PLC0415 - not for --help
    from gradsheet.cli.output import write, write_json  # noqa: PLC0415 - not for --help

    chosen = {name: value for name, value in options.items() if value is not None}
    try:
        text = models.new(model, sizes, **chosen)
    except TypeError:
        refuse("GS601", f"'{model}' does not take {', '.join('--' + name for name in chosen)}")
    except ValueError as problem:
        refuse("GS601", str(problem))
    if out is None:
        if as_json:
            write_json({"schema_version": 1, "sheet": text})
        else:
            write(text)
        return
    try:
        with Path(out).open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        refuse("GS602", "the file exists already", out, "--force replaces it")
    except OSError as problem:
        refuse("GS602", f"the file cannot be written: {problem.strerror}", out)
    if as_json:
        write_json({"schema_version": 1, "sheet": text, "file": out})
    else:
        click.echo(f"{out} is written", err=True)
