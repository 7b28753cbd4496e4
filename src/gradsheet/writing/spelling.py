"""∂L/∂ŷ or dL/dyhat: formulas and sentences as text, in Unicode or with the signs of a plain keyboard."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.sheet.known import function_names
from gradsheet.syntax import tree
from gradsheet.syntax.names import ascii_name, canonical_key
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import rewritten
from gradsheet.typesetting import equations, latex, latex_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gradsheet.sheet import Sheet
    from gradsheet.typesetting import EquationLine

_KEYBOARD = {
    "−": "-", "∂": "d", "×": "x", "⊙": ".*", "⊘": "./", "·": "*", "Σ": "sum", "√": "sqrt", "∈": "in", "ℝ": "R",
    "≈": "~=", "≤": "<=", "≥": ">=", "≠": "!=", "←": "<-", "→": "->", "∞": "inf", "‖": "||", "ᵀ": "'", "ℓ": "ell",
    "…": "...", "–": "-", "′": "'", "⎡": "[", "⎢": "[", "⎣": "[", "⎤": "]", "⎥": "]", "⎦": "]", "✓": "ok",
    "½": "1/2", "∫": "int", "⟨": "<", "⟩": ">", "ı": "i",
    "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0305": "bar", "\u0307": "dot",
}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))


class Spelling:
    """How a sheet's formulas and sentences are spelled.

    >>> from gradsheet.syntax.tree import Additive, Name, Term
    >>> difference = Additive((Term("+", Name("ŷ", "ŷ")), Term("-", Name("y", "y"))))
    >>> Spelling().formula(difference), Spelling(ascii_only=True).formula(difference)
    ('ŷ − y', 'yhat - y')
    """

    def __init__(self, sheet: Sheet | None = None, *, ascii_only: bool = False) -> None:
        self.ascii_only = ascii_only
        self.functions = function_names(sheet)
        self.ranks = {} if sheet is None else {canonical_key(s.name): s.rank for s in sheet.symbols.values()}
        self.names = frozenset({*self.ranks, *(sheet.sizes if sheet is not None else ())})

    def formula(self, node: tree.Expression) -> str:
        """An expression as text."""
        node = on_keyboard(node, self.ranks) if self.ascii_only else node
        text = plain(node, ascii=self.ascii_only, functions=self.functions)
        return keyboard(text) if self.ascii_only else text.replace("-", "−")

    def latex(self, node: tree.Expression) -> str:
        """An expression as LaTeX."""
        return latex(node, functions=self.functions, names=self.names)

    def latex_lines(self, lines: Iterable[EquationLine]) -> str:
        """Equations as LaTeX, aligned at their signs if there are several, with the ranges of their indices."""
        return latex_of(equations(lines, functions=self.functions, names=self.names))

    def prose(self, text: str) -> str:
        """A sentence."""
        return keyboard(text) if self.ascii_only else text


def on_keyboard(node: tree.Expression, ranks: Mapping[str, int]) -> tree.Expression:
    """A formula without x · y of two vectors, for which a keyboard has no sign: x' y."""

    def change(part: tree.Node) -> tree.Node:
        if not isinstance(part, tree.Product) or all(factor.sign != "·" for factor in part.factors):
            return part
        factors = list(part.factors)
        for at in range(1, len(factors)):
            left, right = factors[at - 1], factors[at]
            if right.sign == "·" and _is_vector(left.item, ranks) and _is_vector(right.item, ranks):
                factors[at - 1 : at + 1] = [replace(left, item=tree.Prime(left.item, 1)), replace(right, sign="")]
        return replace(part, factors=tuple(factors))

    return rewritten(node, change)


def _is_vector(node: tree.Expression, ranks: Mapping[str, int]) -> bool:
    """Whether a formula is plainly a vector."""
    match node:
        case tree.Name(key=key):
            return ranks.get(key) == 1
        case tree.Subscript(base=tree.Name(key=key), items=items):
            return ranks.get(key, 0) - sum(not isinstance(item, tree.Slice) for item in items) == 1
        case tree.Group(items=(item,)):
            return _is_vector(item, ranks)
        case tree.Additive(terms=terms):
            return any(_is_vector(term.item, ranks) for term in terms)
        case _:
            return False


def keyboard(text: str) -> str:
    """A text with what a plain keyboard has.

    >>> keyboard("∂ℓ/∂ŷ = ŷ − y, as Σ y = 1; tanh' = 1 − tanh²; 10⁻⁷")
    "dell/dyhat = yhat - y, as sum y = 1; tanh' = 1 - tanh^2; 10^-7"
    """
    if text.isascii():
        return text
    out: list[str] = []
    raised = False
    composed = unicodedata.normalize("NFC", text)
    for sign, following in zip(composed, composed[1:] + " ", strict=True):
        if sign == "√" and following.isalnum():
            out.append("sqrt ")
        elif sign in _RAISED:
            out.append(_RAISED[sign] if raised else "^" + _RAISED[sign])
        else:
            out.append(_spelled(sign))
        raised = sign in _RAISED
    return "".join(out)


def _spelled(sign: str) -> str:
    if sign.isascii():
        return sign
    known = _KEYBOARD.get(sign) or _LOWERED.get(sign)
    if known is None and ascii_name(sign) != sign:
        known = ascii_name(sign)
    if known is not None:
        return known
    parts = unicodedata.normalize("NFKD", sign)
    return "?" if parts == sign else "".join(p if p.isascii() else _KEYBOARD.get(p, "") for p in parts) or "?"
