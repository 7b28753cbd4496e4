"""Programs that tests compile are kept for the tests alone."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache_of_the_tests, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADSHEET_CACHE", str(cache_of_the_tests))
