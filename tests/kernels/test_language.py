"""Building: types that do not agree raise at once, and say what differs."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import pytest

from gradsheet.kernels import F32, F64, I32, I64, KernelError, ModuleBuilder, Type, llvm, pointer
from gradsheet.kernels import values as v

PARAMETERS = {
    "n": I64,
    "k": I32,
    "a": F64,
    "s": F32,
    "w": F64.by(4),
    "x": pointer(F64, readonly=True),
    "y": pointer(F64),
}


def build(write):
    module = ModuleBuilder()
    with module.function("f", PARAMETERS, exported=True) as b:
        write(SimpleNamespace(b=b, **{p.value.name: p for p in b.parameters}))
    return module.build()


MISTAKES = {
    "two kinds": (lambda p: p.a + p.s, "add of f64 and f32: the types differ"),
    "two widths": (lambda p: p.a * p.w, "mul of f64 and f64x4: the types differ"),
    "no integer": (lambda p: p.n + 0.5, "0.5 is no i64"),
    "too large": (lambda p: p.k + 2**31, "2147483648 is too large for i32"),
    "offset": (lambda p: p.b.load(p.x, p.k), "an offset is i64, not i32"),
    "no pointer": (lambda p: p.b.load(p.a, p.n), "a pointer is needed here, not a f64"),
    "arithmetic of pointers": (lambda p: p.x + 1, "a number is needed here, not a const f64*"),
    "condition": (lambda p: p.b.select(p.a, p.a, p.a), "select between f64 needs i1 or i1, not f64"),
    "condition's lanes": (lambda p: p.b.select(p.w < 0, p.a, p.a), "needs i1 or i1, not i1x4"),
    "lane": (lambda p: p.w[4], "f64x4 has no lane 4"),
    "lane of a scalar": (lambda p: p.a[0], "f64 has no lane 0"),
    "shuffle": (lambda p: p.b.shuffle(p.w, [0, 8]), "f64x4 twice has no lanes (0, 8)"),
    "splat": (lambda p: p.b.splat(p.w, F64.by(8)), "a scalar is spread over lanes, not f64x4"),
    "bits": (lambda p: p.b.bits(p.a, "i32"), "the bits of f64 are no i32"),
    "shift of floats": (lambda p: p.a << 3, "shift_left is not defined for f64"),
    "root of integers": (lambda p: p.b.sqrt(p.n), "sqrt is not defined for i64"),
    "fma of integers": (lambda p: p.b.fma(p.n, p.n, p.n), "fma is not defined for i64"),
    "mask": (lambda p: p.b.load(p.x, p.n, 4, mask=p.n < 3), "the mask for f64x4 is i1x4, not i1"),
    "written constant": (
        lambda p: p.b.store(p.x, p.n, p.a),
        "a store through a pointer that is read only",
    ),
    "other stored": (lambda p: p.b.store(p.y, p.n, p.s), "f32 is stored where f64 lies"),
    "truth": (lambda p: 1 if p.a < 0 else 0, "use select, when or until"),
    "until": (lambda p: p.b.until(p.a < 0), "until stands in a loop"),
    "numbers alone": (lambda p: p.b.minimum(1, 2), "an operand whose type is known"),
    "unknown function": (lambda p: p.b.call("g", p.a), "there is no function g yet"),
    "second result": (lambda p: [p.b.returns(p.a), p.b.returns(p.a)], "f has its result already"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_does_not_fit_is_refused(name: str):
    write, message = MISTAKES[name]
    with pytest.raises((KernelError, TypeError), match=re.escape(message)):
        build(write)


def test_lanes_are_a_power_of_two():
    with pytest.raises(KernelError, match="not 3"):
        Type("f64", 3)


def test_nothing_is_simplified():
    module = build(lambda p: p.a + 0.0)
    (let,) = module.functions[0].body
    assert isinstance(let.value, v.Binary)


def test_values_are_frozen():
    with pytest.raises(FrozenInstanceError):
        v.Constant(F64, 1.0).value = 2.0


def test_a_carried_value_keeps_its_type():
    def write(p):
        with p.b.fold("i", 0, p.n, {"sum": p.a}) as fold:
            fold["sum"] = p.s

    with pytest.raises(KernelError, match="sum is f64 in every pass, not f32"):
        build(write)


def test_arguments_of_calls_are_compared():
    module = ModuleBuilder()
    with module.function("g", {"x": F64}) as b:
        b.returns(b.parameters[0])
    with module.function("h", {"x": F32}) as b:
        with pytest.raises(KernelError, match="argument 1 of g is f64, not f32"):
            b.call("g", b.parameters[0])
        with pytest.raises(KernelError, match="g takes 1 arguments, not 2"):
            b.call("g", 1.0, b.parameters[0])


def test_a_value_is_used_in_its_scope_only():
    def write(p):
        with p.b.loop("i", 0, p.n) as i:
            inside = p.b.load(p.x, i)
        p.b.store(p.y, 0, inside)

    with pytest.raises(KernelError, match="f: a value of Load is used outside of its scope"):
        build(write)


def test_a_printer_validates():
    module = build(lambda p: p.a + 0.0)
    assert "fadd double %a" in llvm(module)
