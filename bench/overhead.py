"""What a run costs beside its steps: order, rows brought together, checks, a bar on a terminal, checkpoints.

Whole epochs of a run and the compiled steps alone take turns in one process; the ratio is the median over the pairs.
`python bench/overhead.py PAIRS` prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import pty
import statistics
import sys
import tempfile
import threading
import time

from worker import settle


def terminal() -> int:
    """The end of a terminal that nobody looks at."""
    near, far = pty.openpty()

    def swallow() -> None:
        while os.read(near, 1 << 16):
            pass

    threading.Thread(target=swallow, daemon=True).start()
    return far


def main() -> None:
    settle(1)
    os.environ["GRADSHEET_CACHE"] = ""
    import numpy as np  # noqa: PLC0415 - its pools are sized when it is loaded

    import gradsheet as gs  # noqa: PLC0415 - the same
    from gradsheet.cli.progress import watching  # noqa: PLC0415 - the same
    from gradsheet.native.runtime import name_of  # noqa: PLC0415 - the same
    from gradsheet.training.folders import folder_of  # noqa: PLC0415 - the same
    from gradsheet.training.problem import Sources, pose  # noqa: PLC0415 - the same
    from gradsheet.training.recipe import Recipe  # noqa: PLC0415 - the same
    from gradsheet.training.running import Keeping, carry_out  # noqa: PLC0415 - the same
    from gradsheet.training.trainer import Trainer  # noqa: PLC0415 - the same
    from learners.tasks import TASKS, drawn  # noqa: PLC0415 - the same

    task, rows = TASKS["epoch"], 32 * 600
    x, labels = drawn(task, rows)
    y = np.eye(10, dtype=np.float32)[labels]
    sheet = gs.mlp(task.sizes, hidden="relu", output="softmax", rate=task.rate)
    pairs = int(sys.argv[1])
    recipe = Recipe(epochs=pairs + 1, batch=task.batch, rate=task.rate, precision="float32")
    problem = pose(sheet._sheet, Sources({"x": x, "y": y}), recipe)  # noqa: SLF001 - as the command does
    trainer = Trainer(problem, recipe)
    trainer.begin(task.parameters(0))
    stepper = trainer.stepper
    held = {n: a.copy() for n, a in stepper.arrays.items()}
    held |= {problem.rules.rate.name: np.float32(task.rate), "x": x, "y": y}
    values = {a.symbol: np.asarray(held[name_of(a)]) for a in stepper.main.arguments}
    alone: list[float] = []
    whole: list[float] = []

    class Turns:
        """After each epoch, the same steps alone."""

        began = 0.0

        def __init__(self, report) -> None:
            self.report = report

        def moment(self, moment) -> None:
            self.report.moment(moment)
            if moment.epoch_ends:
                whole.append(time.perf_counter() - self.began)
                began = time.perf_counter()
                stepper.main.epoch(values, rows // task.batch)
                alone.append(time.perf_counter() - began)
                self.began = time.perf_counter()

    os.dup2(terminal(), 2)
    printed, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - to the end
    with tempfile.TemporaryDirectory() as place, folder_of(place) as folder, watching(trainer, quiet=False) as report:
        turns = Turns(report)
        turns.began = time.perf_counter()
        carry_out(trainer, Keeping(folder, every=5.0), turns)
    ratios = [a / b for a, b in zip(whole[1:], alone[1:], strict=True)]  # the first epoch fills caches
    low, median, high = statistics.quantiles(ratios, n=4)
    sys.stdout = printed
    print(json.dumps({
        "ratio": median, "low": low, "high": high, "steps": statistics.median(alone) * task.batch / rows,
        "run": statistics.median(whole) * task.batch / rows,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
