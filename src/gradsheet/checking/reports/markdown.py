r"""The author's Markdown as it is, with a sign behind each judged formula and a remark behind the paragraph.

Nothing of the author's is changed: signs stand behind closing dollars, remarks are quotations of their own. Other
kinds of files become a list, formula by formula.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from gradsheet.checking.marks import points_text
from gradsheet.checking.reports.entries import (
    SIGNS,
    WORDS,
    Entry,
    entries,
    further,
    is_notable,
    mark_words,
    printed,
    problem_place,
    reason_of,
    remark_place,
    tally_words,
)
from gradsheet.writing.formats.markdown import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.model import CheckReport
    from gradsheet.manuscripts import Formula

_ENDINGS = frozenset({".md", ".markdown", ".qmd", ".rmd"})
_CLOSING = re.compile(r"\$\$|`\$|\$|\\{1,2}[)\]]|\n?[ \t>]*(?:```+|~~~+)|\\end\{[A-Za-z]+\*?\}")
"""What closes a formula, directly behind its last character; GitHub's `$`…`$` among it."""
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})")
_ITEM = re.compile(r"^([ \t]*(?:>[ \t]?)*)((?:[-*+]|\d{1,9}[.)])[ \t]+)?")


def markdown(report: CheckReport) -> str:
    """A checked document as Markdown."""
    name = report.manuscript.source.name
    by_formula: dict[int, list[Entry]] = {}
    for entry in entries(report):
        by_formula.setdefault(entry.checked.formula.number, []).append(entry)
    annotated = Path(name).suffix.lower() in _ENDINGS
    body = _Annotator(report, by_formula).text() if annotated else "\n".join(_listed(report, by_formula)) + "\n"
    front = _front(report) if annotated else ""
    return front + "\n\n".join(_head(report)) + "\n\n---\n\n" + body[len(front) :].lstrip("\n")


def _front(report: CheckReport) -> str:
    """The front matter, which has to stay first."""
    text = report.manuscript.source.text
    found = re.match(r"---[ \t]*\n.*?^(?:---|\.\.\.)[ \t]*\n", text, re.DOTALL | re.MULTILINE)
    return found[0] if found and report.manuscript.front else ""


def _head(report: CheckReport) -> Iterator[str]:
    """The tally, the marks, what the names stand for, remarks."""
    against = f" Checked against {words(', '.join(report.sheets))}." if report.sheets else ""
    yield f"**{tally_words(report)}.**{against}"
    if report.stopped:
        yield f"**Stopped at {words(report.stopped)}**: what comes after it is not checked."
    score = report.marks
    if score is not None:
        rows = ["| result | points | |", "| --- | --- | --- |"]
        rows += [f"| {words(m.name)} | {points_text(m.got)} of {points_text(m.points)} | {mark_words(m)} |"
                 for m in score.marks]  # fmt: skip
        if score.others:
            rows.append(f"| other lines | {points_text(score.other)} | {score.others} claims |")
        rows.append(f"| together | {points_text(score.got)} of {points_text(score.total)} | |")
        yield "\n".join(rows)
    if report.bindings:
        rows = ["| on the page | read as | who says so |", "| --- | --- | --- |"]
        rows += [
            f"| {words(b.written)} | {words(b.stands_for)} | {b.origin}{f', line {b.line}' if b.line else ''} |"
            for b in report.bindings
        ]
        table = "\n".join(rows)
        yield f"<details><summary>How {len(report.bindings)} symbols were read</summary>\n\n{table}\n\n</details>"
    said = [
        *((f"{p.code}: {p.message}", problem_place(p)) for p in report.problems),
        *((r.message, remark_place(report, r)) for r in report.remarks),
    ]
    if said:
        yield "\n".join(f"- {f'line {line}: ' if line else ''}{words(text)}" for text, line in said)


def _remark(report: CheckReport, entry: Entry, *, steps: bool, placed: bool) -> str:
    """One remark, on lines of a quotation."""
    claim = entry.claim
    step = f"step {claim.step}: " if steps else ""
    place = f" (line {entry.where.line})" if placed else ""
    reason = reason_of(report, claim)
    lines = [
        f"{SIGNS[claim.verdict]} **{step}{WORDS[claim.verdict]}**{place}" + (f" — {words(reason)}" if reason else "")
    ]
    if claim.verdict != "right":
        if claim.expected:
            lines.append(f"should be: {_inline(claim.expected)}")
        elif claim.expected_text:
            lines.append(f"should be: {words(printed(claim.expected_text))}")
    lines.extend(f"{word}: {words(text)}" for word, text in further(claim))
    return "\\\n".join(lines)


def _inline(latex: str) -> str:
    """A formula in a line, in dollars that GitHub leaves alone."""
    flat = " ".join(latex.split())
    return f"$`{flat}`$" if "`" not in flat else f"`` {flat} ``"


# ---------------------------------------------------------------- the author's own page


class _Annotator:
    """Puts signs and remarks into a text."""

    def __init__(self, report: CheckReport, by_formula: dict[int, list[Entry]]) -> None:
        self.report = report
        self.by_formula = by_formula
        self.source = report.manuscript.source.text

    def text(self) -> str:
        """The page with everything put in, from its end to its beginning, so that places stay."""
        inserted: list[tuple[int, int, str]] = []
        remarks: dict[int, list[str]] = {}
        for formula in self.report.manuscript.formulas:
            found = self.by_formula.get(formula.number, [])
            if not found:
                continue
            end = self.end(formula)
            signs = "".join(SIGNS[entry.claim.verdict] for entry in found)
            said = [_remark(self.report, entry, steps=len(found) > 1, placed=not formula.display)
                    for entry in found if is_notable(entry.claim)]  # fmt: skip
            if not formula.display:
                inserted.append((end, 0, f" {signs}"))
            elif not said:
                said = [f"{signs} right"]
            if said:
                place = self._line_end(end) if self.stands_alone(formula, end) else self.behind(end)
                remarks.setdefault(place, []).extend(said)
        inserted += [(at, 1, self.quotation(at, said)) for at, said in remarks.items()]
        text = self.source
        for at, _, what in sorted(inserted, reverse=True):
            text = text[:at] + what + text[at:]
        return text if text.endswith("\n") else text + "\n"

    def end(self, formula: Formula) -> int:
        """Behind the closing sign of a formula."""
        at = formula.origin(len(formula.text))
        closing = _CLOSING.match(self.source, at)
        return closing.end() if closing else at

    def stands_alone(self, formula: Formula, end: int) -> bool:
        """A display with nothing behind it on its line."""
        return formula.display and not self.source[end : self._line_end(end)].strip()

    def behind(self, at: int) -> int:
        """The end of the paragraph, of the heading, or of the fence in which a place is."""
        start = self.source.rfind("\n", 0, at) + 1
        heading = self.source.startswith("#", start)
        end = self._line_end(at)
        while not heading and end < len(self.source):
            following = self.source[end + 1 : self._line_end(end + 1)]
            if not following.strip(" \t>") or _FENCE.match(following) or following.startswith("#"):
                break
            end = self._line_end(end + 1)
        return end

    def _line_end(self, at: int) -> int:
        end = self.source.find("\n", at)
        return len(self.source) if end < 0 else end

    def quotation(self, at: int, said: list[str]) -> str:
        """Remarks as a quotation that belongs to the list item, or the quotation, in which they stand."""
        lead = self.lead(at)
        lines = "\n\n".join(said).split("\n")
        quoted = "\n".join(f"{lead}> {line}".rstrip() for line in lines)
        blank = lead.rstrip()
        following = self.source[at + 1 : self._line_end(at + 1)]
        behind = f"\n{blank}" if following.strip(" \t>") else ""
        return f"\n{blank}\n{quoted}{behind}"

    def lead(self, at: int) -> str:
        """Blanks, or signs of quotation, that keep what follows in the same item."""
        start = self.source.rfind("\n", 0, at) + 1
        while True:
            before = self.source.rfind("\n", 0, max(0, start - 1)) + 1
            found = _ITEM.match(self.source[start:at])
            if found is not None and found[2]:
                return found[1] + " " * len(found[2])
            above = self.source[before : max(0, start - 1)]
            if start == 0 or not above.strip(" \t>"):
                return found[1].expandtabs(4) if found is not None and ">" in found[1] else self._blanks(start)
            start = before

    def _blanks(self, start: int) -> str:
        line = self.source[start : self._line_end(start)]
        return line[: len(line) - len(line.lstrip(" "))]


# ---------------------------------------------------------------- any other file


def _listed(report: CheckReport, by_formula: dict[int, list[Entry]]) -> Iterator[str]:
    """Formula by formula, with places."""
    for formula in report.manuscript.formulas:
        found = by_formula.get(formula.number, [])
        if not found:
            continue
        place = formula.place
        where = f"cell {place.cell}, line {place.line}" if place.cell else f"line {place.line}"
        signs = "".join(SIGNS[entry.claim.verdict] for entry in found)
        yield f"**Formula {formula.number}, {where}** {signs}\n"
        yield _fenced(formula)
        for entry in found:
            if is_notable(entry.claim):
                said = _remark(report, entry, steps=len(found) > 1, placed=False)
                yield "\n".join(f"> {line}".rstrip() for line in said.split("\n")) + "\n"


def _fenced(formula: Formula) -> str:
    """A formula in a fence longer than any in it."""
    text = formula.text.strip()
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    kind = "math" if formula.spelling == "latex" else ""
    return f"{ticks}{kind}\n{text}\n{ticks}\n"
