"""Short derivations in the habits of many authors, with slips of their own: what each claim comes to.

`verdicts.json` holds for each page the verdicts of its claims in order, checked by hand; what is wrong stands with the
kind of its slip. A page with a sheet of its name is checked against it.

    python tests/checking/test_pages.py        shows what is found now, claim by claim
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gradsheet.checking.documents import check_file
from gradsheet.checking.limits import Limits

PAGES = Path(__file__).parent / "pages"
EXPECTED: dict[str, list[str]] = json.loads((PAGES / "verdicts.json").read_text(encoding="utf-8"))


def found(name: str) -> list[tuple[str, str]]:
    """The claims of a page: verdict with slip, and the line."""
    page = PAGES / name
    sheet = page.with_suffix(".sheet")
    report = check_file(str(page), [str(sheet)] if sheet.exists() else [], None, Limits(seconds=60.0))
    return [(" ".join(filter(None, (c.verdict, c.slip))), c.text) for f in report.formulas for c in f.claims]


def test_every_page_is_expected():
    written = {path.name for path in PAGES.iterdir()} - {"verdicts.json"}
    assert {name for name in written if not name.endswith(".sheet")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_page_gets_its_verdicts(name: str):
    claims = found(name)
    assert [verdict for verdict, _ in claims] == EXPECTED[name], claims


if __name__ == "__main__":
    for path in sorted(PAGES.iterdir()):
        if path.suffix not in {".sheet", ".json"}:
            for verdict, text in found(path.name):
                sys.stdout.write(f"{path.name}: {verdict:20} {text}\n")
