"""A run from its first moment to its last: when to save, when to stop, whom to tell."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from gradsheet.diagnostics import SheetError
from gradsheet.training.diverging import DivergedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradsheet.training.folders import RunFolder
    from gradsheet.training.trainer import Moment, Trainer

End = Literal["epochs", "patience", "interrupted"]


class Watcher(Protocol):
    """Whoever wants to see a run."""

    def moment(self, moment: Moment) -> None:
        """Called after some steps, and at the end of each epoch."""


@contextlib.contextmanager
def stopping(*numbers: signal.Signals) -> Iterator[list[int]]:
    """A list that has a signal in it once somebody asks to stop; a second time ends the process at once.

    A signal that is ignored stays ignored. Threads other than the first one are never told of signals.
    """
    asked: list[int] = []

    def ask(number: int, _frame: Any) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    first = threading.current_thread() is threading.main_thread()
    heard = [n for n in numbers if first and signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in heard}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a run is kept, and how often."""

    folder: RunFolder
    every: float = 30.0
    """Seconds between checkpoints; 0: at each moment."""


def carry_out(
    trainer: Trainer,
    keeping: Keeping | None = None,
    watcher: Watcher | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> End:
    """Run to the end, or until `stopped` says so; what is kept lets the run go on from there.

    A checkpoint that cannot be written in between is tried again; only the last one has to succeed.
    """
    began = saved = time.monotonic()
    epoch_began, rows = began, 0
    try:
        for moment in trainer.run():
            rows += moment.rows
            if watcher is not None:
                watcher.moment(moment)
            now = time.monotonic()
            if moment.epoch_ends:
                _log_epoch(trainer, keeping, now - epoch_began, rows)
                epoch_began, rows = now, 0
            if stopped() and not trainer.done:
                _save(trainer, keeping, "interrupted")
                return "interrupted"
            if keeping is not None and now - saved >= keeping.every:
                _try_to_save(trainer, keeping)
                saved = time.monotonic()
    except DivergedError as problem:
        if keeping is not None:
            keeping.folder.log("diverged", message=problem.diagnostics[0].message)
        raise
    _save(trainer, keeping, "end")
    return "patience" if trainer.standing.ended == "patience" else "epochs"


def _log_epoch(trainer: Trainer, keeping: Keeping | None, seconds: float, rows: int) -> None:
    if keeping is not None:
        keeping.folder.log("epoch", **trainer.standing.history[-1], seconds=round(seconds, 6), rows=rows)


def _try_to_save(trainer: Trainer, keeping: Keeping) -> None:
    try:
        keeping.folder.save(trainer)
    except SheetError as problem:
        keeping.folder.trouble(problem.diagnostics[0].message)


def _save(trainer: Trainer, keeping: Keeping | None, event: str) -> None:
    """The last checkpoint, with log and curve."""
    if keeping is None:
        return
    keeping.folder.save(trainer)
    standing = trainer.standing
    keeping.folder.log(event, epochs=standing.epoch, step=standing.step, why=standing.ended or event)
    objective = trainer.problem.sheet.objective
    keeping.folder.draw(standing.history, "loss" if objective is None else objective.symbol.name)


__all__ = ["End", "Keeping", "Watcher", "carry_out", "stopping"]
