"""Modules as machine code in this process, for the processor at hand: LLVM through llvmlite, called through ctypes.

Arrays are passed by address, without copies; while a kernel runs, other Python threads run too.
"""

from __future__ import annotations

import ctypes
import functools
from functools import partial
from itertools import count
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.kernels import cache
from gradsheet.kernels.errors import ArgumentError, KernelError, NativeUnavailable
from gradsheet.kernels.llvm import llvm
from gradsheet.kernels.types import F32, F64, I1, I32, I64, Code, Pointer, Type

try:
    import llvmlite
    from llvmlite import binding
except ImportError:
    llvmlite = binding = None

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.kernels.statements import Function, Module
    from gradsheet.kernels.types import AnyType

_SCALARS: dict[Type, Any] = {
    F32: ctypes.c_float, F64: ctypes.c_double, I1: ctypes.c_bool, I32: ctypes.c_int32, I64: ctypes.c_int64,
}  # fmt: skip
_OLDEST = (20,)  # of LLVM: the text that is printed is read by it
_numbers = count()  # names of libraries are used once
_BEGINNING = ctypes.c_char * 0
_ELEMENTS: dict[Type, Any] = {F32: np.float32, F64: np.float64, I32: np.int32, I64: np.int64}


def available() -> bool:
    """Whether kernels can be compiled here."""
    return binding is not None and tuple(binding.llvm_version_info) >= _OLDEST


def compiled(module: Module, level: int = 2) -> NativeModule:
    """The exported functions of a module, ready to be called.

    Level 1 puts functions in and clears up: the quickest to make, and as good for code without loads in its loops.
    Level 2 does what LLVM does otherwise, and level 3 also looks for vectors and unrolls loops.
    """
    text = llvm(module)
    place = cache.key(text, *_circumstances(), str(level))
    code = cache.read(place)
    if code is None:
        code = object_code(text, level)
        cache.write(place, code)
    return NativeModule(module, code)


def object_code(text: str, level: int = 2) -> bytes:
    """LLVM IR compiled for the processor at hand, as an object file."""
    return bytes(_machine(level).emit_object(_improved(text, level)))


def assembly(module: Module, level: int = 2) -> str:
    """The machine code of a module, to be read."""
    return str(_machine(level).emit_assembly(_improved(llvm(module), level)))


def _improved(text: str, level: int) -> Any:
    machine = _machine(level)
    parsed = binding.parse_assembly(text)
    parsed.verify()
    options = binding.create_pipeline_tuning_options(speed_level=level)
    # The program says itself what is a vector; looking for more takes longer than it brings.
    options.loop_vectorization = options.slp_vectorization = level > 2
    options.loop_interleaving = options.loop_unrolling = level > 2
    builder = binding.create_pass_builder(machine, options)
    if level > 1:
        passes = builder.getModulePassManager()
    else:
        passes = binding.create_new_module_pass_manager()
        passes.add_always_inliner_pass()
        passes.add_sroa_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
        passes.add_new_gvn_pass()
        passes.add_dead_code_elimination_pass()
        passes.add_global_dead_code_eliminate_pass()
    passes.run(parsed, builder)
    return parsed


class NativeModule:
    """Machine code in memory, as long as a function of it is in use."""

    def __init__(self, module: Module, code: bytes) -> None:
        linker = binding.JITLibraryBuilder().add_object_img(code).add_current_process()
        for f in module.exported:
            linker.export_symbol(f.name)
        self._library = linker.link(_linker(), f"kernels.{next(_numbers)}")
        self.functions = {f.name: NativeFunction(f, self._library[f.name], self._library) for f in module.exported}

    def __contains__(self, name: str) -> bool:
        return name in self.functions

    def __getitem__(self, name: str) -> NativeFunction:
        return self.functions[name]


class NativeFunction:
    """A compiled function, called with Python numbers, NumPy arrays and addresses of functions."""

    def __init__(self, function: Function, address: int, library: object) -> None:
        if function.result is not None and not isinstance(function.result.type, Type):
            raise KernelError(f"{function.name} gives a {function.result.type}, which cannot leave a kernel")
        self.name = function.name
        self.address = address
        self._takes = tuple(_taker(f"{function.name}: {p.name}", p.of) for p in function.parameters)
        # NumPy arrays live as long as their addresses do, and the code as long as somebody holds its library.
        result = None if function.result is None else _foreign(function.result.type)
        call: Any = ctypes.CFUNCTYPE(result, *(_foreign(p.of) for p in function.parameters))(address)
        call.library = library
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*self._given(arguments))

    def bind(self, *arguments: Any) -> Callable[[], Any]:
        """The call with these arguments, checked once; it keeps the arrays, and reads them anew each time."""
        return partial(_called, self._call, self._given(arguments), arguments)

    def _given(self, arguments: tuple[Any, ...]) -> list[Any]:
        if len(arguments) != len(self._takes):
            raise ArgumentError(f"{self.name} takes {len(self._takes)} arguments, not {len(arguments)}")
        return [take(given) for take, given in zip(self._takes, arguments, strict=True)]


def _called(call: Callable[..., Any], given: list[Any], _kept: tuple[Any, ...]) -> Any:
    """A call; what its addresses point into is kept."""
    return call(*given)


def _taker(place: str, of: AnyType) -> Callable[[Any], Any]:
    """What makes of an argument what the kernel is handed, and refuses what does not fit."""
    if isinstance(of, Pointer):
        return _address_taker(place, of)
    convert = float if isinstance(of, Type) and of.is_float else index

    def take(given: Any) -> Any:
        try:
            return convert(given)
        except TypeError:
            raise ArgumentError(f"{place} is {of}, not {type(given).__name__}") from None

    return take


def _address_taker(place: str, of: Pointer) -> Callable[[Any], int]:
    element, alignment, written = np.dtype(_ELEMENTS[of.to]), of.alignment or of.to.bytes, not of.readonly

    def take(array: Any) -> int:
        if not isinstance(array, np.ndarray):
            raise ArgumentError(f"{place} is an array, not {type(array).__name__}")
        if array.dtype != element:
            raise ArgumentError(f"{place} is an array of {element}, not of {array.dtype}")
        flags = array.flags
        if not flags.c_contiguous:
            raise ArgumentError(f"{place} lies in one piece, rows after rows: numpy.ascontiguousarray makes it so")
        if written and not flags.writeable:
            raise ArgumentError(f"{place} is written to, but the array is read only")
        memory: Any = array  # a buffer: the second way takes five times as long
        address: int = ctypes.addressof(_BEGINNING.from_buffer(memory)) if flags.writeable else array.ctypes.data
        if address % alignment:
            raise ArgumentError(f"{place} begins at a multiple of {alignment} bytes")
        return address

    return take


@functools.cache
def _linker() -> Any:
    """Puts object code into memory, for the whole process.

    JITLink lays a module's code and constants out in one piece. LLVM's older linker asks for memory section by section,
    and in a large process these may lie farther apart than an instruction can reach: that ends the process.
    """
    return binding.create_lljit_compiler(_machine(2), use_jit_link=True)


@functools.cache
def _circumstances() -> tuple[str, ...]:
    """What else code depends on: the platform, the processor and its features, the versions of llvmlite and LLVM."""
    if not available():
        found = "" if binding is None else f", not {llvmlite.__version__}"
        raise NativeUnavailable(f"compiling needs llvmlite 0.45 or later{found}: pip install 'gradsheet[native]'")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return (
        binding.get_process_triple(),
        binding.get_host_cpu_name(),
        binding.get_host_cpu_features().flatten(),
        llvmlite.__version__,
        ".".join(map(str, binding.llvm_version_info)),
    )


def features() -> frozenset[str]:
    """What the processor at hand has: `avx2`, `avx512f`, `neon`."""
    return frozenset(f[1:] for f in _circumstances()[2].split(",") if f.startswith("+"))


@functools.cache
def _machine(level: int) -> Any:
    """A code generator for the processor at hand, with every feature that it has."""
    triple, processor, features, *_ = _circumstances()
    return binding.Target.from_triple(triple).create_target_machine(
        cpu=processor,
        features=features,
        opt=level,
        reloc="pic",
        codemodel="small",  # code and its constants lie side by side, so constants are operands of instructions
    )


def _foreign(of: AnyType) -> Any:
    if isinstance(of, Pointer | Code):
        return ctypes.c_void_p
    if not isinstance(of, Type) or of not in _SCALARS:
        raise KernelError(f"{of} does not pass the border of a kernel: numbers do, and pointers")
    return _SCALARS[of]
