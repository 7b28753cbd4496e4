"""Lines: which brackets belong together, where a statement ends, how deep a line is indented.

Line ends inside brackets, after an operator, and after a comma before a deeper line do not end a statement.
An unclosed bracket ends with its line, so that one mistake does not swallow the rest of a sheet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.syntax.cursor import DEEPEST
from gradsheet.syntax.tokens import Token
from gradsheet.syntax.vocabulary import CLOSING, OPENING, PRODUCT_SIGNS, RELATIONS, STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.diagnostics import Diagnostics, Source

_BRACKETS = DEEPEST - 1  # one less, so that the parser meets the report of this before its own limit
_TAB = 8

_CONTINUES = frozenset(
    {*PRODUCT_SIGNS, *RELATIONS, "+", "-", "^", ":=", "←", "→", "..", "if", "else", "and", "or", "not"}
)
_DEFINES = frozenset({"=", ":=", "∈"})
_CONTINUES_DEEPER = frozenset({"parameters", "pullback", "sizes", "minimize", "minimise", "maximize", "maximise"})


def lay_out(tokens: list[Token], source: Source, diagnostics: Diagnostics) -> list[Token]:
    r"""Tokens of a sheet with "newline", "indent", "dedent" and a final "end".

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.tokens import scan
    >>> source = Source("for i in 1..2\n  y[i] = (1\n    + 2)\n")
    >>> found = Diagnostics(source)
    >>> " ".join(token.kind for token in lay_out(scan(source, found), source, found) if token.kind.isalpha())
    'for name number number newline indent name name number number newline dedent end'
    """
    return list(_Layout(tokens, source, diagnostics).lines())


def join_lines(tokens: list[Token], source: Source, diagnostics: Diagnostics) -> list[Token]:
    """Tokens of one expression: line ends mean nothing, brackets are matched all the same."""
    flat = [token for token in tokens if token.kind != "newline"]
    layout = _Layout(flat, source, diagnostics)
    layout.match()
    return [*layout.tokens, layout.end()]


class _Layout:
    def __init__(self, tokens: list[Token], source: Source, diagnostics: Diagnostics) -> None:
        self.tokens = tokens
        self.source = source
        self.diagnostics = diagnostics
        self.partner: dict[int, int] = {}
        self.reported: set[int] = set()  # lines with a bracket that was reported

    def end(self) -> Token:
        size = len(self.source.text)
        return Token("end", "", size, size)

    def column(self, token: Token) -> int:
        """How far its line is indented; a tab goes to the next multiple of eight. A formula is where it begins."""
        place = token.start if token.home < 0 else token.home
        start = self.source.text.rfind("\n", 0, place) + 1
        column = 0
        for char in self.source.text[start:place]:
            column = column + _TAB - column % _TAB if char == "\t" else column + (char != "\ufeff")
        return column

    def match(self) -> None:
        """Pair the brackets; report those that have no partner and leave "error" tokens in their places."""
        open_: list[int] = []
        waiting = dict.fromkeys(OPENING, 0)
        line_start, line_column = True, 0
        too_deep = False
        for at, token in enumerate(self.tokens):
            if token.kind == "newline":
                line_start = True
                continue
            if line_start:
                line_start = False
                if not open_:
                    line_column = self.column(token)
                elif self.begins_statement(at, line_column):
                    self.unclosed(open_)
                    open_, waiting = [], dict.fromkeys(OPENING, 0)
                    line_column = self.column(token)
            if token.kind in OPENING:
                open_.append(at)
                waiting[token.kind] += 1
                if len(open_) > _BRACKETS and not too_deep:
                    too_deep = True
                    self.reject(at, "GS104", "nested too deeply", expected=f"at most {_BRACKETS} open brackets")
            elif token.kind in CLOSING:
                kind = CLOSING[token.kind]
                if open_ and self.pairs(open_[-1], token.kind):
                    opener = open_.pop()
                    waiting[self.tokens[opener].text] -= 1
                    self.partner[opener] = at
                elif waiting[kind]:
                    stray = []
                    while self.tokens[open_[-1]].text != kind:
                        stray.append(open_.pop())
                        waiting[self.tokens[stray[-1]].text] -= 1
                    self.unclosed(stray[::-1], token)
                    waiting[kind] -= 1
                    self.partner[open_.pop()] = at
                else:
                    self.reject(at, "GS103", f"`{token.text}` closes nothing")
        self.unclosed(open_)

    def pairs(self, opener: int, closer: str) -> bool:
        """Whether two brackets pair; the ends of an interval, `[0,1)`, may differ."""
        kind = self.tokens[opener].text
        if OPENING[kind] == closer:
            return True
        after_in = opener > 0 and self.tokens[opener - 1].kind == "∈"
        return after_in and kind in "([" and closer in ")]"

    def begins_statement(self, at: int, column: int) -> bool:
        """Whether a line that starts inside an open bracket is plainly the next statement."""
        token = self.tokens[at]
        following = self.tokens[at + 1].kind if at + 1 < len(self.tokens) else "newline"
        if token.kind == "for" or (token.text in STATEMENTS and following == "name"):
            return self.column(token) <= column
        return token.kind == "name" and following in _DEFINES and self.column(token) <= column

    def unclosed(self, openers: list[int], closer: Token | None = None) -> None:
        """Report brackets that are never closed: the outermost of each line, as the others hang on it."""
        for at in openers:
            token = self.tokens[at]
            line = self.source.position(token.start)[0]
            if line in self.reported:
                self.tokens[at] = token._replace(kind="error")
            else:
                found = f": `{closer.text}` stands where it should be" if closer else ""
                self.reject(at, "GS103", f"`{token.text}` is not closed{found}", expected=f"`{OPENING[token.text]}`")

    def reject(self, at: int, code: str, message: str, *, expected: str | None = None) -> None:
        token = self.tokens[at]
        self.tokens[at] = token._replace(kind="error")
        self.reported.add(self.source.position(token.start)[0])
        self.diagnostics.error(code, message, token.span, expected=expected)

    def lines(self) -> Iterator[Token]:
        """The tokens with line ends only where statements end, and with the changes of indentation."""
        self.match()
        columns: list[int] = []
        inside = -1  # the index of the closing bracket that ends the outermost open pair
        first = 0  # index of the first token of the statement
        last: Token | None = None
        for at, token in enumerate(self.tokens):
            if token.kind == "newline":
                continue
            if last is None:
                columns.append(self.column(token))
            elif self.tokens[at - 1].kind == "newline" and at > inside and not self.continues(at, first, last, columns):
                yield Token("newline", "", last.end, last.end)
                yield from self.indent(token, columns)
                first = at
            if at > inside:
                inside = self.partner.get(at, inside)
            last = token
            yield token
        if last is not None:
            yield Token("newline", "", last.end, last.end)
        for _ in columns[1:]:
            yield Token("dedent", "", len(self.source.text), len(self.source.text))
        yield self.end()

    def continues(self, at: int, first: int, last: Token, columns: list[int]) -> bool:
        """Whether the line that begins at a token belongs to the statement before it."""
        token = self.tokens[at]
        following = self.tokens[at + 1].kind if at + 1 < len(self.tokens) else "newline"
        if token.kind == "for" or (token.text in STATEMENTS and following not in _DEFINES):
            return False
        if last.kind in _CONTINUES:
            return not self.begins_statement(at, columns[-1])
        lone_keyword = last is self.tokens[first] and last.text in _CONTINUES_DEEPER
        return (last.kind == "," or lone_keyword) and self.column(token) > columns[-1]

    def indent(self, token: Token, columns: list[int]) -> Iterator[Token]:
        """The changes of indentation before a line."""
        column = self.column(token)
        if column > columns[-1]:
            columns.append(column)
            yield Token("indent", "", token.start, token.start)
            return
        while column < columns[-1] and len(columns) > 1:
            columns.pop()
            yield Token("dedent", "", token.start, token.start)
        if column != columns[-1]:
            span = Span(token.start, token.end)
            expected = "the indentation of a line above"
            self.diagnostics.error("GS107", "this line is indented like no line above it", span, expected=expected)
            columns[-1] = column
