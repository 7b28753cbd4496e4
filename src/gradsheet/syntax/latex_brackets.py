"""Brackets of LaTeX: arguments, lists, sets, ranges, conditions. What stands in them and before them decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax import documents
from gradsheet.syntax.latex_commands import OPENERS
from gradsheet.syntax.token_groups import INDICATORS, goes_on, is_array, relates, top_level
from gradsheet.syntax.tokens import Token

if TYPE_CHECKING:
    from gradsheet.syntax.latex_source import Piece
    from gradsheet.syntax.latex_tokens import LatexScanner


def bracket(s: LatexScanner, piece: Piece) -> None:
    """A bracket with what is in it."""
    s.deeper(piece.span)
    inner, closer = s.capture()
    interval = bool(s.out) and s.out[-1].kind in ("∈", ":") and piece.text in ("(", "[")
    pairs = closer.kind == "close" and (
        closer.text == OPENERS.get(piece.text) or (interval and closer.text in (")", "]"))
    )
    barred = s.document and piece.text == "." and closer.kind == "close" and closer.text == "r|"
    by_hand = piece.text == "{" and closer.kind == "close" and closer.text == "." and is_array(inner)
    if not pairs and not by_hand and not barred:
        s.unclosed(piece, closer)
    end = s.take()
    s.depth -= 1
    before = s.out[-1] if s.out else None
    indicator = before is not None and (before.key in INDICATORS or (s.document and before.text == "1"))
    listed = documents.bracketed_list(s, piece, inner) if s.document and piece.text in ("(", "[") else None
    if barred:
        documents.evaluation(s, piece, inner)
    elif indicator and relates(inner):
        s.out.pop()  # 𝟙[x > 0]
        iverson(s, inner)
    elif listed is not None:
        s.emit("array", piece.start, piece.end, text="[")
        s.out.extend(listed)
        s.emit("endarray", end.start, end.end, text="]")
    elif by_hand:  # \left\{ \begin{array} … \end{array} \right.
        s.out.append(inner[0]._replace(kind="cases"))
        s.out.extend(inner[1:])
    elif piece.text == "{":
        braces_that_show(s, piece, inner, end)
    elif piece.text == "[" and not interval:
        square(s, piece, inner, end)
    elif piece.text == "⟨":
        s.emit("name", piece.start, piece.end, text="dot", key="dot", spaced=piece.spaced)
        s.bracketed(inner)
    else:
        s.emit(piece.text, piece.start, piece.end, spaced=piece.spaced)
        s.out.extend(inner)
        s.emit(end.text, end.start, end.end)


def braces_that_show(s: LatexScanner, piece: Piece, inner: list[Token], end: Piece) -> None:
    r"""`\{ … \}`: brackets after an operand, a range `\{1, \dots, n\}`, or a set."""
    after = s.peek()
    raised = after.kind == "sign" and after.text == "^"
    inner = documents.as_range(inner) if s.document else inner
    if s.out and goes_on(s.out[-1].kind):
        s.out.append(Token("(", "(", piece.start, piece.end, piece.spaced))
        s.out.extend(inner)
        s.emit(")", end.start, end.end)
    elif top_level(inner, "..") and not top_level(inner, ",") and not raised:
        s.out.extend(inner)
    else:
        s.emit("{", piece.start, piece.end, spaced=piece.spaced)
        s.out.extend(inner)
        s.emit("}", end.start, end.end)


def square(s: LatexScanner, piece: Piece, inner: list[Token], end: Piece) -> None:
    """`[ … ]`: an index close behind a name, a list, a condition, or brackets like any other."""
    follows = bool(s.out) and goes_on(s.out[-1].kind)
    if relates(inner):
        iverson(s, inner)
    elif follows and not piece.spaced and not piece.sized:
        s.emit("[", piece.start, piece.end)
        s.out.extend(inner)
        s.emit("]", end.start, end.end)
    elif top_level(inner, ",") or top_level(inner, ";"):
        s.emit("array", piece.start, piece.end, text="[")
        s.out.extend(inner)
        s.emit("endarray", end.start, end.end, text="]")
    else:
        s.emit("(", piece.start, piece.end, spaced=piece.spaced)
        s.out.extend(inner)
        s.emit(")", end.start, end.end)


def iverson(s: LatexScanner, inner: list[Token]) -> None:
    """1 where a condition holds, else 0."""
    start, end = inner[0].start, inner[-1].end
    s.emit("array", start, start, text="[")
    s.out.extend(inner)
    s.emit("endarray", end, end, text="]")
