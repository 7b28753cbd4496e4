r"""Markdown: formulas in every spelling of dollars, brackets and environments, and words in blocks.

| on the page | is |
|---|---|
| `$…$`, `\(…\)`, `\\(…\\)`, `` $`…`$ `` | an inline formula |
| `$$…$$`, `\[…\]`, `\\[…\\]`, a fence marked `math`, `\begin{align}…\end{align}` and its kin | a display |
| `~~…~~` around it | struck out |
| code, other fences, comments | not read |
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.manuscripts.delimiters import Delimiters, Enclosed, math_environment
from gradsheet.manuscripts.front import front_of
from gradsheet.manuscripts.macros import DEFINING, Expansion
from gradsheet.manuscripts.page import Full, Page, chained, decoded, unquoted, without
from gradsheet.manuscripts.plain import PlainReader, lines_left_out
from gradsheet.manuscripts.view import View

if TYPE_CHECKING:
    from gradsheet.diagnostics import Source
    from gradsheet.manuscripts.model import Manuscript

_TOKEN = re.compile(
    r"""
    (?P<newline>\n)
  | (?P<double>\\\\[(\[])
  | (?P<single>\\[(\[])
  | (?P<environment>\\begin[ \t]*\{[A-Za-z]+\*?\})
  | (?P<macro>\\(?:re|provide)?newcommand|\\providecommand|\\DeclareMathOperator|\\DeclareRobustCommand
        |\\DeclarePairedDelimiter|\\def(?![A-Za-z])|\\let(?=\\))
  | (?P<escaped>\\[\\$`~<])
  | (?P<ticked>\$`)
  | (?P<dollars>\$\$?)
  | (?P<ticks>`+)
  | (?P<comment><!--)
  | (?P<tilde>~~+)
  | <(?P<tag>/?(?:del|s|strike|pre|script|style))(?:\s[^<>]{0,200})?>
    """,
    re.VERBOSE,
)
_BLANKS = re.compile(r"(?:[ \t]*\n)+")
_QUOTE = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
_FENCE = re.compile(
    r"[ \t]*(?P<fence>`{3,}(?=[^`\n]*(?:\n|\Z))|~{3,}(?=[^~\n]*(?:\n|\Z)))[ \t]*(?P<info>[^\n]*)(?:\n|\Z)"
)
_HEADING = re.compile(r"[ ]{0,3}#{1,6}(?=[ \t\n]|\Z)[ \t]*")
_ITEM = re.compile(r"[ \t]*(?:[-*+•][ \t]+|(?=\d{1,3}[.)][ \t]))(?=\S)")
_RULE = re.compile(r"[ ]{0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})(?:\n|\Z)")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:=+|-{2,})[ \t]*(?:\n|\Z)")
_ESCAPES = re.compile(r"\\\\\\\\|\\\\(?=[{}|,;:!#%&_])|\\(?=[_*<>])")
_REST = re.compile(r"[ \t]*+(?:\n|\Z)")
_TICKED_END = re.compile(r"`\$")
_TEX_FENCES = frozenset(("latex", "tex", "katex"))


def read_markdown(source: Source) -> Manuscript:
    """The manuscript of a Markdown document; one without any TeX is read for formulas in plain Unicode."""
    page = Page(source)
    page.front, page.front_line, start, problem = front_of(source)
    if problem is not None:
        page.problems.append(problem)
    text = re.sub(r"[^\n]", " ", source.text[:start]) + source.text[start:]
    view = View(text)
    reader = MarkdownReader(page, view)
    try:
        reader.read(start)
    except Full:
        return page.manuscript()
    if page.count:
        if left := lines_left_out(text):
            line = source.position(left[0])[0]
            message = f"line {line} looks like a formula without TeX; such lines are read where a document has no TeX"
            page.remark(message, Span(*left))
        return page.manuscript()
    plain = Page(source)
    plain.front, plain.front_line = page.front, page.front_line
    plain.problems, plain.remarks = page.problems, page.remarks
    with suppress(Full):
        PlainReader(plain, view).read(start)
    return plain.manuscript()


class MarkdownReader:
    """Walks over one text and hands its pieces to a page."""

    def __init__(self, page: Page, view: View) -> None:
        self.page = page
        self.view = view
        self.text = view.text
        self.delimiters = Delimiters(view)
        self._line_start = True
        self._content_at = 0
        self._heading = False
        self._quoted = False
        self._strike: tuple[int, bool] | None = None  # the next piece, and whether it may go over blank lines

    def read(self, at: int) -> None:
        """Everything from a place on."""
        text, page = self.text, self.page
        while at < len(text):
            page.step(self.view, at)
            if self._line_start:
                self._content_at = at = self._line(at)
                continue
            found = _TOKEN.search(text, at)
            stop = found.start() if found else len(text)
            if stop > at:
                page.words(text[at:stop], self.view.origin(at))
            if found is None:
                break
            at = self._token(found)
        self._end_block()

    # ------------------------------------------------------------ lines

    def _line(self, at: int) -> int:
        """What the beginning of a line says; reading goes on behind it."""
        text, page = self.text, self.page
        self._line_start = False
        if blank := _BLANKS.match(text, at):
            self._end_block()
            self._line_start = True
            return blank.end()
        quote = _QUOTE.match(text, at)
        if quote:
            at = quote.end()
            if text[at : at + 1] == "\n":
                self._end_block()
                self._line_start = True
                return at + 1
        self._quoted = quote is not None
        if fence := _FENCE.match(text, at):
            return self._fence(fence)
        if (heading := _HEADING.match(text, at)) is not None:
            self._end_block()
            page.block("heading", self.view.origin(at))
            self._heading = True
            return heading.end()
        if self._underline(at):
            self._line_start = True
            return text.find("\n", at) + 1 or len(text)
        if item := _ITEM.match(text, at):
            self._end_block()
            page.block("item", self.view.origin(at))
            return item.end()
        return at

    def _underline(self, at: int) -> bool:
        """A rule between paragraphs, or the line below a heading."""
        if _UNDERLINE.match(self.text, at) and self.page.make_heading():
            self._end_block()
            return True
        if _RULE.match(self.text, at):
            self._end_block()
            return True
        return False

    def _end_block(self) -> None:
        self.page.end_block()
        self._heading = False
        if self._strike is not None:
            first, lasting = self._strike
            if not lasting and first < len(self.page.pieces):
                self._strike = None

    def _fence(self, fence: re.Match[str]) -> int:
        """A fenced block: a formula if it is marked `math`; else code."""
        text, page = self.text, self.page
        self._end_block()
        marks = fence["fence"]
        closer = re.compile(rf"^[ \t>]*{re.escape(marks[0])}{{{len(marks)},}}[ \t]*(?:\n|\Z)", re.MULTILINE)
        close = closer.search(text, fence.end())
        end, after = close.span() if close else (len(text), len(text))
        start = min(fence.end(), end)
        info = fence["info"].strip().lower().lstrip("{.").split()
        language = info[0].rstrip("}") if info else ""
        opener = fence.start("fence")
        if language == "math" and close is None:
            place = self.view.origin(opener)
            span = Span(place, place + len(marks))
            page.problem("GS701", "this fence is not closed", span, expected=f"{marks} behind it")
        elif language == "math":
            self._formula(opener, Enclosed(start, end, after, display=True))
        if language != "math" or close is None:
            if language in _TEX_FENCES:
                place = self.view.origin(opener)
                message = f"a fence marked {language} is not read; formulas stand in fences marked math"
                page.remark(message, Span(place, place + len(marks)))
            page.block("code", self.view.origin(start))
            page.words(text[start:end], self.view.origin(start))
        page.end_block()
        self._line_start = True
        return after

    # ------------------------------------------------------------ signs within lines

    def _token(self, found: re.Match[str]) -> int:
        text, page, at = self.text, self.page, found.start()
        kind = found.lastgroup or ""
        match kind:
            case "newline":
                page.words("\n", self.view.origin(at))
                if self._heading:
                    self._end_block()
                self._line_start = True
                return found.end()
            case "escaped":
                page.words(found[0][1:], self.view.origin(at))
                return found.end()
            case "ticks":
                return self._code(found)
            case "comment":
                end = self.view.next("-->", found.end())
                return end[1] if end[0] < len(text) else self._as_words(found)
            case "tilde":
                return self._tilde(found)
            case "tag":
                return self._tag(found)
            case "macro":
                if not DEFINING.match(text, at):
                    return self._as_words(found)
                definition = page.macros.define(text, at)
                if definition.problem:
                    page.problem("GS703", definition.problem, self._span(at, found.end()))
                return max(definition.end, found.end())
            case _:
                return self._opener(kind, found)

    def _opener(self, kind: str, found: re.Match[str]) -> int:
        at = found.start()
        enclosed: Enclosed | None
        match kind:
            case "double" | "single":
                enclosed = self.delimiters.bracket(at, escaped=kind == "double", strict=kind == "single")
            case "environment":
                enclosed = self.delimiters.environment(at)
            case "ticked":
                end = self.view.next(_TICKED_END, found.end())
                closed = found.end() < end[0] < self.delimiters.paragraph_end(at)
                enclosed = Enclosed(found.end(), *end, display=False) if closed else None
            case _ if found[0] == "$$":
                enclosed = self.delimiters.dollars(at)
            case _:
                enclosed = self.delimiters.dollar(at, strict=True)
        if enclosed is not None:
            if not self.text[enclosed.start : enclosed.end].strip(" \t\n>"):
                return enclosed.after
            self._formula(at, enclosed, escaped=kind == "double")
            return enclosed.after
        if kind == "ticked":
            self.page.words("$", self.view.origin(at))
            return at + 1
        if found[0] == "$$" or (kind == "environment" and math_environment(self.text, at)):
            closer = "$$" if found[0] == "$$" else found[0].replace("begin", "end", 1)
            message = f"the formula that {found[0]} opens here has no end"
            self.page.problem("GS701", message, self._span(at, found.end()), expected=f"{closer} behind it")
        elif found[0] == "$":
            self._lone_dollar(at)
        return self._as_words(found)

    def _lone_dollar(self, at: int) -> None:
        """Say that a dollar opens nothing, where a formula seems to follow it."""
        line_end = self.view.next("\n", at)[0]
        if re.match(r"[^$\s]{0,40}(?:\\[A-Za-z]+|[_^]\{)", self.text[at + 1 : min(at + 200, line_end)]):
            message = "a dollar that no other closes in its paragraph: no formula was read here"
            self.page.remark(message, self._span(at, at + 1))

    def _formula(self, opener: int, enclosed: Enclosed, *, escaped: bool = False) -> None:
        quoted = self._quoted

        def clean(raw: str) -> Expansion | None:
            made = unquoted(raw) if quoted else None
            if escaped:
                made = chained(made, _unescaped, raw)
            return chained(made, decoded, raw)

        self.page.formula(self.view, opener, enclosed, clean=clean)

    def _code(self, found: re.Match[str]) -> int:
        """Code within a line is words, with its ticks."""
        marks = len(found[0])
        end = self.view.next(_ticks(marks), found.end())
        if end[0] >= min(len(self.text), self.delimiters.paragraph_end(found.start())):
            return self._as_words(found)
        self.page.words(self.text[found.start() : end[1]], self.view.origin(found.start()))
        return end[1]

    def _tilde(self, found: re.Match[str]) -> int:
        page = self.page
        if len(found[0]) != 2:
            return self._as_words(found)
        alone = found.start() == self._content_at and _REST.match(self.text, found.end()) is not None
        if self._strike is None or (self._strike[1] and not alone):
            self._strike = page.next_piece(), alone
        else:
            page.strike(self._strike[0])
            self._strike = None
        return found.end()

    def _tag(self, found: re.Match[str]) -> int:
        page, tag = self.page, found["tag"]
        if tag in ("del", "s", "strike"):
            self._strike = page.next_piece(), True
        elif tag in ("/del", "/s", "/strike"):
            if self._strike is not None:
                page.strike(self._strike[0])
            self._strike = None
        elif tag[0] != "/":
            end = self.view.next(f"</{tag}>", found.end())
            if end[0] < len(self.text):
                return end[1]
        return found.end()

    def _as_words(self, found: re.Match[str]) -> int:
        self.page.words(found[0], self.view.origin(found.start()))
        return found.end()

    def _span(self, start: int, end: int) -> Span:
        return Span(self.view.origin(start), self.view.origin(start) + end - start)


_TICKS: dict[int, re.Pattern[str]] = {}


def _ticks(count: int) -> re.Pattern[str]:
    """A run of exactly so many ticks."""
    if count not in _TICKS:
        if count > 64:
            return re.compile(r"(?!)")
        _TICKS[count] = re.compile(rf"(?<!`)`{{{count}}}(?!`)")
    return _TICKS[count]


def _unescaped(text: str) -> Expansion | None:
    r"""A formula between escaped brackets as it is when Markdown has taken its own backslashes away."""
    return without(text, _ESCAPES, lambda found: "\\\\" if len(found[0]) == 4 else "\\" * (len(found[0]) - 1))
