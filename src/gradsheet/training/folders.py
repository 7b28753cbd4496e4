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

from gradsheet.diagnostics import Diagnostic, SheetError, Source
from gradsheet.files import write_file
from gradsheet.training import checkpoints
from gradsheet.training.curves import loss_curve
from gradsheet.training.model import checkpoint_of, restore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gradsheet.sheet import Sheet
    from gradsheet.training.checkpoints import Checkpoint
    from gradsheet.training.data import Dataset
    from gradsheet.training.recipe import Recipe
    from gradsheet.training.trainer import Trainer

LOG, CURVE, LOCK = "log.jsonl", "curve.svg", ".lock"
_OURS = (checkpoints.NAME, checkpoints.BEFORE, LOG, CURVE)
_SAMPLED = 512


@contextlib.contextmanager
def folder_of(path: str | Path, *, resume: bool = False, force: bool = False) -> Iterator[RunFolder]:
    """A folder for one run alone; the system lets go of it when the process ends, however it ends.

    A folder that holds a run already is used to go on with it (`resume`), or to begin anew (`force`).
    """
    place = Path(path)
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = (place / LOCK).open("a+b")
    except OSError as problem:
        _refuse("GS831", f"the folder cannot be used: {problem.strerror or problem}", place)
    with lock:
        if not _locked(lock):
            _refuse("GS831", "another run is at work in this folder", place, "choose another folder: -o")
        taken = any((place / n).exists() for n in (checkpoints.NAME, checkpoints.BEFORE))
        if taken and not (resume or force):
            _refuse("GS831", "this folder holds a run already", place,
                    "--resume goes on with it, --force begins anew")  # fmt: skip
        if force and not resume:
            for name in _OURS:
                (place / name).unlink(missing_ok=True)
        yield RunFolder(place)


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
    raise SheetError((Diagnostic(code, message, None, Source("", str(place)), None, suggestion),)) from None


class RunFolder:
    """What a run writes: a checkpoint that is always whole, a line for each epoch, a picture of the losses."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.sources: dict[str, Any] = {}
        """Where the data come from, for a run that goes on."""
        self._rows: dict[str, Any] = {}
        self.troubles: list[str] = []
        """What could not be written and is not needed to go on."""

    # ------------------------------------------------------------ checkpoints

    def load(self) -> tuple[Checkpoint, tuple[str, ...]]:
        """The newest checkpoint that is whole, and remarks on one that is not."""
        return checkpoints.load(self.place)

    def save(self, trainer: Trainer) -> None:
        """A checkpoint of a run as it stands."""
        self._rows = self._rows or fingerprint(trainer.problem.dataset)
        checkpoints.save(self.place, checkpoint_of(trainer, rows=self._rows, sources=self.sources))

    def resume(self, trainer: Trainer, checkpoint: Checkpoint) -> None:
        """Put a run where its checkpoint has it, once sheet, recipe and data are found to be the same."""
        self._check_recipe(trainer.recipe, checkpoint.notes)
        self._check_rows(trainer.problem.dataset, checkpoint.notes)
        restore(trainer, checkpoint)
        self._shorten_log(trainer.standing.epoch)

    def check_sheet(self, sheet: Sheet, checkpoint: Checkpoint) -> None:
        """Refuse a sheet that is not the one of the checkpoint, and show how they differ."""
        stated = checkpoint.notes["sheet"]
        mine, theirs = sheet.source.text.splitlines(), stated["text"].splitlines()
        if mine == theirs:
            return
        lines = list(difflib.unified_diff(theirs, mine, "the checkpoint", "the sheet", lineterm="", n=0))[2:]
        shown = "\n".join(f"    {line}" for line in lines if not line.startswith("@@"))
        _refuse("GS833", f"the checkpoint is of another sheet:\n{shown}", self.place,
                "take the sheet that the run began with, or another folder")  # fmt: skip

    def _check_recipe(self, recipe: Recipe, notes: Mapping[str, Any]) -> None:
        apart = recipe.differences(type(recipe).read(notes["recipe"]))
        if apart:
            _refuse("GS833", "the run began with other settings: " + ", ".join(apart), self.place,
                    "leave these options as they were; --force begins anew")  # fmt: skip

    def _check_rows(self, dataset: Dataset, notes: Mapping[str, Any]) -> None:
        if notes.get("rows") != fingerprint(dataset):
            _refuse("GS833", "the run began with other data", self.place,
                    "take the data that it began with; --force begins anew")  # fmt: skip

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
            write_file(str(path), b"".join(line + b"\n" for line in kept), force=True)

    def draw(self, history: list[dict[str, Any]], objective: str) -> None:
        """The losses of all epochs, as a picture."""
        if history:
            with self._tried(CURVE):
                write_file(str(self.place / CURVE), loss_curve(history, objective).encode(), force=True)

    @contextlib.contextmanager
    def _tried(self, name: str) -> Iterator[None]:
        """What is no checkpoint may fail; that is said at the end."""
        try:
            yield
        except (OSError, SheetError) as problem:
            reason = problem.diagnostics[0].message if isinstance(problem, SheetError) else problem.strerror
            message = f"{self.place / name}: {reason}"
            if message not in self.troubles:
                self.troubles.append(message)


def _entry(line: bytes) -> dict[str, Any] | None:
    """A line of a log; None for one that was cut short."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def fingerprint(dataset: Dataset) -> dict[str, Any]:
    """Enough of the data to notice that they are others: rows, shapes, and a checksum of some rows."""
    chosen = np.unique(np.linspace(0, dataset.rows - 1, _SAMPLED).astype(np.int64))
    return {
        "count": dataset.rows,
        "arrays": {
            n: [*map(int, a.shape[1:]), zlib.crc32(np.ascontiguousarray(a[chosen], dtype=np.float64).tobytes())]
            for n, a in dataset.arrays.items()
        },
    }


__all__ = ["CURVE", "LOG", "RunFolder", "fingerprint", "folder_of"]
