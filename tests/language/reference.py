"""The table of functions in docs/language.md; `python tests/language/reference.py` makes it from the operations."""

from __future__ import annotations

import re
from pathlib import Path

from gradsheet.operations import ELEMENTWISE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "language.md"
_PLACE = re.compile(r"(<!-- functions: [^>]* -->\n).*?(<!-- /functions -->)", re.DOTALL)


def table() -> str:
    """One row for each elementwise function: its names, its rule, where it is not defined, its convention at a kink."""
    rows = ["| names | rule | not defined | at a kink |", "|---|---|---|---|"]
    for record in ELEMENTWISE.values():
        names = ", ".join(f"`{spelling}`" for spelling in record.spellings)
        cells = (names, record.sentence, record.undefined or "", record.kink or "")
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def written(page: str) -> str:
    """The page with the table as it has to be."""
    return _PLACE.sub(lambda found: found[1] + table() + found[2], page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
