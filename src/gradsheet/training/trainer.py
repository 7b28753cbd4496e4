"""The epochs of a run: steps, validation, when to end. Who asks for the next moment decides what happens between."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradsheet.diagnostics import refuse
from gradsheet.native.runtime import name_of
from gradsheet.training.data import Split, split
from gradsheet.training.diverging import Copy, diagnose
from gradsheet.training.initialising import beginnings, rules_in, slots_of
from gradsheet.training.measuring import Measure
from gradsheet.training.stepping import Stepper, WholeStepper, order_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from gradsheet.training.diverging import DivergedError
    from gradsheet.training.initialising import Beginning
    from gradsheet.training.problem import Problem
    from gradsheet.training.recipe import Recipe

Arrays = dict[str, "NDArray[Any]"]
_BETWEEN_COPIES = 1.0
"""Seconds of work that are done again, step by step, to find where a loss stopped being a number."""


@dataclass(slots=True)
class Standing:
    """How far a run has come; with the arrays, all that it needs to go on as if it had never stopped."""

    epoch: int = 0
    """Epochs that are done."""
    step: int = 0
    """Steps of the next epoch that are done."""
    loss: float = 0.0
    """Losses of these steps, each times its rows."""
    rows: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    """What each epoch came to."""
    best: int | None = None
    """The epoch with the best validation, counted from 1."""
    ended: Literal["", "epochs", "patience"] = ""

    @property
    def running_loss(self) -> float | None:
        """The mean loss of the epoch so far."""
        return self.loss / self.rows if self.rows else None


@dataclass(frozen=True, slots=True)
class Moment:
    """A place where a run may be left: after some steps, or at the end of an epoch."""

    rows: int
    """Rows that were used since the moment before."""
    epoch_ends: bool = False


class Trainer:
    """One run over the rows of a problem.

    `arrays` holds parameters and what is carried from step to step, `best` the parameters of the best validation,
    `standing` the rest. Between two moments they may be copied, saved, or put in the place of what is there.
    """

    def __init__(self, problem: Problem, recipe: Recipe) -> None:
        self.problem, self.recipe = problem, recipe
        self.split = _parted(problem, recipe)
        rows = len(self.split.training)
        self.stepper = _stepper(problem, recipe, rows)
        self.standing = Standing()
        self.best: Arrays = {}
        self.beginnings: tuple[Beginning, ...] = ()
        self.checked = problem.validation or problem.dataset
        self.checked_rows = self.split.validation if problem.validation is None else np.arange(self.checked.rows)
        kept = len(self.checked_rows)
        self.measure = Measure(problem, recipe.precision, kept) if kept else None
        if not kept and (recipe.patience is not None or recipe.stratify is not None):
            what = "patience watches" if recipe.patience is not None else "to stratify parts off"
            refuse("GS601", f"{what} rows for validation, and there are none", suggestion="--validation SHARE|FILE")
        self._loss = self.stepper.arrays[problem.rules.loss.name]

    @property
    def arrays(self) -> Arrays:
        """Parameters and state, by name; they change in place."""
        return self.stepper.arrays

    @property
    def parameters(self) -> Arrays:
        """The parameters alone."""
        names = {s.name for s in self.problem.sheet.parameters}
        return {
            name_of(a): self.arrays[name_of(a)]
            for a in self.stepper.main.arguments
            if a.part == "parameter" and a.name in names
        }

    @property
    def chosen(self) -> Arrays:
        """The parameters that a model takes: those of the best validation, where patience asked for it."""
        return self.best or self.parameters  # `best` is kept for patience alone

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return self.stepper.steps_of(len(self.split.training))

    def begin(self, values: Mapping[str, Any] | None = None) -> None:
        """Parameters where they begin: values that are handed in, a rule, what the sheet gives, a default."""
        problem = self.problem
        slots = slots_of(problem.sheet, self.stepper.main.arguments)
        rules = [*rules_in(problem.sheet), *self.recipe.begin]
        self.beginnings = beginnings(
            problem.sheet, slots, problem.sizes, rules, values=values, given=problem.given,
            seed=self.recipe.seed,
        )  # fmt: skip
        for name, array in self.arrays.items():
            array[...] = problem.given.get(name, 0)  # of a state that the sheet's own update carries
        for beginning in self.beginnings:
            self.arrays[beginning.slot.name][...] = beginning.value

    # ------------------------------------------------------------ running

    def run(self) -> Iterator[Moment]:
        """Train to the end, moment by moment."""
        while not self.done:
            yield from self._epoch()
        self.standing.ended = "patience" if self._impatient() else "epochs"

    @property
    def done(self) -> bool:
        """Whether there is no epoch left, or no patience."""
        return self.standing.epoch >= self.recipe.epochs or self._impatient()

    def rate(self) -> float:
        """The rate of the epoch at hand."""
        return self.recipe.schedule.rate(self.problem.rate, self.standing.epoch, self.recipe.epochs)

    def _epoch(self) -> Iterator[Moment]:
        standing, stepper = self.standing, self.stepper
        order = self.order(standing.epoch)
        steps = stepper.steps_of(len(order))
        copy = self._copied()
        rows = 0
        for done in stepper.run(self.problem.dataset.arrays, self.problem.constants, self.rate(), order, standing.step):
            rows = self._counted(done, len(order))
            if not np.isfinite(standing.loss):
                raise self._diverged(order, copy)
            if done < steps:
                yield Moment(rows)
            if time.monotonic() - copy.when > _BETWEEN_COPIES:
                self._check(order, copy)
                copy = self._copied()
        self._check(order, copy)
        self._finish()
        yield Moment(rows, epoch_ends=True)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The rows of an epoch in the order in which they are used."""
        training, recipe = self.split.training, self.recipe
        shuffled = recipe.shuffle and not self.problem.whole
        return training[order_of(len(training), recipe.seed, epoch, shuffled=shuffled)]

    def _counted(self, done: int, rows: int) -> int:
        """Take the losses of the steps since the last count; how many rows they used."""
        standing, batch = self.standing, self.stepper.batch
        used = min(done * batch, rows) - standing.step * batch
        # A step adds its mean, or its sum; all steps of one count have the same number of rows.
        mean = self.recipe.reduction == "mean" or self.problem.whole
        share = used / (done - standing.step) if mean else 1.0
        standing.loss += float(self._loss) * share
        self._loss[...] = 0
        standing.rows += used
        standing.step = done
        return used

    def _finish(self) -> None:
        """The end of an epoch: what it came to, and whether its parameters are the best so far."""
        standing = self.standing
        entry: dict[str, Any] = {"epoch": standing.epoch + 1, "rate": self.rate(), "loss": standing.running_loss}
        if self.measure is not None:
            score = self.measure(self.parameters, self.checked.arrays, self.checked_rows)
            entry["validation"] = score.written()
        standing.history.append(entry)
        standing.epoch += 1
        standing.step, standing.loss, standing.rows = 0, 0.0, 0
        if self.measure is not None and self._is_best(entry):
            standing.best = standing.epoch
            if self.recipe.patience is not None:
                self.best = {n: a.copy() for n, a in self.parameters.items()}

    def _is_best(self, entry: Mapping[str, Any]) -> bool:
        """Whether the validation of an epoch is better than that of every one before."""
        if entry["validation"]["loss"] is None:
            return False
        best = self.standing.best
        if best is None:
            return True
        return bool(self._sign * entry["validation"]["loss"] < self._sign * self._validation(best))

    def _validation(self, epoch: int) -> float:
        return float(self.standing.history[epoch - 1]["validation"]["loss"])

    @property
    def _sign(self) -> int:
        objective = self.problem.sheet.objective
        return -1 if objective is not None and objective.sense == "maximize" else 1

    def _impatient(self) -> bool:
        standing, patience = self.standing, self.recipe.patience
        return patience is not None and standing.best is not None and standing.epoch - standing.best >= patience

    # ------------------------------------------------------------ going back

    def _copied(self) -> Copy:
        standing = self.standing
        return Copy(time.monotonic(), standing.step, {n: a.copy() for n, a in self.arrays.items()})

    def _check(self, order: NDArray[np.int64], copy: Copy) -> None:
        """Stop at parameters that are no numbers, even where no loss has seen them yet."""
        if not all(np.isfinite(a).all() for a in self.parameters.values()):
            raise self._diverged(order, copy)

    def _diverged(self, order: NDArray[np.int64], copy: Copy) -> DivergedError:
        """What went wrong, found by doing the steps since the last copy again."""
        return diagnose(self.problem, self.stepper, self.rate(), order, copy, self.standing.epoch)


def _stepper(problem: Problem, recipe: Recipe, rows: int) -> Stepper:
    batch = min(recipe.batch or rows, rows)
    if not problem.whole:
        request = problem.request(("update",), batch, recipe.reduction)
        return Stepper(problem.derivation, problem.rules, request, recipe.precision, recipe.threads)
    request = problem.request(("update",), rows)
    return WholeStepper(
        problem.derivation, problem.rules, request, recipe.precision, recipe.threads, names=problem.data, rows=rows
    )


def _parted(problem: Problem, recipe: Recipe) -> Split:
    if recipe.validation and problem.validation is None:
        return split(problem.dataset, recipe.validation, recipe.seed, recipe.stratify)
    return Split(np.arange(problem.dataset.rows, dtype=np.int64), np.zeros(0, dtype=np.int64))


__all__ = ["Moment", "Standing", "Trainer"]
