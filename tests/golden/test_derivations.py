"""Golden derivations: each file holds a sheet and what is derived from it; GRADSHEET_UPDATE=1 writes them again.

They read as a gallery: title, one sentence, the sheet, its derived equations with the rule of each. What they show is
verified at generic points, so a golden file can be out of date but not wrong.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from engine.running import derived, functions_of, plain_line
from fences import ROOT
from gradsheet.verification import verify
from gradsheet.writing.equations import taken_names, write_equation

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.derivation import Derivation

FOLDER = ROOT / "tests" / "golden" / "derivations"
FILES = sorted(FOLDER.glob("*.md"))
SHEET, EQUATIONS, END = "```gradsheet\n", "```text\n", "```\n"


def sheet_in(text: str) -> str:
    """The sheet that a file shows."""
    return text.split(SHEET, 1)[1].split(END, 1)[0]


def shown(derivation: Derivation) -> str:
    """Derived equations with their rules, as the files hold them."""
    taken = taken_names(derivation.sheet)
    functions = functions_of(derivation.sheet)
    lines: list[str] = []
    for adjoint in derivation.adjoints:
        lines += [plain_line(line, functions) for line in write_equation(adjoint.equation, taken)]
        lines.append(f"    {adjoint.rule}")
        lines += [f"    relies on {condition}" for condition in adjoint.conditions]
    return "".join(f"{line}\n" for line in lines)


def with_equations(text: str, equations: str) -> str:
    """The file with these equations."""
    before, _, rest = text.partition(EQUATIONS)
    _, _, after = rest.partition(END)
    return f"{before}{EQUATIONS}{equations}{END}{after}"


def test_there_is_a_gallery():
    assert len(FILES) >= 25


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_derivation_is_the_one_that_the_file_shows(path: Path):
    text = path.read_text(encoding="utf-8")
    derivation = derived(sheet_in(text), path.name)
    wanted = with_equations(text, shown(derivation))
    if os.environ.get("GRADSHEET_UPDATE"):
        path.write_text(wanted, encoding="utf-8")
        text = wanted
    assert text == wanted
    assert verify(derivation, points=1).passed


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_file_has_a_title_and_one_sentence(path: Path):
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines[0].startswith("# ")
    assert lines[1] == lines[3] == ""
    assert lines[2].endswith(".")
    assert lines[4] == SHEET.strip()


def test_a_changed_equation_is_seen():
    text = FILES[0].read_text(encoding="utf-8")
    derivation = derived(sheet_in(text), FILES[0].name)
    assert with_equations(text, shown(derivation).replace("∂E", "2 ∂E", 1)) != text
