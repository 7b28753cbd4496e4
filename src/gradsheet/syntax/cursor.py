"""A place in a list of tokens: look, advance, expect, fail in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from gradsheet.diagnostics import Span

if TYPE_CHECKING:
    from gradsheet.diagnostics import Diagnostics
    from gradsheet.syntax.tokens import Token

DEEPEST = 64
"""How many expressions may stand inside each other; keeps recursive readers of the tree far from Python's limit."""

_SHORT = 20  # what fits a line of a message


class Abandoned(Exception):  # noqa: N818 - no error of the program: the statement was reported and is given up
    """Reading of a statement stopped; what was wrong is recorded."""


class Cursor:
    """Walks over tokens; every parser of the language is one."""

    def __init__(self, tokens: list[Token], diagnostics: Diagnostics) -> None:
        self.tokens = tokens
        self.diagnostics = diagnostics
        self.at = 0
        self.tok = tokens[0]
        self.last_end = 0  # where the token before ended
        self.depth = 0
        self.deepest = 0  # how deep it went in this statement

    def advance(self) -> Token:
        """Take the token."""
        token = self.tok
        self.last_end = token.end
        if self.at + 1 < len(self.tokens):
            self.at += 1
            self.tok = self.tokens[self.at]
        return token

    def peek(self, ahead: int = 1) -> Token:
        """A later token; the last one repeats."""
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def split(self, first: Token, second: Token) -> None:
        """Put two tokens in the place of the one at hand, without moving the rest."""
        self.tokens[self.at] = second
        self.at -= 1
        self.tok = first

    def accept(self, kind: str) -> Token | None:
        """Take the token if it is of this kind."""
        return self.advance() if self.tok.kind == kind else None

    def expect(self, kind: str, *, expected: str | None = None, suggestion: str | None = None) -> Token:
        """Take the token, which has to be of this kind."""
        if self.tok.kind != kind:
            self.unexpected(expected or f"`{kind}`", suggestion=suggestion)
        return self.advance()

    def span_from(self, start: int) -> Span:
        """From an offset to the end of what was taken last."""
        return Span(start, max(start, self.last_end))

    def deeper(self) -> None:
        """Count one more level of nesting; the caller counts it back."""
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        if self.depth > DEEPEST:
            self.fail("nested too deeply", code="GS104", expected=f"at most {DEEPEST} levels", suggestion="name a part")

    def unexpected(self, expected: str, *, suggestion: str | None = None) -> NoReturn:
        """Give up the statement at the token: something else should stand here."""
        self.fail(f"unexpected {describe(self.tok)}", expected=expected, suggestion=suggestion)

    def fail(
        self,
        message: str,
        span: Span | None = None,
        *,
        code: str = "GS102",
        expected: str | None = None,
        suggestion: str | None = None,
    ) -> NoReturn:
        """Record a problem, at the token unless told, and give up the statement."""
        if span is None and self.tok.kind == "error":
            raise Abandoned  # the scanner has said what is wrong here
        self.diagnostics.error(code, message, span or self.tok.span, expected=expected, suggestion=suggestion)
        raise Abandoned


def describe(token: Token) -> str:
    """A token in words."""
    match token.kind:
        case "newline" | "dedent":
            return "end of line"
        case "end":
            return "end of text"
        case "indent":
            return "indentation"
        case "name":
            return f"name `{token.text}`"
        case "number":
            return f"number `{token.text}`" if len(token.text) < _SHORT else "number"
        case _:
            return f"`{token.text}`"
