"""Running: loops, carried values, masks, shuffles, branches, early ends, functions from outside."""

from __future__ import annotations

import ctypes
import threading
import time

import numpy as np
import pytest

from gradsheet.kernels import F32, F64, I32, I64, ArgumentError, Code, ModuleBuilder, pointer

pytest.importorskip("llvmlite", reason="compiling needs llvmlite")

from gradsheet.kernels.native import compiled

READ = pointer(F64, readonly=True)
WRITE = pointer(F64)


def run(parameters, write):
    module = ModuleBuilder()
    with module.function("f", parameters, exported=True) as b:
        write(b, *b.parameters)
    return compiled(module.build())["f"]


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 16, 21])
def test_masked_tails(n: int):
    def write(b, count, a, x, y):
        with b.fold("i", 0, count, {"sum": b.constant(0, F64.by(8))}, step=8) as fold:
            mask = b.tail(fold.index, count, 8)
            new = b.muladd(
                b.splat(a, F64.by(8)), b.load(x, fold.index, 8, mask=mask), b.load(y, fold.index, 8, mask=mask)
            )
            b.store(y, fold.index, new, mask=mask)
            fold["sum"] = fold["sum"] + new
        b.returns(b.sum(fold["sum"]))

    f = run({"n": I64, "a": F64, "x": READ, "y": WRITE}, write)
    x, y = np.arange(float(n)), np.ones(n + 3)
    assert f(n, 2.0, x, y) == np.sum(2 * x + 1)
    assert y.tolist() == [*(2 * x + 1), 1, 1, 1]


def test_shuffles_and_lanes():
    def write(b, x, y):
        v = b.load(x, 0, 4)
        b.store(y, 0, b.shuffle(v, [3, 2, 1, 0]))
        b.store(y, 4, b.shuffle(v, [0, 4, 1, 5], b.load(x, 4, 4)))
        b.store(y, 8, b.broadcast(v, 2))
        b.store(y, 12, b.insert(v, v[0] + 10, 1))
        b.store(y, 16, b.load_strided(x, 1, 2, 4))

    y = np.zeros(20)
    run({"x": READ, "y": WRITE}, write)(np.arange(8.0), y)
    assert y.reshape(5, 4).tolist() == [[3, 2, 1, 0], [0, 4, 1, 5], [2, 2, 2, 2], [0, 10, 2, 3], [1, 3, 5, 7]]


def test_sums_of_lanes_have_one_order():
    values = np.array([1e16, 1.0, -1e16, 1.0, 3.0, 1e16, 1.0, -1e16])
    f = run({"x": READ}, lambda b, x: b.returns(b.sum(b.load(x, 0, 8))))
    halves = values[:4] + values[4:]
    quarters = halves[:2] + halves[2:]
    assert f(values) == quarters[0] + quarters[1]


def test_any_and_all_lanes():
    def write(b, x, out):
        condition = b.load(x, 0, 4) > 1
        b.store(out, 0, b.convert(b.reduce("any", condition), "f64"))
        b.store(out, 1, b.convert(b.reduce("all", condition), "f64"))

    f = run({"x": READ, "out": WRITE}, write)
    out = np.zeros(2)
    for values, expected in (([0, 1, 0, 1], [0, 0]), ([0, 2, 0, 1], [1, 0]), ([2, 2, 2, 2], [1, 1])):
        f(np.array(values, float), out)
        assert out.tolist() == expected


def test_tables_are_part_of_the_code():
    def write(b, k):
        table = b.table("primes", F64, [2, 3, 5, 7])
        b.returns(b.load(table, k))

    f = run({"k": I64}, write)
    assert [f(k) for k in range(4)] == [2, 3, 5, 7]


def test_carried_values_change_places():
    def write(b, n):
        with b.fold("i", 0, n, {"a": b.constant(0, I64), "b": b.constant(1, I64)}) as fold:
            fold["a"], fold["b"] = fold["b"], fold["a"] + fold["b"]
        b.returns(fold["a"])

    f = run({"n": I64}, write)
    assert [f(n) for n in range(8)] == [0, 1, 1, 2, 3, 5, 8, 13]


def test_a_loop_ends_early():
    def write(b, n, stop):
        with b.fold("i", 0, n, {"done": b.constant(0, I64)}) as fold:
            fold["done"] = fold["done"] + 1
            b.until(b.load(stop, fold.index).differs(0))
        b.returns(fold["done"])

    f = run({"n": I64, "stop": pointer(I32, readonly=True)}, write)
    assert f(5, np.array([0, 0, 1, 0, 0], np.int32)) == 3
    assert f(5, np.zeros(5, np.int32)) == 5


def test_branches_choose_values():
    def write(b, a, y):
        with b.when(a > 0, {"r": a}) as branch:
            branch["r"] = branch["r"] * 2
            b.store(y, 0, 1.0)
            branch.otherwise()
            branch["r"] = branch["r"] - 1
        b.returns(branch["r"])

    f = run({"a": F64, "y": WRITE}, write)
    y = np.zeros(1)
    assert f(-3.0, y) == -4
    assert y[0] == 0
    assert f(3.0, y) == 6
    assert y[0] == 1


def test_comparisons_and_extremes_with_nan():
    def write(b, x, y, out):
        b.store(out, 0, b.minimum(x, y))
        b.store(out, 1, b.maximum(x, y))
        for k, relation in enumerate(("eq", "ne", "lt", "le", "gt", "ge"), 2):
            b.store(out, k, b.convert(b.compare(relation, x, y), "f64"))

    f = run({"x": F64, "y": F64, "out": WRITE}, write)
    out = np.zeros(8)
    f(float("nan"), 1.0, out)
    assert out.tolist() == [1, 1, 0, 1, 0, 0, 0, 0]
    f(1.0, 2.0, out)
    assert out.tolist() == [1, 2, 0, 1, 1, 1, 0, 0]


def test_integers_and_bits():
    def write(b, n, x):
        b.store(x, 0, n // 3)
        b.store(x, 1, n % 3)
        b.store(x, 2, n << 2)
        b.store(x, 3, n >> 1)
        b.store(x, 4, b.binary("shift_right_zeros", n, 60))
        b.store(x, 5, ~n)
        b.store(x, 6, b.convert(b.convert(n, "i32"), "i64"))
        b.store(x, 7, b.bits(b.convert(n, "f64"), "i64"))
        b.store(x, 8, b.binary("wrapping_mul", n, (1 << 62) + 1))

    out = np.zeros(9, np.int64)
    run({"n": I64, "x": pointer(I64)}, write)(-7, out)
    assert out[:7].tolist() == [-2, -1, -28, -4, 15, 6, -7]
    assert out[7] == np.float64(-7).view(np.int64)
    assert out[8] == (-7 * ((1 << 62) + 1) + (1 << 63)) % (1 << 64) - (1 << 63)


def test_functions_call_functions_and_local_arrays_are_their_own():
    module = ModuleBuilder()
    with module.function("square", {"x": F64}) as b:
        (x,) = b.parameters
        kept = b.local("kept", F64, 1)
        b.store(kept, 0, x)
        b.returns(b.load(kept, 0) * x)
    with module.function("f", {"x": F64}, exported=True) as b:
        b.returns(b.call("square", b.parameters[0]) + b.call("square", 3))
    assert compiled(module.build())["f"](2.0) == 13


def test_a_function_from_outside():
    code = Code((pointer(F64), I64), F64)

    def write(b, g, y):
        b.returns(b.call_outside(g, b.advance(y, 1), b.constant(5, I64)) + b.load(y, 1))

    def outside(address, n):
        ctypes.cast(address, ctypes.POINTER(ctypes.c_double))[0] = 7.0
        return float(n)

    given = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.c_int64)(outside)
    y = np.zeros(2)
    assert run({"g": code, "y": WRITE}, write)(ctypes.cast(given, ctypes.c_void_p).value, y) == 12
    assert y.tolist() == [0, 7]


def test_arguments_are_checked():
    f = run({"n": I64, "x": pointer(F32, readonly=True), "y": pointer(F32, alignment=64)}, lambda *_: None)
    x, y = np.zeros(4, np.float32), np.zeros(64, np.float32)
    aligned = y[(-y.ctypes.data % 64) // 4 :][:4]
    frozen = aligned.view()
    frozen.flags.writeable = False
    f(1, x, aligned)
    for arguments, message in (
        ((1, x), "f takes 3 arguments, not 2"),
        ((1, [0.0], aligned), "f: x is an array, not list"),
        ((1, x.astype(float), aligned), "f: x is an array of float32, not of float64"),
        ((1, x[::2], aligned), "f: x lies in one piece"),
        ((1, x, frozen), "f: y is written to, but the array is read only"),
        ((1, x, aligned[1:]), "f: y begins at a multiple of 64 bytes"),
        ((0.5, x, aligned), "f: n is i64, not float"),
    ):
        with pytest.raises(ArgumentError, match=message):
            f(*arguments)


def test_other_threads_run_meanwhile():
    def write(b, n, stop):
        with b.fold("i", 0, n, {"k": b.constant(0, I64)}) as fold:
            fold["k"] = fold.index
            b.until(b.load(stop, 0, volatile=True).differs(0))
        b.returns(fold["k"])

    f = run({"n": I64, "stop": pointer(I32, readonly=True, noalias=False)}, write)
    stop = np.zeros(1, np.int32)
    done = []
    thread = threading.Thread(target=lambda: done.append(f(1 << 62, stop)))
    thread.start()
    time.sleep(0.02)
    stop[0] = 1
    thread.join(5)
    assert len(done) == 1
    assert 0 < done[0] < 1 << 62


def test_bound_calls_keep_their_arrays():
    call = run({"x": READ}, lambda b, x: b.returns(b.load(x, 0))).bind(np.full(3, 4.0))
    assert call() == 4
