"""Golden solutions: each file under tests/golden is a command and what it prints, to be read as a gallery.

`GRADSHEET_GOLDEN=write pytest tests/writing/test_golden.py` writes them again; look at the difference before you keep
it.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import pytest

from cli.session import gradsheet
from fences import ROOT
from gradsheet.writing.layout import text_width

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = ROOT / "tests" / "golden"
FILES = sorted(GOLDEN.glob("*.txt"))


def printed(command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command line prints, run at the top of the project; `yes '' |` before it presses Enter throughout."""
    monkeypatch.chdir(ROOT)
    words = shlex.split(command)
    enter = words[:3] == ["yes", "", "|"]
    words = words[3:] if enter else words
    variables = dict(word.split("=", 1) for word in words[: words.index("gradsheet")])
    done = gradsheet(*words[words.index("gradsheet") + 1 :], text="\n" * 99 if enter else "", **variables)
    assert done.code == 0, done.err
    return done.out


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_prints_what_it_printed(path: Path, monkeypatch: pytest.MonkeyPatch):
    first, _, expected = path.read_text(encoding="utf-8").partition("\n")
    assert first.startswith("$ "), path
    found = printed(first[2:], monkeypatch)
    if os.environ.get("GRADSHEET_GOLDEN") == "write":
        path.write_text(f"{first}\n{found}", encoding="utf-8")
        return
    assert found == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_fits_the_terminal(path: Path):
    command, *lines = path.read_text(encoding="utf-8").splitlines()
    width = next((int(w.split("=")[1]) for w in command.split() if w.startswith("COLUMNS=")), 80)
    assert [line for line in lines if text_width(line) > width] == []
    assert [line for line in lines if line != line.rstrip()] == []


def test_there_is_a_gallery():
    assert len(FILES) >= 15
