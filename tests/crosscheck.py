"""Kernels by way of C: printed, compiled by the compiler that is found, called as the ones made by LLVM are."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from gradsheet.kernels.c import c

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.kernels import Module

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler is found")

# No contraction: the numbers of the program as it is written. Vectors wider than the processor's pass by memory, and a
# program may well compare a value with itself.
FLAGS = (
    "-O2",
    "-ffp-contract=off",
    "-march=native",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-psabi",
    "-Wno-tautological-compare",
)
PURE = ("-std=c99", "-pedantic")


@cache
def processor_fuses() -> bool:
    """Whether muladd is one operation here."""
    assert COMPILER is not None
    command = [COMPILER, "-march=native", "-dM", "-E", "-x", "c", "/dev/null"]
    macros = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "__FMA__" in macros or "__ARM_FEATURE_FMA" in macros


def compiled_by_c(module: Module, folder: Path, *, pure: bool = False):
    """The exported functions of a module, through C."""
    from gradsheet.kernels.native import NativeFunction  # noqa: PLC0415 - tests that need it have asked for llvmlite

    assert COMPILER is not None
    source, library = folder / "kernel.c", folder / "kernel.so"
    source.write_text(c(module, fused=processor_fuses()), encoding="utf-8")
    command = [COMPILER, *FLAGS, *(PURE if pure else ()), "-shared", "-fPIC", str(source), "-o", str(library), "-lm"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stderr}\n{source.read_text(encoding='utf-8')}"
    loaded = ctypes.CDLL(str(library))
    address = {f.name: ctypes.cast(getattr(loaded, f.name), ctypes.c_void_p).value for f in module.exported}
    return {f.name: NativeFunction(f, address[f.name] or 0, loaded) for f in module.exported}
