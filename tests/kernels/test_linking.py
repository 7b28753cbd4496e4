"""Code in memory: it runs wherever the system puts it, also in a process whose memory is full of holes."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytest.importorskip("llvmlite", reason="compiling needs llvmlite")

HOLES = """
import ctypes, pathlib, sys
import numpy as np
from gradsheet.kernels import F64, ModuleBuilder, pointer
from gradsheet.kernels.native import compiled

made = ModuleBuilder()
with made.function("far", {"y": pointer(F64)}, exported=True) as b:
    y, = b.parameters
    for place in range(800):  # some pages of code, with constants that fill no page
        b.store(y, place, b.load(y, place) * b.constant(0.75 + place % 3, F64))
module = made.build()

PRIVATE, ANONYMOUS, NORESERVE, NOREPLACE = 0x2, 0x20, 0x4000, 0x100000
memory = ctypes.CDLL(None, use_errno=True)
memory.mmap.restype = ctypes.c_void_p
memory.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
memory.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
GB, PAGE = 1 << 30, 4096
taken = PRIVATE | ANONYMOUS | NORESERVE
block = memory.mmap(None, 16 * GB, 0, taken, -1, 0)
for hole in range(64):  # of one page, so that what is larger lies below the block, 8 GB away
    memory.munmap(block + 8 * GB + hole * 16 * PAGE, PAGE)
last = block + 16 * GB
for line in pathlib.Path("/proc/self/maps").read_text().splitlines():
    start, end = (int(address, 16) for address in line.split()[0].split("-"))
    if last <= start < 1 << 47:
        memory.mmap(last, start - last, 0, taken | NOREPLACE, -1, 0)
    last = max(last, end)
there = memory.mmap(None, PAGE, 0, taken, -1, 0)
below = memory.mmap(None, 4 * PAGE, 0, taken, -1, 0)
assert there - below > 4 * GB, (hex(there), hex(below))

y = np.ones(800)
compiled(module)["far"](y)
assert y.tolist() == [0.75 + place % 3 for place in range(800)], y
print("fine")
"""


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() != "x86_64", reason="asks Linux for memory itself")
def test_code_and_constants_lie_together_in_a_process_full_of_holes():
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]
    assert done.stdout == "fine\n"
