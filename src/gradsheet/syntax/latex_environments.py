r"""Environments of LaTeX: matrices, cases, rows of formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.syntax.latex_commands import ALIGNED, CASES, MATRICES, REFUSED, SIGNS, WITH_ARGUMENT
from gradsheet.syntax.latex_source import Piece
from gradsheet.syntax.tokens import Token, plain_sign
from gradsheet.syntax.vocabulary import RELATIONS

if TYPE_CHECKING:
    from gradsheet.syntax.latex_tokens import LatexScanner

_LEADING = frozenset({*RELATIONS, "+", "-", "·", "×", "⊗", "⊙", "⊘", "→", "≈", "⇒"})
"""Signs with which a row goes on with the row above it."""


def environment(s: LatexScanner, piece: Piece) -> None:
    r"""`\begin{bmatrix} … \end{bmatrix}`."""
    name = s.simple_group() or ""
    opening = Piece("open", name, piece.start, s.at)
    if name in WITH_ARGUMENT:
        s.skip_option()
        s.simple_group()
    s.deeper(piece.span)
    if name in ALIGNED:
        _aligned(s, opening)
    elif name in MATRICES or name in CASES:
        kind = "cases" if name in CASES else "matrix"
        s.emit(kind, piece.start, opening.end, text="[", spaced=piece.spaced)
        _cells(s, opening)
        s.emit("endarray", s.at, s.at, text="]")
    elif name in REFUSED:
        message, hint = REFUSED[name]
        s.fail(message, opening.span, code="GS108", suggestion=hint)
    else:
        hint = r"\begin{bmatrix} for a matrix, \begin{cases} for a choice"
        s.fail(f"the environment {name or '…'} is not known", opening.span, code="GS108", suggestion=hint)
    s.depth -= 1


def _cells(s: LatexScanner, opening: Piece) -> None:
    """Rows divided by `;`, entries by `,`; a last row end means nothing."""
    filled = False
    waiting: Token | None = None
    while True:
        inner, piece = s.capture()
        if inner and waiting is not None:
            s.out.append(waiting)
            waiting = None
        s.out.extend(inner)
        filled = filled or bool(inner)
        if _end(s, piece, opening):
            break
        if piece.kind != "row" and not (piece.kind == "sign" and piece.text == "&"):
            _stray(s, piece, opening)
        if not inner:
            s.fail("an entry is empty", piece.span, expected="a value", suggestion="0 for a zero")
        s.take()
        waiting = Token("," if piece.kind == "sign" else ";", piece.text, piece.start, piece.end)
    if waiting is not None and waiting.kind == ",":
        s.fail("an entry is empty", waiting.span, expected="a value", suggestion="0 for a zero")
    if not filled:
        s.fail("nothing stands in this environment", opening.span, expected="entries")


def _aligned(s: LatexScanner, opening: Piece) -> None:
    """Rows of formulas, one below the other."""
    while True:
        s.items()
        piece = s.peek()
        if _end(s, piece, opening):
            return
        if piece.kind == "row":
            new_row(s)
        elif piece.kind == "sign" and piece.text == "&":
            s.take()
        else:
            _stray(s, piece, opening)


def new_row(s: LatexScanner) -> None:
    """A row that begins with a relation or an operator goes on with the formula above it."""
    row = s.take()
    while s.peek().kind == "row" or (s.peek().kind == "sign" and s.peek().text == "&"):
        s.take()
    following = s.peek()
    sign = SIGNS.get(following.text) if following.kind == "command" else plain_sign(following.text)
    ends = following.kind in ("end", "math") or (following.kind == "command" and following.text == "end")
    if not ends and sign not in _LEADING and s.out and s.out[-1].kind not in _LEADING:
        s.emit("newline", row.start, row.end)


def _end(s: LatexScanner, piece: Piece, opening: Piece) -> bool:
    r"""Whether `\end{…}` follows, which is taken then."""
    if piece.kind != "command" or piece.text != "end":
        return False
    s.take()
    name = s.simple_group() or ""
    if name != opening.text:
        message = rf"\begin{{{opening.text}}} ends with \end{{{name}}}"
        s.fail(message, Span(piece.start, s.at), code="GS103", expected=rf"\end{{{opening.text}}}")
    return True


def _stray(s: LatexScanner, piece: Piece, opening: Piece) -> None:
    if piece.kind in ("end", "math"):
        message = rf"\begin{{{opening.text}}} is not closed"
        s.fail(message, opening.span, code="GS103", expected=rf"\end{{{opening.text}}}")
    s.fail(f"`{piece.text}` closes nothing", piece.span, code="GS103")
