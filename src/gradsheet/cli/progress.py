"""What a run says while it goes: a bar on a terminal, a table of epochs, what the model is made of."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from gradsheet.cli.output import ClosedPipeError, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gradsheet.training.problem import Problem
    from gradsheet.training.trainer import Moment, Trainer

_LINES = 20
"""Epochs in the table; of more, every so many."""
_BETWEEN = 0.1
"""Seconds between two looks of the bar."""
_METRICS = {"accuracy": "accuracy", "r2": "R²"}


@contextlib.contextmanager
def watching(trainer: Trainer, *, quiet: bool) -> Iterator[Report]:
    """A watcher for a run, with a bar where standard error is a terminal."""
    report = Report(trainer, quiet=quiet)
    if quiet or not sys.stderr.isatty():
        yield report
        return
    from rich.console import Console  # noqa: PLC0415 - for terminals only
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - the same

    columns = (
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"), BarColumn(bar_width=24),
        TextColumn("loss {task.fields[loss]}"), TextColumn("{task.fields[speed]} rows/s"), TimeRemainingColumn(),
        TextColumn("left"),
    )  # fmt: skip
    same = sys.stdout.isatty()  # else what is printed would go to the terminal, and not where it was sent
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=same) as bar:
        report.bar = bar
        yield report
        report.bar = None


class Report:
    """Tells of one run on standard output, and by a bar."""

    def __init__(self, trainer: Trainer, *, quiet: bool) -> None:
        self.trainer, self.quiet = trainer, quiet
        self.bar: Any = None
        self.troubles: list[str] = []
        """What could not be said."""
        self._headed = False
        self._task: Any = None
        self._rows, self._began, self._looked = 0, time.monotonic(), 0.0
        objective = trainer.problem.sheet.objective
        self._objective = "objective" if objective is not None and objective.sense == "maximize" else "loss"
        self._every = max(1, -(-trainer.recipe.epochs // _LINES))

    # ------------------------------------------------------------ before

    def begin(self) -> None:
        """What is trained, on what, from where."""
        with self._heard():
            self._begin()

    def _begin(self) -> None:
        trainer, problem, recipe = self.trainer, self.trainer.problem, self.trainer.recipe
        objective = problem.sheet.objective
        assert objective is not None
        rows = f"{len(trainer.split.training):,} rows"
        if len(trainer.checked_rows):
            rows += f", {len(trainer.checked_rows):,} for validation"
        joined = "as the sheet states it" if problem.whole else f"{recipe.reduction} over a batch"
        lines = [("objective", f"{objective.sense} {objective.symbol.name}, {joined}; {rows}")]
        dataset = problem.dataset
        lines += [("data", f"{name} ({_shape(dataset.arrays[name])}) from {dataset.sources[name]}")
                  for name in problem.data]  # fmt: skip
        lines += [("constant", f"{name} = {float(value):g}" if value.ndim == 0 else f"{name} ({_shape(value[None])})")
                  for name, value in problem.constants.items()]  # fmt: skip
        lines += _prediction(problem)
        lines += [("begins", str(b)) for b in trainer.beginnings]
        lines.append(("method", self._method()))
        width = max(len(k) for k, _ in lines)
        before = ""
        for kind, text in lines:
            write(f"{(kind if kind != before else '').ljust(width)}  {text}\n")
            before = kind
        for remark in dataset.remarks:
            click.echo(f"remark: {remark}", err=True)
        if trainer.standing.epoch or trainer.standing.step:
            write(f"goes on after epoch {trainer.standing.epoch}, step {trainer.standing.step}\n")
        write("\n")

    def _method(self) -> str:
        problem, recipe = self.trainer.problem, self.trainer.recipe
        rate = "the sheet's own update" if problem.method == "sheet" else f"{problem.method}, rate {problem.rate:g}"
        shape = "" if recipe.schedule.shape == "constant" else f" ({recipe.schedule.shape})"
        batch = self.trainer.stepper.batch
        steps = self.trainer.steps
        rows, each = ("row" if batch == 1 else "rows"), ("step" if steps == 1 else "steps")
        numbers = f"{batch} {rows} a step, {steps:,} {each} an epoch"
        return f"{rate}{shape}, {numbers}, {recipe.precision}, seed {recipe.seed}"

    # ------------------------------------------------------------ between

    def moment(self, moment: Moment) -> None:
        """Called after some steps, and at the end of each epoch."""
        self._rows += moment.rows
        if self.bar is not None:
            now = time.monotonic()
            if moment.epoch_ends or now - self._looked > _BETWEEN:
                self._looked = now
                self._move(now)
        if moment.epoch_ends and not self.quiet:
            with self._heard():
                self._line()

    @contextlib.contextmanager
    def _heard(self) -> Iterator[None]:
        """Where nobody listens any more, the run goes on in silence."""
        try:
            yield
        except ClosedPipeError:
            self.quiet = True
        except OSError as problem:
            self.quiet = True
            self.troubles.append(f"the output cannot be written: {problem.strerror or problem}")

    def _move(self, now: float) -> None:
        trainer, standing = self.trainer, self.trainer.standing
        rows = len(trainer.split.training)
        last = standing.history[-1]["loss"] if standing.history else None
        loss = standing.running_loss if standing.rows else last
        fields = {
            "epoch": min(standing.epoch + 1, trainer.recipe.epochs), "epochs": trainer.recipe.epochs,
            "loss": "" if loss is None else f"{loss:.4g}", "speed": f"{self._rows / (now - self._began):,.0f}",
        }  # fmt: skip
        if self._task is None:
            self._task = self.bar.add_task("", total=trainer.recipe.epochs * rows, **fields)
        self.bar.update(self._task, completed=standing.epoch * rows + standing.rows, **fields)

    def _line(self) -> None:
        """One line of the table of epochs."""
        standing, recipe = self.trainer.standing, self.trainer.recipe
        entry = standing.history[-1]
        checked = entry.get("validation", {})
        metric = next((k for k in _METRICS if k in checked), None)
        if not self._headed:
            more = [*(["validation"] if checked else []), *([_METRICS[metric]] if metric else [])]
            heads = ["epoch", self._objective, *more]
            write("  ".join(h.rjust(w) for h, w in zip(heads, (5, 10, 10, 10), strict=False)) + "\n")
            self._headed = True
        if standing.epoch % self._every and standing.epoch not in {1, recipe.epochs}:
            return
        cells = [f"{standing.epoch}".rjust(5), _number(entry["loss"])]
        if checked:
            cells.append(_number(checked.get("loss")))
        if metric:
            text = "–" if checked[metric] is None else f"{checked[metric]:{'.1%' if metric == 'accuracy' else '.4f'}}"
            cells.append(text.rjust(10))
        write("  ".join(cells) + "\n")

    # ------------------------------------------------------------ after

    def end(self, folder: Path, end: str) -> None:
        """What came of it, and where it lies."""
        if self.quiet:
            return
        standing = self.trainer.standing
        why = {
            "epochs": "1 epoch is done" if standing.epoch == 1 else f"{standing.epoch} epochs are done",
            "patience": f"ended after epoch {standing.epoch}: validation was best in epoch {standing.best}",
            "interrupted": f"interrupted in epoch {standing.epoch + 1}; gradsheet train --resume -o {folder} goes on",
        }[end]
        with self._heard():
            write(f"\n{why}\n{folder / 'model.safetensors'} is written\n")


def _prediction(problem: Problem) -> list[tuple[str, str]]:
    """What will be predicted, and what it is compared with: neither is declared in a sheet."""
    found, target = problem.prediction, problem.target
    if found is None:
        return []
    return [("predicts", found.name if target is None else f"{found.name}, compared with {target.name}")]


def _shape(array: Any) -> str:
    return "×".join(map(str, array.shape[1:])) or "a number"


def _number(value: float | None) -> str:
    return ("–" if value is None else f"{value:.5g}").rjust(10)


__all__ = ["Report", "watching"]
