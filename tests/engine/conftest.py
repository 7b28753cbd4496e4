"""The engine's tests verify anew each time: nothing comes from a cache."""

import pytest


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADSHEET_CACHE", "")
