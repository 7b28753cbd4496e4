"""Loop-level programs with explicit vectors: built in Python, printed as LLVM IR and as C, run in the process.

    >>> from gradsheet.kernels import F64, I64, ModuleBuilder, pointer
    >>> from gradsheet.kernels.c import c
    >>> module = ModuleBuilder()
    >>> parameters = {"n": I64, "x": pointer(F64, readonly=True), "y": pointer(F64)}
    >>> with module.function("activate", parameters, exported=True, summary="y = 2 x + √|x|, and its sum.") as b:
    ...     n, x, y = b.parameters
    ...     with b.fold("i", 0, n, {"total": b.constant(0, F64)}) as fold:
    ...         value = b.load(x, fold.index).named("value")
    ...         b.store(y, fold.index, new := b.muladd(2, value, b.sqrt(abs(value))))
    ...         fold["total"] = fold["total"] + new
    ...     b.returns(fold["total"])
    >>> print(c(module.build()).partition("/*")[2])
     y = 2 x + √|x|, and its sum. */
    double activate(int64_t n, const double *restrict x, double *restrict y)
    {
        double total = 0.0;
        for (int64_t i = 0; i < n; i++) {
            const double value = x[i];
            const double t1 = 2.0 * value + sqrt(fabs(value));
            y[i] = t1;
            total += t1;
        }
        return total;
    }
    <BLANKLINE>

`gradsheet.kernels.native.compiled(module.build())["activate"](len(a), a, b)` runs it on NumPy arrays.
"""

from gradsheet.kernels.builder import Fold, FunctionBuilder, ModuleBuilder
from gradsheet.kernels.errors import ArgumentError, KernelError, NativeUnavailable
from gradsheet.kernels.llvm import llvm
from gradsheet.kernels.statements import Function, Module
from gradsheet.kernels.terms import Term
from gradsheet.kernels.types import F32, F64, I1, I32, I64, AnyType, Code, Pointer, Type, pointer
from gradsheet.kernels.validate import validate

__all__ = [
    "F32",
    "F64",
    "I1",
    "I32",
    "I64",
    "AnyType",
    "ArgumentError",
    "Code",
    "Fold",
    "Function",
    "FunctionBuilder",
    "KernelError",
    "Module",
    "ModuleBuilder",
    "NativeUnavailable",
    "Pointer",
    "Term",
    "Type",
    "llvm",
    "pointer",
    "validate",
]
