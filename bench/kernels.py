"""Times of the kernels' mathematics, per element and from argument to result, and of compiling: one Markdown table.

`python bench/kernels.py [NAME …]` needs llvmlite. Every time is the least of many runs: what the code can do on this
processor, not what it does beside others.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np

os.environ["GRADSHEET_CACHE"] = ""  # compiling is measured

from gradsheet.kernels import F32, F64, I64, ModuleBuilder, llvm, pointer
from gradsheet.kernels.mathematics import FUNCTIONS, apply
from gradsheet.kernels.native import NativeModule, object_code

LENGTH = 4096
STEPS = 2000


def over_arrays(name, of):
    module = ModuleBuilder()
    with module.function(
        "f", {"n": I64, "x": pointer(of.scalar, readonly=True), "y": pointer(of.scalar)}, exported=True
    ) as b:
        n, x, y = b.parameters
        with b.loop("i", 0, n, step=of.lanes) as i:
            loaded = b.load(x, i, of.lanes)
            b.store(y, i, apply(name, *([loaded] * arguments(name))))
    return module.build()


def chained(name, of):
    """Each step waits for the one before: latency. Adding 0 · y keeps the argument where it is, after 4 cycles more."""
    module = ModuleBuilder()
    with module.function("f", {"n": I64, "x": of.scalar}, exported=True) as b:
        n, x = b.parameters
        start = b.splat(x, of)
        with b.fold("i", 0, n, {"x": start}) as fold:
            fold["x"] = b.muladd(apply(name, *([fold["x"]] * arguments(name))), 0.0, start)
        b.returns(fold["x"][0])
    return module.build()


def arguments(name):
    return 2 if name == "power" else 1


def least(call, repeats):
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def compiling(module, level):
    text = llvm(module)
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        object_code(text, level)
        best = min(best, time.process_time() - start)
    return best


def row(name):
    cells = [name]
    for of, latency, dtype in ((F64.by(8), F64.by(4), np.float64), (F32.by(16), F32.by(4), np.float32)):
        module = over_arrays(name, of)
        x = np.random.default_rng(0).uniform(0.1, 0.9, LENGTH).astype(dtype)
        f = NativeModule(module, object_code(llvm(module)))["f"].bind(LENGTH, x, np.empty_like(x))
        cells.append(f"{least(f, 200) / LENGTH * 1e9:.2f}")
        module = chained(name, latency)
        g = NativeModule(module, object_code(llvm(module)))["f"].bind(STEPS, 0.4)
        cells.append(f"{least(g, 200) / STEPS * 1e9:.1f}")
    cells += [f"{compiling(over_arrays(name, F64.by(8)), level) * 1e3:.0f}" for level in (1, 2)]
    return cells


def main():
    heads = ["function", "f64x8, ns an element", "f64x4, ns", "f32x16, ns an element", "f32x4, ns"]
    heads += ["compiled in ms, level 1", "level 2"]
    print(f"| {' | '.join(heads)} |")
    print(f"|{'---|' * len(heads)}")
    for name in sys.argv[1:] or FUNCTIONS:
        print(f"| {' | '.join(row(name))} |", flush=True)


if __name__ == "__main__":
    main()
