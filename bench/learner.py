"""One training run of one engine in a process of its own: `python bench/learner.py ENGINE TASK SEED [FOLDER]`.

Prints one line of JSON: seconds of importing, of preparing, of each epoch, the accuracy after it, the most memory.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import threading
import time
from pathlib import Path

from worker import settle


class Watch:
    """The most memory of its own that a process has had, without pages of files; looked at while it works."""

    def __init__(self) -> None:
        self.most = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            self.most = max(self.most, own_memory())

    def end(self) -> float:
        self._ended.set()
        self._thread.join()
        return max(self.most, own_memory())


def own_memory() -> float:
    """Megabytes in memory that belong to no file."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(row.split()[1]) / 1024 for row in lines if row.startswith("RssAnon"))


def main() -> None:
    engine, name, seed, *place = sys.argv[1:]
    settle(1)
    os.environ.setdefault("GRADSHEET_CACHE", "")
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print must not stand in the answer

    import numpy as np  # noqa: PLC0415 - its pools are sized when it is loaded

    from learners.tasks import MEMORY, TASKS, digits, drawn  # noqa: PLC0415 - the same

    task = TASKS[name]
    began = time.perf_counter()
    module = importlib.import_module(f"learners.{engine}")
    imported = time.perf_counter() - began
    if name == "digits":
        x, labels, held, answers_held = digits()
    elif task.mapped:
        x, labels = (np.load(Path(place[0]) / f"{n}.npy", mmap_mode="r") for n in "xy")
        held, answers_held = drawn(task, 2000, seed=-1 % 2**32)
    else:
        x, labels = drawn(task, task.rows)
        held, answers_held = drawn(task, 2000, seed=5)
    if task.mapped:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY << 20, MEMORY << 20))
    watch = Watch()
    began = time.perf_counter()
    learner = module.Learner(task, x, labels, task.parameters(int(seed)), int(seed))
    prepared = time.perf_counter() - began
    epochs, accuracies = [], []
    for _ in range(task.epochs):
        began = time.perf_counter()
        learner.epoch()
        accuracies.append(learner.accuracy(held, answers_held))
        epochs.append(time.perf_counter() - began)
        if task.goal is not None and accuracies[-1] >= task.goal:
            break
    answers.write(json.dumps({
        "imported": imported, "prepared": prepared, "epochs": epochs, "accuracies": accuracies, "peak": watch.end(),
    }) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
