"""Loop-level programs with explicit vectors: built in Python, printed as LLVM IR and as C, run in the process."""

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
