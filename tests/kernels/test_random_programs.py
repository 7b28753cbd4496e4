"""Random programs give the same bits through LLVM and through C."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crosscheck import compiled_by_c, needs_compiler
from drawing import examples
from gradsheet.kernels import F32, F64, I32, I64, ModuleBuilder, pointer

pytest.importorskip("llvmlite", reason="compiling needs llvmlite")

from gradsheet.kernels.native import compiled

LENGTH = 16
FLOATS = ("add", "sub", "mul", "div", "min", "max")
INTEGERS = ("min", "max", "wrapping_add", "wrapping_sub", "wrapping_mul", "and", "or", "xor")
STEPS = (
    "float", "integer", "unary", "compare", "select", "fma", "mask", "shift", "shuffle", "insert", "reduce", "convert",
    "store", "load", "fold", "branch", "choose",
)  # fmt: skip
step = st.tuples(st.sampled_from(STEPS), st.lists(st.integers(0, 1 << 16), min_size=6, max_size=6))


class Writer:
    """Writes a program of drawn steps: each takes values made before, so that everything depends on something."""

    def __init__(self, b, kinds, lanes):
        self.b, self.lanes = b, lanes
        self.float, self.integer = (F64.by(lanes), I64.by(lanes)) if kinds == "f64" else (F32.by(lanes), I32.by(lanes))
        x, n, self.out, self.last = b.parameters
        self.x, self.n = x, n
        self.floats = [b.load(x, k * lanes, lanes) for k in range(LENGTH // lanes)][:3]
        self.integers = [b.load(n, k * lanes, lanes) for k in range(LENGTH // lanes)][:3]
        self.masks = [self.floats[0] < self.floats[-1], self.integers[0].equals(self.integers[-1])]

    def take(self, pool, draw):
        return pool[draw % len(pool)]

    def write(self, name, d):  # noqa: PLR0915 - one arm for each kind of step
        b, floats, integers = self.b, self.floats, self.integers
        x, y, z = (self.take(floats, k) for k in d[:3])
        m, n = (self.take(integers, k) for k in d[:2])
        mask = self.take(self.masks, d[3])
        match name:
            case "float":
                floats.append(b.binary(FLOATS[d[4] % len(FLOATS)], x, y))
            case "integer":
                integers.append(b.binary(INTEGERS[d[4] % len(INTEGERS)], m, n))
            case "unary":
                kind = ("neg", "abs", "sqrt", "floor", "ceil", "truncate", "round_even")[d[4] % 7]
                floats.append(b.unary(kind, x))
                integers.append(~m)
            case "compare":
                relation = ("eq", "ne", "lt", "le", "gt", "ge")[d[4] % 6]
                self.masks += [b.compare(relation, x, y), b.compare(relation, m, n)]
            case "select":
                floats.append(b.select(mask, x, y))
                integers.append(b.select(mask, m, n))
            case "fma":
                floats.append(b.fma(x, y, z))
            case "mask":
                other = self.take(self.masks, d[4])
                self.masks.append((mask & other, mask | other, mask ^ other, ~mask)[d[5] % 4])
            case "shift":
                kind = ("shift_left", "shift_right", "shift_right_zeros")[d[4] % 3]
                integers.append(b.binary(kind, m, d[5] % 31))
            case "shuffle" if self.lanes > 1:
                order = [(d[k % 6] >> k) % (2 * self.lanes) for k in range(self.lanes)]
                floats.append(b.shuffle(x, order, y))
                integers.append(b.shuffle(m, order, n))
                self.masks.append(b.shuffle(mask, order, self.masks[0]))
            case "insert" if self.lanes > 1:
                floats.append(b.insert(x, y[d[4] % self.lanes], d[5] % self.lanes))
            case "reduce":
                kind = ("add", "min", "max")[d[4] % 3]
                floats.append(b.splat(b.reduce(kind, x), self.float))
                table = b.table("table", self.float.scalar, [0.5, -1.5, 3, 1e30])
                chosen = b.select(b.reduce(("any", "all")[d[5] % 2], mask), b.load(table, d[5] % 4), 0.1)
                floats.append(b.splat(chosen, self.float))
            case "convert":
                floats.append(b.convert(m, self.float.kind) * 0.5)
                floats.append(b.convert(mask, self.float.kind))
                integers.append(b.convert(mask, self.integer.kind))
            case "store":
                at = d[4] % (LENGTH - self.lanes + 1)
                b.store(self.out, at, x, mask=mask if self.lanes > 1 else None)
            case "load":
                at = d[4] % (LENGTH - self.lanes + 1)
                floats.append(b.load(self.out, at, self.lanes, mask=mask if self.lanes > 1 else None))
            case "fold":
                with b.fold("i", d[4] % 3, 4, {"x": x, "y": y, "n": m}) as fold:
                    fold["x"], fold["y"] = b.select(mask, fold["y"], z), fold["x"] * 0.75 + fold["y"]
                    fold["n"] = fold["n"] ^ b.splat(b.convert(fold.index, self.integer.kind), self.integer)
                    if d[5] % 2:
                        b.until(b.reduce("max", fold["n"]) > 1000)
                floats += [fold["x"], fold["y"]]
                integers.append(fold["n"])
            case "branch":
                with b.when(b.reduce("max", m) > d[4] % 100, {"x": x, "n": m}) as branch:
                    branch["x"] = branch["x"] + y
                    b.store(self.out, 0, y)
                    if d[5] % 2:
                        branch.otherwise()
                        branch["n"] = branch["n"] ^ n
                floats.append(branch["x"])
                integers.append(branch["n"])
            case "choose":
                floats.append(b.select(b.reduce("min", m) < b.reduce("max", n), x, z))
            case _:
                pass


def program(kinds, lanes, steps):
    of, integer = (F64, I64) if kinds == "f64" else (F32, I32)
    module = ModuleBuilder()
    parameters = {
        "x": pointer(of, readonly=True),
        "n": pointer(integer, readonly=True),
        "out": pointer(of),
        "m": pointer(integer),
    }
    with module.function("f", parameters, exported=True) as b:
        writer = Writer(b, kinds, lanes)
        for name, draws in steps:
            writer.write(name, draws)
        floats = [b.select(x.equals(x), x, 7.0) for x in writer.floats[-4:]]  # a NaN has many bits
        for k, x in enumerate(floats):
            b.store(writer.out, LENGTH + k * lanes, x)
        for k, n in enumerate(writer.integers[-4:]):
            b.store(writer.last, k * lanes, n)
    return module.build()


@needs_compiler
@settings(
    max_examples=examples(24),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # every example costs a compilation
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    kinds=st.sampled_from(["f64", "f32"]),
    lanes=st.sampled_from([1, 2, 4, 8, 16]),
    steps=st.lists(step, min_size=5, max_size=30),
    seed=st.integers(0, 1000),
)
def test_the_same_bits_in_llvm_and_in_c(kinds, lanes, steps, seed):
    module = program(kinds, lanes, steps)
    rng = np.random.default_rng(seed)
    dtype, integer = (np.float64, np.int64) if kinds == "f64" else (np.float32, np.int32)
    special = rng.choice([0.0, -0.0, 1.0, np.inf, -np.inf, 1e-42, 3e38, 0.5, 2.5], LENGTH)
    x = np.where(rng.random(LENGTH) < 0.3, special, rng.normal(size=LENGTH) * 3).astype(dtype)
    n = np.where(rng.random(LENGTH) < 0.5, rng.integers(-5, 5, LENGTH), rng.integers(-(2**31), 2**31, LENGTH)).astype(
        integer
    )
    results = []
    with TemporaryDirectory() as folder:
        for functions in (compiled(module), compiled_by_c(module, Path(folder), pure=lanes == 1)):
            out, m = np.ones(LENGTH + 4 * lanes, dtype), np.zeros(4 * lanes, integer)
            functions["f"](x, n, out, m)
            results.append((np.where(np.isnan(out), 7.0, out).astype(dtype), m))
    (first, firsts), (second, seconds) = results
    assert first.tobytes() == second.tobytes()
    assert firsts.tobytes() == seconds.tobytes()
