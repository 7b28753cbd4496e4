"""Small programs as LLVM IR and as C, exactly."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from crosscheck import COMPILER, PURE, needs_compiler
from gradsheet.kernels import F32, F64, I64, Code, ModuleBuilder, llvm, pointer
from gradsheet.kernels.c import c

if TYPE_CHECKING:
    from pathlib import Path


def axpy():
    module = ModuleBuilder("The sum of a vector and a multiple of another.")
    parameters = {"n": I64, "a": F64, "x": pointer(F64, readonly=True), "y": pointer(F64)}
    with module.function("axpy", parameters, exported=True, summary="y ← a x + y; gives Σ y.") as b:
        n, a, x, y = b.parameters
        with b.fold("i", 0, n, {"sum": b.constant(0, F64)}) as fold:
            new = b.muladd(a, b.load(x, fold.index), b.load(y, fold.index)).named("new")
            b.store(y, fold.index, new)
            fold["sum"] = fold["sum"] + new
        b.returns(fold["sum"])
    return module.build()


def test_a_loop_in_llvm():
    assert llvm(axpy()).split("\n\n")[0] == (
        "define double @axpy(i64 %n, double %a, ptr noalias readonly %x, ptr noalias %y) #0 {\n"
        "entry:\n"
        "  %v1 = icmp slt i64 0, %n\n"
        "  br i1 %v1, label %i, label %i.end\n"
        "i:\n"
        "  %i.1 = phi i64 [ 0, %entry ], [ %v8, %i ]\n"
        "  %sum = phi double [ 0x0000000000000000, %entry ], [ %v7, %i ]\n"
        "  %v2 = getelementptr inbounds double, ptr %x, i64 %i.1\n"
        "  %v3 = load double, ptr %v2, align 8\n"
        "  %v4 = getelementptr inbounds double, ptr %y, i64 %i.1\n"
        "  %v5 = load double, ptr %v4, align 8\n"
        "  %new = call double @llvm.fmuladd.f64(double %a, double %v3, double %v5)\n"
        "  %v6 = getelementptr inbounds double, ptr %y, i64 %i.1\n"
        "  store double %new, ptr %v6, align 8\n"
        "  %v7 = fadd double %sum, %new\n"
        "  %v8 = add nsw i64 %i.1, 1\n"
        "  %v9 = icmp slt i64 %v8, %n\n"
        "  br i1 %v9, label %i, label %i.end\n"
        "i.end:\n"
        "  %sum.1 = phi double [ 0x0000000000000000, %entry ], [ %v7, %i ]\n"
        "  ret double %sum.1\n"
        "}"
    )


def test_a_loop_in_c():
    assert c(axpy()) == (
        "/* The sum of a vector and a multiple of another. */\n"
        "\n"
        "#include <stdint.h>\n"
        "\n"
        "/* y ← a x + y; gives Σ y. */\n"
        "double axpy(int64_t n, double a, const double *restrict x, double *restrict y)\n"
        "{\n"
        "    double sum = 0.0;\n"
        "    for (int64_t i = 0; i < n; i++) {\n"
        "        const double new = a * x[i] + y[i];\n"
        "        y[i] = new;\n"
        "        sum += new;\n"
        "    }\n"
        "    return sum;\n"
        "}\n"
    )


def body(write, parameters, **options):
    module = ModuleBuilder()
    with module.function("f", parameters, exported=True) as b:
        write(b, *b.parameters)
    text = c(module.build(), **options)
    return [line.strip() for line in text.partition("\n{\n")[2].splitlines() if line != "}"]


THREE = {"x": F64, "y": F64, "z": F64}


def test_parentheses_stand_where_they_are_needed():
    def of(write):
        return body(lambda b, x, y, z: b.returns(write(x, y, z)), THREE)[0]

    assert of(lambda x, y, z: x + y + z) == "return x + y + z;"
    assert of(lambda x, y, z: x + (y + z)) == "return x + (y + z);"
    assert of(lambda x, y, z: x - (y - z)) == "return x - (y - z);"
    assert of(lambda x, y, z: x * y + z) == "return x * y + z;"
    assert of(lambda x, y, z: x * (y + z)) == "return x * (y + z);"
    assert of(lambda x, y, z: x / (y / z)) == "return x / (y / z);"
    assert of(lambda x, y, z: (-x) * 2 - -y * -0.5 + z) == "return -x * 2.0 - -y * -0.5 + z;"
    assert of(lambda x, y, z: x.builder.select((x < y) & (y < z), x, y)) == "return (x < y && y < z) ? x : y;"
    assert of(lambda x, y, z: x.builder.select(~(x < y), x, y * z)) == "return !(x < y) ? x : y * z;"


def test_fused_sums_are_written_as_they_are_wanted():
    def of(**options):
        return body(lambda b, x, y, z: b.returns(b.muladd(x, y, z)), THREE, **options)

    assert of() == ["return x * y + z;"]
    assert of(fused=True) == ["return fma(x, y, z);"]
    assert body(lambda b, x, y, z: b.returns(b.fma(x, y, z)), THREE) == ["return fma(x, y, z);"]


def test_what_is_of_no_use_is_not_written():
    def write(b, x, y, z):
        with b.fold("i", 0, 3, {"lost": x, "kept": y}) as fold:
            fold["lost"] = fold["lost"] * fold["kept"]
            fold["kept"] = fold["kept"] + z
        b.returns(fold["kept"])

    assert body(write, THREE)[:4] == [
        "(void)x;",
        "double kept = y;",
        "for (int64_t i = 0; i < 3; i++) {",
        "kept += z;",
    ]


def test_what_is_read_before_a_store_stays_before_it():
    def write(b, p):
        old = b.load(p, 0)
        b.store(p, 0, 1.0)
        b.store(p, 1, old)

    assert body(write, {"p": pointer(F64)}) == ["const double t1 = p[0];", "p[0] = 1.0;", "p[1] = t1;"]


def test_names_of_c_are_not_taken():
    def write(b, x):
        b.returns((x * 2).named("double").named("int") + x)

    assert body(write, {"x": F64}) == ["const double int_1 = x * 2.0;", "return int_1 + x;"]


def test_numbers_keep_their_kind():
    def write(b, p):
        for k, value in enumerate((0.1, 1e30, float("inf"), float("-inf"), float("nan"), -0.0, 3)):
            b.store(p, k, value)

    assert body(write, {"p": pointer(F32)}) == [
        "p[0] = 0.1f;", "p[1] = 1e+30f;", "p[2] = INFINITY;", "p[3] = -INFINITY;", "p[4] = NAN;", "p[5] = -0.0f;",
        "p[6] = 3.0f;",
    ]  # fmt: skip


@needs_compiler
def test_programs_without_vectors_are_c99(tmp_path: Path):
    module = ModuleBuilder()
    code = Code((pointer(F64), I64), F64)
    with module.function("inner", {"x": F64}) as b:
        b.returns(b.sqrt(b.parameters[0]))
    parameters = {"g": code, "p": pointer(F64), "stop": pointer(I64, readonly=True, noalias=False)}
    with module.function("outer", parameters, exported=True) as b:
        g, p, stop = b.parameters
        kept = b.local("kept", F64, 3)
        with b.loop("i", 0, 3) as i:
            b.store(kept, i, b.call("inner", b.call_outside(g, b.advance(p, i), i)))
            b.until(b.load(stop, 0, volatile=True) > 0)
        b.returns(b.load(kept, 0))
    source = tmp_path / "c99.c"
    source.write_text(c(module.build()), encoding="utf-8")
    command = [COMPILER, *PURE, "-Wall", "-Wextra", "-Werror", "-c", str(source), "-o", str(tmp_path / "c99.o")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
