r"""HTML: TeX between the delimiters of MathJax, in `<math>` with an annotation, in `<script type="math/tex">`."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Source, Span
from gradsheet.manuscripts.delimiters import Delimiters, Enclosed
from gradsheet.manuscripts.macros import DEFINING, Expansion
from gradsheet.manuscripts.page import Full, Page
from gradsheet.manuscripts.plain import PlainReader
from gradsheet.manuscripts.view import View

if TYPE_CHECKING:
    from gradsheet.manuscripts.model import Manuscript, ProseKind, Spelling

_TOKEN = re.compile(
    r"""
    (?P<bracket>\\[(\[])
  | (?P<environment>\\begin[ \t]*\{[A-Za-z]+\*?\})
  | (?P<macro>\\(?:(?:re|provide)?newcommand|DeclareMathOperator|def)(?![A-Za-z]))
  | (?P<escaped>\\[\\$])
  | (?P<dollars>\$\$?)
  | (?P<ready>\ufdd0)
  | (?P<strike>\ufdd1)
  | (?P<unstrike>\ufdd2)
    """,
    re.VERBOSE,
)
_MARKS = str.maketrans("\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4", "\ufffd\ufffd\ufffd<&")
_OWN = re.compile("[\ufdd0-\ufdd4]")
_READY, _STRIKE, _UNSTRIKE = "\ufdd0", "\ufdd1", "\ufdd2"
_SKIPPED = frozenset("style pre code textarea template noscript svg button select head".split())  # noqa: SIM905 - a list
_BLOCKS = frozenset(
    """
    address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form header hr html
    main nav ol p section summary table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905 - a list of words is read as words
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "title"))
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905 - a list
_RENDERED = re.compile(r"\b(?:katex-html|MathJax(?:_\w+)?|mjx-chtml|MJX_Assistive_MathML)\b")
_TAG = re.compile(
    r"""<(?:/?[A-Za-z](?:[^<>"']|"(?:[^"<]*+|[^"]{0,300})"|'(?:[^'<]*+|[^']{0,300})')*+|!(?i:doctype)[^<>]*+)>"""
)
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_SIGN = re.compile(r"<!--|[<&]")
DEEPEST = 2000


class _Ready:
    """A formula whose text is known before the words around it are read."""

    __slots__ = ("display", "opener", "runs", "spelling", "text")

    def __init__(
        self, text: str, runs: tuple[tuple[int, int], ...], opener: int, spelling: Spelling, *, display: bool
    ) -> None:
        self.text = text
        self.runs = runs
        self.opener = opener
        self.spelling = spelling
        self.display = display


class _Buffer:
    """Characters with their places in the file."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.runs: list[tuple[int, int]] = []
        self.length = 0

    def put(self, text: str, origin: int) -> None:
        if text:
            self.parts.append(text)
            self.runs.append((self.length, origin))
            self.length += len(text)

    def view(self) -> View:
        return View("".join(self.parts), tuple(self.runs) or ((0, 0),))


class _Tags(HTMLParser):
    """Collects the text of each block, and reads it when the block ends."""

    def __init__(self, page: Page, *, plain: bool) -> None:
        super().__init__(convert_charrefs=False)
        self.page = page
        self.plain = plain
        self.whole = View(page.source.text)
        self.buffer = _Buffer()
        self.ready: list[_Ready] = []
        self._kind: ProseKind = "text"
        self._skip: list[str] = []  # open elements from the one that is not read on
        self._open: list[str] = []
        self._starts: list[int] = [0]
        self._starts.extend(at + 1 for at, sign in enumerate(page.source.text) if sign == "\n")
        self._formula: tuple[str, str, bool, int, _Buffer, str] | None = None
        self._display = 0
        self._struck_from: int | None = None

    # ------------------------------------------------------------ tags

    def here(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.step(self.whole, self.here())
        if self._formula is not None:
            self._inside_formula(tag, attrs)
            return
        if self._skip:
            if tag not in _VOID and len(self._skip) < DEEPEST:
                self._skip.append(tag)
            return
        given = {name: (value or "").translate(_MARKS) for name, value in attrs}
        classes = given.get("class", "")
        after = self.here() + len(self.get_starttag_text() or "")
        if tag == "math":
            known = given.get("alttext", "")
            self._begin("math", given.get("display") == "block" or self._display > 0, known)
        elif tag == "script":
            kind = given.get("type", "")
            if kind.startswith("math/tex"):
                self._begin("script", "mode=display" in kind.replace(" ", ""))
            else:
                self._skip.append(tag)
        elif tag == "span" and re.search(r"\bmath\b", classes) and re.search(r"\b(?:inline|display)\b", classes):
            self._begin("span", "display" in classes)
        elif tag in _SKIPPED or _RENDERED.search(classes):
            if tag == "pre" and self.plain:
                self._flush()
                self._kind = "code"
                self._open.append(tag)
                return
            self._skip.append(tag)
        elif tag in _HEADINGS or tag == "li":
            self._flush()
            self._kind = "item" if tag == "li" else "heading"
        elif tag in _BLOCKS:
            self._flush()
        elif tag == "br":
            self.buffer.put("\n", after)
        elif tag in ("del", "s", "strike"):
            self.buffer.put(_STRIKE, self.here())
        if tag not in _VOID and self._formula is None and not self._skip and len(self._open) < DEEPEST:
            marked = "katex-display" in classes
            self._open.append(f"{tag}+" if marked else tag)
            self._display += marked

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._formula is not None:
            self._maybe_end(tag)
            return
        if self._skip:
            if tag in self._skip[-64:]:
                while self._skip and self._skip.pop() != tag:
                    pass
            return
        if tag in ("del", "s", "strike"):
            self.buffer.put(_UNSTRIKE, self.here())
        elif tag in _BLOCKS or tag in _HEADINGS or tag in ("li", "pre"):
            self._flush()
        for depth in range(len(self._open) - 1, max(-1, len(self._open) - 64), -1):
            if self._open[depth].rstrip("+") == tag:
                self._display -= sum(name.endswith("+") for name in self._open[depth:])
                del self._open[depth:]
                break

    # ------------------------------------------------------------ elements that are formulas

    def _begin(self, tag: str, display: bool, known: str = "") -> None:  # noqa: FBT001 - what the element says
        self._formula = (tag, "", display, self.here(), _Buffer(), known)
        self._depth = 1
        self._rendered = False
        self._annotated = False

    def _inside_formula(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert self._formula is not None, "within a formula"
        outer = self._formula[0]
        if tag == outer:
            self._depth += 1
        if outer == "math" and tag == "annotation":
            encoding = dict(attrs).get("encoding") or ""
            self._annotated = encoding in ("application/x-tex", "application/x-latex", "TeX", "LaTeX", "latex")
        elif outer == "span":
            self._rendered = True

    def _maybe_end(self, tag: str) -> None:
        assert self._formula is not None, "within a formula"
        outer, _, display, opener, buffer, known = self._formula
        if tag == "annotation":
            self._annotated = False
        if tag != outer:
            return
        self._depth -= 1
        if self._depth:
            return
        self._formula = None
        view = buffer.view()
        text = view.text
        span = Span(opener, min(opener + len(outer) + 2, len(self.page.source.text)))
        if outer == "span" and self._rendered:
            self.page.problem("GS701", "a formula that is set in HTML, without its TeX, was not read", span)
            return
        if not text.strip() and known:
            text, buffer.runs = known, []
        if not text.strip():
            if outer == "math":
                message = "a formula in MathML without TeX annotation was not read"
                self.page.problem("GS701", message, span, expected='<annotation encoding="application/x-tex">')
            return
        start, stop = _bare(text)
        runs = tuple((max(0, at - start), origin + max(0, start - at)) for at, origin in _covering(buffer.runs, start))
        plain = outer == "math" and text == known and "\\" not in text and "{" not in text
        spelling: Spelling = "plain" if plain else "latex"
        self.ready.append(_Ready(text[start:stop], runs, opener, spelling, display=display))
        self.buffer.put(_READY, opener)

    # ------------------------------------------------------------ text

    def _text(self, text: str, origin: int) -> None:
        self.page.step(self.whole, origin)
        if self._formula is not None:
            outer = self._formula[0]
            if outer != "math" or self._annotated:
                self._formula[4].put(text.translate(_MARKS), origin)
        elif not self._skip:
            self.buffer.put(text.translate(_MARKS), origin)

    def handle_data(self, data: str) -> None:
        self._text(data, self.here())

    def handle_entityref(self, name: str) -> None:
        self._entity(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._entity(f"&#{name};")

    def _entity(self, written: str) -> None:
        at = self.here()
        if self.page.source.text[at : at + len(written)] != written:
            written = written[:-1]  # &amp without its semicolon
        meant = html.unescape(written).replace("\xa0", " ")
        self._text(meant, at)

    # ------------------------------------------------------------ blocks

    def _flush(self) -> None:
        buffer, self.buffer = self.buffer, _Buffer()
        kind, self._kind = self._kind, "text"
        ready, self.ready = self.ready, []
        if not "".join(buffer.parts).strip():
            return
        view = buffer.view()
        if self.plain and not ready:
            text = view.text
            if kind in ("heading", "item"):
                self.page.block(kind, view.origin(0))
            if kind == "heading":
                self.page.words(text, view.origin(0))
            else:
                PlainReader(self.page, view, fenced=kind == "code").read(0)
            self.page.end_block()
            return
        self.page.block(kind, view.origin(0))
        self._read(view, ready)
        self.page.end_block()

    def _read(self, view: View, ready: list[_Ready]) -> None:
        """The words and formulas of one block."""
        text, page, at = view.text, self.page, 0
        delimiters = Delimiters(view)
        waiting = iter(ready)
        while at < len(text):
            found = _TOKEN.search(text, at)
            stop = found.start() if found else len(text)
            if stop > at:
                page.words(text[at:stop], view.origin(at))
            if found is None:
                return
            page.step(view, stop)
            at = found.end()
            match found.lastgroup:
                case "ready":
                    self._put(next(waiting))
                case "strike":
                    self._struck_from = page.next_piece()
                case "unstrike":
                    if self._struck_from is not None:
                        page.strike(self._struck_from)
                    self._struck_from = None
                case "escaped":
                    page.words(found[0][1:], view.origin(stop))
                case "macro":
                    if DEFINING.match(text, stop):
                        definition = page.macros.define(text, stop)
                        if definition.problem:
                            page.problem("GS703", definition.problem, Span(view.origin(stop), view.origin(stop) + 1))
                        at = max(at, definition.end)
                case _:
                    at = self._delimited(view, delimiters, found)

    def _delimited(self, view: View, delimiters: Delimiters, found: re.Match[str]) -> int:
        at = found.start()
        enclosed: Enclosed | None
        if found.lastgroup == "environment":
            enclosed = delimiters.environment(at)
        elif found.lastgroup == "bracket":
            enclosed = delimiters.bracket(at, escaped=False, strict=True)
        elif found[0] == "$$":
            enclosed = delimiters.dollars(at)
        else:
            enclosed = delimiters.dollar(at, strict=True)
        content = view.text[enclosed.start : enclosed.end] if enclosed else ""
        if enclosed is None or not content.strip() or any(mark in content for mark in (_READY,)):
            self.page.words(found[0], view.origin(at))
            return found.end()
        self.page.formula(view, at, enclosed)
        return enclosed.after

    def _put(self, ready: _Ready) -> None:
        view = View(ready.text, ready.runs or ((0, ready.opener),))
        enclosed = Enclosed(0, len(ready.text), 0, ready.display)
        clean = None if ready.runs else _all_from_one_place
        self.page.formula(view, 0, enclosed, spelling=ready.spelling, within=ready.opener, clean=clean)

    def finish(self) -> None:
        self.close()
        if self._formula is not None:
            opener = self._formula[3]
            self.page.problem("GS701", f"the element <{self._formula[0]}> is not closed", Span(opener, opener + 1))
            self._formula = None
        self._flush()


def _all_from_one_place(text: str) -> Expansion:
    """A text that stands in an attribute: its characters have the place of their element."""
    return Expansion(text, (0,) * (len(text) + 1))


def _tamed(text: str) -> str:
    """The page with empty comments, and with marks for each `<` and `&` that begins nothing; nothing moves.

    The parser of the library takes quadratic time over what is not closed, and breaks off at `&#x`.

    >>> _tamed("<p>a<b</p><!-- <p> -->") == "<p>a\ufdd3b</p><!--     -->"
    True
    """
    parts: list[str] = []
    kept = at = 0
    view = View(text)
    while (found := _SIGN.search(text, at)) is not None:
        start = found.start()
        whole = None if found[0] == "<!--" else (_TAG if found[0] == "<" else _ENTITY).match(text, start)
        if whole is not None:
            at = whole.end()
            continue
        parts.append(text[kept:start])
        if found[0] == "<!--":
            end, at = view.next("-->", found.end())
            if end == at:  # it has no end: browsers read nothing behind it either
                return "".join(parts)
            parts.append("<!--" + re.sub(r"[^\n]", " ", text[start + 4 : end]) + "-->")
        else:
            at = start + 1
            parts.append("\ufdd3" if found[0] == "<" else "\ufdd4")
        kept = at
    parts.append(text[kept:])
    return "".join(parts)


def _covering(runs: list[tuple[int, int]], start: int) -> list[tuple[int, int]]:
    """The runs from the one on that holds a place."""
    first = 0
    for number, (at, _) in enumerate(runs):
        if at <= start:
            first = number
    return runs[first:]


def _bare(text: str) -> tuple[int, int]:
    r"""Start and end of a formula without delimiters that stand in its element too: pandoc writes `\(x\)`."""
    stripped = text.strip()
    lead = len(text) - len(text.lstrip())
    for opener, closer in (("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"), ("$", "$")):
        if stripped.startswith(opener) and stripped.endswith(closer) and len(stripped) > len(opener + closer):
            return lead + len(opener), lead + len(stripped) - len(closer)
    return 0, len(text)


def read_html(source: Source) -> Manuscript:
    r"""The manuscript of a page in HTML.

    >>> from gradsheet.diagnostics import Source
    >>> page = read_html(Source(r"<p>As \(a &lt; b\), <del>$$a = b$$</del>.</p>"))
    >>> [(f.text, f.display, f.struck, f.place.column) for f in page.formulas]
    [('a < b', False, False, 7), ('a = b', True, True, 26)]
    """
    if _OWN.search(source.text):  # no character of any script; here they are marks
        source = Source(_OWN.sub("\ufffd", source.text), source.name)
    tamed = _tamed(source.text)
    page = _parsed(source, tamed, plain=False)
    if page.count or page.problems:
        return page.manuscript()
    return _parsed(source, tamed, plain=True).manuscript()


def _parsed(source: Source, tamed: str, *, plain: bool) -> Page:
    page = Page(source)
    tags = _Tags(page, plain=plain)
    try:
        tags.feed(tamed)
        tags.finish()
    except Full:
        pass
    except (AssertionError, ValueError, RecursionError):  # the parser of the library gives up on some declarations
        line, column = tags.getpos()
        at = min(tags.here(), len(source.text))
        page.problem("GS701", f"the page cannot be read from line {line}, column {column + 1} on", Span(at, at + 1))
    return page

