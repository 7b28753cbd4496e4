"""A barrier of the operating system, by its address: threads in compiled code wait for each other without Python."""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _wait() -> Any:
    """`pthread_barrier_wait`; None where the system has none."""
    try:
        library = ctypes.CDLL(None)
        found = library.pthread_barrier_wait, library.pthread_barrier_init, library.pthread_barrier_destroy
    except (OSError, AttributeError, TypeError):
        return None
    return found


def can_meet() -> bool:
    """Whether threads can wait for each other here."""
    return _wait() is not None


class Barrier:
    """For so many threads: `address` of the function to call, `memory` to hand it."""

    def __init__(self, threads: int) -> None:
        functions = _wait()
        assert functions is not None
        wait, start, self._end = functions
        self.memory = np.zeros(16, dtype=np.int64)  # a pthread_barrier_t is 32 bytes on Linux
        self._pointer = ctypes.c_void_p(self.memory.ctypes.data)
        problem = start(self._pointer, None, threads)
        if problem:
            raise OSError(problem, "no barrier can be made")
        self.address = ctypes.cast(wait, ctypes.c_void_p).value

    def close(self) -> None:
        """Give back what the system holds of it."""
        self._end(self._pointer)


def run_together(calls: Sequence[Callable[[], Any]]) -> None:
    """All calls at once, the first in this thread; each releases the interpreter while it runs."""
    others = [threading.Thread(target=call, daemon=True) for call in calls[1:]]
    for thread in others:
        thread.start()
    try:
        calls[0]()
    finally:
        for thread in others:
            thread.join()


__all__ = ["Barrier", "can_meet", "run_together"]
