"""What holds for all tests: how much Hypothesis draws, and which files are not looked through for doctests."""

from __future__ import annotations

import gc

from hypothesis import settings

collect_ignore_glob = ["auditing/*_functions.py"]
"""Functions to audit have no doctests, and import libraries that need not be there, and slow to load."""

# Every run draws the same examples, so that a change fails for what it changed.
settings.register_profile("default", derandomize=True)
# `--hypothesis-profile=thorough` draws other examples at each run, and far more of them: see `drawing.py`.
settings.register_profile("thorough", derandomize=False, print_blob=True)

gc.set_threshold(50_000)


def pytest_collection_finish() -> None:
    """Thousands of tests, and the modules below them, are there to stay: no search for garbage looks at them again."""
    gc.collect()
    gc.freeze()
