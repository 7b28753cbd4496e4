r"""LaTeX documents: macros from the whole file, formulas and words from behind `\begin{document}`."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.manuscripts.delimiters import Delimiters, Enclosed, math_environment
from gradsheet.manuscripts.macros import DEFINING, closing
from gradsheet.manuscripts.page import Full, Page
from gradsheet.manuscripts.view import View

if TYPE_CHECKING:
    from gradsheet.diagnostics import Source
    from gradsheet.manuscripts.model import Manuscript

_TOKEN = re.compile(
    r"""
    (?P<paragraph>\n[ \t]*(?:\n[ \t]*)+|\\par(?![A-Za-z]))
  | (?P<bracket>\\[(\[])
  | (?P<environment>\\begin[ \t]*\{[A-Za-z]+\*?\})
  | (?P<end>\\end[ \t]*\{[A-Za-z]+\*?\})
  | (?P<verb>\\verb\*?(?![A-Za-z]))
  | (?P<heading>\\(?:part|chapter|(?:sub){0,2}section|(?:sub)?paragraph|title)\*?[ \t]*(?:\[[^\[\]\n]*\])?[ \t]*\{)
  | (?P<item>\\item(?![A-Za-z])[ \t]*(?:\[[^\[\]\n]*\])?)
  | (?P<struck>\\(?:sout|st|xout)[ \t]*\{)
  | (?P<input>\\(?:input|include|subfile)[ \t]*\{[^{}\n]*\})
  | (?P<dropped>\\(?:label|ref|eqref|cite[a-z]*|vspace|hspace|usepackage|bibliography)\*?(?:\[[^\[\]\n]*\])?\{[^{}\n]*\}
        |\\(?:noindent|maketitle|newpage|clearpage|medskip|bigskip|smallskip|centering|tableofcontents)(?![A-Za-z])[ ]?)
  | (?P<wrapped>\\(?:textbf|textit|emph|underline|textsc|textrm|texttt|text)[ \t]*\{)
  | (?P<macro>\\(?:(?:re|provide)?newcommand|providecommand|DeclareRobustCommand|DeclareMathOperator
        |DeclarePairedDelimiter|def|gdef|edef|let)(?![A-Za-z]))
  | (?P<known>\\[A-Za-z@]+\*?)
  | (?P<escaped>\\.)
  | (?P<dollars>\$\$?)
  | (?P<brace>[{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_UNREAD = re.compile(
    r"""
    (?<!\\)(?P<before>(?:\\\\)*)%[^\n]*(?:\n[ \t]*(?=\S)|(?=\n)|\Z)
  | \\begin[ \t]*\{(?P<listing>verbatim|Verbatim|lstlisting|minted|comment|alltt)\*?\}
    """,
    re.VERBOSE,
)
_BEGIN = re.compile(r"\\begin[ \t]*\{document\}")
_END = re.compile(r"\\end[ \t]*\{document\}")
_SPACES = frozenset(("quad", "qquad", "hfill", "newline", "linebreak", "ldots", "dots"))


def read_latex(source: Source) -> Manuscript:
    r"""The manuscript of a LaTeX document, whole or a part of one.

    >>> from gradsheet.diagnostics import Source
    >>> text = r"\newcommand{\R}{\mathbb{R}} \begin{document} Let $x \in \R$. \end{document}"
    >>> [(f.latex, f.text) for f in read_latex(Source(text)).formulas]
    [('x \\in \\R', 'x \\in \\mathbb{R}')]
    """
    page = Page(source)
    view = _without_comments(source.text)
    begin, end = _BEGIN.search(view.text), _END.search(view.text)
    start = begin.end() if begin else 0
    stop = end.start() if end and end.start() > start else len(view.text)
    with suppress(Full):
        if begin:
            _preamble(page, view, begin.start())
        LatexReader(page, view.part(start, stop)).read()
    return page.manuscript()


def _without_comments(text: str) -> View:
    """The text without comments and without listings, with its places in the file."""
    parts: list[str] = []
    runs: list[tuple[int, int]] = []
    length = kept = at = 0  # what stands before `kept` was dealt with

    def keep(end: int) -> None:
        nonlocal length
        if end > kept or not runs:
            runs.append((length, kept))
            parts.append(text[kept:end])
            length += end - kept

    endless: set[str] = set()
    while (found := _UNREAD.search(text, at)) is not None:
        at = found.end()
        if name := found["listing"]:
            end = -1 if name in endless else text.find(rf"\end{{{name}", at)
            if end < 0:
                endless.add(name)
                continue
            keep(found.start())
            at = text.find("}", end) + 1 or len(text)
        else:
            keep(found.end("before"))
        kept = at
    keep(len(text))
    return View("".join(parts), tuple(runs))


def _preamble(page: Page, view: View, stop: int) -> None:
    """Definitions before the document begins."""
    at = 0
    while (found := DEFINING.search(view.text, at, stop)) is not None:
        page.step(view, found.start())
        definition = page.macros.define(view.text, found.start())
        if definition.problem:
            _macro_problem(page, view, found, definition.problem)
        at = max(definition.end, found.end())


def _macro_problem(page: Page, view: View, found: re.Match[str], message: str) -> None:
    at = view.origin(found.start())
    page.problem("GS703", message, Span(at, at + len(found[0])), suggestion="write out what it stands for")


class LatexReader:
    """Walks over the body of a document and hands its pieces to a page."""

    def __init__(self, page: Page, view: View) -> None:
        self.page = page
        self.view = view
        self.text = view.text
        self.delimiters = Delimiters(view)
        self._heading_end = -1
        self._struck: list[tuple[int, int]] = []  # where \sout{…} ends, and its first piece

    def read(self) -> None:
        """The whole text."""
        at, text, page = 0, self.text, self.page
        while at < len(text):
            page.step(self.view, at)
            found = _TOKEN.search(text, at)
            stop = found.start() if found else len(text)
            if stop > at:
                page.words(text[at:stop], self.view.origin(at))
            if found is None:
                break
            at = self._token(found)
        page.end_block()

    def _token(self, found: re.Match[str]) -> int:
        page, at, end = self.page, found.start(), found.end()
        origin = self.view.origin(at)
        kind = found.lastgroup or ""
        match kind:
            case "paragraph":
                page.end_block()
            case "bracket" | "dollars":
                return self._formula(found)
            case "environment":
                return self._environment(found)
            case "verb":
                sign = self.text[end : end + 1]
                close = self.view.next(sign, end + 1)[0] if sign else len(self.text)
                return close + 1 if close < self.view.next("\n", end)[0] else end
            case "heading":
                page.block("heading", origin)
                self._heading_end = closing(self.text, end - 1, end + 2000) or -1
            case "item":
                page.block("item", origin)
                if "[" in found[0]:
                    page.words(found[0][found[0].index("[") + 1 : -1] + " ", origin)
            case "struck":
                brace = closing(self.text, end - 1, end + 20_000)
                if brace is not None:
                    self._struck.append((brace, page.next_piece()))
            case "input":
                message = f"{found[0]} is not followed: what that file holds was not read"
                page.remark(message, Span(origin, origin + len(found[0])))
            case "macro":
                definition = page.macros.define(self.text, at)
                if definition.problem:
                    _macro_problem(page, self.view, found, definition.problem)
                return max(definition.end, end)
            case "brace":
                self._brace(at)
            case "escaped":
                page.words("\n" if found[0] == "\\\\" else found[0][1:], origin)
            case "known" if found[0][1:] in _SPACES:
                page.words(" … " if "dots" in found[0] else " ", origin)
            case "known":
                page.words(found[0], origin)
            case _:
                pass
        return end

    def _brace(self, at: int) -> None:
        if at == self._heading_end:
            self.page.end_block()
        while self._struck and self._struck[-1][0] <= at:
            self.page.strike(self._struck.pop()[1])

    def _environment(self, found: re.Match[str]) -> int:
        if math_environment(self.text, found.start()) is None:
            name = found[0][found[0].index("{") + 1 : -1]
            if name not in ("itemize", "enumerate", "center", "subequations", "quote", "flushleft"):
                self.page.end_block()
            return found.end()
        return self._formula(found)

    def _formula(self, found: re.Match[str]) -> int:
        at, end = found.start(), found.end()
        enclosed: Enclosed | None
        if found.lastgroup == "environment":
            enclosed = self.delimiters.environment(at)
        elif found.lastgroup == "bracket":
            enclosed = self.delimiters.bracket(at, escaped=False, strict=False)
        elif found[0] == "$$":
            enclosed = self.delimiters.dollars(at)
        else:
            enclosed = self.delimiters.dollar(at, strict=False)
        if enclosed is None:
            origin = self.view.origin(at)
            self.page.problem(
                "GS701", f"the formula that {found[0]} opens here has no end", Span(origin, origin + end - at)
            )
            self.page.words(found[0], origin)
            return end
        if self.text[enclosed.start : enclosed.end].strip():
            self.page.formula(self.view, at, enclosed)
        return enclosed.after
