"""The folder of a run: its checkpoints, its log, its curve; one run at a time, whatever ends it."""

from __future__ import annotations

import contextlib
import difflib
import json
import sys
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gradsheet.diagnostics import refuse
from gradsheet.training import checkpoints
from gradsheet.training.curves import loss_curve
from gradsheet.training.model import checkpoint_of, reading, restore, setting_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gradsheet.sheet import Sheet
    from gradsheet.training.checkpoints import Checkpoint
    from gradsheet.training.data import Dataset
    from gradsheet.training.problem import Problem
    from gradsheet.training.recipe import Recipe
    from gradsheet.training.trainer import Trainer

LOG, CURVE, LOCK = "log.jsonl", "curve.svg", ".lock"
_OURS = (checkpoints.NAME, checkpoints.BEFORE, LOG, CURVE)
_READ_WHOLE, _SAMPLED = 32 << 20, 512
"""Bytes of data of which every row is looked at; of more, so many rows."""


@contextlib.contextmanager
def folder_of(path: str | Path, *, resume: bool = False, force: bool = False) -> Iterator[RunFolder]:
    """A folder for one run alone; the system lets go of it when the process ends, however it ends.

    A folder that holds a run already is used to go on with it (`resume`), or to begin anew (`force`): what it holds
    stays until the new run begins. A folder that is made here for a run that does not begin is gone afterwards.
    """
    place = Path(path)
    if resume and force:
        _refuse("GS601", "--resume goes on with a run, --force begins anew: they exclude each other", place)
    there = place.exists()
    if resume and not there:
        _refuse("GS831", "there is no such folder to go on in", place)
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = (place / LOCK).open("a+b")
    except FileExistsError:
        _refuse("GS831", "this is a file; a run is kept in a folder", place, "choose another name: -o")
    except OSError as problem:
        _refuse("GS831", f"the folder cannot be used: {problem.strerror or problem}", place)
    with lock:
        if not _locked(lock):
            _refuse("GS831", "another run is at work in this folder", place, "choose another folder: -o")
        taken = any((place / n).exists() for n in (checkpoints.NAME, checkpoints.BEFORE))
        if taken and not (resume or force):
            _refuse("GS831", "this folder holds a run already", place,
                    "--resume goes on with it, --force begins anew")  # fmt: skip
        try:
            yield RunFolder(place)
        finally:
            if not there:
                _remove_if_empty(place)


def _remove_if_empty(place: Path) -> None:
    """Remove a folder that has nothing in it but the lock."""
    with contextlib.suppress(OSError):
        if [p.name for p in place.iterdir()] == [LOCK]:
            (place / LOCK).unlink()
            place.rmdir()


def _locked(file: Any) -> bool:
    if sys.platform == "win32":  # pragma: no cover - tried on other systems
        import msvcrt  # noqa: PLC0415 - there only

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl  # noqa: PLC0415 - on other systems only

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _refuse(code: str, message: str, place: Path, suggestion: str | None = None) -> NoReturn:
    refuse(code, message, str(place), suggestion)


class RunFolder:
    """What a run writes: a checkpoint that is always whole, a line for each epoch, a picture of the losses."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.sources: dict[str, Any] = {}
        """Where the data come from, for a run that goes on."""
        self._rows: dict[str, Any] = {}
        self._damaged = False
        self.troubles: list[str] = []
        """What could not be written and is not needed to go on."""

    # ------------------------------------------------------------ checkpoints

    def load(self) -> tuple[Checkpoint, tuple[str, ...]]:
        """The newest checkpoint that is whole, and remarks on one that is not."""
        found = checkpoints.load(self.place)
        self._damaged = bool(found[1])
        return found

    def clear(self) -> None:
        """Make room for a run that begins anew."""
        for name in _OURS:
            try:
                (self.place / name).unlink(missing_ok=True)
            except OSError as problem:
                _refuse("GS831", f"{name} cannot be removed: {problem.strerror or problem}", self.place)

    def save(self, trainer: Trainer) -> None:
        """A checkpoint of a run as it stands."""
        self._rows = self._rows or fingerprints(trainer.problem)
        checkpoint = checkpoint_of(trainer, rows=self._rows, sources=self.sources)
        checkpoints.save(self.place, checkpoint, over=self._damaged)
        self._damaged = False

    def resume(self, trainer: Trainer, checkpoint: Checkpoint) -> None:
        """Put a run where its checkpoint has it, once sheet, recipe and data are found to be the same."""
        with reading(str(self.place)):
            before = type(trainer.recipe).read(checkpoint.notes["recipe"])
        self._check_recipe(trainer.recipe, before)
        self._check_rows(trainer.problem, checkpoint.notes)
        self._check_constants(trainer.problem, checkpoint)
        restore(trainer, checkpoint, str(self.place))
        self._shorten_log(trainer.standing.epoch)

    def check_sheet(self, sheet: Sheet, checkpoint: Checkpoint) -> None:
        """Refuse a sheet that is not the one of the checkpoint, and show how they differ."""
        with reading(str(self.place)):
            theirs = str(checkpoint.notes["sheet"]["text"]).splitlines()
        mine = sheet.source.text.splitlines()
        if mine == theirs:
            return
        lines = list(difflib.unified_diff(theirs, mine, "the checkpoint", "the sheet", lineterm="", n=0))[2:]
        shown = "\n".join(f"    {line}" for line in lines if not line.startswith("@@"))
        _refuse("GS833", f"the checkpoint is of another sheet:\n{shown}", self.place,
                "take the sheet that the run began with, or another folder")  # fmt: skip

    def _check_recipe(self, recipe: Recipe, before: Recipe) -> None:
        apart = recipe.differences(before)
        if apart:
            _refuse("GS833", "the run began with other settings: " + ", ".join(apart), self.place,
                    "leave these options as they were; --force begins anew")  # fmt: skip

    def _check_rows(self, problem: Problem, notes: Mapping[str, Any]) -> None:
        self._rows = fingerprints(problem)
        if notes.get("rows") != self._rows:
            _refuse("GS833", "the run began with other data", self.place,
                    "take the data that it began with; --force begins anew")  # fmt: skip

    def _check_constants(self, problem: Problem, checkpoint: Checkpoint) -> None:
        before = setting_of(checkpoint, str(self.place)).constants
        apart = [n for n, a in problem.constants.items() if n not in before or not np.array_equal(a, before[n])]
        if apart:
            _refuse("GS833", f"the run began with another value of {', '.join(apart)}", self.place,
                    "leave the values as they were; --force begins anew")  # fmt: skip

    # ------------------------------------------------------------ log and curve

    def log(self, event: str, **entries: Any) -> None:
        """One line of JSON."""
        line = json.dumps({"event": event, "time": round(time.time(), 3), **entries}, ensure_ascii=False)
        with self._tried(LOG), (self.place / LOG).open("ab") as file:
            file.write(line.encode() + b"\n")

    def _shorten_log(self, epochs: int) -> None:
        """Leave out the epochs that are done again."""
        path = self.place / LOG
        with self._tried(LOG):
            kept = [
                line
                for line in (path.read_bytes().split(b"\n") if path.exists() else [])
                if (entry := _entry(line)) is not None and not (entry.get("epoch") or 0) > epochs
            ]
            self._put(path, b"".join(line + b"\n" for line in kept))

    def draw(self, history: list[dict[str, Any]], objective: str) -> None:
        """The losses of all epochs, as a picture."""
        if history:
            with self._tried(CURVE):
                self._put(self.place / CURVE, loss_curve(history, objective).encode())

    def _put(self, path: Path, data: bytes) -> None:
        with checkpoints.replacing(path) as fresh:
            checkpoints.fill(fresh, data)

    @contextlib.contextmanager
    def _tried(self, name: str) -> Iterator[None]:
        """What is no checkpoint may fail; that is said at the end."""
        try:
            yield
        except OSError as problem:
            self.trouble(f"{self.place / name} cannot be written: {problem.strerror or problem}")

    def trouble(self, message: str) -> None:
        """Something that a person should know at the end."""
        if message not in self.troubles:
            self.troubles.append(message)


def _entry(line: bytes) -> dict[str, Any] | None:
    """A line of a log; None for one that was cut short."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def fingerprints(problem: Problem) -> dict[str, Any]:
    """Enough of all data of a problem to notice that they are others."""
    found = fingerprint(problem.dataset)
    if problem.validation is not None:
        found["validation"] = fingerprint(problem.validation)
    return found


def fingerprint(dataset: Dataset) -> dict[str, Any]:
    """Rows, shapes, and a checksum: of all rows while they are few, else of some."""
    chosen: Any = slice(None)
    if sum(a.nbytes for a in dataset.arrays.values()) > _READ_WHOLE:
        chosen = np.unique(np.linspace(0, dataset.rows - 1, _SAMPLED).astype(np.int64))
    return {
        "count": dataset.rows,
        "arrays": {
            n: [*map(int, a.shape[1:]), zlib.crc32(np.ascontiguousarray(a[chosen], dtype=np.float64).tobytes())]
            for n, a in dataset.arrays.items()
        },
    }


__all__ = ["CURVE", "LOG", "RunFolder", "fingerprints", "folder_of"]
