"""Brackets of LaTeX: arguments, lists, sets, ranges, conditions. What stands in them and before them decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax.latex_commands import OPENERS
from gradsheet.syntax.tokens import Token
from gradsheet.syntax.vocabulary import RELATIONS

if TYPE_CHECKING:
    from gradsheet.syntax.latex_source import Piece
    from gradsheet.syntax.latex_tokens import LatexScanner

INDICATORS = frozenset({"𝟙", "𝟏", "𝕀", "𝟭"})
"""Letters that are 1 where the condition below or behind them holds."""

SMALL_CHANGES = frozenset({"Δ", "δ", "d"})
"""Letters that make one name with the letter behind them."""

_CONDITIONS = frozenset({*RELATIONS, "and", "or", "not"})
_OPERAND_ENDS = frozenset({"name", "number", ")", "]", "}", "'", "ᵀ", "r|", "r‖", "|", "‖", "endarray"})
_OPENS = frozenset({"(", "[", "{", "array", "matrix", "cases", "l|", "l‖"})
_CLOSES = frozenset({")", "]", "}", "endarray", "r|", "r‖"})


def bracket(s: LatexScanner, piece: Piece) -> None:
    """A bracket with what is in it."""
    s.deeper(piece.span)
    inner, closer = s.capture()
    interval = bool(s.out) and s.out[-1].kind in ("∈", ":") and piece.text in ("(", "[")
    pairs = closer.kind == "close" and (
        closer.text == OPENERS.get(piece.text) or (interval and closer.text in (")", "]"))
    )
    by_hand = piece.text == "{" and closer.kind == "close" and closer.text == "." and is_array(inner)
    if not pairs and not by_hand:
        s.unclosed(piece, closer)
    end = s.take()
    s.depth -= 1
    before = s.out[-1] if s.out else None
    if before is not None and before.key in INDICATORS and relates(inner):
        s.out.pop()  # 𝟙[x > 0]
        iverson(s, inner)
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


# ---------------------------------------------------------------- tokens, looked at


def goes_on(kind: str) -> bool:
    """Whether a token ends an operand."""
    return kind in _OPERAND_ENDS


def top_level(tokens: list[Token], kind: str) -> bool:
    """Whether a token of a kind stands outside of all brackets."""
    depth = 0
    for token in tokens:
        depth += (token.kind in _OPENS) - (token.kind in _CLOSES)
        if depth == 0 and token.kind == kind:
            return True
    return False


def relates(tokens: list[Token]) -> bool:
    """Whether a relation stands outside of all brackets, or a word that joins relations."""
    return any(top_level(tokens, kind) for kind in {token.kind for token in tokens} & _CONDITIONS)


def is_change(tokens: list[Token]) -> bool:
    r"""Whether tokens are one symbol with a Δ before it: `{\Delta x}`."""
    return [token.kind for token in tokens] == ["name", "name"] and tokens[0].key in SMALL_CHANGES


def is_one(tokens: list[Token]) -> bool:
    """Whether tokens are one operand with its scripts, or in brackets."""
    if not tokens:
        return True
    depth = 0
    for at, token in enumerate(tokens):
        opens = token.kind in _OPENS
        if depth == 0 and at and not opens and token.kind not in ("lower", "^", "'", "ᵀ"):
            return False
        if depth == 0 and at and opens and tokens[at - 1].kind not in ("lower", "^"):
            return False
        depth += opens - (token.kind in _CLOSES)
    return tokens[0].kind in ("name", "number") or tokens[0].kind in _OPENS


def is_array(tokens: list[Token]) -> bool:
    """Whether tokens are one matrix."""
    return bool(tokens) and tokens[0].kind == "matrix" and tokens[-1].kind == "endarray"
