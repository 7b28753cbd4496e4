r"""LaTeX source in pieces: letters, numbers, signs, commands, brackets with their sizes taken off.

TeX decides little here: `\left(`, `\bigl(` and `(` are one bracket, `\,` and `~` are white space, `%` begins a
comment. What a piece means in a formula is decided in `latex_tokens`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from gradsheet.diagnostics import Span
from gradsheet.syntax.latex_commands import BARS, COLOURED, DELIMITERS, DROPPED, OPENERS, SIZED, SPACES
from gradsheet.syntax.vocabulary import SUBSCRIPTS, SUPERSCRIPTS, VULGAR_FRACTIONS

if TYPE_CHECKING:
    from gradsheet.diagnostics import Diagnostics

DEEPEST_GROUPS = 63
_LONGEST_WORD = 100  # pieces; nobody's name has more

_MARKS = "\u0300-\u036f\u20d0-\u20ff"
_RAISED = re.escape("".join(SUPERSCRIPTS))
_LOWERED = re.escape("".join(SUBSCRIPTS))
_LETTER = rf"[^\W\d_{_RAISED}{_LOWERED}][{_MARKS}]*"
PIECE = re.compile(
    rf"""
    (?P<space>(?:[\s~\u200b\u2060\ufeff]|%[^\n]*(?:\n|\Z))+)
  | (?P<row>\\\\\*?(?:\[-?[0-9.]+[ ]?[a-z]{{2}}\])?)
  | (?P<command>\\(?:[A-Za-z]+|.|\Z))
  | (?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
  | (?P<letters>(?:{_LETTER})+)
  | (?P<raised>[{_RAISED}]+)
  | (?P<lowered>[{_LOWERED}]+)
  | (?P<vulgar>[{VULGAR_FRACTIONS}])
  | (?P<math>\$\$?)
  | (?P<sign>\.\.|<=|>=|!=|:=|=:|<-|->|\|\||==|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_STARRED = re.compile(r"\\(?:operatorname|tag|hspace|vspace)\*")
_SIMPLE_GROUP = re.compile(r"\s*\{([^{}]*)\}")
_CLOSERS = frozenset(OPENERS.values())
_MATH_ENDS = {")": r"\)", "]": r"\]"}
_OPTION = re.compile(r"\s*\[[^\][{}]*\]")


class Unreadable(Exception):  # noqa: N818 - no error of the program: the formula was reported and is given up
    """Reading of a formula stopped; what was wrong is recorded."""


class Piece(NamedTuple):
    """A piece of source. `kind` is letters, number, command, sign, open, close, bar, group, endgroup, row, math, end.

    `text` of a bracket is the bracket itself, whatever its size; of a command its name.
    """

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False
    sized: bool = False

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)


class LatexSource:
    """Walks over pieces; the next one can be looked at before it is taken."""

    def __init__(self, text: str, start: int, stop: int, diagnostics: Diagnostics) -> None:
        self.text = text
        self.at = start
        self.stop = stop
        self.diagnostics = diagnostics
        self.depth = 0
        self._next: Piece | None = None

    def fail(
        self,
        message: str,
        span: Span,
        *,
        code: str = "GS102",
        expected: str | None = None,
        suggestion: str | None = None,
    ) -> NoReturn:
        """Record a problem and give up the formula."""
        self.diagnostics.error(code, message, span, expected=expected, suggestion=suggestion)
        raise Unreadable

    def deeper(self, span: Span) -> None:
        """Count one more level of nesting; the caller counts it back."""
        self.depth += 1
        if self.depth > DEEPEST_GROUPS:
            expected = f"at most {DEEPEST_GROUPS} levels"
            self.fail("nested too deeply", span, code="GS104", expected=expected, suggestion="name a part")

    # ------------------------------------------------------------ pieces

    def peek(self) -> Piece:
        """The next piece, not taken."""
        if self._next is None:
            self._next = self._read(self.at)
        return self._next

    def take(self) -> Piece:
        """The next piece."""
        piece = self.peek()
        self._next = None
        self.at = piece.end
        return piece

    def back_to(self, place: int) -> None:
        """Go on reading at a place inside what was taken."""
        self._next = None
        self.at = place

    def _read(self, at: int, *, bracket: bool = False) -> Piece:
        """The piece at a place; with `bracket`, behind a command that makes brackets larger."""
        spaced = False
        while True:
            found = PIECE.match(self.text, at, self.stop)
            if found is None:
                return Piece("end", "", at, at, spaced)
            kind, text, end = found.lastgroup or "", found[0], found.end()
            if kind == "space" or (kind == "command" and text[1:] in SPACES):
                spaced, at = True, end
                continue
            if kind == "command":
                starred = _STARRED.match(self.text, at, self.stop)
                if starred:
                    text, end = starred[0], starred.end()
                dropped = self._dropped(text[1:], end)
                if dropped is not None:
                    spaced, at = True, dropped
                    continue
                return self._command(text[1:], at, end, spaced=spaced, bracket=bracket)
            if kind == "sign":
                return _sign(text, at, end, spaced=spaced)
            return Piece(kind, text, at, end, spaced)

    def _dropped(self, command: str, end: int) -> int | None:
        r"""Where reading goes on after `\hspace{1em}` or `\color{red}`."""
        count = DROPPED.get(command, COLOURED.get(command))
        if count is None:
            return None
        for _ in range(count):
            option = _OPTION.match(self.text, end, self.stop)
            end = option.end() if option else end
            group = _SIMPLE_GROUP.match(self.text, end, self.stop)
            if group is None:
                span = Span(end, end)
                self.fail(rf"\{command} without its argument", span, expected="{…}")
            end = group.end()
        return end

    def _command(self, name: str, start: int, end: int, *, spaced: bool, bracket: bool) -> Piece:
        if not bracket and (name in ("left", "right", "middle") or name in SIZED):
            return self._sized(name, start, end, spaced=spaced)
        if name in DELIMITERS:
            text = DELIMITERS[name]
            return Piece("close" if text in _CLOSERS else "open", text, start, end, spaced)
        if name in BARS:
            return Piece("bar", BARS[name], start, end, spaced)
        if name in _MATH_ENDS:
            return Piece("math", _MATH_ENDS[name], start, end, spaced)
        return Piece("command", name, start, end, spaced)

    def _sized(self, name: str, start: int, end: int, *, spaced: bool) -> Piece:
        r"""`\left(` and `\bigl\|`: a bracket, with a side of its own where the command tells it."""
        inner = self._read(end, bracket=True)
        left = name == "left" or name[-1:] == "l"
        right = name == "right" or name[-1:] == "r"
        if inner.kind == "sign" and inner.text == "." and (left or right):
            return Piece("open" if left else "close", ".", start, inner.end, spaced, sized=True)
        if inner.kind == "bar" and (left or right):
            side = "l" if left else "r"
            return Piece("open" if left else "close", side + inner.text, start, inner.end, spaced, sized=True)
        if inner.kind not in ("open", "close", "bar"):
            self.fail(rf"\{name} without a bracket behind it", Span(start, end), expected="a bracket")
        return inner._replace(start=start, spaced=spaced, sized=True)

    # ------------------------------------------------------------ raw arguments

    def simple_group(self) -> str | None:
        """The text of `{…}` if that follows and has no braces inside; it is taken then."""
        found = _SIMPLE_GROUP.match(self.text, self.at, self.stop)
        if found is None:
            return None
        self.back_to(found.end())
        return found[1]

    def raw_group(self) -> str | None:
        """The text of `{…}` if that follows and is short, with the braces inside; it is taken then."""
        place = self.at
        if self.take().kind != "group":
            self.back_to(place)
            return None
        start, depth = self.at, 1
        for _ in range(_LONGEST_WORD):
            piece = self.take()
            depth += (piece.kind == "group") - (piece.kind == "endgroup")
            if depth == 0:
                return self.text[start : self.at - 1]
            if piece.kind in ("end", "math"):
                break
        self.back_to(place)
        return None

    def skip_option(self) -> None:
        """Pass over `[…]`, if it follows."""
        found = _OPTION.match(self.text, self.at, self.stop)
        if found:
            self.back_to(found.end())


def _sign(text: str, start: int, end: int, *, spaced: bool) -> Piece:
    match text:
        case "{":
            return Piece("group", text, start, end, spaced)
        case "}":
            return Piece("endgroup", text, start, end, spaced)
        case "(" | "[":
            return Piece("open", text, start, end, spaced)
        case ")" | "]":
            return Piece("close", text, start, end, spaced)
        case "|" | "∣":
            return Piece("bar", "|", start, end, spaced)
        case "||" | "‖" | "∥":
            return Piece("bar", "‖", start, end, spaced)
        case _:
            return Piece("sign", text, start, end, spaced)
