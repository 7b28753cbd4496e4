"""How fast compiled sheets are, next to JAX, PyTorch and scikit-learn, measured side by side and written down.

python bench/programs.py           every part; writes bench/programs.md, bench/programs.json and bench/programs.svg
python bench/programs.py sgd mlp   only these parts; the others keep what was written before

The parts: sgd, seeds, wide, mlp, convolution, hessian, boltzmann (rows of the table), start (a cold process), growth
(curves over width, depth and batch), memory.

Every engine runs in a process of its own that stays alive, on one thread, and is compared with the reference evaluation
before it is timed; one that differs fails the benchmark. The best of a row's peers is found first; then it and ours run
by turns, and the ratio is the median over these pairs. Machines differ: compare the ratios of one run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cases import CASES, CURVE, DEPTHS, SIZES, TABLE, WIDTHS, Comparison
from curves import picture
from pairs import HERE, Engine, FailedError, MissingError, differing, paired, raced, spread
from workloads import SGD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cases import Peer

PATH = HERE / "programs.json"
PARTS = ("sgd", "seeds", "wide", "mlp", "convolution", "hessian", "boltzmann", "start", "growth", "memory")
START_ROWS = 1000
START_MUST, START_AIM = 0.5, 0.33
MEMORY = {
    "mlp-1024": ("784-512-256-10, batch 1,024", (("in_jax", "scan"), ("in_torch", "eager, SGD foreach"))),
    "hessian-1000": ("Hessian of logistic regression, d 1000", (("in_jax", "jacrev(grad)"), ("in_torch", "hessian"))),
    "hessian-factors": ("Hessian of ‖T − U Vᵀ‖², d 200", (("in_jax", "products, 50"),)),
    "boltzmann-float64": ("16 × 16 Boltzmann machine", (("in_jax", "states as a matrix"), ("in_torch", "eager"))),
}


def say(*words: object) -> None:
    print(" ", *words, file=sys.stderr, flush=True)


# ---------------------------------------------------------------- rows of the table


class Bench:
    """Engines are held to the reference; what differs is remembered."""

    def __init__(self, pairs: int) -> None:
        self.pairs = pairs
        self.wrong: list[str] = []

    def engine(self, name: str, peer: Peer, wanted: dict[str, np.ndarray], stack: contextlib.ExitStack):
        """A worker that agrees with the reference, ready to be timed."""
        case = CASES[name]
        made = Engine(*(peer[0], name, peer[1]), cores=case.cores)
        stack.callback(made.close)
        if apart := differing(made.result, wanted, case.workload.precision):
            self.wrong.append(f"{name}: {made.name} differs from the reference in {', '.join(apart)}")
            raise FailedError(self.wrong[-1])
        made.calibrate()
        return made

    def sound(
        self, name: str, peers: Iterable[Peer], wanted: dict[str, np.ndarray], stack: contextlib.ExitStack
    ) -> list[Engine]:
        """Those of some workers that do their work, and do it right."""
        found = []
        for peer in peers:
            try:
                found.append(self.engine(name, peer, wanted, stack))
            except FailedError as failure:
                say(failure)
        return found

    def reference(self, name: str) -> dict[str, np.ndarray]:
        held = Engine("reference", name)
        held.close()
        return held.result

    def row(self, name: str) -> dict:
        """Everything that is known of one workload."""
        case = TABLE[name]
        say(case.title)
        row: dict = {"title": case.title, "flop": case.workload.flop, "cores": case.cores, "comparisons": []}
        with contextlib.ExitStack() as stack:
            try:
                wanted = self.reference(name)
                ours = self.engine(name, ("compiled", ""), wanted, stack)
            except (MissingError, FailedError) as lack:
                say(lack)
                kind = "missing" if isinstance(lack, MissingError) else "failed"
                return {**row, kind: str(lack), "comparisons": [goal(c) for c in case.comparisons]}
            row["compile"] = ours.notes["compile"]
            for comparison in case.comparisons:
                row["comparisons"].append(self.compared(name, ours, comparison, wanted))
            row["shares"] = ours.shares()
        return row

    def compared(self, name: str, ours: Engine, comparison: Comparison, wanted: dict[str, np.ndarray]) -> dict:
        found, lost = [], {}
        with contextlib.ExitStack() as stack:
            for peer in comparison.peers:
                try:
                    found.append(self.engine(name, peer, wanted, stack))
                except FailedError as failure:
                    lost[" ".join(peer)] = str(failure)
                    say("failed:", failure)
            if not found:
                return {**goal(comparison), "lost": lost}
            times = raced(found)
            best = min(found, key=lambda e: times[e.name])
            result = {**goal(comparison), "best": best.name, "times": times, "lost": lost}
            result |= paired(ours, best, self.pairs)
        say(f"{result['ratio']['median']:.4g} of {best.name}")
        return result

    def growth(self) -> dict:
        """Seconds a step for every point of the curves."""
        found: dict[str, dict[str, dict[str, float]]] = {}
        for name, case in CURVE.items():
            kind, _, at = name.partition("-")
            say(case.title)
            with contextlib.ExitStack() as stack:
                wanted = self.reference(name)
                peers = [("compiled", ""), *case.comparisons[0].peers]
                times = raced(self.sound(name, peers, wanted, stack), rounds=5)
            for engine, seconds in times.items():
                found.setdefault(kind, {}).setdefault(engine, {})[at] = seconds
        return found

    def memory(self) -> dict:
        """Megabytes at most, after a second of work."""
        found: dict[str, dict] = {}
        for name, (title, peers) in MEMORY.items():
            say(title)
            wanted = self.reference(name)
            row: dict[str, float | None] = {}
            for peer in (("compiled", ""), *peers):
                with contextlib.ExitStack() as stack:
                    for engine in self.sound(name, [peer], wanted, stack):
                        began = time.perf_counter()
                        while time.perf_counter() - began < 1:
                            engine.run()
                        row[peer[0]] = engine.peak()
            found[name] = {"title": title, "peak": row}
        return found

    def start(self) -> dict:
        """Whole processes, from their start to the printed weights."""
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "network.sheet").write_text(SGD.sheet.text, encoding="utf-8")
            rows = {name: array[:START_ROWS] for name, array in SGD.data.items()}
            np.savez(folder / "data.npz", **rows, **SGD.parameters())
            ours, theirs = str(HERE / "cold" / "compiled.py"), str(HERE / "cold" / "in_jax.py")
            kept = str(folder / "kept")
            commands = {
                "ours, nothing cached": ([ours, place], None),
                "ours, code cached": ([ours, place], kept),
                "JAX": ([theirs, place], None),
                "JAX, code cached": ([theirs, place, str(folder / "jax")], None),
            }
            times: dict[str, list[float]] = {name: [] for name in commands}
            parts: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
            for k in range(max(self.pairs, 9) + 1):
                for name, (command, cache) in commands.items():
                    with tempfile.TemporaryDirectory() as empty:
                        seconds, printed, laps = whole(command, cache or empty)
                    if k:  # the first round fills the caches and is not counted
                        times[name].append(seconds)
                        parts[name].append(laps)
                    elif name == "ours, nothing cached":
                        wanted = printed
                    elif not np.allclose(printed, wanted, rtol=1e-9, atol=1e-12):
                        self.wrong.append(f"start: {name} prints other weights")
            result: dict = {"times": {name: spread(found) for name, found in times.items()}}
            result["parts"] = {
                name: {part: statistics.median(laps[part] for laps in rows) for part in rows[0]}
                for name, rows in parts.items()
                if rows[0]
            }
            for name, peer in (("ours, nothing cached", "JAX"), ("ours, code cached", "JAX, code cached")):
                ratios = [a / b for a, b in zip(times[name], times[peer], strict=True)]
                result[f"{name} / {peer}"] = spread(ratios)
            result["ours, code cached / JAX"] = spread(
                [a / b for a, b in zip(times["ours, code cached"], times["JAX"], strict=True)]
            )
        return result


def whole(command: list[str], cache: str) -> tuple[float, np.ndarray, dict[str, float]]:
    """Seconds of a process on one thread, the numbers that it printed, and what its parts took, if it says so."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "GRADSHEET_CACHE": cache, "JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "1"}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=True)
    took = time.perf_counter() - began
    last = (done.stderr.strip().splitlines() or [""])[-1]
    return took, np.array(done.stdout.split(), dtype=float), json.loads(last) if last.startswith("{") else {}


def goal(comparison: Comparison) -> dict:
    return {"against": comparison.against, "must": comparison.must, "aim": comparison.aim}


# ---------------------------------------------------------------- writing


def short(value: float) -> str:
    """A ratio: 0.083, or 1/2300 where it is small."""
    return f"1/{1 / value:.0f}" if value < 0.04 else f"{value:.3f}"


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def reached(ratio: float, must: float | None, aim: float | None) -> str:
    """Whether a ratio is what it has to be, and by how much it is not."""
    if must is not None and ratio > must:
        return f"**missed by {ratio / must - 1:.0%}**"
    said = "" if must is None else "must"
    if aim is None:
        return said
    return ", ".join(filter(None, (said, "aim" if ratio <= aim else f"aim missed by {ratio / aim - 1:.0%}")))


def where(row: dict, rates: dict[str, float]) -> str:
    """The largest parts of a step, and how near its arithmetic is to what the core can do."""
    parts = row.get("shares")
    said = []
    if isinstance(parts, str):
        said.append(parts)
    elif parts:
        total = sum(parts.values())
        top = sorted(parts.items(), key=lambda part: -part[1])[:3]
        said.append(", ".join(f"{name.replace('|', '∣')} {share / total:.0%}" for name, share in top))
    precision = "float32" if "float32" in row["title"] else "float64"
    paired_rows = [c for c in row["comparisons"] if "ours" in c]
    if row["flop"] > 1e5 and paired_rows:
        rate = row["flop"] / paired_rows[0]["ours"]["median"]
        cores = row.get("cores", 1)
        what = "the core" if cores == 1 else f"{cores} cores"
        said.append(f"{rate / 1e9:.0f} GFLOP/s, {rate / (cores * rates[precision]):.0%} of {what}")
    return "; ".join(said)


def row_lines(row: dict, rates: dict[str, float]) -> list[str]:
    lines = []
    for k, comparison in enumerate(row["comparisons"]):
        must, aim = (f"≤ {short(v)}" if v is not None else "–" for v in (comparison["must"], comparison["aim"]))
        cells = [row["title"] if not k else "", comparison["against"]]
        if "ratio" not in comparison:
            reason = f"waits for {row['missing']}" if "missing" in row else row.get("failed", "no peer ran")
            lines.append(f"| {' | '.join([*cells, '', '', '', must, aim, reason, ''])} |")
            continue
        ratio = comparison["ratio"]
        cells += [
            seconds(comparison["ours"]["median"]), f"{seconds(comparison['peer']['median'])} ({comparison['best']})",
            f"**{short(ratio['median'])}** ({short(ratio['low'])} to {short(ratio['high'])})", must, aim,
            reached(ratio["median"], comparison["must"], comparison["aim"]), where(row, rates) if not k else "",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def start_lines(part: dict) -> list[str]:
    lines = ["## First trained result in a cold process", ""]
    lines.append(f"4-4-3-3, float64: import, read the sheet, compile, train on {START_ROWS:,} rows, print the weights.")
    lines.append("")
    lines += ["| | time | ratio | must | aim | reached |", "|---|---|---|---|---|---|"]
    for name, row in part["times"].items():
        lines.append(f"| {name} | {seconds(row['median'])} ({seconds(row['low'])} to {seconds(row['high'])}) | | | | |")
    for name, row in part.items():
        if name in {"times", "parts"}:
            continue
        ratio = f"**{row['median']:.3f}** ({row['low']:.3f} to {row['high']:.3f})"
        held = name == "ours, nothing cached / JAX"
        goals = ["", "", ""]
        if held:
            goals = [f"≤ {START_MUST}", f"≤ {START_AIM}", reached(row["median"], START_MUST, START_AIM)]
        lines.append(f"| {name} | | {ratio} | {' | '.join(goals)} |")
    lines.append("")
    for name, laps in part["parts"].items():
        took = ", ".join(f"{lap} {seconds(value)}" for lap, value in laps.items())
        lines += [f"Where the time of {name} goes: {took}; the rest is the interpreter's start and end.", ""]
    return lines


def written(results: dict) -> str:
    """The results as a page."""
    rates = results["machine"]["flops"]
    lines = ["# Benchmark of compiled sheets", ""]
    lines += ["Written by `make bench`. " + __doc__.strip().split("\n\n")[-1].replace("\n", " "), ""]
    lines += ["Times are for one step, ratios ours / peer's: median over the pairs (quartiles).", ""]
    lines += ["| workload | against | ours | peer | ratio | must | aim | reached | where our time goes |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for row in results["table"].values():
        lines += row_lines(row, rates)
    core = ", ".join(f"{rate / 1e9:.0f} GFLOP/s in {name}" for name, rate in rates.items())
    lines += ["", "Shares are of each statement run alone, its arrays in memory of their own. The rate counts the"]
    lines += [f"arithmetic of the products; this core does {core} on numbers in registers.", ""]
    if part := results.get("start"):
        lines += start_lines(part)
    if part := results.get("growth"):
        lines += ["## How the cost grows", ""]
        lines += ["Networks of ReLU layers with softmax and cross-entropy, one step of training, float32.", ""]
        lines += ["![Time of a step by width, depth and batch](programs.svg)", ""]
        lines += growth_lines(part)
    if part := results.get("memory"):
        lines += ["## Memory", "", "The most that the process had, in MB, interpreter and libraries included.", ""]
        lines += ["| workload | ours | JAX | PyTorch |", "|---|---:|---:|---:|"]
        for row in part.values():
            held = row["peak"]
            cells = [f"{held[e]:.0f}" if held.get(e) else "" for e in ("compiled", "in_jax", "in_torch")]
            lines.append(f"| {row['title']} | {' | '.join(cells)} |")
        lines.append("")
    if wrong := results.get("wrong"):
        lines += ["## Results that differ from the reference", "", *(f"- {line}" for line in wrong), ""]
    lines += ["## Versions", "", ", ".join(f"{name} {value}" for name, value in results["versions"].items()), ""]
    return "\n".join(lines)


def growth_lines(part: dict) -> list[str]:
    lines = []
    for kind, curves in part.items():
        engines = list(curves)
        places = [at for at in ALONG[kind] if str(at) in curves[engines[0]]]
        lines += [f"| {kind} | {' | '.join(map(named, engines))} |", f"|---:|{'---:|' * len(engines)}"]
        for at in places:
            lines.append(f"| {at} | {' | '.join(seconds(curves[e][str(at)]) for e in engines)} |")
        lines.append("")
    return lines


ALONG = {"width": WIDTHS, "depth": DEPTHS, "batch": SIZES}
TITLES = {
    "width": "width, 2 layers, batch 128",
    "depth": "hidden layers of 128, batch 128",
    "batch": "batch, 2 layers of 256",
}


def named(engine: str) -> str:
    return "gradsheet" if engine == "ours" else engine.partition(" ")[0]


def drawn(part: dict) -> str:
    return picture(
        {TITLES[k]: {named(e): {int(n): t for n, t in c.items()} for e, c in cs.items()} for k, cs in part.items()}
    )


# ---------------------------------------------------------------- the machine


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for name in ("gradsheet", "numpy", "llvmlite", "jax", "jaxlib", "torch", "scikit-learn"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return {**found, "cores": str(os.cpu_count())}


def machine() -> dict:
    """What the core can do, measured in a process of its own."""
    program = "import json, engines.compiled as c; print(json.dumps({p: c.arithmetic(p) for p in c.NUMBERS}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=HERE, capture_output=True, text=True, check=True)
    name = ""
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        name = found[1] if found else ""
    return {"flops": json.loads(done.stdout), "processor": name}


def in_order(table: dict[str, dict]) -> dict[str, dict]:
    return {name: table[name] for name in TABLE if name in table}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = f"{', '.join(PARTS)}, or a row's name; all unless named"
    parser.add_argument("parts", nargs="*", metavar="part", help=known)
    parser.add_argument("--pairs", type=int, default=15, help="pairs of runs for each ratio (15)")
    options = parser.parse_args()
    chosen = options.parts or PARTS
    if unknown := set(chosen) - set(PARTS) - set(TABLE):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    results = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    results |= {"versions": versions(), "machine": machine()}
    table = results.setdefault("table", {})
    bench = Bench(options.pairs)

    def keep() -> None:
        results["wrong"] = bench.wrong
        results["table"] = in_order(table)
        PATH.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (HERE / "programs.md").write_text(written(results), encoding="utf-8")
        if part := results.get("growth"):
            (HERE / "programs.svg").write_text(drawn(part), encoding="utf-8")

    for name in chosen:
        print(f"{name} …", file=sys.stderr)
        if name in {"start", "growth", "memory"}:
            results[name] = getattr(bench, name)()
            keep()
        for row in TABLE:
            if name in {row, TABLE[row].part}:
                table[row] = bench.row(row)
                keep()
    print(written(results))
    return 1 if bench.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
