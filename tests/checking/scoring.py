"""The checker against what is true: pages as they were written, and the same pages with one slip planted.

Of a page as it was written: right formulas that are called wrong (false alarms), right ones that are judged right,
wrong ones that are found. Of a page with a slip: whether the edited formula is called wrong (found), by a fair name
(named), or right (a false accept); and whether anything else is called wrong that does not rest on it.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from checking import planting, truths
from gradsheet.checking.documents import check_file, check_manuscript, sheet_at
from gradsheet.checking.limits import Limits
from gradsheet.manuscripts import read_manuscript

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checking.planting import Plant
    from gradsheet.checking.model import CheckReport, Claim

WORST = ("wrong", "inherited", "unreadable", "undecided", "arrangement", "right")
KINDS = {".md": "markdown", ".tex": "latex", ".html": "html", ".ipynb": "notebook", ".txt": "text"}
LIMITS = Limits(seconds=60.0)


def worst(claims: Iterable[Claim]) -> str:
    verdicts = {claim.verdict for claim in claims}
    return next((v for v in WORST if v in verdicts), "none")


def context(name: str) -> str | None:
    path = truths.CORPUS / name / "context.yaml"
    return str(path) if path.exists() else None


def sheets(name: str) -> list[str]:
    """The sheet beside the page, where its context does not name its own."""
    said = context(name)
    if said is not None and "sheet:" in Path(said).read_text(encoding="utf-8"):
        return []
    return [str(truths.CORPUS / name / f"{name}.sheet")]


@cache
def report(name: str) -> CheckReport:
    """The report on a page of the corpus as it stands; made once."""
    return check_file(str(truths.page(name)), sheets(name), context(name), LIMITS)


def report_with(slip: Plant) -> CheckReport:
    """The report on the page with a slip in it."""
    page = truths.page(slip.document)
    manuscript = read_manuscript(planting.page_with(slip), kind=KINDS[page.suffix], name=page.name)  # type: ignore[arg-type]
    beside = [sheet_at(path) for path in sheets(slip.document)]
    return check_manuscript(manuscript, beside, context(slip.document), LIMITS)


@dataclass
class Row:
    """One line of the table: of one document, or of all."""

    formulas: int = 0
    claims: int = 0
    judged: int = 0
    right: int = 0
    """Right formulas by the ledger; `judged` of them are called right."""
    alarms: list[str] = field(default_factory=list)
    wrong: int = 0
    caught: list[str] = field(default_factory=list)
    accepts: list[str] = field(default_factory=list)
    planted: int = 0
    found: int = 0
    named: int = 0
    accepted: list[str] = field(default_factory=list)
    """Slips that were called right."""
    open: int = 0
    """Slips that were left undecided or unread."""
    collateral: list[str] = field(default_factory=list)
    """Right formulas that are called wrong beside a slip, though they do not rest on it."""
    seconds: float = 0.0
    crashed: list[str] = field(default_factory=list)

    def add(self, other: Row) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def seen(found: CheckReport) -> dict[int, tuple[Claim, ...]]:
    return {checked.formula.number: checked.claims for checked in found.formulas}


def score(name: str) -> Row:
    """A document as it was written."""
    row, start = Row(), time.perf_counter()
    entries = truths.ledger(name)
    try:
        found = report(name)
    except Exception as problem:  # noqa: BLE001 - a crash is a line of the table, not the end of it
        row.crashed.append(f"{name}: {type(problem).__name__}: {problem}")
        return row
    row.seconds = time.perf_counter() - start
    claims = seen(found)
    row.formulas = len(entries)
    row.claims = sum(len(c) for c in claims.values())
    for entry in entries:
        here, got = f"{name}.{entry['formula']:02d}", worst(claims.get(entry["formula"], ()))
        if entry["verdict"] == "wrong":
            row.wrong += 1
            if got in {"wrong", "inherited"} or (got == entry["slip"] == "arrangement"):
                row.caught.append(here)
            elif got in {"right", "arrangement"}:
                row.accepts.append(here)
        elif entry["verdict"] == "ambiguous":
            continue
        elif got in {"wrong", "inherited"}:
            row.alarms.append(here)
        if entry["verdict"] == "right":
            row.right += 1
            row.judged += got in {"right", "arrangement"}
    return row


def left_sides(latex: str) -> set[str]:
    """What a formula says something about: the left sides of its rows, without spaces."""
    rows = re.split(r"\\\\|\\q?quad|,\s", latex)
    return {re.sub(r"[\s&]|\\[,;!]", "", row.split("=")[0]) for row in rows if "=" in row} - {""}


def score_slip(slip: Plant, before: dict[int, str]) -> Row:
    """A page with one slip; `before` holds what was called of each formula without it."""
    here = f"{slip.document}.{slip.formula:02d} {slip.edit}"
    row, start = Row(planted=1), time.perf_counter()
    try:
        claims = seen(report_with(slip))
    except Exception as problem:  # noqa: BLE001 - a crash is a line of the table, not the end of it
        row.crashed.append(f"{here}: {type(problem).__name__}: {problem}")
        return row
    row.seconds = time.perf_counter() - start
    row.claims = sum(len(c) for c in claims.values())
    mine = claims.get(slip.formula, ())
    got = worst(mine)
    if got in {"wrong", "inherited"}:
        row.found = 1
        first = next((c.slip for c in mine if c.verdict == "wrong"), None)
        row.named = int(first in slip.slips)
    elif got == "arrangement" and "arrangement" in slip.slips:
        row.found = row.named = 1  # the precise form is shown
    elif got in {"right", "arrangement"}:
        row.accepted.append(here)
    else:
        row.open = 1
    about = left_sides(slip.before)
    for entry in truths.ledger(slip.document):
        n = entry["formula"]
        if n == slip.formula or entry["verdict"] in {"wrong", "ambiguous"} or before.get(n) in {"wrong", "inherited"}:
            continue
        now = worst(claims.get(n, ()))
        # What follows may rest on the slip, and is then inherited; what has the same left side may be at odds with it.
        if now == "inherited" and n > slip.formula:
            continue
        if now in {"wrong", "inherited"} and not (n > slip.formula and about & left_sides(entry["latex"])):
            row.collateral.append(f"{here} → {n:02d}")
    return row


def score_document(name: str, slips: Iterable[Plant]) -> tuple[Row, list[Row]]:
    """A document as it was written, and a row for each of its slips."""
    own = score(name)
    if own.crashed:
        return own, []
    before = {n: worst(claims) for n, claims in seen(report(name)).items()}
    return own, [score_slip(slip, before) for slip in slips if slip.document == name]


def total(rows: Iterable[Row]) -> Row:
    whole = Row()
    for row in rows:
        whole.add(row)
    return whole
