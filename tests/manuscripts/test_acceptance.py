"""The source documents, where they are at hand: every formula that the ledger lists, and no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradsheet.manuscripts import read_manuscript

DOCUMENTS = Path(__file__).resolve().parents[2].parent / "shared" / "documents"
LEDGER = DOCUMENTS / "ledger.json"
ENTRIES = json.loads(LEDGER.read_text(encoding="utf-8")) if LEDGER.is_file() else []


@pytest.mark.skipif(not ENTRIES, reason="the source documents are not beside the repository")
@pytest.mark.parametrize("document", sorted({entry["document"] for entry in ENTRIES}) or ["none"])
def test_every_formula_of_the_ledger_is_found(document: str):
    page = read_manuscript(DOCUMENTS / f"{document}.md")
    found = [(f.number, f.place.line, f.display, f.latex) for f in page.formulas]
    listed = [
        (entry["formula"], entry["line"], entry["display"], entry["latex"])
        for entry in ENTRIES
        if entry["document"] == document
    ]
    assert found == listed
    assert page.problems == ()
    assert page.remarks == ()
