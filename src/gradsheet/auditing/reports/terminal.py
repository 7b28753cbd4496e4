"""An audit in a terminal: each output and gradient with its verdict; for what differs the slip and the equation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradsheet.writing.layout import pad, text_width, wrap_formula, wrap_words
from gradsheet.writing.spelling import keyboard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.auditing.model import Audit, Compared, Difference
    from gradsheet.writing.layout import Style, Styled

_SIGNS: Final = {"agrees": "✓", "differs": "✗", "imprecise": "≈", "not compared": "–"}
_KEYBOARD: Final = {"agrees": "ok", "differs": "!!", "imprecise": "~", "not compared": "-"}
_LOOKS: Final[dict[str, Style]] = {"agrees": "good", "differs": "bad", "imprecise": "quiet", "not compared": "quiet"}
_LABEL: Final = 11
_LEAST: Final = 40


def terminal_lines(report: Audit, *, width: int = 100, ascii_only: bool = False) -> list[Styled]:
    """All lines of an audit."""
    lines = list(_Writer(report, max(_LEAST, width), ascii_only=ascii_only).lines())
    if ascii_only:
        return [[(keyboard(text), look) for text, look in line] for line in lines]
    return lines


class _Writer:
    def __init__(self, report: Audit, width: int, *, ascii_only: bool) -> None:
        self.report, self.width = report, width
        self.signs = _KEYBOARD if ascii_only else _SIGNS

    def lines(self) -> Iterator[Styled]:
        report = self.report
        yield from self.sentence(f"{report.function}, {report.kind}, against {report.sheet}")
        yield [("", "")]
        compared = [*report.forward, *report.gradients]
        room = max((text_width(c.name) for c in compared), default=0)
        for entry in compared:
            yield from self.entry(entry, room)
        for fault in report.faults:
            yield from self.sentence(f"{self.signs['differs']} {fault.sentence}", "bad", indent=2)
        for remark in report.remarks:
            yield from self.sentence(f"remark: {remark}", "quiet")
        if report.faults or report.remarks or compared[-1].verdict != "differs":
            yield [("", "")]
        yield from self.sentence(self.tally(), "good" if report.agrees else "bad")

    def entry(self, entry: Compared, room: int) -> Iterator[Styled]:
        head = f"{self.signs[entry.verdict]} {pad(entry.name, room)}  "
        lines = wrap_words(self.said(entry), self.width - text_width(head))
        yield [(head, _LOOKS[entry.verdict]), (lines[0], "")]
        for line in lines[1:]:
            yield [(" " * text_width(head) + line, "")]
        if entry.verdict == "differs":
            yield from self.explained(entry)
            yield [("", "")]

    def said(self, entry: Compared) -> str:
        match entry.verdict:
            case "agrees":
                return f"agrees to {entry.digits} digits" + (f", {entry.note}" if entry.note else "") if (
                    entry.digits is not None) else f"agrees: {entry.note}"
            case "imprecise":
                return f"agrees to {entry.digits} digits: computed in {entry.note}"
            case "not compared":
                return f"not compared: {entry.note}"
            case _:
                return entry.slip.sentence if entry.slip is not None else "differs"

    def explained(self, entry: Compared) -> Iterator[Styled]:
        slip = entry.slip
        if slip is not None and slip.computed:
            yield from self.formulas("computed", slip.computed, "bad")
            yield from self.formulas("should be", slip.derived, "good")
        shown = () if slip is None or not slip.computed else slip.derived
        rest = tuple(line for line in entry.derived if line not in shown)
        if rest:
            yield from self.formulas("derived", rest, "")
        if entry.difference is not None:
            yield from self.labelled("first entry", difference_words(entry.name, entry.difference))
        for sentence in entry.blind:
            yield from self.labelled("unseen", f"it agrees where {sentence}")

    def formulas(self, label: str, equations: tuple[str, ...], look: Style) -> Iterator[Styled]:
        for k, equation in enumerate(equations):
            for n, line in enumerate(wrap_formula(equation, self.width - _LABEL - 6)):
                first = label if k == n == 0 else ""
                yield [(f"    {pad(first, _LABEL)} ", "quiet"), (("  " if n else "") + line, look)]

    def labelled(self, label: str, text: str) -> Iterator[Styled]:
        for k, line in enumerate(wrap_words(text, self.width - _LABEL - 6)):
            yield [(f"    {pad(label if k == 0 else '', _LABEL)} ", "quiet"), (line, "")]

    def sentence(self, text: str, look: Style = "", indent: int = 0) -> Iterator[Styled]:
        for k, line in enumerate(wrap_words(text, self.width - indent)):
            yield [((" " * indent if k else "") + line, look)]

    def tally(self) -> str:
        report = self.report
        right = sum(c.verdict == "agrees" for c in report.gradients)
        wrong = sum(c.verdict == "differs" for c in report.gradients)
        parts = [f"{right} of {len(report.gradients)} gradients {'agrees' if right == 1 else 'agree'}"]
        if wrong:
            parts.append(f"{wrong} {'differs' if wrong == 1 else 'differ'}")
        loose = sum(c.verdict == "imprecise" for c in report.gradients)
        if loose:
            parts.append(f"{loose} in less than float64")
        if report.faults:
            parts.append(f"{len(report.faults)} further {'fault' if len(report.faults) == 1 else 'faults'}")
        count = len(report.points)
        where = f"at {count} random {'point' if count == 1 else 'points'}, seed {report.seed}"
        return f"{', '.join(parts)}, {where}"


def difference_words(name: str, difference: Difference) -> str:
    """`x̄[1,2] is 0.5, and should be 0.25 (relative error 1); 6 of 6 entries differ`."""
    place = f"[{','.join(map(str, difference.place))}]" if difference.place else ""
    text = f"{name}{place} is {difference.found:.6g}, and should be {difference.expected:.6g}"
    text += f" (relative error {difference.relative:.2g})"
    if difference.total > 1:
        verb = "differs" if difference.count == 1 else "differ"
        where = f", {difference.where}" if difference.where else ""
        text += f"; {difference.count} of {difference.total} entries {verb}{where}"
    return text.replace("-", "−")
