"""One engine with one workload, in a process that stays alive; told by lines of JSON what to do, answers by others.

`python bench/worker.py ENGINE CASE VARIANT CORES`, which `pairs.py` starts.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from pathlib import Path


def settle(cores: int) -> None:
    """So many cores, and no pool of threads larger than that: some libraries look at one, some at the other."""
    for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
        os.environ[f"{name}_NUM_THREADS"] = str(cores)
    os.environ |= {"KMP_BLOCKTIME": "0", "OMP_WAIT_POLICY": "PASSIVE", "JAX_PLATFORMS": "cpu", "TORCH_LOGS": "-all"}
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])


def peak() -> float | None:
    """The most memory that this process has had, in megabytes."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(row for row in status.read_text(encoding="utf-8").splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    engine, name, variant, cores = sys.argv[1:]
    settle(int(cores))
    # What libraries print must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(**fields: object) -> None:
        answers.write(json.dumps(fields) + "\n")

    import numpy as np  # noqa: PLC0415 - its pools are sized when it is loaded

    from cases import CASES  # noqa: PLC0415 - the same
    from engines.job import MissingError  # noqa: PLC0415 - the same

    make = importlib.import_module(f"engines.{engine}").make
    began = time.perf_counter()
    try:
        job = make(CASES[name].workload, variant)
    except MissingError as lack:
        answer(missing=str(lack))
        return
    took = time.perf_counter() - began
    np.savez(os.environ["BENCH_RESULT"], **{k: np.asarray(v) for k, v in job.result.items()})
    answer(steps=job.steps, prepared=took, **job.notes)
    gc.disable()
    for line in sys.stdin:
        match json.loads(line):
            case ["run", calls]:
                began = time.perf_counter()
                job.run(calls)
                answer(seconds=time.perf_counter() - began)
            case ["peak"]:
                answer(peak=peak())
            case ["shares"]:
                answer(shares=job.shares() if job.shares else {})


if __name__ == "__main__":
    main()
