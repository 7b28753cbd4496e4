"""`gradsheet train SHEET --data FILE -o FOLDER`: from rows of data to a model, in a folder that can be gone on with."""

from __future__ import annotations

import re
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.training.checkpoints import Checkpoint
    from gradsheet.training.folders import RunFolder
    from gradsheet.training.recipe import Recipe
    from gradsheet.training.trainer import Trainer

_EXAMPLES = """\b
Examples:
  gradsheet train digits.sheet --data digits.npz --epochs 20 --rate 0.1 -o run/
  gradsheet train digits.sheet --data digits.csv --method adam --validation 0.2 --patience 5 -o run/
  gradsheet train --resume --epochs 40 -o run/
"""
_DIVERGED, _SIGNALLED = 1, 128
"""What stopped training adds its number to the latter: 130 for Ctrl-C, 143 for SIGTERM."""
_NUMBER = re.compile(r"[+-]?(\d+/\d+|(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?)", re.ASCII | re.IGNORECASE)
"""Of 10^(10^9) nothing is computed."""
_LONGEST = 40
_SCHEDULE = {"schedule": "shape", "warmup": "warmup", "factor": "factor", "every": "every"}
_PLAIN = (
    "epochs", "rate", "method", "momentum", "weight_decay", "clip", "reduction", "stratify", "patience", "seed",
    "precision", "threads",
)  # fmt: skip


@click.command(epilog=_EXAMPLES)
@click.argument("sheet", required=False)
@click.option("--data", multiple=True, metavar="FILE", help="Rows to learn from: .npz, .npy, .csv, .parquet, "
    ".safetensors; may be repeated.")
@click.option("--map", "mapping", multiple=True, metavar="NAME=COLUMNS",
    help="Which columns a symbol is: x=first:last, or x=a,b.")
@click.option("--given", multiple=True, metavar="FILE", help="Values from a .json or .npz file; may be repeated.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE",
    help="One value or size, as in a sheet; may be repeated.")
@click.option("-o", "--out", required=True, metavar="FOLDER", help="Where the model, its log and its curve are kept.")
@click.option("--resume", is_flag=True, help="Go on with the run in FOLDER.")
@click.option("--force", is_flag=True, help="Begin anew in a FOLDER that holds a run.")
@click.option("--epochs", type=int, metavar="N", help="How often all rows are used; by default 10.")
@click.option("--batch", metavar="N", help="Rows of a step; by default 32; `all`: every row.")
@click.option("--rate", type=float, metavar="η", help="The learning rate; by default the sheet's, else the method's.")
@click.option("--method", metavar="NAME",
    help="sgd, momentum, nesterov, rmsprop, adam, adamw, or sheet: the sheet's own update.")
@click.option("--momentum", metavar="μ", help="Of momentum, nesterov and rmsprop; by default 0.9.")
@click.option("--weight-decay", metavar="λ", help="Shrinks parameters with each step.")
@click.option("--clip", metavar="LENGTH", help="The longest that all gradients together may be.")
@click.option("--schedule", metavar="SHAPE", help="Of the rate: constant, step, exponential, linear, cosine.")
@click.option("--warmup", type=int, metavar="N", help="Epochs in which the rate rises.")
@click.option("--factor", type=float, metavar="F", help="Of the schedules step and exponential; by default 0.1.")
@click.option("--every", type=int, metavar="N", help="Epochs of a step of the schedule; by default 10.")
@click.option("--whole", is_flag=True, default=None,
    help="The sheet states all rows itself, X ∈ ℝ^(N×d): each step sees all of them.")
@click.option("--reduction", metavar="KIND", help="mean (by default) or sum of the losses of a batch.")
@click.option("--validation", metavar="SHARE|FILE", help="Rows kept for validation, or a file that has them.")
@click.option("--stratify", metavar="NAME", help="Keep the classes of this symbol in proportion.")
@click.option("--patience", type=int, metavar="N",
    help="End after N epochs without a better validation, and take the best parameters.")
@click.option("--seed", type=int, metavar="N", help="Of the order of rows, and of where parameters begin.")
@click.option("--no-shuffle", is_flag=True, default=None, help="Use the rows in their order, in each epoch.")
@click.option("--dtype", "precision", metavar="TYPE", help="float64 (by default) or float32.")
@click.option("--threads", type=int, metavar="N", help="Share the rows of a step; by default 1.")
@click.option("--init", "begin", multiple=True, metavar="RULE",
    help="How parameters begin: 'W ~ normal(0, 1/√n)', 'W ~ he'; may be repeated.")
@click.option("--from", "beginning", metavar="FILE", help="Parameters to begin with: .npz, .safetensors, or a model.")
@click.option("--save-every", type=float, default=30.0, metavar="SECONDS", help="Time between checkpoints.")
@click.option("--json", "as_json", is_flag=True, help="Print what came of it as JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def train(*, sheet: str | None, out: str, resume: bool, force: bool, **options: Any) -> int:
    """Train the parameters of SHEET on rows of data; `-` reads the sheet from standard input."""
    from gradsheet.training.folders import folder_of  # noqa: PLC0415 - brings NumPy

    if sheet is None and not resume:
        refuse("GS601", "a sheet is missing", suggestion="gradsheet train SHEET --data FILE -o FOLDER")
    if resume and options["beginning"]:
        refuse("GS601", "--from says how a run begins, --resume goes on with one: they exclude each other")
    if not options["save_every"] >= 0:
        refuse("GS601", f"--save-every takes seconds, 0 or more, not {options['save_every']:g}")
    with folder_of(out, resume=resume, force=force) as folder:
        checkpoint = None
        if resume:
            checkpoint, remarks = folder.load()
            for remark in remarks:
                click.echo(f"remark: {remark}", err=True)
        return _trained(sheet, folder, checkpoint, {**options, "out": out, "force": force})


def _trained(sheet: str | None, folder: RunFolder, checkpoint: Checkpoint | None, options: Mapping[str, Any]) -> int:
    from gradsheet.cli.progress import watching  # noqa: PLC0415 - not for --help
    from gradsheet.training.diverging import DivergedError  # noqa: PLC0415 - brings NumPy
    from gradsheet.training.running import Keeping, carry_out, stopping  # noqa: PLC0415 - the same

    trainer = _trainer(sheet, folder, checkpoint, options)
    if options["force"]:
        folder.clear()
    quiet = options["quiet"] or options["as_json"]
    with stopping(signal.SIGINT, signal.SIGTERM) as stopped, watching(trainer, quiet=quiet) as watcher:
        if not quiet:
            watcher.begin()
        folder.log("begin" if checkpoint is None else "resume", epochs=trainer.standing.epoch)
        try:
            end = carry_out(trainer, Keeping(folder, options["save_every"]), watcher, lambda: bool(stopped))
        except DivergedError as problem:
            return _say_diverged(problem, as_json=options["as_json"])
        finally:
            for trouble in (*folder.troubles, *watcher.troubles):
                click.echo(f"remark: {trouble}", err=True)
    if options["as_json"]:
        _print_json(trainer, end)
    elif not quiet:
        watcher.end(folder.place, end)
    return _SIGNALLED + stopped[0] if end == "interrupted" else 0


def _say_diverged(problem: Any, *, as_json: bool) -> int:
    from gradsheet.cli.output import write_json  # noqa: PLC0415 - on errors only
    from gradsheet.diagnostics import render  # noqa: PLC0415 - the same
    from gradsheet.writing.errors import error_json  # noqa: PLC0415 - the same

    if as_json:
        write_json(error_json(problem.diagnostics))
    else:
        click.echo("\n\n".join(render(d) for d in problem.diagnostics), err=True)
    return _DIVERGED


def _print_json(trainer: Trainer, end: str) -> None:
    from gradsheet.cli.output import write_json  # noqa: PLC0415 - a sibling, not for --help

    standing = trainer.standing
    write_json({
        "schema_version": 1, "end": end, "epochs": standing.epoch, "best": standing.best,
        "history": standing.history, "rows": len(trainer.split.training),
        "validation_rows": len(trainer.checked_rows), "data": list(trainer.problem.data),
        "constants": sorted(trainer.problem.constants),
        "beginnings": [{"name": b.slot.name, "origin": b.origin} for b in trainer.beginnings],
        "method": trainer.problem.method, "recipe": trainer.recipe.written(),
    })  # fmt: skip


# ---------------------------------------------------------------- what is asked for


def _trainer(
    sheet: str | None, folder: RunFolder, checkpoint: Checkpoint | None, options: Mapping[str, Any]
) -> Trainer:
    from gradsheet.cli.sheets import load  # noqa: PLC0415 - siblings, not for --help
    from gradsheet.training.model import load_model, setting_of  # noqa: PLC0415 - brings NumPy
    from gradsheet.training.problem import pose  # noqa: PLC0415 - the same
    from gradsheet.training.trainer import Trainer  # noqa: PLC0415 - the same

    if checkpoint is None:
        assert sheet is not None
        stated = load(sheet)
    else:
        stated = setting_of(checkpoint, str(folder.place)).sheet
        if sheet is not None:
            folder.check_sheet(load(sheet), checkpoint)
    recipe = _recipe(checkpoint, options)
    sources = _sources(folder, checkpoint, options)
    if not sources.data:
        refuse("GS812", "there are no data to learn from", suggestion="--data FILE")
    if options["beginning"]:
        sources = replace(sources, start=_values(options["beginning"], load_model))
    trainer = Trainer(pose(stated, sources, recipe), recipe)
    if checkpoint is not None:
        folder.resume(trainer, checkpoint)
        return trainer
    trainer.begin(sources.start)
    return trainer


def _values(path: str, load_model: Any) -> Mapping[str, Any]:
    """Parameters of a model, or of a file that holds arrays."""
    from gradsheet.diagnostics import SheetError  # noqa: PLC0415 - not for --help
    from gradsheet.training.initialising import values_in  # noqa: PLC0415 - brings NumPy

    try:
        parameters: Mapping[str, Any] = load_model(path).parameters
    except SheetError as problem:
        if all(d.code in {"GS831", "GS832", "GS833"} for d in problem.diagnostics):
            return values_in(path)
        raise
    return parameters


def _recipe(checkpoint: Checkpoint | None, options: Mapping[str, Any]) -> Recipe:
    """What was said, and for the rest what the run began with, or what is usual."""
    from gradsheet.training.model import reading  # noqa: PLC0415 - brings NumPy
    from gradsheet.training.recipe import Recipe  # noqa: PLC0415 - the same

    with reading(options["out"]):
        written = (Recipe() if checkpoint is None else Recipe.read(checkpoint.notes["recipe"])).written()
    written |= {name: options[name] for name in _PLAIN if options[name] is not None}
    written["schedule"] |= {new: options[old] for old, new in _SCHEDULE.items() if options[old] is not None}
    batch = options["batch"]
    if batch is not None:
        if batch != "all" and not (batch.isdecimal() and 0 < int(batch) < 1 << 31):
            refuse("GS601", f"--batch takes a number of rows or `all`, not '{batch}'")
        written["batch"] = 0 if batch == "all" else int(batch)
    if options["whole"]:
        written["whole"] = True
    if written["whole"] and (options["reduction"] is not None or batch not in {None, "all"}):
        refuse("GS601", "with --whole each step sees all rows, and the sheet says how their losses are joined",
               suggestion="leave out --batch and --reduction")  # fmt: skip
    if options["no_shuffle"]:
        written["shuffle"] = False
    if options["begin"]:
        written["begin"] = list(options["begin"])
    share = _share(options["validation"])
    if share is not None:
        written["validation"] = share
    for name in ("momentum", "weight_decay", "clip"):
        _number(name, written[name])
    return Recipe.read(written)


def _number(name: str, text: Any) -> None:
    from fractions import Fraction  # noqa: PLC0415 - not for --help


    if text is None:
        return
    try:
        Fraction(text if len(text) <= _LONGEST and _NUMBER.fullmatch(text) else "")
    except (ValueError, ZeroDivisionError):
        refuse("GS601", f"--{name.replace('_', '-')} takes a number, not '{text}'")


def _share(text: str | None) -> float | None:
    """A share of the rows; None for a file."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _sources(folder: RunFolder, checkpoint: Checkpoint | None, options: Mapping[str, Any]) -> Any:
    """Where the numbers come from; a run that goes on takes what it began with."""
    from gradsheet.cli.sheets import gather  # noqa: PLC0415 - a sibling, not for --help
    from gradsheet.training.data import read_mapping  # noqa: PLC0415 - brings NumPy
    from gradsheet.training.model import setting_of  # noqa: PLC0415 - the same
    from gradsheet.training.problem import Sources  # noqa: PLC0415 - the same

    before = _sources_before(checkpoint)
    text = options["validation"]
    mapping = list(options["mapping"]) or before["mapping"]
    held: dict[str, Any] = {
        "data": list(options["data"]) or before["data"],
        "mapping": mapping,
        "validation": before["validation"] if text is None else None if _share(text) is not None else text,
    }
    # What is kept has to be found from any folder; what is printed is called as it was said.
    checked = None if held["validation"] is None else str(Path(held["validation"]).absolute())
    folder.sources = {**held, "data": [str(Path(p).absolute()) for p in held["data"]], "validation": checked}
    values: dict[str, Any] = gather(options["given"], options["settings"])
    classes: Mapping[str, Any] = {}
    if checkpoint is not None:
        setting = setting_of(checkpoint, str(folder.place))
        classes = setting.classes
        sizes = {name: setting.sizes.values[s] for name, s in setting.sheet.sizes.items() if s in setting.sizes.values}
        values = {**sizes, **setting.constants, **values}
    return Sources(held["data"], read_mapping(held["mapping"]), values, classes, held["validation"])


def _sources_before(checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Where a run had its data from, as far as the checkpoint says so."""
    noted = {} if checkpoint is None else checkpoint.notes.get("sources")
    noted = noted if isinstance(noted, dict) else {}
    validation = noted.get("validation")
    return {
        "data": [str(p) for p in noted.get("data") or ()],
        "mapping": [str(m) for m in noted.get("mapping") or ()],
        "validation": None if validation is None else str(validation),
    }


__all__ = ["train"]
