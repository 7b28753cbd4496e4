"""Many documents, each checked in a process that can be stopped: one that hangs, or breaks, never stops the rest."""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from gradsheet.checking.documents import check_file
from gradsheet.checking.limits import GRACE, SHARE
from gradsheet.checking.reports.data import report_data
from gradsheet.checking.reports.formats import json_text, written
from gradsheet.checking.reports.table import Row, row_of
from gradsheet.diagnostics import Diagnostic, SheetError, Source
from gradsheet.writing.errors import error_json

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from multiprocessing.connection import Connection

    from gradsheet.checking.limits import Limits

START = 120.0
"""Seconds in which a process has to be there."""


@dataclass(frozen=True, slots=True)
class Task:
    """One document and what it is checked against; `formats` are those in which it is wanted."""

    path: str
    name: str
    sheets: tuple[str, ...]
    context: str | None
    limits: Limits
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a document: its row, its data, its pages by format."""

    row: Row
    data: dict[str, Any]
    pages: dict[str, str] = field(default_factory=dict)


def checked(task: Task) -> Outcome:
    """One document, whatever happens."""
    try:
        report = check_file(task.path, task.sheets, task.context, task.limits)
        pages = {form: written(report, form) for form in task.formats}
        return Outcome(row_of(report, task.name), report_data(report), pages)
    except SheetError as problem:
        return lost(task, problem.diagnostics)
    except Exception as problem:  # noqa: BLE001 - a fault of ours in one document is said in its row, and the rest goes on
        return broken(task, "GS724", f"the check broke off: {type(problem).__name__}: {problem}"[:500])


def broken(task: Task, code: str, message: str) -> Outcome:
    """A document of which nothing is known."""
    return lost(task, (Diagnostic(code, message, None, Source("", task.path)),))


def lost(task: Task, diagnostics: Sequence[Diagnostic]) -> Outcome:
    """A document that could not be checked, and why."""
    row = Row(task.name, problem="; ".join(f"{d.code}: {d.message}" for d in diagnostics))
    data = {"document": task.path, **error_json(diagnostics)}
    return Outcome(row, data, {"json": json_text(data)} if task.formats else {})


def check_many(
    tasks: Sequence[Task], jobs: int = 1, work: Callable[[Task], Outcome] = checked
) -> Generator[Outcome, None, None]:
    """The outcome of each document in order, as soon as it and all before it are there."""
    with _Workers(min(jobs, len(tasks)), work) as workers:
        if jobs == 1 or len(tasks) < 2:
            for task in tasks:
                yield workers.check(task)
            return
        joblib = _joblib()
        # Threads only wait here, each for a process of its own that can be ended without harm to the others.
        parallel = joblib.Parallel(n_jobs=jobs, backend="threading", return_as="generator")
        yield from parallel(joblib.delayed(workers.check)(task) for task in tasks)


def need_joblib() -> None:
    """Refuse early what needs the library where it is missing."""
    _joblib()


def _joblib() -> Any:
    try:
        import joblib  # noqa: PLC0415 - an extra, needed for several processes only
    except ImportError:
        message = "several documents at once need the library joblib"
        hint = 'pip install "gradsheet[batch]", or -j 1'
        raise SheetError((Diagnostic("GS721", message, suggestion=hint),)) from None
    return joblib


# ---------------------------------------------------------------- processes


class _Workers:
    """As many processes as documents are checked at once."""

    def __init__(self, count: int, work: Callable[[Task], Outcome]) -> None:
        self.all = [_Worker(work) for _ in range(max(1, count))]
        self.free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in self.all:
            self.free.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.all:
            worker.end()

    def check(self, task: Task) -> Outcome:
        """A document by the next process that is free."""
        worker = self.free.get()
        try:
            return worker.check(task)
        finally:
            self.free.put(worker)


class _Worker:
    """One process, started when it is needed, and anew after it was ended."""

    def __init__(self, work: Callable[[Task], Outcome]) -> None:
        self.work = work
        self.process: Any = None
        self.line: Connection[Any, Any] | None = None
        self.ended = False

    def check(self, task: Task) -> Outcome:
        """A document within its time."""
        seconds = task.limits.seconds * (1 + SHARE) + GRACE
        try:
            line = self._started()
            line.send(task)
            if not line.poll(seconds):
                self._stop()
                return broken(task, "GS722", f"no answer within {seconds:.0f} s: the check was ended")
            outcome = line.recv()
        except (EOFError, OSError):
            code = self._stop()
            return broken(task, "GS724", f"the process that checked it ended{f' with {code}' if code else ''}")
        assert isinstance(outcome, Outcome)
        return outcome

    def end(self) -> None:
        """End the process for good."""
        self.ended = True
        self._stop()

    def _started(self) -> Connection[Any, Any]:
        if self.ended:
            raise EOFError
        if self.line is None:
            # a fresh interpreter: threads and locks of this one do not get into it
            context = multiprocessing.get_context("spawn")
            self.line, other = context.Pipe()
            self.process = context.Process(target=_serve, args=(other, self.work), daemon=True)
            self.process.start()
            other.close()
            if not self.line.poll(START):
                raise EOFError
            self.line.recv()
        return self.line

    def _stop(self) -> int | None:
        process, line = self.process, self.line
        self.process = self.line = None
        if process is not None:
            process.kill()
            process.join(GRACE)
        if line is not None:
            with contextlib.suppress(OSError):
                line.close()
        return process.exitcode if process is not None else None


def _serve(line: Connection[Any, Any], work: Callable[[Task], Outcome]) -> None:
    """The life of a process: a task comes in, an outcome goes out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever interrupts means the program that started this one
    line.send("ready")
    with contextlib.suppress(EOFError, OSError):
        while True:
            line.send(work(line.recv()))
