"""The five source documents, slips and all, against what is true of every formula in them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fences import ROOT
from gradsheet.checking.documents import check_file
from gradsheet.checking.limits import Limits
from gradsheet.checking.reports.formats import written

DOCUMENTS = ROOT.parent / "shared" / "documents"
CONTEXTS = Path(__file__).resolve().parent / "contexts"
NAMES = ("000", "001", "002", "003", "004")

pytestmark = pytest.mark.skipif(not DOCUMENTS.exists(), reason="the source documents are not beside the repository")


def report(name: str, folder: Path) -> Path:
    """The JSON of one document, in a file."""
    found = check_file(str(DOCUMENTS / f"{name}.md"), [], str(CONTEXTS / f"{name}.yaml"), Limits(seconds=120))
    path = folder / f"{name}.json"
    path.write_text(written(found, "json"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> dict[str, Path]:
    """The reports of all documents."""
    folder = tmp_path_factory.mktemp("reports")
    return {name: report(name, folder) for name in NAMES}


@pytest.fixture(scope="module")
def score(reports) -> str:
    """What the scorer beside the ledger says."""
    pairs = [f"{name}={path}" for name, path in reports.items()]
    command = [sys.executable, str(DOCUMENTS / "score"), str(DOCUMENTS / "ledger.json"), *pairs]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def number(score: str, what: str) -> int:
    return int(re.search(rf"{what}:? (\d+)", score)[1])


def test_nothing_right_is_called_wrong(score):
    assert number(score, "false alarm") == 0


def test_nothing_wrong_is_called_right(score):
    assert number(score, "false accept") == 0


def test_the_slips_are_found_and_named(score):
    assert number(score, "found") >= 25
    assert number(score, "named") >= 23
    assert number(score, "judged") >= 66
    assert number(score, "harsh") == 0


def test_the_steps_agree(score):
    agreed, compared = map(int, re.search(r"steps (\d+)/(\d+)", score).groups())
    assert agreed >= 0.95 * compared


def test_the_ledger_counts_the_formulas_alike(reports):
    ledger = json.loads((DOCUMENTS / "ledger.json").read_text(encoding="utf-8"))
    data = json.loads(reports["003"].read_text(encoding="utf-8"))
    mine = [(f["formula"], f["line"]) for f in data["formulas"]]
    assert mine == [(e["formula"], e["line"]) for e in ledger if e["document"] == "003"]
