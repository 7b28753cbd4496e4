"""Whole training runs beside PyTorch, JAX and scikit-learn, from rows to a model that knows them.

python bench/training.py               every part; writes bench/training.md and bench/training.json
python bench/training.py digits epoch  only these parts; the others keep what was written before

The parts: digits (time until 97 % of digits are known that were not learned from), epoch (60,000 rows of 784 numbers),
mapped (more data than memory is given for), overhead (a run beside its steps).

Each run is a process of its own on one thread; engines take turns, all begin with the same parameters, and each is held
to what it has learned before its time counts. Machines differ: compare the ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from learners.tasks import MEMORY, TASKS, written

HERE = Path(__file__).resolve().parent
PATH = HERE / "training.json"
ENGINES = {"ours": "gradsheet", "in_torch": "PyTorch", "in_jax": "JAX", "in_sklearn": "scikit-learn"}
PARTS = ("digits", "epoch", "mapped", "overhead")
SEEDS = 5
PAIRS = 15
LEARNED = 0.5
"""The accuracy, of ten classes, below which a run has not learned."""
MOST_OVERHEAD = 1.05

HEAD = """\
# Benchmark of training

Written by `make bench`. Each run is a process of its own on one thread; engines take turns, all begin with the same
parameters, and each is held to what it has learned before its time counts. Machines differ: compare the ratios of one
run."""
DIGITS = """\
## Time until 97 % of the digits are known

The 8×8 digits of scikit-learn, 30 % of each class kept apart; {network} with ReLU, batch {batch}, rate {rate}, float32;
the accuracy on the rows that are kept apart is looked at after each epoch. Medians of {seeds} seeds; ratios are ours /
theirs, seed by seed.

| | importing | preparing | training | epochs | preparing and training, ratio | training alone, ratio |
|---|---:|---:|---:|---:|---:|---:|"""
EPOCH = """\
## An epoch of {rows:,} × {width} rows

{network} with ReLU, batch {batch}, float32, another order each epoch. The first epoch has whatever an engine compiles
late; ratios are of the later ones."""
MAPPED = """\
## Data larger than memory

{rows:,} × {width} numbers in a file ({size:,.0f} MB) that is mapped, by processes that may take {memory:,} MB;
{network}, batch {batch}, float32, one epoch in random order."""
ROWS = """
| | first epoch | later epochs | rows a second | ratio | most memory of its own | accuracy |
|---|---:|---:|---:|---:|---:|---:|"""
OVERHEAD = """\
## A run beside its steps

784-512-256-10, batch 32, float32: an epoch of `gradsheet train`, with its order, its rows brought together, its checks,
its bar on a terminal and a checkpoint every 5 seconds, beside the compiled steps alone.

A step takes {steps:.0f} µs alone and {run:.0f} µs in a run: **{ratio:.3f}** ({low:.3f} to {high:.3f}); at most {most}:
{reached}."""


class FailedError(Exception):
    """A run that broke off, or learned nothing."""


def say(*words: object) -> None:
    print(" ", *words, file=sys.stderr, flush=True)


def run(engine: str, task: str, seed: int, folder: str = "") -> dict:
    """One run; what it has learned is looked at."""
    command = [sys.executable, str(HERE / "learner.py"), engine, task, str(seed), *([folder] if folder else [])]
    environment = {**os.environ, "PYTHONUTF8": "1", "GRADSHEET_CACHE": ""}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    said = [row for row in done.stderr.splitlines() if row.strip()]
    lines = [row for row in said if "Error" in row] or said
    if done.returncode or not done.stdout.strip():
        raise FailedError(f"{ENGINES[engine]}: {lines[-1] if lines else 'ended without a word'}")
    found = json.loads(done.stdout)
    goal = TASKS[task].goal or LEARNED
    if found["accuracies"][-1] < goal:
        raise FailedError(f"{ENGINES[engine]}: knows {found['accuracies'][-1]:.1%} only")
    return found


def turns(task: str, rounds: int, folder: str = "") -> dict[str, list[dict] | str]:
    """Runs of every engine, one after the other, several times."""
    found: dict[str, list[dict] | str] = {engine: [] for engine in ENGINES}
    for seed in range(rounds):
        for engine, held in found.items():
            if isinstance(held, str):
                continue
            try:
                held.append(run(engine, task, seed, folder))
                say(task, ENGINES[engine], f"{sum(held[-1]['epochs']):.3g} s")
            except FailedError as failure:
                say("failed:", failure)
                found[engine] = str(failure)
                if engine == "ours":
                    raise
    return found


def mapped(rounds: int) -> dict[str, list[dict] | str]:
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        say("writing", f"{TASKS['mapped'].rows:,} rows")
        written(TASKS["mapped"], Path(folder))
        return turns("mapped", rounds, folder)


def overhead() -> dict:
    done = subprocess.run(
        [sys.executable, str(HERE / "overhead.py"), str(PAIRS)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FailedError(done.stdout[-800:])
    return json.loads(done.stdout)


# ---------------------------------------------------------------- on paper


def middle(values: list[float]) -> float:
    return statistics.median(values)


def ratio(ours: list[float], theirs: list[float]) -> str:
    found = [a / b for a, b in zip(ours, theirs, strict=True)]
    return f"**{middle(found):.2f}** ({min(found):.2f} to {max(found):.2f})"


def row(engine: str, cells: list[str], runs: list[dict] | str) -> str:
    """A line of a table; of an engine that failed, what it said."""
    if isinstance(runs, str):
        cells = [f"failed: {runs}", *[""] * (len(cells) - 1)]
    return f"| {ENGINES[engine]} | " + " | ".join(cells) + " |"


def digits_text(found: dict) -> str:
    task, ours = TASKS["digits"], found["ours"]
    network = "-".join(map(str, task.sizes))
    lines = [DIGITS.format(network=network, batch=task.batch, rate=task.rate, seeds=SEEDS)]
    for engine, runs in found.items():
        cells = [""] * 6
        if not isinstance(runs, str):
            alone, mine = ([sum(r["epochs"]) for r in rs] for rs in (runs, ours))
            together, both = ([r["prepared"] + sum(r["epochs"]) for r in rs] for rs in (runs, ours))
            cells = [
                f"{middle([r['imported'] for r in runs]):.2f} s", f"{middle([r['prepared'] for r in runs]):.2f} s",
                f"{middle(alone):.3f} s", f"{middle([len(r['epochs']) for r in runs]):g}",
                "" if engine == "ours" else ratio(both, together), "" if engine == "ours" else ratio(mine, alone),
            ]  # fmt: skip
        lines.append(row(engine, cells, runs))
    return "\n".join(lines)


def rows_text(name: str, found: dict) -> str:
    task, ours = TASKS[name], found["ours"]
    network = "-".join(map(str, task.sizes))
    width, size = task.sizes[0], task.rows * task.sizes[0] * 4 / 2**20
    form = EPOCH if name == "epoch" else MAPPED
    head = form.format(network=network, rows=task.rows, width=width, size=size, memory=MEMORY, batch=task.batch)

    def later(run: dict) -> float:
        return middle(run["epochs"][1:] or run["epochs"])

    lines = [head, ROWS]
    for engine, runs in found.items():
        cells = [""] * 6
        if not isinstance(runs, str):
            seconds = middle([later(r) for r in runs])
            compared = "" if engine == "ours" else ratio([later(r) for r in ours], [later(r) for r in runs])
            cells = [
                f"{middle([r['epochs'][0] for r in runs]):.2f} s", "–" if task.epochs == 1 else f"{seconds:.2f} s",
                f"{task.rows / seconds:,.0f}", compared, f"{middle([r['peak'] for r in runs]):,.0f} MB",
                f"{middle([r['accuracies'][-1] for r in runs]):.1%}",
            ]  # fmt: skip
        lines.append(row(engine, cells, runs))
    return "\n".join(lines)


def overhead_text(found: dict) -> str:
    reached = "reached" if found["ratio"] <= MOST_OVERHEAD else "**missed**"
    micro = {name: found[name] * 1e6 for name in ("steps", "run")}
    return OVERHEAD.format(**{**found, **micro}, most=MOST_OVERHEAD, reached=reached)


def on_paper(parts: dict) -> str:
    texts = [HEAD]
    if "digits" in parts:
        texts.append(digits_text(parts["digits"]))
    texts += [rows_text(name, parts[name]) for name in ("epoch", "mapped") if name in parts]
    if "overhead" in parts:
        texts.append(overhead_text(parts["overhead"]))
    return "\n\n".join([*texts, "## Machine and versions", parts["machine"]]) + "\n"


def machine() -> str:
    versions = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("numpy", "llvmlite", "torch", "jax", "scikit-learn")
    )
    return f"Python {platform.python_version()}, {versions}; {platform.machine()}, {os.cpu_count()} cores."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each engine, of epoch and mapped")
    options = parser.parse_args()
    asked = options.parts or PARTS
    held = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    made = {
        "digits": lambda: turns("digits", SEEDS), "epoch": lambda: turns("epoch", options.rounds),
        "mapped": lambda: mapped(options.rounds),
        "overhead": overhead,
    }  # fmt: skip
    for part in asked:
        held[part] = made[part]()
        held["machine"] = machine()
        PATH.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (HERE / "training.md").write_text(on_paper(held), encoding="utf-8")
    print(on_paper(held))


if __name__ == "__main__":
    main()
