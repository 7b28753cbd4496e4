"""Every rule of the validator is seen to fail once, on programs that the builder would not make."""

from __future__ import annotations

import re

import pytest

from gradsheet.kernels import F32, F64, I1, I32, I64, KernelError, Module, llvm, validate
from gradsheet.kernels import values as v
from gradsheet.kernels.c import c
from gradsheet.kernels.statements import Along, Choice, For, Function, If, Let
from gradsheet.kernels.types import VOID

X = v.Parameter(F64, "x")
N = v.Parameter(I64, "n")
Q = v.Parameter(I1, "q")
TWICE = v.Binary("add", X, X)
ZERO, ONE = v.Constant(I64, 0), v.Constant(I64, 1)


def function(*body, result=None, parameters=(X, N, Q), name="f"):
    return Function(name, parameters, tuple(body), result, exported=True)


def loop(*body, along=(), until=None, step=ONE, stop=N):
    return For(v.Index("i"), ZERO, stop, step, tuple(body), along, until)


def retyped(value, of):
    object.__setattr__(value, "type", of)
    return value


CARRIED = v.Carried("s", X)
LATER = Function("later", (), (), None)

FAULTS = {
    "f: a value of Binary is used before it is defined": [function(result=TWICE)],
    "f: a value of Binary is used outside of its scope": [function(loop(Let(TWICE)), result=TWICE)],
    "f: a value of Binary is defined twice": [function(Let(TWICE), Let(TWICE))],
    "f: y is used before it is defined": [function(Let(v.Unary("neg", v.Parameter(F64, "y"))))],
    "f: Parameter is not computed by a statement": [function(Let(v.Parameter(F64, "z")))],
    "f: Binary is f64, not f32": [function(Let(retyped(v.Binary("mul", X, X), F32)))],
    "f: two parameters have one name": [function(parameters=(X, v.Parameter(I64, "x")))],
    "f: parameter x has no type": [function(parameters=(v.Parameter(VOID, "x"),))],
    "σ is no name for a function": [function(name="σ")],
    "two functions are called f": [function(), function()],
    "f: later does not stand before it in the module": [function(Let(v.Call(LATER, ()))), LATER],
    "f: the result has no type": [LATER, function(Let(called := v.Call(LATER, ())), result=called)],
    "f: a loop runs over i64, not i32": [function(loop(stop=v.Constant(I32, 3)))],
    "f: the step of a loop is positive, not 0": [function(loop(step=ZERO))],
    "f: s is f64 in every pass, not i64": [function(loop(along=(Along(CARRIED, ONE, v.Result("s", F64)),)))],
    "f: a loop ends by i1, not f64": [function(loop(until=X))],
    "f: a branch is taken by i1, not i64": [function(If(N, ()))],
    "f: r is f64 or i64": [function(If(Q, (), (), (Choice(X, N, v.Result("r", F64)),)))],
    "f: s is used outside of its scope": [
        function(loop(along=(Along(CARRIED, X, v.Result("s", F64)),)), Let(v.Unary("neg", CARRIED)))
    ],
}


@pytest.mark.parametrize("message", FAULTS)
def test_what_is_not_well_formed_is_refused(message: str):
    module = Module(tuple(FAULTS[message]))
    for refuse in (validate, llvm, c):
        with pytest.raises(KernelError, match=f"^{re.escape(message)}$"):
            refuse(module)


def test_what_is_well_formed_passes():
    carried = v.Carried("s", X)
    following = v.Binary("add", carried, X)
    result = v.Result("s", F64)
    along = (Along(carried, following, result),)
    validate(Module((function(loop(Let(following), along=along), result=result),)))
