"""How fast gradsheet derives and starts, measured side by side with others and written down.

python bench/run.py            every part; writes bench/results.md and bench/results.json
python bench/run.py layers     10, 100, 1,000 and 10,000 layers written out, and the same as a family
python bench/run.py peers      the same network in SymPy and tensorgrad, as deep as they go
python bench/run.py startup    `gradsheet --help` and `gradsheet solve circuit.sheet` against `import numpy`

Each figure is the median of interleaved runs, each in a process of its own, with the least and the greatest. Machines
differ: compare the ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
DEPTHS = (10, 100, 1000, 10_000)
PEER_DEPTHS = (1, 2, 3, 4, 5, 6)
PATIENCE = 120
LAYERS_PATIENCE = 600
LINEAR = 1.2
"""The greatest slope of log time over log depth that counts as linear growth."""
LIMITS = {"gradsheet --help": 1.5, "gradsheet solve circuit.sheet": 4.0}


def environment(cache: str) -> dict[str, str]:
    # Compiled modules are kept, as they are for anybody who uses the command twice.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONUTF8": "1", "NO_COLOR": "1", "XDG_CACHE_HOME": cache}


def timed(tool: str, layers: int, patience: int) -> dict[str, float] | None:
    """Seconds that a tool took in a process of its own; None if it gave up or ran out of patience."""
    command = [sys.executable, str(HERE / "models.py"), tool, str(layers)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        print(f"  {tool} at {layers}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def summary(seconds: list[float]) -> dict[str, float]:
    return {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds), "runs": len(seconds)}


def interleaved(cases: list[tuple[str, int]], runs: int, patience: int = PATIENCE) -> dict[tuple[str, int], dict]:
    """Every case once, then every case again. A tool that fails at one depth is not asked for a greater one."""
    found: dict[tuple[str, int], list[dict[str, float]]] = defaultdict(list)
    failed: dict[str, int] = {}
    for run in range(runs):
        for tool, layers in cases:
            if layers >= failed.get(tool, sys.maxsize):
                continue
            result = timed(tool, layers, patience)
            if result is None:
                failed[tool] = layers
                found.pop((tool, layers), None)
                continue
            found[tool, layers].append(result)
            print(f"  run {run + 1}: {tool} at {layers:,}: {result['seconds']:.4f} s", file=sys.stderr)
    parts = {key: {part: summary([r[part] for r in rows]) for part in rows[0]} for key, rows in found.items()}
    return {key: parts.get(key) for key in cases}


def slope(times: dict[int, float]) -> float:
    """The exponent p of time ~ depthᵖ between the two greatest depths."""
    (n, t), (m, u) = sorted(times.items())[-2:]
    return math.log(u / t) / math.log(m / n)


def layers_part(runs: int) -> dict:
    cases = [*(("gradsheet", depth) for depth in DEPTHS), ("gradsheet-family", 0)]
    found = interleaved(cases, runs, LAYERS_PATIENCE)
    times = {depth: found["gradsheet", depth]["seconds"]["median"] for depth in DEPTHS if found["gradsheet", depth]}
    exponent = slope(times) if len(times) > 1 else math.nan
    return {
        "depths": {str(depth): found["gradsheet", depth] for depth in DEPTHS},
        "family": found["gradsheet-family", 0],
        "slope": exponent,
        "linear": exponent <= LINEAR and len(times) == len(DEPTHS),
    }


def peers_part(runs: int) -> dict:
    tools = ("gradsheet", "sympy", "tensorgrad")
    found = interleaved([(tool, depth) for depth in PEER_DEPTHS for tool in tools], runs)
    return {
        str(depth): {tool: (found[tool, depth] or {}).get("seconds") for tool in tools} for depth in PEER_DEPTHS
    }


def startup_part(runs: int) -> dict:
    runs = max(runs, 11)
    circuit = str(HERE.parent / "examples" / "circuit.sheet")
    script = str(BIN / "gradsheet")
    commands = {
        'python -c "import numpy"': [sys.executable, "-c", "import numpy"],
        "gradsheet --help": [script, "--help"],
        "gradsheet solve circuit.sheet": [script, "solve", circuit],
        "gradsheet solve circuit.sheet, nothing cached": [script, "solve", circuit],
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as cache:
        for run in range(runs + 1):
            for name, command in commands.items():
                with tempfile.TemporaryDirectory() as empty:
                    place = empty if name.endswith("nothing cached") else cache
                    start = time.perf_counter()
                    subprocess.run(command, env=environment(place), stdout=subprocess.DEVNULL, check=True)
                    if run:  # the first round fills the caches of the system and is not counted
                        seconds[name].append(time.perf_counter() - start)
    result = {name: summary(times) for name, times in seconds.items()}
    base = result['python -c "import numpy"']["median"]
    for name, row in result.items():
        row["ratio"] = row["median"] / base
        row["limit"] = LIMITS.get(name)
    return result


PARTS = {"layers": layers_part, "peers": peers_part, "startup": startup_part}


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for name in ("gradsheet", "numpy", "python-flint", "sympy", "tensorgrad"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return {**found, "cores": str(os.cpu_count())}


def shown(row: dict | None) -> str:
    if not row:
        return "out of time, or failed"
    return f"{row['median']:.4g} s ({row['min']:.4g} to {row['max']:.4g})"


def written(results: dict) -> str:
    """The results as a page."""
    lines = ["# Benchmark", "", "Written by `make bench`. " + __doc__.strip().split("\n\n")[-1].replace("\n", " "), ""]
    if part := results.get("layers"):
        lines += ["## All gradients of a network, by depth", "", "| layers | reading and deriving | of it deriving |"]
        lines += ["|---:|---|---|"]
        for depth, row in part["depths"].items():
            lines.append(f"| {int(depth):,} | {shown(row and row['seconds'])} | {shown(row and row['derive'])} |")
        family = part["family"]
        lines.append(f"| D (a family) | {shown(family and family['seconds'])} | {shown(family and family['derive'])} |")
        verdict = "linear" if part["linear"] else "NOT linear"
        lines += ["", f"Time grows with depth to the power {part['slope']:.2f}: {verdict}.", ""]
        lines += ["The family's depth is a symbol: one derivation holds for every depth.", ""]
    if part := results.get("peers"):
        lines += ["## The same network elsewhere", ""]
        lines += ["SymPy has explicit 2×2 matrices, differentiated entry by entry; tensorgrad and gradsheet have"]
        lines += ["symbolic sizes. Ratios are to gradsheet, which also reads the sheet in that time.", ""]
        lines += ["| layers | gradsheet | SymPy | ratio | tensorgrad | ratio |", "|---:|---|---|---:|---|---:|"]
        for depth, row in part.items():
            cells = [shown(row["gradsheet"])]
            for peer in ("sympy", "tensorgrad"):
                both = row[peer] and row["gradsheet"]
                ratio = f"{row[peer]['median'] / row['gradsheet']['median']:.3g}" if both else ""
                cells += [shown(row[peer]), ratio]
            lines.append(f"| {depth} | {' | '.join(cells)} |")
        lines.append("")
    if part := results.get("startup"):
        lines += ["## Start-up", "", "| command | time | ratio | at most |", "|---|---|---:|---:|"]
        for name, row in part.items():
            limit = f"{row['limit']}" if row["limit"] else ""
            late = " (too slow)" if row["limit"] and row["ratio"] > row["limit"] else ""
            lines.append(f"| `{name}` | {shown(row)} | {row['ratio']:.2f}{late} | {limit} |")
        lines.append("")
    lines += ["## Versions", "", ", ".join(f"{name} {value}" for name, value in results["versions"].items()), ""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all unless named")
    parser.add_argument("--runs", type=int, default=5, help="runs of each measurement (5)")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    path = HERE / "results.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    results["versions"] = versions()
    for name in options.parts or PARTS:
        print(f"{name} …", file=sys.stderr)
        results[name] = PARTS[name](options.runs)
        path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (HERE / "results.md").write_text(written(results), encoding="utf-8")
    print(written(results))
    startup = results.get("startup", {})
    slow = [name for name, row in startup.items() if row["limit"] and row["ratio"] > row["limit"]]
    linear = results.get("layers", {}).get("linear", True)
    return 1 if slow or not linear else 0


if __name__ == "__main__":
    sys.exit(main())
