"""Tokens of LaTeX looked at in groups: whether they are one operand, a relation, a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax.vocabulary import RELATIONS

if TYPE_CHECKING:
    from gradsheet.syntax.tokens import Token

INDICATORS = frozenset({"𝟙", "𝟏", "𝕀", "𝟭"})
"""Letters that are 1 where the condition below or behind them holds."""

SMALL_CHANGES = frozenset({"Δ", "δ", "d"})
"""Letters that make one name with the letter behind them."""

_CONDITIONS = frozenset({*RELATIONS, "and", "or", "not"})
_OPERAND_ENDS = frozenset({"name", "number", ")", "]", "}", "'", "ᵀ", "r|", "r‖", "|", "‖", "endarray"})
OPENS = frozenset({"(", "[", "{", "array", "matrix", "cases", "l|", "l‖"})
CLOSES = frozenset({")", "]", "}", "endarray", "r|", "r‖"})


def goes_on(kind: str) -> bool:
    """Whether a token ends an operand."""
    return kind in _OPERAND_ENDS


def top_level(tokens: list[Token], kind: str) -> bool:
    """Whether a token of a kind stands outside of all brackets."""
    depth = 0
    for token in tokens:
        depth += (token.kind in OPENS) - (token.kind in CLOSES)
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
        opens = token.kind in OPENS
        if depth == 0 and at and not opens and token.kind not in ("lower", "^", "'", "ᵀ"):
            return False
        if depth == 0 and at and opens and tokens[at - 1].kind not in ("lower", "^"):
            return False
        depth += opens - (token.kind in CLOSES)
    return tokens[0].kind in ("name", "number") or tokens[0].kind in OPENS


def is_array(tokens: list[Token]) -> bool:
    """Whether tokens are one matrix."""
    return bool(tokens) and tokens[0].kind == "matrix" and tokens[-1].kind == "endarray"
