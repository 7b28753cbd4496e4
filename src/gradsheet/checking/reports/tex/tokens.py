r"""`\frac {a}{2}` as pieces: commands, letters, numbers, signs, brackets, each with its place."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

TokenKind = Literal["command", "letter", "number", "sign", "open", "close", "script", "cell", "end"]


class Token(NamedTuple):
    """A piece of LaTeX; `start` and `end` are offsets in the text. A command has its backslash."""

    kind: TokenKind
    text: str
    start: int
    end: int


_PIECE = re.compile(
    r"(?P<skip>\s+|%[^\n]*\n?)"
    r"|(?P<command>\\(?:[A-Za-z]+\*?|.))"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"|(?P<open>\{)|(?P<close>\})"
    r"|(?P<script>[\^_'])"
    r"|(?P<cell>&)"
    r"|(?P<letter>[^\W\d_][\u0300-\u036f]*)"
    r"|(?P<sign>.)",
    re.DOTALL,
)


def tokens(text: str) -> list[Token]:
    r"""All pieces of a formula; blanks and comments are dropped.

    >>> [token.text for token in tokens(r"\frac{x}{2.5}^2 % half")]
    ['\\frac', '{', 'x', '}', '{', '2.5', '}', '^', '2']
    """
    found = []
    for match in _PIECE.finditer(text):
        kind = match.lastgroup
        if kind != "skip":
            found.append(Token(kind, match[0], *match.span()))  # type: ignore[arg-type] # a group is named after its kind
    return found
