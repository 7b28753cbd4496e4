"""The document as one HTML page that needs nothing else: each formula in its place, marked, the right form beside it.

No script, no network. What a colour says is said by a sign and a word as well.
"""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from pathlib import PurePath
from typing import TYPE_CHECKING

from gradsheet.checking.marks import points_text
from gradsheet.checking.reports.entries import (
    SIGNS,
    VERDICTS,
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
)
from gradsheet.checking.reports.pieces import Block, blocks
from gradsheet.checking.reports.tex import CannotSetError, Mark, set_formula
from gradsheet.typesetting import font_face

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.model import CheckReport, Claim, Verdict
    from gradsheet.manuscripts import Formula

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:"
"""Nothing is loaded and nothing runs, and the browser sees to it."""
_WORST: tuple[Verdict, ...] = ("wrong", "inherited", "unreadable", "undecided", "arrangement", "right")
_LONG = 40
"""Characters of LaTeX from which a formula in a line may be wider than a phone."""
_NEVER_MARKED = frozenset({"right"})


def page(report: CheckReport) -> str:
    """The whole file."""
    title = escape(f"{report.manuscript.source.name}, checked")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="gradsheet">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{title}</title>
<style>
{font_face()}
{_resource("gradsheet.writing.formats", "page.css")}{_resource("gradsheet.checking.reports", "check.css")}</style>
</head>
<body>
{_Page(report).body()}</body>
</html>
"""


def fragment(report: CheckReport) -> str:
    """The same for a notebook: no page around it, and a style that stays inside."""
    style = _resource("gradsheet.writing.formats", "notebook.css") + _inside(
        _resource("gradsheet.checking.reports", "check.css")
    )
    return f'<div class="gradsheet"><style>\n{font_face()}\n{style}</style>\n{_Page(report).body()}</div>'


@cache
def _named(path: str) -> str:
    """The name of a file; where it lies is shown to those who point at it."""
    name = PurePath(path).name
    return escape(path) if name == path else f'<span title="{escape(path)}">{escape(name)}</span>'


def _resource(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")


def _inside(style: str) -> str:
    """A style sheet that holds below one element only, by nesting."""
    nested = style.replace(':root:not([data-theme="light"])', "&").replace(":root", "&")
    return f".gradsheet {{\n{nested}}}\n"


class _Page:
    """Writes the body of one report."""

    def __init__(self, report: CheckReport) -> None:
        self.report = report
        self.checked = {c.formula.number: c for c in report.formulas}
        self.entries: dict[int, list[Entry]] = {}
        for entry in entries(report):
            self.entries.setdefault(entry.checked.formula.number, []).append(entry)

    def body(self) -> str:
        parts = [self.header(), "<main>\n"]
        parts += self.summary()
        parts.append('<section id="document" aria-labelledby="document-title">\n')
        parts.append('<div class="heading"><h2 id="document-title">The document</h2></div>\n')
        parts += (self.block(block) for block in blocks(self.report.manuscript))
        parts.append("</section>\n</main>\n")
        return "".join(parts)

    # ------------------------------------------------------------ above the document

    def header(self) -> str:
        report = self.report
        counts = report.tally()
        chips = "".join(
            f'<li class="{v}"><span class="sign" aria-hidden="true">{SIGNS[v]}</span> {counts[v]} {WORDS[v]}</li>'
            for v in VERDICTS
            if counts[v]
        )
        sheets = ", ".join(map(_named, report.sheets))
        against = f'<p class="lead">Checked against {sheets}.</p>\n' if sheets else ""
        score = report.marks
        points = f" · {points_text(score.got)} of {points_text(score.total)} points" if score else ""
        tally = f'<ul class="tally">{chips}</ul>' if chips else "<p>Nothing is claimed in it.</p>"
        name = _named(report.manuscript.source.name)
        return f"<header>\n<h1>{name}{points}</h1>\n{against}{tally}\n</header>\n"

    def summary(self) -> Iterator[str]:
        """What is to be looked at, with the way there; marks; what the names stand for; remarks."""
        report = self.report
        if report.stopped:
            yield f'<p class="stopped">Stopped at {escape(report.stopped)}: what comes after it is not checked.</p>\n'
        notable = [e for found in self.entries.values() for e in found if is_notable(e.claim)]
        if notable:
            lines = "".join(self.link(entry) for entry in notable)
            yield (
                '<section id="findings" aria-labelledby="findings-title">\n<div class="heading">'
                f'<h2 id="findings-title">To look at</h2></div>\n<ol class="findings">{lines}</ol>\n</section>\n'
            )
        yield from self.marks()
        if report.bindings:
            rows = "".join(
                f"<tr><td>{_math(b.latex) if b.latex else escape(b.written)}</td><td>{escape(b.stands_for)}</td>"
                f"<td>{escape(b.origin)}{f', line {b.line}' if b.line else ''}</td></tr>"
                for b in report.bindings
            )
            head = "".join(f'<th scope="col">{word}</th>' for word in ("on the page", "read as", "who says so"))
            yield (
                f'<details class="names"><summary>How {len(report.bindings)} symbols were read</summary>'
                f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
                "</details>\n"
            )
        said = [
            *((f"{p.code}: {p.message}", problem_place(p)) for p in report.problems),
            *((r.message, remark_place(report, r)) for r in report.remarks),
        ]
        if said:
            items = "".join(f"<li>{f'line {line}: ' if line else ''}{escape(text)}</li>" for text, line in said)
            yield f'<section id="remarks"><h2>Remarks</h2><ul>{items}</ul></section>\n'

    def link(self, entry: Entry) -> str:
        claim = entry.claim
        reason = escape(reason_of(self.report, claim))
        why = f' <span class="why">{reason}</span>' if reason else ""
        place = f"{entry.where}" if entry.where.cell else f"line {entry.where}"
        return (
            f'<li class="{claim.verdict}"><a href="#{_anchor(entry)}">{place}</a> {_sign(claim.verdict)} '
            f'<span class="line">{escape(printed(claim.text))}</span>{why}</li>'
        )

    def marks(self) -> Iterator[str]:
        score = self.report.marks
        if score is None:
            return
        rows = "".join(
            f"<tr><td>{self.to_formula(m.formula, m.name)}</td><td>{points_text(m.got)} of {points_text(m.points)}</td>"
            f"<td>{escape(mark_words(m))}</td></tr>"
            for m in score.marks
        )
        if score.others:
            rows += f"<tr><td>other lines</td><td>{points_text(score.other)}</td><td>{score.others} claims</td></tr>"
        together = f"{points_text(score.got)} of {points_text(score.total)}"
        rows += f'<tr><th scope="row">together</th><td>{together}</td><td></td></tr>'
        head = "".join(f'<th scope="col">{word}</th>' for word in ("result", "points", ""))
        yield (
            '<section id="marks" aria-labelledby="marks-title">'
            '<div class="heading"><h2 id="marks-title">Marks</h2></div>'
            f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>\n'
        )

    def to_formula(self, number: int, text: str) -> str:
        return f'<a href="#f{number}">{escape(text)}</a>' if number in self.checked else escape(text)

    # ------------------------------------------------------------ the document

    def block(self, block: Block) -> str:
        """A paragraph, a heading, an item or a display, and behind it what is said of its formulas."""
        inside = "".join(
            escape(part) if isinstance(part, str) else self.formula(part, alone=block.kind == "display")
            for part in block.parts
        )
        formulas = [part for part in block.parts if not isinstance(part, str)]
        said = "".join(self.remark(e, formula) for formula in formulas for e in self.entries.get(formula.number, ())
                       if is_notable(e.claim))  # fmt: skip
        match block.kind:
            case "heading":
                return f"<h3>{inside}</h3>\n{said}"
            case "item":
                return f'<p class="item">{inside}</p>\n{said}'
            case "code":
                return f'<pre tabindex="0">{inside}</pre>\n'
            case "display":
                return f"{inside}\n{said}"
            case _:
                return f"<p>{inside}</p>\n{said}"

    def formula(self, formula: Formula, *, alone: bool) -> str:
        checked = self.checked.get(formula.number)
        claims = checked.claims if checked is not None else ()
        if not claims:
            shown = _fitting(_shown(formula, (), display=alone), formula, alone=alone)
            return f'<div class="formula" id="f{formula.number}">{shown}</div>' if alone else shown
        verdict = next(v for v in _WORST if any(c.verdict == v for c in claims))
        shown = _shown(formula, _marks(claims), display=alone, alttext=checked.reading if checked else "")
        shown = _fitting(shown, formula, alone=alone)
        steps = _steps(claims)
        if alone:
            return (
                f'<div class="judged {verdict}" id="f{formula.number}"><div class="formula" tabindex="0">{shown}</div>'
                f'<p class="steps">{steps}</p></div>'
            )
        return f'<span class="judged {verdict}" id="f{formula.number}">{shown} {steps}</span>'

    def remark(self, entry: Entry, formula: Formula) -> str:
        """Sign and word, why, what it should be, what else could be."""
        claim = entry.claim
        step = f"step {claim.step}: " if len(self.entries[formula.number]) > 1 else ""
        reason = escape(reason_of(self.report, claim))
        place = f"{entry.where}" if entry.where.cell else f"line {entry.where}"
        head = (
            f'{_sign(claim.verdict)} <strong>{step}{WORDS[claim.verdict]}</strong> <span class="place">{place}</span>'
        )
        parts = [f"<p>{head}{f' — {reason}' if reason else ''}</p>"]
        if claim.expected and claim.verdict != "right":
            right = _math(claim.expected, alttext=claim.expected_text or "", display=True)
            parts.append(f'<div class="right-form"><span>should be</span><div class="formula">{right}</div></div>')
        elif claim.expected_text and claim.verdict != "right":
            parts.append(
                f'<div class="right-form"><span>should be</span><div>{escape(printed(claim.expected_text))}</div></div>'
            )
        parts += (f'<p class="further">{word}: {escape(text)}</p>' for word, text in further(claim))
        return f'<aside class="remark {claim.verdict}" id="{_anchor(entry)}">{"".join(parts)}</aside>\n'


def _anchor(entry: Entry) -> str:
    return f"f{entry.checked.formula.number}-{entry.claim.step}"


def _sign(verdict: Verdict) -> str:
    return f'<span class="sign {verdict}" role="img" aria-label="{WORDS[verdict]}">{SIGNS[verdict]}</span>'


def _steps(claims: tuple[Claim, ...]) -> str:
    """A sign for each claim."""
    return '<span class="signs">' + "".join(_sign(c.verdict) for c in claims) + "</span>"


def _marks(claims: tuple[Claim, ...]) -> list[Mark]:
    """Which parts of a formula are marked: what is wrong in a line, else the line."""
    found = []
    for claim in claims:
        if claim.verdict in _NEVER_MARKED:
            continue
        span = claim.patch[0] if claim.patch is not None else claim.span
        found.append(Mark(span.start, max(span.end, span.start + 1), f"part {claim.verdict}"))
    return found


def _shown(formula: Formula, marks: list[Mark] | tuple[Mark, ...], *, display: bool, alttext: str = "") -> str:
    """A formula as mathematics, or as its source where it cannot be set."""
    struck = ' class="struck"' if formula.struck else ""
    if formula.spelling == "plain":
        return f'<span class="plain">{_pieces(formula.text, marks)}</span>'
    try:
        shown = set_formula(formula.text, display=display, marks=marks, alttext=alttext or formula.latex)
    except CannotSetError:
        return f'<code class="source">{_pieces(formula.text, marks)}</code>'
    return f"<span{struck}>{shown}</span>" if struck else shown


def _fitting(shown: str, formula: Formula, *, alone: bool) -> str:
    """A long formula in a line scrolls by itself, so that the page never does."""
    return f'<span class="long" tabindex="0">{shown}</span>' if not alone and len(formula.text) > _LONG else shown


def _math(latex: str, alttext: str = "", *, display: bool = False) -> str:
    try:
        return set_formula(latex, display=display, alttext=alttext or latex)
    except CannotSetError:
        return f'<code class="source">{escape(latex)}</code>'


def _pieces(text: str, marks: list[Mark] | tuple[Mark, ...]) -> str:
    """A text with parts of it marked; parts that overlap are cut."""
    out, at = [], 0
    for mark in sorted(marks):
        start, end = max(at, mark.start), min(len(text), mark.end)
        if start >= end:
            continue
        out.append(f'{escape(text[at:start])}<mark class="{mark.name}">{escape(text[start:end])}</mark>')
        at = end
    return "".join([*out, escape(text[at:])])
