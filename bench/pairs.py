"""Two processes that take turns: how long one takes, in terms of the other.

Both stay alive, so that neither start nor compilation counts. Only one of them works at a time. A ratio is taken of two
runs that follow one another, so that what else the machine does weighs on both.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
TOLERANCES = {"float64": 1e-9, "float32": 2e-3}
"""How far results may lie apart, relative to the largest entry."""
LEAST = 0.08
"""Seconds that one run should last at least."""

NAMES = {"compiled": "ours", "in_jax": "JAX", "in_torch": "PyTorch", "in_sklearn": "scikit-learn"}


class FailedError(Exception):
    """An engine that could not do its work; the message is the last line that it wrote."""


class MissingError(Exception):
    """Something that an engine does not offer."""


class Engine:
    """A worker with its workload, ready to run."""

    def __init__(self, engine: str, case: str, variant: str = "", cores: int = 1) -> None:
        self.name = " ".join(filter(None, (NAMES.get(engine, engine), variant)))
        self.calls = 1
        with tempfile.NamedTemporaryFile(suffix=".npz", delete=False) as file:
            self._file = Path(file.name)
        self._errors = tempfile.TemporaryFile(mode="w+", encoding="utf-8")  # noqa: SIM115 - lives as long as the worker
        command = [sys.executable, str(HERE / "worker.py"), engine, case, variant, str(cores)]
        environment = {**os.environ, "BENCH_RESULT": str(self._file), "PYTHONUTF8": "1", "GRADSHEET_CACHE": ""}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True, env=environment
        )
        try:
            self.notes = self._answer()
            self.steps = int(self.notes["steps"])
            with np.load(self._file) as found:
                self.result = dict(found)
        except BaseException:
            self.close()
            raise
        finally:
            self._file.unlink(missing_ok=True)

    def _answer(self) -> dict:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            answer = json.loads(line)
            if "missing" in answer:
                raise MissingError(answer["missing"])
            return answer
        self._process.wait()
        self._errors.seek(0)
        lines = [row.strip() for row in self._errors.read().splitlines() if row.strip()]
        raise FailedError(f"{self.name}: {lines[-1] if lines else 'ended without a word'}")

    def _ask(self, *question: object) -> dict:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def run(self) -> float:
        """Seconds for one step."""
        return self._ask("run", self.calls)["seconds"] / (self.calls * self.steps)

    def calibrate(self) -> None:
        """As many calls as fill the least time; the first runs fill caches and do not count."""
        for _ in range(6):
            seconds = self._ask("run", self.calls)["seconds"]
            if seconds >= LEAST / 2:
                break
            self.calls = max(self.calls + 1, min(100 * self.calls, int(self.calls * LEAST / max(seconds, 1e-9))))
        self.calls = max(1, round(self.calls * LEAST / seconds))

    def peak(self) -> float | None:
        """Megabytes."""
        return self._ask("peak")["peak"]

    def shares(self) -> dict[str, float] | str:
        """Where the time goes."""
        return self._ask("shares")["shares"]

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


def differing(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray], precision: str) -> list[str]:
    """What is not as the reference has it, by name; not a number, or another shape, is never the same."""
    tolerance = TOLERANCES[precision]
    wrong = [name for name in wanted if name not in found]
    for name, value in wanted.items():
        if name not in found:
            continue
        if found[name].shape != value.shape:
            wrong.append(f"{name} ({found[name].shape} for {value.shape})")
            continue
        apart = float(np.max(np.abs(found[name] - value), initial=0.0))
        size = float(np.max(np.abs(value), initial=0.0))
        if not apart <= tolerance * max(size, 1e-300):
            wrong.append(f"{name} (by {apart:.2g} of {size:.2g})")
    return wrong


def spread(values: list[float]) -> dict[str, float]:
    """Median, quartiles and ends."""
    low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return {
        "median": statistics.median(values), "low": low, "high": high, "min": min(values), "max": max(values),
        "count": len(values),
    }  # fmt: skip


def raced(engines: list[Engine], rounds: int = 3) -> dict[str, float]:
    """The median time of each, all of them in turn."""
    times: dict[str, list[float]] = {e.name: [] for e in engines}
    for k in range(rounds):
        for engine in engines[k % len(engines) :] + engines[: k % len(engines)]:
            times[engine.name].append(engine.run())
    return {name: statistics.median(found) for name, found in times.items()}


def paired(ours: Engine, peer: Engine, pairs: int) -> dict:
    """Ours / peer's, pair by pair; who comes first changes."""
    mine: list[float] = []
    theirs: list[float] = []
    for k in range(pairs):
        for engine in (ours, peer) if k % 2 else (peer, ours):
            (mine if engine is ours else theirs).append(engine.run())
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    return {"ours": spread(mine), "peer": spread(theirs), "ratio": spread(ratios)}
