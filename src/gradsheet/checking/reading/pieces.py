r"""LaTeX in pieces with their partners: which bracket closes which, where environments end. Nothing ever fails."""

from __future__ import annotations

import re
from typing import NamedTuple

from gradsheet.checking.reading.atoms import CIRCLED
from gradsheet.syntax.latex_commands import ALIGNED, SIZED
from gradsheet.syntax.latex_source import PIECE

_ENVIRONMENT = re.compile(r"\s*\{([^{}]*)\}")
_BRACKETS = {"(": ")", "[": "]", r"\{": r"\}", r"\lbrace": r"\rbrace", r"\langle": r"\rangle", r"\lvert": r"\rvert",
             r"\lVert": r"\rVert", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil", r"\lbrack": r"\rbrack",
             "⟨": "⟩"}  # fmt: skip
_CLOSERS = frozenset(_BRACKETS.values())
_ROUND_OR_SQUARE = frozenset({"(", "["})
DEEPEST = 200


class Piece(NamedTuple):
    """A piece of LaTeX. `kind` is that of the source's pieces, or open, close, group, endgroup, begin, end."""

    kind: str
    text: str
    start: int
    end: int


class Pieces:
    """The pieces of a formula; `partner[k]` is the piece that closes piece k, or None."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces: list[Piece] = []
        self.too_deep = False
        self._cut()
        self.partner: list[int | None] = [None] * len(self.pieces)
        self._pair()

    def _cut(self) -> None:
        at, text = 0, self.text
        while found := PIECE.match(text, at):
            start, end = found.span()
            kind, word = found.lastgroup or "sign", found[0]
            at = end
            if kind == "letters" and len(word) > 1 and any(char in CIRCLED for char in word):
                end = at = start + 1  # ①J
                word = word[0]
            if kind == "letters" and word in CIRCLED:
                kind = "circled"
            elif kind == "command":
                kind, word, at = self._command(word[1:], end)
            elif kind == "sign" and word in "{}":
                kind = "group" if word == "{" else "endgroup"
            elif kind == "sign" and word in _BRACKETS:
                kind = "open"
            elif kind == "sign" and word in _CLOSERS:
                kind = "close"
            self.pieces.append(Piece(kind, word, start, at))

    def _command(self, name: str, end: int) -> tuple[str, str, int]:
        r"""`\left(` and `\begin{…}` with what belongs to them."""
        if name in ("begin", "end"):
            found = _ENVIRONMENT.match(self.text, end)
            return name, found[1] if found else "", found.end() if found else end
        if name in ("left", "right"):
            found = PIECE.match(self.text, end)
            while found and found.lastgroup == "space":
                found = PIECE.match(self.text, found.end())
            return ("open" if name == "left" else "close"), f"\\{name}", found.end() if found else end
        word = f"\\{name}"
        if word in _BRACKETS:
            return "open", word, end
        if word in _CLOSERS:
            return "close", word, end
        if name in SIZED or name in ("big", "Big", "bigg", "Bigg"):
            return "space", "", end
        return "command", name, end

    def _pair(self) -> None:
        stack: list[int] = []
        for at, piece in enumerate(self.pieces):
            if piece.kind in ("open", "group", "begin"):
                stack.append(at)
                self.too_deep = self.too_deep or len(stack) > DEEPEST
            elif piece.kind == "close":
                self._close(stack, at, "\\left" if piece.text == "\\right" else "")
            elif piece.kind in ("endgroup", "end"):
                self._leave(stack, at, "group" if piece.kind == "endgroup" else "begin")
            elif piece.kind == "row":
                outer = len(stack)
                while outer and self.pieces[stack[outer - 1]].text in _ROUND_OR_SQUARE:
                    outer -= 1
                if not outer or self._is_rows(stack[outer - 1]):
                    del stack[outer:]  # a bracket does not reach over the end of a row

    def _is_rows(self, at: int) -> bool:
        piece = self.pieces[at]
        return piece.kind == "begin" and piece.text in ALIGNED

    def _close(self, stack: list[int], at: int, sized: str) -> None:
        depth = len(stack)
        while depth and self.pieces[stack[depth - 1]].kind == "open":
            opener = self.pieces[stack[depth - 1]]
            if (opener.text == "\\left") == bool(sized):
                self.partner[stack[depth - 1]] = at
                del stack[depth - 1 :]
                return
            if not sized:
                return  # `)` cannot close `\left(`
            depth -= 1

    def _leave(self, stack: list[int], at: int, kind: str) -> None:
        depth = len(stack)
        while depth:
            depth -= 1
            if self.pieces[stack[depth]].kind == kind:
                self.partner[stack[depth]] = at
                del stack[depth:]
                return
            if self.pieces[stack[depth]].kind == "begin":
                return

    def next_solid(self, at: int, stop: int) -> int:
        """The first piece from a place on that is no white space; `stop` if there is none."""
        while at < stop and self.pieces[at].kind == "space":
            at += 1
        return at

    def after(self, at: int) -> int:
        """The place behind a piece with everything inside of it."""
        partner = self.partner[at]
        return at + 1 if partner is None else partner + 1
