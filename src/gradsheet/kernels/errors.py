"""What can go wrong with a kernel: it is not well formed, an argument does not fit, or nothing can run it."""

from __future__ import annotations


class KernelError(Exception):
    """A kernel that means nothing: types that do not agree, a value out of its scope, a name given twice."""


class ArgumentError(TypeError):
    """An argument of a compiled function that does not fit its parameter."""


class NativeUnavailable(RuntimeError):  # noqa: N818 - a state of the machine, which callers expect
    """Nothing here can make machine code: llvmlite is missing, or is of no use on this machine."""
